"""Tags and attributes of invented people: few tags that many carry, and values of all seven types. Pure."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from webapp.customers.models import AttributeType
from webapp.demo.people import Person, chances

TAGS = (
    "newsletter", "pix", "loja", "vip", "wholesale", "trial", "referral", "dormant", "atacado", "beta",
    "student", "pickup", "black friday", "événement 2026",
)  # fmt: skip
"""The most frequent first: the first is carried by half of the customers, the k-th by a k-th of that."""
MOST_FREQUENT = 0.5

ATTRIBUTES = {
    "city": AttributeType.TEXT,
    "company": AttributeType.TEXT,
    "language": AttributeType.TEXT,
    "plan": AttributeType.TEXT,
    "orders": AttributeType.NUMBER,
    "member": AttributeType.BOOLEAN,
    "vip since": AttributeType.DATE,
    "preferred time": AttributeType.TIME,
    "last order": AttributeType.DATETIME,
    "sizes": AttributeType.JSON,
}
PLANS, PLAN_WEIGHTS = ("Free", "Pro", "Team"), (6, 3, 1)
COMPANIES = (
    "Casa Lume Têxteis", "Hassan & Sons Trading", "Weber Großhandel GmbH", "Lagos Fabrics Ltd",
    "Distribuidora Sol Nascente de Produtos Artesanais", "深圳优选贸易", "Kyiv Crafts",
)  # fmt: skip
NO_ATTRIBUTES = 0.08


def tags(n: int) -> list[str]:
    rng = chances(n, "tags")
    return [tag for rank, tag in enumerate(TAGS, 1) if rng.random() < MOST_FREQUENT / rank]


def attributes(n: int, person: Person, created_at: datetime, now: datetime) -> dict[str, Any]:
    """Values as `customers.attributes.values.parse_value` gives them."""
    rng = chances(n, "attributes")
    if rng.random() < NO_ATTRIBUTES:
        return {}
    values: dict[str, Any] = {"city": person.city}
    for share, key, value in _possible(rng, person, created_at, now):
        if rng.random() < share:
            values[key] = value
    return values


def _possible(
    rng: Random, person: Person, created_at: datetime, now: datetime
) -> list[tuple[float, str, Any]]:
    ordered_at = created_at + rng.random() * (now - created_at)
    return [
        (0.1, "company", rng.choice(COMPANIES)),
        (0.4, "language", person.language),
        (0.8, "plan", rng.choices(PLANS, PLAN_WEIGHTS)[0]),
        (0.35, "orders", rng.randint(1, 40)),
        (0.2, "member", rng.random() < 0.7),
        (0.1, "vip since", _day(created_at + timedelta(days=rng.randint(0, 20)), now)),
        (0.07, "preferred time", f"{rng.randint(9, 19):02}:{rng.choice((0, 30)):02}:00"),
        (0.25, "last order", f"{ordered_at:%Y-%m-%dT%H:%M:00Z}"),
        (0.08, "sizes", {"shoe": rng.randint(35, 46), "shirt": rng.choice(("S", "M", "L", "XL"))}),
    ]


def _day(instant: datetime, now: datetime) -> str:
    return min(instant, now).date().isoformat()
