"""Cells of CSV files that are opened in spreadsheets: text stays text. Pure.

Where the comma is for decimals, a spreadsheet takes the semicolon for the end of a cell, inside of ours, too,
and quotes that stand in the middle for signs like any other: what follows is the beginning of a cell.
"""

import re
from collections.abc import Callable

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that starts with one of these."""
_GAP = r"""(?<![;\s"])([;\s"]+)"""
"""As a whole, so that each sign of a long one is looked at once."""
_NEXT = re.compile(f"{_GAP}([=+@-])")
_GUARDED_NEXT = re.compile(f"{_GAP}'([=+@-])")


def safe(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    cell = _behind_cuts(_NEXT, cell, lambda sign: f"'{sign}")
    return f"'{cell}" if cell.startswith(FORMULA_SIGNS) else cell


def safe_json(cell: str) -> str:
    """The same JSON, of which no part begins a formula: a semicolon stands in texts only."""
    return _behind_cuts(_NEXT, cell, lambda sign: f"\\u{ord(sign):04x}")


def bare(cell: str) -> str:
    """What `safe` made safe, without white space around it."""
    cell = cell.strip()
    if "'" not in cell:  # nearly always
        return cell
    cell = _behind_cuts(_GUARDED_NEXT, cell, lambda sign: sign)
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_SIGNS) else cell


def _behind_cuts(pattern: re.Pattern[str], cell: str, become: Callable[[str], str]) -> str:
    """The cell, in which each sign that a spreadsheet may find at the beginning of one becomes another."""
    if not _is_cut(cell):
        return cell
    return pattern.sub(lambda found: found[1] + become(found[2]) if _is_cut(found[1]) else found[0], cell)


def _is_cut(text: str) -> bool:
    return ";" in text or "\t" in text
