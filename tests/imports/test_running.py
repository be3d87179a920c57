"""The worker goes through a file: slices, crashes, cancelling, two at once. Nothing is lost or doubled."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from tests.imports.files import Desk
from webapp import clock
from webapp.consent import ledger_check
from webapp.consent.models import Batch, ConsentEvent
from webapp.customers.batch_changes import BatchChange
from webapp.customers.importing import run
from webapp.customers.models import Customer, Tag
from webapp.database import writing
from webapp.extensions import db
from webapp.imports import options, running, stages, uploads, worker
from webapp.imports.models import Import

ROWS = 60


@pytest.fixture(autouse=True)
def small_portions(monkeypatch):
    monkeypatch.setattr(run, "FEWEST_ROWS", 10)
    monkeypatch.setattr(run, "MOST_ROWS", 10)
    monkeypatch.setattr(running, "MOST_ROWS", 10)


def a_list() -> str:
    """Every tenth row has no number, every third says opted out."""
    lines = ["phone,name,tags,consent"]
    for n in range(ROWS):
        phone = "12" if n % 10 == 4 else f"+5511961{n:06}"
        lines.append(f"{phone},Person {n},vip,{'opted_out' if n % 3 == 0 else ''}")
    return "\n".join(lines) + "\n"


def started(imports: Desk) -> int:
    import_id = imports.bring(a_list())
    imports.check(import_id)
    imports.start(import_id)
    imports.queue.clear()
    return import_id


def later(app, import_id: int, seconds: int = 61) -> None:
    """So much time passes for whoever holds the lease."""
    with app.app_context(), writing():
        row = db.session.get_one(Import, import_id)
        if row.leased_until:
            row.leased_until -= timedelta(seconds=seconds)
        db.session.commit()


def check_everything_came_once(imports: Desk, import_id: int) -> None:
    refused = imports.refused_path(import_id).read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[1] for line in refused[1:]] == [f"Person {n}" for n in range(4, ROWS, 10)]
    row = imports.row(import_id)
    assert (row.state, row.done, row.runner, row.leased_until) == ("finished", ROWS, None, None)
    assert (row.counts["created"], row.counts["refused"], row.counts["rows"]) == (54, 6, ROWS)
    with imports.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Customer)) == 54
        assert db.session.scalar(select(func.count()).select_from(BatchChange)) == 54
        events = db.session.scalar(select(func.count()).select_from(ConsentEvent))
        assert events == len([n for n in range(0, ROWS, 3) if n % 10 != 4])
        assert db.session.scalars(select(Tag.n)).all() == [54]
        batch = db.session.get_one(Batch, row.batch_id)
        assert (batch.done, batch.total, batch.finished_at is not None) == (ROWS, ROWS, True)
        db.session.commit()
        assert ledger_check.first_fault() is None
    assert not imports.upload_path(import_id).exists()


def test_a_task_goes_on_for_a_while_and_leaves_the_rest_to_another_one(imports):
    import_id = started(imports)
    turns = []
    for _ in range(20):
        with imports.app.app_context():
            turns.append(running.go_on(import_id, clock.now, seconds=0))
        if not turns[-1]:
            break
    assert len(turns) > 2
    check_everything_came_once(imports, import_id)


def test_a_dry_run_is_handed_on_and_counts_each_row_once(imports, monkeypatch):
    from webapp.imports import step_views

    monkeypatch.setattr(step_views, "AT_ONCE", 1)
    import_id = imports.bring(a_list())
    imports.say(import_id, then="check")
    with imports.app.app_context():
        while running.go_on(import_id, clock.now, seconds=0):
            assert imports.row(import_id).state == "checking"
    row = imports.row(import_id)
    assert (row.state, row.total, row.counts["created"], row.counts["refused"]) == ("checked", ROWS, 54, 6)
    with imports.app.app_context():
        assert db.session.query(Customer).count() == 0


def test_a_dry_run_that_takes_long_after_all_is_left_to_the_worker(imports, monkeypatch):
    monkeypatch.setattr(running, "SECONDS", 0)
    import_id = imports.bring(a_list())
    imports.say(import_id, then="check")
    assert (imports.row(import_id).state, imports.queue) == ("checking", [("import", import_id)])
    imports.work()
    assert imports.row(import_id).state == "checked"


class PowerCut(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("portions", range(6))
@pytest.mark.parametrize("where", ["_keep", "_hold"])
def test_after_a_crash_in_any_portion_somebody_else_goes_on(imports, monkeypatch, portions, where):
    import_id = started(imports)
    whole = getattr(running.Turn, where)
    calls = []

    def crash(self, *args):
        if len(calls) == portions:
            raise PowerCut
        calls.append(1)
        whole(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(running.Turn, where, crash)
        with pytest.raises(PowerCut):
            worker.go_on(imports.app, import_id)
    worker.go_on(imports.app, import_id)
    assert imports.row(import_id).state == "running", "the lease of whoever crashed still holds"
    later(imports.app, import_id)
    worker.sweep(imports.app)
    assert imports.queue == [("import", import_id)]
    imports.work()
    check_everything_came_once(imports, import_id)


@pytest.mark.parametrize("step", ["_end", "_finish"])
def test_a_crash_at_the_very_end_loses_no_refused_row(imports, monkeypatch, step):
    import_id = started(imports)
    owner = running.Turn if step == "_end" else run.Run

    def crash(*_args, **_named):
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, crash)
        with pytest.raises(PowerCut):
            worker.go_on(imports.app, import_id)
    later(imports.app, import_id)
    worker.go_on(imports.app, import_id)
    check_everything_came_once(imports, import_id)


def test_rows_that_a_crash_left_behind_the_last_checkpoint_are_not_listed(imports, monkeypatch):
    """Also when no row behind them is refused any more."""
    lines = [f"{'12' if n == 4 else f'+5511961{n:06}'},Person {n}" for n in range(ROWS)]
    import_id = imports.bring("\n".join(["phone,name", *lines]))
    imports.check(import_id)
    imports.start(import_id)
    whole, calls = running.Turn._keep, []

    def crash(self, report):
        if len(calls) == 3:
            raise PowerCut
        calls.append(1)
        whole(self, report)

    with monkeypatch.context() as patch:
        patch.setattr(running.Turn, "_keep", crash)
        with pytest.raises(PowerCut):
            imports.work()
    stored = imports.row(import_id).stored
    with imports.app.app_context():
        part = uploads.part_path(stored)
    with part.open("a") as file:
        file.write("+5511961999999,left over,9,reason\n")
    later(imports.app, import_id)
    worker.go_on(imports.app, import_id)
    refused = imports.refused_path(import_id).read_text().splitlines()
    assert [line.split(",")[1] for line in refused] == ["name", "Person 4"]


def test_two_runners_at_once_are_one(imports):
    import_id = started(imports)
    start = Barrier(2)

    def go() -> None:
        start.wait()
        worker.go_on(imports.app, import_id)

    with ThreadPoolExecutor(2) as pool:
        for outcome in [pool.submit(go) for _ in range(2)]:
            outcome.result()
    check_everything_came_once(imports, import_id)


def test_who_lost_the_lease_writes_nothing_any_more(imports, monkeypatch):
    """The first one is paused in a portion for so long that a second one finishes the file."""
    import_id = started(imports)
    whole = run.Run._intake
    paused = []

    def pause(self, *args):
        if not paused:
            paused.append(1)
            db.session.rollback()
            later(imports.app, import_id)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(worker.go_on, imports.app, import_id).result()
        return whole(self, *args)

    monkeypatch.setattr(run.Run, "_intake", pause)
    worker.go_on(imports.app, import_id)
    check_everything_came_once(imports, import_id)


def test_who_lost_the_lease_writes_nothing_while_the_file_still_goes_on(imports, monkeypatch):
    """The second one has done one portion and handed it on when the first one wakes up."""
    import_id = started(imports)
    whole = run.Run._intake
    paused = []

    def pause(self, *args):
        if not paused:
            paused.append(1)
            db.session.rollback()
            later(imports.app, import_id)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(a_portion).result()
            paused.append(imports.row(import_id))
        return whole(self, *args)

    def a_portion() -> None:
        with imports.app.app_context():
            running.go_on(import_id, clock.now, seconds=0)

    monkeypatch.setattr(run.Run, "_intake", pause)
    worker.go_on(imports.app, import_id)
    then, now = paused[1], imports.row(import_id)
    assert (then.state, now.state, then.done) == ("running", "running", 10)
    assert (now.done, now.counts) == (then.done, then.counts), "the first one wrote nothing"
    while imports.row(import_id).state == "running":
        worker.go_on(imports.app, import_id)
    check_everything_came_once(imports, import_id)


def test_a_dry_run_that_was_stopped_goes_no_further(imports, monkeypatch):
    import_id = imports.bring(a_list())
    with imports.app.app_context(), writing():
        row = db.session.get_one(Import, import_id)
        stages.begin_check(row, options.Options.of_json(row.options), clock.now())
        db.session.commit()
    whole, portions = running.Turn._note, []

    def stop_first(self, rows):
        portions.append(rows)
        imports.client.send(f"/imports/{import_id}/back")
        whole(self, rows)

    monkeypatch.setattr(running.Turn, "_note", stop_first)
    worker.go_on(imports.app, import_id)
    assert portions == [10]
    assert (imports.row(import_id).state, imports.row(import_id).counts) == ("uploaded", {})


def test_a_second_click_on_import_begins_nothing(imports, desk):
    import_id = imports.bring(a_list())
    imports.check(import_id)
    other = desk("manager")
    version = imports.row(import_id).version
    for client in (imports.client, imports.client, other):
        answer = client.send(f"/imports/{import_id}/start", version=version)
        assert answer.location == f"/imports/{import_id}"
    assert imports.queue == [("import", import_id)]
    with imports.app.app_context():
        assert db.session.query(Batch).count() == 1
    imports.work()
    check_everything_came_once(imports, import_id)


def test_two_managers_who_press_at_the_same_moment_begin_one_import(imports, desk):
    import_id = imports.bring(a_list())
    imports.check(import_id)
    version, clients, start = imports.row(import_id).version, (desk("manager"), desk("manager")), Barrier(2)
    tokens = [client.csrf_token() for client in clients]

    def press(number: int) -> int:
        start.wait()
        fields = {"version": version, "csrf_token": tokens[number]}
        return clients[number].post(f"/imports/{import_id}/start", data=fields).status_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(press, range(2))) == [303, 303]
    assert imports.queue == [("import", import_id)]
    with imports.app.app_context():
        assert db.session.query(Batch).count() == 1


def test_nobody_starts_what_a_colleague_has_changed(imports, desk):
    import_id = imports.bring(a_list())
    imports.check(import_id)
    seen = imports.row(import_id).version
    imports.client.send(f"/imports/{import_id}/back")
    imports.check(import_id, tags="other")
    other = desk("manager")
    answer = other.send(f"/imports/{import_id}/start", version=seen)
    assert "A colleague went on with it meanwhile" in other.get(answer.location).text
    assert imports.row(import_id).state == "checked"
    assert other.send(f"/imports/{import_id}/start").location == f"/imports/{import_id}"
    assert imports.row(import_id).state == "checked"


def test_what_came_in_before_it_was_cancelled_stays_and_can_be_reverted(imports):
    import_id = started(imports)
    with imports.app.app_context():
        assert running.go_on(import_id, clock.now, seconds=0)
    imports.client.send(f"/imports/{import_id}/cancel")
    assert "Stopping" in imports.text(import_id)
    imports.work()
    row = imports.row(import_id)
    assert (row.state, 0 < row.done < ROWS) == ("cancelled", True)
    text = imports.text(import_id)
    assert f"Cancelled after {row.done} of {ROWS} rows." in text
    assert imports.soup(import_id).find(id="import-revert") is not None
    assert not imports.upload_path(import_id).exists()
    with imports.app.app_context():
        people = db.session.query(Customer).count()
        assert 0 < people == row.counts["created"]
    page = imports.client.get(f"/events/batches/{row.batch_id}").text
    assert "Cancelled" in page


def test_it_can_be_cancelled_from_the_page_of_its_batch_too(imports):
    import_id = started(imports)
    batch_id = imports.row(import_id).batch_id
    assert imports.client.soup(f"/events/batches/{batch_id}").find(id="batch-cancel") is not None
    imports.client.send(f"/bulk/batches/{batch_id}/cancel")
    worker.go_on(imports.app, import_id)
    assert (imports.row(import_id).state, imports.row(import_id).done) == ("cancelled", 0)
    imports.client.send(f"/imports/{import_id}/cancel")
    assert imports.row(import_id).state == "cancelled"


def test_a_file_that_breaks_off_again_and_again_fails_and_says_so(imports, monkeypatch):
    import_id = started(imports)

    def crash(self, *_args):
        raise PowerCut

    monkeypatch.setattr(running.Turn, "_keep", crash)
    for _ in range(running.MOST_TRIES):
        with pytest.raises(PowerCut):
            worker.go_on(imports.app, import_id)
        later(imports.app, import_id)
    worker.go_on(imports.app, import_id)
    assert imports.row(import_id).state == "failed"
    assert "It broke off 5 times at one place" in imports.text(import_id)
    with imports.app.app_context():
        batch = db.session.get_one(Batch, imports.row(import_id).batch_id)
        assert batch.failed_why
        assert stages.waiting(clock.now()) == []


def test_a_file_that_is_gone_fails_and_says_so(imports):
    import_id = started(imports)
    imports.upload_path(import_id).unlink()
    worker.go_on(imports.app, import_id)
    assert imports.row(import_id).state == "failed"
    assert "The file is gone" in imports.text(import_id)


def test_a_worker_that_starts_goes_on_with_what_is_left(imports):
    import_id = started(imports)
    worker.resume(imports.app)
    assert imports.queue == [("import", import_id)]
