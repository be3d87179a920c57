"""Forms that fill a page: typed words outlive the end of a session and a lost network; a late question."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.desk import Desk
from e2e.guard import Guard

SIGNED_OUT = "You are signed out. Nothing that you typed is lost."


@pytest.fixture
def manager(browse: Callable[..., Page]) -> Page:
    """Somebody has typed into the form of a new segment."""
    page = browse("manager", viewport={"width": 390, "height": 500})
    page.goto("/segments/new?kind=static")
    page.get_by_label("Name").fill("Ten minutes of work")
    page.get_by_label("Numbers", exact=True).fill("+5511988124410")
    return page


def kept(page: Page) -> None:
    expect(page).to_have_url(re.compile("/segments/new"))
    expect(page.get_by_label("Name")).to_have_value("Ten minutes of work")
    expect(page.get_by_label("Numbers", exact=True)).to_have_value("+5511988124410")


def test_who_is_signed_out_keeps_what_they_typed_and_goes_on_after_signing_in_elsewhere(
    manager: Page, desk: Desk, guard: Guard
) -> None:
    guard.expect("status of 401")
    desk.end_sessions("manager")
    manager.get_by_role("button", name="Save segment").click()
    expect(manager.get_by_text(SIGNED_OUT)).to_be_in_viewport()
    kept(manager)
    other = manager.context.new_page()
    other.goto(desk.sign_in_link("manager"))
    other.close()
    manager.evaluate("dispatchEvent(new Event('focus'))")
    expect(manager.get_by_text(SIGNED_OUT)).to_be_hidden()
    manager.get_by_role("button", name="Save segment").click()
    expect(manager.get_by_role("heading", level=1)).to_have_text("Lines not taken")


def test_who_signed_in_again_in_another_tab_saves_what_they_typed_before(manager: Page, desk: Desk) -> None:
    manager.get_by_label("Name").fill("Work of yesterday")
    desk.end_sessions("manager")
    other = manager.context.new_page()
    other.goto(desk.sign_in_link("manager"))
    other.close()
    manager.get_by_role("button", name="Save segment").click()
    expect(manager.get_by_role("heading", level=1)).to_have_text("Lines not taken")


def test_a_dialog_is_saved_at_the_second_try_after_signing_in_again_in_another_tab(
    browse: Callable[..., Page], desk: Desk, guard: Guard
) -> None:
    guard.expect("status of 400")
    page = browse("manager")
    page.goto("/tags")
    page.get_by_role("link", name="New tag").click()
    page.get_by_role("dialog").get_by_label("Name").fill("of yesterday")
    desk.end_sessions("manager")
    other = page.context.new_page()
    other.goto(desk.sign_in_link("manager"))
    other.close()
    token = page.locator("#dialog [name=csrf_token]")
    old = token.input_value()
    page.keyboard.press("Enter")
    expect(token).not_to_have_value(old)
    expect(page.get_by_role("alert")).to_contain_text("Nothing was changed. Do it once more")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").get_by_text("The tag “of yesterday” is added.")).to_be_visible()


def test_without_a_network_or_with_a_broken_desk_the_page_stays_and_says_so(
    manager: Page, guard: Guard
) -> None:
    guard.expect("ERR_FAILED", "status of 503")
    for answer, words in [
        (lambda route: route.abort(), "Could not save: you are offline."),
        (lambda route: route.fulfill(status=503), "The desk did not answer; try again in a moment."),
    ]:
        manager.route("**/users/me", answer)
        manager.get_by_role("button", name="Save segment").click()
        expect(manager.get_by_role("status").get_by_text(words)).to_be_visible()
        kept(manager)
        manager.unroute("**/users/me")


def test_a_question_that_has_no_field_has_the_focus_and_is_read_out(
    browse: Callable[..., Page], desk: Desk
) -> None:
    page = browse("admin")
    desk.time_passes("admin", minutes=16)
    page.goto("/tokens")
    page.get_by_role("link", name="Add token").click()
    page.get_by_role("dialog", name="Add token").get_by_label("Name").fill("till")
    page.keyboard.press("Enter")
    question = page.get_by_role("dialog", name="Confirm that it is you")
    expect(question.get_by_role("alert")).to_contain_text("Ask for a new sign-in link")
    expect(question.get_by_role("button", name="Close")).to_be_focused()


def test_the_focus_goes_on_beside_what_was_deleted(browse: Callable[..., Page]) -> None:
    page = browse("manager")
    page.goto("/tags")
    delete = page.get_by_role("link", name="Delete ")
    after_it, last = delete.nth(1), delete.last
    for chosen, next_one in ((delete.first, after_it), (last, delete.nth(-2))):
        words = str(next_one.get_attribute("aria-label"))
        chosen.press("Enter")
        page.get_by_role("button", name="Delete tag").press("Enter")
        expect(page.get_by_role("link", name=words, exact=True)).to_be_focused()
