"""`heed move`: everything and exactly, or nothing; from SQLite to an empty PostgreSQL."""

import sqlite3
from pathlib import Path

import pytest
from click.testing import Result
from psycopg import sql
from sqlalchemy import create_engine, func, select, text

from tests.consent.sealing import sealed
from tests.factories import a_customer
from tests.moving import full_desk
from webapp import create_app, database
from webapp.campaigns import switch
from webapp.cli import heed
from webapp.consent.commands import ledger_group
from webapp.consent.sealing.models import Seal
from webapp.customers.models import Customer
from webapp.customers.tags import tags
from webapp.extensions import db
from webapp.moving import copying, target
from webapp.moving.commands import move_command
from webapp.tables import METADATA

pytestmark = pytest.mark.postgres
SHAPE = (target.FOREIGN_KEYS, target.INDEXES)


@pytest.fixture
def database_url(sqlite_url):
    """A desk moves from SQLite."""
    return sqlite_url


@pytest.fixture
def move(app, postgresql_url):
    def run(*options: str, to: str = postgresql_url) -> Result:
        """As from a shell, where the version is looked at before the command begins."""
        full_desk.put_away(app)
        return app.test_cli_runner().invoke(heed, ["move", "--to", to, *options])

    return run


@pytest.fixture
def moved(postgresql_url, tmp_path):
    """The application on the new database, with the same data folder."""
    app = create_app({"DATABASE_URL": postgresql_url, "HEED_DATA_DIR": str(tmp_path)}, web=False)
    yield app
    full_desk.put_away(app)


def rows(url: str) -> dict[str, list]:
    """What the application reads of each table, by its own column types."""
    engine = database.open_engine(url)
    with engine.connect() as connection:
        found = {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in METADATA.sorted_tables
        }
    engine.dispose()
    return found


def shape(url: str) -> list[list]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [sorted(connection.execute(query, {"tables": list(METADATA.tables)})) for query in SHAPE]
    engine.dispose()
    return found


def is_empty(url: str) -> bool:
    left = {name for name, found in rows(url).items() if found}
    return left == set(target.WRITTEN_BY_MIGRATIONS)


def test_every_table_moves_exactly_and_the_ledger_is_as_whole_as_before(
    app, move, moved, sqlite_url, postgresql_url, tmp_path
):
    full_desk.fill(app)
    with app.app_context():
        chain = db.session.scalars(select(Seal.chain).order_by(Seal.number)).all()
        assert sealed.fault() is None
    kept = tmp_path / "kept.log"
    kept.write_bytes((tmp_path / "checkpoints.log").read_bytes())
    full_desk.put_away(app)
    before, made = rows(sqlite_url), shape(postgresql_url)
    assert [name for name, found in before.items() if not found] == []

    result = move()

    assert result.exit_code == 0, result.output
    after = rows(postgresql_url)
    checks = len(before["ledger_checks"])
    assert len(after.pop("ledger_checks")) == checks + 1
    before.pop("ledger_checks")
    assert after == before
    assert shape(postgresql_url) == made
    assert "The ledger is whole" in result.stderr
    with moved.app_context():
        assert db.session.scalars(select(Seal.chain).order_by(Seal.number)).all() == chain
    verified = moved.test_cli_runner().invoke(ledger_group, ["verify", "--checkpoint", str(kept)])
    assert verified.exit_code == 0, verified.output


def test_the_desk_goes_on_where_it_is_now(app, move, moved):
    with app.app_context():
        old = a_customer()
        sealed.stop(old, 5)
        last = old.id
    assert move().exit_code == 0
    with moved.app_context():
        new = a_customer("Ben")
        sealed.stop(new, 9)
        assert new.id == last + 1
        assert sealed.fault() is None


def test_what_was_deleted_before_it_moved_does_not_lend_its_id_afterwards(app, move, moved):
    with app.app_context():
        tags.set_tags(a_customer(), ["kept", "gone"])
        gone = tags.find("gone")
        gone_id = gone.id
        tags.delete(gone)
        db.session.commit()
    assert move().exit_code == 0
    with moved.app_context():
        tags.set_tags(a_customer("Ben"), ["new"])
        assert tags.find("new").id == gone_id + 1


