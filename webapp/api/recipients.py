"""The recipients that a sender asks about: by which addresses each of them may be known."""

from dataclasses import dataclass
from typing import Any

from webapp.api import bodies
from webapp.api.problems import unfit
from webapp.customers.addresses import Address, MalformedId, address
from webapp.customers.models import IdentityKind
from webapp.customers.phones import MalformedPhone

KINDS = {
    "phone": IdentityKind.PHONE,
    "wa_id": IdentityKind.WA_ID,
    "user_id": IdentityKind.USER_ID,
}
MOST_RECIPIENTS = 10_000


@dataclass(frozen=True)
class Recipient:
    """One person as the sender names them. Without any address nobody can be reached by it."""

    given: Any
    addresses: tuple[Address, ...]


def read(body: dict[str, Any]) -> list[Recipient]:
    """In the order asked.

    A value that cannot be a number or id spoils only its own recipient, for it is a fault of the sender's
    records. A recipient of a wrong type is a fault of the program: Problem 422 names it.
    """
    given = bodies.required(body, "recipients", list)
    if len(given) > MOST_RECIPIENTS:
        raise unfit("recipients", f"At most {MOST_RECIPIENTS:,} at once.")
    return [Recipient(one, _addresses(f"recipients[{n}]", one)) for n, one in enumerate(given)]


def _addresses(field: str, given: Any) -> tuple[Address, ...]:
    named = {"phone": given} if given is None or isinstance(given, str) else given
    if not isinstance(named, dict) or not named or not named.keys() <= KINDS.keys():
        raise unfit(field, f"This must be a phone number as text, or an object with {' or '.join(KINDS)}.")
    for name, value in named.items():
        if value is not None and not isinstance(value, str):
            raise unfit(f"{field}.{name}", "This must be text.")
    try:
        return tuple(address(KINDS[name], value) for name, value in named.items() if value)
    except (MalformedPhone, MalformedId):
        return ()
