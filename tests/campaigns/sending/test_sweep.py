"""What a lost worker, queue or webhook leaves behind, and how it is put right."""

from contextvars import Context
from datetime import timedelta

import pytest

from tests.campaigns.factories import TOKEN, a_campaign, a_template
from tests.factories import a_customer, at
from webapp import clock
from webapp.campaigns import lifecycle, switch
from webapp.campaigns.models import Campaign, Delivery
from webapp.campaigns.reports import audit, counts
from webapp.campaigns.sending import claims, starting, sweep
from webapp.consent import ledger
from webapp.consent.ledger import Statement
from webapp.consent.rules import Source, Status
from webapp.database import writing
from webapp.extensions import db
from webapp.whatsapp import launch

IN, OUT = Status.OPTED_IN, Status.OPTED_OUT


@pytest.fixture(autouse=True)
def desk_context(app):
    with app.app_context(), writing():
        yield


def a_running_campaign(*people, now=None, template=None):
    campaign = a_campaign(template or a_template(), *people)
    lifecycle.launch(campaign, actor="user:1", now=now or at(1))
    db.session.commit()
    return campaign


def swept(now):
    sweep.sweep(now)
    for campaign_id in lifecycle.due(now):
        lifecycle.launch_due(campaign_id, now)
    found = sweep.waiting(now)
    db.session.commit()
    db.session.expire_all()
    return found


def test_a_row_whose_pump_died_becomes_unknown_after_its_lease_and_is_never_queued_again():
    campaign = a_running_campaign(a_customer("Ana", IN), a_customer("Ben", IN))
    claims.take_pump(campaign.id, TOKEN, at(1))
    claims.claim(campaign.id, TOKEN, 1, at(2))
    db.session.commit()
    swept(at(2) + starting.LEASE)
    assert counts.of(campaign.id).states["sending"] == 1
    assert swept(at(3) + starting.LEASE) == [campaign.id]
    assert counts.of(campaign.id).states["unknown"] == 1
    assert counts.of(campaign.id).states["queued"] == 1


def test_a_running_campaign_that_no_pump_looks_after_is_found():
    campaign = a_running_campaign(a_customer("Ana", IN))
    assert swept(at(2)) == [campaign.id]
    claims.take_pump(campaign.id, TOKEN, at(3))
    assert swept(at(4)) == []
    assert swept(at(4) + claims.PUMP_LEASE) == [campaign.id]


def test_a_campaign_with_nobody_to_send_to_is_finished():
    campaign = a_running_campaign(a_customer("Out", OUT))
    assert swept(at(2)) == []
    assert db.session.get_one(Campaign, campaign.id).status == "finished"


def sent_at_noon(**columns):
    template = a_template(synced_at=at(13 * 3600), ttl_seconds=43200, **columns)
    campaign = a_running_campaign(a_customer("Ana", IN), template=template)
    db.session.query(Delivery).update({"state": "sent", "sent_at": at(0)})
    db.session.commit()
    return campaign


@pytest.mark.parametrize("columns", [{"category": "UTILITY"}, {"category": "MARKETING"}])
def test_a_message_without_a_receipt_is_expired_after_its_time_to_live(columns):
    switch.current().marketing_endpoint = True
    campaign = sent_at_noon(**columns)
    swept(at(12 * 3600))
    assert counts.of(campaign.id).states["sent"] == 1
    swept(at(13 * 3600 + 1))
    (delivery,) = db.session.query(Delivery)
    assert (delivery.state, delivery.reason) == ("failed", "expired")


def test_a_marketing_template_has_no_time_of_its_own_without_the_marketing_endpoint():
    sent_at_noon(category="MARKETING")
    swept(at(13 * 3600 + 1))
    assert db.session.query(Delivery).one().state == "sent"


def test_templates_that_are_stale_hold_every_running_campaign():
    campaign = a_running_campaign(a_customer("Ana", IN))
    switch.current().templates_synced_at = at(0)
    db.session.commit()
    swept(at(0) + claims.TEMPLATES_FRESH + timedelta(seconds=1))
    held = db.session.get_one(Campaign, campaign.id)
    assert (held.status, held.pause_code) == ("paused", "templates")


