"""Any order of stops, starts, holds, launches, crashes, retries, imports, merges, undos: it holds."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import NOON, a_customer
from webapp.campaigns import lifecycle, switch
from webapp.campaigns.models import Campaign, CampaignStatus, Delivery, Template
from webapp.campaigns.reports import audit, counts
from webapp.campaigns.sending import claims, outcomes, statuses, sweep
from webapp.campaigns.sending.outcomes import Result
from webapp.campaigns.sending.sender import Accepted, NotStarted, Refused, Unclear
from webapp.campaigns.sending.statuses import News
from webapp.consent import guards, holds, ledger, ledger_check, state, undoing
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import Hold
from webapp.consent.rules import ConsentRefused, Source, Status, Turn
from webapp.customers import consenting, identities, merging
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db
from webapp.tables import METADATA

IN, OUT = Status.OPTED_IN, Status.OPTED_OUT
PEOPLE = st.integers(0, 3)
ANSWERS = st.sampled_from(["accepted", "unclear", "not_started", "busy", "person", "bad", "stopped", "lost"])


class Promise(RuleBasedStateMachine):
    """One desk, four customers, a template, and campaigns that are pumped by hand."""

    def __init__(self):
        super().__init__()
        self.now = NOON
        self.n = 0
        self.requests = Counter()
        self.in_hand = []

    @initialize()
    def open_the_desk(self):
        db.session.rollback()
        self.template = a_template(synced_at=NOON + timedelta(days=300)).id
        self.people = [a_customer(f"Person {n}", IN).id for n in range(4)]
        self.campaigns = {}
        self.a_campaign_is_launched()

    def tick(self, seconds=11):
        self.now += timedelta(seconds=seconds)
        self.n += 1
        return self.now

    def customer(self, which):
        customer = db.session.get_one(Customer, self.people[which], populate_existing=True)
        return identities.survivor(customer)

    def signal(self, source, actor):
        return Signal(source, actor, self.tick(), message_id=f"m{self.n}", proof=Proof("whatsapp", "words"))

    @rule(which=PEOPLE)
    def writes_stop(self, which):
        now = self.tick()
        said = Statement(OUT, Source.KEYWORD, "customer", now, stated_at=now, message_id=f"m{self.n}")
        ledger.record(self.customer(which), said)
        db.session.commit()

    @rule(which=PEOPLE)
    def writes_start(self, which):
        now = self.tick()
        said = Statement(IN, Source.KEYWORD, "customer", now, stated_at=now, message_id=f"m{self.n}")
        ledger.record(self.customer(which), said)
        db.session.commit()

    @rule(which=PEOPLE, status=st.sampled_from([IN, OUT]))
    def is_imported(self, which, status):
        now = self.tick()
        try:
            proof = Proof("web_form", "Yes")
            ledger.record(self.customer(which), Statement(status, Source.IMPORT, "system", now, proof=proof))
        except ConsentRefused:
            assert self.customer(which).status == OUT
        db.session.commit()

    @rule(which=PEOPLE)
    def an_agent_opts_out(self, which):
        consenting.opt_out(self.customer(which), actor="user:1", now=self.tick())
        db.session.commit()

    @rule(which=PEOPLE)
    def the_agent_undoes(self, which):
        customer = self.customer(which)
        event_id = undoing.undoable(ledger.history(customer.id), "user:1", self.tick())
        if event_id:
            consenting.undo(customer, event_id, actor="user:1", now=self.now)
            db.session.commit()

    @rule(which=PEOPLE, turn=st.sampled_from([Turn.STOPPED, Turn.RESUMED]))
    def uses_whatsapps_switch(self, which, turn):
        ledger.record_platform(self.customer(which), turn, self.signal(Source.WHATSAPP, "whatsapp"))
        db.session.commit()

    @rule(which=PEOPLE)
    def writes_what_may_be_a_stop(self, which):
        holds.hold(self.customer(which), "may be a stop", self.signal(Source.KEYWORD, "customer"))
        db.session.commit()

    @rule(one=PEOPLE, other=PEOPLE)
    def two_records_become_one(self, one, other):
        if self.customer(one).id != self.customer(other).id:
            before = {self.customer(which).status for which in (one, other)}
            who = self.customer(one), self.customer(other)
            kept = merging.merge(*who, actor="user:1", now=self.tick(), why="The same")
            db.session.commit()
            assert OUT not in before or kept.status == OUT

    @rule()
    def a_review_is_decided(self):
        waiting = db.session.query(Hold).filter_by(decided_at=None).first()
        if waiting:
            held = db.session.get_one(Customer, waiting.customer_id)
            holds.release(held, waiting, actor="user:1", now=self.tick())
            db.session.commit()

    @rule(tick=st.integers(1, 90))
    def time_passes(self, tick):
        self.tick(tick)
        sweep.sweep(self.now)
        db.session.commit()

    @precondition(lambda self: len(self.campaigns) < 3)
    @rule()
    def a_campaign_is_launched(self):
        template = db.session.get_one(Template, self.template)
        people = {one.id: one for one in map(self.customer, range(4))}
        campaign = a_campaign(template, *people.values(), name=f"Campaign {self.n}")
        for _ in range(2):
            lifecycle.launch(campaign, actor="user:1", now=self.tick())
        db.session.commit()
        self.campaigns[campaign.id] = len(people)

    @rule(on=st.sampled_from([True, True, True, False]))
    def somebody_uses_the_kill_switch(self, on):
        switch.set_enabled(on, actor="user:1", now=self.tick())
        db.session.commit()

    def _pumps(self, free):
        for campaign_id in self.campaigns:
            self.tick()
            token = f"pump {self.n}"
            if claims.take_pump(campaign_id, token, self.now):
                self._claim(campaign_id, token, free)

    # The same rule three times: what is sent has to come up often among so much else.
    one_pump_claims = rule(free=st.integers(1, 2))(_pumps)
    another_pump_claims = rule(free=st.integers(1, 2))(_pumps)
    a_third_pump_claims = rule(free=st.integers(1, 2))(_pumps)

    def _claim(self, campaign_id, token, free):
        found = claims.claim(campaign_id, token, free, self.now)
        claims.leave_pump(campaign_id, token)
        db.session.commit()
        for row in found.rows:
            self._may_start(row)
            self._got_none_as_another_record(campaign_id, row)
            self.in_hand.append((campaign_id, token, row))

    def _may_start(self, row):
        assert switch.current().enabled
        then = state.fold(ledger.history(row.customer_id))
        assert (then.status, then.platform_stop_at, then.held_at) == (IN, None, None)

    def _got_none_as_another_record(self, campaign_id, row):
        others = [id for id in merging.merged_ids(row.customer_id) if id != row.customer_id]
        assert not any(self.requests[campaign_id, id] for id in others)

    @precondition(lambda self: self.in_hand)
    @rule(answer=ANSWERS)
    def an_answer_comes(self, answer):
        campaign_id, token, row = self.in_hand.pop(0)
        answers = {
            "accepted": Accepted(f"wamid.{row.delivery_id}"), "unclear": Unclear("timeout"),
            "not_started": NotStarted(), "busy": Refused(400, 130429), "person": Refused(400, 131056),
            "bad": Refused(400, 132000), "stopped": Refused(400, 131050),
        }  # fmt: skip
        if answer in ("accepted", "unclear", "lost"):
            self.requests[campaign_id, row.customer_id] += 1
        if answer != "lost":
            result = Result(row, answers[answer], self.tick())
            outcomes.record(campaign_id, token, [result], self.now)
            db.session.commit()

    @rule()
    def a_worker_is_killed(self):
        for campaign_id, _token, row in self.in_hand:
            self.requests[campaign_id, row.customer_id] += 1
        self.in_hand = []

    @rule(word=st.sampled_from(["sent", "delivered", "read", "failed"]), which=st.integers(0, 11))
    def a_receipt_comes(self, word, which):
        rows = db.session.query(Delivery).filter(Delivery.wamid.is_not(None)).order_by(Delivery.id).all()
        if rows:
            row = rows[which % len(rows)]
            statuses.apply([News(None, row.wamid, word, 131026, self.tick())], self.now)
            db.session.commit()

    @invariant()
    def nobody_got_a_campaign_twice(self):
        assert all(n == 1 for n in self.requests.values())

    @invariant()
    def no_marketing_started_after_an_opt_out(self):
        db.session.expire_all()
        assert audit.violations(self.now) == []

    @invariant()
    def the_state_is_the_fold_of_the_ledger(self):
        db.session.rollback()
        fault = ledger_check.first_fault()
        db.session.rollback()
        assert fault is None

    @invariant()
    def counts_add_up(self):
        for campaign_id, people in getattr(self, "campaigns", {}).items():
            assert counts.of(campaign_id).total == people

    @invariant()
    def a_finished_campaign_has_nothing_open(self):
        for campaign_id in getattr(self, "campaigns", []):
            if db.session.get_one(Campaign, campaign_id).status == CampaignStatus.FINISHED:
                assert counts.of(campaign_id).open == 0


def test_the_promise_holds_in_any_order(app):
    with app.app_context(), writing():

        def fresh():
            db.session.rollback()
            clear()
            return Promise()

        run_state_machine_as_test(
            fresh, settings=settings(max_examples=25, stateful_step_count=40, deadline=None, derandomize=True)
        )


def clear():
    """An empty desk again; the ledger is append-only, so its rows go with their guards lifted."""
    kept = {"policy", "sending"}
    with guards.lifted():
        db.session.query(Customer).update({"merged_into_id": None})
        for table in reversed(METADATA.sorted_tables):
            if table.name == "consent_events":
                db.session.execute(table.delete().where(table.c.compensates.is_not(None)))
            if table.name not in kept:
                db.session.execute(table.delete())
    switch.current().enabled = True
    switch.current().wait_until = switch.current().wait_set_at = switch.current().bucket_at = None
    switch.current().wait_seconds = 0
    db.session.commit()


@pytest.mark.parametrize("answer", [Accepted("w"), Unclear("reset")])
def test_a_claimed_row_is_written_only_by_the_pump_that_claimed_it(app, answer):
    with app.app_context(), writing():
        campaign = a_campaign(a_template(), a_customer("Ana", IN))
        lifecycle.launch(campaign, actor="user:1", now=NOON)
        claims.take_pump(campaign.id, "mine", NOON)
        (row,) = claims.claim(campaign.id, "mine", 1, NOON).rows
        sweep.sweep(NOON + timedelta(minutes=2))
        outcomes.record(campaign.id, "another", [Result(row, NotStarted(), NOON)], NOON)
        db.session.commit()
        assert db.session.get_one(Delivery, row.delivery_id).state == "unknown"
