"""What all journeys share: a desk, browsers that are signed in, and a guard that listens to every page."""

import fcntl
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import BrowserContext, Page, Playwright, expect

import bin.browser
from e2e.desk import Desk, opened, stock
from e2e.guard import Guard
from tests.log_watch import log_watch  # noqa: F401 - each journey is watched
from tests.postgres import roomy_place

QUIET = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 10_000
"""Milliseconds after which a journey gives up: four browsers on two cores may be slow."""


def pytest_configure() -> None:
    """The desks lie in memory if there is plenty: each change that is saved would wait for the disk."""
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", roomy_place())
    expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


def pytest_collection_finish() -> None:
    """Modules and journeys live until the end: looking through them each time costs much."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], playwright: Playwright
) -> dict[str, Any]:
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {
        **browser_type_launch_args,
        "executable_path": bin.browser.find(playwright),
        "args": QUIET + as_root,
    }


@pytest.fixture(scope="session")
def base_url() -> None:
    """Each file of journeys has a desk of its own, so the address is given to each context. The plugin's
    fixture of this name is written in a way that pytest warns of."""


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the processes of one run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def stocked(common: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stocked by the process that comes first, for all: doing it takes longer than any journey."""
    ready = common / "stocked"
    with open(common / "stocked.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            making = tmp_path_factory.mktemp("making")
            stock(making / "heed.db")
            making.rename(ready)
    return ready / "heed.db"


@pytest.fixture(scope="session")
def compiled(common: Path) -> FileSystemBytecodeCache:
    (common / "templates").mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(common / "templates"))


@pytest.fixture(scope="module")
def desk(
    stocked: Path, compiled: FileSystemBytecodeCache, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """One desk per file of journeys; each journey brings the customers that it changes."""
    with opened(stocked, tmp_path_factory.mktemp("desk"), compiled) as desk:
        yield desk


@pytest.fixture(autouse=True)
def guard() -> Iterator[Guard]:
    """No page may complain; `guard.expect` names the complaints that a journey provokes."""
    guard = Guard()
    yield guard
    guard.check()


@pytest.fixture
def new_context(
    new_context: Callable[..., BrowserContext], guard: Guard, desk: Desk
) -> Callable[..., BrowserContext]:
    def watched(**options: Any) -> BrowserContext:
        context = new_context(**{"base_url": desk.url, "reduced_motion": "reduce", **options})
        context.set_default_timeout(PATIENCE)
        guard.watch(context)
        return context

    return watched


@pytest.fixture
def browse(new_context: Callable[..., BrowserContext], desk: Desk) -> Callable[..., Page]:
    """A browser that somebody of this role has signed in with: `browse("agent")`."""

    def signed_in(role: str = "agent", **options: Any) -> Page:
        context = new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        context.request.get(desk.sign_in_link(role), max_redirects=0)
        return context.new_page()

    return signed_in


@pytest.fixture
def agent(browse: Callable[..., Page]) -> Page:
    return browse("agent")
