"""How a template lets its reader out, and whether that works: a promised word has to opt out. Pure.

"Reply STOP to unsubscribe" is a promise in the business's name. Whether it is kept depends on the keywords in
force, which change without the template; so it is read afresh each time that it is shown.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from webapp.campaigns.templates.promised_words import OTHER_PURPOSE, promised_words, says_stop
from webapp.campaigns.templates.stop_labels import stops
from webapp.consent.keywords import Decision, KeywordSet, read_text

Components = Iterable[Mapping[str, Any]]

LONGEST = 4096
"""Characters of a template's text that are read; WhatsApp allows 1,024."""
_LABEL = re.compile(r"unsubscri|opt[\s-]?out|descadastr|abmeld|désabonn|отпис", re.IGNORECASE)


@dataclass(frozen=True)
class WayOut:
    """What a template offers to whoever wants no more.

    `buttons` are quick replies that stop at a tap; `links` are labels of links that say so. `kept` are the
    promised words that opt out, `broken` those that do not; `unread` are quick replies that look like a way
    out and are none here.
    """

    buttons: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def exists(self) -> bool:
        return bool(self.buttons or self.links or self.kept)


def of(components: Components, words: KeywordSet | None) -> WayOut:
    """The way out of a template, with the keywords in force; None while they are switched off."""
    components = list(components)
    texts = [str(part.get("text") or "")[:LONGEST] for part in components if _kind(part) != "BUTTONS"]
    promised = tuple(dict.fromkeys(word for text in texts for word in promised_words(text)))
    kept = tuple(word for word in promised if _opts_out(word, words))
    replies = _labels(components, "QUICK_REPLY")
    return WayOut(
        buttons=tuple(label for label in replies if stops(label)),
        links=tuple(label for label in _labels(components, "URL") if _reads_like_stop(label)),
        kept=kept,
        broken=tuple(word for word in promised if word not in kept),
        unread=tuple(label for label in replies if not stops(label) and _reads_like_stop(label)),
    )


def flags(components: Components, words: KeywordSet | None, *, marketing: bool) -> list[str]:
    """What is wrong with it, in sentences for people; nothing when a reader who wants out gets out."""
    found = of(components, words)
    wrong = [_broken(word, words) for word in found.broken]
    wrong += [
        f"Its button “{label}” looks like a way out, but a tap on it does not opt out."
        for label in found.unread
    ]
    if marketing and not found.exists:
        wrong.append("Marketing without a way out: no button that stops, and no keyword that works.")
    return wrong


def _broken(word: str, words: KeywordSet | None) -> str:
    if words is None:
        return f"It promises that “{word}” opts out, but keywords are switched off."
    return f"It promises that “{word}” opts out, but this is none of the opt-out keywords."


def _opts_out(word: str, words: KeywordSet | None) -> bool:
    return words is not None and read_text(word, words).decision is Decision.OPT_OUT


def _reads_like_stop(label: str) -> bool:
    """Whether a label looks like a way out of messages."""
    return not OTHER_PURPOSE.search(label) and (
        stops(label) or says_stop(label) or bool(_LABEL.search(label))
    )


def _labels(components: Components, kind: str) -> list[str]:
    buttons: list[Mapping[str, Any]] = [
        button for part in components if _kind(part) == "BUTTONS" for button in part.get("buttons") or []
    ]
    return [str(button.get("text") or "") for button in buttons if _kind(button) == kind]


def _kind(part: Mapping[str, Any]) -> str:
    """WhatsApp's word for a part or a button, in capitals."""
    return str(part.get("type") or "").upper()
