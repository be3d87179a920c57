import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from tests.factories import NOON, a_customer
from webapp.customers import identities
from webapp.customers.addresses import addresses
from webapp.customers.models import Customer, Identity, IdentityKind
from webapp.customers.tags import tags
from webapp.database import writing
from webapp.extensions import db

BRAZIL, BRAZIL_WITHOUT_NINE = "+5511987654321", "551187654321"
MEXICO, MEXICO_WITH_ONE = "+525512345678", "5215512345678"


@pytest.fixture(autouse=True)
def in_app(app):
    with app.app_context():
        yield


@pytest.mark.parametrize(
    ("raw", "country", "why"),
    [
        ("+55 (11) 98765-4321", None, "with signs"),
        ("0055 11 98765 4321", None, "with the prefix for dialling abroad"),
        ("5511987654321", None, "bare digits"),
        ("551187654321", None, "without Brazil's ninth digit"),
        ("(11) 98765-4321", "BR", "national, with the country"),
        ("+٥٥١١٩٨٧٦٥٤٣٢١", None, "in Arabic digits"),
    ],
)
def test_a_customer_is_found_by_the_number_in_any_writing(raw: str, country: str | None, why: str) -> None:
    customer = a_customer(phone=BRAZIL)
    assert identities.find_by_any_phone(raw, country) == customer, why


def test_a_wa_id_finds_the_number_that_differs_by_a_digit() -> None:
    customer = a_customer(phone=MEXICO)
    assert identities.find_by_any_phone(MEXICO_WITH_ONE) == customer
    assert identities.find(IdentityKind.WA_ID, MEXICO_WITH_ONE) is None


@pytest.mark.parametrize("raw", ["", "x", "+1", "\x00", "9" * 5000])
def test_what_is_no_number_finds_nobody(raw: str) -> None:
    a_customer()
    assert identities.find_by_any_phone(raw) is None


def test_creating_somebody_who_exists_gives_the_one_who_exists() -> None:
    first = identities.create(name="Ana", phone=BRAZIL, source="import", now=NOON)
    again = identities.create(name="Other", phone=BRAZIL, wa_id="5511987654321", source="import", now=NOON)
    db.session.commit()
    assert again.id == first.id
    assert first.name == "Ana"
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 1
    assert db.session.scalar(select(func.count()).select_from(Identity)) == 1


def test_a_customer_needs_an_address() -> None:
    with pytest.raises(ValueError, match="needs a phone number"):
        identities.create(name="Ana", phone=" ", source="agent", now=NOON)


@pytest.mark.parametrize("wa_id", ["12a", "1" * 21, "5.5E+12"])
def test_a_wa_id_is_digits_and_never_judged_otherwise(wa_id: str) -> None:
    with pytest.raises(identities.MalformedId, match="digits"):
        identities.create(wa_id=wa_id, source="whatsapp", now=NOON)
    assert (
        identities.create(wa_id="5215555550001", source="whatsapp", now=NOON).identities[0].value
        == "5215555550001"
    )


def test_a_user_id_alone_makes_a_customer_without_a_number() -> None:
    customer = identities.create(user_id="US.134912086553", source="whatsapp", now=NOON)
    assert (customer.phone_display, customer.label) == ("", f"Customer {customer.id}")
    assert identities.find(IdentityKind.USER_ID, "US.134912086553") == customer


def test_an_address_is_learned_once_and_then_found() -> None:
    customer = a_customer(name="São", phone=BRAZIL)
    for _ in range(2):
        identity = identities.attach(customer, IdentityKind.WA_ID, BRAZIL_WITHOUT_NINE, "whatsapp", NOON)
    db.session.commit()
    assert identity.customer_id == customer.id
    assert [i.value for i in customer.identities] == [BRAZIL.removeprefix("+"), BRAZIL_WITHOUT_NINE]
    assert customer.search == f"sao 5511987654321 {BRAZIL_WITHOUT_NINE}"


def test_an_address_of_another_customer_is_not_taken() -> None:
    ana, ben = a_customer(phone=BRAZIL), a_customer(name="Ben")
    with pytest.raises(identities.IdentityTaken) as taken:
        identities.attach(ben, IdentityKind.PHONE, BRAZIL, "agent", NOON)
    assert taken.value.customer_id == ana.id


def test_a_new_name_is_found_by_the_search_and_fits_on_one_line() -> None:
    customer = a_customer(phone=BRAZIL)
    identities.rename(customer, " Zoë\n\x00 <b> " + "x" * 300)
    assert customer.name.startswith("Zoë <b> x")
    assert len(customer.name) == identities.LONGEST_NAME
    assert customer.search.startswith("zoe <b> x")


def test_customers_that_may_be_one_person_are_all_found_through_what_they_share() -> None:
    with_nine = a_customer(phone=BRAZIL)
    without_nine = identities.create(wa_id=BRAZIL_WITHOUT_NINE, source="whatsapp", now=NOON)
    identities.attach(without_nine, IdentityKind.PHONE, MEXICO, "agent", NOON)
    moved = identities.create(wa_id=MEXICO_WITH_ONE, source="whatsapp", now=NOON)
    a_customer(name="Somebody else")
    person = [with_nine, without_nine, moved]
    assert identities.customers_like(addresses(phone=BRAZIL)) == person
    assert identities.alike(moved) == person


def test_of_several_customers_the_one_with_exactly_this_address_comes_first() -> None:
    a_customer(phone=BRAZIL)
    exact = identities.create(wa_id=BRAZIL_WITHOUT_NINE, source="whatsapp", now=NOON)
    assert identities.find_by_addresses(addresses(wa_id=BRAZIL_WITHOUT_NINE))[0] == exact


def test_a_user_id_is_never_taken_for_a_number() -> None:
    a_customer(phone=BRAZIL)
    assert identities.customers_like(addresses(user_id=BRAZIL.removeprefix("+"))) == []


def test_eight_who_create_the_same_person_at_once_make_one_customer(app) -> None:
    together = threading.Barrier(8)

    def create(n: int) -> int:
        with app.app_context(), writing():
            together.wait()
            customer = identities.create(phone=BRAZIL, name=f"Ana {n}", source="api", now=NOON)
            tags.set_tags(customer, ["new"])
            db.session.commit()
            return customer.id

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(create, range(8)))
    assert len(ids) == 1
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 1
    assert tags.find("new").n == 1
