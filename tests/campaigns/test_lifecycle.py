"""A campaign's life: which steps there are, which are refused, and that each is taken once."""

from datetime import UTC, datetime

import pytest

from tests.campaigns.factories import GREETING, HELLO, a_campaign, a_template
from tests.factories import a_customer, at
from webapp.campaigns import lifecycle, switch
from webapp.campaigns.lifecycle import Impossible
from webapp.campaigns.models import CampaignPerson, Delivery
from webapp.campaigns.reports import counts
from webapp.campaigns.sending import claims
from webapp.campaigns.windows import Window
from webapp.consent.rules import Status
from webapp.database import writing
from webapp.extensions import db

IN = Status.OPTED_IN


@pytest.fixture(autouse=True)
def desk_context(app):
    with app.app_context(), writing():
        yield


def launched(*people, **columns):
    campaign = a_campaign(a_template(), *people or [a_customer("Ana", IN)], **columns)
    lifecycle.launch(campaign, actor="user:1", now=at(1))
    db.session.commit()
    return campaign


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "PAUSED"}, "it is paused"),
        ({"removed_at": at(0)}, "no longer in the account"),
        ({"components": GREETING}, "Fill in: "),
        (
            {"components": [{"type": "HEADER", "format": "LOCATION"}]},
            "fill in a location as its header",
        ),
        ({"components": [{"type": "CAROUSEL", "cards": []}]}, "cannot fill in a carousel, so WhatsApp would"),
        ({"components": [{"type": "limited_time_offer"}]}, "a limited-time offer"),
        ({"components": [{"type": "BUTTONS", "buttons": [{"type": "FLOW"}]}]}, "a button that opens a flow"),
    ],
)
def test_a_launch_is_refused_in_words(change, words):
    campaign = a_campaign(a_template(**change), a_customer("Ana", IN))
    with pytest.raises(Impossible, match=words):
        lifecycle.launch(campaign, actor="user:1", now=at(1))
    assert counts.of(campaign.id).total == 0


def test_a_template_that_gets_other_variables_on_the_way_holds_the_campaign_and_fails_nobody():
    campaign = launched()
    claims.take_pump(campaign.id, "pump", at(1))
    campaign.template.components = GREETING
    db.session.commit()
    assert claims.claim(campaign.id, "pump", 5, at(2)).stop
    db.session.commit()
    assert (campaign.status, campaign.pause_code) == ("paused", "template")
    assert "another text of the template" in campaign.pause_reason
    assert [row.state for row in db.session.query(Delivery)] == ["queued"]
    with pytest.raises(Impossible, match="Fill in: first_name"):
        lifecycle.resume(campaign, actor="user:1", now=at(3))
    campaign.template.components = HELLO
    assert lifecycle.resume(campaign, actor="user:1", now=at(4)).status == "running"


def test_a_draft_without_template_or_audience_says_what_is_missing():
    draft = lifecycle.create("  Spring\n sale ", actor="user:1", now=at(0))
    assert draft.name == "Spring sale"
    assert lifecycle.problems(draft, at(1)) == ["Choose a template.", "Choose who shall get it."]
    with pytest.raises(Impossible):
        lifecycle.create(" \t", actor="user:1", now=at(0))


def test_every_step_is_idempotent_and_what_cannot_be_is_refused():
    campaign = launched()
    for _ in range(2):
        lifecycle.pause(campaign, actor="user:1", now=at(2))
        assert campaign.status == "paused"
    for _ in range(2):
        lifecycle.resume(campaign, actor="user:1", now=at(3))
        assert campaign.status == "running"
    for _ in range(2):
        lifecycle.cancel(campaign, actor="user:1", now=at(4))
        assert campaign.status == "cancelled"
    assert counts.of(campaign.id).states["cancelled"] == 1
    for step in (lifecycle.pause, lifecycle.resume, lifecycle.launch):
        with pytest.raises(Impossible):
            step(campaign, actor="user:1", now=at(5))


def test_a_finished_campaign_is_neither_launched_again_nor_cancelled():
    campaign = launched()
    db.session.query(Delivery).update({"state": "sent"})
    assert lifecycle.finish_if_done(campaign.id, at(2))
    db.session.commit()
    assert lifecycle.launch(campaign, actor="user:1", now=at(3)).status == "finished"
    with pytest.raises(Impossible):
        lifecycle.cancel(campaign, actor="user:1", now=at(3))


def test_a_copy_is_a_draft_with_the_same_people():
    ana = a_customer("Ana", IN)
    copy = lifecycle.duplicate(launched(ana), actor="user:2", now=at(9))
    assert (copy.status, copy.name, copy.launched_at) == ("draft", "Spring sale (copy)", None)
    people = db.session.query(CampaignPerson).filter_by(campaign_id=copy.id)
    assert [person.customer_id for person in people] == [ana.id]


def test_only_drafts_are_deleted():
    with pytest.raises(Impossible):
        lifecycle.remove(launched())
    draft = a_campaign(a_template("other"), a_customer("Ben", IN))
    lifecycle.remove(draft)
    db.session.commit()


def test_a_message_to_oneself_goes_through_the_gate():
    template = a_template()
    campaign = a_campaign(template, a_customer("Ana", IN))
    trial = lifecycle.test(campaign, a_customer("Me"), actor="user:1", now=at(1))
    assert counts.of(trial.id).suppressed == {"no_consent": 1}
    assert campaign.status == "draft"


@pytest.mark.parametrize("seconds", [-1, 0])
def test_a_time_that_is_over_cannot_be_chosen(seconds):
    campaign = a_campaign(a_template(), a_customer("Ana", IN))
    with pytest.raises(Impossible):
        lifecycle.schedule(campaign, at(seconds), actor="user:1", now=at(0))


def test_outside_the_send_window_marketing_is_neither_launched_nor_scheduled():
    campaign = a_campaign(a_template(), a_customer("Ana", IN))
    sending = switch.current()
    sending.zone, sending.window_from, sending.window_until = "America/Sao_Paulo", 600, 1200
    with pytest.raises(Impossible, match="from 10:00 to 20:00"):
        lifecycle.launch(campaign, actor="user:1", now=at(0))
    with pytest.raises(Impossible):
        lifecycle.schedule(campaign, at(60), actor="user:1", now=at(0))
    lifecycle.schedule(campaign, at(3600), actor="user:1", now=at(0))


class Hours:
    def __init__(self, zone, first, last):
        self.zone, self.window_from, self.window_until = zone, first, last


@pytest.mark.parametrize(
    ("hours", "hour", "is_open", "opens"),
    [
        (Hours("UTC", None, None), 3, True, 3),
        (Hours("UTC", 8 * 60, 21 * 60), 8, True, 8),
        (Hours("UTC", 8 * 60, 21 * 60), 21, False, 32),
        (Hours("UTC", 22 * 60, 6 * 60), 23, True, 23),
        (Hours("UTC", 22 * 60, 6 * 60), 7, False, 22),
        (Hours("America/Sao_Paulo", 8 * 60, 21 * 60), 10, False, 11),
    ],
)
def test_a_send_window(hours, hour, is_open, opens):
    window = Window.of(hours)
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    instant = midnight.replace(hour=hour)
    assert window.open_at(instant) is is_open
    assert (window.opens_after(instant) - midnight).total_seconds() == opens * 3600
