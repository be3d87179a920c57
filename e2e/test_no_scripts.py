"""Without scripts the same addresses answer with whole pages, and everything can still be done."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.desk import Desk
from e2e.people import a_customer, events, tags_of
from e2e.table import row, switch
from webapp.consent.rules import Status


@pytest.fixture
def plain(browse: Callable[..., Page]) -> Page:
    return browse("manager", java_script_enabled=False)


def test_filters_apply_by_a_button(plain: Page, desk: Desk) -> None:
    person = a_customer(desk, "Gerda Filter", Status.OPTED_OUT)
    plain.goto("/opt-in")
    plain.get_by_label("Search").fill("Gerda")
    plain.get_by_role("radio", name="Opted Out").check()
    plain.get_by_role("button", name="Apply").click()
    expect(plain).to_have_url(re.compile(r"q=Gerda"))
    expect(plain.locator("tr.customer")).to_have_count(1)
    expect(row(plain, person)).to_be_visible()


def test_one_click_opts_out(plain: Page, desk: Desk) -> None:
    person = a_customer(desk, "Hanno Schlicht")
    plain.goto("/opt-in")
    switch(plain, "Hanno Schlicht").click()
    expect(plain).to_have_url(re.compile(f"/customers/{person}$"))
    expect(plain.locator(".timeline li").first).to_contain_text("Opted Out")
    assert events(desk, person) == ["opted_in", "opted_out"]
    plain.get_by_role("button", name="Undo").click()
    expect(plain.locator(".state-bar .state")).to_have_text("Opted In")


def test_consent_is_recorded_on_a_page_of_its_own(plain: Page, desk: Desk) -> None:
    person = a_customer(desk, "Ilse Papier", Status.UNKNOWN)
    plain.goto("/opt-in")
    plain.get_by_role("button", name="Record consent: Ilse Papier").click()
    plain.get_by_label("How was it given?").select_option("Paper form")
    plain.get_by_label("Their words").fill("Unterschrieben am Stand")
    plain.get_by_role("button", name="Record").click()
    expect(plain.locator(".state-bar .state")).to_have_text("Opted In")
    expect(plain.locator(".timeline li").first).to_contain_text("Unterschrieben am Stand")
    assert events(desk, person) == ["opted_in"]


def test_settings_are_saved(plain: Page, desk: Desk) -> None:
    plain.goto("/opt-in")
    plain.get_by_role("button", name="Opt-In / Opt-Out Settings").click()
    plain.get_by_label("Opt-out keywords").fill("STOP, parar")
    plain.get_by_role("button", name="Save").click()
    expect(plain.get_by_text("Settings are saved.")).to_be_visible()
    assert desk.opt_out_words() == ["STOP", "PARAR"]
    desk.set_keywords(["STOP"], ["START"])


def test_a_customer_is_edited(plain: Page, desk: Desk) -> None:
    person = a_customer(desk, "Jutta Ohne", tags=["vip"])
    plain.goto("/customers")
    plain.get_by_role("button", name="Edit Jutta Ohne").click()
    plain.get_by_label("Tags").fill("vip, ohne skript")
    plain.get_by_label("Select attribute").select_option("city")
    plain.get_by_role("button", name="Add attribute").click()
    plain.get_by_role("textbox", name="city").fill("Lübeck")
    plain.get_by_role("button", name="Save").click()
    expect(plain.locator("#person")).to_contain_text("Lübeck")
    assert sorted(tags_of(desk, person)) == ["ohne skript", "vip"]
