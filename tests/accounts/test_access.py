import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.accounts.conftest import Browser
from tests.accounts.people import HTMX, a_user, post, sign_in
from webapp.accounts.access import inward
from webapp.accounts.roles import Role


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/"),
        ("/customers", "/customers"),
        ("/customers?tag=vip&q=Ana", "/customers?tag=vip&q=Ana"),
        ("/customers?next=https://evil.example", "/customers?next=https://evil.example"),
        ("", "/"),
        ("customers", "/"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("///evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/customers\\@evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("/\r\nLocation: https://evil.example", "/"),
        (" //evil.example", "/"),
        ("\t//evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("data:text/html,hello", "/"),
        ("@evil.example", "/"),
        (".evil.example", "/"),
    ],
)
def test_next_leads_to_a_page_of_this_desk_only(path: str, expected: str) -> None:
    assert inward(path) == expected


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example"]
)
def test_the_form_does_not_send_people_elsewhere(app: Flask, client: FlaskClient, path: str) -> None:
    with app.app_context():
        a_user()
    assert sign_in(client, next=path).location == "/"


def test_after_signing_in_people_are_where_they_wanted_to_be(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        a_user(role=Role.ADMIN)
    turned_away = client.get("/users?sort=name")
    assert (turned_away.status_code, turned_away.location) == (303, "/sign-in?next=/users?sort%3Dname")
    assert 'name="next" value="/users?sort=name"' in client.get(turned_away.location).text
    assert sign_in(client, next="/users?sort=name").location == "/users?sort=name"


def test_a_form_sent_without_a_session_leads_to_the_sign_in_page(client: FlaskClient) -> None:
    answer = post(client, "/users/me/password", new="a password that is new")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert "You are signed out, so nothing was saved." in client.get("/sign-in").text


def test_htmx_without_a_session_is_sent_to_the_sign_in_page_and_back_to_its_own(client: FlaskClient) -> None:
    headers = {**HTMX, "HX-Current-URL": "http://localhost/customers?tag=vip"}
    answer = client.get("/users/new", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/customers?tag%3Dvip"
    assert answer.text == "You are signed out. Sign in and do it once more."


def test_htmx_sends_nobody_back_to_a_foreign_page(client: FlaskClient) -> None:
    answer = client.get(
        "/users/new", headers={**HTMX, "HX-Current-URL": "https://evil.example//evil.example"}
    )
    assert answer.headers["HX-Redirect"] == "/sign-in"


@pytest.mark.parametrize("role", list(Role))
def test_everybody_sees_their_own_account(browser_of: Browser, role: Role) -> None:
    assert browser_of(role).get("/users/me").status_code == 200


def test_the_wrong_role_gets_a_page_and_htmx_one_sentence(browser_of: Browser) -> None:
    client = browser_of(Role.MANAGER)
    assert "<html" in client.get("/users", headers={"Accept": "text/html"}).text
    fragment = client.get("/users", headers=HTMX)
    assert fragment.status_code == 403
    assert "<" not in fragment.text


def test_roles_include_what_the_ones_before_them_may() -> None:
    ranks = [Role.VIEWER, Role.AGENT, Role.MANAGER, Role.ADMIN]
    for i, higher in enumerate(ranks):
        assert [higher.includes(role) for role in ranks] == [j <= i for j in range(4)]


def posts(app: Flask) -> list[str]:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("accounts.")]
    return [app.url_map.bind("").build(rule.endpoint, dict.fromkeys(rule.arguments, 1)) for rule in rules
            if "POST" in rule.methods]  # fmt: skip


def test_every_post_needs_the_csrf_token(app: Flask, admin: FlaskClient) -> None:
    paths = posts(app)
    assert len(paths) >= 11
    for path in paths:
        assert admin.post(path).status_code == 400, path
        assert admin.post(path, headers=HTMX, data={"csrf_token": "foreign"}).status_code == 400, path


def test_an_address_that_nobody_can_take_apart_is_none(app: Flask, browser_of: Browser) -> None:
    headers = {**HTMX, "HX-Current-URL": "//["}
    answer = app.test_client().get("/opt-in", headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in")
    assert browser_of(Role.AGENT).get("/opt-in", headers=headers).status_code == 200
