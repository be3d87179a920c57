"""An update makes the tables anew whose ids are kept elsewhere, and nothing that refers to them is lost."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select, table, text

from tests.older import put
from webapp import database

NOW = datetime(2026, 11, 20, 9, 0, 5, tzinfo=UTC)
ROWS = (
    ("users", {"id": 4, "email": "dana@example.com", "name": "Dana", "role": "agent", "created_at": NOW}),
    ("saved_views", {
        "id": 3, "owner_id": 4, "name": "Mine", "key": "mine", "shared": False, "args": "{}",
        "created_at": NOW, "changed_at": NOW,
    }),
    ("customers", {
        "id": 1, "name": "Ana", "search": "ana", "phone_display": "", "status": "unknown", "created_at": NOW,
        "demo": False, "tags_json": '["vip"]', "attrs_json": "{}", "version": 1, "events_count": 0,
    }),
    ("tags", {"id": 7, "name": "vip", "key": "vip", "n": 1}),
    ("customer_tags", {"tag_id": 7, "customer_id": 1}),
    ("attribute_keys", {"id": 5, "name": "plan", "key": "plan", "type": "text"}),
    ("customer_attrs", {"customer_id": 1, "key_id": 5, "val_text": "Pro"}),
    ("segments", {
        "id": 6, "name": "Regulars", "key": "regulars", "kind": "static", "rules": "{}", "version": 1,
        "created_at": NOW, "created_by": "user:4", "changed_at": NOW, "changed_by": "user:4",
    }),
    ("segment_members", {"segment_id": 6, "customer_id": 1}),
    *(("campaigns", {
        "id": id, "name": "Black Friday", "status": "draft", "parameters": "{}", "audience": "{}",
        "version": 1, "created_at": NOW, "created_by": "user:4", "changed_at": NOW, "changed_by": "user:4",
        "pause_code": "", "pause_reason": "", "bucket": 0.0, "test_of_id": of,
    }) for id, of in ((8, None), (9, 8))),
    ("campaign_people", {"campaign_id": 8, "customer_id": 1, "excluded": False}),
)  # fmt: skip
MADE_ANEW = ("attribute_keys", "campaigns", "saved_views", "segments", "tags", "users")
STILL_REFERRED_TO = ("tags", "attribute_keys", "users")


@pytest.fixture
def engine(older_url):
    """Of a desk with these rows, of the version before."""
    database.migrate(older_url, "0029")
    engine = database.open_engine(older_url)
    with engine.begin() as connection:
        for name, row in ROWS:
            put(connection, name, row)
    yield engine
    engine.dispose()


def content(connection):
    everything = {name: select(text("*")).select_from(table(name)).order_by(text("1")) for name, _ in ROWS}
    return {name: connection.execute(query).all() for name, query in everything.items()}


def test_every_row_and_reference_is_there_afterwards(older_url, engine):
    with engine.connect() as connection:
        before = content(connection)
    database.migrate(older_url)
    with engine.connect() as connection:
        assert content(connection) == before
        if engine.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
            numbered = text("SELECT name, seq FROM sqlite_sequence WHERE seq > 0 ORDER BY name")
            highest = connection.execute(numbered).all()
            assert highest == list(zip(MADE_ANEW, (5, 9, 3, 6, 7, 4), strict=True))
    for name in STILL_REFERRED_TO:
        with engine.begin() as connection, pytest.raises(Exception, match=r"(?i)foreign key"):
            connection.execute(delete(table(name)))
