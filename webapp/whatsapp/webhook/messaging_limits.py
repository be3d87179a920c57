"""How many customers an account may write to in a day, as WhatsApp names it. Pure.

Source: Meta, messaging limits and business_capability_update.
"""

import re
from typing import Any

from webapp.whatsapp.webhook.reading import identifier

LIMITS = ("max_daily_conversations_per_business", "max_daily_conversation_per_phone", "current_limit")
"""Keys under which it came in one version or another."""
LONGEST_WORD = 60


def limit_in(value: dict[str, Any]) -> str:
    """The limit in words, "" when it does not say: a number, or a word such as TIER_2K."""
    for key in LIMITS:
        given = value.get(key)
        if isinstance(given, int) and not isinstance(given, bool) and 0 < given < 10**9:
            return f"{given:,} customers in 24 hours"
        if word := identifier(given, LONGEST_WORD):
            return _tier(word.strip().upper())
    return ""


def _tier(word: str) -> str:
    if word.endswith("UNLIMITED"):
        return "unlimited"
    found = re.fullmatch(r"(?:TIER_)?(\d{1,6})(K?)", word)
    if found is None:
        return word
    return f"{int(found[1]) * (1000 if found[2] else 1):,} customers in 24 hours"
