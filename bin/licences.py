"""Writes docs/licences.md: every locked package and vendored folder with its licence. `bin/lock` runs it."""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "licences.md"
PIN = re.compile(r"^([\w.-]+)==([^ ;\\]+)", re.MULTILINE)
PARTS = {
    "Runs Heed": "requirements-production.lock",
    "For developing": "requirements.lock",
    "For `make audit`": "requirements-audit.lock",
}
VENDORED_IN = ("static/vendor", "webapp/vendor", "e2e/vendor")
SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "Apache License": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""What packages write for the same licence, by its SPDX name."""
LOOKED_UP = {
    "async-timeout": "Apache-2.0",
    "boolean-py": "BSD-2-Clause",
    "cachecontrol": "Apache-2.0",
    "certifi": "MPL-2.0",
    "charset-normalizer": "MIT",
    "colorama": "BSD-3-Clause",
    "cyclonedx-python-lib": "Apache-2.0",
    "defusedxml": "PSF-2.0",
    "filelock": "MIT",
    "huey": "MIT",
    "license-expression": "Apache-2.0",
    "msgpack": "Apache-2.0",
    "packageurl-python": "MIT",
    "pip-api": "Apache-2.0",
    "pip-audit": "Apache-2.0",
    "pip-requirements-parser": "MIT",
    "py-serializable": "Apache-2.0",
    "pyparsing": "MIT",
    "pysqlite3": "Zlib",
    "requests": "Apache-2.0",
    "text-unidecode": "Artistic-1.0-Perl",
    "tomli": "MIT",
    "tomli-w": "MIT",
    "tzdata": "Apache-2.0",
    "urllib3": "MIT",
}
"""Of packages that do not say it, or are not installed on every machine that develops Heed."""
HEAD = """# Licences

What Heed is made of besides itself, as locked: written by `bin/licences.py`, compared by a test. Licences
are named as in [SPDX](https://spdx.org/licenses/). `psycopg` is under the LGPL: it is installed as a package
of its own, which anybody may replace. Binary packages carry more inside: `pysqlite3` has SQLite (public
domain), `psycopg-binary` libpq (PostgreSQL) and OpenSSL (Apache-2.0). The hashes of every file stand in the
locks, and in the `VENDOR.txt` of each vendored folder.
"""


def table() -> str:
    """The whole file."""
    return "\n".join([HEAD, *_packages(), *_vendored()]) + "\n"


def _packages() -> Iterator[str]:
    listed: set[tuple[str, str]] = set()
    for title, lock in PARTS.items():
        pins = sorted(set(PIN.findall((ROOT / lock).read_text(encoding="utf-8"))) - listed)
        listed |= set(pins)
        yield f"## {title}\n\n| package | version | licence |\n|---|---|---|"
        yield from (f"| {name} | {version} | {licence(name)} |" for name, version in pins)
        yield ""


def licence(name: str) -> str:
    """Its SPDX name. Raises LookupError when neither the package nor this file says it."""
    if name in LOOKED_UP:
        return LOOKED_UP[name]
    try:
        said = metadata(name)
    except PackageNotFoundError:
        raise LookupError(f"{name} is not installed here: add its licence to LOOKED_UP") from None
    classifiers = [
        line.rpartition(" :: ")[2] for line in said.get_all("Classifier", []) if line.startswith("License")
    ]
    for given in (said.get("License-Expression"), said.get("License"), *classifiers):
        if given and (given in SPELLINGS or re.fullmatch(r"[\w.+-]+( (AND|OR) [\w.+-]+)*", given)):
            return SPELLINGS.get(given, given)
    raise LookupError(f"{name} does not say its licence: look it up and add it to LOOKED_UP")


def _vendored() -> Iterator[str]:
    yield "## Vendored\n\n| folder | version | licence | source |\n|---|---|---|---|"
    for folder in sorted(folder for place in VENDORED_IN for folder in ROOT.glob(f"{place}/*")):
        said = vendor_head(folder)
        yield f"| {folder.relative_to(ROOT)} | {said['version']} | {said['licence']} | {said['source']} |"


def vendor_head(folder: Path) -> dict[str, str]:
    """What VENDOR.txt says of the whole folder."""
    head = (folder / "VENDOR.txt").read_text(encoding="utf-8").partition("\n\n")[0]
    return dict(line.split(": ", 1) for line in head.splitlines())


if __name__ == "__main__":
    try:
        FILE.write_text(table(), encoding="utf-8")
    except LookupError as unknown:
        sys.exit(str(unknown))
