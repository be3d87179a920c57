"""The corpora of ordinary messages and of requests to be left alone, and the halves they are split into.

One half of the older ones was used to tune the patterns; the other was written before them and was kept out.
The weights are learned from all messages but a fifth, the held fold, which is what counts.
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

CORPORA = Path(__file__).with_name("corpora")
KEPT = ("kept.tsv", "kept_later.tsv")
"""What is claimed is measured on them; each is by authors of its own."""


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


class Example(NamedTuple):
    """A message to learn from, and the fold that it belongs to; fold 0 is held out of every training."""

    asks: bool
    language: str
    text: str
    has_stop_word: bool
    fresh: bool
    """Whether the patterns were not tuned on it."""

    @property
    def fold(self) -> int:
        """By another part of the hash of the text, so that no choice was possible."""
        return hashlib.sha256(self.text.encode()).digest()[1] % 5

    @property
    def plain(self) -> bool:
        """Whether it is ordinary and holds no word of stopping."""
        return not self.asks and not self.has_stop_word

    @property
    def tempting(self) -> bool:
        return not self.asks and self.has_stop_word


def examples() -> list[Example]:
    """All messages that may be learned from."""
    older = [Example(True, message.language, message.text, False, False) for message in requests()]
    older += [Example(False, *message, fresh=False) for message in ordinary()]
    older += [Example(right == "review", *message, False, False) for right, *message in tuned()]
    return older + fresh()


def fresh() -> list[Example]:
    """Messages that came after the patterns were written and were not used to tune them."""
    rows = _rows("trained.tsv")
    return [
        Example(right == "review", *message, bool(sense), True) for right, *message, sense in _padded(rows)
    ]


def unseen(*files: str) -> list[Example]:
    """Messages that nothing was learned from, by other authors: the measure of claims. Of these only the sums
    were looked at, when the threshold was chosen."""
    rows = _padded([row for file in files for row in _rows(file)])
    return [Example(right == "review", *message, bool(sense), True) for right, *message, sense in rows]


def validation() -> list[Example]:
    """Messages of the newest examples' author, written before they were measured and never learned from."""
    rows = _padded(_rows("validation.tsv"))
    return [Example(right == "review", *message, bool(sense), True) for right, *message, sense in rows]


def kept(messages: list[Message]) -> list[Message]:
    return [message for message in messages if message.kept]


def _rows(name: str) -> list[list[str]]:
    lines = (CORPORA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("# ")]


def _padded(rows: list[list[str]]) -> list[list[str]]:
    return [[*row, ""][:4] for row in rows]
