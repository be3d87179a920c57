"""Rows that were refused before somebody was erased: an erasure looks through whole lists only, so that of
an import that was under way is looked through at its end."""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import exists, select

from webapp.customers.addresses import Address, number_keys
from webapp.customers.cells import bare
from webapp.customers.erasure import suppressions
from webapp.customers.erasure.erasing import Erasure
from webapp.customers.erasure.suppressions import WrongKey
from webapp.customers.importing import leftovers
from webapp.customers.models import IdentityKind
from webapp.extensions import db
from webapp.imports.looking import SEPARATORS


def erased_since(began: datetime | None) -> bool:
    """Whether somebody was erased since then."""
    return bool(db.session.scalar(select(exists().where(Erasure.at >= began))))


def forget_erased(path: Path) -> None:
    """Take off everybody who was erased; the whole list goes when nobody can tell who was."""
    try:
        gone = suppressions.standing(_places(path))
    except WrongKey:
        path.unlink()
        return
    leftovers.forget(Address(IdentityKind.PHONE, key, key) for key in gone)


def _places(path: Path) -> Iterator[Address]:
    """All that may be an address in the list, whichever column it is in."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
        separator = max(SEPARATORS, key=lines.readline().count)
        for row in csv.reader(lines, delimiter=separator):
            for cell in map(bare, row):
                for key in {cell, *number_keys(cell)}:
                    yield Address(IdentityKind.PHONE, key, key)
