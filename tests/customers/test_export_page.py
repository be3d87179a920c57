"""Export: what the table's filter means leaves as a file, and who took it is on record."""

import csv
import io

import pytest
from flask import has_app_context
from sqlalchemy import select

from tests.factories import a_customer
from webapp import clock
from webapp.consent.models import Disclosure
from webapp.consent.rules import Status
from webapp.customers.attributes import attributes
from webapp.customers.exporting import COLUMNS
from webapp.customers.tags import tags
from webapp.database import fold_journal, writing
from webapp.extensions import db

NUMBER = "+55 11 98765-4321"


@pytest.fixture
def people(app):
    """Ana stopped, Ben opted in, Eva is unknown; Ana and Ben carry the tag vip."""
    with app.app_context():
        attributes.define("city", "text")
        ana, ben = a_customer("Ana", Status.OPTED_OUT, NUMBER), a_customer("Ben", Status.OPTED_IN)
        a_customer("Eva")
        tags.set_tags(ana, ["vip"])
        tags.set_tags(ben, ["vip"])
        attributes.set_attributes(ana, {"city": "Rio"})
        db.session.commit()


def rows_in(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def noted(app) -> list[Disclosure]:
    with app.app_context():
        return list(db.session.scalars(select(Disclosure).order_by(Disclosure.id)))


@pytest.mark.parametrize("path", ["/opt-in", "/customers"])
@pytest.mark.parametrize(
    "query", ["", "?tag=vip", "?status=opted_out", "?q=ana", "?attr=city:Rio", "?tag=vip&status=opted_in"]
)
def test_the_file_holds_whom_the_table_shows_whole_numbers_and_all(desk, people, path, query):
    agent = desk("agent")
    table = agent.soup(path + query)
    file = agent.get(table.find(id="export")["href"])
    assert file.status_code == 200
    rows = rows_in(file.text)
    assert tuple(rows[0]) == COLUMNS
    assert {row["name"] for row in rows} == {name.get_text() for name in table.select("tr.customer .name")}
    assert all(row["phone"] == "+5511987654321" for row in rows if row["name"] == "Ana")


def test_its_name_says_the_day_and_nothing_of_a_person(desk, people):
    answer = desk("agent").get("/customers/export?q=Ana")
    day = clock.now().date().isoformat()
    assert answer.headers["Content-Disposition"] == f'attachment; filename="customers-{day}.csv"'
    assert answer.mimetype == "text/csv"


def test_who_sees_masked_numbers_takes_no_file(desk, people):
    viewer = desk("viewer")
    assert viewer.get("/customers/export").status_code == 403
    assert viewer.soup("/opt-in").find(id="export") is None


def test_nobody_found_offers_no_file(desk, people):
    assert desk("agent").soup("/opt-in?q=nobody").find(id="export") is None


@pytest.mark.parametrize(
    ("query", "said", "rows"),
    [
        ("", "everybody", 3),
        ("?tag=vip&status=opted_out", "Opted Out, tag vip", 1),
        ("?q=Ana&attr=city:Rio", "a search, attribute city", 1),
        ("?q=987654321", "a search", 1),
        ("?tag=5511987654321", "tag (number)", 0),
    ],
)
def test_it_is_on_record_without_what_tells_a_person(app, desk, people, query, said, rows):
    desk("agent").get(f"/customers/export{query}")
    (disclosure,) = noted(app)
    assert (disclosure.kind, disclosure.filter, disclosure.rows) == ("customers", said, rows)
    assert disclosure.actor.startswith("user:")


def test_while_a_slow_browser_takes_it_no_transaction_stays_open(app, desk, people, monkeypatch):
    monkeypatch.setattr("webapp.customers.exporting.CHUNK", 1)
    answer = desk("agent").get("/customers/export", buffered=False)
    pieces = answer.iter_encoded()
    head, first = next(pieces).decode(), next(pieces).decode()
    assert head == ",".join(COLUMNS) + "\r\n"
    assert [row["name"] for row in rows_in(head + first)] == ["Ana"]
    assert db.engine.pool.checkedout() == 0
    assert fold_journal(db.engine), "nobody reads an older state"
    with app.app_context(), writing():
        a_customer("Zoe")
    rest = "".join(piece.decode() for piece in pieces)
    answer.close()
    assert [row["name"] for row in rows_in(head + first + rest)] == ["Ana", "Ben", "Eva", "Zoe"]
    assert len(noted(app)) == 1


def test_a_browser_that_goes_away_leaves_nothing_open(app, desk, people, monkeypatch):
    monkeypatch.setattr("webapp.customers.exporting.CHUNK", 1)
    answer = desk("agent").get("/customers/export", buffered=False)
    pieces = answer.iter_encoded()
    next(pieces)
    next(pieces)
    answer.close()
    assert not has_app_context()
    with app.app_context():
        assert db.engine.pool.checkedout() == 0
    assert noted(app)[0].rows == 3, "what was asked for is on record"
