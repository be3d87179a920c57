import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import event, literal, select, update
from werkzeug.datastructures import MultiDict

from tests.factories import NOON, a_customer
from webapp import create_app
from webapp.consent.rules import Status
from webapp.customers import queries
from webapp.customers.attributes import attributes
from webapp.customers.conditions import conditions_of
from webapp.customers.filters import Filter, Page
from webapp.customers.models import Customer
from webapp.customers.queries import Count
from webapp.customers.tags import tags
from webapp.extensions import db

IN, OUT, UNKNOWN = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN
PEOPLE = [
    # name, number, status, tags, city, age
    ("São Bento", "+55 11 98765-4321", IN, ["vip", "new"], "Rio", 30),
    ("Ana Souza", "+55 21 98765-4322", OUT, ["vip"], "Lima", 40),
    ("Иванов", "+44 7700 900123", UNKNOWN, ["new"], "Rio", None),
    ("50% off_\\Shop 24/7", "+1 212 555 0123", IN, ["vip", "new", "Élite"], None, 40.5),
    ("", "+49 1512 3456789", OUT, [], None, None),
]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def populated(request, tmp_path_factory) -> Iterator[None]:
    """A desk with PEOPLE, for all tests of this file: they only read, or roll back what they write."""
    folder = tmp_path_factory.mktemp("desk")
    with ExitStack() as stack:
        if request.param == "sqlite":
            shutil.copyfile(request.getfixturevalue("migrated_sqlite"), folder / "heed.db")
            url = f"sqlite:///{folder / 'heed.db'}"
        else:
            server = request.getfixturevalue("postgresql_server")
            url = stack.enter_context(server.empty_database(f"people_{uuid.uuid4().hex}"))
        app = create_app({"DATABASE_URL": url, "HEED_DATA_DIR": str(folder)}, web=False)
        stack.enter_context(app.app_context())
        add_people()
        yield
        db.session.remove()
        db.engine.dispose()


def add_people() -> None:
    for name, type in [("city", "text"), ("age", "number"), ("extra", "json"), ("member", "boolean")]:
        attributes.define(name, type)
    for name, phone, status, names, city, age in PEOPLE:
        customer = a_customer(name, status, phone)
        tags.set_tags(customer, names)
        attributes.set_attributes(customer, {"city": city, "age": age})
    attributes.set_attributes(customer, {"extra": {"a": [1]}, "member": True})
    db.session.commit()


@pytest.fixture(autouse=True)
def unchanged(populated: None) -> Iterator[None]:
    yield
    db.session.rollback()


def found(**conditions) -> list[int]:
    """The places in PEOPLE of those who match, in the order of the table."""
    args = MultiDict(conditions)
    return [id - 1 for id in queries.slice_of(Filter.from_args(args), Page.from_args(args)).ids]


@pytest.mark.parametrize(
    ("q", "people", "why"),
    [
        ("sao", [0], "accents may be left out"),
        ("SÃO bento", [0], "case too"),
        ("bento sao", [0], "words in any order"),
        ("so", [1], "parts of words"),
        ("иван", [2], "any script"),
        ("ivanov", [], "no transliteration"),
        ("%", [3], "a wildcard is a sign like others"),
        ("0% off", [3], "in the middle too"),
        ("off_\\s", [3], "and the underscore, which counts as a space"),
        ("off \\shop", [3], "the escape sign too, and a line counts as a space"),
        ("24/7", [3], "digits in a name"),
        ("+55 (11) 98765-4321", [0], "a number in any writing"),
        ("0055 11 98765 4321", [0], "with the prefix for dialling abroad"),
        ("011 98765 4321", [0], "with the national zero"),
        ("551187654321", [0], "without Brazil's ninth digit"),
        ("٤٣٢١", [0], "in Arabic digits"),
        ("98765", [1, 0], "a part of the number"),
        ("4322", [1], "the last digits"),
        ("07700 900123", [2], "as dialled at home"),
        ("Customer 5", [4], "what somebody without a name is called"),
        ("CUSTOMER  5", [4], "in any writing"),
        ("customer 1", [], "who has a name is not called so"),
        ("customer 999999999999999999", [], "nobody is"),
        ("nobody", [], "no match"),
        ("'; DROP TABLE customers; --", [], "no statement"),
    ],
)
def test_the_search(q: str, people: list[int], why: str) -> None:
    assert found(q=q) == people, why


