"""The index of the searched text on SQLite: trigrams, by which any part of a name or number is found without
a scan. Triggers keep it, each text with a space before it, so that two letters are found where a word begins.
PostgreSQL's own trigram index serves the same tests without being named.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, String, bindparam, column, literal_column, table, text

from webapp.extensions import db

SHORTEST = 3
"""A shorter word has no trigram; with the space before it, one that is a sign shorter has."""
SECURE_DELETE_SINCE = (3, 42)
INDEX = table("customer_search", column("rowid"))


def trigrams(words: Iterable[str]) -> list[str]:
    """Each trigram of the words once; none of a word that is too short to have one."""
    found = (word[at : at + SHORTEST] for word in words for at in range(len(word) - SHORTEST + 1))
    return list(dict.fromkeys(found))


def holds_any(ways: Iterable[Iterable[str]]) -> ColumnElement[bool]:
    """The test on rows of the index that a text holds all trigrams of one of the ways, in whatever order."""
    asked = " OR ".join(f"({' AND '.join(map(_quoted, grams))})" for grams in ways)
    return literal_column("customer_search").op("MATCH")(bindparam(None, asked, String))


def _quoted(gram: str) -> str:
    escaped = gram.replace('"', '""')
    return f'"{escaped}"'


def rebuild() -> None:
    """Read all searched texts anew. The caller commits."""
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text("INSERT INTO customer_search (customer_search) VALUES ('rebuild')"))


def forget_deleted() -> None:
    """What was taken out of the index is gone from its pages, too. Newer versions of SQLite see to it
    themselves; an older one writes the whole index anew. The caller commits."""
    dialect = db.engine.dialect
    if dialect.name == "sqlite" and dialect.server_version_info < SECURE_DELETE_SINCE:
        db.session.execute(text("INSERT INTO customer_search (customer_search) VALUES ('optimize')"))
