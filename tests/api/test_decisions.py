"""POST decisions: the gate for any sender."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select

from tests.api.programs import Program, changed, is_held, on_record, says_stop, stops_in_whatsapp
from tests.factories import NOON
from tests.plans import walked
from tests.statements import counted
from webapp.consent import policy
from webapp.consent.models import SendDecision
from webapp.consent.policy import Wishes
from webapp.consent.rules import Status
from webapp.customers import identities
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db

STRANGER = "+55 21 99999-0001"
PHONE, WITHOUT_NINE = "+55 11 98765-4321", "551187654321"

STATES: list[tuple[dict[str, Any], str | None, str | None, str]] = [
    ({"status": Status.OPTED_IN}, None, None, "who opted in may get all"),
    ({"status": Status.OPTED_OUT}, "opted_out", None, "an opt-out covers marketing only"),
    ({"status": Status.UNKNOWN}, "no_consent", None, "no record is no consent"),
    ({"status": Status.OPTED_IN, "stopped": True}, "platform_stop", None, "WhatsApp's own stop counts too"),
    ({"status": Status.OPTED_IN, "held": True}, "on_hold", None, "a message waits for review"),
    ({"status": Status.OPTED_IN, "disputed_at": NOON}, "on_hold", None, "the ledger says otherwise"),
    ({"status": Status.OPTED_OUT, "stopped": True, "held": True}, "opted_out", None, "the first counts"),
    ({"status": Status.OPTED_IN, "unreachable_at": NOON}, "unreachable", "unreachable", "no way there"),
    ({"status": Status.OPTED_IN, "erased_at": NOON}, "erased", "erased", "an erased person gets nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "marketing", "other", "why"), STATES)
def test_who_may_get_what(
    app: Flask, agent: Program, state: dict[str, Any], marketing: str | None, other: str | None, why: str
) -> None:
    columns = dict(state)
    stopped, held = columns.pop("stopped", False), columns.pop("held", False)
    customer_id = on_record(app, phone=PHONE, status=columns.pop("status"))
    if stopped:
        stops_in_whatsapp(app, customer_id)
    if held:
        is_held(app, customer_id)
    if columns:
        changed(app, customer_id, **columns)
    for category, expected in (("MARKETING", marketing), ("UTILITY", other), ("AUTHENTICATION", other)):
        (decision,) = agent.decide(category, PHONE)["decisions"]
        assert (decision["reason"], decision["allowed"]) == (expected, expected is None), (category, why)
        assert decision["customer_id"] == customer_id


def test_the_answer_is_complete_and_in_the_order_asked(app: Flask, agent: Program) -> None:
    stopped = on_record(app, phone=PHONE, status=Status.OPTED_OUT)
    willing = on_record(app, phone="+55 11 91111-1111", status=Status.OPTED_IN)
    asked = ["+55 11 91111-1111", {"phone": PHONE}, STRANGER, "not a number", PHONE]
    answer = agent.decide("MARKETING", *asked)
    numbers = [decision.pop("decision_id") for decision in answer["decisions"]]
    assert answer == {
        "decisions": [
            {"recipient": asked[0], "allowed": True, "reason": None, "customer_id": willing},
            {"recipient": asked[1], "allowed": False, "reason": "opted_out", "customer_id": stopped},
            {"recipient": asked[2], "allowed": False, "reason": "no_consent", "customer_id": None},
            {"recipient": asked[3], "allowed": False, "reason": "unreachable", "customer_id": None},
            {"recipient": asked[4], "allowed": False, "reason": "opted_out", "customer_id": stopped},
        ],
        "allowed": 1,
        "suppressed": {"opted_out": 2, "no_consent": 1, "unreachable": 1},
    }
    assert len(set(numbers)) == 5
    assert all(isinstance(number, str) for number in numbers)


CATEGORIES = [
    ("UTILITY", None),
    ("utility", None),
    ("AUTHENTICATION", None),
    ("MARKETING", "no_consent"),
    ("SERVICE", "no_consent"),
    ("", "no_consent"),
    ("UTILITY\x00", "no_consent"),
    ("\ud800", "no_consent"),
]


def test_an_unknown_person_may_get_only_what_is_surely_no_marketing(app: Flask, agent: Program) -> None:
    for category, reason in CATEGORIES:
        assert agent.reasons(category, STRANGER) == [reason], category
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Customer)) == 0


def test_the_policy_may_let_people_without_a_record_receive_marketing(app: Flask, agent: Program) -> None:
    on_record(app, phone=PHONE)
    with app.app_context(), writing():
        words = policy.configured_words(policy.current())
        policy.change(Wishes(True, words, True), version=None, actor="system", now=NOON)
        db.session.commit()
    assert agent.reasons("MARKETING", PHONE, STRANGER, "12") == [None, None, "unreachable"]


IDENTITIES: list[tuple[Any, str]] = [
    (PHONE, "as it is written"),
    ("0055 (11) 98765.4321", "another writing"),
    (WITHOUT_NINE, "without Brazil's ninth digit"),
    ({"phone": WITHOUT_NINE}, "the same as an object"),
    ({"wa_id": WITHOUT_NINE}, "the id that WhatsApp made of it"),
    ({"wa_id": "5511987654321", "user_id": None}, "an id, and another that is not known"),
    ({"user_id": "US.1349"}, "the user id of the same customer"),
    ({"user_id": "US.9", "phone": PHONE}, "two ids of which one is known"),
]


def test_an_opt_out_is_found_by_every_identity(app: Flask, agent: Program) -> None:
    customer_id = on_record(app, phone=PHONE)
    with app.app_context(), writing():
        identities.attach(db.session.get_one(Customer, customer_id), "user_id", "US.1349", "api", NOON)
        db.session.commit()
    says_stop(app, customer_id, NOON)
    for recipient, why in IDENTITIES:
        assert agent.reasons("MARKETING", recipient) == ["opted_out"], why


def test_a_user_id_made_of_digits_is_no_phone_number(app: Flask, agent: Program) -> None:
    on_record(app, phone=PHONE, status=Status.OPTED_IN)
    assert agent.reasons("MARKETING", {"user_id": "5511987654321"}) == ["no_consent"]


def test_of_several_customers_who_may_be_one_person_the_strictest_answer_counts(
    app: Flask, agent: Program
) -> None:
    """Two customers with two forms of one number: a stop of either is a stop of both."""
    willing, stopped = two_forms_of_one_number(app)
    for recipient in (PHONE, WITHOUT_NINE, {"wa_id": WITHOUT_NINE}):
        (decision,) = agent.decide("MARKETING", recipient)["decisions"]
        assert (decision["reason"], decision["customer_id"]) == ("opted_out", stopped)
    assert willing != stopped


def test_a_stop_reaches_over_another_number_of_the_same_customer(app: Flask, agent: Program) -> None:
    """A: user id and a number; B: a variant of that number, stopped. Asked by A's user id."""
    willing, _ = two_forms_of_one_number(app)
    with app.app_context(), writing():
        customer = db.session.get_one(Customer, willing)
        identities.attach(customer, "user_id", "US.1349", "api", NOON)
        identities.attach(customer, "phone", "+55 21 98888-7777", "api", NOON)
        db.session.commit()
    assert agent.reasons("MARKETING", {"user_id": "US.1349"}, "+55 21 98888-7777") == ["opted_out"] * 2


