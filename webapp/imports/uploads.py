"""Files that somebody brings: they lie in the data folder under a random name, and are never served."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flask import current_app

from webapp.customers.importing.rejects import rejected_path
from webapp.customers.text import one_line

LARGEST_FILE = 200 * 1024 * 1024
"""Bytes: a million rows with room for all that people keep in lists."""
LONGEST_NAME = 200
CHUNK_BYTES = 1 << 20
FOLDER = "imports"
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
AS_CSV = "In your spreadsheet choose “Save as” or “Download”, then “CSV UTF-8”, and bring that file."


class UnusableUpload(ValueError):
    """This file is no list; the message is a sentence that says why."""


@dataclass(frozen=True)
class Stored:
    """A file in the data folder. `lines` are counted by their ends, so a cell of two lines counts twice."""

    name: str
    stored: str
    sha256: str
    size: int
    lines: int


def keep(file: IO[bytes], name: str) -> Stored:
    """Store the file for good, as much at a time as fits in memory. Raises UnusableUpload."""
    file.seek(0)
    _check(file.read(CHUNK_BYTES))
    file.seek(0)
    stored = secrets.token_hex(16)
    path(stored).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        sha256, size, lines = _copy(file, path(stored))
    except BaseException:
        forget(stored)
        raise
    return Stored(_shown(name), stored, sha256, size, lines)


def path(stored: str) -> Path:
    return Path(current_app.config["HEED"].data_dir) / FOLDER / f"{stored}.csv"


def refused_path(stored: str) -> Path:
    """Of the rows that were refused; an erasure takes people off a file of this name."""
    return rejected_path(path(stored))


def part_path(stored: str) -> Path:
    """Of the refused rows while the import goes on."""
    refused = refused_path(stored)
    return refused.with_name(f"{refused.name}.part")


def forget(stored: str) -> None:
    path(stored).unlink(missing_ok=True)


def forget_all(stored: str) -> None:
    """The refused rows, too."""
    for each in (path(stored), refused_path(stored), part_path(stored)):
        each.unlink(missing_ok=True)


def everything() -> list[Path]:
    """What lies in the folder."""
    return sorted(path("any").parent.glob("*.csv*"))


def _check(head: bytes) -> None:
    if not head:
        raise UnusableUpload("This file is empty. Choose another one.")
    if head.startswith(WORKBOOKS):
        raise UnusableUpload(f"This file is a workbook. {AS_CSV}")
    if not is_text(head):
        raise UnusableUpload(f"This file is no text. {AS_CSV}")


def is_text(head: bytes) -> bool:
    """Whether it may be a table; of text in UTF-16 every other byte may be zero."""
    if head.startswith(BYTE_ORDER_MARKS):
        return True
    zeros = head[::2].count(0), head[1::2].count(0)
    as_utf_16 = min(zeros) == 0 and max(zeros) * 4 > len(head) / 2
    return (not any(zeros) or as_utf_16) and not head.startswith((b"%PDF-", b"\x89PNG"))


def _copy(file: IO[bytes], target: Path) -> tuple[str, int, int]:
    digest, size, feeds, returns, last = hashlib.sha256(), 0, 0, 0, b""
    with os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as written:
        while chunk := file.read(CHUNK_BYTES):
            size += len(chunk)
            if size > LARGEST_FILE:
                raise UnusableUpload(f"This file is larger than {LARGEST_FILE // 1024**2} MB. Split it up.")
            digest.update(chunk)
            ends = chunk.count(b"\n"), chunk.count(b"\r")
            if len(chunk) == CHUNK_BYTES and not any(ends):  # a line is read into memory as a whole
                raise UnusableUpload(f"This file has a line of a megabyte, so it is no list. {AS_CSV}")
            feeds, returns = feeds + ends[0], returns + ends[1]
            written.write(chunk)
            last = chunk[-2:]
        written.flush()
        os.fsync(written.fileno())
    unended = not last.strip(b"\0").endswith((b"\n", b"\r"))
    return digest.hexdigest(), size, (feeds or returns) + unended


def _shown(name: str) -> str:
    """The file's name without folders, as a line of text."""
    return one_line(name.replace("\\", "/").rpartition("/")[2])[:LONGEST_NAME] or "list.csv"
