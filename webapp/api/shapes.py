"""How customers, events and instants look in JSON."""

from datetime import UTC, datetime
from typing import Any

from webapp.api.auth import masked
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import Kind
from webapp.customers.models import Customer
from webapp.customers.phones import digits, mask


def instant(moment: datetime | None) -> str | None:
    """`2026-11-22T09:12:04.123456Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def customer(customer: Customer) -> dict[str, Any]:
    return {
        "id": customer.id,
        "name": customer.name,
        "phone": phone(customer.phone_display),
        "status": customer.status,
        "platform_stop": customer.platform_stop_at is not None,
        "on_hold": customer.gate_facts.on_hold,
        "tags": customer.tags_json,
        "attributes": customer.attrs_json,
        "created_at": instant(customer.created_at),
        "consent_changed_at": instant(customer.status_at),
    }


def consent_event(event: ConsentEvent, evidence: Evidence | None) -> dict[str, Any]:
    return {
        "seq": event.id,
        "customer_id": event.customer_id,
        "kind": event.kind,
        "status": event.status if event.kind == Kind.CONSENT else None,
        "source": event.source,
        "actor": event.actor,
        "effect": event.effect,
        "evidence": _evidence(evidence) if evidence else None,
        "occurred_at": instant(event.occurred_at),
        "recorded_at": instant(event.recorded_at),
    }


def phone(display: str) -> str | None:
    """`+digits`; None when no number is known."""
    if not display:
        return None
    return mask(display) if masked() else f"+{digits(display)}"


def _evidence(evidence: Evidence) -> dict[str, str]:
    shown = {"channel": evidence.channel, "words": evidence.words}
    if evidence.message_id and not masked():  # WhatsApp's message ids carry the phone number in base64
        shown["message_id"] = evidence.message_id
    return shown