def two_forms_of_one_number(app: Flask) -> tuple[int, int]:
    """An opted-in customer with the number, and an opted-out one with its variant; their ids."""
    willing = on_record(app, phone=PHONE, status=Status.OPTED_IN)
    stopped = on_record(app, phone=WITHOUT_NINE, status=Status.OPTED_OUT)
    return willing, stopped


UNREADABLE = [
    (None, "no number in the sender's records"),
    ("", "an empty one"),
    ("12", "too short"),
    ("call me", "no digits"),
    ("+55 11 98765-4321" * 50, "too long"),
    ("+5511\x00987654321x", "a NUL"),
    ("\ud800", "half a character"),
    ({"phone": None}, "an object without a value"),
    ({"phone": "nobody"}, "an object without digits"),
    ({"wa_id": "no digits"}, "no WhatsApp id"),
    ({"user_id": "a\x00b"}, "no user id"),
    ({"phone": STRANGER, "wa_id": "no digits"}, "one of two that cannot be"),
]


def test_a_recipient_that_cannot_be_read_is_left_out_and_spoils_no_other(app: Flask, agent: Program) -> None:
    answer = agent.decide("UTILITY", *(recipient for recipient, _ in UNREADABLE), STRANGER)
    *unreadable, last = answer["decisions"]
    for (recipient, why), decision in zip(UNREADABLE, unreadable, strict=True):
        assert (decision["allowed"], decision["reason"]) == (False, "unreachable"), why
        assert decision["recipient"] == recipient
    assert last["allowed"]
    assert answer["suppressed"] == {"unreachable": len(UNREADABLE)}


