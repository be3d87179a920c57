from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.accounts.people import DANA, PASSWORD, a_user, csrf_token, is_signed_in, post, sign_in
from tests.racing import overtaken
from webapp import clock
from webapp.accounts import sessions, users
from webapp.accounts.models import UserSession
from webapp.accounts.proving import authenticate
from webapp.database import writing
from webapp.extensions import db

WRONG = "E-mail or password is wrong."


@pytest.fixture
def dana(app: Flask) -> None:
    with app.app_context():
        a_user()


def alter(app: Flask, **values: object) -> None:
    """Change Dana's newest session behind the product's back."""
    with app.app_context(), writing():
        row = db.session.scalars(select(UserSession).order_by(UserSession.id.desc()).limit(1)).one()
        for name, value in values.items():
            setattr(row, name, value)
        db.session.commit()


@pytest.mark.usefixtures("dana")
@pytest.mark.parametrize(
    ("why", "email", "password", "status", "sentence"),
    [
        ("the right password", DANA, PASSWORD, 303, ""),
        ("the address in capitals", DANA.upper(), PASSWORD, 303, ""),
        ("spaces around the address", f"  {DANA} ", PASSWORD, 303, ""),
        ("a wrong password", DANA, "not the right one", 422, WRONG),
        ("the password with a space more", DANA, PASSWORD + " ", 422, WRONG),
        ("somebody who is no user", "kim@example.com", PASSWORD, 422, WRONG),
        ("no address at all", "", PASSWORD, 422, "Type your e-mail address."),
        ("no password", DANA, "", 422, "Type your password."),
        ("no e-mail address but words", "dana", PASSWORD, 422, WRONG),
        ("a sign that PostgreSQL cannot keep", "dana\0@example.com", PASSWORD, 422, WRONG),
        ("markup", "<b>@example.com", PASSWORD, 422, WRONG),
        ("a password of a megabyte's tenth", DANA, "x" * 100_000, 422, WRONG),
    ],
)
def test_signing_in(
    client: FlaskClient, why: str, email: str, password: str, status: int, sentence: str
) -> None:
    answer = sign_in(client, email, password)
    assert (answer.status_code, is_signed_in(client)) == (status, status == 303), why
    assert sentence in answer.text
    assert "<b>@" not in answer.text


@pytest.mark.usefixtures("dana")
def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(client: FlaskClient) -> None:
    answers = [sign_in(client, email, "not the right one") for email in (DANA, "nobody@example.com")]
    wrong, unknown = (BeautifulSoup(answer.text, "html.parser").main.get_text() for answer in answers)
    assert answers[0].status_code == answers[1].status_code
    assert wrong == unknown


