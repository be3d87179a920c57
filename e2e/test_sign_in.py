"""Coming in by link or password, going out, and what each role sees and may do."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.desk import PASSWORD, Desk
from e2e.guard import Guard
from e2e.people import a_customer
from e2e.table import row, switch


def test_a_link_signs_in_once(
    page: Page, new_context: Callable[..., BrowserContext], desk: Desk, guard: Guard
) -> None:
    guard.expect("status of 410")
    link = desk.sign_in_link("agent")
    page.goto(link)
    expect(page).to_have_url(re.compile("/opt-in$"))
    expect(page.get_by_role("heading", name="Opt-In / Opt-Out")).to_be_visible()
    stranger = new_context().new_page()
    stranger.goto(link)
    expect(stranger.get_by_text("This sign-in link was used already")).to_be_visible()


def test_the_password_form_leads_to_the_page_that_was_wanted(page: Page, desk: Desk) -> None:
    email = desk.with_password("agent")
    page.goto("/customers?q=ana")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/customers\?q=ana$"))


def test_a_wrong_password_is_told_and_the_address_stays(page: Page, desk: Desk, guard: Guard) -> None:
    guard.expect("status of 422")
    email = desk.with_password("agent")
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("not the password")
    page.keyboard.press("Enter")
    expect(page.get_by_text("E-mail or password is wrong.")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value(email)
    expect(page.get_by_label("Password")).to_have_value("")


def test_a_password_that_is_tried_first_is_refused_and_a_better_one_is_taken(
    browse: Callable[..., Page], guard: Guard
) -> None:
    guard.expect("status of 422")
    page = browse("manager")
    page.goto("/users/me")
    new, again = page.get_by_label("New password", exact=True), page.get_by_label("New password again")
    new.fill("qwerty123456")
    again.fill("qwerty123456")
    page.keyboard.press("Enter")
    expect(new).to_have_accessible_description(re.compile("one of the passwords that are tried first"))
    expect(new).to_have_value("")
    new.fill(PASSWORD)
    again.fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your password is changed.")).to_be_visible()


def test_signing_out_ends_it_in_every_tab(agent: Page) -> None:
    agent.goto("/opt-in")
    other = agent.context.new_page()
    other.goto("/guide")
    agent.get_by_role("button", name="Menu of Dana Kim").click()
    agent.get_by_role("button", name="Sign out").click()
    expect(agent.get_by_text("You are signed out.")).to_be_visible()
    other.goto("/customers")
    expect(other).to_have_url(re.compile("/sign-in"))


def test_a_viewer_reads_with_masked_numbers_and_changes_nothing(
    browse: Callable[..., Page], desk: Desk
) -> None:
    person = a_customer(desk, "Vito Sicht")
    viewer = browse("viewer")
    viewer.goto("/opt-in")
    expect(switch(viewer, "Vito Sicht")).to_be_disabled()
    expect(row(viewer, person).locator(".sub").first).to_have_text(re.compile(r"•|…|\*"))
    expect(viewer.get_by_role("button", name="Edit Vito Sicht")).to_be_hidden()
    viewer.keyboard.press("j")
    for key in "oie":
        viewer.keyboard.press(key)
    expect(viewer.get_by_role("dialog")).to_be_hidden()
    expect(row(viewer, person).locator(".state")).to_have_text("Opted In")


@pytest.mark.parametrize(
    ("role", "offered"), [("viewer", False), ("agent", False), ("manager", False), ("admin", True)]
)
def test_people_and_tokens_are_the_admins(browse: Callable[..., Page], role: str, offered: bool) -> None:
    page = browse(role)
    page.goto("/opt-in")
    page.get_by_role("button", name="Menu of").click()
    expect(page.locator("#menu").get_by_role("link", name="Guide")).to_be_visible()
    expect(page.locator("#menu").get_by_role("link", name="Users")).to_have_count(int(offered))


def test_a_page_that_is_not_ours_to_see_says_so(browse: Callable[..., Page], guard: Guard) -> None:
    guard.expect("status of 403")
    page = browse("manager")
    page.goto("/users")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
