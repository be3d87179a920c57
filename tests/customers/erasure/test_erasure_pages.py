"""The Erase dialog: for admins who signed in just now, with a reason and the customer's id typed."""

import pytest
from argon2.profiles import CHEAPEST
from sqlalchemy import select

from tests.customers.erasure.erasures import NUMBER, found_in_tables, found_on_disk, sent, somebody
from tests.factories import NOON, a_customer
from tests.rows import every
from webapp import clock
from webapp.campaigns.sending.starting import LEASE
from webapp.consent.rules import Status
from webapp.customers import duplicates, merging
from webapp.customers.erasure import erasing, suppression_key
from webapp.customers.erasure.erasing import Erasure
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db

HOSTILE = "<b>Ana</b>"


@pytest.fixture
def customer_id(app) -> int:
    app.config["PASSWORD_PROFILE"] = CHEAPEST
    with app.app_context():
        return a_customer(HOSTILE, phone="+" + NUMBER).id


@pytest.fixture
def admin(desk):
    return desk("admin")


def press(client, customer_id, **fields):
    usual = {"reason": "request", "why": "Asked by letter", "confirm": str(customer_id)}
    path = f"/customers/{customer_id}/erase"
    return client.htmx(path, method="POST", page=f"/customers/{customer_id}", **usual | fields)


def is_erased(app, customer_id: int) -> bool:
    with app.app_context():
        return db.session.get_one(Customer, customer_id).erased_at is not None


@pytest.mark.parametrize("role", ["viewer", "agent", "manager"])
def test_only_admins_may(app, desk, customer_id, role):
    client = desk(role)
    assert client.get(f"/customers/{customer_id}/erase").status_code == 403
    assert press(client, customer_id).status_code == 403
    assert "Erase…" not in client.get(f"/customers/{customer_id}").text
    assert not is_erased(app, customer_id)


def test_the_dialog_says_what_goes_and_what_stays(admin, customer_id):
    page = admin.get(f"/customers/{customer_id}/erase").text
    assert "Goes for good:" in page
    assert "Stays:" in page
    assert "Backups" in page
    assert HOSTILE not in page
    assert "Erase…" in admin.get(f"/customers/{customer_id}").text


@pytest.mark.parametrize("way", ["scripts", "none"])
def test_the_person_is_gone_and_the_table_says_so(app, admin, customer_id, way):
    if way == "scripts":
        answer = press(admin, customer_id)
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/customers")
    else:
        answer = admin.send(f"/customers/{customer_id}/erase", reason="request", why="Asked",
                            confirm=str(customer_id))  # fmt: skip
        assert (answer.status_code, answer.location) == (303, "/customers")
    assert f"Customer {customer_id} is erased." in admin.get("/customers").text
    assert admin.get(f"/customers/{customer_id}").status_code == 404
    with app.app_context():
        row = db.session.scalars(select(Erasure)).one()
        assert row.actor.startswith("user:")


def test_nothing_is_left_on_disk_after_the_page_did_it(app, admin, tmp_path):
    app.config["PASSWORD_PROFILE"] = CHEAPEST
    customer_id = somebody(app)
    assert press(admin, customer_id).status_code == 204
    assert found_in_tables(app) == []
    with app.app_context():
        db.session.remove()
    assert found_on_disk(tmp_path) == []


@every(
    ("fields", "sentence"),
    [
        ({"confirm": ""}, "to confirm."),
        ({"confirm": "0"}, "to confirm."),
        ({"confirm": "1 2"}, "to confirm."),
        ({"why": ""}, "Say why in a few words."),
        ({"why": " \n "}, "Say why in a few words."),
        ({"why": "x" * 501}, "Use at most 500 characters."),
        ({"why": "from +55 11 98765-4321"}, "Leave the name and the number"),
        ({"why": "<B>ANA</b> asked"}, "Leave the name and the number"),
        ({"reason": "because"}, "Choose a reason."),
        ({"reason": ""}, "Choose a reason."),
    ],
)
def test_what_is_missing_is_said_and_nothing_typed_is_lost(app, admin, customer_id, fields, sentence):
    answer = press(admin, customer_id, **{"why": "Letter of May", **fields})
    assert answer.status_code == 422
    assert sentence in answer.text
    if "why" not in fields:
        assert "Letter of May" in answer.text
    assert not is_erased(app, customer_id)


