"""The review of a campaign, the launch, now or at a time, and a test to oneself."""

from datetime import datetime

from flask import Response, current_app, render_template, request, url_for
from sqlalchemy import select

from webapp import clock, tasks
from webapp.accounts.access import may, requires
from webapp.accounts.actors import actor_names, current_actor
from webapp.accounts.roles import Role
from webapp.campaigns import lifecycle, review, rewording, switch, times, trials
from webapp.campaigns.blueprint import bp
from webapp.campaigns.control_views import gone_to
from webapp.campaigns.lifecycle import NOT_STARTED, Impossible, WrongTime
from webapp.campaigns.models import Campaign, CampaignStatus, Delivery
from webapp.campaigns.pages import campaign_or_404, frame, shown, variables_of
from webapp.campaigns.shares import shares
from webapp.campaigns.templates import flags as template_flags
from webapp.campaigns.templates.variables import is_set
from webapp.campaigns.times import NoSuchTime
from webapp.campaigns.windows import Window
from webapp.consent import policy
from webapp.customers import identities
from webapp.customers.addresses import addresses
from webapp.customers.erasure import suppressions
from webapp.customers.erasure.suppressions import PersonErased, WrongKey
from webapp.customers.models import Customer
from webapp.customers.phones import MalformedPhone
from webapp.extensions import db
from webapp.rendering import dialog, page_or_fragment, see_other
from webapp.transactions import read_first

Answer = Response | str | tuple[str, int]


class Disagreement(Exception):
    """Things stand otherwise than on the page that was sent; the message is a sentence for people."""


class Moved(Disagreement):
    """Another number of customers would get it than the one that somebody agreed to."""

    def __init__(self, expected: int, eligible: int) -> None:
        super().__init__(
            f"Nothing was sent: {eligible:,} customers get it now, not {expected:,}. "
            "Look at the numbers once more, then send."
        )


class ChangedMeanwhile(Disagreement):
    """Somebody changed the campaign since the page was read: its template, say, which no number shows."""

    def __init__(self, campaign: Campaign) -> None:
        by = actor_names([campaign.changed_by])[campaign.changed_by]
        super().__init__(
            f"Nothing was sent: {by} changed this campaign meanwhile. Look at it once more, then send."
        )


@bp.get("/<int:campaign_id>/review")
@requires(Role.VIEWER)
def review_page(campaign_id: int) -> Answer:
    campaign = campaign_or_404(campaign_id)
    if campaign.status not in NOT_STARTED:
        return see_other(url_for("campaigns.show", campaign_id=campaign_id))
    return _page(campaign)


@bp.post("/<int:campaign_id>/launch")
@requires(Role.MANAGER)
def launch(campaign_id: int) -> Answer:
    """`expected` is the number that the button named, `version` says what was looked at; `when` is now, or
    later with `at`."""
    campaign = campaign_or_404(campaign_id)
    later = request.form.get("when") == "later"
    try:
        _start(campaign, request.form.get("at", "") if later else None, clock.now())
    except (NoSuchTime, WrongTime) as refusal:
        db.session.rollback()
        return _page(campaign, at_error=str(refusal), status=422)
    except (Disagreement, Impossible) as refusal:
        db.session.rollback()
        return _page(campaign, notice=str(refusal), status=409 if isinstance(refusal, Disagreement) else 422)
    db.session.commit()
    if not later:
        tasks.enqueue(current_app, "pump", campaign_id)
    return see_other(url_for("campaigns.show", campaign_id=campaign_id))


@bp.get("/<int:campaign_id>/<any(launch, pause, resume, unschedule, duplicate):step>")
@requires(Role.VIEWER)
def after_step(campaign_id: int, step: str) -> Answer:
    """A refused step is shown at its own address; loading that again leads back to the review."""
    return see_other(url_for("campaigns.review_page", campaign_id=campaign_id))


@bp.get("/<int:campaign_id>/test")
@requires(Role.MANAGER)
def ask_test(campaign_id: int) -> Answer:
    return _test_dialog(campaign_or_404(campaign_id))


@bp.post("/<int:campaign_id>/test")
@requires(Role.MANAGER)
def send_test(campaign_id: int) -> Answer:
    """Through the gate like any other message: marketing needs the consent of that number, too."""
    campaign = campaign_or_404(campaign_id)
    phone = request.form.get("phone", "").strip()
    if not phone:
        return _test_dialog(campaign, error="Give your number.")
    if (twice := _gets_it_too(campaign, phone)) and request.form.get("agreed") != str(twice.id):
        return _test_dialog(campaign, phone, twice=twice)
    try:
        customer = identities.find_by_any_phone(phone) or _new_customer(phone)
        trial = lifecycle.test(campaign, customer, actor=current_actor(), now=clock.now())
    except (MalformedPhone, Impossible, PersonErased, WrongKey) as refusal:
        db.session.rollback()
        return _test_dialog(campaign, phone, str(refusal))
    if left_out := db.session.scalar(select(Delivery.reason).where(Delivery.campaign_id == trial.id)):
        db.session.rollback()
        return _test_dialog(campaign, phone, f"Not sent: {_words(left_out)}. Consent counts for a test, too.")
    db.session.commit()
    tasks.enqueue(current_app, "pump", trial.id)
    location = url_for("campaigns.review_page", campaign_id=campaign_id)
    return gone_to(location, f"The test is on its way to {customer.label}.")


