"""A generated desk holds nothing that Heed itself would not have written."""

import math
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from bench.generate import generate
from bench.inventing import ATTRIBUTES, COUNTRIES, FREE_DIGITS, SELDOM_MET, STRIDE, people
from webapp import database
from webapp.consent import ledger_check
from webapp.consent.models import Hold
from webapp.customers import phones
from webapp.customers.attributes.values import accept_value
from webapp.customers.models import AttributeType, Customer, Tag
from webapp.customers.reindex import reindex
from webapp.database import writing
from webapp.extensions import db
from webapp.moving import copying, source, target
from webapp.tables import METADATA

NOW = datetime(2026, 11, 20, tzinfo=UTC)
CUSTOMERS = 500


@pytest.fixture
def generated(app, database_url):
    generate(database_url, CUSTOMERS, now=NOW)
    with app.app_context():
        yield database_url


def of(test):
    return db.session.scalar(select(func.count()).select_from(Customer).where(test))


def test_there_is_nothing_to_repair(generated):
    with writing():
        counted = {tag.key: tag.n for tag in db.session.scalars(select(Tag))}
        assert sum(counted.values()) > 2 * CUSTOMERS
        assert reindex() == 0
        assert {tag.key: tag.n for tag in db.session.scalars(select(Tag))} == counted


def test_the_ledger_is_whole_at_ten_thousand_and_tells_of_every_state(app, database_url):
    generate(database_url, 10_000, now=NOW)
    with app.app_context():
        assert ledger_check.first_fault() is None
        db.session.rollback()
        states = Counter(db.session.scalars(select(Customer.status)))
        assert all(states[status] > 1000 for status in ("opted_in", "opted_out", "unknown"))
        assert of(Customer.platform_stop_at.is_not(None)) > of(Customer.held_at.is_not(None)) > 0
        assert of(Customer.held_at.is_not(None)) == db.session.scalar(select(func.count()).select_from(Hold))
        assert of(Customer.demo) == 0


def test_rows_refer_to_rows_and_the_search_knows_everybody(app, sqlite_url):
    generate(sqlite_url, CUSTOMERS, now=NOW)
    with closing(database.sqlite_module().connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
        compared = "INSERT INTO customer_search (customer_search, rank) VALUES ('integrity-check', 1)"
        connection.execute(compared)


def test_indexes_triggers_and_keys_are_those_of_the_migrations(database_url):
    before = shape(database_url)
    generate(database_url, CUSTOMERS, now=NOW)
    assert shape(database_url) == before
    assert len(before) > 80


def shape(url):
    engine = database.open_engine(url)
    with engine.connect() as connection:
        if database.is_sqlite(url):
            found = connection.execute(text("SELECT name, sql FROM sqlite_master")).all()
        else:
            names = {"tables": sorted(METADATA.tables)}
            found = [
                row
                for part in (target.FOREIGN_KEYS, target.INDEXES)
                for row in connection.execute(part, names)
            ]
    engine.dispose()
    return sorted(map(str, found))


@pytest.mark.postgres
def test_the_same_seed_gives_the_same_desk_on_both_databases(sqlite_url, postgresql_url):
    for url in (sqlite_url, postgresql_url):
        generate(url, CUSTOMERS, seed=7, now=NOW)
    engine = database.open_engine(postgresql_url)
    with source.held(sqlite_url) as here, engine.connect() as there:
        copying.compare(here, there, METADATA)
    engine.dispose()


def test_another_seed_gives_other_people():
    first, again, other = (list(people(50, seed, NOW)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_values_fit_their_types_and_all_seven_types_are_there():
    seen = set()
    for person in people(2000, 1, NOW):
        for at, value in person.attributes.items():
            name, type, _ = ATTRIBUTES[at]
            assert accept_value(type, value) == value, name
            seen.add(type)
    assert (seen, len(ATTRIBUTES)) == (set(AttributeType), 30)


def test_numbers_are_in_use_in_twenty_countries_and_none_comes_twice():
    assert (len(COUNTRIES), math.gcd(STRIDE, FREE_DIGITS)) == (20, 1)
    numbers = [person.number for person in people(4000, 1, NOW)]
    assert len(set(numbers)) == len(numbers)
    assert not [number for number in numbers if phones.parse_phone(f"+{number}").warning]


def test_nothing_happened_before_a_customer_came_or_lies_ahead():
    for person in people(2000, 1, NOW):
        moments = [
            person.created_at,
            *(happening.at for happening in person.story),
            NOW - timedelta(seconds=1),
        ]
        assert moments == sorted(moments)


def test_two_common_tags_hardly_ever_meet():
    carried = [set(person.tags) for person in people(4000, 1, NOW)]
    one, other = SELDOM_MET
    assert min(sum(at in tags for tags in carried) for at in SELDOM_MET) > 200
    assert sum({one, other} <= tags for tags in carried) <= 4
