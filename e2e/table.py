"""Where things stand in the customers table."""

from playwright.sync_api import Locator, Page

TABLE = "/opt-in?per_page=25"
"""The Opt-In/Out page with its newest customers, in a size that loads fast."""


def row(page: Page, customer: int) -> Locator:
    return page.locator(f"#customer-{customer}")


def switch(page: Page, name: str) -> Locator:
    return page.get_by_role("switch", name=f"Opted Out: {name}", exact=True)


def why(page: Page, customer: int) -> Locator:
    """The line below the state."""
    return row(page, customer).locator(".consent .sub")


def count_of(page: Page, state: str) -> Locator:
    """The number beside a state in the filters: `count_of(page, "opted_out")`."""
    return page.locator("label", has=page.locator(f"#state-{state}")).locator(".count")


def dialog(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog", name=name)


def toast(page: Page) -> Locator:
    return page.locator("#toasts .toast")


def without_news(page: Page) -> None:
    """The page goes on believing what it shows: its poll is told that nothing changed."""
    page.route("**/opt-in/live*", lambda route: route.fulfill(status=304))
