"""The Edit Customer and Add customer dialogs, and the page of one customer."""

import pytest
from bs4 import BeautifulSoup

from tests.factories import a_customer
from tests.rows import every
from webapp import clock
from webapp.consent import ledger
from webapp.consent.ledger import Proof, Statement
from webapp.consent.rules import Source, Status
from webapp.customers.attributes import attributes
from webapp.customers.models import Customer
from webapp.customers.tags import tags
from webapp.extensions import db

TYPES = {
    "city": ("text", "São Paulo"), "orders": ("number", 14), "club": ("boolean", True),
    "birthday": ("date", "1991-05-04"), "call": ("time", "09:30:00"),
    "seen": ("datetime", "2026-03-31T14:30:00Z"), "sizes": ("json", {"shoe": 42}),
}  # fmt: skip


@pytest.fixture
def agent(desk):
    return desk("agent")


@pytest.fixture
def customer(app):
    """A customer with a tag and a value of each type."""
    with app.app_context():
        someone = a_customer("João Gonçalves", Status.OPTED_IN)
        for name, (type, _value) in TYPES.items():
            attributes.define(name, type)
        attributes.set_attributes(someone, {name: value for name, (_type, value) in TYPES.items()})
        tags.set_tags(someone, ["newsletter", "loja"])
        db.session.commit()
        return someone.id


def fields_of(client, customer_id: int) -> dict:
    """What the dialog would send if nothing were touched."""
    form = BeautifulSoup(client.htmx(f"/customers/{customer_id}/edit").text, "html.parser").find(
        id="edit-form"
    )
    for template in form.find_all("template"):
        template.decompose()
    sent: dict = {}
    for control in form.find_all(["input", "textarea"]):
        if control.get("name") and (control.get("type") != "radio" or control.has_attr("checked")):
            sent[control["name"]] = (
                control.get_text() if control.name == "textarea" else control.get("value", "")
            )
    return {name: value for name, value in sent.items() if name != "csrf_token"}


def save(client, customer_id: int, fields: dict):
    return client.htmx(f"/customers/{customer_id}/edit", method="POST", **fields)


def on_record(app, customer_id: int) -> Customer:
    with app.app_context():
        return db.session.get(Customer, customer_id)


def key(app, name: str) -> str:
    with app.app_context():
        return f"attr:{attributes.find(name).id}"


def test_saving_what_was_there_changes_nothing(agent, customer, app):
    before = on_record(app, customer)
    response = save(agent, customer, fields_of(agent, customer))
    after = on_record(app, customer)
    assert response.status_code == 200
    assert (after.version, after.attrs_json, after.tags_json) == (
        before.version,
        before.attrs_json,
        before.tags_json,
    )


def test_name_and_number_are_read_only(agent, customer):
    soup = BeautifulSoup(agent.htmx(f"/customers/{customer}/edit").text, "html.parser")
    assert "João Gonçalves" in soup.find(class_="who-card").get_text()
    assert not soup.find(attrs={"name": "name"})
    assert not soup.find(attrs={"name": "phone"})


def test_values_and_tags_are_saved_and_the_row_comes_back(agent, customer, app):
    fields = fields_of(agent, customer) | {key(app, "city"): "Rio", "tags": "newsletter, vip"}
    response = save(agent, customer, fields)
    assert "dialog:done" in response.headers["HX-Trigger"]
    assert f'hx-target="#customer-{customer}"' in response.text
    after = on_record(app, customer)
    assert after.attrs_json["city"] == "Rio"
    assert after.tags_json == ["newsletter", "vip"]


def test_a_removed_attribute_is_gone(agent, customer, app):
    fields = fields_of(agent, customer)
    del fields[key(app, "orders")]
    save(agent, customer, fields)
    assert "orders" not in on_record(app, customer).attrs_json


@every(
    ("name", "raw", "words"),
    [
        ("orders", "many", "Write a number"),
        ("orders", "1,5", "a point, no comma"),
        ("orders", "1e999", "too large"),
        ("birthday", "31.3.1991", "Write a date like"),
        ("birthday", "1991-02-30", "Write a date like"),
        ("call", "25:00", "Write a time like"),
        ("seen", "yesterday", "Write date, time and zone"),
        ("sizes", "{shoe: 42}", "not JSON"),
        ("city", "", "Write a value"),
        ("city", "x" * 501, "500 characters at most"),
        ("club", "maybe", "Write true or false"),
    ],
)
def test_a_value_that_does_not_fit_is_told_at_its_field(agent, customer, app, name, raw, words):
    before = on_record(app, customer)
    response = save(agent, customer, fields_of(agent, customer) | {key(app, name): raw, "tags": "vip"})
    assert response.status_code == 422
    soup = BeautifulSoup(response.text, "html.parser")
    assert words in soup.find(class_="error").get_text()
    assert soup.find(id="edit-tags")["value"] == "vip", "nothing typed is lost"
    assert on_record(app, customer).version == before.version


