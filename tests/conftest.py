"""What all tests share: a closed network, both databases, an application."""

import gc
import ipaddress
import os
import shutil
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from psycopg import sql

from tests.html import CheckingClient
from tests.log_watch import log_watch  # noqa: F401 - each test is watched
from tests.made_once import made_once
from tests.postgres import Server, keep_migrated, roomy_place, running_server
from tests.reused import Reused
from tests.shared import share

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

hypothesis.settings.register_profile("heed", derandomize=True, deadline=None, max_examples=50)
hypothesis.settings.load_profile("heed")


USUAL = gc.get_threshold()


def pytest_configure() -> None:
    """The databases of the tests lie in memory if there is plenty: each commit would wait for the disk."""
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", roomy_place())


def pytest_collection_finish() -> None:
    """Modules and tests live until the end: looking through them each time was an eighth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture
def usual_collector() -> Iterator[None]:
    """For tests that measure memory: what the collector has not looked at yet counts."""
    rarely = gc.get_threshold()
    gc.set_threshold(*USUAL)
    yield
    gc.set_threshold(*rarely)


class RefusedConnection(RuntimeError):
    """A test tried to reach another machine."""


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """Sockets connect to this machine only: no test may depend on, or disturb, anything outside."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
        yield


def guarded(connect: Any) -> Any:
    def connect_to_loopback(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and not is_loopback(str(address[0])):
            raise RefusedConnection(f"A test tried to connect to {address}")
        return connect(self, address)

    return connect_to_loopback


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True)
def umask_as_before() -> Iterator[None]:
    """A command keeps what its process creates to itself, and tests run commands in their own process."""
    before = os.umask(0)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture(scope="session")
def place_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all processes of this run."""
    place = tmp_path_factory.getbasetemp()
    return place.parent if "PYTEST_XDIST_WORKER" in os.environ else place


@pytest.fixture(scope="session", autouse=True)
def alike_made_once(place_of_the_run: Path) -> Iterator[None]:
    """Each test has an application of its own, but not routes, templates and SQL of its own."""
    folder = place_of_the_run / "templates"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        share(patch, folder)
        yield


@pytest.fixture(scope="session")
def migrated_sqlite(place_of_the_run: Path) -> Path:
    """A SQLite file with the newest schema and no rows; tests copy it."""
    from webapp import database

    file = made_once(place_of_the_run / "migrated.db", lambda draft: database.migrate(f"sqlite:///{draft}"))
    assert not list(file.parent.glob("migrated.db*-wal")), "migrate must close its connections"
    return file


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    file = tmp_path / "heed.db"
    shutil.copyfile(migrated_sqlite, file)
    return f"sqlite:///{file}"


@pytest.fixture(scope="session")
def postgresql_server(place_of_the_run: Path) -> Iterator[Server]:
    from webapp import database

    cluster = made_once(place_of_the_run / "cluster", lambda draft: keep_migrated(draft, database.migrate))
    with running_server(copy_of=cluster) as server:
        yield server


@pytest.fixture(scope="session")
def reused_database(postgresql_server: Server) -> Iterator[Reused]:
    database = Reused(postgresql_server)
    yield database
    database.drop()


@pytest.fixture
def postgresql_url(reused_database: Reused) -> Iterator[str]:
    with reused_database.lent() as url:
        yield url


@pytest.fixture
def new_postgresql_url(postgresql_server: Server) -> Iterator[str]:
    """For tests that copy, rename or replace their database: nobody else is connected to this one."""
    with postgresql_server.empty_database(f"test_{uuid.uuid4().hex}") as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database without rows. A test that asks for it runs on SQLite and on PostgreSQL."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def older_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table, for the test to bring to an older version; on both engines."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'older.db'}"
        return
    server, name = request.getfixturevalue("postgresql_server"), f"older_{uuid.uuid4().hex}"
    server.execute(sql.SQL("CREATE DATABASE {}"), name)
    yield server.url(name)
    server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)"), name)


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> "Iterator[Flask]":
    """The application on that database, with a folder of its own for files and queue."""
    from flask import has_app_context

    from webapp import create_app, schema
    from webapp.extensions import db

    app = create_app(
        {
            "DATABASE_URL": database_url,
            "HEED_DATA_DIR": str(tmp_path),
            "SECRET_KEY": "a secret key of thirty-two bytes or more",
            "WHATSAPP_APP_SECRET": "an app secret",
            "WHATSAPP_VERIFY_TOKEN": "a verify token",
        }
    )
    app.test_client_class = CheckingClient
    app.extensions["heed-schema"] = schema.Watch(right_until=float("inf"))  # tests count statements
    yield app
    left_open = has_app_context()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    assert not left_open, "the test left an application context open: a streamed answer that nobody closed?"


@pytest.fixture
def client(app: "Flask") -> "FlaskClient":
    return app.test_client()


@pytest.fixture
def desk(app: "Flask") -> "Callable[..., CheckingClient]":
    """A browser that somebody of this role has signed in with: `desk("agent")`."""
    from flask import session

    from tests.factories import a_user
    from webapp import clock
    from webapp.accounts import sessions
    from webapp.extensions import db

    def signed_in(role: str = "agent") -> CheckingClient:
        client = app.test_client()
        with client.session_transaction() as cookie, app.test_request_context():
            sessions.sign_in(a_user(role), user_agent="Werkzeug", now=clock.now(), by_link=True)
            db.session.commit()
            cookie.update(session)
        return client

    return signed_in
