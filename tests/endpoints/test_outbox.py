"""What may be taken from the ledger, and which deliveries were suppressed: none is missed, nobody waits."""

import json
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from tests.campaigns.factories import a_campaign, a_running_campaign, a_template, claimed
from tests.endpoints.factories import an_endpoint, delivered, log_of, opts_out, settled
from tests.factories import a_customer, at
from webapp.campaigns import lifecycle
from webapp.consent import guards, ledger
from webapp.consent.ledger import Statement
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import Source, Status
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.endpoints import outbox, worker
from webapp.endpoints.models import Endpoint, EventType, SuppressionNote
from webapp.extensions import db


@pytest.fixture
def only_postgresql(database_url):
    """SQLite has one writer at a time, so nothing there is committed late."""
    return database_url.startswith("postgresql")


@contextmanager
def an_open_transaction(app, customer_id: int):
    """Somebody's opt-out is written and not committed; gives its number and the session."""
    with app.app_context():
        customer = db.session.get_one(Customer, customer_id)
        event = ledger.record(customer, Statement(Status.OPTED_OUT, Source.KEYWORD, "customer", at(5)))
        yield event.id, db.session()
        db.session.rollback()


def looked(app) -> int:
    with app.app_context():
        return settled()


def people(app, *names: str) -> list[int]:
    with app.app_context():
        return [a_customer(name).id for name in names]


def stops(app, customer_id: int) -> int:
    with app.app_context():
        return opts_out(db.session.get_one(Customer, customer_id))


def told(receiver) -> list[int]:
    return [json.loads(request.body)["data"]["seq"] for request in receiver.requests]


def test_an_event_that_is_committed_late_is_not_missed(app, receiver, only_postgresql):
    if not only_postgresql:
        return
    ana, ben = people(app, "Ana", "Ben")
    with app.app_context():
        endpoint_id = an_endpoint(receiver.url).id
    with an_open_transaction(app, ana) as (late, session):
        early = stops(app, ben)
        assert late < early
        assert looked(app) < late
        delivered(app, endpoint_id)
        assert receiver.requests == []
        session.commit()
    delivered(app, endpoint_id)
    assert told(receiver) == [late, early]


def test_others_who_write_all_the_time_hold_nothing_up(app, only_postgresql):
    if not only_postgresql:
        return
    ana, ben, eva = people(app, "Ana", "Ben", "Eva")
    with an_open_transaction(app, ana) as (first, session):
        assert looked(app) < first
        with an_open_transaction(app, ben) as (second, other):
            session.commit()
            assert first <= looked(app) < second
            with an_open_transaction(app, eva) as (third, _):
                other.commit()
                assert second <= looked(app) < third


def test_a_number_that_was_drawn_in_vain_holds_nothing_up(app, only_postgresql):
    if not only_postgresql:
        return
    ana, ben = people(app, "Ana", "Ben")
    with an_open_transaction(app, ana) as (vain, session):
        event = stops(app, ben)
        session.rollback()
        assert looked(app) == event > vain


def test_a_savepoint_that_is_given_up_does_not_hide_who_still_writes(app, only_postgresql):
    if not only_postgresql:
        return
    ana, ben = people(app, "Ana", "Ben")
    with app.app_context():
        customer = db.session.get_one(Customer, ana)
        savepoint = db.session.begin_nested()
        opt_out = Statement(Status.OPTED_OUT, Source.KEYWORD, "customer", at(5))
        vain = ledger.record(customer, opt_out).id
        savepoint.rollback()
        assert looked(app) < vain
        stops(app, ben)
        late = ledger.record(customer, opt_out).id
        assert looked(app) < vain
        db.session.commit()
        assert looked(app) >= late


def test_a_look_waits_for_nobody_who_writes(app, only_postgresql):
    [ana] = people(app, "Ana")
    if only_postgresql:
        with an_open_transaction(app, ana):
            looked(app)  # would wait for ever


def test_the_ledger_of_an_empty_desk_is_whole_up_to_nothing(app):
    assert looked(app) == 0
    [ana] = people(app, "Ana")
    assert stops(app, ana) == looked(app)


def test_numbers_that_a_cleared_demo_gave_back_are_told_when_they_come_again(app, receiver, database_url):
    if database_url.startswith("postgresql"):
        return  # PostgreSQL gives no number twice
    ana, ben = people(app, "Ana", "Ben")
    stops(app, ana)
    with app.app_context():
        endpoint_id = an_endpoint(receiver.url).id
    delivered(app, endpoint_id)
    with app.app_context(), writing():
        with guards.lifted():
            db.session.execute(db.delete(Evidence))
            db.session.execute(db.delete(ConsentEvent))
        db.session.commit()
    looked(app)
    again = stops(app, ben)
    delivered(app, endpoint_id)
    assert (again, told(receiver)) == (1, [1])


