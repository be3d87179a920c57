"""What was answered 200 is stored, once; what cannot be stored is answered 503: crashes, crowds, locks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, make_url
from sqlalchemy.exc import OperationalError

from tests.factories import a_customer
from tests.whatsapp.deliveries import a_body, payload
from tests.whatsapp.posting import (
    SECRET,
    decisions,
    everybody,
    kept,
    moves,
    only_customer,
    post,
    says,
    the_ledger_is_whole,
)
from webapp import create_app
from webapp.consent import ledger
from webapp.customers.models import Identity
from webapp.database import engine_options, sqlite_module
from webapp.extensions import db
from webapp.whatsapp.models import InboundMessage

STOP = payload("text_stop")


@contextmanager
def a_desk(url, tmp_path, **options) -> Iterator:
    app = create_app({
        "DATABASE_URL": url, "HEED_DATA_DIR": str(tmp_path), "SECRET_KEY": "k" * 32,
        "WHATSAPP_APP_SECRET": SECRET, "WHATSAPP_VERIFY_TOKEN": "t",
        "SQLALCHEMY_ENGINE_OPTIONS": {**engine_options(url), **options},
    })  # fmt: skip
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def events_of_the_only_customer() -> int:
    return len(ledger.history(only_customer().id))


@pytest.mark.parametrize("left", [0, 3], ids=["of something else", "cut off"])
def test_a_file_that_is_no_whole_database_is_answered_503(sqlite_url, tmp_path, left):
    file = Path(make_url(sqlite_url).database)
    file.write_bytes(file.read_bytes()[: 4096 * left] or b"something else" * 500)
    with a_desk(sqlite_url, tmp_path) as app:
        assert post(app.test_client(), STOP).status_code == 503


@pytest.mark.parametrize("known", [True, False], ids=["of a known customer", "of somebody new"])
def test_fifty_identical_deliveries_at_once_make_one_event(app, known):
    if known:
        with app.app_context():
            a_customer(phone="+1 202 555 0107")
    with ThreadPoolExecutor(50) as crowd:
        answers = list(crowd.map(lambda _: post(app.test_client(), STOP).status_code, range(50)))
    assert set(answers) == {200}
    with app.app_context():
        assert (only_customer().status, events_of_the_only_customer()) == ("opted_out", 1)
        assert decisions() == ["opt_out"]
        assert the_ledger_is_whole()


def test_several_first_messages_of_one_person_at_once_make_one_customer(app):
    bodies = [a_body(says("Hi", message_id=f"wamid.{n}", from_user_id="US.7")) for n in range(10)]
    with ThreadPoolExecutor(10) as crowd:
        answers = list(crowd.map(lambda body: post(app.test_client(), body).status_code, bodies))
    assert set(answers) == {200}
    with app.app_context():
        assert len(only_customer().identities) == 2
        assert decisions() == ["none"] * 10


def test_a_locked_database_is_answered_503_and_the_retry_is_stored(sqlite_url, tmp_path):
    options = engine_options(sqlite_url)
    impatient = {**options["connect_args"], "timeout": 0.1}
    # The very module that the desk uses: locks of a process do not hold between two copies of SQLite.
    writer = sqlite_module().connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    with a_desk(sqlite_url, tmp_path, connect_args=impatient) as app:
        writer.execute("BEGIN IMMEDIATE")
        refused = post(app.test_client(), STOP)
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        writer.execute("ROLLBACK")
        writer.close()
        with app.app_context():
            assert (everybody(), decisions()) == ([], [])
        assert post(app.test_client(), STOP).status_code == 200
        with app.app_context():
            assert only_customer().status == "opted_out"


def test_a_database_out_of_reach_is_answered_503(tmp_path):
    with a_desk(f"postgresql+psycopg://postgres@/heed?host={tmp_path}", tmp_path) as app:
        assert post(app.test_client(), STOP).status_code == 503


@pytest.mark.parametrize("change", [says("STOP"), moves("12025550107", "12025550188")])
def test_a_database_that_goes_away_in_the_middle_of_an_item_makes_no_dead_letter_of_it(app, change):
    def gone(*_: object) -> None:
        event.remove(Identity, "before_insert", gone)
        raise OperationalError("INSERT", {}, Exception("the server closed the connection"))

    event.listen(Identity, "before_insert", gone)
    assert post(app.test_client(), a_body(change)).status_code == 503
    assert post(app.test_client(), a_body(change)).status_code == 200
    with app.app_context():
        [message] = kept()
        assert (message.failure, message.customer_id) == (None, only_customer().id)


@pytest.mark.postgres
def test_two_transactions_that_wait_for_each_other_end_in_a_retry(postgresql_url, tmp_path):
    """Somebody holds Bo and wants Ann; the delivery holds Ann and wants Bo."""
    with a_desk(postgresql_url, tmp_path) as app, _somebody_else(postgresql_url) as other:
        with app.app_context():
            ann, bo = (a_customer(phone=f"+1 202 555 01{n}").id for n in (17, 18))
            a_pair = a_body(*[says("STOP", message_id=f"{n}", **{"from": f"120255501{n}"}) for n in (17, 18)])
        other.execute("UPDATE customers SET name = 'Bo' WHERE id = %s", [bo])
        with ThreadPoolExecutor(1) as meta:
            answer = meta.submit(lambda: post(app.test_client(), a_pair).status_code)
            while not other.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
                assert not answer.done(), "the delivery has to wait for Bo"
            other.execute("UPDATE customers SET name = 'Ann' WHERE id = %s", [ann])
            other.commit()
            assert answer.result() == 200
        with app.app_context():
            assert [(one.name, one.status) for one in everybody()] == [
                ("Ann", "opted_out"),
                ("Bo", "opted_out"),
            ]


@contextmanager
def _somebody_else(url) -> Iterator[psycopg.Connection]:
    """A transaction that waits long enough for the other side to give way."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("SET deadlock_timeout = '1min'")
        yield connection


