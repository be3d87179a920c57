"""The header Idempotency-Key: a call that is made again under the same key is answered again, not done again.

The key is written first, in the transaction of what it protects. Of two calls at once the second waits for
the first at the unique key, and is then given its answer. Refusals are not kept: they changed nothing.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from flask import Response, g, jsonify, request
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from webapp.accounts.actors import current_actor
from webapp.api.problems import Problem, unfit
from webapp.campaigns.models import IdempotencyKey
from webapp.clock import now
from webapp.extensions import db

View = Callable[..., Any]
HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
KEPT = timedelta(hours=24)
LONGEST_KEY = 200


def once(view: View) -> View:
    """Do what the view does once for each key; without the header nothing changes.

    The view ends with `committed`. It stands below `bearer`, for every token has keys of its own.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        key = _key_shown()
        if key is None:
            return view(*args, **kwargs)
        g.idempotency_key = _reserved(key, _fingerprint(), now())
        return view(*args, **kwargs) if g.idempotency_key else _replay(key)

    return guarded


def committed(answer: dict[str, Any], status: int) -> tuple[Response, int]:
    """Commit what was done together with its answer under the key, if one was sent."""
    if row := g.get("idempotency_key"):
        row.status, row.answer = status, answer
    db.session.commit()
    return jsonify(answer), status


def forget(now: datetime) -> None:
    """Delete the keys of calls that are longer ago than a day. The caller commits."""
    db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - KEPT))


def _key_shown() -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise unfit(HEADER, f"A key has 1 to {LONGEST_KEY} printable ASCII characters.")
    return key


def _fingerprint() -> str:
    """Of method, path and body. Read before the transaction begins: a body may come in slowly."""
    head = f"{request.method} {request.path}\n".encode()
    return hashlib.sha256(head + request.get_data()).hexdigest()


def _reserved(key: str, fingerprint: str, now: datetime) -> IdempotencyKey | None:
    """The row of a key that is used for the first time within a day; None when it is known already."""
    own = IdempotencyKey.actor == current_actor(), IdempotencyKey.key == key
    db.session.execute(delete(IdempotencyKey).where(*own, IdempotencyKey.created_at <= now - KEPT))
    row = IdempotencyKey(
        actor=current_actor(), key=key, fingerprint=fingerprint, status=0, answer={}, created_at=now
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        return None
    return row


def _replay(key: str) -> Response:
    own = IdempotencyKey.actor == current_actor(), IdempotencyKey.key == key
    known = db.session.scalars(select(IdempotencyKey).where(*own)).one_or_none()
    if known is None:
        raise Problem(
            409, "A call under this key ends in this moment. Try again.", headers={"Retry-After": "1"}
        )
    if known.fingerprint != _fingerprint():
        raise unfit(HEADER, "This key was used for another call. Send a new key with each new call.")
    response = jsonify(known.answer)
    response.status_code = known.status
    response.headers[REPLAYED] = "true"
    return response
