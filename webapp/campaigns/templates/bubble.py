"""A template as the bubble that a customer sees, its variables filled or still open. Pure."""

from dataclasses import dataclass, field

from webapp.campaigns.templates.variables import MEDIA, PLACEHOLDER, Components, Values

Part = tuple[str, bool]
"""A piece of text, and whether it fills a variable."""


@dataclass(frozen=True)
class Bubble:
    """`media` is image, video, document or empty; a variable without a value stands as its placeholder."""

    header: list[Part] = field(default_factory=list)
    body: list[Part] = field(default_factory=list)
    footer: str = ""
    buttons: list[tuple[str, str]] = field(default_factory=list)
    """(kind in lower case such as `quick_reply` or `url`, label)."""
    media: str = ""


def bubble(components: Components, values: Values) -> Bubble:
    """What a customer with these values gets to see."""
    parts = {str(component.get("type") or "").upper(): component for component in components}
    header, body = parts.get("HEADER", {}), parts.get("BODY", {})
    buttons = parts.get("BUTTONS", {}).get("buttons") or []
    return Bubble(
        header=_filled(str(header.get("text") or ""), "header", values),
        body=_filled(str(body.get("text") or ""), "body", values),
        footer=str(parts.get("FOOTER", {}).get("text") or ""),
        buttons=[(str(b.get("type") or "").lower(), str(b.get("text") or "")) for b in buttons],
        media=MEDIA.get(str(header.get("format") or "").upper(), ""),
    )


def _filled(text: str, place: str, values: Values) -> list[Part]:
    """The text in pieces. Values are put in once: a placeholder inside a value stays what it is."""
    pieces: list[Part] = []
    end = 0
    for found in PLACEHOLDER.finditer(text):
        pieces.append((text[end : found.start()], False))
        value = values.get(f"{place}:{found[1]}")
        pieces.append((value, True) if value else (found[0], False))
        end = found.end()
    pieces.append((text[end:], False))
    return [piece for piece in pieces if piece[0]]
