"""What WhatsApp tells later: receipts in any order, failures, and what they do to people and campaigns."""

import itertools

import pytest

from tests.campaigns.factories import TOKEN, a_campaign, a_template
from tests.factories import a_customer, at
from webapp.campaigns import lifecycle
from webapp.campaigns.models import Campaign, Delivery
from webapp.campaigns.sending import claims, codes, outcomes, statuses, sweep
from webapp.campaigns.sending.outcomes import Result
from webapp.campaigns.sending.sender import Accepted, Unclear
from webapp.campaigns.sending.statuses import News
from webapp.consent import ledger
from webapp.consent.ledger import Statement
from webapp.consent.rules import Source, Status
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db

IN, OUT = Status.OPTED_IN, Status.OPTED_OUT
MOMENTS = {"sent": 10, "delivered": 12, "read": 15, "failed": 16}


@pytest.fixture(autouse=True)
def desk_context(app):
    with app.app_context(), writing():
        yield


def a_started_delivery(answer=None):
    """One delivery on the wire since second 2; with the answer, if there was one."""
    ana = a_customer("Ana", IN)
    campaign = a_campaign(a_template(), ana)
    lifecycle.launch(campaign, actor="user:1", now=at(1))
    claims.take_pump(campaign.id, TOKEN, at(1))
    (row,) = claims.claim(campaign.id, TOKEN, 1, at(2)).rows
    if answer:
        outcomes.record(campaign.id, TOKEN, [Result(row, answer, at(3))], at(3))
    db.session.commit()
    return db.session.get_one(Delivery, row.delivery_id), row


def tell(row, *words, code=None, wamid="wamid.1"):
    for word in words:
        statuses.apply([News(row.message.callback, wamid, word, code, at(MOMENTS[word]))], at(20))
    db.session.commit()


@pytest.mark.parametrize("order", list(itertools.permutations(["sent", "delivered", "read"])))
@pytest.mark.parametrize("answered", [Accepted("wamid.1"), Unclear("timeout"), None])
def test_receipts_in_any_order_end_in_the_furthest_state(order, answered):
    delivery, row = a_started_delivery(answered)
    tell(row, *order)
    assert (delivery.state, delivery.wamid, delivery.reason) == ("read", "wamid.1", None)
    assert (delivery.delivered_at, delivery.read_at) == (at(12), at(15))


def test_our_answer_after_the_receipt_does_not_move_it_back():
    delivery, row = a_started_delivery()
    tell(row, "delivered", wamid=None)
    accepted = Accepted("wamid.1")
    outcomes.record(delivery.campaign_id, TOKEN, [Result(row, accepted, at(14))], at(14))
    db.session.commit()
    db.session.refresh(delivery)
    assert (delivery.state, delivery.wamid) == ("delivered", "wamid.1")


@pytest.mark.parametrize("arrived", ["delivered", "read"])
@pytest.mark.parametrize("failed_first", [False, True])
def test_a_failure_counts_only_if_nothing_later_was_seen(arrived, failed_first):
    delivery, row = a_started_delivery(Accepted("wamid.1"))
    for word in ("failed", arrived) if failed_first else (arrived, "failed"):
        tell(row, word, code=131026)
    assert (delivery.state, delivery.error_code) == (arrived, None)


def test_a_receipt_finds_its_message_by_whatsapps_id_alone():
    delivery, _row = a_started_delivery(Accepted("wamid.1"))
    statuses.apply([News(None, "wamid.1", "delivered", None, at(12))], at(12))
    assert delivery.state == "delivered"


@pytest.mark.parametrize(
    "callback", ["cmp_0007:rcp_000001", "heed:1:", "heed:1:x", "heed::1", None, "heed:1:99"]
)
def test_a_receipt_of_somebody_elses_message_moves_nothing(callback):
    delivery, _row = a_started_delivery(Accepted("wamid.1"))
    assert statuses.apply([News(callback, "wamid.other", "read", None, at(12))], at(12)) == {}
    assert delivery.state == "sent"


