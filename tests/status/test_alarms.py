"""Alarms: the address is told once that something began and once that it ended, whatever comes between."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.endpoints.factories import an_endpoint
from tests.factories import a_customer
from tests.listener import Listener
from tests.status.faults import a_dead_stop, the_letter
from webapp import clock, create_app, tasks
from webapp.campaigns import switch
from webapp.consent import holds
from webapp.consent.ledger import Signal
from webapp.consent.rules import Source, Status
from webapp.consent.sealing import housekeeping
from webapp.endpoints.models import Endpoint
from webapp.extensions import db
from webapp.status import alarm_worker, alarms, lines
from webapp.status.line import BAD, GOOD, WARNING, Line
from webapp.status.models import Alarm
from webapp.whatsapp.inbound import dead_letters
from webapp.whatsapp.models import AccountSignalRow

MINUTE = timedelta(minutes=1)
WEB = {
    "SECRET_KEY": "a secret key of thirty-two bytes or more", "WHATSAPP_APP_SECRET": "an app secret",
    "WHATSAPP_VERIFY_TOKEN": "a verify token",
}  # fmt: skip


@pytest.fixture
def listener():
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def told(database_url, tmp_path, listener):
    """An application that tells the listener."""
    config = {"DATABASE_URL": database_url, "HEED_DATA_DIR": str(tmp_path), "HEED_ALARM_URL": listener.url}
    app = create_app(config | WEB)
    with app.app_context():
        db.session.rollback()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def heard(listener, *states: str) -> list[str]:
    """The ids of what the listener was told, of these states."""
    messages = [json.loads(body) for body in listener.bodies]
    return [message["id"] for message in messages if message["state"] in (states or ("open", "ended"))]


def a_line(tone: str = BAD, id: str = "audit", **more) -> Line:
    return Line(id, "Auditor", tone, "2 messages started after an opt-out.", "See which.", **more)


def keep(app, *found: Line, minutes: float = 0) -> None:
    with app.app_context():
        alarms.keep(found, at(minutes))
        db.session.commit()


def at(minutes: float):
    return NOW + minutes * MINUTE


NOW = clock.now()


def test_what_status_calls_bad_is_told_once_and_its_end_once(told, listener):
    with told.app_context():
        tasks.beat(NOW)
        db.session.commit()
    alarm_worker.look(told, at(0))
    assert "worker" not in heard(listener)
    for minutes in (10, 10.5):
        alarm_worker.look(told, at(minutes))
    began = heard(listener, "open")
    assert "worker" in began
    assert len(began) == len(set(began)), "nothing was told twice"
    with told.app_context():
        tasks.beat(at(11))
        db.session.commit()
    for minutes in (11, 12):
        alarm_worker.look(told, at(minutes))
    assert "worker" not in heard(listener, "ended"), "it may come back"
    with told.app_context():
        tasks.beat(at(17))
        db.session.commit()
    for minutes in (17, 18):
        alarm_worker.look(told, at(minutes))
    assert heard(listener, "ended").count("worker") == 1
    [message] = [json.loads(body) for body in listener.bodies if '"id":"worker","state":"ended"' in body]
    assert message.keys() == {"id", "state", "severity", "name", "words", "advice", "since", "ended"}
    assert (message["severity"], message["since"] < message["ended"]) == ("critical", True)


def test_a_dead_letter_and_the_kill_switch_are_alarms_though_status_only_wants_a_look(told, listener):
    a_dead_stop(told)
    with told.app_context():
        switch.set_enabled(False, actor="user:1", now=NOW)
        db.session.commit()
    alarm_worker.look(told, NOW)
    assert {"dead", "sending"} <= set(heard(listener, "open"))
    with told.app_context():
        dead_letters.put_aside(the_letter(), "not for us", actor="user:1", now=NOW)
        db.session.commit()
    for minutes in (1, 7):
        alarm_worker.look(told, at(minutes))
    over = heard(listener, "ended")
    assert ("dead" in over, "sending" in over) == (True, False)


def test_what_waits_too_long_for_a_person_or_a_worker_is_an_alarm(told, listener):
    with told.app_context():
        review = holds.hold(a_customer(), "contains STOP", Signal(Source.KEYWORD, "customer", NOW))
        db.session.commit()
        tasks.enqueue(told, "audit", "command")
        alarm_worker.look(told, at(1))
        assert not {"reviews", "queue"} & set(heard(listener, "open"))
        review.recorded_at = NOW - timedelta(days=3)
        db.session.commit()
    alarm_worker.look(told, at(60))
    assert {"reviews", "queue"} <= set(heard(listener, "open"))


@pytest.mark.parametrize(("days", "alarm"), [(1, True), (9, False)])
def test_after_how_many_days_a_review_is_an_alarm_is_set(told, days, alarm):
    told.config["HEED"] = replace(told.config["HEED"], reviews_may_wait=timedelta(days=days))
    with told.app_context():
        review = holds.hold(a_customer(), "contains STOP", Signal(Source.KEYWORD, "customer", NOW))
        review.recorded_at = NOW - timedelta(days=2)
        db.session.commit()
        db.session.remove()
    alarm_worker.look(told, NOW)
    with told.app_context():
        assert ("reviews" in [each.id for each in alarms.listed()]) == alarm
        db.session.remove()


def test_what_comes_back_within_five_minutes_never_ended(told, listener):
    keep(told, a_line())
    alarm_worker.tell(told, at(0))
    for minutes, found in ((1, []), (3, [a_line()]), (9, [a_line()])):
        keep(told, *found, minutes=minutes)
        alarm_worker.tell(told, at(minutes))
    assert heard(listener) == ["audit"]


def test_an_address_that_refuses_is_tried_again_later_and_later(told, listener):
    listener.status = 500
    keep(told, a_line())
    for minutes in (0, 0.5, 1, 2, 3, 4, 7):
        alarm_worker.tell(told, at(minutes))
    assert len(listener.bodies) == 4, "after 1, 2 and 4 minutes"
    with told.app_context():
        assert db.session.scalar(select(Alarm.failure)) == "The address answered 500."
        db.session.remove()
    listener.status = 204
    for minutes in (15, 30, 60):
        alarm_worker.tell(told, at(minutes))
    assert len(listener.bodies) == 5


def test_a_redirect_is_not_followed_and_counts_as_not_taken(told, listener):
    listener.status = 302
    keep(told, a_line())
    alarm_worker.tell(told, at(0))
    with told.app_context():
        assert db.session.scalar(select(Alarm.told_at)) is None
        db.session.remove()
    assert len(listener.bodies) == 1


def test_a_crash_between_claim_and_post_costs_a_minute_and_no_alarm(told, listener):
    keep(told, a_line())
    with told.app_context():
        assert alarms.claim("audit", at(0))
        db.session.commit()
    alarm_worker.tell(told, at(0.5))
    assert listener.bodies == []
    alarm_worker.tell(told, at(1))
    assert heard(listener) == ["audit"]


def test_of_two_that_tell_at_once_one_does(told):
    keep(told, a_line())
    with told.app_context():
        assert alarms.due(at(0)) == ["audit"]
        assert alarms.claim("audit", at(0))
        db.session.commit()
        assert alarms.claim("audit", at(0)) is None
        assert alarms.claim("nothing", at(0)) is None
        db.session.remove()


def test_what_gets_worse_is_told_anew(told, listener):
    for minutes, tone in ((0, WARNING), (1, BAD), (2, BAD)):
        keep(told, a_line(tone, "disk-disk"), minutes=minutes)
        alarm_worker.tell(told, at(minutes))
    assert [json.loads(body)["severity"] for body in listener.bodies] == ["warning", "critical"]


def test_what_came_back_while_its_end_was_told_is_told_again(told, listener):
    keep(told, a_line())
    alarm_worker.tell(told, at(0))
    keep(told, minutes=1)
    with told.app_context():
        assert alarms.claim("audit", at(6)).ended_at
        db.session.commit()
    keep(told, a_line(), minutes=6)
    with told.app_context():
        alarms.settle("audit", ended=True, failure="", now=at(6))
        db.session.commit()
    alarm_worker.tell(told, at(7))
    assert heard(listener, "open") == ["audit", "audit"]


@pytest.mark.parametrize(
    ("line", "alarm"),
    [
        (a_line(GOOD), False), (a_line(WARNING), False), (a_line(WARNING, "reviews"), True),
        (a_line(BAD), True), (a_line(WARNING, "templates"), False),
    ],
)  # fmt: skip
def test_which_lines_are_alarms(told, line, alarm):
    keep(told, line)
    with told.app_context():
        assert bool(alarms.listed()) == alarm
        db.session.remove()


def test_nothing_about_a_person_leaves_the_desk(told, listener):
    with told.app_context():
        customer = a_customer("Zoë Quill", Status.OPTED_OUT)
        customer.held_at = clock.now()
        db.session.commit()
        label, phone = str(customer.id), customer.phone_display
        an_endpoint().off_at = NOW
        db.session.execute(
            update(Endpoint).values(name=f"Depot of {phone}", off_reason=f"It answered {phone}.")
        )
        signal = {"subject": "alert", "tone": "bad", "sentence": f"Alert of {phone}.", "told_at": NOW}
        db.session.add(AccountSignalRow(**signal))
        db.session.commit()
        db.session.remove()
    housekeeping.verify_for(told, "system")
    alarm_worker.look(told, NOW)
    sent = "".join(listener.bodies)
    assert {"ledger", "endpoints", "signals"} <= set(heard(listener, "open"))
    assert "The ledger is not whole." in sent
    assert not any(word in sent for word in ("Zoë", "Quill", phone, f"Customer {label}:"))


def test_a_web_process_tells_of_a_worker_that_is_silent_and_only_then(told, listener):
    with told.app_context():
        tasks.beat(NOW)
        switch.set_enabled(False, actor="user:1", now=NOW)
        db.session.commit()
    alarm_worker.stand_in(told, at(2))
    assert listener.bodies == []
    alarm_worker.stand_in(told, at(4))
    assert {"worker", "sending"} <= set(heard(listener, "open"))


def test_without_an_address_alarms_are_listed_all_the_same(app, desk):
    a_dead_stop(app)
    alarm_worker.look(app, clock.now())
    page = desk("viewer").soup("/status")
    assert "1 item could not be applied" in page.select_one("#alarm-dead").text
    assert "HEED_ALARM_URL is not set" in page.select_one("section:has(#alarms-head)").text


def test_status_says_whether_the_address_was_told(told, listener, app, desk):
    listener.status = 500
    keep(told, a_line())
    alarm_worker.tell(told, at(0))
    assert "Not told yet: The address answered 500." in desk().soup("/status").select_one("#alarm-audit").text
    listener.status = 200
    alarm_worker.tell(told, at(5))
    assert "Told " in desk().soup("/status").select_one("#alarm-audit").text


def test_a_desk_where_all_is_well_has_no_open_alarms(desk):
    assert desk("viewer").soup("/status").select_one("#alarms-head") is None


def test_the_same_names_at_each_look(told):
    """An alarm is known again by its name, so a place in a list is none."""
    with told.app_context():
        found = lines.groups(told.config["HEED"], NOW, admin=True)
        names = [line.alarm or line.id for group in found for line in group.lines]
        assert len(names) == len(set(names))
        assert not any(name[-1].isdigit() for name in names)
        db.session.remove()
