"""After a backup was restored: everybody who was erased since is erased again, and nobody else."""

import pytest
from sqlalchemy import select

from tests.customers.erasure.erasures import (
    NAME,
    NUMBER,
    erased,
    found_in_tables,
    found_on_disk,
    somebody,
    wish,
)
from tests.factories import NOON, a_customer, at
from tests.whatsapp.posting import deliver, everybody, says, the_ledger_is_whole
from webapp.consent.rules import Status
from webapp.customers import identities, merging
from webapp.customers.addresses import addresses
from webapp.customers.erasure import erasing, suppressions
from webapp.customers.erasure import log as erasure_log
from webapp.customers.erasure.commands import erasures_group
from webapp.customers.erasure.suppressions import Suppression
from webapp.customers.models import Customer, Identity
from webapp.database import writing
from webapp.extensions import db


def replayed(app, *arguments):
    return app.test_cli_runner().invoke(erasures_group, ["replay", *map(str, arguments)])


def put_back(customer_id: int, created_at=NOON, phone="+" + NUMBER) -> Customer:
    """What a backup from before the erasure holds: the record as it was, and no trace of the erasure."""
    db.session.execute(Suppression.__table__.delete())
    customer = db.session.get_one(Customer, customer_id)
    customer.name, customer.erased_at, customer.created_at = NAME, None, created_at
    identities.attach(customer, "phone", phone, "agent", NOON)
    db.session.commit()
    return customer


def names(app) -> list[str]:
    with app.app_context():
        return [one.name for one in everybody()]


@pytest.fixture
def gone(app) -> int:
    with app.app_context():
        a_customer("Bo")
        customer_id = a_customer(NAME, Status.OPTED_IN, "+" + NUMBER).id
    erased(app, customer_id)
    return customer_id


def test_a_record_that_is_back_is_erased_again_and_suppressed(app, gone):
    with app.app_context(), writing():
        put_back(gone)
    ran = replayed(app)
    assert (ran.exit_code, ran.output) == (0, "1 erasures listed, 1 records erased again.\n")
    assert names(app) == ["Bo", ""]
    with app.app_context():
        assert suppressions.standing(addresses(phone="+" + NUMBER)) != {}
        assert the_ledger_is_whole()


def test_a_whole_person_is_gone_again(app, tmp_path):
    """SQLite's own backup of the file, put back."""
    customer_id = somebody(app)
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            return  # a dump of PostgreSQL is no file that a test could put back
        db.session.remove()
        db.engine.dispose()
    backup = (tmp_path / "heed.db").read_bytes()
    erased(app, customer_id)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    (tmp_path / "heed.db").write_bytes(backup)
    assert found_in_tables(app) != []
    assert "1 records erased again" in replayed(app).output
    assert found_in_tables(app) == []
    assert found_on_disk(tmp_path) == []
    with app.app_context():
        assert the_ledger_is_whole()


def test_repeating_it_changes_nothing(app, gone):
    with app.app_context(), writing():
        put_back(gone)
    replayed(app)
    before = names(app)
    assert "0 records erased again" in replayed(app).output
    assert names(app) == before


def test_without_a_restore_nothing_happens(app, gone):
    assert "1 erasures listed, 0 records erased again" in replayed(app).output
    assert names(app) == ["Bo", ""]


def test_a_record_is_found_by_its_address_under_another_id(app, gone):
    with app.app_context(), writing():
        db.session.execute(Suppression.__table__.delete())
        a_customer(NAME, phone="+55 11 8765-4321")
    assert "1 records erased again" in replayed(app).output
    assert names(app) == ["Bo", "", ""]


def test_another_customer_under_the_same_id_stays(app, gone):
    """Ids come again when a backup is restored."""
    with app.app_context(), writing():
        put_back(gone, created_at=at(500), phone="+4915123456789").name = "Ute"
        db.session.commit()
    assert "0 records erased again" in replayed(app).output
    assert names(app) == ["Bo", "Ute", ""], "and an empty record keeps the number off the lists"


