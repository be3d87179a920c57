"""What happens to accounts is on record with the change itself, for admins to read, and nobody edits it."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, text
from sqlalchemy.exc import DatabaseError, OperationalError

from tests.accounts.people import DANA, PASSWORD, a_user, post, sign_in
from tests.accounts.phones import a_phone_of
from tests.accounts.test_second_step import dana, give, letters_of
from webapp import tasks
from webapp.accounts import housekeeping, links, totp, trail, users
from webapp.accounts.account_event import WORDS, AccountEvent, Happened
from webapp.accounts.commands import token_group, user_group
from webapp.accounts.models import User, UserSession
from webapp.clock import now
from webapp.extensions import db

FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}


def on_record(app: Flask) -> list[str]:
    """What the page says of each, oldest first."""
    with app.app_context():
        rows = db.session.scalars(select(AccountEvent).order_by(AccountEvent.id)).all()
        found = [f"{row.subject} {row.words}, by {row.actor}" for row in rows]
        db.session.remove()
    return found


@pytest.fixture
def them(app: Flask, admin: FlaskClient) -> str:
    """The path of Dana's account, beside the admin who is user:1."""
    with app.app_context():
        return f"/users/{a_user().id}"


CHANGES = [
    ("/edit", {"name": "", "role": "manager"}, ["has the role manager, was agent"]),
    ("/edit", {"name": "Dana", "role": "agent"}, ["has another name"]),
    ("/edit", {"name": "", "role": "agent"}, []),
    ("/disable", {}, ["is disabled"]),
    ("/sessions/end", {}, ["sessions are ended"]),
    ("/link", {}, ["gets a sign-in link"]),
    ("/second-step/reset", {}, ["second step is reset"]),
]


@pytest.mark.parametrize(("action", "fields", "words"), CHANGES)
def test_each_change_of_an_admin_is_on_record(app, admin, them, action, fields, words) -> None:
    before = on_record(app)
    assert post(admin, them + action, **fields).status_code in (200, 303)
    assert on_record(app)[len(before) :] == [f"user:2 {each}, by user:1" for each in words]


@pytest.mark.parametrize(("action", "word"), [("/disable", "is disabled"), ("/enable", "is enabled")])
def test_a_double_click_changes_nothing_and_leaves_one(app, admin, them, action, word) -> None:
    if action == "/enable":
        post(admin, them + "/disable")
    for _ in range(2):
        assert post(admin, them + action).status_code == 303
    assert [each for each in on_record(app) if word in each] == [f"user:2 {word}, by user:1"]


