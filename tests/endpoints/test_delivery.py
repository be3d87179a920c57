"""Events reach another system: signed, in order, at least once, and under the same id when repeated."""

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.endpoints.factories import (
    an_endpoint,
    delivered,
    log_of,
    opts_out,
    secret_of,
    settled,
    states,
)
from tests.endpoints.receiver import Answer
from tests.factories import a_customer, at
from webapp import clock
from webapp.consent import holds, ledger
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import Kind, Source, Status, Turn
from webapp.database import writing
from webapp.endpoints import endpoints, messages, worker
from webapp.endpoints.models import Endpoint, EndpointMessage, EventType
from webapp.endpoints.post import Outcome, Post
from webapp.extensions import db


@pytest.fixture
def shop(app, receiver):
    """The number and the secret of an endpoint that leads to the receiver."""
    with app.app_context():
        endpoint = an_endpoint(receiver.url)
        return endpoint.id, secret_of(endpoint)


def an_opt_out(app, name: str = "Ana Souza") -> int:
    with app.app_context():
        return opts_out(a_customer(name))


def test_the_public_library_accepts_what_is_sent(app, receiver, shop):
    endpoint_id, secret = shop
    event = an_opt_out(app)
    delivered(app, endpoint_id)
    [request] = receiver.requests
    told = request.verified_with(secret)
    with app.app_context():
        customer_id = db.session.get_one(ConsentEvent, event).customer_id
    assert told == {
        "type": "consent.changed",
        "timestamp": "2026-11-20T12:00:10Z",
        "data": {
            "seq": event, "customer_id": customer_id, "before": "unknown", "after": "opted_out",
            "source": "keyword", "effect": "changed", "occurred_at": "2026-11-20T12:00:10Z",
            "recorded_at": "2026-11-20T12:00:10Z",
        },
    }  # fmt: skip
    assert request.headers["content-type"] == "application/json"
    assert states(app, endpoint_id) == ["delivered"]


def test_neither_words_nor_numbers_leave_the_desk(app, receiver, shop, caplog):
    with app.app_context():
        customer = a_customer("Ana Souza", phone="+55 11 912345678")
        opts_out(customer)
    delivered(app, shop[0])
    for kept in (str(receiver.requests[0].body), str(log_of(app, shop[0])[0].payload), caplog.text):
        assert "STOP" not in kept
        assert "12345678" not in kept


def test_an_endpoint_that_wants_the_number_gets_it_and_the_log_does_not(app, receiver):
    with app.app_context():
        endpoint_id = an_endpoint(receiver.url, with_phone=True).id
        opts_out(a_customer("Ana Souza", phone="+55 11 912345678"))
    delivered(app, endpoint_id)
    assert json.loads(receiver.requests[0].body)["data"]["phone"] == "+5511912345678"
    assert "12345678" not in str(log_of(app, endpoint_id)[0].payload)


def test_stops_of_whatsapp_and_holds_are_told_with_their_turn(app, receiver, shop):
    with app.app_context():
        customer = a_customer("Ana Souza")
        signal = Signal(Source.WHATSAPP, "whatsapp", at(5), message_id="one", proof=Proof(words="leave me"))
        ledger.record_platform(customer, Turn.STOPPED, signal)
        review = holds.hold(customer, "may be a stop", signal)
        holds.release(customer, review, actor="user:1", now=at(9))
        db.session.commit()
    delivered(app, shop[0])
    told = [request.verified_with(shop[1]) for request in receiver.requests]
    assert [(each["type"], each["data"]["turn"]) for each in told] == [
        ("platform_stop.changed", "stopped"), ("hold.changed", "held"), ("hold.changed", "released"),
    ]  # fmt: skip


def test_an_undone_change_is_told_with_what_it_goes_back_to(app, receiver, shop):
    from webapp.consent import undoing

    with app.app_context():
        customer = a_customer("Ana Souza", Status.OPTED_IN)
        said = Statement(Status.OPTED_OUT, Source.AGENT, "user:1", at(60))
        event = ledger.record(customer, said)
        undoing.undo(customer, event.id, actor="user:1", now=at(61))
        db.session.commit()
    delivered(app, shop[0])
    data = [json.loads(request.body)["data"] for request in receiver.requests]
    assert [(each["before"], each["after"]) for each in data] == [
        ("unknown", "opted_in"), ("opted_in", "opted_out"), ("opted_out", "opted_in"),
    ]  # fmt: skip


def test_only_the_types_that_were_chosen_are_sent(app, receiver):
    with app.app_context():
        endpoint_id = an_endpoint(receiver.url, types=(EventType.HOLD,)).id
    an_opt_out(app)
    delivered(app, endpoint_id)
    assert receiver.requests == []
    with app.app_context():
        assert db.session.get_one(Endpoint, endpoint_id).cursor == settled()


