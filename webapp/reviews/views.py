"""The reviews: messages that may be a stop, with marketing on hold until somebody has decided."""

from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, render_template, request, url_for

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import actor_names, current_actor
from webapp.accounts.roles import Role
from webapp.consent import holds
from webapp.consent.models import Hold
from webapp.consent.rules import ConsentRefused, OlderThanOptOut, ReviewKind, Status
from webapp.consent.undoing import NotUndoable
from webapp.customers.models import Customer
from webapp.extensions import db, htmx
from webapp.formatting import ago, instant
from webapp.rendering import see_other, trigger
from webapp.reviews import decided, decisions, live, reopening
from webapp.reviews.cards import cards_of, open_cards
from webapp.reviews.decisions import DecidedMeanwhile, Decision, Unfit
from webapp.reviews.live import Seen

bp = Blueprint("reviews", __name__, url_prefix="/reviews")


@bp.get("")
@requires(Role.VIEWER)
def index() -> str:
    seen, now = Seen.now(), clock.now()
    cards = open_cards(seen.newest, now)
    return render_template("reviews/index.html", cards=cards, tag=seen.tag, **_around())


@bp.get("/live")
@requires(Role.VIEWER)
def news() -> Response:
    """What happened since the last poll; 304 when nothing did."""
    seen, before = Seen.now(), Seen.of(request.headers.get("HX-PTag", ""))
    if before is None or before == seen:
        return make_response("", 304)
    told = live.news(before, seen, current_actor(), clock.now())
    closed = [(review, _card_said(review)) for review in told.decided]
    content = render_template(
        "reviews/_live_answer.html", arrived=told.arrived, noted=told.noted, closed=closed, **_around()
    )
    response = make_response(content)
    response.headers["HX-PTag"] = seen.tag
    if told.overruled:
        words = f"A colleague opted {', '.join(told.overruled)} out after all. The stricter decision stands."
        trigger(response, {"toast": {"message": words}})
    return response


@bp.post("/<int:review_id>")
@requires(Role.AGENT)
def decide(review_id: int) -> Response:
    review, decision, note = db.get_or_404(Hold, review_id), _wanted(), request.form.get("note", "")
    try:
        ids = decisions.decide(review, decision, note=note, actor=current_actor(), now=clock.now())
    except DecidedMeanwhile:
        db.session.rollback()
        return _closed(review)
    except Unfit as problem:
        return _refused(review, str(problem), 422, note)
    except ConsentRefused as refusal:
        db.session.rollback()
        return _refused(review, _stands(review, refusal), 409)
    db.session.commit()
    return _answer(review, ids, _outcome(review, decision), undo=decision is not Decision.NOT_SURE)


@bp.post("/<int:review_id>/undo")
@requires(Role.AGENT)
def undo(review_id: int) -> Response:
    review = db.get_or_404(Hold, review_id)
    try:
        again = reopening.undo(review, actor=current_actor(), now=clock.now())
    except NotUndoable as refusal:
        db.session.rollback()
        return _undone([], f"Not undone. {refusal}", 409)
    db.session.commit()
    stands = f"{_label(review)} waits for a decision again." if again else _card_said(review)["sentence"]
    return _undone([each.id for each in again], f"Undone. {stands}")


def _wanted() -> Decision:
    try:
        return Decision(request.form.get("decision", ""))
    except ValueError:
        abort(422)


def _around() -> dict[str, Any]:
    """What the page shows around its cards, now."""
    waiting = holds.open_count()
    lines = decided.latest(current_actor(), clock.now())
    return {"decided": lines, "waiting": waiting, "reviews_open": waiting, "error": "", "note": ""}


def _answer(review: Hold, ids: list[int], sentence: str, *, undo: bool) -> Response:
    """The cards leave the queue; one that somebody is not sure about joins those at its end."""
    if not htmx:
        return _redirected(sentence)
    put_off = cards_of(ids, clock.now())
    response = make_response(
        render_template("reviews/_decided_answer.html", left=ids, put_off=put_off, **_around())
    )
    return trigger(response, {"toast": {"message": sentence} | (_undoing(review) if undo else {})})


def _undoing(review: Hold) -> dict[str, Any]:
    url = url_for("reviews.undo", review_id=review.id)
    return {"undo_url": url, "event": review.id, "target": "#reviews-decided"}


def _undone(ids: list[int], sentence: str, status: int = 200) -> Response:
    if not htmx:
        return _redirected(sentence)
    cards = cards_of(ids, clock.now())
    response = make_response(render_template("reviews/_undone_answer.html", cards=cards, **_around()), status)
    trigger(response, {"toast": {"message": sentence, "bad": status == 409}})
    return trigger(response, {"review:again": {"id": f"review-{ids[0]}"}}) if ids else response


def _closed(review: Hold) -> Response:
    """Somebody else decided; the card says so in place of its buttons."""
    sentence = decided.sentence(review, _decided_ago(review))
    if not htmx:
        return _redirected(sentence)
    shown = {"review": review, "label": _label(review), "sentence": sentence}
    return make_response(render_template("reviews/_closed.html", **shown), 409)


def _refused(review: Hold, sentence: str, status: int, note: str = "") -> Response:
    """The card with what stands against it; what was typed is still there."""
    if not htmx:
        return _redirected(sentence)
    around = _around() | {"error": sentence, "note": note}
    [card] = cards_of([review.id], clock.now())
    return make_response(render_template("reviews/_review.html", card=card, **around), status)


def _redirected(sentence: str) -> Response:
    flash(sentence)
    return see_other(url_for("reviews.index"))


def _card_said(review: Hold) -> dict[str, str]:
    return {"label": _label(review), "sentence": decided.sentence(review, _decided_ago(review))}


def _decided_ago(review: Hold) -> str:
    return ago(review.decided_at, clock.now()) if review.decided_at else ""


def _label(review: Hold) -> str:
    return db.session.get_one(Customer, review.customer_id).label


def _stands(review: Hold, refusal: ConsentRefused) -> str:
    when = f" on {instant(refusal.opt_out_at)}" if isinstance(refusal, OlderThanOptOut) else ""
    return (
        f"Not recorded. {_label(review)} opted out{when}, which is not before this signup, so the opt-out "
        "stands. Only a later statement of the customer can change it."
    )


def _outcome(review: Hold, decision: Decision) -> str:
    customer = db.session.get_one(Customer, review.customer_id)
    match decision:
        case Decision.OPT_OUT:
            return _opted_out(review, customer)
        case Decision.NOT_SURE:
            return f"{customer.label} stays on hold until somebody is sure."
        case Decision.OPT_IN:
            return f"The consent of {customer.label} is recorded."
        case Decision.NOT_NOW:
            return f"Nothing is recorded for {customer.label}."
        case Decision.NOTHING:
            return f"Nothing in it. Nothing changes for {customer.label}."
    if customer.held_at:
        return f"Not a stop. Another message of {customer.label} still waits."
    return f"Not a stop. Marketing to {customer.label} is no longer on hold."


def _opted_out(review: Hold, customer: Customer) -> str:
    if customer.status != Status.OPTED_OUT:
        return f"{customer.label} opted in again after this message, so that stands."
    if not review.overruled_by:
        return f"{customer.label} is opted out."
    colleague = actor_names([review.overruled_by])[review.overruled_by]
    what = "nothing was in it" if review.kind == ReviewKind.LISTEN else "it is not a stop"
    return f"{customer.label} is opted out. {colleague} had said that {what}; the stricter decision stands."
