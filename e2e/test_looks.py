"""Every page and dialog, light, dark and narrow: axe finds nothing, nothing scrolls sideways; a picture."""

import gzip
import http.client
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, expect

from e2e import contact_sheet
from e2e.desk import Desk
from e2e.guard import TELL_VIOLATIONS, Guard
from e2e.people import a_customer
from e2e.places import PLACES, Place
from e2e.table import TABLE, switch
from webapp.consent.rules import Status

HERE = Path(__file__).parent
AXE = next(HERE.glob("vendor/axe-core-*/axe.min.js"))
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
FIND = """async ([where, rules]) => (await axe.run(where, { runOnly: rules })).violations.flatMap(
  ({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`))"""
OPENED = "dialog[open], .menu:popover-open"
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
MOST_BYTES = 35 * 1024


@pytest.fixture(scope="module", autouse=True)
def sheet() -> Iterator[None]:
    yield
    contact_sheet.write()


@pytest.fixture(scope="module")
def walk(browser: Browser, desk: Desk) -> Iterator[Page]:
    """One page for all places: nothing is changed on the way, and a new page costs more than a look."""
    with browser.new_context(base_url=desk.url, reduced_motion="reduce") as context:
        context.add_init_script(TELL_VIOLATIONS)
        context.request.get(desk.sign_in_link("admin"), max_redirects=0)
        yield context.new_page()


@pytest.fixture
def admin(walk: Page, guard: Guard) -> Iterator[Page]:
    guard.listen(walk.context)
    yield walk
    guard.leave(walk.context)


@pytest.mark.parametrize("place", PLACES, ids=[place.name for place in PLACES])
def test_a_place_is_sound_in_light_in_dark_and_narrow(admin: Page, guard: Guard, place: Place) -> None:
    if place.complaint:
        guard.expect(place.complaint)
    admin.set_viewport_size(WIDE)
    arrive(admin, place)
    for look in ("light", "dark", "narrow"):
        admin.emulate_media(color_scheme="dark" if look == "dark" else "light", reduced_motion="reduce")
        admin.set_viewport_size(NARROW if look == "narrow" else WIDE)
        contact_sheet.take(admin, place.name, look)
        assert faults(admin, OPENED if place.opener else "html") == []
    assert admin.evaluate("document.scrollingElement.scrollWidth") <= NARROW["width"]


@pytest.mark.parametrize("look", ["light", "dark", "narrow"])
def test_the_way_in_is_sound(page: Page, look: str) -> None:
    page.emulate_media(color_scheme="dark" if look == "dark" else "light")
    page.set_viewport_size(NARROW if look == "narrow" else WIDE)
    page.goto("/sign-in")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    contact_sheet.take(page, "sign in", look)
    assert faults(page, "html") == []


def arrive(page: Page, place: Place) -> None:
    page.goto(place.path)
    if place.opener:
        place.opener(page).click()
        expect(page.locator(OPENED)).to_be_visible()
    page.evaluate(AXE.read_text(encoding="utf-8"))


def faults(page: Page, where: str) -> list[str]:
    """What axe finds there; the page behind a dialog is a place of its own."""
    return page.evaluate(FIND, [where, RULES])


def test_high_contrast_shows_what_is_on_and_where_the_focus_is(
    browse: Callable[..., Page], desk: Desk
) -> None:
    page = browse(forced_colors="active")
    a_customer(desk, "Ina In")
    a_customer(desk, "Uta Out", Status.OPTED_OUT)
    page.goto(TABLE)
    drawn = "it => getComputedStyle(it).backgroundColor"
    knob = "it => getComputedStyle(it, '::before').backgroundColor"
    on, off = switch(page, "Uta Out"), switch(page, "Ina In")
    assert on.evaluate(drawn) != off.evaluate(drawn)
    for each in (on, off):
        assert each.evaluate(knob) != each.evaluate(drawn)
    search = page.get_by_label("Search")
    search.focus()
    assert search.evaluate("it => getComputedStyle(it).outlineStyle") == "solid"


def test_paper_gets_the_whole_page_without_its_navigation(browse: Callable[..., Page]) -> None:
    page = browse("admin")
    page.emulate_media(media="print")
    for path in ("/customers/59", "/opt-in?per_page=25", "/events"):
        page.goto(path)
        expect(page.locator("main")).to_be_visible()
        expect(page.locator(".top")).to_be_hidden()
        assert page.locator("body").evaluate("it => getComputedStyle(it).overflowY") == "visible"
        for each in page.locator(".scroll-x, .card.flush").all():
            assert each.evaluate("it => getComputedStyle(it).overflowX") == "visible"


def test_fourteen_rows_are_visible_on_a_laptop(browse: Callable[..., Page]) -> None:
    page = browse("agent", viewport=WIDE)
    page.goto("/opt-in")
    expect(page.get_by_text("This is demo data.")).to_be_visible()
    foot = page.locator(".foot").evaluate("foot => foot.getBoundingClientRect().top")
    rows = page.locator("tr.customer").evaluate_all("rows => rows.map((it) => it.getBoundingClientRect())")
    assert all(48 <= row["height"] <= 52 for row in rows)
    assert len([row for row in rows if row["bottom"] <= foot]) >= 14


def test_a_first_visit_is_light(agent: Page, desk: Desk) -> None:
    cookies = "; ".join(f"{it['name']}={it['value']}" for it in agent.context.cookies(desk.url))
    html, weight = fetched(desk, "/opt-in", cookies)
    page = BeautifulSoup(html, "html.parser")
    parts = [it["href"] for it in page.select("link[rel=stylesheet]")]
    parts += [it["src"] for it in page.select("script[src]")]
    weights = {"/opt-in": weight} | {str(part): fetched(desk, str(part), cookies)[1] for part in parts}
    assert sum(weights.values()) <= MOST_BYTES, weights


def fetched(desk: Desk, path: str, cookies: str) -> tuple[bytes, int]:
    """The content, and how many bytes of it come over the wire."""
    connection = http.client.HTTPConnection(urlsplit(desk.url).netloc, timeout=5)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip", "Cookie": cookies})
    answer = connection.getresponse()
    content = answer.read()
    packed = answer.headers["Content-Encoding"] == "gzip"
    connection.close()
    assert answer.status == http.HTTPStatus.OK
    return gzip.decompress(content) if packed else content, len(content)
