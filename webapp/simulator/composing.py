"""From what a form says to what is done on a phone."""

import secrets
from collections.abc import Mapping

from webapp import clock
from webapp.simulator import moving
from webapp.simulator.acts import Kind, Offer, Said, offer
from webapp.simulator.network import network
from webapp.simulator.phones import Phone
from webapp.whatsapp.invented import MESSAGE_IDS

BUTTON = "Stop promotions"
QUICK_TEXTS = {"stop": "STOP", "start": "START", "thanks": "Stop. Thank you"}
LONGEST_TEXT = 4096
"""WhatsApp's own limit of a text message (Meta, text messages)."""
LONGEST_CAPTION = 1024
"""That of a caption."""
CHANGEABLE = {Kind.EDIT: (Kind.TEXT,), Kind.REVOKE: (Kind.TEXT, Kind.PHOTO, Kind.FORWARD)}
"""What can be edited or deleted afterwards."""


class UnusableWords(ValueError):
    """None, or too many."""


class NotPossible(Exception):
    """The sentence says why this phone cannot do that now."""


def typed(form: Mapping[str, str]) -> Said:
    """The words that were typed, or those of a quick button. Raises UnusableWords."""
    quick = form.get("say", "")
    if quick == "button":
        return Said(new_id(), BUTTON, clock.now(), Kind.BUTTON)
    return Said(new_id(), usable(QUICK_TEXTS.get(quick, form.get("words", ""))), clock.now())


def chosen(key: str, words: str, phone: Phone) -> Said:
    """What a line of the menu does. Raises KeyError, UnusableWords or NotPossible."""
    line = offer(key)
    if line is None:
        raise KeyError(key)
    if line.kind is Kind.MOVE:
        return _move(line, phone)
    about, words = _about(line, phone, line.words or usable(words, line.kind))
    return Said(new_id(), words, clock.now(), line.kind, line.code, line.detail, about)


def usable(words: str, kind: Kind = Kind.TEXT) -> str:
    longest = LONGEST_CAPTION if kind is Kind.PHOTO else LONGEST_TEXT
    if not words.strip() or len(words) > longest:
        raise UnusableWords
    return words


def new_id() -> str:
    return MESSAGE_IDS + secrets.token_urlsafe(16)


def _about(line: Offer, phone: Phone, words: str) -> tuple[str, str]:
    """(the message that this is about, the words that the chat shows)."""
    if line.kind is Kind.REACTION:
        received = network().messages.of(phone.reached_at)
        return (received[-1].wamid if received else f"{MESSAGE_IDS}SAMPLE"), words
    if line.kind not in CHANGEABLE:
        return "", words
    latest = network().line.log.latest(phone.key, CHANGEABLE[line.kind])
    if latest is None:
        raise NotPossible("There is no message of this phone yet that could be changed.")
    message_id, said = latest
    return message_id, said if line.kind is Kind.REVOKE else words


def _move(line: Offer, phone: Phone) -> Said:
    to = moving.next_address(phone.writer, line.code)
    if to is None:
        raise NotPossible("This phone shows no number, so none can change. Its user id can.")
    words = f"{line.words}: {moving.shown(to, line.code)}"
    return Said(new_id(), words, clock.now(), line.kind, line.code, moved_to=to)
