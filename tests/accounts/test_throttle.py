from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.accounts.people import DANA, NOON, PASSWORD, a_user, csrf_token, is_signed_in, post, sign_in
from webapp.accounts import throttle
from webapp.accounts.models import SignInFailure
from webapp.accounts.throttle import TooManyFailures
from webapp.database import writing
from webapp.extensions import db

HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def fail(times: int, email: str = DANA, address: str = HOME, now=NOON) -> None:
    for _ in range(times):
        attempt(email, address, now)


def attempt(email: str = DANA, address: str = HOME, now=NOON) -> throttle.Attempt:
    """An attempt that is admitted and, as it is not forgotten, has failed."""
    with writing():
        begun = throttle.begin(email, address, now)
        try:
            throttle.admit(begun, now)
        finally:
            db.session.commit()
    return begun


def recorded() -> int:
    return db.session.scalar(select(func.count()).select_from(SignInFailure)) or 0


@pytest.mark.usefixtures("app_context")
class TestThresholds:
    def test_ten_failures_of_an_account_are_admitted_and_the_eleventh_attempt_is_not(self) -> None:
        fail(10)
        with pytest.raises(TooManyFailures):
            attempt()

    def test_another_account_at_the_same_address_is_not_slowed_down_by_ten(self) -> None:
        fail(10)
        attempt("kim@example.com")

    def test_failures_of_an_account_count_from_all_addresses_together(self) -> None:
        fail(5)
        fail(5, address=ELSEWHERE)
        with pytest.raises(TooManyFailures):
            attempt(address="203.0.113.1")

    def test_a_hundred_failures_from_an_address_slow_down_every_account_there(self) -> None:
        for number in range(100):
            attempt(f"guess{number}@example.com")
        with pytest.raises(TooManyFailures):
            attempt("one-more@example.com")
        attempt("one-more@example.com", ELSEWHERE)

    def test_an_ipv6_network_counts_as_one_address(self) -> None:
        for number in range(100):
            attempt(f"guess{number}@example.com", f"2001:db8:1:2::{number:x}")
        with pytest.raises(TooManyFailures):
            attempt("one-more@example.com", "2001:db8:1:2:ffff::1")
        attempt("one-more@example.com", "2001:db8:1:3::1")

    def test_an_address_is_the_same_one_however_a_server_or_proxy_writes_it(self) -> None:
        for number in range(50):
            attempt(f"guess{number}@example.com", f"::ffff:{HOME}")
            attempt(f"more{number}@example.com", f"{HOME}:{40_000 + number}")
        with pytest.raises(TooManyFailures):
            attempt("one-more@example.com", HOME)
        attempt("one-more@example.com", f"::ffff:{ELSEWHERE}")
        attempt("one-more@example.com", f"{ELSEWHERE}:40000")

    def test_so_is_one_of_ipv6_with_its_port(self) -> None:
        networks = {throttle.network(f"[2001:db8:1:2::{n}]{port}") for n in (1, 2) for port in ("", ":443")}
        assert networks == {throttle.network("2001:db8:1:2::3")}

    def test_successes_do_not_count(self) -> None:
        for _ in range(30):
            throttle.forget(attempt())
        attempt()

    def test_a_success_does_not_wipe_out_the_failures_before_it(self) -> None:
        fail(9)
        throttle.forget(attempt())
        fail(1)
        with pytest.raises(TooManyFailures):
            attempt()


@pytest.mark.usefixtures("app_context")
class TestTime:
    def test_the_wait_ends_when_the_oldest_of_the_ten_is_15_minutes_old(self) -> None:
        fail(1)
        fail(9, now=NOON + 10 * MINUTE)
        with pytest.raises(TooManyFailures) as refused:
            attempt(now=NOON + 12 * MINUTE)
        assert refused.value.wait == 3 * MINUTE

    def test_the_window_passes(self) -> None:
        fail(10)
        with pytest.raises(TooManyFailures):
            attempt(now=NOON + 15 * MINUTE - SECOND)
        attempt(now=NOON + 15 * MINUTE)

    def test_refused_attempts_do_not_lock_the_owner_out_for_longer(self) -> None:
        fail(10)
        for minute in range(1, 15):
            with pytest.raises(TooManyFailures):
                attempt(now=NOON + minute * MINUTE)
        attempt(now=NOON + 15 * MINUTE)

    def test_what_has_left_the_window_leaves_the_database(self) -> None:
        fail(10)
        attempt("kim@example.com", now=NOON + 15 * MINUTE)
        assert recorded() == 1

    def test_neither_account_nor_address_is_kept_in_clear(self) -> None:
        attempt()
        row = db.session.scalars(select(SignInFailure)).one()
        assert DANA not in row.account
        assert HOME not in row.address


