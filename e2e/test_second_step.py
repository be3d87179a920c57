"""A second step set up and asked for at the door; and the question who sits there, where much is at stake."""

import base64
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.desk import PASSWORD, Desk
from e2e.guard import Guard
from e2e.test_looks import AXE, OPENED, faults
from webapp import clock
from webapp.accounts import totp


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_a_second_step_is_set_up_and_asked_for(page: Page, desk: Desk) -> None:
    email = desk.with_password("manager")
    sign_in(page, email)
    page.goto("/users/me")
    page.get_by_role("link", name="Set up").click()
    expect(page.get_by_alt_text("QR code with the letters below")).to_be_visible()
    secret = base64.b32decode(page.get_by_label("Letters").input_value())
    page.get_by_label("Type the six digits").fill(totp.code(secret, totp.step_at(clock.now())))
    page.get_by_role("button", name="Switch on").click()
    codes = page.locator("#recovery-codes li")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert faults(page, "html") == []
    page.goto("/sign-out")
    page.locator("#sign-out-button").click()
    sign_in(page, email)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert faults(page, "html") == []
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Opt-In / Opt-Out")).to_be_visible()


def test_a_browser_left_open_is_asked_who_sits_there_and_goes_on(
    browse: Callable[..., Page], desk: Desk
) -> None:
    desk.with_password("admin")
    page = browse("admin")
    desk.time_passes("admin", minutes=16)
    page.goto("/tokens")
    page.get_by_role("link", name="Add token").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("shop web")
    dialog.get_by_role("button", name="Add token").click()
    question = dialog.get_by_label("Your password")
    expect(question).to_be_focused()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert faults(page, OPENED) == []
    question.fill("not my password")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("That is not your password.")).to_be_visible()
    question.fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Copy the secret of shop web now.")).to_be_visible()


def test_a_button_outside_of_a_dialog_opens_the_question_too(browse: Callable[..., Page], desk: Desk) -> None:
    desk.with_password("admin")
    page = browse("admin")
    desk.time_passes("admin", minutes=16)
    page.goto("/settings/wordings")
    page.get_by_role("button", name="Retire").first.click()
    page.get_by_role("dialog").get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Restore").first).to_be_visible()


def test_without_scripts_the_question_is_a_page_of_its_own(
    browse: Callable[..., Page], desk: Desk, guard: Guard
) -> None:
    guard.expect("status of 403")
    desk.with_password("admin")
    page = browse("admin", java_script_enabled=False)
    desk.time_passes("admin", minutes=16)
    page.goto("/tokens/new")
    page.get_by_label("Name").fill("web shop")
    page.get_by_role("button", name="Add token").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Copy the secret of web shop now.")).to_be_visible()
