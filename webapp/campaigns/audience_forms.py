"""The audience step's form: what stands in it, and the sources that it names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import FileStorage, MultiDict

from webapp.campaigns.audience import filter_of
from webapp.campaigns.drafts import EXCLUDE, INCLUDE, PEOPLE, SIDES
from webapp.campaigns.named_people import Line, filed, typed
from webapp.customers.filters import Filter

LARGEST_FILE = 4 * 1024 * 1024
EVERYBODY = {"kind": "everybody"}


@dataclass
class Side:
    """One side of the audience as the form shows it: everybody, segments, a filter, numbers."""

    everybody: bool = False
    segments: list[int] = field(default_factory=list)
    filter: Filter = field(default_factory=Filter)
    numbers: str = ""
    forget: bool = False
    """Nobody named before stays named."""

    @property
    def tags(self) -> str:
        return ", ".join(self.filter.tags)

    @property
    def attrs(self) -> str:
        return ", ".join(f"{key}:{value}" for key, value in self.filter.attrs)

    def sources(self, named: bool) -> list[dict[str, Any]]:
        """The JSON of this side; `named` tells whether customers are named by number."""
        found: list[dict[str, Any]] = [EVERYBODY] if self.everybody else []
        found += [{"kind": "segment", "id": segment_id} for segment_id in self.segments]
        if args := self.filter.to_args():
            found.append({"kind": "filter", "args": args})
        return found + ([PEOPLE] if named else [])


def sides_of(audience: Mapping[str, Any]) -> dict[str, Side]:
    """What the form shows of an audience that is saved."""
    return {side: _side_of(audience.get(side, [])) for side in SIDES}


def sides_in(form: MultiDict[str, str]) -> dict[str, Side]:
    """What somebody sent."""
    return {side: _side_in(form, side) for side in SIDES}


def lines_in(side: Side, file: FileStorage | None) -> list[Line]:
    """The numbers that are typed or uploaded. Raises ValueError for a file that is no CSV."""
    lines = typed(side.numbers)
    if file is None or not file.filename:
        return lines
    content = file.stream.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise ValueError("This file has more than 4 MB.")
    return lines + filed(content)


def _side_of(sources: list[dict[str, Any]]) -> Side:
    filters = [source.get("args", {}) for source in sources if source.get("kind") == "filter"]
    return Side(
        everybody=EVERYBODY in sources,
        segments=[source["id"] for source in sources if source.get("kind") == "segment"],
        filter=filter_of(filters[0]) if filters else Filter(),
    )


def _side_in(form: MultiDict[str, str], side: str) -> Side:
    args = MultiDict({"q": form.get(f"{side}_q", ""), "status": form.get(f"{side}_status", "")})
    args.setlist("tag", _words(form.get(f"{side}_tags", "")))
    args.setlist("attr", _words(form.get(f"{side}_attrs", "")))
    return Side(
        everybody=side == INCLUDE and f"{side}_everybody" in form,
        segments=[int(each) for each in form.getlist(f"{side}_segment") if each.isdecimal()],
        filter=Filter.from_args(args),
        numbers=form.get(f"{side}_numbers", ""),
        forget=f"{side}_forget" in form,
    )


def _words(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


__all__ = ["EXCLUDE", "INCLUDE", "Side", "lines_in", "sides_in", "sides_of"]
