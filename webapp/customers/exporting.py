"""Customers into a CSV file, a chunk at a time, so that memory stays flat however many there are."""

import csv
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import Row, select

from webapp.consent.models import ConsentEvent
from webapp.customers.cells import safe
from webapp.customers.filters import Filter
from webapp.customers.models import Customer, Identity, IdentityKind
from webapp.customers.queries import matching
from webapp.database import compact_json
from webapp.extensions import db

COLUMNS = (
    "id", "name", "phone", "status", "platform_stop", "on_hold", "tags", "attributes", "created_at",
    "consent_changed_at", "consent_source",
)  # fmt: skip
CHUNK = 1000
EVERYBODY = Filter()


def export_file(target: str | Path | TextIO, filter: Filter = EVERYBODY) -> int:
    """Write the customers that the filter means, the oldest first; their number.

    A path is replaced when all is written, and left alone when something fails. Raises OSError.
    """
    if not isinstance(target, (str, Path)):
        return _write(target, filter)
    path = Path(target)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            written = _write(file, filter)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return written


def _write(file: TextIO, filter: Filter) -> int:
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    written = 0
    for customers in _chunks(filter):
        phones = _phones([customer.id for customer in customers])
        writer.writerows(_cells(customer, phones.get(customer.id, "")) for customer in customers)
        written += len(customers)
    return written


def _chunks(filter: Filter) -> Iterator[list[Row[Any]]]:
    chunk = (
        select(
            Customer.id, Customer.name, Customer.status, Customer.platform_stop_at, Customer.held_at,
            Customer.disputed_at,
            Customer.tags_json, Customer.attrs_json, Customer.created_at, Customer.status_at,
            ConsentEvent.source,
        )
        .outerjoin(ConsentEvent, ConsentEvent.id == Customer.status_event_id)
        .where(Customer.id.in_(matching(filter)))
        .order_by(Customer.id)
        .limit(CHUNK)
    )  # fmt: skip
    last = 0
    while customers := list(db.session.execute(chunk.where(Customer.id > last))):
        yield customers
        last = customers[-1].id


def _phones(ids: list[int]) -> dict[int, str]:
    """The number of each customer in E.164; a WhatsApp id stands in where no number is known."""
    identities = (
        select(Identity.customer_id, Identity.value)
        .where(Identity.customer_id.in_(ids), Identity.kind.in_((IdentityKind.PHONE, IdentityKind.WA_ID)))
        .order_by(Identity.kind.desc(), Identity.id.desc())
    )
    return {customer_id: f"+{digits}" for customer_id, digits in db.session.execute(identities)}


def _cells(customer: Row[Any], phone: str) -> tuple[object, ...]:
    return (
        customer.id,
        safe(customer.name),
        phone,
        customer.status,
        _flag(customer.platform_stop_at),
        _flag(customer.held_at or customer.disputed_at),
        safe(";".join(tag.replace(";", ",") for tag in customer.tags_json)),
        compact_json(customer.attrs_json),
        _instant(customer.created_at),
        _instant(customer.status_at),
        customer.source or "",
    )


def _flag(since: datetime | None) -> str:
    return "false" if since is None else "true"


def _instant(instant: datetime | None) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z") if instant else ""
