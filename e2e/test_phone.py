"""The phone beside the desk sends all that WhatsApp can deliver: several ways of saying stop, one truth."""

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.desk import Desk
from e2e.people import a_demo_customer, events
from e2e.table import row, why


def menu(page: Page) -> Locator:
    return page.locator("#acts")


def choose(page: Page, line: str, words: str = "") -> None:
    """Type the words, open the menu, and take a line of it."""
    if words:
        page.get_by_label("Type a message").fill(words)
    page.get_by_role("button", name="More to send").click()
    menu(page).get_by_role("button", name=line, exact=True).click()
    expect(menu(page)).to_be_hidden()


def came_in(page: Page) -> None:
    deliveries = page.get_by_role("log", name="Deliveries")
    expect(deliveries).not_to_contain_text("is on its way")
    expect(deliveries).to_contain_text("200 in")


def state(page: Page, person: int) -> Locator:
    return row(page, person).locator(".state")


def test_stop_from_a_list_then_start_then_an_edit_to_stop(agent: Page, desk: Desk) -> None:
    person = a_demo_customer(desk, "Ola Liste")
    agent.goto(f"/simulator?phone={person}")
    choose(agent, "STOP")
    expect(state(agent, person)).to_have_text("Opted Out")
    expect(agent.get_by_role("log", name="Messages")).to_contain_text("Chosen from a list")
    agent.get_by_label("Type a message").fill("start")
    agent.keyboard.press("Enter")
    expect(state(agent, person)).to_have_text("Opted In")
    choose(agent, "Edit the last message to this", "STOP")
    expect(state(agent, person)).to_have_text("Opted Out")
    expect(agent.get_by_label("Type a message")).to_have_value("")
    choose(agent, "Delete the last message")
    came_in(agent)
    assert events(desk, person) == ["opted_in", "opted_out", "opted_in", "opted_out"]


def test_whatsapps_own_stop_and_its_end_leave_consent_alone(agent: Page, desk: Desk) -> None:
    person = a_demo_customer(desk, "Ola Ruhe")
    agent.goto(f"/simulator?phone={person}")
    choose(agent, "Stop offers and announcements")
    expect(why(agent, person)).to_contain_text("WhatsApp")
    expect(agent.locator(".chat .note").last).to_contain_text("Offers and announcements stopped")
    choose(agent, "Resume offers and announcements")
    came_in(agent)
    expect(state(agent, person)).to_have_text("Opted In")
    expect(why(agent, person)).not_to_contain_text("WhatsApp")


def test_a_stop_from_the_new_number_opts_the_same_customer_out(agent: Page, desk: Desk) -> None:
    person = a_demo_customer(desk, "Ola Umzug")
    agent.goto(f"/simulator?phone={person}")
    choose(agent, "Change my number")
    came_in(agent)
    agent.get_by_role("button", name="STOP", exact=True).click()
    expect(state(agent, person)).to_have_text("Opted Out")


def test_the_menu_is_used_by_keyboard_alone(agent: Page, desk: Desk) -> None:
    person = a_demo_customer(desk, "Ola Taste")
    agent.goto(f"/simulator?phone={person}")
    opener = agent.get_by_role("button", name="More to send")
    opener.focus()
    agent.keyboard.press("Enter")
    expect(menu(agent)).to_be_visible()
    agent.keyboard.press("Escape")
    expect(menu(agent)).to_be_hidden()
    expect(opener).to_be_focused()
    agent.keyboard.press("Enter")
    voice = menu(agent).get_by_role("button", name="Voice note")
    while not voice.evaluate("node => node === document.activeElement"):
        agent.keyboard.press("Tab")
    agent.keyboard.press("Enter")
    expect(menu(agent)).to_be_hidden()
    expect(agent.get_by_role("log", name="Messages")).to_contain_text("Voice note")
    came_in(agent)


@pytest.mark.parametrize("width", [390, 1440])
def test_the_menu_fits_the_screen(browse, desk: Desk, width: int) -> None:
    page = browse("agent", viewport={"width": width, "height": 844})
    page.goto("/simulator?phone=no-number")
    page.get_by_role("button", name="More to send").click()
    box = menu(page).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 844
