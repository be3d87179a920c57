"""A pack that somebody brings as a file: read carefully, and refused in a sentence. Pure."""

import json
import re
from typing import Any

from webapp.consent.keyword_sets import MOST_WORDS, bare_spelling, check_words
from webapp.consent.packs import Group, Pack
from webapp.consent.words import US_LAW_WORDS

LARGEST_FILE = 64 * 1024
"""Bytes: two full lists of the longest words take half of it."""
LONGEST_NAME = 60
IMPORTED = "file:"
"""Begins the key of an imported pack, so that it never hides a shipped one of the same language."""
NOT_REVIEWED = "imported, not reviewed by a native reader"
SHAPE = '{"language": "sw", "name": "Swahili", "opt_out": ["ACHA"], "opt_in": ["ANZA"]}'
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})?")
_FIELDS = {"language", "name", "opt_out", "opt_in"}


class UnusablePack(ValueError):
    """Nothing was imported; the message is a sentence that says why."""


def read_pack(raw: bytes) -> Pack:
    """The pack in a file, with the limits of the settings dialog. Raises UnusablePack."""
    content = _checked_shape(_json(raw))
    words, errors = check_words(content["opt_out"], content["opt_in"], enabled=False)
    if not words.opt_out and not errors:
        errors = ["The file holds no opt-out keyword."]
    errors += _against_law(words.opt_in)
    if errors:
        raise UnusablePack(" ".join(errors))
    group = Group(words.opt_out, words.opt_in, NOT_REVIEWED)
    language = content["language"]
    return Pack(f"{IMPORTED}{language.lower()}", language, content["name"].strip(), (group,), reviewed=False)


def _json(raw: bytes) -> Any:
    if len(raw) > LARGEST_FILE:
        raise UnusablePack(f"The file is larger than {LARGEST_FILE // 1024} kB.")
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise UnusablePack(f"The file is not readable JSON in UTF-8. Expected {SHAPE}") from None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _checked_shape(content: Any) -> dict[str, Any]:
    if not isinstance(content, dict) or set(content) != _FIELDS:
        raise UnusablePack(f"The file has another shape. Expected {SHAPE}")
    language, name = content["language"], content["name"]
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        raise UnusablePack("“language” must be a code such as sw, nl or hi_Latn.")
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise UnusablePack(f"“name” must be a text of at most {LONGEST_NAME} characters on one line.")
    for side in ("opt_out", "opt_in"):
        if not _is_list_of_words(content[side]):
            raise UnusablePack(f"“{side}” must be a list of at most {MOST_WORDS} texts.")
    return content


def _is_list_of_words(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_WORDS and all(isinstance(w, str) for w in value)


def _against_law(opt_in: tuple[str, ...]) -> list[str]:
    law = set(map(bare_spelling, US_LAW_WORDS))
    taken = [word for word in opt_in if bare_spelling(word) in law]
    return [f"“{word}” says stop in law, so no pack may let it opt in." for word in taken]
