"""Templates, segments, campaigns and their deliveries; and the one row that governs all sending."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.consent.gate import Category
from webapp.database import NEVER_AGAIN, BigId, Json, UtcDateTime
from webapp.extensions import db

DEFAULT_RATE = 80
"""Messages a second that a number may send before WhatsApp says otherwise (Meta, throughput)."""


class CampaignStatus(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


UNDER_WAY = (CampaignStatus.RUNNING, CampaignStatus.PAUSED)


class DeliveryState(StrEnum):
    """Exclusive: each delivery is in one of them."""

    QUEUED = "queued"
    SENDING = "sending"
    """Claimed: the message has started, and what became of it is not known yet."""
    SENT = "sent"
    """Accepted by WhatsApp with a message id."""
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """No clear answer: it may have arrived. Never sent again by itself."""
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"


TAKEN = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ)
"""WhatsApp has the message, and nothing says that it was lost."""
ARRIVED = (DeliveryState.DELIVERED, DeliveryState.READ)


class SegmentKind(StrEnum):
    STATIC = "static"
    DYNAMIC = "dynamic"


def _partial(name: str, columns: tuple[str, ...], where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(word.value) for word in words)})", name=column)


class Template(db.Model):
    """A message template as WhatsApp last described it. Never deleted, for campaigns refer to it."""

    __tablename__ = "templates"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    external_id: Mapped[str | None] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(512))
    language: Mapped[str] = mapped_column(String(20))
    """As the Graph API writes it: `en_US`."""
    category: Mapped[str] = mapped_column(String(40))
    coming_category: Mapped[str | None] = mapped_column(String(40))
    """The category that WhatsApp has announced; it counts from its notice on."""
    coming_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it takes effect; None when WhatsApp did not say."""
    status: Mapped[str] = mapped_column(String(40))
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When WhatsApp last said that it takes no messages of it: what it allowed before comes too late."""
    parameter_format: Mapped[str] = mapped_column(String(20), default="POSITIONAL")
    components: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    quality: Mapped[str] = mapped_column(String(20), default="")
    ttl_seconds: Mapped[int | None]
    """How long WhatsApp tries to deliver a message of it; None is WhatsApp's own value."""
    ttl_tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When Heed last asked WhatsApp to shorten it."""
    ttl_failure: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    """Why that failed, as a sentence for people; "" when it did not."""
    synced_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a synchronisation no longer found it."""

    __table_args__ = (UniqueConstraint("name", "language"),)

    @property
    def counts_as(self) -> Category:
        """The category that consent is asked for: MARKETING if the present or the coming one is, or is new
        to us."""
        present, coming = Category.of(self.category), Category.of(self.coming_category or self.category)
        return Category.MARKETING if Category.MARKETING in (present, coming) else present

    @property
    def usable(self) -> bool:
        """Whether WhatsApp takes messages of it now."""
        return self.status == "APPROVED" and self.removed_at is None