def test_the_ledger_of_the_new_database_refuses_changes(app, move, moved):
    with app.app_context():
        sealed.stop(a_customer(), 5)
    assert move().exit_code == 0
    with moved.app_context(), pytest.raises(Exception, match="append-only"):
        db.session.execute(text("DELETE FROM consent_events"))


def test_the_old_desk_is_left_as_it_was(app, move, sqlite_url):
    full_desk.fill(app)
    before = rows(sqlite_url)
    result = move()
    assert rows(sqlite_url) == before
    assert "Sending is still on in the old database" in result.stderr


def test_sending_is_switched_off_in_the_old_desk_if_the_person_says_so(app, move, moved):
    assert move("--switch-off-old").exit_code == 0
    with app.app_context():
        assert not switch.current().enabled
    with moved.app_context():
        assert switch.current().enabled


@pytest.mark.parametrize("act", ["SELECT 1 FROM customers", "BEGIN IMMEDIATE"])
def test_a_desk_that_somebody_has_open_does_not_move(app, move, sqlite_url, postgresql_url, act):
    """An idle connection of the web part is enough: the next webhook would be stored behind our back."""
    web = database.sqlite_module().connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    web.execute(act).fetchall()
    result = move()
    web.close()
    assert result.exit_code == 1
    assert "stop the web part and the worker" in result.stderr
    assert is_empty(postgresql_url)


def test_nobody_opens_the_desk_while_it_moves(app, move, sqlite_url, monkeypatch):
    heard = []

    def knock(url: str) -> None:
        other = database.sqlite_module().connect(sqlite_url.removeprefix("sqlite:///"), timeout=0)
        try:
            other.execute("SELECT * FROM customers").fetchall()
        except database.sqlite_module().OperationalError as refusal:
            heard.append(str(refusal))
        other.close()
        prepare(url)

    prepare = target.prepare
    monkeypatch.setattr(target, "prepare", knock)
    assert move().exit_code == 0
    assert heard == ["database is locked"]


def test_a_database_that_holds_anything_is_not_written_over(app, move, moved, postgresql_url):
    with moved.app_context():
        a_customer("Already here")
    full_desk.put_away(moved)
    before = rows(postgresql_url)
    result = move()
    assert result.exit_code == 1
    assert "is not empty" in result.stderr
    assert rows(postgresql_url) == before


def test_a_desk_moves_once(app, move):
    with app.app_context():
        a_customer()
    assert move().exit_code == 0
    assert "is not empty" in move().stderr


def test_a_database_without_tables_is_made_ready(app, move, postgresql_server):
    postgresql_server.execute(sql.SQL("CREATE DATABASE {}"), "bare")
    assert move(to=postgresql_server.url("bare")).exit_code == 0
    assert is_empty_but_checked(postgresql_server.url("bare"))
    postgresql_server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)"), "bare")


def is_empty_but_checked(url: str) -> bool:
    left = {name for name, found in rows(url).items() if found}
    return left == {*target.WRITTEN_BY_MIGRATIONS, "ledger_checks"}


@pytest.mark.parametrize(
    ("to", "sentence", "code"),
    [
        ("sqlite:////tmp/other.db", "must name a PostgreSQL database", 1),
        ("mysql://root@localhost/heed", "must be a sqlite:// or postgresql:// URL", 2),
        ("nonsense", "is not a database URL", 2),
        ("postgresql://nobody@127.0.0.1:1/heed", "cannot be used", 1),
    ],
)
def test_only_a_reachable_postgresql_is_a_place_to_move_to(app, move, to, sentence, code):
    result = move(to=to)
    assert (result.exit_code, sentence in result.stderr) == (code, True), result.stderr


def test_text_in_another_encoding_is_refused(app, move, postgresql_server):
    make = sql.SQL("CREATE DATABASE {} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    postgresql_server.execute(make, "latin")
    result = move(to=postgresql_server.url("latin"))
    postgresql_server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)"), "latin")
    assert "ENCODING 'UTF8'" in result.stderr


def test_a_desk_on_postgresql_has_moved_already(postgresql_url, moved):
    result = moved.test_cli_runner().invoke(move_command, ["--to", postgresql_url])
    assert "from SQLite only" in result.stderr


