"""A desk at work, its backups, and the desk that comes of them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from webapp import create_app
from webapp.backups.commands import backup_command, restore_command
from webapp.extensions import db


def put_away(app: Flask) -> None:
    """Nobody has the database open any more, as when web and worker are stopped."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def postgresql_url(new_postgresql_url: str) -> str:
    """A database that can be copied or replaced."""
    return new_postgresql_url


@pytest.fixture
def run(app: Flask) -> Callable[..., Result]:
    def run(command: Any, *arguments: object, **more: Any) -> Result:
        return app.test_cli_runner().invoke(command, [str(each) for each in arguments], **more)

    return run


@pytest.fixture
def backup(run: Callable[..., Result], tmp_path: Path) -> Callable[..., Path]:
    """Back the desk up; the folder."""

    def backup(*options: object) -> Path:
        made = run(backup_command, tmp_path / "kept", *options)
        assert made.exit_code == 0, made.output
        return max((tmp_path / "kept").glob("heed-*Z"))

    return backup


@pytest.fixture
def restore(app: Flask, run: Callable[..., Result]) -> Callable[..., Result]:
    """Put a backup in the place of the desk, which nobody uses."""

    def restore(folder: Path, *options: object) -> Result:
        put_away(app)
        done = run(restore_command, folder, *(options or ["--replace"]))
        put_away(app)
        return done

    return restore


@pytest.fixture
def fresh(app: Flask, database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The desk as a process sees it that starts now."""
    same = {name: app.config[name] for name in ("SECRET_KEY",)} | {"WHATSAPP_APP_SECRET": "an app secret"}
    started = create_app({"DATABASE_URL": database_url, "HEED_DATA_DIR": str(tmp_path), **same}, web=False)
    yield started
    put_away(started)
