"""A ledger of invented people ends with them: its seals go, and the next seal begins another ledger."""

from datetime import datetime

from sqlalchemy import delete

from webapp.config import Settings
from webapp.consent.sealing import keys, notes, publishing, sealer
from webapp.consent.sealing.models import LedgerOrigin, Seal, SealedEvent
from webapp.extensions import db


def give_up(settings: Settings, now: datetime) -> None:
    """Remove all seals, with the ledger's guards lifted, and sign that it was on purpose: to verification the
    checkpoints beside the database would else tell of a ledger that vanished. The caller commits."""
    known = sealer.origin()
    if known is None:
        return
    key = keys.signing_key(settings)
    ended = notes.Checkpoint(known, 0, b"", now, notes.public_bytes(key))
    publishing.write_end(settings.data_dir, notes.sign(key, ended))
    for model in (SealedEvent, Seal, LedgerOrigin):
        db.session.execute(delete(model))
