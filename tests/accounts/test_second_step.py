"""The second step: at the door, in one's own hands, asked of admins, and taken off by an admin."""

import base64
import logging
import re
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.accounts.conftest import Browser
from tests.accounts.people import DANA, HTMX, PASSWORD, a_user, csrf_token, is_signed_in, post, sign_in
from tests.accounts.phones import Phone, a_phone_of
from webapp import clock
from webapp.accounts import halfway, links, second_step, totp, users
from webapp.accounts.commands import user_group
from webapp.accounts.models import RecoveryCode, User
from webapp.accounts.roles import Role
from webapp.database import writing
from webapp.extensions import db

WRONG = "That is not a code that works now."
DOOR = "/sign-in/second-step"


@pytest.fixture
def phone(app: Flask) -> Phone:
    """Dana's."""
    with app.app_context():
        a_user()
    return a_phone_of(app, DANA)


def give(client: FlaskClient, code: str) -> TestResponse:
    return post(client, DOOR, code=code)


def dana(app: Flask) -> User:
    return users.find(DANA)


class TestAtTheDoor:
    def test_the_password_alone_lets_nobody_in(self, phone: Phone, client: FlaskClient) -> None:
        answer = sign_in(client, next="/customers?tag=vip")
        assert (answer.status_code, answer.location) == (303, DOOR)
        assert not is_signed_in(client)
        assert client.get("/customers").location.startswith("/sign-in")

    def test_the_code_does_and_leads_to_the_page_that_was_wanted(
        self, phone: Phone, client: FlaskClient
    ) -> None:
        sign_in(client, next="/customers?tag=vip")
        assert "Code" in client.get(DOOR).text
        answer = give(client, phone.code())
        assert (answer.status_code, answer.location) == (303, "/customers?tag=vip")
        assert is_signed_in(client)

    def test_a_link_alone_lets_nobody_in_either(self, app: Flask, phone: Phone, client: FlaskClient) -> None:
        with app.app_context(), writing():
            token = links.create(dana(app), clock.now())
            db.session.commit()
        assert client.get(f"/sign-in/{token}").location == DOOR
        assert not is_signed_in(client)
        assert give(client, phone.code()).location == "/"
        assert is_signed_in(client)

    @pytest.mark.parametrize("typed", ["", "000000", "abc", "\0", "x" * 5000, PASSWORD])
    def test_a_wrong_code_does_not(self, phone: Phone, client: FlaskClient, typed: str) -> None:
        sign_in(client)
        answer = give(client, typed)
        assert answer.status_code == 422
        assert WRONG in answer.text
        assert not is_signed_in(client)

    def test_nobody_gets_there_without_the_password(self, phone: Phone, client: FlaskClient) -> None:
        assert client.get(DOOR).location == "/sign-in"
        assert give(client, phone.code()).status_code == 410
        assert not is_signed_in(client)

    def test_a_code_works_once(self, app: Flask, phone: Phone, client: FlaskClient) -> None:
        code, thief = phone.code(), app.test_client()
        sign_in(client)
        give(client, code)
        sign_in(thief)
        assert give(thief, code).status_code == 422
        assert not is_signed_in(thief)

    def test_an_older_code_than_the_last_one_does_not_work(
        self, app: Flask, phone: Phone, client: FlaskClient
    ) -> None:
        sign_in(client)
        give(client, phone.code(1))
        other = app.test_client()
        sign_in(other)
        assert give(other, phone.code()).status_code == 422

    def test_of_two_who_send_a_code_at_once_one_comes_in(self, app: Flask, phone: Phone) -> None:
        clients, start, statuses = [app.test_client() for _ in range(2)], Barrier(2), []
        forms = [{"csrf_token": csrf_token(c), "code": phone.code()} for c in clients if sign_in(c)]

        def send(client: FlaskClient, form: dict[str, str]) -> None:
            start.wait()
            statuses.append(client.post(DOOR, data=form).status_code)

        threads = [Thread(target=send, args=pair) for pair in zip(clients, forms, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [303, 422]

    def test_guessing_codes_is_slowed_down_like_passwords(self, phone: Phone, client: FlaskClient) -> None:
        sign_in(client)
        assert {give(client, "000000").status_code for _ in range(10)} == {422}
        refused = give(client, phone.code())
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) > 0
        assert not is_signed_in(client)

    @pytest.mark.parametrize("change", ["ten minutes", "another password", "disabled"])
    def test_what_came_before_the_code_does_not_count_for_ever(
        self, app: Flask, phone: Phone, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, change: str
    ) -> None:
        sign_in(client)
        with app.app_context(), writing():
            if change == "another password":
                users.set_password(dana(app), "another good one", now=clock.now())
            if change == "disabled":
                users.disable(dana(app), clock.now())
            db.session.commit()
        if change == "ten minutes":
            monkeypatch.setattr(halfway, "LIFETIME", -timedelta(seconds=1))
        assert give(client, phone.code()).status_code == 410
        assert not is_signed_in(client)


class TestRecoveryCodes:
    def test_one_takes_the_place_of_the_phone_once(
        self, app: Flask, phone: Phone, client: FlaskClient
    ) -> None:
        code = phone.recovery_codes[3].upper()
        sign_in(client)
        assert give(client, f" {code} ").status_code == 303
        other = app.test_client()
        sign_in(other)
        assert give(other, code).status_code == 422

    def test_that_of_somebody_else_does_not(self, app: Flask, phone: Phone, client: FlaskClient) -> None:
        with app.app_context():
            a_user("kim@example.com")
        other = a_phone_of(app, "kim@example.com")
        sign_in(client)
        assert give(client, other.recovery_codes[0]).status_code == 422

    def test_new_ones_make_the_old_ones_worthless(self, app: Flask, phone: Phone) -> None:
        with app.app_context(), writing():
            fresh = second_step.renew_recovery_codes(dana(app))
            assert not second_step.spend(dana(app), phone.recovery_codes[0], clock.now())
            assert second_step.spend(dana(app), fresh[0], clock.now())
            db.session.rollback()

    def test_the_database_holds_neither_secret_nor_codes(self, app: Flask, phone: Phone) -> None:
        with app.app_context():
            kept = str(dana(app).second_step_secret) + "".join(
                db.session.scalars(select(RecoveryCode.code_hash))
            )
        for secret in (totp.readable(phone.secret), phone.secret.hex(), *phone.recovery_codes):
            assert secret not in kept
            assert secret.replace("-", "") not in kept

    def test_under_another_secret_key_only_recovery_codes_work(
        self, app: Flask, phone: Phone, client: FlaskClient
    ) -> None:
        app.config["SECRET_KEY"] = "another secret key of thirty-two bytes"
        sign_in(client)
        assert give(client, phone.code()).status_code == 422
        assert give(client, phone.recovery_codes[0]).status_code == 303


def letters_of(answer: TestResponse) -> bytes:
    found = re.search(r'id="second-step-letters" value="([A-Z2-7]+)"', answer.text)
    assert found, answer.text
    return base64.b32decode(found[1])


class TestOnesOwn:
    def test_is_set_up_with_a_code_and_shows_ten_recovery_codes_once(
        self, app: Flask, browser_of: Browser
    ) -> None:
        mine, other, thief = browser_of(Role.AGENT), app.test_client(), app.test_client()
        sign_in(other, "agent@example.com")
        thief.set_cookie("heed", mine.get_cookie("heed").value)
        secret = letters_of(mine.get("/users/me/second-step"))
        wrong = post(mine, "/users/me/second-step", code="000000")
        assert wrong.status_code == 422
        assert letters_of(wrong) == secret, "the app has this one by now"
        answer = post(mine, "/users/me/second-step", code=totp.code(secret, totp.step_at(clock.now())))
        codes = re.findall(r"<code>((?:[a-z2-9]{4}-){5}[a-z2-9]{4})</code>", answer.text)
        assert len(set(codes)) == 10
        assert codes[0] not in mine.get("/users/me/second-step").text
        assert is_signed_in(mine)
        assert not is_signed_in(other), "whoever is there has shown no second step"
        assert not is_signed_in(thief), "nor has whoever has a copy of the cookie"
        assert sign_in(other, "agent@example.com").location == DOOR
        assert give(other, codes[0]).status_code == 303

    def test_the_page_holds_the_secret_no_more_once_it_is_on(self, app: Flask, browser_of: Browser) -> None:
        mine = browser_of(Role.AGENT)
        phone = a_phone_of(app, "agent@example.com")
        page = mine.get("/users/me/second-step").text
        assert "10 of 10 left" in page
        assert totp.readable(phone.secret) not in page

    def test_switching_it_off_takes_the_codes_along(self, app: Flask, browser_of: Browser) -> None:
        mine = browser_of(Role.AGENT)
        a_phone_of(app, "agent@example.com")
        assert post(mine, "/users/me/second-step/off").location == "/users/me"
        with app.app_context():
            assert db.session.scalars(select(RecoveryCode)).all() == []
        assert sign_in(app.test_client(), "agent@example.com").location == "/"

    def test_recovery_codes_can_be_made_anew(self, app: Flask, browser_of: Browser) -> None:
        mine = browser_of(Role.AGENT)
        assert post(mine, "/users/me/second-step/recovery-codes").location == "/users/me/second-step"
        phone = a_phone_of(app, "agent@example.com")
        answer = post(mine, "/users/me/second-step/recovery-codes")
        assert len(re.findall(r"<code>", answer.text)) == 10
        assert phone.recovery_codes[0] not in answer.text


class TestAskedOfMore:
    def test_whoever_asks_others_has_one(self, admin: FlaskClient, app: Flask) -> None:
        assert post(admin, "/users/second-step", least_role="admin").location == "/users/me/second-step"
        with app.app_context():
            assert second_step.rules().second_step_from is None

    @pytest.mark.parametrize("fields", [{}, {"least_role": "root"}, {"least_role": "admin' --"}])
    def test_of_whom_is_one_of_those_there_are(
        self, admin: FlaskClient, app: Flask, fields: dict[str, str]
    ) -> None:
        a_phone_of(app, "admin@example.com")
        assert post(admin, "/users/second-step", **fields).status_code == 400

    @pytest.mark.parametrize("least", Role)
    def test_it_is_owed_from_that_role_on(self, app: Flask, least: Role) -> None:
        with app.app_context():
            owing = {role for role in Role if second_step.is_owed(User(role=role), least)}
            assert owing == {role for role in Role if role.includes(least)}
            assert not second_step.is_owed(User(role=Role.ADMIN, second_step_secret="locked"), least)
            assert not second_step.is_owed(User(role=Role.ADMIN), None)

    def test_everybody_can_be_asked(self, admin: FlaskClient, app: Flask, browser_of: Browser) -> None:
        a_phone_of(app, "admin@example.com")
        viewer = browser_of(Role.VIEWER)
        assert viewer.get("/opt-in").status_code == 200
        post(admin, "/users/second-step", least_role="viewer")
        assert viewer.get("/opt-in").location == "/users/me/second-step"
        chosen = admin.soup("/users").select("#rules-role option[selected]")
        assert [each.text for each in chosen] == ["Everybody"]
        post(admin, "/users/second-step", least_role="")
        assert viewer.get("/opt-in").status_code == 200

    def test_admins_without_one_set_it_up_before_anything_else(
        self, admin: FlaskClient, app: Flask, browser_of: Browser
    ) -> None:
        a_phone_of(app, "admin@example.com")
        manager, other = browser_of(Role.MANAGER), app.test_client()
        assert post(admin, "/users/second-step", least_role="admin").location == "/users"
        with app.app_context():
            a_user("kim@example.com", Role.ADMIN)
        sign_in(other, "kim@example.com")
        for path in ("/users", "/opt-in", "/users/me"):
            assert other.get(path).location == "/users/me/second-step", path
        asked = other.get("/users/new", headers=HTMX)
        assert (asked.status_code, asked.headers["HX-Redirect"]) == (403, "/users/me/second-step")
        page = other.get("/users/me/second-step")
        code = totp.code(letters_of(page), totp.step_at(clock.now()))
        assert "This desk asks you for a second step." in page.text
        assert post(other, "/users/me/second-step", code=code).status_code == 200
        assert other.get("/users").status_code == 200
        assert admin.get("/users").status_code == 200
        assert manager.get("/opt-in").status_code == 200
        post(admin, "/users/second-step", least_role="")
        with app.app_context():
            assert second_step.rules().changed_by == "user:1"


class TestTakenOff:
    def test_by_an_admin_ends_the_sessions(self, app: Flask, admin: FlaskClient, phone: Phone) -> None:
        client = app.test_client()
        sign_in(client)
        give(client, phone.code())
        with app.app_context():
            user_id = dana(app).id
        assert "Reset second step" in admin.get(f"/users/{user_id}/edit").text
        assert post(admin, f"/users/{user_id}/second-step/reset").status_code == 303
        assert not is_signed_in(client)
        assert sign_in(client).location == "/"

    def test_by_command(self, app: Flask, phone: Phone, client: FlaskClient) -> None:
        ended = app.test_cli_runner().invoke(user_group, ["reset-second-step", DANA.upper()])
        assert (ended.exit_code, ended.stdout) == (0, "")
        assert sign_in(client).location == "/"

    def test_by_command_of_nobody(self, app: Flask) -> None:
        ended = app.test_cli_runner().invoke(user_group, ["reset-second-step", "kim@example.com"])
        assert (ended.exit_code, ended.stdout) == (1, "")


def test_what_happens_is_logged_by_number_and_without_secrets(
    app: Flask, admin: FlaskClient, phone: Phone, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="heed.accounts")
    sign_in(client, password="not the right one")
    sign_in(client)
    give(client, "000000")
    code = phone.code()
    give(client, code)
    post(client, "/users/me/second-step/off")
    with app.app_context():
        user_id = dana(app).id
    post(admin, f"/users/{user_id}/edit", name="Dana", role="viewer")
    lines = [record.getMessage() for record in caplog.records if record.name == "heed.accounts"]
    me = f"user:{user_id}"
    assert lines == [
        f"{me} gave a wrong password, by system",
        f"{me} gave a wrong code, by system",
        f"{me} signed in with a browser not known for them: A browser, by {me}",
        f"{me} signed in by password and code, by {me}",
        f"{me} second step is off, by {me}",
        f"{me} has the role viewer, was agent, by user:1",
        f"{me} has another name, by user:1",
    ]
    for _ in range(11):
        sign_in(app.test_client(), "kim@example.com", "not the right one")
    assert [each.getMessage() for each in caplog.records if each.name == "heed.accounts"][-1] == (
        "an attempt to sign in is refused: too many failed, by system"
    )
    for private in (DANA, PASSWORD, code, "000000", *phone.recovery_codes):
        assert private not in caplog.text


def test_nobody_has_a_second_step_at_first(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        a_user(role=Role.ADMIN)
    assert sign_in(client).location == "/"
    with app.app_context():
        assert db.session.scalar(select(User.second_step_secret)) is None
