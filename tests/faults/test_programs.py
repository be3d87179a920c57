"""Programs are told to end or to begin anew under load, stand still, or run twice; the queue is deleted."""

import signal
import time

from tests.fakes import Script
from tests.faults.load import load
from tests.faults.stage import LEASES, Stage
from webapp import tasks


def test_programs_told_to_end_or_begin_anew_under_load(stage: Stage):
    """No answer but 200, and refused connections while nobody listens; nothing becomes unknown."""
    people = stage.people(24)
    stage.graph.answer = lambda _body, _n: Script.accept(delay=0.7)
    campaign_id = stage.launch(people, pace=4)
    with load(stage):
        stage.until(lambda: stage.graph.requests, lambda: "nothing is sent")
        for program in (stage.web, stage.worker):
            program.signal(signal.SIGHUP)
        stage.client.deliver(stage.a_crowd(people[-2:]))
        begun_anew(stage)
        for program in (stage.web, stage.worker):
            program.signal(signal.SIGTERM)
        for program in (stage.web, stage.worker):
            assert program.ended(30)
        stage.tend()
        stage.until(stage.ready, lambda: "the web part is not ready")
    stage.check()
    assert set(stage.history.answers) <= {0, 200}
    states = {sent.state for sent in stage.record(verified=False).sent if sent.campaign_id == campaign_id}
    assert states == {"sent", "suppressed"}


def begun_anew(stage: Stage) -> None:
    """The worker has read the signal, and sends again."""
    log = stage.logs / "heed"
    stage.until(lambda: log.read_text().count("consumer started") == 2, lambda: "it did not begin anew")
    seen = len(stage.graph.requests)
    stage.until(lambda: len(stage.graph.requests) > seen + 1, lambda: "nothing is sent")


def test_a_worker_that_stands_still_between_claim_and_wire_sends_to_nobody_who_stopped(stage: Stage):
    """What is not on the wire in time passes the gate again."""
    people = stage.people(4)
    stage.arm("claim.committed", what="stop")
    stage.launch(people)
    stage.await_fault("claim.committed")
    stage.client.deliver(stage.a_crowd(people[:3], others=0))
    time.sleep(1.5)  # longer than a request on its way takes
    stage.worker.signal(signal.SIGCONT)
    stage.check()
    assert {request.number for request in stage.wire()} <= {people[3].number}


def test_two_workers_and_their_schedulers_are_as_one(stage: Stage):
    second = stage.start_worker()
    groups = [stage.people(10) for _ in range(3)]
    for group in groups:
        id = stage.launch(group, pace=20)
        tasks.enqueue(stage.app, "pump", id)
    stage.client.deliver(stage.a_crowd([group[-1] for group in groups]))
    stage.check()
    second.kill()
    stage.check(later=LEASES)


def test_a_deleted_queue_is_made_anew(a_stage, sqlite_url):
    """Web and worker meet in a new one at once; what waited in the old one is for the sweeps."""
    stage = a_stage(sqlite_url)
    stage.open()
    for _ in range(2):
        people = stage.people(3)
        stage.launch(people)
        stage.client.deliver(stage.a_crowd(people[2:]))
        stage.check()
        for file in (stage.folder / "data").glob("queue.db*"):
            file.unlink()
    assert stage.worker.lives()
