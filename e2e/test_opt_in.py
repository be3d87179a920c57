"""Record consent: how, when and in which words, by keyboard, and never over what was said meanwhile."""

import pytest
from playwright.sync_api import Page, expect

from e2e.desk import Desk
from e2e.guard import Guard
from e2e.people import a_customer, events, opt_out
from e2e.table import TABLE, dialog, row, switch, toast, why, without_news
from webapp.consent.rules import Status

WORDS = "Their words"


def test_proof_turns_opted_out_into_opted_in(agent: Page, desk: Desk) -> None:
    bia = a_customer(desk, "Bia Sai", Status.OPTED_OUT)
    agent.goto(TABLE)
    switch(agent, "Bia Sai").click()
    record = dialog(agent, "Record consent — Bia Sai")
    record.get_by_label("How was it given?").select_option("In store")
    record.get_by_label(WORDS).fill("Sim, quero receber de novo")
    record.get_by_role("button", name="Record").click()
    expect(record).to_be_hidden()
    expect(row(agent, bia).locator(".state")).to_have_text("Opted In")
    expect(why(agent, bia)).to_have_text("in store · just now")
    expect(switch(agent, "Bia Sai")).to_be_focused()
    expect(toast(agent)).to_contain_text("Bia Sai is opted in.")


def test_from_no_record_by_keyboard_alone(agent: Page, desk: Desk) -> None:
    bia = a_customer(desk, "Bia Nova", Status.UNKNOWN)
    agent.goto(TABLE)
    agent.get_by_role("button", name="Record consent: Bia Nova").focus()
    agent.keyboard.press("Enter")
    record = dialog(agent, "Record consent — Bia Nova")
    expect(record.get_by_label(WORDS)).to_be_focused()
    expect(record.get_by_label("How was it given?")).to_have_value("web_form")
    expect(record).to_contain_text("A bought list is not consent.")
    agent.keyboard.type("https://shop.example/form/17")
    agent.keyboard.press("Enter")
    expect(why(agent, bia)).to_have_text("web form · just now")
    expect(switch(agent, "Bia Nova")).to_be_focused()
    assert events(desk, bia) == ["opted_in"]


@pytest.mark.parametrize("words", ["", "   "])
def test_without_words_it_is_asked_for_in_place(agent: Page, desk: Desk, guard: Guard, words: str) -> None:
    guard.expect("status of 422")
    bia = a_customer(desk, "Bia Muda", Status.UNKNOWN)
    agent.goto(TABLE)
    row(agent, bia).get_by_role("button", name="Record consent: Bia Muda").click()
    record = dialog(agent, "Record consent — Bia Muda")
    record.get_by_label("How was it given?").select_option("E-mail")
    record.get_by_label(WORDS).fill(words)
    agent.keyboard.press("Enter")
    expect(record).to_contain_text(
        "Choose the wording that was shown, write the customer’s words, or add a link or a file."
    )
    expect(record.get_by_label("How was it given?")).to_have_value("email")
    expect(record.get_by_label(WORDS)).to_be_focused()
    assert events(desk, bia) == []


def test_esc_keeps_the_draft_and_gives_the_focus_back(agent: Page, desk: Desk) -> None:
    a_customer(desk, "Bia Pausa", Status.UNKNOWN)
    agent.goto(TABLE)
    opener = agent.get_by_role("button", name="Record consent: Bia Pausa")
    opener.click()
    record = dialog(agent, "Record consent — Bia Pausa")
    record.get_by_label("How was it given?").select_option("Phone call")
    record.get_by_label(WORDS).fill("Disse que sim, mas")
    agent.keyboard.press("Escape")
    expect(record).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    expect(record.get_by_label(WORDS)).to_have_value("Disse que sim, mas")
    expect(record.get_by_label("How was it given?")).to_have_value("phone_call")


def test_a_draft_belongs_to_one_customer(agent: Page, desk: Desk) -> None:
    a_customer(desk, "Bia Uma", Status.UNKNOWN)
    a_customer(desk, "Bia Outra", Status.UNKNOWN)
    agent.goto(TABLE)
    agent.get_by_role("button", name="Record consent: Bia Uma").click()
    dialog(agent, "Record consent — Bia Uma").get_by_label(WORDS).fill("da Bia Uma")
    agent.keyboard.press("Escape")
    agent.get_by_role("button", name="Record consent: Bia Outra").click()
    expect(dialog(agent, "Record consent — Bia Outra").get_by_label(WORDS)).to_have_value("")


def test_a_stale_row_shows_the_words_in_between_before_it_records(
    agent: Page, desk: Desk, guard: Guard
) -> None:
    guard.expect("status of 409")
    bia = a_customer(desk, "Bia Muda Ideia", Status.UNKNOWN)
    agent.goto(TABLE)
    without_news(agent)
    agent.get_by_role("button", name="Record consent: Bia Muda Ideia").click()
    record = dialog(agent, "Record consent — Bia Muda Ideia")
    record.get_by_label(WORDS).fill("Sim no balcão")
    opt_out(desk, bia, "PARAR")
    agent.keyboard.press("Enter")
    expect(record.get_by_role("alert")).to_contain_text("PARAR")
    expect(record.get_by_label(WORDS)).to_have_value("Sim no balcão")
    expect(row(agent, bia)).to_contain_text("replied PARAR")
    assert events(desk, bia) == ["opted_out"]
    record.get_by_role("button", name="Record").click()
    expect(row(agent, bia).locator(".state")).to_have_text("Opted In")
    assert events(desk, bia) == ["opted_out", "opted_in"]


def test_a_statement_from_before_the_opt_out_does_not_undo_it(agent: Page, desk: Desk, guard: Guard) -> None:
    guard.expect("status of 409")
    bia = a_customer(desk, "Bia Antes", Status.OPTED_OUT)
    agent.goto(TABLE)
    switch(agent, "Bia Antes").click()
    record = dialog(agent, "Record consent — Bia Antes")
    record.get_by_label("When").fill("2026-01-02")
    record.get_by_label(WORDS).fill("Formulário de janeiro")
    agent.keyboard.press("Enter")
    expect(record.get_by_role("alert")).to_contain_text("A statement from before that does not undo it")
    assert events(desk, bia) == ["opted_out"]


def test_signed_out_over_a_dialog_nothing_typed_is_lost(agent: Page, desk: Desk, guard: Guard) -> None:
    guard.expect("status of 401")
    bia = a_customer(desk, "Bia Fora", Status.UNKNOWN)
    agent.goto(TABLE)
    agent.get_by_role("button", name="Record consent: Bia Fora").click()
    record = dialog(agent, "Record consent — Bia Fora")
    record.get_by_label(WORDS).fill("Longas palavras")
    desk.end_sessions("agent")
    agent.keyboard.press("Enter")
    expect(record.get_by_role("link", name="Sign in in a new tab")).to_be_visible()
    expect(record.get_by_label(WORDS)).to_have_value("Longas palavras")
    elsewhere = agent.context.new_page()
    elsewhere.goto(desk.sign_in_link("agent"))
    agent.bring_to_front()
    agent.evaluate("dispatchEvent(new Event('focus'))")  # a headless browser gives every page the focus
    expect(record.get_by_role("link", name="Sign in in a new tab")).to_be_hidden()
    record.get_by_role("button", name="Record").click()
    expect(row(agent, bia).locator(".state")).to_have_text("Opted In")
