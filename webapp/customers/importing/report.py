"""What an import did, in numbers."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from webapp.customers import phones

MOST_EXAMPLES = 20
DAMAGE = {
    phones.SHORTENED: "Numbers shortened by a spreadsheet, so that their last digits are lost: {} rows. "
    "Format the column as text and export it again.",
    phones.WITHOUT_COUNTRY: "Numbers without a country code: {} rows. "
    "Say of which country they are, or put + and the country code before them.",
}
"""What is told of whole columns, by the words in the reasons of their rows."""


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
    """The first rows that are listed, with their reasons; of a damage that is counted, the first one only."""
    damage: dict[str, int] = field(default_factory=dict)
    """How many rows have which of `DAMAGE`."""

    rejects_bytes: int = field(default=0, compare=False)
    """How long the file of the rejected rows is, by which an import goes on after a crash."""

    def copy(self) -> "ImportReport":
        """One that can be counted on and thrown away."""
        return replace(self, notes=[*self.notes], examples=[*self.examples], damage={**self.damage})

    def take_from(self, other: "ImportReport") -> None:
        vars(self).update(vars(other))

    def as_json(self) -> dict[str, Any]:
        """For keeping with the rows that were counted."""
        return vars(self) | {"rejected_file": str(self.rejected_file) if self.rejected_file else None}

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> "ImportReport":
        path = kept["rejected_file"]
        return cls(**kept | {"rejected_file": Path(path) if path else None})

    def damage_told(self) -> list[str]:
        """A sentence for each damage, however many rows have it."""
        return [DAMAGE[words].format(f"{rows:,}") for words, rows in self.damage.items()]

    def list(self, line: int, reason: str) -> None:
        self.listed += 1
        damage = next((words for words in DAMAGE if words in reason), "")
        if damage:
            self.damage[damage] = self.damage.get(damage, 0) + 1
        if len(self.examples) < MOST_EXAMPLES and self.damage.get(damage, 1) == 1:
            self.examples.append(f"line {line}: {reason}")

    def summary(self) -> str:
        """One line of counts."""
        counts = f"{self.rows:,} rows: {self.created:,} created, {self.updated:,} updated, "
        counts += f"{self.unchanged:,} unchanged, {self.refused:,} refused; "
        counts += f"{self.opted_in:,} opted in, {self.opted_out:,} opted out, {self.listed:,} listed"
        if self.rejected_file:
            counts += f" in {self.rejected_file.name}"
        return f"Dry run, nothing was written. {counts}." if self.dry_run else f"{counts}."
