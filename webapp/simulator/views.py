"""The phone beside the desk: what it writes goes to the real webhook, signed, from the background."""

from dataclasses import replace
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
from webapp.simulator import composing, graph_views, phones
from webapp.simulator.acts import OFFERS, Kind, Said
from webapp.simulator.blueprint import bp, graph
from webapp.simulator.chat import chat
from webapp.simulator.composing import NotPossible, UnusableWords
from webapp.simulator.condition_views import condition_context
from webapp.simulator.deliveries import delivery
from webapp.simulator.line import Parcel
from webapp.simulator.network import network, webhook
from webapp.simulator.phones import Phone

BUSINESS = "Casa Lume"


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
    """Write a text, tap the template's button, or do what the menu offers."""
    phone = _chosen(request.form)
    key = request.form.get("do", "")
    try:
        said = (
            composing.chosen(key, request.form.get("words", ""), phone)
            if key
            else composing.typed(request.form)
        )
    except (UnusableWords, KeyError):
        abort(400)
    except NotPossible as problem:
        return _refused(phone, str(problem))
    return _say(phone, said)


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
        return _refused(phone, "This phone opens no links and calls nobody.")
    said = Said(composing.new_id(), button.label, clock.now(), Kind.BUTTON, button.payload)
    return _say(phone, replace(said, about=message.wamid))


def _refused(phone: Phone, words: str) -> Response:
    if htmx.partial:
        return trigger(make_response("", 204), {"toast": {"message": words}})
    flash(words)
    return see_other(url_for(".show", phone=phone.key))


def _say(phone: Phone, said: Said) -> Response:
    """The delivery leaves once this request is over. A tap leaves alone what is being typed."""
    line, to = network().line, webhook()
    parcel = Parcel(
        line.log.begin(phone.key, said), to.port, delivery(to.business, phone.writer, said), to.secret
    )
    if said.moved_to:
        network().moves.note(phone.key, (said.moved_to.wa_id, said.moved_to.user_id))
    if htmx.partial:
        response = _conversation(**_context(phone), written=said.words == request.form.get("words"))
    else:
        response = see_other(url_for(".show", phone=phone.key))
    response.call_on_close(partial(line.send, parcel))
    return response


def _phone_context() -> dict[str, Any]:
    """For `_phone.html`."""
    phone = _chosen(request.args)
    offered = {"phones": phones.every(phone), "quick_texts": composing.QUICK_TEXTS, "offers": OFFERS}
    return _context(phone) | offered | condition_context()


def _context(phone: Phone) -> dict[str, Any]:
    """For `_conversation.html`, and the head of the phone."""
    shown = chat(phone)
    db.session.rollback()  # what an answered delivery did may be newer than this request's first look
    customer = (phones.find(phone.key) or phone).customer
    row = row_of(customer.id, reader()) if customer else None
    return {
        "business": BUSINESS,
        "button_label": composing.BUTTON,
        "longest_text": composing.LONGEST_TEXT,
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


bp.register_blueprint(graph)
__all__ = ["bp", "graph_views"]
