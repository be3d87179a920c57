"""A campaign's life: draft, scheduled, running, paused, finished, cancelled. The caller commits.

Each step is one conditional UPDATE, so that two people, two schedulers or two double clicks take it once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, literal, select, update

from webapp.campaigns import audience, review, rewording, switch
from webapp.campaigns.audience import Preview
from webapp.campaigns.models import (
    UNDER_WAY,
    Campaign,
    CampaignPerson,
    CampaignStatus,
    Delivery,
    DeliveryState,
    Template,
)
from webapp.campaigns.segments import references
from webapp.campaigns.templates import variables
from webapp.campaigns.windows import Window
from webapp.consent.gate import Category
from webapp.customers.models import Customer
from webapp.extensions import db

LONGEST_NAME = 200
PUNCTUAL = timedelta(minutes=10)
"""A schedule that is reached later than this was missed: a person decides."""
NOT_STARTED = (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED)
CATEGORY_DRIFT = "category"


class Impossible(Exception):
    """What was asked cannot be done with this campaign; the message is a sentence for people."""


class WrongTime(Impossible):
    """The time that was chosen is over, or outside the send window."""


def create(name: str, *, actor: str, now: datetime, **columns: Any) -> Campaign:
    """A draft. Raises Impossible for a name that says nothing."""
    shown = " ".join(name.split())[:LONGEST_NAME]
    if not shown:
        raise Impossible("Give the campaign a name.")
    campaign = Campaign(
        name=shown, created_at=now, created_by=actor, changed_at=now, changed_by=actor,
        **({"audience": {"include": [], "exclude": []}} | columns),
    )  # fmt: skip
    db.session.add(campaign)
    db.session.flush()
    return campaign


def duplicate(campaign: Campaign, *, actor: str, now: datetime) -> Campaign:
    """A draft with the same template, parameters and audience."""
    copy = create(
        f"{campaign.name[:LONGEST_NAME - 7]} (copy)", actor=actor, now=now, template_id=campaign.template_id,
        parameters=campaign.parameters, audience=campaign.audience, pace=campaign.pace,
    )  # fmt: skip
    people = select(literal(copy.id), CampaignPerson.excluded, CampaignPerson.customer_id).where(
        CampaignPerson.campaign_id == campaign.id
    )
    names = ["campaign_id", "excluded", "customer_id"]
    db.session.execute(insert(CampaignPerson).from_select(names, people))
    return copy


def remove(campaign: Campaign) -> None:
    """Delete a draft. Raises Impossible for what was launched: its deliveries are a record."""
    if campaign.status != CampaignStatus.DRAFT:
        raise Impossible("Only drafts can be deleted; what was sent stays on record.")
    trials = update(Campaign).where(Campaign.test_of_id == campaign.id)
    db.session.execute(trials.values(test_of_id=None, name="Test of a deleted draft"))
    references.forget_campaign(campaign)
    db.session.execute(delete(CampaignPerson).where(CampaignPerson.campaign_id == campaign.id))
    db.session.delete(campaign)
    db.session.flush()


def problems(campaign: Campaign, now: datetime) -> list[str]:
    """Why this campaign cannot be launched, in sentences; empty when it can."""
    found = []
    if campaign.template is None:
        found.append("Choose a template.")
    elif not campaign.template.usable:
        found.append(f"WhatsApp does not take this template now: it is {_status(campaign.template)}.")
    else:
        found += unsendable(campaign)
    if not campaign.audience.get("include"):
        found.append("Choose who shall get it.")
    found += audience.lost(campaign.audience)
    sending = switch.current()
    if sending.restricted_until and sending.restricted_until > now:
        found.append(f"WhatsApp restricts this account: {sending.restriction}")
    return found


@dataclass(frozen=True)
class Outlook:
    """What the whole audience has to be read for before a launch: whom it reaches, who lacks what."""

    preview: Preview
    lacking: str
    """A sentence when somebody has no value for a variable."""


def outlook(campaign: Campaign, now: datetime) -> Outlook:
    """How a launch would fare now. Raises Impossible with what is wrong with the campaign itself."""
    if wrong := problems(campaign, now):
        raise Impossible(" ".join(wrong))
    return Outlook(
        audience.preview(campaign, _template(campaign).counts_as, now), review.lack_sentence(campaign, now)
    )


def launch(
    campaign: Campaign, *, actor: str, now: datetime, only_if: Any = None, seen: Outlook | None = None
) -> Campaign:
    """Start it. The audience is written down as deliveries in the same transaction; one of more than
    `audience.AT_ONCE` by a worker, in parts, before its first message starts (`audience_parts`).

    `seen` is what an earlier transaction found, so that this one, which keeps others from writing, is short.
    Nothing happens to one that was launched before, or for which the condition `only_if` does not hold any
    more. Raises Impossible with all problems.
    """
    _refresh(campaign)
    if campaign.status in (*UNDER_WAY, CampaignStatus.FINISHED):
        return campaign
    if campaign.status == CampaignStatus.CANCELLED:
        raise Impossible("This campaign was cancelled.")
    seen = _agreed(campaign, seen, now)
    category = _template(campaign).counts_as
    if category == Category.MARKETING and not Window.of(switch.current()).open_at(now):
        raise Impossible(f"Marketing is sent only {Window.of(switch.current()).words}.")
    moved = _move(campaign, NOT_STARTED, only_if, status=CampaignStatus.RUNNING, launched_at=now,
                  launched_by=actor, category=category, missed_at=None, pause_code="", pause_reason="",
                  reviewed=_looked_at(campaign, seen))  # fmt: skip
    if moved and seen.preview.total <= audience.AT_ONCE:
        audience.write_all(campaign, category, now)
        campaign.audience_done_at = now
        db.session.flush()
    return campaign


def schedule(
    campaign: Campaign, at: datetime, *, actor: str, now: datetime, seen: Outlook | None = None
) -> Campaign:
    """Launch it by itself at that instant; `seen` as for `launch`.

    Raises Impossible, also for a time outside the send window.
    """
    seen = _agreed(campaign, seen, now)
    if at <= now:
        raise WrongTime("This time is over; choose a later one.")
    category = _template(campaign).counts_as
    window = Window.of(switch.current())
    if category == Category.MARKETING and not window.open_at(at):
        raise WrongTime(f"Marketing is sent only {window.words}.")
    if not _move(campaign, NOT_STARTED, status=CampaignStatus.SCHEDULED, scheduled_at=at, missed_at=None,
                 pause_code="", pause_reason="", reviewed=_looked_at(campaign, seen), category=category,
                 changed_at=now, changed_by=actor):  # fmt: skip
        raise Impossible("This campaign was launched already.")
    return campaign


def unschedule(campaign: Campaign, *, actor: str, now: datetime) -> Campaign:
    """Back to a draft."""
    _move(campaign, (CampaignStatus.SCHEDULED,), status=CampaignStatus.DRAFT, scheduled_at=None,
          missed_at=None, pause_code="", pause_reason="", changed_at=now, changed_by=actor)  # fmt: skip
    return campaign


def pause(campaign: Campaign, *, actor: str, now: datetime, code: str = "", reason: str = "") -> Campaign:
    """No new message starts. Raises Impossible when it is not under way."""
    _move(campaign, (CampaignStatus.RUNNING,), status=CampaignStatus.PAUSED, paused_at=now,
          paused_by=actor, pause_code=code, pause_reason=reason)  # fmt: skip
    if campaign.status != CampaignStatus.PAUSED:
        raise Impossible(f"A campaign that is {campaign.status} cannot be paused.")
    return campaign


def resume(campaign: Campaign, *, actor: str, now: datetime) -> Campaign:
    """Go on. Whoever resumes has seen the template's category as it is now. Raises Impossible."""
    _refresh(campaign)
    if campaign.status == CampaignStatus.PAUSED:
        template = _template(campaign)
        if not template.usable:
            raise Impossible(f"WhatsApp does not take this template now: it is {_status(template)}.")
        if changed := unsendable(campaign):
            raise Impossible(f"{OTHER_TEXT} {changed[0]}")
        _move(campaign, (CampaignStatus.PAUSED,), status=CampaignStatus.RUNNING, paused_at=None,
              paused_by=None, pause_code="", pause_reason="", pump_until=None,
              category=stricter(campaign.category, template))  # fmt: skip
    elif campaign.status != CampaignStatus.RUNNING:
        raise Impossible(f"A campaign that is {campaign.status} cannot be resumed.")
    return campaign


