"""Many rows are written at once and stand there as they were given, whatever they hold."""

import json
import secrets

import pytest
from sqlalchemy import select, update

from tests.factories import NOON
from webapp import database, many_rows
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Kind, Source, Status
from webapp.customers.models import AttributeType, Customer
from webapp.extensions import db
from webapp.whatsapp.models import InboundMessage

TEXTS = ["back\\slash", r"\N", r"\.", "a\tb\nc\rd\r\n", r"\t", "'; -- \"", "é 名 🙂", "", "plain"]
COLUMNS = (
    "id", "created_at", "name", "search", "phone_display", "tags_json", "attrs_json", "demo", "version",
    "events_count", "status", "status_at",
)  # fmt: skip


@pytest.fixture(autouse=True)
def in_app(app):
    with app.app_context():
        yield


def a_row(number: int, name: str, status_at=None, *, tags=(), attributes=None, demo=False) -> tuple:
    json = tags or [], attributes or {}
    return number, NOON, name, "", "", *json, demo, number, 0, "unknown", status_at


def kept(*columns) -> list:
    return [tuple(row) for row in db.session.execute(select(*columns).order_by(Customer.id))]


def test_a_text_is_kept_sign_by_sign() -> None:
    rows = [a_row(n, text, tags=[text], attributes={text: text}) for n, text in enumerate(TEXTS, 1)]
    many_rows.insert(Customer.__table__, COLUMNS, rows)
    assert kept(Customer.name) == [(text,) for text in TEXTS]
    assert kept(Customer.tags_json, Customer.attrs_json) == [([text], {text: text}) for text in TEXTS]


def test_changed_texts_are_kept_sign_by_sign() -> None:
    many_rows.insert(Customer.__table__, COLUMNS, [a_row(n, "") for n in range(1, len(TEXTS) + 1)])
    many_rows.update(Customer.__table__, ("id", "name"), list(enumerate(TEXTS, 1)))
    assert kept(Customer.name) == [(text,) for text in TEXTS]


def test_what_only_some_rows_have_is_theirs_alone() -> None:
    rows = [a_row(1, "x"), a_row(2, "x", NOON), a_row(3, "x", demo=True)]
    many_rows.insert(Customer.__table__, COLUMNS, rows)
    assert kept(Customer.status_at, Customer.demo) == [(None, False), (NOON, False), (None, True)]


def test_values_that_are_equal_or_the_same_object_stand_in_each_of_their_rows() -> None:
    shared = ["vip"]
    rows = [a_row(1, "a", tags=shared), a_row(2, "a", tags=["new"]), a_row(3, "a", tags=shared)]
    many_rows.insert(Customer.__table__, COLUMNS, rows)
    assert kept(Customer.name, Customer.tags_json) == [("a", ["vip"]), ("a", ["new"]), ("a", ["vip"])]


def test_rows_of_several_statements_stand_in_their_order(monkeypatch) -> None:
    monkeypatch.setattr(many_rows, "ROWS_AT_ONCE", 2)
    rows = [a_row(n, f"Ana {n}", tags=[str(n)]) for n in range(1, 6)]
    many_rows.insert(Customer.__table__, COLUMNS, rows)
    found = kept(Customer.id, Customer.name, Customer.tags_json)
    assert found == [(n, f"Ana {n}", [str(n)]) for n in range(1, 6)]


def test_a_kind_that_only_some_rows_have_is_kept_as_its_word() -> None:
    columns = ("id", "kind", "status", "source", "actor", "occurred_at", "recorded_at")
    rows = [(1, Kind.CONSENT, Status.OPTED_IN, Source.AGENT, "user:1", NOON, NOON),
            (2, Kind.POLICY, None, Source.SYSTEM, "system", NOON, NOON)]  # fmt: skip
    columns, rest = (*columns, "rule_version", "effect", "reason", "evidence_digest"), ("", "changed", "", "")
    many_rows.insert(ConsentEvent.__table__, columns, [(*row, *rest) for row in rows])
    found = db.session.execute(select(ConsentEvent.kind, ConsentEvent.status).order_by(ConsentEvent.id))
    assert list(map(tuple, found)) == [("consent", "opted_in"), ("policy", None)]


@pytest.mark.parametrize(
    "value",
    [
        "", "é \u2028 🙂 \x00\x1f\x7f \" \\ </script>", 1, -0.0, 1e300, 0.1, True, None, [], {},
        {"a": [1, [2.5, None, {"b": ("c", False)}]], "2": {}}, {1: 2, False: 3, None: 4}, AttributeType.TEXT,
        {"kind": AttributeType.JSON}, float("inf"), "\ud800",
    ],
)  # fmt: skip
def test_json_is_written_as_python_writes_it(value) -> None:
    assert database.compact_json(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("value", [object(), {("a",): 1}, {"a": {1}}])
def test_what_is_no_json_is_not_written(value) -> None:
    with pytest.raises(TypeError):
        database.compact_json(value)


def test_a_value_that_holds_itself_is_not_written() -> None:
    endless: list = []
    endless.append(endless)
    with pytest.raises(RecursionError):
        database.compact_json(endless)


def test_bytes_are_kept_byte_by_byte() -> None:
    raw = [bytes(range(256)), b"\\x00", b"", secrets.token_bytes(16)]
    rows = [(n, str(n), "", "", each, NOON, "", "", "") for n, each in enumerate(raw, 1)]
    columns = ("id", "key", "kind", "field", "raw", "received_at", "decision", "matched", "rule_version")
    many_rows.insert(InboundMessage.__table__, columns, rows)
    found = select(InboundMessage.raw).order_by(InboundMessage.id)
    assert list(db.session.scalars(found)) == raw


def test_listed_rows_are_joined_value_by_value() -> None:
    many_rows.insert(Customer.__table__, COLUMNS, [a_row(n, "") for n in range(1, len(TEXTS) + 1)])
    told = many_rows.listed(
        of=(Customer.id.type, list(range(1, len(TEXTS) + 1))),
        name=(Customer.name.type, TEXTS),
        at=(Customer.status_at.type, [NOON, None, *[NOON] * (len(TEXTS) - 2)]),
    )
    given = update(Customer).where(Customer.id == told.c.of).values(name=told.c.name, status_at=told.c.at)
    assert db.session.execute(given.execution_options(synchronize_session=False)).rowcount == len(TEXTS)
    names, times = zip(*kept(Customer.name, Customer.status_at), strict=True)
    assert list(names) == TEXTS
    assert times == (NOON, None, *[NOON] * (len(TEXTS) - 2))
    assert db.session.execute(select(told.c.of, told.c.at)).all()[:2] == [(1, NOON), (2, None)]
