"""The secrets of endpoints are kept locked, and what cannot be signed waits instead of failing."""

import pytest
from sqlalchemy import select, text

from tests.endpoints.factories import an_endpoint, delivered, log_of, opts_out, secret_of, states
from tests.factories import a_customer, at
from webapp import clock, vault
from webapp.accounts import second_step
from webapp.database import writing
from webapp.endpoints import endpoints, keyring, listing, messages, worker
from webapp.endpoints.models import Endpoint
from webapp.extensions import db
from webapp.status import doctor

ANOTHER_KEY = "another secret key of thirty-two bytes or more"


@pytest.fixture
def shop(app, receiver):
    """The number and the secret of an endpoint that leads to the receiver."""
    with app.app_context():
        endpoint = an_endpoint(receiver.url)
        return endpoint.id, secret_of(endpoint)


@pytest.fixture
def key_changed(app, shop):
    """An event came, and SECRET_KEY is another one now; put the key of before back with the function."""
    before = app.config["SECRET_KEY"]
    app.config["SECRET_KEY"] = ANOTHER_KEY
    with app.app_context():
        opts_out(a_customer("Ana"))
    return lambda: app.config.update(SECRET_KEY=before)


def later(app, endpoint_id: int) -> None:
    delivered(app, endpoint_id, clock.now() + messages.UNSIGNED_WAITS)


def rotated(app, endpoint_id: int) -> str:
    with app.app_context(), writing():
        new = endpoints.rotate(db.session.get_one(Endpoint, endpoint_id), actor="user:1", now=clock.now())
        db.session.commit()
    return new


def test_whoever_reads_the_database_can_sign_nothing(app, shop):
    new = rotated(app, shop[0])
    with app.app_context():
        kept = str(db.session.execute(text("SELECT * FROM endpoints")).one())
        assert keyring.signing_now(db.session.get_one(Endpoint, shop[0]), clock.now()) == (new, shop[1])
    for secret in (new, shop[1]):
        assert secret.removeprefix("whsec_") not in kept
    assert "whsec_" not in kept


def test_what_is_kept_for_one_use_is_not_read_for_another(app):
    with app.app_context():
        kept = vault.lock(b"a secret", keyring.USE)
        assert vault.unlock(kept, keyring.USE) == b"a secret"
        assert vault.unlock(kept, second_step.USE) is None


@pytest.mark.parametrize("kept", ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "gAAAAABo"])
def test_what_is_neither_locked_nor_a_secret_signs_nothing(app, shop, kept):
    with app.app_context(), writing():
        endpoint = db.session.get_one(Endpoint, shop[0])
        endpoint.locked_secret = kept
        assert keyring.signing_now(endpoint, clock.now()) == ()


def test_under_another_secret_key_events_wait_and_no_attempt_is_counted(app, receiver, shop, key_changed):
    delivered(app, shop[0])
    with app.app_context():
        assert messages.waiting_ids(clock.now()) == [], "it is not looked at again and again"
    for _ in range(2):
        later(app, shop[0])
    assert receiver.requests == []
    [message] = log_of(app, shop[0])
    assert (message.state, message.attempts, message.tries) == ("waiting", 0, 0)


def test_with_the_key_of_before_they_go_out_as_ever(app, receiver, shop, key_changed):
    delivered(app, shop[0])
    key_changed()
    later(app, shop[0])
    assert states(app, shop[0]) == ["delivered"]
    assert receiver.requests[0].verified_with(shop[1])["type"] == "consent.changed"


def test_a_new_secret_lets_them_go_at_once_and_what_cannot_be_read_signs_no_more(
    app, receiver, shop, key_changed
):
    delivered(app, shop[0])
    new = rotated(app, shop[0])
    delivered(app, shop[0])
    assert states(app, shop[0]) == ["delivered"]
    [request] = receiver.requests
    assert request.headers["webhook-signature"].count("v1,") == 1
    assert request.verified_with(new)
    with app.app_context():
        endpoint = db.session.get_one(Endpoint, shop[0])
        assert (endpoint.locked_old_secret, endpoint.old_secret_until) == (None, None)


def test_pages_status_and_doctor_say_what_to_do(app, desk, shop, key_changed):
    admin = desk("admin")
    line = admin.soup("/status").select_one("#line-endpoints")
    assert "bad" in line["class"]
    assert "“Shop”" in line.get_text()
    assert "Put the SECRET_KEY of before back" in line.get_text()
    page = admin.soup(f"/endpoints/{shop[0]}")
    assert "Needs a new secret" in page.get_text()
    assert "Cannot be read: make a new one" in page.get_text()
    assert "The old one cannot be read" in admin.get(f"/endpoints/{shop[0]}/secret").text
    assert "24 hours" not in admin.get(f"/endpoints/{shop[0]}/secret").text
    with app.app_context():
        found = doctor.lines_of(app.config["HEED"], clock.now(), offline=True)
        [told] = [line for line in found if line.id == "endpoints"]
    assert told.tone == "bad"
    assert "Shop" not in told.words


def test_a_worker_with_another_key_than_the_web_part_is_noticed_there(app, shop, key_changed):
    delivered(app, shop[0])
    key_changed()
    with app.app_context():
        [it] = listing.every()
        assert it.word == "Needs a new secret"
        assert listing.line(messages.first_waiting(shop[0])).outcome.startswith("Not sent yet. Its secret")
        assert listing.unreadable() == 0
    rotated(app, shop[0])
    with app.app_context():
        [it] = listing.every()
        assert it.word == "On"


def test_a_trial_that_cannot_be_signed_is_not_sent(app, desk, receiver, shop, key_changed):
    admin = desk("admin")
    answer = admin.send(f"/endpoints/{shop[0]}/test")
    assert "Its secret cannot be read" in admin.get(answer.location).text
    assert receiver.requests == []


def test_one_that_was_switched_off_is_called_so_and_not_unreadable(app, shop, key_changed):
    with app.app_context(), writing():
        messages.switch_off(db.session.scalars(select(Endpoint)).one(), "It is gone.", at(1))
        db.session.commit()
        summary = listing.summary()
        assert (len(summary.off), len(summary.unsigned)) == (1, 0)
    worker.look(app, 1)
    assert app.extensions["heed-tasks"].calls == []
