"""Pumps: who is the pump of a campaign, how long nothing may start, and how many may start at once."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.campaigns.factories import GREETING, TOKEN, a_campaign, a_running_campaign, a_template, claimed
from tests.factories import a_customer, at
from webapp.campaigns import lifecycle, switch
from webapp.campaigns.models import DEFAULT_RATE, Campaign, Delivery
from webapp.campaigns.sending import claims, starting
from webapp.campaigns.sending.claims import NOTHING_DUE_NAP, PUMP_LEASE
from webapp.consent import policy
from webapp.consent.rules import Status
from webapp.database import writing
from webapp.extensions import db

IN, OUT = Status.OPTED_IN, Status.OPTED_OUT
ANOTHER = "another pump"
MOMENT = timedelta(microseconds=1)
TWO_HOURS = timedelta(hours=2)
TWELVE_HOURS_AGO = at(2) - timedelta(hours=12)


@pytest.fixture
def database_url(sqlite_url):
    """What is counted here is counted in Python; the claim's statement is tested on both in `test_claims`."""
    return sqlite_url


@pytest.fixture(autouse=True)
def desk_context(app):
    with app.app_context(), writing():
        yield


@pytest.fixture
def ana():
    return a_customer("Ana", IN)


@pytest.fixture
def campaign(ana):
    """Ana's alone; its pump may claim."""
    return a_running_campaign(a_template(), ana)


def kept(row):
    db.session.expire_all()
    return row


def governed_by(**values):
    for name, value in values.items():
        setattr(switch.current(), name, value)
    db.session.commit()


class TestTheOnlyPump:
    def test_it_keeps_its_token_and_its_lease(self, campaign):
        row = kept(campaign)
        assert (row.pump_token, row.pump_until) == (TOKEN, at(1) + PUMP_LEASE)
        assert timedelta(seconds=15) == PUMP_LEASE

    def test_a_lease_ends_the_moment_after_its_last_one(self, campaign):
        assert claims.take_pump(campaign.id, ANOTHER, at(1) + PUMP_LEASE) is False
        assert claims.take_pump(campaign.id, ANOTHER, at(1.000001) + PUMP_LEASE) is True
        assert kept(campaign).pump_token == ANOTHER

    def test_a_lease_that_a_wrong_clock_wrote_keeps_nobody_away(self, campaign):
        for further, taken in ((0 * MOMENT, False), (MOMENT, True)):
            db.session.query(Campaign).update({"pump_until": at(122) + further})
            assert claims.take_pump(campaign.id, ANOTHER, at(2)) is taken

    def test_it_pumps_one_campaign_only(self, campaign, ana):
        other = a_running_campaign(campaign.template, ana, name="Another")
        for each in (campaign, other):
            claims.leave_pump(each.id, TOKEN)
        assert claims.take_pump(other.id, ANOTHER, at(2))
        assert kept(campaign).pump_token is None

    @pytest.mark.parametrize("change", [{"status": "paused"}, {"audience_done_at": None}])
    def test_nobody_pumps_what_is_not_running_or_not_all_written(self, campaign, change):
        claims.leave_pump(campaign.id, TOKEN)
        db.session.query(Campaign).update(change)
        assert not claims.take_pump(campaign.id, ANOTHER, at(60))

    def test_only_the_pump_itself_leaves_and_says_until_when_nobody_need_look(self, campaign, ana):
        other = a_running_campaign(campaign.template, ana, name="Another")
        claims.leave_pump(campaign.id, ANOTHER, at(90))
        assert kept(campaign).pump_token == TOKEN
        claims.leave_pump(campaign.id, TOKEN, at(90))
        assert (kept(campaign).pump_token, campaign.pump_until) == (None, at(90))
        assert kept(other).pump_token == TOKEN

    def test_each_claim_prolongs_its_lease(self, campaign):
        claimed(campaign, 9)
        assert kept(campaign).pump_until == at(9) + PUMP_LEASE

    def test_it_has_nothing_more_to_do_for_what_is_paused(self, campaign):
        db.session.query(Campaign).update({"status": "paused"})
        found = claimed(campaign)
        assert (found.rows, found.stop) == ([], True)

    def test_it_has_nothing_more_to_do_when_another_took_its_place(self, campaign, ana):
        db.session.query(Campaign).update({"pump_token": ANOTHER})
        found = claimed(campaign)
        assert (found.rows, found.stop) == ([], True)
        assert kept(campaign).pump_until == at(1) + PUMP_LEASE

    def test_what_another_wrote_since_it_was_read_counts(self, campaign):
        assert campaign.status == "running"
        pausing = update(Campaign).values(status="paused")
        db.session.execute(pausing.execution_options(synchronize_session=False))
        assert claims.claim(campaign.id, TOKEN, 5, at(2)).stop

    def test_it_claims_of_its_own_campaign_with_the_template_of_that(self, campaign, ana):
        other = a_running_campaign(a_template("order_news", "UTILITY"), ana, name="Another")
        (row,) = claimed(other).rows
        assert (row.message.template, row.message.callback) == (
            "order_news", f"heed:{other.id}:{row.delivery_id}",
        )  # fmt: skip
        assert {(d.campaign_id, d.state) for d in db.session.query(Delivery)} == {
            (campaign.id, "queued"), (other.id, "sending"),
        }  # fmt: skip


