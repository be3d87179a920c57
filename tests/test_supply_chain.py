"""What Heed is made of: locked with hashes, the image's part as it is tested, licences that fit."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bin import audit, licences

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted(ROOT.glob("requirements*.lock"))
MAY_RUN_HEED = {
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "LGPL-3.0-only", "MIT", "MIT-0", "PSF-2.0",
    "Unlicense", "Zlib",
}  # fmt: skip
"""What may be installed beside a program under the Apache License without changing what others may do."""


def blocks(lock: Path) -> dict[str, str]:
    """Each pin of a lock, with its markers and hashes."""
    text = lock.read_text(encoding="utf-8")
    return {block.split("\n")[0]: block for block in re.split(r"\n(?=\S)", text.strip())}


def names(lock: Path) -> set[str]:
    return {name for name, _ in licences.PIN.findall(lock.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_package_is_pinned_with_hashes_and_comes_from_no_address(lock):
    for pin, block in blocks(lock).items():
        assert re.match(r"[\w.-]+==[\w.]+( ;.*)? \\$", pin), pin
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), pin
        assert "://" not in block


@pytest.mark.parametrize("part", ["production", "build"])
def test_the_image_is_made_of_what_is_tested(part):
    tested = {
        re.sub(r" ;.*", "", pin).rstrip(" \\"): block
        for pin, block in blocks(ROOT / "requirements.lock").items()
    }
    for pin, block in blocks(ROOT / f"requirements-{part}.lock").items():
        same = tested[re.sub(r" ;.*", "", pin).rstrip(" \\")]
        assert set(re.findall("sha256:.*[0-9a-f]", block)) == set(re.findall("sha256:.*[0-9a-f]", same)), pin


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements-production.lock", lambda project: project["project"]["dependencies"]),
        ("requirements.lock", lambda project: project["project"]["optional-dependencies"]["dev"]),
        ("requirements-build.lock", lambda project: project["dependency-groups"]["build"]),
        ("requirements-audit.lock", lambda project: project["dependency-groups"]["audit"]),
    ],
)
def test_whatever_the_project_asks_for_is_locked(lock, wanted):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = {re.split(r"[\[>=; ]", one)[0] for one in wanted(project)}
    assert asked <= names(ROOT / lock), "run bin/lock"


def test_the_list_of_licences_is_the_one_of_the_locks():
    assert licences.FILE.read_text(encoding="utf-8") == licences.table(), "run bin/lock"


def test_nothing_that_runs_heed_has_a_licence_that_does_not_fit():
    for name in names(ROOT / "requirements-production.lock"):
        parts = re.split(r" (AND|OR) ", licences.licence(name))
        assert set(parts) - {"AND", "OR"} <= MAY_RUN_HEED, name


def test_bandit_finds_nothing_that_has_no_reason():
    command = [sys.executable, "-m", "bandit", "--quiet", "--configfile", "pyproject.toml", "--recursive"]
    ended = subprocess.run(
        [*command, "webapp", "bin", "migrations", "gunicorn.conf.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout


PIP_AUDIT = """#!{python}
import json, sys
file, answers = sys.argv[-1].rpartition("/")[2], {answers!r}
if file not in answers:
    sys.exit("ConnectionError: nobody there")
print("Found what there was", file=sys.stderr)
print(json.dumps({{"dependencies": answers[file], "fixes": []}}))
sys.exit(1)
"""
FAULTY = {"name": "django", "version": "2.2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": []}]}
SOUND = {"name": "flask", "version": "3.1.3", "vulns": []}
BROKEN = {"name": "click", "version": "8.5.1", "vulns": [{"id": "PYSEC-2", "fix_versions": ["8.5.2"]}]}
SKIPPED = {"name": "jinja2", "skip_reason": "not found"}
CANARY, LOCK = "known-faulty.txt", "requirements.lock"


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ({CANARY: [FAULTY], LOCK: [SOUND]}, audit.CLEAN, "CLEAN"),
        (
            {CANARY: [FAULTY], LOCK: [SOUND, BROKEN]},
            audit.VULNERABLE,
            "click 8.5.1: PYSEC-2, mended in 8.5.2",
        ),
        ({CANARY: [FAULTY], LOCK: [SOUND, SKIPPED]}, audit.NOT_ASKED, "COULD NOT ASK: jinja2: not found"),
        ({CANARY: [FAULTY], LOCK: [SKIPPED, BROKEN]}, audit.VULNERABLE, "COULD NOT ASK: jinja2"),
        ({CANARY: [FAULTY], LOCK: []}, audit.NOT_ASKED, "COULD NOT ASK: requirements.lock"),
        ({CANARY: [FAULTY]}, audit.NOT_ASKED, "COULD NOT ASK: requirements.lock"),
        ({CANARY: [{**FAULTY, "vulns": []}], LOCK: [SOUND]}, audit.NOT_ASKED, "not even of django"),
        ({CANARY: [SKIPPED], LOCK: [SOUND]}, audit.NOT_ASKED, "not even of django"),
        ({}, audit.NOT_ASKED, "not even of django"),
    ],
)
def test_nothing_is_called_clean_that_nobody_could_ask_about(tmp_path, answers, code, words):
    tool = tmp_path / "pip-audit"
    tool.write_text(PIP_AUDIT.format(python=sys.executable, answers=answers), encoding="utf-8")
    tool.chmod(0o700)
    verdict = audit.audit(tool, (LOCK,))
    assert (verdict.code, words in "\n".join(verdict.words())) == (code, True)


def test_without_the_tool_nothing_is_called_clean(tmp_path):
    assert audit.audit(tmp_path / "missing", (LOCK,)).code == audit.NOT_ASKED
