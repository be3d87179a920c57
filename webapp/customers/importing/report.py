"""What an import did, in numbers."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

MOST_EXAMPLES = 20


@dataclass
class ImportReport:
    """Counts of rows; `rows` = `created` + `updated` + `unchanged` + `refused`."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    opted_in: int = 0
    opted_out: int = 0
    refused: int = 0
    listed: int = 0
    """Rows with a reason beside them: refused ones, and those of which a part was not taken over."""
    doubtful: int = 0
    """Rows whose number is possible but not known to be in use."""
    dry_run: bool = False
    rejected_file: Path | None = None
    notes: list[str] = field(default_factory=list)
    """What the person should know about the file."""
    examples: list[str] = field(default_factory=list)
    """The first rows that are listed, with their reasons."""

    rejects_bytes: int = field(default=0, compare=False)
    """How long the file of the rejected rows is, by which an import goes on after a crash."""

    def copy(self) -> "ImportReport":
        """One that can be counted on and thrown away."""
        return replace(self, notes=[*self.notes], examples=[*self.examples])

    def take_from(self, other: "ImportReport") -> None:
        vars(self).update(vars(other))

    def as_json(self) -> dict[str, Any]:
        """For keeping with the rows that were counted."""
        return vars(self) | {"rejected_file": str(self.rejected_file) if self.rejected_file else None}

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> "ImportReport":
        path = kept["rejected_file"]
        return cls(**kept | {"rejected_file": Path(path) if path else None})

    def list(self, line: int, reason: str) -> None:
        self.listed += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(f"line {line}: {reason}")

    def summary(self) -> str:
        """One line of counts."""
        counts = f"{self.rows:,} rows: {self.created:,} created, {self.updated:,} updated, "
        counts += f"{self.unchanged:,} unchanged, {self.refused:,} refused; "
        counts += f"{self.opted_in:,} opted in, {self.opted_out:,} opted out, {self.listed:,} listed"
        if self.rejected_file:
            counts += f" in {self.rejected_file.name}"
        return f"Dry run, nothing was written. {counts}." if self.dry_run else f"{counts}."
