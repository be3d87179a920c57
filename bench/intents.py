"""How many requests to be left alone reach a person, and how many ordinary messages do, for each language.

    python -m bench.intents [--earlier | --later | --held | --learned | --validation]

Counts the messages that nothing was tuned on or learned from, with --earlier or --later those of the first or
of the second authors alone; with --held the fold that was held out of the
learning, with --learned what the weights were learned from, with --validation the last batch that was written
before it was measured. Of the keywords only STOP counts, so what is found is found in other words.
"""

import argparse
from collections.abc import Iterable

from tests.consent.messages import KEPT, Example, fresh, unseen, validation
from webapp.consent.keywords import Decision, KeywordSet, read_text

WORDS = KeywordSet()
COLUMNS = ("language", "requests seen", "ordinary to review", "with a stop word", "opted out")


def main() -> None:
    parser = argparse.ArgumentParser()
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--earlier", dest="files", action="store_const", const=KEPT[:1], default=KEPT)
    which.add_argument("--later", dest="files", action="store_const", const=KEPT[1:])
    which.add_argument("--held", action="store_true")
    which.add_argument("--learned", action="store_true")
    which.add_argument("--validation", action="store_true")
    counted = _counted(parser.parse_args())
    asking = [example for example in counted if example.asks]
    plain = [example for example in counted if not example.asks]
    print("{:10}{:>20}{:>20}{:>20}{:>12}".format(*COLUMNS))
    for language in (*sorted({message.language for message in asking}), ""):
        print(_row(language, _of(asking, language), _of(plain, language)))


def _counted(wishes: argparse.Namespace) -> list[Example]:
    if wishes.validation:
        return validation()
    if wishes.held or wishes.learned:
        return [example for example in fresh() if bool(example.fold) == wishes.learned]
    return unseen(*wishes.files)


def _of(messages: Iterable[Example], language: str) -> list[Example]:
    return [message for message in messages if language in ("", message.language)]


def _row(language: str, asking: list[Example], plain: list[Example]) -> str:
    tempting = [message for message in plain if message.has_stop_word]
    others = [message for message in plain if not message.has_stop_word]
    shares = (_share(messages) for messages in (asking, others, tempting))
    return "{:10}{:>20}{:>20}{:>20}{:>12}".format(language or "all", *shares, _opted_out(plain))


def _share(messages: list[Example]) -> str:
    found = sum(read_text(message.text, WORDS).decision is not Decision.NONE for message in messages)
    return f"{found} of {len(messages)} ({found / max(1, len(messages)):.1%})"


def _opted_out(messages: list[Example]) -> int:
    return sum(read_text(message.text, WORDS).decision is Decision.OPT_OUT for message in messages)


if __name__ == "__main__":
    main()
