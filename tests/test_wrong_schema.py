"""A Heed that does not fit the database touches nothing: pages and webhooks wait, the worker ends."""

import signal
import sys
import time

import pytest
from click.testing import CliRunner
from flask.cli import ScriptInfo
from sqlalchemy import text

from tests.whatsapp.deliveries import a_body
from tests.whatsapp.posting import kept, only_customer, post, says
from webapp import __main__, database, schema
from webapp.cli import heed
from webapp.extensions import db

NEWER, OLDER = "9999", "0001"


@pytest.fixture(autouse=True)
def a_web_part_that_looks(app):
    del app.extensions["heed-schema"]


def migrated_to(app, version: str) -> None:
    """Somebody else's Heed has migrated the database."""
    with app.app_context():
        db.session.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
        db.session.commit()


@pytest.mark.parametrize(("version", "advice"), [(NEWER, "Install that one again"), (OLDER, "run heed init")])
def test_pages_webhooks_and_programs_are_answered_503_and_nothing_is_stored(app, client, version, advice):
    newest = database.newest_version()
    migrated_to(app, version)
    for path in ("/opt-in", "/sign-in", "/customers", "/status", "/metrics"):
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (503, "text/plain"), path
        assert advice in answer.text
    program = client.get("/api/v1/customers", headers={"Authorization": "Bearer heed_x"})
    assert (program.status_code, program.mimetype) == (503, "application/problem+json")
    assert post(client, a_body(says("STOP"))).status_code == 503
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["database"]) == (503, "ok")
    assert advice in ready.json["migrations"]
    with app.app_context():
        assert kept() == []
        db.session.remove()
    migrated_to(app, newest)
    assert post(client, a_body(says("STOP"))).status_code == 200, "WhatsApp sends it again"
    with app.app_context():
        assert only_customer().status == "opted_out"


def test_a_web_part_that_runs_notices_a_newer_database_after_a_while(app, client, monkeypatch):
    assert client.get("/sign-in").status_code == 200
    migrated_to(app, NEWER)
    assert client.get("/sign-in").status_code == 200, "it looked a moment ago"
    later = time.monotonic() + schema.LOOKED_AT_EACH
    monkeypatch.setattr(schema.time, "monotonic", lambda: later)
    assert client.get("/sign-in").status_code == 503


def test_a_database_out_of_reach_is_not_called_a_wrong_one(app, client, monkeypatch):
    def gone(_engine):
        raise database.OUT_OF_REACH[0]("SELECT", {}, OSError("gone"))

    monkeypatch.setattr(schema, "version", gone)
    assert client.get("/readyz").json == {"database": "out of reach", "migrations": "unknown"}
    assert client.get("/sign-in").status_code == 200, "the page needs no database"


COMMANDS = ["worker", "export {}/all.csv", "user add new@example.com --role admin", "keywords show", "audit"]


@pytest.mark.parametrize("version", [NEWER, OLDER])
@pytest.mark.parametrize("command", COMMANDS)
def test_worker_and_commands_do_not_begin(app, tmp_path, command, version):
    migrated_to(app, version)
    words = command.format(tmp_path).split()
    ended = CliRunner().invoke(heed, words, obj=ScriptInfo(create_app=lambda: app))
    assert ended.exit_code == 1
    assert version in ended.stderr


def test_help_is_given_on_any_database(app):
    migrated_to(app, NEWER)
    ended = CliRunner().invoke(heed, ["export", "--help"], obj=ScriptInfo(create_app=lambda: app))
    assert ended.exit_code == 0


def test_a_worker_that_runs_ends_when_the_database_is_migrated_by_a_newer_one(app, monkeypatch):
    signals = []
    monkeypatch.setattr(schema.os, "kill", lambda _process, number: signals.append(number))
    schema.leave(app)
    assert signals == []
    migrated_to(app, NEWER)
    schema.leave(app)
    assert signals == [signal.SIGTERM]


def test_init_says_in_one_sentence_that_it_does_not_know_the_database(app, monkeypatch, database_url, capsys):
    migrated_to(app, NEWER)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("HEED_DATA_DIR", str(app.config["HEED"].data_dir))
    monkeypatch.setattr(sys, "argv", ["heed", "init"])
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert str(ended.value.code).startswith("The database has version 9999")
