"""The task queue (huey): which backend, which tasks. State lives in rows: a lost queue loses nothing."""

from collections.abc import Callable
from datetime import datetime

from flask import Flask
from huey import Huey, PostgresHuey, PriorityRedisHuey, SqliteHuey, crontab
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp import clock
from webapp.accounts import housekeeping
from webapp.config import Settings
from webapp.database import UtcDateTime, is_sqlite, writing
from webapp.extensions import db


class Heartbeat(db.Model):
    """When the worker last said that it lives."""

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
        return SqliteHuey("heed", filename=str(named), results=False)
    return PostgresHuey("heed", dsn=url.replace("postgresql+psycopg://", "postgresql://"), results=False)


def register(queue: Huey, app: Flask) -> None:
    """Give the queue its tasks; the worker and every process that enqueues do this once."""

    @queue.on_startup(name="first heartbeat")
    def begin() -> None:
        run(app, beat)

    @queue.periodic_task(crontab(), name="heartbeat")
    def heartbeat() -> None:
        run(app, beat)

    @queue.periodic_task(crontab(minute="7"), name="tidy")
    def tidy() -> None:
        run(app, housekeeping.tidy)


def run(app: Flask, task: Callable[[datetime], None]) -> None:
    """One task in a transaction of its own."""
    with app.app_context(), writing():
        task(clock.now())
        db.session.commit()


def beat(now: datetime) -> None:
    db.session.merge(Heartbeat(name="worker", at=now))


def last_beat() -> datetime | None:
    """When the worker last said that it lives; None when it never did."""
    found = db.session.get(Heartbeat, "worker")
    return found.at if found else None


def work(queue: Huey) -> None:
    """Run tasks until SIGTERM, which lets running ones finish."""
    queue.create_consumer(
        workers=4, worker_type="thread", initial_delay=0.05, max_delay=1, graceful_signal="TERM"
    ).run()