def test_events_come_in_the_order_of_the_ledger(app, receiver, shop):
    events = [an_opt_out(app, name) for name in ("Ana", "Ben", "Eva")]
    delivered(app, shop[0])
    assert [json.loads(request.body)["data"]["seq"] for request in receiver.requests] == events


def test_while_one_is_retried_the_others_wait(app, receiver, shop):
    receiver.answer = lambda n: Answer(500 if n == 0 else 200)
    for name in ("Ana", "Ben"):
        an_opt_out(app, name)
    now = clock.now()
    delivered(app, shop[0], now)
    delivered(app, shop[0], now + timedelta(seconds=4))
    assert len(receiver.requests) == 1
    assert states(app, shop[0]) == ["waiting", "waiting"]
    delivered(app, shop[0], now + timedelta(seconds=6))
    first, second, third = receiver.ids
    assert (first == second, third == first) == (True, False)
    assert states(app, shop[0]) == ["delivered", "delivered"]


def test_a_repetition_is_signed_anew_with_the_time_of_its_attempt(app, receiver, shop):
    receiver.answer = lambda n: Answer(503 if n == 0 else 200)
    an_opt_out(app)
    now = clock.now()
    delivered(app, shop[0], now)
    delivered(app, shop[0], now + timedelta(seconds=60))
    stamps = [int(request.headers["webhook-timestamp"]) for request in receiver.requests]
    assert stamps[1] - stamps[0] == 60
    assert all(request.verified_with(shop[1]) for request in receiver.requests)


def test_after_ten_attempts_the_endpoint_is_switched_off_and_the_message_waits(app, receiver, shop):
    receiver.answer = lambda _n: Answer(500, b"down")
    an_opt_out(app)
    an_opt_out(app, "Ben")
    for day in range(20):
        delivered(app, shop[0], at(0) + timedelta(days=2 * day))
    assert len(receiver.requests) == 10
    assert len(set(receiver.ids)) == 1
    with app.app_context():
        endpoint = db.session.get_one(Endpoint, shop[0])
        assert endpoint.off_at is not None
        assert "10 attempts" in endpoint.off_reason
    assert states(app, shop[0]) == ["waiting", "waiting"]


def test_resumed_it_goes_on_with_the_same_message_and_all_attempts_before_it(app, receiver, shop):
    receiver.answer = lambda n: Answer(500 if n < 11 else 200)
    an_opt_out(app)
    for day in range(20):
        delivered(app, shop[0], at(0) + timedelta(days=2 * day))
    with app.app_context(), writing():
        endpoints.resume(db.session.get_one(Endpoint, shop[0]), actor="user:1", now=at(0))
        db.session.commit()
    delivered(app, shop[0], at(1))
    assert states(app, shop[0]) == ["waiting"]
    delivered(app, shop[0], at(10))
    assert states(app, shop[0]) == ["delivered"]
    assert len(set(receiver.ids)) == 1


def test_gone_switches_it_off_at_once(app, receiver, shop):
    receiver.answer = lambda _n: Answer(410)
    an_opt_out(app)
    delivered(app, shop[0])
    delivered(app, shop[0], at(90_000_000))
    assert len(receiver.requests) == 1
    with app.app_context():
        assert "410" in db.session.get_one(Endpoint, shop[0]).off_reason
        last = db.session.scalars(select(ConsentEvent).order_by(ConsentEvent.id.desc())).first()
        assert (last.kind, last.actor) == (Kind.POLICY, "system")


def test_a_paused_endpoint_gets_nothing_and_loses_nothing(app, receiver, shop):
    with app.app_context(), writing():
        endpoints.pause(db.session.get_one(Endpoint, shop[0]), actor="user:1", now=at(1))
        db.session.commit()
    an_opt_out(app)
    delivered(app, shop[0])
    assert receiver.requests == []
    with app.app_context(), writing():
        endpoints.resume(db.session.get_one(Endpoint, shop[0]), actor="user:1", now=at(2))
        db.session.commit()
    delivered(app, shop[0])
    assert len(receiver.requests) == 1


def test_a_worker_that_is_killed_between_sending_and_writing_sends_the_same_id_again(
    app, database_url, tmp_path, receiver, shop
):
    an_opt_out(app)
    command = [sys.executable, "-m", "tests.endpoints.mortal", str(shop[0])]
    named = {
        "DATABASE_URL": database_url, "HEED_DATA_DIR": str(tmp_path), "HEED_ENDPOINTS_PRIVATE": "1",
        "SECRET_KEY": app.config["SECRET_KEY"],
    }  # fmt: skip
    running: list[subprocess.Popen[bytes]] = []
    started = threading.Event()

    def kill(_n: int) -> Answer:
        assert started.wait(10)
        running[0].kill()
        running[0].wait()
        return Answer()

    receiver.answer = kill
    with subprocess.Popen(command, env={**os.environ, **named}) as process:
        running.append(process)
        started.set()
    assert process.returncode == -signal.SIGKILL
    assert states(app, shop[0]) == ["waiting"]
    receiver.answer = lambda _n: Answer()
    now = clock.now()
    delivered(app, shop[0], now + timedelta(seconds=10))
    assert len(receiver.requests) == 1, "its lease is not over"
    delivered(app, shop[0], now + timedelta(seconds=61))
    assert receiver.ids[0] == receiver.ids[1]
    assert states(app, shop[0]) == ["delivered"]


