"""What may stand in a log: kinds, places, numbers of rows. What came in, and what opens a door, may not."""

import dataclasses
import io
import json
import logging
import secrets
import sys
import threading
from collections.abc import Iterator
from logging.config import dictConfig

import psycopg
import pytest
from click.testing import CliRunner
from flask.cli import ScriptInfo
from sqlalchemy.exc import DBAPIError

from tests.factories import a_customer
from tests.log_watch import LogWatch, watching
from webapp import clock, logs
from webapp.accounts import tokens
from webapp.accounts.roles import Role
from webapp.cli import worker
from webapp.config import Settings
from webapp.extensions import db

NUMBER = "5511988124410"


def written(line: str, name: str = "webapp.anything", **extra: object) -> list[str]:
    """What the watch says of this line."""
    watch = LogWatch()
    watch.remember({"text": [{"body": "please leave me alone"}]}, NUMBER)
    watch.handle(logging.LogRecord(name, logging.ERROR, "", 1, line, (), None))
    return watch.faults()


@pytest.mark.parametrize(
    "line",
    [
        "told +55 11 98812-4410",
        "customer 491711234567 is new",
        "asked for /opt-in?q=ana",
        "user BR.13491208655302741918",
        "message wamid.HBgNNTUxMTk4ODEyNDQxMBUCABIYIDNB",
        "mail to ana.souza@example.com",
        "Authorization: Bearer abc",
        "opened /sign-in/x7yT",
        "postgresql://heed:hunter2@db/heed",
        "the text was: please leave me alone",
        f"id={NUMBER}",
        "signed with an app secret",
    ],
)
def test_the_watch_finds(line):
    assert written(line)


@pytest.mark.parametrize(
    "line",
    [
        "item 4711 could not be applied: KeyError at apply, line 12",
        "the time to live of template 610000000000101 is 12 hours now",
        "campaign 12 waits for the database: OperationalError",
        "GET /customers/<int:customer_id> 200 12.5ms",
        "checkpoint: heed/8e9ad27d0e6d7b70 | 1200 | 1790000000.123456",
        "listening at: http://127.0.0.1:8000 (123456)",
    ],
)
def test_the_watch_lets_pass(line):
    assert not written(line)


def test_a_line_that_holds_a_secret_fails_the_test_in_which_it_was_written(log_watch):
    noted = pytest.raises(AssertionError, match="which came in")
    with noted, pytest.MonkeyPatch.context() as patch, watching(patch) as watch:
        token = secrets.token_urlsafe(32)
        watch.check()
        logging.getLogger("webapp.anything").error("drew %s", token)
    log_watch.lines.clear()  # of this test


def test_every_test_is_watched(request):
    assert "log_watch" in request.fixturenames


def test_what_requests_bring_is_remembered(log_watch, client):
    client.get("/sign-in/some-token?next=/some-place")
    client.post("/sign-in", data={"password": "some password"}, headers={"Authorization": "some header"})
    client.post("/webhooks/whatsapp", data='{"entry": [{"body": "some words"}]}')
    logging.getLogger("webapp.anything").error("some password")
    assert log_watch.faults()
    log_watch.lines.clear()
    for value in ("some-token", "/some-place", "some password", "some header", "some words"):
        assert value in log_watch.came_in


@pytest.fixture
def shown() -> Iterator[io.StringIO]:
    """What gunicorn's own lines look like with the shipped settings."""
    settings, stream = logs.of_server("INFO"), io.StringIO()
    settings["handlers"]["stderr"]["stream"] = stream
    del settings["root"]
    dictConfig({**settings, "incremental": False})
    yield stream
    logging.getLogger("gunicorn.error").handlers.clear()


def test_gunicorn_tells_of_requests_without_what_stood_in_them(shown):
    server = logging.getLogger("gunicorn.error")
    server.warning(f"Invalid request from ip=203.0.113.9: Invalid HTTP request line: 'GET /?q={NUMBER}'")
    server.error("Error handling request %s %s", "GET", f"/opt-in?q={NUMBER}")
    server.info("Booting worker with pid: %s", 17)
    assert [json.loads(line)["message"] for line in shown.getvalue().splitlines()] == [
        "Invalid request from ip=203.0.113.9",
        "Error handling request",
        "Booting worker with pid: 17",
    ]


def exception_of(problem: Exception) -> str:
    try:
        raise problem from ValueError(f"not a number: {NUMBER}")
    except Exception as caught:
        record = logging.LogRecord("x", 40, "", 1, "no", (), (type(caught), caught, caught.__traceback__))
    return json.loads(logs.JsonLines().format(record))["exception"]


def test_an_exception_tells_where_and_what_kind_and_not_what_it_says():
    told = exception_of(RuntimeError(f"customer {NUMBER}"))
    assert NUMBER not in told
    assert "builtins.ValueError\n" in told
    assert told.endswith("builtins.RuntimeError")
    assert 'test_logs.py", line' in told


def test_an_exception_of_the_system_tells_its_reason_and_no_path():
    assert exception_of(OSError(28, "ignored", f"/data/{NUMBER}")).endswith(
        "OSError: No space left on device"
    )


