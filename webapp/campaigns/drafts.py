"""Writing a draft: its template with what fills the variables, and whom it means. The caller commits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from webapp.campaigns.lifecycle import Impossible
from webapp.campaigns.models import Campaign, CampaignPerson, CampaignStatus, Template
from webapp.extensions import db

INCLUDE, EXCLUDE = "include", "exclude"
SIDES = (INCLUDE, EXCLUDE)
PEOPLE = {"kind": "people"}
CHUNK = 500


class EditedMeanwhile(Exception):
    """Somebody else changed the draft since this version of it was read."""


def set_template(
    campaign: Campaign,
    template: Template,
    parameters: dict[str, Any],
    *,
    version: int,
    actor: str,
    now: datetime,
) -> None:
    """Choose a template and what fills it. Raises EditedMeanwhile, and Impossible when it is no draft."""
    wanted = {"template_id": template.id, "parameters": parameters}
    _save(campaign, wanted, version=version, actor=actor, now=now)


def set_audience(
    campaign: Campaign, audience: dict[str, Any], *, version: int, actor: str, now: datetime
) -> None:
    """Choose whom it means. Raises EditedMeanwhile, and Impossible when it is no draft."""
    _save(campaign, {"audience": audience}, version=version, actor=actor, now=now)


def add_people(campaign: Campaign, side: str, customers: Iterable[int]) -> None:
    """Name these customers on one side of the audience; safe to repeat."""
    excluded = side == EXCLUDE
    known = set(db.session.scalars(
        select(CampaignPerson.customer_id).where(
            CampaignPerson.campaign_id == campaign.id, CampaignPerson.excluded.is_(excluded)
        )
    ))  # fmt: skip
    db.session.add_all(
        CampaignPerson(campaign_id=campaign.id, excluded=excluded, customer_id=customer_id)
        for customer_id in dict.fromkeys(customers)
        if customer_id not in known
    )
    db.session.flush()


def forget_people(campaign: Campaign, side: str) -> None:
    """Name nobody by number on this side any more."""
    db.session.execute(
        delete(CampaignPerson).where(
            CampaignPerson.campaign_id == campaign.id, CampaignPerson.excluded.is_(side == EXCLUDE)
        )
    )


def people_named(campaign_id: int) -> dict[str, int]:
    """How many customers are named by number or file on each side."""
    rows = db.session.execute(
        select(CampaignPerson.excluded, func.count())
        .where(CampaignPerson.campaign_id == campaign_id)
        .group_by(CampaignPerson.excluded)
    )
    counts = {EXCLUDE if excluded else INCLUDE: n for excluded, n in rows}
    return {side: counts.get(side, 0) for side in SIDES}


def _save(campaign: Campaign, wanted: dict[str, Any], *, version: int, actor: str, now: datetime) -> None:
    """One conditional UPDATE: of two editors the first one wins, and the other one is told."""
    db.session.flush()
    saved = db.session.execute(
        update(Campaign)
        .where(
            Campaign.id == campaign.id,
            Campaign.version == version,
            Campaign.status == CampaignStatus.DRAFT,
        )
        .values(version=version + 1, changed_at=now, changed_by=actor, **wanted)
    )
    db.session.refresh(campaign)
    if saved.rowcount != 1:
        if campaign.status != CampaignStatus.DRAFT:
            raise Impossible(f"A campaign that is {campaign.status} cannot be edited.")
        raise EditedMeanwhile
