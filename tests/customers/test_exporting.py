import csv
import io
import json
import re
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from tests.factories import NOON, a_customer
from tests.statements import counted
from webapp.consent import holds, ledger
from webapp.consent.ledger import Signal
from webapp.consent.rules import Source, Status, Turn
from webapp.customers import exporting, identities, queries
from webapp.customers.attributes import attributes
from webapp.customers.cells import FORMULA_SIGNS, bare
from webapp.customers.conditions import conditions_of
from webapp.customers.exporting import export_file
from webapp.customers.filters import Filter
from webapp.customers.models import Customer, CustomerAttribute, CustomerTag
from webapp.customers.tags import tags
from webapp.extensions import db


@pytest.fixture(autouse=True)
def in_app(app):
    with app.app_context():
        yield


def exported(wanted: Filter | None = None) -> list[dict[str, str]]:
    file = io.StringIO(newline="")
    export_file(file, wanted or Filter())
    return list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))


def test_a_customer_is_a_row_with_everything_known() -> None:
    ana = a_customer("São", Status.OPTED_IN, "+55 11 98765-4321")
    attributes.define("city", "text")
    attributes.define("extra", "json")
    tags.set_tags(ana, ["vip", "a;b"])
    attributes.set_attributes(ana, {"city": "Rio", "extra": {"é": [1]}})
    holds.hold(ana, "why", Signal(Source.KEYWORD, "customer", NOON + timedelta(microseconds=5)))
    db.session.commit()
    assert exported() == [{
        "id": str(ana.id), "name": "São", "phone": "+5511987654321", "status": "opted_in",
        "platform_stop": "false", "on_hold": "true", "tags": "a,b;vip",
        "attributes": '{"city":"Rio","extra":{"é":[1]}}', "created_at": "2026-11-20T12:00:00Z",
        "consent_changed_at": "2026-11-20T12:00:00Z", "consent_source": "import",
    }]  # fmt: skip


def test_a_customer_of_whom_little_is_known_has_empty_cells() -> None:
    nobody = identities.create(user_id="US.1", source="whatsapp", now=NOON)
    ledger.record_platform(nobody, Turn.STOPPED, Signal(Source.WHATSAPP, "whatsapp", NOON))
    db.session.commit()
    (row,) = exported()
    assert (row["name"], row["phone"], row["status"], row["platform_stop"]) == ("", "", "unknown", "true")
    assert (row["tags"], row["attributes"]) == ("", "{}")
    assert (row["consent_changed_at"], row["consent_source"]) == ("", "")


def test_the_number_is_the_one_dialled_before_the_one_of_whatsapp() -> None:
    both = identities.create(wa_id="551187654321", source="whatsapp", now=NOON)
    identities.attach(both, "phone", "+55 11 98765-4321", "agent", NOON)
    identities.create(wa_id="5215512345678", source="whatsapp", now=NOON)
    db.session.commit()
    assert [row["phone"] for row in exported()] == ["+5511987654321", "+5215512345678"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_names_and_tags_are_no_formulas(name: str) -> None:
    tags.set_tags(a_customer(name), [name])
    db.session.commit()
    (row,) = exported()
    assert (row["name"], row["tags"]) == (f"'{name}", f"'{name}")


DDE = "=cmd|' /C calc'!A0"


@pytest.mark.parametrize("sign", "=+-@")
def test_nor_are_they_where_the_semicolon_ends_a_cell(sign: str) -> None:
    """As in Brazil and Germany, when the file is opened by a double click. A stranger's name is their own."""
    hostile = f'Ana;{sign}{DDE}; {sign}1;"{sign}1'
    customer = a_customer(hostile)
    tags.set_tags(customer, ["vip", f"{sign}1"])
    attributes.define("note", "text")
    attributes.set_attributes(customer, {"note": hostile})
    db.session.commit()
    file = io.StringIO(newline="")
    export_file(file, Filter())
    begun = [cell.lstrip(' "') for line in file.getvalue().splitlines() for cell in line.split(";")]
    assert not [cell for cell in begun if cell.startswith(FORMULA_SIGNS)]
    (row,) = exported()
    assert bare(row["name"]) == hostile
    assert set(bare(row["tags"]).split(";")) == {"vip", f"{sign}1"}
    assert json.loads(row["attributes"]) == {"note": hostile}


def test_hostile_names_stay_one_cell() -> None:
    name = 'a","b\';--<script>'
    a_customer(name)
    assert bare(exported()[0]["name"]) == name


def test_the_filter_holds_and_who_is_gone_is_left_out() -> None:
    a_customer("Ana", Status.OPTED_OUT)
    gone = a_customer("Ben", Status.OPTED_OUT)
    a_customer("Eva")
    db.session.execute(update(Customer).where(Customer.id == gone.id).values(erased_at=NOON))
    db.session.commit()
    assert [row["name"] for row in exported()] == ["Ana", "Eva"]
    assert [row["name"] for row in exported(Filter(status="opted_out"))] == ["Ana"]


def test_more_customers_than_one_chunk_are_all_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.customers.exporting.CHUNK", 2)
    for n in range(5):
        a_customer(f"Customer {n}")
    assert [row["name"] for row in exported()] == [f"Customer {n}" for n in range(5)]


def test_a_file_is_replaced_when_all_is_written_and_left_alone_when_something_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "all.csv"
    file.write_text("before")
    a_customer("Ana")
    with monkeypatch.context() as patch:
        patch.setattr("webapp.customers.exporting.FLAGS", ())
        with pytest.raises(IndexError):
            export_file(file)
    assert file.read_text() == "before"
    assert export_file(file) == 1
    assert "Ana" in file.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.glob("all*")] == ["all.csv"]


