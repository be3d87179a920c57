"""How this WhatsApp treats the next messages, as somebody chose it on the page. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from webapp.simulator.refusals import ONLY_AS_STATUS

DELAYS = {0: "at once", 150: "after 150 ms", 2000: "after 2 s", 40000: "after 40 s"}
"""Milliseconds until a call is answered."""
ACCEPT, MALFORMED, RESET = "accept", "malformed", "reset"
OUTCOMES = {
    ACCEPT: "arrive",
    "131049": "131049: too much marketing",
    "131050": "131050: stopped our marketing",
    "131026": "131026: not reachable",
    "131047": "131047: outside the 24 hours",
    "130429": "130429: faster than allowed",
    "131056": "131056: too many to one person",
    "131048": "131048: blocked or reported",
    "131000": "131000: fault of WhatsApp's",
    "131042": "131042: payment",
    "132015": "132015: template paused",
    "368": "368: account restricted",
    "190": "190: token not valid",
    MALFORMED: "arrive, answer unreadable",
    RESET: "arrive, connection breaks",
}
WAYS = {"answer": "in the answer", "status": "later, as a status"}
SHARES = (100, 50, 10, 1)
"""Percent of the messages that the outcome happens to; the others arrive."""


@dataclass(frozen=True)
class Conditions:
    delay: int = 0
    outcome: str = ACCEPT
    way: str = "answer"
    share: int = 100
    receipts: bool = True
    """Whether sent, delivered and read are reported; failures always are."""

    @classmethod
    def of(cls, form: Mapping[str, str]) -> "Conditions | None":
        """What a form chose; None when it chose what is not offered."""
        delay, share = form.get("delay", ""), form.get("share", "")
        offered = (
            delay in map(str, DELAYS) and share in map(str, SHARES)
            and form.get("outcome") in OUTCOMES and form.get("way") in WAYS
        )  # fmt: skip
        if not offered:
            return None
        return cls(int(delay), form["outcome"], form["way"], int(share), bool(form.get("receipts")))

    @property
    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def words(self) -> str:
        share = "All" if self.share == 100 or self.outcome == ACCEPT else f"{self.share}%"
        outcome = OUTCOMES[self.outcome]
        happens = outcome if not outcome[0].isdigit() else f"fail with {outcome.partition(':')[0]}"
        return f"{share} {happens}; answered {DELAYS[self.delay]}{'' if self.receipts else '; no receipts'}"

    def fate(self, n: int) -> "Fate":
        """What happens to the message with this number, from 1. The share is spread evenly over them."""
        met = n * self.share // 100 > (n - 1) * self.share // 100
        if not met or self.outcome == ACCEPT:
            return Fate()
        if self.outcome in (MALFORMED, RESET):
            return Fate(broken=self.outcome)
        code = int(self.outcome)
        later = code in ONLY_AS_STATUS or self.way == "status"
        return Fate(fails_with=code) if later else Fate(refused_with=code)


@dataclass(frozen=True)
class Fate:
    """At most one is set. A message whose answer is `broken` arrives all the same."""

    refused_with: int | None = None
    fails_with: int | None = None
    broken: str = ""
