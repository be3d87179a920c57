"""Why a customer's state is what it is, in the few words that stand below it. Pure."""

from typing import Protocol

from webapp.consent.rules import HANDED_OVER, WAS_A_STOP, Effect, Kind, Source, Status, Turn

STATES = {Status.OPTED_IN: "Opted In", Status.OPTED_OUT: "Opted Out", Status.UNKNOWN: "No record"}
STOPPED = "Stopped in WhatsApp: no marketing"
ON_HOLD = "On hold: message to review"
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


def headline(event: Told, channel: str) -> str:
    """One entry of the history as a heading; `channel` is that of its evidence."""
    if event.compensates is not None:
        return f"Undone: back to {STATES[Status(event.status or '')]}"
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


def no_effect(effect: str, reason: str) -> str:
    """Why an entry changed nothing; empty when it did change something."""
    return f"No effect: {NO_EFFECT.get(reason, reason)}." if effect == Effect.NONE else ""
