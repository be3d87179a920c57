"""The gate in SQL, over the state columns: the twin of `gate.suppression`, held to it by one truth table."""

from typing import Any

from sqlalchemy import ColumnElement, case, literal, null, or_

from webapp.consent.gate import Category, Suppression
from webapp.consent.models import ConsentState
from webapp.consent.rules import Status


def suppression(
    customer: type[ConsentState], category: Category, unknown_may_receive: bool = False
) -> ColumnElement[Any]:
    """An expression that gives the reason to leave a customer out, or NULL when the message may go."""
    reasons = [(customer.erased_at.is_not(None), Suppression.ERASED)]
    if category == Category.MARKETING:
        reasons += _marketing(customer, unknown_may_receive)
    reasons.append((customer.unreachable_at.is_not(None), Suppression.UNREACHABLE))
    return case(*((test, literal(reason.value)) for test, reason in reasons), else_=null())


def _marketing(
    customer: type[ConsentState], unknown_may_receive: bool
) -> list[tuple[ColumnElement[bool], Suppression]]:
    consenting = [Status.OPTED_IN, Status.UNKNOWN] if unknown_may_receive else [Status.OPTED_IN]
    return [
        (customer.status == Status.OPTED_OUT, Suppression.OPTED_OUT),
        (customer.platform_stop_at.is_not(None), Suppression.PLATFORM_STOP),
        (paused(customer), Suppression.ON_HOLD),
        (customer.status.not_in(consenting), Suppression.NO_CONSENT),
    ]


def paused(customer: type[ConsentState]) -> ColumnElement[bool]:
    """Whether a message waits for review, or the customer's state differs from the ledger."""
    return or_(customer.held_at.is_not(None), customer.disputed_at.is_not(None))
