"""How long pages of the customers' table take on a large desk, against a floor of the same run.

    python -m bench.pages --url sqlite:///desk.db --customers 1000000 [--rounds 11]

The desk is one of `bench.generate`. gunicorn runs as the Procfile starts it, and a signed-in browser asks
over one kept connection. The floor is the same page with everything from memory (`bench.floor`). Each page
is asked right beside what it is compared with, round by round; what counts is the median of these ratios.
Filters are compared with those of a desk of 10,000 customers, too. Consent that is switched off is undone,
tags that are given are taken again.
"""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial

from bench import statements
from bench.browser import Browser, Unexpected, desk_app, sign_in_link
from bench.changes import Changes
from bench.desks import asked_for, beside
from bench.filters import COMBINED, SINGLE, address
from bench.generate import generate
from bench.ratios import Act, Pair, compared, worst
from bench.results import Desk, Measured
from bench.table import table
from bench.webhook import serving

FIRST = "/opt-in"
SMALL = 10_000
MOST_STATEMENTS = 4
FLOORS = {"SQLite": 1.5, "PostgreSQL": 2.0}
ROUNDS = 11


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    with asked_for(parser) as (desk, wishes):
        print(table(measure(desk, wishes.rounds)))


def measure(desk: Desk, rounds: int = ROUNDS) -> list[Measured]:
    """Goals of pages, each by the worst page that it is about."""
    with beside(desk, "small") as small_url, ExitStack() as until_end:
        generate(small_url, SMALL)
        enter = until_end.enter_context
        here = enter(browser(desk.url, desk.folder))
        floor = enter(browser(desk.url, desk.folder, "bench.floor:create_app()"))
        small = enter(browser(small_url, desk.folder))
        expect_same(here, floor)
        found = compared(pairs(desk, here, floor, small), rounds)
        most, url = statements.most(desk, [FIRST, *map(address, (*SINGLE.values(), *COMBINED.values()))])
    return [
        *worst(found, desk.engine),
        Measured("statements of a page", desk.engine, most, MOST_STATEMENTS, "", why=url),
    ]


def pairs(desk: Desk, here: Browser, floor: Browser, small: Browser) -> Iterator[Pair]:
    """What is measured, and what beside it."""
    first = partial(rows, here, FIRST)
    yield Pair("first page", "", first, partial(rows, floor, FIRST), FLOORS[desk.engine], "× floor")
    yield Pair("page 10,000", "", partial(rows, here, deep(desk.customers)), first, 1.2, "× first page")
    for name, conditions in SINGLE.items():
        url = address(conditions)
        counted, at_small = partial(found, here, url), partial(found, small, url)
        yield Pair("one filter or search, counted", name, counted, first, 2, "× first page")
        yield Pair("one filter, of that at 10,000", name, counted, at_small, 2, "×")
        yield from later(here, url, "one filter, states", name, first)
    for name, conditions in COMBINED.items():
        url = address(conditions)
        shown, at_small = partial(rows, here, url), partial(rows, small, url)
        yield Pair("combined filters, rows", name, shown, first, 3, "× first page")
        yield Pair("combined filters, of those at 10,000", name, shown, at_small, 4, "×")
        yield from later(here, url, "combined filters, total", name, first)
    changes = Changes(here)
    yield Pair("a toggle", "", changes.toggle, first, 1.5, "× first page")
    yield Pair("a bulk change of 100", "", changes.bulk, changes.three_toggles, 1, "× 3 toggles and its rows")


def rows(browser: Browser, url: str, behind: str = "") -> float:
    return browser.get(url, behind).ms


def found(browser: Browser, url: str) -> float:
    """Rows and their number, in one request or in two."""
    page = browser.get(url)
    return page.ms if page.says_how_many else page.ms + rows(browser, page.count_url, behind=url)


def later(browser: Browser, url: str, goal: str, name: str, first: Act) -> Iterator[Pair]:
    """The numbers that a page asks for by a second request; nothing where it has all."""
    if count_url := browser.get(url).count_url:
        yield Pair(goal, name, partial(rows, browser, count_url, behind=url), first, 10, "× first page")


def deep(customers: int) -> str:
    """The page that 9,999 pages of 50 lie before, on a smaller desk the one in its middle."""
    return f"{FIRST}?after={customers - min(9_999 * 50, customers // 2) + 1}"


def expect_same(here: Browser, floor: Browser) -> None:
    """The floor is the very page, or the ratio says nothing."""
    if here.get(FIRST).unstamped != floor.get(FIRST).unstamped:
        raise Unexpected("The page from memory differs from the page.")


@contextmanager
def browser(url: str, folder: str, app: str = "") -> Iterator[Browser]:
    """Somebody who is signed in at a web part of their own."""
    with serving(url, folder, app) as port, closing(Browser(port)) as opened:
        opened.sign_in(sign_in_link(desk_app(url, folder)))
        yield opened


if __name__ == "__main__":
    main()
