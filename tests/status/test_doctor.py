"""`heed doctor`: all that can be wrong, what to do, and never a secret or a number."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask.cli import ScriptInfo
from sqlalchemy import text

from tests.factories import a_customer
from tests.fakes import Script, ScriptedGraph
from tests.listener import Listener
from webapp import clock, create_app, tasks
from webapp.config import Settings
from webapp.consent.rules import Status
from webapp.extensions import db
from webapp.status import graph_check
from webapp.status.commands import doctor_command
from webapp.status.line import BAD, GOOD, WARNING
from webapp.whatsapp.models import AccountSignalRow

TOKEN, NUMBER = "EAAG-very-secret", "106540352242922"
ACCOUNT = {
    "WHATSAPP_ACCESS_TOKEN": TOKEN, "WHATSAPP_PHONE_NUMBER_ID": NUMBER, "WHATSAPP_BUSINESS_ACCOUNT_ID": "2",
}  # fmt: skip


def doctor(app, *options: str):
    return CliRunner().invoke(doctor_command, options, obj=ScriptInfo(create_app=lambda: app))


def checks(app, *options: str) -> dict[str, dict[str, str]]:
    ended = doctor(app, "--json", "--offline", *options)
    found = json.loads(ended.stdout)
    graded = [check["grade"] for check in found["checks"]]
    assert found["faults"] == graded.count("fault")
    assert found["warnings"] == graded.count("warning")
    assert ended.exit_code == (1 if found["faults"] else 0)
    return {check["id"]: check for check in found["checks"]}


def test_every_check_has_a_grade_and_what_is_not_well_says_what_to_do(app):
    found = checks(app)
    assert {
        "environment", "migrations", "database", "clock", "production", "files", "disk", "secrets", "webhook",
        "access", "templates", "dead", "reviews", "sending", "worker", "queue", "audit", "ledger", "seals",
        "signing-key",
    } - {"database"} <= found.keys()  # fmt: skip
    for check in found.values():
        assert check["words"]
        assert bool(check["advice"]) == (check["grade"] != "ok"), check
    assert found["worker"]["grade"] == "fault"


def test_the_settings_of_the_database_are_among_them(app):
    found = checks(app)
    careless = {f"database-{name}" for name in ("fsync", "full_page_writes", "synchronous_commit")}
    if app.config["HEED"].database_url.startswith("postgresql"):
        assert careless <= found.keys()
        assert {found[name]["grade"] for name in careless} == {"fault"}
    else:
        assert found["database"]["grade"] == "ok"


def test_a_desk_without_a_fault_ends_with_0_and_a_warning_is_none(sqlite_url, tmp_path):
    app = create_app({"DATABASE_URL": sqlite_url, "HEED_DATA_DIR": str(tmp_path)}, web=False)
    tasks.run(app, tasks.beat)
    ended = doctor(app, "--offline")
    assert ended.exit_code == 0, ended.output
    assert "ok       Migrations: " in ended.stdout
    assert "warning  Webhook: None has come yet.\n         → " in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("0 faults, ")
    with app.app_context():
        db.engine.dispose()


def test_a_database_of_another_version_is_the_fault_and_the_machine_is_checked_all_the_same(app):
    with app.app_context():
        db.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        db.session.commit()
    found = checks(app)
    assert "9999" in found["migrations"]["words"]
    assert {"files", "disk", "secrets"} <= found.keys()
    assert "worker" not in found


@pytest.mark.parametrize(
    "url", ["postgresql://heed:hunter2@127.0.0.1:9/heed", "sqlite:////not/there/heed.db"]
)
def test_a_database_out_of_reach_is_a_fault_and_no_crash(tmp_path, url):
    app = create_app({"DATABASE_URL": url, "HEED_DATA_DIR": str(tmp_path)}, web=False)
    ended = doctor(app, "--offline")
    assert ended.exit_code == 1
    assert "fault    Migrations: The database is out of reach" in ended.stdout
    assert "hunter2" not in ended.output


def test_a_damaged_database_is_a_fault_and_no_crash(tmp_path):
    (tmp_path / "heed.db").write_bytes(b"something else" * 500)
    ended = doctor(create_app({"HEED_DATA_DIR": str(tmp_path)}, web=False), "--offline")
    assert ended.exit_code == 1
    assert "fault    Migrations: The database file is damaged" in ended.stdout
    assert "heed restore BACKUP --replace" in ended.stdout


def test_no_secret_and_no_number_is_shown(database_url, tmp_path):
    secrets = {"SECRET_KEY": "short but secret", "METRICS_TOKEN": "guess-me",
               "WHATSAPP_APP_SECRET": "a-secret",
               "HEED_ALARM_URL": "https://alarm.test/T0/key-in-the-path"}  # fmt: skip
    config = {"DATABASE_URL": database_url, "HEED_DATA_DIR": str(tmp_path), **secrets, **ACCOUNT}
    app = create_app(config, web=False)
    with app.app_context():
        customer = a_customer("Zoë Quill", Status.OPTED_OUT)
        shown = customer.phone_display
        signal = {"subject": "alert", "tone": "bad", "sentence": f"Alert of {shown}.", "told_at": clock.now()}
        db.session.add(AccountSignalRow(**signal))
        db.session.commit()
        db.session.remove()
    with ScriptedGraph() as graph:
        graph.failure = Script.error(190, 401)
        app.config["HEED"] = Settings.from_environ(config | {"GRAPH_API_URL": graph.url})
        said = "".join(doctor(app, *options).output for options in ((), ("--json",)))
    for private in (*secrets.values(), TOKEN, NUMBER, "Zoë", shown):
        assert private not in said
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def graph():
    with ScriptedGraph() as graph:
        yield graph


def asked(graph, failure: Script | None = None, *, late: timedelta = timedelta(0), **environ: str):
    """(tone, words, advice) of WhatsApp's answer, and the tone of the clock's."""
    graph.failure = failure
    settings = Settings.from_environ({"GRAPH_API_URL": graph.url, **ACCOUNT, **environ})
    found = {line.id: line for line in graph_check.lines(settings, clock.now() + late)}
    answer, moment = found["graph"], found.get("graph-clock")
    return answer.tone, answer.words, answer.advice, moment.tone if moment else None


def test_a_token_that_sees_the_number_is_good(graph):
    assert asked(graph)[::3] == (GOOD, GOOD)


@pytest.mark.parametrize(
    ("code", "http", "tone", "advice"),
    [
        (190, 401, BAD, "WHATSAPP_ACCESS_TOKEN"),
        (0, 401, BAD, "WHATSAPP_ACCESS_TOKEN"),
        (100, 400, BAD, "WHATSAPP_PHONE_NUMBER_ID"),
        (33, 400, BAD, "WHATSAPP_PHONE_NUMBER_ID"),
        (10, 403, BAD, "whatsapp_business_messaging"),
        (200, 403, BAD, "whatsapp_business_messaging"),
        (299, 403, BAD, "whatsapp_business_messaging"),
        (4, 400, WARNING, "later"),
        (131031, 403, BAD, "WhatsApp Manager"),
        (1, 503, WARNING, "later"),
    ],
)
def test_each_refusal_says_what_to_do(graph, code, http, tone, advice):
    found = asked(graph, Script.error(code, http))
    assert found[0] == tone
    assert f"(code {code})" in found[1]
    assert advice in found[2]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Script.raw(200, b"<html>a proxy</html>"), "a page of a proxy"),
        (Script(200, {"id": "another"}), "another id"),
        (Script.raw(302, b"", Location="https://elsewhere.test/"), "a redirect"),
    ],
)
def test_what_is_no_answer_of_whatsapp_is_a_fault(graph, answer, sentence):
    assert asked(graph, answer)[0] == BAD, sentence


@pytest.mark.parametrize(("minutes", "tone"), [(0, GOOD), (2, WARNING), (-2, WARNING), (6, BAD)])
def test_the_clock_is_compared_with_whatsapps(graph, minutes, tone):
    assert asked(graph, late=timedelta(minutes=minutes))[3] == tone


def test_no_network_is_a_warning_in_words(graph):
    found = asked(graph, GRAPH_API_URL="http://127.0.0.1:9/v26.0")
    assert found[::3] == (WARNING, None)
    assert "127.0.0.1 did not answer" in found[1]


def test_without_an_account_nobody_is_asked(graph):
    found = asked(graph, WHATSAPP_ACCESS_TOKEN="")
    assert found[::3] == (WARNING, None)


@pytest.mark.parametrize(("status", "code"), [(204, 0), (500, 1)])
def test_a_test_alarm_says_whether_it_was_taken(sqlite_url, tmp_path, status, code):
    listener = Listener(status)
    config = {"DATABASE_URL": sqlite_url, "HEED_DATA_DIR": str(tmp_path), "HEED_ALARM_URL": listener.url}
    ended = doctor(create_app(config, web=False), "--test-alarm")
    listener.close()
    assert ended.exit_code == code
    assert [json.loads(body)["state"] for body in listener.bodies] == ["test"]
    assert listener.url not in ended.output


def test_a_test_alarm_wants_an_address(app):
    assert doctor(app, "--test-alarm").exit_code == 2
