"""The page with the phone: in development only, for agents, with demo customers and never with real ones."""

import pytest
from sqlalchemy import select

from tests.factories import NOON, a_customer
from tests.html import PARTIAL
from tests.rows import every
from webapp import create_app
from webapp.customers import identities
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.simulator import phones
from webapp.simulator.acts import OFFERS
from webapp.whatsapp.invented import NUMBERS


@pytest.fixture
def demo_customer(app) -> Customer:
    with app.app_context():
        return db.session.scalars(select(Customer).order_by(Customer.id.desc()).limit(1)).one()


@pytest.fixture
def real_customer(app) -> int:
    with app.app_context():
        return a_customer("Ana Souza").id


def test_without_the_setting_there_is_no_simulator(database_url, tmp_path):
    app = create_app(
        {
            "DATABASE_URL": database_url,
            "HEED_DATA_DIR": str(tmp_path),
            "SECRET_KEY": "a secret key of thirty-two bytes or more",
            "WHATSAPP_APP_SECRET": "an app secret",
            "WHATSAPP_VERIFY_TOKEN": "a verify token",
        }
    )
    client = app.test_client()
    assert client.get("/simulator").status_code == 404
    assert not [rule for rule in app.url_map.iter_rules() if "simulator" in rule.rule]
    with app.app_context():
        db.engine.dispose()


def test_viewers_may_not_write_as_somebody_else(desk):
    viewer = desk("viewer")
    assert viewer.get("/simulator").status_code == 403
    assert viewer.get("/simulator/conversation").status_code == 403
    assert viewer.send("/simulator/messages", say="stop").status_code == 403


def test_it_shows_the_desk_and_the_phone_of_the_newest_demo_customer(desk, demo_customer):
    page = desk("agent").soup("/simulator")
    assert page.h1.text == "Opt-In / Opt-Out"
    assert page.find(id=f"customer-{demo_customer.id}")
    assert page.select_one("#phone-of option[selected]")["value"] == str(demo_customer.id)


def test_it_offers_demo_customers_an_unknown_sender_and_one_without_a_number(desk, real_customer):
    options = [option["value"] for option in desk("agent").soup("/simulator").select("#phone-of option")]
    assert str(real_customer) not in options
    assert options[3:] == [f"new-{NUMBERS[0]}", "no-number"]


@every("key", ["0", "999999", "x", "new-", "new-15550000000", "-1", "9" * 40])
def test_nobodys_phone_is_not_found(desk, key):
    assert desk("agent").get("/simulator", query_string={"phone": key}).status_code == 404


def test_a_real_customers_phone_is_not_found(desk, real_customer):
    agent = desk("agent")
    assert agent.get(f"/simulator?phone={real_customer}").status_code == 404
    assert agent.send("/simulator/messages", phone=real_customer, say="stop").status_code == 404


def test_the_fragments_of_the_phone_stand_in_its_page(desk):
    agent = desk("agent")
    page = agent.soup("/simulator?phone=no-number")
    fragment = agent.get("/simulator?phone=no-number", headers=PARTIAL | {"HX-Target": "aside#phone"})
    assert fragment.text.startswith("<aside")
    assert "<table" not in fragment.text
    answer = agent.get("/simulator/conversation?phone=no-number", headers=PARTIAL).text
    for part in ("chat", "deliveries"):
        assert page.find(id=part).decode_contents().strip() in page.decode()
        assert page.find(id=part).get_text(strip=True)[:20] in answer


def test_the_tables_links_stay_with_the_phone(desk):
    sort = desk("agent").soup("/simulator?phone=no-number").find(id="sort-created")["href"]
    assert sort.startswith("/simulator?")
    assert "phone=no-number" in sort


def test_a_poll_is_answered_304_until_something_changes(desk):
    agent = desk("agent")
    first = agent.get("/simulator/conversation?phone=no-number", headers=PARTIAL)
    known = PARTIAL | {"HX-PTag": first.headers["HX-PTag"]}
    assert agent.get("/simulator/conversation?phone=no-number", headers=known).status_code == 304
    agent.send("/simulator/messages", phone="no-number", words="hello")
    assert agent.get("/simulator/conversation?phone=no-number", headers=known).status_code == 200


@pytest.mark.parametrize("words", ["", "   ", "x" * 4097], ids=["nothing", "only spaces", "too much"])
def test_unusable_words_are_refused(desk, words):
    assert desk("agent").send("/simulator/messages", phone="no-number", words=words).status_code == 400


def test_the_menu_offers_every_line_and_asks_for_words_only_where_they_are_sent(desk):
    page = desk("agent").soup("/simulator?phone=no-number")
    offered = {button["value"]: button for button in page.select("#acts button")}
    assert list(offered) == [key for group in OFFERS.values() for key in group]
    typed = {key for key, button in offered.items() if not button.has_attr("formnovalidate")}
    assert typed == {"photo", "edit", "forward", "group", "standby", "history"}
    assert page.find(id="more-acts")["popovertarget"] == "acts"


@pytest.mark.parametrize(
    ("form", "code"),
    [({"do": "nothing"}, 400), ({"do": "photo", "words": " "}, 400), ({"do": "edit", "words": "x"}, 303),
     ({"do": "revoke"}, 303), ({"do": "change-number"}, 303)],
)  # fmt: skip
def test_what_is_not_possible_sends_nothing(app, desk, form, code):
    agent = desk("agent")
    assert agent.send("/simulator/messages", phone="no-number", **form).status_code == code
    assert app.extensions["heed-phone-network"].line.log.of("no-number") == []


def test_without_scripts_the_answer_leads_back_to_the_same_phone(desk):
    answer = desk("agent").send("/simulator/messages", phone="no-number", say="stop")
    assert (answer.status_code, answer.location) == (303, "/simulator?phone=no-number")


def test_names_from_outside_are_text(desk, app, demo_customer):
    hostile = "<script>alert(1)</script>"
    with app.app_context():
        db.session.get(Customer, demo_customer.id).name = hostile
        db.session.commit()
    agent = desk("agent")
    agent.send("/simulator/messages", phone=demo_customer.id, words=hostile)
    page = agent.get(f"/simulator?phone={demo_customer.id}")
    assert hostile not in page.text
    assert page.text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 4


def test_the_unknown_sender_is_a_new_one_after_each_that_wrote(app):
    with app.app_context():
        first = [phone.key for phone in phones.every(phones.first())][-2]
        a_customer(phone=f"+{NUMBERS[0]}")
        second = [phone.key for phone in phones.every(phones.first())][-2]
        assert (first, second) == (f"new-{NUMBERS[0]}", f"new-{NUMBERS[1]}")
        assert phones.find(first).writer.wa_id == NUMBERS[0]


def test_whoever_came_back_to_a_number_writes_from_there(app, demo_customer):
    with app.app_context():
        customer = db.session.get(Customer, demo_customer.id)
        for number in NUMBERS[:2]:
            identities.attach(customer, "wa_id", number, "whatsapp", NOON)
        [back, left] = customer.identities[-2:]
        left.left_at = NOON
        db.session.commit()
        assert phones.find(str(customer.id)).writer.wa_id == back.value
