"""A sealed ledger for tests, and somebody who owns the database and edits it behind the product's back."""

from datetime import timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from tests.factories import a_customer, at
from webapp.consent import guards, ledger
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Source, Status
from webapp.consent.sealing import housekeeping, keys, publishing, sealer, verification
from webapp.consent.sealing.models import SealedEvent
from webapp.consent.sealing.seal_check import Anchors
from webapp.customers.models import Customer
from webapp.extensions import db

SEALED_AT = at(60)
VERIFIED_AT = at(60) + timedelta(hours=12)


def stop(customer: Customer, seconds: float) -> ConsentEvent:
    proof = Proof("whatsapp", "Stop!", "STOP")
    event = ledger.record(
        customer, Statement(Status.OPTED_OUT, Source.KEYWORD, "customer", at(seconds), proof=proof)
    )
    db.session.commit()
    return event


def seal(seconds: float = 60) -> None:
    """Seal all that waits, as at this time, and write the checkpoints down."""
    settings = current_app.config["HEED"]
    db.session.commit()
    while sealer.seal(keys.signing_key(settings), at(seconds)):
        pass
    publishing.write_down(settings.data_dir)
    db.session.commit()


def three_seals() -> list[Customer]:
    """Nine events of four customers under three seals, and one event that waits."""
    customers = [a_customer(name, Status.OPTED_IN) for name in ("Ana", "Ben", "Cleo", "Dina")]
    seal(60)
    for seconds, customer in enumerate(customers):
        stop(customer, 100 + seconds)
    seal(120)
    stop(a_customer("Emil", Status.OPTED_IN), 130)
    seal(180)
    stop(customers[0], 200)
    return customers


def fault(brought: Path | None = None, *, beside: bool = True) -> str | None:
    """What verification says; `beside`: with the key and the checkpoints of this machine."""
    db.session.commit()
    known = housekeeping.anchors(current_app.config["HEED"]) if beside else Anchors()
    anchors = Anchors(known.key, known.folder, brought)
    said = verification.run(verification.COMMAND, anchors, VERIFIED_AT).fault
    db.session.commit()
    return said


def rewrite(*statements: str) -> None:
    """As the owner of the database: no triggers, no foreign keys, no unique constraints in the way."""
    lift = guards.LIFT[db.engine.dialect.name]
    triggers = [lift.format(name=name, table=table) for name, table, _ in guards._triggers()]
    db.session.rollback()
    free = {"sqlite": "PRAGMA foreign_keys=OFF", "postgresql": "SET session_replication_role = replica"}
    raw = db.engine.raw_connection()
    for statement in (free[db.engine.dialect.name], *triggers, *statements):
        raw.cursor().execute(statement)
    raw.commit()
    raw.invalidate()


def event_at(position: int) -> int:
    return db.session.scalars(select(SealedEvent.event_id).where(SealedEvent.position == position)).one()
