"""How the desk fares: what waits for people, who is told, what it works on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select

from webapp.campaigns import switch
from webapp.config import Settings
from webapp.consent.models import Hold
from webapp.customers.erasure import suppression_key, suppressions
from webapp.customers.erasure.suppressions import Suppression, WrongKey
from webapp.database import is_sqlite
from webapp.endpoints import listing
from webapp.extensions import db
from webapp.formatting import ago
from webapp.status import setup_lines, worker_lines
from webapp.status.line import BAD, GOOD, WARNING, Line, count, named
from webapp.whatsapp.inbound import dead_letters
from webapp.whatsapp.models import InboundMessage


def lines(settings: Settings, now: datetime, *, admin: bool) -> Iterator[Line]:
    yield _dead_letters()
    yield _reviews(settings, now)
    yield _sending(settings)
    yield from worker_lines.lines(settings, now)
    yield from _endpoints(admin)
    yield _database(settings)
    if admin:
        yield from setup_lines.wrong(settings, now)
    yield from _erasures()


def _dead_letters() -> Line:
    line = named("dead", "Dead letters")
    waiting = db.session.scalar(select(func.count(InboundMessage.id)).where(dead_letters.is_open())) or 0
    if not waiting:
        return line(GOOD, "Everything that came in was applied.")
    advice = "They are listed below: try again after a fix, or put aside."
    return line(WARNING, f"{count(waiting, 'item', 'items')} could not be applied.", advice)


def _reviews(settings: Settings, now: datetime) -> Line:
    line = named("reviews", "Reviews", "reviews.index")
    oldest = db.session.scalar(select(func.min(Hold.recorded_at)).where(Hold.decided_at.is_(None)))
    if oldest is None:
        return line(GOOD, "Nothing waits for a person.")
    words = f"The oldest message that waits for a person came {ago(oldest, now)}."
    if now - oldest > settings.reviews_may_wait:
        return line(WARNING, words, "Read what waits: after ten days a message becomes an opt-out by itself.")
    return line(GOOD, words)


def _sending(settings: Settings) -> Line:
    why = switch.off(settings)
    if why:
        return named("sending", "Sending", "campaigns.index")(WARNING, why, "No campaign sends anything.")
    return named("sending", "Sending")(GOOD, "Allowed.")


def _endpoints(admin: bool) -> Iterator[Line]:
    """Other systems that are told of events; nothing where there are none."""
    where = "endpoints.index" if admin else ""
    summary, line = listing.summary(), named("endpoints", "Endpoints", where)
    if off := summary.off:
        names = ", ".join(f"“{each.endpoint.name}”" for each in off)
        found = line(BAD, f"Switched off: {names}. {off[0].endpoint.off_reason}",
                     "Events wait. Resume it when the other system is well.")  # fmt: skip
        yield replace(found, outside="An endpoint is switched off.")
    elif unsigned := summary.unsigned:
        names = ", ".join(f"“{each.endpoint.name}”" for each in unsigned)
        words = "Not told, for its secret cannot be read with this SECRET_KEY"
        yield replace(line(BAD, f"{words}: {names}.", f"{listing.HOW_TO_READ} Events wait."),
                      outside=f"An endpoint is n{words[1:]}.")  # fmt: skip
    elif slow := summary.slow:
        names = ", ".join(f"“{each.endpoint.name}” ({each.word.lower()})" for each in slow)
        yield line(WARNING, f"Not told at present: {names}.", "Events wait and go out in their order.")
    elif summary.number:
        told = count(summary.number, "other system is", "other systems are")
        yield line(GOOD, f"{told} told of events.", "What each of them was told is kept for 30 days.")


def _database(settings: Settings) -> Line:
    kind = "SQLite" if is_sqlite(settings.database_url) else "PostgreSQL"
    return named("database", "Database")(GOOD, f"{kind}, reachable.")


def _erasures() -> Iterator[Line]:
    """Nothing before the first erasure."""
    n = db.session.scalar(
        select(func.count()).select_from(Suppression).where(Suppression.lifted_at.is_(None))
    )
    line = named("erasures", "Erased people")
    try:
        suppressions.standing([])
    except WrongKey as fault:
        yield line(BAD, str(fault), "Until then no import, list or program can put anybody on record.")
        return
    except OSError as problem:
        yield line(BAD, f"{suppression_key.FILE} cannot be read ({type(problem).__name__}).",
                   "Give HEED_DATA_DIR and what is in it back to the account of the desk.")  # fmt: skip
        return
    if n:
        yield line(GOOD, f"{count(n, 'address is', 'addresses are')} kept off every list.")
