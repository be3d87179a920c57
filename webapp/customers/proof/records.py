"""What a proof pack tells of a customer: who, the state, and every event with its evidence.

Of the people who work here it names none: `user:ID` and the role.
"""

from collections.abc import Generator, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from webapp.accounts.actors import NAMES
from webapp.accounts.models import User
from webapp.consent import ledger_check
from webapp.consent.ledger import Proof
from webapp.consent.models import STATE_FIELDS, ConsentEvent, Evidence, ForgottenEvidence
from webapp.consent.rules import State
from webapp.consent.sealing import leaves
from webapp.consent.streaming import stream
from webapp.customers import phones, wording
from webapp.customers.models import Customer, Identity, IdentityKind
from webapp.extensions import db

Told = dict[str, Any]


def person(customer: Customer, ids: list[int]) -> Told:
    """Who it is about; `ids` are those of the customer and of all who were merged into it."""
    identities = [_identity(one) for one in customer.identities]
    return {"id": customer.id, "name": customer.name, "identities": identities, "merged": ids[1:]}


def records(ids: list[int]) -> list[Told]:
    """Each record with its state as the desk shows it, and as its events add up to it."""
    return [_record(db.session.get_one(Customer, customer_id)) for customer_id in ids]


def events(ids: list[int]) -> Generator[Told, None, None]:
    """All events, oldest first; a few at a time in memory."""
    roles = {f"user:{id}": role for id, role in db.session.execute(select(User.id, User.role))}
    query = (
        select(ConsentEvent, Evidence, ForgottenEvidence)
        .outerjoin(Evidence, Evidence.event_id == ConsentEvent.id)
        .outerjoin(ForgottenEvidence, ForgottenEvidence.event_id == ConsentEvent.id)
        .where(ConsentEvent.customer_id.in_(ids))
        .order_by(ConsentEvent.id)
    )
    with stream(query) as rows:
        for event, proof, forgotten in rows:
            yield {
                **{column: _plain(getattr(event, column)) for column in leaves.COLUMNS},
                "readable": _readable(event, proof, roles),
                "evidence": _evidence(proof, forgotten),
            }


def moment(at: datetime | None) -> str | None:
    """An instant for programs, with its microseconds."""
    return (
        at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        if at is not None
        else None
    )


def _identity(identity: Identity) -> Told:
    is_phone = identity.kind == IdentityKind.PHONE
    return {
        "kind": identity.kind, "value": identity.value, "source": identity.source,
        "readable": phones.display_phone(identity.value) if is_phone else identity.value,
        "known_since": moment(identity.created_at),
    }  # fmt: skip


def _record(customer: Customer) -> Told:
    told = ledger_check.told_by(_folded(customer.id))
    return {
        "id": customer.id, "name": customer.name, "created_at": moment(customer.created_at),
        "merged_into": customer.merged_into_id, "events": customer.events_count,
        "state": _state(customer.consent), "fold": _state(told) if told else None,
        "disputed_at": moment(customer.disputed_at), "unreachable_at": moment(customer.unreachable_at),
        "erased_at": moment(customer.erased_at),
    }  # fmt: skip


def _folded(customer_id: int) -> Iterator[Any]:
    query = select(ConsentEvent).where(ConsentEvent.customer_id == customer_id).order_by(ConsentEvent.id)
    with stream(query) as rows:
        for (event,) in rows:
            yield event


def _state(state: State) -> Told:
    values = {field: getattr(state, field) for field in STATE_FIELDS}
    return {name: moment(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _plain(value: Any) -> Any:
    """As the leaf of a seal has it: times are whole microseconds."""
    return (value - leaves.EPOCH) // leaves.MICROSECOND if isinstance(value, datetime) else value


def _readable(event: ConsentEvent, proof: Evidence | None, roles: dict[str, str]) -> Told:
    actor, channel = event.actor, proof.channel if proof else ""
    return {
        "occurred_at": moment(event.occurred_at),
        "recorded_at": moment(event.recorded_at),
        "headline": wording.headline(event, channel),
        "channel": wording.CHANNELS.get(channel, channel),
        "by": f"{actor} ({roles[actor]})" if actor in roles else NAMES.get(actor, actor),
        "remark": wording.no_effect(event.effect, event.reason),
    }


def _evidence(proof: Evidence | None, forgotten: ForgottenEvidence | None) -> Told | None:
    if proof is None:
        return _forgotten(forgotten) if forgotten else None
    told = {field.name: getattr(proof, field.name) for field in fields(Proof)}
    file = told.get("file_sha256")
    return {"nonce": proof.nonce.hex(), **told, "file": f"files/{file}" if file else None}


def _forgotten(forgotten: ForgottenEvidence) -> Told:
    return {"forgotten_at": moment(forgotten.forgotten_at), "why": forgotten.why}
