"""A desk with a row in every table, and the texts that databases trip over."""

import re
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Connection,
    Float,
    Integer,
    LargeBinary,
    Table,
    func,
    insert,
    select,
    update,
)

from tests.consent.sealing import sealed
from tests.customers.erasure import erasures
from tests.factories import NOON
from webapp.customers.models import Identity
from webapp.database import UtcDateTime, writing
from webapp.demo import desk
from webapp.extensions import db
from webapp.tables import METADATA

ODD = "Zoë \t\\N\\.\r\n\"';--\u2028\U0001f9e1\u202e\x01\x7f"
"""Tab, backslash, the signs of COPY for null and end, line ends, quotes, emoji, right to left, controls."""
CHOICE = re.compile(r"(\w+) IN \('(\w+)'")
ORDERED = {"possible_duplicates": {"older_id": 1}}
MOMENT = datetime(2026, 11, 20, 12, 0, 0, 1, tzinfo=UTC)


def fill(app: Flask) -> None:
    """People of the demo, three seals, an erased person, and in each table that is empty still an odd row."""
    with app.app_context(), writing():
        for _ in desk.fill(40, NOON):
            pass
        db.session.execute(update(Identity).where(Identity.kind == "wa_id").values(left_at=MOMENT))
        sealed.three_seals()
        db.session.commit()
    erasures.erased(app, erasures.somebody(app))
    with app.app_context(), writing():
        connection = db.session.connection()
        for table in METADATA.sorted_tables:
            if not connection.scalar(select(func.count()).select_from(table)):
                connection.execute(insert(table).values(odd_row(connection, table)))
        db.session.commit()
        sealed.seal(1200)
    put_away(app)


def odd_row(connection: Connection, table: Table) -> dict[str, Any]:
    return {
        column.name: _referred(connection, column) if column.foreign_keys else _odd(column)
        for column in table.columns
    } | allowed(table)


def allowed(table: Table) -> dict[str, Any]:
    """What the table's checks ask for: the first of each choice."""
    checks = [str(each.sqltext) for each in table.constraints if isinstance(each, CheckConstraint)]
    return dict(CHOICE.findall(" ".join(checks))) | ORDERED.get(table.name, {})


def _referred(connection: Connection, column: Any) -> Any:
    """Something that is there, or nothing where nothing may stand."""
    [key] = column.foreign_keys
    return None if column.nullable else connection.scalar(select(func.max(key.column)))


def _odd(column: Any) -> Any:
    if isinstance(column.type, JSON):
        return {"é\u0000": [None, True, 1e300, 0.1, -(2**63), ODD, {}]}
    if isinstance(column.type, UtcDateTime):
        return MOMENT
    if isinstance(column.type, Boolean):
        return True
    if isinstance(column.type, Float):
        return 0.1 + 0.2
    if isinstance(column.type, Integer):
        return 1
    return bytes(range(256)) if isinstance(column.type, LargeBinary) else ODD[: column.type.length]


def put_away(app: Flask) -> None:
    """Nobody has the database open any more."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
