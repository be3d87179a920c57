"""The people that a campaign names by their numbers: found, or created with no record."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from webapp.api.problems import Problem, unfit
from webapp.campaigns import named_people
from webapp.customers import identities
from webapp.customers.addresses import Address, MalformedId, address
from webapp.customers.erasure import suppressions
from webapp.customers.models import IdentityKind
from webapp.customers.phones import MalformedPhone

FIELD = "audience.phones"
MOST_PHONES = 20_000
SOURCE = "api"


def read(given: Any) -> list[Address]:
    """All are looked at before anything is written. Raises Problem 422, which names those that do not fit."""
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_PHONES:
        raise unfit(FIELD, f"This must be a list of 1 to {MOST_PHONES:,} phone numbers.")
    faults: dict[str, str] = {}
    found: list[Address] = []
    for number, raw in enumerate(given):
        try:
            found.append(_phone(raw))
        except (MalformedPhone, MalformedId) as fault:
            faults[f"{FIELD}[{number}]"] = str(fault)
    if faults:
        raise Problem(422, faults=faults)
    return found


def customers(places: Sequence[Address], now: datetime) -> list[int]:
    """The ids of the customers with these numbers, each once; who was erased is named by the empty record,
    which the gate leaves out. The caller commits. Raises suppressions.WrongKey."""
    wanted = {place.match_key: place for place in places}
    erased = suppressions.checked(places)
    known = erased | named_people.holders(wanted)
    return list(dict.fromkeys(known.get(key) or _created(place, now) for key, place in wanted.items()))


def _phone(raw: Any) -> Address:
    if not isinstance(raw, str):
        raise MalformedPhone("This must be a phone number as text.")
    return address(IdentityKind.PHONE, raw)


def _created(place: Address, now: datetime) -> int:
    return identities.create_with([place], source=SOURCE, now=now).id
