"""The corpora of ordinary messages and of requests to be left alone, and the halves they are split into.

One half was used to tune the patterns; the other was written before them, was kept out, and is what counts.
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

CORPORA = Path(__file__).with_name("corpora")


class Message(NamedTuple):
    language: str
    text: str
    has_stop_word: bool = False

    @property
    def kept(self) -> bool:
        """Whether it was kept out of the tuning: by a hash of the text, so that no choice was possible."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 2 == 1


def requests() -> list[Message]:
    """Messages that ask to be left alone."""
    return [Message(language, text) for language, text in _rows("requests.tsv")]


def ordinary() -> list[Message]:
    """Messages to shops, couriers, clinics and banks, some with a word of stopping in an innocent sense."""
    return [Message(language, text, bool(sense)) for language, text, *sense in _rows("ordinary.tsv")]


def tuned() -> list[list[str]]:
    """Rows of the right decision, language and text, all of them used for tuning."""
    return _rows("tuned.tsv")


def kept(messages: list[Message]) -> list[Message]:
    return [message for message in messages if message.kept]


def _rows(name: str) -> list[list[str]]:
    lines = (CORPORA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("# ")]
