"""Sending when things happen at the wrong moment: late answers, lost databases, clocks that disagree."""

import asyncio
import time
from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from tests.campaigns.factories import TOKEN, a_campaign, a_running_campaign, a_template, claimed
from tests.factories import a_customer, at
from tests.statements import counted
from webapp import clock
from webapp.campaigns import lifecycle, switch
from webapp.campaigns.models import Campaign, Delivery
from webapp.campaigns.reports import counts
from webapp.campaigns.sending import claims, outcomes, starting, statuses, sweep
from webapp.campaigns.sending import pump as pumping
from webapp.campaigns.sending.outcomes import Result
from webapp.campaigns.sending.sender import SECONDS_TO_THE_WIRE, Accepted, NotStarted, Refused, Slots, Unclear
from webapp.campaigns.sending.statuses import News
from webapp.consent import ledger
from webapp.consent.ledger import Statement
from webapp.consent.rules import Source, Status
from webapp.database import writing
from webapp.extensions import db
from webapp.whatsapp.inbound import senders
from webapp.whatsapp.webhook.items import Person

IN, OUT, NONE = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN


@pytest.fixture
def desk_context(app):
    with app.app_context(), writing():
        yield


def answered(campaign, row, answer, seconds):
    outcomes.record(campaign.id, TOKEN, [Result(row, answer, at(seconds))], at(seconds))
    db.session.commit()


@pytest.mark.parametrize("change", [{"status": "draft", "scheduled_at": None}, {"scheduled_at": at(9000)}])
def test_unscheduled_between_the_sweeps_look_and_its_launch(desk_context, change):
    campaign = a_campaign(a_template(), a_customer("Ana", IN))
    lifecycle.schedule(campaign, at(100), actor="user:1", now=at(1))
    db.session.commit()
    (found,) = lifecycle.due(at(100))
    somebody = update(Campaign).values(**change).execution_options(synchronize_session=False)
    db.session.execute(somebody)  # another transaction, committed meanwhile
    lifecycle.launch_due(found, at(100))
    assert db.session.get_one(Campaign, campaign.id).status != "running"


def launched(app) -> int:
    """A running campaign to one customer, which no pump has taken yet."""
    with app.app_context(), writing():
        campaign = a_campaign(a_template(synced_at=clock.now()), a_customer("Ana", IN))
        lifecycle.launch(campaign, actor="user:1", now=clock.now())
        db.session.commit()
        return campaign.id


def test_results_survive_a_database_that_is_away_when_all_was_answered(app, monkeypatch):
    campaign_id = launched(app)
    real, away = pumping.committed, []

    class Taken:
        slots = Slots(5)

        async def send(self, message):
            away.extend([1] * 3)  # the next three transactions fail
            return Accepted("wamid.1")

    def committed(app, verb):
        if away:
            away.pop()
            raise OperationalError("", {}, Exception("database is locked"))
        return real(app, verb)

    monkeypatch.setattr(pumping, "committed", committed)
    asyncio.run(pumping.pump(app, campaign_id, Taken(), clock.now))
    with app.app_context():
        assert db.session.query(Delivery).one().state == "sent"


@pytest.mark.parametrize("answer", [NotStarted(), Refused(400, 130429)])
def test_a_row_that_comes_back_to_a_cancelled_campaign_is_cancelled(desk_context, answer):
    campaign = a_running_campaign(a_template(), a_customer("Ana", IN))
    (row,) = claimed(campaign).rows
    lifecycle.cancel(campaign, actor="user:1", now=at(3))
    db.session.commit()
    answered(campaign, row, answer, 4)
    sweep.sweep(at(400))
    db.session.commit()
    assert counts.of(campaign.id).states["queued"] == 0


