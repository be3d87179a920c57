"""Two acts side by side, many times: how many times as long the one takes as the other."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median, quantiles

from bench.results import Measured

FEWEST_ROUNDS, LONGEST_MS = 3, 5_000
Act = Callable[[], float]
"""Does it, and tells the milliseconds that it took."""


@dataclass(frozen=True)
class Pair:
    """A goal is met when all its pairs meet it; `name` tells them apart."""

    goal: str
    name: str
    measured: Act
    beside: Act
    limit: float
    unit: str


@dataclass
class Times:
    """What the acts of a pair took in each round."""

    pair: Pair
    measured: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)

    @property
    def slow(self) -> bool:
        """Whether it took long enough already, with three rounds at least."""
        return len(self.measured) >= FEWEST_ROUNDS and sum(self.measured) > LONGEST_MS

    @property
    def ratios(self) -> list[float]:
        return [ours / theirs for ours, theirs in zip(self.measured, self.beside, strict=True)]

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        lower, _, upper = quantiles(self.ratios)
        return lower, upper

    def __str__(self) -> str:
        lower, upper = self.spread
        over = " !" if self.ratio > self.pair.limit else ""
        return (
            f"  {self.pair.goal:38}{self.pair.name:46}{median(self.measured):8.1f} ms  "
            f"{self.ratio:6.2f} ({lower:.2f} to {upper:.2f}) {self.pair.unit}{over}"
        )


def compared(pairs: Iterable[Pair], rounds: int) -> list[Times]:
    """The times of all pairs, one round of all after the other; which act comes first alternates. The first
    round is not counted, and what is slow is not asked as often."""
    found = [Times(pair) for pair in pairs]
    for number in range(rounds + 1):
        for times in found:
            if times.slow:
                continue
            measured, beside = _once(times.pair, beside_first=number % 2 == 0)
            if number > 0:
                times.measured.append(measured)
                times.beside.append(beside)
    for times in found:
        print(times, flush=True)
    return found


def _once(pair: Pair, *, beside_first: bool) -> tuple[float, float]:
    if beside_first:
        beside = pair.beside()
        return pair.measured(), beside
    return pair.measured(), pair.beside()


def worst(found: Iterable[Times], engine: str) -> list[Measured]:
    """Each goal by the pair that comes nearest to its limit or goes farthest beyond."""
    by_goal: dict[str, list[Times]] = defaultdict(list)
    for times in found:
        by_goal[times.pair.goal].append(times)
    return [_measured(max(group, key=lambda times: times.ratio), engine) for group in by_goal.values()]


def _measured(times: Times, engine: str) -> Measured:
    pair = times.pair
    return Measured(pair.goal, engine, times.ratio, pair.limit, pair.unit, times.spread, why=pair.name)
