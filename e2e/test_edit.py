"""Edit Customer: attributes by their type, tags by name, and nothing thrown away unasked."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.desk import Desk
from e2e.guard import Guard
from e2e.people import a_customer, edit_tags, tags_of
from e2e.table import TABLE, dialog, row

TITLE = "Edit Customer"
VALUES = [
    ("city", "Olinda", "Olinda"),
    ("orders", "1500.5", "1500.5"),
    ("vip since", "2026-03-31", "31 Mar 2026"),
    ("preferred time", "14:30", "14:30"),
    ("last order", "2026-03-31T14:30:00", "31 Mar 2026, 14:30"),
    ("sizes", '{"shoe": 41}', '{"shoe":41}'),
]


def opened(page: Page, name: str) -> Locator:
    page.get_by_role("button", name=f"Edit {name}", exact=True).click()
    expect(dialog(page, TITLE)).to_contain_text(name)
    return dialog(page, TITLE)


def added(edit: Locator, key: str) -> Locator:
    """The field of an attribute that was chosen and added."""
    edit.get_by_label("Select attribute").select_option(key)
    edit.get_by_role("button", name="Add attribute").click()
    return edit.locator(".attribute", has_text=key).last.locator(".control :is(input, textarea)").first


def save(edit: Locator) -> None:
    edit.get_by_role("button", name="Save").click()
    expect(edit).to_be_hidden()


@pytest.mark.parametrize(("key", "typed", "shown"), VALUES, ids=[key for key, *_ in VALUES])
def test_each_type_has_its_own_control(agent: Page, desk: Desk, key: str, typed: str, shown: str) -> None:
    person = a_customer(desk, f"Elis {key}")
    agent.goto(TABLE)
    edit = opened(agent, f"Elis {key}")
    control = added(edit, key)
    expect(control).to_be_focused()
    control.fill(typed)
    save(edit)
    expect(row(agent, person).locator(".c-attributes")).to_contain_text(shown)
    expect(agent.get_by_role("button", name=f"Edit Elis {key}")).to_be_focused()
    edit = opened(agent, f"Elis {key}")
    expect(edit.locator(".attribute .control :is(input, textarea)")).to_have_value(
        re.compile(re.escape(typed[:5]))
    )


def test_enter_in_a_field_saves(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Elis Enter")
    agent.goto(TABLE)
    edit = opened(agent, "Elis Enter")
    added(edit, "city").fill("Olinda")
    agent.keyboard.press("Enter")
    expect(edit).to_be_hidden()
    expect(row(agent, person).locator(".c-attributes")).to_contain_text("Olinda")


def test_true_and_false_are_a_choice_of_two(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Elis Zwei")
    agent.goto(TABLE)
    edit = opened(agent, "Elis Zwei")
    added(edit, "member")
    edit.get_by_role("group", name="member").get_by_text("false").click()
    save(edit)
    expect(row(agent, person).locator(".c-attributes")).to_contain_text("member false")


@pytest.mark.parametrize(
    ("key", "typed", "sentence"),
    [("orders", "twelve", "Write a number like 1500 or 1.5"), ("sizes", "{shoe", "This is not JSON")],
)
def test_what_does_not_fit_the_type_is_told_at_the_field(
    agent: Page, desk: Desk, guard: Guard, key: str, typed: str, sentence: str
) -> None:
    guard.expect("status of 422")
    a_customer(desk, f"Frida {key}")
    agent.goto(TABLE)
    edit = opened(agent, f"Frida {key}")
    edit.get_by_label("Tags").fill("neuer kunde")
    agent.keyboard.press("Enter")
    added(edit, key).fill(typed)
    edit.get_by_role("button", name="Save").click()
    expect(edit.locator(".attribute .error")).to_contain_text(sentence)
    control = edit.locator(".attribute .control :is(input, textarea)")
    expect(control).to_have_value(typed)
    expect(control).to_be_focused()
    expect(edit.locator("[data-chips=tags] .chip")).to_have_text(["neuer kunde"])


def test_a_tag_is_suggested_and_a_new_one_is_made_by_enter(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Gero Tags")
    agent.goto(TABLE)
    edit = opened(agent, "Gero Tags")
    edit.get_by_label("Tags").fill("whol")
    expect(edit.get_by_role("option", name="wholesale")).to_be_visible()
    agent.keyboard.press("Enter")
    edit.get_by_label("Tags").fill("ganz neu")
    expect(edit.get_by_role("option", name="New tag “ganz neu”")).to_be_visible()
    agent.keyboard.press("Enter")
    expect(edit.locator("[data-chips=tags] .chip")).to_have_text(["wholesale", "ganz neu"])
    save(edit)
    assert sorted(tags_of(desk, person)) == ["ganz neu", "wholesale"]
    expect(row(agent, person).locator(".c-tags")).to_contain_text("ganz neu")


def test_a_suggestion_is_taken_by_a_click_and_by_arrows(agent: Page, desk: Desk) -> None:
    a_customer(desk, "Gero Pfeil")
    agent.goto(TABLE)
    edit = opened(agent, "Gero Pfeil")
    edit.get_by_label("Tags").fill("e")
    suggested = edit.get_by_role("listbox", name="Suggestions").get_by_role("option")
    third = suggested.nth(2)
    name = third.get_attribute("data-name")
    third.click()
    edit.get_by_label("Tags").fill("e")
    agent.keyboard.press("ArrowDown")
    second = suggested.and_(edit.locator("[aria-selected=true]")).get_attribute("data-name")
    agent.keyboard.press("Enter")
    expect(edit.locator("[data-chips=tags] .chip")).to_have_text([str(name), str(second)])


def test_x_takes_an_attribute_and_a_tag_away(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Hilde Weg", tags=["vip", "pix"])
    agent.goto(TABLE)
    edit = opened(agent, "Hilde Weg")
    added(edit, "city").fill("Natal")
    save(edit)
    edit = opened(agent, "Hilde Weg")
    edit.get_by_role("button", name="Remove city").click()
    edit.get_by_role("button", name="Remove vip").click()
    save(edit)
    expect(row(agent, person)).to_contain_text("No attributes")
    assert tags_of(desk, person) == ["pix"]


def test_closing_with_changes_asks_once(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Ida Frage")
    agent.goto(TABLE)
    edit = opened(agent, "Ida Frage")
    edit.get_by_label("Tags").fill("halb fertig")
    edit.get_by_label("Tags").press("Enter")
    agent.keyboard.press("Escape")
    expect(edit.get_by_role("alert")).to_contain_text("Discard changes?")
    edit.get_by_role("button", name="Keep editing").click()
    expect(edit.locator("[data-chips=tags] .chip")).to_have_text(["halb fertig"])
    agent.keyboard.press("Escape")
    agent.keyboard.press("Escape")
    expect(edit).to_be_hidden()
    assert tags_of(desk, person) == []
    expect(agent.get_by_role("button", name="Edit Ida Frage")).to_be_focused()


def test_closing_without_changes_does_not_ask(agent: Page, desk: Desk) -> None:
    a_customer(desk, "Ida Nichts", tags=["vip"])
    agent.goto(TABLE)
    edit = opened(agent, "Ida Nichts")
    agent.keyboard.press("Escape")
    expect(edit).to_be_hidden()


@pytest.mark.parametrize("page", ["/customers", "/opt-in"])
def test_both_tables_edit_in_the_same_dialog(agent: Page, desk: Desk, page: str) -> None:
    person = a_customer(desk, f"Jana {page[1:]}")
    agent.goto(page)
    edit = opened(agent, f"Jana {page[1:]}")
    edit.get_by_label("Tags").fill("überall")
    save(edit)
    expect(row(agent, person).locator(".c-tags")).to_contain_text("überall")


def test_the_customers_own_page_edits_too(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Kai Seite")
    agent.goto(f"/customers/{person}")
    edit = opened(agent, "Kai Seite")
    edit.get_by_label("Tags").fill("eigene seite")
    save(edit)
    expect(agent.locator("#person")).to_contain_text("eigene seite")


def test_two_editors_do_not_overwrite_each_other_silently(agent: Page, desk: Desk, guard: Guard) -> None:
    guard.expect("status of 409")
    person = a_customer(desk, "Lea Beide")
    agent.goto(TABLE)
    edit = opened(agent, "Lea Beide")
    edit.get_by_label("Tags").fill("meins")
    edit_tags(desk, person, ["deins"])
    edit.get_by_role("button", name="Save").click()
    expect(edit.get_by_role("alert")).to_contain_text("Tags now: deins")
    expect(edit.locator("[data-chips=tags] .chip")).to_have_text(["meins"])
    assert tags_of(desk, person) == ["deins"]
    save(edit)
    assert tags_of(desk, person) == ["meins"]


def test_a_new_customer_is_added_by_hand(agent: Page, guard: Guard) -> None:
    guard.expect("status of 422")
    agent.goto("/customers")
    agent.get_by_role("link", name="Add customer").click()
    add = dialog(agent, "Add customer")
    add.get_by_label("Number").fill("12")
    add.get_by_label("Name").fill("Mara Neu")
    agent.keyboard.press("Enter")
    expect(add.locator(".error")).to_be_visible()
    expect(add.get_by_label("Name")).to_have_value("Mara Neu")
    add.get_by_label("Number").fill("+55 11 98812-4410")
    agent.keyboard.press("Enter")
    expect(add).to_be_hidden()
    expect(agent.get_by_role("button", name="Edit Mara Neu")).to_be_visible()


def test_dialogs_keep_their_style_when_the_browser_has_kept_it(agent: Page) -> None:
    """From the second page on the stylesheet comes from the browser's own store."""
    for _ in range(2):
        agent.goto("/opt-in")
        agent.get_by_role("button", name="Edit ").first.click()
        head = agent.locator("#dialog .dialog-head")
        expect(head).to_be_visible()
        expect(head).to_have_css("display", "flex")