def test_the_whole_number_waits_twice_as_long_each_time_until_one_is_accepted(desk_context):
    campaign = a_running_campaign(a_template(), a_customer("Ana", IN))
    second, waits = 2.0, []
    for _ in range(8):
        (row,) = claimed(campaign, second).rows
        answered(campaign, row, Refused(400, 130429), second)
        wait = switch.current().wait_seconds
        assert switch.current().wait_until == at(second + wait)
        assert claimed(campaign, second + wait - 0.1).rows == []
        waits, second = [*waits, wait], second + wait
        campaign.pump_token, campaign.pump_until = TOKEN, None
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    (row,) = claimed(campaign, second).rows
    answered(campaign, row, Accepted("wamid.1"), second)
    assert switch.current().wait_seconds == 0


def test_the_answers_of_one_wave_lengthen_the_wait_once(desk_context):
    people = [a_customer(f"Person {n}", IN) for n in range(3)]
    campaign = a_running_campaign(a_template(), *people)
    for row in claimed(campaign).rows:
        answered(campaign, row, Refused(429), 2.5)
    assert switch.current().wait_seconds == 1


def test_a_longer_wait_is_not_shortened_by_a_shorter_one_before(desk_context):
    campaign = a_running_campaign(a_template(), a_customer("Ana", IN))
    (row,) = claimed(campaign).rows
    answered(campaign, row, Refused(400, 130429), 3)
    (row,) = claimed(campaign, 5).rows
    answered(campaign, row, Refused(400, 80007), 6)
    assert switch.current().wait_until >= at(6 + 120)


@pytest.mark.parametrize(("of", "wamid"), [(0, "wamid.other"), (7, "wamid.1")])
def test_a_status_of_another_message_moves_nothing(desk_context, of, wamid):
    """A restored backup, or another desk on the same account, gave the same callback to another message."""
    campaign = a_running_campaign(a_template(), a_customer("Ana", IN), a_customer("Ben", IN))
    row, _ = claimed(campaign).rows
    answered(campaign, row, Accepted("wamid.mine"), 3)
    callback = f"heed:{campaign.id + of}:{row.delivery_id}"
    statuses.apply([News(callback, wamid, "failed", 131026, at(4))], at(4))
    db.session.commit()
    assert db.session.get_one(Delivery, row.delivery_id).state == "sent"


def test_a_draft_that_was_tried_out_can_be_deleted(desk_context):
    ana = a_customer("Ana", IN)
    campaign = a_campaign(a_template(), ana)
    lifecycle.test(campaign, ana, actor="user:1", now=at(1))
    db.session.commit()
    lifecycle.remove(campaign)


def test_a_campaign_launched_as_marketing_stays_marketing_for_the_gate(desk_context):
    template = a_template()
    ana = a_customer("Ana", IN)
    campaign = a_running_campaign(template, ana)
    ledger.record(ana, Statement(OUT, Source.KEYWORD, "customer", at(1.5)))
    template.category = "UTILITY"
    db.session.commit()
    assert claimed(campaign).rows == []


def test_pumps_whose_clocks_or_locks_overtake_each_other_keep_the_rate(desk_context):
    campaign = a_running_campaign(a_template(), *(a_customer(f"Person {n}", IN) for n in range(200)))
    switch.current().rate = 20
    db.session.commit()
    moments = [2 + step / 50 - (0.3 if step % 2 else 0) for step in range(50)]  # one second
    assert sum(len(claimed(campaign, moment).rows) for moment in moments) <= 20 + 4 + 2


def test_a_clear_answer_after_the_lease_settles_the_row(desk_context):
    campaign = a_running_campaign(a_template(), a_customer("Ana", IN))
    (row,) = claimed(campaign).rows
    sweep.sweep(at(3) + starting.LEASE)
    answered(campaign, row, Accepted("wamid.1"), 70)
    assert db.session.get_one(Delivery, row.delivery_id, populate_existing=True).state == "sent"


def test_a_cancel_in_the_same_moment_does_not_kill_the_pump(desk_context, monkeypatch):
    campaign = a_running_campaign(a_template(), a_customer("Ana", IN))
    (row,) = claimed(campaign).rows
    db.session.get_one(Campaign, campaign.id)
    db.session.execute(  # committed by another session after this one read `running`
        update(Campaign).values(status="cancelled").execution_options(synchronize_session=False)
    )
    outcomes.record(campaign.id, TOKEN, [Result(row, Refused(400, 132015), at(3))], at(3))


