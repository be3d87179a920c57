"""The packs that can be switched on here: those that ship with Heed, and those that somebody imported.

The caller commits.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from webapp.consent import packs
from webapp.consent.models import KeywordPack
from webapp.consent.pack_files import NOT_REVIEWED
from webapp.consent.packs import Group, Pack
from webapp.extensions import db

MOST_IMPORTED = 50


def available() -> dict[str, Pack]:
    """Every pack by its key: the shipped ones first, then the imported ones by name."""
    rows = db.session.scalars(select(KeywordPack).order_by(KeywordPack.name, KeywordPack.key))
    return {**packs.shipped(), **{row.key: _imported(row) for row in rows}}


def of_keys(keys: Iterable[str]) -> list[Pack]:
    """The packs of these keys that exist. Costs no query while only shipped packs are on."""
    keys = list(keys)
    known = packs.shipped() if all(key in packs.shipped() for key in keys) else available()
    return [known[key] for key in keys if key in known]


def store(pack: Pack, *, actor: str, now: datetime) -> None:
    """Keep an imported pack; one of the same language is replaced."""
    row = KeywordPack(
        key=pack.key, language=pack.language, name=pack.name, opt_out_words=list(pack.opt_out),
        opt_in_words=list(pack.opt_in), imported_at=now, imported_by=actor,
    )  # fmt: skip
    db.session.merge(row)
    db.session.flush()


def drop(key: str) -> None:
    if row := db.session.get(KeywordPack, key):
        db.session.delete(row)
        db.session.flush()


def _imported(row: KeywordPack) -> Pack:
    group = Group(tuple(row.opt_out_words), tuple(row.opt_in_words), NOT_REVIEWED)
    return Pack(row.key, row.language, row.name, (group,), reviewed=False)
