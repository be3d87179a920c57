"""The keyword corpus: `cases.tsv`, decoded, with the keywords that its header configures."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

from webapp.consent.keywords import KeywordSet

LINES = Path(__file__).with_name("cases.tsv").read_text(encoding="utf-8").split("\n")
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[ntr\\])")
CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
REPEAT = re.compile(r'\{\{REPEAT (\d+) "([^"]*)"\}\}')


class Case(NamedTuple):
    text: str
    expected: str
    channel: str


def cases() -> list[Case]:
    rows = (line.split("\t") for line in LINES if line and not line.startswith("# "))
    return [Case(_decoded(text), expected, channel) for text, expected, channel, *_ in rows]


def configured() -> KeywordSet:
    return KeywordSet(
        (*listed("opt_out_keywords"), *listed("opt_out_keywords_exact_only")),
        tuple(listed("opt_in_keywords")),
    )


def listed(name: str) -> list[str]:
    """A list of the header, such as `benign_phrases`; a string counts as the list of its characters."""
    header = "\n".join(line for line in LINES if line.startswith("# "))
    found = re.search(rf'(?<!\w){name}\b[^=\n]*= (\[.*?\]|".*?")', header)
    return list(ast.literal_eval(found[1]))


def _decoded(text: str) -> str:
    repeated = REPEAT.sub(lambda found: found[2] * int(found[1]), text)
    return ESCAPE.sub(lambda found: CONTROLS.get(found[1]) or chr(int(found[1][1:], 16)), repeated)
