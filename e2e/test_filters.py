"""Finding customers: each filter narrows the table, and the address in the browser says which."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from e2e.desk import CUSTOMERS, Desk
from e2e.people import a_customer
from e2e.table import row
from webapp.consent.rules import Status


def search(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Search")


def rows(page: Page) -> Locator:
    return page.locator("tr.customer")


def chip(page: Page, words: str) -> Locator:
    return page.locator(".found .chip", has_text=words)


def names(page: Page) -> list[str]:
    return page.locator("tr.customer .name").all_inner_texts()


@pytest.mark.parametrize("typed", ["çelik", "CELIK", "Çelik Sayar"])
def test_typing_a_name_filters(agent: Page, desk: Desk, typed: str) -> None:
    person = a_customer(desk, f"Çelik Sayar {typed}")
    agent.goto("/opt-in")
    search(agent).press_sequentially(typed, delay=10)
    expect(chip(agent, f"Search: {typed}")).to_be_visible()
    expect(row(agent, person)).to_be_visible()
    expect(search(agent)).to_be_focused()
    assert all("Çelik" in name for name in names(agent))


def test_the_last_digits_of_a_number_find_it(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Nils Ziffer")
    agent.goto("/opt-in")
    number = row(agent, person).locator(".sub").first.inner_text()
    search(agent).fill(number[-4:])
    expect(row(agent, person)).to_be_visible()
    expect(chip(agent, f"Search: {number[-4:]}")).to_be_visible()


def test_typing_leaves_one_entry_in_the_history(agent: Page, desk: Desk) -> None:
    a_customer(desk, "Oda Hist")
    agent.goto("/opt-in")
    for typed in ("O", "Od", "Oda"):
        search(agent).fill(typed)
        expect(chip(agent, f"Search: {typed}")).to_be_visible()
    agent.go_back()
    expect(agent).to_have_url(re.compile(r"/opt-in$"))
    expect(search(agent)).to_have_value("")


def test_states_and_tags_narrow_together_and_chips_widen_again(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Pia Etikett", Status.OPTED_OUT, tags=["vip", "pix"])
    agent.goto("/opt-in")
    agent.get_by_role("radio", name="Opted Out").check()
    expect(agent).to_have_url(re.compile(r"/opt-in\?status=opted_out$"))
    agent.get_by_role("checkbox", name="vip").check()
    expect(agent).to_have_url(re.compile(r"tag=vip"))
    agent.get_by_role("checkbox", name="pix").check()
    expect(chip(agent, "Tag: pix")).to_be_visible()
    expect(row(agent, person)).to_be_visible()
    expect(agent.locator("tr.customer .state", has_text=re.compile("Opted In|No record"))).to_have_count(0)
    chip(agent, "Tag: vip").get_by_role("link").click()
    expect(chip(agent, "Tag: vip")).to_be_hidden()
    expect(agent.get_by_role("checkbox", name="vip")).not_to_be_checked()
    agent.get_by_role("link", name="Clear all").click()
    expect(agent).to_have_url(re.compile(r"/opt-in$"))
    expect(agent.get_by_role("radio", name="All")).to_be_checked()


def test_an_attribute_is_picked_by_key_and_then_by_value(agent: Page) -> None:
    agent.goto("/opt-in")
    expect(agent.get_by_label("Attribute value")).to_be_disabled()
    agent.get_by_label("Attribute key").select_option("plan")
    expect(agent.get_by_label("Attribute value")).to_be_enabled()
    agent.get_by_label("Attribute value").select_option("Pro")
    expect(chip(agent, "plan: Pro")).to_be_visible()
    expect(agent).to_have_url(re.compile(r"/opt-in\?attr=plan:Pro$|/opt-in\?attr=plan%3APro$"))
    expect(rows(agent).filter(has_text="Free")).to_have_count(0)
    expect(agent.get_by_label("Attribute value")).to_have_value("")


def test_back_and_forward_walk_through_the_filters(agent: Page) -> None:
    agent.goto("/opt-in")
    agent.get_by_role("radio", name="Opted Out").check()
    expect(chip(agent, "Opted Out: Opted Out")).to_be_visible()
    agent.get_by_role("radio", name="No record").check()
    expect(chip(agent, "Opted Out: No record")).to_be_visible()
    agent.go_back()
    expect(chip(agent, "Opted Out: Opted Out")).to_be_visible()
    expect(agent.get_by_role("radio", name="Opted Out")).to_be_checked()
    agent.go_back()
    expect(agent.get_by_role("radio", name="All")).to_be_checked()
    agent.go_forward()
    expect(agent.get_by_role("radio", name="Opted Out")).to_be_checked()


def test_back_leads_to_the_page_of_the_table_before(agent: Page) -> None:
    agent.goto("/opt-in?per_page=25")
    first = rows(agent).first.get_attribute("id") or ""
    agent.get_by_role("link", name="Next").click()
    expect(agent).to_have_url(re.compile("after="))
    agent.go_back()
    expect(agent).to_have_url(re.compile(r"/opt-in\?per_page=25$"))
    expect(rows(agent).first).to_have_id(first)


def test_the_address_alone_builds_the_page_again(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Rui Endereço", Status.OPTED_OUT, tags=["vip"])
    agent.goto("/opt-in?q=rui+endere&tag=vip&status=opted_out&sort=created&per_page=25")
    expect(row(agent, person)).to_be_visible()
    expect(search(agent)).to_have_value("rui endere")
    expect(agent.get_by_role("checkbox", name="vip")).to_be_checked()
    expect(agent.get_by_role("radio", name="Opted Out")).to_be_checked()
    expect(agent.get_by_label("Rows per page")).to_have_value("25")
    expect(agent.get_by_role("columnheader", name="Created")).to_have_attribute("aria-sort", "ascending")


def test_pages_and_their_size(agent: Page) -> None:
    agent.goto("/opt-in")
    agent.get_by_label("Rows per page").select_option("25")
    expect(rows(agent)).to_have_count(25)
    expect(agent.get_by_role("link", name="Previous")).to_be_disabled()
    first = names(agent)
    agent.get_by_role("link", name="Next").click()
    expect(agent.get_by_role("link", name="Previous")).to_be_enabled()
    expect(agent.locator("tr.customer .name").first).not_to_have_text(first[0])
    assert not set(names(agent)) & set(first[:5])
    agent.get_by_role("link", name="Previous").click()
    expect(agent.locator("tr.customer .name").first).to_have_text(first[0])
    assert names(agent) == first


def test_the_oldest_come_first_on_request(agent: Page) -> None:
    agent.goto("/opt-in?per_page=200")
    newest_first = names(agent)
    agent.get_by_role("columnheader", name="Created").get_by_role("link").click()
    expect(agent).to_have_url(re.compile("sort=created"))
    expect(agent.locator("tr.customer .name").first).to_have_text(newest_first[-1])
    assert len(newest_first) >= CUSTOMERS


def test_an_empty_result_names_the_filter_and_one_click_drops_it(agent: Page) -> None:
    agent.goto("/opt-in?status=opted_out")
    search(agent).fill("nobody is called this")
    empty = agent.locator(".empty")
    expect(empty).to_contain_text("No customer matches")
    expect(empty).to_contain_text("Search: nobody is called this")
    empty.get_by_role("link", name="Without Search").click()
    expect(rows(agent).first).to_be_visible()
    expect(search(agent)).to_have_value("")
    expect(agent.get_by_role("radio", name="Opted Out")).to_be_checked()


def test_the_customers_page_filters_in_the_same_way(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Tove Samme")
    agent.goto("/customers")
    search(agent).fill("Tove")
    expect(rows(agent)).to_have_count(1)
    expect(agent).to_have_url(re.compile(r"/customers\?q=Tove$"))
    expect(row(agent, person)).to_be_visible()


def test_more_than_three_tags_fold_and_open_by_click_and_focus(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Ulla Viele", tags=["a1", "b2", "c3", "d4", "e5"])
    agent.goto("/opt-in")
    more = row(agent, person).get_by_role("button", name="+2 tags")
    folded = agent.locator(f"#tags-{person}")
    more.click()
    expect(folded).to_contain_text("e5")
    agent.keyboard.press("Escape")
    expect(folded).to_be_hidden()
    row(agent, person).get_by_role("link").focus()
    agent.keyboard.press("Tab")
    agent.keyboard.press("Tab")
    expect(more).to_be_focused()
    expect(folded).to_be_visible()


def test_a_slow_answer_shows_that_it_is_under_way(agent: Page, desk: Desk) -> None:
    a_customer(desk, "Lena Langsam")
    agent.goto("/opt-in")
    held: list[Route] = []
    agent.route(re.compile(r"q=Lena|/edit$"), lambda route: held.append(route))
    search(agent).fill("Lena Langsam")
    expect(agent.locator(".rows")).to_have_css("opacity", "0.6")
    held.pop().continue_()
    expect(rows(agent)).to_have_count(1)
    expect(agent.locator(".rows")).to_have_css("opacity", "1")
    pencil = agent.get_by_role("button", name="Edit Lena Langsam")
    pencil.click()
    expect(pencil).to_have_css("opacity", "0.6")
    held.pop().continue_()
    expect(agent.get_by_role("dialog", name="Edit Customer")).to_be_visible()


def test_the_way_back_from_a_customer_leads_to_the_table_as_it_was_left(agent: Page) -> None:
    agent.goto("/opt-in?per_page=25")
    agent.get_by_role("radio", name="Opted Out").check()
    expect(agent).to_have_url(re.compile("status=opted_out"))
    left = agent.url
    agent.locator("tr.customer .name").first.click()
    agent.get_by_role("link", name="Opt-In/Out").last.click()
    expect(agent).to_have_url(left)
    expect(agent.get_by_role("radio", name="Opted Out")).to_be_checked()
