"""Receipts come by the hundred in one delivery, and are applied together."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from tests.campaigns.factories import a_running_campaign, a_template, claimed
from tests.factories import NOON, a_customer
from tests.statements import counted
from tests.whatsapp.deliveries import a_body, a_change
from tests.whatsapp.posting import TODAY, decisions, deliver, kept, says
from webapp.campaigns.models import Delivery
from webapp.consent.rules import Status
from webapp.customers.duplicates import PossibleDuplicate
from webapp.customers.models import Customer, Identity
from webapp.extensions import db
from webapp.whatsapp.inbound import inbound
from webapp.whatsapp.inbound.keeping import Business

IN = Status.OPTED_IN
MANY = 16
"""As many as a number of usual throughput sends at once."""


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


def people(count: int) -> list[Customer]:
    return [a_customer(f"Person {n}", IN, phone=f"+1202555{n:04}") for n in range(count)]


def on_the_wire(count: int) -> list[Any]:
    """Claimed deliveries of a running campaign, by their ids."""
    rows = claimed(a_running_campaign(a_template(), *people(count)), free=count).rows
    db.session.remove()
    return rows


def receipt(row: Any, word: str = "delivered", **parts: Any) -> dict[str, Any]:
    number = row.message.recipient.value.removeprefix("+")
    return {
        "id": f"wamid.{row.delivery_id}", "status": word, "timestamp": str(TODAY), "recipient_id": number,
        "biz_opaque_callback_data": row.message.callback, **parts,
    }  # fmt: skip


def states() -> list[str]:
    return list(db.session.scalars(select(Delivery.state).order_by(Delivery.id)))


def test_a_delivery_of_many_takes_as_many_statements_as_one_of_two(app):
    rows = on_the_wire(MANY)
    with counted(db.engine) as for_two:
        deliver(app, a_change(statuses=[receipt(row) for row in rows[:2]]))
    with counted(db.engine) as for_many:
        deliver(app, a_change(statuses=[receipt(row) for row in rows[2:]]))
    assert len(for_many) == len(for_two)
    assert states() == ["delivered"] * MANY
    assert [message.kind for message in kept()] == ["status"] * MANY


def test_a_thousand_take_as_many_statements_as_a_hundred(app):
    first = min(row.delivery_id for row in on_the_wire(1))
    campaign = db.session.get(Delivery, first).campaign_id
    people_of = [
        {"id": 1000 + n, "name": f"Person {n}", "status": IN, "created_at": NOON} for n in range(1100)
    ]
    rows = [
        {"campaign_id": campaign, "customer_id": 1000 + n, "state": "sent", "wamid": f"wamid.many.{n}"}
        for n in range(1100)
    ]
    db.session.execute(insert(Customer), people_of)
    db.session.execute(insert(Delivery), rows)
    db.session.commit()
    needed = []
    for some in (range(100), range(100, 1100)):
        told = [
            {
                "id": f"wamid.many.{n}",
                "status": "read",
                "timestamp": str(TODAY),
                "recipient_id": "12025550100",
            }
            for n in some
        ]
        with counted(db.engine) as statements:
            deliver(app, a_change(statuses=told))
        needed.append(len(statements))
    assert needed[0] == needed[1]
    assert states().count("read") == 1100


def test_one_that_came_before_does_not_cost_the_others(app):
    first, second, third = on_the_wire(3)
    deliver(app, a_change(statuses=[receipt(second)]))
    deliver(app, a_change(statuses=[receipt(first), receipt(second), receipt(third, "read")]))
    assert states() == ["delivered", "delivered", "read"]
    assert decisions() == ["none", "none", "none"]


def test_one_that_cannot_be_applied_is_a_dead_letter_and_the_others_count(app):
    rows = on_the_wire(3)

    def poisoned(_mapper: object, _connection: object, delivery: Delivery) -> None:
        if delivery.id == rows[1].delivery_id:
            raise ValueError("poisoned")

    event.listen(Delivery, "before_update", poisoned)
    try:
        deliver(app, a_change(statuses=[receipt(row) for row in rows]))
    finally:
        event.remove(Delivery, "before_update", poisoned)
    assert states() == ["delivered", "sending", "delivered"]
    assert decisions() == ["none", "dead", "none"]


def test_the_person_who_stopped_our_marketing_among_many_is_stopped(app):
    rows = on_the_wire(3)
    refused = receipt(rows[1], "failed", errors=[{"code": 131050, "title": "Stopped"}])
    deliver(app, a_change(statuses=[receipt(rows[0]), refused, receipt(rows[2])]))
    stopped = db.session.scalars(select(Customer.id).where(Customer.platform_stop_at.is_not(None))).all()
    assert stopped == [rows[1].customer_id]
    assert states() == ["delivered", "failed", "delivered"]
    assert decisions() == ["none", "platform_stop", "none"]


def test_the_person_who_stopped_our_marketing_is_known_by_the_delivery_alone(app):
    rows = on_the_wire(2)
    refused = receipt(rows[1], "failed", errors=[{"code": 131050, "title": "Stopped"}], recipient_id=None)
    deliver(app, a_change(statuses=[refused]))
    stopped = db.session.scalars(select(Customer.id).where(Customer.platform_stop_at.is_not(None))).all()
    assert (stopped, decisions()) == ([rows[1].customer_id], ["platform_stop"])


def test_those_of_another_number_are_kept_and_not_applied(app):
    rows = on_the_wire(2)
    inbound.receive([json.dumps(a_body(a_change(statuses=[receipt(row) for row in rows]))).encode()],
                    Business(phone_number_id="999"), NOON)  # fmt: skip
    assert states() == ["sending", "sending"]
    assert decisions() == ["not_ours", "not_ours"]


def test_a_stop_beside_receipts_counts_and_a_later_receipt_is_marked(app):
    rows = on_the_wire(2)
    number = rows[0].message.recipient.value.removeprefix("+")
    statuses = a_change(statuses=[receipt(row, timestamp=str(TODAY + 100)) for row in rows])
    deliver(app, says("STOP", at=50, **{"from": number}), statuses)
    marked = db.session.scalars(select(Delivery.id).where(Delivery.after_opt_out)).all()
    assert marked == [rows[0].delivery_id]


def test_the_same_receipt_twice_in_one_delivery_counts_once(app):
    (row,) = on_the_wire(1)
    deliver(app, a_change(statuses=[receipt(row), receipt(row)]))
    assert (states(), len(kept())) == (["delivered"], 1)


def user_ids() -> dict[int, list[str]]:
    rows = db.session.execute(
        select(Identity.customer_id, Identity.value).where(Identity.kind == "user_id").order_by(Identity.id)
    )
    found: dict[int, list[str]] = {}
    for customer_id, value in rows:
        found.setdefault(customer_id, []).append(value)
    return found


def test_the_user_ids_that_receipts_show_are_learned(app):
    first, second, third = on_the_wire(3)
    malformed = receipt(second, recipient_user_id="no id")
    shown = [receipt(first, recipient_user_id="US.1"), malformed, receipt(third)]
    deliver(app, a_change(statuses=shown))
    assert user_ids() == {first.customer_id: ["US.1"]}
    db.session.remove()
    deliver(app, says("STOP", **{"from": None, "from_user_id": "US.1"}))
    assert db.session.get_one(Customer, first.customer_id).status == Status.OPTED_OUT


def test_another_user_id_than_the_known_one_is_left_to_a_message_of_theirs(app):
    (row,) = on_the_wire(1)
    deliver(app, a_change(statuses=[receipt(row, recipient_user_id="US.1")]))
    deliver(app, a_change(statuses=[receipt(row, "read", recipient_user_id="US.2")]))
    assert user_ids() == {row.customer_id: ["US.1"]}


def test_a_user_id_of_another_customer_makes_both_possible_duplicates(app):
    first, second = on_the_wire(2)
    deliver(app, a_change(statuses=[receipt(first, recipient_user_id="US.1")]))
    deliver(app, a_change(statuses=[receipt(second, recipient_user_id="US.1")]))
    assert user_ids() == {first.customer_id: ["US.1"]}
    [pair] = db.session.scalars(select(PossibleDuplicate)).all()
    assert {pair.older_id, pair.newer_id} == {first.customer_id, second.customer_id}


def test_learning_from_many_takes_as_many_statements_as_from_two(app):
    rows = on_the_wire(MANY)
    shown = [receipt(row, recipient_user_id=f"US.{n}") for n, row in enumerate(rows)]
    with counted(db.engine) as for_two:
        deliver(app, a_change(statuses=shown[:2]))
    with counted(db.engine) as for_many:
        deliver(app, a_change(statuses=shown[2:]))
    assert len(for_many) == len(for_two)
    assert len(user_ids()) == MANY


@pytest.mark.parametrize("shown", [{"recipient_id": "2250707123456"}, {"recipient_id": None}])
def test_a_stop_in_whatsapp_is_of_whom_we_wrote_to_whatever_address_it_names(app, shown):
    stopped, other = on_the_wire(2)
    deliver(app, a_change(statuses=[
        receipt(other, "failed", errors=[{"code": 131049}]),
        receipt(stopped, "failed", errors=[{"code": 131050}], **shown),
    ]))  # fmt: skip
    marks = {one.id: one.platform_stop_at for one in db.session.scalars(select(Customer))}
    assert marks[stopped.customer_id] == datetime.fromtimestamp(TODAY, UTC)
    assert marks[other.customer_id] is None


def test_a_stop_in_whatsapp_is_also_of_whoever_has_the_address_that_it_names(app):
    written, named, other = on_the_wire(3)
    number = named.message.recipient.value.removeprefix("+")
    deliver(app, a_change(statuses=[
        receipt(other),
        receipt(written, "failed", errors=[{"code": 131050}], recipient_id=number),
    ]))  # fmt: skip
    stopped = db.session.scalars(select(Customer.id).where(Customer.platform_stop_at.is_not(None)))
    assert set(stopped) == {written.customer_id, named.customer_id}
