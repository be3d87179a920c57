"""A marketer's whole way: filter, segment, campaign, a STOP on the phone in the middle, the report."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from e2e.desk import Desk, worker
from e2e.people import a_customer, a_demo_customer, edit_tags
from webapp.campaigns.models import Campaign, Template
from webapp.campaigns.reports import audit
from webapp.clock import now
from webapp.consent.rules import Status
from webapp.database import writing
from webapp.extensions import db

PATIENCE = 20_000
PACE = 1
"""Messages a second: slow enough that somebody can write STOP in the middle."""


@pytest.fixture(autouse=True)
def sending(desk: Desk) -> Iterator[None]:
    with worker(desk):
        yield


def people(desk: Desk) -> list[int]:
    """Eight who agreed, of whom the last one has a phone at hand, and one who opted out."""
    agreed = [a_demo_customer(desk, f"Agreed {n}") for n in range(8)]
    left_out = a_customer(desk, "Out Already", Status.OPTED_OUT)
    for customer_id in (*agreed, left_out):
        edit_tags(desk, customer_id, ["journey"])
    return agreed


def test_from_filter_to_report_with_a_stop_in_the_middle(browse, desk: Desk) -> None:
    agreed = people(desk)
    page = browse("manager")
    template = wait_for_template(page, desk)

    page.goto("/opt-in?tag=journey")
    page.get_by_role("link", name="Save as segment").click()
    page.get_by_label("Name").fill("Journey people")
    page.get_by_role("button", name="Save segment").click()
    expect(page.get_by_role("dialog")).to_be_hidden()

    page.goto("/campaigns")
    page.get_by_role("link", name="New campaign").first.click()
    page.get_by_role("dialog").get_by_label("Name").fill("Spring greeting")
    page.get_by_role("button", name="Create campaign").click()
    page.locator("#template").select_option(value=str(template))
    expect(page.locator("#template-form")).to_be_visible()
    for box in page.locator("input[name^='text:']").all():
        box.fill("friend")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Journey people").first.check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Will send to")).to_contain_text("8 customers")
    expect(page.get_by_text("Will send to")).to_contain_text("1 opted out")
    slow_down(desk)
    page.get_by_role("button", name="Send to 8 customers").click()
    expect(page.get_by_text("handed to WhatsApp")).to_be_visible()

    phone = browse("agent")
    phone.goto(f"/simulator?phone={agreed[-1]}")
    phone.get_by_role("button", name="STOP", exact=True).click()
    expect(phone.locator("#phone")).to_contain_text("Opted Out", timeout=PATIENCE)

    expect(page.get_by_text("Finished").first).to_be_visible(timeout=2 * PATIENCE)
    expect(page.locator("main")).to_contain_text("7 of 7 handed to WhatsApp")
    phone.goto(f"/simulator?phone={agreed[0]}")
    expect(phone.locator("#phone .bubble.sent")).to_have_count(1)
    phone.goto(f"/simulator?phone={agreed[-1]}")
    expect(phone.locator("#phone .bubble.sent")).to_have_count(0)
    with desk.app.app_context(), writing():
        assert audit.violations(now()) == []


def wait_for_template(page: Page, desk: Desk) -> int:
    """The id of a marketing template; the page shows by itself what the worker fetched."""
    page.goto("/templates")
    expect(page.get_by_role("row", name="early_access en_US")).to_be_visible(timeout=PATIENCE)
    with desk.app.app_context(), writing():
        return db.session.query(Template).filter_by(name="early_access", language="en_US").one().id


def slow_down(desk: Desk) -> None:
    with desk.app.app_context(), writing():
        db.session.query(Campaign).update({"pace": PACE})
        db.session.commit()
