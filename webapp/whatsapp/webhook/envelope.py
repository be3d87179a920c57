"""What surrounds the items of a delivery: account, number, field, and the people who are named beside them.

Source: Meta, webhook overview and the business-scoped user ids page.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.whatsapp.webhook.items import Person, Unread
from webapp.whatsapp.webhook.reading import clean, digest, identifier, moment, text_or_none


class Contacts:
    """The `contacts` of a change, found by id: their order says nothing, and they are often missing."""

    def __init__(self, listed: object = None) -> None:
        self._by_id: dict[tuple[str, str], dict[str, Any]] = {}
        for contact in listed if isinstance(listed, list) else []:
            if isinstance(contact, dict):
                self._file(contact)

    def person(self, wa_id: object, user_id: object, parent_user_id: object = None) -> Person:
        """The person with these ids, completed from the contact who has the same ones."""
        wa_id, user_id = identifier(wa_id), identifier(user_id)
        contact = self._find(wa_id, user_id)
        profile = contact.get("profile")
        profile = profile if isinstance(profile, dict) else {}
        return Person(
            wa_id=wa_id or identifier(contact.get("wa_id")),
            user_id=user_id or identifier(contact.get("user_id")),
            parent_user_id=identifier(parent_user_id) or identifier(contact.get("parent_user_id")),
            name=text_or_none(profile.get("name")),
            username=text_or_none(profile.get("username")),
        )

    def beside(self, piece: object) -> list[dict[str, Any]]:
        """The contacts with an id that stands in the piece."""
        ids = [each for each in piece.values() if isinstance(each, str)] if isinstance(piece, dict) else []
        found = (self._by_id.get((kind, each)) for each in ids for kind in ("wa_id", "user_id"))
        return [contact for contact in found if contact]

    def _file(self, contact: dict[str, Any]) -> None:
        for kind in ("wa_id", "user_id"):
            if value := identifier(contact.get(kind)):
                self._by_id.setdefault((kind, value), contact)

    def _find(self, wa_id: str | None, user_id: str | None) -> dict[str, Any]:
        wanted = {"wa_id": wa_id, "user_id": user_id}
        for kind, value in wanted.items():
            contact = self._by_id.get((kind, value)) if value else None
            if contact and not _contradicts(contact, wanted):
                return contact
        return {}


NO_CONTACTS = Contacts()


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Everything about a piece that does not stand in the piece. Grows from body to entry to change."""

    received_at: datetime
    account_id: str | None = None
    time: object = None
    field: str = ""
    phone_number_id: str | None = None
    own_number: str = ""
    contacts: Contacts = NO_CONTACTS

    def moment(self, value: object) -> datetime:
        """The time that a `timestamp` of this delivery names."""
        return moment(value, self.received_at)

    def origin(self) -> dict[str, str | None]:
        """The fields of an item that tell where it came from."""
        return {
            "field": self.field,
            "account_id": self.account_id,
            "phone_number_id": self.phone_number_id,
        }

    def unread(self, piece: object, reason: str, *, malformed: bool = True) -> Unread:
        """`piece` kept as it is. The time of the entry belongs to its key: a template is paused twice."""
        return Unread(
            **self.origin(),
            key=f"unread:{digest(self.account_id, self.time, self.field, piece)}",
            kind="unread",
            raw=piece if isinstance(piece, dict) else {"piece": piece},
            reason=clean(reason),
            malformed=malformed,
            around=self._around(piece) if malformed else None,
        )

    def _around(self, piece: object) -> dict[str, Any]:
        contacts = self.contacts.beside(piece)
        return {"time": self.time, "own_number": self.own_number, "contacts": contacts}


def digits(value: object) -> str:
    """The digits of a number that is written for people, such as +1 202 555 0142."""
    return re.sub(r"\D", "", value) if isinstance(value, str) else ""


def _contradicts(contact: dict[str, Any], wanted: dict[str, str | None]) -> bool:
    found = {kind: identifier(contact.get(kind)) for kind in wanted}
    return any(found[kind] and value and found[kind] != value for kind, value in wanted.items())
