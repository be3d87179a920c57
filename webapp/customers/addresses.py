"""The ways to name a person at WhatsApp, checked and made comparable."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from webapp.customers import phones
from webapp.customers.models import IdentityKind
from webapp.customers.phones import MalformedPhone
from webapp.customers.text import has_controls

LONGEST_WA_ID = 20
LONGEST_USER_ID = 150


class MalformedId(ValueError):
    """This cannot be a WhatsApp id; the message is a sentence that says why."""


@dataclass(slots=True, unsafe_hash=True)
class Address:
    """One identity as it is kept; all variants of one number share their `match_key`. Nobody changes one: it
    is not frozen, because that would take three times as long to make."""

    kind: IdentityKind
    value: str
    match_key: str
    warning: str = field(default="", compare=False)
    """A sentence when a number is possible but in doubt."""
    display: str = field(default="", compare=False)
    """How people read a number that somebody gave; empty for one that was on record."""


def address(kind: IdentityKind, raw: str, default_country: str | None = None) -> Address:
    """Raises MalformedPhone or MalformedId.

    A number is checked; a WhatsApp id is kept as it comes, for it may differ from the number by digits that
    only the platform knows (Brazil, Mexico, Argentina).
    """
    if kind == IdentityKind.PHONE:
        phone = phones.parse_phone(raw, default_country)
        return Address(kind, phone.e164_digits, phone.match_key, phone.warning, phone.display)
    if kind == IdentityKind.WA_ID:
        wa_id = _wa_id(raw)
        return Address(kind, wa_id, phones.match_key(wa_id))
    return Address(kind, user_id := _user_id(raw), user_id)


def addresses(
    *,
    phone: str | None = None,
    wa_id: str | None = None,
    user_id: str | None = None,
    parent_user_id: str | None = None,
    default_country: str | None = None,
) -> list[Address]:
    """What is known of a person; empty texts are nothing. Raises MalformedPhone or MalformedId."""
    given = zip(IdentityKind, (phone, wa_id, user_id, parent_user_id), strict=True)
    return [address(kind, raw, default_country) for kind, raw in given if raw and raw.strip()]


def number_keys(raw: str, default_country: str | None = None) -> set[str]:
    """The match keys that a number in any writing may have: of a phone number, and of a WhatsApp id."""
    return set(_number_keys(raw, default_country))


def _number_keys(raw: str, default_country: str | None) -> Iterator[str]:
    if digits := phones.digits(raw).lstrip("0"):  # the prefixes for dialling are zeros
        yield phones.match_key(digits)
    try:
        yield address(IdentityKind.PHONE, raw, default_country).match_key
    except MalformedPhone:
        return


def _wa_id(raw: str) -> str:
    wa_id = raw.strip().removeprefix("+")
    if not (wa_id.isascii() and wa_id.isdigit() and len(wa_id) <= LONGEST_WA_ID):
        raise MalformedId(f"A WhatsApp id is made of digits, {LONGEST_WA_ID} at most.")
    return wa_id


def _user_id(raw: str) -> str:
    user_id = raw.strip()
    if not 1 <= len(user_id) <= LONGEST_USER_ID or has_controls(user_id) or " " in user_id:
        raise MalformedId(f"A WhatsApp user id has 1 to {LONGEST_USER_ID} signs and no spaces.")
    return user_id
