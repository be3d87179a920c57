"""An application with the simulator, and one that listens."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.factories import NOON
from tests.html import CheckingClient
from webapp import create_app
from webapp.demo import desk as demo
from webapp.extensions import db


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
    with app.app_context():
        assert sum(demo.fill(3, NOON)) == 3
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
