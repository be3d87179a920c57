"""The panel of a customer's page that shows how it stood at an instant."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from webapp.consent.models import ConsentEvent
from webapp.customers import as_of, wording
from webapp.customers.as_of import Then
from webapp.formatting import instant

Part = tuple[str, int | None]
"""What stood, and the number of the event that made it."""


@dataclass(frozen=True)
class Asked:
    """`value` stands in the field; `records` are titles with what stood for each record of the person."""

    value: str = ""
    error: str = ""
    records: list[tuple[str, list[Part]]] = field(default_factory=list)


def asked(customer_id: int, typed: str) -> Asked:
    """What to show for a time as a field of type datetime-local gives it, in UTC."""
    typed = typed.strip()[:40]
    if not typed:
        return Asked()
    try:
        moment = datetime.fromisoformat(typed)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return Asked(typed, "Choose a day and a time.")
    records = [_record(then, customer_id) for then in as_of.person(customer_id, moment)]
    nobody: list[tuple[str, list[Part]]] = [("This customer was not on record then", [])]
    return Asked(f"{moment:%Y-%m-%dT%H:%M}", "", records or nobody)


def _record(then: Then, customer_id: int) -> tuple[str, list[Part]]:
    title = "As it stood" if then.customer_id == customer_id else f"Customer {then.customer_id}, merged later"
    parts = [_part(wording.STATES[then.state.status], then.status_event)]
    if then.stop_event:
        parts.append(_part(wording.STOPPED, then.stop_event))
    if then.hold_event:
        parts.append(_part(wording.ON_HOLD, then.hold_event))
    return title, parts


def _part(words: str, event: ConsentEvent | None) -> Part:
    return (f"{words}, recorded {instant(event.recorded_at)}", event.id) if event else (words, None)
