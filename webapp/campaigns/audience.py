"""Whom a campaign means, who of them gets it now, and why the others are left out.

One expression decides for the preview, for the lists behind its numbers and for the launch: the gate's SQL
over the customers that the audience names.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, Select, case, func, insert, literal, null, or_, select
from sqlalchemy.orm import aliased
from werkzeug.datastructures import MultiDict

from webapp.campaigns.models import Campaign, CampaignPerson, Delivery, DeliveryState
from webapp.campaigns.segments import segments
from webapp.consent import gate_query, policy
from webapp.consent.gate import Category, Suppression
from webapp.customers import queries
from webapp.customers.conditions import PRESENT, conditions_of
from webapp.customers.filters import Filter
from webapp.customers.models import Customer, Identity
from webapp.customers.search import NUMBER_KINDS
from webapp.database import in_order
from webapp.extensions import db
from webapp.many_rows import among

AT_ONCE = 10_000
"""Deliveries that are written in one transaction."""
NAMED = ("people", "customers")
"""Sources that name customers one by one."""


@dataclass(frozen=True)
class Preview:
    """How many get it, and how many are left out, by reason in the gate's order."""

    eligible: int
    suppressed: dict[str, int]

    @property
    def total(self) -> int:
        return self.eligible + sum(self.suppressed.values())

    def to_json(self) -> dict[str, Any]:
        return {"eligible": self.eligible, "suppressed": self.suppressed}


def filter_of(args: dict[str, Any]) -> Filter:
    """The table's filter that a source of kind `filter` keeps, in the parameters of its URL."""
    pairs = [(name, each) for name, value in args.items() for each in _listed(value)]
    return Filter.from_args(MultiDict(pairs))


def people(audience: dict[str, Any], campaign_id: int, now: datetime) -> Select[tuple[int]]:
    """The ids of all whom the audience names: any source that includes, no source that excludes.

    Who was erased is nobody, but for those who were named one by one: the gate says why they get nothing.
    """
    sources = audience.get("include", [])
    included = [_source(source, campaign_id, False, now) for source in sources]
    one_by_one = [ids for source, ids in zip(sources, included, strict=True) if source["kind"] in NAMED]
    there = or_(Customer.erased_at.is_(None), *(Customer.id.in_(ids) for ids in one_by_one))
    wanted = select(Customer.id).where(Customer.merged_into_id.is_(None), there)
    wanted = wanted.where(or_(*(Customer.id.in_(ids) for ids in included)) if included else literal(False))
    for source in audience.get("exclude", []):
        excluded = _source(source, campaign_id, True, now)
        wanted = wanted.where(Customer.id.not_in(excluded))
        if source["kind"] in NAMED:
            wanted = wanted.where(Customer.id.not_in(_with_a_number_of(excluded)))
    return wanted


def _with_a_number_of(ids: Select[tuple[int]]) -> Select[tuple[int]]:
    """Somebody named a number: whoever else has it, in one of its variants, is meant, too."""
    own, others = aliased(Identity), aliased(Identity)
    same = own.match_key == others.match_key
    numbers = own.kind.in_(NUMBER_KINDS), others.kind.in_(NUMBER_KINDS)
    return select(others.customer_id).join(own, same).where(own.customer_id.in_(ids), *numbers)


def lost(audience: dict[str, Any]) -> list[str]:
    """What an audience names and is there no more: as an exclusion it would let everybody through."""
    sources = [*audience.get("include", []), *audience.get("exclude", [])]
    found = [segments.lost(source["id"]) for source in sources if source["kind"] == "segment"]
    filters = [filter_of(source["args"]) for source in sources if source["kind"] == "filter"]
    if any(conditions_of(each).nobody for each in filters):
        found.append("A filter of the audience names a tag, an attribute or a value that does not exist.")
    return [sentence for sentence in found if sentence]


def preview(
    campaign: Campaign, category: Category, now: datetime, draft: dict[str, Any] | None = None
) -> Preview:
    """The audience as it stands now; `draft` is one that is being written, in place of the saved one."""
    judged = _judged(campaign, category, now, draft)
    counted = select(judged.c.reason, func.count().label("n")).group_by(judged.c.reason)
    found = {row.reason: row.n for row in db.session.execute(counted)}
    order = [reason.value for reason in Suppression]
    return Preview(found.pop(None, 0), {reason: found[reason] for reason in order if reason in found})


def members(campaign: Campaign, category: Category, reason: str | None, now: datetime) -> Select[tuple[int]]:
    """The ids of those who get it (`reason` None), or are left out for this reason."""
    judged = _judged(campaign, category, now)
    return select(judged.c.customer_id).where(judged.c.reason.is_(None) if reason is None
                                              else judged.c.reason == reason)  # fmt: skip


@dataclass(frozen=True)
class Named:
    """Whom an audience means at one moment, in the order of their ids."""

    ids: "array[int]"
    duplicates: frozenset[int]
    """Those whose number an older customer of the audience has who gets it."""

    def parts(self) -> Iterator["Named"]:
        """So few at a time that whoever waits for the database meanwhile waits for a part of a second."""
        for start in range(0, len(self.ids), AT_ONCE):
            yield Named(self.ids[start : start + AT_ONCE], self.duplicates)