def test_the_time_to_the_wire_begins_with_the_claim_and_not_with_what_was_written_before_it(app, monkeypatch):
    """Else a pump that waits for a lock, or writes many refusals, would put every row back for ever."""
    campaign_id = launched(app)
    real, written, started = outcomes.record, [], []

    def noting(*args):
        real(*args)
        written.append(time.monotonic())

    monkeypatch.setattr(outcomes, "record", noting)

    class Noting:
        slots = Slots(5)

        async def send(self, message):
            started.append((message.latest_start - SECONDS_TO_THE_WIRE, written[-1]))
            return Accepted("wamid.1")

    asyncio.run(pumping.pump(app, campaign_id, Noting(), clock.now))
    assert [recorded <= begun <= time.monotonic() for begun, recorded in started] == [True]


@pytest.mark.parametrize("off", ["file", "environment"])
def test_a_machine_that_must_not_send_starts_nothing(app, off):
    campaign_id = launched(app)
    if off == "file":
        (app.config["HEED"].data_dir / switch.FILE).touch()
    else:
        app.config["HEED"] = replace(app.config["HEED"], sending=False)

    class Never:
        slots = Slots(5)

        async def send(self, message):
            raise AssertionError(message)

    asyncio.run(pumping.pump(app, campaign_id, Never(), clock.now))
    with app.app_context():
        assert [delivery.state for delivery in db.session.query(Delivery)] == ["queued"]


def test_a_late_answer_to_a_pump_that_was_replaced_moves_nothing(desk_context):
    campaign = a_running_campaign(a_template(), a_customer("Ana", IN))
    (row,) = claimed(campaign).rows
    answered(campaign, row, NotStarted("late"), 3)
    db.session.execute(update(Campaign).values(pump_token="another"))
    assert len(claims.claim(campaign.id, "another", 5, at(4)).rows) == 1
    answered(campaign, row, Unclear("timeout"), 5)
    (delivery,) = db.session.query(Delivery)
    assert (delivery.state, delivery.token) == ("sending", "another")


def test_an_answer_that_cannot_be_stored_costs_the_others_nothing(app):
    with app.app_context(), writing():
        people = [a_customer(f"Person {n}", IN) for n in range(3)]
        campaign = a_campaign(a_template(synced_at=clock.now()), *people)
        lifecycle.launch(campaign, actor="user:1", now=clock.now())
        db.session.commit()
        campaign_id = campaign.id

    class Odd:
        slots = Slots(5)
        sent = 0

        async def send(self, message):
            self.sent += 1
            return Accepted("wamid.\0 of a broken proxy" if self.sent == 1 else f"wamid.{self.sent}")

    asyncio.run(pumping.pump(app, campaign_id, Odd(), clock.now))
    with app.app_context():
        states = [delivery.state for delivery in db.session.query(Delivery)]
        assert states.count("sent") >= 2
        assert "queued" not in states


def test_one_refusal_for_a_country_leaves_out_everybody_of_it_and_nobody_else(desk_context):
    germans = [a_customer(f"Person {n}", IN, phone=f"+491511000000{n}") for n in range(3)]
    brazilian = a_customer("Ana", IN)
    moved = a_customer("Emil", IN, phone="+4915110000009")
    moved.identities[0].left_at = at(0)  # to a number of another country
    campaign = a_running_campaign(a_template(), *germans, brazilian, moved)
    (row,) = claimed(campaign, free=1).rows
    answered(campaign, row, Refused(403, 130497), 3)
    states = {d.customer_id: d.state for d in db.session.query(Delivery)}
    others = dict.fromkeys([brazilian.id, moved.id], "queued")
    assert states == dict.fromkeys([one.id for one in germans], "failed") | others


