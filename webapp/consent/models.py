"""Consent in the database: the state columns, the append-only ledger, its evidence, holds and policy."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from webapp.consent.gate import Facts
from webapp.consent.rules import Effect, Kind, ReviewKind, State, Status
from webapp.database import BigId, Json, UtcDateTime
from webapp.extensions import db

STATE_FIELDS = tuple(State.__dataclass_fields__)


class ConsentState:
    """The state columns that `Customer` inherits. Only the ledger writes them; times are `occurred_at`."""

    status: Mapped[str] = mapped_column(String(10), default=Status.UNKNOWN)
    status_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status_event_id: Mapped[int | None] = mapped_column(BigId)
    """The event that set the status. No foreign key: customers and events would need each other first."""
    opt_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    own_opt_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    own_opt_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    platform_stop_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    platform_resume_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disputed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When verification found that these columns are not what the ledger says. No marketing until settled."""
    unreachable_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    """Rises with every change of consent, tags and attributes; forms and the poll compare it."""
    events_count: Mapped[int] = mapped_column(default=0)

    @property
    def consent(self) -> State:
        """The state columns as the rules' own value."""
        return State(**{field: getattr(self, field) for field in STATE_FIELDS})

    @consent.setter
    def consent(self, state: State) -> None:
        for field in STATE_FIELDS:
            setattr(self, field, getattr(state, field))

    @property
    def gate_facts(self) -> Facts:
        return Facts(
            status=self.status,
            status_at=self.status_at,
            erased=self.erased_at is not None,
            platform_stop=self.platform_stop_at is not None,
            on_hold=self.held_at is not None or self.disputed_at is not None,
            unreachable=self.unreachable_at is not None,
        )


class ConsentEvent(db.Model):
    """One entry of the ledger. Append-only: triggers of both databases refuse every change and deletion.

    It holds no personal text; what a person said stands in `Evidence`, which can be deleted for good.
    """

    __tablename__ = "consent_events"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id", ondelete="RESTRICT"))
    """None for a change of policy."""
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str | None] = mapped_column(String(20))
    """For consent the status stated; for the other kinds the turn (stopped, resumed, held, released)."""
    source: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(40))
    """`user:ID`, `token:ID`, `customer`, `whatsapp` or `system`: no name, so that nothing personal stays."""
    identity_id: Mapped[int | None] = mapped_column(BigId)
    """The identity by which the person spoke. No foreign key: an erasure deletes identities."""
    external_id: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of WhatsApp's message id; the id itself carries the phone number in base64."""
    rule_version: Mapped[str] = mapped_column(String(20), default="")
    effect: Mapped[str] = mapped_column(String(10), default=Effect.CHANGED)
    reason: Mapped[str] = mapped_column(String(30), default="")
    """Why the effect is none (`same_status`, `newer_opt_out`, ...); how a review ended."""
    compensates: Mapped[int | None] = mapped_column(ForeignKey("consent_events.id", ondelete="RESTRICT"))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id", ondelete="RESTRICT"))
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    evidence_digest: Mapped[str] = mapped_column(String(64), default="")

    __table_args__ = (
        UniqueConstraint("customer_id", "kind", "external_id"),
        UniqueConstraint("compensates"),
        Index(  # the last columns are read from the index alone: the status before, and totals at an instant
            "ix_consent_events_customer_id",
            "customer_id",
            "id",
            "kind",
            "effect",
            "status",
            "recorded_at",
        ),
        Index("ix_consent_events_recorded_at", "recorded_at", "id"),
        Index("ix_consent_events_actor", "actor", "recorded_at", "id"),
        Index("ix_consent_events_source", "source", "recorded_at", "id"),
        Index("ix_consent_events_kind", "kind", "recorded_at", "id"),
        Index(
            "ix_consent_events_batch_id",
            "batch_id",
            "recorded_at",
            "id",
            sqlite_where=db.text("batch_id IS NOT NULL"),
            postgresql_where=db.text("batch_id IS NOT NULL"),
        ),
        CheckConstraint(f"kind IN ({', '.join(repr(k.value) for k in Kind)})", name="kind"),
        CheckConstraint("effect IN ('changed', 'none')", name="effect"),
    )