def test_who_came_back_of_their_own_accord_stays(app, gone):
    deliver(app, says("START", **{"from": NUMBER}))
    assert "0 records erased again" in replayed(app).output
    with app.app_context():
        assert everybody()[-1].status == Status.OPTED_IN
        assert db.session.scalars(select(Suppression.lifted_at)).one() is not None


def test_a_record_that_learned_the_number_after_the_erasure_stays(app, gone):
    with app.app_context(), writing():
        db.session.execute(Suppression.__table__.delete())
        identities.attach(everybody()[0], "wa_id", NUMBER, "whatsapp", at(1001))
        db.session.commit()
    assert "0 records erased again" in replayed(app).output
    assert names(app) == ["Bo", ""]


def test_a_backup_older_than_the_customer_still_suppresses(app, gone):
    with app.app_context(), writing():
        db.session.execute(Suppression.__table__.delete())
        db.session.get_one(Customer, gone).created_at = at(-5000)
        db.session.commit()
    replayed(app)
    with app.app_context():
        assert suppressions.standing(addresses(phone="+" + NUMBER)) != {}
        assert [one.erased_at is not None for one in everybody()] == [False, True, True]
    replayed(app)
    with app.app_context():
        assert len(everybody()) == 3


def test_merged_records_are_erased_again(app):
    with app.app_context(), writing():
        one, other = a_customer("Ana"), a_customer("Ana S.")
        merging.merge(one, other, actor="user:1", now=NOON, why="Same")
        erasing.erase(one, wish())
        db.session.commit()
        ids = one.id, other.id
        for id in ids:
            customer = db.session.get_one(Customer, id)
            customer.erased_at, customer.name = None, "Ana"
        db.session.commit()
    assert "2 records erased again" in replayed(app).output
    assert names(app) == ["", ""]


def test_under_another_key_nothing_is_erased(app, gone, tmp_path):
    with app.app_context(), writing():
        put_back(gone)
    (tmp_path / "suppression.key").write_text("ab" * 32)
    ran = replayed(app)
    assert ran.exit_code == 1
    assert "cannot tell who was erased" in ran.output
    assert NAME in names(app)


def test_a_line_that_a_crash_cut_short_costs_no_other(app, gone, tmp_path):
    log = tmp_path / erasure_log.FILE
    whole = log.read_bytes()
    log.write_bytes(whole + whole[: len(whole) // 2])
    with app.app_context(), writing():
        bo = everybody()[0]
        erasing.erase(bo, wish(1001))
        db.session.commit()
    with app.app_context():
        read = erasure_log.read(log)
        assert (len(read.entries), read.unreadable) == (2, 1)
    assert "passed over: 1" in replayed(app).output


@pytest.mark.parametrize("content", ["\n", "null\n", "[]\n", '{"at": "x"}\n', "{}\n", "7\n"])
def test_what_is_no_entry_is_counted(app, tmp_path, content):
    (tmp_path / "other.log").write_text(content)
    ran = replayed(app, tmp_path / "other.log")
    assert ran.exit_code == 0
    assert "0 erasures listed" in ran.output


def test_no_list_is_an_unusable_input(app, tmp_path):
    assert replayed(app, tmp_path / "none.log").exit_code == 2
    (tmp_path / "binary.log").write_bytes(b"\xff\xfe")
    assert replayed(app, tmp_path / "binary.log").exit_code == 2


def test_who_is_listed_and_was_not_erased_because_of_a_crash_is_erased_later(app, tmp_path):
    """The line stands in the list, the person in the database; nobody is half erased."""
    with app.app_context():
        customer = a_customer(NAME, phone="+" + NUMBER)
        erasing.erase(customer, wish())
        db.session.rollback()
    assert names(app) == [NAME]
    with app.app_context():
        assert len(erasure_log.read(tmp_path / erasure_log.FILE).entries) == 1
        assert db.session.scalars(select(Identity.value)).all() == [NUMBER]
    assert "1 records erased again" in replayed(app).output
    assert names(app) == [""]
