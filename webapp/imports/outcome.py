"""What a dry run foresees or an import did: its counts, and why rows were refused, kind by kind."""

import re
from dataclasses import dataclass, field
from typing import Any

from webapp.customers.importing import ImportReport
from webapp.customers.importing.table_file import ATTRIBUTE
from webapp.imports.options import LABELS

MOST_KINDS = 30
OTHERS = "Other reasons."
NO_PROOF = "consent: opted_in needs evidence; no consent was recorded."
STANDS = "an import never lifts an opt-out."
_QUOTED = re.compile("“[^”]*”")
_FIGURES = re.compile(r"\d+(?:[-:., ]+\d+)*")


@dataclass
class Outcome(ImportReport):
    """`reasons` holds by kind how many rows there are (`rows`), where the first one is (`line`) and, of a dry
    run, the reason as it was told of it (`words`): nothing that was told of a person outlives the dry run."""

    line: int = 0
    """Of the record that was taken last."""
    reasons: dict[str, dict[str, Any]] = field(default_factory=dict)

    def copy(self) -> "Outcome":
        copied = super().copy()
        assert isinstance(copied, Outcome)  # noqa: S101 (`replace` keeps the class)
        copied.reasons = {kind: dict(reason) for kind, reason in self.reasons.items()}
        return copied

    def list(self, line: int, reason: str) -> None:
        self.listed += 1
        kind = kind_of(reason)
        if kind not in self.reasons and len(self.reasons) >= MOST_KINDS:
            kind = OTHERS
        first = {"rows": 0, "line": line, "words": reason if self.dry_run and kind != OTHERS else ""}
        self.reasons.setdefault(kind, first)["rows"] += 1

    def forget_words(self) -> None:
        for reason in self.reasons.values():
            reason["words"] = ""

    def told(self, *, by_words: bool) -> "list[tuple[str, int, int]]":
        """Why rows were refused or taken in part: the reason, how many rows, the line of the first; the most
        frequent first. `by_words` shows cells of the file in it, where they are known."""
        found = [
            (readable((by_words and each["words"]) or kind), each["rows"], each["line"])
            for kind, each in self.reasons.items()
        ]
        return sorted(found, key=lambda each: -each[1])

    @property
    def without_proof(self) -> int:
        """Rows that say opted in and come in without a record."""
        return sum(each["rows"] for kind, each in self.reasons.items() if NO_PROOF in kind)

    @property
    def opted_out_before(self) -> int:
        """Rows that say opted in of somebody who opted out."""
        return sum(each["rows"] for kind, each in self.reasons.items() if STANDS in kind)

    @property
    def taken(self) -> int:
        """Rows that are not refused."""
        return self.rows - self.refused


def readable(reason: str) -> str:
    """The reason with the names of columns and states that people see on the pages."""
    column = next((name for name in LABELS if reason.startswith(f"{name}: ")), "")
    said = f"{LABELS[column]}{reason[len(column) :]}" if column else reason.removeprefix(ATTRIBUTE)
    return said.replace("opted_in", "opted in").replace("opted_out", "opted out")


def kind_of(reason: str) -> str:
    """The reason without what it says of this one row."""
    return _FIGURES.sub("…", _QUOTED.sub("“…”", reason))