def test_a_second_click_finds_nobody(app, admin, customer_id):
    press(admin, customer_id)
    assert press(admin, customer_id).status_code == 404
    with app.app_context():
        assert len(db.session.scalars(select(Erasure)).all()) == 1


class TestSeveralRecords:
    def test_merged_ones_are_named_and_go(self, app, admin, customer_id):
        with app.app_context(), writing():
            other = a_customer("Ana B")
            merging.merge(db.session.get_one(Customer, customer_id), other, actor="user:1", now=NOON, why="")
            db.session.commit()
            other_id = other.id
        assert f"Record {other_id} was merged" in admin.get(f"/customers/{customer_id}/erase").text
        press(admin, customer_id)
        assert is_erased(app, other_id)
        assert admin.get(f"/customers/{other_id}").status_code == 404

    @pytest.mark.parametrize("chosen", [True, False])
    def test_perhaps_the_same_person_is_asked_about_one_by_one(self, app, admin, customer_id, chosen):
        with app.app_context(), writing():
            other = a_customer("Twin")
            duplicates.note(db.session.get_one(Customer, customer_id), other, "Perhaps", NOON)
            db.session.commit()
            other_id = other.id
        assert "Twin (" in admin.get(f"/customers/{customer_id}/erase").text
        press(admin, customer_id, **({"also": other_id} if chosen else {}))
        assert is_erased(app, other_id) is chosen

    @pytest.mark.parametrize("also", ["999999", "x", "9" * 30, "-1"])
    def test_nobody_else_is_erased_along(self, app, admin, customer_id, also):
        with app.app_context():
            a_customer("Stranger")
        answer = press(admin, customer_id, also=also)
        assert answer.status_code in (204, 409)
        with app.app_context():
            assert db.session.scalars(select(Customer.name).where(Customer.erased_at.is_(None))).all()[
                -1:
            ] == ["Stranger"]

    def test_a_stranger_in_the_form_refuses_it_all(self, app, admin, customer_id):
        with app.app_context():
            stranger = a_customer("Stranger").id
        answer = press(admin, customer_id, also=stranger)
        assert answer.status_code == 409
        assert "changed meanwhile" in answer.text
        assert not is_erased(app, customer_id)


def test_under_another_key_nothing_is_erased(app, admin, customer_id, tmp_path):
    with app.app_context():
        other = a_customer("Bo").id
    press(admin, customer_id)
    (tmp_path / suppression_key.FILE).write_text("ab" * 32)
    answer = press(admin, other)
    assert answer.status_code == 409
    assert "cannot tell who was erased" in answer.text
    assert not is_erased(app, other)


def test_when_the_list_cannot_be_written_nothing_is_erased(app, admin, customer_id, tmp_path):
    (tmp_path / "erasures.log").mkdir()
    answer = press(admin, customer_id)
    assert answer.status_code == 409
    assert "cannot be written" in answer.text
    assert not is_erased(app, customer_id)


def test_who_erases_is_told_of_a_message_on_its_way(app, admin, customer_id):
    with app.app_context(), writing():
        customer = a_customer("Cid", Status.OPTED_IN)
        delivery = sent(customer)
        delivery.state, delivery.lease_until = "sending", clock.now() + LEASE
        db.session.commit()
        cid = customer.id
    press(admin, cid)
    assert "already on its way" in admin.get("/customers").text


def test_the_erasure_takes_no_name_along_into_the_list_of_reasons(app, admin, customer_id):
    assert set(erasing.REASONS) == {"request", "not_needed", "other"}
    page = admin.get(f"/customers/{customer_id}/erase").text
    for words in erasing.REASONS.values():
        assert words in page
