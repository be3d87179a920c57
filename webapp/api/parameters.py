"""What fills the variables of a campaign's template, as a program says it, under the keys of `variables`."""

from collections.abc import Iterator
from typing import Any

from webapp.api import bodies
from webapp.api.problems import unfit
from webapp.campaigns.models import Template
from webapp.campaigns.templates import variables
from webapp.campaigns.templates.variables import LINK, LONGEST, Variable
from webapp.customers.attributes import attributes
from webapp.customers.text import one_line

FIELD = "template.parameters"
SOURCES = ("attribute", "name", "text", "fallback")
LONGEST_ATTRIBUTE_NAME = 60
Parameter = dict[str, Any]


def read(given: Any, template: Template) -> dict[str, Parameter]:
    """A list fills the body's variables 1, 2, … in order; an object fills those that it names.

    Raises Problem 422, which names the variable. What stays unfilled is told at launch.
    """
    wanted = {v.key: v for v in variables.variables_of(template.components, template.parameter_format)}
    filled: dict[str, Parameter] = {}
    for field, name, value in _named(given):
        variable = _variable(field, name, wanted)
        if variable.key in filled:
            raise unfit(field, f"{variable.key} is filled twice.")
        filled[variable.key] = _parameter(field, value, variable)
    return filled


def _named(given: Any) -> Iterator[tuple[str, str, Any]]:
    """The field, the variable's name and what shall fill it."""
    if isinstance(given, list):
        for number, value in enumerate(given):
            yield f"{FIELD}[{number}]", f"body:{number + 1}", value
    elif isinstance(given, dict):
        for name, value in given.items():
            yield f"{FIELD}.{bodies.shown(name)}", name, value
    elif given is not None:
        raise unfit(FIELD, "This must be an object of variables and values, or a list of values.")


def _variable(field: str, name: str, wanted: dict[str, Variable]) -> Variable:
    """By its whole key, or by its bare name in the body, else in the header."""
    for key in (name, f"body:{name}", f"header:{name}"):
        if key in wanted:
            return wanted[key]
    known = f"known are {', '.join(wanted)}" if wanted else "it has none"
    raise unfit(field, f"The template has no such variable; {known}.")


def _parameter(field: str, value: Any, variable: Variable) -> Parameter:
    if isinstance(value, str):
        return {"text": _fitting(field, value, variable)}
    if not isinstance(value, dict) or len(value.keys() & {"attribute", "name", "text"}) != 1:
        raise unfit(field, 'This must be text, or an object like {"attribute": "city", "fallback": "town"}.')
    if "attribute" in value and "fallback" not in value:
        _known(f"{field}.attribute", value["attribute"])
    return dict(_source(field, value, variable))


def _source(field: str, value: dict[str, Any], variable: Variable) -> Iterator[tuple[str, Any]]:
    bodies.only_known(value, SOURCES, f"{field}.")
    for part, said in value.items():
        where = f"{field}.{part}"
        if part == "name":
            yield part, _true(where, said)
        elif part == "attribute":
            yield part, _text(where, said, LONGEST_ATTRIBUTE_NAME)
        else:
            yield part, _fitting(where, said, variable)


def _known(field: str, name: Any) -> None:
    """An attribute that does not exist would leave everybody without a value. Raises Problem 422."""
    if attributes.find(_text(field, name, LONGEST_ATTRIBUTE_NAME)) is None:
        raise unfit(
            field, f"There is no attribute “{bodies.shown(name)}”. Name another one, or give a fallback."
        )


def _fitting(field: str, said: Any, variable: Variable) -> str:
    """A text for this place; media is a link that WhatsApp can load. Raises Problem 422."""
    text = _text(field, said, LONGEST[variable.place])
    if variable.place == "media" and not LINK.fullmatch(text):
        raise unfit(field, "This must be a link that begins with https://.")
    return text


def _true(field: str, said: Any) -> bool:
    if said is not True:
        raise unfit(field, "This must be true.")
    return True


def _text(field: str, said: Any, longest: int) -> str:
    """On one line, as WhatsApp takes it."""
    text = one_line(said) if isinstance(said, str) else ""
    if not 1 <= len(text) <= longest:
        raise unfit(field, f"This must be text of 1 to {longest:,} characters.")
    return text
