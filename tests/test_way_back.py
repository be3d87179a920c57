"""Links that lead back to a list as it was left: its filter, search and page."""

from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup

from tests.factories import a_customer
from tests.rows import every
from webapp.extensions import db


@pytest.fixture
def ana(app):
    with app.app_context():
        customer = a_customer("Ana Souza")
        db.session.commit()
        return customer.id


def the_way(browser, page: str, id: str = "back") -> tuple[str, str]:
    link = browser.soup(page).find(id=id)
    return link["href"], link.get_text(strip=True)


def row_link(html: str) -> str:
    return BeautifulSoup(html, "html.parser").select_one(".customer .name")["href"]


@every("table", [("/opt-in", "Opt-In/Out"), ("/customers", "Customers")])
def test_a_customer_leads_back_to_the_table_with_its_filter_search_and_page(desk, ana, table):
    path, words = table
    left = f"{path}?q=Ana&sort=created&per_page=25"
    agent = desk("agent")
    page = row_link(agent.get(left).text)
    assert the_way(agent, page) == (left, words)
    assert the_way(agent, f"{page}&as_of=2030-01-01T12:00") == (left, words)
    assert f'hx-get="{page}"' in agent.get(page).text


def test_a_row_that_is_fetched_alone_leads_back_just_so(desk, ana):
    agent = desk("agent")
    left = "/opt-in?q=Ana&sort=created"
    answer = agent.htmx(f"/customers/{ana}/consent", page=left, method="POST", status="opted_out")
    assert the_way(agent, row_link(answer.text)) == (left, "Opt-In/Out")


def test_the_usual_table_needs_no_address(desk, ana):
    agent = desk("agent")
    assert row_link(agent.get("/customers").text) == f"/customers/{ana}"
    assert the_way(agent, f"/customers/{ana}") == ("/customers", "Customers")


@every(
    "asked",
    ["https://evil.example/?a=b", "//evil.example/opt-in?a", "/opt-in/../sign-out?a", "javascript:alert(1)?a",
     "/campaigns?before=5", "/opt-in\\@evil.example?a", "?a=b", ""],
)  # fmt: skip
def test_an_address_elsewhere_is_not_led_to(desk, ana, asked):
    assert the_way(desk("agent"), f"/customers/{ana}?back={quote(asked)}") == ("/customers", "Customers")


def test_what_is_no_address_stays_text(desk, ana):
    asked = '/opt-in?q="><script>alert(1)</script>'
    assert the_way(desk("agent"), f"/customers/{ana}?back={quote(asked)}")[0] == asked


def test_the_log_is_led_back_to_through_the_list_of_batches(desk):
    agent, log = desk("agent"), "/events?kind=policy"
    batches = agent.soup(log).find(id="to-batches")["href"]
    assert the_way(agent, batches, "batches-back") == (log, "Consent log")
    assert agent.soup(log).find(id="to-as-of")["href"] == f"/events/as-of?back={quote(log, safe='/?')}"
