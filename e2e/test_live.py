"""Open pages follow the customers: a STOP on the phone flips the row in another page, and disturbs nobody."""

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.desk import Desk
from e2e.guard import Guard
from e2e.people import a_customer, a_demo_customer
from e2e.table import TABLE, count_of, row, switch, why


@pytest.fixture
def phone(agent: Page) -> Page:
    """The phone, in another tab of the same browser."""
    return agent.context.new_page()


def test_stop_on_the_phone_flips_the_row_in_another_page(agent: Page, phone: Page, desk: Desk) -> None:
    person = a_demo_customer(desk, "Lia Telefon")
    agent.goto(TABLE)
    agent.get_by_role("searchbox", name="Search").press_sequentially("Lia", delay=10)
    expect(agent).to_have_url(re.compile("q=Lia"))
    agent.get_by_role("searchbox", name="Search").press_sequentially("  ")
    phone.goto(f"/simulator?phone={person}")
    phone.get_by_role("button", name="STOP", exact=True).click()
    expect(row(agent, person).locator(".state")).to_have_text("Opted Out")
    expect(why(agent, person)).to_have_text("replied STOP · just now")
    expect(row(agent, person)).to_have_class(re.compile("changed-"))
    expect(agent.get_by_role("searchbox", name="Search")).to_be_focused()
    expect(agent.get_by_role("searchbox", name="Search")).to_have_value("Lia  ")
    expect(phone.get_by_role("log", name="Deliveries")).to_contain_text("came in, signature correct")


def test_a_stop_that_is_not_quite_one_holds_and_counts_as_a_review(
    agent: Page, phone: Page, desk: Desk
) -> None:
    person = a_demo_customer(desk, "Mia Fast")
    agent.goto(TABLE)
    phone.goto(f"/simulator?phone={person}")
    phone.get_by_role("button", name="“Stop. Thank you”").click()
    expect(why(agent, person)).to_have_text("On hold: message to review")


def test_stop_promotions_and_then_start(agent: Page, phone: Page, desk: Desk) -> None:
    person = a_demo_customer(desk, "Nia Knopf")
    agent.goto(TABLE)
    before = int(count_of(agent, "opted_out").inner_text())
    phone.goto(f"/simulator?phone={person}")
    phone.get_by_role("button", name="Stop promotions").click()
    expect(why(agent, person)).to_have_text("tapped “Stop promotions” · just now")
    expect(count_of(agent, "opted_out")).to_have_text(str(before + 1))
    phone.get_by_label("Type a message").fill("start")
    phone.keyboard.press("Enter")
    expect(phone.get_by_label("Type a message")).to_have_value("")
    expect(row(phone, person).locator(".state")).to_have_text("Opted In")
    expect(row(agent, person).locator(".state")).to_have_text("Opted In")


def test_new_customers_wait_until_somebody_wants_to_see_them(agent: Page, desk: Desk) -> None:
    agent.goto(TABLE)
    first = agent.locator("tr.customer").first
    before = first.get_attribute("id")
    newest = a_customer(desk, "Olga Neu")
    show = agent.get_by_role("link", name="1 new: show")
    expect(show).to_be_visible()
    expect(first).to_have_attribute("id", str(before))
    show.click()
    expect(first).to_have_attribute("id", f"customer-{newest}")
    expect(show).to_be_hidden()


def test_a_page_that_hears_nothing_says_so_until_it_hears_again(
    agent: Page, desk: Desk, guard: Guard
) -> None:
    guard.expect("ERR_FAILED", "htmx:error")
    person = a_customer(desk, "Pia Funkloch")
    agent.goto(TABLE)
    live = agent.locator("#live-word")
    expect(live).to_have_text("Live")
    agent.route("**/opt-in/live*", lambda route: route.abort())
    expect(live).to_have_text("not live: reconnecting")
    expect(row(agent, person)).to_be_visible()
    agent.unroute("**/opt-in/live*")
    expect(live).to_have_text("Live")


def test_the_switch_keeps_the_focus_while_news_arrive(agent: Page, phone: Page, desk: Desk) -> None:
    person = a_demo_customer(desk, "Quim Fokus")
    agent.goto(TABLE)
    switch(agent, "Quim Fokus").focus()
    phone.goto(f"/simulator?phone={person}")
    phone.get_by_role("button", name="STOP", exact=True).click()
    expect(row(agent, person).locator(".state")).to_have_text("Opted Out")
    expect(switch(agent, "Quim Fokus")).to_be_focused()


def test_the_page_of_one_customer_follows_too(agent: Page, phone: Page, desk: Desk) -> None:
    person = a_demo_customer(desk, "Rosa Seite")
    agent.goto(f"/customers/{person}")
    phone.goto(f"/simulator?phone={person}")
    phone.get_by_role("button", name="STOP", exact=True).click()
    expect(agent.locator(".timeline li").first).to_contain_text("Opted Out by keyword")
    expect(agent.locator("#person")).to_contain_text("Marketing no")


def test_an_unknown_sender_becomes_a_customer(agent: Page, phone: Page) -> None:
    agent.goto(TABLE)
    phone.goto("/simulator")
    phone.get_by_label("Phone of").select_option("Unknown sender")
    expect(phone.get_by_role("log", name="Deliveries").locator("xpath=..")).to_contain_text("nobody yet")
    phone.get_by_role("button", name="STOP", exact=True).click()
    agent.get_by_role("link", name="1 new: show").click()
    expect(agent.locator("tr.customer").first.locator(".state")).to_have_text("Opted Out")