class TestWhatHoldsACampaign:
    @pytest.mark.parametrize(
        ("sentence", "change", "code"),
        [
            ("a restriction that lasts a moment longer", {"restricted_until": at(2.000001)}, "restricted"),
            ("one that is over in this moment", {"restricted_until": at(2)}, None),
            ("templates that were read 12 hours ago", {"templates_synced_at": TWELVE_HOURS_AGO}, None),
            ("a moment longer ago", {"templates_synced_at": TWELVE_HOURS_AGO - MOMENT}, "templates"),
            ("templates that were never read", {"templates_synced_at": None}, "templates"),
        ],
    )
    def test_of_the_whole_desk(self, campaign, sentence, change, code):
        governed_by(**change, restriction="Too many complaints.")
        found = claimed(campaign)
        assert (kept(campaign).pause_code or None, found.stop) == (code, code is not None), sentence
        if code == "restricted":
            assert campaign.pause_reason == "WhatsApp restricts this account: Too many complaints."

    def test_it_says_who_paused_when_and_why(self, campaign):
        campaign.template.status = "DISABLED"
        db.session.commit()
        assert claimed(campaign).stop
        row = kept(campaign)
        assert (row.status, row.paused_by, row.paused_at) == ("paused", "system", at(2))
        assert row.pause_reason == "WhatsApp does not take the template now: it is disabled."

    def test_a_text_that_became_another_with_a_gap_that_nothing_fills(self, campaign):
        campaign.template.components = GREETING
        db.session.commit()
        assert claimed(campaign).stop
        row = kept(campaign)
        assert (row.pause_code, row.pause_reason) == (
            "template", f"{lifecycle.OTHER_TEXT} Fill in: first_name.",
        )  # fmt: skip

    def test_a_restriction_is_told_before_what_is_only_old(self, campaign):
        governed_by(restricted_until=at(60), templates_synced_at=None)
        claimed(campaign)
        assert kept(campaign).pause_code == "restricted"


class TestNothingMayStart:
    def test_while_the_kill_switch_is_thrown(self, campaign):
        governed_by(enabled=False)
        found = claimed(campaign)
        assert (found.rows, found.nap, found.stop) == ([], 2.0, True)

    @pytest.mark.parametrize(("seconds", "stop"), [(0.5, False), (1.0, False), (1.5, True)])
    def test_while_whatsapp_asks_to_wait(self, campaign, seconds, stop):
        """A pump stays for what is over in a second, and plans the next slice for what lasts longer."""
        governed_by(wait_until=at(2 + seconds))
        found = claimed(campaign)
        assert (found.rows, found.nap, found.stop) == ([], seconds, stop)

    def test_but_not_for_a_wait_that_a_wrong_clock_wrote(self, campaign):
        for wait, closed in ((TWO_HOURS - MOMENT, TWO_HOURS - MOMENT), (TWO_HOURS, 0 * MOMENT)):
            governed_by(wait_until=at(2) + wait)
            assert claims.closed_for(campaign, at(2)) == closed.total_seconds()

    def test_until_the_later_of_wait_and_window(self, campaign):
        governed_by(window_from=13 * 60, window_until=20 * 60, wait_until=at(10))
        assert claims.closed_for(campaign, at(2)) == 3598
        governed_by(wait_until=at(7200))
        assert claims.closed_for(campaign, at(2)) == 7198
        governed_by(window_from=None, window_until=None, wait_until=at(1))
        assert claims.closed_for(campaign, at(2)) == 0

    def test_the_window_is_for_marketing_alone(self, ana):
        governed_by(window_from=13 * 60, window_until=20 * 60)
        campaign = a_running_campaign(a_template("order_news", "UTILITY"), ana)
        assert claims.closed_for(campaign, at(2)) == 0
        assert len(claimed(campaign).rows) == 1

    def test_a_draft_without_a_template_is_kept_from_nothing(self, ana):
        draft = a_campaign(a_template(), ana)
        draft.template = None
        governed_by(enabled=False)
        assert claims.closed_for(draft, at(2)) == 0


