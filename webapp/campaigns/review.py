"""What somebody sees before a campaign is sent: who gets it, who does not and why, and what is missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import phonenumbers
from sqlalchemy import ColumnElement, Select, func, literal, select

from webapp.campaigns import audience, switch
from webapp.campaigns.models import DEFAULT_RATE, Campaign, Template
from webapp.campaigns.templates import variables
from webapp.campaigns.templates.variables import Person, Variable
from webapp.consent.gate import Category
from webapp.customers.models import Customer, Identity
from webapp.customers.search import NUMBER_KINDS
from webapp.extensions import db

CHUNK = 2000
MOST_LISTED = 10_000
"""So many customers without a value are listed."""
US, UNFILLED, ELIGIBLE = "us", "unfilled", "eligible"
WORDS = {
    "erased": ("Erased", "erased", "Their record was erased"),
    "opted_out": ("Opted out", "opted out", "Said stop, or an agent opted them out"),
    "platform_stop": ("Stopped in WhatsApp", "stopped in WhatsApp", "Used WhatsApp’s own stop for marketing"),
    "on_hold": (
        "On hold",
        "on hold",
        "A message of theirs waits for review, or their history says otherwise",
    ),
    "no_consent": ("No record", "no record", "Nobody has recorded their consent"),
    "unreachable": ("Not on WhatsApp", "not on WhatsApp", "Their number does not receive WhatsApp"),
    "duplicate": ("Same number", "with the same number", "Another customer of the audience has their number"),
}
"""By reason: the legend's head, the word in the sentence, what it means."""


