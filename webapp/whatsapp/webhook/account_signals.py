"""What WhatsApp tells about the standing of our account and number: quality, limits, payment, alerts. Pure.

Several of these forms are documented thinly or not at all, so the keys decide, at either level; a word that
is new here becomes a signal that says so, and the notice itself is kept raw.
Source: Meta, webhooks reference for phone_number_quality_update, business_capability_update, account_update,
account_alerts, account_review_update, phone_number_name_update, payment_configuration_update and security.
"""

import re
from collections.abc import Callable
from typing import Any

from webapp.whatsapp.webhook.items import AccountSignal
from webapp.whatsapp.webhook.messaging_limits import limit_in
from webapp.whatsapp.webhook.reading import identifier

GOOD, WARNING, BAD = "good", "warning", "bad"
LONGEST_WORD = 60
LONGEST_TEXT = 300
HARMLESS = {
    "account_update": {
        "PARTNER_ADDED", "PARTNER_REMOVED", "PARTNER_APP_INSTALLED", "PARTNER_APP_UNINSTALLED",
        "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE", "AD_ACCOUNT_LINKED", "VERIFIED_ACCOUNT",
        "ACCOUNT_RECONNECTED", "VOLUME_BASED_PRICING_TIER_UPDATE", "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
        "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE", "ACCOUNT_RESTRICTION", "MM_LITE_TERMS_SIGNED",
    },
    "phone_number_quality_update": {"ONBOARDING"},
}  # fmt: skip
"""Events that ask nothing of anybody here."""
UNKNOWN = "WhatsApp sent a notice that Heed does not know yet"
LOOK = "Look at the account in WhatsApp Manager."
_PAYMENT = re.compile(r"PAYMENT|BILLING|CREDIT_LINE|INVOICE|FUNDING|PREPAID|BALANCE")
_BROKEN = re.compile(
    r"FAIL|DECLIN|DISABL|SUSPEND|EXPIR|REMOV|INVALID|PAST_DUE|OVERDUE|UNPAID|MISSING|BLOCK|RESTRICT|INACTIVE"
    r"|DELETED|REJECT|ISSUE|PROBLEM"
)
_WHOLE = re.compile(r"\b(ACTIVE|ENABLED|VALID|RESOLVED|PAID|COMPLETED?|SUCCEEDED|UPDATED)\b")

About = dict[str, Any]
Value = dict[str, Any]


def read(field: str, value: Value, about: About) -> list[AccountSignal]:
    """The signal that a change of such a field is; nothing for other fields and for what asks nothing."""
    reader = _READERS.get(field)
    if reader is None or _word(value, "event") in HARMLESS.get(field, ()):
        return []
    return [AccountSignal(**about, **(reader(value) or _unknown(field, value)))]


def _signal(subject: str, tone: str, sentence: str, advice: str = "", pauses: bool = False) -> dict[str, Any]:
    said = {"subject": subject[:100], "tone": tone, "sentence": sentence, "advice": advice}
    return {**said, "pauses": pauses}


def _unknown(field: str, value: Value) -> dict[str, Any]:
    word = _word(value, "event") or _word(value, "status") or _word(value, "alert_type") or ""
    named = f"{field}, {word}" if word else field
    return _signal(f"unknown:{named}", WARNING, f"{UNKNOWN}: {named}.", f"It is kept as it came. {LOOK}")


def _quality(value: Value) -> dict[str, Any] | None:
    match _word(value, "event"):
        case "FLAGGED":
            return _signal("quality", BAD, "WhatsApp flagged the number for low quality.",
                           "Customers block or report its messages. Send less, and only to people who asked"
                           " for it; a lasting low quality ends in a restriction.")  # fmt: skip
        case "UNFLAGGED":
            return _signal("quality", GOOD, "The quality of the number is no longer flagged.")
        case "UPGRADE" | "TIER_UPGRADE":
            return _signal("limit", GOOD, f"WhatsApp raised the messaging limit{_to(limit_in(value))}.")
        case "DOWNGRADE":
            return _signal("limit", WARNING, f"WhatsApp lowered the messaging limit{_to(limit_in(value))}.",
                           "Fewer customers can be written to in a day. Spread large campaigns over"
                           " several days.")  # fmt: skip
    rating = _word(value, "quality_rating") or _word(value, "new_quality_score")
    return _rating(rating) if rating else None


def _rating(rating: str) -> dict[str, Any] | None:
    match rating:
        case "GREEN" | "HIGH":
            return _signal("quality", GOOD, "The quality of the number is high.")
        case "YELLOW" | "MEDIUM":
            return _signal("quality", WARNING, "The quality of the number is medium.",
                           "Some customers block or report its messages. Send less often.")  # fmt: skip
        case "RED" | "LOW":
            return _signal("quality", BAD, "The quality of the number is low.",
                           "Customers block or report its messages. Send only to people who asked for"
                           " it.")  # fmt: skip
    return None


