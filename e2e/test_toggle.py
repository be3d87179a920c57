"""The switch of a row: one click opts out, at once and once, and never pretends."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from e2e.desk import Desk
from e2e.guard import Guard
from e2e.people import a_customer, events, opt_out
from e2e.table import TABLE, count_of, dialog, row, switch, toast, why, without_news
from webapp.consent.rules import Status

ON, OFF = ("aria-checked", "true"), ("aria-checked", "false")
ONCE = ["opted_in", "opted_out"]


def test_one_click_opts_out_and_a_toast_names_the_person(agent: Page, desk: Desk) -> None:
    ana = a_customer(desk, "Ana Um")
    agent.goto(TABLE)
    expect(switch(agent, "Ana Um")).to_have_attribute(*OFF)
    switch(agent, "Ana Um").click()
    expect(row(agent, ana).locator(".state")).to_have_text("Opted Out")
    expect(why(agent, ana)).to_have_text("by you · just now")
    expect(toast(agent)).to_contain_text("Ana Um is opted out.")
    assert events(desk, ana) == ONCE


def test_a_customer_without_a_record_opts_out_by_one_click_too(agent: Page, desk: Desk) -> None:
    ana = a_customer(desk, "Ana Sem", Status.UNKNOWN)
    agent.goto(TABLE)
    switch(agent, "Ana Sem").click()
    expect(row(agent, ana)).to_contain_text("Opted Out")


def test_the_switch_shows_the_wish_before_the_answer(agent: Page, desk: Desk) -> None:
    ana = a_customer(desk, "Ana Já")
    held: list[Route] = []
    agent.route("**/consent", lambda route: held.append(route))
    agent.goto(TABLE)
    switch(agent, "Ana Já").click()
    expect(switch(agent, "Ana Já")).to_have_attribute(*ON, timeout=1000)
    expect(row(agent, ana).locator(".state")).to_have_text("Opted In")
    held[0].continue_()
    expect(row(agent, ana).locator(".state")).to_have_text("Opted Out")


def test_a_double_click_makes_one_event_and_opens_nothing(agent: Page, desk: Desk) -> None:
    ana = a_customer(desk, "Ana Duas")
    agent.goto(TABLE)
    switch(agent, "Ana Duas").dblclick()
    expect(row(agent, ana)).to_contain_text("Opted Out")
    expect(agent.get_by_role("dialog")).to_be_hidden()
    assert events(desk, ana) == ONCE


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_key_that_is_held_down_makes_one_event(agent: Page, desk: Desk, key: str) -> None:
    ana = a_customer(desk, f"Ana {key}")
    agent.goto(TABLE)
    switch(agent, f"Ana {key}").focus()
    for _ in range(4):
        agent.keyboard.down(key)
    agent.keyboard.up(key)
    expect(row(agent, ana)).to_contain_text("Opted Out")
    expect(agent.get_by_role("dialog")).to_be_hidden()
    expect(switch(agent, f"Ana {key}")).to_be_focused()
    assert events(desk, ana) == ONCE


@pytest.mark.parametrize(
    ("fail", "complaints", "sentence"),
    [
        (lambda route: route.abort(), ["ERR_FAILED", "htmx:error"], "Could not save: you are offline."),
        (lambda route: route.fulfill(status=500), ["status of 500"], "The desk did not answer"),
    ],
    ids=["offline", "a broken server"],
)
def test_a_failure_turns_the_switch_back_and_says_so_in_the_row(
    agent: Page, desk: Desk, guard: Guard, fail: Callable[[Route], None], complaints: list[str], sentence: str
) -> None:
    guard.expect(*complaints)
    ana = a_customer(desk, "Ana Falha")
    agent.route("**/consent", fail)
    agent.goto(TABLE)
    switch(agent, "Ana Falha").first.click()
    expect(row(agent, ana).get_by_role("alert")).to_contain_text(sentence)
    expect(row(agent, ana).get_by_role("alert")).to_contain_text("The switch is back where it was.")
    expect(row(agent, ana).get_by_role("switch")).to_have_attribute(*OFF)
    expect(toast(agent)).to_be_hidden()
    assert events(desk, ana) == ["opted_in"]
    agent.unroute("**/consent")
    row(agent, ana).get_by_role("switch").click()
    expect(row(agent, ana)).to_contain_text("Opted Out")


def test_what_only_loads_does_not_speak_of_saving(agent: Page, desk: Desk, guard: Guard) -> None:
    guard.expect("ERR_FAILED", "htmx:error")
    a_customer(desk, "Ana Ladung")
    agent.goto(TABLE)
    agent.route("**/edit", lambda route: route.abort())
    agent.get_by_role("button", name="Edit Ana Ladung").click()
    expect(toast(agent)).to_have_text("Could not load: you are offline.")


def test_signed_out_meanwhile_nothing_is_lost_and_nothing_pretended(
    agent: Page, desk: Desk, guard: Guard
) -> None:
    guard.expect("status of 401")
    ana = a_customer(desk, "Ana Fora")
    agent.goto(TABLE)
    agent.get_by_label("Search").fill("Ana Fora")
    expect(agent.locator("tr.customer")).to_have_count(1)
    desk.end_sessions("agent")
    switch(agent, "Ana Fora").click()
    expect(row(agent, ana).get_by_role("alert")).to_contain_text("Not saved. You are signed out.")
    expect(switch(agent, "Ana Fora")).to_have_attribute(*OFF)
    expect(agent.get_by_text("You are signed out. Nothing that you typed is lost.")).to_be_visible()
    expect(agent.get_by_label("Search")).to_have_value("Ana Fora")


def test_undo_in_the_toast_takes_it_back(agent: Page, desk: Desk) -> None:
    ana = a_customer(desk, "Ana Volta")
    agent.goto(TABLE)
    switch(agent, "Ana Volta").click()
    toast(agent).get_by_role("button", name="Undo").click()
    expect(row(agent, ana).locator(".state")).to_have_text("Opted In")
    expect(switch(agent, "Ana Volta")).to_be_focused()
    expect(toast(agent)).to_contain_text("Undone: Ana Volta is back to opted in.")


def test_z_takes_it_back(agent: Page, desk: Desk) -> None:
    ana = a_customer(desk, "Ana Zê")
    agent.goto(TABLE)
    switch(agent, "Ana Zê").click()
    expect(toast(agent)).to_contain_text("is opted out")
    agent.keyboard.press("z")
    expect(row(agent, ana).locator(".state")).to_have_text("Opted In")


def test_what_the_customer_said_meanwhile_is_not_undone(agent: Page, desk: Desk, guard: Guard) -> None:
    guard.expect("status of 409")
    ana = a_customer(desk, "Ana Disse")
    agent.goto(TABLE)
    without_news(agent)
    switch(agent, "Ana Disse").click()
    expect(toast(agent)).to_contain_text("is opted out")
    opt_out(desk, ana)
    toast(agent).get_by_role("button", name="Undo").click()
    expect(row(agent, ana).get_by_role("alert")).to_contain_text("Not undone.")
    expect(switch(agent, "Ana Disse")).to_have_attribute(*ON)


def test_the_toast_stays_while_the_mouse_is_on_it(agent: Page, desk: Desk) -> None:
    a_customer(desk, "Ana Fica")
    agent.goto(TABLE)
    switch(agent, "Ana Fica").click()
    toast(agent).hover()
    expect(toast(agent)).to_have_css("animation-duration", "10s")
    expect(toast(agent)).to_have_css("animation-play-state", "paused")
    toast(agent).evaluate("toast => toast.getAnimations().forEach((life) => life.currentTime = 9990)")
    expect(toast(agent)).to_be_visible()
    agent.mouse.move(5, 5)
    expect(toast(agent)).to_be_hidden()


def test_the_counts_follow(agent: Page, desk: Desk) -> None:
    a_customer(desk, "Ana Conta")
    agent.goto(TABLE)
    without_news(agent)
    before = int(count_of(agent, "opted_out").inner_text())
    switch(agent, "Ana Conta").click()
    expect(count_of(agent, "opted_out")).to_have_text(str(before + 1))


def test_a_row_that_no_longer_matches_stays_marked(agent: Page, desk: Desk) -> None:
    ana = a_customer(desk, "Ana Filtro")
    agent.goto("/opt-in?status=opted_in")
    switch(agent, "Ana Filtro").click()
    expect(row(agent, ana)).to_contain_text("no longer matches")
    expect(switch(agent, "Ana Filtro")).to_have_attribute(*ON)


def test_an_opt_out_on_a_stale_row_is_never_refused(agent: Page, desk: Desk) -> None:
    ana = a_customer(desk, "Ana Velha")
    agent.goto(TABLE)
    without_news(agent)
    opt_out(desk, ana)
    switch(agent, "Ana Velha").click()
    expect(row(agent, ana)).to_contain_text("replied STOP")


def test_back_to_opted_in_takes_a_dialog_and_not_a_click(agent: Page, desk: Desk) -> None:
    ana = a_customer(desk, "Ana Nunca", Status.OPTED_OUT)
    agent.goto(TABLE)
    switch(agent, "Ana Nunca").click()
    expect(dialog(agent, "Record consent — Ana Nunca")).to_be_visible()
    expect(row(agent, ana).locator(".state")).to_have_text("Opted Out")
    assert events(desk, ana) == ["opted_out"]
