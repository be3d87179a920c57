"""What must happen although a queue, a worker or a webhook was lost. Runs each minute and at the start."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from webapp.campaigns import lifecycle, lifetimes, switch
from webapp.campaigns.models import Campaign, CampaignStatus, Delivery, DeliveryState, Template
from webapp.campaigns.sending import claims
from webapp.campaigns.sending.claims import TEMPLATES_FRESH
from webapp.campaigns.sending.starting import LEASE as LEASE_OF_A_MESSAGE
from webapp.consent.gate import Category
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Kind, Source, Status
from webapp.customers.models import Customer
from webapp.extensions import db

LEASE, EXPIRED = "lease", "expired"
DEFAULT_TTL = {Category.AUTHENTICATION: 600}
BUFFER = timedelta(hours=1)
"""A receipt may come later than the message."""
LOOKS_BACK = timedelta(hours=1)


def sweep(now: datetime) -> None:
    """Settle what is overdue."""
    _lose_leases(now)
    _end_what_was_cancelled(now)
    _expire(now)
    _mark_after_opt_outs(now)
    _hold_when_templates_are_stale(now)


def waiting(now: datetime) -> list[int]:
    """Running campaigns without a living pump; one that is done with is finished here."""
    query = select(Campaign.id).where(
        Campaign.status == CampaignStatus.RUNNING,
        claims.without_pump(now),
    )
    running = db.session.scalars(query.order_by(Campaign.id)).all()
    return [id for id in running if not lifecycle.finish_if_done(id, now)]


def _lose_leases(now: datetime) -> None:
    """The pump of these is gone, or its clock was wrong: they may have arrived and are not sent again."""
    db.session.execute(
        update(Delivery)
        .where(
            Delivery.state == DeliveryState.SENDING,
            or_(Delivery.lease_until < now, Delivery.lease_until > now + 2 * LEASE_OF_A_MESSAGE),
        )
        .values(state=DeliveryState.UNKNOWN, reason=LEASE)
        .execution_options(synchronize_session=False)
    )


def _end_what_was_cancelled(now: datetime) -> None:
    """A message that came back after its campaign was cancelled is cancelled too."""
    cancelled = select(Campaign.id).where(
        Campaign.status == CampaignStatus.CANCELLED, Campaign.finished_at > now - timedelta(days=1)
    )
    db.session.execute(
        update(Delivery)
        .where(Delivery.state == DeliveryState.QUEUED, Delivery.campaign_id.in_(cancelled))
        .values(state=DeliveryState.CANCELLED)
        .execution_options(synchronize_session=False)
    )


def _expire(now: datetime) -> None:
    """No failure is promised for a message that outlives its time (Meta, time to live)."""
    templates = db.session.scalars(select(Template)).all()
    for template in templates:
        lives = timedelta(seconds=_ttl(template)) + BUFFER
        campaigns = select(Campaign.id).where(Campaign.template_id == template.id)
        db.session.execute(
            update(Delivery)
            .where(
                Delivery.state == DeliveryState.SENT, Delivery.sent_at < now - lives,
                Delivery.campaign_id.in_(campaigns),
            )
            .values(state=DeliveryState.FAILED, reason=EXPIRED, failed_at=now)
            .execution_options(synchronize_session=False)
        )  # fmt: skip


def _mark_after_opt_outs(now: datetime) -> None:
    """The news of a message may come before the customer's word that is older. A list that somebody brings in
    is left out: it is long, and says nothing about the way of one message."""
    heard = (
        ConsentEvent.kind == Kind.CONSENT, ConsentEvent.status == Status.OPTED_OUT,
        ConsentEvent.source != Source.IMPORT, ConsentEvent.recorded_at >= now - LOOKS_BACK,
    )  # fmt: skip
    between = Customer.opt_out_at.between(Delivery.started_at, Delivery.delivered_at)
    late = (
        select(Delivery.id)
        .join(ConsentEvent, ConsentEvent.customer_id == Delivery.customer_id)
        .join(Customer, Customer.id == Delivery.customer_id)
        .where(*heard, Customer.status == Status.OPTED_OUT, between, Delivery.after_opt_out.is_(False))
    )
    db.session.execute(
        update(Delivery)
        .where(Delivery.id.in_(late))
        .values(after_opt_out=True)
        .execution_options(synchronize_session=False)
    )


def _ttl(template: Template) -> int:
    """Seconds; of a marketing template its own value may not hold (see `lifetimes`)."""
    if marketing := lifetimes.of(template):
        return marketing.seconds
    own = template.ttl_seconds or 0
    return own if own > 0 else DEFAULT_TTL.get(template.counts_as, lifetimes.LONGEST)


def _hold_when_templates_are_stale(now: datetime) -> None:
    synced = switch.current().templates_synced_at
    if synced is not None and now - synced > TEMPLATES_FRESH:
        lifecycle.hold_all("templates", lifecycle.STALE, now)
