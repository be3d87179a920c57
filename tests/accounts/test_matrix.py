"""Every role × every route × every method, by the table `least_roles.txt`; and the headers of each answer."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.accounts.people import a_user
from tests.headers import lacks
from webapp import clock, create_app
from webapp.accounts import links, tokens
from webapp.accounts.confirming import FRESH
from webapp.accounts.models import UserSession
from webapp.accounts.roles import Role
from webapp.api.limits import CALLS_A_MINUTE
from webapp.database import writing
from webapp.extensions import db

TABLE = Path(__file__).with_name("least_roles.txt")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SHAPE = re.compile(rf"(\S+?)(\*?) +((?:(?:{'|'.join(METHODS)}) +)+)(/.*)")
NOBODY = 999_999
SAMPLES = {
    "action": "opt_out", "step": "launch", "verb": "cancel", "endpoint": "messages", "tag": "x",
    "name": "x", "filename": "x.css", "token": "no-such-link",
}  # fmt: skip
OF_PROGRAMS = "token:"


@dataclass(frozen=True)
class Line:
    """One method of one route, the least role that may call it, and whether a fresh sign-in is asked for."""

    role: str
    fresh: bool
    method: str
    rule: str

    @property
    def path(self) -> str:
        return re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: str(SAMPLES.get(found[1], NOBODY)), self.rule)

    def allows(self, caller: str) -> bool:
        """Whether `caller`, a role, `anonymous` or `token:ROLE`, may call it by the table."""
        if self.role == "public":
            return True
        ours, theirs = self.role.rpartition(":"), caller.rpartition(":")
        same_kind = ours[0] == theirs[0] and caller != "anonymous"
        return same_kind and Role(theirs[2]).includes(Role(ours[2]))


def written_lines() -> set[Line]:
    rows = (row for row in TABLE.read_text("utf-8").splitlines() if not row.startswith("#"))
    parts = [SHAPE.fullmatch(row).groups() for row in rows]
    return {
        Line(role, fresh == "*", method, rule)
        for role, fresh, methods, rule in parts
        for method in methods.split()
    }


LINES = sorted(written_lines(), key=lambda line: (line.rule, line.method))


@pytest.fixture(scope="module")
def desk_of_all(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """CSRF tokens are off, and calls are not counted: other tests hold these guards."""
    folder = tmp_path_factory.mktemp("matrix")
    shutil.copyfile(migrated_sqlite, folder / "heed.db")
    app = create_app({
        "DATABASE_URL": f"sqlite:///{folder / 'heed.db'}", "HEED_DATA_DIR": str(folder),
        "HEED_SIMULATOR": "1", "SECRET_KEY": "a secret key of thirty-two bytes or more",
        "WHATSAPP_APP_SECRET": "an app secret", "WHATSAPP_VERIFY_TOKEN": "a verify token",
        "WTF_CSRF_ENABLED": False, "API_CALLS_A_MINUTE": 100 * CALLS_A_MINUTE,
    })  # fmt: skip
    app.test_client_class = FlaskClient
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def callers(desk_of_all: Flask) -> dict[str, FlaskClient]:
    """Somebody of each role, a program of each role, and a stranger."""
    found = {"anonymous": desk_of_all.test_client()}
    for role in Role:
        found[role], found[f"{OF_PROGRAMS}{role}"] = desk_of_all.test_client(), desk_of_all.test_client()
        with desk_of_all.app_context(), writing():
            link = links.create(a_user(f"{role}@example.com", role, password=""), clock.now())
            _, secret = tokens.create(f"a {role} program", role, actor="system", now=clock.now())
            db.session.commit()
        found[f"{OF_PROGRAMS}{role}"].environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        assert found[role].get(f"/sign-in/{link}").status_code == 303
    return found


def is_refused(answer: TestResponse) -> bool:
    """Whether it says: not you."""
    return answer.status_code in (401, 403) or (answer.location or "").startswith("/sign-in")


def everything(app: Flask) -> dict[str, list[tuple[object, ...]]]:
    with app.app_context():
        tables = db.metadata.sorted_tables
        found = {table.name: [tuple(row) for row in db.session.execute(select(table))] for table in tables}
        db.session.rollback()
    return found


def call(client: FlaskClient, method: str, path: str, *, follow: bool = False, **fields: str) -> TestResponse:
    """The answer, which carries what every answer does."""
    headers = {"Accept": "application/json"}
    answer = client.open(path, method=method, headers=headers, data=fields, follow_redirects=follow)
    assert lacks(answer, path) == [], (method, path, answer.status_code)
    return answer


def rules(app: Flask) -> list[Rule]:
    return list(app.url_map.iter_rules())


def test_the_table_names_every_route_with_its_methods_and_no_other(desk_of_all: Flask) -> None:
    there = {(method, rule.rule) for rule in rules(desk_of_all) for method in rule.methods & set(METHODS)}
    assert {(line.method, line.rule) for line in LINES} == there
    assert len(LINES) == len(there), "a route stands in the table twice"


def test_whoever_is_not_in_the_table_is_refused_and_changes_nothing(
    desk_of_all: Flask, callers: dict[str, FlaskClient]
) -> None:
    before = everything(desk_of_all)
    let_in = [
        (caller, line.method, line.rule)
        for (caller, client), line in product(callers.items(), LINES)
        if not line.allows(caller) and not is_refused(call(client, line.method, line.path))
    ]
    assert let_in == []
    assert everything(desk_of_all) == before


def test_looking_at_a_page_by_head_needs_the_same_role(callers: dict[str, FlaskClient]) -> None:
    let_in = [
        (caller, line.rule)
        for caller, line in product(("anonymous", Role.VIEWER), LINES)
        if line.method == "GET" and not line.allows(caller)
        and not is_refused(call(callers[caller], "HEAD", line.path))
    ]  # fmt: skip
    assert let_in == []


def test_whoever_the_table_names_is_let_in(callers: dict[str, FlaskClient]) -> None:
    kept_out = [
        (caller, line.method, line.rule)
        for (caller, client), line in product(callers.items(), LINES)
        if line.role != "public" and line.allows(caller)
        and is_refused(call(client, line.method, line.path))
    ]  # fmt: skip
    assert kept_out == []


@pytest.fixture
def signed_in_long_ago(desk_of_all: Flask, callers: dict[str, FlaskClient]) -> Iterator[None]:
    for sure_at in (clock.now() - FRESH - timedelta(seconds=1), None):
        with desk_of_all.app_context(), writing():
            db.session.execute(update(UserSession).values(confirmed_at=sure_at))
            db.session.commit()
        if sure_at:
            yield


@pytest.mark.usefixtures("signed_in_long_ago")
def test_the_table_says_before_what_people_prove_again_who_they_are(
    desk_of_all: Flask, callers: dict[str, FlaskClient]
) -> None:
    """Everything else goes on without a question; stopping all sending, too."""
    before = everything(desk_of_all)
    asked = {
        (line.method, line.rule)
        for line in LINES
        if line.role in tuple(Role) and line.fresh
        and "Confirm that it is you" in call(callers[Role.ADMIN], line.method, line.path, enabled="1").text
    }  # fmt: skip
    assert everything(desk_of_all) == before
    assert asked == {(line.method, line.rule) for line in LINES if line.fresh}
    others = [line for line in LINES if line.role in tuple(Role) and not line.fresh]
    unasked = [call(callers[Role.ADMIN], line.method, line.path).text for line in others]
    assert not any("Confirm that it is you" in text for text in unasked)


def test_what_is_not_there_for_those_who_may_is_404(callers: dict[str, FlaskClient]) -> None:
    told = {
        (line.method, line.rule): answer.status_code
        for line in LINES
        if line.role in tuple(Role) and "<int:" in line.rule
        and (answer := call(callers[Role.ADMIN], line.method, line.path, follow=True)).status_code != 404
    }  # fmt: skip
    assert told == {}


def test_methods_that_a_route_does_not_have_and_unknown_routes_do_nothing(
    desk_of_all: Flask, callers: dict[str, FlaskClient]
) -> None:
    known = desk_of_all.url_map.bind("localhost")
    answered = {
        (method, path): status
        for path, method in product({line.path for line in LINES}, METHODS)
        if method not in known.allowed_methods(path)
        and (status := call(callers[Role.ADMIN], method, path).status_code) not in (404, 405)
    }
    assert answered == {}
    for client in (callers["anonymous"], callers[Role.ADMIN]):
        assert client.get("/nothing/of/the/kind").status_code == 404


def test_a_route_of_which_nobody_said_who_may_call_it_is_closed(
    desk_of_all: Flask, callers: dict[str, FlaskClient]
) -> None:
    desk_of_all.view_functions["forgotten"] = lambda: "everything"
    desk_of_all.url_map.add(Rule("/forgotten", endpoint="forgotten", methods=["GET", "POST"]))
    for client, method in product(callers.values(), ("GET", "POST")):
        assert call(client, method, "/forgotten").status_code == 404
