from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.conftest import Browser
from tests.accounts.people import DANA, NOON, a_user, is_signed_in
from webapp import clock
from webapp.accounts import sessions, users
from webapp.accounts.models import User
from webapp.accounts.passwords import UnfitPassword
from webapp.accounts.roles import Role
from webapp.accounts.users import EmailTaken, LastAdmin, UnfitEmail
from webapp.database import writing
from webapp.extensions import db


@pytest.mark.usefixtures("app_context")
class TestAdding:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("dana@example.com", "dana@example.com"),
            (" Dana@Example.COM\n", "dana@example.com"),
            ("dana@desk.local", "dana@desk.local"),
            ("josé@exämple.com", "josé@exämple.com"),
        ],
    )
    def test_an_address_is_kept_in_one_spelling(self, typed: str, kept: str) -> None:
        assert a_user(typed).email == kept
        assert users.find(typed).email == kept

    @pytest.mark.parametrize(
        "typed",
        ["", "dana", "dana@", "@example.com", "a b@example.com", "dana\0@example.com", "x" * 250 + "@e.com"],
    )
    def test_what_is_no_address_is_refused(self, typed: str) -> None:
        with pytest.raises(UnfitEmail, match="not an e-mail address"):
            users.create(typed, Role.AGENT, now=NOON)

    def test_an_address_belongs_to_one_user(self) -> None:
        a_user()
        with writing(), pytest.raises(EmailTaken, match="a user with the address"):
            users.create("DANA@example.com", Role.ADMIN, now=NOON)

    @pytest.mark.parametrize("password", ["short", "123qweasdzxc", "Kim & dana 1", DANA])
    def test_a_weak_password_adds_nobody(self, password: str) -> None:
        with pytest.raises(UnfitPassword):
            users.create(DANA, Role.AGENT, name="Kim", password=password, now=NOON)
        assert users.find(DANA) is None

    def test_names_lose_what_cannot_be_seen(self) -> None:
        assert a_user(name=" Dana\0 \t Kim\u202e ").name == "Dana Kim"


@pytest.mark.usefixtures("app_context")
class TestTheLastAdmin:
    def test_cannot_be_disabled(self) -> None:
        admin = a_user(role=Role.ADMIN)
        with writing(), pytest.raises(LastAdmin, match="last active admin"):
            users.disable(admin, NOON)

    def test_cannot_become_less(self) -> None:
        admin = a_user(role=Role.ADMIN)
        with writing(), pytest.raises(LastAdmin):
            users.change(admin, name="", role=Role.MANAGER, now=NOON)
        assert admin.role == Role.ADMIN

    def test_is_the_last_one_although_there_is_a_disabled_one(self) -> None:
        admin, gone = a_user(role=Role.ADMIN), a_user("kim@example.com", Role.ADMIN)
        with writing():
            users.disable(gone, NOON)
            with pytest.raises(LastAdmin):
                users.disable(admin, NOON)

    def test_may_go_when_there_is_another(self) -> None:
        admin = a_user(role=Role.ADMIN)
        a_user("kim@example.com", Role.ADMIN)
        with writing():
            users.disable(admin, NOON)
        assert admin.disabled_at == NOON

    def test_may_be_renamed(self) -> None:
        admin = a_user(role=Role.ADMIN)
        users.change(admin, name="Dana Kim", role=Role.ADMIN, now=NOON)
        assert admin.label == "Dana Kim"


def test_two_admins_cannot_disable_each_other_at_the_same_time(app: Flask) -> None:
    with app.app_context():
        ids = [a_user(f"{name}@example.com", Role.ADMIN).id for name in ("dana", "kim")]
    start = Barrier(2)

    def disable(user_id: int) -> None:
        with app.app_context(), writing():
            start.wait()
            try:
                users.disable(db.session.get(User, user_id), NOON)
            except LastAdmin:
                db.session.rollback()
            db.session.commit()

    threads = [Thread(target=disable, args=[user_id]) for user_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        assert db.session.scalar(select(func.count()).where(User.disabled_at.is_(None))) == 1


def test_of_two_who_disable_somebody_at_once_one_did(app: Flask) -> None:
    with app.app_context():
        user_id = a_user().id
    start, did = Barrier(2), []

    def disable() -> None:
        with app.app_context(), writing():
            user = db.session.get(User, user_id)
            if db.engine.dialect.name == "postgresql":  # of SQLite's writers the second has not even begun
                start.wait()
            did.append(users.disable(user, NOON))
            db.session.commit()

    threads = [Thread(target=disable) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(did) == [False, True]


@pytest.mark.parametrize(
    ("verb", "ends"),
    [
        (lambda user: users.change(user, name="", role=Role.VIEWER, now=clock.now()), True),
        (lambda user: users.change(user, name="Dana Kim", role=Role.AGENT, now=clock.now()), False),
        (lambda user: users.disable(user, clock.now()), True),
        (lambda user: users.set_password(user, "another good one", now=clock.now()), True),
    ],
    ids=["another role", "another name", "disabled", "another password"],
)
def test_what_ends_the_sessions_of_a_user(browser_of: Browser, app: Flask, verb, ends: bool) -> None:
    client = browser_of(Role.AGENT)
    with app.app_context(), writing():
        verb(users.find("agent@example.com"))
        db.session.commit()
    assert is_signed_in(client) != ends


def test_only_the_sessions_of_that_user_end(browser_of: Browser, app: Flask) -> None:
    agent, viewer = browser_of(Role.AGENT), browser_of(Role.VIEWER)
    with app.app_context(), writing():
        sessions.revoke_all(users.find("viewer@example.com"), clock.now())
        db.session.commit()
    assert is_signed_in(agent)
    assert not is_signed_in(viewer)