@pytest.mark.parametrize(
    ("conditions", "people", "why"),
    [
        ({}, [4, 3, 2, 1, 0], "the newest first"),
        ({"sort": "created"}, [0, 1, 2, 3, 4], "or the oldest"),
        ({"status": "opted_out"}, [4, 1], "a status"),
        ({"tag": "vip"}, [3, 1, 0], "a tag"),
        ({"tag": "elite"}, [3], "a tag by its folded name"),
        ({"tag": ["vip", "new"]}, [3, 0], "all of the tags"),
        ({"tag": ["vip", "VIP"]}, [3, 1, 0], "the same tag twice"),
        ({"tag": ["vip", "nobody has this"]}, [], "a tag that does not exist"),
        ({"attr": "city:Rio"}, [2, 0], "a value"),
        ({"attr": "CITY:Rio"}, [2, 0], "the attribute by its folded name"),
        ({"attr": ["city:Rio", "city:Lima"]}, [2, 1, 0], "any of the values of one attribute"),
        ({"attr": ["city:Rio", "age:30"]}, [0], "all of the attributes"),
        ({"attr": ["city:Rio", "city:Lima", "age:40", "age:30.0"]}, [1, 0], "any within, all between"),
        ({"attr": "age:40.5"}, [3], "a number"),
        ({"attr": "age:forty"}, [], "a value that cannot be"),
        ({"attr": ["age:forty", "age:40"]}, [1], "a value that cannot be beside one that can"),
        ({"attr": 'extra:{"a": [1]}'}, [4], "JSON with colons"),
        ({"attr": "member:True"}, [4], "true or false"),
        ({"attr": "shoes:42"}, [], "an attribute that does not exist"),
        ({"tag": "vip", "attr": "city:Rio", "status": "opted_in", "q": "bento"}, [0], "everything at once"),
        ({"tag": "vip", "attr": ["city:Lima", "age:40"], "status": "opted_in"}, [], "and nobody"),
    ],
)
def test_the_filter(conditions: dict, people: list[int], why: str) -> None:
    assert found(**conditions) == people, why
    wanted = Filter.from_args(MultiDict(conditions))
    assert queries.count(wanted) == Count(len(people)), why
    for place in range(len(PEOPLE)):
        assert queries.matches(wanted, place + 1) == (place in people), why


@pytest.mark.parametrize("gone", ["erased_at", "merged_into_id"])
def test_who_was_erased_or_merged_is_on_no_list(gone: str) -> None:
    db.session.execute(update(Customer).where(Customer.id == 1).values({gone: NOON if "_at" in gone else 2}))
    assert 0 not in found() + found(tag="vip") + found(attr="city:Rio") + found(q="98765 4321")
    assert not queries.matches(Filter(), 1)


@pytest.mark.parametrize(
    "conditions", [{}, {"tag": "vip"}, {"sort": "created"}, {"tag": "vip", "sort": "created"}]
)
def test_pages_follow_each_other_by_key_in_both_directions(conditions: dict) -> None:
    wanted = Filter.from_args(MultiDict(conditions))
    everybody = queries.slice_of(wanted, Page()).ids
    pages, page = [], Page(per_page=2)
    while page:
        pages.append(queries.slice_of(wanted, page))
        page = pages[-1].next
    assert [id for part in pages for id in part.ids] == everybody
    assert pages[0].previous is None
    back = queries.slice_of(wanted, pages[-1].previous)
    assert (back.ids, back.next, back.previous is None) == (pages[-2].ids, pages[-2].next, len(pages) == 2)


def test_a_page_behind_rows_that_are_gone_is_the_first_one() -> None:
    first = queries.slice_of(Filter(), Page(per_page=2))
    assert queries.slice_of(Filter(), Page(after=1, per_page=2)) == first
    assert queries.slice_of(Filter(), Page(before=first.ids[0], per_page=2)) == first
    assert queries.slice_of(Filter(), Page(before=first.ids[1], per_page=2)) == first


def test_counts_stop_at_the_cap_and_say_so() -> None:
    assert queries.count(Filter(), cap=5) == Count(5)
    assert queries.count(Filter(), cap=4) == Count(4, more=True)
    assert str(Count(10_000, more=True)) == "10,000+"


def test_each_status_is_counted_under_the_other_conditions() -> None:
    assert queries.status_counts(Filter(status="opted_out")) == {
        IN: Count(2),
        OUT: Count(2),
        UNKNOWN: Count(1),
    }
    assert queries.status_counts(Filter(tags=("vip",))) == {IN: Count(2), OUT: Count(1), UNKNOWN: Count(0)}
    assert queries.status_counts(Filter(tags=("no such tag",)))[IN] == Count(0)


