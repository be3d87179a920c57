"""Which keys lie side by side: a finger that slips types one of them."""

from itertools import pairwise

# Rows from the top; a key of one row touches two of the row below, its own number and the one before.
# "·" stands for a key that types no single letter. Greek has its final sigma folded, Arabic its hamza.
LAYOUTS = (
    ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"),
    ("1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm"),
    ("1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn"),
    ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"),
    ("·σερτυθιοπ", "ασδφγηξκλ", "ζχψωβνμ"),
    ("ضصثقفغعهخحجد", "شسيبلاتنمكط", "··ءر··ىةوزظ"),
)


def _touching(layout: tuple[str, ...]) -> set[tuple[str, str]]:
    pairs = [pair for row in layout for pair in pairwise(row)]
    for upper, lower in pairwise(layout):
        pairs += zip(upper, lower, strict=False)
        pairs += zip(upper[1:], lower, strict=False)
    return {pair for pair in pairs if "·" not in pair}


def _neighbours() -> dict[str, frozenset[str]]:
    pairs = set().union(*map(_touching, LAYOUTS))
    pairs |= {(second, first) for first, second in pairs}
    return {key: frozenset(other for first, other in pairs if first == key) for key, _ in pairs}


NEIGHBOURS = _neighbours()
"""For each key the keys that it touches on any of the layouts."""