def test_two_workers_at_once_send_each_message_once(app, receiver, shop):
    for n in range(12):
        an_opt_out(app, f"Customer {n}")
    with app.app_context(), writing():
        settled()
    faults = []

    def work() -> None:
        try:
            while "waiting" in states(app, shop[0]) or not receiver.requests:
                worker.deliver(app, shop[0], clock.now)
        except Exception as fault:  # told to the test
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(receiver.ids) == len(set(receiver.ids)) == 12


def test_a_worker_whose_lease_is_over_writes_nothing(app, shop):
    an_opt_out(app)
    with app.app_context(), writing():
        settled()
        message = messages.next_for(shop[0], "slow", at(20))
        assert messages.next_for(shop[0], "other", at(21)) is None
        assert messages.next_for(shop[0], "other", at(81)).id == message.id
        messages.record(message.id, "slow", Outcome(200), at(82))
        assert message.state == "waiting"
        messages.record(message.id, "other", Outcome(200), at(83))
        assert message.state == "delivered"


def test_after_a_rotation_old_and_new_secret_are_accepted_for_a_day(app, receiver, shop):
    endpoint_id, old = shop
    now = clock.now()
    with app.app_context(), writing():
        endpoint = db.session.get_one(Endpoint, endpoint_id)
        new = endpoints.rotate(endpoint, actor="user:1", now=now)
        db.session.commit()
    an_opt_out(app)
    delivered(app, endpoint_id, now)
    [request] = receiver.requests
    assert request.headers["webhook-signature"].count("v1,") == 2
    assert request.verified_with(old) == request.verified_with(new)
    with app.app_context(), writing():
        endpoint = db.session.get_one(Endpoint, endpoint_id)
        message = messages.first_waiting(endpoint_id) or db.session.scalars(select(EndpointMessage)).first()
        assert messages.parcel(endpoint, message, now + timedelta(hours=24)).secrets == (new,)
        endpoints.forget_old_secrets(now + timedelta(hours=25))
        assert endpoint.locked_old_secret is None


def test_a_replay_from_an_event_sends_it_and_what_follows_again_under_the_same_ids(app, receiver, shop):
    events = [an_opt_out(app, name) for name in ("Ana", "Ben", "Eva")]
    delivered(app, shop[0])
    with app.app_context(), writing():
        endpoint = db.session.get_one(Endpoint, shop[0])
        endpoints.replay_from_event(endpoint, events[1], actor="user:1", now=at(5))
        db.session.commit()
    delivered(app, shop[0])
    assert receiver.ids[3:] == receiver.ids[1:3]


def test_a_replay_from_an_event_that_is_not_there_yet_skips_nothing_that_comes(app, receiver, shop):
    with app.app_context(), writing():
        endpoint = db.session.get_one(Endpoint, shop[0])
        endpoints.replay_from_event(endpoint, 999_999_999, actor="user:1", now=at(5))
        db.session.commit()
    event = an_opt_out(app)
    delivered(app, shop[0])
    assert [json.loads(request.body)["data"]["seq"] for request in receiver.requests] == [event]


def test_a_replay_from_a_time_begins_with_what_was_recorded_then(app, receiver, shop):
    with app.app_context():
        for seconds in (10, 20, 30):
            opts_out(a_customer(f"Customer {seconds}"), seconds)
    delivered(app, shop[0])
    with app.app_context(), writing():
        endpoint = db.session.get_one(Endpoint, shop[0])
        endpoints.replay_from_time(endpoint, at(20), actor="user:1", now=at(50))
        db.session.commit()
    delivered(app, shop[0])
    assert receiver.ids[3:] == receiver.ids[1:3]


def test_a_replay_from_a_time_ahead_skips_what_waits(app, receiver, shop):
    receiver.answer = lambda _n: Answer(400)
    an_opt_out(app)
    delivered(app, shop[0])
    with app.app_context(), writing():
        endpoint = db.session.get_one(Endpoint, shop[0])
        endpoints.replay_from_time(endpoint, at(1000), actor="user:1", now=at(50))
        db.session.commit()
    delivered(app, shop[0], clock.now() + timedelta(days=1))
    assert len(receiver.requests) == 1
    assert states(app, shop[0]) == ["dropped"]


