"""Does a text promote something? Then it is marketing, whatever it is sent for. Pure.

WhatsApp counts a confirmation of an opt-out as a service message only without any promotion (Meta, template
categories), and the law of the United States presumes consent to one confirmation only without it
(47 CFR 64.1200(a)(12)). To name offers is allowed, for that is what ends; to make one is not.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PHRASES = Path(__file__).with_name("promotions.txt")
_LINK = re.compile(
    r"https?:\S*|www\.\S*|(?<!\w)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,24}(?!\w)(?:/\S*)?", re.IGNORECASE
)
_MONEY = (
    r"USD|EUR|GBP|BRL|INR|NGN|TRY|TL|IDR|AED|SAR|RUB|руб|CNY|JPY|euros?|dollars?|reais|pesos"
    r"|R\$|Rs\.?|Rp|[$€£¥₹₺₽₪₩₦฿₫元円]"
)
_PRICE = re.compile(
    rf"\d+\s?[%％٪]|[%％٪]\s?\d+|(?<!\w)(?:{_MONEY})\s?\d+|\d+\s?(?:{_MONEY})(?!\w)", re.IGNORECASE
)


def promotions(text: str) -> list[str]:
    """What in `text` promotes something, as it stands there; each once."""
    return list(dict.fromkeys(_found(text)))


def _found(text: str) -> Iterator[str]:
    for kind in (_LINK, _PRICE, *_phrases()):
        yield from (match[0].strip() for match in kind.finditer(text))


@cache
def _phrases() -> tuple[re.Pattern[str], re.Pattern[str]]:
    lines = PHRASES.read_text(encoding="utf-8").splitlines()
    joined = [line[1:] for line in lines if line.startswith("~")]
    parted = [line for line in lines if not line.startswith(("~", "#"))]
    return _any(parted, r"(?<!\w)(?:{})(?!\w)"), _any(joined, "{}")


def _any(lines: list[str], frame: str) -> re.Pattern[str]:
    phrases = "|".join(phrase.replace("_", r"\s") for line in lines for phrase in line.split())
    return re.compile(frame.replace("{}", phrases), re.IGNORECASE)
