"""How the ledger fares: verified, sealed, signed by whom."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select

from webapp.config import ConfigError, Settings
from webapp.consent import disputes
from webapp.consent.sealing import keys, notes, sealer, verification
from webapp.consent.sealing.models import Seal
from webapp.extensions import db
from webapp.formatting import ago
from webapp.status.line import BAD, GOOD, WARNING, Line, count, named

VERIFICATION_MAY_BE_OLD = timedelta(hours=48)
SEAL_MAY_WAIT = timedelta(minutes=10)

EDITED = "Somebody may have edited the database. Keep a copy of it and of checkpoints.log, and look into it."
CHANGED = "Earlier seals stay verifiable. If nobody changed it on purpose, look into it."


def lines(settings: Settings, now: datetime, *, admin: bool) -> Iterator[Line]:
    yield _verified(now, admin)
    yield from _disputed(admin)
    yield _sealed(now)
    yield _key(settings)


def _verified(now: datetime, admin: bool) -> Line:
    line, ran = named("ledger", "Verification", "status.disputed" if admin else ""), verification.last()
    if ran is None:
        return line(
            WARNING, "It has not been verified yet.", "It is every night, or when an admin asks for it."
        )
    if ran.fault:
        found = line(BAD, f"{ran.fault} (found {ago(ran.ran_at, now)})", EDITED)
        return replace(found, outside="The ledger is not whole.")
    whole = f"{count(ran.events, 'event', 'events')} under {count(ran.seals, 'seal', 'seals')}"
    old = now - ran.ran_at > VERIFICATION_MAY_BE_OLD
    advice = "It should be verified every night. Is the worker running?" if old else ""
    return line(WARNING if old else GOOD, f"Whole: {whole}, {ago(ran.ran_at, now)}.", advice)


def _disputed(admin: bool) -> Iterator[Line]:
    if n := disputes.open_count():
        line = named("disputes", "Disputed customers", "status.disputed" if admin else "")
        which = count(n, "customer differs from the history", "customers differ from their history")
        yield line(BAD, f"{which}.", "They get no marketing until an admin has settled it.")


def _sealed(now: datetime) -> Line:
    line, (waiting, oldest), last = named("seals", "Seals"), sealer.waiting(now), sealer.newest()
    made = f"the last seal was made {ago(last.sealed_at, now)}" if last else "there is no seal yet"
    if oldest is None:
        return line(GOOD, f"No event waits for a seal; {made}.")
    words = f"{count(waiting, 'event waits', 'events wait')} for a seal, since {ago(oldest, now)}; {made}."
    due = max(oldest, last.sealed_at) if last else oldest
    if now - due > SEAL_MAY_WAIT:
        return line(WARNING, words, "They are sealed every minute. Is the worker running?")
    return line(GOOD, words)


def _key(settings: Settings) -> Line:
    line, origin = named("signing-key", "Signing key"), sealer.origin()
    try:
        key = keys.public_key(settings)
    except ConfigError as problem:
        return line(BAD, str(problem), "Nothing is sealed until it is put right.")
    if origin is None:
        return line(GOOD, "Nothing was signed yet.")
    if key is None:
        words = "This machine has no signing key, though seals were made with one."
        return line(WARNING, words, "The next sealing here makes a new one. Was the data folder lost?")
    own = notes.key_id(origin, key).hex()
    if others := _other_keys(own):
        words = f"It has changed: {own} signs now, earlier {', '.join(others)} did."
        return line(WARNING, words, CHANGED)
    return line(GOOD, f"{own}, the same since the first seal.")


def _other_keys(own: str) -> list[str]:
    """Those that signed earlier seals, the latest first."""
    query = select(Seal.key_id).group_by(Seal.key_id).order_by(func.max(Seal.number).desc())
    return [key_id for key_id in db.session.scalars(query) if key_id != own]
