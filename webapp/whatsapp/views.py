"""The webhook: Meta's handshake, and deliveries that are stored before they are answered."""

import hmac
import logging
import re
from collections.abc import Sequence
from itertools import count

from flask import Blueprint, Response, abort, current_app, request

from webapp import clock, fault_points, measures
from webapp.accounts.access import public
from webapp.config import Settings
from webapp.extensions import db
from webapp.whatsapp import confirming, watch
from webapp.whatsapp.inbound import inbound
from webapp.whatsapp.inbound.group_commit import GroupCommit, NotStored
from webapp.whatsapp.inbound.inbound import Received
from webapp.whatsapp.inbound.keeping import Business
from webapp.whatsapp.webhook import signature

bp = Blueprint("whatsapp", __name__, url_prefix="/webhooks")
bp.after_request(measures.webhook_answered)
log = logging.getLogger(__name__)

LARGEST_DELIVERY = 4 * 1024 * 1024
"""Bytes; Meta's deliveries reach 3 MB (Meta, webhook overview)."""
RETRY_SECONDS = 5
ATTEMPTS = 3
MUTUAL_WAIT = {"40P01", "40001"}
"""PostgreSQL's codes for two transactions in each other's way; one of them gets this and tries again."""
_CHALLENGE = re.compile(r"[0-9A-Za-z_-]{1,200}")


@bp.get("/whatsapp")
@public
def verify() -> Response:
    """Meta's handshake: the challenge comes back as plain text to who knows the verify token."""
    challenge = request.args.get("hub.challenge", "")
    known = hmac.compare_digest(
        request.args.get("hub.verify_token", "").encode(), _settings().verify_token.encode()
    )
    subscribing = request.args.get("hub.mode") == "subscribe"
    if not (known and subscribing and _CHALLENGE.fullmatch(challenge)):
        abort(403)
    return Response(challenge, mimetype="text/plain")


@bp.post("/whatsapp")
@public
def receive() -> Response:
    """One delivery. 200 means stored, with every effect on consent; 503 asks Meta to send it again."""
    raw = _signed_body()
    fault_points.reached("webhook.signed")
    try:
        received = _deliveries().store(raw, _commit)
    except NotStored as problem:
        log.warning("a delivery was not stored: %s", problem)
        return Response(
            "Not stored; send it again.", 503, {"Retry-After": str(RETRY_SECONDS)}, mimetype="text/plain"
        )
    if received and received.confirmed:
        confirming.wake(current_app, clock.now())
    return Response(status=200, mimetype="text/plain")


def _signed_body() -> bytes:
    raw = _body_of_at_most(LARGEST_DELIVERY)
    if not signature.verify(raw, request.headers.get("X-Hub-Signature-256"), _settings().app_secrets):
        watch.refuse(current_app, clock.now())
        abort(401)
    return raw


def _body_of_at_most(largest: int) -> bytes:
    """Read one byte more than allowed: a body in chunks is cut at the limit without a word (Werkzeug 3)."""
    request.max_content_length = largest + 1
    raw = request.get_data()
    if len(raw) > largest:
        abort(413)
    return raw


def _deliveries() -> "GroupCommit[Received]":
    return current_app.extensions.setdefault("heed-deliveries", GroupCommit())


def _commit(raws: Sequence[bytes]) -> Received:
    """Store these deliveries, or none of them."""
    settings = _settings()
    business = Business(settings.phone_number_id, settings.business_account_id)
    for attempt in count(1):
        try:
            received = inbound.receive(raws, business, clock.now())
            if not received.new:
                watch.heard(clock.now())
            fault_points.reached("webhook.stored")
            db.session.commit()
            fault_points.reached("webhook.committed")
            return received
        except Exception as problem:
            db.session.rollback()
            waited_for_each_other = getattr(getattr(problem, "orig", None), "sqlstate", None) in MUTUAL_WAIT
            if not waited_for_each_other or attempt == ATTEMPTS:
                raise


def _settings() -> Settings:
    return current_app.config["HEED"]
