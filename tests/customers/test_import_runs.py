"""An import is stopped, crashes and goes on; portions of any size mean the same."""

import gc
import random
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from tests.factories import NOON
from tests.statements import counted
from webapp.consent.models import Batch, ConsentEvent
from webapp.customers.batch_changes import BatchChange
from webapp.customers.importing import ImportReport, Run, open_table, run, types_of
from webapp.customers.importing.rejects import Rejects
from webapp.customers.importing.rows import Defaults
from webapp.customers.models import Customer, CustomerAttribute, CustomerTag, Identity, IdentityKind, Tag
from webapp.extensions import db

TITLES = "phone,wa_id,user_id,name,tags,consent,evidence,attr:City"


@pytest.fixture(autouse=True)
def in_app(app):
    with app.app_context():
        yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Few people in many rows: variants, duplicates, two persons in a row, faults, opt-outs in between."""
    chance = random.Random(4)
    numbers = [f"+55119{n:04}1234" for n in range(9000, 9012)] + [f"+4479111234{n}" for n in range(10, 30)]
    rows = [",".join(_row(chance, numbers)) for _ in range(120)]
    path = tmp_path / "people.csv"
    path.write_text("\n".join([TITLES, *rows]) + "\n", encoding="utf-8")
    return path


def _row(chance: random.Random, numbers: list[str]) -> list[str]:
    phone = chance.choice(numbers)
    without_nine = phone[1:5] + phone[6:] if phone.startswith("+55") else phone[1:]
    return [
        chance.choice((phone, phone, "+1", "")),
        chance.choice(("", "", without_nine, chance.choice(numbers)[1:])),
        chance.choice(("", "", "", f"US.{chance.randrange(6)}")),
        chance.choice(("", "Ana", "José", "#REF!")),
        chance.choice(("", "vip", "VIP;new", "new;old")),
        chance.choice(("", "opted_in", "opted_in", "opted_out", "yes")),
        chance.choice(("", "form 7")),
        chance.choice(("", "Rio", "Lima")),
    ]


def go(file: Path, report: ImportReport | None = None, portion: int = 7, **options) -> ImportReport:
    """Import from where the report stands."""
    table, report = open_table(file), report or ImportReport()
    types = types_of(table)
    db.session.commit()
    rejects_path = file.with_name("people.rejected.csv")
    with Rejects(table, rejects_path, resume_at=report.rejects_bytes or None) as rejects:
        under_way = Run(table, Defaults(), types, "user:1", NOON, report, rejects, **options)
        under_way.portion = portion
        under_way.go(start_at=report.rows)
    return report


def on_record() -> list[tuple]:
    """What the desk knows, without what depends on the portions: the ids, and how often a row was written."""
    people = db.session.scalars(select(Customer).order_by(Customer.id)).all()
    return [
        (p.name, p.search, p.phone_display, p.tags_json, p.attrs_json, p.status, p.events_count,
         sorted((i.kind, i.value, i.match_key) for i in p.identities))
        for p in people
    ]  # fmt: skip


def check_copies() -> None:
    """Counts, display copies and states are what they are copied from."""
    for tag in db.session.scalars(select(Tag)):
        assert tag.n == db.session.scalar(select(func.count()).where(CustomerTag.tag_id == tag.id))
    values = db.session.scalar(select(func.count()).select_from(CustomerAttribute))
    assert values == sum(len(person[4]) for person in on_record())
    assert db.session.scalar(select(func.count()).select_from(ConsentEvent)) == sum(
        person[6] for person in on_record()
    )


def check_search_index() -> None:
    """PostgreSQL's cannot differ."""
    if db.engine.dialect.name == "sqlite":
        check = "INSERT INTO customer_search (customer_search, rank) VALUES ('integrity-check', 1)"
        db.session.execute(text(check))


REFERENCE = []


@pytest.mark.parametrize("most", [1, 7, 2000])
def test_the_size_of_the_portions_changes_nothing(file, monkeypatch, most) -> None:
    monkeypatch.setattr(run, "FEWEST_ROWS", 1)
    monkeypatch.setattr(run, "MOST_ROWS", most)
    report = go(file, portion=most)
    check_copies()
    found = report.as_json() | {"rejects_bytes": 0}, on_record()
    if not REFERENCE:
        REFERENCE.append(found)
    assert found == REFERENCE[0]
    assert min(report.created, report.updated, report.refused, report.opted_out, report.opted_in) > 0


@pytest.mark.parametrize("portions", range(4))
def test_after_a_crash_in_any_portion_the_import_goes_on_without_loss_or_double(
    file, monkeypatch, portions
) -> None:
    monkeypatch.setattr(run, "FEWEST_ROWS", 7)
    monkeypatch.setattr(run, "MOST_ROWS", 30)
    kept: list[dict] = []

    def crash(report: ImportReport) -> None:
        if len(kept) == portions:
            raise RuntimeError("the power failed")
        kept.append(report.as_json() | {"examples": [*report.examples]})

    with pytest.raises(RuntimeError):
        go(file, checkpoint=crash)
    assert gc.isenabled()
    db.session.rollback()
    report = go(file, ImportReport.of_json(kept[-1]) if kept else None)
    crashed = report.as_json() | {"rejects_bytes": 0}
    assert report.rows == 120
    rejected = file.with_name("people.rejected.csv").read_text(encoding="utf-8").splitlines()
    assert len(rejected) == 1 + crashed["listed"]
    assert len(set(rejected)) == len(rejected)
    check_copies()


