"""The task queue (huey): which backend, which tasks. State lives in rows: a lost queue loses nothing."""

from collections.abc import Callable

from flask import Flask
from huey import Huey, PostgresHuey, PriorityRedisHuey, SqliteHuey, crontab

from webapp.config import Settings
from webapp.database import is_sqlite

Task = Callable[[], None]

HOURLY: list[Task] = []
"""Housekeeping: functions that the rooms add here; each runs in an application context and commits itself."""


def open_queue(settings: Settings) -> Huey:
    """What TASK_QUEUE_URL names; else PostgreSQL when that is the database, or SQLite beside the data."""
    url = settings.task_queue_url or settings.database_url
    if url.startswith(("redis://", "rediss://")):
        return PriorityRedisHuey("heed", url=url, results=False)
    if is_sqlite(url):
        file = url.removeprefix("sqlite:///") if settings.task_queue_url else settings.data_dir / "queue.db"
        return SqliteHuey("heed", filename=str(file), results=False)
    return PostgresHuey("heed", dsn=url.replace("postgresql+psycopg://", "postgresql://"), results=False)


def register(queue: Huey, app: Flask) -> None:
    """Give the queue its tasks; the worker and every process that enqueues do this once."""

    @queue.periodic_task(crontab(minute="7"), name="housekeeping")
    def housekeeping() -> None:
        with app.app_context():
            for task in HOURLY:
                task()


def work(queue: Huey) -> None:
    """Run tasks until SIGTERM, which lets running ones finish."""
    queue.create_consumer(
        workers=4, worker_type="thread", initial_delay=0.05, max_delay=1, graceful_signal="TERM"
    ).run()