def test_a_receipt_for_a_row_that_was_put_back_keeps_it_from_being_sent_again():
    delivery, row = a_started_delivery()
    delivery.state = "queued"
    tell(row, "sent")
    assert delivery.state == "sent"


def test_a_message_that_arrives_after_an_opt_out_but_started_before_is_marked():
    delivery, row = a_started_delivery(Accepted("wamid.1"))
    customer = db.session.get_one(Customer, delivery.customer_id)
    ledger.record(customer, Statement(OUT, Source.KEYWORD, "customer", at(9), stated_at=at(9)))
    tell(row, "delivered")
    assert delivery.after_opt_out


@pytest.mark.parametrize(
    ("before", "after"), [(["delivered"], ["read"]), ([], ["delivered", "read"]), ([], ["read", "delivered"])]
)
def test_a_message_that_arrived_before_the_opt_out_is_not_marked_also_when_it_is_read_after_it(before, after):
    delivery, row = a_started_delivery(Accepted("wamid.1"))
    tell(row, *before)
    opts_out(delivery, 14)
    tell(row, *after)
    sweep.sweep(at(60))
    db.session.refresh(delivery)
    assert (delivery.state, delivery.after_opt_out) == ("read", False)


@pytest.mark.parametrize(("said", "marked"), [(1, False), (2, True), (9, True), (12, True), (13, False)])
def test_an_opt_out_that_is_heard_of_after_the_receipt_marks_the_message_by_its_own_time(said, marked):
    delivery, row = a_started_delivery(Accepted("wamid.1"))
    tell(row, "delivered")
    opts_out(delivery, said)
    sweep.sweep(at(60))
    db.session.refresh(delivery)
    assert delivery.after_opt_out is marked


def opts_out(delivery, said):
    customer = db.session.get_one(Customer, delivery.customer_id)
    ledger.record(customer, Statement(OUT, Source.KEYWORD, "customer", at(14), stated_at=at(said)))
    db.session.commit()


@pytest.mark.parametrize(
    "code", [code for code, rule in codes.RULES.items() if rule.action in ("pause", "pause_all")]
)
def test_a_failure_that_is_the_accounts_pauses_the_campaign_also_when_it_comes_late(code):
    delivery, row = a_started_delivery(Accepted("wamid.1"))
    tell(row, "failed", code=code)
    campaign = db.session.get_one(Campaign, delivery.campaign_id, populate_existing=True)
    assert (delivery.state, campaign.status, campaign.pause_code) == ("failed", "paused", f"whatsapp_{code}")


def test_three_undeliverable_messages_in_a_row_mark_the_number_and_one_receipt_clears_it():
    ana = a_customer("Ana", IN)
    template = a_template()
    for n in range(3):
        assert ana.unreachable_at is None
        campaign = a_campaign(template, ana, name=f"Number {n}")
        lifecycle.launch(campaign, actor="user:1", now=at(n * 10))
        claims.take_pump(campaign.id, TOKEN, at(n * 10))
        (row,) = claims.claim(campaign.id, TOKEN, 1, at(n * 10 + 1)).rows
        tell(row, "failed", code=131026, wamid=f"wamid.{n}")
        db.session.refresh(ana)
    assert (ana.unreachable_at is not None, ana.status) == (True, IN)
    tell(row, "delivered", wamid="wamid.2")
    db.session.refresh(ana)
    assert ana.unreachable_at is None


def test_a_person_decides_about_an_unknown_one_and_a_receipt_was_faster():
    delivery, row = a_started_delivery(Unclear("timeout"))
    statuses.settle_by_person(delivery, False, "She says that nothing came", actor="user:1")
    assert (delivery.state, delivery.reason, delivery.settled_by) == ("failed", "by_person", "user:1")
    tell(row, "read")
    assert delivery.state == "read"
    with pytest.raises(statuses.AlreadySettled):
        statuses.settle_by_person(delivery, True, "", actor="user:1")
