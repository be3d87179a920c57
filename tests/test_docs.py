"""What is written for people is found from the README, leads somewhere, and names what there is."""

import re
from pathlib import Path

import click
import pytest

from tests.test_guards import defines
from webapp.cli import heed
from webapp.config import NAMES

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/*.md"))]
LINK = re.compile(r"\]\((?!https?://)([^)#]+)")


def links(page: Path) -> set[Path]:
    return {(page.parent / target).resolve() for target in LINK.findall(page.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page):
    assert [str(target) for target in links(page) if not target.exists()] == []


def test_every_page_is_reached_from_the_readme():
    assert set(ROOT.glob("docs/*.md")) <= links(ROOT / "README.md")


def test_what_the_page_on_asvs_names_exists():
    page = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:webapp|tests|templates|static|deploy|bin)/[^`:]+)(?:::?([^`:]+))?`", page)
    assert named
    gone = [
        (file, name) for file, name in named
        if not (ROOT / file).exists() or (name and not defines(file, name))
    ]  # fmt: skip
    assert gone == []


def reference(heading: str) -> str:
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def test_every_setting_is_explained_and_stands_in_the_example():
    explained = set(re.findall(r"`([A-Z_]+)`", reference("Settings")))
    example = set(
        re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert explained >= NAMES
    assert example == NAMES


def commands(group: click.Group, name: str) -> set[str]:
    found: set[str] = set()
    for part, command in group.commands.items():
        whole = f"{name} {part}"
        found |= commands(command, whole) if isinstance(command, click.Group) else {whole}
    return found


def test_every_command_is_explained():
    explained = set(re.findall(r"`(heed(?: [a-z][a-z-]*)+)", reference("Commands")))
    assert explained == commands(heed, "heed")
