"""`python -m tests.mutants [GROUP …]`: change one thing at a time, and see which change no test notices."""

import argparse
import random
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

from tests.mutants.forks import Tell, be_quiet, end_after, told_by_fork
from tests.mutants.groups import GROUPS, Group
from tests.mutants.loop import KILLED, SURVIVED, Loop
from tests.mutants.mutants import Mutant, mutants_of

EQUIVALENT = Path(__file__).with_name("equivalent.tsv")
ENOUGH = 0.9
PLAIN = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", "-m", "not postgres"]
"""One engine is enough: what only PostgreSQL does is held by tests of its own."""


def main() -> int:
    wanted = parser().parse_args()
    equivalent = dict(line.split("\t", 1) for line in EQUIVALENT.read_text(encoding="utf-8").splitlines())
    strangers = {known.split(" ", 1)[0] for known in equivalent} - {
        module for group in GROUPS.values() for module in group.modules
    }
    assert not strangers, f"mutants of modules that are in no group are listed as equivalent: {strangers}"
    enough = [run(name, GROUPS[name], equivalent, wanted) for name in wanted.groups or GROUPS]
    return 0 if all(enough) else 1


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--only", default="", help="mutants whose name holds this text")
    parser.add_argument("--sample", type=int, help="so many mutants of each group, drawn with a fixed seed")
    parser.add_argument(
        "--seconds", type=float, default=60, help="of tests for a mutant before it counts as survivor"
    )
    return parser


def run(name: str, group: Group, equivalent: dict[str, str], wanted: argparse.Namespace) -> bool:
    """Run one group and tell about it; whether enough of it was killed."""
    every = [mutant for module, file in group.sources.items() for mutant in mutants_of(module, file)]
    stale = [known for known in equivalent if known.split(" ", 1)[0] in group.modules
             and known not in {mutant.name for mutant in every}]  # fmt: skip
    different = [mutant for mutant in every if mutant.name not in equivalent]
    chosen = [mutant for mutant in different if wanted.only in mutant.name]
    if wanted.sample:
        chosen = random.Random(1).sample(chosen, min(wanted.sample, len(chosen)))
    killed = warm(group, [one for one in chosen if one.function], wanted.seconds)
    killed += sum(cold(group, one) for one in chosen if not one.function)
    alike = len(every) - len(different)
    print(f"{name}: {killed} of {len(chosen)} killed; {len(every)} in all, {alike} equivalent", flush=True)
    for gone in stale:
        print(f"  is listed as equivalent and is there no more: {gone}")
    return not stale and killed >= ENOUGH * len(chosen)


def warm(group: Group, mutants: list[Mutant], seconds: float) -> int:
    """Run the mutants of functions as forks of one pytest; how many were killed."""
    files = {str(file) for file in group.sources.values()}

    def run_all(tell: Tell) -> None:
        def told(mutant: Mutant, fate: str, killer: str) -> None:
            show(mutant, fate, killer)
            tell(fate)

        tell(str(pytest.main([*PLAIN, *group.test_files], plugins=[Loop(files, mutants, seconds, told)])))

    *fates, code = told_by_fork(run_all)
    assert int(code) == pytest.ExitCode.OK, "the tests did not run as they are"
    return fates.count(KILLED)


def cold(group: Group, mutant: Mutant) -> bool:
    """Run a mutant of what is done at import, in a process that has not done it; whether it was killed."""

    def run_with_it(tell: Tell) -> None:
        be_quiet()
        end_after(900)
        get_code = SourceFileLoader.get_code
        SourceFileLoader.get_code = lambda self, name: (
            mutant.code if self.path == mutant.code.co_filename else get_code(self, name)
        )
        code = pytest.main([*PLAIN, *group.test_files])
        tell(SURVIVED if code == pytest.ExitCode.OK else KILLED)

    fate = (told_by_fork(run_with_it) or [KILLED])[0]
    show(mutant, fate, "")
    return fate == KILLED


def show(mutant: Mutant, fate: str, killer: str) -> None:
    print(f"{fate}\t{mutant.name}\t{killer.rpartition('/')[2]}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
