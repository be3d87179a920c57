"""The phone beside the desk: what it writes goes to the real webhook, signed, from the background."""

import secrets
from functools import partial
from typing import Any

from flask import Response, abort, flash, make_response, render_template, request, url_for

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.customers.blueprint import reader
from webapp.customers.rows import Row, row_of
from webapp.customers.table import Table
from webapp.customers.table_context import results
from webapp.extensions import db, htmx
from webapp.rendering import see_other, trigger
from webapp.simulator import graph_views, phones
from webapp.simulator.blueprint import bp, graph
from webapp.simulator.chat import chat
from webapp.simulator.condition_views import condition_context
from webapp.simulator.deliveries import Said, delivery
from webapp.simulator.line import Parcel
from webapp.simulator.network import network, webhook
from webapp.simulator.phones import Phone
from webapp.whatsapp.invented import MESSAGE_IDS

BUSINESS = "Casa Lume"
BUTTON = "Stop promotions"
QUICK_TEXTS = {"stop": "STOP", "start": "START", "thanks": "Stop. Thank you"}
LONGEST_TEXT = 4096
"""WhatsApp's own limit of a text message (Meta, text messages)."""


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
    return _say(_chosen(request.form), _said())


@bp.post("/taps")
@requires(Role.AGENT)
def tap() -> Response:
    """Tap a button of a message: a quick reply comes back to the business, a link goes nowhere."""
    phone = _chosen(request.form)
    message = network().messages.find(request.form.get("wamid", ""))
    index = request.form.get("button", "", type=str)
    if message is None or message.address not in phone.reached_at:
        abort(404)
    buttons = dict(enumerate(message.picture.buttons))
    button = buttons.get(int(index)) if index.isascii() and index.isdigit() and len(index) < 3 else None
    if button is None:
        abort(404)
    if button.kind != "quick_reply":
        return _no_browser(phone)
    id = MESSAGE_IDS + secrets.token_urlsafe(16)
    return _say(phone, Said(id, button.label, clock.now(), True, button.payload, message.wamid))


def _no_browser(phone: Phone) -> Response:
    words = "This phone opens no links and calls nobody."
    if htmx.partial:
        return trigger(make_response("", 204), {"toast": {"message": words}})
    flash(words)
    return see_other(url_for(".show", phone=phone.key))


def _say(phone: Phone, said: Said) -> Response:
    """The delivery leaves once this request is over. A tap leaves alone what is being typed."""
    line, to = network().line, webhook()
    id = line.log.begin(phone.key, said.words, said.tapped, said.at)
    parcel = Parcel(id, to.port, delivery(to.business, phone.writer, said), to.secret)
    if htmx.partial:
        response = _conversation(**_context(phone), written=not said.answers)
    else:
        response = see_other(url_for(".show", phone=phone.key))
    response.call_on_close(partial(line.send, parcel))
    return response


def _phone_context() -> dict[str, Any]:
    """For `_phone.html`."""
    phone = _chosen(request.args)
    offered = {"phones": phones.every(phone), "quick_texts": QUICK_TEXTS}
    return _context(phone) | offered | condition_context()


def _context(phone: Phone) -> dict[str, Any]:
    """For `_conversation.html`, and the head of the phone."""
    shown = chat(phone)
    db.session.rollback()  # what an answered delivery did may be newer than this request's first look
    customer = (phones.find(phone.key) or phone).customer
    row = row_of(customer.id, reader()) if customer else None
    return {
        "business": BUSINESS,
        "button_label": BUTTON,
        "longest_text": LONGEST_TEXT,
        "phone": phone,
        "chat": shown.entries,
        "deliveries": shown.deliveries,
        "row_of_phone": row,
        "phone_tag": _tag(phone, shown.tag, row),
    }


def _tag(phone: Phone, shown: str, row: Row | None) -> str:
    """Another one whenever the page has to show something else."""
    return f"{phone.key}|{shown}|{row.version if row else 0}"


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


bp.register_blueprint(graph)
__all__ = ["bp", "graph_views"]
