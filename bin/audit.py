"""`make audit`: is an advisory known for what is locked? 0 no, 1 yes, 2 nobody could be asked.

pip-audit says "no known vulnerabilities" of a package that nobody told it about, too. So "clean" is said only
when every package was looked up, and when an old package whose faults everybody knows was told to have some.
"""

import json
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-audit.lock", "requirements-build.lock")
KNOWN_FAULTY = "django==2.2.0"
CLEAN, VULNERABLE, NOT_ASKED = 0, 1, 2
SECONDS = 300


@dataclass
class Verdict:
    """What the answers for all packages come to."""

    advisories: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        return VULNERABLE if self.advisories else NOT_ASKED if self.not_asked else CLEAN

    def words(self) -> list[str]:
        lines = [f"VULNERABLE: {line}" for line in self.advisories]
        lines += [f"COULD NOT ASK: {line}" for line in self.not_asked]
        return lines or ["CLEAN: no advisory is known for what is locked."]


def main() -> int:
    verdict = audit(installed_tool(), LOCKS)
    print("\n".join(verdict.words()))
    return verdict.code


def installed_tool() -> Path:
    """pip-audit, from its own lock in a venv of its own."""
    folder = Path(sys.prefix) / "audit"
    tool, python = folder / "bin" / "pip-audit", folder / "bin" / "python"
    if not tool.exists():
        venv.create(folder, with_pip=True)
        lock = ["--require-hashes", "-r", ROOT / "requirements-audit.lock"]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *lock], check=False)
    return tool


def audit(tool: Path, locks: tuple[str, ...]) -> Verdict:
    """Ask for what the locks hold; the one that is known to be faulty shows what the answers are worth."""
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as folder:
        canary = Path(folder) / "known-faulty.txt"
        canary.write_text(KNOWN_FAULTY + "\n", encoding="utf-8")
        told = ask(tool, canary)
    if not (told and told[0].get("vulns")):
        verdict.not_asked.append(f"no advisories are told here, not even of {KNOWN_FAULTY}.")
        return verdict
    for lock in locks:
        judge(verdict, lock, ask(tool, ROOT / lock))
    return verdict


def ask(tool: Path, file: Path) -> list[dict[str, Any]] | None:
    """What pip-audit says of each package of a file; None when it said nothing that can be read."""
    command = [
        tool,
        "--disable-pip",
        "--no-deps",
        "--format",
        "json",
        "--progress-spinner",
        "off",
        "-r",
        file,
    ]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        return list(json.loads(ended.stdout)["dependencies"])
    except (OSError, subprocess.TimeoutExpired, ValueError, LookupError, TypeError):
        return None


def judge(verdict: Verdict, lock: str, told: list[dict[str, Any]] | None) -> None:
    if not told:
        verdict.not_asked.append(f"{lock} was not read.")
    for package in told or []:
        if "vulns" not in package:
            verdict.not_asked.append(f"{package.get('name')}: {package.get('skip_reason')}")
        for advisory in package.get("vulns", []):
            mended = ", ".join(advisory.get("fix_versions") or []) or "no version yet"
            verdict.advisories.append(
                f"{package['name']} {package['version']}: {advisory['id']}, mended in {mended}"
            )


if __name__ == "__main__":
    sys.exit(main())
