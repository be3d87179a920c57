"""A Graph API on this machine: templates, account and messages, as a program meets them at Meta.

Source: Meta, Cloud API messages, message templates, Marketing Messages API, error codes.
"""

import hmac
import secrets
import socket
from typing import Any

from flask import Response, current_app, jsonify, make_response, request, url_for

from webapp import clock
from webapp.accounts.access import public
from webapp.config import Settings
from webapp.simulator import catalogue, lifetimes, statuses
from webapp.simulator.blueprint import graph
from webapp.simulator.conditions import Conditions, Fate
from webapp.simulator.network import TooManyWaiting, business, hold_back, network, webhook
from webapp.simulator.orders import Order, order
from webapp.simulator.refusals import Refusal
from webapp.whatsapp.invented import MESSAGE_IDS

LARGEST_PAGE = 100


@graph.before_request
def check_token() -> None:
    """Raises Refusal 190 unless the caller bears the desk's access token."""
    settings: Settings = current_app.config["HEED"]
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    right = hmac.compare_digest(token.encode(), settings.access_token.encode())
    if not (settings.access_token and right and scheme.lower() == "bearer"):
        raise Refusal(190)


@graph.errorhandler(Refusal)
def refused(refusal: Refusal) -> tuple[Response, int]:
    return jsonify(refusal.answer), refusal.http


@graph.errorhandler(TooManyWaiting)
def too_many_waiting(_: TooManyWaiting) -> tuple[Response, int]:
    """With the code that makes a sender wait: nothing is lost by it."""
    return refused(Refusal(130429, "Two answers are held back already; this machine has no more.", 503))


@graph.get("/<int:account>/message_templates")
@public
def templates(account: int) -> Response:
    if str(account) != business().account_id:
        raise _unknown_node(account)
    limit = min(request.args.get("limit", 25, type=int), LARGEST_PAGE)
    if limit < 1:
        raise Refusal(100, "limit must be a positive number.")
    found, before, after, more = catalogue.page(limit, request.args.get("after", ""))
    paging: dict[str, Any] = {"cursors": {"before": before, "after": after}} if found else {}
    if more:
        asked = request.args.to_dict() | {"limit": str(limit), "after": after}
        paging["next"] = url_for(".templates", account=account, _external=True, **asked)
    chosen = network().lifetimes.everything()
    listed = [
        each | ({"message_send_ttl_seconds": chosen[each["id"]]} if each["id"] in chosen else {})
        for each in found
    ]
    return jsonify({"data": listed, "paging": paging})


@graph.get("/<int:node>")
@public
def describe(node: int) -> Response:
    """The number with its throughput, or the account, which has the Marketing Messages API."""
    known = business()
    if str(node) == known.phone_number_id:
        number = {"display_phone_number": known.number, "throughput": {"level": "STANDARD"}}
        return jsonify({"id": known.phone_number_id, **number})
    if str(node) == known.account_id:
        return jsonify({"id": known.account_id, "marketing_messages_lite_api_status": "ONBOARDED"})
    raise _unknown_node(node)


@graph.post("/<int:template>")
@public
def edit_template(template: int) -> Response:
    """Only the time to live can be changed here."""
    known = catalogue.by_id(template)
    if known is None:
        raise _unknown_node(template)
    network().lifetimes.set(known["id"], lifetimes.wanted(request.get_json(silent=True), known))
    return jsonify({"success": True})


@graph.post("/<int:number>/<any(messages, marketing_messages):endpoint>")
@public
def send(number: int, endpoint: str) -> Response:
    """Take a message, or refuse it, as the conditions on the page say."""
    if str(number) != business().phone_number_id:
        raise _unknown_node(number)
    wanted = order(request.get_json(silent=True), marketing_only=endpoint == "marketing_messages")
    conditions = network().messages.conditions()
    seconds = conditions.delay / 1000
    with network().room_for(seconds):
        conditions, n = network().messages.next_number()
        fate = conditions.fate(n)
        answer = _take(wanted, conditions, fate, n)
        hold_back(seconds)
    if fate.refused_with:
        raise Refusal(fate.refused_with)
    return _broken(fate.broken) if fate.broken else jsonify(answer)


def _take(wanted: Order, conditions: Conditions, fate: Fate, n: int) -> dict[str, Any]:
    """Keep the message and report on it. Its first status may come before the answer, as Meta's do."""
    if fate.refused_with:
        return {}
    wamid, now = MESSAGE_IDS + secrets.token_urlsafe(16), clock.now()
    network().messages.keep(wamid, wanted, now)
    for seconds, status in statuses.course(wamid, wanted, conditions, fate, n, now):
        network().outbox.put(seconds, status, webhook())
    known_as = "user_id" if wanted.by_user_id else "wa_id"
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": wanted.asked, known_as: wanted.address}],
        "messages": [{"id": wamid, "message_status": "accepted"}],
    }


def _broken(how: str) -> Response:
    """Half an answer, or a connection that ends without one."""
    response = make_response('{"messaging_product":"whatsapp","contacts":[{"inp')
    response.mimetype = "application/json"
    if how == "reset":
        connection = request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket")
        if connection is not None:
            connection.shutdown(socket.SHUT_RDWR)
    return response


def _unknown_node(id: int) -> Refusal:
    return Refusal(100, f"Unsupported request. Object with ID '{id}' does not exist.")
