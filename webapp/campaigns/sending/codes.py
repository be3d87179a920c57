"""What WhatsApp's error codes mean, and what is done about each. Pure.

Source: Meta, Cloud API error codes; the codes that stand there without an advice are treated like their kin.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Action(StrEnum):
    RETRY = "retry"
    """A few times, waiting longer each time."""
    WAIT_NUMBER = "wait_number"
    """Nothing starts from this number for a while."""
    WAIT_PERSON = "wait_person"
    WAIT_CAMPAIGN = "wait_campaign"
    SKIP = "skip"
    """This customer does not get it."""
    SKIP_COUNTRY = "skip_country"
    """Nor does anybody else with this country code."""
    SKIP_ROW = "skip_row"
    """The same, but when the first ones all fail so, the campaign pauses."""
    RETRY_ONCE_THEN_PAUSE = "retry_once_then_pause"
    """The same after a second try."""
    PAUSE_THEN_SKIP = "pause_then_skip"
    """A person looks first; whoever provokes it again after that does not get it."""
    PAUSE = "pause"
    PAUSE_ALL = "pause_all"
    PLATFORM_STOP = "platform_stop"
    """The customer stopped our marketing inside WhatsApp."""
    NOTHING = "nothing"
    """It says nothing about a message of ours."""


@dataclass(frozen=True)
class Rule:
    """`what` happened and what Heed `does`, in words for people.

    `seconds` is the first wait of a WAIT or RETRY; the caller makes the next ones longer.
    """

    code: int | None
    action: Action
    what: str
    does: str
    seconds: int | None = None


RETRIES = "Tries a few times more, waiting longer each time"
WAITS = "Slows the whole number down and goes on by itself"
SKIPS = "Leaves them out of this campaign"
SKIPS_ROW = "Leaves them out; pauses the campaign when it happens to the first ones"
PAUSES = "Pauses the campaign until somebody resumes it"
PAUSES_ALL = "Pauses all campaigns until somebody resumes them"
STAYS = "Leaves the consent as it is; marks the number after three in a row"
LATER = "Leaves them out; you may try again after 24 hours; not an opt-out"
STOPS = "Records it and sends no more marketing"

COUNTRY_FORBIDDEN = 130497
_GRAPH_PERMISSIONS = range(200, 300)


def _same(
    codes: tuple[int, ...], action: Action, what: str, does: str, seconds: int | None = None
) -> list[Rule]:
    return [Rule(code, action, what, does, seconds) for code in codes]


_PEOPLE = [
    Rule(131050, Action.PLATFORM_STOP, "Stopped our marketing in WhatsApp", STOPS),
    Rule(131049, Action.SKIP, "WhatsApp held it back: too much marketing for this person", LATER),
    Rule(130472, Action.SKIP, "In one of WhatsApp’s experiments", SKIPS),
    Rule(131026, Action.SKIP, "Not reachable on WhatsApp", STAYS),
    Rule(131047, Action.SKIP, "More than 24 hours since their last message", SKIPS),
    Rule(131021, Action.SKIP, "This is the business’s own number", SKIPS),
    Rule(131030, Action.SKIP, "Not on the list of test numbers", SKIPS),
    Rule(131062, Action.SKIP, "This kind of message needs a phone number", SKIPS),
    Rule(137000, Action.SKIP, "WhatsApp cannot confirm who this is", SKIPS),
    Rule(COUNTRY_FORBIDDEN, Action.SKIP_COUNTRY, "WhatsApp does not allow it in this country",
         "Leaves out everybody of this country"),
    Rule(131056, Action.WAIT_PERSON, "Too many messages to the same person", "Waits, then tries again", 4),
]  # fmt: skip
_PACE = [
    Rule(130429, Action.WAIT_NUMBER, "Faster than this number may send", WAITS, 1),
    *_same((4, 80007), Action.WAIT_NUMBER, "Too many calls to WhatsApp", WAITS, 120),
    Rule(131057, Action.WAIT_NUMBER, "WhatsApp maintains this number", WAITS, 60),
    Rule(134101, Action.WAIT_CAMPAIGN, "WhatsApp is not ready with this template",
         "Waits ten minutes, then tries again", 600),
    *_same((1, 2, 131000, 131016, 133004), Action.RETRY, "WhatsApp had a fault of its own", RETRIES, 4),
]  # fmt: skip
_ACCOUNT = [
    *_same((368, 131031), Action.PAUSE_ALL, "WhatsApp restricts or locked the account", PAUSES_ALL),
    Rule(131048, Action.PAUSE, "WhatsApp limits this number: too many people blocked or reported it", PAUSES),
    Rule(131064, Action.PAUSE, "WhatsApp limits this account: templates were in the wrong category", PAUSES),
    *_same((131042, 131044), Action.PAUSE, "WhatsApp has a problem with the payment method", PAUSES),
    *_same((0, 190), Action.PAUSE, "WhatsApp does not take the access token", PAUSES),
    *_same((3, 10, 131005), Action.PAUSE, "The access token lacks a permission", PAUSES),
    Rule(131037, Action.PAUSE, "WhatsApp has not approved the display name", PAUSES),
    *_same((131045, 133010), Action.PAUSE, "This number is not registered with WhatsApp", PAUSES),
]
_TEMPLATE = [
    *_same((33, 100, 131008, 131009), Action.SKIP_ROW, "WhatsApp did not accept the message", SKIPS_ROW),
    *_same((132000, 132008, 132012, 132018), Action.SKIP_ROW,
           "The values do not fit the template’s variables", SKIPS_ROW),
    Rule(135000, Action.SKIP_ROW, "WhatsApp refused it without a reason", SKIPS_ROW),
    Rule(131053, Action.RETRY_ONCE_THEN_PAUSE, "WhatsApp could not fetch the header’s image or file",
         "Tries once more, then pauses the campaign; leaves out who provokes it after that", 4),
    Rule(132001, Action.PAUSE, "WhatsApp does not know this template in this language", PAUSES),
    Rule(132005, Action.PAUSE_THEN_SKIP, "The text with its values is too long",
         "Pauses the campaign; leaves out who provokes it after that"),
    Rule(132007, Action.PAUSE, "The template breaks a rule of WhatsApp’s", PAUSES),
    Rule(132015, Action.PAUSE, "WhatsApp paused this template", PAUSES),
    Rule(132016, Action.PAUSE, "WhatsApp disabled this template", PAUSES),
    *_same((132068, 132069), Action.PAUSE, "WhatsApp blocks or slows the template’s flow", PAUSES),
    Rule(131063, Action.PAUSE, "Marketing needs the Marketing Messages API here", PAUSES),
    *_same((131055, 134100), Action.PAUSE, "The Marketing Messages API takes marketing only", PAUSES),
    Rule(134102, Action.PAUSE, "This template cannot be sent now", PAUSES),
]  # fmt: skip
_INBOUND = [
    Rule(131051, Action.NOTHING, "A message of a kind that WhatsApp does not pass on", "Nothing"),
    Rule(131052, Action.NOTHING, "A file of theirs that WhatsApp could not fetch", "Nothing"),
]
RULES = {rule.code: rule for rule in [*_PEOPLE, *_PACE, *_ACCOUNT, *_TEMPLATE, *_INBOUND]}
"""Every code with a rule of its own."""

_PERMISSION, _CROWDED, _REFUSED = RULES[10], RULES[130429], RULES[135000]
_REDIRECTED = Rule(None, Action.PAUSE, "The address of the Graph API leads elsewhere", PAUSES)


def rule_of(code: int | None, http: int) -> Rule:
    """What to do about an answer with this code and HTTP status; `http` is 0 for a status by webhook.

    A code that is new to us costs one customer, and the campaign if all of the first ones get it.
    """
    if code in RULES:
        return RULES[code]
    if code is not None and code in _GRAPH_PERMISSIONS:
        return replace(_PERMISSION, code=code)
    if http == 429:
        return replace(_CROWDED, code=code)
    return _REDIRECTED if code is None and 300 <= http < 400 else replace(_REFUSED, code=code)