def cancel(campaign: Campaign, *, actor: str, now: datetime) -> Campaign:
    """End it: what is queued is never sent. Raises Impossible when it is finished."""
    may_end = (*NOT_STARTED, *UNDER_WAY)
    if _move(campaign, may_end, status=CampaignStatus.CANCELLED, finished_at=now, paused_by=actor):
        db.session.execute(
            update(Delivery)
            .where(Delivery.campaign_id == campaign.id, Delivery.state == DeliveryState.QUEUED)
            .values(state=DeliveryState.CANCELLED)
        )
    elif campaign.status != CampaignStatus.CANCELLED:
        raise Impossible("This campaign is finished; nothing is left to cancel.")
    return campaign


def test(campaign: Campaign, customer: Customer, *, actor: str, now: datetime) -> Campaign:
    """Send the campaign's message to one customer now, through the gate like any other."""
    trial = create(f"Test: {campaign.name}", actor=actor, now=now, template_id=campaign.template_id,
                   parameters=campaign.parameters, test_of_id=campaign.id,
                   audience={"include": [{"kind": "people"}], "exclude": []})  # fmt: skip
    db.session.add(CampaignPerson(campaign_id=trial.id, customer_id=customer.id, excluded=False))
    db.session.flush()
    return launch(trial, actor=actor, now=now)


