"""The confirmation of a change by a customer's own words: whether there is one, and in which words.

The change was committed before anybody asks here, and nothing here can undo it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from webapp.consent import pack_records, policy
from webapp.consent.keyword_sets import bare_spelling
from webapp.consent.languages import guess
from webapp.consent.models import Confirmation, ConsentEvent, Evidence, Policy
from webapp.consent.packs import Pack
from webapp.consent.promotion import promotions
from webapp.consent.rules import Effect, Kind, Source
from webapp.extensions import db

WINDOW = timedelta(hours=24) - timedelta(minutes=5)
"""How long after a message of the customer a text of ours is free of form (Meta, conversation window), less
some minutes for clocks and the way."""
MOST_A_DAY = 3
"""To one customer: whoever answers us by a program must not be answered by a program for ever."""
LONGEST_TEXT = 1024
OTHERS = ""
"""The language of whoever's language has no text."""
LANGUAGES = {
    "en": "English", "ar": "Arabic", "zh": "Chinese", "nl": "Dutch", "fr": "French", "de": "German",
    "he": "Hebrew", "hi": "Hindi", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "pt": "Portuguese", "ru": "Russian", "es": "Spanish", "tr": "Turkish",
}  # fmt: skip
"""The languages that a text can be in, besides those of imported packs."""
OWN_WORDS = (Source.KEYWORD, Source.BUTTON)

Texts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Wishes:
    """How confirmations shall be."""

    on: bool
    in_agent_chats: bool
    texts: Texts
    """By language and status; without empty ones."""


def change(wishes: Wishes, *, version: int | None, actor: str, now: datetime) -> Policy:
    """Save the settings and log old and new values. The caller commits.

    What changed before they were on is never confirmed. Raises PolicyChangedMeanwhile.
    """
    current = policy.current()
    since = (current.confirm_since or now) if wishes.on else None
    after: dict[str, object] = {
        "confirm_since": since,
        "confirm_in_agent_chats": wishes.in_agent_chats,
        "confirmation_texts": {language: dict(texts) for language, texts in wishes.texts.items()},
    }
    return policy.save(current, after, version, actor, now)


def fault_of(text: str) -> str:
    """Why a text cannot be a confirmation, as a sentence; "" when it can."""
    if len(text) > LONGEST_TEXT:
        return f"Keep it under {LONGEST_TEXT:,} characters; these are {len(text):,}."
    if found := promotions(text):
        quoted = ", ".join(f"“{words}”" for words in found[:3])
        return f"This would make it marketing: {quoted}. Say only what changed and how to change it back."
    return ""


def due(settings: Policy, now: datetime) -> Select[tuple[ConsentEvent]]:
    """Changes that nobody has decided about yet, the oldest first; one of each message."""
    first = max(settings.confirm_since or now, now - WINDOW)
    decided = select(Confirmation.id).where(Confirmation.message_key == ConsentEvent.external_id)
    return (
        select(ConsentEvent)
        .where(
            ConsentEvent.recorded_at >= first, ConsentEvent.kind == Kind.CONSENT,
            ConsentEvent.source.in_(OWN_WORDS), ConsentEvent.effect == Effect.CHANGED,
            ConsentEvent.external_id.is_not(None), ~decided.exists(),
        )
        .order_by(ConsentEvent.id)
    )  # fmt: skip


def on() -> bool:
    return policy.current().confirm_since is not None


def waits(now: datetime) -> bool:
    """Whether there is a change to confirm; asked after each delivery, so it is one small statement."""
    settings = policy.current()
    return settings.confirm_since is not None and db.session.scalar(due(settings, now).limit(1)) is not None


def too_many(customer_id: int, now: datetime, *, but: int) -> bool:
    """Whether this customer got as many as a person would want in a day, not counting the one of this id."""
    lately = select(func.count()).where(
        Confirmation.customer_id == customer_id,
        Confirmation.id != but,
        Confirmation.decided_at > now - timedelta(days=1),
        Confirmation.state != "skipped",
    )
    return (db.session.scalar(lately) or 0) >= MOST_A_DAY


def text_for(event: ConsentEvent, settings: Policy) -> tuple[str, str]:
    """(language, text) for one change, by the language of the word that was matched; text "" for none."""
    proof = db.session.get(Evidence, event.id)
    matched, words = (proof.matched, proof.words) if proof else ("", "")
    texts, status = settings.confirmation_texts, event.status or ""
    written = {language for language, by_status in texts.items() if by_status.get(status)}
    language = language_of(matched or words, written, list(pack_records.available().values()))
    return language, texts.get(language, {}).get(status, "")


def language_of(matched: str, written: set[str], packs: list[Pack]) -> str:
    """The language of a keyword or label, among those that have a text; OTHERS when nothing tells.

    The packs tell first; a word that stands in several (STOP) tells nothing unless one alone has a text.
    """
    spelled = bare_spelling(matched)
    holding = {
        pack.language for pack in packs
        if spelled in map(bare_spelling, (*pack.opt_out, *pack.opt_in)) and pack.language in written
    }  # fmt: skip
    if holding:
        return holding.pop() if len(holding) == 1 else OTHERS
    guessed = guess(matched)
    return next((code for code, name in LANGUAGES.items() if name == guessed and code in written), OTHERS)


def of_customers(customer_ids: Iterable[int | None]) -> dict[int, Confirmation]:
    """What became of the confirmations of these customers, by the event."""
    query = select(Confirmation).where(Confirmation.customer_id.in_(list(customer_ids)))
    return {row.event_id: row for row in db.session.scalars(query)}


def failures(since: datetime) -> tuple[int, int | None]:
    """How many failed since then, and WhatsApp's code of the last one."""
    query = (
        select(Confirmation.error_code)
        .where(Confirmation.state == "failed", Confirmation.decided_at > since)
        .order_by(Confirmation.id.desc())
    )
    codes = db.session.scalars(query).all()
    return len(codes), codes[0] if codes else None
