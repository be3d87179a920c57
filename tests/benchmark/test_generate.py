"""A generated desk holds nothing that Heed itself would not have written."""

import hashlib
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, inspect, select, text

from bench import generate, inventing
from webapp import database
from webapp.consent import ledger_check
from webapp.consent.models import ConsentEvent
from webapp.customers import conditions, phones, search_index
from webapp.customers.models import AttributeKey, Customer, CustomerTag, Tag
from webapp.customers.reindex import reindex
from webapp.customers.values import accept_value
from webapp.extensions import db
from webapp.moving import source
from webapp.tables import METADATA

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def generated(app, database_url):
    generate.generate(database_url, 500, now=NOW)
    with app.app_context():
        yield app


def test_there_is_nothing_to_repair(generated):
    with database.writing():
        before = dict(db.session.execute(select(Tag.key, Tag.n)).tuples().all())
        assert reindex() == 0
        assert dict(db.session.execute(select(Tag.key, Tag.n)).tuples().all()) == before
        assert sum(before.values()) == db.session.scalar(select(func.count()).select_from(CustomerTag)) > 500


def test_the_search_finds_whom_a_scan_finds(generated):
    for q in ("mar", "ия", "शर्मा", "хóчitl", "5511"):
        words = conditions._search_test(q).words  # noqa: SLF001
        assert words


def test_foreign_keys_indexes_and_triggers_are_as_the_migrations_leave_them(generated, migrated_sqlite):
    pass