@pytest.mark.parametrize("cap", [0, 1, 2, 10])
@pytest.mark.parametrize(
    "wanted", [Filter(), Filter(status="opted_out"), Filter(tags=("vip", "new")), Filter("a", ("vip",))]
)
def test_one_walk_counts_each_status_as_a_walk_for_each_does(wanted, cap) -> None:
    """Whichever end it begins at, of one status there is somebody whom it does not come to."""
    later = {"name": "Later", "search": " later", "created_at": NOON}
    db.session.add_all(Customer(status=status, **later) for status in (IN, IN, IN, IN, UNKNOWN))
    db.session.flush()
    conditions = conditions_of(wanted)
    one, each = (way(conditions, cap) for way in (queries.walked_by_status, queries.by_status))
    assert numbers(one, cap) == numbers(each, cap)


def test_what_one_walk_has_told_is_not_counted_by_itself(monkeypatch) -> None:
    monkeypatch.setattr(queries, "by_status", lambda *_: dict.fromkeys(Status, literal(-1)))
    everybody = conditions_of(Filter())
    assert numbers(queries.walked_by_status(everybody, 10), 10) == [Count(2), Count(2), Count(1)]
    assert Count(0, more=True) in numbers(queries.walked_by_status(everybody, 0), 0), "who is over the cap"


def numbers(counts, cap) -> list[Count]:
    row = db.session.execute(select(*counts.values())).one()
    return [Count.up_to(cap, n) for n in row]


def test_the_panel_offers_tags_attributes_and_their_commonest_values() -> None:
    assert [(tag.name, tag.n) for tag in db.session.scalars(queries.tags_with_counts())] == [
        ("new", 3), ("vip", 3), ("Élite", 1),
    ]  # fmt: skip
    keys = {key.name: key for key in db.session.scalars(queries.attribute_keys())}
    assert list(keys) == ["age", "city", "extra", "member"]
    assert db.session.execute(queries.values_of(keys["city"])).all() == [("Rio", 2), ("Lima", 1)]
    assert db.session.execute(queries.values_of(keys["city"], "lI")).all() == [("Lima", 1)]
    assert db.session.execute(queries.values_of(keys["city"], "%")).all() == []
    assert len(db.session.execute(queries.values_of(keys["age"])).all()) == 3


@contextmanager
def statements() -> Iterator[list[tuple]]:
    """What is sent to the database meanwhile, with its parameters."""
    sent: list[tuple] = []

    def note(_connection, _cursor, statement, parameters, *_rest) -> None:
        if statement != "BEGIN":
            sent.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("conditions", "number", "plan"),
    [
        ({}, 1, ["SCAN customers"]),
        ({"after": "3"}, 1, ["SEARCH customers USING INTEGER PRIMARY KEY (rowid<?)"]),
        ({"status": "opted_out"}, 1, ["SCAN customers USING INDEX ix_customers_opted_out"]),
        (
            {"tag": "vip", "after": "9"}, 2,
            ["SEARCH customer_tags USING PRIMARY KEY (tag_id=? AND customer_id<?)",
             "SEARCH customers USING INTEGER PRIMARY KEY (rowid=?)"],
        ),
        (
            {"attr": "city:Rio"}, 2,
            ["SEARCH customer_attrs USING COVERING INDEX ix_customer_attrs_text (key_id=? AND val_text=?)",
             "SEARCH customers USING INTEGER PRIMARY KEY (rowid=?)"],
        ),
        (
            {"q": "+55 11 98765-4321"}, 2,
            ["SEARCH customers USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1",
             "SEARCH identities USING INDEX ix_identities_match_key (match_key=?)"],
        ),
        ({"q": "Customer 5"}, 2, ["SEARCH customers USING INTEGER PRIMARY KEY (rowid=?)"]),
        (
            {"q": "bento"}, 1,
            ["SCAN customer_search VIRTUAL TABLE INDEX 192:M1",
             "SEARCH customers USING INTEGER PRIMARY KEY (rowid=?)"],
        ),
    ],
)  # fmt: skip
def test_a_page_is_read_along_an_index_and_never_sorted(
    conditions: dict, number: int, plan: list[str]
) -> None:
    args = MultiDict(conditions)
    with statements() as sent:
        queries.slice_of(Filter.from_args(args), Page.from_args(args))
    assert len(sent) == number
    if db.engine.dialect.name == "sqlite":
        statement, parameters = sent[-1]
        explained = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        assert [row.detail for row in explained] == plan


def test_the_counts_of_all_statuses_are_one_statement() -> None:
    with statements() as sent:
        queries.status_counts(Filter())
    assert len(sent) == 1


def test_of_several_tags_the_rarest_drives() -> None:
    ids = {name: tags.find(name).id for name in ("vip", "new", "elite")}
    assert conditions_of(Filter(tags=("vip", "elite", "new"))).tags[0].id == ids["elite"]


def test_a_status_is_written_out_because_a_prepared_statement_would_not_use_its_partial_index() -> None:
    with statements() as sent:
        queries.slice_of(Filter(status="opted_out"), Page())
    assert "customers.status = 'opted_out'" in sent[0][0]