def stricter(seen: str | None, template: Template) -> Category:
    """The category that counts for a campaign: one launched as marketing stays marketing to its end."""
    return Category.MARKETING if seen == Category.MARKETING else template.counts_as


def hold_one(campaign_id: int, code: str, sentence: str, now: datetime) -> None:
    """Pause this campaign if it is running; nothing to another one."""
    _hold(Campaign.id == campaign_id, code, sentence, now)


def hold_for_template(template: Template, code: str, sentence: str, now: datetime) -> None:
    """Pause the running campaigns of a template until a person has looked."""
    _hold(Campaign.template_id == template.id, code, sentence, now)


def hold_drifted(template: Template, now: datetime) -> None:
    """Pause the running campaigns of a template that became marketing while they were under way."""
    drifted = (Campaign.template_id == template.id) & (Campaign.category != Category.MARKETING)
    if template.counts_as == Category.MARKETING:
        _hold(drifted, CATEGORY_DRIFT, DRIFTED, now)


def hold_all(code: str, sentence: str, now: datetime) -> None:
    """Pause every running campaign."""
    _hold(literal(True), code, sentence, now)


OTHER_TEXT = (
    "WhatsApp has another text of the template since this campaign was launched. Take that change back "
    "there, or cancel this campaign and begin another one for those who did not get it."
)
STALE = "The templates could not be synchronised for 12 hours; their categories may have changed."
DRIFTED = "WhatsApp counts this template as marketing now. Customers without consent drop out when you go on."


def running() -> list[int]:
    """Ids of the campaigns that a worker has to look after at once when sending is allowed again."""
    return list(db.session.scalars(select(Campaign.id).where(Campaign.status == CampaignStatus.RUNNING)))


def due(now: datetime) -> list[int]:
    """Ids of scheduled campaigns whose time has come and that were not missed."""
    query = select(Campaign.id).where(
        Campaign.status == CampaignStatus.SCHEDULED, Campaign.scheduled_at <= now,
        Campaign.missed_at.is_(None),
    )  # fmt: skip
    return list(db.session.scalars(query.order_by(Campaign.scheduled_at, Campaign.id)))


