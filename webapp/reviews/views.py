"""The reviews: messages that may be a stop, with marketing on hold until somebody has decided."""

from flask import Blueprint, Response, abort, flash, make_response, render_template, request, url_for

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import actor_names, current_actor
from webapp.accounts.roles import Role
from webapp.consent import holds
from webapp.consent.models import Hold
from webapp.consent.rules import Status
from webapp.customers.models import Customer
from webapp.extensions import db, htmx
from webapp.formatting import ago
from webapp.rendering import see_other
from webapp.reviews import decisions
from webapp.reviews.cards import card_of, open_cards
from webapp.reviews.decisions import DecidedMeanwhile, Decision

bp = Blueprint("reviews", __name__, url_prefix="/reviews")

WORDS = {Decision.OPT_OUT: "opted out", Decision.NOT_A_STOP: "not a stop"}


@bp.get("")
@requires(Role.VIEWER)
def index() -> str:
    return render_template("reviews/index.html", cards=open_cards(), waiting=holds.open_count())


@bp.post("/<int:review_id>")
@requires(Role.AGENT)
def decide(review_id: int) -> Response:
    review = db.get_or_404(Hold, review_id)
    decision = _wanted()
    try:
        decisions.decide(review, decision, actor=current_actor(), now=clock.now())
    except DecidedMeanwhile:
        db.session.rollback()
        return _decided(review, _by_whom(review), 409)
    db.session.commit()
    return _decided(review, _outcome(review, decision))


def _wanted() -> Decision:
    try:
        return Decision(request.form.get("decision", ""))
    except ValueError:
        abort(422)


def _decided(review: Hold, sentence: str, status: int = 200) -> Response:
    """The card with what was decided in place of its buttons; without htmx the page with the rest."""
    if not htmx:
        flash(sentence)
        return see_other(url_for("reviews.index"))
    waiting = holds.open_count()
    shown = {"card": card_of(review), "decided": sentence, "waiting": waiting, "reviews_open": waiting}
    return make_response(render_template("reviews/_decided.html", **shown), status)


def _outcome(review: Hold, decision: Decision) -> str:
    customer = db.session.get_one(Customer, review.customer_id)
    if decision is Decision.OPT_OUT:
        if customer.status == Status.OPTED_OUT:
            return f"{customer.label} is opted out."
        return f"{customer.label} opted in again after this message, so that stands."
    if customer.held_at:
        return f"Not a stop. Another message of {customer.label} still waits."
    return f"Not a stop. Marketing to {customer.label} is no longer on hold."


def _by_whom(review: Hold) -> str:
    actor = review.decided_by or "system"
    when = ago(review.decided_at, clock.now()) if review.decided_at else ""
    return f"{actor_names([actor])[actor]} decided {when}: {WORDS[Decision(review.decision or '')]}."
