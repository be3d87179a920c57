"""Several at the same rows: two runners, two managers, messages of customers in between."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.bulk.people import begun, carried, done
from tests.factories import a_customer
from webapp import clock
from webapp.bulk import reverting, running, worker
from webapp.bulk.actions import ActionKind
from webapp.bulk.models import BatchRun, BulkMember
from webapp.consent import ledger, ledger_check
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import Batch
from webapp.consent.rules import Source, Status
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db

PEOPLE = 12


@pytest.fixture
def ids(app, monkeypatch) -> list[int]:
    monkeypatch.setattr(running, "PORTION", 2)
    monkeypatch.setattr(worker, "PAUSE", 0.001)
    with app.app_context():
        return [a_customer(f"Person {n}", Status.OPTED_IN).id for n in range(PEOPLE)]


def at_the_same_time(*jobs) -> None:
    start = Barrier(len(jobs))

    def run(job) -> None:
        start.wait()
        job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for outcome in [pool.submit(run, job) for job in jobs]:
            outcome.result()


def stops(app, ids: list[int]) -> None:
    for id in ids:
        with app.app_context(), writing():
            said = Proof("whatsapp", "STOP", "STOP")
            person = db.session.get_one(Customer, id)
            ledger.record(
                person, Statement(Status.OPTED_OUT, Source.KEYWORD, "customer", clock.now(), proof=said)
            )
            db.session.commit()


def batch_of(app, kind: ActionKind, ids: list[int], **fields) -> int:
    with app.app_context(), writing():
        return begun(kind, ids, **fields).id


@pytest.mark.parametrize("kind", [ActionKind.ADD_TAGS, ActionKind.OPT_OUT])
def test_two_runners_reach_everybody_once_while_customers_write_stop(app, ids, kind):
    batch_id = batch_of(app, kind, ids, tags=["gold"])
    at_the_same_time(
        lambda: worker.go_on(app, batch_id),
        lambda: worker.go_on(app, batch_id),
        lambda: stops(app, ids[::-1]),
    )
    with app.app_context():
        people = db.session.scalars(db.select(Customer)).all()
        assert {one.status for one in people} == {Status.OPTED_OUT}
        batch = db.session.get_one(Batch, batch_id)
        assert (batch.done, batch.finished_at is not None) == (PEOPLE, True)
        assert db.session.query(BulkMember).count() == 0
        if kind == ActionKind.ADD_TAGS:
            assert carried() == {"gold": PEOPLE}
            assert db.session.get_one(BatchRun, batch_id).changed == PEOPLE
        db.session.commit()
        assert ledger_check.first_fault() is None


def test_two_changes_at_the_same_rows_both_arrive(app, ids):
    one = batch_of(app, ActionKind.ADD_TAGS, ids, tags=["gold", "silver"])
    other = batch_of(app, ActionKind.ADD_TAGS, ids[::-1], tags=["silver", "bronze"])
    at_the_same_time(lambda: worker.go_on(app, one), lambda: worker.go_on(app, other))
    with app.app_context():
        assert carried() == dict.fromkeys(("gold", "silver", "bronze"), PEOPLE)
        assert {tuple(each.tags_json) for each in db.session.scalars(db.select(Customer))} == {
            ("bronze", "gold", "silver")
        }


def test_two_runners_of_a_revert_take_everything_back_once(app, ids, monkeypatch):
    monkeypatch.setattr(reverting, "AT_ONCE", 2)
    with app.app_context(), writing():
        batch = done(ActionKind.ADD_TAGS, ids, tags=["gold"])
        revert_id = reverting.begin(batch, actor="user:7", now=clock.now()).id
        db.session.commit()
    at_the_same_time(lambda: worker.go_on(app, revert_id), lambda: worker.go_on(app, revert_id))
    with app.app_context():
        assert carried() == {"gold": 0}
        assert db.session.get_one(BatchRun, revert_id).changed == PEOPLE
        assert db.session.get_one(Batch, revert_id).done == PEOPLE