def test_a_browser_that_is_signed_out_twice_is_signed_out_once(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        a_user()
    for each in (client, app.test_client()):
        sign_in(each)
    with app.app_context():
        newest = db.session.scalar(select(db.func.max(UserSession.id)))
    for _ in range(2):
        assert post(client, f"/users/me/sessions/{newest}/end").location == "/users/me"
    assert [each for each in on_record(app) if "a session is ended" in each] == [
        "user:1 a session is ended, by user:1"
    ]


def test_who_is_added_and_what_a_token_becomes(app: Flask, admin: FlaskClient) -> None:
    before = on_record(app)
    post(admin, "/users/new", email="kim@example.com", name="Kim", role="viewer")
    post(admin, "/tokens/new", name="shop web", role="agent")
    for _ in range(2):
        post(admin, "/tokens/1/revoke")
    assert on_record(app)[len(before) :] == [
        "user:2 is added as viewer, by user:1", "user:2 gets a sign-in link, by user:1",
        "token:1 is added as agent, by user:1", "token:1 is revoked, by user:1",
    ]  # fmt: skip


def test_what_commands_do_is_on_record_as_the_systems(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    assert run(user_group, ["add", "kim@example.com", "--role", "admin"], input="\n").exit_code == 0
    assert run(user_group, ["link", "kim@example.com"]).exit_code == 0
    assert run(user_group, ["reset-second-step", "kim@example.com"]).exit_code == 0
    assert run(token_group, ["add", "shop web", "--role", "agent"]).exit_code == 0
    assert on_record(app) == [
        "user:1 is added as admin, by system", "user:1 gets a sign-in link, by system",
        "user:1 second step is reset, by system", "token:1 is added as agent, by system",
    ]  # fmt: skip


def test_what_people_do_with_their_own_account(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        a_user()
    phone = a_phone_of(app, DANA)
    sign_in(client)
    give(client, phone.code())
    before = on_record(app)
    post(client, "/users/me/second-step/recovery-codes")
    for _ in range(2):
        post(client, "/users/me/second-step/off")
    post(client, "/users/me/password", current=PASSWORD, new="another horse, quite correct",
         again="another horse, quite correct")  # fmt: skip
    post(client, "/users/me/sessions/end")
    with app.app_context():
        session_id = db.session.scalar(select(db.func.max(UserSession.id)))
        me = f"user:{dana(app).id}"
    post(client, f"/users/me/sessions/{session_id}/end")
    assert on_record(app)[len(before) :] == [
        f"{me} {words}, by {me}"
        for words in ("recovery codes are new", "second step is off", "password is changed",
                      "sessions are ended", "a session is ended")
    ]  # fmt: skip


def test_a_second_step_that_is_set_up_is_on_record(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        a_user()
    sign_in(client)
    secret = letters_of(client.get("/users/me/second-step"))
    post(client, "/users/me/second-step", code="000000")
    post(client, "/users/me/second-step", code=totp.code(secret, totp.step_at(now())))
    assert [each for each in on_record(app) if "second step" in each] == [
        "user:1 second step is on, by user:1"
    ]


def test_the_rule_for_all_is_on_record_once(app: Flask, admin: FlaskClient) -> None:
    with app.app_context():
        db.session.get_one(User, 1).second_step_secret = "locked"
        db.session.commit()
    before = on_record(app)
    for least in ("admin", "admin", "viewer", "", ""):
        post(admin, "/users/second-step", least_role=least)
    rules = [each for each in on_record(app)[len(before) :] if each.startswith("None ")]
    assert rules == [
        f"None a second step is asked of {whom}, by user:1" for whom in ("admins", "everybody", "nobody")
    ]


def test_what_was_asked_before_others_than_admins_could_be_reads_as_it_was(app: Flask) -> None:
    with app.app_context():
        for kind in (Happened.SECOND_STEP_ASKED, Happened.ADMINS_NEED_NOT):
            trail.record(kind, None)
        db.session.commit()
    assert on_record(app) == [
        f"None a second step is asked of {whom}, by system" for whom in ("admins", "nobody")
    ]


def test_a_browser_that_was_not_seen_before_is_on_record_and_one_that_was_is_not(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        a_user()
    for _ in range(2):
        sign_in(client, headers=FIREFOX)
        post(client, "/sign-out")
    assert on_record(app) == [
        "user:1 signed in with a browser not known for them: Firefox on Linux, by user:1"
    ]
    sign_in(app.test_client(), headers=FIREFOX)
    with app.app_context():
        token = links.create(users.find(DANA), now())
        db.session.commit()
    app.test_client().get(f"/sign-in/{token}", headers=FIREFOX)
    assert len(on_record(app)) == 3, "in another browser, and by a link"


def test_what_somebody_else_signed_in_with_since_is_new_again(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        a_user()
        a_user("kim@example.com")
    for email in (DANA, "kim@example.com", DANA):
        sign_in(client, email)
        post(client, "/sign-out")
    assert len(on_record(app)) == 3


def test_a_change_that_is_not_committed_leaves_no_entry_and_no_line(
    app: Flask, admin: FlaskClient, them: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = on_record(app)
    caplog.set_level(logging.INFO, logger="heed.accounts")

    def break_off(_session: object) -> None:
        db.session.flush()
        raise OperationalError("COMMIT", None, Exception("gone"))

    event.listen(db.session, "before_commit", break_off)
    try:
        assert post(admin, f"{them}/disable").status_code == 503
    finally:
        event.remove(db.session, "before_commit", break_off)
    assert on_record(app) == before
    assert "is disabled" not in caplog.text
    with app.app_context():
        assert users.find(DANA).is_active
        db.session.remove()


def test_a_line_is_logged_by_the_commit_of_its_own_change_and_by_no_other(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="heed.accounts")
    with app.app_context():
        with db.session.begin_nested():
            trail.record(Happened.LINK, None)
        assert caplog.messages == [], "a savepoint is no commit"
        db.session.rollback()
        trail.record(Happened.SECOND_STEP_ASKED, None, detail="admins")
        db.session.commit()
        db.session.commit()
    assert caplog.messages == ["a second step is asked of admins, by system"]


def test_a_refused_change_is_none(app: Flask, admin: FlaskClient) -> None:
    before = on_record(app)
    assert post(admin, "/users/1/disable").status_code == 422
    assert post(admin, "/users/1/edit", name="", role="agent").status_code == 422
    assert post(admin, "/users/new", email="kim", role="agent").status_code == 422
    assert on_record(app) == before


@pytest.mark.parametrize(
    "change", ["UPDATE account_events SET actor = 'user:9'", "DELETE FROM account_events"]
)
def test_nobody_edits_or_deletes_an_entry(app: Flask, admin: FlaskClient, change: str) -> None:
    with app.app_context():
        with pytest.raises(DatabaseError, match="append-only"):
            db.session.execute(text(change))
        db.session.remove()


@pytest.mark.parametrize(("days", "left"), [(729, 2), (731, 1)])
def test_what_is_older_than_two_years_goes(app: Flask, admin: FlaskClient, days: int, left: int) -> None:
    with app.app_context():
        for age in (timedelta(days=days), timedelta(days=1)):
            db.session.add(AccountEvent(at=now() - age, kind=Happened.LINK, actor="system"))
        db.session.commit()
        before = db.session.query(AccountEvent).count()
    tasks.run(app, housekeeping.tidy)
    with app.app_context():
        assert db.session.query(AccountEvent).count() == before - 2 + left


def test_nobody_deletes_an_entry_of_the_last_months_whatever_the_setting_says(app: Flask) -> None:
    with app.app_context():
        db.session.add(AccountEvent(at=now() - timedelta(days=89), kind=Happened.LINK, actor="system"))
        db.session.commit()
    app.config["HEED"] = replace(app.config["HEED"], account_events_kept=timedelta(days=1))
    with pytest.raises(DatabaseError, match="append-only"):
        tasks.run(app, housekeeping.tidy)


def test_every_kind_has_words_and_the_database_knows_it(app: Flask) -> None:
    assert WORDS.keys() == set(Happened)
    with app.app_context():
        for kind in Happened:
            trail.record(kind, None, detail="x")
        db.session.commit()
    assert len(on_record(app)) == len(Happened)


class TestThePage:
    def test_it_tells_whom_what_and_by_whom_the_newest_first(self, admin: FlaskClient, them: str) -> None:
        post(admin, f"{them}/edit", name="<b>Dana</b>", role="agent")
        post(admin, f"{them}/disable")
        page = admin.get("/users/events").text
        assert page.index("is disabled") < page.index("has another name")
        assert "&lt;b&gt;Dana&lt;/b&gt;" in page
        assert "<b>Dana</b>" not in page.replace("<b>&lt;b&gt;", "")
        assert "admin@example.com" in page
        assert 'href="/users/events"' in admin.get("/users").text

    def test_of_one_person_both_what_they_became_and_what_they_did(self, admin, them, browser_of) -> None:
        post(admin, f"{them}/disable")
        of_dana = rows(admin, "user:2")
        assert len(of_dana) == 1
        assert "is disabled" in of_dana[0]
        of_admin = rows(admin, "user:1")
        assert any("is disabled" in row for row in of_admin)
        assert len(of_admin) == 2

    @pytest.mark.parametrize("person", ["user:999", "%", "' OR 1=1 --", "token:1", ""])
    def test_a_person_who_does_not_exist_is_nobody_in_particular(self, admin, them, person) -> None:
        assert rows(admin, person) == rows(admin, "")

    def test_pages_go_by_key_and_miss_nobody(self, app, admin, monkeypatch) -> None:
        monkeypatch.setattr(trail, "PER_PAGE", 2)
        with app.app_context():
            for _ in range(4):
                trail.record(Happened.LINK, users.find("admin@example.com"))
            db.session.commit()
        seen, path = [], "/users/events"
        while path:
            soup = admin.soup(path)
            seen += [row["id"] for row in soup.select("tbody tr")]
            older = soup.select_one("#account-events-next")
            path = older["href"] if older else ""
        assert seen == [f"account-event-{n}" for n in (5, 4, 3, 2, 1)]

    def test_an_empty_list_says_what_will_stand_there(self, app, admin) -> None:
        with app.app_context():
            a_user("kim@example.com")
        assert "Nothing is on record of this person" in admin.get("/users/events?person=user:2").text


def rows(admin: FlaskClient, person: str) -> list[str]:
    soup = admin.soup("/users/events", query_string={"person": person})
    return [row.text for row in soup.select("tbody tr")]
