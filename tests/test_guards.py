"""The page of guards names code and tests that exist, so that it cannot outlive them unseen."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| (?P<guard>[^|`]+) \| `(?P<where>[^`]+)` \| `(?P<test>[^`]+)` \| (?P<seen>yes|) ?\|$")


def rows() -> list[re.Match[str]]:
    lines = (ROOT / "docs" / "guards.md").read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if line.startswith("| ") and "`" in line]
    return [row for line in told if (row := ROW.match(line)) or pytest.fail(f"no row of guards: {line}")]


def defines(file: str, name: str) -> bool:
    """Whether a function, a class or a constant of this name stands in the file."""
    source = (ROOT / file).read_text(encoding="utf-8")
    return (
        re.search(rf"^\s*((async )?def {name}\(|class {name}\b|{name}\b.*=)", source, re.MULTILINE)
        is not None
    )


def test_each_guard_names_code_and_a_test_that_exist():
    gone = [
        f"{file}::{name}"
        for row in rows()
        for file, name in (row["where"].rsplit(":", 1), row["test"].split("::"))
        if not ((ROOT / file).is_file() and defines(file, name))
    ]
    assert not gone


def test_each_promise_of_the_readme_has_guards():
    page = (ROOT / "docs" / "guards.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    bare = [section.splitlines()[0] for section in sections if not any(map(ROW.match, section.splitlines()))]
    assert not bare
    assert len(sections) >= 8
