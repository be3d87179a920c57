"""Invented people: the same number always gives the same person. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from webapp.demo.places import PLACES, Place

MOST = 1_000_000
"""Beyond this, numbers would repeat."""
STRIDE = 7_654_321
"""Shares no factor with ten: multiplying by it visits all numbers of some digits, in no visible order."""
LONG_NAMES, NO_NAME = 0.02, 0.03


@dataclass(frozen=True)
class Person:
    name: str
    """Empty for some: not everybody who writes has told a name."""
    phone: str
    city: str
    language: str
    consent: str
    """What the box beside the sign-up form says in this person's language."""


def person(n: int) -> Person:
    """The person with this number, from 0 below `MOST`; no two have the same phone."""
    rng = chances(n, "person")
    place = rng.choices(PLACES, [place.weight for place in PLACES])[0]
    return Person(
        name=_name(place, rng),
        phone=f"+{rng.choice(place.prefixes)}{_subscriber(n, place.digits)}",
        city=_favoured(place.cities, rng),
        language=place.language,
        consent=place.consent,
    )


def chances(n: int, about: str) -> Random:
    """The dice of person `n` for one subject, the same on every machine."""
    return Random(f"heed demo {about} {n}")


def _name(place: Place, rng: Random) -> str:
    if rng.random() < NO_NAME:
        return ""
    given, family = rng.choice(place.given), rng.choice(place.family)
    if rng.random() < LONG_NAMES and place.joint:
        given, family = f"{given} {rng.choice(place.given)}", f"{family} {rng.choice(place.family)}"
    return place.joint.join((family, given) if place.family_first else (given, family))


def _subscriber(n: int, digits: int) -> str:
    size = 10**digits
    return str((n + 1) * STRIDE % size).zfill(digits)


def _favoured(choices: Sequence[str], rng: Random) -> str:
    """The earlier ones more often."""
    return rng.choices(choices, [1 / rank for rank in range(1, len(choices) + 1)])[0]
