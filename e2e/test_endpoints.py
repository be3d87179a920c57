"""Endpoints by mouse, by keyboard and on a phone: added, tried, given a new secret, replayed, deleted."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from e2e.desk import Desk
from e2e.guard import Guard
from tests.endpoints.receiver import Answer, Receiver, receiving


@pytest.fixture
def receiver(desk: Desk) -> Iterator[Receiver]:
    """Another system on this machine, which the desk may reach while this lasts."""
    as_started = desk.app.config["HEED"]
    desk.app.config["HEED"] = replace(as_started, endpoints_private=True)
    with receiving() as receiver:
        yield receiver
    desk.app.config["HEED"] = as_started


def add(page: Page, name: str, url: str) -> str:
    """Fill in the dialog by keyboard; the secret that the next one shows."""
    page.goto("/endpoints")
    page.get_by_role("link", name="Add endpoint").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(url)
    page.keyboard.press("Enter")
    return secret_shown(page, name)


def make_new_secret(page: Page, name: str, warning: str) -> str:
    """Through the dialog that asks first, by keyboard; the secret that the next one shows."""
    page.get_by_role("link", name="New secret").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text(warning)
    page.get_by_role("button", name="Make a new secret").press("Enter")
    return secret_shown(page, name)


def secret_shown(page: Page, name: str) -> str:
    dialog = page.get_by_role("dialog")
    secret = dialog.get_by_label("Secret", exact=True).input_value()
    dialog.get_by_role("link", name="Done").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return secret


def test_an_endpoint_is_added_by_keyboard_and_tried(browse: Callable[..., Page], receiver: Receiver) -> None:
    receiver.answer = lambda _n: Answer(200, b"<b>welcome</b>")
    admin = browse("admin")
    secret = add(admin, "Till", receiver.url)
    admin.get_by_role("button", name="Send a test").click()
    dialog = admin.get_by_role("dialog")
    expect(dialog.get_by_role("region", name="What came back")).to_have_text("<b>welcome</b>")
    dialog.get_by_role("button", name="Close").last.click()
    expect(dialog).to_be_hidden()
    expect(admin.locator(".status-line").first).to_contain_text("heed.test Delivered")
    assert receiver.requests[0].verified_with(secret)["type"] == "heed.test"


def test_after_a_new_secret_both_sign_and_the_page_says_for_how_long(
    browse: Callable[..., Page], receiver: Receiver
) -> None:
    admin = browse("admin")
    old = add(admin, "Kiosk", receiver.url)
    new = make_new_secret(admin, "Kiosk", "For 24 hours each message is signed with both")
    expect(admin.locator("main")).to_contain_text("The old one signs too, for 24 hours after the change")
    admin.get_by_role("button", name="Send a test").click()
    expect(admin.get_by_role("region", name="What came back")).to_be_visible()
    assert old != new
    for secret in (old, new):
        assert receiver.requests[0].verified_with(secret)["type"] == "heed.test"


def test_one_whose_secret_cannot_be_read_says_so_until_it_has_a_new_one(browse: Callable[..., Page]) -> None:
    admin = browse("admin")
    admin.goto("/endpoints")
    expect(admin.get_by_role("listitem").filter(has_text="Counter")).to_contain_text("Needs a new secret")
    admin.get_by_role("link", name="Counter").click()
    expect(admin.locator("main")).to_contain_text("Cannot be read: make a new one")
    make_new_secret(admin, "Counter", "The old one cannot be read.")
    expect(admin.get_by_text("Needs a new secret")).to_have_count(0)
    expect(admin.locator("main")).to_contain_text("Signs each message; shown only when it is made")


def test_a_wrong_url_is_said_beside_its_field(browse: Callable[..., Page], guard: Guard) -> None:
    guard.expect("status of 422")
    admin = browse("admin")
    admin.goto("/endpoints")
    admin.get_by_role("link", name="Add endpoint").click()
    dialog = admin.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Inside")
    dialog.get_by_label("URL").fill("https://192.168.0.1/hooks")
    dialog.get_by_role("button", name="Add endpoint").click()
    expect(dialog.get_by_label("URL")).to_have_accessible_description(
        re.compile("not on the public internet")
    )
    expect(dialog.get_by_label("Name")).to_have_value("Inside")


def test_on_a_phone_it_is_paused_replayed_and_deleted(
    browse: Callable[..., Page], receiver: Receiver
) -> None:
    admin = browse("admin", viewport={"width": 390, "height": 844})
    add(admin, "Depot", receiver.url)
    admin.get_by_role("button", name="Pause").click()
    expect(admin.locator("#endpoint-notice")).to_contain_text("nothing is lost")
    dialog = admin.get_by_role("dialog")
    admin.get_by_role("link", name="Replay from…").click()
    dialog.get_by_label("From event").fill("1")
    dialog.get_by_role("button", name="Replay").click()
    expect(dialog).to_be_hidden()
    admin.get_by_role("link", name="Delete").click()
    dialog.get_by_role("button", name="Delete endpoint").click()
    expect(admin.get_by_role("status").filter(has_text="“Depot” is deleted")).to_be_visible()
    assert admin.evaluate("document.documentElement.scrollWidth") == 390
