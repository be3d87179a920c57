"""The settings dialog's form: what stands in it, what speaks against it, and what a message would do."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from werkzeug.datastructures import MultiDict

from webapp.consent import pack_records, packs, policy
from webapp.consent.keywords import Decision, KeywordSet, Reading, check_words, parse_words
from webapp.consent.models import Policy
from webapp.consent.policy import Wishes

MOST_PASTED = 1_000
"""Words of one list that are looked at: each costs a quarter of a millisecond, and a list holds far fewer."""
TOO_MANY = f"These are more than {MOST_PASTED:,} words. Paste fewer."


@dataclass(frozen=True)
class Draft:
    """The settings as they stand in the dialog; `errors` holds sentences per field."""

    wishes: Wishes
    errors: dict[str, str]

    @property
    def values(self) -> dict[str, Any]:
        return {
            "keywords_enabled": self.wishes.keywords_enabled,
            "opt_out_words": list(self.wishes.words.opt_out),
            "opt_in_words": list(self.wishes.words.opt_in),
            "unknown_may_receive": self.wishes.unknown_may_receive,
            "packs": list(self.wishes.packs or ()),
        }

    @property
    def words(self) -> KeywordSet:
        """The typed words with those of the packs that are ticked."""
        return packs.together(self.wishes.words, pack_records.of_keys(self.wishes.packs or ()))


def draft_of(current: Policy) -> Draft:
    """The dialog as it opens."""
    words = policy.configured_words(current)
    on = tuple(current.packs)
    return Draft(Wishes(current.keywords_enabled, words, current.unknown_may_receive, on), {})


def draft_in(form: MultiDict[str, str]) -> Draft:
    """The dialog as it was sent."""
    enabled = "keywords_enabled" in form
    opt_out, opt_in = _words(form, "opt_out_words"), _words(form, "opt_in_words")
    words, sentences = check_words(opt_out, opt_in, enabled)
    of_opt_in = check_words([], opt_in, enabled=False)[1]
    wishes = Wishes(enabled, words, form.get("unknown_may_receive") == "1", _packs(form))
    errors = {
        "opt_out_words": " ".join(sentence for sentence in sentences if sentence not in of_opt_in),
        "opt_in_words": " ".join(of_opt_in),
        "packs": " ".join(packs.conflicts(words, pack_records.of_keys(wishes.packs or ()))),
    }
    for name, typed in (("opt_out_words", opt_out), ("opt_in_words", opt_in)):
        errors[name] = TOO_MANY if len(typed) > MOST_PASTED else errors[name]
    return Draft(wishes, {name: text for name, text in errors.items() if text})


def outcome(reading: Reading, draft: Draft) -> tuple[str, str]:
    """What a message would do, in words, and the tone to say it in."""
    if not draft.wishes.keywords_enabled:
        return "does nothing while the switch is off", "warning"
    match reading.decision:
        case Decision.OPT_OUT:
            return "opts the customer out", "bad"
        case Decision.OPT_IN:
            return "opts the customer in", "good"
        case Decision.REVIEW:
            return "goes to review, marketing paused", "warning"
        case _:
            return "does nothing", ""


def _words(form: MultiDict[str, str], name: str) -> list[str]:
    """One more than are looked at tells that there are too many."""
    found = (word for raw in form.getlist(name) for word in parse_words(raw))
    return list(islice(found, MOST_PASTED + 1))


def _packs(form: MultiDict[str, str]) -> tuple[str, ...]:
    """The packs that are ticked; those that are on where the form does not ask for them."""
    if "packs_asked" not in form:
        return tuple(policy.current().packs)
    ticked = form.getlist("packs")
    return tuple(key for key in pack_records.available() if key in ticked)
