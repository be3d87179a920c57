"""What of Status is an alarm: since when, and whether the address that wants to know was told.

It is told once that an alarm began and once that it ended, however often somebody looks meanwhile. What comes
back within SETTLED did not end. Nothing here commits.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from webapp.extensions import db
from webapp.status.line import BAD, WARNING, Line
from webapp.status.models import Alarm

SETTLED = timedelta(minutes=5)
MOST = 6
"""Doublings of the minute between two tries: about an hour."""
CRITICAL = "critical"
OF_WARNINGS = frozenset({"dead", "sending", "reviews", "seals", "queue", "disk-disk", "backup"})
"""What only wants a look on Status, and yet must not wait for somebody who opens that page."""
SEVERITIES = {BAD: CRITICAL, WARNING: "warning"}


def keep(found: Iterable[Line], now: datetime) -> None:
    """Note what has begun to be an alarm and what has ended."""
    alarming = {line.alarm or line.id: line for line in found if _is_alarm(line)}
    known = {alarm.id: alarm for alarm in db.session.scalars(select(Alarm).with_for_update())}
    for id, line in alarming.items():
        if id in known:
            _go_on(known[id], line, now)
        else:
            db.session.add(_begun(id, line, now))
    for id in known.keys() - alarming.keys():
        _end(known[id], now)


def _is_alarm(line: Line) -> bool:
    return line.tone == BAD or (line.tone == WARNING and line.id in OF_WARNINGS)


def _begun(id: str, line: Line, now: datetime) -> Alarm:
    return Alarm(
        id=id, name=line.name, severity=SEVERITIES[line.tone], words=line.outside or line.words,
        advice=line.advice, since=now, tries=0, next_try_at=now, failure="",
    )  # fmt: skip


def _go_on(alarm: Alarm, line: Line, now: datetime) -> None:
    alarm.ended_at = None
    if alarm.severity != SEVERITIES[line.tone]:
        alarm.severity, alarm.words = SEVERITIES[line.tone], line.outside or line.words
        alarm.told_at, alarm.tries, alarm.next_try_at = None, 0, now


def _end(alarm: Alarm, now: datetime) -> None:
    if alarm.told_at is None:
        db.session.delete(alarm)
    elif alarm.ended_at is None:
        alarm.ended_at, alarm.tries, alarm.next_try_at = now, 0, now + SETTLED


def due(now: datetime) -> Sequence[str]:
    """The ids of those that are to be told now, the oldest first."""
    untold = or_(Alarm.told_at.is_(None), Alarm.ended_at.is_not(None))
    query = select(Alarm.id).where(untold, Alarm.next_try_at <= now).order_by(Alarm.since, Alarm.id)
    return db.session.scalars(query).all()


def claim(id: str, now: datetime) -> Alarm | None:
    """The alarm, for whoever is to tell of it: nobody else gets it until the next try; None when somebody was
    faster."""
    alarm = db.session.get(Alarm, id, populate_existing=True)
    if alarm is None:
        return None
    free = (Alarm.id == id, Alarm.next_try_at == alarm.next_try_at, Alarm.next_try_at <= now)
    later = {"tries": alarm.tries + 1, "next_try_at": now + timedelta(minutes=2 ** min(alarm.tries, MOST))}
    taken = db.session.execute(update(Alarm).where(*free).values(**later))
    return alarm if taken.rowcount else None


def settle(id: str, *, ended: bool, failure: str, now: datetime) -> None:
    """What became of telling that it began, or that it `ended`; `failure` is "" when it was taken."""
    alarm = db.session.get(Alarm, id, populate_existing=True)
    if alarm is None:
        return
    if failure:
        alarm.failure = failure
    elif not ended:
        alarm.told_at, alarm.failure, alarm.tries = now, "", 0
    elif alarm.ended_at is None:  # it came back while its end was told
        alarm.told_at, alarm.tries, alarm.next_try_at = None, 0, now
    else:
        db.session.delete(alarm)


def listed() -> Sequence[Alarm]:
    """Those that are not over, the oldest first."""
    query = select(Alarm).where(Alarm.ended_at.is_(None)).order_by(Alarm.since, Alarm.id)
    return db.session.scalars(query).all()
