"""Messages that waited before an update wait after it, with the time and the words that they came with."""

from datetime import UTC, datetime

from sqlalchemy import text

from tests.older import put
from webapp import database

NOW = datetime(2026, 11, 20, 9, 0, 5, tzinfo=UTC)
ROWS = {
    "customers": {
        "id": 1, "name": "Ana", "search": "ana", "phone_display": "", "status": "opted_in",
        "created_at": NOW, "demo": False, "tags_json": "[]", "attrs_json": "[]", "version": 1,
        "events_count": 1,
    },
    "consent_events": {
        "id": 1, "customer_id": 1, "kind": "hold", "status": "held", "source": "keyword",
        "actor": "customer", "rule_version": "1", "effect": "changed", "reason": "", "occurred_at": NOW,
        "recorded_at": NOW, "evidence_digest": "",
    },
    "evidence": {
        "event_id": 1, "nonce": b"0" * 16, "channel": "whatsapp", "words": "please stop", "matched": "STOP",
        "message_id": "",
    },
    "holds": {
        "id": 1, "customer_id": 1, "event_id": 1, "words": "please stop", "why": "contains STOP",
        "occurred_at": NOW,
    },
}  # fmt: skip


def test_an_older_hold_keeps_what_it_says(older_url):
    database.migrate(older_url, "0003")
    engine = database.open_engine(older_url)
    with engine.begin() as connection:
        for name, row in ROWS.items():
            put(connection, name, row)
    database.migrate(older_url)
    with engine.connect() as connection:
        hold = connection.execute(text("SELECT * FROM holds")).mappings().one()
        recorded = connection.scalar(text("SELECT recorded_at FROM consent_events"))
        assert (hold["kind"], hold["matched"], hold["words"]) == ("hold", "STOP", "please stop")
        assert (hold["recorded_at"], hold["note"], hold["noted_at"]) == (recorded, "", None)
    engine.dispose()
