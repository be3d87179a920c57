"""What somebody can do on a phone, and what the menu beside the text field offers of it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from webapp.whatsapp.invented import BUSINESS_NUMBER


class Kind(StrEnum):
    TEXT = "text"
    BUTTON = "button"
    LIST_ROW = "list_row"
    REPLY_BUTTON = "reply_button"
    PHOTO = "photo"
    EDIT = "edit"
    REVOKE = "revoke"
    REACTION = "reaction"
    VOICE = "voice"
    STICKER = "sticker"
    CARD = "card"
    SHARE = "share"
    FORWARD = "forward"
    GROUP = "group"
    STANDBY = "standby"
    HISTORY = "history"
    PREFERENCE = "preference"
    MOVE = "move"

    @property
    def mark(self) -> tuple[str, str]:
        """(icon, words) that stand above it in the chat; ("", "") for a plain text."""
        return MARKS.get(self, ("", ""))

    @property
    def beside_the_chat(self) -> bool:
        """It is no message, but something that happened to the chat."""
        return self in (Kind.PREFERENCE, Kind.MOVE)


MARKS = {
    Kind.BUTTON: ("reply", "Tapped"),
    Kind.LIST_ROW: ("list", "Chosen from a list"),
    Kind.REPLY_BUTTON: ("reply", "Tapped"),
    Kind.PHOTO: ("eye", "Photo"),
    Kind.EDIT: ("pencil", "Edited"),
    Kind.REVOKE: ("trash-2", "Deleted"),
    Kind.REACTION: ("message-circle", "Reaction"),
    Kind.VOICE: ("megaphone", "Voice note"),
    Kind.STICKER: ("message-square", "Sticker"),
    Kind.CARD: ("user-plus", "Contact card"),
    Kind.SHARE: ("phone", "Shared the own number"),
    Kind.FORWARD: ("arrow-right", "Forwarded"),
    Kind.GROUP: ("users", "In a group"),
    Kind.STANDBY: ("circle-pause", "While Meta’s agent holds the chat"),
    Kind.HISTORY: ("clock", "Two months ago"),
}


@dataclass(frozen=True)
class Business:
    """The number that the messages go to."""

    account_id: str
    phone_number_id: str
    number: str = BUSINESS_NUMBER


@dataclass(frozen=True)
class Writer:
    """Whose phone it is. Without `wa_id` the person hides the number and is known by the user id only."""

    name: str
    wa_id: str | None
    user_id: str
    username: str | None = None


@dataclass(frozen=True)
class Said:
    """What was done. `words` are what was typed, or seen on what was tapped.

    `code` was set at sending for a button or row, and is "stop" or "resume" for the setting; `detail` is the
    second line of a row. `about` is the id of the message that is answered, edited, deleted or reacted to.
    `moved_to` is who the writer is from now on.
    """

    message_id: str
    words: str
    at: datetime
    kind: Kind = Kind.TEXT
    code: str = ""
    detail: str = ""
    about: str = ""
    moved_to: Writer | None = None


@dataclass(frozen=True)
class Offer:
    """One line of the menu. Without `words` it takes those that were typed."""

    label: str
    kind: Kind
    words: str = ""
    code: str = ""
    detail: str = ""


OFFERS: dict[str, dict[str, Offer]] = {
    "With the words you typed": {
        "photo": Offer("Photo with this caption", Kind.PHOTO),
        "edit": Offer("Edit the last message to this", Kind.EDIT),
        "forward": Offer("Forward this from somebody else", Kind.FORWARD),
        "group": Offer("Say this in a group", Kind.GROUP),
        "standby": Offer("Say this while Meta’s agent holds the chat", Kind.STANDBY),
        "history": Offer("This was said two months ago", Kind.HISTORY),
    },
    "Answer to a list": {
        "list-stop": Offer("STOP", Kind.LIST_ROW, "STOP", "OPT_OUT:list", "No more offers"),
        "list-orders": Offer(
            "Only order updates", Kind.LIST_ROW, "Only order updates", "consent:scope:orders_only",
            "No offers or news",
        ),
        "list-agent": Offer("Talk to us", Kind.LIST_ROW, "Talk to us", "help:agent", "Monday to Friday"),
    },
    "Answer to buttons": {
        "reply-yes": Offer("START", Kind.REPLY_BUTTON, "START", "OPT_IN:reply"),
        "reply-stop": Offer("Unsubscribe", Kind.REPLY_BUTTON, "Unsubscribe", "OPT_OUT:reply"),
    },
    "Without words": {
        "voice": Offer("Voice note", Kind.VOICE, "0:04"),
        "sticker": Offer("Sticker", Kind.STICKER, "A waving cat"),
        "react-down": Offer("React with 👎", Kind.REACTION, "👎"),
        "react-stop": Offer("React with 🛑", Kind.REACTION, "🛑"),
        "revoke": Offer("Delete the last message", Kind.REVOKE, "A message"),
        "card": Offer("Contact card of a friend", Kind.CARD, "Lena Freund"),
        "share": Offer("Share my number when asked", Kind.SHARE, "My number"),
    },
    "WhatsApp’s own settings": {
        "offers-stop": Offer("Stop offers and announcements", Kind.PREFERENCE,
                             "Offers and announcements stopped", "stop"),
        "offers-resume": Offer("Resume offers and announcements", Kind.PREFERENCE,
                               "Offers and announcements resumed", "resume"),
        "change-number": Offer("Change my number", Kind.MOVE, "The number changed", "user_changed_number"),
        "change-user-id": Offer("Change my user id", Kind.MOVE, "The user id changed",
                                "user_changed_user_id"),
    },
}  # fmt: skip
"""What the menu offers, by the key that a form sends, under the heading of its group."""


def offer(key: str) -> Offer | None:
    return next((group[key] for group in OFFERS.values() if key in group), None)
