"""Something that is set up wrongly."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`grave`: what Heed promises does not hold until it is put right."""

    id: str
    words: str
    advice: str
    grave: bool = False