OF_WRONG_TYPE: list[tuple[dict[str, Any], str, str]] = [
    ({"recipients": []}, "category", "no category"),
    ({"category": None, "recipients": []}, "category", "no category"),
    ({"category": 1, "recipients": []}, "category", "a number is no category"),
    ({"category": "UTILITY"}, "recipients", "no recipients"),
    ({"category": "UTILITY", "recipients": PHONE}, "recipients", "text is no list"),
    ({"category": "UTILITY", "recipients": [PHONE] * 10_001}, "recipients", "more than 10,000"),
    ({"category": "UTILITY", "recipients": [PHONE, 5511]}, "recipients[1]", "a number is no text"),
    ({"category": "UTILITY", "recipients": [[PHONE]]}, "recipients[0]", "a list in a list"),
    ({"category": "UTILITY", "recipients": [{}]}, "recipients[0]", "an object without any identity"),
    ({"category": "UTILITY", "recipients": [{"number": PHONE}]}, "recipients[0]", "another field"),
    ({"category": "UTILITY", "recipients": [{"phone": 1}]}, "recipients[0].phone", "a number is no text"),
    ({"category": "UTILITY", "recipients": [], "dry": True}, "dry", "a field that does not exist"),
]


def test_a_question_of_a_wrong_type_is_422(agent: Program) -> None:
    for body, field, why in OF_WRONG_TYPE:
        response = agent.post("/decisions", body)
        assert response.status_code == 422, why
        assert [error["field"] for error in response.json["errors"]] == [field]


def test_each_decision_is_stored_with_what_the_gate_saw(app: Flask, agent: Program) -> None:
    customer_id = on_record(app, phone=PHONE, status=Status.OPTED_IN)
    event_id = agent.opt_out(customer_id).json["seq"]
    first, second = agent.decide("Surprise", PHONE, STRANGER)["decisions"]
    with app.app_context():
        known = db.session.get_one(SendDecision, int(first["decision_id"]))
        unknown = db.session.get_one(SendDecision, int(second["decision_id"]))
    assert (known.customer_id, known.actor, known.category) == (customer_id, "token:1", "MARKETING")
    assert (known.allowed, known.reason) == (False, "opted_out")
    assert (known.status, known.status_event_id) == ("opted_out", event_id)
    assert (unknown.customer_id, unknown.reason, unknown.status) == (None, "no_consent", "unknown")


def test_an_opt_out_counts_from_the_next_decision_on(app: Flask, agent: Program) -> None:
    customer = agent.put_customer(phone=PHONE)
    agent.opt_in(customer["id"])
    assert agent.reasons("MARKETING", PHONE) == [None]
    agent.opt_out(customer["id"])
    assert agent.reasons("MARKETING", PHONE) == ["opted_out"]


def test_asking_about_nobody_is_answered(agent: Program) -> None:
    assert agent.decide("MARKETING") == {"decisions": [], "allowed": 0, "suppressed": {}}


def engine_of(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def test_the_statements_grow_with_thousands_of_recipients_and_not_with_each(
    app: Flask, agent: Program
) -> None:
    for n in range(20):
        on_record(app, phone=f"+55 11 9{n:08}", status=Status.OPTED_IN)
    with counted(engine_of(app)) as for_one:
        agent.decide("MARKETING", "+55 11 900000000")
    with counted(engine_of(app)) as for_twenty:
        agent.decide("MARKETING", *(f"+55 11 9{n:08}" for n in range(20)))
    assert len(for_twenty) == len(for_one)


def test_a_decision_about_several_reads_no_table_through(app: Flask, agent: Program) -> None:
    several = range(5)
    for n in several:
        on_record(app, phone=f"+55 11 9{n:08}", status=Status.OPTED_IN)
    phones = [f"+55 11 9{n:08}" for n in several]
    ids = [
        {kind: f"{form}{n}"} for kind, form in (("user_id", "US."), ("wa_id", "5511900000")) for n in several
    ]
    with walked(engine_of(app)) as found:
        agent.decide("MARKETING", *phones, *ids)
    assert not found


def test_ten_thousand_recipients_are_answered_in_order_by_a_few_statements(
    app: Flask, agent: Program
) -> None:
    last = agent.put_customer(user_id="US.9999")["id"]
    asked = [{"user_id": f"US.{n}"} for n in range(10_000)]
    with counted(engine_of(app)) as statements:
        answer = agent.decide("UTILITY", *asked)
    assert [decision["recipient"] for decision in answer["decisions"]] == asked
    assert answer["decisions"][-1]["customer_id"] == last
    assert answer["allowed"] == 10_000
    assert len({decision["decision_id"] for decision in answer["decisions"]}) == 10_000
    assert len(statements) < 40
