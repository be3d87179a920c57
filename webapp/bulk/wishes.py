"""What somebody typed into the dialog of a bulk change, and the action that it means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from werkzeug.datastructures import MultiDict

from webapp.bulk.actions import Action, ActionKind
from webapp.campaigns.models import Segment, SegmentKind
from webapp.campaigns.segments import segments
from webapp.customers.attributes.values import MalformedValue, parse_value
from webapp.customers.editing_context import tags_in
from webapp.customers.filters import row_id
from webapp.customers.models import AttributeKey
from webapp.customers.names import MalformedName
from webapp.customers.tags import tags
from webapp.customers.text import has_controls
from webapp.customers.wording import CHANNELS
from webapp.extensions import db

LONGEST_WORDS = 2000
MOST_TAGS = 20


class Unfit(Exception):
    """Something does not fit; `errors` holds a sentence per field."""

    def __init__(self, **errors: str) -> None:
        super().__init__("Something does not fit.")
        self.errors = errors


@dataclass(frozen=True)
class Wish:
    """The fields as they were typed; each action reads its own."""

    channel: str = "other"
    words: str = ""
    tags: list[str] = field(default_factory=list)
    key: str = ""
    value: str = ""
    clear: bool = False
    segment: str = ""
    name: str = ""

    @classmethod
    def of(cls, form: MultiDict[str, str]) -> "Wish":
        return cls(
            channel=form.get("channel", "other"),
            words=form.get("words", "").strip(),
            tags=tags_in(form.getlist("tags")),
            key=form.get("key", ""),
            value=form.get("value", ""),
            clear="clear" in form,
            segment=form.get("segment", ""),
            name=form.get("name", ""),
        )


def action_of(kind: ActionKind, wish: Wish, *, actor: str, now: datetime) -> Action:
    """The action that this means; tags and segments that are new are made. Raises Unfit."""
    if kind == ActionKind.ADD_TO_SEGMENT:
        return _segment(wish, actor, now)
    return _ACTIONS[kind](wish)


def _opt_out(wish: Wish) -> Action:
    if wish.channel not in CHANNELS:
        raise Unfit(channel="Choose how you learned of it.")
    if len(wish.words) > LONGEST_WORDS or has_controls(wish.words, allowed="\r\n\t"):
        raise Unfit(words=f"Keep it to {LONGEST_WORDS:,} characters of plain text.")
    return Action(ActionKind.OPT_OUT, {"channel": wish.channel, "words": wish.words})


def _add_tags(wish: Wish) -> Action:
    _check_number(wish)
    try:
        found = [tags.define(name) for name in wish.tags]
    except MalformedName as fault:
        raise Unfit(tags=str(fault)) from None
    return _of_tags(ActionKind.ADD_TAGS, {tag.id: tag.name for tag in found})


def _remove_tags(wish: Wish) -> Action:
    _check_number(wish)
    found = {name: tags.find(name) for name in wish.tags}
    if missing := [name for name, tag in found.items() if tag is None]:
        raise Unfit(tags=f"There is no tag “{missing[0]}”.")
    return _of_tags(ActionKind.REMOVE_TAGS, {tag.id: tag.name for tag in found.values() if tag})


def _check_number(wish: Wish) -> None:
    if not wish.tags:
        raise Unfit(tags="Write the name of a tag.")
    if len(wish.tags) > MOST_TAGS:
        raise Unfit(tags=f"At most {MOST_TAGS} tags at once.")


def _of_tags(kind: ActionKind, found: Mapping[int, str]) -> Action:
    return Action(kind, {"tags": list(found)}, tuple(found.values()))


def _set_attribute(wish: Wish) -> Action:
    key = db.session.get(AttributeKey, id) if (id := row_id(wish.key)) else None
    if key is None:
        raise Unfit(key="Choose an attribute.")
    try:
        value = None if wish.clear else parse_value(key.type, wish.value)
    except MalformedValue as fault:
        raise Unfit(value=str(fault)) from None
    return Action(ActionKind.SET_ATTRIBUTE, {"key": key.id, "value": value, "type": key.type}, (key.name,))


def _segment(wish: Wish, actor: str, now: datetime) -> Action:
    """The one that was picked, or a new one."""
    if wish.segment:
        segment = next((each for each in static_segments() if str(each.id) == wish.segment), None)
        if segment is None:
            raise Unfit(segment="This segment is gone. Choose another one.")
        segment.changed_at, segment.changed_by = now, actor
    else:
        try:
            segment = segments.create_static(wish.name, actor=actor, now=now)
        except MalformedName as fault:
            raise Unfit(name=str(fault)) from None
    return Action(ActionKind.ADD_TO_SEGMENT, {"segment": segment.id}, (segment.name,))


def static_segments() -> list[Segment]:
    """Those into which people can be put, by name."""
    return [segment for segment in segments.everything() if segment.kind == SegmentKind.STATIC]


_ACTIONS: dict[ActionKind, Callable[[Wish], Action]] = {
    ActionKind.OPT_OUT: _opt_out,
    ActionKind.ADD_TAGS: _add_tags,
    ActionKind.REMOVE_TAGS: _remove_tags,
    ActionKind.SET_ATTRIBUTE: _set_attribute,
}
