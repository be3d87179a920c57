"""Every setting from the environment: malformed stops the start with a sentence that names it."""

import base64
import runpy
import sys

import pytest

from tests.rows import every
from webapp import __main__
from webapp.config import ConfigError, Settings

WEB = {
    "SECRET_KEY": "sixteen characters or more",
    "WHATSAPP_APP_SECRET": "one, two",
    "WHATSAPP_VERIFY_TOKEN": "token",
}


@every(
    ("name", "value"),
    [
        ("DATABASE_URL", "not a url"),
        ("DATABASE_URL", "mysql://host/heed"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("SECRET_KEY", "short"),
        ("TASK_QUEUE_URL", "http://queue"),
        ("TASK_QUEUE_URL", "redis://[queue"),
        ("TASK_QUEUE_URL", "redis://queue:port"),
        ("TASK_QUEUE_URL", "sqlite://"),
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("PORT", "٨٠٠٠"),
        ("WEB_CONCURRENCY", "-1"),
        ("LOG_LEVEL", "LOUD"),
        ("WHATSAPP_PHONE_NUMBER_ID", "+1 202"),
        ("WHATSAPP_BUSINESS_ACCOUNT_ID", "abc"),
        ("TASK_QUEUE_URL", "redis://queue:many/0"),
        ("GRAPH_API_URL", "graph.facebook.com"),
        ("GRAPH_API_URL", "https://"),
        ("GRAPH_API_URL", "https:///v26.0"),
        ("GRAPH_API_URL", "https://[::1"),
        ("GRAPH_API_URL", "https://graph.facebook.com:99999/v26.0"),
        ("WHATSAPP_ACCESS_TOKEN", "a token\n"),
        ("WHATSAPP_ACCESS_TOKEN", "a token\r"),
        ("WHATSAPP_ACCESS_TOKEN", "a\ntoken"),
        ("WHATSAPP_ACCESS_TOKEN", "EAAГ"),
        ("WHATSAPP_VERIFY_TOKEN", "a word\n"),
        ("METRICS_TOKEN", " "),
        ("GRAPH_API_URL", "https://graph.facebook.com:many/v26.0"),
        ("HEED_SIMULATOR", "yes"),
        ("HEED_SENDING", "maybe"),
        ("HEED_SIGNING_KEY", "short"),
        ("HEED_SIGNING_KEY", "c2hvcnQ="),
        ("HEED_SIGNING_KEY", "not base64 " * 4),
        ("HEED_SIGNING_KEY", "ключ"),
        ("HEED_CHECKPOINT_URL", "http://example.com/checkpoints"),
        ("HEED_CHECKPOINT_URL", "ftp://127.0.0.1/"),
        ("HEED_CHECKPOINT_URL", "https://"),
        ("HEED_CHECKPOINT_URL", "https://[::1"),
        ("HEED_CHECKPOINT_URL", "https://example.com:many/"),
        ("HEED_ENDPOINTS_PRIVATE", "yes"),
        ("HEED_HOSTS", "https://desk.example"),
        ("HEED_HOSTS", "desk.example:8000"),
        ("HEED_HOSTS", "*"),
        ("HEED_PROXIES", "all"),
        ("HEED_PROXIES", "10"),
        ("HEED_SESSION_HOURS", "0"),
        ("HEED_SESSION_HOURS", "169"),
        ("HEED_SESSION_IDLE_MINUTES", "9"),
        ("HEED_BACKUP_HOURS", "8785"),
        ("HEED_BACKUP_HOURS", "a day"),
        ("HEED_REVIEW_DAYS", "0"),
        ("HEED_REVIEW_DAYS", "10"),
        ("HEED_ACCOUNT_EVENTS_DAYS", "90"),
    ],
)
def test_a_malformed_value_is_named(name, value):
    with pytest.raises(ConfigError, match=name):
        Settings.from_environ({name: value})


@pytest.mark.parametrize("name", list(WEB))
def test_the_web_part_needs(name):
    settings = Settings.from_environ({**WEB, name: ""})
    with pytest.raises(ConfigError, match=name):
        settings.require_web()


def test_commands_need_nothing():
    settings = Settings.from_environ({})
    assert settings.database_url.startswith("sqlite:///")
    assert settings.sending is True


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_whatever_a_platform_calls_postgresql(scheme):
    settings = Settings.from_environ({"DATABASE_URL": f"{scheme}://user:pw@host/heed"})
    assert settings.database_url == "postgresql+psycopg://user:pw@host/heed"


def test_several_app_secrets_count_while_one_is_replaced():
    assert Settings.from_environ(WEB).app_secrets == ("one", "two")


def test_a_signing_key_is_thirty_two_bytes_in_base64():
    assert (
        Settings.from_environ({"HEED_SIGNING_KEY": base64.b64encode(b"k" * 32).decode()}).signing_key
        == b"k" * 32
    )
    assert Settings.from_environ({}).signing_key == b""


@pytest.mark.parametrize("url", ["https://example.com/in?a=b", "http://127.0.0.1:9000/", "http://[::1]/"])
def test_checkpoints_go_out_by_tls_or_stay_on_this_machine(url):
    assert Settings.from_environ({"HEED_CHECKPOINT_URL": url}).checkpoint_url == url


def ended(monkeypatch, *arguments, **settings) -> object:
    """How `heed` ends with these settings: its exit code, or the sentence that it ends with."""
    for name, value in settings.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(sys, "argv", ["heed", *arguments])
    with pytest.raises(SystemExit) as end:
        __main__.main()
    return end.value.code


@pytest.mark.parametrize("command", [["init"], ["export", "customers.csv"]])
@pytest.mark.parametrize("url", ["postgresql://u:secret@127.0.0.1:1/heed", "sqlite:////nowhere/heed.db"])
def test_a_database_out_of_reach_is_told_in_one_sentence(monkeypatch, tmp_path, url, command):
    said = ended(monkeypatch, *command, DATABASE_URL=url, HEED_DATA_DIR=tmp_path)
    assert str(said).startswith("The database is out of reach: ")
    assert "\n" not in said
    assert "secret" not in said


def test_a_damaged_database_is_told_in_one_sentence(monkeypatch, tmp_path):
    (tmp_path / "heed.db").write_bytes(b"something else" * 500)
    said = ended(monkeypatch, "export", "customers.csv", HEED_DATA_DIR=tmp_path)
    assert said == (
        "The database file is damaged: file is not a database. Keep it, and put a backup back: heed restore."
    )


def test_a_journal_that_cannot_be_written_is_told_in_one_sentence(monkeypatch, sqlite_url, tmp_path):
    (tmp_path / "opt-outs.log").mkdir()
    (tmp_path / "list.csv").write_text("phone,consent\n+12025550107,opted_out\n")
    where = {"DATABASE_URL": sqlite_url, "HEED_DATA_DIR": tmp_path}
    said = ended(monkeypatch, "import", str(tmp_path / "list.csv"), **where)
    assert str(said).startswith("Nothing was changed, for opt-outs.log cannot be written: ")


def test_a_damaged_task_queue_is_told_with_what_to_do(monkeypatch, sqlite_url, tmp_path, capsys):
    (tmp_path / "queue.db").write_bytes(b"something else" * 500)
    assert ended(monkeypatch, "worker", DATABASE_URL=sqlite_url, HEED_DATA_DIR=tmp_path) == 1
    assert "delete queue.db" in capsys.readouterr().err


def test_a_data_folder_that_cannot_be_is_told_in_one_sentence(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        assert ended(monkeypatch, "init", HEED_DATA_DIR=folder) == 2
        assert capsys.readouterr().err.startswith("HEED_DATA_DIR cannot be used: ")


def test_the_server_says_so_before_its_first_process(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    for name, value in {**WEB, "HEED_DATA_DIR": str(tmp_path / "file")}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match="HEED_DATA_DIR cannot be used"):
        runpy.run_path("gunicorn.conf.py")["on_starting"](None)
