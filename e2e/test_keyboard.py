"""One key for each thing done often; off while somebody types, and for good when they switch it off."""

import pytest
from playwright.sync_api import Page, expect

from e2e.desk import Desk
from e2e.people import a_customer
from e2e.table import TABLE, dialog, row, switch, toast
from webapp.consent.rules import Status


def focused_row(page: Page, customer: int) -> None:
    expect(row(page, customer)).to_be_focused()


def test_j_and_k_walk_over_the_rows(agent: Page, desk: Desk) -> None:
    second, first = a_customer(desk, "Zwei"), a_customer(desk, "Eins")
    agent.goto(TABLE)
    agent.keyboard.press("j")
    focused_row(agent, first)
    agent.keyboard.press("j")
    focused_row(agent, second)
    agent.keyboard.press("k")
    focused_row(agent, first)
    agent.keyboard.press("k")
    focused_row(agent, first)


def test_o_opts_out_and_z_takes_it_back(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Otto Taste")
    agent.goto(TABLE)
    agent.keyboard.press("j")
    agent.keyboard.press("o")
    expect(row(agent, person).locator(".state")).to_have_text("Opted Out")
    focused_row(agent, person)
    agent.keyboard.press("z")
    expect(row(agent, person).locator(".state")).to_have_text("Opted In")


def test_o_never_opts_in(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Otto Aus", Status.OPTED_OUT)
    agent.goto(TABLE)
    agent.keyboard.press("j")
    agent.keyboard.press("o")
    agent.keyboard.press("i")
    expect(dialog(agent, "Record consent — Otto Aus")).to_be_visible()
    agent.keyboard.press("Escape")
    expect(dialog(agent, "Record consent — Otto Aus")).to_be_hidden()
    focused_row(agent, person)
    expect(row(agent, person).locator(".state")).to_have_text("Opted Out")


def test_e_edits_and_esc_leads_back_to_the_row(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Edda Taste")
    agent.goto(TABLE)
    agent.keyboard.press("j")
    agent.keyboard.press("e")
    expect(dialog(agent, "Edit Customer")).to_contain_text("Edda Taste")
    agent.keyboard.press("Escape")
    focused_row(agent, person)


def test_slash_searches_and_while_typing_no_key_acts(agent: Page, desk: Desk) -> None:
    a_customer(desk, "jokez Taste")
    agent.goto(TABLE)
    agent.keyboard.press("j")
    agent.keyboard.press("/")
    expect(agent.locator("#search")).to_be_focused()
    agent.keyboard.type("jokez?/")
    expect(agent.locator("#search")).to_have_value("jokez?/")
    expect(agent.get_by_role("dialog")).to_be_hidden()
    expect(toast(agent)).to_be_hidden()


def test_the_question_mark_lists_the_keys(agent: Page) -> None:
    agent.goto(TABLE)
    agent.keyboard.press("?")
    expect(dialog(agent, "Keyboard shortcuts")).to_contain_text("Opt out")
    agent.keyboard.press("Escape")
    expect(dialog(agent, "Keyboard shortcuts")).to_be_hidden()


def test_keys_can_be_switched_off_for_good(agent: Page) -> None:
    agent.goto(TABLE)
    agent.get_by_role("button", name="Menu of Dana Kim").click()
    agent.get_by_role("button", name="Keyboard shortcuts").click()
    expect(agent.get_by_role("button", name="Keyboard shortcuts")).to_have_attribute("aria-pressed", "false")
    agent.keyboard.press("Escape")
    agent.reload()
    agent.keyboard.press("?")
    agent.keyboard.press("j")
    expect(agent.get_by_role("dialog")).to_be_hidden()
    expect(agent.locator("tr.customer:focus")).to_have_count(0)


@pytest.mark.parametrize("modifier", ["Control", "Alt", "Meta"])
def test_keys_of_the_browser_stay_the_browsers(agent: Page, modifier: str) -> None:
    agent.goto(TABLE)
    agent.keyboard.press(f"{modifier}+e")
    agent.keyboard.press(f"{modifier}+j")
    expect(agent.locator("tr.customer:focus")).to_have_count(0)


def test_the_whole_way_by_tab_and_enter(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Tabea Tab")
    agent.goto(TABLE)
    agent.keyboard.press("Tab")
    expect(agent.get_by_role("link", name="Skip to content")).to_be_focused()
    agent.keyboard.press("Enter")
    agent.keyboard.press("j")
    agent.keyboard.press("Tab")
    agent.keyboard.press("Tab")
    expect(switch(agent, "Tabea Tab")).to_be_focused()
    agent.keyboard.press("Space")
    expect(row(agent, person).locator(".state")).to_have_text("Opted Out")
    expect(switch(agent, "Tabea Tab")).to_be_focused()
