"""On a phone of 390 px: cards, a drawer, the navigation at the thumb, dialogs that fill the screen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.desk import Desk
from e2e.people import a_customer
from e2e.table import TABLE, dialog, row, switch
from webapp.consent.rules import Status

WIDTH, HEIGHT = 390, 844
THUMB = 44


@pytest.fixture
def phone(browse: Callable[..., Page]) -> Page:
    return browse("agent", viewport={"width": WIDTH, "height": HEIGHT}, has_touch=True)


def box(element: Locator) -> dict[str, float]:
    found = element.bounding_box()
    assert found, f"{element} is not shown"
    return {**found, "right": found["x"] + found["width"], "bottom": found["y"] + found["height"]}


def test_each_customer_is_a_card_with_its_switch_and_state(phone: Page, desk: Desk) -> None:
    person = a_customer(desk, "Conceição Ferreira de Albuquerque e Nascimento", Status.OPTED_OUT)
    phone.goto(TABLE)
    card = box(row(phone, person))
    assert card["x"] == 0
    assert card["width"] == WIDTH
    expect(phone.locator(".customers thead")).to_be_hidden()
    expect(row(phone, person).locator(".state")).to_have_text("Opted Out")
    name = box(row(phone, person).locator(".name"))
    state = box(row(phone, person).locator(".state"))
    assert name["bottom"] <= state["y"]


def test_filters_live_in_a_drawer(phone: Page) -> None:
    phone.goto(TABLE)
    expect(phone.get_by_role("radio", name="Opted Out")).to_be_hidden()
    phone.get_by_role("button", name="Filters").tap()
    phone.get_by_role("radio", name="Opted Out").tap()
    expect(phone.locator(".found .chip")).to_have_text(["Opted Out: Opted Out"])
    phone.get_by_role("button", name="Close filters").tap()
    expect(phone.get_by_role("radio", name="Opted Out")).to_be_hidden()
    expect(phone.get_by_role("button", name="Filters 1")).to_be_visible()


def test_the_navigation_is_at_the_foot_and_more_opens_the_menu(phone: Page) -> None:
    phone.goto("/customers")
    navigation = box(phone.get_by_role("navigation", name="Main"))
    assert navigation["bottom"] == HEIGHT
    phone.get_by_role("button", name="More").tap()
    expect(phone.locator("#menu").get_by_role("link", name="Guide")).to_be_visible()
    phone.locator("#menu").get_by_role("link", name="Guide").tap()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Guide")


def test_the_longest_menu_fits_and_its_ends_are_reached(browse: Callable[..., Page]) -> None:
    phone = browse("admin", viewport={"width": WIDTH, "height": 600}, has_touch=True)
    phone.goto("/guide")
    phone.get_by_role("button", name="More").tap()
    menu = box(phone.locator("#menu"))
    assert menu["y"] >= 0
    assert menu["bottom"] <= 600
    for name in ("Your account", "Sign out"):
        expect(phone.locator("#menu").get_by_text(name)).to_be_in_viewport()
        phone.locator("#menu").evaluate("menu => menu.scrollTo(0, menu.scrollHeight)")


@pytest.mark.parametrize("width", [761, 768])
def test_on_a_tablet_the_top_bar_fits_also_when_it_says_that_the_page_is_not_live(
    browse: Callable[..., Page], width: int
) -> None:
    tablet = browse("admin", viewport={"width": width, "height": 1024})
    tablet.goto("/opt-in")
    menu = tablet.get_by_role("button", name="Menu of")
    for word in ("Live", "not live: reconnecting"):
        expect(tablet.locator("#live-word")).to_have_text(word)
        assert box(menu)["right"] <= width
        assert (
            box(tablet.get_by_role("link", name="Reports"))["right"] <= box(tablet.locator("#live-word"))["x"]
        )
        tablet.evaluate("dispatchEvent(new Event('offline'))")
    assert tablet.evaluate("document.scrollingElement.scrollWidth") == width


def test_each_number_can_be_read_to_its_end_beside_the_filters_or_below_them(
    browse: Callable[..., Page],
) -> None:
    page = browse("manager")
    page.goto("/opt-in?per_page=100")
    numbers = page.locator("tr.customer th .sub")
    assert numbers.count() >= 50
    for width in (768, 901, 1023, 1024, 1201):
        page.set_viewport_size({"width": width, "height": 768})
        cut = numbers.evaluate_all("all => all.filter((it) => it.scrollWidth > it.clientWidth).length")
        assert cut == 0, width


def test_at_four_times_the_size_nothing_scrolls_sideways(browse: Callable[..., Page]) -> None:
    """A window of 1,280 px at 400 % is 320 px wide."""
    page = browse("admin", viewport={"width": 320, "height": 256})
    for path in ("/opt-in", "/users", "/reviews"):
        page.goto(path)
        assert page.evaluate("document.scrollingElement.scrollWidth") == 320, path


COVERED = """() => [...document.querySelectorAll("main :is(a, button, input, select)")]
  .filter((it) => it.checkVisibility({ visibilityProperty: true }))
  .filter((it) => !it.closest(":disabled, .step-foot, .selection, thead"))
  .filter((it) => {
    it.focus();
    const { left, top, width, height } = it.getBoundingClientRect();
    const seen = document.elementFromPoint(left + width / 2, top + height / 2);
    return seen?.closest(".nav, .step-foot, .selection");
  }).map((it) => it.id)"""


@pytest.mark.parametrize(
    ("path", "width"),
    [
        ("/tags", 720),
        ("/events", 720),
        ("/campaigns/1/edit/audience", 720),
        ("/campaigns/1/edit/audience", 1440),
        ("/opt-in?per_page=25", 720),
    ],
)
def test_what_has_the_focus_is_not_hidden_by_what_stands_at_the_foot(
    browse: Callable[..., Page], path: str, width: int
) -> None:
    """A laptop at 200 % is as narrow as this, and has a keyboard."""
    page = browse("manager", viewport={"width": width, "height": 450})
    page.goto(path)
    assert page.evaluate(COVERED) == []
    for first in page.locator(".customer .c-select input").all()[:1]:
        first.check()
        assert page.evaluate(COVERED) == []


def test_what_is_touched_most_is_large_enough(phone: Page, desk: Desk) -> None:
    a_customer(desk, "Dora Daumen")
    phone.goto(TABLE)
    for control in (
        switch(phone, "Dora Daumen"),
        phone.get_by_role("button", name="Edit Dora Daumen"),
        phone.get_by_role("button", name="Filters"),
        phone.get_by_role("searchbox", name="Search"),
        phone.get_by_role("button", name="Opt-In / Opt-Out Settings"),
        phone.get_by_role("link", name="Reviews"),
    ):
        assert box(control)["width"] >= THUMB, control
    heights = [box(phone.get_by_role("button", name="Filters"))["height"]]
    heights += [box(phone.get_by_role("searchbox", name="Search"))["height"]]
    heights += [box(phone.get_by_role("link", name="Reviews"))["height"]]
    assert min(heights) >= THUMB


def test_a_tap_opts_out(phone: Page, desk: Desk) -> None:
    person = a_customer(desk, "Elsa Tipp")
    phone.goto(TABLE)
    switch(phone, "Elsa Tipp").tap()
    expect(row(phone, person).locator(".state")).to_have_text("Opted Out")


@pytest.mark.parametrize(
    ("opener", "title"),
    [
        ("Opt-In / Opt-Out Settings", "Opt-In / Opt-Out Settings"),
        ("Record consent: Fina Voll", "Record consent — Fina Voll"),
        ("Edit Fina Voll", "Edit Customer"),
    ],
)
def test_a_dialog_fills_the_screen_with_its_foot_in_sight(
    phone: Page, desk: Desk, opener: str, title: str
) -> None:
    a_customer(desk, "Fina Voll", Status.UNKNOWN)
    phone.goto(TABLE)
    phone.get_by_role("button", name=opener).first.tap()
    opened = dialog(phone, title)
    expect(opened).to_be_visible()
    size = box(opened)
    assert (size["x"], size["y"], size["width"], size["height"]) == (0, 0, WIDTH, HEIGHT)
    assert box(opened.locator(".dialog-foot"))["bottom"] == HEIGHT
    assert box(opened.locator(".dialog-foot .button").last)["height"] >= THUMB


def test_a_short_choice_is_not_as_wide_as_the_page(browse: Callable[..., Page]) -> None:
    page = browse("admin", viewport={"width": 1280, "height": 900})
    page.goto("/users")
    box = page.get_by_label("A second step is asked of").bounding_box()
    assert box
    assert box["width"] <= 320