@dataclass(frozen=True)
class Review:
    """`us` counts those who get it only in name: WhatsApp delivers no marketing to numbers of the USA.

    `lacking` has, for each variable that somebody lacks, how many; `unfilled` counts those people once.
    """

    category: Category
    preview: audience.Preview
    us: int
    lacking: list[tuple[Variable, int]]
    unfilled: int
    changes: list[str]
    problems: list[str]
    rate: int

    @property
    def ready(self) -> bool:
        """Whether it can be sent: nothing is missing, and somebody gets it."""
        return not self.problems and not self.unfilled and self.preview.eligible > 0

    @property
    def seconds(self) -> int:
        """How long sending takes at that rate."""
        return -(-self.preview.eligible // max(self.rate, 1))


def category_of(campaign: Campaign) -> Category:
    """What consent is asked for; without a template the strictest."""
    return campaign.template.counts_as if campaign.template else Category.MARKETING


def of(campaign: Campaign, problems: list[str], now: datetime) -> Review:
    """The review as things stand now."""
    category = category_of(campaign)
    preview = audience.preview(campaign, category, now)
    lacking, unfilled = _lacking(campaign, now)
    return Review(
        category,
        preview,
        us=_count(american(campaign, now)) if category == Category.MARKETING else 0,
        lacking=lacking,
        unfilled=unfilled,
        changes=changes(campaign.reviewed, preview),
        problems=problems,
        rate=rate_of(campaign),
    )


def rate_of(campaign: Campaign) -> int:
    """Messages a second: what the number allows, or less if somebody asked for less."""
    allowed = switch.current().rate or max(DEFAULT_RATE, campaign.pace or 0)
    return min(campaign.pace, allowed) if campaign.pace else allowed


def people(campaign: Campaign, group: str, now: datetime) -> Select[tuple[int]]:
    """The ids of a group of the review: `eligible`, `us`, `unfilled` or a reason of the gate."""
    if group == US:
        return american(campaign, now)
    if group == UNFILLED:
        lacking = (person_id for person_id, missing in _people_lacking(campaign, now) if missing)
        return select(Customer.id).where(Customer.id.in_(list(islice(lacking, MOST_LISTED))))
    return audience.members(campaign, category_of(campaign), None if group == ELIGIBLE else group, now)


def american(campaign: Campaign, now: datetime) -> Select[tuple[int]]:
    """Those who would get it and have a number of the USA.

    Since April 2025 WhatsApp delivers no marketing templates to them (Meta, per-user marketing limits). The
    area code decides, for Canada and others share the country code 1.
    """
    eligible = audience.members(campaign, category_of(campaign), None, now)
    mine = (
        Identity.customer_id.in_(eligible), Identity.kind.in_(NUMBER_KINDS), Identity.value.like("1%"),
        Identity.left_at.is_(None),
    )  # fmt: skip
    area = func.substr(Identity.value, 2, 3)
    codes = [code for code in db.session.scalars(select(area).where(*mine).distinct()) if _is_us(code)]
    matches: ColumnElement[bool] = area.in_(codes) if codes else literal(False)
    return select(Identity.customer_id).where(*mine, matches).distinct()


def lacking(campaign: Campaign, now: datetime) -> dict[str, int]:
    """How many of those who would get it lack a value and its fallback, by the variable's label."""
    return {variable.label: n for variable, n in _lacking(campaign, now)[0]}


def lack_sentence(campaign: Campaign, now: datetime) -> str:
    """Why nothing may be sent while somebody lacks a value; "" when nobody does."""
    found, unfilled = _lacking(campaign, now)
    if not unfilled:
        return ""
    who = f"{unfilled:,} customers lack" if unfilled != 1 else "1 customer lacks"
    return f"{who} a value for {lacked_words(found)}."


def lacked_words(found: list[tuple[Variable, int]]) -> str:
    """The variables that somebody lacks, and what to do about it."""
    return f"{', '.join(variable.label for variable, _ in found)}; give a fallback or leave them out"


def changes(reviewed: dict[str, Any] | None, preview: audience.Preview) -> list[str]:
    """What is different from what was reviewed when it was scheduled, in sentences."""
    if not reviewed:
        return []
    before, after = reviewed.get("suppressed", {}), preview.suppressed
    found = _moved("get it", int(reviewed.get("eligible", 0)), preview.eligible)
    for reason, (_, word, _) in WORDS.items():
        found += _moved(f"are left out: {word}", int(before.get(reason, 0)), after.get(reason, 0))
    return found


def candidates(campaign: Campaign, now: datetime, most: int = 20) -> list[tuple[int, str]]:
    """Customers for whom the message can be shown: those who would get it, or else the newest ones."""
    eligible = Customer.id.in_(audience.members(campaign, category_of(campaign), None, now))
    everybody = Customer.erased_at.is_(None) & Customer.merged_into_id.is_(None)
    return _labels(eligible, most) or _labels(everybody, most)


def person_of(customer_id: int | None) -> Person:
    customer = db.session.get(Customer, customer_id) if customer_id else None
    return Person(customer.name, customer.attrs_json) if customer else Person("")


def _labels(wanted: ColumnElement[bool], most: int) -> list[tuple[int, str]]:
    rows = db.session.execute(
        select(Customer.id, Customer.name).where(wanted).order_by(Customer.id.desc()).limit(most)
    )
    return [(row.id, row.name or f"Customer {row.id}") for row in rows]


def _lacking(campaign: Campaign, now: datetime) -> tuple[list[tuple[Variable, int]], int]:
    """(variable, how many lack it), and how many lack any."""
    counts: dict[str, int] = {}
    total = 0
    for _, missing in _people_lacking(campaign, now):
        total += bool(missing)
        for key in missing:
            counts[key] = counts.get(key, 0) + 1
    wanted = _wanted(campaign.template) if campaign.template else ()
    return [(variable, counts[variable.key]) for variable in wanted if variable.key in counts], total


def _people_lacking(campaign: Campaign, now: datetime) -> Iterator[tuple[int, list[str]]]:
    """(customer, variables without a value) of everybody who would get it."""
    if campaign.template is None:
        return
    wanted = [v for v in _wanted(campaign.template) if variables.is_set(campaign.parameters.get(v.key))]
    nobody = variables.values(wanted, campaign.parameters, Person(""))
    open_ = [variable for variable in wanted if nobody[variable.key] is None]
    for row in _eligible(campaign, now) if open_ else ():
        values = variables.values(open_, campaign.parameters, Person(row.name, row.attrs_json))
        yield row.id, [key for key, value in values.items() if value is None]


def _eligible(campaign: Campaign, now: datetime) -> Iterator[Any]:
    ids = audience.members(campaign, category_of(campaign), None, now)
    query = select(Customer.id, Customer.name, Customer.attrs_json).where(Customer.id.in_(ids))
    return iter(db.session.execute(query.execution_options(yield_per=CHUNK)))


def _wanted(template: Template) -> Sequence[Variable]:
    return variables.variables_of(template.components, template.parameter_format)


def _moved(what: str, before: int, after: int) -> list[str]:
    return [f"{after:,} {what} now; {before:,} when it was reviewed."] if before != after else []


def _is_us(area: str) -> bool:
    """Whether an area code of the country code 1 belongs to the USA, by a number that is valid there."""
    if not (len(area) == 3 and area.isdecimal()):
        return False
    number = phonenumbers.PhoneNumber(country_code=1, national_number=int(f"{area}2345678"))
    return phonenumbers.region_code_for_number(number) == "US"


def _count(ids: Select[tuple[int]]) -> int:
    return db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0
