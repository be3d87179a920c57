"""The items that are no messages: what became of ours, WhatsApp's own preferences, a renewed user id.

Source: Meta, webhooks reference for `messages` (statuses) and `user_preferences`.
"""

from typing import Any

from webapp.whatsapp.webhook.envelope import Envelope
from webapp.whatsapp.webhook.items import Item, NumberChange, Person, Preference, Status
from webapp.whatsapp.webhook.reading import Malformed, digest, identifier, mapping, name, text_or_none

# "User has stopped marketing messages": the one code that changes what we may send.
USER_STOPPED_MARKETING = 131050


def read_status(piece: object, envelope: Envelope) -> list[Item]:
    """The status of a message that we sent. Raises Malformed."""
    raw = mapping(piece, "a status that is not an object")
    status = name(raw.get("status"))
    if status is None:
        raise Malformed("a status without its word")
    message_id = identifier(raw.get("id"))
    known_as = f"{message_id}:{status}" if message_id else f"sha256:{digest(envelope.phone_number_id, raw)}"
    return [
        Status(
            **envelope.origin(),
            key=f"status:{known_as}",
            kind="status",
            raw=raw,
            person=_recipient(raw, envelope),
            message_id=message_id,
            status=status,
            error_code=_error_code(raw.get("errors")),
            occurred_at=envelope.moment(raw.get("timestamp")),
            callback=text_or_none(raw.get("biz_opaque_callback_data")),
        )
    ]


def read_preference(piece: object, envelope: Envelope) -> list[Item]:
    """A tap on WhatsApp's own "Offers and announcements". Raises Malformed.

    It has no id, so all that it says is its key.
    """
    raw = mapping(piece, "a preference that is not an object")
    ids = [raw.get(key) for key in ("wa_id", "user_id", "parent_user_id")]
    person = envelope.contacts.person(*ids)
    value, category = name(raw.get("value")), name(raw.get("category"))
    if not person.known:
        raise Malformed("a preference without a person")
    if value is None:
        raise Malformed("a preference without a value")
    told_by = digest(envelope.phone_number_id, *ids[:2], category, value, str(raw.get("timestamp")))
    return [
        Preference(
            **envelope.origin(),
            key=f"preference:{told_by}",
            kind="user_preferences",
            raw=raw,
            person=person,
            value=value,
            category=category,
            occurred_at=envelope.moment(raw.get("timestamp")),
            signup_id=_signup_id(raw.get("signup_id")),
        )
    ]


def read_user_id_update(piece: object, envelope: Envelope) -> list[Item]:
    """A renewed business-scoped id. Meta withdrew this field in 2026; it is read should it still come."""
    raw = mapping(piece, "an id update that is not an object")
    old, new = _version(raw, "previous"), _version(raw, "current")
    if not (old.user_id or old.parent_user_id) or not (new.user_id or new.parent_user_id):
        raise Malformed("an id update without the old or the new id")
    return [
        NumberChange(
            **envelope.origin(),
            key=f"identity:{digest(envelope.phone_number_id, raw)}",
            kind="user_id_update",
            raw=raw,
            old=old,
            new=new,
            message_id=None,
            occurred_at=envelope.moment(raw.get("timestamp")),
        )
    ]


def _signup_id(value: object) -> str | None:
    """An id that is a number counts as its digits."""
    number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30
    return str(value) if number else identifier(value)


def _recipient(raw: dict[str, Any], envelope: Envelope) -> Person:
    """In a group `recipient_id` is the group, and the person is the participant."""
    who = "recipient_participant" if raw.get("recipient_type") == "group" else "recipient"
    ids = (raw.get(f"{who}_{kind}") for kind in ("id", "user_id", "parent_user_id"))
    return envelope.contacts.person(*ids)


def _error_code(errors: object) -> int | None:
    codes = [_code(error) for error in errors] if isinstance(errors, list) else []
    codes = [code for code in codes if code is not None]
    if USER_STOPPED_MARKETING in codes:
        return USER_STOPPED_MARKETING
    return codes[0] if codes else None


def _code(error: object) -> int | None:
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, str) and code.isascii() and code.isdecimal() and len(code) < 10:
        return int(code)
    small = isinstance(code, int) and not isinstance(code, bool) and abs(code) < 10**9
    return code if small else None


def _version(raw: dict[str, Any], which: str) -> Person:
    user, parent = raw.get("user_id"), raw.get("parent_user_id")
    return Person(
        wa_id=identifier(raw.get("wa_id")),
        user_id=identifier(user.get(which)) if isinstance(user, dict) else None,
        parent_user_id=identifier(parent.get(which)) if isinstance(parent, dict) else None,
    )
