"""Rules of a dynamic segment: every condition of one group, of any group, and of no group that excludes.

As JSON: `{"groups": [[condition, ...], ...], "except": [[condition, ...], ...]}`. They are evaluated each
time the segment is used, and mean present customers only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, not_, or_, select

from webapp.campaigns.segments.condition_query import holds
from webapp.campaigns.segments.condition_words import words_of
from webapp.campaigns.segments.conditions import Condition, Malformed, checked
from webapp.customers.conditions import PRESENT
from webapp.customers.filters import Filter
from webapp.customers.models import Customer
from webapp.customers.search import fold

MOST_GROUPS = 20
MOST_CONDITIONS = 20
"""In one group."""

Group = tuple[Condition, ...]


class Unusable(ValueError):
    """What is wrong with rules: sentences by place, like `groups.0.1` for the second condition."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


@dataclass(frozen=True)
class Rules:
    groups: tuple[Group, ...]
    exclusions: tuple[Group, ...] = ()

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Rules":
        """Rules that were checked when they were kept."""
        return cls(_kept(kept.get("groups", [])), _kept(kept.get("except", [])))

    def to_json(self) -> dict[str, Any]:
        return {
            "groups": [[condition.to_json() for condition in group] for group in self.groups],
            "except": [[condition.to_json() for condition in group] for group in self.exclusions],
        }


def parse(raw: object) -> Rules:
    """The rules that a form or a program gives. Raises Unusable with all that is wrong."""
    if not isinstance(raw, Mapping):
        raise Unusable({"groups": "Rules are an object with groups and except."})
    faults: dict[str, str] = {}
    found = Rules(
        _checked("groups", raw.get("groups"), faults), _checked("except", raw.get("except"), faults)
    )
    if not faults and not found.groups:
        faults["groups"] = "Add a condition: without one the segment is empty."
    if faults:
        raise Unusable(faults)
    return found


def finished(raw: Mapping[str, Any]) -> tuple[Rules, int]:
    """What of rules that are being written is finished, and how many conditions are not."""
    faults: dict[str, str] = {}
    found = Rules(*(_checked(side, raw.get(side), faults) for side in ("groups", "except")))
    whole = (tuple(group for group in groups if group) for groups in (found.groups, found.exclusions))
    return Rules(*whole), len(faults)


def people(rules: Rules, now: datetime) -> Select[tuple[int]]:
    """The ids of the customers whom the rules mean now."""
    wanted = select(Customer.id).where(*PRESENT, or_(*(_all(group, now) for group in rules.groups)))
    return wanted.where(*(not_(_all(group, now)) for group in rules.exclusions))


def words(rules: Rules) -> str:
    """One sentence, like `Customers whose … , or …; except those who …`."""
    text = "; or ".join(map(_said, rules.groups))
    return text + (f"; except: {'; or '.join(map(_said, rules.exclusions))}" if rules.exclusions else "")


def from_filter(filter: Filter) -> Rules:
    """The rules that mean the same customers as the table's filter. Raises Unusable."""
    always = [{"field": "tag", "op": "has", "value": tag} for tag in filter.tags]
    always += [{"field": "search", "op": "contains", "value": filter.q}] if filter.q else []
    always += [{"field": "status", "op": "is", "value": filter.status}] if filter.status else []
    by_key: dict[str, list[dict[str, str]]] = {}
    for key, value in filter.attrs:
        asked = {"field": "attribute", "key": key, "op": "is", "value": value}
        by_key.setdefault(fold(key), []).append(asked)
    return parse({"groups": [[*always, *chosen] for chosen in product(*by_key.values())]})


def _kept(groups: list[list[dict[str, Any]]]) -> tuple[Group, ...]:
    return tuple(tuple(map(Condition.of, group)) for group in groups)


def _checked(side: str, raw: object, faults: dict[str, str]) -> tuple[Group, ...]:
    groups = raw or []
    if not isinstance(groups, list) or not all(isinstance(group, list) for group in groups):
        faults[side] = "Groups are lists of conditions."
        return ()
    if len(groups) > MOST_GROUPS or any(len(group) > MOST_CONDITIONS for group in groups):
        faults[side] = f"At most {MOST_GROUPS} groups of {MOST_CONDITIONS} conditions can be used."
        return ()
    found = [_group(f"{side}.{i}", group, faults) for i, group in enumerate(groups) if group]
    return tuple(found)


def _group(place: str, raw: list[object], faults: dict[str, str]) -> Group:
    found = []
    for i, condition in enumerate(raw):
        try:
            found.append(checked(condition))
        except Malformed as fault:
            faults[f"{place}.{i}"] = str(fault)
    return tuple(found)


def _all(group: Group, now: datetime) -> ColumnElement[bool]:
    return and_(*(holds(condition, now) for condition in group))


def _said(group: Group) -> str:
    return ", and ".join(map(words_of, group))