def test_a_desk_that_does_not_exist_is_not_made(tmp_path, postgresql_url):
    nowhere = create_app(
        {"DATABASE_URL": f"sqlite:///{tmp_path / 'no.db'}", "HEED_DATA_DIR": str(tmp_path)}, web=False
    )
    result = nowhere.test_cli_runner().invoke(move_command, ["--to", postgresql_url])
    assert "There is no desk to move" in result.stderr
    assert not Path(tmp_path / "no.db").exists()


def test_an_older_desk_is_brought_to_the_newest_version_first(app, postgresql_url, sqlite_url):
    edit(sqlite_url, "UPDATE alembic_version SET version_num = '0001'")
    result = app.test_cli_runner().invoke(move_command, ["--to", postgresql_url])
    assert "run heed init first" in result.stderr


@pytest.mark.parametrize(
    ("damage", "table"),
    [
        ("UPDATE customers SET name = 'a' || char(0) || 'b'", "customers"),
        ("UPDATE identities SET value = printf('%300d', 1)", "identities"),
        ("UPDATE customers SET name = CAST(x'ff' AS TEXT)", "customers"),
        ("UPDATE identities SET customer_id = 4711", "identities"),
        ("UPDATE customers SET version = 3000000000", "customers"),
        ("UPDATE customers SET created_at = '2026-11-20T12:00:00Z'", "customers"),
    ],
    ids=["NUL", "too long", "not UTF-8", "a reference to nothing", "too large", "a time in another form"],
)
def test_what_postgresql_cannot_hold_is_named_and_nothing_has_moved(
    app, move, sqlite_url, postgresql_url, damage, table
):
    """And once it is repaired, the second try works: nothing of the first is left."""
    with app.app_context():
        a_customer()
    full_desk.put_away(app)
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    sound = file.read_bytes()
    edit(sqlite_url, damage)
    made = shape(postgresql_url)
    result = move()
    assert result.exit_code == 1
    assert table in result.stderr
    assert is_empty(postgresql_url)
    assert shape(postgresql_url) == made
    file.write_bytes(sound)
    assert move().exit_code == 0


@pytest.mark.parametrize("step", ["copy", "compare"])
def test_after_a_crash_nothing_has_moved_and_the_second_try_works(
    app, move, postgresql_url, monkeypatch, step
):
    """The connection is cut while everything is on its way, as when the machine or either process dies."""
    with app.app_context():
        a_customer()
    real = getattr(copying, step)

    def cut(here, there, metadata):
        owner = database.open_engine(postgresql_url)
        with owner.connect() as elsewhere:
            process = there.connection.driver_connection.info.backend_pid
            elsewhere.execute(select(func.pg_terminate_backend(process)))
        owner.dispose()
        return real(here, there, metadata)

    monkeypatch.setattr(copying, step, cut)
    result = move()
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert is_empty(postgresql_url)
    monkeypatch.undo()
    assert move().exit_code == 0


def edit(url: str, statement: str) -> None:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as owner:
        owner.execute("PRAGMA foreign_keys=OFF")
        for (name,) in owner.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            owner.execute(f'DROP TRIGGER "{name}"')
        owner.execute(statement)
    owner.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    owner.close()


def test_a_fault_of_the_ledger_moves_along_and_is_told(app, move, sqlite_url):
    with app.app_context():
        sealed.three_seals()
    full_desk.put_away(app)
    edit(sqlite_url, "UPDATE consent_events SET actor = 'somebody' WHERE id = 2")
    result = move()
    assert result.exit_code == 1
    assert "The copy is exact: the old database has this fault, too." in result.stderr


def test_merged_customers_stand_in_for_each_other_still(app, move, moved):
    with app.app_context():
        first, second = a_customer("Ana"), a_customer("Ana Souza")
        first.merged_into_id = second.id  # the older row points to the newer
        db.session.commit()
        pair = first.id, second.id
    assert move().exit_code == 0
    with moved.app_context():
        assert db.session.scalar(select(Customer.merged_into_id).where(Customer.id == pair[0])) == pair[1]
        assert db.session.scalar(select(func.count(Customer.id))) == 2


def test_a_desk_that_moved_is_no_copy_of_itself(app, move, moved):
    """It lives elsewhere now, and somebody meant it to."""
    with app.app_context(), database.writing():
        switch.settle_in()
        db.session.commit()
    assert move().exit_code == 0
    with moved.app_context():
        assert switch.unconfirmed(switch.current()) == ""
