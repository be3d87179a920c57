"""What the platform asks: is the process alive, is it ready, how does it fare."""

import hmac
import ipaddress

from flask import Blueprint, Response, abort, current_app, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST

from webapp import clock, measures, metrics, schema, tasks
from webapp.accounts.access import public
from webapp.checks import setup
from webapp.database import OUT_OF_REACH
from webapp.extensions import db

bp = Blueprint("operations", __name__)


@bp.get("/healthz")
@public
def health() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readiness() -> tuple[Response, int]:
    """503 only when the database is out of reach or not migrated; the rest is reported."""
    needed = _needed()
    ready = set(needed.values()) == {"ok"}
    return jsonify(**needed, **(_reports() if ready else {})), 200 if ready else 503


def _needed() -> dict[str, str]:
    try:
        why = schema.wrong(db.engine)
    except OUT_OF_REACH:
        return {"database": "out of reach", "migrations": "unknown"}
    return {"database": "ok", "migrations": why or "ok"}


def _reports() -> dict[str, str]:
    found = setup.findings(db.session, current_app.config["HEED"], clock.now())
    words = f"{len(found)} to put right: see Status, or run heed doctor" if found else "ok"
    return {"setup": words, **_work()}


def _work() -> dict[str, str]:
    seen = tasks.last_beat()
    age = clock.now() - seen if seen else None
    words = f"seen {round(age.total_seconds())} s ago" if age else "never seen: run heed worker"
    queue = tasks.waiting(current_app.config["HEED"])
    return {"worker": words, "queue": f"{queue.number} waiting" if queue else "out of reach"}


@bp.get("/metrics")
@public
def figures() -> Response:
    """Prometheus; for loopback, or with METRICS_TOKEN as bearer."""
    _require_metrics_access()
    return Response(_of_the_desk() + measures.told(), content_type=CONTENT_TYPE_LATEST)


def _of_the_desk() -> bytes:
    """Without its database what the processes count is told all the same: webhooks fail just then."""
    counted = current_app.extensions.setdefault("heed-counted", metrics.Counted())
    try:
        return metrics.told(current_app.config["HEED"], counted, clock.now())
    except OUT_OF_REACH:
        db.session.rollback()
        return metrics.told_without_database()


def _require_metrics_access() -> None:
    token = current_app.config["HEED"].metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return
    if token or not _from_this_machine():
        abort(403)


def _from_this_machine() -> bool:
    """A proxy on this machine passes strangers on, and says so in a header."""
    if request.headers.get("X-Forwarded-For") or not request.remote_addr:
        return False
    return ipaddress.ip_address(request.remote_addr).is_loopback
