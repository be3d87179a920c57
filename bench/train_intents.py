"""Learn the weights by which a message is found to ask to be left alone; the same corpora give the same file.

    python -m bench.train_intents [--check]

Writes webapp/consent/weighing/weights.tsv from all corpora of tests/consent without the held fold, which is
for the tests. With --check it writes nothing and says what a cross-validation finds. Takes five
minutes or so.

A linear support vector machine by dual coordinate descent (Hsieh et al., 2008). The threshold is the one that
ordinary messages of the folds that a training did not see pass as seldom as wanted.
"""

import argparse
import hashlib
import math
import random
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from tests.consent.messages import Example, examples
from webapp.consent.folding import fold, tokens, without_accents
from webapp.consent.intents.grammar import grammar
from webapp.consent.intents.wording import Wording
from webapp.consent.links import without_links
from webapp.consent.weighing.features import features
from webapp.consent.weighing.weights import FILE, HEADER, UNIT, VERDICTS, is_weighed

FOLDS = (1, 2, 3, 4)
"""The folds that are learned from; the held one is 0."""
MOST_REVIEWS = 0.014
"""Share of ordinary messages, without a stop word, that may pass where others were learned from.
Many of them were written to mislead: of plainer ones about half as many pass."""
SEEN_AT_LEAST = 2
ROUNDS = 15
REQUEST, PLAIN, TEMPTING = 2.0, 6.0, 1.0
"""What a mistake costs: fewest may be made with ordinary messages that do not even hold a stop word."""
EMPHASIS = {"w": 3.0, "r": 3.0}
"""How large words and rows of words are beside the other kinds of features: parts of words are many more."""
VERDICT = 0.15
"""How large a verdict of the patterns is beside the other features, which have length one together."""
BYTES = 2_400_000


class Row(NamedTuple):
    """An example as it is learned: its features, each of the same value, and what the patterns say of it."""

    example: Example
    features: list[str]
    verdicts: list[str]
    weighed: bool

    @property
    def value(self) -> float:
        return 1 / math.sqrt(max(1, len(self.features)))


Weights = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    learned = [row(example) for example in examples() if example.fold in FOLDS]
    threshold = cross_validated(learned)
    if not check:
        FILE.write_text(written(trained(learned), threshold, learned), encoding="utf-8", newline="\n")


def row(example: Example) -> Row:
    text = without_links(without_accents(fold(example.text)))
    wording = Wording(tokens(text), grammar(str))
    # The patterns were tuned on the older corpora: what they say there is no sign of what they say elsewhere.
    verdicts = list(wording.verdicts()) if example.fresh else []
    words = wording.telling()
    return Row(example, list(features(words, text)), verdicts, is_weighed(words))


def cross_validated(rows: list[Row]) -> float:
    """The threshold, from the scores of each fold by what was learned from the others."""
    scores: list[tuple[float, Row]] = []
    for fold_ in FOLDS:
        weights = trained([row for row in rows if row.example.fold != fold_])
        unseen = (row for row in rows if row.example.fold == fold_ and row.example.fresh and row.weighed)
        scores += [(score(row, weights), row) for row in unseen]
    plain = sorted((score for score, row in scores if row.example.plain), reverse=True)
    threshold = plain[int(len(plain) * MOST_REVIEWS)]
    for name, kind in (("requests", "asks"), ("plain", "plain"), ("stop word", "tempting")):
        passed = [score > threshold for score, row in scores if getattr(row.example, kind)]
        print(f"{name}: {sum(passed)} of {len(passed)} ({sum(passed) / max(1, len(passed)):.1%})")
    return threshold


def score(row: Row, weights: Weights) -> float:
    weighed = sum(weights.get(feature, 0) for feature in row.features) * row.value
    return weighed + sum(weights.get(verdict, 0) for verdict in row.verdicts) * VERDICT


def trained(rows: list[Row]) -> Weights:
    """Weights that tell requests from other messages."""
    rows = [row for row in rows if len(row.features) > 1]
    counted = Counter(feature for row in rows for feature in row.features)
    known = sorted(feature for feature, count in counted.items() if count >= SEEN_AT_LEAST)
    numbers = {name: number for number, name in enumerate([*known, *VERDICTS])}
    weights = [0.0] * len(numbers)
    sizes = [EMPHASIS.get(name[0], 1.0) ** 2 for name in numbers]
    points = [_point(row, numbers, sizes) for row in rows]
    alphas = [0.0] * len(points)
    order = list(range(len(points)))
    shuffle = random.Random(1).shuffle
    for _ in range(ROUNDS):
        shuffle(order)
        for at in order:
            alphas[at] = _step(points[at], alphas[at], weights, sizes)
    return {name: weights[number] for name, number in numbers.items()}


class _Point(NamedTuple):
    features: list[int]
    value: float
    verdicts: list[int]
    side: int
    curvature: float
    slack: float


def _point(row: Row, numbers: dict[str, int], sizes: list[float]) -> _Point:
    found = [numbers[feature] for feature in row.features if feature in numbers]
    verdicts = [numbers[verdict] for verdict in row.verdicts]
    slack = 1 / (2 * _cost(row.example))
    squares = sum(map(sizes.__getitem__, found)) * row.value**2
    curvature = squares + len(verdicts) * VERDICT**2 + slack
    return _Point(found, row.value, verdicts, 1 if row.example.asks else -1, curvature, slack)


def _cost(example: Example) -> float:
    return REQUEST if example.asks else PLAIN if example.plain else TEMPTING


def _step(point: _Point, alpha: float, weights: list[float], sizes: list[float]) -> float:
    # A weight is kept with its emphasis in it, as it counts in a message: so a step has the emphasis squared.
    weighed = sum(map(weights.__getitem__, point.features)) * point.value
    weighed += sum(map(weights.__getitem__, point.verdicts)) * VERDICT
    gradient = point.side * weighed - 1 + point.slack * alpha
    new = max(alpha - gradient / point.curvature, 0.0)
    if change := (new - alpha) * point.side:
        for number in point.features:
            weights[number] += change * point.value * sizes[number]
        for number in point.verdicts:
            weights[number] += change * VERDICT
    return new


def written(weights: Weights, threshold: float, rows: Iterable[Row]) -> str:
    """The file: what it is, the threshold, and as many weights as fit, those that count most."""
    lines = {name: round(weight * UNIT) for name, weight in weights.items()}
    lines |= {verdict: round(weights[verdict] * VERDICT * UNIT) for verdict in VERDICTS}
    ranked = sorted(lines, key=lambda name: (name not in VERDICTS, -abs(lines[name]), name))
    head = HEADER.format(digest=digest(row.example for row in rows), threshold=round(threshold * UNIT))
    kept: list[str] = []
    left = BYTES - len(head.encode())
    for name in ranked:
        line = f"{name}\t{lines[name]}\n"
        left -= len(line.encode())
        if left < 0 or not lines[name]:
            break
        kept.append(line)
    return head + "".join(sorted(kept))


def digest(learned: Iterable[Example]) -> str:
    """What was learned from, in short, in whatever order."""
    lines = sorted(f"{example.asks} {example.text}" for example in learned)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


if __name__ == "__main__":
    main()