class Sending(db.Model):
    """What governs all sending from this desk's number: exactly one row."""

    __tablename__ = "sending"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(default=1)
    enabled: Mapped[bool] = mapped_column(default=True)
    """False: the kill switch."""
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_by: Mapped[str | None] = mapped_column(String(40))
    place: Mapped[str | None] = mapped_column(String(64))
    """Where this desk was when it last sent, or somebody confirmed that it may (see `campaigns.place`)."""
    restored_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Of when the backup is from which this desk was restored, until somebody confirms that it may send."""
    zone: Mapped[str] = mapped_column(String(60), default="UTC")
    """The workspace's time zone, an IANA name."""
    window_from: Mapped[int | None]
    """Marketing starts only from this minute of the day on, in the workspace's zone; None: at any time."""
    window_until: Mapped[int | None]
    rate: Mapped[int | None]
    """Messages a second that WhatsApp said the number may send; None: not known, `DEFAULT_RATE` then."""
    marketing_endpoint: Mapped[bool] = mapped_column(default=False)
    """Whether the account has the Marketing Messages API."""
    bucket: Mapped[float] = mapped_column(default=0.0)
    """Rate tokens that are left, at the instant `bucket_at`; shared by all workers."""
    bucket_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wait_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """WhatsApp refused for the whole number: nothing starts before this instant."""
    wait_seconds: Mapped[int] = mapped_column(default=0)
    """How long the last such wait was; the next one is twice as long."""
    wait_set_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    restricted_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """WhatsApp restricts the account: no campaign starts before this instant."""
    restriction: Mapped[str] = mapped_column(Text, default="")
    restriction_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When WhatsApp said so, or that it is over; what it said before comes too late."""
    templates_synced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    templates_failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the last synchronisation failed; None after one that worked."""
    templates_failure: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class Segment(db.Model):
    """A named group of customers: chosen one by one, or by rules that are evaluated when it is used."""

    __tablename__ = "segments"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(240), unique=True)
    """The folded name: two segments that differ only in case or accents are one."""
    kind: Mapped[str] = mapped_column(String(10))
    rules: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Of a dynamic segment (see `campaigns.segments.rules`)."""
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(40))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(40))

    __table_args__ = (_one_of("kind", SegmentKind), NEVER_AGAIN)


class SegmentMember(db.Model):
    """A customer in a static segment."""

    __tablename__ = "segment_members"

    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="RESTRICT"), primary_key=True, index=True
    )

    __table_args__ = ({"sqlite_with_rowid": False},)


class Campaign(db.Model):
    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(12), default=CampaignStatus.DRAFT)
    template_id: Mapped[int | None] = mapped_column(
        ForeignKey("templates.id", ondelete="RESTRICT"), index=True
    )
    parameters: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """What fills each variable of the template (see `campaigns.templates.variables`)."""
    audience: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """`{"include": [source, ...], "exclude": [source, ...]}` (see `campaigns.audience`)."""
    pace: Mapped[int | None]
    """Messages a second that somebody asked for; None: what the number allows."""
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(40))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(40))
    scheduled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    missed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The schedule passed without a launch; a person decides then."""
    reviewed: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What the review showed when the campaign was scheduled or launched: eligible and suppressed, and which
    text (see `rewording`)."""
    category: Mapped[str | None] = mapped_column(String(20))
    """The template's category that somebody has seen at launch, or at resuming since."""
    launched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    launched_by: Mapped[str | None] = mapped_column(String(40))
    audience_done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When all its deliveries were written down; until then a worker is at it, and none starts."""
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_by: Mapped[str | None] = mapped_column(String(40))
    pause_code: Mapped[str] = mapped_column(String(40), default="")
    """Why it was paused, as a word for programs; "" when a person did it."""
    pause_reason: Mapped[str] = mapped_column(Text, default="")
    """The same as a sentence for people."""
    test_of_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), index=True)
    """The campaign that this message to oneself tries out."""
    pump_token: Mapped[str | None] = mapped_column(String(32))
    """The worker that sends this campaign at present, and until when it may be thought to live."""
    pump_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bucket: Mapped[float] = mapped_column(default=0.0)
    """Rate tokens of its own pace that are left, at the instant `bucket_at`."""
    bucket_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    template: Mapped[Template | None] = relationship()

    __table_args__ = (
        _one_of("status", CampaignStatus),
        _partial("ix_campaigns_alive", ("id",), "status IN ('scheduled', 'running')"),
        NEVER_AGAIN,
    )


class CampaignPerson(db.Model):
    """Somebody who was named for one campaign, by number or file: to be among its audience, or out of it."""

    __tablename__ = "campaign_people"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    excluded: Mapped[bool] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="RESTRICT"), primary_key=True, index=True
    )

    __table_args__ = ({"sqlite_with_rowid": False},)


class Delivery(db.Model):
    """One message of a campaign to one customer, with what the gate saw when it started."""

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="RESTRICT"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="RESTRICT"), index=True)
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(40))
    """Why it is suppressed (`gate.Suppression`), failed or unknown; a word for programs."""
    error_code: Mapped[int | None]
    """WhatsApp's code, where it gave one."""
    attempts: Mapped[int] = mapped_column(default=0)
    """How often it was claimed and refused for a passing cause."""
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The next attempt starts no earlier."""
    token: Mapped[str | None] = mapped_column(String(32))
    """Of the pump that claimed it; another one must not write its result."""
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """A delivery still in `sending` after this instant lost its pump and becomes unknown."""
    wamid: Mapped[str | None] = mapped_column(String(200))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was claimed, last."""
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by: Mapped[str | None] = mapped_column(String(40))
    """The person who decided about an unknown one, and why."""
    settled_why: Mapped[str] = mapped_column(Text, default="")
    after_opt_out: Mapped[bool] = mapped_column(default=False)
    """Delivered after the customer's opt-out, and started before it."""
    gate_category: Mapped[str | None] = mapped_column(String(20))
    gate_status: Mapped[str | None] = mapped_column(String(10))
    gate_event_id: Mapped[int | None] = mapped_column(BigId)
    gate_stopped: Mapped[bool | None]
    gate_held: Mapped[bool | None]
    gate_unknown_allowed: Mapped[bool | None]
    """Whether the policy let customers without a record receive marketing then."""

    __table_args__ = (
        _one_of("state", DeliveryState),
        UniqueConstraint("campaign_id", "customer_id"),
        Index("ix_deliveries_campaign_id_state", "campaign_id", "state", "id"),
        _partial("ix_deliveries_wamid", ("wamid",), "wamid IS NOT NULL"),
        _partial("ix_deliveries_sending", ("lease_until",), "state = 'sending'"),
        _partial("ix_deliveries_sent", ("sent_at",), "state = 'sent'"),
    )


class AuditRun(db.Model):
    """One answer of the auditor, kept: who asked, over how many messages, how many it found."""

    __tablename__ = "audit_runs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ran_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ran_by: Mapped[str] = mapped_column(String(40))
    """`system` at night, `command`, or the person: `user:ID`."""
    checked: Mapped[int]
    """Marketing messages that had started by then."""
    found: Mapped[int]


class IdempotencyKey(db.Model):
    """A call of the API that was made before under the same key, and what it was answered."""

    __tablename__ = "idempotency_keys"

    actor: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 over method, path and body: the same key for another call is refused."""
    status: Mapped[int]
    answer: Mapped[Any] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
