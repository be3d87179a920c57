"""The body of POST consent: what a program says that a customer wants."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

from webapp.api import bodies
from webapp.api.problems import unfit
from webapp.consent.ledger import Proof, Statement
from webapp.consent.rules import Source, Status
from webapp.customers.text import has_controls, one_line

FIELDS = ("status", "evidence", "given_at")
EVIDENCE_FIELDS = ("words", "channel")
LONGEST_WORDS, LONGEST_CHANNEL = 2000, 40
EARLIEST_YEAR = 1970
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read(body: dict[str, Any], *, actor: str, now: datetime) -> Statement:
    """Raises Problem 422, which names the field."""
    status = _status(body)
    return Statement(status, Source.API, actor, now, stated_at=_given_at(body, status), proof=_proof(body))


def _status(body: dict[str, Any]) -> Status:
    status = bodies.required(body, "status", str)
    if status not in (Status.OPTED_OUT, Status.OPTED_IN):
        raise unfit("status", "This must be opted_out or opted_in.")
    return Status(status)


def _proof(body: dict[str, Any]) -> Proof:
    """Evidence is the customer's words or a link, alone or with the channel that they came through."""
    evidence = body.get("evidence")
    if evidence is None or isinstance(evidence, str):
        return Proof(words=_words("evidence", evidence or ""))
    if not isinstance(evidence, dict):
        raise unfit("evidence", "This must be text, or an object with words and channel.")
    bodies.only_known(evidence, EVIDENCE_FIELDS)
    words = bodies.optional(evidence, "words", str) or ""
    channel = one_line(bodies.optional(evidence, "channel", str) or "")
    if len(channel) > LONGEST_CHANNEL:
        raise unfit("evidence.channel", f"Write {LONGEST_CHANNEL} characters at most.")
    return Proof(channel=channel, words=_words("evidence.words", words))


def _words(field: str, raw: str) -> str:
    if len(raw) > LONGEST_WORDS:
        raise unfit(field, f"Write {LONGEST_WORDS:,} characters at most; a link says more.")
    if has_controls(raw, allowed="\r\n\t"):
        raise unfit(field, "The text holds a character that cannot be stored.")
    return raw.strip()


def _given_at(body: dict[str, Any], status: Status) -> datetime | None:
    raw = bodies.optional(body, "given_at", str)
    if raw is None:
        return None
    try:
        return _of_day(raw, status) if _DAY.fullmatch(raw) else _instant(raw)
    except (ValueError, OverflowError):
        raise unfit(
            "given_at", "Write date, time and zone like 2026-03-31T14:30:00Z, or the date alone."
        ) from None


def _instant(raw: str) -> datetime:
    """Raises ValueError, also without a zone, and for a year that no consent to a message can be from."""
    instant = datetime.fromisoformat(raw)
    if instant.tzinfo is None or instant.year < EARLIEST_YEAR:
        raise ValueError(raw)
    return instant.astimezone(UTC)


def _of_day(raw: str, status: Status) -> datetime:
    """A day without a time is read so that less is sent: an opt-out is its end, an opt-in its beginning."""
    moment = time.max if status == Status.OPTED_OUT else time.min
    return _instant(datetime.combine(date.fromisoformat(raw), moment, UTC).isoformat())