def named(campaign: Campaign, category: Category, now: datetime) -> Named:
    """Those of whom no delivery is written yet: whoever was at it wrote the lowest ids first."""
    judged = _judged(campaign, category, now)
    written = select(func.coalesce(func.max(Delivery.customer_id), 0)).where(
        Delivery.campaign_id == campaign.id
    )
    marked = case((judged.c.reason == Suppression.DUPLICATE.value, -judged.c.customer_id),
                  else_=judged.c.customer_id)  # fmt: skip
    wanted = (
        select(marked)
        .where(judged.c.customer_id > written.scalar_subquery())
        .order_by(judged.c.customer_id)
        .execution_options(yield_per=AT_ONCE)
    )
    ids, duplicates = array("q"), set[int]()
    for some in db.session.connection().execute(wanted).scalars().partitions():  # past the ORM: a million
        ids.extend(map(abs, some))
        duplicates.update(-id for id in some if id < 0)
    return Named(ids, frozenset(duplicates))


def dropping_out(campaign: Campaign, category: Category, now: datetime) -> dict[str, int]:
    """How many of those who wait for their message would be left out now, by reason in the gate's order."""
    reason = gate_query.suppression(Customer, category, policy.terms(policy.current(), now))
    waiting = Delivery.campaign_id == campaign.id, Delivery.state == DeliveryState.QUEUED
    counted = select(reason, func.count()).join(Delivery, Delivery.customer_id == Customer.id).where(*waiting)
    found = {why: n for why, n in db.session.execute(counted.group_by(reason)) if why}
    return {each.value: found[each.value] for each in Suppression if each.value in found}


def write(campaign: Campaign, category: Category, people: Named, now: datetime) -> None:
    """Write down their deliveries: queued, or suppressed with the first reason that applies now."""
    gate = gate_query.suppression(Customer, category, policy.terms(policy.current(), now))
    twins = [id for id in people.ids if id in people.duplicates]
    reason = case((gate.is_not(None), gate), (among(Customer.id, twins),
                   literal(Suppression.DUPLICATE.value)), else_=null())  # fmt: skip
    judged = select(Customer.id.label("customer_id"), reason.label("reason"))
    _insert(campaign, judged.where(among(Customer.id, people.ids)).cte("judged"))


def write_all(campaign: Campaign, category: Category, now: datetime) -> None:
    """Write the whole audience down in one statement: for one that is small."""
    _insert(campaign, _judged(campaign, category, now))


def _insert(campaign: Campaign, judged: CTE) -> None:
    state = case((judged.c.reason.is_(None), literal(DeliveryState.QUEUED.value)),
                 else_=literal(DeliveryState.SUPPRESSED.value))  # fmt: skip
    rows = select(
        literal(campaign.id), judged.c.customer_id, state, judged.c.reason, literal(0), literal(""),
        literal(False),
    ).order_by(judged.c.customer_id)  # fmt: skip
    columns = ["campaign_id", "customer_id", "state", "reason", "attempts", "settled_why", "after_opt_out"]
    db.session.execute(insert(Delivery).from_select(columns, rows))


def _judged(
    campaign: Campaign, category: Category, now: datetime, draft: dict[str, Any] | None = None
) -> CTE:
    """Every customer of the audience with the reason to leave them out, or NULL."""
    ids = people(campaign.audience if draft is None else draft, campaign.id, now)
    reason = gate_query.suppression(Customer, category, policy.terms(policy.current(), now))
    gated = (
        select(Customer.id.label("customer_id"), reason.label("reason"))
        .where(Customer.id.in_(ids))
        .cte("gated")
        .prefix_with("MATERIALIZED")  # it is read three times
    )
    whole = case(
        (gated.c.reason.is_not(None), gated.c.reason),
        (gated.c.customer_id.in_(_came_before(gated)), literal(Suppression.DUPLICATE.value)),
        else_=null(),
    )
    return select(gated.c.customer_id, whole.label("reason")).cte("judged")


def _came_before(gated: CTE) -> Select[tuple[int]]:
    """Those whose number, in one of its variants, an older customer of the audience has who gets it.

    Goes from the audience to the few twins first: asked for each customer, SQLite would read the whole
    audience again for each. Begun at the identities, it would read all of them for an audience of a few.
    """
    own, others, older = aliased(Identity), aliased(Identity), gated.alias("older")
    of_audience = in_order(gated, own, own.customer_id == gated.c.customer_id)
    same = (others.match_key == own.match_key) & (others.customer_id < own.customer_id)
    twins = (
        select(own.customer_id.label("newer"), others.customer_id.label("older"))
        .select_from(in_order(of_audience, others, same))
        .where(gated.c.reason.is_(None), own.kind.in_(NUMBER_KINDS), others.kind.in_(NUMBER_KINDS))
        .distinct()
        .cte("twins")
    )
    return (
        select(twins.c.newer)
        .join(older, older.c.customer_id == twins.c.older)
        .where(older.c.reason.is_(None))
    )


def _source(source: dict[str, Any], campaign_id: int, excluded: bool, now: datetime) -> Select[tuple[int]]:
    match source:
        case {"kind": "segment", "id": segment_id}:
            return segments.people_of(segment_id, now)
        case {"kind": "filter", "args": args}:
            return queries.matching(filter_of(args))
        case {"kind": "people"}:
            return select(CampaignPerson.customer_id).where(
                CampaignPerson.campaign_id == campaign_id, CampaignPerson.excluded.is_(excluded)
            )
        case {"kind": "everybody"}:
            return select(Customer.id).where(*PRESENT)
        case {"kind": "customers", "ids": ids}:  # of a form, never saved
            return select(Customer.id).where(among(Customer.id, ids))
        case _:
            raise ValueError("a source of an audience that is not known")


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
