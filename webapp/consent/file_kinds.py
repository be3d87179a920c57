"""Which files may be evidence, told by their bytes alone: how they begin and how they end. Pure.

A file that ends as another kind, or goes on after its end, may be two files in one; what is cut off proves
nothing. Both are refused, whatever their names and headers say.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

LARGEST_FILE = 5 * 1024 * 1024
"""Bytes."""
LONGEST_NAME = 120
KINDS = "PDF, PNG, JPEG or WebP"


class UnusableFile(ValueError):
    """This file is no evidence; the message is a sentence that says why."""


@dataclass(frozen=True)
class FileKind:
    name: str
    media_type: str
    extension: str
    begins: re.Pattern[bytes]
    is_whole: Callable[[bytes], bool]
    """Whether a file that begins as this kind ends as it, too."""


@dataclass(frozen=True)
class Upload:
    """A file that was found to be of its kind. `name` is empty when the one it came with was not harmless."""

    content: bytes
    kind: FileKind
    name: str


def read_upload(content: bytes, name: str) -> Upload:
    """Raises UnusableFile."""
    if not content:
        raise UnusableFile("This file is empty. Choose another one.")
    if len(content) > LARGEST_FILE:
        raise UnusableFile(f"This file is larger than {LARGEST_FILE // 1024**2} MB. Choose a smaller one.")
    kind = next((kind for kind in ALL if kind.begins.match(content)), None)
    if kind is None:
        raise UnusableFile(f"This file is no {KINDS}. Choose another one, or take a picture of it.")
    if not kind.is_whole(content):
        raise UnusableFile(f"This {kind.name} is cut off, or something is appended to it. Save it again.")
    return Upload(content, kind, harmless_name(name))


def harmless_name(name: str) -> str:
    """`name` if it is made of letters, digits and plain signs and begins with one of the former, else "".

    No path, no markup, no formula, no sign that turns the direction of what stands beside it.
    """
    name = unicodedata.normalize("NFC", name)
    plain = all(unicodedata.category(sign)[0] in "LNM" or sign in " ._-(),+" for sign in name)
    return name if plain and name[:1].isalnum() and len(name) <= LONGEST_NAME else ""


def _pdf_is_whole(content: bytes) -> bool:
    end = content.rstrip(b"\r\n\t \0")
    return end.endswith(b"%%EOF") and len(content) - len(end) <= 16 and b"startxref" in end[-1024:]


def _png_is_whole(content: bytes) -> bool:
    """Chunks follow each other until IEND, which is the last thing."""
    at = 8
    while at + 12 <= len(content):
        length, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        at += 12 + length
        if kind == b"IEND":
            return length == 0 and at == len(content)
    return False


def _jpeg_is_whole(content: bytes) -> bool:
    return len(content) > 4 and content.endswith(b"\xff\xd9")


def _webp_is_whole(content: bytes) -> bool:
    return int.from_bytes(content[4:8], "little") == len(content) - 8


ALL = (
    FileKind("PDF", "application/pdf", "pdf", re.compile(rb"%PDF-[12]\.\d"), _pdf_is_whole),
    FileKind("PNG", "image/png", "png", re.compile(rb"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), _png_is_whole),
    FileKind("JPEG", "image/jpeg", "jpg", re.compile(rb"\xff\xd8\xff"), _jpeg_is_whole),
    FileKind("WebP", "image/webp", "webp", re.compile(rb"RIFF.{4}WEBPVP8[ LX]", re.DOTALL), _webp_is_whole),
)


def of_media_type(media_type: str) -> FileKind:
    return next(kind for kind in ALL if kind.media_type == media_type)
