"""What the report of a campaign counts, and to which campaign an opt-out belongs. On both databases."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import NOON, a_customer, at
from webapp.campaigns import pages
from webapp.campaigns.models import Campaign, Delivery
from webapp.campaigns.reports import consent_figures, counts, opt_out_curve, opt_outs, report
from webapp.campaigns.reports.opt_outs import Rate
from webapp.consent import ledger, undoing
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.rules import Source, Status, Turn
from webapp.customers.models import Customer
from webapp.extensions import db

HOUR = 3600


@pytest.fixture(autouse=True)
def in_the_application(app) -> Iterator[None]:
    with app.app_context():
        yield


def a_started_campaign(name: str = "Spring sale", **columns: Any) -> Campaign:
    started = {"status": "finished", "launched_at": NOON, "finished_at": at(60)}
    template = columns.pop("template", None) or a_template(name=name.lower().replace(" ", "_"))
    return a_campaign(template, name=name, **(started | columns))


def a_delivery(
    campaign: Campaign, state: str = "delivered", customer: Customer | None = None, **columns: Any
):
    """A message that started at noon unless `started_at` says otherwise."""
    person = customer or a_customer(status=Status.OPTED_IN)
    started = {} if state in ("queued", "suppressed", "cancelled") else {"started_at": NOON}
    delivery = Delivery(campaign_id=campaign.id, customer_id=person.id, state=state, **(started | columns))
    db.session.add(delivery)
    db.session.commit()
    return delivery


def says_stop(customer: Customer, said_at: datetime, source: Source = Source.KEYWORD) -> None:
    ledger.record(
        customer,
        Statement(Status.OPTED_OUT, source, "customer", said_at, proof=Proof("whatsapp", "STOP", "STOP")),
    )
    db.session.commit()


def opt_outs_of(campaign: Campaign) -> int:
    return len(opt_outs.caused(select(Campaign.id).where(Campaign.id == campaign.id)))


def test_the_counts_are_exclusive_and_add_up_to_the_audience() -> None:
    campaign = a_started_campaign()
    for state in ("queued", "sending", "sent", "delivered", "delivered", "read", "unknown", "cancelled"):
        a_delivery(campaign, state)
    a_delivery(campaign, "failed", reason="refused", error_code=131026)
    a_delivery(campaign, "failed", reason="unfilled")
    for reason in ("opted_out", "opted_out", "no_consent"):
        a_delivery(campaign, "suppressed", reason=reason)
    shown = report.context(campaign, at(120))
    counted = shown["counts"]
    assert counted.total == 13
    assert counted.total == sum(counted.states.values()) + shown["left_out_total"]
    assert [(step.name, step.count, step.share) for step in shown["shares"]] == [
        ("Sent", 4, "100.0%"), ("Delivered", 3, "75.0%"), ("Read", 1, "25.0%"),
    ]  # fmt: skip
    assert (shown["progress"].handed, shown["progress"].of) == (4, 10), "WhatsApp accepted no other"
    assert shown["progress"].refused == 1, "an unfilled one never left"
    assert [(bar.name, bar.value) for bar in shown["left_out"]] == [("opted_out", 2), ("no_consent", 1)]
    assert sum(row.customers for row in shown["failed"]) == counted.states["failed"]
    assert shown["in_doubt"] == 1


@pytest.mark.parametrize(
    ("state", "columns", "handed", "refused"),
    [
        ("sent", {}, 1, 0),
        ("read", {"wamid": "wamid.1"}, 1, 0),
        ("failed", {"reason": "refused", "wamid": "wamid.1"}, 1, 0),
        ("failed", {"reason": "expired", "wamid": "wamid.1"}, 1, 0),
        ("failed", {"reason": "refused"}, 0, 1),
        ("failed", {"reason": "unfilled"}, 0, 0),
        ("failed", {"reason": "by_person"}, 0, 0),
        ("unknown", {"reason": "timeout"}, 0, 0),
        ("sending", {}, 0, 0),
    ],
)
def test_handed_to_whatsapp_is_what_whatsapp_accepted(state, columns, handed, refused) -> None:
    campaign = a_started_campaign()
    a_delivery(campaign, state, **columns)
    progress = report.context(campaign, NOON)["progress"]
    assert (progress.handed, progress.of, progress.refused) == (handed, 1, refused)


def test_failures_are_told_in_words_with_what_happens_next_and_the_code() -> None:
    campaign = a_started_campaign()
    for code in (131026, 131026, 131049):
        a_delivery(campaign, "failed", reason="refused", error_code=code)
    a_delivery(campaign, "failed", reason="expired")
    told = [
        (row.customers, row.failure.what, row.failure.code)
        for row in report.context(campaign, NOON)["failed"]
    ]
    assert told == [
        (2, "Not reachable on WhatsApp", 131026),
        (1, "WhatsApp did not deliver it in time", None),
        (1, "WhatsApp held it back: too much marketing for this person", 131049),
    ]


@pytest.mark.parametrize(
    ("state", "seconds", "source", "caused"),
    [
        ("delivered", 60, Source.KEYWORD, 1),
        ("read", 60, Source.BUTTON, 1),
        ("sent", 60, Source.AGENT, 1),
        ("failed", 60, Source.KEYWORD, 0),
        ("unknown", 60, Source.KEYWORD, 0),
        ("delivered", -60, Source.KEYWORD, 0),
        ("delivered", 72 * HOUR, Source.KEYWORD, 1),
        ("delivered", 72 * HOUR + 1, Source.KEYWORD, 0),
    ],
)
def test_an_opt_out_counts_if_the_message_was_got_and_started_within_72_hours_before(
    state, seconds, source, caused
) -> None:
    campaign = a_started_campaign()
    delivery = a_delivery(campaign, state)
    says_stop(db.session.get_one(Customer, delivery.customer_id), at(seconds), source)
    assert opt_outs_of(campaign) == caused


def test_an_answer_within_the_second_counts_for_whatsapp_names_whole_seconds() -> None:
    campaign = a_started_campaign()
    delivery = a_delivery(campaign, started_at=NOON + timedelta(milliseconds=700))
    says_stop(db.session.get_one(Customer, delivery.customer_id), NOON)
    assert opt_outs_of(campaign) == 1


def test_an_opt_out_belongs_to_the_last_campaign_message_before_it() -> None:
    first, second, third = (a_started_campaign(name) for name in ("First", "Second", "Third"))
    customer = a_customer(status=Status.OPTED_IN)
    a_delivery(first, customer=customer, started_at=NOON)
    a_delivery(second, customer=customer, started_at=at(HOUR))
    a_delivery(third, customer=customer, started_at=at(3 * HOUR))
    says_stop(customer, at(2 * HOUR))
    assert [opt_outs_of(campaign) for campaign in (first, second, third)] == [0, 1, 0]


def test_a_message_that_failed_or_was_a_test_takes_no_opt_out_away_from_the_one_before() -> None:
    campaign, other = a_started_campaign("First"), a_started_campaign("Second")
    tried = a_started_campaign("Try", test_of_id=other.id)
    customer = a_customer(status=Status.OPTED_IN)
    a_delivery(campaign, customer=customer)
    a_delivery(other, "failed", customer=customer, started_at=at(60), reason="refused")
    a_delivery(tried, customer=customer, started_at=at(60))
    says_stop(customer, at(120))
    assert [opt_outs_of(each) for each in (campaign, other, tried)] == [1, 0, 0]


def test_a_stop_inside_whatsapp_counts_and_one_that_a_failure_reports_does_not() -> None:
    campaign = a_started_campaign()
    for source in (Source.WHATSAPP, Source.DELIVERY_FAILURE):
        customer = db.session.get_one(Customer, a_delivery(campaign).customer_id)
        ledger.record_platform(customer, Turn.STOPPED, Signal(source, "whatsapp", at(60)))
    db.session.commit()
    assert opt_outs_of(campaign) == 1


def test_an_opt_out_that_had_no_effect_or_was_undone_counts_for_nothing() -> None:
    campaign = a_started_campaign()
    undone = db.session.get_one(Customer, a_delivery(campaign).customer_id)
    event = ledger.record(undone, Statement(Status.OPTED_OUT, Source.AGENT, "user:1", at(60)))
    undoing.undo(undone, event.id, actor="user:1", now=at(61))
    twice = db.session.get_one(Customer, a_delivery(campaign).customer_id)
    says_stop(twice, at(60))
    says_stop(twice, at(90))
    assert opt_outs_of(campaign) == 1


@pytest.mark.parametrize(
    ("opt_outs", "delivered", "words"),
    [(0, 0, "too few to compare"), (5, 99, "too few to compare"), (1, 100, "1.00%"), (9, 2291, "0.39%")],
)
def test_a_rate_needs_a_hundred_delivered_messages(opt_outs, delivered, words) -> None:
    rate = Rate(opt_outs, delivered)
    assert rate.words == words
    assert (rate.share is None) == (delivered < 100)


def test_the_usual_rate_is_that_of_the_other_campaigns_with_the_template() -> None:
    template = a_template()
    campaign, other = (a_started_campaign(name, template=template) for name in ("This", "Other"))
    assert report.usual(campaign) is None
    a_delivery(campaign)
    delivery = a_delivery(other)
    says_stop(db.session.get_one(Customer, delivery.customer_id), at(60))
    assert report.usual(campaign) == Rate(1, 1)


def test_the_curve_ends_at_all_opt_outs_and_begins_at_the_launch() -> None:
    campaign = a_started_campaign()
    for seconds in (30, 600):
        delivery = a_delivery(campaign)
        says_stop(db.session.get_one(Customer, delivery.customer_id), at(seconds))
    points = report.context(campaign, at(900))["points"]
    assert (points[0].at, points[0].count, points[0].label) == (NOON, 0, "12:00")
    assert (points[-1].count, len(points)) == (2, opt_out_curve.POINTS)
    assert [point.count for point in points] == sorted(point.count for point in points)


@pytest.mark.parametrize(
    ("seconds", "first"),
    [
        (20, "12:00:00"),
        (599, "12:00:00"),
        (600, "12:00"),
        (24 * HOUR - 1, "12:00"),
        (24 * HOUR, f"{NOON.day} Nov 12:00"),
        (70 * HOUR, f"{NOON.day} Nov 12:00"),
    ],
)
def test_the_labels_of_the_curve_differ_however_short_it_is(seconds, first) -> None:
    campaign = a_started_campaign(finished_at=at(seconds))
    labels = report.context(campaign, at(seconds))["chart"].labels
    assert labels[0] == first
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (at(60), "Marketing · started 12:00 by Heed"),
        (at(48 * HOUR), f"Marketing · started {NOON.day} Nov 12:00 by Heed"),
    ],
)
def test_the_head_tells_when_it_started_and_who_did_it(now, words) -> None:
    campaign = a_started_campaign(category="MARKETING", launched_by="system")
    assert pages.started(campaign, now) == words
    assert pages.started(a_campaign(a_template("other")), now) == ""


def test_a_running_campaign_tells_its_pace_and_the_time_left() -> None:
    campaign = a_started_campaign(status="running", finished_at=None)
    for n in range(30):
        a_delivery(campaign, "sent", sent_at=at(n))
    for _ in range(5):
        a_delivery(campaign, "queued")
    progress = report.context(campaign, at(30))["progress"]
    assert progress.pace == 1
    assert progress.left == "less than a minute left"


def test_a_draft_has_a_report_of_nothing() -> None:
    campaign = a_campaign(a_template())
    shown = report.context(campaign, NOON)
    assert shown["points"] == []
    assert counts.of(campaign.id).total == 0
    assert [step.share for step in shown["shares"]] == ["–", "–", "–"]


def test_opt_outs_and_opt_ins_move_by_day_and_source_and_nothing_else_does() -> None:
    customer = a_customer(status=Status.OPTED_IN)
    says_stop(customer, at(-2 * 24 * HOUR))
    old = a_customer(status=Status.OPTED_IN)
    says_stop(old, at(-40 * 24 * HOUR))
    outs = consent_figures.movement(opt_outs.is_opt_out(), 30, at(HOUR))
    assert (len(outs.days), outs.total) == (30, 1)
    assert outs.days[-1] == NOON.date()
    assert outs.series["Replied a keyword"][-3] == 1
    ins = consent_figures.movement(consent_figures.is_opt_in(), 30, at(HOUR))
    assert ins.series["Import"][-1] == ins.total == 2
    year = consent_figures.movement(opt_outs.is_opt_out(), 365, at(HOUR))
    assert (year.total, len(year.days)) == (2, 53)


def test_proof_is_words_or_a_link_that_were_kept() -> None:
    a_customer(status=Status.OPTED_IN)
    linked = Proof("web_form", link="https://shop.example/form")
    ledger.record(a_customer(), Statement(Status.OPTED_IN, Source.AGENT, "user:1", NOON, proof=linked))
    bare = a_customer()
    ledger.record(bare, Statement(Status.OPTED_IN, Source.KEYWORD, "customer", NOON, proof=Proof("whatsapp")))
    a_customer(status=Status.OPTED_OUT)
    db.session.commit()
    found = consent_figures.proof()
    assert (found.opted_in, found.proved) == (3, 2)


def test_stop_times_run_from_the_words_to_the_record_and_leave_agents_out() -> None:
    for seconds in (1, 5, 90):
        customer = a_customer(status=Status.OPTED_IN)
        stop = Statement(Status.OPTED_OUT, Source.KEYWORD, "customer", at(seconds + 60), stated_at=at(60))
        ledger.record(customer, stop)
    says_stop(a_customer(status=Status.OPTED_IN), at(60), Source.AGENT)
    times = consent_figures.stop_times(30, at(HOUR))
    assert times is not None
    assert (times.median, times.worst) == (timedelta(seconds=5), timedelta(seconds=90))
    assert dict(times.speeds) == {
        "Within 2 seconds": 1, "Within 10 seconds": 1, "Within a minute": 0, "Within an hour": 1, "Later": 0,
    }  # fmt: skip
    assert consent_figures.stop_times(30, at(90 * 24 * HOUR)) is None


def test_campaigns_and_templates_have_their_rates() -> None:
    template = a_template()
    one, two = (a_started_campaign(name, template=template) for name in ("One", "Two"))
    a_started_campaign("Long ago", launched_at=at(-60 * 24 * HOUR))
    says_stop(db.session.get_one(Customer, a_delivery(one).customer_id), at(60))
    a_delivery(two)
    rows = consent_figures.campaign_rates(30, at(HOUR))
    assert [(row.campaign.name, row.rate) for row in rows] == [("Two", Rate(0, 1)), ("One", Rate(1, 1))]
    assert consent_figures.template_rates(rows) == [(template, Rate(1, 2))]
