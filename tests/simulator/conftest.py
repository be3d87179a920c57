"""An application with the simulator, and one that listens."""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.factories import NOON
from tests.html import CheckingClient
from tests.postgres import Server
from tests.reused import Reused
from webapp import create_app
from webapp.demo import desk as demo
from webapp.extensions import db


def fill(url: str) -> None:
    """A few demo customers."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app({"DATABASE_URL": url, "HEED_DATA_DIR": folder}, web=False)
        with app.app_context():
            assert sum(demo.fill(3, NOON)) == 3
            db.session.remove()
            db.engine.dispose()


@pytest.fixture(scope="session")
def filled_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("filled") / "heed.db"
    shutil.copyfile(migrated_sqlite, file)
    fill(f"sqlite:///{file}")
    assert not file.with_name("heed.db-wal").exists()
    return file


@pytest.fixture
def sqlite_url(filled_sqlite: Path, tmp_path: Path) -> str:
    shutil.copyfile(filled_sqlite, tmp_path / "heed.db")
    return f"sqlite:///{tmp_path / 'heed.db'}"


@pytest.fixture(scope="session")
def filled_postgresql(postgresql_server: Server) -> Iterator[Reused]:
    database = Reused(postgresql_server, fill)
    yield database
    database.drop()


@pytest.fixture
def postgresql_url(filled_postgresql: Reused) -> Iterator[str]:
    with filled_postgresql.lent() as url:
        yield url


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """A desk in development, with a few demo customers."""
    app = create_app(
        {
            "DATABASE_URL": database_url,
            "HEED_DATA_DIR": str(tmp_path),
            "SECRET_KEY": "a secret key of thirty-two bytes or more",
            "WHATSAPP_APP_SECRET": "an app secret,an older app secret",
            "WHATSAPP_VERIFY_TOKEN": "a verify token",
            "WHATSAPP_ACCESS_TOKEN": "an access token",
            "HEED_SIMULATOR": "1",
        }
    )
    app.test_client_class = CheckingClient
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    """Where the application listens."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()
