"""The data folder holds keys and customers: it is its own account's, and a start says when it is not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from webapp import create_app, file_modes
from webapp.extensions import db

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = {
    "SECRET_KEY": "a secret key of thirty-two bytes or more",
    "WHATSAPP_APP_SECRET": "an app secret",
    "WHATSAPP_VERIFY_TOKEN": "a verify token",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that others may enter, with a file of each kind."""
    folder = tmp_path / "data"
    for name, mode in (("heed.db", 0o600), ("signing.key", 0o640), ("suppression.key", 0o604)):
        folder.mkdir(exist_ok=True)
        (folder / name).touch()
        (folder / name).chmod(mode)
    (folder / "evidence").mkdir()
    for open_to_others in (folder, folder / "evidence"):
        open_to_others.chmod(0o755)
    return folder


def test_what_a_group_or_anybody_may_read_is_named(folder):
    assert file_modes.readable_by_others(folder) == ["evidence", "signing.key", "suppression.key"]


def test_in_a_folder_that_nobody_can_enter_nothing_is_open(folder):
    folder.chmod(0o700)
    assert file_modes.readable_by_others(folder) == []


@pytest.mark.parametrize(("mode", "told"), [(0o755, True), (0o700, False)])
def test_the_web_part_says_so_at_its_start(folder, sqlite_url, caplog, mode, told):
    folder.chmod(mode)
    app = create_app({**SETTINGS, "HEED_DATA_DIR": str(folder), "DATABASE_URL": sqlite_url})
    with app.app_context():
        db.engine.dispose()
    assert any("signing.key" in line and "chmod -R go=" in line for line in caplog.messages) == told


def test_a_new_data_folder_is_closed_whoever_makes_it(tmp_path):
    """Under another server than gunicorn the umask is not ours."""
    create_app({"HEED_DATA_DIR": str(tmp_path / "new")}, web=False)
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_what_a_command_creates_is_its_own_accounts(tmp_path):
    """Whatever the shell's umask is: the folder, the database with its journal, a file of the whole desk."""
    data, exported = tmp_path / "data", tmp_path / "everybody.csv"
    program = (
        "import os, sys; os.umask(0); from webapp.__main__ import main;"
        "sys.argv[1:] = ['init']\n"
        "try: main()\n"
        "except SystemExit as ended: assert not ended.code, ended\n"
        f"sys.argv[1:] = ['export', {str(exported)!r}]; main()"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "HEED_DATA_DIR": str(data)},
        check=True,
        capture_output=True,
        timeout=60,
    )
    created = [data, exported, *data.rglob("*")]
    assert data / "heed.db" in created
    assert [path.name for path in created if path.stat().st_mode & 0o077] == []
