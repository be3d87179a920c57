"""What `make run` fills in: secrets of its own, and the simulator's WhatsApp unless there is a real one."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from dotenv import dotenv_values

from webapp.simulator.deliveries import DEMO_IDS

FILE = Path(__file__).parent.parent / "bin" / "run.py"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """bin/run.py, on a folder without data and without a .env file."""
    spec = importlib.util.spec_from_file_location("run", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    for name in (*module.OWN_WHATSAPP, *module.SECRETS, "HEED_SIMULATOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HEED_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PORT", "8123")
    return module


def test_without_an_account_the_simulator_is_the_whatsapp(run):
    made = run.development_environment()
    assert made["GRAPH_API_URL"] == "http://127.0.0.1:8123/simulator/graph/v26.0"
    assert (made["WHATSAPP_BUSINESS_ACCOUNT_ID"], made["WHATSAPP_PHONE_NUMBER_ID"]) == DEMO_IDS
    assert len(made["WHATSAPP_ACCESS_TOKEN"]) >= 32


def test_the_secrets_outlive_a_restart_and_are_for_their_owner_only(run, tmp_path):
    first, second = (run.development_environment() for _ in range(2))
    assert [first[name] for name in run.SECRETS] == [second[name] for name in run.SECRETS]
    assert (tmp_path / "data" / "development.env").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("end", ["\n", ""], ids=["with a last newline", "without"])
def test_the_file_of_an_older_heed_is_completed(run, tmp_path, end):
    file = tmp_path / "data" / "development.env"
    file.parent.mkdir()
    file.write_text(
        f"SECRET_KEY=old-key\nWHATSAPP_APP_SECRET=a\nWHATSAPP_VERIFY_TOKEN=b{end}", encoding="utf-8"
    )
    made = run.development_environment()
    assert (made["SECRET_KEY"], made["WHATSAPP_VERIFY_TOKEN"]) == ("old-key", "b")
    assert dotenv_values(file)["WHATSAPP_ACCESS_TOKEN"] == made["WHATSAPP_ACCESS_TOKEN"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WHATSAPP_ACCESS_TOKEN", "mine"),
        ("WHATSAPP_PHONE_NUMBER_ID", "1"),
        ("WHATSAPP_BUSINESS_ACCOUNT_ID", "2"),
        ("GRAPH_API_URL", "https://graph.example/v26.0"),
        ("HEED_SIMULATOR", "0"),
    ],
)
def test_beside_an_account_of_ones_own_nothing_of_it_is_made_up(run, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    made = run.development_environment()
    assert made[name] == value
    assert not any(made.get(other) for other in run.OWN_WHATSAPP - {name})
