"""Customers and what is known of them: identities, tags, typed attributes."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.consent.models import ConsentState
from webapp.database import NEVER_AGAIN, BigId, Json, UtcDateTime
from webapp.extensions import db


class IdentityKind(StrEnum):
    PHONE = "phone"
    WA_ID = "wa_id"
    USER_ID = "user_id"
    PARENT_USER_ID = "parent_user_id"


class AttributeType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    JSON = "json"


PRESENT = "merged_into_id IS NULL AND erased_at IS NULL"
"""Who was merged into another customer, or erased, is on no list."""


def _partial(name: str, where: str) -> Index:
    return Index(name, "id", sqlite_where=text(where), postgresql_where=text(where))


class Customer(ConsentState, db.Model):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(Text, default="")
    search: Mapped[str] = mapped_column(Text, default="")
    """Folded name and the digits of the numbers, for the search; written by `search.refresh`."""
    phone_display: Mapped[str] = mapped_column(Text, default="")
    tags_json: Mapped[list[str]] = mapped_column(Json, default=list)
    """Display copy of the tags' names, written with them."""
    attrs_json: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Display copy of the attributes, written with them."""
    demo: Mapped[bool] = mapped_column(default=False)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id", ondelete="RESTRICT"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    identities: Mapped[list["Identity"]] = relationship(order_by="Identity.id", back_populates="customer")

    __table_args__ = (
        CheckConstraint("status IN ('opted_in', 'opted_out', 'unknown')", name="status"),
        _partial("ix_customers_opted_in", f"status = 'opted_in' AND {PRESENT}"),
        _partial("ix_customers_opted_out", f"status = 'opted_out' AND {PRESENT}"),
        _partial("ix_customers_unknown", f"status = 'unknown' AND {PRESENT}"),
        _partial("ix_customers_stopped", "platform_stop_at IS NOT NULL"),
        _partial("ix_customers_held", "held_at IS NOT NULL"),
        _partial("ix_customers_disputed", "disputed_at IS NOT NULL"),
        _partial("ix_customers_demo", "demo"),
        Index("ix_customers_created_at", "created_at"),
        Index(
            "ix_customers_merged_into_id",
            "merged_into_id",
            sqlite_where=text("merged_into_id IS NOT NULL"),
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
    )

    @property
    def label(self) -> str:
        """How people call this customer."""
        return self.name or f"Customer {self.id}"


class Identity(db.Model):
    """One address of a person at WhatsApp. Uniqueness of persons lives only here."""

    __tablename__ = "identities"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="RESTRICT"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(String(200))
    match_key: Mapped[str] = mapped_column(String(200), index=True)
    """The canonical form that all variants of one number share; for ids the value itself."""
    source: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When WhatsApp told that the person moved away from it; messages go to the others."""

    customer: Mapped[Customer] = relationship(back_populates="identities")

    __table_args__ = (UniqueConstraint("kind", "value"),)


class Tag(db.Model):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(120), unique=True)
    """The folded name: two tags that differ only in case or accents are one."""
    n: Mapped[int] = mapped_column(default=0)
    """How many customers carry it; kept by whoever tags."""

    __table_args__ = (NEVER_AGAIN,)


class CustomerTag(db.Model):
    __tablename__ = "customer_tags"

    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id", ondelete="RESTRICT"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="RESTRICT"), primary_key=True
    )

    __table_args__ = (
        Index("ix_customer_tags_customer_id", "customer_id", "tag_id"),
        {"sqlite_with_rowid": False},
    )


class AttributeKey(db.Model):
    __tablename__ = "attribute_keys"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(120), unique=True)
    """The folded name."""
    type: Mapped[str] = mapped_column(String(10))

    __table_args__ = (
        CheckConstraint(f"type IN ({', '.join(repr(t.value) for t in AttributeType)})", name="type"),
        NEVER_AGAIN,
    )


class CustomerAttribute(db.Model):
    """One value. Numbers stand in `val_num`, JSON in `val_json`, all others as text in `val_text`."""

    __tablename__ = "customer_attrs"

    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="RESTRICT"), primary_key=True
    )
    key_id: Mapped[int] = mapped_column(
        ForeignKey("attribute_keys.id", ondelete="RESTRICT"), primary_key=True
    )
    val_text: Mapped[str | None] = mapped_column(String(500))
    val_num: Mapped[float | None]
    val_json: Mapped[Any | None] = mapped_column(Json)

    __table_args__ = (
        Index(
            "ix_customer_attrs_text",
            "key_id",
            "val_text",
            "customer_id",
            sqlite_where=text("val_text IS NOT NULL"),
            postgresql_where=text("val_text IS NOT NULL"),
        ),
        Index(
            "ix_customer_attrs_num",
            "key_id",
            "val_num",
            "customer_id",
            sqlite_where=text("val_num IS NOT NULL"),
            postgresql_where=text("val_num IS NOT NULL"),
        ),
        Index(
            "ix_customer_attrs_json",
            "key_id",
            "customer_id",
            sqlite_where=text("val_json IS NOT NULL"),
            postgresql_where=text("val_json IS NOT NULL"),
        ),
        {"sqlite_with_rowid": False},
    )
