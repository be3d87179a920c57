"""Figures of the whole desk that a page tells: asked in one statement, and once for each request."""

from collections.abc import Callable
from typing import Any

from flask import g
from sqlalchemy import ColumnElement, select

from webapp.extensions import db

_of_the_frame: list[Callable[[], dict[str, ColumnElement[Any]]]] = []


def of_the_frame(
    columns: Callable[[], dict[str, ColumnElement[Any]]],
) -> Callable[[], dict[str, ColumnElement[Any]]]:
    """Register what the frame of every page tells, as columns by name; they may depend on the reader."""
    _of_the_frame.append(columns)
    return columns


def read(*, framed: bool, **columns: ColumnElement[Any]) -> dict[str, Any]:
    """These figures, and with `framed` those of the frame; nothing is asked twice in one request."""
    known: dict[str, Any] = g.setdefault("heed_figures", {})
    if framed:
        columns = {**columns, **{name: column for each in _of_the_frame for name, column in each().items()}}
    wanted = {name: column for name, column in columns.items() if name not in known}
    if wanted:
        row = db.session.execute(select(*(column.label(name) for name, column in wanted.items()))).one()
        known.update(row._mapping)
    return known