def many(number: int) -> None:
    """Customers of whom every third carries the tag `vip` and lives in Rio."""
    vip, city = tags.define("vip"), attributes.define("city", "text")
    rows = [{"name": f"Customer {n}", "search": f"customer {n}", "created_at": NOON} for n in range(number)]
    db.session.execute(insert(Customer), rows)
    ids = list(db.session.scalars(select(Customer.id).order_by(Customer.id)))[::3]
    db.session.execute(insert(CustomerTag), [{"tag_id": vip.id, "customer_id": id} for id in ids])
    homes = [{"key_id": city.id, "customer_id": id, "val_text": "Rio"} for id in ids]
    db.session.execute(insert(CustomerAttribute), homes)
    db.session.commit()


BY_EACH_DRIVER = [
    Filter(),
    Filter(status="unknown"),
    Filter(q="customer"),
    Filter(tags=("vip",)),
    Filter(attrs=(("city", "Rio"),)),
    Filter(attrs=(("city", "Rio"), ("city", "Recife"))),
    Filter(tags=("vip",), attrs=(("city", "Rio"),), q="customer", status="unknown", sort="created"),
]


@pytest.mark.parametrize("wanted", BY_EACH_DRIVER, ids=lambda wanted: str(wanted.to_args()))
def test_each_chunk_is_one_statement_that_begins_where_the_last_one_ended(
    monkeypatch, wanted: Filter
) -> None:
    monkeypatch.setattr("webapp.customers.exporting.CHUNK", 10)
    many(60)
    expected = sorted(db.session.scalars(queries.matching(wanted)))
    with counted(db.engine) as statements:
        rows = [row[0] for part in exporting.chunks(wanted) for row in part]
    assert rows == expected
    chunks = [statement for statement in statements if "platform_stop_at" in statement]
    names = [statement for statement in statements if statement not in chunks and "SELECT" in statement]
    assert len(chunks) == -(-len(expected) // 10) + 1  # the last one finds nobody
    assert len(names) <= 2  # what the filter names is looked up once
    assert exporting.count(wanted) == len(expected)


def test_all_that_a_chunk_walks_begins_behind_the_last_one() -> None:
    """PostgreSQL would walk all customers up to it once more: a file of a common tag would be quadratic."""
    tags.define("vip")
    chunk = str(exporting._chunk(conditions_of(Filter(tags=("vip",))), 7).compile(db.engine))
    assert re.search(r"customer_tags\.customer_id > .* AND customers\.id > ", chunk)


def test_a_longer_file_takes_no_more_memory(monkeypatch, usual_collector) -> None:
    monkeypatch.setattr("webapp.customers.exporting.CHUNK", 200)
    many(20_000)

    def peak(wanted: Filter) -> int:
        tracemalloc.start()
        for _ in exporting.lines(wanted):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    short, long = Filter(q="customer 11"), Filter(q="customer")  # 1,111 of them, and all: 18 times as many
    peak(short)  # what is compiled once
    assert peak(long) < 4 * peak(short), "what the collector has not looked at yet is part of it"