class Evidence(db.Model):
    """What proves an event: the customer's words, the wording they agreed to, a link, a file, the channel.

    Deletable; the digest stays behind.
    """

    __tablename__ = "evidence"

    event_id: Mapped[int] = mapped_column(
        ForeignKey("consent_events.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    nonce: Mapped[bytes] = mapped_column(LargeBinary(16))
    channel: Mapped[str] = mapped_column(String(40), default="")
    words: Mapped[str] = mapped_column(Text, default="")
    matched: Mapped[str] = mapped_column(Text, default="")
    """The keyword, label or phrase that the words were read as."""
    message_id: Mapped[str] = mapped_column(Text, default="")
    link: Mapped[str] = mapped_column(Text, default="")
    file_sha256: Mapped[str | None] = mapped_column(ForeignKey("evidence_files.sha256", ondelete="RESTRICT"))
    file_name: Mapped[str] = mapped_column(Text, default="")
    """How the file was called where it came from; empty when that name was not harmless."""
    wording_id: Mapped[int | None] = mapped_column(BigId)
    wording_version: Mapped[int | None]
    """The wording that was shown; its text stands in `words`."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["wording_id", "wording_version"],
            ["wording_versions.wording_id", "wording_versions.version"],
            ondelete="RESTRICT",
        ),
        Index(
            "ix_evidence_file_sha256",
            "file_sha256",
            sqlite_where=db.text("file_sha256 IS NOT NULL"),
            postgresql_where=db.text("file_sha256 IS NOT NULL"),
        ),
    )


class EvidenceFile(db.Model):
    """A file that proves something; its bytes lie in the data folder under this hash."""

    __tablename__ = "evidence_files"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    """Bytes."""
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Wording(db.Model):
    """A text that customers are shown and agree to, by the name that the desk calls it."""

    __tablename__ = "wordings"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    """The name without its case: two wordings that differ only in it would be mixed up."""
    version: Mapped[int] = mapped_column(default=1)
    """The newest."""
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WordingVersion(db.Model):
    """What was shown at a time. Append-only, as it is proof: triggers refuse every change and deletion."""

    __tablename__ = "wording_versions"

    wording_id: Mapped[int] = mapped_column(ForeignKey("wordings.id", ondelete="RESTRICT"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    language: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(40))


class ForgottenEvidence(db.Model):
    """That the evidence of an event was deleted on purpose, when and why. Append-only."""

    __tablename__ = "forgotten_evidence"

    event_id: Mapped[int] = mapped_column(
        ForeignKey("consent_events.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    forgotten_at: Mapped[datetime] = mapped_column(UtcDateTime)
    why: Mapped[str] = mapped_column(String(10))
    """`retention`, `erasure`, or `earlier`: before Heed kept when and why."""

    __table_args__ = (CheckConstraint("why IN ('retention', 'erasure', 'earlier')", name="why"),)


class Hold(db.Model):
    """What waits for a person: a message that may be a stop, with marketing paused until somebody decides.

    Two kinds pause nothing and are no event of the ledger: an answer without words that somebody should
    listen to, and a signup in WhatsApp that somebody may record.
    """

    __tablename__ = "holds"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), default=ReviewKind.HOLD)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="RESTRICT"), index=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("consent_events.id", ondelete="RESTRICT"))
    """The event that paused marketing; None for the kinds that pause nothing."""
    words: Mapped[str] = mapped_column(Text, default="")
    matched: Mapped[str] = mapped_column(Text, default="")
    """The keyword or phrase that the words were read as; a signup's id; the type of a wordless message."""
    why: Mapped[str] = mapped_column(Text, default="")
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
    """What somebody wrote who was not sure; it goes on waiting."""
    noted_by: Mapped[str | None] = mapped_column(String(40))
    noted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decision: Mapped[str | None] = mapped_column(String(10))
    overruled_by: Mapped[str | None] = mapped_column(String(40))
    """Who had decided before that it was not a stop, when a colleague found that it is one."""
    overruled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When they had; it stands again if the colleague takes their decision back."""

    __table_args__ = (
        Index(
            "ix_holds_open",
            "id",
            sqlite_where=db.text("decided_at IS NULL"),
            postgresql_where=db.text("decided_at IS NULL"),
        ),
        CheckConstraint(f"kind IN ({', '.join(repr(k.value) for k in ReviewKind)})", name="kind"),
        CheckConstraint("kind <> 'hold' OR event_id IS NOT NULL", name="on_record"),
    )


class Policy(db.Model):
    """The workspace's consent settings: exactly one row."""

    __tablename__ = "policy"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(default=1)
    keywords_enabled: Mapped[bool] = mapped_column(default=True)
    opt_out_words: Mapped[list[str]] = mapped_column(Json)
    opt_in_words: Mapped[list[str]] = mapped_column(Json)
    unknown_may_receive: Mapped[bool] = mapped_column(default=False)
    packs: Mapped[list[str]] = mapped_column(Json, default=list)
    """Keys of the word packs that are on."""
    inbound_days: Mapped[int] = mapped_column(default=90)
    """How long the texts that customers write are kept."""
    confirm_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when a change by the customer's own words is confirmed; None while it is not."""
    confirm_in_agent_chats: Mapped[bool] = mapped_column(default=False)
    """Whether also in a conversation that Meta's agent holds, which a message of ours takes over."""
    confirmation_texts: Mapped[dict[str, dict[str, str]]] = mapped_column(Json, default=dict)
    """By language ("" for all others) and status."""
    reconfirm_months: Mapped[int | None]
    """Opt-ins that are older count as no consent for marketing; None: they stay good."""
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_by: Mapped[str | None] = mapped_column(String(40))

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class Confirmation(db.Model):
    """What became of the confirmation of one change: a message goes out for it at most once."""

    __tablename__ = "confirmations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("consent_events.id", ondelete="RESTRICT"))
    message_key: Mapped[str] = mapped_column(String(64), unique=True)
    """The `external_id` of the event: one message may have changed several records of one person."""
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="RESTRICT"))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(30), default="")
    """Why it was skipped, or stands in doubt."""
    error_code: Mapped[int | None]
    """WhatsApp's, of a failed one."""
    language: Mapped[str] = mapped_column(String(20), default="")
    words: Mapped[str] = mapped_column(Text, default="")
    """The text that was chosen; the settings may change before a second try."""
    tries: Mapped[int] = mapped_column(default=0)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    wamid: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("ix_confirmations_customer_id", "customer_id", "decided_at"),
        Index("ix_confirmations_state", "state", "id"),
        CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'failed', 'unknown', 'skipped')", name="state"
        ),
    )


