"""Words tried on messages that came, a pack switched on, and stops that were missed honoured."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from e2e.desk import Desk
from e2e.table import TABLE, dialog, toast
from tests.whatsapp.posting import deliver, says
from webapp.database import writing

TITLE = "Opt-In / Opt-Out Settings"


@pytest.fixture(autouse=True)
def stop_and_start(desk: Desk) -> Iterator[None]:
    desk.set_keywords(["STOP"], ["START"])
    yield
    desk.set_keywords(["STOP"], ["START"])


@pytest.fixture
def manager(browse: Callable[..., Page]) -> Page:
    return browse("manager")


def write(desk: Desk, text: str, message_id: str) -> None:
    with desk.app.app_context(), writing():
        deliver(desk.app, says(text, message_id=message_id))


def test_words_are_tried_and_then_saved(manager: Page, desk: Desk) -> None:
    write(desk, "basta", "wamid.LAB1")
    manager.goto("/settings/lab")
    words = manager.get_by_label("Opt-out keywords")
    words.fill("basta")
    manager.keyboard.press("Enter")
    manager.get_by_role("button", name="Replay").click()
    line = manager.get_by_role("row").filter(has_text="basta")
    expect(line).to_contain_text("opts out")
    assert desk.opt_out_words() == ["STOP"]
    manager.get_by_label("Show").select_option("Would be held")
    manager.get_by_role("button", name="Replay").click()
    expect(manager.locator("#lab-result")).to_contain_text("No change of this kind.")
    manager.get_by_role("button", name="Save these words").click()
    manager.wait_for_url("**/opt-in")
    assert desk.opt_out_words() == ["STOP", "BASTA"]


def test_a_pack_is_switched_on_and_named(manager: Page) -> None:
    manager.goto(TABLE)
    manager.get_by_role("button", name=TITLE).click()
    settings = dialog(manager, TITLE)
    settings.locator("#settings-packs").click()
    settings.get_by_role("checkbox", name="German").check()
    settings.get_by_label("Try a message").fill("abmelden")
    expect(settings.locator("#try-result")).to_contain_text("opts the customer out")
    settings.get_by_role("button", name="Save").click()
    expect(toast(manager)).to_contain_text("Settings are saved.")
    manager.goto("/settings")
    expect(manager.get_by_text("From the German pack: STOPP, ABMELDEN, INFOSTOP")).to_be_visible()
    expect(manager.locator(".chip.word")).to_have_text(["STOP", "START"])


def test_missed_stops_are_honoured_from_the_banner(manager: Page, desk: Desk) -> None:
    manager.goto(TABLE)
    switch(manager, on=False)
    write(desk, "stop", "wamid.LAB2")
    switch(manager, on=True)
    manager.get_by_role("link", name="Decide").click()
    expect(manager.get_by_role("heading", name="Missed stops", level=1)).to_be_visible()
    expect(manager.get_by_role("row").filter(has_text="stop")).to_contain_text("opted out")
    manager.get_by_role("button", name="Honour all").click()
    expect(toast(manager)).to_contain_text("Honoured: 1 opt-out of 1 customer recorded")
    expect(manager.get_by_role("link", name="Decide")).to_have_count(0)


def switch(page: Page, on: bool) -> None:
    page.get_by_role("button", name=TITLE).click()
    settings = dialog(page, TITLE)
    settings.get_by_role("switch", name="Opt-In / Opt-Out").set_checked(on)
    settings.get_by_role("button", name="Save").click()
    expect(settings).to_be_hidden()
