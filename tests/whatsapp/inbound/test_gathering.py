"""The people of many messages are found in a few statements; whoever may be several customers is not."""

import pytest
from sqlalchemy import update

from tests.customers.erasure.erasures import WISH
from tests.factories import NOON, a_customer, at
from tests.statements import counted
from tests.whatsapp.posting import everybody
from webapp.customers import identities
from webapp.customers.erasure import erasing
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db
from webapp.whatsapp.inbound import gathering, senders
from webapp.whatsapp.inbound.gathering import Crowd, NotTogether
from webapp.whatsapp.inbound.senders import addresses_of, sender
from webapp.whatsapp.webhook.payloads import Person

A, B = "12025550107", "12025550188"
VARIANT, FULL = "551188124410", "5511988124410"
NEIGHBOUR = Person(wa_id="447946000001")
ANA = Person(wa_id=A, user_id="US.1")


@pytest.fixture(autouse=True)
def in_app(app):
    with app.app_context(), writing():
        yield


def known(**ids: str) -> Customer:
    customer = identities.create(source="import", now=NOON, **ids)
    db.session.commit()
    return customer


def gathered(*speaking: Person, silent: tuple[Person, ...] = ()) -> Crowd:
    return gathering.gather([(one, one not in silent) for one in (*speaking, *silent)], at(60))


def kinds_of_statements(*speaking: Person, silent: tuple[Person, ...] = ()) -> list[str]:
    db.session.rollback()
    with counted(db.engine) as statements:
        gathered(*speaking, silent=silent)
    return [statement.split()[0] for statement in statements if "BEGIN" not in statement]


def test_who_is_new_becomes_one_customer_under_all_addresses_that_belong_together():
    named = [Person(wa_id=A, name=name) for name in ("Ana", "Bo")]
    shown = [Person(wa_id=A), Person(user_id="US.1"), ANA, *named]
    crowd = gathered(NEIGHBOUR, *shown)
    assert all(customer.id for customer in crowd.customers)
    neighbour, ana = everybody()
    assert (crowd.customers, neighbour.name, ana.name) == ([neighbour, ana], "", "Ana")
    for person in shown:
        who = crowd.people[person]
        assert (who.customer, who.alike, who.addresses) == (ana, [ana], addresses_of(person))
    assert [(i.kind, i.value, i.source, i.created_at) for i in ana.identities] == [
        ("wa_id", A, "whatsapp", at(60)), ("user_id", "US.1", "whatsapp", at(60)),
    ]  # fmt: skip


def test_what_is_new_about_somebody_known_is_learned():
    ana = known(phone=f"+{A}")
    assert gathered(NEIGHBOUR, ANA).people[ANA].customer == ana
    assert [(i.kind, i.value, i.created_at) for i in ana.identities] == [
        ("phone", A, NOON), ("wa_id", A, at(60)), ("user_id", "US.1", at(60)),
    ]  # fmt: skip


def test_a_number_alone_says_nothing_about_the_user_id_that_came_with_it_before():
    ana = known(wa_id=A, user_id="US.1")
    alone = Person(wa_id=A)
    assert gathered(alone).people[alone].customer == ana


def test_nothing_is_written_and_nobody_asked_for_where_all_is_known():
    for person in (NEIGHBOUR, ANA):
        known(wa_id=person.wa_id, user_id=person.user_id)
    assert kinds_of_statements(NEIGHBOUR, ANA) == ["SELECT"] * 4


def test_somebody_new_is_looked_for_twice_only_where_others_may_write_at_once(app):
    with counted(db.engine) as statements:
        gathered(ANA)
    [question, *_] = [each for each in statements if each.startswith("SELECT")]
    assert statements.count(question) == (2 if db.engine.name == "postgresql" else 1)


def test_the_rows_of_many_are_written_in_one_statement_for_each_table():
    """More would be, if numbers were not drawn for them."""
    people = [Person(wa_id=str(447_946_000_000 + n)) for n in range(12)]
    for person in people[:4]:
        known(phone=f"+{person.wa_id}")
    written = [kind for kind in kinds_of_statements(*people) if kind in ("INSERT", "UPDATE")]
    assert written == ["INSERT"] * 2
    assert len(everybody()) == 12


