"""Composing an audience and a segment: the number follows while somebody writes, the focus goes on."""

from playwright.sync_api import expect

from e2e.desk import Desk
from e2e.people import a_customer, edit_tags
from webapp.consent.rules import Status


def test_the_number_follows_the_audience_as_it_is_written(browse, desk: Desk) -> None:
    for name, status in (("Count In", Status.OPTED_IN), ("Count Out", Status.OPTED_OUT)):
        edit_tags(desk, a_customer(desk, name, status), ["counted"])
    page = browse("manager")
    page.goto("/campaigns/1/edit/audience")
    number = page.locator("#audience-count")
    page.get_by_label("Everybody on record").uncheck()
    expect(number).to_have_text("Nobody is chosen yet.")
    tags = page.get_by_role("combobox", name="Tags").first
    tags.press_sequentially("counte")
    tags.press("Enter")
    expect(number).to_have_text("Will send to 1 customer. Left out: 1 opted out.")
    page.get_by_label("Consent").last.select_option("opted_out")
    expect(number).to_have_text("Will send to 1 customer.")
    page.locator("#include-attr-add").click()
    expect(page.get_by_label("Include, attribute 2: Key")).to_be_focused()
    page.get_by_role("button", name="Include: Remove attribute 2").click()
    expect(page.get_by_label("Include, attribute 1: Key")).to_be_focused()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#sentence")).to_contain_text("Will send to 1 customer.")


def test_a_half_typed_rule_leaves_the_number_and_the_focus_goes_on(browse, desk: Desk) -> None:
    page = browse("manager")
    page.goto("/segments/new")
    page.get_by_label("Group 1, rule 1: About").select_option("status")
    expect(page.locator("#segment-count b")).to_be_visible()
    page.get_by_role("button", name="And… another rule in Group 1").click()
    expect(page.get_by_label("Group 1, rule 2: About")).to_be_focused()
    expect(page.locator("#segment-count")).to_contain_text("1 rule is not finished and does not count yet.")
    page.get_by_role("button", name="Group 1, rule 2: Remove").click()
    expect(page.get_by_label("Group 1, rule 1: About")).to_be_focused()
    expect(page.locator("#rules-said")).to_have_text("Group 1, rule 2 is removed.")


def test_lines_that_were_not_taken_stay_through_a_reload(browse, desk: Desk) -> None:
    page = browse("manager")
    page.goto("/segments/new?kind=static")
    page.get_by_label("Name").fill("From a list")
    page.get_by_role("textbox", name="Numbers").fill("+4915123456789\nnobody")
    page.get_by_role("button", name="Save segment").click()
    for _ in range(2):
        expect(page.get_by_role("row")).to_have_count(3)
        page.reload()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    assert download.value.suggested_filename.endswith("-not-taken.csv")