@pytest.mark.parametrize("tag", ["x" * 61, "bell\x07"])
def test_a_tag_that_cannot_be_is_told_at_its_field(agent, customer, app, tag):
    response = save(agent, customer, fields_of(agent, customer) | {"tags": tag})
    assert response.status_code == 422
    assert BeautifulSoup(response.text, "html.parser").find(id="edit-tags-error")
    assert on_record(app, customer).tags_json == ["loja", "newsletter"]


def test_a_tag_may_hold_a_comma(agent, customer, app):
    with app.app_context():
        tags.set_tags(db.session.get(Customer, customer), ["Sales, EU"])
        db.session.commit()
    save(agent, customer, fields_of(agent, customer) | {"tags": ["Sales, EU", "vip"]})
    assert on_record(app, customer).tags_json == ["Sales, EU", "vip"]


def test_the_second_of_two_editors_sees_what_the_first_did(agent, desk, customer, app):
    seen = fields_of(agent, customer)
    save(desk("manager"), customer, seen | {"tags": "vip"})
    response = save(agent, customer, seen | {"tags": "beta"})
    assert response.status_code == 409
    soup = BeautifulSoup(response.text, "html.parser")
    assert "Tags now: vip" in soup.find(role="alert").get_text()
    assert on_record(app, customer).tags_json == ["vip"]
    again = {name: soup.find(attrs={"name": name})["value"] for name in ("version", "seen")}
    assert save(agent, customer, seen | {"tags": "beta"} | again).status_code == 200
    assert on_record(app, customer).tags_json == ["beta"]


def test_a_stop_meanwhile_does_not_void_the_edit_and_the_edit_not_the_stop(agent, customer, app):
    seen = fields_of(agent, customer)
    with app.app_context():
        said = Statement(
            Status.OPTED_OUT, Source.KEYWORD, "customer", clock.now(), proof=Proof("whatsapp", "STOP")
        )
        ledger.record(db.session.get(Customer, customer), said)
        db.session.commit()
    assert save(agent, customer, seen | {"tags": "vip"}).status_code == 200
    after = on_record(app, customer)
    assert (after.status, after.tags_json) == (Status.OPTED_OUT, ["vip"])


def test_an_attribute_deleted_meanwhile_is_told(agent, customer, app):
    fields = fields_of(agent, customer) | {"attr:99999": "x"}
    assert "An attribute was deleted meanwhile" in save(agent, customer, fields).text


@pytest.mark.parametrize(
    "fields", [{}, {"version": "x"}, {"version": "1", "attr:x": "1"}, {"seen": "0" * 9999}]
)
def test_a_form_that_is_not_ours_changes_nothing(agent, customer, app, fields):
    before = on_record(app, customer)
    assert save(agent, customer, fields).status_code == 409
    assert on_record(app, customer).version == before.version


def test_plus_without_scripts_adds_a_field(agent, app):
    with app.app_context():
        attributes.define("city", "text")
        someone = a_customer().id
    page = agent.send(f"/customers/{someone}/edit", version="1", add="1", add_attribute=key(app, "city")[5:])
    assert BeautifulSoup(page.text, "html.parser").find("input", attrs={"name": key(app, "city")})


class TestAdding:
    def test_a_new_customer_starts_without_a_record(self, agent, app):
        response = agent.htmx("/customers/new", method="POST", phone="+55 11 98812-4410", name="Ana Souza")
        assert response.status_code == 204
        with app.app_context():
            added = db.session.query(Customer).one()
            assert (added.name, added.phone_display, added.status) == (
                "Ana Souza",
                "+55 11 98812-4410",
                "unknown",
            )

    @pytest.mark.parametrize("phone", ["", "12", "not a number", "5.5119E+12"])
    def test_a_number_that_cannot_be_is_told_and_nothing_lost(self, agent, phone):
        response = agent.htmx("/customers/new", method="POST", phone=phone, name="Ana")
        assert response.status_code == 422
        soup = BeautifulSoup(response.text, "html.parser")
        assert soup.find(id="customer-phone-error")
        assert soup.find(id="customer-name")["value"] == "Ana"

    def test_a_number_that_is_known_in_any_form_is_told(self, agent, app):
        with app.app_context():
            a_customer("Ana Souza", phone="+55 65 99000-0001")
        response = agent.htmx("/customers/new", method="POST", phone="+55 65 9000 0001", name="")
        assert "Ana Souza has this number already" in response.text

    def test_without_scripts_it_leads_to_the_customer(self, agent):
        assert agent.send("/customers/new", phone="+55 11 98812-4410", name="").location == "/customers/1"

    def test_a_viewer_may_not(self, desk):
        assert desk("viewer").send("/customers/new", phone="+55 11 98812-4410").status_code == 403


def test_the_history_tells_what_whence_by_whom_in_which_words_and_when(agent, customer):
    soup = agent.soup(f"/customers/{customer}")
    entry = soup.find(class_="timeline").get_text(" ", strip=True)
    for words in ("Opted In", "Yes, send me offers", "Happened", "20 Nov 2026, 12:00:00", "Recorded"):
        assert words in entry
    assert "Marketing yes" in soup.find(class_="sendable").get_text(" ", strip=True)
