"""The proof of an opt-in: the wording that was shown, a link, a file; kept, shown and saved again."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from e2e.desk import Desk
from e2e.guard import Guard
from e2e.people import a_customer, events
from e2e.table import TABLE, dialog, row, why
from tests.exhibits import SVG, a_pdf, a_png
from webapp.consent.rules import Status

LINK = "https://casalume.example/form/18"


def a_file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def opened(page: Page, name: str) -> Locator:
    page.get_by_role("button", name=f"Record consent: {name}").click()
    return dialog(page, f"Record consent — {name}")


def saved(page: Page, name: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    return Path(download.value.path()).read_bytes()


def test_all_proof_goes_in_at_once_and_is_there_in_the_history(agent: Page, desk: Desk) -> None:
    bia = a_customer(desk, "Bia Prova", Status.UNKNOWN)
    agent.goto(TABLE)
    record = opened(agent, "Bia Prova")
    record.get_by_label("How was it given?").select_option("Paper form")
    record.get_by_text("More proof").click()
    record.get_by_label("Wording shown").select_option("Checkout box, version 1")
    record.get_by_label("Their words").fill("Pode mandar")
    record.get_by_label("Link").fill(LINK)
    record.get_by_label("File").set_input_files(a_file("ficha.pdf", a_pdf()))
    record.get_by_role("button", name="Record").click()
    expect(record).to_be_hidden()
    expect(why(agent, bia)).to_have_text("paper form · just now")
    agent.goto(f"/customers/{bia}")
    entry = agent.locator(".timeline li").first
    expect(entry).to_contain_text("Checkout box, version 1")
    expect(entry).to_contain_text("Pode mandar")
    expect(entry.get_by_role("link", name=LINK)).to_have_attribute("rel", "noopener noreferrer")
    assert saved(agent, "PDF, 1 kB, ficha.pdf") == a_pdf()


def test_the_text_of_the_chosen_wording_is_shown(agent: Page, desk: Desk) -> None:
    a_customer(desk, "Bia Leitora", Status.UNKNOWN)
    agent.goto(TABLE)
    record = opened(agent, "Bia Leitora")
    texts = record.locator(".wording-text")
    expect(record.get_by_label("Their words")).to_be_focused()
    expect(texts.first).to_be_hidden()
    record.get_by_label("Wording shown").select_option("Checkout box, version 2")
    expect(texts.filter(visible=True)).to_have_count(1)
    expect(texts.filter(visible=True)).to_contain_text("ofertas e novidades")
    agent.keyboard.press("Escape")
    record = opened(agent, "Bia Leitora")
    expect(record.get_by_label("Wording shown")).to_have_value(re.compile(r"\.2$"))
    expect(texts.filter(visible=True)).to_contain_text("ofertas e novidades")


def test_the_dialog_stays_in_sight_when_it_grows(browse: Callable[..., Page], desk: Desk) -> None:
    laptop = browse("agent", viewport={"width": 1280, "height": 720})
    for number in range(6):
        a_customer(desk, f"Bia Baixo {number}", Status.UNKNOWN)
    laptop.goto(TABLE)
    for number in (0, 5):
        record = opened(laptop, f"Bia Baixo {number}")
        record.get_by_label("Wording shown").select_option("Checkout box, version 2")
        record.get_by_text("More proof").click()
        expect(record.get_by_role("button", name="Record")).to_be_in_viewport(ratio=1)
        expect(record.get_by_role("heading")).to_be_in_viewport(ratio=1)
        laptop.keyboard.press("Escape")


def test_a_file_that_is_none_is_told_in_place_and_what_was_typed_stays(
    agent: Page, desk: Desk, guard: Guard
) -> None:
    guard.expect("status of 422")
    bia = a_customer(desk, "Bia Falsa", Status.UNKNOWN)
    agent.goto(TABLE)
    record = opened(agent, "Bia Falsa")
    record.get_by_text("More proof").click()
    record.get_by_label("Link").fill(LINK)
    record.get_by_label("File").set_input_files(a_file("form.pdf", SVG))
    record.get_by_role("button", name="Record").click()
    expect(record).to_contain_text("This file is no PDF, PNG, JPEG or WebP.")
    expect(record.get_by_label("File")).to_be_focused()
    expect(record.get_by_label("Link")).to_have_value(LINK)
    assert events(desk, bia) == []
    record.get_by_label("File").set_input_files(a_file("form.pdf", a_png()))
    record.get_by_role("button", name="Record").click()
    expect(row(agent, bia).locator(".state")).to_have_text("Opted In")


def test_a_file_that_is_too_large_is_told_before_it_travels(agent: Page, desk: Desk) -> None:
    a_customer(desk, "Bia Grande", Status.UNKNOWN)
    agent.goto(TABLE)
    record = opened(agent, "Bia Grande")
    record.get_by_text("More proof").click()
    record.get_by_label("File").set_input_files(a_file("ficha.pdf", a_pdf(b" " * 5 * 1024**2)))
    expect(record.get_by_role("alert")).to_have_text("That file is larger than 5 MB. Choose a smaller one.")
    expect(record.get_by_label("File")).to_have_value("")
    record.get_by_label("File").set_input_files(a_file("ficha.pdf", a_pdf()))
    expect(record.get_by_role("alert")).to_be_hidden()


def test_a_draft_with_a_link_comes_back_open_and_its_file_is_chosen_again(agent: Page, desk: Desk) -> None:
    a_customer(desk, "Bia Rascunho", Status.UNKNOWN)
    agent.goto(TABLE)
    record = opened(agent, "Bia Rascunho")
    record.get_by_text("More proof").click()
    record.get_by_label("File").set_input_files(a_file("ficha.png", a_png()))
    record.get_by_label("Link").fill(LINK)
    agent.keyboard.press("Escape")
    record = opened(agent, "Bia Rascunho")
    expect(record.get_by_label("Link")).to_be_visible()
    expect(record.get_by_label("Link")).to_have_value(LINK)
    expect(record.get_by_label("File")).to_have_value("")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_on_a_phone(browse: Callable[..., Page], desk: Desk, scripts: bool) -> None:
    phone = browse("agent", viewport={"width": 390, "height": 844}, java_script_enabled=scripts)
    bia = a_customer(desk, f"Bia Bolso {scripts}", Status.UNKNOWN)
    phone.goto(TABLE)
    phone.get_by_role("button", name=f"Record consent: Bia Bolso {scripts}").click()
    phone.get_by_label("Wording shown").select_option("Checkout box, version 2")
    phone.get_by_text("More proof").click()
    phone.get_by_label("File").set_input_files(a_file("ficha.png", a_png()))
    assert phone.evaluate("document.scrollingElement.scrollWidth") <= 390
    phone.get_by_role("button", name="Record").last.click()
    expect(phone.locator(".state").first).to_have_text("Opted In")
    phone.goto(f"/customers/{bia}")
    assert hashlib.sha256(saved(phone, "PNG")).digest() == hashlib.sha256(a_png()).digest()


def test_a_manager_changes_a_wording_and_the_older_text_stays(browse: Callable[..., Page]) -> None:
    manager = browse("manager")
    manager.goto("/settings/wordings")
    manager.get_by_role("link", name="New wording").click()
    new = dialog(manager, "New wording")
    new.get_by_label("Name").fill("Till")
    new.get_by_label("Language").fill("en")
    new.get_by_label("Text").fill("Yes, I want offers by WhatsApp from Casa Lume.")
    new.get_by_role("button", name="Add wording").click()
    card = manager.get_by_role("region", name="Till")
    expect(card).to_contain_text("Version 1")
    card.get_by_role("link", name="Edit Till").click()
    edit = dialog(manager, "Edit wording")
    edit.get_by_label("Text").fill("Yes, I want news by WhatsApp from Casa Lume.")
    edit.get_by_role("button", name="Save").click()
    expect(card).to_contain_text("Version 2")
    card.get_by_text("Earlier versions (1)").click()
    expect(card).to_contain_text("Yes, I want offers by WhatsApp from Casa Lume.")
    card.get_by_role("button", name="Retire Till").click()
    expect(card.get_by_role("button", name="Restore Till")).to_be_visible()
    expect(card).to_contain_text("Retired")
