"""One condition of a segment as a test on rows of customers: the same answer from both databases.

PostgreSQL is told to compare text by its bytes, as SQLite does; `contains` ignores the case of A to Z only.
A condition on a tag, attribute or campaign that is gone is true of nobody, and its opposite of everybody.
"""

import string
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, exists, false, func, not_, or_, select
from sqlalchemy.orm import aliased

from webapp.campaigns.models import TAKEN, Delivery
from webapp.campaigns.segments.conditions import HELD, STOPPED, Condition
from webapp.consent import gate_query
from webapp.consent.models import ConsentEvent
from webapp.customers import merging, queries
from webapp.customers.filters import Filter
from webapp.customers.models import (
    AttributeKey,
    AttributeType,
    Customer,
    CustomerAttribute,
    CustomerTag,
    Identity,
    Tag,
)
from webapp.customers.tags import tags
from webapp.database import compact_json
from webapp.extensions import db

NOT_WRITTEN = ("status", "unread", "errors")
"""What comes in the field of messages and is none."""
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def holds(condition: Condition, now: datetime) -> ColumnElement[bool]:
    """Whether the condition holds for a customer."""
    match condition.field:
        case "tag":
            return _negated(condition.op == "has_not", _tagged(condition))
        case "attribute":
            return _attribute(condition)
        case "status":
            return _negated(condition.op == "is_not", _standing(condition.value))
        case "source":
            return _negated(condition.op.endswith("_not"), _source(condition))
        case "created":
            return _moment(Customer.created_at, condition, now)
        case "last_message":
            return _last_message(condition, now)
        case "campaign":
            return _negated(condition.op == "not_got", _got(condition.value))
        case "search":
            return Customer.id.in_(queries.matching(Filter(q=condition.value)))
        case field:
            raise ValueError(f"no such field: {field}")


def _negated(turn: bool, test: ColumnElement[bool]) -> ColumnElement[bool]:
    return not_(test) if turn else test


def _tagged(condition: Condition) -> ColumnElement[bool]:
    tag = db.session.get(Tag, condition.id) or tags.find(condition.value)
    if tag is None:
        return false()
    return exists().where(CustomerTag.tag_id == tag.id, CustomerTag.customer_id == Customer.id)


def _attribute(condition: Condition) -> ColumnElement[bool]:
    key = db.session.get(AttributeKey, condition.id)
    negative = condition.op in ("is_not", "not_set")
    if key is None:
        return _negated(negative, false())
    kept = aliased(CustomerAttribute)
    of_customer = kept.customer_id == Customer.id, kept.key_id == key.id
    value = _compared(key.type, kept)
    compared = () if condition.op in ("set", "not_set") else (_comparison(condition, key.type, value),)
    return _negated(negative, exists().where(*of_customer, *compared))


def _compared(type: str, kept: Any) -> ColumnElement[Any]:
    if type == AttributeType.NUMBER:
        return kept.val_num
    return _by_bytes(cast(kept.val_json, Text) if type == AttributeType.JSON else kept.val_text)


def _comparison(condition: Condition, type: str, value: ColumnElement[Any]) -> ColumnElement[bool]:
    wanted = condition.value
    if condition.op == "contains":
        return func.lower(value).contains(wanted.translate(_SMALL), autoescape=True)
    if type in (AttributeType.BOOLEAN, AttributeType.JSON):
        wanted = compact_json(wanted)
    match condition.op:
        case "lt":
            return value < wanted
        case "le":
            return value <= wanted
        case "gt":
            return value > wanted
        case "ge":
            return value >= wanted
        case "between":
            return value.between(*wanted)
        case _:
            return value == wanted


def _by_bytes(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return column.collate("C") if db.session.get_bind().dialect.name == "postgresql" else column


def _standing(value: str) -> ColumnElement[bool]:
    if value == STOPPED:
        return Customer.platform_stop_at.is_not(None)
    return gate_query.paused(Customer) if value == HELD else Customer.status == value


def _source(condition: Condition) -> ColumnElement[bool]:
    if condition.op.startswith("consent"):
        return exists().where(
            ConsentEvent.id == Customer.status_event_id, ConsentEvent.source == condition.value
        )
    return exists().where(Identity.customer_id == Customer.id, Identity.source == condition.value)


def _last_message(condition: Condition, now: datetime) -> ColumnElement[bool]:
    """The table belongs to the room above this one, so it is found by its name."""
    inbound = db.metadata.tables["inbound_messages"]
    at = func.max(
        func.coalesce(inbound.c.occurred_at, inbound.c.received_at), type_=inbound.c.received_at.type
    )
    written = (
        inbound.c.customer_id == Customer.id,
        inbound.c.field == "messages",
        inbound.c.kind.not_in(NOT_WRITTEN),
    )
    if condition.op == "never":
        return not_(exists(select(inbound.c.id).where(*written)))
    last = select(at).where(*written).correlate(Customer).scalar_subquery()
    if condition.op == "not_within":
        return or_(last.is_(None), last < _since(condition, now))
    return and_(last.is_not(None), _moment(last, condition, now))


def _moment(at: Any, condition: Condition, now: datetime) -> ColumnElement[bool]:
    """Days are those of UTC; `after` a day begins when it is over."""
    if condition.op == "within":
        return at >= _since(condition, now)
    day = datetime.fromisoformat(condition.value).replace(tzinfo=UTC)
    return at < day if condition.op == "before" else at >= _next(day)


def _next(day: datetime) -> datetime:
    return day + timedelta(days=1)


def _since(condition: Condition, now: datetime) -> datetime:
    return now - timedelta(days=int(condition.value))


def _got(campaign_id: int) -> ColumnElement[bool]:
    """Also who got it as a record that was merged into theirs since."""
    merged = merging.lineage()
    got = Delivery.campaign_id == campaign_id, Delivery.state.in_(TAKEN)
    heirs = select(merged.c.kept).join(Delivery, Delivery.customer_id == merged.c.gone).where(*got)
    return or_(exists().where(Delivery.customer_id == Customer.id, *got), Customer.id.in_(heirs))
