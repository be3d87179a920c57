"""kill -9 at the steps of what people of the desk do: a switch, an erasure, a dead letter, large work."""

from collections import Counter
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select, text

from tests.faults.desk import Person
from tests.faults.stage import LEASES, Stage
from tests.html import CheckingClient
from tests.imports.files import Desk as Imports
from tests.whatsapp.inbound.test_delivery_faults import POISON
from webapp import create_app, tasks
from webapp.bulk import freezing
from webapp.bulk.actions import Action, ActionKind
from webapp.bulk.selection import Chosen
from webapp.campaigns import audience
from webapp.consent.models import Batch, ConsentEvent
from webapp.customers.erasure import log as erasure_log
from webapp.customers.models import Customer, Identity
from webapp.database import writing
from webapp.extensions import db
from webapp.imports.models import Import

POISONED = "666666666666"


def test_the_web_part_killed_while_the_desk_works(stage: Stage):
    stage.sign_in("admin")
    for step, act in (
        ("toggle.stored", switch_off), ("toggle.committed", switch_off),
        ("erasure.stored", erase), ("erasure.committed", erase),
        ("replay.stored", try_again), ("replay.committed", try_again),
    ):  # fmt: skip
        stage.arm(step)
        act(stage, stage.people(1)[0], step)
        assert stage.struck(step), step
        stage.check()


def switch_off(stage: Stage, person: Person, _step: str) -> None:
    stage.client.deliver(stage.a_crowd([person]))
    stage.switch_off(person)


def erase(stage: Stage, person: Person, step: str) -> None:
    """Nobody is half erased, and once more is enough."""
    wish = {"reason": "request", "why": "asked by letter", "confirm": person.id}
    path = f"/customers/{person.id}/erase"
    assert stage.client.post(path, **wish) == 0
    assert addresses(stage, person) == (0 if step == "erasure.committed" else 1)
    stage.until(stage.ready, lambda: "the web part is not ready")
    assert stage.client.post(path, **wish) == (404 if step == "erasure.committed" else 204)
    stage.history.erased.add(person.number)
    assert addresses(stage, person) == 0
    with stage.app.app_context():
        read = erasure_log.read(stage.folder / "data" / erasure_log.FILE)
    assert read.unreadable == 0
    assert person.id in {id for entry in read.entries for id, _ in entry.records}


def addresses(stage: Stage, person: Person) -> int:
    with stage.app.app_context():
        of_person = select(func.count()).where(Identity.customer_id == person.id)
        found = db.session.scalar(of_person)
        db.session.remove()
    return found


def try_again(stage: Stage, _person: Person, _step: str) -> None:
    """A STOP that could not be applied is tried again by somebody, and again when that breaks off."""
    number = f"4916{stage.dice.randrange(10**8):08}"
    with poisoned(stage, number):
        stage.client.deliver([stage.said(number)])
    assert stage.client.post("/status/letters/replay") == 0
    stage.until(stage.ready, lambda: "the web part is not ready")
    assert stage.client.post("/status/letters/replay") == 303
    assert stage.record().statuses[stage.record().owners[number]] == "opted_out"


@contextmanager
def poisoned(stage: Stage, number: str):
    """Whoever has this number cannot be put on record."""
    with stage.app.app_context(), writing():
        for statement in POISON[db.engine.dialect.name]:
            db.session.execute(text(statement.replace(POISONED, number)))
        db.session.commit()
    yield
    with stage.app.app_context(), writing():
        table = "" if stage.sqlite else "ON identities"
        db.session.execute(text(f"DROP TRIGGER poison {table}"))
        db.session.execute(text("SELECT 1" if stage.sqlite else "DROP FUNCTION poison"))
        db.session.commit()


def test_the_worker_killed_amid_large_work(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(audience, "AT_ONCE", 0)  # in this process: the worker has to write it down
    for act, steps in (
        (an_audience, ("audience.stored", "audience.committed")),
        (an_import, ("import.stored", "import.committed")),
        (a_bulk_change, ("bulk.stored", "bulk.committed")),
    ):
        for step in steps:
            stage.arm(step)
            looked = act(stage)
            stage.await_fault(step)
            stage.move_clock(LEASES)
            stage.until(looked, lambda step=step: f"what {step} broke off did not go on")
            stage.check()


def an_audience(stage: Stage):
    people = stage.people(6)
    campaign_id = stage.launch(people)
    stage.client.deliver(stage.a_crowd(people[:2], others=0))
    return lambda: stage.record(verified=False).campaigns[campaign_id] == "finished"


def an_import(stage: Stage):
    """Twelve rows: new people, one row without a number, and an opt-out of somebody who is known."""
    [known] = stage.people(1)
    at = stage.dice.randrange(10**6)
    rows = [f"+5521{980000000 + at + n},Imported {n},{'opted_out' if n % 3 == 0 else ''}" for n in range(10)]
    lines = ["phone,name,consent", *rows, "12,Nobody,", f"+{known.number},Known,opted_out"]
    app = create_app(stage.settings)
    app.test_client_class = CheckingClient
    with app.app_context():
        before = db.session.scalar(select(func.count(Customer.id)))
    imports = Imports(app, app.test_client(), [])
    imports.client.get(stage.link("manager"))
    id = imports.bring("\n".join(lines) + "\n")
    imports.check(id)
    imports.start(id)

    def ended() -> bool:
        with app.app_context():
            if db.session.get_one(Import, id, populate_existing=True).state != "finished":
                return False
            assert db.session.scalar(select(func.count(Customer.id))) == before + 10
            assert opt_outs(known.id) == 1
            db.session.remove()
            db.engine.dispose()
        return True

    return ended


def a_bulk_change(stage: Stage):
    people = stage.people(6)
    action = Action(ActionKind.OPT_OUT, {"channel": "other", "words": "asked by letter"})
    chosen, now = Chosen(tuple(one.id for one in people)), stage.now()
    with stage.app.app_context(), writing():
        batch, _ = freezing.begin(
            action, chosen, expected=6, key=f"{stage.dice.getrandbits(128):032x}", actor="user:1", now=now
        )
        db.session.commit()
        id = batch.id
    tasks.enqueue(stage.app, "batch", id)

    def ended() -> bool:
        with stage.app.app_context():
            done = db.session.get_one(Batch, id, populate_existing=True).finished_at is not None
            if done:
                assert Counter(opt_outs(one.id) for one in people) == {1: 6}
            db.session.remove()
        return done

    return ended


def opt_outs(customer_id: int) -> int:
    out = ConsentEvent.status == "opted_out", ConsentEvent.customer_id == customer_id
    return db.session.scalar(select(func.count()).where(*out))
