"""The phone beside the desk: what it writes goes to the real webhook, signed, from the background."""

import secrets
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request, url_for
from flask.blueprints import BlueprintSetupState

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.config import Settings
from webapp.customers.blueprint import reader
from webapp.customers.rows import Row, row_of
from webapp.customers.table import Table
from webapp.customers.table_context import results
from webapp.extensions import db, htmx
from webapp.rendering import see_other
from webapp.simulator import phones
from webapp.simulator.deliveries import Business, Said, delivery
from webapp.simulator.delivery_log import Delivery, DeliveryLog
from webapp.simulator.line import Line, Parcel
from webapp.simulator.phones import Phone
from webapp.whatsapp.invented import MESSAGE_IDS

bp = Blueprint("simulator", __name__, url_prefix="/simulator")

BUSINESS = "Casa Lume"
BUTTON = "Stop promotions"
QUICK_TEXTS = {"stop": "STOP", "start": "START", "thanks": "Stop. Thank you"}
LONGEST_TEXT = 4096
"""WhatsApp's own limit of a text message (Meta, text messages)."""
DEMO_IDS = "210000000000001", "310000000000001"
"""Account and number of a desk that is not connected to WhatsApp."""


@bp.record_once
def connect(state: BlueprintSetupState) -> None:
    log = DeliveryLog(state.app.config["HEED"].data_dir / "simulator.db")
    state.app.extensions["heed-phone-line"] = Line(log)


@bp.url_defaults
def stay_with_the_phone(endpoint: str, values: dict[str, Any]) -> None:
    """The table's links lead back to the same phone."""
    if endpoint == "simulator.show" and "phone" in request.args:
        values.setdefault("phone", request.args["phone"])


@bp.get("")
@requires(Role.AGENT)
def show() -> str:
    if htmx.partial and htmx.target == "phone":
        return render_template("simulator/_phone.html", **_phone_context())
    table = results(Table.of(request.args, reader()), "simulator.show") | {"endpoint": "simulator.show"}
    if htmx.partial:
        return render_template("customers/_table.html", **table)
    return render_template("simulator/show.html", **table, **_phone_context())


@bp.get("/conversation")
@requires(Role.AGENT)
def conversation() -> Response:
    """What changed on this phone since the last poll; 304 when nothing did."""
    context = _context(_chosen(request.args))
    if request.headers.get("HX-PTag") == context["phone_tag"]:
        return make_response("", 304)
    return _conversation(**context, written=False)


@bp.post("/messages")
@requires(Role.AGENT)
def write() -> Response:
    """Write a text, or tap the template's button. The delivery leaves once this request is over."""
    phone = _chosen(request.form)
    said = _said()
    id = _line().log.begin(phone.key, said.words, said.tapped, said.at)
    settings: Settings = current_app.config["HEED"]
    body = delivery(_business(settings), phone.writer, said)
    parcel = Parcel(id, int(request.environ["SERVER_PORT"]), body, settings.app_secrets[0])
    if htmx.partial:
        response = _conversation(**_context(phone), written=True)
    else:
        response = see_other(url_for(".show", phone=phone.key))
    response.call_on_close(partial(_line().send, parcel))
    return response


def _phone_context() -> dict[str, Any]:
    """For `_phone.html`."""
    phone = _chosen(request.args)
    return _context(phone) | {"phones": phones.every(phone), "quick_texts": QUICK_TEXTS}


def _context(phone: Phone) -> dict[str, Any]:
    """For `_conversation.html`, and the head of the phone."""
    deliveries = _line().log.of(phone.key)
    db.session.rollback()  # what an answered delivery did may be newer than this request's first look
    customer = (phones.find(phone.key) or phone).customer
    row = row_of(customer.id, reader()) if customer else None
    return {
        "business": BUSINESS,
        "button_label": BUTTON,
        "longest_text": LONGEST_TEXT,
        "phone": phone,
        "deliveries": deliveries,
        "row_of_phone": row,
        "phone_tag": _tag(phone, deliveries, row),
    }


def _tag(phone: Phone, deliveries: list[Delivery], row: Row | None) -> str:
    """Another one whenever the page has to show something else. ASCII, for it travels in a header."""
    answers = ".".join(f"{it.id}-{it.status or (it.failure and 'failed')}" for it in deliveries)
    return f"{phone.key}|{answers}|{row.version if row else 0}"


def _conversation(**context: Any) -> Response:
    response = make_response(render_template("simulator/_conversation.html", **context))
    response.headers["HX-PTag"] = context["phone_tag"]
    return response


def _chosen(args: Any) -> Phone:
    """The phone that the request names; without one the first that is offered. 404 for nobody's."""
    key = args.get("phone", "")
    return (phones.find(key) or abort(404)) if key else phones.first()


def _said() -> Said:
    """The words that were typed, or those of a quick button; 400 when there are none, or too many."""
    quick = request.form.get("say", "")
    words = BUTTON if quick == "button" else QUICK_TEXTS.get(quick, request.form.get("words", ""))
    if not words.strip() or len(words) > LONGEST_TEXT:
        abort(400)
    message_id = MESSAGE_IDS + secrets.token_urlsafe(16)
    return Said(message_id, words, clock.now(), tapped=quick == "button")


def _business(settings: Settings) -> Business:
    account_id, phone_number_id = DEMO_IDS
    return Business(settings.business_account_id or account_id, settings.phone_number_id or phone_number_id)


def _line() -> Line:
    return current_app.extensions["heed-phone-line"]