def test_who_was_found_is_not_looked_up_again_as_long_as_the_run_lasts():
    crowd = gathered(ANA, silent=(NEIGHBOUR,))
    with senders.gathered(crowd.people):
        with counted(db.engine) as statements:
            assert sender(ANA, at(60)) is crowd.people[ANA]
            assert (senders.known(ANA), senders.known(NEIGHBOUR)) == (crowd.customers[0], None)
        assert statements == []
    assert sender(ANA, at(60)) is not crowd.people[ANA]


class TestWhoDoesNotSpeak:
    """In a group, or long ago."""

    def test_becomes_no_customer(self):
        crowd = gathered(silent=(ANA,))
        assert (crowd.people, crowd.customers, everybody()) == ({ANA: None}, [], [])

    def test_costs_one_question(self):
        assert kinds_of_statements(silent=(ANA,)) == ["SELECT"]

    @pytest.mark.parametrize("order", [1, -1])
    def test_becomes_one_if_the_same_person_speaks_before_or_after(self, order):
        crowd = gathering.gather([(ANA, True), (ANA, False)][::order], at(60))
        assert crowd.people[ANA].customer == everybody()[0]

    @pytest.mark.parametrize("order", [1, -1])
    def test_becomes_one_if_somebody_with_the_same_number_does(self, order):
        crowd = gathering.gather([(ANA, False), (Person(wa_id=A), True)][::order], at(60))
        assert crowd.people[ANA].customer == everybody()[0]

    def test_is_found_when_known(self):
        ana = known(wa_id=A)
        assert gathered(silent=(ANA,)).people[ANA].customer == ana


SEVERAL = {
    "one number came with two user ids": ([], [ANA, Person(wa_id=A, user_id="US.2")]),
    "the number is of one customer and the user id of another": ([{"wa_id": A}, {"user_id": "US.1"}], [ANA]),
    "another customer has the number in another writing": (
        [{"wa_id": FULL, "user_id": "BR.1"}, {"wa_id": VARIANT}], [Person(user_id="BR.1")],
    ),
    "the number came with another user id than before": ([{"wa_id": A, "user_id": "US.9"}], [ANA]),
    "no id of theirs can be kept": ([], [Person(wa_id="not a number")]),
}  # fmt: skip


@pytest.mark.parametrize("who", SEVERAL)
def test_they_are_not_taken_together_where(who):
    customers, people = SEVERAL[who]
    known(wa_id=NEIGHBOUR.wa_id)
    for ids in customers:
        known(**ids)
    with pytest.raises(NotTogether):
        gathered(NEIGHBOUR, *people)


@pytest.mark.parametrize("on_record", [[], [{"user_id": "US.1"}]])
def test_nor_where_an_address_that_would_come_on_record_is_of_somebody_erased(on_record):
    erasing.erase(a_customer(phone=f"+{A}"), WISH)
    for ids in on_record:
        known(**ids)
    with pytest.raises(NotTogether):
        gathered(NEIGHBOUR, ANA)


@pytest.mark.parametrize("gone", [{"merged_into_id": 1}, {"erased_at": NOON}])
def test_nor_where_somebody_is_gone_by_the_time_at_which_they_are_locked(gone):
    known(wa_id=NEIGHBOUR.wa_id)
    ana = known(wa_id=A, user_id="US.1")
    assert ana.erased_at is None, "as it was read before"
    db.session.execute(update(Customer).where(Customer.id == ana.id).values(gone),
                       execution_options={"synchronize_session": False})  # fmt: skip
    with pytest.raises(NotTogether):
        gathered(NEIGHBOUR, ANA)


def test_a_user_id_that_reads_like_the_number_of_somebody_else_is_no_number():
    joe, ana = known(wa_id=A), known(user_id=A)
    people = Person(wa_id=A), Person(user_id=A)
    assert [gathered(*people).people[one].customer for one in people] == [joe, ana]
