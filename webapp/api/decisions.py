"""POST decisions: may a message of this category go to these people now?"""

from collections import Counter
from typing import Any

from flask import Response, jsonify

from webapp import measures
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.api import bodies, deciding, recipients
from webapp.api.auth import bearer
from webapp.api.blueprint import bp
from webapp.api.deciding import Asked, Decision
from webapp.clock import now
from webapp.consent.gate import Category
from webapp.extensions import db

FIELDS = ("category", "recipients")


@bp.post("/decisions")
@bearer(Role.AGENT)
def decide() -> Response:
    body = bodies.json_object(FIELDS)
    category = Category.of(bodies.required(body, "category", str))
    numbered = deciding.decide(Asked(category, recipients.read(body), current_actor(), now()))
    db.session.commit()
    answer = _answer(numbered)
    measures.gate_refused(answer["suppressed"])
    return jsonify(answer)


def _answer(numbered: list[tuple[int, Decision]]) -> dict[str, Any]:
    suppressed = Counter(decision.reason for _, decision in numbered if decision.reason)
    return {
        "decisions": [_item(number, decision) for number, decision in numbered],
        "allowed": len(numbered) - suppressed.total(),
        "suppressed": suppressed,
    }


def _item(number: int, decision: Decision) -> dict[str, Any]:
    return {
        "recipient": decision.recipient.given,
        "allowed": decision.reason is None,
        "reason": decision.reason,
        "customer_id": decision.customer_id,
        "decision_id": str(number),
    }
