"""What an admin does on /users."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.accounts.people import HTMX, Headers, a_user, is_signed_in, post, sign_in
from webapp.accounts import users


def dana_of(app: Flask) -> int:
    with app.app_context():
        return a_user().id


def test_adding_somebody_shows_their_sign_in_link(admin: FlaskClient, client: FlaskClient) -> None:
    answer = post(admin, "/users/new", HTMX, email="Kim@Example.com", name="Kim", role="agent")
    assert answer.status_code == 200
    link = answer.text.split('value="http://localhost')[1].split('"')[0]
    assert client.get(link).status_code == 303
    assert "kim@example.com" in client.get("/users/me").text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "", "role": "agent"}, "Type the e-mail address."),
        ({"email": "kim", "role": "agent"}, "That is not an e-mail address, such as dana@example.com."),
        ({"email": "admin@example.com", "role": "agent"}, "admin@example.com already."),
        ({"email": "kim@example.com", "role": "owner"}, "Choose one of the roles."),
        (
            {"email": "kim@example.com", "role": "agent", "name": "x" * 81},
            "at most 80 characters.",
        ),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_refused_form_says_why_and_keeps_what_was_typed(
    admin: FlaskClient, fields: dict[str, str], sentence: str, headers: Headers
) -> None:
    answer = post(admin, "/users/new", headers, **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{fields["email"]}"' in answer.text
    assert ("<html" in answer.text) != bool(headers)


def test_changing_role_and_name(admin: FlaskClient, app: Flask) -> None:
    user_id = dana_of(app)
    answer = post(admin, f"/users/{user_id}/edit", name="Dana Kim", role="manager")
    assert (answer.status_code, answer.location) == (303, "/users")
    page = admin.get("/users").text
    assert "Dana Kim" in page
    assert "Manager" in page


def test_htmx_gets_an_event_instead_of_a_page(admin: FlaskClient, app: Flask) -> None:
    answer = post(admin, f"/users/{dana_of(app)}/edit", HTMX, name="", role="viewer")
    assert answer.status_code == 204
    assert '"users:changed": true' in answer.headers["HX-Trigger"]


@pytest.mark.parametrize("action", ["edit", "disable"])
def test_the_last_admin_stays_and_the_dialog_says_so(admin: FlaskClient, app: Flask, action: str) -> None:
    with app.app_context():
        user_id = users.find("admin@example.com").id
    answer = post(admin, f"/users/{user_id}/{action}", HTMX, name="", role="agent")
    assert answer.status_code == 422
    assert "This is the last active admin. Make somebody else an admin first." in answer.text
    assert admin.get("/users").status_code == 200


def test_disabling_signs_out_and_enabling_lets_in_again(
    admin: FlaskClient, client: FlaskClient, app: Flask
) -> None:
    user_id = dana_of(app)
    sign_in(client)
    post(admin, f"/users/{user_id}/disable")
    assert not is_signed_in(client)
    assert sign_in(client).status_code == 422
    post(admin, f"/users/{user_id}/enable")
    assert sign_in(client).status_code == 303


def test_ending_sessions(admin: FlaskClient, client: FlaskClient, app: Flask) -> None:
    user_id = dana_of(app)
    sign_in(client)
    assert "End 1 session" in admin.get(f"/users/{user_id}/edit").text
    post(admin, f"/users/{user_id}/sessions/end")
    assert not is_signed_in(client)


def test_a_link_for_a_disabled_user_is_refused(admin: FlaskClient, app: Flask) -> None:
    user_id = dana_of(app)
    post(admin, f"/users/{user_id}/disable")
    answer = post(admin, f"/users/{user_id}/link")
    assert answer.status_code == 422
    assert "enable the user first" in answer.text


@pytest.mark.parametrize("path", ["edit", "disable", "enable", "link", "sessions/end"])
def test_a_user_who_does_not_exist_is_404(admin: FlaskClient, path: str) -> None:
    assert post(admin, f"/users/999/{path}").status_code == 404


def test_the_fragment_stands_in_its_page(admin: FlaskClient) -> None:
    assert admin.get("/users", headers=HTMX).text.strip() in admin.get("/users").text


def test_hostile_names_stay_text(admin: FlaskClient, app: Flask) -> None:
    with app.app_context():
        a_user(name="<script>alert(1)</script>")
    assert "<script>alert" not in admin.get("/users").text
