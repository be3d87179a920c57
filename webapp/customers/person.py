"""What the page of one customer says beside the history: who this is, and what may be sent now."""

from datetime import datetime
from typing import Any

from webapp.consent import gate, policy
from webapp.consent.gate import Category, Suppression
from webapp.consent.rules import Status
from webapp.customers import phones, wording
from webapp.customers.models import Customer, Identity, IdentityKind
from webapp.customers.rows import Reader

KINDS = {
    IdentityKind.PHONE: "Number",
    IdentityKind.WA_ID: "WhatsApp ID",
    IdentityKind.USER_ID: "User ID",
    IdentityKind.PARENT_USER_ID: "Parent user ID",
}
OLD_KINDS = {
    IdentityKind.PHONE: "Old number",
    IdentityKind.WA_ID: "Old WhatsApp ID",
    IdentityKind.USER_ID: "Old user ID",
    IdentityKind.PARENT_USER_ID: "Old parent user ID",
}
"""Of addresses from which the person moved away."""
REASONS = {
    Suppression.ERASED: "erased",
    Suppression.OPTED_OUT: "opted out",
    Suppression.PLATFORM_STOP: "stopped in WhatsApp",
    Suppression.ON_HOLD: "on hold: a message waits for review, or the history says otherwise",
    Suppression.NO_CONSENT: "no record of consent",
    Suppression.UNREACHABLE: "cannot be reached",
}


def person_context(customer: Customer, reader: Reader, now: datetime) -> dict[str, Any]:
    """For the panel about the person."""
    return {
        "identities": [_shown(identity, reader) for identity in customer.identities],
        "sendable": [_sendable(customer, category, now) for category in Category],
    }


def _shown(identity: Identity, reader: Reader) -> tuple[str, str]:
    value = phones.display_phone(identity.value) if identity.kind == IdentityKind.PHONE else identity.value
    kinds = OLD_KINDS if identity.left_at else KINDS
    return kinds[IdentityKind(identity.kind)], phones.mask(value) if reader.masked else value


def _sendable(customer: Customer, category: Category, now: datetime) -> tuple[str, bool, str]:
    settings = policy.current()
    reason = gate.suppression(customer.gate_facts, category, policy.terms(settings, now))
    lapsed = reason == Suppression.NO_CONSENT and customer.status == Status.OPTED_IN
    words = wording.lapsed(settings.reconfirm_months) if lapsed else REASONS[reason] if reason else ""
    return category.capitalize(), reason is None, words[:1].lower() + words[1:]
