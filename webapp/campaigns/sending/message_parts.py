"""What a message carries beside its template's name: the `components` for one person. Pure.

Source: Meta, send a template message.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from webapp.campaigns.templates.stop_labels import stops
from webapp.campaigns.templates.variables import (
    Components,
    Unfilled,
    Values,
    Variable,
    button_variables,
    component_variables,
    is_named,
    kind_of,
    variables_of,
)

URL_SIGNS = "/?#[]@!$&'()*+,;=:%~"
"""What quoting leaves alone in the end of a link: somebody may have written a path or a query there."""


def components_for(
    components: Components, parameter_format: str, values: Values, campaign_id: int
) -> list[dict[str, Any]]:
    """The `components` of a message to one person (Meta, send a template message). Raises Unfilled.

    Each quick reply that stops carries a payload that says so and names the campaign: it does not depend on
    how its label is translated, and a tap may come without its context.
    """
    wanted = variables_of(components, parameter_format)
    if missing := [variable.key for variable in wanted if not values.get(variable.key)]:
        raise Unfilled(missing)
    whole = {key: value or "" for key, value in values.items()}
    return [
        part for component in components for part in _parts(component, parameter_format, whole, campaign_id)
    ]


def _parts(
    component: Mapping[str, Any], parameter_format: str, values: Mapping[str, str], campaign_id: int
) -> Iterator[dict[str, Any]]:
    own = [(variable, values[variable.key]) for variable in component_variables(component, parameter_format)]
    match kind_of(component):
        case "HEADER" | "BODY" if own:
            parameters = [_parameter(variable, value, parameter_format) for variable, value in own]
            yield {"type": kind_of(component).lower(), "parameters": parameters}
        case "BUTTONS":
            for index, button in enumerate(component.get("buttons") or []):
                yield from _button_parts(index, button, values, campaign_id)


def _parameter(variable: Variable, value: str, parameter_format: str) -> dict[str, Any]:
    name = variable.key.partition(":")[2]
    if variable.place == "media":
        return {"type": name, name: {"link": value}}
    named = {"parameter_name": name} if is_named(parameter_format) else {}
    return {"type": "text", **named, "text": value}


def _button_parts(
    index: int, button: Mapping[str, Any], values: Mapping[str, str], campaign_id: int
) -> Iterator[dict[str, Any]]:
    label = str(button.get("text") or "")
    if kind_of(button) == "QUICK_REPLY":
        payload = f"OPT_OUT:{campaign_id}" if stops(label) else label
        yield _button(index, "quick_reply", {"type": "payload", "payload": payload})
    for variable in button_variables(index, button):
        if variable.place == "code":
            yield _button(index, "copy_code", {"type": "coupon_code", "coupon_code": values[variable.key]})
        else:
            suffix = quote(values[variable.key], safe=URL_SIGNS)
            yield _button(index, "url", {"type": "text", "text": suffix})


def _button(index: int, sub_type: str, parameter: dict[str, str]) -> dict[str, Any]:
    return {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [parameter]}
