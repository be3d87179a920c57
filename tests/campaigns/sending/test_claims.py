"""Claiming: the one statement that carries the gate, and everything that keeps a message from starting."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.campaigns.factories import TOKEN, a_running_campaign, a_template, claimed
from tests.factories import a_customer, at
from webapp.campaigns import lifecycle, switch
from webapp.campaigns.models import Campaign, Delivery
from webapp.campaigns.sending import claims
from webapp.consent import disputes, gate, ledger, policy
from webapp.consent.gate import Category, Facts
from webapp.consent.ledger import Statement
from webapp.consent.rules import Source, Status
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db

IN, OUT, NONE = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN


@pytest.fixture(autouse=True)
def desk_context(app):
    with app.app_context(), writing():
        yield


def states(campaign):
    rows = db.session.query(Delivery).filter_by(campaign_id=campaign.id).order_by(Delivery.customer_id)
    return [(row.state, row.reason) for row in rows]


def test_a_claimed_row_has_started_and_keeps_what_the_gate_saw():
    ana = a_customer("Ana", IN)
    campaign = a_running_campaign(a_template(), ana)
    (row,) = claimed(campaign).rows
    assert row.message.recipient.value == f"+{ana.identities[0].value}"
    assert row.message.callback == f"heed:{campaign.id}:{row.delivery_id}"
    delivery = db.session.get_one(Delivery, row.delivery_id)
    assert (delivery.state, delivery.started_at) == ("sending", at(2))
    seen = delivery.gate_category, delivery.gate_status, delivery.gate_event_id
    assert seen == ("MARKETING", "opted_in", ana.status_event_id)
    assert (delivery.gate_stopped, delivery.gate_held, delivery.gate_unknown_allowed) == (False, False, False)


def test_who_opts_out_after_the_launch_is_left_out_at_the_claim():
    ana, ben = a_customer("Ana", IN), a_customer("Ben", IN)
    campaign = a_running_campaign(a_template(), ana, ben)
    ledger.record(ana, Statement(OUT, Source.KEYWORD, "customer", at(1.5)))
    db.session.commit()
    assert [row.customer_id for row in claimed(campaign).rows] == [ben.id]
    assert states(campaign) == [("suppressed", "opted_out"), ("sending", None)]


FACTS = [
    Facts(status, erased, stop, held, unreachable, at(-86_400 * 40 * old))
    for status, erased, stop, held, unreachable, old in itertools.product(
        (IN, OUT, NONE), *[(False, True)] * 5
    )
]


@pytest.mark.parametrize("months", [None, 1])
@pytest.mark.parametrize("unknown_allowed", [False, True])
@pytest.mark.parametrize("category", list(Category))
def test_the_claim_and_the_gate_agree_on_every_combination(category, unknown_allowed, months):
    people = [a_customer(f"Person {n}") for n in range(len(FACTS))]
    campaign = a_running_campaign(a_template(category=category.value), *people)
    db.session.query(Delivery).update({"state": "queued", "reason": None})
    settings = policy.current()
    settings.unknown_may_receive, settings.reconfirm_months = unknown_allowed, months
    for person, facts in zip(people, FACTS, strict=True):
        marks = {
            "status": facts.status, "status_at": facts.status_at,
            "erased_at": at(0) if facts.erased else None,
            "platform_stop_at": at(0) if facts.platform_stop else None,
            "held_at": at(0) if facts.on_hold else None,
            "unreachable_at": at(0) if facts.unreachable else None,
        }  # fmt: skip
        db.session.execute(update(Customer).where(Customer.id == person.id).values(**marks))
    db.session.commit()
    for second in range(2, 20):
        claimed(campaign, second)
    terms = policy.terms(policy.current(), at(2))
    expected = [gate.suppression(facts, category, terms) for facts in FACTS]
    assert [reason for _, reason in states(campaign)] == expected
    assert all((state == "sending") == (reason is None) for state, reason in states(campaign))


def test_who_differs_from_the_ledger_is_left_out_at_the_claim_and_the_row_says_on_hold():
    ana = a_customer("Ana", IN)
    campaign = a_running_campaign(a_template(), ana)
    disputes.mark([ana.id], at(1.5))
    db.session.commit()
    assert claimed(campaign).rows == []
    assert states(campaign) == [("suppressed", "on_hold")]
    assert db.session.query(Delivery.gate_held).scalar()


def test_two_claims_never_take_the_same_row():
    campaign = a_running_campaign(a_template(), *(a_customer(f"Person {n}", IN) for n in range(5)), pace=10)
    taken = [row.delivery_id for second in range(2, 8) for row in claimed(campaign, second, free=2).rows]
    assert len(taken) == len(set(taken)) == 5


def test_a_pump_that_lost_its_lease_claims_nothing():
    campaign = a_running_campaign(a_template(), a_customer("Ana", IN))
    assert not claims.take_pump(campaign.id, "another pump", at(2))
    assert claims.take_pump(campaign.id, "another pump", at(2) + claims.PUMP_LEASE)
    found = claimed(campaign, 20)
    assert (found.rows, found.stop) == ([], True)


def test_a_paused_campaign_and_the_kill_switch_start_nothing():
    campaign = a_running_campaign(a_template(), a_customer("Ana", IN))
    switch.set_enabled(False, actor="user:1", now=at(1))
    db.session.commit()
    assert claimed(campaign).rows == []
    switch.set_enabled(True, actor="user:1", now=at(2))
    lifecycle.pause(campaign, actor="user:1", now=at(2))
    db.session.commit()
    assert claimed(campaign, 3).rows == []
    lifecycle.resume(campaign, actor="user:1", now=at(4))
    db.session.commit()
    assert len(claimed(campaign, 5).rows) == 1


def held_by(campaign):
    db.session.expire_all()
    fresh = db.session.get_one(Campaign, campaign.id)
    return fresh.status, fresh.pause_code


def test_a_template_that_becomes_marketing_holds_the_campaign_until_somebody_has_seen_it():
    template = a_template("order_news", "UTILITY")
    ana, ben = a_customer("Ana", IN), a_customer("Ben", NONE)
    campaign = a_running_campaign(template, ana, ben)
    template.coming_category = "MARKETING"
    db.session.commit()
    assert claimed(campaign).rows == []
    assert held_by(campaign) == ("paused", "category")
    lifecycle.resume(campaign, actor="user:1", now=at(3))
    db.session.commit()
    assert [row.customer_id for row in claimed(campaign, 4).rows] == [ana.id]
    assert states(campaign) == [("sending", None), ("suppressed", "no_consent")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "PAUSED"}, "template"),
        ({"removed_at": at(1)}, "template"),
        ({"category": "UNHEARD_OF"}, "category"),
    ],
)
def test_a_template_that_is_not_as_it_was_holds_the_campaign(change, code):
    template = a_template("order_news", "UTILITY")
    campaign = a_running_campaign(template, a_customer("Ana", IN))
    for name, value in change.items():
        setattr(template, name, value)
    db.session.commit()
    assert claimed(campaign).rows == []
    assert held_by(campaign) == ("paused", code)


def test_categories_that_were_not_synchronised_for_twelve_hours_hold_the_campaign():
    campaign = a_running_campaign(a_template(), a_customer("Ana", IN))
    switch.current().templates_synced_at = at(2) - claims.TEMPLATES_FRESH - timedelta(seconds=1)
    db.session.commit()
    assert claimed(campaign).rows == []
    assert held_by(campaign) == ("paused", "templates")


def test_the_pace_is_kept_by_all_pumps_of_the_number_together():
    people = [a_customer(f"Person {n}", IN) for n in range(60)]
    campaign = a_running_campaign(a_template(), *people)
    switch.current().rate = 10
    db.session.commit()
    started = [len(claimed(campaign, 2 + step / 10).rows) for step in range(31)]
    assert sum(started) <= 3 * 10 + 2
    assert sum(started) >= 25


def test_outside_the_send_window_no_marketing_starts():
    campaign = a_running_campaign(a_template(), a_customer("Ana", IN))
    sending = switch.current()
    sending.zone, sending.window_from, sending.window_until = "UTC", 13 * 60, 20 * 60
    db.session.commit()
    assert claimed(campaign).rows == []
    assert len(claimed(campaign, 3601).rows) == 1


def test_a_delivery_waits_until_its_next_attempt_is_due():
    campaign = a_running_campaign(a_template(), a_customer("Ana", IN))
    db.session.query(Delivery).update({"not_before": at(10)})
    db.session.commit()
    assert claimed(campaign, 9).rows == []
    assert claims.waiting_for(campaign.id, at(9)) == 1
    assert len(claimed(campaign, 10).rows) == 1


def test_a_wait_that_a_wrong_clock_wrote_holds_nobody_for_a_day():
    campaign = a_running_campaign(a_template(), a_customer("Ana", IN))
    db.session.query(Delivery).update({"not_before": at(2) + claims.LONGEST_WAIT})
    db.session.commit()
    assert claims.waiting_for(campaign.id, at(2)) == claims.LONGEST_WAIT.total_seconds()
    assert claimed(campaign, 2).rows == []
    db.session.query(Delivery).update({"not_before": at(86_400)})
    db.session.commit()
    assert claims.waiting_for(campaign.id, at(2)) == 0
    assert len(claimed(campaign, 2).rows) == 1


def test_a_claim_does_not_pass_an_opt_out_that_is_being_written(app, database_url):
    """PostgreSQL: the row that an opt-out has locked is skipped, and read afresh the next time."""
    if not database_url.startswith("postgresql"):
        return  # SQLite has one writer at a time, so there is no such moment
    ana, ben = a_customer("Ana", IN), a_customer("Ben", IN)
    campaign = a_running_campaign(a_template(), ana, ben)
    campaign_id, ana_id, ben_id = campaign.id, ana.id, ben.id
    with db.engine.connect() as other, other.begin():
        other.execute(update(Customer).where(Customer.id == ana_id).values(status=OUT))
        assert [row.customer_id for row in claimed(campaign).rows] == [ben_id]
    claims.claim(campaign_id, TOKEN, 50, at(3))
    db.session.commit()
    assert [state for state, _ in states(campaign)] == ["suppressed", "sending"]
