"""Who looks for alarms and tells of them: the worker each minute, and while it is silent a web process."""

import logging
import threading
import time
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy.exc import IntegrityError

from webapp import clock, outgoing, tasks
from webapp.config import Settings
from webapp.database import compact_json, writing
from webapp.extensions import db
from webapp.formatting import iso
from webapp.status import alarms, lines, worker_lines
from webapp.status.models import Alarm
from webapp.transactions import committed

log = logging.getLogger(__name__)

EACH = 60.0
"""Seconds between two looks of a web process at the worker."""
HEADERS = {"Content-Type": "application/json", "User-Agent": "Heed"}
TEST = {
    "id": "test", "state": "test", "severity": "warning", "name": "Test", "since": None, "ended": None,
    "words": "This is a test: nothing is wrong.", "advice": "Nothing is to be done.",
}  # fmt: skip


@tasks.each(minute="*")
def look_each_minute(app: Flask) -> None:
    look(app, clock.now())


def look(app: Flask, now: datetime) -> None:
    """Note what begins and ends, then tell of it."""
    settings: Settings = app.config["HEED"]
    with app.app_context():
        found = [line for group in lines.groups(settings, now, admin=True) for line in group.lines]
        db.session.rollback()
        try:
            with writing():
                alarms.keep(found, now)
                db.session.commit()
        except IntegrityError:  # somebody else noted the same in this moment
            db.session.rollback()
    if settings.alarm_url:
        tell(app, now)


def tell(app: Flask, now: datetime) -> None:
    """Each alarm that is due, in transactions of its own: nothing is locked while the address thinks."""
    url = app.config["HEED"].alarm_url
    for id in committed(app, lambda: alarms.due(now)):
        message = committed(app, lambda id=id: _claimed(id, now))
        if message:
            ended, failure = message["state"] == "ended", post(url, message)
            committed(app, lambda id=id, e=ended, f=failure: alarms.settle(id, ended=e, failure=f, now=now))


def _claimed(id: str, now: datetime) -> dict[str, Any] | None:
    alarm = alarms.claim(id, now)
    return _message(alarm) if alarm else None


def _message(alarm: Alarm) -> dict[str, Any]:
    return {
        "id": alarm.id, "state": "ended" if alarm.ended_at else "open", "severity": alarm.severity,
        "name": alarm.name, "words": alarm.words, "advice": alarm.advice,
        "since": iso(alarm.since), "ended": iso(alarm.ended_at) if alarm.ended_at else None,
    }  # fmt: skip


def post(url: str, message: dict[str, Any]) -> str:
    """Why the address did not take it, as a sentence; "" when it did."""
    try:
        answer = outgoing.send(url, compact_json(message).encode(), HEADERS)
    except outgoing.NOT_ANSWERED as problem:
        failure = f"The address did not answer ({type(problem).__name__})."
    else:
        failure = "" if answer.taken else f"The address answered {answer.status}."
    if failure:
        log.warning("alarm %s was not taken: %s", message["id"], failure)
    return failure


def stand_in(app: Flask, now: datetime) -> None:
    """Look in the worker's place while nothing was seen of it, so that its own absence is told."""
    with app.app_context():
        seen = tasks.last_beat()
    if seen is None or now - seen > worker_lines.MAY_BE_SILENT:
        look(app, now)


def watch_the_worker(app: Flask) -> None:
    """In a thread of a web process, as long as it lives; nothing where nobody is to be told."""
    if app.config["HEED"].alarm_url:
        threading.Thread(target=_watch, args=(app,), name="alarms", daemon=True).start()


def _watch(app: Flask) -> None:
    while True:
        time.sleep(EACH)
        try:
            stand_in(app, clock.now())
        except Exception as fault:  # it must look again when the database is back
            log.warning("nobody looked for alarms: %s", type(fault).__name__)
