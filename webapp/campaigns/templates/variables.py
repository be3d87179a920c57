"""A template's variables: which there are, and what fills them for a person. Pure.

A campaign's parameters say what fills each variable: `{"text": "30%"}`, or
`{"attribute": "city", "fallback": "your"}`, or `{"name": true, "fallback": "friend"}`. A value is plain text:
nothing in it is a placeholder, a link or a format.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from webapp.customers.attributes.values import display
from webapp.customers.text import one_line

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
MEDIA = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document"}
LONGEST = {"body": 1024, "header": 60, "media": 2000, "url": 2000, "code": 20}
"""Signs that a value may have, by its place (Meta, template components)."""
PARTS_WITH_MORE = {"CAROUSEL": "a carousel", "LIMITED_TIME_OFFER": "a limited-time offer"}
BUTTONS_WITH_MORE = {
    "FLOW": "a button that opens a flow", "MPM": "a button that shows products", "ORDER_DETAILS": "an order",
}  # fmt: skip
"""What WhatsApp takes only with values that nobody can give here (Meta, send a template message)."""
LINK = re.compile(r"https://[^\s/]\S*", re.IGNORECASE)
NO_LINK = "A link that begins with https://"

Components = Sequence[Mapping[str, Any]]
Parameters = Mapping[str, Any]
Values = Mapping[str, str | None]


@dataclass(frozen=True)
class Variable:
    """One thing to fill in. `place` is body, header, media, url or code; `example` is what the template's
    author gave WhatsApp."""

    key: str
    place: str
    label: str
    example: str = ""


@dataclass(frozen=True)
class Person:
    """Of whom the values come."""

    name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Unfilled(Exception):
    """Variables without a value; `keys` names them."""

    def __init__(self, keys: list[str]) -> None:
        super().__init__(f"No value for {', '.join(keys)}.")
        self.keys = keys


def variables_of(components: Components, parameter_format: str) -> list[Variable]:
    """The variables of a template, in the order of its parts."""
    return [
        variable for component in components for variable in component_variables(component, parameter_format)
    ]


def is_set(parameter: Any) -> bool:
    """Whether something is said to fill a variable; a single person may lack it all the same."""
    if not isinstance(parameter, Mapping):
        return False
    if _text(parameter.get("text")) or parameter.get("name") is True:
        return True
    return bool(_text(parameter.get("attribute")) or _text(parameter.get("fallback")))


def unfillable(components: Components) -> list[str]:
    """The parts of a template that need more than Heed can fill in, in words: WhatsApp refuses it without."""
    headers = (part for part in components if kind_of(part) == "HEADER")
    formats = [str(header.get("format") or "TEXT").upper() for header in headers]
    found = [f"a {each.lower()} as its header" for each in formats if each not in ("TEXT", *MEDIA)]
    found += [PARTS_WITH_MORE[kind] for part in components if (kind := kind_of(part)) in PARTS_WITH_MORE]
    buttons = [button for part in components for button in part.get("buttons") or []]
    kinds = dict.fromkeys(map(kind_of, buttons))
    return found + [BUTTONS_WITH_MORE[kind] for kind in kinds if kind in BUTTONS_WITH_MORE]


def values(variables: Sequence[Variable], parameters: Parameters, person: Person) -> dict[str, str | None]:
    """What fills each variable for this person; None where nothing does.

    What is too long for its place counts as missing, for a text cut short says something else; so does a
    header's media without a link that WhatsApp could load.
    """
    return {variable.key: _value(variable, parameters.get(variable.key), person) for variable in variables}


def misfits(variables: Sequence[Variable], parameters: Parameters) -> dict[str, str]:
    """What is wrong with the texts that somebody gave, in words, by the variable's key."""
    given = ((v, parameters.get(v.key) or {}) for v in variables)
    texts = ((v, _text(each.get("text")) or _text(each.get("fallback"))) for v, each in given)
    return {v.key: _misfit(v.place, text) for v, text in texts if text and not _fits(text, v.place)}


def _misfit(place: str, text: str) -> str:
    return NO_LINK if len(text) <= LONGEST[place] else f"At most {LONGEST[place]:,} characters fit here"


