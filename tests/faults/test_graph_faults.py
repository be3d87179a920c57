"""WhatsApp hangs on every call: the kill switch works, what hangs becomes unknown, other work goes on."""

import time

from tests.fakes import Script
from tests.faults.stage import LEASES, Stage
from tests.faults.test_killed_people import a_bulk_change
from webapp.campaigns import switch
from webapp.database import writing
from webapp.extensions import db

FOREVER = 3600.0
A_SECOND = 1.0


def test_every_call_hangs(stage: Stage):
    """More campaigns than the worker has threads: an opt-out of many people does not wait behind them."""
    stage.graph.answer = lambda _body, _n: Script.accept(delay=FOREVER)
    people = stage.people(40)
    groups = [people[n : n + 8] for n in range(0, 40, 8)]
    for group in groups:
        stage.launch(group, pace=3)
    stage.until(lambda: len(stage.graph.requests) >= 8, lambda: "nothing is sent")
    ended = a_bulk_change(stage)
    stage.until(ended, lambda: "large work waits for WhatsApp")
    stop(stage)
    stopped_at = time.time()
    stage.client.deliver(stage.a_crowd([group[0] for group in groups]))
    time.sleep(A_SECOND)
    on_the_wire = [each for each in stage.wire() if each.at > stopped_at + A_SECOND]
    stage.client.deliver(stage.a_crowd([group[-1] for group in groups]))
    assert [each for each in stage.wire() if each.at > stopped_at + A_SECOND] == on_the_wire == []
    states = [sent.state for sent in stage.record(verified=False).sent]
    assert states.count("sending") == len(stage.graph.requests), "nothing is claimed that is not on the wire"
    stage.graph.answer = lambda _body, _n: Script.accept()
    stage.worker.kill()
    stage.move_clock(LEASES)
    stop(stage, enabled=True)
    stage.check()


def stop(stage: Stage, *, enabled: bool = False) -> None:
    with stage.app.app_context(), writing():
        switch.set_enabled(enabled, actor="user:1", now=stage.now())
        db.session.commit()
        db.session.remove()
