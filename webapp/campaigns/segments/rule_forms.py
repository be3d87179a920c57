"""The rule builder's form: rows as somebody typed them, and the JSON that they mean.

Each row has a token of its own, and its fields carry it: `3-field`, `3-op`. It names the group it is in:
`any-1` is the first group, `not-1` the first one that excludes. All works without scripts.
"""

from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from webapp.campaigns.segments.conditions import FIELDS, ops_of
from webapp.campaigns.segments.rules import Rules
from webapp.customers.attributes import values
from webapp.customers.models import AttributeKey
from webapp.extensions import db

SIDES = {"any": "groups", "not": "except"}
MOST_ROWS = 400


@dataclass
class Row:
    """One condition as the form shows it."""

    token: int
    group: str
    field: str = "tag"
    key: str = ""
    op: str = ""
    value: str = ""
    until: str = ""
    error: str = ""

    @property
    def ops(self) -> dict[str, str]:
        return ops_of(self.field, self.key)

    @property
    def chosen(self) -> str:
        """The comparison that is shown: the first one when another field was chosen."""
        return self.op if self.op in self.ops else next(iter(self.ops), "")

    def to_json(self) -> dict[str, Any]:
        value = [self.value, self.until] if self.chosen == "between" else self.value
        return {"field": self.field, "key": self.key, "op": self.chosen, "value": value}


@dataclass
class Builder:
    """All rows, in groups."""

    rows: list[Row] = field(default_factory=list)
    error: str = ""
    focus: str = ""
    """The id of the control to go on in, after a button was pressed."""
    said: str = ""
    """What the button did, for people who do not see it."""

    def groups(self, side: str) -> dict[str, list[Row]]:
        """The rows of each group of a side, `any` or `not`."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            if row.group.startswith(side):
                found.setdefault(row.group, []).append(row)
        return found

    def to_json(self) -> dict[str, Any]:
        return {
            name: [[row.to_json() for row in rows] for rows in self.groups(side).values()]
            for side, name in SIDES.items()
        }

    def press(self, form: MultiDict[str, str]) -> bool:
        """Do what an "add" or a "remove" button of the form says; True when one was pressed."""
        if gone := form.get("drop"):
            self._drop(gone)
            return True
        wanted = form.get("add", "")
        if wanted in SIDES:
            self._add(f"{wanted}-{self._next()}")
        elif wanted in {row.group for row in self.rows}:
            self._add(wanted)
        return bool(wanted)

    def show(self, faults: dict[str, str]) -> None:
        """Put each sentence to its row."""
        for side, name in SIDES.items():
            for i, rows in enumerate(self.groups(side).values()):
                for j, row in enumerate(rows):
                    row.error = faults.get(f"{name}.{i}.{j}", "")
        self.error = faults.get("groups", "") or faults.get("except", "")

    def place(self, row: Row) -> str:
        """How a row is called, like `Group 2, rule 1`; groups that exclude are exceptions."""
        side = row.group.partition("-")[0]
        groups = self.groups(side)
        group, rule = list(groups).index(row.group) + 1, groups[row.group].index(row) + 1
        return f"{'Group' if side == 'any' else 'Exception'} {group}, rule {rule}"

    def _add(self, group: str) -> None:
        row = Row(self._next(), group)
        self.rows.append(row)
        self.focus, self.said = f"rule-{row.token}-field", f"{self.place(row)} is added."

    def _drop(self, token: str) -> None:
        """The next row takes its place, else the one before, else the button that adds one."""
        shown = [row for side in SIDES for rows in self.groups(side).values() for row in rows]
        at = next((n for n, row in enumerate(shown) if str(row.token) == token), None)
        if at is None:
            return
        self.said = f"{self.place(shown[at])} is removed."
        gone = shown.pop(at)
        self.rows.remove(gone)
        self.focus = f"rule-{shown[min(at, len(shown) - 1)].token}-field" if shown else "add-any"

    def _next(self) -> int:
        return max((row.token for row in self.rows), default=0) + 1


def fresh() -> Builder:
    """A builder with one row to fill."""
    return Builder([Row(1, "any-1")])


def shown(rules: Rules) -> Builder:
    """The rows of rules that are kept."""
    builder = Builder()
    for side, groups in (("any", rules.groups), ("not", rules.exclusions)):
        for n, group in enumerate(groups, start=1):
            for condition in group:
                value, until = _texts(
                    condition.value, condition.id if condition.field == "attribute" else None
                )
                builder.rows.append(Row(len(builder.rows) + 1, f"{side}-{n}", condition.field, condition.key,
                                        condition.op, value, until))  # fmt: skip
    return builder


def typed(form: MultiDict[str, str]) -> Builder:
    """What somebody sent."""
    tokens = [int(each) for each in form.getlist("row")[:MOST_ROWS] if each.isdecimal() and len(each) < 9]
    return Builder([_row(form, token) for token in dict.fromkeys(tokens)])


def _row(form: MultiDict[str, str], token: int) -> Row:
    def sent(name: str) -> str:
        return form.get(f"{token}-{name}", "")

    side, _, number = sent("group").partition("-")
    group = f"{side}-{number}" if side in SIDES and number.isdecimal() else "any-1"
    asked = sent("field") if sent("field") in FIELDS else "tag"
    if sent("was") not in ("", asked):  # another field was chosen: what was typed is no value of it
        return Row(token, group, asked)
    return Row(token, group, asked, sent("key"), sent("op"), sent("value"), sent("until"))


def _texts(value: Any, key_id: int | None) -> tuple[str, str]:
    key = db.session.get(AttributeKey, key_id) if key_id else None
    if isinstance(value, list) and len(value) == 2 and (key is None or key.type != "json"):
        return values.display(value[0]), values.display(value[1])
    return (values.display(value, "json" if key and key.type == "json" else None), "")