class TestTheNextSlice:
    def test_nothing_is_waited_for_when_nothing_is_queued(self, campaign, ana):
        a_running_campaign(campaign.template, ana, name="Another")
        claimed(campaign)
        assert claims.waiting_for(campaign.id, at(3)) is None
        assert claims.rest_of(campaign.id, at(3)) is None

    def test_the_earliest_that_is_queued_counts_and_what_is_overdue_is_due_now(self, ana):
        campaign = a_running_campaign(a_template(), ana, a_customer("Ben", IN))
        first, second = db.session.query(Delivery).order_by(Delivery.id)
        first.not_before, second.not_before = at(30), at(20)
        db.session.commit()
        assert claims.waiting_for(campaign.id, at(5)) == 15
        assert claims.waiting_for(campaign.id, at(25)) == 0
        first.not_before, second.not_before = at(30), None
        db.session.commit()
        assert claims.waiting_for(campaign.id, at(5)) == 0

    def test_it_waits_for_the_later_of_what_is_due_and_what_is_closed(self, campaign):
        db.session.query(Delivery).update({"not_before": at(30)})
        assert claims.rest_of(campaign.id, at(10)) == 20
        governed_by(wait_until=at(70))
        assert claims.rest_of(campaign.id, at(10)) == 60

    def test_what_the_campaign_is_now_counts(self, ana):
        campaign = a_running_campaign(a_template("order_news", "UTILITY"), ana)
        governed_by(window_from=13 * 60, window_until=20 * 60)
        assert campaign.category == "UTILITY"
        turning = update(Campaign).values(category="MARKETING")
        db.session.execute(turning.execution_options(synchronize_session=False))
        assert claims.rest_of(campaign.id, at(0)) == 3600