def launch_due(campaign_id: int, now: datetime, seen: Outlook | None = None) -> None:
    """Launch a scheduled campaign at its time; one that comes too late, or cannot start, is missed. `seen` as
    for `launch`."""
    campaign = db.session.get(Campaign, campaign_id, populate_existing=True)
    if campaign is None:
        return
    at = campaign.scheduled_at
    if campaign.status != CampaignStatus.SCHEDULED or at is None or at > now:
        return  # somebody took it back, or chose another time, since it was found
    if now - at > PUNCTUAL:
        _miss(campaign, "", now)
        return
    if rewording.is_unread(campaign):
        _miss(campaign, rewording.UNREAD, now)
        return
    still = (Campaign.status == CampaignStatus.SCHEDULED) & (Campaign.scheduled_at == at)
    try:
        launch(campaign, actor=campaign.changed_by, now=now, only_if=still, seen=seen)
    except Impossible as refusal:
        _miss(campaign, str(refusal), now)


def finish_if_done(campaign_id: int, now: datetime) -> bool:
    """Finish a running campaign of which nothing is queued or on the wire."""
    pending = select(Delivery.id).where(
        Delivery.campaign_id == campaign_id,
        Delivery.state.in_((DeliveryState.QUEUED, DeliveryState.SENDING)),
    )
    done = db.session.execute(
        update(Campaign)
        .where(
            Campaign.id == campaign_id, Campaign.status == CampaignStatus.RUNNING,
            Campaign.audience_done_at.is_not(None), ~pending.exists(),
        )
        .values(status=CampaignStatus.FINISHED, finished_at=now)
    )  # fmt: skip
    return done.rowcount == 1


def _hold(which: Any, code: str, sentence: str, now: datetime) -> None:
    db.session.execute(
        update(Campaign)
        .where(which, Campaign.status == CampaignStatus.RUNNING)
        .values(status=CampaignStatus.PAUSED, paused_at=now, paused_by="system", pause_code=code,
                pause_reason=sentence)
    )  # fmt: skip


def _miss(campaign: Campaign, why: str, now: datetime) -> None:
    db.session.execute(
        update(Campaign)
        .where(Campaign.id == campaign.id, Campaign.status == CampaignStatus.SCHEDULED)
        .values(missed_at=now, pause_reason=why)
    )
    db.session.refresh(campaign)


def _move(
    campaign: Campaign, expected: tuple[CampaignStatus, ...], only_if: Any = None, **values: Any
) -> bool:
    """Take a step if the campaign is in one of the expected states; whether this call took it."""
    db.session.flush()
    moved = db.session.execute(
        update(Campaign)
        .where(
            Campaign.id == campaign.id,
            Campaign.status.in_(expected),
            literal(True) if only_if is None else only_if,
        )
        .values(version=Campaign.version + 1, **values)
    )
    _refresh(campaign)
    return moved.rowcount == 1


def _refresh(campaign: Campaign) -> None:
    db.session.flush()
    db.session.refresh(campaign)


def _agreed(campaign: Campaign, seen: Outlook | None, now: datetime) -> Outlook:
    """The outlook, if nothing speaks against it. Raises Impossible."""
    if seen and (wrong := problems(campaign, now)):
        raise Impossible(" ".join(wrong))
    seen = seen or outlook(campaign, now)
    if seen.lacking:
        raise Impossible(seen.lacking)
    return seen


def _looked_at(campaign: Campaign, seen: Outlook) -> dict[str, Any]:
    return seen.preview.to_json() | {rewording.TEXT: rewording.text_of(campaign.template)}


def _template(campaign: Campaign) -> Template:
    if campaign.template is None:
        raise Impossible("Choose a template.")
    return campaign.template


def _status(template: Template) -> str:
    return "no longer in the account" if template.removed_at else template.status.lower()


def unsendable(campaign: Campaign) -> list[str]:
    """Why its template, as it is now, makes no message for anybody: a part that cannot be filled in, or
    a variable for which nothing stands at all. Single customers without a value are found at sending."""
    template = _template(campaign)
    if parts := variables.unfillable(template.components):
        words = ", ".join(parts)
        return [f"Heed cannot fill in {words}, so WhatsApp would refuse it: choose another template."]
    wanted = variables.variables_of(template.components, template.parameter_format)
    missing = [v.label for v in wanted if not variables.is_set(campaign.parameters.get(v.key))]
    return [f"Fill in: {', '.join(missing)}."] if missing else []
