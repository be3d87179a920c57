"""What the customers table shows: the filter and the page, read from a URL and written back to it.

Whatever a URL holds gives a filter: what cannot be meant is left out, what is too long is cut.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from werkzeug.datastructures import MultiDict

from webapp.consent.rules import Status
from webapp.customers import wording
from webapp.customers.text import one_line

LONGEST_SEARCH = 200
LONGEST_TAG = 60
LONGEST_ATTRIBUTE = 600
MOST_VALUES = 20
NEWEST_FIRST, OLDEST_FIRST = "-created", "created"
PAGE_SIZES = (50, 25, 100, 200)
"""The first is the default."""
LARGEST_ID = 2**63 - 1

Arguments = dict[str, str | list[str]]
"""Parameters of a URL, as `url_for` takes them."""


@dataclass(frozen=True)
class Chip:
    """One active condition: how people read it, and the parameters of the URL without it."""

    kind: str
    """q, status, attr or tag."""
    key: str
    value: str
    args: Arguments

    @property
    def label(self) -> str:
        return self.value if self.kind == "status" else f"{self.key}: {self.value}"


@dataclass(frozen=True)
class Filter:
    """Which customers are meant: all of the tags; per attribute any of its values; all attributes."""

    q: str = ""
    tags: tuple[str, ...] = ()
    attrs: tuple[tuple[str, str], ...] = ()
    status: str = ""
    sort: str = NEWEST_FIRST
    whole_numbers: bool = field(default=False, compare=False)
    """Numbers are found as a whole only: who sees them masked must not find them out digit by digit."""

    @classmethod
    def from_args(cls, args: MultiDict[str, str], *, whole_numbers: bool = False) -> "Filter":
        return cls(
            whole_numbers=whole_numbers,
            q=one_line(args.get("q", "")[:LONGEST_SEARCH]),
            tags=_distinct(one_line(tag[:LONGEST_TAG]) for tag in args.getlist("tag")[:MOST_VALUES]),
            attrs=_attributes(args.getlist("attr")[:MOST_VALUES]),
            status=_one_of(args.get("status", ""), ("", *Status)),
            sort=_one_of(args.get("sort", ""), (NEWEST_FIRST, OLDEST_FIRST)),
        )

    def to_args(self) -> Arguments:
        """The parameters that give this filter again; a parameter equal to its default vanishes."""
        args: Arguments = {
            "q": self.q,
            "tag": list(self.tags),
            "attr": [f"{key}:{value}" for key, value in self.attrs],
            "status": self.status,
            "sort": "" if self.sort == NEWEST_FIRST else self.sort,
        }
        return {name: value for name, value in args.items() if value}

    def without_tag(self, tag: str) -> "Filter":
        return replace(self, tags=tuple(other for other in self.tags if other != tag))

    def without_attr(self, attr: tuple[str, str]) -> "Filter":
        return replace(self, attrs=tuple(other for other in self.attrs if other != attr))

    def chips(self) -> list[Chip]:
        """The active conditions; the order of the rows is none."""
        chips = []
        if self.q:
            chips.append(Chip("q", "Search", self.q, replace(self, q="").to_args()))
        if self.status:
            words = wording.STATES[Status(self.status)]
            chips.append(Chip("status", "Opted Out", words, replace(self, status="").to_args()))
        chips += [Chip("attr", *attr, self.without_attr(attr).to_args()) for attr in self.attrs]
        chips += [Chip("tag", "Tag", tag, self.without_tag(tag).to_args()) for tag in self.tags]
        return chips


@dataclass(frozen=True)
class Page:
    """Which rows of the filter: those after or before the row of an id, never by counting."""

    after: int | None = None
    before: int | None = None
    per_page: int = PAGE_SIZES[0]

    @classmethod
    def from_args(cls, args: MultiDict[str, str]) -> "Page":
        after = row_id(args.get("after", ""))
        return cls(
            after=after,
            before=None if after else row_id(args.get("before", "")),
            per_page=int(_one_of(args.get("per_page", ""), tuple(map(str, PAGE_SIZES)))),
        )

    def to_args(self) -> Arguments:
        args = {"after": self.after, "before": self.before, **self.size_args()}
        return {name: str(value) for name, value in args.items() if value}

    def size_args(self) -> Arguments:
        """The rows per page alone: what stays when the filter changes."""
        return {} if self.per_page == PAGE_SIZES[0] else {"per_page": str(self.per_page)}


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, values)))


def _attributes(raw: list[str]) -> tuple[tuple[str, str], ...]:
    pairs = (tuple(map(one_line, text[:LONGEST_ATTRIBUTE].partition(":")[::2])) for text in raw)
    return tuple(dict.fromkeys((key, value) for key, value in pairs if key and value))


def _one_of(value: str, choices: tuple[str, ...]) -> str:
    """`value` if it is one of the choices, else the first of them."""
    return value if value in choices else choices[0]


def row_id(raw: str) -> int | None:
    """The number by which a row can be asked for; None for anything else."""
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 19):
        return None
    return int(raw) if 0 < int(raw) <= LARGEST_ID else None
