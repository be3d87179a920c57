"""The run inside pytest: all is imported, collected and migrated once, and each mutant is a fork of that."""

import functools
import gc
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.forks import Tell, be_quiet, end_after, left_databases, told_by_fork
from tests.mutants.mutants import Mutant
from tests.reused import Reused

KILLED, SURVIVED, UNTOUCHED = "killed", "survived", "untouched"
PASSED = "(all passed)"
Told = Callable[[Mutant, str, str], None]
"""What became of a mutant, and which test noticed it."""


class Loop:
    """A pytest plugin that runs the tests once as they are, then those that touch it for each mutant."""

    def __init__(self, files: set[str], mutants: list[Mutant], longest: float, told: Told) -> None:
        self.files, self.mutants, self.longest, self.told = files, mutants, longest, told
        self.touched: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.took: dict[str, float] = {}
        self.distance: dict[str, int] = {}
        self.kills: dict[str, int] = defaultdict(int)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        files = list(dict.fromkeys(item.path for item in session.items))
        for name, item in items.items():
            self.distance[name] = 1 + files.index(item.path)
            self._run_as_it_is(name, item)
        databases = left_databases()
        gc.unfreeze()  # what is frozen is not found among the objects that live
        functions = _functions(self.files)
        unknown = [mutant.name for mutant in self.mutants if not functions[mutant.function or ("", 0)]]
        assert not unknown, f"nothing that runs would change: {unknown}"
        gc.freeze()  # a fork that goes through all of the garbage would copy all of the memory
        for mutant in self.mutants:
            file = mutant.code.co_filename
            names = {name for line in mutant.lines for name in self.touched[file, line]}
            tests = [items[name] for name in sorted(names, key=self._promise)]
            killer = self._killer(mutant, functions, tests, databases)
            self.kills[killer] += 1
            with session.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
                self.told(mutant, KILLED if killer else SURVIVED if tests else UNTOUCHED, killer)
        return True

    def _promise(self, name: str) -> float:
        """Those that stand near, were quick and often noticed something come first."""
        return self.took[name] * self.distance[name] / (1 + self.kills[name]) ** 2

    def _run_as_it_is(self, name: str, item: pytest.Item) -> None:
        _forget_answers(self.files)
        begun = time.monotonic()
        with _traced(self.files, lambda place: self.touched[place].add(name)):
            failure = _failure(item)
        assert not failure, f"{name} fails without any change: {failure}"
        self.took[name] = time.monotonic() - begun

    def _killer(
        self, mutant: Mutant, functions: "Functions", tests: list[pytest.Item], databases: list[Reused]
    ) -> str:
        """The test that fails in a fork with the mutant; "" if none does."""

        def run_with_it(tell: Tell) -> None:
            be_quiet()
            _put_in(mutant, functions)
            self._tell_failure(tests, tell)
            for database in databases:
                database.drop()

        told = told_by_fork(run_with_it) or ["(nothing ran)"]
        return told[-1].removesuffix(PASSED)

    def _tell_failure(self, tests: Iterable[pytest.Item], tell: Tell) -> None:
        """Tell each test before it runs, so that one which never ends is known; PASSED when all pass."""
        until = time.monotonic() + self.longest
        for item in tests:
            if time.monotonic() > until:
                break
            tell(item.nodeid)
            end_after(20 + 10 * self.took[item.nodeid])
            if _failure(item):
                return
        tell(PASSED)


Functions = dict[tuple[str, int], list[FunctionType]]


def _functions(files: set[str]) -> Functions:
    """Every function of these files that lives, also behind decorators, by name and first line."""
    found: Functions = defaultdict(list)
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename in files:
            found[one.__code__.co_qualname, one.__code__.co_firstlineno].append(one)
    return found


def _put_in(mutant: Mutant, functions: Functions) -> None:
    assert mutant.function
    _forget_answers({mutant.code.co_filename})
    for function in functions[mutant.function]:
        function.__code__ = _code(mutant.code, mutant.function)


def _code(code: CodeType, wanted: tuple[str, int]) -> CodeType:
    inside = [one for one in code.co_consts if isinstance(one, CodeType)]
    for one in inside:
        if (one.co_qualname, one.co_firstlineno) == wanted:
            return one
    return next(found for one in inside if wanted[0].startswith(f"{one.co_qualname}.")
                for found in [_code(one, wanted)])  # fmt: skip


def _forget_answers(files: set[str]) -> None:
    """What functions of these files remember must not hide a change, nor which lines a test needs."""
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) in files:
            for value in list(vars(module).values()):
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()


def _failure(item: pytest.Item) -> str:
    reports = runtestprotocol(item, log=False, nextitem=item.session)
    return next((report.longreprtext for report in reports if report.failed), "")


class _traced:
    """Tells which lines of the files run meanwhile, in all threads that begin."""

    def __init__(self, files: set[str], ran: Callable[[tuple[str, int]], None]) -> None:
        self.files, self.ran = files, ran

    def __enter__(self) -> None:
        threading.settrace(self._called)
        sys.settrace(self._called)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        threading.settrace(None)

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line(frame) if frame.f_code.co_filename in self.files else None

    def _line(self, frame: FrameType, event: str = "", argument: Any = None) -> Any:
        self.ran((frame.f_code.co_filename, frame.f_lineno))
        return self._line
