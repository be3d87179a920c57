"""Is the webhook alive? When its silence is an alarm, and when a small shop just sleeps."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.campaigns.factories import a_running_campaign, a_template, claimed
from tests.factories import NOON, a_customer
from tests.whatsapp.deliveries import a_body
from tests.whatsapp.posting import PATH, deliver, post, says
from webapp import clock
from webapp.campaigns.models import Delivery
from webapp.consent.rules import Status
from webapp.extensions import db
from webapp.whatsapp import watch
from webapp.whatsapp.models import InboundMessage, WebhookWatch

WEEK = 7 * 24


def webhooks(*hours_ago: float) -> None:
    for n, hours in enumerate(hours_ago):
        received_at = NOON - timedelta(hours=hours)
        db.session.add(InboundMessage(key=f"{n}", kind="text", raw=b"{}", received_at=received_at))
    db.session.commit()


def sent(hours_ago: float, *, demo: bool = False) -> None:
    person = a_customer("Ana", Status.OPTED_IN)
    person.demo = demo
    claimed(a_running_campaign(a_template(), person))
    values = {"state": "sent", "wamid": "wamid.1", "sent_at": NOON - timedelta(hours=hours_ago)}
    db.session.execute(update(Delivery).values(**values))
    db.session.commit()


@pytest.mark.parametrize(
    ("received", "sent_ago", "alarm", "sentence"),
    [
        ((), None, False, "a new desk that nobody connected yet"),
        ((), 1, True, "messages went out and nothing ever came back"),
        ((), 0.1, False, "but a status may take its minutes"),
        ((23,), None, False, "a night is shorter than a day"),
        ((25, 30), None, True, "a day without anything, and no week to compare with"),
        ((25, WEEK + 26), None, False, "the same hours were silent a week ago: a Sunday"),
        ((25, WEEK + 26, WEEK + 10), None, True, "a week ago something came in these hours"),
        ((25, WEEK + 26), 2, True, "messages were sent since, whatever the day"),
        ((25, WEEK + 26), 26, False, "those of before were answered"),
        ((10, 12), 2, False, "a shorter silence is none, even while sending"),
        ((24 * 9,), None, True, "it goes on for as long as nothing comes"),
    ],
)
def test_the_alarm(app, received, sent_ago, alarm, sentence):
    with app.app_context():
        webhooks(*received)
        if sent_ago is not None:
            sent(sent_ago)
        assert watch.hearing(NOON).silent == alarm, sentence
        assert bool(watch.silence(NOON)) == alarm, sentence


def test_invented_customers_owe_no_status(app):
    with app.app_context():
        sent(3, demo=True)
        assert not watch.hearing(NOON).silent


def test_the_hours_are_a_setting(app):
    with app.app_context():
        webhooks(25)
        watch.set_alarm(26, actor="user:1", now=NOON)
        assert not watch.hearing(NOON).silent


def test_the_log_is_told_once_of_each_silence(app, caplog):
    caplog.set_level(logging.ERROR)
    with app.app_context():
        webhooks(30)
        for _ in range(3):
            watch.note_silence(NOON)
        assert [record.message for record in caplog.records] == [
            "no webhook for 30 hours: check the app's webhook and its address"
        ]
        webhooks_later = NOON + timedelta(hours=1)
        db.session.add(InboundMessage(key="later", kind="text", raw=b"{}", received_at=webhooks_later))
        watch.note_silence(NOON + timedelta(hours=26))
        assert len(caplog.records) == 2


def test_a_delivery_that_came_before_is_heard_too(app):
    with app.app_context():
        for _ in range(2):
            deliver(app, says("hello"))
        assert db.session.scalar(db.select(WebhookWatch.heard_at)) is not None


def test_a_wrong_signature_is_counted_and_never_fills_the_disk(app, client):
    with app.app_context():
        for _ in range(3):
            assert (
                client.post(PATH, data=b"{}", headers={"X-Hub-Signature-256": "sha256=0"}).status_code == 401
            )
        heard = watch.hearing(clock.now())
        assert (heard.refused_total, heard.last) == (1, None)
        watch.refuse(app, clock.now() + watch.EACH)
        assert watch.hearing(clock.now()).refused_total == 4


def test_the_metrics_tell(app, client):
    client.post(PATH, data=b"{}")
    page = client.get("/metrics").text
    assert "heed_webhook_signature_failures_total 1.0" in page
    assert "heed_last_webhook_seconds" not in page
    assert "heed_webhook_silent 0.0" in page
    post(client, a_body(says("hello")))
    assert "heed_last_webhook_seconds 1" in client.get("/metrics").text
