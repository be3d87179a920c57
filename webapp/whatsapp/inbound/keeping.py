"""How an item is kept: the columns of its row, whose items are ours, and what was made of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.consent.keywords import RULE_VERSION, KeywordSet
from webapp.whatsapp.inbound import missed
from webapp.whatsapp.inbound.effects import Outcome
from webapp.whatsapp.webhook.payloads import Item, canonical

NOT_OURS = "not_ours"


@dataclass(frozen=True)
class Business:
    """The number and the account that this desk serves; "" serves any."""

    phone_number_id: str = ""
    account_id: str = ""

    def owns(self, item: Item) -> bool:
        """An item that does not say where it came from is not of another number."""
        given = ((self.phone_number_id, item.phone_number_id), (self.account_id, item.account_id))
        return all(not ours or not named or ours == named for ours, named in given)


def columns(item: Item, now: datetime) -> dict[str, Any]:
    """The row of an item that has just come."""
    return {
        "key": item.key,
        "kind": item.kind,
        "field": item.field,
        "phone_number_id": item.phone_number_id,
        "raw": canonical(item.raw),
        "received_at": now,
        "occurred_at": getattr(item, "occurred_at", None),
        "rule_version": RULE_VERSION,
    }


def made_of(outcome: Outcome, item: Item, words: KeywordSet | None) -> dict[str, Any]:
    """The columns that tell what was made of an item; `words` were the keywords in force."""
    return {
        "decision": outcome.decision,
        "matched": outcome.matched,
        "customer_id": outcome.customer.id if outcome.customer else None,
        "missed": None if outcome.decision == NOT_OURS else missed.mark(item, words),
    }
