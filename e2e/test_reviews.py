"""A message that may be a stop is decided, both ways, by keyboard too."""

from playwright.sync_api import Locator, Page, expect

from e2e.desk import Desk
from e2e.guard import Guard
from e2e.people import a_customer, hold
from e2e.table import row, why


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name, exact=True)


def test_opt_out_by_keyboard(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Rita Stopp")
    hold(desk, person, "please stop all of it")
    agent.goto("/reviews")
    expect(card(agent, "Rita Stopp")).to_contain_text("please stop all of it")
    card(agent, "Rita Stopp").get_by_role("button", name="Opt out").focus()
    agent.keyboard.press("Enter")
    expect(card(agent, "Rita Stopp").get_by_role("status")).to_have_text("Rita Stopp is opted out.")
    agent.goto("/opt-in?q=Rita")
    expect(row(agent, person).locator(".state")).to_have_text("Opted Out")


def test_not_a_stop_by_keyboard(agent: Page, desk: Desk) -> None:
    person = a_customer(desk, "Nora Nichts")
    hold(desk, person, "do you stop at the corner shop?")
    agent.goto("/opt-in?q=Nora")
    expect(why(agent, person)).to_have_text("On hold: message to review")
    agent.goto("/reviews")
    card(agent, "Nora Nichts").get_by_role("button", name="Not a stop").focus()
    agent.keyboard.press("Space")
    expect(card(agent, "Nora Nichts").get_by_role("status")).to_contain_text("no longer on hold")
    agent.goto("/opt-in?q=Nora")
    expect(why(agent, person)).to_have_text("web form · 1 h ago")


def test_the_second_of_two_hears_what_the_first_decided(agent: Page, desk: Desk, guard: Guard) -> None:
    guard.expect("status of 409")
    person = a_customer(desk, "Zwei Leute")
    hold(desk, person, "stop it, would you")
    agent.goto("/reviews")
    second = agent.context.new_page()
    second.goto("/reviews")
    card(agent, "Zwei Leute").get_by_role("button", name="Opt out").click()
    expect(card(agent, "Zwei Leute").get_by_role("status")).to_be_visible()
    card(second, "Zwei Leute").get_by_role("button", name="Not a stop").click()
    expect(card(second, "Zwei Leute").get_by_role("status")).to_contain_text("opted out")


def test_the_navigation_counts_what_waits(agent: Page, desk: Desk) -> None:
    agent.goto("/opt-in")
    badge = agent.get_by_role("link", name="Reviews").locator(".badge")
    waiting = int(badge.inner_text().split()[0])
    hold(desk, a_customer(desk, "Noch Eine"), "stop, maybe")
    agent.reload()
    expect(badge).to_contain_text(str(waiting + 1))
