"""Pictures of every page and dialog below e2e/screens, and one page that shows them all."""

from html import escape
from pathlib import Path

from playwright.sync_api import Page

SCREENS = Path(__file__).parent / "screens"
PAGE = """<!doctype html><meta charset="utf-8"><title>Screens</title>
<style>body{{font:13px sans-serif;display:flex;flex-wrap:wrap;gap:16px}}
img{{height:420px;border:1px solid #999}}figure{{margin:0}}</style>
{figures}"""


def take(page: Page, place: str, look: str) -> None:
    SCREENS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENS / f"{place.replace(' ', '-')}.{look}.png", animations="disabled")


def write() -> None:
    """Each worker writes it from what is there; the last one has seen everything."""
    figures = [figure(file.name) for file in sorted(SCREENS.glob("*.png"))]
    (SCREENS / "index.html").write_text(PAGE.format(figures="\n".join(figures)), encoding="utf-8")


def figure(name: str) -> str:
    name = escape(name)
    return f'<figure><a href="{name}"><img src="{name}" alt=""></a><figcaption>{name}</figcaption></figure>'
