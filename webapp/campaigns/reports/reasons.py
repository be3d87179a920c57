"""Why a delivery was left out, failed or stands in doubt, in words for people."""

from dataclasses import dataclass

from webapp.campaigns.models import DeliveryState
from webapp.campaigns.sending.codes import rule_of

LEFT_OUT = {
    "erased": "Erased",
    "opted_out": "Opted out",
    "platform_stop": "Stopped in WhatsApp",
    "on_hold": "On hold",
    "no_consent": "No record",
    "unreachable": "Not reachable",
    "duplicate": "Same number twice",
}
"""In the gate's order, so that lists of them have one order, too."""
IN_DOUBT = {
    "timeout": "No answer from WhatsApp in time",
    "reset": "The connection broke after the message had left",
    "malformed": "WhatsApp answered without a message id",
    "server_error": "WhatsApp had a fault after it took the message",
    "lease": "Heed was stopped while the message was on its way",
    "restored": "A backup was restored: the message may have been sent after it was made",
}
WAITS = "Never sends again by itself; waits for the receipt or your decision"
STATES = {
    "queued": "Queued",
    "sending": "On its way",
    "sent": "Sent",
    "delivered": "Delivered",
    "read": "Read",
    "failed": "Failed",
    "unknown": "Unknown",
    "cancelled": "Cancelled",
    "suppressed": "Left out",
}


@dataclass(frozen=True)
class Failure:
    """One way to fail: what happened, what Heed does, and Meta's code where there is one."""

    what: str
    does: str
    code: int | None = None


_OWN = {
    "unfilled": Failure("A variable had no value for this customer", "Leaves them out of this campaign"),
    "expired": Failure("WhatsApp did not deliver it in time", "Leaves them out; not an opt-out"),
    "by_person": Failure("A person decided that it did not arrive", "Never sends it again"),
}


def failure_of(reason: str | None, code: int | None) -> Failure:
    """The words for a failed delivery; anything that has no reason of Heed's is WhatsApp's refusal."""
    if known := _OWN.get(reason or ""):
        return known
    rule = rule_of(code, 0)
    return Failure(rule.what, rule.does, code)


def words_of(state: str, reason: str | None, code: int | None) -> str:
    """Why a delivery is in its state; "" where the state says it all."""
    match state:
        case DeliveryState.SUPPRESSED:
            return LEFT_OUT.get(reason or "", reason or "")
        case DeliveryState.FAILED:
            return failure_of(reason, code).what
        case DeliveryState.UNKNOWN:
            return IN_DOUBT.get(reason or "", "No clear answer from WhatsApp")
        case _:
            return ""
