"""Before what is hard to undo: whoever sits there signed in lately, or says once more who they are."""

from datetime import timedelta
from io import BytesIO

import pytest
from argon2 import PasswordHasher
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from tests.accounts.conftest import Browser
from tests.accounts.people import HTMX, PASSWORD, csrf_token, is_signed_in, post, sign_in
from tests.accounts.phones import a_phone_of
from webapp import clock
from webapp.accounts import links, sessions, users
from webapp.accounts.models import ApiToken, User, UserSession
from webapp.accounts.roles import Role
from webapp.campaigns import switch
from webapp.consent import policy
from webapp.database import writing
from webapp.extensions import db

QUESTION = "Confirm that it is you"
NEW_TOKEN = {"name": "<shop> web", "role": "agent"}


def signed_in_ago(app: Flask, **ago: float) -> None:
    with app.app_context(), writing():
        began = clock.now() - timedelta(**ago)
        db.session.execute(update(UserSession).values(created_at=began, seen_at=clock.now()))
        db.session.commit()


@pytest.fixture
def late(app: Flask, admin: FlaskClient) -> FlaskClient:
    """An admin who signed in a quarter of an hour ago, and some seconds."""
    signed_in_ago(app, minutes=15, seconds=5)
    return admin


def tokens_made(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(ApiToken)) or 0


def send_again(client: FlaskClient, question: TestResponse, proof: str) -> TestResponse:
    """What the browser does when the question is answered: its form, and nothing but it."""
    form = BeautifulSoup(question.text, "html.parser").find(id="confirm-form")
    fields = {field["name"]: field.get("value", "") for field in form.find_all("input")}
    return client.post(form["action"], data=fields | {"proof_of_person": proof})


def test_right_after_signing_in_nothing_is_asked(app: Flask, admin: FlaskClient) -> None:
    signed_in_ago(app, minutes=14, seconds=50)
    assert "API token" in post(admin, "/tokens/new", **NEW_TOKEN).text
    assert tokens_made(app) == 1


def test_the_right_password_goes_on_to_what_was_typed_and_is_good_for_a_while(
    app: Flask, late: FlaskClient
) -> None:
    question = post(late, "/tokens/new", **NEW_TOKEN)
    assert (question.status_code, tokens_made(app)) == (403, 0)
    assert QUESTION in question.text
    answer = send_again(late, question, PASSWORD)
    assert answer.status_code == 200
    assert "&lt;shop&gt; web" in answer.text
    assert post(late, "/tokens/new", **NEW_TOKEN).status_code == 200
    assert tokens_made(app) == 2


def test_a_wrong_one_asks_again_and_loses_nothing(app: Flask, late: FlaskClient) -> None:
    question = send_again(late, post(late, "/tokens/new", **NEW_TOKEN), "not the right one")
    assert "That is not your password." in question.text
    assert "not the right one" not in question.text
    assert tokens_made(app) == 0
    assert "&lt;shop&gt; web" in send_again(late, question, PASSWORD).text


def test_scripts_show_the_question_in_the_dialog(app: Flask, late: FlaskClient) -> None:
    question = post(late, "/tokens/new", HTMX, **NEW_TOKEN)
    assert (question.status_code, tokens_made(app)) == (200, 0)
    assert question.headers["HX-Retarget"] == "#dialog-body"
    assert "<html" not in question.text
    answer = post(late, "/tokens/new", HTMX, proof_of_person=PASSWORD, **NEW_TOKEN)
    assert "heed_" in answer.text


def test_with_a_second_step_a_code_is_the_proof_and_the_password_is_not(
    app: Flask, late: FlaskClient
) -> None:
    phone = a_phone_of(app, "admin@example.com")
    question = post(late, "/tokens/new", **NEW_TOKEN)
    assert "That is not a code that works now." in send_again(late, question, PASSWORD).text
    assert tokens_made(app) == 0
    assert "heed_" in send_again(late, question, phone.code()).text


def test_a_proof_is_good_for_the_browser_that_gave_it(app: Flask, late: FlaskClient) -> None:
    other = app.test_client()
    sign_in(other, "admin@example.com")
    signed_in_ago(app, hours=1)
    send_again(late, post(late, "/tokens/new", **NEW_TOKEN), PASSWORD)
    assert QUESTION in post(other, "/tokens/new", **NEW_TOKEN).text


def a_copy_of(app: Flask, client: FlaskClient) -> FlaskClient:
    """Another browser with the same cookie."""
    thief = app.test_client()
    thief.set_cookie("heed", client.get_cookie("heed").value)
    return thief


