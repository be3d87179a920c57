"""The table of goals: what was measured on each engine, and whether it is enough."""

from collections.abc import Iterable, Sequence

from bench.results import MET, NOT_MEASURED, Measured

ENGINES = ("SQLite", "PostgreSQL")
HEAD = ("Goal", *ENGINES, "Verdict")
NOTHING = "–"
GROUPED_FROM = 1000


def table(found: Iterable[Measured]) -> str:
    """Markdown that reads as a table in a terminal, too; goals in the order of their first measurement."""
    by_goal: dict[str, dict[str, Measured]] = {}
    for measured in found:
        by_goal.setdefault(measured.goal, {})[measured.engine] = measured
    rows = [HEAD, *(_row(goal, of) for goal, of in by_goal.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_line(row, widths) for row in (rows[0], rule, *rows[1:]))


def notes(found: Iterable[Measured]) -> list[str]:
    """Sentences about what was not measured, and which was the worst of several."""
    return [f"{measured.goal}, {measured.engine}: {_why(measured)}" for measured in found if measured.why]


def _why(measured: Measured) -> str:
    return measured.why if measured.verdict == NOT_MEASURED else f"worst was {measured.why}"


def _row(goal: str, of: dict[str, Measured]) -> tuple[str, ...]:
    return (goal, *(_cell(of.get(engine)) for engine in ENGINES), _verdict(of))


def _cell(measured: Measured | None) -> str:
    if measured is None:
        return NOTHING
    if measured.value is None:
        return NOT_MEASURED
    sign = "≥" if measured.at_least else "≤"
    spread = f" ({number(measured.spread[0])} to {number(measured.spread[1])})" if measured.spread else ""
    said = f"{number(measured.value)}{spread}, goal {sign} {number(measured.limit)} {measured.unit}"
    return said.strip()


def _verdict(of: dict[str, Measured]) -> str:
    """One word when all engines agree."""
    verdicts = {engine: measured.verdict for engine, measured in of.items()}
    if len(set(verdicts.values())) == 1:
        return next(iter(verdicts.values()))
    return ", ".join(f"{verdict} on {engine}" for engine, verdict in verdicts.items())


def number(value: float) -> str:
    if value >= GROUPED_FROM:
        return f"{value:,.0f}"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.{2 if value < 10 else 1}f}"


def summary(found: Sequence[Measured]) -> str:
    met = sum(measured.verdict == MET for measured in found)
    left_out = sum(measured.verdict == NOT_MEASURED for measured in found)
    return f"{met} of {len(found)} goals met, {left_out} not measured"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
