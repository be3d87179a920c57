"""What somebody says of a file: how it is read, what its columns are, and what holds for all of its rows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from webapp.consent.rules import Status
from webapp.customers.attributes import attributes
from webapp.customers.attributes.attributes import MalformedAttribute
from webapp.customers.importing import UnusableFile, types_of
from webapp.customers.importing.rows import Defaults
from webapp.customers.importing.table_file import ATTRIBUTE, COLUMNS, IDENTITY_COLUMNS, TableFile
from webapp.customers.models import AttributeKey
from webapp.customers.search import fold
from webapp.extensions import db
from webapp.imports import countries, guessing, looking
from webapp.imports.looking import Look, Table

LABELS = {
    "phone": "Phone",
    "wa_id": "WhatsApp id",
    "user_id": "User id",
    "name": "Name",
    "tags": "Tags",
    "consent": "Consent",
    "evidence": "Evidence",
    "given_at": "Given at",
}
OUR_WORDS = {status.value: status.value for status in (Status.OPTED_IN, Status.OPTED_OUT)}
"""Nobody can give them another meaning."""
NOTHING = "none"
"""What a word of consent means that states nothing."""


@dataclass(frozen=True)
class Options:
    """`columns` are by position: one of ours, `attr:NAME`, or empty to leave it out. `types` are those of the
    attributes that are new. `words` says what words of the column consent mean: a status, NOTHING, or empty
    when their rows are to be refused."""

    encoding: str
    separator: str
    titled: bool = True
    columns: tuple[str, ...] = ()
    types: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    country: str = ""
    consent: str = ""
    evidence: str = ""
    tags: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Options":
        return cls(**{**kept, "columns": tuple(kept["columns"]), "tags": tuple(kept["tags"])})

    def reads_as(self, other: "Options") -> bool:
        """Whether both find the same columns in the file."""
        mine = self.encoding, self.separator, self.titled
        return mine == (other.encoding, other.separator, other.titled)


def guessed(path: Path, country: str) -> Options:
    """What the file itself tells; `country` where its numbers tell none. Raises UnusableFile."""
    encoding = looking.guessed_encoding(path)
    header = looking.opened(path, encoding, None, titled=True)
    found = Options(encoding, header.separator, looking.seems_titled(header.header), country=country)
    return with_columns(path, found)


def with_columns(path: Path, options: Options) -> Options:
    """The columns guessed afresh, for this way of reading the file. Raises UnusableFile."""
    seen = looking.look(opened(path, options))
    columns = guessing.columns(seen.columns, attribute_names())
    fresh = replace(options, columns=tuple(columns), country=seen.country() or options.country)
    return replace(fresh, words={word: guessing.meaning(word) for word in words(seen, fresh)})


def opened(path: Path, options: Options) -> Table:
    """The file, with no column known yet. Raises UnusableFile."""
    return looking.opened(path, options.encoding, options.separator, options.titled)


def table(path: Path, options: Options, behind: int = 0) -> Table:
    """The file as the import reads it, behind the record in this line. Raises UnusableFile when it has other
    columns by now."""
    found = opened(path, options)
    if len(found.header) != len(options.columns):
        raise UnusableFile("The columns of this file are others than somebody said. Read it again.")
    return replace(found, columns=list(options.columns), behind=behind)


def defaults(options: Options) -> Defaults:
    """What holds for all rows, as the import takes it."""
    meanings = {word: "" if said == NOTHING else said for word, said in options.words.items() if said}
    meanings |= OUR_WORDS
    return Defaults(options.country or None, options.consent, options.evidence, tuple(options.tags), meanings)


def types(options: Options, found: TableFile) -> dict[str, str]:
    """The types of the attributes, by column."""
    return types_of(found, options.types)


def attribute_names() -> dict[str, str]:
    """Of the attributes on record, by their folded form."""
    rows = db.session.execute(select(AttributeKey.key, AttributeKey.name).order_by(AttributeKey.name))
    return {row.key: row.name for row in rows}


def words(seen: Look, options: Options) -> list[str]:
    """What stands in the column consent besides our own words, the most frequent first."""
    if "consent" not in options.columns or len(options.columns) != len(seen.columns):
        return []
    found = seen.columns[options.columns.index("consent")].words
    return [word for word, _ in found.most_common(looking.MOST_WORDS) if word not in OUR_WORDS]


def faults(path: Path, options: Options) -> dict[str, str]:
    """What does not fit together, or to the file, a sentence by field."""
    found: dict[str, str] = {}
    if not set(IDENTITY_COLUMNS) & set(options.columns):
        found["columns"] = "Say which column holds the phone number, the WhatsApp id or the user id."
    keys = [fold(column) for column in options.columns if column]
    if twice := next((column for column in options.columns if column and keys.count(fold(column)) > 1), ""):
        found["columns"] = f"Two columns are “{label(twice)}”. Leave one of them out."
    for place, column in enumerate(options.columns):
        if fault := _name_fault(column):
            found[f"name-{place}"] = fault
    if options.consent == Status.OPTED_IN and not options.evidence and "evidence" not in options.columns:
        found["evidence"] = "Say how they agreed: an opt-in counts only with its evidence."
    if _unsaid(path, options):
        found["words"] = "Say what these words mean."
    if options.country and options.country not in countries.names():
        found["country"] = "Choose a country from the list."
    return found


def label(column: str) -> str:
    """What people call one of our columns."""
    return column.removeprefix(ATTRIBUTE) if column not in COLUMNS else LABELS[column]


def _name_fault(column: str) -> str:
    if not column.startswith(ATTRIBUTE):
        return ""
    try:
        attributes.checked(column[len(ATTRIBUTE) :])
    except MalformedAttribute as fault:
        return str(fault)
    return ""


def _unsaid(path: Path, options: Options) -> bool:
    """Whether the column consent holds words of which nobody was asked."""
    return "consent" in options.columns and not options.words.keys() >= set(
        words(looking.look(opened(path, options)), options)
    )