def _new_customer(phone: str) -> Customer:
    suppressions.demand_nobody_erased(addresses(phone=phone))
    came = identities.find_by_any_phone(phone)  # in this moment
    return came or identities.create(phone=phone, source="campaign", now=clock.now())


@bp.post("/<int:campaign_id>/test/person")
@requires(Role.MANAGER)
def test_person(campaign_id: int) -> str:
    """Whether the person of this number will get the campaign as well."""
    twice = _gets_it_too(campaign_or_404(campaign_id), request.form.get("phone", ""))
    return render_template("campaigns/_test_person.html", twice=twice)


def _gets_it_too(campaign: Campaign, phone: str) -> Customer | None:
    """The customer of this number if the campaign will reach them, too."""
    now = clock.now()
    customer = identities.find_by_any_phone(phone) if campaign.status in NOT_STARTED else None
    if customer is None:
        return None
    reached = review.people(campaign, review.ELIGIBLE, now).subquery()
    asked = select(reached.c.customer_id).where(reached.c.customer_id == customer.id)
    return customer if db.session.scalar(asked) else None


def _start(campaign: Campaign, at: str | None, now: datetime) -> None:
    """Launch or schedule what was agreed to. Raises Disagreement, Impossible or NoSuchTime;
    then nothing is kept."""
    if campaign.status not in NOT_STARTED:
        lifecycle.launch(campaign, actor=current_actor(), now=now)
        return
    expected = request.form.get("expected", default=-1, type=int)
    if at is None and request.form.get("at", "").strip():
        raise WrongTime("You chose a time: pick “At a time”, or clear it.")
    instant = None if at is None else times.chosen(at, switch.current().zone)
    seen = read_first(lambda: lifecycle.outlook(campaign, now))
    db.session.refresh(campaign, with_for_update={"key_share": True})
    if instant and _waits_for(campaign, instant):
        return  # a second click
    if request.form.get("version", default=campaign.version, type=int) != campaign.version:
        raise ChangedMeanwhile(campaign)
    text = rewording.text_of(campaign.template)
    if request.form.get("text", default=text) != text:
        raise Disagreement(f"Nothing was sent: {rewording.UNREAD}")
    if seen.lacking:
        raise Disagreement(seen.lacking)
    if instant is None:
        lifecycle.launch(campaign, actor=current_actor(), now=now, seen=seen)
    else:
        lifecycle.schedule(campaign, instant, actor=current_actor(), now=now, seen=seen)
    eligible = (campaign.reviewed or {}).get("eligible", 0)
    if eligible != expected:
        raise Moved(expected, eligible)


def _waits_for(campaign: Campaign, instant: datetime) -> bool:
    waits = campaign.status == CampaignStatus.SCHEDULED and campaign.missed_at is None
    return waits and campaign.scheduled_at == instant and not rewording.is_unread(campaign)


def _page(campaign: Campaign, *, notice: str = "", at_error: str = "", status: int = 200) -> tuple[str, int]:
    now = clock.now()
    looked = review.of(campaign, lifecycle.problems(campaign, now), now)
    sending = switch.current()
    wanted = variables_of(campaign.template)
    person_id = request.values.get("shown", type=int)
    page = page_or_fragment(
        "campaigns/step.html",
        "campaigns/_review_step.html",
        step="review",
        review=looked,
        found=looked.preview.total,
        lacked=review.lacked_words(looked.lacking),
        words=review.WORDS,
        bar=shares(looked.preview),
        filled=sum(is_set(campaign.parameters.get(variable.key)) for variable in wanted),
        wanted=len(wanted),
        zone_words=times.zone_words(sending.zone, now),
        at=request.form.get("at") or _at(campaign, sending.zone),
        later=request.form.get("when", _when(campaign)) == "later",
        scheduled=times.local(campaign.scheduled_at, sending.zone) if campaign.scheduled_at else "",
        window=Window.of(sending),
        keywords=policy.current().opt_out_words[:3],
        text=rewording.text_of(campaign.template),
        unread=rewording.UNREAD if rewording.is_unread(campaign) else "",
        flags=template_flags.of(campaign.template),
        trial=trials.last_of(campaign),
        notice=notice,
        at_error=at_error,
        editable=may(Role.MANAGER),
        **frame(campaign),
        **shown(campaign, campaign.template, campaign.parameters, person_id, now),
    )
    return page, status


def _when(campaign: Campaign) -> str:
    return "later" if campaign.scheduled_at and not campaign.missed_at else "now"


def _at(campaign: Campaign, zone: str) -> str:
    """The time that is chosen; one that was missed is none any more."""
    at = None if campaign.missed_at else campaign.scheduled_at
    return times.local_input(at, zone) if at else ""


def _test_dialog(
    campaign: Campaign, phone: str = "", error: str = "", twice: Customer | None = None
) -> tuple[str, int]:
    """`twice`: the customer who will get the campaign, too, and has to be agreed to."""
    return dialog(
        "campaigns/_test_dialog.html", title="Send a test to me", status=422 if error or twice else 200,
        campaign=campaign, phone=phone, error=error, twice=twice,
    )  # fmt: skip


def _words(reason: str) -> str:
    return review.WORDS[reason][1]
