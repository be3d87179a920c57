"""Cells of CSV files that are opened in spreadsheets: text stays text. Pure.

Where the comma is for decimals, a spreadsheet takes the semicolon for the end of a cell, inside of ours, too,
and quotes that stand in the middle for signs like any other: what follows is the beginning of a cell.
"""

import re

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that starts with one of these."""
_NEXT = re.compile(r"""(?<=[;\t])([\s"]*)([=+\-@])""")
_GUARDED_NEXT = re.compile(r"""(?<=[;\t])([\s"]*)'([=+\-@])""")


def safe(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    if _may_be_cut(cell):
        cell = _NEXT.sub(r"\1'\2", cell)
    return f"'{cell}" if cell.startswith(FORMULA_SIGNS) else cell


def safe_json(cell: str) -> str:
    """The same JSON, of which no part begins a formula: a semicolon stands in texts only."""
    if not _may_be_cut(cell):
        return cell
    return _NEXT.sub(lambda found: f"{found[1]}\\u{ord(found[2]):04x}", cell)


def bare(cell: str) -> str:
    """What `safe` made safe, without white space around it."""
    cell = cell.strip()
    if _may_be_cut(cell):
        cell = _GUARDED_NEXT.sub(r"\1\2", cell)
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_SIGNS) else cell


def _may_be_cut(cell: str) -> bool:
    return ";" in cell or "\t" in cell