class TestThePace:
    @pytest.fixture
    def crowd(self):
        return [a_customer(f"Person {n}", IN) for n in range(6)]

    def test_a_full_bucket_holds_a_fifth_of_a_second(self, crowd):
        campaign = a_running_campaign(a_template(), *crowd)
        governed_by(rate=20)
        assert len(claimed(campaign, free=1).rows) == 1
        found = claimed(campaign)
        assert len(found.rows) == 3
        assert found.nap == pytest.approx(0.05)
        sending = kept(switch.current())
        assert (sending.bucket, sending.bucket_at) == (pytest.approx(0), at(2))

    def test_the_slower_of_number_and_campaign_counts(self, crowd):
        campaign = a_running_campaign(a_template(), *crowd, pace=10)
        governed_by(rate=1000)
        found = claimed(campaign)
        assert (len(found.rows), found.nap) == (2, pytest.approx(0.1))
        row = kept(campaign)
        assert (row.bucket, row.bucket_at) == (pytest.approx(0), at(2))
        assert kept(switch.current()).bucket == pytest.approx(198)

    def test_who_is_left_out_takes_no_token(self, crowd):
        crowd[0].status = OUT
        campaign = a_running_campaign(a_template(), *crowd)
        db.session.query(Delivery).update({"state": "queued", "reason": None})
        governed_by(rate=20)
        assert len(claimed(campaign, free=4).rows) == 3
        assert kept(switch.current()).bucket == pytest.approx(1)

    def test_what_is_left_out_alone_is_not_taken_for_nothing_due(self, crowd):
        campaign = a_running_campaign(a_template(), crowd[0])
        crowd[0].status = OUT
        db.session.commit()
        assert claimed(campaign).nap == 0

    def test_nobody_starts_without_a_token(self, crowd):
        campaign = a_running_campaign(a_template(), *crowd)
        governed_by(rate=1)
        assert len(claimed(campaign).rows) == 1
        found = claimed(campaign)
        assert (found.rows, found.nap, found.stop) == ([], 1.0, False)
        assert len(claimed(campaign, 3).rows) == 1

    def test_a_slow_pace_is_looked_at_each_second_all_the_same(self, crowd):
        campaign = a_running_campaign(a_template(), *crowd, pace=0.1)
        claimed(campaign)
        assert claimed(campaign).nap == 1.0

    def test_a_pump_naps_a_quarter_of_a_second_when_nothing_is_due(self, campaign):
        db.session.query(Delivery).update({"not_before": at(10)})
        assert claimed(campaign).nap == claimed(campaign, free=1).nap == NOTHING_DUE_NAP == 0.25

    def test_no_statement_takes_more_than_so_many(self, crowd, monkeypatch):
        monkeypatch.setattr(claims, "MOST_AT_ONCE", 5)
        campaign = a_running_campaign(a_template(), *crowd)
        assert len(claimed(campaign).rows) == 5

    @pytest.mark.parametrize(
        ("sentence", "rate", "pace", "tokens"),
        [
            ("what the number is known to allow", 50, None, 10),
            ("and no wish for more", 50, 500, 10),
            ("while it is not known, a usual rate", None, None, DEFAULT_RATE / 5),
            ("and no less for a slow campaign", None, 10, DEFAULT_RATE / 5),
            ("and a wish for more", None, 500, 100),
        ],
    )
    def test_the_number_allows(self, campaign, sentence, rate, pace, tokens):
        campaign.pace = pace
        governed_by(rate=rate)
        assert len(claimed(campaign).rows) == 1
        assert kept(switch.current()).bucket == pytest.approx(tokens - 1), sentence


class TestWhatAStartLeavesBehind:
    def test_of_who_is_left_out_the_reason_and_what_the_gate_saw(self, ana):
        campaign = a_running_campaign(a_template(), ana)
        ana.platform_stop_at = at(1)
        policy.current().unknown_may_receive = True
        db.session.commit()
        assert claimed(campaign).rows == []
        (row,) = db.session.query(Delivery)
        assert (row.state, row.reason, row.started_at) == ("suppressed", "platform_stop", None)
        assert (row.gate_stopped, row.gate_held, row.gate_unknown_allowed) == (True, False, True)
        assert (row.gate_category, row.gate_status) == ("MARKETING", "opted_in")

    def test_of_who_gets_it_the_pump_and_a_lease_of_a_minute(self, campaign):
        claimed(campaign)
        (row,) = db.session.query(Delivery)
        assert (row.token, row.lease_until) == (TOKEN, at(62))
        assert timedelta(seconds=60) == starting.LEASE

    def test_they_start_in_their_order(self):
        crowd = [a_customer(f"Person {n}", IN) for n in range(6)]
        campaign = a_running_campaign(a_template(), *crowd)
        db.session.query(Delivery).filter_by(customer_id=crowd[0].id).update({"not_before": at(10)})
        assert [row.customer_id for row in claimed(campaign, 2, free=3).rows] == [p.id for p in crowd[1:4]]
        assert [row.customer_id for row in claimed(campaign, 10, free=9).rows] == [
            crowd[0].id, crowd[4].id, crowd[5].id,
        ]  # fmt: skip

    def test_what_came_due_in_this_very_moment_starts(self, campaign):
        db.session.query(Delivery).update({"not_before": at(2)})
        assert len(claimed(campaign).rows) == 1

    def test_the_time_to_the_wire_counts_from_just_before_the_claim(self, campaign):
        before = time.monotonic()
        assert before <= claimed(campaign).at <= time.monotonic()

    def test_a_paused_campaign_names_nobody(self, campaign):
        lifecycle.pause(campaign, actor="user:1", now=at(1))
        db.session.commit()
        assert claimed(campaign).at == 0