@pytest.mark.parametrize(("code", "left"), [(134101, "queued"), (130497, "failed")])
def test_a_wave_of_refusals_that_say_the_same_moves_the_rest_of_the_campaign_once(desk_context, code, left):
    people = [a_customer(f"Person {n}", IN) for n in range(6)]
    campaign = a_running_campaign(a_template(), *people)
    rows = claimed(campaign, free=5).rows
    refused = [Result(row, Refused(400, code), at(3)) for row in rows]
    with counted(db.engine) as statements:
        outcomes.record(campaign.id, TOKEN, refused, at(3))
        db.session.commit()
    of_all = [each for each in statements if "UPDATE deliveries" in each and "campaign_id =" in each]
    assert (len(rows), len(of_all)) == (5, 1)
    last = db.session.query(Delivery).filter_by(customer_id=people[-1].id).one()
    assert (last.state, last.not_before) == (left, at(603) if left == "queued" else None)


def test_whoever_writes_to_us_can_be_reached(desk_context):
    ana = a_customer("Ana", IN)
    ana.unreachable_at = at(0)
    db.session.commit()
    senders.sender(Person(wa_id=ana.identities[0].value), at(5))
    assert ana.unreachable_at is None


def test_without_a_connection_the_whole_number_waits_twice_as_long_each_time(desk_context):
    campaign = a_running_campaign(a_template(), *[a_customer(f"Person {n}", IN) for n in range(3)])
    now = 2.0
    for seconds in (1, 2, 4, 8):
        (row,) = claimed(campaign, now, free=1).rows
        answered(campaign, row, NotStarted(), now)
        assert claimed(campaign, now + seconds - 0.5).rows == []
        now += seconds
    (row,) = claimed(campaign, now, free=1).rows
    answered(campaign, row, Accepted("wamid.1"), now)
    assert len(claimed(campaign, now + 1).rows) == 2


@pytest.mark.parametrize("answer", [NotStarted(), NotStarted("late"), Accepted("wamid.{}")])
def test_a_wave_of_alike_answers_is_written_by_as_many_statements_as_one_of_them(desk_context, answer):
    campaign = a_running_campaign(a_template(), *[a_customer(f"Person {n}", IN) for n in range(9)])
    alike = [Result(row, numbered(answer, row), at(3)) for row in claimed(campaign).rows]
    written = []
    for some in (alike[:1], alike[1:]):
        with counted(db.engine) as statements:
            outcomes.record(campaign.id, TOKEN, some, at(3))
            db.session.commit()
        written.append(len(statements))
    assert len(alike) == 9
    assert written[1] <= written[0]
    kept = db.session.query(Delivery.state, Delivery.wamid, Delivery.sent_at).order_by(Delivery.id).all()
    if isinstance(answer, Accepted):
        assert kept == [("sent", one.answer.wamid, at(3)) for one in alike]
    else:
        assert kept == [("queued", None, None)] * 9


def numbered(answer, row):
    if isinstance(answer, Accepted):
        return Accepted(answer.wamid.format(row.delivery_id))
    return answer


def test_two_campaigns_share_the_places_on_the_wire(app):
    with app.app_context(), writing():
        template = a_template(synced_at=clock.now())
        ids = []
        for name in ("One", "Two"):
            people = [a_customer(f"{name} {n}", IN) for n in range(8)]
            campaign = a_campaign(template, *people, name=name)
            lifecycle.launch(campaign, actor="user:1", now=clock.now())
            ids.append(campaign.id)
        db.session.commit()

    class Crowded:
        slots = Slots(3)
        at_once = most = 0

        async def send(self, message):
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            await asyncio.sleep(0)
            self.at_once -= 1
            return Accepted(f"wamid.{message.callback}")

    sender = Crowded()

    async def both():
        await asyncio.gather(*(pumping.pump(app, id, sender, clock.now) for id in ids))

    asyncio.run(both())
    with app.app_context():
        assert {delivery.state for delivery in db.session.query(Delivery)} == {"sent"}
    assert sender.most <= 3
    assert sender.slots.take(10) == 3
