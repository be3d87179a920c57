"""A desk of more customers than are counted: few statements a page, numbers that follow, no runaway.

The tests make a desk large by lowering the number up to which customers are counted.
"""

import re

import pytest
from sqlalchemy import event, func, select, text

from tests.api.programs import Program, a_token
from tests.factories import a_customer
from tests.html import PARTIAL
from tests.statements import counted
from webapp import budget
from webapp.accounts.roles import Role
from webapp.api import customers as api_customers
from webapp.budget import OverBudget
from webapp.consent.rules import Status
from webapp.customers import queries, rows, table
from webapp.customers.attributes import attributes
from webapp.customers.filters import Filter, Page
from webapp.customers.tags import tags
from webapp.database import writing
from webapp.extensions import db

MOST_STATEMENTS = 4
"""Session and user; figures of the desk; what the filter asks for; the rows."""
QUERIES = [
    "", "status=opted_out", "sort=created", "after=9", "tag=vip", "attr=city:Rio", "q=person", "q=pe",
    "q=%2B55+11+98765-4321", "q=98765", "tag=vip&status=opted_in", "tag=vip&tag=new", "q=person&tag=vip",
    "q=person&tag=vip&attr=city:Rio&status=unknown", "attr=city:Rio&attr=city:Lima&q=son", "tag=nobody",
]  # fmt: skip
LONG = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
    "SELECT max(i) FROM n",
    "postgresql": "SELECT count(*) FROM generate_series(1, 300000)",
}
"""Longer than the steps between two looks at the clock."""
SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


@pytest.fixture
def people(app):
    """Twelve: every second one opted out and odd, every third vip, every fourth new, half in Rio."""
    with app.app_context(), writing():
        attributes.define("city", "text")
        for n in range(12):
            customer = a_customer(f"Person {n}", Status.OPTED_OUT if n % 2 else Status.OPTED_IN)
            names = [name for name, each in (("vip", 3), ("new", 4)) if n % each == 0]
            tags.set_tags(customer, [*names, *(["odd"] if n % 2 else [])])
            attributes.set_attributes(customer, {"city": "Rio" if n < 6 else "Lima"})
        db.session.commit()


@pytest.fixture
def large(people, monkeypatch):
    monkeypatch.setattr(table, "MOST_COUNTED", 4)


def found(html):
    return re.search(r'<p id="found">(.*?)</p>', html, re.S)[1].strip()


def statements_of(app, browser, url, headers=None):
    with app.app_context():
        engine = db.engine
    with counted(engine) as statements:
        assert browser.get(url, headers=headers).status_code == 200
    return [statement for statement in statements if not statement.startswith("BEGIN")]


@pytest.mark.parametrize("page", ["/opt-in", "/customers"])
@pytest.mark.parametrize("role", ["viewer", "admin"])
@pytest.mark.parametrize("size", ["people", "large"])
def test_a_page_asks_the_database_four_times_at_most(request, app, desk, size, role, page):
    request.getfixturevalue(size)
    browser = desk(role)
    for query in QUERIES:
        asked = statements_of(app, browser, f"{page}?{query}")
        assert len(asked) <= MOST_STATEMENTS + (size == "people" and "q=" in query), (query, asked)


@pytest.mark.usefixtures("large")
def test_counting_is_four_statements_at_most_too(app, desk):
    browser = desk("agent")
    for query in QUERIES:
        assert len(statements_of(app, browser, f"/opt-in/count?{query}", PARTIAL)) <= MOST_STATEMENTS + 1, (
            query
        )


@pytest.mark.usefixtures("large")
def test_a_filter_of_several_conditions_shows_its_rows_first_and_asks_for_its_numbers(desk):
    page = desk("agent").get("/opt-in?tag=vip&status=opted_in&per_page=25").text
    assert page.count('class="customer') > 0
    page = desk("agent").get("/opt-in?q=person&status=opted_in&after=11").text
    assert found(page) == "<b>…</b> of 4+ customers"
    assert 'hx-get="/opt-in/count?q=person&amp;status=opted_in" hx-trigger="load"' in page


