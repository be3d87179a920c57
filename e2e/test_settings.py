"""Opt-In / Opt-Out Settings: words become chips, nothing typed is lost, and only Save applies."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.desk import Desk
from e2e.guard import Guard
from e2e.table import TABLE, dialog, toast

TITLE = "Opt-In / Opt-Out Settings"
COMPOSING = """field => {
  field.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
  const press = (how) => field.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...how }));
  press({ isComposing: true });
  press({ isComposing: true, keyCode: 229 });
  field.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true, data: field.value }));
  press({ keyCode: 229 });
}"""


@pytest.fixture(autouse=True)
def stop_and_start(desk: Desk) -> Iterator[None]:
    """Each journey begins with the settings of a new desk."""
    desk.set_keywords(["STOP"], ["START"])
    yield
    desk.set_keywords(["STOP"], ["START"])


@pytest.fixture
def manager(browse: Callable[..., Page]) -> Page:
    page = browse("manager")
    page.goto(TABLE)
    return page


def opened(page: Page) -> Locator:
    page.get_by_role("button", name=TITLE).click()
    expect(dialog(page, TITLE)).to_be_visible()
    return dialog(page, TITLE)


def words(settings: Locator) -> Locator:
    return settings.locator("[data-chips=opt_out_words] .chip")


def field(settings: Locator) -> Locator:
    return settings.get_by_label("Opt-out keywords")


def saved(page: Page) -> None:
    dialog(page, TITLE).get_by_role("button", name="Save").click()
    expect(dialog(page, TITLE)).to_be_hidden()
    expect(toast(page)).to_contain_text("Settings are saved.")


def test_stop_is_there_and_enter_adds_a_word_in_upper_case(manager: Page, desk: Desk) -> None:
    settings = opened(manager)
    expect(words(settings)).to_have_text(["STOP"])
    expect(settings.get_by_role("switch", name="Opt-In / Opt-Out")).to_be_checked()
    field(settings).fill("parar")
    manager.keyboard.press("Enter")
    expect(words(settings)).to_have_text(["STOP", "PARAR"])
    expect(field(settings)).to_have_value("")
    expect(field(settings)).to_be_focused()
    assert desk.opt_out_words() == ["STOP"]
    saved(manager)
    assert desk.opt_out_words() == ["STOP", "PARAR"]
    expect(manager.get_by_role("button", name=TITLE)).to_be_focused()


def test_a_comma_adds_too_and_a_pasted_list_becomes_words(manager: Page) -> None:
    settings = opened(manager)
    field(settings).press_sequentially("basta,")
    expect(words(settings)).to_have_text(["STOP", "BASTA"])
    field(settings).evaluate("""field => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text", "arret, ستوب\\nСТОП; 停止");
      field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }""")
    expect(words(settings)).to_have_text(["STOP", "BASTA", "ARRET", "ستوب", "СТОП", "停止"])


def test_a_duplicate_merges_and_flashes(manager: Page) -> None:
    settings = opened(manager)
    words(settings).first.evaluate("chip => { chip.animate = () => { chip.dataset.flashed = 'once'; }; }")
    field(settings).fill(" stop ")
    manager.keyboard.press("Enter")
    expect(words(settings)).to_have_text(["STOP"])
    expect(field(settings)).to_have_value("")
    expect(words(settings).first).to_have_attribute("data-flashed", "once")


def test_x_and_backspace_remove(manager: Page, desk: Desk) -> None:
    desk.set_keywords(["STOP", "FIM", "BASTA"], ["START"])
    settings = opened(manager)
    settings.get_by_role("button", name="Remove FIM").click()
    expect(words(settings)).to_have_text(["STOP", "BASTA"])
    field(settings).focus()
    manager.keyboard.press("Backspace")
    expect(words(settings)).to_have_text(["STOP"])


def test_a_word_that_is_still_being_typed_is_taken_along(manager: Page, desk: Desk) -> None:
    settings = opened(manager)
    field(settings).fill("chega")
    saved(manager)
    assert desk.opt_out_words() == ["STOP", "CHEGA"]


def test_composing_in_japanese_neither_adds_nor_submits(manager: Page, desk: Desk) -> None:
    settings = opened(manager)
    field(settings).fill("ていし")
    field(settings).evaluate(COMPOSING)
    expect(settings).to_be_visible()
    expect(words(settings)).to_have_text(["STOP"])
    expect(field(settings)).to_have_value("ていし")
    manager.keyboard.press("Enter")
    expect(words(settings)).to_have_text(["STOP", "ていし"])
    assert desk.opt_out_words() == ["STOP"]


def test_off_hides_the_words_and_says_what_it_means_and_a_banner_stands(manager: Page) -> None:
    settings = opened(manager)
    settings.get_by_role("switch", name="Opt-In / Opt-Out").uncheck()
    expect(field(settings)).to_be_hidden()
    expect(settings).to_contain_text("replied by keyword in the last 30 days")
    saved(manager)
    manager.reload()
    expect(manager.get_by_text("Opt-out by keyword is off")).to_be_visible()
    manager.goto("/settings")
    expect(manager.get_by_text("Opt-out by keyword is off")).to_be_visible()
    manager.locator("#banner-settings").click()
    dialog(manager, TITLE).get_by_role("switch", name="Opt-In / Opt-Out").check()
    expect(words(dialog(manager, TITLE))).to_have_text(["STOP"])


def test_a_message_can_be_tried_on_words_that_are_not_saved_yet(manager: Page, desk: Desk) -> None:
    settings = opened(manager)
    settings.get_by_label("Try a message").fill("Parar.")
    expect(settings.locator("#try-result")).to_contain_text("does nothing")
    field(settings).fill("parar")
    manager.keyboard.press("Enter")
    expect(settings.locator("#try-result")).to_contain_text("opts the customer out")
    settings.get_by_label("Try a message").fill("Stop. Thank you")
    expect(settings.locator("#try-result")).to_contain_text("goes to review")
    assert desk.opt_out_words() == ["STOP"]


def test_trying_a_message_is_no_change_that_asks(manager: Page) -> None:
    settings = opened(manager)
    settings.get_by_label("Try a message").fill("start")
    expect(settings.locator("#try-result")).to_contain_text("opts the customer in")
    manager.keyboard.press("Escape")
    expect(settings).to_be_hidden()


def test_a_changed_word_asks_once_before_it_is_lost(manager: Page, desk: Desk) -> None:
    settings = opened(manager)
    field(settings).fill("fim")
    manager.keyboard.press("Enter")
    manager.keyboard.press("Escape")
    expect(settings.get_by_role("alert")).to_contain_text("Discard changes?")
    expect(settings.get_by_role("button", name="Save")).to_be_hidden()
    settings.get_by_role("button", name="Keep editing").click()
    expect(words(settings)).to_have_text(["STOP", "FIM"])
    settings.get_by_role("button", name="Cancel").click()
    settings.get_by_role("button", name="Discard").click()
    expect(settings).to_be_hidden()
    assert desk.opt_out_words() == ["STOP"]


def test_the_words_of_us_law_come_by_one_click(manager: Page, desk: Desk) -> None:
    settings = opened(manager)
    settings.locator("#settings-more").click()
    settings.get_by_role("button", name="Add the words of US law").click()
    expect(words(settings).filter(has_text="UNSUBSCRIBE")).to_be_visible()
    saved(manager)
    assert {"STOP", "QUIT", "CANCEL", "UNSUBSCRIBE"} <= set(desk.opt_out_words())


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("ok x,a", "A"), ("start", "START")],
    ids=["a word of one sign", "a word of both lists"],
)
def test_an_error_is_told_in_the_dialog_and_loses_nothing(
    manager: Page, desk: Desk, guard: Guard, typed: str, sentence: str
) -> None:
    guard.expect("status of 422")
    settings = opened(manager)
    field(settings).fill(f"basta,{typed}")
    settings.get_by_label("Try a message").fill("hello")
    settings.get_by_role("button", name="Save").click()
    expect(settings.locator(".error").first).to_contain_text(sentence)
    expect(words(settings).filter(has_text="BASTA")).to_be_visible()
    assert desk.opt_out_words() == ["STOP"]


def test_the_list_may_not_be_empty_while_it_is_on(manager: Page, guard: Guard) -> None:
    guard.expect("status of 422")
    settings = opened(manager)
    settings.get_by_role("button", name="Remove STOP").click()
    settings.get_by_role("button", name="Save").click()
    expect(settings.locator(".error").first).to_be_visible()
    expect(field(settings)).to_be_focused()


def test_an_agent_reads_and_changes_nothing(agent: Page) -> None:
    agent.goto(TABLE)
    settings = opened(agent)
    expect(settings).to_contain_text("a manager changes them")
    expect(settings.get_by_role("switch", name="Opt-In / Opt-Out")).to_be_disabled()
    expect(words(settings)).to_have_text(["STOP"])
    expect(settings.get_by_role("button", name="Remove STOP")).to_have_count(0)
    expect(settings.get_by_role("button", name="Save")).to_have_count(0)
    settings.get_by_label("Try a message").fill("stop")
    expect(settings.locator("#try-result")).to_contain_text("opts the customer out")


def test_the_second_of_two_editors_sees_the_first_ones_words(manager: Page, desk: Desk, guard: Guard) -> None:
    guard.expect("status of 409")
    settings = opened(manager)
    field(settings).fill("fim")
    desk.set_keywords(["STOP", "BASTA"], ["START"])
    settings.get_by_role("button", name="Save").click()
    expect(settings.get_by_role("alert")).to_contain_text("STOP, BASTA")
    expect(words(settings)).to_have_text(["STOP", "FIM"])
    assert desk.opt_out_words() == ["STOP", "BASTA"]
    saved(manager)
    assert desk.opt_out_words() == ["STOP", "FIM"]
