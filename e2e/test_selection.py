"""Rows are chosen in the table, stay chosen whatever happens to them, and are changed together."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from e2e.desk import Desk
from e2e.guard import Guard
from e2e.people import a_customer, edit_tags
from e2e.table import dialog, row, switch, toast
from e2e.test_looks import AXE, NARROW, WIDE, faults
from webapp.customers.filters import PAGE_SIZES


@pytest.fixture
def manager(browse: Callable[..., Page]) -> Page:
    return browse("manager")


def box(page: Page, name: str) -> Locator:
    return page.get_by_role("checkbox", name=f"Select {name}", exact=True)


def chosen(page: Page) -> Locator:
    """How many are chosen, as it is read out."""
    return page.locator("#selected")


def group(desk: Desk, tag: str, size: int) -> list[int]:
    """New customers of one tag, `TAG 1` the first: it stands lowest in the table."""
    return [a_customer(desk, f"{tag} {number}", tags=[tag]) for number in range(1, size + 1)]


def test_rows_chosen_by_keyboard_and_by_range_join_a_new_segment(manager: Page, desk: Desk) -> None:
    group(desk, "Reihe", 6)
    manager.goto("/customers?tag=Reihe")
    expect(manager.get_by_role("button", name="Add to segment…")).to_be_hidden()
    box(manager, "Reihe 6").focus()
    manager.keyboard.press("Space")
    expect(chosen(manager)).to_have_text("1 selected")
    box(manager, "Reihe 3").click(modifiers=["Shift"])
    expect(chosen(manager)).to_have_text("4 selected")
    box(manager, "Reihe 5").uncheck()
    every = manager.get_by_role("checkbox", name="Select all on this page")
    assert every.evaluate("box => box.indeterminate")
    manager.get_by_role("button", name="Add to segment…").press("Enter")
    form = dialog(manager, "Add to segment")
    form.get_by_label("Name").last.fill("Reihe ohne Fünf")
    form.get_by_role("button", name="Add 3 customers").click()
    expect(toast(manager)).to_have_text("3 customers changed.")
    expect(form).to_be_hidden()
    expect(chosen(manager)).to_have_text("")
    expect(box(manager, "Reihe 6")).not_to_be_checked()
    expect(every).to_be_focused()
    manager.goto("/segments")
    manager.get_by_role("link", name="Reihe ohne Fünf").click()
    expect(manager.locator(".members").first.get_by_role("link")).to_have_text(
        ["Reihe 6", "Reihe 4", "Reihe 3"]
    )
    manager.get_by_role("button", name="Take Reihe 4 out").click()
    expect(manager.locator(".members").first.get_by_role("link")).to_have_text(["Reihe 6", "Reihe 3"])


def test_a_chosen_row_stays_chosen_while_it_changes_and_no_longer(manager: Page, desk: Desk) -> None:
    first, second, third = group(desk, "Bleibt", 3)
    manager.goto("/opt-in?tag=Bleibt")
    box(manager, "Bleibt 1").check()
    box(manager, "Bleibt 2").check()
    switch(manager, "Bleibt 1").click()
    expect(row(manager, first).locator(".state")).to_have_text("Opted Out")
    edit_tags(desk, second, ["Bleibt", "neu"])
    edit_tags(desk, third, ["Bleibt", "neu"])
    expect(row(manager, second)).to_contain_text("neu")
    expect(box(manager, "Bleibt 1")).to_be_checked()
    expect(box(manager, "Bleibt 2")).to_be_checked()
    expect(box(manager, "Bleibt 3")).not_to_be_checked()
    expect(chosen(manager)).to_have_text("2 selected")
    manager.get_by_role("radio", name="Opted Out").check()
    expect(manager.locator("tr.customer")).to_have_count(1)
    expect(box(manager, "Bleibt 1")).not_to_be_checked()
    expect(manager.get_by_role("button", name="Add to segment…")).to_be_hidden()


def test_all_that_match_are_more_than_the_page_shows(manager: Page, desk: Desk, guard: Guard) -> None:
    guard.expect("status of 409")
    group(desk, "Viele", min(PAGE_SIZES) + 2)
    manager.goto("/customers?tag=Viele&per_page=25")
    manager.get_by_role("checkbox", name="Select all on this page").check()
    expect(chosen(manager)).to_have_text("25 selected")
    manager.get_by_role("button", name="Select all 27 that match").click()
    expect(chosen(manager)).to_have_text("All 27 that match are selected")
    manager.get_by_role("button", name="Add to segment…").click()
    form = dialog(manager, "Add to segment")
    expect(form.get_by_role("button", name="Add 27 customers")).to_be_visible()
    a_customer(desk, "Viele zuletzt", tags=["Viele"])
    form.get_by_label("Name").last.fill("Sehr viele")
    form.get_by_role("button", name="Add 27 customers").click()
    expect(form.get_by_role("alert")).to_contain_text("28 customers are meant now, not 27.")
    form.get_by_role("button", name="Add 28 customers").click()
    expect(toast(manager)).to_have_text("28 customers changed.")


def test_a_row_less_ends_all_that_match(manager: Page, desk: Desk) -> None:
    group(desk, "Weniger", 26)
    manager.goto("/customers?tag=Weniger&per_page=25")
    manager.get_by_role("checkbox", name="Select all on this page").check()
    manager.get_by_role("button", name="Select all 26 that match").click()
    box(manager, "Weniger 20").uncheck()
    expect(chosen(manager)).to_have_text("24 selected")
    manager.get_by_role("button", name="Clear").click()
    expect(chosen(manager)).to_have_text("")
    expect(manager.get_by_role("checkbox", name="Select all on this page")).to_be_focused()


def test_a_thumb_chooses_rows_on_a_phone(browse: Callable[..., Page], desk: Desk) -> None:
    page = browse("manager", viewport={"width": 390, "height": 844}, has_touch=True)
    group(desk, "Daumen", 3)
    page.goto("/opt-in?tag=Daumen")
    for name in ("Daumen 1", "Daumen 3"):
        target = box(page, name).locator("xpath=..").bounding_box()
        assert target
        assert min(target["width"], target["height"]) >= 44
        page.touchscreen.tap(target["x"] + 3, target["y"] + 41)
    expect(chosen(page)).to_have_text("2 selected")
    page.get_by_role("checkbox", name="Select all on this page").tap()
    expect(chosen(page)).to_have_text("3 selected")
    page.get_by_role("button", name="Clear").tap()
    expect(page.get_by_role("button", name="Add to segment…")).to_be_hidden()


def test_without_scripts_chosen_rows_go_to_a_page(browse: Callable[..., Page], desk: Desk) -> None:
    page = browse("manager", java_script_enabled=False)
    group(desk, "Karg", 3)
    page.goto("/customers?tag=Karg")
    box(page, "Karg 1").check()
    box(page, "Karg 3").check()
    page.get_by_role("button", name="Add to segment…").click()
    page.get_by_label("Name of the new segment").fill("Karge")
    page.get_by_role("button", name="Add 2 customers").click()
    expect(page.locator(".lead")).to_have_text("Added 2 customers to segment Karge")
    page.goto("/segments")
    page.get_by_role("link", name="Karge").click()
    expect(page.locator(".members").first.get_by_role("link")).to_have_text(["Karg 3", "Karg 1"])


def test_many_are_opted_out_by_keyboard_and_the_batch_is_taken_back(manager: Page, desk: Desk) -> None:
    first, second = group(desk, "Stille", 2)
    manager.goto("/opt-in?tag=Stille")
    box(manager, "Stille 2").focus()
    manager.keyboard.press("Space")
    box(manager, "Stille 1").focus()
    manager.keyboard.press("Space")
    expect(chosen(manager)).to_have_text("2 selected")
    manager.get_by_role("button", name="Opt out…").press("Enter")
    form = dialog(manager, "Opt out")
    expect(form).to_contain_text("Many cannot be opted in like this.")
    expect(form.get_by_label("How did you learn of it?")).to_be_focused()
    form.get_by_label("Reason").fill("They wrote a letter")
    manager.keyboard.press("Enter")
    expect(toast(manager)).to_have_text("2 customers changed.")
    for customer in (first, second):
        expect(row(manager, customer).locator(".state")).to_have_text("Opted Out")
    manager.goto("/events/batches")
    manager.get_by_role("link", name="Bulk change").first.click()
    expect(manager.locator(".lead")).to_have_text("Opted out 2 customers")
    manager.get_by_role("link", name="Revert").click()
    dialog(manager, "Revert bulk change").get_by_role("button", name="Revert").press("Enter")
    expect(manager.get_by_text("Reverted", exact=True)).to_be_visible()
    manager.goto("/opt-in?tag=Stille")
    expect(row(manager, first).locator(".state")).to_have_text("Opted In")


def test_tags_are_typed_as_chips_and_many_carry_them(manager: Page, desk: Desk) -> None:
    first, _ = group(desk, "Bund", 2)
    manager.goto("/customers?tag=Bund")
    manager.get_by_role("checkbox", name="Select all on this page").check()
    manager.get_by_role("button", name="Add tags…").click()
    form = dialog(manager, "Add tags")
    form.get_by_role("combobox", name="Tags").fill("herbst")
    manager.keyboard.press("Enter")
    form.get_by_role("button", name="Tag 2 customers").click()
    expect(toast(manager)).to_have_text("2 customers changed.")
    expect(row(manager, first)).to_contain_text("herbst")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_bar_is_sound_and_moves_nothing(browse: Callable[..., Page], size: ViewportSize) -> None:
    page = browse("manager", viewport=size)
    page.goto("/opt-in?per_page=25")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    where = "rows => rows.map((it) => it.getBoundingClientRect().top)"
    before = page.locator("tr.customer").evaluate_all(where)
    page.locator(".customer .c-select input").nth(1).check()
    expect(chosen(page)).to_have_text("1 selected")
    assert page.locator("tr.customer").evaluate_all(where) == before
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert faults(page, "#results") == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= size["width"]
