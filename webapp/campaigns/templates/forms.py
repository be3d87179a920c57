"""The template step's form: a row for each variable, and the parameters that the rows mean. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webapp.campaigns.templates.variables import Variable

TEXT, NAME, ATTRIBUTE = "text", "name", "attribute:"


@dataclass(frozen=True)
class Filling:
    """One row: the variable, where its value comes from, and the text or fallback beside it."""

    variable: Variable
    source: str
    """`text`, `name` or `attribute:KEY`."""
    text: str


def fillings_of(variables: Sequence[Variable], parameters: Mapping[str, Any]) -> list[Filling]:
    """The rows for parameters that are saved."""
    return [_filling(variable, parameters.get(variable.key) or {}) for variable in variables]


def parameters_in(variables: Sequence[Variable], form: Mapping[str, str]) -> dict[str, Any]:
    """The parameters that somebody sent: fields `source:KEY` and `text:KEY`."""
    return {
        v.key: _parameter(form.get(f"source:{v.key}", TEXT), form.get(f"text:{v.key}", "")) for v in variables
    }


def _filling(variable: Variable, parameter: Mapping[str, Any]) -> Filling:
    if parameter.get("name") is True:
        return Filling(variable, NAME, str(parameter.get("fallback") or ""))
    if attribute := parameter.get("attribute"):
        return Filling(variable, f"{ATTRIBUTE}{attribute}", str(parameter.get("fallback") or ""))
    return Filling(variable, TEXT, str(parameter.get("text") or parameter.get("fallback") or ""))


def _parameter(source: str, text: str) -> dict[str, Any]:
    text = text.strip()
    if source == NAME:
        return {"name": True, "fallback": text}
    if source.startswith(ATTRIBUTE):
        return {"attribute": source.removeprefix(ATTRIBUTE), "fallback": text}
    return {"text": text}
