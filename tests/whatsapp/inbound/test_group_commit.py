"""Deliveries that wait at the same time share a transaction: each is stored once, or told to come again."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tests.statements import counted
from tests.whatsapp.deliveries import a_body, a_change
from tests.whatsapp.posting import (
    TODAY,
    apart,
    decisions,
    everybody,
    kept,
    post,
    says,
    the_ledger_is_whole,
)
from webapp.consent import ledger
from webapp.extensions import db
from webapp.whatsapp.inbound import group_commit
from webapp.whatsapp.inbound.group_commit import GroupCommit, NotStored

FIRST = a_body(says("Hello", message_id="wamid.first", **{"from": "447946000000"}))
Commit = Callable[[Sequence[bytes]], object]


def bodies(most: int, words: str = "STOP") -> list[dict]:
    """As many deliveries of one message, each from somebody else."""
    senders = [{"from": str(447_946_000_001 + n), "message_id": f"wamid.{n}"} for n in range(most)]
    return [a_body(says(words, **sender)) for sender in senders]


class Gate:
    """What each commit of the desk does, one after the other, before it happens; the first one waits."""

    def __init__(self, app: Flask, most: int, *then: Callable[[], None]) -> None:
        self._app, self._most, self._then = app, most, [self._wait, *then]
        self.commits = 0

    def _wait(self) -> None:
        in_the_row(self._app.extensions["heed-deliveries"], self._most)

    def __call__(self, _connection: object) -> None:
        self.commits += 1
        if self._then:
            self._then.pop(0)()


def in_the_row(group: GroupCommit, count: int) -> None:
    while len(group._row) < count:
        time.sleep(0.001)


@contextmanager
def gated(app: Flask, most: int, *then: Callable[[], None]) -> Iterator[Gate]:
    with app.app_context():
        engine = db.engine
    gate = Gate(app, most, *then)
    event.listen(engine, "commit", gate)
    try:
        yield gate
    finally:
        event.remove(engine, "commit", gate)


def at_once(app: Flask, together: list, *then: Callable[[], None]) -> tuple[list[int], int]:
    """(answers, commits): FIRST is being stored while `together` come, in their order."""
    with gated(app, len(together), *then) as gate, ThreadPoolExecutor(len(together) + 1) as crowd:
        answers = [crowd.submit(apart, post, app.test_client(), FIRST)]
        while not gate.commits:
            time.sleep(0.001)
        for n, body in enumerate(together, start=1):
            answers.append(crowd.submit(apart, post, app.test_client(), body))
            if n < len(together):
                in_the_row(app.extensions["heed-deliveries"], n)
        return [answer.result().status_code for answer in answers], gate.commits


def test_deliveries_that_wait_are_stored_by_one_commit_each_once(app):
    together = bodies(8)
    answers, commits = at_once(app, [*together, together[0], b"{not json"])
    assert (set(answers), commits) == ({200}, 2)
    with app.app_context():
        assert sorted(decisions()) == sorted(["none", *["opt_out"] * 8, "dead"])
        assert len(everybody()) == 9
        assert the_ledger_is_whole()


def test_many_deliveries_take_as_many_statements_as_two(app):
    with app.app_context():
        engine = db.engine
    needed = []
    for most in (4, 16):
        with app.app_context():
            known = len(kept())
        more = bodies(known + most)[known:]
        with counted(engine) as statements:
            at_once(app, more)
        needed.append(len(statements))
    assert needed[1] - needed[0] <= 2


def test_one_that_cannot_be_applied_costs_the_others_nothing(app):
    nobody = a_body(says("STOP", message_id="wamid.nobody", **{"from": "not a number"}))
    together = bodies(6)
    answers, _ = at_once(app, [*together[:3], nobody, *together[3:]])
    assert set(answers) == {200}
    with app.app_context():
        assert sorted(decisions()) == sorted(["none", *["opt_out"] * 6, "dead"])
        assert the_ledger_is_whole()


def fail() -> None:
    raise RuntimeError("nothing of this group")


def test_a_group_that_fails_as_a_whole_is_stored_one_by_one(app):
    answers, commits = at_once(app, bodies(4), fail)
    assert (set(answers), commits) == ({200}, 6)
    with app.app_context():
        assert sorted(decisions()) == ["none", *["opt_out"] * 4]
        assert the_ledger_is_whole()


def test_only_the_one_that_fails_alone_too_is_a_fault(app):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    nothing: Callable[[], None] = lambda: None  # noqa: E731
    answers, _ = at_once(app, bodies(4), fail, nothing, fail)
    assert sorted(answers) == [200, 200, 200, 200, 500]
    with app.app_context():
        assert sorted(decisions()) == ["none", *["opt_out"] * 3]
    assert [post(app.test_client(), body).status_code for body in bodies(4)] == [200] * 4
    with app.app_context():
        assert sorted(decisions()) == ["none", *["opt_out"] * 4]
        assert the_ledger_is_whole()


def lose_the_database() -> None:
    raise OperationalError("COMMIT", {}, Exception("gone"))


def test_a_database_out_of_reach_is_503_for_the_whole_group_and_the_retries_are_stored(app):
    together = bodies(5)
    answers, _ = at_once(app, together, lose_the_database)
    assert answers == [200, *[503] * 5]
    with app.app_context():
        assert decisions() == ["none"]
    answers, _ = at_once(app, together)
    assert set(answers) == {200}
    with app.app_context():
        assert sorted(decisions()) == ["none", *["opt_out"] * 5]
        assert the_ledger_is_whole()


@pytest.mark.parametrize(
    ("stop_at", "start_at", "expected"), [(10, 20, "opted_in"), (20, 10, "opted_out"), (20, 20, "opted_out")]
)
@pytest.mark.parametrize("first", ["STOP", "START"])
def test_within_a_group_the_time_that_was_said_counts_and_not_the_arrival(
    app, first, stop_at, start_at, expected
):
    two = [
        a_body(says("STOP", stop_at, message_id="w.stop")),
        a_body(says("START", start_at, message_id="w.start")),
    ]
    answers, commits = at_once(app, two if first == "STOP" else two[::-1])
    assert (set(answers), commits) == ({200}, 2)
    with app.app_context():
        joe = next(customer for customer in everybody() if len(ledger.history(customer.id)))
        assert joe.status == expected
        assert the_ledger_is_whole()


def test_the_items_of_one_delivery_keep_their_order_beside_others(app):
    receipt = {
        "id": "wamid.x",
        "status": "delivered",
        "timestamp": str(TODAY),
        "recipient_id": "447946000001",
    }
    mixed = a_body(
        a_change(statuses=[receipt]), says("STOP", 5), a_change(statuses=[receipt | {"status": "read"}])
    )
    answers, commits = at_once(app, [mixed, *bodies(3)])
    assert (set(answers), commits) == ({200}, 2)
    with app.app_context():
        order = [message.key for message in kept() if "wamid.x" in message.key or "STOP5" in message.key]
        assert [key.split(":")[0] for key in order] == ["status", "message", "status"]


def test_what_people_said_comes_before_the_receipts_of_the_same_moment(app):
    """A receipt may be marked for a STOP, but no STOP for a receipt."""
    receipt = {"id": "wamid.x", "status": "read", "timestamp": str(TODAY), "recipient_id": "447946000001"}
    receipts = a_body(a_change(statuses=[receipt]))
    answers, commits = at_once(app, [receipts, *bodies(1)])
    assert (answers, commits) == ([200] * 3, 2)
    with app.app_context():
        assert [message.key.split(":")[0] for message in kept()] == ["message", "message", "status"]


def crowd_at(group: GroupCommit, raws: list[bytes]) -> list[list[bytes]]:
    """The groups in which they are stored, when all come while something else is being stored."""
    groups: list[list[bytes]] = []
    begin = threading.Event()

    def commit(raws: Sequence[bytes]) -> None:
        begin.wait()
        groups.append(list(raws))

    with ThreadPoolExecutor(len(raws) + 1) as crowd:
        crowd.submit(group.store, b"first", commit)
        while not group._busy or group._row:
            time.sleep(0.001)
        for n, raw in enumerate(raws, start=1):
            crowd.submit(group.store, raw, commit)
            in_the_row(group, n)
        begin.set()
    return groups[1:]


def test_groups_are_made_in_the_order_of_arrival_and_not_without_end():
    raws = [str(n).encode() for n in range(group_commit.MOST_TOGETHER + 3)]
    groups = crowd_at(GroupCommit(), raws)
    assert [raw for group in groups for raw in group] == raws
    assert [len(group) for group in groups] == [group_commit.MOST_TOGETHER, 3]


def test_a_large_delivery_goes_alone_and_nobody_overtakes_it():
    large, small = b"x" * group_commit.MOST_BYTES, b"y"
    assert crowd_at(GroupCommit(), [small, large, small, small]) == [[small], [large], [small, small]]


def test_whoever_stores_a_group_and_is_interrupted_answers_none_of_it():
    group: GroupCommit[None] = GroupCommit()
    begin = threading.Event()

    def interrupted(raws: Sequence[bytes]) -> None:
        begin.wait()
        if raws != [b"first"]:
            raise SystemExit

    with ThreadPoolExecutor(4) as crowd:
        answers = [crowd.submit(group.store, b"first", interrupted)]
        while not group._busy or group._row:
            time.sleep(0.001)
        for n in range(1, 4):
            answers.append(crowd.submit(group.store, str(n).encode(), interrupted))
            in_the_row(group, n)
        begin.set()
        told = [type(answer.exception()) for answer in answers]
    assert told == [type(None), SystemExit, NotStored, NotStored]


def test_of_one_process_only_one_stores_at_a_time():
    group: GroupCommit[None] = GroupCommit()
    at_work, most = [0], [0]

    def commit(_raws: Sequence[bytes]) -> None:
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        time.sleep(0.001)  # so that whoever may come, comes
        at_work[0] -= 1

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(lambda n: group.store(str(n).encode(), commit), range(200)))
    assert most == [1]


def test_one_that_comes_alone_waits_for_nobody_and_a_fault_leaves_the_row_open():
    group: GroupCommit[int] = GroupCommit()

    def interrupted(_raws: Sequence[bytes]) -> int:
        raise SystemExit

    with pytest.raises(SystemExit):
        group.store(b"a", interrupted)
    with pytest.raises(NotStored):
        group.store(b"a", lambda _: lose_the_database())
    assert group.store(b"a", len) == 1