@pytest.mark.parametrize("written", ["dana@ｅｘａｍｐｌｅ.com", "dana@example。com", " DANA@Example.COM "])
def test_another_writing_of_an_address_is_no_other_account(app: Flask, written: str) -> None:
    with app.app_context():
        a_user()
    client = app.test_client()
    for _ in range(10):
        assert sign_in(client, written, "not the right one").status_code == 422
    assert sign_in(client).status_code == 429


def test_the_right_password_is_not_even_looked_at_once_there_are_too_many_failures(app: Flask) -> None:
    with app.app_context():
        a_user()
    client = app.test_client()
    for _ in range(10):
        assert sign_in(client, password="not the right one").status_code == 422
    refused = sign_in(client)
    assert refused.status_code == 429
    assert not is_signed_in(client)
    assert 14 * 60 < int(refused.headers["Retry-After"]) <= 15 * 60
    assert "Too many failed attempts. Try again in 15 minutes." in refused.text
    assert f'value="{DANA}"' in refused.text, "the e-mail stays in its field"


def test_signing_in_often_is_no_guessing(app: Flask) -> None:
    with app.app_context():
        a_user()
    client = app.test_client()
    assert [sign_in(client).status_code for _ in range(12)] == [303] * 12


def test_an_account_that_does_not_exist_is_slowed_down_like_one_that_does(app: Flask) -> None:
    client = app.test_client()
    statuses = [sign_in(client, "nobody@example.com").status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_another_spelling_of_the_address_is_the_same_account(app: Flask) -> None:
    client = app.test_client()
    for number in range(10):
        sign_in(client, DANA.upper() if number % 2 else f" {DANA} ")
    assert sign_in(client).status_code == 429


def test_attempts_at_the_same_time_count_each_other(app: Flask) -> None:
    with app.app_context():
        a_user()
    start, statuses = Barrier(16), []

    def guess() -> None:
        client = app.test_client()
        token = csrf_token(client)
        start.wait()
        form = {"csrf_token": token, "email": DANA, "password": "not the right one"}
        statuses.append(client.post("/sign-in", data=form).status_code)

    threads = [Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {422, 429}
    assert statuses.count(422) <= 10


class TestABrowserKnownForTheAccount:
    @pytest.fixture
    def own(self, app: Flask) -> FlaskClient:
        """Dana's browser, in which she is signed out."""
        with app.app_context():
            a_user()
            a_user("kim@example.com")
        client = app.test_client()
        sign_in(client)
        post(client, "/sign-out")
        return client

    def test_lets_the_owner_in_while_strangers_guess(self, app: Flask, own: FlaskClient) -> None:
        stranger = app.test_client()
        statuses = [sign_in(stranger, password="not the right one").status_code for _ in range(11)]
        assert statuses == [422] * 10 + [429]
        assert sign_in(own).status_code == 303
        assert sign_in(stranger).status_code == 429

    def test_is_slowed_down_by_its_own_failures(self, own: FlaskClient) -> None:
        statuses = [sign_in(own, password="not the right one").status_code for _ in range(11)]
        assert statuses == [422] * 10 + [429]

    def test_is_known_for_no_other_account(self, app: Flask, own: FlaskClient) -> None:
        stranger = app.test_client()
        for _ in range(10):
            sign_in(stranger, "kim@example.com", "not the right one")
        assert sign_in(own, "kim@example.com").status_code == 429

    @pytest.mark.parametrize("altered", ["", "x", "WyJhIiwiYiJd.forged", "[]"])
    def test_is_not_made_by_writing_a_cookie(self, app: Flask, own: FlaskClient, altered: str) -> None:
        stranger = app.test_client()
        for _ in range(10):
            stranger.set_cookie("heed-known", altered)
            sign_in(stranger, password="not the right one")
        assert sign_in(stranger).status_code == 429

    def test_has_a_cookie_as_safe_as_that_of_the_session(self, app: Flask, own: FlaskClient) -> None:
        own.get("/sign-in", base_url="https://localhost")
        form = {"email": DANA, "password": PASSWORD}
        app.config["WTF_CSRF_ENABLED"] = False
        answer = own.post("/sign-in", base_url="https://localhost", data=form)
        [cookie] = [each for each in answer.headers.getlist("Set-Cookie") if "known" in each]
        assert cookie.startswith("__Host-heed-known=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        assert DANA not in cookie