@pytest.mark.usefixtures("large")
def test_the_numbers_that_are_asked_for_are_those_of_the_filter(desk):
    answer = desk("agent").get("/opt-in/count?q=person&tag=vip&status=opted_in").text
    assert "<b>2</b> of 4+ customers" in answer
    assert re.findall(r'<span class="count">(.*?)</span>', answer) == ["4", "2", "2", "0"]
    assert "hx-trigger" not in answer.replace("/opt-in/live", ""), "or it would ask again and again"


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    ("query", "walks", "total"),
    [
        ("q=person&attr=city:Rio", 4, "<b>4+</b> customers"),
        ("q=person&attr=city:Rio&status=opted_out", 4, "<b>3</b> of 4+ customers"),
        ("q=person&tag=odd", 4, "<b>4+</b> customers"),
        ("q=person&tag=vip", 4, "<b>4</b> of 4+ customers"),
        ("q=person", 3, "<b>4+</b> customers"),
        ("tag=vip&status=opted_out", 3, "<b>2</b> of 4+ customers"),
        ("q=person&tag=nobody", 4, "<b>0</b> of 4+ customers"),
    ],
)
def test_the_total_is_told_by_the_numbers_of_the_states_and_not_counted_once_more(
    app, desk, query, walks, total
):
    """One walk for each state; before them one for all, where several conditions let few through."""
    browser = desk("agent")
    asked = statements_of(app, browser, f"/opt-in/count?{query}", PARTIAL)
    assert asked[-1].count("LIMIT") == walks
    assert total in browser.get(f"/opt-in/count?{query}", headers=PARTIAL).text


@pytest.mark.usefixtures("large")
def test_without_javascript_a_link_counts(desk):
    browser = desk("agent")
    page = browser.get("/opt-in?q=person&status=opted_in&after=11").text
    assert 'href="/opt-in?q=person&amp;status=opted_in&amp;count=1"' in page
    assert found(browser.get("/opt-in?q=person&status=opted_in&count=1").text) == "<b>4+</b> customers"


@pytest.mark.usefixtures("large")
def test_what_is_all_on_one_page_needs_no_counting(desk):
    assert found(desk("agent").get("/opt-in?q=person&tag=vip&status=opted_in").text) == (
        "<b>2</b> of 4+ customers"
    )


@pytest.mark.usefixtures("large")
def test_a_toggle_has_the_numbers_asked_for_anew(desk, app):
    agent = desk("agent")
    with app.app_context():
        customer = db.session.execute(select(table.Customer).order_by(table.Customer.id)).scalars().first()
        path, version = f"/customers/{customer.id}/consent", customer.version
    behind = {
        **PARTIAL,
        "HX-Current-URL": "http://localhost/opt-in?q=person&attr=city:Rio&after=99",
    }
    fields = {"status": "opted_out", "version": str(version), "csrf_token": agent.csrf_token()}
    answer = agent.post(path, headers=behind, data=fields)
    assert answer.status_code == 200
    assert 'hx-target="#recount"' in answer.text
    assert "/opt-in/count?" in answer.text


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("sign", ["_", "__", " _ "])
def test_signs_by_which_nobody_is_searched_find_nobody(desk, sign):
    assert "No customer matches" in desk("agent").get("/opt-in", query_string={"q": sign}).text