def component_variables(component: Mapping[str, Any], parameter_format: str) -> Iterator[Variable]:
    match kind_of(component):
        case "HEADER":
            yield from _header_variables(component, parameter_format)
        case "BODY":
            examples = _examples(component, "body_text", parameter_format)
            for name in _parameters_of(component, parameter_format):
                label = name if is_named(parameter_format) else f"text {{{{{name}}}}}"
                yield Variable(f"body:{name}", "body", label, examples.get(name, ""))
        case "BUTTONS":
            for index, button in enumerate(component.get("buttons") or []):
                yield from button_variables(index, button)


def _header_variables(component: Mapping[str, Any], parameter_format: str) -> Iterator[Variable]:
    kind = str(component.get("format") or "TEXT").upper()
    if kind in MEDIA:
        yield Variable(f"header:{MEDIA[kind]}", "media", f"link of the header {MEDIA[kind]}")
        return
    examples = _examples(component, "header_text", parameter_format)
    for name in _parameters_of(component, parameter_format):
        label = f"header {name}" if is_named(parameter_format) else f"header {{{{{name}}}}}"
        yield Variable(f"header:{name}", "header", label, examples.get(name, ""))


def button_variables(index: int, button: Mapping[str, Any]) -> Iterator[Variable]:
    shown = f"“{button.get('text') or kind_of(button).lower()}”"
    example = next(iter(_listed(button.get("example"))), "")
    for name in names_in(button.get("url")):
        yield Variable(f"button:{index}:{name}", "url", f"end of the link {shown}", example)
    if kind_of(button) == "COPY_CODE":
        yield Variable(f"button:{index}:1", "code", f"code of {shown}", example)


def _value(variable: Variable, parameter: Any, person: Person) -> str | None:
    if not isinstance(parameter, Mapping):
        return None
    wanted = _text(parameter.get("text")) or _own(parameter, person)
    found = (wanted, _text(parameter.get("fallback")))
    return next((value for value in found if _fits(value, variable.place)), None)


def _fits(value: str, place: str) -> bool:
    return 0 < len(value) <= LONGEST[place] and (place != "media" or bool(LINK.fullmatch(value)))


def _own(parameter: Mapping[str, Any], person: Person) -> str:
    """What the person's name or attribute gives; attributes are found in any case."""
    if parameter.get("name") is True:
        return _text(person.name)
    wanted = _text(parameter.get("attribute")).casefold()
    for name, value in person.attributes.items():
        if wanted and name.casefold() == wanted and value is not None:
            return _text(display(value))
    return ""


def _text(value: Any) -> str:
    """On one line with single spaces: WhatsApp refuses line breaks, tabs and rows of spaces (132018)."""
    return one_line(value) if isinstance(value, str) else ""


def _parameters_of(component: Mapping[str, Any], parameter_format: str) -> list[str]:
    """The placeholders in the order of the parameters that fill them: the first one fills {{1}}, wherever a
    translation has put it (Meta, send a template message)."""
    names = names_in(component.get("text"))
    if is_named(parameter_format):
        return names
    return sorted(names, key=lambda name: int(name) if name.isdecimal() else sys.maxsize)


def names_in(text: Any) -> list[str]:
    """The placeholders of a text, each once, in their order."""
    return list(dict.fromkeys(PLACEHOLDER.findall(str(text or ""))))


def _examples(component: Mapping[str, Any], kind: str, parameter_format: str) -> dict[str, str]:
    given = component.get("example")
    if not isinstance(given, Mapping):
        return {}
    if is_named(parameter_format):
        pairs = [pair for pair in given.get(f"{kind}_named_params") or [] if isinstance(pair, Mapping)]
        return {str(pair.get("param_name")): str(pair.get("example", "")) for pair in pairs}
    first = given.get(kind) or []
    rows = first[0] if first and isinstance(first[0], list) else first
    return {str(number): str(example) for number, example in enumerate(_listed(rows), start=1)}


def _listed(value: Any) -> list[str]:
    return [str(each) for each in (value if isinstance(value, list) else [value] if value else [])]


def kind_of(part: Mapping[str, Any]) -> str:
    return str(part.get("type") or "").upper()


def is_named(parameter_format: str) -> bool:
    return parameter_format.upper() == "NAMED"