def a_scheduled_campaign(at_second, template="spring_sale"):
    campaign = a_campaign(a_template(template), a_customer("Ana", IN))
    lifecycle.schedule(campaign, at(at_second), actor="user:1", now=at(1))
    db.session.commit()
    return campaign


def test_a_scheduled_campaign_starts_at_its_time_and_only_once():
    campaign = a_scheduled_campaign(100)
    assert swept(at(99)) == []
    assert swept(at(100)) == [campaign.id]
    assert swept(at(101)) == [campaign.id]
    assert counts.of(campaign.id).total == 1
    assert db.session.get_one(Campaign, campaign.id).launched_by == "user:1"


def test_a_campaign_that_cannot_be_launched_costs_the_others_nothing(app):
    broken, sound = a_scheduled_campaign(100, "broken"), a_scheduled_campaign(100, "sound")
    broken.audience = {"include": [{"kind": "of a newer version"}], "exclude": []}
    db.session.query(Campaign).update({"scheduled_at": clock.now()})
    ids = broken.id, sound.id
    db.session.commit()
    app.extensions["heed-tasks"] = {"pump": (sent := []).append}
    Context().run(launch.look_after, app)
    assert sent == [ids[1]]
    assert [db.session.get_one(Campaign, id).status for id in ids] == ["scheduled", "running"]


def test_a_missed_schedule_does_not_send_late_by_itself():
    campaign = a_scheduled_campaign(100)
    assert swept(at(101) + lifecycle.PUNCTUAL) == []
    missed = db.session.get_one(Campaign, campaign.id)
    assert (missed.status, missed.missed_at is not None) == ("scheduled", True)
    assert counts.of(campaign.id).total == 0
    missed.pause_code, missed.pause_reason = "restored", "It may have been sent since."
    lifecycle.launch(missed, actor="user:2", now=at(5000))
    assert (missed.status, missed.pause_code, missed.pause_reason) == ("running", "", "")


def test_the_auditor_finds_a_planted_marketing_message_after_an_opt_out():
    ana, ben = a_customer("Ana", IN), a_customer("Ben", IN)
    campaign = a_running_campaign(ana, ben)
    claims.take_pump(campaign.id, TOKEN, at(1))
    claims.claim(campaign.id, TOKEN, 5, at(2))
    db.session.commit()
    assert audit.violations(at(3)) == []
    ledger.record(ana, Statement(OUT, Source.KEYWORD, "customer", at(30)))
    db.session.commit()
    assert audit.violations(at(40)) == []
    db.session.query(Delivery).filter_by(customer_id=ana.id).update({"started_at": at(60)})
    db.session.commit()
    (found,) = audit.violations(at(70))
    assert (found.customer_id, found.why, found.started_at) == (ana.id, "opted out", at(60))


def test_the_auditor_believes_what_the_gate_says_against_itself():
    campaign = a_running_campaign(a_customer("Ana", IN))
    claims.take_pump(campaign.id, TOKEN, at(1))
    claims.claim(campaign.id, TOKEN, 5, at(2))
    db.session.query(Delivery).update({"gate_held": True})
    db.session.commit()
    assert [found.why for found in audit.violations(at(3))] == ["on hold"]


def test_the_auditor_looks_at_marketing_only():
    template = a_template("order_news", "UTILITY")
    campaign = a_running_campaign(a_customer("Out", OUT), template=template)
    claims.take_pump(campaign.id, TOKEN, at(1))
    assert len(claims.claim(campaign.id, TOKEN, 5, at(2)).rows) == 1
    db.session.commit()
    assert audit.violations(at(3)) == []


@pytest.mark.parametrize("off", ["file", "database"])
def test_the_kill_switch_is_found_in_both_places(app, off):
    settings = app.config["HEED"]
    assert switch.off(settings) == ""
    if off == "file":
        (settings.data_dir / switch.FILE).touch()
    else:
        switch.set_enabled(False, actor="user:1", now=at(1))
    assert switch.off(settings)
