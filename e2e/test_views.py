"""Saved views and the export: a filter comes back by one click, for oneself or all, or leaves as a file."""

import csv
import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from e2e.desk import Desk
from e2e.people import a_customer
from e2e.table import dialog, row, toast
from webapp import clock
from webapp.consent.rules import Status
from webapp.customers import consenting
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db


def views(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Views")


def opt_out(desk: Desk, person: int) -> None:
    """What a colleague does on another page."""
    with desk.app.app_context(), writing():
        consenting.opt_out(db.session.get_one(Customer, person), actor="system", now=clock.now())
        db.session.commit()


def save(page: Page, name: str, *, shared: bool = False) -> None:
    views(page).get_by_role("link", name="Save view").click()
    dialog(page, "Save view").get_by_label("Name").fill(name)
    if shared:
        dialog(page, "Save view").get_by_role("checkbox", name="Share with the team").check()
    dialog(page, "Save view").get_by_role("button", name="Save").click()
    expect(toast(page)).to_contain_text(f"“{name}” is saved")


def test_a_manager_shares_a_view_and_an_agent_opens_and_exports_it(
    browse: Callable[..., Page], desk: Desk
) -> None:
    person = a_customer(desk, "Wanda Weg", Status.OPTED_OUT, tags=["leaving"])
    manager, agent = browse("manager"), browse("agent")
    manager.goto("/customers?tag=leaving")
    save(manager, "Leaving us", shared=True)
    shared = views(manager).get_by_role("link", name="Leaving us", exact=False).first
    expect(shared).to_have_attribute("aria-current", "true")
    expect(views(manager).get_by_role("link", name="Save view")).to_have_count(0)

    agent.goto("/customers?q=somebody+else")
    views(agent).get_by_role("link", name="Leaving us").click()
    expect(agent).to_have_url(re.compile(r"/customers\?tag=leaving$"))
    expect(row(agent, person)).to_be_visible()
    expect(views(agent).get_by_role("link", name="Leaving us")).to_have_attribute("aria-current", "true")
    expect(views(agent).get_by_role("link", name="Edit the view Leaving us")).to_have_count(0)
    with agent.expect_download() as coming:
        agent.get_by_role("link", name="Export").click()
    assert re.fullmatch(r"customers-\d{4}-\d\d-\d\d\.csv", coming.value.suggested_filename)
    with open(coming.value.path(), encoding="utf-8", newline="") as file:
        assert [found["name"] for found in csv.DictReader(file)] == ["Wanda Weg"]


def test_a_view_is_given_the_filter_of_the_table_renamed_and_deleted(agent: Page) -> None:
    agent.goto("/opt-in?status=opted_out")
    save(agent, "Mine")
    agent.get_by_role("radio", name="No record").check()
    expect(agent).to_have_url(re.compile("status=unknown"))
    expect(views(agent).locator("[aria-current]")).to_have_count(0)
    views(agent).get_by_role("link", name="Edit the view Mine").click()
    edit = dialog(agent, "Edit view")
    edit.get_by_label("Name").fill("Nobody asked")
    edit.get_by_role("radio", name="As the table is now").check()
    edit.get_by_role("button", name="Save").click()
    expect(edit).to_be_hidden()
    renamed = views(agent).get_by_role("link", name="Nobody asked", exact=True)
    expect(renamed).to_have_attribute("aria-current", "true")
    expect(renamed).to_have_attribute("href", re.compile("status=unknown"))
    views(agent).get_by_role("link", name="Edit the view Nobody asked").click()
    edit.get_by_role("link", name="Delete this view").click()
    dialog(agent, "Delete view").get_by_role("button", name="Delete view").click()
    expect(renamed).to_have_count(0)
    expect(agent).to_have_url(re.compile("status=unknown"))
    expect(agent.locator("#saved-views :focus")).to_have_count(1)


def test_on_a_phone_a_view_closes_the_drawer(browse: Callable[..., Page], desk: Desk) -> None:
    phone = browse("agent", viewport={"width": 390, "height": 844}, has_touch=True)
    phone.goto("/opt-in?status=opted_out")
    phone.get_by_role("button", name="Filters").tap()
    save(phone, "Gone")
    phone.goto("/opt-in")
    phone.get_by_role("button", name="Filters").tap()
    views(phone).get_by_role("link", name="Gone", exact=True).tap()
    expect(phone).to_have_url(re.compile("status=opted_out"))
    expect(views(phone)).to_be_hidden()
    remove = phone.locator(".found .chip .x").bounding_box()
    assert remove
    assert min(remove["width"], remove["height"]) >= 24


def test_a_change_is_spoken_and_new_customers_take_the_focus(agent: Page, desk: Desk) -> None:
    agent.goto("/opt-in?per_page=25")
    person = a_customer(desk, "Xenia Neu", Status.OPTED_IN)
    agent.locator("#new-show").click()
    expect(row(agent, person)).to_be_focused()
    opt_out(desk, person)
    expect(agent.locator("#changes")).to_have_text("Xenia Neu: Opted Out")