def test_an_import_that_is_to_stop_stops_between_two_portions(file) -> None:
    asked = iter([False, True])
    report = go(file, should_stop=lambda: next(asked))
    batch = db.session.scalars(select(Batch)).one()
    assert (report.rows, batch.done, batch.finished_at) == (7, 7, None)


def test_what_came_with_the_batch_is_listed_once_for_each_customer(file) -> None:
    go(file)
    assert all(db.session.scalars(select(BatchChange.created)))
    assert len(on_record()) == db.session.scalar(select(func.count()).select_from(BatchChange))
    assert db.session.scalars(select(Batch)).one().finished_at is not None


@pytest.mark.parametrize(("many", "known"), [(120, True), (121, False)])
def test_after_many_rows_postgresql_plans_by_what_is_there_now(file, monkeypatch, many, known) -> None:
    """Else an audience that is planned within the next minute is read as if nobody were on record."""
    monkeypatch.setattr(run, "MANY_ROWS", many)
    go(file)
    if db.engine.dialect.name == "sqlite":
        return
    read = text("SELECT reltuples FROM pg_class WHERE relname = :table")
    sizes = {table: db.session.scalar(read, {"table": table}) for table in ("customers", "identities")}
    assert all(size > 0 for size in sizes.values()) is known


def test_a_portion_of_many_rows_asks_as_often_as_one_of_few(tmp_path, monkeypatch) -> None:
    asked = [_statements(tmp_path, monkeypatch, rows) for rows in (20, 1000)]
    assert asked[0] == asked[1]


def _statements(folder: Path, monkeypatch, rows: int) -> int:
    monkeypatch.setattr(run, "MOST_ROWS", 2000)
    known, new = "phone,tags,attr:City\n+447911555555,vip;new,Rio\n", range(1000, 1000 + rows)
    path = folder / f"people-{rows}.csv"
    path.write_text(known)
    go(path)  # the tags and the attribute are known from now on
    path.write_text(known + "".join(f"+44791123{n + rows},vip;new,Rio\n" for n in new))
    with counted(db.engine) as said:
        report = go(path, portion=2000)
    assert report.created == rows
    return len(said)


def test_many_new_tags_are_defined_in_as_many_statements_as_one(tmp_path) -> None:
    path, asked = tmp_path / "people.csv", []
    for first, many in ((0, 1), (1, 40)):
        names = ";".join(f"tag {first + n}" for n in range(many))
        path.write_text(f"phone,tags\n+4479112345{first},{names}\n")
        with counted(db.engine) as said:
            go(path)
        asked.append(len(said))
    assert asked[0] == asked[1]
    assert db.session.scalar(select(func.count()).select_from(Tag).where(Tag.n == 1)) == 41


def test_a_dry_run_counts_the_same_and_writes_nothing(file) -> None:
    table, report = open_table(file), ImportReport(dry_run=True)
    types = types_of(table)
    db.session.rollback()
    with counted(db.engine) as said:
        Run(table, Defaults(), types, "user:1", NOON, report, None).go()
    assert not [words for words in said if words.startswith(("INSERT", "UPDATE", "BEGIN IMMEDIATE"))]
    assert db.session.scalar(select(func.count()).select_from(Identity)) == 0
    db.session.commit()
    wet = go(file, portion=2000)
    assert report.as_json() | {"dry_run": False} == wet.as_json() | {"rejects_bytes": 0}


def test_whoever_is_named_or_learns_a_number_beside_many_others_is_found(tmp_path) -> None:
    ends = [f"{n:08}" for n in range(80000000, 80000200)]
    path = tmp_path / "people.csv"
    path.write_text(
        "phone,name\n" + "".join(f"+55119{end},{'Maria' * (n % 2)}\n" for n, end in enumerate(ends))
    )
    go(path, portion=500)
    path.write_text("phone,wa_id,name\n" + "".join(f"+55119{end},5511{end},Maria\n" for end in ends))
    assert go(path, portion=500).updated == 200
    check_search_index()


def test_a_list_that_names_somebody_shows_the_number_that_they_have_not_left(tmp_path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("phone,wa_id\n+447911123410,447911123411\n")
    go(path)
    left = update(Identity).where(Identity.kind == IdentityKind.PHONE).values(left_at=NOON)
    db.session.execute(left)
    db.session.commit()
    path.write_text("phone,name\n+447911123410,Ana\n")
    go(path)
    assert db.session.scalar(select(Customer.phone_display)) == "+44 7911 123411"
