"""Instants in SQL, the same on both databases: whole seconds, and days in UTC."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from webapp.database import UtcDateTime


class WholeSecond(FunctionElement[Any]):
    """The instant without its fraction: WhatsApp's times have none, and are compared with ours."""

    type = UtcDateTime()
    inherit_cache = True


class UtcDay(FunctionElement[str]):
    """`2026-11-22`."""

    type = String()
    inherit_cache = True


@compiles(WholeSecond, "sqlite")
def _second_of_text(element: Any, compiler: Any, **kw: Any) -> str:
    # the text with its fraction sorts after the text without it
    return f"substr({compiler.process(element.clauses, **kw)}, 1, 19)"


@compiles(WholeSecond, "postgresql")
def _second(element: Any, compiler: Any, **kw: Any) -> str:
    return f"date_trunc('second', {compiler.process(element.clauses, **kw)})"


@compiles(UtcDay, "sqlite")
def _day_of_text(element: Any, compiler: Any, **kw: Any) -> str:
    return f"substr({compiler.process(element.clauses, **kw)}, 1, 10)"


@compiles(UtcDay, "postgresql")
def _day(element: Any, compiler: Any, **kw: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **kw)} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
