"""What a backup is: a folder of parts and `manifest.json`, which tells what they are and how to know them
again."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from webapp.backups.refusals import NoBackup, Refused
from webapp.customers.erasure.suppression_key import sync

FILE = "manifest.json"
FORMAT = 1
SQLITE, POSTGRESQL = "heed.db", "heed.dump"
EVIDENCE = "evidence"
AT_ONCE = 1024 * 1024
"""Bytes that are copied at once."""


@dataclass
class Manifest:
    """`taken_at` is before everything that the backup holds; `mark` is the last entry of the opt-out
    journal."""

    heed: str
    schema: str
    engine: str
    taken_at: datetime
    mark: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    """Rows, and `last_event`: the position of the ledger."""
    lacking: list[str] = field(default_factory=list)
    """Files of evidence that were gone, as an erasure leaves them."""
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By its path in the folder: `sha256` and `bytes`."""

    def write(self, folder: Path) -> None:
        told = {"format": FORMAT, **asdict(self), "taken_at": self.taken_at.isoformat()}
        (folder / FILE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")

    @property
    def database(self) -> str:
        return SQLITE if self.engine == "sqlite" else POSTGRESQL


def read(folder: Path) -> Manifest:
    """Raises NoBackup, and Refused for one of a later Heed."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if told.pop("format") != FORMAT:
            raise Refused("This backup was made by a newer Heed. Install that version, then restore.")
        found = Manifest(**told | {"taken_at": datetime.fromisoformat(told["taken_at"]).astimezone(UTC)})
        names = [PurePosixPath(name) for name in found.parts]
        _demand_types(found)
    except (OSError, ValueError, OverflowError, KeyError, TypeError, AttributeError) as problem:
        raise NoBackup(
            f"{folder} holds no backup: {FILE} cannot be read ({type(problem).__name__})."
        ) from None
    outside = any(name.is_absolute() or ".." in name.parts or "\0" in str(name) for name in names)
    if outside or found.database not in found.parts:
        raise NoBackup(f"{folder} holds no backup: {FILE} names other files.")
    return found


def _demand_types(found: Manifest) -> None:
    """Raises TypeError, or what else says so, for what `Manifest.write` did not write."""
    hashes = [part["sha256"] for part in found.parts.values()]
    numbers = [part["bytes"] for part in found.parts.values()]
    numbers += found.counts.values()
    if not all(isinstance(each, str) for each in hashes) or not all(isinstance(n, int) for n in numbers):
        raise TypeError


def keep(manifest: Manifest, folder: Path, name: str, source: Path | None = None) -> None:
    """Put a part into the manifest, and onto the disk for good; copied from `source` if it is not there
    yet."""
    part = folder / name
    if source is not None:
        part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(source, part)
    part.chmod(0o600)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
        manifest.parts[name] = {
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": part.stat().st_size
        }  # fmt: skip
    sync(part.parent)


def check_parts(manifest: Manifest, folder: Path) -> None:
    """Raises Refused for the first part that is not what the manifest says."""
    for name, told in manifest.parts.items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            raise Refused(f"{name} is missing in this backup, or cannot be read. Take another one.") from None
        if found != told["sha256"]:
            raise Refused(f"{name} in this backup is not what was written. Take another one.")


def all_in(folder: Path) -> Iterator[Path]:
    """The backups in a folder, the newest first."""
    yield from sorted((each.parent for each in folder.glob(f"heed-*Z/{FILE}")), reverse=True)
