"""Why a customer's state is what it is, in the few words that stand below it. Pure."""

from typing import Protocol

from webapp.consent.rules import HANDED_OVER, WAS_A_STOP, Effect, Kind, Source, Status, Turn

STATES = {Status.OPTED_IN: "Opted In", Status.OPTED_OUT: "Opted Out", Status.UNKNOWN: "No record"}
STOPPED = "Stopped in WhatsApp: no marketing"
ON_HOLD = "On hold: message to review"
DISPUTED = "On hold: the history says otherwise"
NO_LONGER_MATCHES = "No longer matches the filter"

CHANNELS = {
    "web_form": "Web form",
    "paper_form": "Paper form",
    "in_store": "In store",
    "phone_call": "Phone call",
    "email": "E-mail",
    "whatsapp_chat": "WhatsApp chat",
    "other": "Other",
}
"""How a consent was given, as the dialog offers it."""

ERASED = "erased"
"""Why somebody is opted out who was erased and wrote in again, as a word for programs."""

IDENTITY = {
    "settled": "Settled: the history counts, not what the desk showed",
    "merged": "Another record of the same person was merged into this one",
    "merged_into": "Merged into another record of the same person",
}

NO_EFFECT = {
    "same_status": "this was so already",
    "newer_opt_out": "a newer opt-out stands",
    "newer_opt_in": "the customer opted in again later",
    "newer_resume": "the customer let marketing through again later",
    "newer_stop": "the customer stopped again later",
    "other_reviews": "another message waits for review",
}

CONFIRMED = {
    "waiting": "A confirmation waits to be sent.",
    "sending": "A confirmation is on its way.",
    "sent": "Confirmed in WhatsApp.",
    "unknown": "Whether the confirmation arrived is not known.",
}
NOT_CONFIRMED = {
    "window": "the 24 hours after the message were over",
    "changed_again": "something newer was on record by then",
    "too_many": "there were several within a day",
    "agent_chat": "Meta’s agent holds the conversation",
    "no_address": "no address was left",
}


def confirmed(state: str, reason: str, code: int | None) -> str:
    """What became of the confirmation of a change, as a sentence; "" when there is no text for it."""
    if state == "failed":
        return f"The confirmation was not delivered{f' ({code})' if code else ''}."
    if state == "skipped":
        return f"Not confirmed: {NOT_CONFIRMED[reason]}." if reason in NOT_CONFIRMED else ""
    return CONFIRMED[state]


def why(source: str, status: str, *, by: str, channel: str, matched: str) -> str:
    """What led to the state, like "replied STOP", "web form", "by you"; `by` names the actor."""
    match source:
        case Source.KEYWORD:
            return f"replied {matched}"
        case Source.BUTTON:
            return f"tapped “{matched}”"
        case Source.REVIEW:
            return "message reviewed"
        case Source.IMPORT:
            return _in_sentence(channel) or "import"
        case Source.API:
            return "API"
        case Source.AGENT if status == Status.OPTED_IN and channel:
            return _in_sentence(channel)
        case Source.AGENT:
            return f"by {by}"
        case _:
            return ""


def _in_sentence(channel: str) -> str:
    label = CHANNELS.get(channel, channel)
    return label[:1].lower() + label[1:] if label.split(" ")[0] not in ("WhatsApp", "API") else label


class Told(Protocol):
    """What a headline needs of an event."""

    kind: str
    status: str | None
    source: str
    reason: str
    compensates: int | None
    batch_id: int | None


def headline(event: Told, channel: str) -> str:
    """One entry of the history as a heading; `channel` is that of its evidence."""
    if event.compensates is not None:
        how = "Undone" if event.batch_id is None else "Reverted"
        return f"{how}: back to {STATES[Status(event.status or '')]}"
    match event.kind, event.status:
        case Kind.CONSENT, Status.OPTED_OUT if event.reason == ERASED:
            return f"{STATES[Status.OPTED_OUT]}: this person was erased before"
        case Kind.CONSENT, _:
            return f"{STATES[Status(event.status or '')]}{_how(event.source, channel)}"
        case Kind.PLATFORM_STOP, Turn.STOPPED:
            return "Stopped in WhatsApp"
        case Kind.PLATFORM_STOP, Turn.RESUMED:
            return "Marketing let through again in WhatsApp"
        case Kind.HOLD, Turn.HELD:
            return ON_HOLD
        case Kind.HOLD, Turn.RELEASED if event.reason == HANDED_OVER:
            return "The message waits with the record that stays"
        case Kind.HOLD, Turn.RELEASED:
            return f"Hold lifted: this was {'a' if event.reason == WAS_A_STOP else 'not a'} stop"
        case Kind.ERASURE, _:
            return "Erased"
        case Kind.IDENTITY, _:
            return IDENTITY.get(event.reason, "Identity changed")
        case Kind.ERASURE, _:
            return "Personal data erased"
        case _:
            return "Settings changed"


def _how(source: str, channel: str) -> str:
    match source:
        case Source.KEYWORD:
            return " by keyword"
        case Source.BUTTON:
            return " by button"
        case Source.REVIEW:
            return " after review of a message"
        case Source.IMPORT:
            return " by import"
        case Source.API:
            return " through the API"
        case _:
            return f": {_in_sentence(channel)}" if channel else " by an agent"


def change(before: str | None, after: str | None) -> str:
    """What an event made of the customer's status: `Opted In → Opted Out`."""
    return f"{STATES[Status(before or Status.UNKNOWN)]} → {STATES[Status(after or Status.UNKNOWN)]}"


def lapsed(months: int | None) -> str:
    """An opt-in that the workspace wants confirmed again."""
    return f"Opt-in older than {months} month{'s' if months != 1 else ''}"


def no_effect(effect: str, reason: str) -> str:
    """Why an entry changed nothing; empty when it did change something."""
    return f"No effect: {NO_EFFECT.get(reason, reason)}." if effect == Effect.NONE else ""
