"""What of the machine, the secrets and the clock is wrong: one sentence each, with what to do."""

import shutil
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.factories import a_customer
from webapp import clock
from webapp.checks import machine, production, setup
from webapp.config import Settings
from webapp.consent.rules import Status
from webapp.extensions import db

GOOD_KEY = "Zk3vQ9pL1sX8aN5tR7wB2yE6uC4mH0dJ"
REAL = "https://graph.facebook.com/v26.0"


def settings(tmp_path, **environ) -> Settings:
    return Settings.from_environ({"HEED_DATA_DIR": str(tmp_path), **environ})


def ids(found) -> list[str]:
    found = list(found)
    assert all(each.words.endswith(".") and each.advice.endswith((".", "again.")) for each in found)
    return [each.id for each in found]


@pytest.mark.parametrize(
    ("mode", "said"), [(0o700, []), (0o750, ["folder"]), (0o701, ["folder"]), (0o755, ["folder"])]
)
def test_a_data_folder_that_others_can_look_into_is_said(tmp_path, mode, said):
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(mode)
    assert ids(machine.files(settings(folder))) == said


@pytest.mark.parametrize("name", ["signing.key", "suppression.key"])
def test_a_key_that_others_can_read_is_grave(tmp_path, name):
    key = tmp_path / name
    key.write_text("secret")
    key.chmod(0o600)
    assert ids(machine.files(settings(tmp_path))) == []
    key.chmod(0o640)
    [found] = machine.files(settings(tmp_path))
    assert found.grave
    assert "secret" not in found.words


@pytest.mark.parametrize(
    ("free", "said"),
    [(machine.NEARLY_FULL, []), (machine.NEARLY_FULL - 1, [False]), (machine.FULL - 1, [True])],
)
def test_a_disk_that_fills_is_said_before_it_is_full(tmp_path, monkeypatch, free, said):
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=free))
    assert [found.grave for found in machine.disk(settings(tmp_path))] == said


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, []),
        ({"SECRET_KEY": GOOD_KEY}, []),
        ({"SECRET_KEY": GOOD_KEY[:31]}, ["secret-key"]),
        ({"SECRET_KEY": "changeme" * 5}, ["secret-key"]),
        ({"SECRET_KEY": "x" * 64}, ["secret-key"]),
        ({"METRICS_TOKEN": "short"}, ["metrics-token"]),
    ],
)
def test_secrets_that_can_be_guessed_are_said_and_not_shown(tmp_path, environ, said):
    found = list(machine.secrets(settings(tmp_path, **environ)))
    assert ids(found) == said
    assert not any(value in str(found) for value in environ.values())


@pytest.mark.parametrize(("seconds", "said"), [(0, []), (10, [False]), (-10, [False]), (120, [True])])
def test_clocks_that_differ_from_the_databases_are_said(app, seconds, said):
    with app.app_context():
        of_postgresql = db.engine.dialect.name == "postgresql"
        now = clock.now() + timedelta(seconds=seconds)
        found = [each.grave for each in machine.clock(db.session, app.config["HEED"], now)]
        assert found == (said if of_postgresql else []), "SQLite has this machine's own clock"


def test_a_clock_that_was_put_back_is_grave(app):
    with app.app_context():
        a_customer(status=Status.OPTED_OUT)
        db.session.rollback()
        long_ago = clock.now() - timedelta(days=900)
        found = {each.id: each.grave for each in machine.clock(db.session, app.config["HEED"], long_ago)}
        assert found["clock-back"]


@pytest.mark.parametrize(
    ("environ", "demo", "said"),
    [
        ({"HEED_SIMULATOR": "1", "GRAPH_API_URL": "http://127.0.0.1:1/v26.0"}, False, []),
        ({"HEED_SIMULATOR": "1", "GRAPH_API_URL": REAL}, False, ["simulator"]),
        ({"GRAPH_API_URL": REAL, "WHATSAPP_ACCESS_TOKEN": "t"}, True, ["demo"]),
        ({"GRAPH_API_URL": REAL, "WHATSAPP_ACCESS_TOKEN": "t"}, False, []),
    ],
)
def test_what_belongs_to_a_trial_is_said_beside_the_real_whatsapp(app, tmp_path, environ, demo, said):
    with app.app_context():
        a_customer().demo = demo
        db.session.commit()
        assert ids(production.findings(db.session, settings(tmp_path, **environ))) == said


def test_all_checks_are_one_list(app):
    with app.app_context():
        app.config["HEED"].data_dir.chmod(0o755)
        areas = setup.areas(db.session, app.config["HEED"], clock.now())
        assert {area.id for area in areas} == {"database", "clock", "production", "files", "disk", "secrets"}
        found = setup.findings(db.session, app.config["HEED"], clock.now())
        assert "folder" in [each.id for each in found]


def test_readiness_counts_what_status_shows_to_admins(app, client, desk):
    app.config["HEED"].data_dir.chmod(0o755)
    page = desk("admin").soup("/status")
    shown = page.select("#line-files-folder, [id^=line-database-], [id^=line-disk-], [id^=line-clock-]")
    assert client.get("/readyz").json["setup"].startswith(f"{len(shown)} to put right")
    assert not desk("manager").soup("/status").select("#line-files-folder")
