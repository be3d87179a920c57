"""Names that were searched before an update are found after it, as if they had been written by it."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import column, insert, select, table

from webapp import create_app, database
from webapp.customers import queries
from webapp.customers.filters import Filter, Page
from webapp.customers.models import Customer
from webapp.customers.search import searchable
from webapp.extensions import db

NOW = datetime(2026, 11, 20, 9, 0, 5, tzinfo=UTC)
NAMES = ["周静怡", "山田 太郎", "김민수", "Ana", "李", "𠮷野家", "Bob 王小明", "周静", ""]
NUMBER = "8613910555556"


@pytest.fixture
def older_desk(older_url):
    database.migrate(older_url, "0018")
    engine = database.open_engine(older_url)
    customers = table("customers", *map(column, ("id", "name", "search", "created_at", *KEPT)))
    with engine.begin() as connection:
        for id, name in enumerate(NAMES, 1):
            searched = " ".join(filter(None, [name.lower(), NUMBER if id % 2 else ""]))
            row = {"id": id, "name": name, "search": searched, "created_at": NOW, **KEPT}
            connection.execute(insert(customers), row)
    engine.dispose()
    database.migrate(older_url)
    return older_url


KEPT = {"phone_display": "", "status": "unknown", "demo": False, "tags_json": "[]", "attrs_json": "[]",
        "version": 1, "events_count": 0}  # fmt: skip


def test_two_neighbouring_signs_of_an_older_name_are_a_word_of_its_searched_text(older_desk, tmp_path):
    app = create_app({"DATABASE_URL": older_desk, "HEED_DATA_DIR": str(tmp_path)}, web=False)
    with app.app_context():
        rows = db.session.execute(select(Customer.id, Customer.name, Customer.search)).all()
        assert len(rows) == len(NAMES)
        for id, name, searched in rows:
            assert searched == searchable(name, [NUMBER] if id % 2 else [])
        for words, who in [("静怡", {1}), ("周静", {1, 8}), ("王小", {7}), ("太郎", {2}), ("ana", {4}),
                           ("an", {4}), ("na", set()), ("bo", {7}), ("86", {1, 3, 5, 7, 9})]:  # fmt: skip
            assert set(queries.slice_of(Filter(words), Page()).ids) == who, words
        engine = db.engine
    engine.dispose()
