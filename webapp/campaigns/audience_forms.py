"""The audience step's form: what stands in it, the sources that it names, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import FileStorage, MultiDict

from webapp.campaigns import named_people
from webapp.campaigns.audience import filter_of
from webapp.campaigns.drafts import EXCLUDE, INCLUDE, PEOPLE, SIDES
from webapp.campaigns.named_people import Line, filed, typed
from webapp.campaigns.segments.conditions import Malformed, checked
from webapp.customers import queries
from webapp.customers.editing_context import tags_in
from webapp.customers.filters import MOST_VALUES, Filter
from webapp.customers.text import one_line

LARGEST_FILE = 4 * 1024 * 1024
EVERYBODY = {"kind": "everybody"}
Pair = tuple[str, str]


@dataclass
class Side:
    """One side of the audience as the form shows it: everybody, segments, a filter, numbers."""

    everybody: bool = False
    segments: list[int] = field(default_factory=list)
    q: str = ""
    status: str = ""
    tags: list[str] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    """Attribute and value of each row; one or both may be empty still."""
    numbers: str = ""
    forget: bool = False
    """Nobody named before stays named."""

    @property
    def filter(self) -> Filter:
        """What of the filter is complete."""
        args = MultiDict({"q": self.q, "status": self.status})
        args.setlist("tag", self.tags)
        args.setlist("attr", [f"{key}:{value}" for key, value in self.pairs if key and value])
        return Filter.from_args(args)

    @property
    def rows(self) -> list[Pair]:
        """The rows of attributes, one at least."""
        return self.pairs or [("", "")]

    def sources(self, named: bool) -> list[dict[str, Any]]:
        """The JSON of this side; `named` tells whether customers are named by number."""
        found: list[dict[str, Any]] = [EVERYBODY] if self.everybody else []
        found += [{"kind": "segment", "id": segment_id} for segment_id in self.segments]
        if args := self.filter.to_args():
            found.append({"kind": "filter", "args": args})
        return found + ([PEOPLE] if named else [])

    def faults(self) -> dict[str, str]:
        """What of the filter cannot be meant: sentences under `tags` and `attrs`."""
        asked = [(key, value) for key, value in self.pairs if key or value]
        found = {
            "tags": [_fault({"field": "tag", "op": "has", "value": tag}) for tag in self.tags],
            "attrs": [_fault({"field": "attribute", "op": "is", "key": k, "value": v}) for k, v in asked],
        }
        said = {name: " ".join(dict.fromkeys(filter(None, each))) for name, each in found.items()}
        said |= {n: f"At most {MOST_VALUES} can be used." for n in found if len(found[n]) > MOST_VALUES}
        return {name: sentence for name, sentence in said.items() if sentence}

    def nobody(self) -> list[str]:
        """Values that no customer has, in sentences; what is wrong with the form is told elsewhere."""
        empty = [pair for pair in self.filter.attrs if not queries.count(Filter(attrs=(pair,))).n]
        return [f"Nobody has {value} as {key} now." for key, value in empty]

    def press(self, side: str, form: Mapping[str, str]) -> str:
        """Do what an "add" or a "remove" button of the attributes says; the id of the field to go on in."""
        wanted, _, row = form.get("drop", "").rpartition("-")
        if form.get("add") == side:
            self.pairs = [*self.rows, ("", "")]
            return f"{side}-attr-{len(self.pairs)}"
        if wanted == side and row.isdecimal():
            self.pairs = [pair for n, pair in enumerate(self.rows, start=1) if n != int(row)]
            return f"{side}-attr-{min(int(row), max(len(self.pairs), 1))}"
        return ""


def sides_of(audience: Mapping[str, Any]) -> dict[str, Side]:
    """What the form shows of an audience that is saved."""
    return {side: _side_of(audience.get(side, [])) for side in SIDES}


def sides_in(form: MultiDict[str, str]) -> dict[str, Side]:
    """What somebody sent."""
    return {side: _side_in(form, side) for side in SIDES}


def lines_in(side: Side, file: FileStorage | None) -> list[Line]:
    """The numbers that are typed or uploaded. Raises ValueError for a file that is no CSV or too much."""
    lines = typed(side.numbers)
    if file is not None and file.filename:
        lines += _lines_of(file)
    if len(lines) > named_people.MOST_LINES:
        raise ValueError(f"These are {len(lines):,} numbers; up to {named_people.MOST_LINES:,} fit at once.")
    return lines


def _lines_of(file: FileStorage) -> list[Line]:
    content = file.stream.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise ValueError("This file has more than 4 MB.")
    return filed(content)


def _side_of(sources: list[dict[str, Any]]) -> Side:
    filters = [source.get("args", {}) for source in sources if source.get("kind") == "filter"]
    kept = filter_of(filters[0]) if filters else Filter()
    return Side(
        everybody=EVERYBODY in sources,
        segments=[source["id"] for source in sources if source.get("kind") == "segment"],
        q=kept.q,
        status=kept.status,
        tags=list(kept.tags),
        pairs=list(kept.attrs),
    )


def _side_in(form: MultiDict[str, str], side: str) -> Side:
    keys, values = (map(one_line, form.getlist(f"{side}_attr_{part}")) for part in ("key", "value"))
    return Side(
        everybody=side == INCLUDE and f"{side}_everybody" in form,
        segments=[int(each) for each in form.getlist(f"{side}_segment") if each.isdecimal()],
        q=form.get(f"{side}_q", ""),
        status=form.get(f"{side}_status", ""),
        tags=list(dict.fromkeys(tags_in(form.getlist(f"{side}_tags")))),
        pairs=list(zip(keys, values, strict=False))[: 2 * MOST_VALUES],
        numbers=form.get(f"{side}_numbers", ""),
        forget=f"{side}_forget" in form,
    )


def _fault(condition: dict[str, str]) -> str:
    try:
        checked(condition)
    except Malformed as fault:
        return str(fault)
    return ""


__all__ = ["EXCLUDE", "INCLUDE", "Side", "lines_in", "sides_in", "sides_of"]
