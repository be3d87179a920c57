"""Making a proof pack: what waits is sealed first, and all of it is read as of one moment."""

import logging
import tempfile
from datetime import datetime
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import current_app
from sqlalchemy import exists, select

from webapp.config import ConfigError
from webapp.consent import disclosures
from webapp.consent.models import ConsentEvent
from webapp.consent.sealing import keys, notes, sealer
from webapp.consent.sealing.models import SealedEvent
from webapp.consent.sealing.notes import BadNote
from webapp.customers import merging
from webapp.customers.models import Customer
from webapp.customers.proof import pack
from webapp.database import OUT_OF_REACH, begin_snapshot, reading, writing
from webapp.extensions import db

log = logging.getLogger(__name__)

KIND = "proof pack"
"""How a disclosure names it."""


def make(customer_id: int, page: pack.Page, *, actor: str, now: datetime) -> BinaryIO:
    """The pack, in a file that nobody else sees and that is gone once closed. Commits: it is on record who
    took it, before they have it."""
    db.session.rollback()
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        with reading():  # whoever posts holds SQLite's write lock otherwise, all the while
            _seal_what_waits(customer_id, now)
            rows = _write(file, customer_id, page, now)
        with writing():
            disclosures.note(KIND, customer_id=customer_id, rows=rows, actor=actor, now=now)
            db.session.commit()
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _write(file: BinaryIO, customer_id: int, page: pack.Page, now: datetime) -> int:
    begin_snapshot(db.session)
    try:
        return pack.write(file, db.session.get_one(Customer, customer_id), page, now)
    finally:
        db.session.rollback()


def _seal_what_waits(customer_id: int, now: datetime) -> None:
    """Until all events of this customer are sealed. Where that cannot be done, the pack says which are not.

    The checkpoint is written down and posted by the worker, within the minute.
    """
    try:
        key = _key_in_use()
        while key and _waits(customer_id) and sealer.seal(key, now):
            pass
    except (ConfigError, BadNote, *OUT_OF_REACH) as problem:
        log.warning("the ledger was not sealed for a proof pack: %s", type(problem).__name__)
    finally:
        db.session.rollback()


def _key_in_use() -> Ed25519PrivateKey | None:
    """The key that signed the newest seal, if it is here: a web process with a data folder of its own must
    not begin to sign with another one."""
    settings, last = current_app.config["HEED"], sealer.newest()
    known = last and notes.read(last.checkpoint).key == keys.public_key(settings)
    return keys.signing_key(settings) if known else None


def _waits(customer_id: int) -> bool:
    sealed = exists().where(SealedEvent.event_id == ConsentEvent.id)
    theirs = ConsentEvent.customer_id.in_(merging.merged_ids(customer_id))
    return db.session.scalar(select(exists().where(theirs, ~sealed)))
