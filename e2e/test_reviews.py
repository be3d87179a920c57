"""What waits for a person is decided fast: by keyboard alone, by two at once, on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.desk import Desk
from e2e.guard import Guard
from e2e.people import a_customer, asks_to_listen, hold, no_reviews, signs_up
from e2e.table import dialog, row, toast, why
from e2e.test_looks import AXE, faults


@pytest.fixture(autouse=True)
def nothing_waits(desk: Desk) -> None:
    no_reviews(desk)


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name, exact=True)


def badge(page: Page) -> Locator:
    return page.get_by_role("link", name="Reviews").locator(".badge")


def state(page: Page, name: str, person: int) -> Locator:
    page.goto(f"/opt-in?q={name}")
    return row(page, person).locator(".state")


def test_the_queue_is_emptied_by_keyboard_only(agent: Page, desk: Desk) -> None:
    rita, nora, ulf, vera, sina = (
        a_customer(desk, name) for name in ("Rita", "Nora", "Ulf", "Vera Voice", "Sina")
    )
    hold(desk, rita, "please stop all of it")
    hold(desk, ulf, "hmm, stop?")
    hold(desk, nora, "do you stop at the corner shop?")
    asks_to_listen(desk, vera)
    signs_up(desk, sina)
    agent.goto("/opt-in")
    agent.keyboard.press("/")
    agent.keyboard.press("Escape")
    agent.goto("/reviews")
    expect(card(agent, "Rita")).to_be_focused()
    expect(card(agent, "Rita").locator("mark")).to_have_text("stop")
    agent.keyboard.press("o")
    expect(toast(agent)).to_contain_text("Rita is opted out.")
    expect(card(agent, "Ulf")).to_be_focused()
    agent.keyboard.press("u")
    expect(card(agent, "Ulf").get_by_label("What is unclear?")).to_be_focused()
    agent.keyboard.type("joke or no?")
    agent.keyboard.press("Enter")
    expect(card(agent, "Nora")).to_be_focused()
    agent.keyboard.press("n")
    expect(toast(agent)).to_contain_text("Marketing to Nora is no longer on hold.")
    expect(card(agent, "Vera Voice")).to_be_focused()
    agent.keyboard.press("o")
    agent.keyboard.type("She says: no more offers")
    agent.keyboard.press("Enter")
    expect(card(agent, "Sina")).to_be_focused()
    agent.keyboard.press("i")
    expect(toast(agent)).to_contain_text("The consent of Sina is recorded.")
    expect(card(agent, "Ulf")).to_be_focused()
    expect(card(agent, "Ulf")).to_contain_text("Dana Kim was not sure, just now: joke or no?")
    agent.keyboard.press("o")
    expect(agent.get_by_role("heading", name="Reviews")).to_be_focused()
    expect(agent.get_by_role("heading", name="No message waits")).to_be_visible()
    expect(badge(agent)).to_be_hidden()
    for name, person, words in [("Rita", rita, "Opted Out"), ("Nora", nora, "Opted In"),
                                ("Ulf", ulf, "Opted Out"), ("Vera", vera, "Opted Out")]:  # fmt: skip
        expect(state(agent, name, person)).to_have_text(words)


def test_j_and_k_walk_over_the_cards_and_the_buttons_work_by_tab(agent: Page, desk: Desk) -> None:
    hold(desk, a_customer(desk, "Eins"), "stop one")
    hold(desk, a_customer(desk, "Zwei"), "stop two")
    agent.goto("/reviews")
    agent.keyboard.press("j")
    expect(card(agent, "Zwei")).to_be_focused()
    agent.keyboard.press("k")
    expect(card(agent, "Eins")).to_be_focused()
    card(agent, "Eins").get_by_role("button", name="Not a stop").focus()
    agent.keyboard.press("Space")
    expect(card(agent, "Eins")).to_have_count(0)
    expect(card(agent, "Zwei")).to_be_focused()
    agent.keyboard.press("?")
    expect(dialog(agent, "Keyboard shortcuts")).to_contain_text("In a review: not a stop")


def test_z_takes_a_decision_back_and_the_message_is_next_again(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Zora Zurück")
    hold(desk, person, "stop it, or rather not")
    hold(desk, a_customer(desk, "Danach"), "stop two")
    agent.goto("/reviews")
    # A key in the first moment sends the form as without scripts, and such a toast has no Undo.
    expect(card(agent, "Zora Zurück").locator("form[data-htmx-powered]").first).to_be_attached()
    agent.keyboard.press("o")
    expect(toast(agent)).to_contain_text("Zora Zurück is opted out.")
    expect(card(agent, "Danach")).to_be_focused()
    agent.keyboard.press("z")
    expect(card(agent, "Zora Zurück")).to_be_focused()
    expect(toast(agent)).to_contain_text("waits for a decision again")
    agent.goto("/opt-in?q=Zora")
    expect(row(agent, person).locator(".state")).to_have_text("Opted In")
    expect(why(agent, person)).to_have_text("On hold: message to review")


def test_esc_leaves_a_note_and_what_was_typed_survives_the_poll(agent: Page, desk: Desk) -> None:
    hold(desk, a_customer(desk, "Nele Notiz"), "stop, maybe")
    agent.goto("/reviews")
    agent.keyboard.press("u")
    agent.keyboard.type("no, half a note")
    hold(desk, a_customer(desk, "Spät Dazu"), "stop, later")
    expect(card(agent, "Spät Dazu")).to_be_visible()
    expect(agent.get_by_label("What is unclear?").first).to_be_focused()
    expect(agent.get_by_label("What is unclear?").first).to_have_value("no, half a note")
    agent.keyboard.press("Escape")
    expect(card(agent, "Nele Notiz")).to_be_focused()


def test_two_agents_at_once_the_laxer_hears_what_stands(
    agent: Page, browse: Callable[..., Page], desk: Desk, guard: Guard
) -> None:
    guard.expect("status of 409")
    hold(desk, a_customer(desk, "Zwei Leute"), "stop it, would you")
    second = browse("manager")
    without_news(second)
    for page in (agent, second):
        page.goto("/reviews")
    agent.keyboard.press("o")
    expect(card(agent, "Zwei Leute")).to_have_count(0)
    second.keyboard.press("n")
    closed = card(second, "Zwei Leute")
    expect(closed.get_by_role("status")).to_have_text(
        "Dana Kim opted Zwei Leute out just now. That stands, and nothing is released."
    )
    expect(closed).to_be_focused()


def test_two_agents_at_once_the_stricter_wins_and_both_see_it(
    agent: Page, browse: Callable[..., Page], desk: Desk
) -> None:
    person = a_customer(desk, "Streng Sicher")
    hold(desk, person, "stop it, would you")
    second = browse("manager")
    without_news(second)
    for page in (agent, second):
        page.goto("/reviews")
    agent.keyboard.press("n")
    expect(card(agent, "Streng Sicher")).to_have_count(0)
    second.keyboard.press("o")
    expect(toast(second)).to_contain_text("Dana Kim had said that it is not a stop")
    expect(agent.locator("#reviews-decided")).to_contain_text("By Marta Gil; Dana Kim had said")
    expect(toast(agent)).to_contain_text("A colleague opted Streng Sicher out after all")
    expect(state(agent, "Streng", person)).to_have_text("Opted Out")


def test_what_a_colleague_decided_says_so_and_the_focus_stays(
    agent: Page, browse: Callable[..., Page], desk: Desk
) -> None:
    hold(desk, a_customer(desk, "Erste Karte"), "stop one")
    hold(desk, a_customer(desk, "Zweite Karte"), "stop two")
    second = browse("manager")
    for page in (agent, second):
        page.goto("/reviews")
    agent.keyboard.press("j")
    second.keyboard.press("n")
    expect(card(agent, "Erste Karte").get_by_role("status")).to_contain_text("it is not a stop")
    expect(card(agent, "Zweite Karte")).to_be_focused()
    expect(badge(agent)).to_contain_text("1")


def test_a_decided_message_can_still_become_an_opt_out(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Doch Noch")
    hold(desk, person, "stop, they said")
    agent.goto("/reviews")
    agent.keyboard.press("n")
    undo = agent.get_by_role("button", name="Undo: Doch Noch")
    undo.focus()
    agent.keyboard.press("Enter")
    expect(card(agent, "Doch Noch")).to_be_focused()


def test_on_a_phone_in_the_dark(browse: Callable[..., Page], desk: Desk) -> None:
    hold(desk, a_customer(desk, "Pia Phone " + "x" * 60), "please " + "stop" * 30 + " it")
    page = browse("agent", viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True)
    page.goto("/reviews")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Not a stop").tap()
    expect(page.get_by_role("heading", name="No message waits")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_kind_of_card_is_sound(
    browse: Callable[..., Page], desk: Desk, scheme: str, width: int
) -> None:
    hold(desk, a_customer(desk, "Eine Frage"), "please stop")
    asks_to_listen(desk, a_customer(desk, "Eine Stimme"))
    signs_up(desk, a_customer(desk, "Eine Anmeldung"))
    page = browse("agent", viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.goto("/reviews")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.keyboard.press("u")
    assert faults(page, "main") == []


def test_the_navigation_counts_what_waits(agent: Page, desk: Desk) -> None:
    agent.goto("/opt-in")
    hold(desk, a_customer(desk, "Noch Eine"), "stop, maybe")
    expect(badge(agent)).to_contain_text("1")


def without_news(page: Page) -> None:
    """The page goes on believing what it shows."""
    page.route("**/reviews/live*", lambda route: route.fulfill(status=304))
