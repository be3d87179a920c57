"""Emptying the desk of demo data, without touching a word that a real person said."""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select, update

from webapp.bulk.models import BulkMember
from webapp.campaigns.models import Campaign, CampaignPerson, CampaignStatus, Delivery, SegmentMember
from webapp.consent import guards, ledger
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import ConsentEvent, Disclosure, Evidence, ForgottenEvidence, Hold, SendDecision
from webapp.consent.rules import Source, Status
from webapp.consent.sealing.giving_up import give_up
from webapp.customers.batch_changes import BatchChange
from webapp.customers.erasure.erasing import Erasure
from webapp.customers.erasure.suppressions import Suppression
from webapp.customers.models import AttributeKey, Customer, CustomerAttribute, CustomerTag, Identity, Tag
from webapp.demo import staff, traits
from webapp.extensions import db
from webapp.whatsapp.invented import MESSAGE_IDS, NUMBERS, USER_IDS
from webapp.whatsapp.models import InboundMessage

FROM_THE_PHONE = InboundMessage.key.startswith(f"message:{MESSAGE_IDS}", autoescape=True)
REQUESTS = ("opt_out", "review", "platform_stop")
"""Decisions about what may be a wish to hear no more."""

THEIRS = (
    Delivery, CampaignPerson, SegmentMember, InboundMessage, Hold, SendDecision, Disclosure, CustomerTag,
    CustomerAttribute, Identity, Erasure, Suppression, BatchChange, BulkMember,
)  # fmt: skip


@dataclass(frozen=True)
class Cleared:
    """How many customers were removed, and how many stay: a real person had asked from an invented number."""

    removed: int
    kept: int


def clear(now: datetime) -> Cleared:
    """Remove demo customers, all that is recorded of them, and what else the demo brought.

    The ledger's guards are lifted for that; events of real customers and of the settings stay as they
    are. The caller commits.
    """
    _adopt_unknown_senders()
    kept = [_keep(customer, now) for customer in db.session.scalars(_who_really_asked())]
    db.session.flush()
    removed = db.session.scalar(select(func.count()).select_from(_gone().subquery())) or 0
    _delete_customers(now)
    _delete_definitions()
    staff.dismiss()
    return Cleared(removed, len(kept))


def _adopt_unknown_senders() -> None:
    """Whoever wrote only from the phone, under invented addresses, is demo data too."""
    invented = or_(Identity.value.in_(NUMBERS), Identity.value.startswith(USER_IDS, autoescape=True))
    own = Identity.customer_id == Customer.id
    nobody_real = exists().where(own), ~exists().where(own, ~invented), ~_wrote(~FROM_THE_PHONE)
    db.session.execute(update(Customer).where(~Customer.demo, *nobody_real).values(demo=True))


def _who_really_asked() -> Select[tuple[Customer]]:
    """Demo customers whose invented number a real person has, who asked for something like STOP."""
    asked = _wrote(~FROM_THE_PHONE, InboundMessage.decision.in_(REQUESTS))
    return select(Customer).where(Customer.demo, asked).order_by(Customer.id)


def _wrote(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(InboundMessage.customer_id == Customer.id, *which)


def _keep(customer: Customer, now: datetime) -> None:
    """They stay, opted out: what they asked for is real, and the opt-in before it was invented."""
    customer.demo = False
    if customer.status != Status.OPTED_OUT:
        proof = Proof(words="Demo data was cleared; this person had written something like STOP.")
        ledger.record(customer, Statement(Status.OPTED_OUT, Source.SYSTEM, "system", now, proof=proof))


def _gone() -> Select[tuple[int]]:
    """The demo customers, but for those into whom a real one was merged."""
    merged = select(Customer.merged_into_id).where(~Customer.demo, Customer.merged_into_id.is_not(None))
    return select(Customer.id).where(Customer.demo, Customer.id.not_in(merged))


def _delete_customers(now: datetime) -> None:
    """Children before parents: the foreign keys refuse any other order."""
    gone = _gone()
    theirs = ConsentEvent.customer_id.in_(gone)
    events = select(ConsentEvent.id).where(theirs)
    db.session.execute(delete(Evidence).where(Evidence.event_id.in_(events)))
    db.session.execute(delete(InboundMessage).where(FROM_THE_PHONE))
    for model in THEIRS:
        db.session.execute(delete(model).where(model.customer_id.in_(gone)))
    _delete_emptied_campaigns()
    with guards.lifted():
        give_up(current_app.config["HEED"], now)
        db.session.execute(delete(ForgottenEvidence).where(ForgottenEvidence.event_id.in_(events)))
        db.session.execute(delete(ConsentEvent).where(theirs, ConsentEvent.compensates.is_not(None)))
        db.session.execute(delete(ConsentEvent).where(theirs))
    db.session.execute(update(Customer).where(Customer.demo).values(merged_into_id=None))
    db.session.execute(delete(Customer).where(Customer.id.in_(gone)))


def _delete_emptied_campaigns() -> None:
    """Campaigns that were sent to demo customers only; drafts stay."""
    somebody = exists().where(Delivery.campaign_id == Campaign.id)
    sent = Campaign.status.not_in((CampaignStatus.DRAFT, CampaignStatus.SCHEDULED))
    gone = list(db.session.scalars(select(Campaign.id).where(sent, ~somebody)))
    db.session.execute(delete(CampaignPerson).where(CampaignPerson.campaign_id.in_(gone)))
    db.session.execute(delete(Campaign).where(Campaign.test_of_id.is_not(None), Campaign.id.in_(gone)))
    tried_out = select(Campaign.test_of_id).where(Campaign.test_of_id.is_not(None))
    db.session.execute(delete(Campaign).where(Campaign.id.in_(gone), Campaign.id.not_in(tried_out)))


def _delete_definitions() -> None:
    """Demo tags and attributes that nobody carries any more; the counts of the others become true again."""
    carriers = select(func.count()).where(CustomerTag.tag_id == Tag.id).scalar_subquery()
    db.session.execute(update(Tag).values(n=carriers))
    db.session.execute(delete(Tag).where(Tag.name.in_(traits.TAGS), Tag.n == 0))
    used = select(CustomerAttribute.key_id)
    invented = AttributeKey.name.in_(traits.ATTRIBUTES)
    db.session.execute(delete(AttributeKey).where(invented, AttributeKey.id.not_in(used)))