def test_a_refused_row_does_not_stand_in_the_exception(app, database_url, log_watch):
    with app.app_context():
        customer = a_customer(phone="+55 11 98812-4410").id
        again = "INSERT INTO identities (customer_id, kind, value, match_key, source, created_at)"
        chosen = " SELECT customer_id, kind, :value, match_key, source, created_at FROM identities"
        with pytest.raises(DBAPIError) as caught:
            db.session.execute(db.text(again + chosen), {"value": NUMBER})
        assert "hidden" in str(caught.value)
        logging.getLogger("webapp.anything").error("%s", customer, exc_info=caught.value)
    line = log_watch.lines[-1][1]
    assert "sqlalchemy.exc.IntegrityError" in line
    assert ("UniqueViolation: 23505" in line) == database_url.startswith("postgresql")
    assert NUMBER not in line


def test_only_the_first_line_of_a_message_is_kept():
    record = logging.LogRecord("asyncio", 40, "", 1, f"Task failed\nfuture: ValueError('{NUMBER}')", (), None)
    assert json.loads(logs.JsonLines().format(record))["message"] == "Task failed"


def test_a_crash_is_logged_with_its_request_and_without_its_path(app, log_watch):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    view = app.view_functions["accounts.sign_in_link"] = lambda **_: 1 / 0
    view.public = True
    answer = app.test_client().get("/sign-in/a-token-that-opens-a-door")
    assert answer.status_code == 500
    crashed = next(line for _, line in log_watch.lines if "crashed" in line)
    assert crashed.startswith("GET /sign-in/<token> crashed\n")
    assert crashed.endswith("builtins.ZeroDivisionError")
    assert "a-token" not in crashed


def test_a_worker_that_is_stopped_by_a_fault_logs_it_without_its_words(app, log_watch, monkeypatch):
    for where in (sys, threading):
        monkeypatch.setattr(where, "excepthook", where.excepthook)  # put back afterwards
    url = "postgresql://heed@127.0.0.1:1/queue"
    app.config["HEED"] = dataclasses.replace(app.config["HEED"], task_queue_url=url)
    assert CliRunner().invoke(worker, obj=ScriptInfo(create_app=lambda: app)).exit_code == 1
    with pytest.raises(psycopg.OperationalError, match="connection to server") as fault:
        psycopg.connect(url)
    thread = threading.current_thread()
    sys.excepthook(fault.type, fault.value, fault.tb)
    threading.excepthook(threading.ExceptHookArgs((fault.type, fault.value, fault.tb, thread)))
    told = [line for name, line in log_watch.lines if name == "heed.crashes"]
    assert [line.splitlines()[-1] for line in told] == ["psycopg.OperationalError"] * 2
    assert "connection to server" not in "".join(told)


def test_each_line_of_a_request_carries_its_id(app):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    logging.getLogger().addHandler(handler)
    answer = app.test_client().get("/sign-in")
    logging.getLogger().removeHandler(handler)
    ids = {json.loads(line)["request_id"] for line in stream.getvalue().splitlines()}
    assert ids == {answer.headers["X-Request-Id"]}


def test_each_line_of_a_request_names_by_number_who_asked_and_refusals_are_warnings(app, desk):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    agent = desk("agent")
    with app.app_context():
        token, secret = tokens.create("shop web", Role.VIEWER, actor="system", now=clock.now())
        db.session.commit()
        program = f"token:{token.id}"
    logging.getLogger().addHandler(handler)
    agent.get("/opt-in")
    agent.get("/users")
    asked = {"Authorization": f"Bearer {secret}"}
    app.test_client().put("/api/v1/customers", headers=asked, json={})
    app.test_client().get("/users")
    logging.getLogger().removeHandler(handler)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    told = [(each["level"], each["message"].rsplit(" ", 1)[0], each["actor"]) for each in lines]
    assert told == [
        ("INFO", "GET /opt-in 200", "user:1"), ("WARNING", "GET /users 403", "user:1"),
        ("WARNING", "PUT /api/v1/customers 403", program), ("INFO", "GET /users 303", ""),
    ]  # fmt: skip


def test_a_method_that_a_client_made_up_is_not_logged(client, log_watch):
    client.open("/sign-in", method=NUMBER)
    assert log_watch.lines[-1][1].startswith("- ")


def test_settings_show_no_secret():
    secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0ISEhISE="
    names = (
        "SECRET_KEY", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN", "WHATSAPP_ACCESS_TOKEN",
        "HEED_SIGNING_KEY", "METRICS_TOKEN",
    )  # fmt: skip
    addresses = {
        "DATABASE_URL": f"postgresql://heed:{secret}@db/heed",
        "TASK_QUEUE_URL": f"redis://:{secret}@queue/0",
        "HEED_CHECKPOINT_URL": f"https://keeper.example/?key={secret}",
    }
    shown = repr(Settings.from_environ(dict.fromkeys(names, secret) | addresses))
    assert "secret!!!!!" not in shown
    assert secret not in shown
