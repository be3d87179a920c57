"""Messages that were kept raw, read again: as items, and as what given keywords make of them."""

import json
from dataclasses import replace

from webapp.consent import keywords
from webapp.consent.keywords import Decision, KeywordSet, Reading
from webapp.consent.readings import NOTHING
from webapp.whatsapp.models import InboundMessage
from webapp.whatsapp.webhook import payloads
from webapp.whatsapp.webhook.envelope import Envelope
from webapp.whatsapp.webhook.messages import read_message, read_past_message
from webapp.whatsapp.webhook.payloads import Item

EMPTIED = b""
"""Stands in the place of a message whose text was kept long enough."""
LIVE, PAST = ("message:", "edit:", "group:"), "history:"
Spoken = payloads.Words | payloads.Button | payloads.Reaction | payloads.Passive


def spoken(message: InboundMessage) -> Spoken | None:
    """What somebody said in a stored message; None for everything else, and when its text is gone.

    People are known by the ids in the message itself; the contacts that came beside it were not kept.
    """
    if not message.key.startswith((*LIVE, PAST)):
        return None
    read = read_past_message if message.key.startswith(PAST) else read_message
    envelope = Envelope(
        received_at=message.received_at, field=message.field, phone_number_id=message.phone_number_id
    )
    try:
        [item] = read(json.loads(message.raw), envelope)
    except ValueError:  # what is malformed, no JSON, or emptied
        return None
    return replace(item, key=message.key) if isinstance(item, Spoken) else None


def text_of(item: Spoken) -> str:
    """The words, label or emoji that were said."""
    match item:
        case payloads.Button():
            return item.label or item.machine_id or ""
        case payloads.Reaction():
            return item.emoji
        case _:
            return item.text or ""


def reading(item: Item, words: KeywordSet | None) -> Reading:
    """What `words` make of it; None when the keywords are off. Nothing is done by it."""
    match item:
        case payloads.Words():
            return NOTHING if item.forwarded or words is None else _of_words(item, words)
        case payloads.Passive():
            return keywords.read_history(item.text, words) if item.text and words else NOTHING
        case payloads.Button():
            return keywords.read_button(item.machine_id or "", item.label)
        case payloads.Reaction():
            return keywords.read_reaction(item.emoji)
        case _:
            return NOTHING


def _of_words(item: payloads.Words, words: KeywordSet) -> Reading:
    """The first message after a tap on an advertisement is no opt-in: its words are the advertiser's."""
    read = keywords.read_text(item.text, words)
    return NOTHING if item.from_advertisement and read.decision is Decision.OPT_IN else read