@pytest.mark.usefixtures("people")
def test_on_sqlite_no_filter_of_several_conditions_reads_all_customers(app):
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            return
        for q, tag, status, attr in [("person", "vip", "", ""), ("", "vip", "opted_in", "city:Rio"),
                                     ("son", "", "opted_out", ""), ("", "new", "", "city:Lima")]:  # fmt: skip
            pairs = (tuple(attr.split(":")),) if attr else ()
            wanted = Filter(q, (tag,) if tag else (), pairs, status)
            with counted(db.engine) as asked:
                queries.slice_of(wanted, Page())
            assert asked
            page = queries.page_of(wanted, Page()).compile(db.engine, compile_kwargs={"literal_binds": True})
            plan = [row[3] for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {page}"))]
            assert not [line for line in plan if line == "SCAN customers"], plan
            assert not [line for line in plan if "TEMP B-TREE" in line], plan


@pytest.mark.parametrize(
    ("q", "who"),
    [
        ("周静", {"周静怡", "周静"}),
        ("静怡", {"周静怡"}),
        ("周静怡", {"周静怡"}),
        ("周", {"周静怡", "周静"}),
        ("周怡", set()),
        ("太郎", {"山田 太郎"}),
        ("山田太", set()),
        ("静怡 5556", {"周静怡"}),
        ("an", {"Ana", "Jo Ângelo"}),
        ("na", set()),
        ("JO", {"Jo Ângelo"}),
        ("an jo", {"Jo Ângelo"}),
        ("86", {"周静怡"}),
        ("39", set()),
        ("qx", set()),
    ],
)
def test_two_signs_are_found_by_the_index_where_a_word_begins(app, q, who):
    with app.app_context():
        for name in ("周静怡", "周静", "山田 太郎", "Ana", "Jo Ângelo"):
            a_customer(name, phone="+86 139 1055 5556" if name == "周静怡" else None)
        wanted = Filter(q)
        found = queries.slice_of(wanted, Page()).ids
        assert {db.session.get_one(table.Customer, id).name for id in found} == who
        page = queries.page_of(wanted, Page()).compile(db.engine, compile_kwargs={"literal_binds": True})
        if db.engine.dialect.name == "postgresql":
            db.session.execute(text("SET LOCAL enable_seqscan = off"))
            db.session.execute(text("SET LOCAL enable_indexscan = off"))
            plan = [row[0] for row in db.session.execute(text(f"EXPLAIN {page}".replace("%", "%%")))]
        else:
            plan = [row[3] for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {page}"))]
        indexes = ("customer_search", "ix_customers_search")
        assert len(q) == 1 or any(index in line for line in plan for index in indexes), plan


def test_parts_of_a_word_in_another_order_are_not_the_word(app):
    """The index knows only which trigrams a text holds: the text itself is asked, too."""
    with app.app_context():
        a_customer("Abcd Bcde")
        assert queries.slice_of(Filter("abcde"), Page()).ids == []
        assert len(queries.slice_of(Filter("bcde abcd"), Page()).ids) == 1


def test_what_takes_too_long_is_stopped_and_the_session_goes_on(app):
    with app.app_context():
        with pytest.raises(OverBudget), budget.within(0.05):
            db.session.execute(text(SLOW[db.engine.dialect.name]))
        assert db.session.scalar(text("SELECT 1")) == 1
        with budget.within(60):
            assert db.session.scalar(text("SELECT 1")) == 1


def test_whoever_gets_the_connection_next_has_all_the_time(app):
    """It may be a webhook; a budget that is over would stop what it stores."""
    with app.app_context():
        long = text(LONG[db.engine.dialect.name])
        freed = []

        @event.listens_for(db.engine, "checkin")
        def write_at_once(connection, _record):
            cursor = connection.cursor()
            cursor.execute(long.text)
            freed.append(cursor.fetchone()[0])

        try:
            with pytest.raises(OverBudget), budget.within(0.05):
                db.session.execute(text(SLOW[db.engine.dialect.name]))
        finally:
            event.remove(db.engine, "checkin", write_at_once)
        assert freed == [300_000]


def test_a_fault_of_another_kind_is_told_as_it_is(app):
    with app.app_context(), pytest.raises(Exception, match="no_such_table"), budget.within(60):
        db.session.execute(text("SELECT * FROM no_such_table"))


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("headers", [{}, PARTIAL])
def test_a_filter_that_takes_too_long_is_answered_calmly(desk, app, monkeypatch, headers):
    browser = desk("agent")

    def slow(ids):
        return db.session.execute(text(SLOW[db.engine.dialect.name])).all() and ids

    monkeypatch.setattr(budget, "SECONDS", 0.05)
    monkeypatch.setattr(rows, "read", slow)  # a million customers, in a hurry
    answer = browser.get("/opt-in?q=pe", headers=headers)
    assert answer.status_code == 200
    assert "This filter takes too long" in answer.text
    assert "every 2s" not in answer.text, "an open page must not try again and again"


@pytest.mark.usefixtures("people")
def test_a_program_is_told_to_narrow_its_filter(app, monkeypatch):
    def slow(ids):
        return db.session.execute(text(SLOW[db.engine.dialect.name])).all() and ids

    program = Program(app.test_client(use_cookies=False), a_token(app, Role.VIEWER))
    monkeypatch.setattr(budget, "SECONDS", 0.05)
    monkeypatch.setattr(api_customers, "_in_order", slow)
    answer = program.get("/customers?q=pe")
    assert answer.status_code == 422
    assert "Narrow it" in answer.get_json()["detail"]
    monkeypatch.undo()
    assert program.get("/customers?q=pe").status_code == 200


def test_a_count_that_takes_too_long_says_so(desk, people, monkeypatch):
    from webapp.customers import table_views

    browser = desk("agent")
    monkeypatch.setattr(table_views, "COUNTING_SECONDS", 0.05)
    monkeypatch.setattr(queries, "walked_by_status", lambda *_: {"total": _slow_column()})
    answer = browser.get("/opt-in/count?q=person&tag=vip")
    assert (answer.status_code, "Too many to count" in answer.text) == (200, True)


def _slow_column():
    if db.engine.dialect.name == "postgresql":
        return select(func.length(func.cast(func.pg_sleep(60), db.Text))).scalar_subquery()
    return text(f"({SLOW['sqlite']})").columns(n=db.Integer).scalar_subquery()