def suppressed(app, endpoint_id: int) -> list[dict]:
    """What the endpoint was told, after two looks of the worker."""
    for _ in range(2):
        worker.look(app, 1)
        worker.tell(app, endpoint_id)
    messages = [each for each in log_of(app, endpoint_id) if each.type == EventType.SUPPRESSED]
    return [each.payload["data"] for each in messages]


def test_who_is_left_out_at_the_launch_and_who_later_is_told_once(app, receiver):
    with app.app_context():
        endpoint_id = an_endpoint(receiver.url).id
        ana, ben, eva = (a_customer(name, Status.OPTED_IN) for name in ("Ana", "Ben", "Eva"))
        opts_out(eva)
        campaign = a_running_campaign(a_template(), ana, ben, eva)
        wanted = campaign.id, ana.id, eva.id
    campaign_id, ana_id, eva_id = wanted
    at_launch = suppressed(app, endpoint_id)
    assert [(each["customer_id"], each["reason"]) for each in at_launch] == [(eva_id, "opted_out")]
    with app.app_context():
        opts_out(db.session.get_one(Customer, ana_id), 1)
        claimed(db.session.get_one(type(campaign), campaign_id))
    later = suppressed(app, endpoint_id)
    assert later[1:] == [
        {
            "campaign_id": campaign_id, "customer_id": ana_id, "reason": "opted_out",
            "occurred_at": "2026-11-20T12:00:02Z",
        }
    ]  # fmt: skip
    assert suppressed(app, endpoint_id) == later


def test_of_campaigns_that_ran_before_and_of_trials_nothing_is_told(app, receiver):
    with app.app_context():
        eva = a_customer("Eva")
        a_running_campaign(a_template(), eva)
        endpoint = an_endpoint(receiver.url)
        endpoint.created_at = at(5)
        db.session.commit()
        lifecycle.test(a_campaign(a_template("other"), eva), eva, actor="user:1", now=at(10))
        db.session.commit()
        endpoint_id = endpoint.id
    assert suppressed(app, endpoint_id) == []


def test_two_workers_note_a_delivery_once(app, receiver):
    with app.app_context():
        an_endpoint(receiver.url)
        a_running_campaign(a_template(), a_customer("Eva"))
        ids = outbox.unnoted(at(10))
        db.session.rollback()
        for _ in range(2):
            with writing():
                outbox.note_suppressed(ids, at(10))
                db.session.commit()
        assert db.session.scalars(select(SuppressionNote.delivery_id)).all() == ids
        assert outbox.unnoted(at(10)) == []


def test_nothing_is_noted_while_nobody_wants_to_hear_of_it(app, receiver):
    with app.app_context():
        an_endpoint(receiver.url, types=(EventType.CONSENT,))
        a_running_campaign(a_template(), a_customer("Eva"))
        assert outbox.unnoted(at(10)) == []


def test_old_notes_go_and_new_ones_are_told_all_the_same(app, receiver):
    with app.app_context():
        endpoint_id = an_endpoint(receiver.url).id
        campaign = a_running_campaign(a_template(), a_customer("Eva"))
        first = campaign.id
    assert len(suppressed(app, endpoint_id)) == 1
    with app.app_context(), writing():
        assert outbox.forget_notes(at(60 * 86400)) == 0, "its campaign is not over"
        db.session.get_one(type(campaign), first).finished_at = at(20)
        db.session.get_one(type(campaign), first).status = "finished"
        db.session.commit()
        assert outbox.forget_notes(at(60 * 86400)) == 1
        db.session.commit()
    with app.app_context():
        a_running_campaign(a_template("other"), a_customer("Ida"))
    assert len(suppressed(app, endpoint_id)) == 2


def test_the_endpoints_cursor_never_waits_behind_notes_that_are_not_for_it(app, receiver):
    with app.app_context():
        an_endpoint(receiver.url)
        a_running_campaign(a_template(), a_customer("Eva"))
        young = an_endpoint(receiver.url)
        young.created_at = at(5)
        db.session.commit()
        young_id = young.id
    assert suppressed(app, young_id) == []
    with app.app_context():
        assert db.session.get_one(Endpoint, young_id).notes_cursor == outbox.last_note()