def test_a_message_that_was_dropped_while_it_was_on_its_way_stays_dropped(app, shop):
    an_opt_out(app)
    with app.app_context(), writing():
        settled()
        message = messages.next_for(shop[0], "one", at(20))
        endpoint = db.session.get_one(Endpoint, shop[0])
        endpoints.replay_from_time(endpoint, at(1000), actor="user:1", now=at(21))
        messages.record(message.id, "one", Outcome(200), at(22))
        assert db.session.get_one(EndpointMessage, message.id, populate_existing=True).state == "dropped"


def test_an_endpoint_that_is_deleted_while_a_message_is_on_its_way_leaves_nothing(app, shop):
    an_opt_out(app)
    with app.app_context(), writing():
        settled()
        message_id = messages.next_for(shop[0], "one", at(20)).id
        endpoints.remove(db.session.get_one(Endpoint, shop[0]), actor="user:1", now=at(21))
        messages.record(message_id, "one", Outcome(200), at(22))
        db.session.commit()
    assert log_of(app, shop[0]) == []


def test_a_fresh_endpoint_gets_what_happens_from_then_on(app, receiver):
    an_opt_out(app)
    with app.app_context():
        endpoint_id = an_endpoint(receiver.url).id
    later = an_opt_out(app, "Ben")
    delivered(app, endpoint_id)
    assert [json.loads(request.body)["data"]["seq"] for request in receiver.requests] == [later]


def test_no_secret_and_no_path_gets_into_the_ledger(app):
    with app.app_context(), writing():
        endpoint = an_endpoint("https://shop.example/hooks/T0KEN")
        secret = secret_of(endpoint)
        endpoints.rotate(endpoint, actor="user:1", now=at(1))
        moved = endpoints.Wishes("Shop", "https://shop.example/hooks/0THER", (EventType.HOLD,), True)
        endpoints.change(endpoint, moved, version=endpoint.version, actor="user:1", now=at(2))
        endpoints.remove(endpoint, actor="user:1", now=at(3))
        db.session.commit()
        said = " ".join(db.session.scalars(select(Evidence.words)))
        kinds = db.session.scalars(select(ConsentEvent.kind)).all()
    assert kinds == [Kind.POLICY] * 4
    assert "shop.example" in said
    for hidden in (secret, "whsec_", "T0KEN", "0THER"):
        assert hidden not in said


def test_the_log_is_kept_for_thirty_days_and_what_waits_for_longer(app, receiver, shop):
    receiver.answer = lambda n: Answer(200 if n == 0 else 500)
    an_opt_out(app)
    delivered(app, shop[0], at(10))
    an_opt_out(app, "Ben")
    delivered(app, shop[0], at(20))
    with app.app_context(), writing():
        assert messages.forget(at(10) + timedelta(days=30)) == 0
        assert messages.forget(at(30) + timedelta(days=30)) == 1
        db.session.commit()
    assert states(app, shop[0]) == ["waiting"]


def test_the_worker_looks_again_every_few_seconds_and_sends_where_something_waits(app, shop):
    an_opt_out(app)
    worker.look(app, 3)
    assert app.extensions["heed-tasks"].calls == [
        ("tell endpoint", shop[0]),
        ("look for events", 2, "in 5 s"),
    ]
    app.extensions["heed-tasks"].calls.clear()
    worker.look(app, 1)
    assert app.extensions["heed-tasks"].calls == [("tell endpoint", shop[0])]


def test_where_nothing_waits_nothing_is_done(app, receiver, shop):
    worker.look(app, 1)
    assert app.extensions["heed-tasks"].calls == [("tell endpoint", shop[0])], "its own creation is settled"
    worker.tell(app, shop[0])
    app.extensions["heed-tasks"].calls.clear()
    worker.look(app, 1)
    assert app.extensions["heed-tasks"].calls == []


def test_a_desk_with_demo_data_tells_only_this_machine(app, receiver, shop):
    with app.app_context():
        a_customer("Ana").demo = True
        elsewhere = an_endpoint("https://shop.example/hooks").id
        opts_out(a_customer("Ben"))
    for endpoint_id in (shop[0], elsewhere):
        delivered(app, endpoint_id)
    assert len(receiver.requests) == 1
    assert "demo data" in log_of(app, elsewhere)[0].failure


def test_a_desk_without_endpoints_does_not_look(app):
    worker.look(app, 5)
    assert app.extensions["heed-tasks"].calls == []


def test_connections_are_used_again_within_a_slice(app, receiver, shop):
    for n in range(3):
        an_opt_out(app, f"Customer {n}")
    opened = []
    make = Post._socket

    def counted(self, target):
        opened.append(target)
        return make(self, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Post, "_socket", counted)
        delivered(app, shop[0])
    assert (len(receiver.requests), len(opened)) == (3, 1)
