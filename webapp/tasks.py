"""The task queue (huey): which backend, which tasks. State lives in rows: a lost queue loses nothing."""

import logging
import sqlite3
import threading
import uuid
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from flask import Flask
from huey import Huey, PostgresHuey, PriorityRedisHuey, crontab
from redis.exceptions import RedisError
from sqlalchemy import String
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from webapp import clock
from webapp.accounts import housekeeping
from webapp.config import Settings
from webapp.database import UtcDateTime, is_sqlite, writing
from webapp.extensions import db
from webapp.queue_file import QueueFile

log = logging.getLogger(__name__)

Task = Callable[..., None]
WORKERS = 4
"""Threads of the worker: so many tasks run at once."""
OUT_OF_REACH = (OSError, sqlite3.Error, psycopg.Error, RedisError)
"""What says that the queue cannot be used now. Nothing is lost by it: a sweep finds the work in the rows."""
WHAT_TO_DO = "Check TASK_QUEUE_URL, or delete queue.db where that is damaged. Nothing is lost; work waits."
STAMP = "@"
LOOKED_AT = 20
"""Tasks at the head of the queue: the oldest is among them, as all wait in one row."""
_on_demand: dict[str, Task] = {}
_periodic: dict[str, tuple[Callable[[datetime], bool], Task]] = {}
_at_start: list[Task] = []
_at_end: list[Task] = []


def task(name: str) -> Callable[[Task], Task]:
    """Make a function of the application and plain values a task that `enqueue` knows by this name."""

    def keep(function: Task) -> Task:
        _on_demand[name] = function
        return function

    return keep


def each(**when: str) -> Callable[[Task], Task]:
    """Run a function of the application at these minutes and hours, as in a crontab."""

    def keep(function: Task) -> Task:
        _periodic[_named(function)] = crontab(**when), function
        return function

    return keep


def _named(function: Task) -> str:
    """With its room: several rooms have a `sweep`, and the queue keeps one function for each name."""
    return f"{function.__module__.removeprefix('webapp.')}.{function.__name__}"


def at_start(function: Task) -> Task:
    """Run a function of the application when a worker starts."""
    _at_start.append(function)
    return function


def at_end(function: Task) -> Task:
    """Run a function of the application when a worker has ended its tasks."""
    _at_end.append(function)
    return function


class Heartbeat(db.Model):
    """When something was last seen to be done: the worker at work, a backup made."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def open_queue(settings: Settings) -> Huey:
    """What TASK_QUEUE_URL names; else PostgreSQL when that is the database, or SQLite beside the data."""
    url = settings.task_queue_url or settings.database_url
    if url.startswith(("redis://", "rediss://")):
        return PriorityRedisHuey("heed", url=url, results=False)
    if is_sqlite(url):
        named = url.removeprefix("sqlite:///") if settings.task_queue_url else settings.data_dir / "queue.db"
        return Huey("heed", storage_class=QueueFile, filename=str(named), results=False)
    return PostgresHuey("heed", dsn=url.replace("postgresql+psycopg://", "postgresql://"), results=False)


@dataclass(frozen=True)
class Waiting:
    """The tasks that no worker has taken yet. `oldest`: since when the first of them could be taken; None
    where none waits."""

    number: int
    oldest: datetime | None


def waiting(settings: Settings) -> Waiting | None:
    """None when the queue cannot be reached."""
    try:
        queue = open_queue(settings)
        with closing(queue.storage):
            head = [queue.serializer.deserialize(task) for task in queue.storage.enqueued_items(LOOKED_AT)]
            return Waiting(queue.pending_count(), min(filter(None, map(_since, head)), default=None))
    except OUT_OF_REACH:
        return None


def _since(task: Any) -> datetime | None:
    """When a task came, or was to be done; None for one of a Heed that did not note it yet."""
    seconds = task.id.partition(STAMP)[0]
    came = datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else None
    return max(came, task.eta.replace(tzinfo=UTC)) if came and task.eta else came


def _stamped(_task: Any) -> str:
    """An id for a task, with the second of its coming: the queue keeps no time of its own."""
    return f"{int(clock.now().timestamp())}{STAMP}{uuid.uuid4()}"


def register(queue: Huey, app: Flask) -> dict[str, Any]:
    """Give the queue its tasks, by name; the worker and every process that enqueues do this once."""
    for start in (_first_beat, *_at_start):
        queue.on_startup(name=f"start {_named(start)}")(_once(_bound(start, app)))
    for name, (when, function) in {**_HOUSEKEEPING, **_periodic}.items():
        queue.periodic_task(when, name=name, create_id=_stamped)(_bound(function, app))
    return {
        name: queue.task(name=name, create_id=_stamped)(_bound(function, app))
        for name, function in _on_demand.items()
    }


def enqueue(app: Flask, name: str, *values: int | str, delay: float = 0) -> None:
    """Have a worker run this task, after `delay` seconds. Call it after the commit; it never raises for the
    queue's sake."""
    try:
        if "heed-tasks" not in app.extensions:
            app.extensions["heed-queue"] = open_queue(app.config["HEED"])
            app.extensions["heed-tasks"] = register(app.extensions["heed-queue"], app)
        wanted = app.extensions["heed-tasks"][name]
        wanted.schedule(args=values, delay=delay) if delay > 0 else wanted(*values)
    except OUT_OF_REACH as problem:
        log.warning("task %s was not queued, the next sweep finds it: %s", name, type(problem).__name__)
    finally:
        if queue := app.extensions.get("heed-queue"):
            queue.storage.close()  # the connection is this thread's own, and tasks are rare


def _bound(function: Task, app: Flask) -> Callable[..., None]:
    def run_it(*values: Any) -> None:
        function(app, *values)

    return run_it


def _once(function: Callable[..., None]) -> Callable[[], None]:
    """Huey calls what is to happen at the start in each of its threads."""
    first = threading.Lock()

    def run_first() -> None:
        if first.acquire(blocking=False):
            function()

    return run_first


def _first_beat(app: Flask) -> None:
    run(app, beat)


def _heartbeat(app: Flask) -> None:
    run(app, beat)


def _tidy(app: Flask) -> None:
    run(app, housekeeping.tidy)


_HOUSEKEEPING: dict[str, tuple[Callable[[datetime], bool], Task]] = {
    "heartbeat": (crontab(), _heartbeat),
    "tidy": (crontab(minute="7"), _tidy),
}


def run(app: Flask, task: Callable[[datetime], None]) -> None:
    """One task in a transaction of its own."""
    with app.app_context(), writing():
        task(clock.now())
        db.session.commit()


def beat(now: datetime) -> None:
    with suppress(IntegrityError), db.session.begin_nested():  # the very first one, twice in this moment
        db.session.merge(Heartbeat(name="worker", at=now))


def last_beat() -> datetime | None:
    """When the worker last said that it lives; None when it never did."""
    found = db.session.get(Heartbeat, "worker")
    return found.at if found else None


def work(queue: Huey, app: Flask) -> None:
    """Run tasks until SIGTERM, which lets running ones finish."""
    queue.create_consumer(
        workers=WORKERS, worker_type="thread", initial_delay=0.05, max_delay=1, graceful_signal="TERM"
    ).run()
    for end in _at_end:
        end(app)