@pytest.mark.usefixtures("dana")
def test_whoever_is_named_one_hash_is_computed(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that came sooner would tell which addresses are users."""
    with app.app_context():
        a_user("link@example.com", password="")
        with writing():
            users.disable(a_user("gone@example.com"), clock.now())
            db.session.commit()
    computed = []

    def noting(work: Callable[..., object]) -> Callable[..., object]:
        def noted(*args: object, **kwargs: object) -> object:
            computed.append(work.__name__)
            return work(*args, **kwargs)

        return noted

    for name in ("hash", "verify"):
        monkeypatch.setattr(PasswordHasher, name, noting(getattr(PasswordHasher, name)))
    for email in (DANA, "nobody@example.com", "link@example.com", "gone@example.com", "no address"):
        computed.clear()
        assert sign_in(client, email, "not the right one").status_code == 422
        assert len(computed) == 1, email


@pytest.mark.usefixtures("dana")
@pytest.mark.parametrize("change", ["another password", "disabled"])
def test_whoever_shows_a_password_while_it_is_changed_is_not_let_in(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Looking at one takes a third of a second, and who has a stolen one may try again and again."""

    def changed(*args: object) -> bool:
        with app.app_context(), writing():
            if change == "disabled":
                users.disable(users.find(DANA), clock.now())
            else:
                users.set_password(users.find(DANA), "another good one", now=clock.now())
            db.session.commit()
        return right(*args)

    right = PasswordHasher.verify
    csrf = csrf_token(client)
    monkeypatch.setattr(PasswordHasher, "verify", changed)
    form = {"csrf_token": csrf, "email": DANA, "password": PASSWORD}
    assert client.post("/sign-in", data=form).status_code == 422
    assert not is_signed_in(client)


@pytest.mark.usefixtures("dana")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_change_of_the_password_waits_for_who_is_let_in_and_ends_it(app: Flask) -> None:
    tokens: list[str] = []

    def let_in() -> None:
        with app.test_request_context():
            user = authenticate(DANA, PASSWORD)
            sessions.sign_in(user, user_agent="", now=clock.now())
            tokens.append(user.session_token)

    def change() -> None:
        with app.app_context():
            users.set_password(users.find(DANA), "another good one", now=clock.now())
            db.session.commit()

    overtaken(app, let_in, change)
    with app.app_context():
        assert sessions.find(tokens[0], clock.now()) is None


@pytest.mark.usefixtures("dana")
def test_what_was_typed_stays_save_the_password(client: FlaskClient) -> None:
    answer = sign_in(client, DANA, "not the right one", next="/customers?tag=vip")
    assert f'value="{DANA}"' in answer.text
    assert 'value="/customers?tag=vip"' in answer.text
    assert "not the right one" not in answer.text


def test_a_user_without_a_password_cannot_sign_in_by_password(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        a_user(password="")
    assert sign_in(client, DANA, "any password at all").status_code == 422


@pytest.mark.usefixtures("dana")
def test_a_disabled_user_gets_the_answer_of_a_wrong_password(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), writing():
        users.disable(users.find(DANA), clock.now())
        db.session.commit()
    answer = sign_in(client)
    assert answer.status_code == 422
    assert WRONG in answer.text


@pytest.mark.usefixtures("dana")
def test_signing_in_replaces_what_the_cookie_held(app: Flask, client: FlaskClient) -> None:
    """Whoever planted a cookie before knows nothing of the session that begins."""
    before = client.get("/sign-in") and client.get_cookie("heed")
    sign_in(client)
    planted = app.test_client()
    planted.set_cookie("heed", before.value)
    assert not is_signed_in(planted)
    assert is_signed_in(client)


@pytest.mark.usefixtures("dana")
def test_signing_in_again_ends_the_session_that_this_browser_had(app: Flask, client: FlaskClient) -> None:
    sign_in(client)
    old = client.get_cookie("heed").value
    sign_in(client)
    other = app.test_client()
    other.set_cookie("heed", old)
    assert not is_signed_in(other)


@pytest.mark.usefixtures("dana")
def test_signing_out_ends_the_session_on_the_server_too(app: Flask, client: FlaskClient) -> None:
    sign_in(client)
    stolen = client.get_cookie("heed").value
    answer = post(client, "/sign-out")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    thief = app.test_client()
    thief.set_cookie("heed", stolen)
    assert not is_signed_in(thief)


@pytest.mark.usefixtures("dana")
def test_looking_at_the_sign_out_page_signs_nobody_out(client: FlaskClient) -> None:
    sign_in(client)
    assert "Sign out" in client.get("/sign-out").text
    assert is_signed_in(client)


@pytest.mark.usefixtures("dana")
def test_somebody_who_is_signed_in_does_not_see_the_sign_in_page(client: FlaskClient) -> None:
    sign_in(client)
    answer = client.get("/sign-in?next=/customers")
    assert (answer.status_code, answer.location) == (303, "/customers")


@pytest.mark.usefixtures("dana")
def test_a_session_ends_after_twelve_hours_however_busy(app: Flask, client: FlaskClient) -> None:
    sign_in(client)
    with app.app_context():
        row = db.session.scalars(select(UserSession)).one()
        assert row.expires_at - row.created_at == timedelta(hours=12)
    alter(app, expires_at=clock.now())
    assert not is_signed_in(client)


@pytest.mark.usefixtures("dana")
@pytest.mark.parametrize(("minutes", "alive"), [(119, True), (121, False)])
def test_a_session_that_nobody_uses_ends_after_two_hours(
    app: Flask, client: FlaskClient, minutes: float, alive: bool
) -> None:
    sign_in(client)
    alter(app, seen_at=clock.now() - timedelta(minutes=minutes))
    assert is_signed_in(client) == alive


@pytest.mark.usefixtures("dana")
def test_a_session_never_used_since_it_began_ends_too(app: Flask, client: FlaskClient) -> None:
    sign_in(client)
    alter(app, created_at=clock.now() - timedelta(minutes=121))
    assert not is_signed_in(client)


@pytest.mark.usefixtures("dana")
@pytest.mark.parametrize(
    ("headers", "noted"),
    [
        ({}, True),
        ({"HX-Request": "true", "HX-Source": "button#edit"}, True),
        ({"HX-Request": "true", "HX-Source": "div#live"}, False),
    ],
    ids=["a page", "a button", "a page that asks by itself"],
)
def test_people_keep_a_session_alive_and_open_pages_do_not(
    app: Flask, client: FlaskClient, headers: dict[str, str], noted: bool
) -> None:
    sign_in(client)
    before = clock.now() - timedelta(minutes=6)
    alter(app, seen_at=before)
    client.get("/opt-in", headers=headers)
    with app.app_context():
        assert (db.session.scalars(select(UserSession.seen_at)).one() > before) == noted


@pytest.mark.usefixtures("dana")
def test_a_busy_session_is_written_down_every_five_minutes_only(app: Flask, client: FlaskClient) -> None:
    sign_in(client)
    before = clock.now() - timedelta(minutes=4)
    alter(app, seen_at=before)
    client.get("/opt-in")
    with app.app_context():
        assert db.session.scalars(select(UserSession.seen_at)).one() == before


@pytest.mark.usefixtures("dana")
def test_a_desk_may_choose_how_long_sessions_last(app: Flask, client: FlaskClient) -> None:
    hour = timedelta(hours=1)
    app.config["HEED"] = replace(app.config["HEED"], session_lifetime=hour, session_idle=hour / 6)
    sign_in(client)
    with app.app_context():
        row = db.session.scalars(select(UserSession)).one()
        assert row.expires_at - row.created_at == hour
    alter(app, seen_at=clock.now() - hour / 5)
    assert not is_signed_in(client)


@pytest.mark.usefixtures("dana")
def test_a_revoked_session_is_over_at_once(app: Flask, client: FlaskClient) -> None:
    sign_in(client)
    with app.app_context(), writing():
        sessions.revoke_all(users.find(DANA), clock.now())
        db.session.commit()
    assert not is_signed_in(client)


@pytest.mark.usefixtures("dana")
def test_a_session_that_began_while_its_user_was_disabled_does_not_count(
    app: Flask, client: FlaskClient
) -> None:
    sign_in(client)
    with app.app_context(), writing():
        users.find(DANA).disabled_at = clock.now()
        db.session.commit()
    assert not is_signed_in(client)


@pytest.mark.usefixtures("dana")
def test_the_database_does_not_hold_the_token_of_the_cookie(app: Flask, client: FlaskClient) -> None:
    sign_in(client)
    with client.session_transaction() as cookie, app.app_context():
        row = db.session.scalars(select(UserSession)).one()
        assert row.token_hash not in cookie.values()
        assert sessions.find(row.token_hash, clock.now()) is None


@pytest.mark.usefixtures("dana")
@pytest.mark.parametrize(
    ("base_url", "name", "secure"),
    [("http://localhost", "heed", False), ("https://localhost", "__Host-heed", True)],
)
def test_the_cookie_cannot_be_read_by_scripts_and_is_bound_to_tls(
    client: FlaskClient, base_url: str, name: str, secure: bool
) -> None:
    cookie = client.get("/sign-in", base_url=base_url).headers["Set-Cookie"]
    assert cookie.startswith(f"{name}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert ("Secure" in cookie) == secure


@pytest.mark.usefixtures("dana")
@pytest.mark.parametrize("token", [None, "", "foreign"])
def test_the_form_needs_the_token_of_its_own_page(client: FlaskClient, token: str | None) -> None:
    form = {"email": DANA, "password": PASSWORD, **({} if token is None else {"csrf_token": token})}
    assert client.post("/sign-in", data=form).status_code == 400
    assert not is_signed_in(client)
