"""Files with data of customers: each is on record as a disclosure before its first line leaves."""

from collections.abc import Iterable

from flask import Response, stream_with_context

from webapp import clock
from webapp.accounts.actors import current_actor
from webapp.consent import disclosures
from webapp.database import writing
from webapp.extensions import db


def disclosed(kind: str, name: str, lines: Iterable[str], *, filter: str, rows: int) -> Response:
    """A table file that leaves as it is written. `rows` is how many it has as it begins; commits."""
    db.session.rollback()  # a transaction that has only read could not become a writing one
    with writing():
        disclosures.note(kind, filter=filter, rows=rows, actor=current_actor(), now=clock.now())
        db.session.commit()
    response = Response(stream_with_context(lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
