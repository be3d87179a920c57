"""How many requests to be left alone reach a person, and how many ordinary messages do, for each language.

    python -m bench.intents [--tuned]

Counts the half of the corpora that was kept out of the tuning; with --tuned the other half. Of the configured
keywords only STOP counts, so what is found is found by the patterns.
"""

import argparse
from collections.abc import Iterable

from tests.consent.messages import Message, ordinary, requests
from webapp.consent.keywords import Decision, KeywordSet, read_text

WORDS = KeywordSet()
COLUMNS = ("language", "requests seen", "ordinary to review", "with a stop word", "opted out")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tuned", action="store_true")
    kept = not parser.parse_args().tuned
    asking = [message for message in requests() if message.kept == kept]
    plain = [message for message in ordinary() if message.kept == kept]
    print("{:10}{:>20}{:>20}{:>20}{:>12}".format(*COLUMNS))
    for language in (*sorted({message.language for message in asking}), ""):
        print(_row(language, _of(asking, language), _of(plain, language)))


def _of(messages: Iterable[Message], language: str) -> list[Message]:
    return [message for message in messages if language in ("", message.language)]


def _row(language: str, asking: list[Message], plain: list[Message]) -> str:
    tempting = [message for message in plain if message.has_stop_word]
    others = [message for message in plain if not message.has_stop_word]
    shares = (_share(messages) for messages in (asking, others, tempting))
    return "{:10}{:>20}{:>20}{:>20}{:>12}".format(language or "all", *shares, _opted_out(plain))


def _share(messages: list[Message]) -> str:
    found = sum(read_text(message.text, WORDS).decision is not Decision.NONE for message in messages)
    return f"{found} of {len(messages)} ({found / max(1, len(messages)):.1%})"


def _opted_out(messages: list[Message]) -> int:
    return sum(read_text(message.text, WORDS).decision is Decision.OPT_OUT for message in messages)


if __name__ == "__main__":
    main()