class KeywordPack(db.Model):
    """A word pack that somebody imported; the ones that ship with Heed need no row."""

    __tablename__ = "keyword_packs"

    key: Mapped[str] = mapped_column(String(30), primary_key=True)
    language: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(Text)
    opt_out_words: Mapped[list[str]] = mapped_column(Json)
    opt_in_words: Mapped[list[str]] = mapped_column(Json)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    imported_by: Mapped[str] = mapped_column(String(40))


class Batch(db.Model):
    """The events that one import or bulk change wrote, with their author."""

    __tablename__ = "batches"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(Text, default="")
    actor: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reverts_id: Mapped[int | None] = mapped_column(BigId)
    """The batch that this one takes back. No foreign key: SQLite adds none to a table
    that others refer to."""
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it had gone through all of it; None while the worker is at it, and for what is done at once."""
    total: Mapped[int | None] = mapped_column(BigInteger)
    """How many rows or customers it goes through; None when that is not known."""
    done: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """How many of them it has gone through, moved in the transaction that writes them."""
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When somebody stopped it; what it had written by then stays, and can be taken back."""
    failed_why: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why it ended before its end, as a sentence for people."""

    __table_args__ = (Index("ix_batches_reverts_id", "reverts_id", unique=True),)


class Disclosure(db.Model):
    """Data of customers that left the desk as a file or a copy: who took what, and when."""

    __tablename__ = "disclosures"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("customers.id", ondelete="RESTRICT"), index=True
    )
    """Whom it is about, when it is about one person."""
    filter: Mapped[str] = mapped_column(Text, default="")
    """What it was limited to, without numbers of customers."""
    rows: Mapped[int | None]
    actor: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SendDecision(db.Model):
    """What the gate answered to another sender, and what it saw."""

    __tablename__ = "send_decisions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("customers.id", ondelete="RESTRICT"), index=True
    )
    category: Mapped[str] = mapped_column(String(20))
    allowed: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(10))
    status_event_id: Mapped[int | None] = mapped_column(BigId)
    actor: Mapped[str] = mapped_column(String(40))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
