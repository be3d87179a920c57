"""What a message says, whoever said it and wherever: its words, or the button that was tapped.

Source: Meta, webhooks reference for `messages`.
"""

from dataclasses import dataclass
from typing import Any

from webapp.whatsapp.webhook.reading import Malformed, identifier, mapping, name, text, text_or_none

_CAPTIONED = {"image", "video", "document"}
_REPLIES = {"button_reply", "list_reply"}


@dataclass(frozen=True)
class Statement:
    """Words, and where in the message they stood: "text", "caption" or "edit"."""

    channel: str
    text: str


@dataclass(frozen=True)
class Tap:
    """A button: its code, and the label that was seen."""

    machine_id: str | None
    label: str


def type_of(content: dict[str, Any]) -> str:
    """The type of a message, which tells the key of its content."""
    kind = name(content.get("type"))
    if kind is None:
        raise Malformed("a message without a type")
    return kind


def statement(content: dict[str, Any]) -> Statement | None:
    """The words in a message, or None for a kind that has none. A file's name is no statement."""
    kind = type_of(content)
    if kind == "text":
        body = mapping(content.get("text"), "a text message without its text").get("body")
        return Statement("text", text(body, "a text message without its text"))
    if kind in _CAPTIONED:
        return _caption(content, kind)
    return _edited(content) if kind == "edit" else None


def tap(content: dict[str, Any]) -> Tap | None:
    """The button that was tapped, or None for a message that is no tap."""
    kind = type_of(content)
    if kind == "button":
        button = mapping(content.get("button"), "a button message without its button")
        return _tap(button.get("payload"), button.get("text"))
    if kind == "interactive" and (reply := interactive_type(content)) in _REPLIES:
        row = mapping(content["interactive"].get(reply), f"a {reply} without its content")
        return _tap(row.get("id"), row.get("title"))
    return None


def interactive_type(content: dict[str, Any]) -> str | None:
    """The kind of an interactive message; WhatsApp sends some without any content."""
    interactive = content.get("interactive")
    return name(interactive.get("type")) if isinstance(interactive, dict) else None


def emoji(content: dict[str, Any]) -> str:
    """The emoji of a reaction; "" when it was taken back (the key is then empty or missing)."""
    reaction = mapping(content.get("reaction"), "a reaction without its content")
    return text(reaction.get("emoji") or "", "a reaction whose emoji is not a text")


def was_forwarded(content: dict[str, Any]) -> bool:
    """Whether the words were passed on from somebody else, also when the message is an edit."""
    context = content.get("context")
    marks = ("forwarded", "frequently_forwarded")
    return isinstance(context, dict) and any(context.get(mark) is True for mark in marks)


def edited_content(content: dict[str, Any]) -> dict[str, Any]:
    """The message as it reads after an edit."""
    edit = mapping(content.get("edit"), "an edit without its content")
    return mapping(edit.get("message"), "an edit without its message")


def hides_an_edit(content: dict[str, Any]) -> bool:
    """Whether it says only that an earlier message was changed: so it comes without Coexistence."""
    told = content.get("unsupported")
    return type_of(content) == "unsupported" and isinstance(told, dict) and told.get("type") == "edit"


def shared_number(content: dict[str, Any]) -> str | None:
    """The sender's own WhatsApp id, in the answer to a request for it. Any other card is about somebody else.

    Source: Meta, business-scoped user ids ("request contact info").
    """
    cards = content.get("contacts") if type_of(content) == "contacts" else None
    answers = [card for card in cards if _is_an_answer(card)] if isinstance(cards, list) else []
    phones = answers[0].get("phones") if len(answers) == 1 else None
    given = [phone.get("wa_id") for phone in phones if isinstance(phone, dict)] if phones else []
    return next(filter(None, map(identifier, given)), None)


def _is_an_answer(card: object) -> bool:
    return (
        isinstance(card, dict)
        and card.get("origin") == "contact_request"
        and isinstance(card.get("phones"), list)
    )


def _caption(content: dict[str, Any], kind: str) -> Statement | None:
    caption = mapping(content.get(kind), "a media message without its media").get("caption")
    if caption is None or caption == "":
        return None
    return Statement("caption", text(caption, "a media message whose caption is not a text"))


def _edited(content: dict[str, Any]) -> Statement | None:
    said = statement(edited_content(content))
    return said and Statement("edit", said.text)


def _tap(machine_id: object, label: object) -> Tap:
    if not text_or_none(machine_id) and not text_or_none(label):
        raise Malformed("a button without code and label")
    return Tap(text_or_none(machine_id), text_or_none(label) or "")
