"""The gate in SQL, over the state columns: the twin of `gate.suppression`, held to it by one truth table."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, case, false, literal, null, or_

from webapp.consent.gate import STRICT, Category, Suppression, Terms
from webapp.consent.models import ConsentState
from webapp.consent.rules import Status


@dataclass(frozen=True)
class BoundTerms:
    """Terms for a statement that is built once: the instant is a parameter of each run."""

    unknown_may_receive: bool
    opted_in_since: BindParameter[datetime] | None


def suppression(
    customer: type[ConsentState], category: Category, terms: Terms | BoundTerms = STRICT
) -> ColumnElement[Any]:
    """An expression that gives the reason to leave a customer out, or NULL when the message may go."""
    reasons = [(customer.erased_at.is_not(None), Suppression.ERASED)]
    if category == Category.MARKETING:
        reasons += _marketing(customer, terms)
    reasons.append((customer.unreachable_at.is_not(None), Suppression.UNREACHABLE))
    return case(*((test, literal(reason.value)) for test, reason in reasons), else_=null())


def _marketing(
    customer: type[ConsentState], terms: Terms | BoundTerms
) -> list[tuple[ColumnElement[bool], Suppression]]:
    consenting = [Status.OPTED_IN, Status.UNKNOWN] if terms.unknown_may_receive else [Status.OPTED_IN]
    return [
        (customer.status == Status.OPTED_OUT, Suppression.OPTED_OUT),
        (customer.platform_stop_at.is_not(None), Suppression.PLATFORM_STOP),
        (paused(customer), Suppression.ON_HOLD),
        (customer.status.not_in(consenting), Suppression.NO_CONSENT),
        ((customer.status == Status.OPTED_IN) & _lapsed(customer, terms), Suppression.NO_CONSENT),
    ]


def paused(customer: type[ConsentState]) -> ColumnElement[bool]:
    """Whether a message waits for review, or the customer's state differs from the ledger."""
    return or_(customer.held_at.is_not(None), customer.disputed_at.is_not(None))


def _lapsed(customer: type[ConsentState], terms: Terms | BoundTerms) -> ColumnElement[bool]:
    """`gate.lapsed`."""
    if terms.opted_in_since is None:
        return false()
    return or_(customer.status_at.is_(None), customer.status_at < terms.opted_in_since)
