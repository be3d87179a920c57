"""What a desk of any older version held, as that version wrote it: frozen, so no code of today writes it."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, column, insert, inspect, select, table

from webapp.database import UtcDateTime

NOW = datetime(2026, 11, 20, 9, 0, 5, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 9, 30, 0, tzinfo=UTC)
DIGEST = "45a957241d11442b394b1870048124e3d7c4ae060bf623de3b7815bab6cd325d"
"""Of the evidence below, as it was computed when there were no links and files."""
Row = dict[str, Any]

CUSTOMER: Row = {
    "name": "Ana", "search": "ana", "phone_display": "+55 11 98812-4410", "tags_json": "[]",
    "attrs_json": "[]", "demo": False, "created_at": NOW, "status": "unknown", "version": 1,
    "events_count": 0,
}  # fmt: skip
EVENT: Row = {
    "kind": "consent", "source": "import", "actor": "system", "rule_version": "1", "effect": "changed",
    "reason": "", "occurred_at": NOW, "recorded_at": NOW, "evidence_digest": "",
}  # fmt: skip
EVIDENCE: Row = {
    "nonce": b"0" * 16, "channel": "web_form", "words": "Sim, quero ofertas", "matched": "START",
    "message_id": "wamid.A",
}  # fmt: skip
HOLD: Row = {"words": "please stop", "why": "contains STOP", "occurred_at": NOW, "recorded_at": NOW}
INBOUND: Row = {
    "kind": "text", "field": "messages", "raw": b'{"id": "x"}', "received_at": NOW, "decision": "",
    "matched": "", "rule_version": "1", "failure": "ValueError",
}  # fmt: skip
DECISION: Row = {
    "category": "MARKETING", "allowed": False, "reason": "opted_out", "status": "opted_out",
    "actor": "token:1", "decided_at": NOW,
}  # fmt: skip
TEMPLATE: Row = {
    "language": "en_US", "category": "MARKETING", "status": "APPROVED", "parameter_format": "POSITIONAL",
    "components": "[]", "quality": "", "synced_at": NOW,
}  # fmt: skip
CAMPAIGN: Row = {
    "name": "Black Friday", "status": "finished", "parameters": "{}", "audience": "{}", "version": 1,
    "created_at": NOW, "created_by": "user:1", "changed_at": NOW, "changed_by": "user:1", "pause_code": "",
    "pause_reason": "", "bucket": 0.0, "launched_at": NOW, "category": "MARKETING",
}  # fmt: skip
DELIVERY: Row = {"attempts": 0, "settled_why": "", "after_opt_out": False}


def desk_of(version: str) -> list[tuple[str, Row]]:
    """Rows in their order, with numbers that no other version uses."""
    first = int(version) * 100
    people = [
        _person(first, 1, opted_in(first + 1)),
        _person(first, 2, opted_in(first + 2), opted_out(first + 22)),
        _person(first, 3, opted_in(first + 3), stopped(first + 23)),
        _person(first, 4, held(first + 4)),
        _person(first, 5),
        _person(first, 6, opted_in(first + 6), by_mistake(first + 26), undone(first + 46, first + 26)),
        _person(first, 7, erased(first + 7), erased_at=NOW),
    ]
    rows = [row for person in people for row in person]
    return [*rows, *_around(first), *_campaign(first), *_suppressed(first)]


def opted_in(id: int) -> Row:
    return {"id": id, "status": "opted_in", "evidence_digest": DIGEST}


def opted_out(id: int) -> Row:
    return {"id": id, "status": "opted_out", "source": "keyword", "actor": "customer", "occurred_at": LATER}


def stopped(id: int) -> Row:
    return {"id": id, "kind": "platform_stop", "status": "stopped", "source": "whatsapp", "actor": "whatsapp"}


def held(id: int) -> Row:
    return {"id": id, "kind": "hold", "status": "held", "source": "keyword", "actor": "customer"}


def by_mistake(id: int) -> Row:
    return {"id": id, "status": "opted_out", "source": "agent", "actor": "user:1", "occurred_at": LATER}


def undone(id: int, event: int) -> Row:
    return {
        "id": id, "status": "opted_in", "source": "agent", "actor": "user:1", "compensates": event,
        "occurred_at": LATER, "evidence_digest": DIGEST,
    }  # fmt: skip


def erased(id: int) -> Row:
    return {"id": id, "kind": "erasure", "source": "agent", "actor": "user:1"}


STATES: dict[int, Row] = {
    1: {"status": "opted_in", "status_at": NOW, "status_event_id": 1},
    2: {"status": "opted_out", "status_at": LATER, "status_event_id": 22, "opt_out_at": LATER,
        "own_opt_out_at": LATER},
    3: {"status": "opted_in", "status_at": NOW, "status_event_id": 3, "platform_stop_at": NOW},
    4: {"held_at": NOW},
    6: {"status": "opted_in", "status_at": NOW, "status_event_id": 6},
}  # fmt: skip
"""What the events of each person add up to; the numbers of events count from the first of the version."""


def _person(first: int, number: int, *events: Row, **more: Any) -> list[tuple[str, Row]]:
    id, state = first + number, dict(STATES.get(number, {}))
    if "status_event_id" in state:
        state["status_event_id"] += first
    customer = CUSTOMER | {"id": id, "events_count": len(events)} | state | more
    identity = {
        "id": id, "customer_id": id, "kind": "phone", "value": f"5511{id:09}", "match_key": f"5511{id:09}",
        "source": "import", "created_at": NOW,
    }  # fmt: skip
    rows = [("customers", customer), ("identities", identity)]
    for event in events:
        rows.append(("consent_events", EVENT | {"customer_id": id} | event))
        if event.get("evidence_digest"):
            rows.append(("evidence", EVIDENCE | {"event_id": event["id"]}))
    return rows


def _around(first: int) -> list[tuple[str, Row]]:
    inbound = INBOUND | {"id": first, "key": f"message:{first}", "customer_id": first + 4}
    return [
        ("holds", HOLD | {"id": first, "customer_id": first + 4, "event_id": first + 4}),
        ("inbound_messages", inbound),
        ("send_decisions", DECISION | {"id": first, "customer_id": first + 2}),
    ]


def _campaign(first: int) -> list[tuple[str, Row]]:
    """One delivery in each state that nothing moves any more."""
    outcomes: list[Row] = [
        {"state": "read", "wamid": f"wamid.{first}", "sent_at": NOW, "read_at": LATER},
        {"state": "suppressed", "reason": "opted_out"},
        {
            "state": "suppressed",
            "reason": "platform_stop",
            "gate_category": "MARKETING",
            "gate_stopped": True,
        },
        {"state": "failed", "error_code": 131026, "failed_at": NOW},
        {"state": "unknown", "started_at": NOW},
    ]
    deliveries = [
        DELIVERY | {"id": first + n, "campaign_id": first, "customer_id": first + n} | outcome
        for n, outcome in enumerate(outcomes, 1)
    ]
    return [
        ("templates", TEMPLATE | {"id": first, "external_id": str(first), "name": f"offer_{first}"}),
        ("campaigns", CAMPAIGN | {"id": first, "template_id": first}),
        *(("deliveries", row) for row in deliveries),
    ]


def _suppressed(first: int) -> list[tuple[str, Row]]:
    return [("suppressions", {"hash": f"{first:064}", "customer_id": first + 7, "erased_at": NOW})]


KEYS = {"evidence": "event_id", "suppressions": "hash"}


def fill(connection: Connection, version: str) -> list[tuple[str, Row]]:
    """Write a desk of this version into the tables and columns that it has; what is read back of it."""
    tables = set(inspect(connection).get_table_names())
    written = [(name, row) for name, row in desk_of(version) if name in tables]
    columns = {name: _columns(connection, name) for name, _ in written}
    for name, row in written:
        known = {key: value for key, value in row.items() if key in columns[name]}
        put(connection, name, known)
    return [(name, read(connection, name, row[KEYS.get(name, "id")], columns[name])) for name, row in written]


def put(connection: Connection, name: str, row: Row) -> None:
    connection.execute(insert(table(name, *map(_column, row, row.values()))), row)


def read(connection: Connection, name: str, key: Any, columns: list[str]) -> Row:
    """The one row, as the database holds it."""
    query = select(*map(column, columns)).select_from(table(name)).where(column(KEYS.get(name, "id")) == key)
    return dict(connection.execute(query).mappings().one())


def _columns(connection: Connection, name: str) -> list[str]:
    return [each["name"] for each in inspect(connection).get_columns(name)]


def _column(name: str, value: Any) -> Any:
    return column(name, UtcDateTime()) if isinstance(value, datetime) else column(name)
