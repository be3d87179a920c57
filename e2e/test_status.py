"""The page Status: what could not be applied is tried again, or put aside; by keyboard and on a phone."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e import letters
from e2e.desk import Desk
from e2e.people import a_customer
from e2e.table import row
from webapp import clock
from webapp.customers.models import Customer
from webapp.extensions import db


def number_of(desk: Desk, person: int) -> str:
    with desk.app.app_context():
        return db.session.get_one(Customer, person).phone_display.replace(" ", "").strip("+").replace("-", "")


def test_a_stop_that_was_stuck_is_tried_again_by_keyboard(browse: Callable[..., Page], desk: Desk) -> None:
    person = a_customer(desk, "Sofia Stuck")
    with desk.app.app_context():
        letter = letters.a_dead_stop(number_of(desk, person), clock.now())
    manager = browse("manager")
    manager.goto("/status")
    expect(manager.locator(f"#letter-{letter}")).to_contain_text("A text message")
    manager.get_by_role("button", name=f"Try again: item {letter}").focus()
    manager.keyboard.press("Enter")
    expect(manager.get_by_role("status").filter(has_text="It is applied now.")).to_be_visible()
    expect(manager.locator(f"#letter-{letter}")).to_have_count(0)
    manager.goto("/opt-in?q=Sofia")
    expect(row(manager, person).locator(".state")).to_have_text("Opted Out")


def test_an_item_is_put_aside_with_a_note(browse: Callable[..., Page], desk: Desk) -> None:
    person = a_customer(desk, "Ida Aside")
    with desk.app.app_context():
        letter = letters.a_dead_stop(number_of(desk, person), clock.now())
    manager = browse("manager")
    manager.goto("/status")
    manager.get_by_role("link", name=f"Put aside: item {letter}").click()
    dialog = manager.get_by_role("dialog")
    dialog.get_by_label("Note").fill("Called her, she meant the bus")
    dialog.get_by_role("button", name="Put aside").click()
    expect(manager.locator(f"#letter-{letter}")).to_have_count(0)
    expect(dialog).to_be_hidden()


def test_the_raw_item_is_for_admins(browse: Callable[..., Page]) -> None:
    admin = browse("admin", viewport={"width": 390, "height": 844})
    admin.goto("/status")
    admin.get_by_role("link", name="Show raw").first.click()
    expect(admin.get_by_role("region", name="Raw item")).to_contain_text("{not json")
    admin.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    assert admin.evaluate("document.documentElement.scrollWidth") == 390
