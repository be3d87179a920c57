"""What the platform asks: alive, ready, how it fares; and how a wrong start ends."""

import os
import runpy
import subprocess
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.cli import ScriptInfo
from sqlalchemy import event, text

from tests.factories import a_customer
from webapp import clock, create_app, tasks
from webapp.accounts import housekeeping
from webapp.cli import heed
from webapp.consent import policy
from webapp.consent.commands import keywords_group
from webapp.consent.rules import Status
from webapp.database import engine_options, open_engine
from webapp.extensions import db

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK, ELSEWHERE = "127.0.0.1", "203.0.113.9"


def test_the_process_answers(client):
    assert client.get("/healthz").json == {"status": "ok"}


def test_ready_with_a_migrated_database_whether_a_worker_runs_or_not(client, app):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json["worker"].startswith("never seen")
    tasks.run(app, tasks.beat)
    answer = client.get("/readyz").json
    assert answer["worker"].startswith("seen ")
    assert answer["queue"] == "0 waiting"


def test_not_ready_before_the_migration(tmp_path):
    app = create_app(
        {"DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}", "HEED_DATA_DIR": tmp_path}, web=False
    )
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["migrations"]) == (503, "The database is empty: run heed init.")
    with app.app_context():
        db.engine.dispose()


def test_not_ready_with_an_older_schema(client, app):
    with app.app_context():
        db.session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        db.session.commit()
    assert client.get("/readyz").status_code == 503


@pytest.mark.parametrize(
    ("sentence", "token", "given", "address", "forwarded", "status"),
    [
        ("loopback may without a token", "", "", LOOPBACK, "", 200),
        ("others may not", "", "", ELSEWHERE, "", 403),
        ("a proxy on this machine speaks for others", "", "", LOOPBACK, ELSEWHERE, 403),
        ("the token opens it", "secret", "Bearer secret", ELSEWHERE, "", 200),
        ("another token does not", "secret", "Bearer other", ELSEWHERE, "", 403),
        ("with a token set, loopback needs it too", "secret", "", LOOPBACK, "", 403),
        ("an empty token never matches", "", "Bearer ", ELSEWHERE, "", 403),
    ],
)
def test_who_may_read_the_metrics(sqlite_url, tmp_path, sentence, token, given, address, forwarded, status):
    config = {"DATABASE_URL": sqlite_url, "HEED_DATA_DIR": tmp_path, "METRICS_TOKEN": token}
    app = create_app(config, web=False)
    headers = {"Authorization": given} | ({"X-Forwarded-For": forwarded} if forwarded else {})
    answer = app.test_client().get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status, sentence
    with app.app_context():
        db.engine.dispose()


def test_the_metrics_count_customers_by_status(client, app):
    with app.app_context():
        a_customer(status=Status.OPTED_OUT)
    assert 'heed_customers{status="opted_out"} 1.0' in client.get("/metrics").text


def test_tidying_takes_what_is_over_and_leaves_the_rest(app):
    with app.app_context():
        now = clock.now()
        insert = "INSERT INTO sign_in_failures (account, address, at) VALUES ('a', 'b', :at)"
        for days in (0, 2):
            db.session.execute(text(insert), {"at": now.replace(year=now.year - days)})
        db.session.commit()
    tasks.run(app, housekeeping.tidy)
    with app.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM sign_in_failures")) == 1


def run(*command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=known | environ,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({}, "SECRET_KEY is not set; the web part needs it."),
        ({"PORT": "eighty"}, "PORT must be a whole number from 1 to 65535."),
    ],
)
def test_the_web_part_stops_with_one_sentence(tmp_path, environ, sentence):
    """Without --bind, for then gunicorn reads PORT, too."""
    ended = run("gunicorn", "webapp:create_app()", HEED_DATA_DIR=str(tmp_path), **environ)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_command_stops_with_one_sentence(tmp_path):
    ended = run("webapp", "init", HEED_DATA_DIR=str(tmp_path), LOG_LEVEL="LOUD")
    assert (ended.returncode, ended.stderr) == (
        2,
        "LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL.\n",
    )


def test_the_command_tells_the_version_of_heed_and_not_of_its_parts():
    told = CliRunner().invoke(heed, ["--version"])
    assert told.output == f"Heed, version {version('heed')}\n"


def test_a_new_desk_from_the_command_line(tmp_path):
    environ = {"HEED_DATA_DIR": str(tmp_path)}
    assert run("webapp", "init", **environ).returncode == 0
    assert run("webapp", "init", **environ).returncode == 0, "safe to repeat"
    made = run("webapp", "token", "add", "shop", "--role", "agent", **environ)
    assert len(made.stdout.split()) == 1, "the token alone on standard output"
    assert run("webapp", "ledger", "verify", **environ).returncode == 0
    words = tmp_path / "words.json"
    words.write_text('{"opt_out": ["stop", "parar"], "opt_in": ["start"]}', encoding="utf-8")
    assert run("webapp", "keywords", "set", str(words), **environ).returncode == 0
    assert '"PARAR"' in run("webapp", "keywords", "show", **environ).stdout


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("{", 2, "is not JSON"),
        ('["STOP"]', 2, "Expected"),
        ('{"opt_out": "STOP", "opt_in": []}', 2, "Expected"),
        ('{"opt_out": [], "opt_in": ["START"]}', 1, "at least one opt-out keyword"),
        ('{"opt_out": ["STOP"], "opt_in": ["stop"]}', 1, "in both lists"),
    ],
)
def test_keywords_that_cannot_be_are_refused(app, tmp_path, content, code, words):
    file = tmp_path / "words.json"
    file.write_text(content, encoding="utf-8")
    ended = CliRunner().invoke(keywords_group, ["set", str(file)], obj=ScriptInfo(create_app=lambda: app))
    assert ended.exit_code == code
    assert words in ended.stderr
    with app.app_context():
        assert policy.current().opt_out_words == ["STOP"]


@pytest.mark.parametrize("url", ["sqlite:///heed.db", "postgresql+psycopg://postgres@/heed"])
def test_each_thread_of_the_web_part_can_have_a_connection(url, monkeypatch):
    """Else whoever stores a delivery waits for pages that are slow."""
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    threads = runpy.run_path("gunicorn.conf.py")["threads"]
    pool = engine_options(url, web=True)
    assert pool["pool_size"] + pool["max_overflow"] >= threads


def test_who_comes_alone_gets_the_connection_that_was_used_last(database_url):
    """It has the pages and the statements; else each of them keeps as much, and all grow for hours."""
    engine = open_engine(database_url)
    crowd = [engine.raw_connection() for _ in range(3)]
    last = crowd[-1].driver_connection
    for connection in crowd:
        connection.close()
    for _ in crowd:
        with closing(engine.raw_connection()) as connection:
            assert connection.driver_connection is last
    engine.dispose()


def test_the_first_beat_may_come_twice_in_one_moment(app, database_url):
    """From two threads of a worker, or from two workers."""
    if not database_url.startswith("postgresql"):
        return  # SQLite has one writer at a time
    other = open_engine(database_url)

    @event.listens_for(tasks.Heartbeat, "before_insert")
    def somebody_is_faster(*_):
        with other.begin() as connection:
            connection.execute(text("INSERT INTO heartbeats (name, at) VALUES ('worker', now())"))

    try:
        tasks.run(app, tasks.beat)
    finally:
        event.remove(tasks.Heartbeat, "before_insert", somebody_is_faster)
        other.dispose()
    tasks.run(app, tasks.beat)
    with app.app_context():
        assert tasks.last_beat() is not None