def test_a_copy_of_the_cookie_has_no_part_in_the_proof_and_ends_soon(
    app: Flask, late: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = a_copy_of(app, late)
    send_again(late, post(late, "/tokens/new", **NEW_TOKEN), PASSWORD)
    assert QUESTION in post(thief, "/tokens/new", **NEW_TOKEN).text, (
        "what was asked for just before is answered"
    )
    assert 'id="session-end-' not in late.get("/users/me").text, "it is one session"
    in_a_moment = clock.now() + sessions.OVERLAP
    monkeypatch.setattr(clock, "now", lambda: in_a_moment)
    assert is_signed_in(late)
    assert not is_signed_in(thief)


@pytest.mark.parametrize("how", ["by another browser of mine", "by an admin"])
def test_signing_out_ends_what_has_the_token_of_before_as_well(
    app: Flask, late: FlaskClient, how: str
) -> None:
    thief = a_copy_of(app, late)
    send_again(late, post(late, "/tokens/new", **NEW_TOKEN), PASSWORD)
    assert is_signed_in(thief)
    if how == "by an admin":
        post(late, "/users/1/sessions/end")
    else:
        post(late, "/users/me/sessions/end")
    assert is_signed_in(late) == (how != "by an admin")
    assert not is_signed_in(thief)


def test_a_double_click_is_answered_twice_and_keeps_the_session(app: Flask, late: FlaskClient) -> None:
    """The second one left the browser with the token of before, and its answer comes last."""
    question, second = post(late, "/tokens/new", **NEW_TOKEN), a_copy_of(app, late)
    send_again(late, question, PASSWORD)
    with second.session_transaction() as cookie:
        before = cookie["_user_id"]
    assert "heed_" in send_again(second, question, PASSWORD).text
    with second.session_transaction() as cookie:
        assert cookie["_user_id"] == before, "it is not sent another one, which would end in a moment"


def test_a_session_that_is_ended_meanwhile_is_not_brought_back_by_a_proof(
    app: Flask, late: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = post(late, "/tokens/new", **NEW_TOKEN)

    def ended(*args: object) -> bool:
        with app.app_context(), writing():
            sessions.revoke_all(users.find("admin@example.com"), clock.now())
            db.session.commit()
        return right(*args)

    right = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", ended)
    send_again(late, question, PASSWORD)
    assert not is_signed_in(late)


def test_a_wrong_proof_is_logged_as_at_the_door(late: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING", logger="heed.accounts")
    post(late, "/tokens/new", proof_of_person="not the right one", **NEW_TOKEN)
    assert caplog.messages[0] == "user:1 gave a wrong password, by user:1"
    assert "not the right one" not in caplog.text


def test_guessing_is_slowed_down_as_at_the_door(app: Flask, late: FlaskClient) -> None:
    for _ in range(10):
        post(late, "/tokens/new", proof_of_person="wrong", **NEW_TOKEN)
    refused = post(late, "/tokens/new", proof_of_person=PASSWORD, **NEW_TOKEN)
    assert "Too many failed attempts. Try again in 15 minutes." in refused.text
    assert tokens_made(app) == 0


def test_who_came_by_link_needs_a_fresh_one(app: Flask, late: FlaskClient) -> None:
    with app.app_context(), writing():
        db.session.execute(update(User).values(password_hash=None))
        token = links.create(users.find("admin@example.com"), clock.now())
        db.session.commit()
    question = post(late, "/tokens/new", **NEW_TOKEN)
    assert "Ask for a new sign-in link" in question.text
    assert QUESTION in post(late, "/tokens/new", proof_of_person="", **NEW_TOKEN).text
    late.get(f"/sign-in/{token}")
    assert "heed_" in post(late, "/tokens/new", **NEW_TOKEN).text


def test_whoever_finds_an_open_browser_sets_no_first_password(app: Flask, late: FlaskClient) -> None:
    with app.app_context(), writing():
        db.session.execute(update(User).values(password_hash=None))
        db.session.commit()
    answer = post(late, "/users/me/password", new="another good one", again="another good one")
    assert QUESTION in answer.text
    with app.app_context():
        assert users.find("admin@example.com").password_hash is None


def test_whoever_finds_an_open_browser_signs_the_owner_out_nowhere(app: Flask, late: FlaskClient) -> None:
    other = app.test_client()
    sign_in(other, "admin@example.com")
    signed_in_ago(app, hours=1)
    question = post(late, "/users/me/sessions/end")
    assert QUESTION in question.text
    assert is_signed_in(other)
    assert send_again(late, question, PASSWORD).location == "/users/me"
    assert not is_signed_in(other)


def test_stopping_all_sending_is_never_in_anybodys_way_and_allowing_it_again_is(
    app: Flask, late: FlaskClient
) -> None:
    assert post(late, "/campaigns/sending", enabled="0").location == "/campaigns"
    with app.app_context():
        assert not switch.current().enabled
    assert QUESTION in post(late, "/campaigns/sending", enabled="1").text
    with app.app_context():
        assert not switch.current().enabled


def test_several_values_of_one_name_are_kept(app: Flask, browser_of: Browser) -> None:
    manager = browser_of(Role.MANAGER)
    signed_in_ago(app, hours=1)
    fields = {"csrf_token": csrf_token(manager), "version": "1", "enabled": "1",
              "opt_out_words": ["STOP", "HALT"], "opt_in_words": "START"}  # fmt: skip
    question = manager.post("/opt-in/settings", data=fields)
    form = BeautifulSoup(question.text, "html.parser").find(id="confirm-form")
    kept = [field["value"] for field in form.find_all("input", attrs={"name": "opt_out_words"})]
    assert kept == ["STOP", "HALT"]
    answer = manager.post("/opt-in/settings", data=fields | {"proof_of_person": PASSWORD})
    assert answer.location == "/opt-in"
    with app.app_context():
        assert "HALT" in policy.current().opt_out_words


def test_a_file_is_to_be_chosen_again(app: Flask, browser_of: Browser) -> None:
    manager = browser_of(Role.MANAGER)
    signed_in_ago(app, hours=1)
    fields = {"csrf_token": csrf_token(manager), "file": (BytesIO(b"{}"), "pack.json")}
    question = manager.post("/settings/packs", data=fields, content_type="multipart/form-data")
    assert "Choose the file again afterwards." in question.text
    assert "Choose a file first." in send_again(manager, question, PASSWORD).text
