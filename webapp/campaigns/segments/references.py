"""What rules and audiences name by its id, when it is gone or merged into another. The caller commits."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from webapp.campaigns.models import Campaign, Segment, SegmentKind
from webapp.customers import definitions
from webapp.customers.definitions import Definition
from webapp.customers.models import Tag
from webapp.extensions import db

NOTHING = 0
"""An id that nothing ever has."""
Kept = dict[str, Any]


@definitions.kept_by_id
def forget_definition(gone: Definition, into: Definition | None) -> None:
    """Conditions on a tag or an attribute mean the one that it is merged into, or nobody."""
    field, name = ("tag", "value") if isinstance(gone, Tag) else ("attribute", "key")
    new = {"id": into.id, name: into.name} if into else {"id": NOTHING}
    _rewrite_rules(lambda kept: kept["field"] == field and kept.get("id") == gone.id, new)


def forget_campaign(campaign: Campaign) -> None:
    """Nobody got a draft that is deleted."""
    _rewrite_rules(
        lambda kept: kept["field"] == "campaign" and kept["value"] == campaign.id, {"value": NOTHING}
    )


def forget_segment(segment: Segment) -> None:
    """Campaigns that are over named it, and may be copied."""
    for campaign in db.session.scalars(select(Campaign)):
        sides = {side: [_without(source, segment) for source in sources]
                 for side, sources in campaign.audience.items()}  # fmt: skip
        if sides != campaign.audience:
            campaign.audience = sides


def _without(source: Kept, segment: Segment) -> Kept:
    named = source == {"kind": "segment", "id": segment.id}
    return source | {"id": NOTHING} if named else source


def _rewrite_rules(named: Callable[[Kept], bool], new: Kept) -> None:
    for segment in db.session.scalars(select(Segment).where(Segment.kind == SegmentKind.DYNAMIC)):
        rules = {side: [[kept | new if named(kept) else kept for kept in group] for group in groups]
                 for side, groups in segment.rules.items()}  # fmt: skip
        if rules != segment.rules:
            segment.rules, segment.version = rules, segment.version + 1
