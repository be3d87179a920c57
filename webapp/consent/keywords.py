"""How an inbound message becomes a consent decision. Pure: the same words always give the same reading.

Matching any message that merely holds a keyword would opt people out for "where is the bus stop?"; matching
whole messages only would miss "Stop. Thank you". So a whole message that is a keyword decides at once, and
whatever else may be a request goes to a person, who decides, while marketing is on hold.
"""

from functools import lru_cache

from webapp.consent.folding import LONGEST_TEXT, fold, tokens, without_accents
from webapp.consent.keyword_sets import KeywordSet, check_words, parse_words, spelling
from webapp.consent.possible_stops import PossibleStops
from webapp.consent.readings import NOTHING, Decision, Reading
from webapp.consent.whole_messages import WholeMessages
from webapp.consent.words import (
    OPT_IN_LABELS,
    OPT_IN_PAYLOADS,
    OPT_OUT_LABELS,
    OPT_OUT_PAYLOADS,
    STOP_SIGNS,
    US_LAW_WORDS,
)

__all__ = [
    "RULE_VERSION",
    "US_LAW_WORDS",
    "Decision",
    "KeywordSet",
    "Reading",
    "check_words",
    "parse_words",
    "read_button",
    "read_history",
    "read_reaction",
    "read_text",
]

RULE_VERSION = "4"
"""Grows with every change that may read a message otherwise; recorded with each decision."""


SHORT = 100
"""Signs of a text that is remembered: the answers to a campaign are few and come by the thousand."""


def read_text(text: str, words: KeywordSet) -> Reading:
    """Read the customer's own words: a text, a caption, the new text of an edit; the same under standby."""
    if len(text) <= SHORT:
        return _short(text, words)
    if len(text) <= LONGEST_TEXT:
        return _rule(words).read(text)
    half = LONGEST_TEXT // 2
    # What is left out may say something else, so no state changes.
    return _rule(words).read(f"{text[:half]} {text[-half:]}").without_change()


def read_history(text: str, words: KeywordSet) -> Reading:
    """Read a message of a group or of the imported history: no state changes, a stop goes to a person."""
    if read_text(text, words).decision is Decision.OPT_IN:
        return NOTHING
    return read_text(text, KeywordSet(words.opt_out, ())).without_change()


def read_button(machine_id: str, label: str) -> Reading:
    """Read a pressed button or a chosen list row. The configured keywords are for texts and do not count."""
    payload = machine_id.partition(":")[0]
    if payload in OPT_OUT_PAYLOADS:
        return Reading(Decision.OPT_OUT, payload, f"is the opt-out button {payload}")
    if payload in OPT_IN_PAYLOADS:
        return Reading(Decision.OPT_IN, payload, f"is the opt-in button {payload}")
    return _BUTTONS.get(spelling(label), NOTHING)


def read_reaction(emoji: str) -> Reading:
    """Read a reaction to a message: it never changes a state, a stop sign goes to a person."""
    return _stop_sign(emoji) or NOTHING


_BUTTONS = {
    **{
        spelling(label): Reading(Decision.OPT_IN, label, f"is the button “{label}”")
        for label in OPT_IN_LABELS
    },
    **{
        spelling(label): Reading(Decision.OPT_OUT, label, f"is the button “{label}”")
        for label in OPT_OUT_LABELS
    },
}


class _Rule:
    """The rule for one set of keywords."""

    def __init__(self, words: KeywordSet) -> None:
        self._whole = WholeMessages(words)
        self._possible = PossibleStops(words)

    def read(self, text: str) -> Reading:
        folded = fold(text)
        bare = without_accents(folded)
        words = tokens(bare)
        said = words if folded == bare else tokens(folded)
        if whole := self._whole.read(tuple(said), tuple(words)) or _stop_sign(text):
            return whole
        matched, why = self._possible.find(bare, words) or ("", "")
        return Reading(Decision.REVIEW, matched, why) if matched else NOTHING


@lru_cache(maxsize=4096)
def _short(text: str, words: KeywordSet) -> Reading:
    return _rule(words).read(text)


@lru_cache(maxsize=64)
def _rule(words: KeywordSet) -> _Rule:
    return _Rule(words)


def _stop_sign(text: str) -> Reading | None:
    """A reading of symbols only, one of which says stop."""
    if STOP_SIGNS.isdisjoint(text) or tokens(fold(text)):
        return None
    sign = next(sign for sign in text if sign in STOP_SIGNS)
    return Reading(Decision.REVIEW, sign, f"is the stop sign {sign}")
