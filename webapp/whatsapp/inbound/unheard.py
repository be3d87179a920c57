"""Answers to marketing in which no words can be read here: a person is asked to listen. Nothing is paused."""

from datetime import datetime

from webapp.campaigns import last_messages
from webapp.consent import holds
from webapp.consent.rules import ReviewKind
from webapp.whatsapp.inbound.senders import Sender
from webapp.whatsapp.webhook.payloads import Preference, Wordless, clean

HEARD = {
    "voice": "is a voice note",
    "audio": "is a sound file",
    "image": "is a picture without a caption",
    "video": "is a video without a caption",
    "document": "is a document without a caption",
    "sticker": "is a sticker",
    "unsupported": "is of a kind that WhatsApp does not pass on",
}
"""Kinds in which somebody may have said something; a place, a card or an order answers something else."""


def ask_to_listen(item: Wordless, who: Sender, now: datetime) -> bool:
    """Whether somebody is asked to listen to it: after a marketing message of the last days."""
    people = [customer.id for customer in who.alike]
    if item.kind not in HEARD or not last_messages.answers_marketing(people, item.occurred_at):
        return False
    holds.ask(
        who.customer, ReviewKind.LISTEN, words="", matched=item.kind, why=HEARD[item.kind],
        at=item.occurred_at, now=now,
    )  # fmt: skip
    return True


def ask_to_record(item: Preference, who: Sender, now: datetime) -> None:
    """Somebody went through our signup in WhatsApp: a person records it, with its id as evidence.

    Source: Meta, in-app signup. The value is not in Meta's reference of user_preferences, hence the person.
    """
    signup = clean(item.signup_id or "")
    words = f"Signed up in WhatsApp, signup {signup}" if signup else "Signed up in WhatsApp"
    holds.ask(
        who.customer, ReviewKind.SIGNUP, words=words, matched=signup, why="is a signup in WhatsApp",
        at=item.occurred_at, now=now,
    )  # fmt: skip
