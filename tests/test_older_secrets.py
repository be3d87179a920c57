"""Endpoints of an older desk sign as before after an update, and their secrets are in clear nowhere."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url, select, text

from tests.older import put
from webapp import create_app, database
from webapp.backups import manifest
from webapp.backups.commands import restore_command
from webapp.endpoints import keyring, worker
from webapp.endpoints.models import Endpoint, EndpointMessage
from webapp.extensions import db

NOW = datetime(2026, 11, 20, 9, 0, 5, tzinfo=UTC)
KEY = "a secret key of thirty-two bytes or more"
SECRET, OLD = (f"whsec_{sign * 43}=" for sign in "Ab")
ENDPOINT = {
    "key": "0f", "url": "https://shop.example/hooks", "types": "[]", "with_phone": False, "cursor": 0,
    "notes_cursor": 0, "off_reason": "", "version": 1, "created_at": NOW, "created_by": "user:1",
}  # fmt: skip
MESSAGE = {
    "endpoint_id": 1, "webhook_id": "msg_0f_1", "type": "consent.changed", "payload": "{}",
    "state": "waiting", "attempts": 0, "tries": 0, "due_at": NOW, "created_at": NOW, "answer": "",
    "failure": "",
}  # fmt: skip
ROWS = [
    ("endpoints", {"id": 1, "name": "Shop", "secret": SECRET, "old_secret": OLD, "old_secret_until": NOW}),
    ("endpoints", {"id": 2, "name": "Till", "secret": OLD}),
    ("endpoint_messages", {"id": 1}),
]


@pytest.fixture
def older(older_url):
    """A desk of the version before, with two endpoints and a message."""
    database.migrate(older_url, "0025")
    engine = database.open_engine(older_url)
    with engine.begin() as connection:
        for name, given in ROWS:
            put(connection, name, (ENDPOINT if name == "endpoints" else MESSAGE) | given)
    engine.dispose()
    return older_url


def test_they_sign_as_before_and_no_message_is_lost(older, tmp_path):
    database.migrate(older, secret_key=KEY)
    app = create_app({"DATABASE_URL": older, "HEED_DATA_DIR": str(tmp_path), "SECRET_KEY": KEY}, web=False)
    with app.app_context():
        shop, till = db.session.scalars(select(Endpoint).order_by(Endpoint.id))
        before = NOW.replace(hour=8)
        assert (keyring.signing_now(shop, before), keyring.signing_now(till, before)) == (
            (SECRET, OLD),
            (OLD,),
        )
        assert keyring.signing_now(shop, NOW) == (SECRET,)
        assert db.session.scalars(select(EndpointMessage.webhook_id)).all() == ["msg_0f_1"]
        db.session.remove()
        db.engine.dispose()


def test_what_stood_in_clear_is_in_no_file_of_the_table_any_more(older):
    assert stored(older).count(b"A" * 43) >= 1
    database.migrate(older, secret_key=KEY)
    after = stored(older)
    assert b"gAAAAA" in after
    for secret in (SECRET, OLD):
        assert secret.encode() not in after


def stored(url: str) -> bytes:
    """The bytes of the whole database on SQLite, of the table on PostgreSQL."""
    if database.is_sqlite(url):
        file = Path(make_url(url).database)
        return b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    engine = database.open_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        read = connection.scalar(text("SELECT pg_read_binary_file(pg_relation_filepath('endpoints'))"))
    engine.dispose()
    return bytes(read)


@pytest.mark.parametrize("known", [True, False], ids=["the worker knows the key", "nobody does"])
def test_an_update_without_a_key_leaves_them_open_until_the_worker_locks_them(older, tmp_path, known):
    database.migrate(older)
    place = {"DATABASE_URL": older, "HEED_DATA_DIR": str(tmp_path), "SECRET_KEY": KEY if known else ""}
    app = create_app(place, web=False)
    before = NOW.replace(hour=8)
    assert secrets_of(app, before) == [(SECRET, OLD), (OLD,)]
    for _ in range(2):
        worker.sweep(app)
    assert secrets_of(app, before) == [(SECRET, OLD), (OLD,)]
    with app.app_context():
        kept = db.session.execute(select(Endpoint.locked_secret, Endpoint.locked_old_secret)).all()
        db.session.remove()
        db.engine.dispose()
    locked = [secret.startswith("gAAAAA") for row in kept for secret in row if secret]
    assert locked == [known] * 3


def secrets_of(app, now):
    with app.app_context():
        found = db.session.scalars(select(Endpoint).order_by(Endpoint.id))
        signing = [keyring.signing_now(endpoint, now) for endpoint in found]
        db.session.remove()
    return signing


@pytest.mark.parametrize("older_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("key", ["", KEY])
def test_an_older_backup_is_restored_with_or_without_the_key(older, tmp_path, key):
    folder = tmp_path / "backup"
    folder.mkdir()
    made = manifest.Manifest("0.1.0", "0025", "sqlite", NOW)
    manifest.keep(made, folder, manifest.SQLITE, Path(make_url(older).database))
    made.write(folder)
    place = {"DATABASE_URL": f"sqlite:///{tmp_path / 'new.db'}", "HEED_DATA_DIR": str(tmp_path / "new")}
    app = create_app(place | {"SECRET_KEY": key}, web=False)
    done = app.test_cli_runner().invoke(restore_command, [str(folder)])
    assert done.exit_code == 0, done.output
    assert "Endpoints whose secret cannot be read" not in done.output
    assert (tmp_path / "new.db").exists()


def test_a_desk_without_endpoints_needs_no_key(older_url):
    database.migrate(older_url, "0025")
    database.migrate(older_url)
