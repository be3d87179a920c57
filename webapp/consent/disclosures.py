"""Disclosures: data of customers that left the desk is on record, with who took it. The caller commits."""

import re
from datetime import datetime

from webapp.consent.models import Disclosure
from webapp.extensions import db

_NUMBER = re.compile(r"[+(]*\d(?:[ ().-]{0,3}\d){8,}")
"""Nine digits and more, as numbers are written; a date has eight."""


def note(
    kind: str,
    *,
    customer_id: int | None = None,
    filter: str = "",
    rows: int | None = None,
    actor: str,
    now: datetime,
) -> Disclosure:
    """Put on record what was taken: `filter` says what it was limited to, never by a number of a customer."""
    said = _NUMBER.sub("(number)", filter)
    disclosure = Disclosure(kind=kind, customer_id=customer_id, filter=said, rows=rows, actor=actor, at=now)
    db.session.add(disclosure)
    db.session.flush()
    return disclosure
