"""A tag or an attribute that campaigns name has another name now: those that are to be sent, or are under
way, go on meaning it. The caller commits."""

from typing import Any

from sqlalchemy import select

from webapp.campaigns.lifecycle import NOT_STARTED, UNDER_WAY
from webapp.campaigns.models import Campaign
from webapp.customers import definitions
from webapp.customers.definitions import Definition
from webapp.customers.models import Tag
from webapp.customers.search import fold
from webapp.extensions import db

Kept = dict[str, Any]


@definitions.kept_by_name
def rename(definition: Definition, old: str, new: str) -> None:
    """An editor who has one of them open is told that it was changed meanwhile."""
    names = {fold(old): new}
    is_tag = isinstance(definition, Tag)
    alive = select(Campaign).where(Campaign.status.in_((*NOT_STARTED, *UNDER_WAY)))
    for campaign in db.session.scalars(alive):
        audience = {side: [_source(each, is_tag, names) for each in sources]
                    for side, sources in campaign.audience.items()}  # fmt: skip
        parameters = campaign.parameters if is_tag else _parameters(campaign.parameters, names)
        if (audience, parameters) != (campaign.audience, campaign.parameters):
            campaign.audience, campaign.parameters = audience, parameters
            campaign.version += 1
    db.session.flush()


def _parameters(parameters: Kept, names: dict[str, str]) -> Kept:
    return {
        key: {**kept, "attribute": _now(kept["attribute"], names)} if kept.get("attribute") else kept
        for key, kept in parameters.items()
    }


def _source(source: Kept, is_tag: bool, names: dict[str, str]) -> Kept:
    field = "tag" if is_tag else "attr"
    given = source.get("args", {}).get(field)
    if not given:
        return source
    found = [given] if isinstance(given, str) else given
    changed = [_now(each, names) if is_tag else _pair(each, names) for each in found]
    return {**source, "args": {**source["args"], field: changed}}


def _pair(attr: str, names: dict[str, str]) -> str:
    key, colon, value = attr.partition(":")
    return f"{_now(key, names)}{colon}{value}"


def _now(name: str, names: dict[str, str]) -> str:
    return names.get(fold(name), name)
