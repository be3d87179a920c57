"""Who is on a generated desk: names of several scripts, numbers of 20 countries, tags, attributes, a history.

Pure: the same seed gives the same people.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from webapp.consent.ledger import Proof
from webapp.customers.models import AttributeType
from webapp.customers.search import fold

TAGS = 200
TAG_NAMES = [f"tag-{number:03}" for number in range(1, TAGS + 1)]
"""The commonest first: the nth is n times as rare as the first."""
SELDOM_MET = (2, 3)
"""Two common tags that hardly anybody has both of: the worst that a filter can ask for."""
BOTH_OF = 1000
RARE_EVERY = 5000
"""One in so many has the name and the city that nobody else has."""
RARE_NAME, RARE_CITY = "Xóchitl Ñandú", "Nuuk"
UNNAMED, WITH_EMOJI = 0.02, 0.01
OLDEST, YOUNGEST = timedelta(days=730), timedelta(hours=6)
HELD_AT_MOST = timedelta(days=5)

Names = tuple[list[str], list[str]]


def _names(first: str, last: str) -> Names:
    return first.split(), last.split()


_LATIN = _names(
    "Maria José Kwame Anna Łukasz Zoë Omar Carlos Ngozi Sofia Marta Lucía Jürgen Aïcha Søren Mark",
    "Silva Mensah García Müller Nowak Çelik Smith Dubois Okafor Jansen Costa Marín Ødegård Khan",
)
_CYRILLIC = _names("Иван Мария Ольга Семён Анна Юрий", "Петров Иванова Ковальчук Зайцев")
_ARABIC = _names("محمد فاطمة أحمد مريم خالد", "حسن علي المصري إبراهيم")
_DEVANAGARI = _names("प्रिया राहुल अनिता विक्रम मीरा", "शर्मा कुमार पटेल सिंह")
_HAN = _names("伟 芳 秀英 敏 静", "王 李 张 刘")
_JAPANESE = _names("さくら 結衣 健太 陽子 ゆき", "田中 佐藤 鈴木 高橋")
_EMOJI = ["🎉", "🌸", "🔥", "💚", "👩‍🍳"]

COUNTRIES = {
    "551199": _LATIN, "52551": _LATIN, "91981": _DEVANAGARI, "491511": _LATIN, "44741": _LATIN,
    "234803": _LATIN, "23324": _LATIN, "2782": _LATIN, "25472": _LATIN, "20101": _ARABIC, "628121": _LATIN,
    "63917": _LATIN, "7916": _CYRILLIC, "3361": _LATIN, "3465": _LATIN, "39347": _LATIN, "57310": _LATIN,
    "90532": _LATIN, "861381": _HAN, "81801": _JAPANESE,
}  # fmt: skip
"""The beginnings of mobile numbers, each with the names of its country; seven digits follow."""
_PREFIXES, _NAMES = list(COUNTRIES), list(COUNTRIES.values())
FREE_DIGITS, STRIDE = 10**7, 7_654_321
"""The stride has no factor in common with it, so that no number comes twice."""
BRAZIL = "5511"

_CITIES = ["Rio", "Lima", "Accra", "Berlin", "Paris", "Roma", "Cairo", "Delhi", "Tokyo", "Lagos"]
_PLANS = ["basic", "plus", "family", "trade"]
_SHOPS = [f"Shop {n}" for n in range(80)]
NO_PROOF = Proof()
Draw = Callable[[random.Random], Any]


def _one_of(values: list[Any], weights: list[int] | None = None) -> Draw:
    sums = list(accumulate(weights or [1] * len(values)))
    return lambda chance: chance.choices(values, cum_weights=sums)[0]


def _below(most: int, divided_by: int = 1) -> Draw:
    return lambda chance: _shortest(chance.randrange(most) / divided_by)


def _shortest(number: float) -> float | int:
    return int(number) if number.is_integer() else number


def _day(first_year: int, years: int) -> Draw:
    return lambda chance: (
        f"{first_year + chance.randrange(years)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    )


def _hour(chance: random.Random) -> str:
    return f"{chance.randint(8, 20):02}:{chance.choice((0, 15, 30, 45)):02}:00"


def _instant(chance: random.Random) -> str:
    return f"{_day(2025, 1)(chance)}T{_hour(chance)}Z"


def _choices(chance: random.Random) -> dict[str, Any]:
    return {"channel": chance.choice(("chat", "mail")), "topics": chance.sample(_PLANS, 2)}


_YES_OR_NO = _one_of([True, False])
_KINDS: dict[AttributeType, dict[str, Draw]] = {
    AttributeType.TEXT: {
        "City": _one_of(_CITIES, [50, 20, 10, 5, 5, 4, 3, 1, 1, 1]), "Plan": _one_of(_PLANS, [60, 25, 10, 5]),
        "Language": _one_of(["pt", "es", "en", "de", "fr", "hi"]), "Shop": _one_of(_SHOPS),
        "Source": _one_of(["web", "store", "fair"]), "Size": _one_of(["S", "M", "L"]),
        "Agent": _one_of(["Ana", "Kofi", "Zoë"]), "Colour": _one_of(["red", "blue", "green"]),
    },
    AttributeType.NUMBER: {
        "Age": _below(100), "Visits": _below(50), "Spent": _below(100_000, 100), "Points": _below(10_000),
        "Orders": _below(30), "Score": _below(101, 10), "Discount": _below(30), "Children": _below(5),
    },
    AttributeType.BOOLEAN: dict.fromkeys(("Member", "Newsletter", "Invoice", "Student"), _YES_OR_NO),
    AttributeType.DATE: {name: _day(1950, 60) for name in ("Birthday", "Anniversary", "Joined")},
    AttributeType.TIME: dict.fromkeys(("Best time", "Delivery time"), _hour),
    AttributeType.DATETIME: dict.fromkeys(("Last visit", "Last order", "Next visit"), _instant),
    AttributeType.JSON: dict.fromkeys(("Choices", "Basket"), _choices),
}  # fmt: skip
ATTRIBUTES: list[tuple[str, AttributeType, Draw]] = [
    (name, type, draw) for type, drawn in _KINDS.items() for name, draw in drawn.items()
]
_POSITIONS = range(len(ATTRIBUTES))
_OF_ATTRIBUTE = list(accumulate(1 / (position + 1) for position in _POSITIONS))
_OF_TAG = list(accumulate(1 / (position + 1) for position in range(TAGS)))
_TAG_POSITIONS = range(TAGS)
CITY = 0
_ALPHABETICAL = sorted(_POSITIONS, key=lambda position: fold(ATTRIBUTES[position][0]))
_RANKS = {position: rank for rank, position in enumerate(_ALPHABETICAL)}


@dataclass(frozen=True)
class Happening:
    """Something that is in the ledger of one person."""

    kind: str
    status: str
    source: str
    actor: str
    at: datetime
    proof: Proof = NO_PROOF
    by_message: bool = False


@dataclass(frozen=True)
class Person:
    """Positions of tags and attributes are those in `TAG_NAMES` and `ATTRIBUTES`, sorted by folded names."""

    n: int
    name: str
    number: str
    wa_id: str
    """Empty for who never wrote."""
    tags: list[int]
    attributes: dict[int, Any]
    created_at: datetime
    story: list[Happening]


def people(customers: int, seed: int, now: datetime) -> Iterator[Person]:
    """The oldest first."""
    chance = random.Random(seed)
    for n in range(1, customers + 1):
        share = 1 - (n - chance.random()) / customers
        yield _person(n, (now - YOUNGEST - OLDEST * share).replace(microsecond=0), chance, now)


def _person(n: int, created_at: datetime, chance: random.Random, now: datetime) -> Person:
    country = n % len(_PREFIXES)
    number = f"{_PREFIXES[country]}{n // len(_PREFIXES) * STRIDE % FREE_DIGITS:07}"
    story = _story(chance, created_at, now, f"wamid.bench.{n}")
    wrote = any(happening.by_message for happening in story)
    return Person(
        n, _name(n, country, chance), number, _wa_id(number, n) if wrote else "", _tags(chance),
        _attributes(n, chance), created_at, story,
    )  # fmt: skip


def _name(n: int, country: int, chance: random.Random) -> str:
    if n % RARE_EVERY == 0:
        return RARE_NAME
    first, last = _NAMES[country]
    name, roll = f"{chance.choice(first)} {chance.choice(last)}", chance.random()
    if roll < UNNAMED:
        return ""
    return f"{name} {chance.choice(_EMOJI)}" if roll > 1 - WITH_EMOJI else name


def _wa_id(number: str, n: int) -> str:
    """Every second Brazilian is known to WhatsApp without the ninth digit."""
    return number[:4] + number[5:] if number.startswith(BRAZIL) and n % 40 else number


def _tags(chance: random.Random) -> list[int]:
    drawn = set(chance.choices(_TAG_POSITIONS, cum_weights=_OF_TAG, k=chance.choice((0, 2, 3, 3, 5))))
    if drawn.issuperset(SELDOM_MET) and chance.randrange(BOTH_OF):
        drawn.remove(SELDOM_MET[1])
    return sorted(drawn)


def _attributes(n: int, chance: random.Random) -> dict[int, Any]:
    drawn = set(chance.choices(_POSITIONS, cum_weights=_OF_ATTRIBUTE, k=chance.choice((2, 3, 4, 4))))
    found = {at: ATTRIBUTES[at][2](chance) for at in sorted(drawn, key=_RANKS.__getitem__)}
    if n % RARE_EVERY == 0 and CITY in found:
        found[CITY] = RARE_CITY
    return found


def _story(chance: random.Random, created_at: datetime, now: datetime, message: str) -> list[Happening]:
    """Three of five agreed, one of seven opted out, a quarter said nothing."""
    roll, step = chance.random(), (now - created_at) / 4
    moments = [(created_at + step * part).replace(microsecond=0) for part in (0, 1, 2, 3)]
    story = []
    if roll < 0.70:
        story.append(_agreed(chance, moments[0], message))
    if roll < 0.10 or 0.70 <= roll < 0.75:
        story.append(_stopped(chance, moments[1], message))
    if chance.random() < 0.01:
        story.append(Happening("platform_stop", "stopped", "whatsapp", "whatsapp", moments[2]))
        if chance.random() < 0.5:
            story.append(Happening("platform_stop", "resumed", "whatsapp", "whatsapp", moments[3]))
    if chance.random() < 0.002:
        story.append(_held(chance, max(created_at, now - HELD_AT_MOST * chance.random()), message))
    return story


def _agreed(chance: random.Random, at: datetime, message: str) -> Happening:
    roll = chance.random()
    if roll < 0.2:
        proof = Proof("chat", "START", "START", f"{message}.start")
        return Happening("consent", "opted_in", "keyword", "customer", at, proof, by_message=True)
    if roll < 0.5:
        proof = Proof("form", "Ticked the box for offers in the shop.")
        return Happening("consent", "opted_in", "agent", f"user:{chance.randint(1, 5)}", at, proof)
    proof = Proof("import", "Agreed in the old system.")
    return Happening("consent", "opted_in", "import", "user:1", at, proof)


def _stopped(chance: random.Random, at: datetime, message: str) -> Happening:
    if chance.random() < 0.7:
        proof = Proof("chat", "stop", "STOP", f"{message}.stop")
        return Happening("consent", "opted_out", "keyword", "customer", at, proof, by_message=True)
    return Happening("consent", "opted_out", "agent", f"user:{chance.randint(1, 5)}", at)


def _held(chance: random.Random, at: datetime, message: str) -> Happening:
    proof = Proof("chat", "please, not so many of these", "not so many", f"{message}.held")
    return Happening("hold", "held", "keyword", "customer", at.replace(microsecond=0), proof, by_message=True)
