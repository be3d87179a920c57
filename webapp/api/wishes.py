"""The body of POST campaigns: checked as a whole before anything is written."""

from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from webapp.api import bodies, filters, parameters, phones
from webapp.api.pagination import LARGEST_ID
from webapp.api.problems import unfit
from webapp.campaigns.lifecycle import LONGEST_NAME
from webapp.campaigns.models import Segment, Template
from webapp.campaigns.templates import templates
from webapp.customers.addresses import Address
from webapp.customers.filters import Filter
from webapp.customers.text import one_line
from webapp.extensions import db

FIELDS = ("name", "template", "audience", "pace")
TEMPLATE_FIELDS = ("name", "language", "parameters")
AUDIENCES = ("segment_id", "filter", "phones")
FILTER_FIELDS = ("q", "tag", "attr", "status")
FASTEST = 1000
"""Messages a second, the highest that WhatsApp grants a number (Meta, throughput)."""
Source = dict[str, Any]


@dataclass(frozen=True)
class Wish:
    """A campaign that somebody asks for."""

    name: str
    template_id: int
    parameters: dict[str, Any]
    source: Source
    """Of the audience, as `campaigns.audience` reads it."""
    phones: list[Address]
    pace: int | None

    @property
    def audience(self) -> dict[str, list[Source]]:
        return {"include": [self.source], "exclude": []}


def read(body: dict[str, Any]) -> Wish:
    """Raises Problem 422, which names the field."""
    name, pace = _name(body), _pace(body.get("pace"))
    template, filled = _template(bodies.required(body, "template", dict))
    source, named = _audience(bodies.required(body, "audience", dict))
    return Wish(name, template.id, filled, source, named, pace)


def _name(body: dict[str, Any]) -> str:
    name = one_line(bodies.required(body, "name", str))
    if not 1 <= len(name) <= LONGEST_NAME:
        raise unfit("name", f"A name has 1 to {LONGEST_NAME} characters.")
    return name


def _pace(given: Any) -> int | None:
    if given is not None and not (_is_whole(given) and 1 <= given <= FASTEST):
        raise unfit("pace", f"This must be a whole number from 1 to {FASTEST:,}: messages a second.")
    return given


def _template(given: dict[str, Any]) -> tuple[Template, dict[str, Any]]:
    bodies.only_known(given, TEMPLATE_FIELDS, "template.")
    name, language = (one_line(_text("template", given, field)) for field in ("name", "language"))
    template = templates.find(name, language)
    if template is None or template.removed_at:
        raise unfit("template", "WhatsApp has no template of this name and language for this account.")
    return template, parameters.read(given.get("parameters"), template)


def _audience(given: dict[str, Any]) -> tuple[Source, list[Address]]:
    bodies.only_known(given, AUDIENCES, "audience.")
    if len(given) != 1:
        raise unfit("audience", f"Send one of {', '.join(AUDIENCES)}.")
    ((kind, value),) = given.items()
    if kind == "phones":
        return {"kind": "people"}, phones.read(value)
    return (_segment(value) if kind == "segment_id" else _filter(value)), []


def _segment(given: Any) -> Source:
    known = _is_whole(given) and 1 <= given <= LARGEST_ID and db.session.get(Segment, given)
    if not known:
        raise unfit("audience.segment_id", "There is no such segment.")
    return {"kind": "segment", "id": given}


def _filter(given: Any) -> Source:
    """The filter of the table. One that names nothing means everybody, as it does there."""
    if not isinstance(given, dict):
        raise unfit("audience.filter", f"This must be an object with {', '.join(FILTER_FIELDS)}.")
    bodies.only_known(given, FILTER_FIELDS, "audience.filter.")
    wanted = MultiDict((name, text) for name in given for text in _texts(name, given[name]))
    filters.check(wanted, "audience.filter.")
    args = Filter.from_args(wanted).to_args()
    return {"kind": "filter", "args": args} if args else {"kind": "everybody"}


def _texts(name: str, value: Any) -> list[str]:
    """Empty text stands for nothing; tags and attributes may also stand alone."""
    many = value if isinstance(value, list) and name not in filters.ONCE else [value]
    if not all(text is None or isinstance(text, str) for text in many):
        raise unfit(f"audience.filter.{name}", "This must be text." if name in filters.ONCE else
                    "This must be a list of texts.")  # fmt: skip
    return [text for text in many if text]


def _text(parent: str, given: dict[str, Any], field: str) -> str:
    value = given.get(field)
    if not isinstance(value, str):
        raise unfit(f"{parent}.{field}", "This is missing." if value is None else "This must be text.")
    return value


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
