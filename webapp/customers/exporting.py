"""Customers as a CSV file, a chunk at a time, so that memory stays flat however many there are.

Each chunk begins behind the last id of the one before, so a row is read once whatever the filter, and is a
transaction of its own. One snapshot for the whole file would hold a connection for as long as a slow browser
takes it, and keep SQLite from folding its journal and PostgreSQL from vacuuming. So the file shows each
customer once, as they were when their chunk was read.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import ColumnElement, Row, Select, Text, cast, func, select

from webapp.consent.models import ConsentEvent
from webapp.customers.cells import safe, safe_json
from webapp.customers.conditions import Conditions, conditions_of
from webapp.customers.filters import Filter
from webapp.customers.models import Customer, Identity, IdentityKind
from webapp.customers.table_files import Cells, written
from webapp.extensions import db

COLUMNS = (
    "id", "name", "phone", "status", "platform_stop", "on_hold", "tags", "attributes", "created_at",
    "consent_changed_at", "consent_source",
)  # fmt: skip
CHUNK = 2_000
EVERYBODY = Filter()
FLAGS = ("false", "true")


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
            rows = _write(file, filter)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return rows


def lines(filter: Filter) -> Iterator[str]:
    """The file as it is written: its head, then a piece for each chunk. No transaction stays open between."""
    return written(COLUMNS, chunks(filter))


def chunks(filter: Filter) -> Iterator[list[Cells]]:
    """The rows of the file in parts."""
    wanted, after = conditions_of(filter), 0
    while customers := db.session.execute(_chunk(wanted, after)).all():
        db.session.rollback()
        after = customers[-1].id
        yield [_cells(customer) for customer in customers]


def count(filter: Filter) -> int:
    """How many rows the file has as it begins."""
    ids, _ = conditions_of(filter).ids()
    return db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def _write(file: TextIO, filter: Filter) -> int:
    rows = 0

    def counted() -> Iterator[list[Cells]]:
        nonlocal rows
        for part in chunks(filter):
            rows += len(part)
            yield part

    file.writelines(written(COLUMNS, counted()))
    return rows


def _chunk(wanted: Conditions, after: int) -> Select[Any]:
    """The next customers in the order of the condition that drives. JSON stays the text that is kept.

    Both sides of the join begin behind the last row, for PostgreSQL does not conclude the one from the other
    and would walk all customers up to it once more for each chunk.
    """
    ids, key = wanted.ids()
    page = ids.where(key > after, Customer.id > after).order_by(key).limit(CHUNK).subquery()
    return (
        select(
            Customer.id,
            Customer.name,
            _phone(),
            Customer.status,
            Customer.platform_stop_at.is_not(None),
            Customer.held_at.is_not(None) | Customer.disputed_at.is_not(None),
            cast(Customer.tags_json, Text),
            cast(Customer.attrs_json, Text),
            Customer.created_at,
            Customer.status_at,
            ConsentEvent.source,
        )
        .join_from(page, Customer, Customer.id == page.c.id)
        .outerjoin(ConsentEvent, ConsentEvent.id == Customer.status_event_id)
        .order_by(page.c.id)
    )


def _phone() -> ColumnElement[str]:
    """The digits of a customer's number; a WhatsApp id stands in where no number is known, and one that was
    left only where there is no other."""
    return (
        select(Identity.value)
        .where(
            Identity.customer_id == Customer.id,
            Identity.kind.in_((IdentityKind.PHONE, IdentityKind.WA_ID)),
        )
        .order_by(Identity.left_at.is_not(None), Identity.kind, Identity.id)
        .limit(1)
        .scalar_subquery()
    )


def _cells(customer: Row[Any]) -> Cells:
    id, name, phone, status, stopped, held, tags, attributes, created_at, changed_at, source = customer
    return (
        id,
        safe(name),
        f"+{phone}" if phone else "",
        status,
        FLAGS[stopped],
        FLAGS[held],
        safe(";".join(tag.replace(";", ",") for tag in json.loads(tags))),
        safe_json(attributes),
        _instant(created_at),
        _instant(changed_at),
        source or "",
    )


def _instant(instant: datetime | None) -> str:
    return instant.isoformat().replace("+00:00", "Z") if instant else ""