def _capability(value: Value) -> dict[str, Any] | None:
    limit = limit_in(value)
    return _signal("limit", GOOD, f"Messaging limit: {limit}.") if limit else None


def _account(value: Value) -> dict[str, Any] | None:
    match _word(value, "event"):
        case "ACCOUNT_VIOLATION":
            kind = value.get("violation_info")
            named = _word(kind, "violation_type") if isinstance(kind, dict) else None
            return _signal("violation", BAD, f"WhatsApp sees a violation of its policy{_colon(named)}.",
                           "Read it in WhatsApp Manager and stop what it names: the next step is a"
                           " restriction.")  # fmt: skip
        case "ACCOUNT_DELETED" | "ACCOUNT_OFFBOARDED":
            return _signal("account", BAD, "WhatsApp says that this account is gone.",
                           "Nothing can be sent with it. Connect another account.", pauses=True)  # fmt: skip
    return None


def _alert(value: Value) -> dict[str, Any] | None:
    nested = value.get("alert_info")
    value = {**value, **(nested if isinstance(nested, dict) else {})}
    kind, severity = _word(value, "alert_type"), _word(value, "alert_severity")
    if not kind:
        return None
    over = _word(value, "alert_status") in ("RESOLVED", "CLOSED", "INACTIVE")
    told = _text(value, "alert_description")
    sentence = f"{kind.replace('_', ' ').capitalize()}{': ' + told if told else ''}"
    if over or severity in ("INFORMATIONAL", "INFO"):
        return _signal(f"alert:{kind}", GOOD, f"{sentence}{' (over)' if over else ''}")
    tone = BAD if severity == "CRITICAL" else WARNING
    payment = bool(_PAYMENT.search(kind))
    advice = PAY if payment else LOOK
    return _signal(f"alert:{kind}", BAD if payment else tone, sentence, advice, pauses=payment)


PAY = "Put the payment method right in WhatsApp Manager, then resume the campaigns."


def _payment(value: Value) -> dict[str, Any] | None:
    """Meta's form of it names a configuration and its status; the words of the status are not listed."""
    status = _word(value, "status") or _word(value, "event") or ""
    if _BROKEN.search(status):
        return _signal("payment", BAD, f"WhatsApp reports a problem with payment: {_said(status)}.", PAY,
                       pauses=True)  # fmt: skip
    if _WHOLE.search(status.replace("_", " ")):
        return _signal("payment", GOOD, f"Payment: {_said(status)}.")
    return None


def _review(value: Value) -> dict[str, Any] | None:
    decision = _word(value, "decision")
    if decision is None:
        return None
    tone = {"APPROVED": GOOD, "REJECTED": BAD}.get(decision, WARNING)
    return _signal("review", tone, f"WhatsApp’s review of the account: {_said(decision)}.",
                   "" if tone == GOOD else LOOK)  # fmt: skip


def _name(value: Value) -> dict[str, Any] | None:
    decision = _word(value, "decision")
    if decision is None:
        return None
    tone = {"APPROVED": GOOD, "REJECTED": WARNING}.get(decision, WARNING)
    return _signal("name", tone, f"The display name of the number: {_said(decision)}.",
                   "" if tone == GOOD else LOOK)  # fmt: skip


def _security(value: Value) -> dict[str, Any] | None:
    event = _word(value, "event")
    if event not in ("PIN_CHANGED", "PIN_RESET_REQUEST", "PIN_RESET_SUCCESS"):
        return None
    return _signal("security", WARNING, f"The two-step PIN of the number: {_said(event)}.",
                   "If nobody of yours did this, change the passwords of the business now.")  # fmt: skip


def _word(value: Value, key: str) -> str | None:
    word = identifier(value.get(key), LONGEST_WORD)
    return word.strip().upper().replace(" ", "_") if word else None


def _text(value: Value, key: str) -> str:
    given = value.get(key)
    return (
        " ".join((identifier(given[:LONGEST_TEXT], LONGEST_TEXT) or "").split())
        if isinstance(given, str)
        else ""
    )


def _said(word: str) -> str:
    return word.replace("_", " ").lower()


def _to(limit: str) -> str:
    return f" to {limit}" if limit else ""


def _colon(word: str | None) -> str:
    return f": {_said(word)}" if word else ""


_READERS: dict[str, Callable[[Value], dict[str, Any] | None]] = {
    "phone_number_quality_update": _quality,
    "business_capability_update": _capability,
    "account_update": _account,
    "account_alerts": _alert,
    "account_review_update": _review,
    "phone_number_name_update": _name,
    "payment_configuration_update": _payment,
    "security": _security,
}
