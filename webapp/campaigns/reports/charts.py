"""The geometry of charts that the server draws as SVG. Pure.

Plots are `WIDE` by `HIGH` and are stretched over their box, so words stand beside them in HTML and keep their
size. Ticks lie at equal distances, the first at the bottom or the left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDE, HIGH = 1000.0, 100.0
STEPS = (1, 2, 5)
MOST_GAPS = 4
GAP = 0.25
"""The share of a column's room that stays empty beside it."""


@dataclass(frozen=True)
class Line:
    """One series as a line: `points` and `area` are what SVG's polyline and polygon take."""

    points: str
    area: str
    end: tuple[float, float]


@dataclass(frozen=True)
class Block:
    """A part of a column; `tone` says which series it belongs to, counted from 1."""

    x: float
    y: float
    width: float
    height: float
    tone: int


@dataclass(frozen=True)
class Scale:
    """The ticks of the upright axis, the highest first, as they are read from top to bottom."""

    top: int
    ticks: tuple[int, ...]

    @property
    def heights(self) -> list[float]:
        """Where the tick lines lie, from the top."""
        return [_round(HIGH - HIGH * tick / self.top) for tick in self.ticks]


@dataclass(frozen=True)
class LineChart:
    scale: Scale
    line: Line
    labels: list[str]


@dataclass(frozen=True)
class StackedChart:
    scale: Scale
    blocks: list[Block]
    labels: list[str]


@dataclass(frozen=True)
class Bar:
    """A bar that lies beside its name; `width` is a share of `WIDE`."""

    name: str
    value: int
    width: float


def scale_of(highest: int) -> Scale:
    """Whole round numbers from 0 to at least `highest`, in at most `MOST_GAPS` steps."""
    step, power = 1, 0
    while step * MOST_GAPS < highest:
        power += 1
        step = STEPS[power % len(STEPS)] * 10 ** (power // len(STEPS))
    gaps = max(1, -(-highest // step))
    return Scale(gaps * step, tuple(step * n for n in range(gaps, -1, -1)))


def line_chart(values: Sequence[int], labels: list[str]) -> LineChart:
    """One value after the other at equal distances; `labels` are spread over the whole width."""
    scale = scale_of(max(values, default=0))
    places = [(_x(n, len(values)), _round(HIGH - HIGH * value / scale.top)) for n, value in enumerate(values)]
    points = " ".join(f"{x:g},{y:g}" for x, y in places)
    first, last = (places[0], places[-1]) if places else ((0.0, HIGH), (0.0, HIGH))
    area = f"{first[0]:g},{HIGH:g} {points} {last[0]:g},{HIGH:g}"
    return LineChart(scale, Line(points, area, last), labels)


def stacked_chart(series: Sequence[Sequence[int]], labels: list[str]) -> StackedChart:
    """Columns that stack the values of several series of one length, the first at the bottom."""
    columns = list(zip(*series, strict=True))
    scale = scale_of(max((sum(column) for column in columns), default=0))
    room = WIDE / max(len(columns), 1)
    stacks = [_stack(column, n, room, scale.top) for n, column in enumerate(columns)]
    return StackedChart(scale, [block for stack in stacks for block in stack], labels)


def bars(rows: Sequence[tuple[str, int]]) -> list[Bar]:
    """The longest fills the width; what is not nothing stays in sight."""
    longest = max((value for _name, value in rows), default=0)
    return [Bar(name, value, share_of_width(value, longest)) for name, value in rows]


def share_of_width(part: int, whole: int) -> float:
    """How wide the bar of a part is; at least a hundredth if the part is not 0."""
    if not part or not whole:
        return 0.0
    return _round(max(WIDE * min(part / whole, 1), WIDE / 100))


def spread(labels: Sequence[str], most: int) -> list[str]:
    """At most so many of the labels, at equal distances, the first and the last among them."""
    if len(labels) <= most:
        return list(labels)
    last = len(labels) - 1
    return [labels[round(n * last / (most - 1))] for n in range(most)]


def _stack(column: Sequence[int], position: int, room: float, top: int) -> list[Block]:
    blocks, below = [], 0
    for tone, value in enumerate(column, start=1):
        below += value
        if value:
            blocks.append(
                Block(
                    x=_round(position * room + room * GAP / 2), y=_round(HIGH - HIGH * below / top),
                    width=_round(room * (1 - GAP)), height=_round(HIGH * value / top), tone=tone,
                )
            )  # fmt: skip
    return blocks


def _x(position: int, count: int) -> float:
    return _round(WIDE * position / (count - 1)) if count > 1 else 0.0


def _round(place: float) -> float:
    return round(place, 2)
