"""How the worker fares: alive, its queue short, the auditor's last night."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from webapp import tasks
from webapp.campaigns.reports import audit_runs
from webapp.config import Settings
from webapp.formatting import ago, instant
from webapp.status.line import BAD, GOOD, WARNING, Line, count, named

MAY_BE_SILENT = timedelta(minutes=3)
QUEUE_MAY_WAIT = timedelta(minutes=5)
AUDIT_MAY_BE_OLD = timedelta(hours=48)


def lines(settings: Settings, now: datetime) -> Iterator[Line]:
    yield _worker(now)
    yield _queue(settings, now)
    yield _audit(now)


def _worker(now: datetime) -> Line:
    line, seen = named("worker", "Worker"), tasks.last_beat()
    advice = "Start the command heed worker: without it no campaign is sent and no template is fetched."
    if seen is None:
        return line(BAD, "Never seen.", advice)
    if now - seen > MAY_BE_SILENT:
        return line(BAD, f"Last seen {instant(seen)}.", advice)
    return line(GOOD, f"Seen {ago(seen, now)}.")


def _queue(settings: Settings, now: datetime) -> Line:
    line, queue = named("queue", "Task queue"), tasks.waiting(settings)
    if queue is None:
        return line(BAD, "Out of reach.", tasks.WHAT_TO_DO)
    words = f"Reachable, {count(queue.number, 'task', 'tasks')} waiting."
    if queue.oldest and now - queue.oldest > QUEUE_MAY_WAIT:
        words = (
            f"{count(queue.number, 'task waits', 'tasks wait')}, the oldest since {instant(queue.oldest)}."
        )
        return line(WARNING, words, "Is the worker running, and not busy with something long?")
    return line(GOOD, words)


def _audit(now: datetime) -> Line:
    line, run = named("audit", "Auditor", "reports.check"), audit_runs.last()
    if run is None:
        return line(WARNING, "Has not run yet.", "It runs every night, or when you ask it.")
    if run.found:
        return line(BAD, f"{count(run.found, 'message', 'messages')} started after an opt-out.",
                    "See which, and why.")  # fmt: skip
    old = now - run.ran_at > AUDIT_MAY_BE_OLD
    words = f"Nothing found among {count(run.checked, 'message', 'messages')}, {ago(run.ran_at, now)}."
    return line(
        WARNING if old else GOOD, words, "It should run every night. Is the worker running?" if old else ""
    )
