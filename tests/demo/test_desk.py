"""The demo desk: the same each time, and what the verbs for one customer would have written."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.factories import NOON
from webapp.consent import ledger_check
from webapp.consent.models import ConsentEvent, Hold
from webapp.customers import copies, identities
from webapp.customers.models import Customer, CustomerTag, Tag
from webapp.database import writing
from webapp.demo import clearing, desk, people
from webapp.extensions import db

SHOWN = ("name", "search", "phone_display", "status", "status_at", "held_at", "platform_stop_at", "tags_json",
         "attrs_json", "created_at", "demo", "version", "events_count")  # fmt: skip


@pytest.fixture(autouse=True)
def in_the_application(app):
    with app.app_context():
        yield


def fill(customers: int) -> None:
    assert sum(desk.fill(customers, NOON)) == customers


def shown() -> list[tuple]:
    customers = db.session.scalars(select(Customer).order_by(Customer.id))
    return [tuple(getattr(customer, name) for name in SHOWN) for customer in customers]


def test_two_desks_are_filled_alike():
    fill(45)
    first = shown()
    with writing():
        db.session.rollback()
        clearing.clear(NOON)
        db.session.commit()
    fill(45)
    assert shown() == first


def test_the_newest_customers_are_the_same_however_many_there_are(monkeypatch):
    monkeypatch.setattr(desk, "AT_ONCE", 20)
    fill(45)
    newest = db.session.scalars(select(Customer.name).order_by(Customer.id.desc())).all()
    assert newest == [people.person(n).name for n in range(45)]


def test_customers_come_in_the_order_of_their_creation_over_two_years():
    fill(45)
    created = db.session.scalars(select(Customer.created_at).order_by(Customer.id)).all()
    assert created == sorted(created)
    assert created[0] < NOON - timedelta(days=650)
    assert NOON - timedelta(days=17) < created[-1] < NOON


def test_all_are_marked_as_demo_and_the_ledger_is_whole():
    fill(45)
    assert db.session.scalar(select(func.count()).where(~Customer.demo)) == 0
    db.session.rollback()
    assert ledger_check.first_fault() is None


def test_three_holds_wait_for_a_person():
    fill(45)
    holds = db.session.scalars(select(Hold)).all()
    assert [hold.decided_at for hold in holds] == [None] * 3
    assert all(hold.why and hold.words for hold in holds)


def test_every_event_names_an_actor_that_people_can_read():
    fill(45)
    actors = set(db.session.scalars(select(ConsentEvent.actor)))
    assert {actor.partition(":")[0] for actor in actors} == {"customer", "whatsapp", "user", "token"}


def test_tags_and_attributes_equal_their_display_copies_and_counts():
    fill(45)
    customers = db.session.scalars(select(Customer)).all()
    ids = [customer.id for customer in customers]
    tags, attributes = copies.tags_of(ids), copies.attributes_of(ids)
    for customer in customers:
        assert customer.tags_json == tags[customer.id]
        assert list(customer.attrs_json.items()) == list(attributes[customer.id].items())
    carried = select(CustomerTag.tag_id, func.count()).group_by(CustomerTag.tag_id)
    counts = dict(db.session.execute(carried).all())
    assert {tag.id: tag.n for tag in db.session.scalars(select(Tag)) if tag.n} == counts


def test_a_demo_customer_is_what_the_verb_for_one_would_have_made():
    fill(1)
    by_bulk = shown()[0][:3]
    person = people.person(0)
    with writing():
        db.session.rollback()
        clearing.clear(NOON)
        identities.create(name=person.name, phone=person.phone, source="import", now=NOON, demo=True)
        db.session.commit()
    assert shown()[0][:3] == by_bulk
