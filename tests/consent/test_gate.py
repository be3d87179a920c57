"""The gate, in Python and in SQL: one truth table for both."""

from itertools import product

import pytest
from sqlalchemy import select

from tests.factories import NOON, at
from webapp.consent import gate, gate_query
from webapp.consent.gate import Category, Facts, Suppression, Terms
from webapp.consent.rules import Status
from webapp.customers.models import Customer
from webapp.extensions import db

MARKETING, UTILITY, AUTHENTICATION = Category
IN, OUT, UNKNOWN = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN


@pytest.mark.parametrize(
    ("sentence", "facts", "category", "reason"),
    [
        ("who opted in gets marketing", Facts(IN), MARKETING, None),
        ("who opted out gets none", Facts(OUT), MARKETING, Suppression.OPTED_OUT),
        ("without a record there is no proof", Facts(UNKNOWN), MARKETING, Suppression.NO_CONSENT),
        ("WhatsApp's own stop counts though they opted in", Facts(IN, platform_stop=True), MARKETING,
         Suppression.PLATFORM_STOP),
        ("a message to review pauses marketing", Facts(IN, on_hold=True), MARKETING, Suppression.ON_HOLD),
        ("the opt-out is named before the stop", Facts(OUT, platform_stop=True, on_hold=True), MARKETING,
         Suppression.OPTED_OUT),
        ("the stop is named before the hold", Facts(IN, platform_stop=True, on_hold=True), MARKETING,
         Suppression.PLATFORM_STOP),
        ("the hold is named before the missing record", Facts(UNKNOWN, on_hold=True), MARKETING,
         Suppression.ON_HOLD),
        ("who cannot be reached gets none", Facts(IN, unreachable=True), MARKETING, Suppression.UNREACHABLE),
        ("who was erased is named so first", Facts(OUT, erased=True), MARKETING, Suppression.ERASED),
        ("utility reaches who opted out", Facts(OUT, platform_stop=True, on_hold=True), UTILITY, None),
        ("authentication too", Facts(OUT, platform_stop=True, on_hold=True), AUTHENTICATION, None),
        ("utility reaches who has no record", Facts(UNKNOWN), UTILITY, None),
        ("utility needs an address too", Facts(IN, unreachable=True), UTILITY, Suppression.UNREACHABLE),
        ("nothing goes to the erased", Facts(IN, erased=True), AUTHENTICATION, Suppression.ERASED),
        ("a status that we do not know is no consent", Facts("maybe"), MARKETING, Suppression.NO_CONSENT),
    ],
)  # fmt: skip
def test_the_gate(sentence, facts, category, reason):
    assert gate.suppression(facts, category) == reason, sentence


@pytest.mark.parametrize("name", ["", None, "PROMO", "marketing ", "Marketing", 7])
def test_a_category_that_is_not_known_counts_as_marketing(name):
    assert Category.of(name) == MARKETING


SINCE = at(-60)


@pytest.mark.parametrize(
    ("sentence", "facts", "category", "reason"),
    [
        ("an opt-in of before the period is no consent", Facts(IN, status_at=at(-61)), MARKETING,
         Suppression.NO_CONSENT),
        ("one of its first instant is", Facts(IN, status_at=SINCE), MARKETING, None),
        ("one of which no time is known is none", Facts(IN), MARKETING, Suppression.NO_CONSENT),
        ("the stop is named first", Facts(IN, platform_stop=True), MARKETING, Suppression.PLATFORM_STOP),
        ("it is named before the missing address", Facts(IN, unreachable=True), MARKETING,
         Suppression.NO_CONSENT),
        ("utility asks for no consent, old or new", Facts(IN, status_at=at(-61)), UTILITY, None),
        ("an old opt-out stays one", Facts(OUT, status_at=at(-61)), MARKETING, Suppression.OPTED_OUT),
    ],
)  # fmt: skip
@pytest.mark.parametrize("unknown_may_receive", [False, True])
def test_opt_ins_lapse(sentence, facts, category, reason, unknown_may_receive):
    """Also where customers without a record may receive marketing: this one had said something once."""
    assert gate.suppression(facts, category, Terms(unknown_may_receive, SINCE)) == reason, sentence


@pytest.mark.parametrize("since", [None, SINCE])
@pytest.mark.parametrize("unknown_may_receive", [False, True])
@pytest.mark.parametrize("category", list(Category))
def test_sql_and_python_answer_alike_for_every_combination(app, category, unknown_may_receive, since):
    terms = Terms(unknown_may_receive, since)
    with app.app_context():
        customers = [
            Customer(
                status=status,
                status_at=status_at,
                erased_at=NOON if erased else None,
                platform_stop_at=NOON if stopped else None,
                held_at=NOON if held else None,
                disputed_at=NOON if disputed else None,
                unreachable_at=NOON if unreachable else None,
                created_at=NOON,
            )
            for status, status_at, erased, stopped, held, disputed, unreachable in product(
                Status, [None, at(-61), SINCE, NOON], *[[False, True]] * 5
            )
        ]
        db.session.add_all(customers)
        db.session.flush()
        told = dict(
            db.session.execute(select(Customer.id, gate_query.suppression(Customer, category, terms))).all()
        )
        expected = {
            customer.id: gate.suppression(customer.gate_facts, category, terms) for customer in customers
        }
        assert told == expected
        assert len(told) == 96 * 4


def test_a_customer_who_differs_from_the_ledger_counts_as_on_hold():
    disputed = Customer(status=IN, disputed_at=NOON)
    assert gate.suppression(disputed.gate_facts, MARKETING) == Suppression.ON_HOLD
    assert gate.suppression(disputed.gate_facts, UTILITY) is None
