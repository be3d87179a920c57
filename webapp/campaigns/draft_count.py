"""How many an audience would reach that somebody is still writing: the same expression as the review."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.campaigns import audience, drafts, named_people
from webapp.campaigns.audience import Preview
from webapp.campaigns.audience_forms import EXCLUDE, INCLUDE, Side
from webapp.campaigns.drafts import SIDES
from webapp.campaigns.models import Campaign
from webapp.campaigns.named_people import Line, Numbers
from webapp.campaigns.review import category_of
from webapp.consent import policy
from webapp.consent.gate import Category, Facts, Suppression, suppression


@dataclass(frozen=True)
class Counted:
    """`preview` is None while nothing is chosen; `notes` are sentences about each side's fields."""

    preview: Preview | None
    notes: dict[str, list[str]]


def count(campaign: Campaign, sides: Mapping[str, Side], lines: Mapping[str, list[Line]],
          now: datetime) -> Counted:  # fmt: skip
    """Nothing is written: a number that nobody has yet counts as the customer that it would become."""
    numbers = {side: named_people.look_up(lines[side]) for side in SIDES}
    notes = {side: _notes(sides[side], numbers[side]) for side in SIDES}
    named = drafts.people_named(campaign.id)
    draft = {side: _sources(sides[side], named[side] > 0, numbers[side]) for side in SIDES}
    strangers = numbers[INCLUDE].fresh.keys() - numbers[EXCLUDE].fresh.keys()
    if not draft[INCLUDE] and not numbers[INCLUDE].fresh:
        return Counted(None, notes)
    category = category_of(campaign)
    found = audience.preview(campaign, category, now, draft)
    return Counted(_with_strangers(found, len(strangers), category, now), notes)


def _sources(side: Side, named: bool, numbers: Numbers) -> list[dict[str, Any]]:
    ids = [*numbers.customers, *numbers.erased]
    typed = [{"kind": "customers", "ids": ids}] if ids else []
    return side.sources(named and not side.forget) + typed


def _with_strangers(preview: Preview, n: int, category: Category, now: datetime) -> Preview:
    """The gate judges a person of whom nothing is known."""
    reason = suppression(Facts(), category, policy.terms(policy.current(), now))
    if not n or reason is None:
        return Preview(preview.eligible + n, preview.suppressed)
    counts = preview.suppressed | {reason.value: preview.suppressed.get(reason.value, 0) + n}
    return Preview(
        preview.eligible, {each.value: counts[each.value] for each in Suppression if each in counts}
    )


def _notes(side: Side, numbers: Numbers) -> list[str]:
    said = [*side.faults().values(), *side.nobody(), numbers.sentence, numbers.skipped]
    if n := len(numbers.fresh):
        become = f"{n:,} numbers become new customers" if n > 1 else "1 number becomes a new customer"
        said.append(f"{become} with no record.")
    return [sentence for sentence in said if sentence]
