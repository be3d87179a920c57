"""What pages are measured against is the very page, and nothing of the desk is left changed."""

import os
import re
import shutil

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from bench import floor, statements
from bench.browser import _STAMPED
from bench.changes import Changes
from bench.filters import COMBINED, SINGLE, address
from bench.generate import generate
from bench.memory import Memory, watched
from bench.pages import browser, deep, expect_same
from bench.results import Desk
from tests.statements import counted
from webapp import figures
from webapp.customers import queries
from webapp.customers.conditions import conditions_of
from webapp.customers.filters import Filter
from webapp.customers.models import Customer
from webapp.customers.table import Table
from webapp.extensions import db

CUSTOMERS = 5000
"""The last one has the rare name."""


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    file = tmp_path_factory.mktemp("generated") / "heed.db"
    generate(f"sqlite:///{file}", CUSTOMERS)
    return file


@pytest.fixture
def database_url(generated, tmp_path):
    return f"sqlite:///{shutil.copyfile(generated, tmp_path / 'heed.db')}"


@pytest.fixture
def from_memory(monkeypatch):
    """The floor, which is taken back after the test."""
    monkeypatch.setattr(figures, "read", figures.read)
    for part in ("slice", "rows"):
        monkeypatch.setattr(Table, part, vars(Table)[part])
    floor.answer_from_memory()


def test_the_floor_is_the_page_and_asks_only_who_it_is(app, desk, request):
    manager = desk("manager")
    page = manager.get("/opt-in").text
    request.getfixturevalue("from_memory")
    manager.get("/opt-in")
    with app.app_context():
        engine = db.engine
    with counted(engine) as asked:
        again = manager.get("/opt-in").text
    assert [statement for statement in asked if not statement.startswith("BEGIN")] == asked[-1:]
    assert "user_sessions" in asked[-1]
    assert _STAMPED.sub("", again) == _STAMPED.sub("", page)


def test_filters_mean_somebody_unless_they_say_nobody(app):
    with app.app_context():
        for name, given in SINGLE.items():
            found = queries.count(Filter.from_args(MultiDict(given)))
            assert (found.n == 0) == ("nobody" in name or name == "no name"), (name, found)


def test_combinations_are_of_several_conditions_that_the_desk_knows(app):
    assert len(COMBINED) >= 12
    with app.app_context():
        for name, given in COMBINED.items():
            found = conditions_of(Filter.from_args(MultiDict(given)))
            assert found.number > 1, name
            assert not found.nobody, name


def test_what_is_changed_is_taken_back(app, database_url, tmp_path):
    before = states(app)
    with browser(database_url, str(tmp_path)) as somebody:
        changes = Changes(somebody)
        taken = [changes.toggle(), changes.bulk(), changes.three_toggles()]
        expect_same(somebody, somebody)
    assert min(taken) > 0
    assert states(app) == before


def states(app):
    with app.app_context():
        return db.session.execute(select(Customer.id, Customer.status, Customer.tags_json)).all()


def test_the_statements_are_those_of_the_page_that_asks_most(database_url, tmp_path):
    desk = Desk("SQLite", database_url, CUSTOMERS, str(tmp_path))
    paths = ["/opt-in", address(SINGLE["two words"])]
    number, path = statements.most(desk, paths)
    assert (number, path) > (2, paths[1])


def test_page_ten_thousand_lies_behind_the_others():
    assert deep(1_000_000) == f"/opt-in?after={1_000_000 - 9_999 * 50 + 1}"
    assert int(re.search(r"\d+", deep(10_000))[0]) == 5001


def test_memory_is_that_of_all_the_processes():
    with watched(os.getpid(), every=0.01) as memory:
        held = bytearray(50_000_000)
    assert memory.end - memory.start > len(held) // 2 // 1024**2
    assert len(memory.samples) >= 2


def test_a_slope_leaves_the_beginning_out():
    assert Memory(0, [(0, 10), (1, 100), (2, 110), (3, 120)]).slope == pytest.approx(10)
    assert Memory(0, [(0, 10)]).slope == 0
