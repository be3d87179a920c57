"""What a page of the table costs without the desk: the same page with rows and figures from memory.

    gunicorn "bench.floor:create_app()"

The first request reads them as Heed does, all others are answered with the same. What is left is the session,
the frame, the panel, and 50 rows in the template.
"""

from functools import cached_property
from typing import Any

from flask import Flask, g

import webapp
from webapp import figures
from webapp.customers.table import Table


def create_app() -> Flask:
    app = webapp.create_app()
    answer_from_memory()
    return app


def answer_from_memory() -> None:
    figures.read = _remembered(figures.read)
    for part in (Table.slice, Table.rows):
        setattr(Table, part.attrname, _kept(part))


def _remembered(read: Any) -> Any:
    known: dict[str, Any] = {}

    def remembered(*, framed: bool, **columns: Any) -> dict[str, Any]:
        if not known:
            known.update(read(framed=framed, **columns))
        g.heed_figures = known
        return known

    return remembered


def _kept(part: "cached_property[Any]") -> property:
    found: list[Any] = []

    def kept(table: Table) -> Any:
        if not found:
            found.append(part.func(table))
        return found[0]

    return property(kept)
