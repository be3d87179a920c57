"""One message becomes one item: who said it, when, and whether it can be a statement to us.

Source: Meta, webhooks reference for `messages`, `history` and `standby`.
"""

from dataclasses import dataclass, replace
from typing import Any

from webapp.whatsapp.webhook.content import (
    edited_content,
    emoji,
    hides_an_edit,
    interactive_type,
    shared_number,
    statement,
    tap,
    type_of,
    was_forwarded,
)
from webapp.whatsapp.webhook.envelope import Envelope, digits
from webapp.whatsapp.webhook.items import (
    Button,
    HiddenEdit,
    Item,
    NumberChange,
    Passive,
    Person,
    Reaction,
    Wordless,
    Words,
)
from webapp.whatsapp.webhook.reading import Malformed, digest, identifier, mapping, name

ECHO = "written by the business itself"

_IDENTITY_CHANGES = {"user_changed_number", "user_changed_user_id", "customer_changed_number"}


@dataclass(frozen=True)
class Message:
    """A message with the envelope that it came in."""

    raw: dict[str, Any]
    envelope: Envelope

    @property
    def person(self) -> Person:
        ids = (self.raw.get(key) for key in ("from", "from_user_id", "from_parent_user_id"))
        return self.envelope.contacts.person(*ids)

    @property
    def in_reply_to(self) -> str | None:
        context = self.raw.get("context")
        return identifier(context.get("id")) if isinstance(context, dict) else None

    @property
    def in_group(self) -> bool:
        return self.raw.get("group_id") not in (None, "")

    @property
    def is_ours(self) -> bool:
        """Whether the business wrote it: it names a recipient, or comes from the business number."""
        addressed = any(identifier(self.raw.get(key)) for key in ("to", "to_user_id"))
        sender = digits(self.raw.get("from"))
        return addressed or (sender != "" and sender == self.envelope.own_number)

    def identity(self, family: str, kind: str) -> dict[str, Any]:
        """Where it came from, its ids and time. Without an id the content itself is the key."""
        message_id = identifier(self.raw.get("id"))
        known_as = message_id or f"sha256:{digest(self.envelope.phone_number_id, self.raw)}"
        return {
            **self.envelope.origin(),
            "key": f"{family}:{known_as}",
            "kind": kind,
            "raw": self.raw,
            "message_id": message_id,
            "occurred_at": self.envelope.moment(self.raw.get("timestamp")),
        }


def read_message(piece: object, envelope: Envelope) -> list[Item]:
    """The item that a live message is. Raises Malformed."""
    message = Message(mapping(piece, "a message that is not an object"), envelope)
    if type_of(message.raw) == "system":
        return [_system(message)]
    _demand_sender(message)
    if message.in_group:
        return [_passive(message, "group")]
    return [_button(message) or _reaction(message) or _words(message) or _wordless(message)]


def read_past_message(piece: object, envelope: Envelope) -> list[Item]:
    """The item that a message of the history is; unread if the business wrote it. Raises Malformed."""
    message = Message(mapping(piece, "a message that is not an object"), envelope)
    if message.is_ours:
        return read_echo(piece, envelope)
    _demand_sender(message)
    return [_passive(message, "history")]


def read_echo(piece: object, envelope: Envelope) -> list[Item]:
    """What was typed in the Business app, or by Meta's agent: never the customer's words."""
    return [envelope.unread(piece, ECHO, malformed=False)]


def _demand_sender(message: Message) -> None:
    if not message.person.known:
        raise Malformed("a message without a sender")


def _passive(message: Message, channel: str) -> Passive:
    """Has a key of its own: a copy in the history must not make the live message look like a repeat."""
    tapped, said = tap(message.raw), statement(message.raw)
    words = tapped.label if tapped else said and said.text
    identity = message.identity(channel, type_of(message.raw))
    return Passive(**identity, person=message.person, text=words, channel=channel)


def _button(message: Message) -> Button | None:
    tapped = tap(message.raw)
    return tapped and Button(
        **message.identity("message", interactive_type(message.raw) or type_of(message.raw)),
        person=message.person,
        machine_id=tapped.machine_id,
        label=tapped.label,
        in_reply_to=message.in_reply_to,
    )


def _reaction(message: Message) -> Reaction | None:
    if type_of(message.raw) != "reaction":
        return None
    return Reaction(
        **message.identity("message", "reaction"), person=message.person, emoji=emoji(message.raw)
    )


def _words(message: Message) -> Words | None:
    said = statement(message.raw)
    edited = said and said.channel == "edit"
    return said and Words(
        **(_edit(message) if edited else message.identity("message", type_of(message.raw))),
        person=message.person,
        text=said.text,
        channel="standby" if message.envelope.field == "standby" else said.channel,
        forwarded=_forwarded(message.raw),
        in_reply_to=message.in_reply_to,
        from_advertisement=isinstance(message.raw.get("referral"), dict),
    )


def _edit(message: Message) -> dict[str, Any]:
    """Has a key of its own: it is a new statement, even if it came under the id of the old one, or of an edit
    before it."""
    identity = message.identity("edit", "edit")
    told_by = digest(str(message.raw.get("timestamp")), message.raw["edit"])
    return {**identity, "key": f"{identity['key']}:{told_by[:16]}"}


def _wordless(message: Message) -> Wordless:
    """Has a key of its own: what came as "unsupported" may come again with its words."""
    kind = HiddenEdit if hides_an_edit(message.raw) else Wordless
    return kind(
        **message.identity("wordless", _wordless_kind(message.raw)), person=_with_shared_number(message)
    )


def _with_shared_number(message: Message) -> Person:
    """Somebody who hid the number and shares it now is known by both."""
    if message.person.wa_id or was_forwarded(message.raw):
        return message.person
    return replace(message.person, wa_id=shared_number(message.raw))


def _wordless_kind(raw: dict[str, Any]) -> str:
    """The type, told apart where it matters to people: a voice note may be a request."""
    audio = raw.get("audio")
    if type_of(raw) == "audio" and isinstance(audio, dict) and audio.get("voice") is True:
        return "voice"
    return interactive_type(raw) or type_of(raw)


def _forwarded(raw: dict[str, Any]) -> bool:
    return was_forwarded(raw) or (type_of(raw) == "edit" and was_forwarded(edited_content(raw)))


def _system(message: Message) -> Item:
    """A change of identity, or another notice of WhatsApp's about the person. No contacts come with it."""
    system = mapping(message.raw.get("system"), "a system message without its content")
    kind = name(system.get("type")) or "system"
    if kind in _IDENTITY_CHANGES:
        return _number_change(message, system, kind)
    _demand_sender(message)
    return Wordless(**message.identity("wordless", kind), person=message.person)


def _number_change(message: Message, system: dict[str, Any], kind: str) -> NumberChange:
    """`customer` and `new_wa_id` are the older spelling of the same notice."""
    sender = message.person
    old = Person(
        wa_id=sender.wa_id or identifier(system.get("customer")),
        user_id=identifier(system.get("previous_user_id")) or sender.user_id,
        parent_user_id=identifier(system.get("previous_parent_user_id")) or sender.parent_user_id,
    )
    new = Person(
        wa_id=identifier(system.get("new_wa_id")) or identifier(system.get("wa_id")),
        user_id=identifier(system.get("user_id")),
        parent_user_id=identifier(system.get("parent_user_id")),
    )
    if not (old.known and new.known):
        raise Malformed("a change of identity without the old or the new one")
    return NumberChange(**message.identity("message", kind), old=old, new=new)