POISON = {
    "sqlite": ["""CREATE TRIGGER poison BEFORE INSERT ON identities WHEN new.value = '666666666666'
                  BEGIN SELECT RAISE(ABORT, 'poison'); END"""],
    "postgresql": ["""CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN RAISE EXCEPTION 'poison'; END $$""",
                   """CREATE TRIGGER poison BEFORE INSERT ON identities FOR EACH ROW
                      WHEN (new.value = '666666666666') EXECUTE FUNCTION poison()"""],
}  # fmt: skip


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_poisoned_item_never_costs_its_neighbours(app, place):
    """It is kept raw as a dead letter, and its sentence names nobody."""
    with app.app_context():
        for statement in POISON[db.engine.dialect.name]:
            db.session.execute(db.text(statement))
        db.session.commit()
    changes = [says("STOP", message_id="one"), says("STOP", message_id="two", **{"from": "12025550108"})]
    changes.insert(place, says("STOP", message_id="poison", **{"from": "666666666666"}))
    for _ in range(2):
        assert post(app.test_client(), a_body(*changes)).status_code == 200
    with app.app_context():
        expected = ["opt_out", "opt_out"]
        expected.insert(place, "dead")
        assert decisions() == expected
        assert [customer.status for customer in everybody()] == ["opted_out", "opted_out"]
        [letter] = db.session.query(InboundMessage).filter(InboundMessage.failure.is_not(None))
        assert b"666666666666" in letter.raw
        assert "666666666666" not in letter.failure


def test_a_fault_that_names_somebody_is_kept_and_logged_without_the_name(app, caplog):
    with app.app_context():
        for statement in POISON[db.engine.dialect.name]:
            naming = statement.replace("'poison'", "'poison of 12025550107'").replace(
                "identities", "evidence"
            )
            db.session.execute(
                db.text(naming.replace("new.value = '666666666666'", "new.message_id = 'one'"))
            )
        db.session.commit()
    assert post(app.test_client(), a_body(says("STOP", message_id="one"))).status_code == 200
    with app.app_context():
        [letter] = db.session.query(InboundMessage).filter(InboundMessage.failure.is_not(None))
        assert letter.failure.startswith("could not be applied: ")
        letter_id = letter.id
    for told in (letter.failure, caplog.text):
        assert "poison" not in told
        assert "12025550107" not in told
    [told] = [told for told in caplog.messages if "could not be applied" in told]
    assert told.startswith(f"item {letter_id} could not be applied: ")


@pytest.mark.parametrize(
    "broken", [None, 7, "text", [], {}, {"type": "text"}, {"from": "1", "type": "text", "text": 5}]
)
def test_a_broken_piece_never_costs_its_neighbours(app, broken):
    body = a_body(says("STOP"))
    body["entry"][0]["changes"][0]["value"]["messages"].insert(0, broken)
    assert post(app.test_client(), body).status_code == 200
    with app.app_context():
        assert decisions() == ["dead", "opt_out"]
