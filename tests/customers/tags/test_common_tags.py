"""Tags that many customers carry: whoever has all of them is found without reading the others."""

import pytest
from sqlalchemy import text, update

from tests.factories import a_customer
from tests.rows import every
from webapp.consent.rules import Status
from webapp.customers import conditions, queries
from webapp.customers.attributes import attributes
from webapp.customers.filters import Filter, Page
from webapp.customers.models import Tag
from webapp.customers.tags import tags
from webapp.database import writing
from webapp.extensions import db

MANY = conditions.MOST_LOOKED_AT + 1
COMMON = ("vip", "new")


@pytest.fixture
def people(app):
    """Four who have one tag, the other, both or none; the tags are said to be common."""
    with app.app_context(), writing():
        attributes.define("city", "text")
        for n, names in enumerate([["vip"], ["new"], ["vip", "new"], []]):
            customer = a_customer(f"Person {n}", Status.OPTED_OUT if n == 2 else Status.OPTED_IN)
            tags.set_tags(customer, names)
            attributes.set_attributes(customer, {"city": "Rio" if n else "Lima"})
        db.session.execute(update(Tag).where(Tag.key == "vip").values(n=MANY))
        db.session.execute(update(Tag).where(Tag.key == "new").values(n=2 * MANY))
        yield


def names_of(wanted):
    ids = queries.slice_of(wanted, Page()).ids
    return [f"Person {id - 1}" for id in sorted(ids)]


@pytest.mark.usefixtures("people")
@every(
    ("wanted", "names"),
    [
        (Filter(tags=COMMON), ["Person 2"]),
        (Filter(tags=COMMON, status="opted_out"), ["Person 2"]),
        (Filter(tags=COMMON, status="opted_in"), []),
        (Filter(tags=COMMON, attrs=(("city", "Rio"), ("city", "Lima"))), ["Person 2"]),
        (Filter(tags=COMMON, attrs=(("city", "Lima"),)), []),
        (Filter(tags=COMMON, q="person"), ["Person 2"]),
        (Filter(tags=COMMON, sort="created"), ["Person 2"]),
    ],
)
def test_only_who_has_all_of_them_is_found(wanted, names):
    assert names_of(wanted) == names


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("status", ["", "opted_in"])
def test_on_sqlite_the_rarer_one_leads_and_customers_are_read_last(monkeypatch, status):
    """Of a status no more is known than that more have it than were looked at."""
    if db.engine.dialect.name != "sqlite":
        return
    monkeypatch.setattr(conditions, "MOST_LOOKED_AT", 0)
    wanted = Filter(tags=COMMON, status=status)
    page = queries.page_of(wanted, Page())
    statement = page.compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = [row[3] for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {statement}"))]
    assert plan == [
        "SEARCH customer_tags USING PRIMARY KEY (tag_id=?)",
        "SEARCH customer_tags_1 USING PRIMARY KEY (tag_id=? AND customer_id=?)",
        "SEARCH customers USING INTEGER PRIMARY KEY (rowid=?)",
    ]
