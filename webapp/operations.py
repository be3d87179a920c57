"""What the platform asks: is the process alive, is it ready, how does it fare."""

import hmac
import ipaddress

from flask import Blueprint, Response, abort, current_app, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from webapp import clock, database, database_checks, tasks
from webapp.accounts.access import public
from webapp.campaigns import audit_runs, switch
from webapp.campaigns.models import Delivery, DeliveryState
from webapp.consent import disputes
from webapp.consent.models import Hold
from webapp.consent.sealing import sealer, verification
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.whatsapp import dead_letters, watch
from webapp.whatsapp.models import InboundMessage

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
    needed = _database_checks()
    ready = set(needed.values()) == {"ok"}
    return jsonify(**needed, **(_reports() if ready else {})), 200 if ready else 503


def _database_checks() -> dict[str, str]:
    try:
        migrated = _version() == database.newest_version()
    except SQLAlchemyError:
        db.session.rollback()
        return {"database": "out of reach or empty: run `heed init`", "migrations": "unknown"}
    return {"database": "ok", "migrations": "ok" if migrated else "run `heed init`"}


def _reports() -> dict[str, str]:
    found = database_checks.findings(db.session, current_app.config["HEED"])
    setup = f"{len(found)} to put right: see Status" if found else "ok"
    return {"setup": setup, **_worker_checks()}


def _worker_checks() -> dict[str, str]:
    seen = tasks.last_beat()
    age = clock.now() - seen if seen else None
    words = f"seen {round(age.total_seconds())} s ago" if age else "never seen: run `heed worker`"
    waiting = tasks.waiting(current_app.config["HEED"])
    return {"worker": words, "queue": f"{'unknown number' if waiting is None else waiting} waiting"}


@bp.get("/metrics")
@public
def metrics() -> Response:
    """Prometheus; for loopback, or with METRICS_TOKEN as bearer."""
    _require_metrics_access()
    registry = CollectorRegistry()
    customers = Gauge("heed_customers", "Customers by consent status", ["status"], registry=registry)
    for status, n in db.session.execute(select(Customer.status, func.count()).group_by(Customer.status)):
        customers.labels(status).set(n)
    reviews = Gauge("heed_reviews_open", "Messages that wait for a person", registry=registry)
    reviews.set(db.session.scalar(select(func.count()).where(Hold.decided_at.is_(None))) or 0)
    dead = Gauge("heed_dead_letters", "Inbound items that could not be applied", registry=registry)
    dead.set(db.session.scalar(select(func.count(InboundMessage.id)).where(dead_letters.is_open())) or 0)
    _measure_webhook(registry)
    _measure_sending(registry)
    _measure_ledger(registry)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _measure_webhook(registry: CollectorRegistry) -> None:
    """The time of the last delivery is absent before the first."""
    heard = watch.hearing(clock.now())
    if heard.last:
        last = Gauge("heed_last_webhook_seconds", "Last valid webhook, Unix time", registry=registry)
        last.set(heard.last.timestamp())
    words = "Deliveries with a missing or wrong signature"
    Counter("heed_webhook_signature_failures", words, registry=registry).inc(heard.refused_total)
    silent = Gauge("heed_webhook_silent", "1 while the webhook's silence is an alarm", registry=registry)
    silent.set(heard.silent)


def _measure_sending(registry: CollectorRegistry) -> None:
    deliveries = Gauge("heed_deliveries", "Deliveries by state", ["state"], registry=registry)
    for state, n in db.session.execute(select(Delivery.state, func.count()).group_by(Delivery.state)):
        deliveries.labels(state).set(n)
    refused = Gauge("heed_suppressed", "Deliveries left out, by reason", ["reason"], registry=registry)
    left_out = select(Delivery.reason, func.count()).where(Delivery.state == DeliveryState.SUPPRESSED)
    for reason, n in db.session.execute(left_out.group_by(Delivery.reason)):
        refused.labels(reason).set(n)
    allowed = Gauge("heed_sending_enabled", "0 while the kill switch is on", registry=registry)
    allowed.set(0 if switch.off(current_app.config["HEED"]) else 1)
    _measure_auditor(registry)


def _measure_auditor(registry: CollectorRegistry) -> None:
    """Nothing before its first run: an alert can tell silence from absence."""
    if run := audit_runs.last():
        found = Gauge("heed_audit_violations", "Marketing after an opt-out, last audit", registry=registry)
        found.set(run.found)
        ran = Gauge("heed_audit_last_run_seconds", "When the auditor last ran, Unix time", registry=registry)
        ran.set(run.ran_at.timestamp())


def _measure_ledger(registry: CollectorRegistry) -> None:
    """Nothing before the first seal and the first verification: an alert can tell silence from absence."""
    waiting, oldest = sealer.waiting(clock.now())
    unsealed = Gauge("heed_ledger_unsealed_events", "Events that wait for a seal", registry=registry)
    unsealed.set(waiting)
    if oldest:
        words = "When the oldest event that waits for a seal was recorded, Unix time"
        Gauge("heed_ledger_oldest_unsealed_seconds", words, registry=registry).set(oldest.timestamp())
    if last := sealer.newest():
        sealed = Gauge("heed_ledger_last_seal_seconds", "Last seal, Unix time", registry=registry)
        sealed.set(last.sealed_at.timestamp())
    if ran := verification.last():
        verified = Gauge("heed_ledger_verified_seconds", "Last verification, Unix time", registry=registry)
        verified.set(ran.ran_at.timestamp())
        whole = Gauge("heed_ledger_whole", "1 if the last verification found no fault", registry=registry)
        whole.set(0 if ran.fault else 1)
    disputed = Gauge("heed_customers_disputed", "Customers who differ from the ledger", registry=registry)
    disputed.set(disputes.open_count())


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


def _version() -> str | None:
    return db.session.scalar(text("SELECT version_num FROM alembic_version"))
