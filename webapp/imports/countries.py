"""The countries that have phone numbers, by their two letters. Pure."""

from functools import cache
from pathlib import Path


@cache
def names() -> dict[str, str]:
    """By letters, in the order of the names."""
    lines = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    return {line[:2]: line[3:] for line in lines}
