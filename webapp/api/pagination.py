"""Lists in parts: `?after=CURSOR&limit=`. A part begins behind the row that the cursor names."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import request

from webapp.api.problems import unfit

DEFAULT_LIMIT, LARGEST_LIMIT = 50, 1000
LARGEST_ID = 2**63 - 1
PARAMETERS = ("after", "limit")
Row = TypeVar("Row")


@dataclass(frozen=True)
class Part:
    """Which part of a list is wanted: at most `limit` rows behind the row with the id `after`."""

    after: int | None
    limit: int


def wanted() -> Part:
    """The part that the query string asks for. Raises Problem 422."""
    cursor = request.args.get("after", "")
    return Part(after=_row_id(cursor) if cursor else None, limit=_limit(request.args.get("limit", "")))


def answer(
    rows: Sequence[Row], part: Part, id_of: Callable[[Row], int], item: Callable[[Row], dict[str, Any]]
) -> dict[str, Any]:
    """The answer for `rows`; one more than the limit was read, to know whether the list goes on."""
    shown = rows[: part.limit]
    return {
        "items": [item(row) for row in shown],
        "next": cursor_of(id_of(shown[-1])) if len(rows) > part.limit else None,
    }


def cursor_of(row_id: int) -> str:
    return base64.urlsafe_b64encode(str(row_id).encode()).decode().rstrip("=")


def whole_number(raw: str, largest: int) -> int | None:
    """The number from 1 to `largest` that these digits mean; None for anything else."""
    if not (raw.isascii() and raw.isdigit() and len(raw) <= len(str(largest))):
        return None
    return int(raw) if 1 <= int(raw) <= largest else None


def _row_id(cursor: str) -> int:
    row_id = whole_number(_decoded(cursor), LARGEST_ID)
    if row_id is None:
        raise unfit("after", "This is no cursor; take it from “next” of the list before.")
    return row_id


def _decoded(cursor: str) -> str:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        return ""


def _limit(raw: str) -> int:
    limit = whole_number(raw, LARGEST_LIMIT) if raw else DEFAULT_LIMIT
    if limit is None:
        raise unfit("limit", f"This must be a whole number from 1 to {LARGEST_LIMIT}.")
    return limit
