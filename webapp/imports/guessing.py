"""What the columns of a file probably are, by their titles and by what they hold."""

import re
from collections.abc import Mapping

from webapp.customers.attributes.values import MalformedValue, parse_value
from webapp.customers.importing.table_file import ATTRIBUTE, COLUMNS
from webapp.customers.models import AttributeType
from webapp.customers.search import fold
from webapp.imports.looking import Column
from webapp.imports.titles import TITLES

_SIGNS = re.compile(r"[\s_\-.:/()*?!¿¡]+")
_LEADING_ZERO = re.compile(r"0\d+")
GUESSED_TYPES = (AttributeType.BOOLEAN, AttributeType.NUMBER, AttributeType.DATE, AttributeType.DATETIME)
MEANINGS = {
    "opted_out": """
        no; n; false; 0; opted out; opt out; optout; opt-out; unsubscribed; stop; stopped; revoked;
        withdrawn; denied; declined; nao; não; nein; non; nee; hayir; hayır; нет; لا; नहीं; 否; 不同意;
        いいえ; baja; cancelado; descadastrado; abgemeldet; widerrufen; desinscrit; désinscrit;
        disiscritto
    """,
    "opted_in": """
        yes; y; true; 1; opted in; opt in; optin; opt-in; subscribed; active; granted; accepted; agreed;
        given; sim; si; sí; sì; ja; oui; evet; да; نعم; हाँ; हां; 是; 同意; はい; inscrito; aceito;
        aceita; acepto; angemeldet; erteilt; inscrit; iscritto
    """,
    "none": "unknown; none; n/a; -; pending; desconhecido; desconocido; unbekannt; inconnu; sconosciuto",
}
"""Words that lists say of consent, as they are offered; a person decides."""


def _words(text: str) -> set[str]:
    return {word.strip() for word in text.split(";")}


def _plain(title: str) -> str:
    return " ".join(_SIGNS.sub(" ", fold(title)).split())


_BY_TITLE = {_plain(title): ours for ours, text in TITLES.items() for title in _words(text)}
_BY_WORD = {word.casefold(): meaning for meaning, text in MEANINGS.items() for word in _words(text)}


def columns(found: list[Column], keys: Mapping[str, str]) -> list[str]:
    """What each column is: one of ours, `attr:NAME`, or empty to leave it out; each of ours once.

    `keys` are the names of the attributes on record, by their folded form.
    """
    guessed = [_by_title(column.title, keys) for column in found]
    numbers = _place_of_numbers(found, guessed)
    return [
        "phone" if place == numbers else "" if ours == "phone" or ours in guessed[:place] else ours
        for place, ours in enumerate(guessed)
    ]


def type_of(column: Column) -> str:
    """The narrowest type that its cells have; text when they have several, or begin with zeros."""
    if not column.cells or any(map(_LEADING_ZERO.fullmatch, column.cells)):
        return AttributeType.TEXT
    fitting = (type for type in GUESSED_TYPES if all(_is_one(type, cell) for cell in column.cells))
    return next(fitting, AttributeType.TEXT)


def meaning(word: str) -> str:
    """What a word of the column consent probably says: a status, `none`, or empty when nobody can tell."""
    return _BY_WORD.get(word.casefold(), "")


def may_tell_consent(column: Column) -> bool:
    """Whether a column may say who opted out: half of its cells say yes or no, and one says no."""
    meanings = {word: meaning(word) for word in column.words}
    told = sum(column.words[word] for word, said in meanings.items() if said)
    return "opted_out" in meanings.values() and 2 * told >= column.filled


def _by_title(title: str, keys: Mapping[str, str]) -> str:
    folded = fold(title)
    if folded in COLUMNS:
        return folded
    if folded.startswith(ATTRIBUTE):
        name = title[len(ATTRIBUTE) :].strip()
        return ATTRIBUTE + keys.get(fold(name), name) if name else ""
    if ours := _BY_TITLE.get(_plain(title)):
        return ours
    return ATTRIBUTE + keys[folded] if folded in keys else ""


def _place_of_numbers(found: list[Column], guessed: list[str]) -> int | None:
    """What a column holds counts more than how it is called; a title is enough where nothing else is likely,
    and is needed where people are known by their ids."""
    ids = {"wa_id", "user_id"}
    likely = [
        place for place, column in enumerate(found) if column.holds_numbers and guessed[place] not in ids
    ]
    titled = [at for at, ours in enumerate(guessed) if ours == "phone"]
    best = [at for at in titled if at in likely] or ([] if ids & set(guessed) else likely) or titled
    return best[0] if best else None


def _is_one(type: AttributeType, cell: str) -> bool:
    try:
        parse_value(type, cell)
    except MalformedValue:
        return False
    return True
