"""Tables of a rule: all rows in one test, on one desk, and whatever fails is named with its row."""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

from _pytest.mark.structures import ParameterSet
from _pytest.outcomes import Failed

Test = Callable[..., None]


def every(names: str | tuple[str, ...], rows: Iterable[Any], ids: Any = None) -> Callable[[Test], Test]:
    """As `pytest.mark.parametrize`, for a test that leaves nothing behind: neither where what is tested is
    pure, nor where it only reads or is refused. A desk for each row would cost more than all the rows."""
    named = tuple(name.strip() for name in names.split(",")) if isinstance(names, str) else tuple(names)
    table = [ParameterSet.extract_from(row, force_tuple=len(named) == 1) for row in rows]
    assert table, "a table without rows tests nothing"
    titles = [row.id or title_of(row, n, ids) for n, row in enumerate(table)]

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def each(*itself: Any, **fixtures: Any) -> None:
            failed = {}
            for title, row in zip(titles, table, strict=True):
                try:
                    test(*itself, **fixtures, **dict(zip(named, row.values, strict=True)))
                except (Exception, Failed) as failure:
                    failed[title] = failure
            if failed:
                told = [f"[{title}] {type(why).__name__}: {why}" for title, why in failed.items()]
                raise AssertionError("\n".join(told)) from next(iter(failed.values()))

        signature = inspect.signature(test)
        others = [each for name, each in signature.parameters.items() if name not in named]
        each.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
        return each

    return decorate


def title_of(row: ParameterSet, n: int, ids: Any) -> str:
    if ids is None:
        return ", ".join(map(repr, row.values))
    return ", ".join(map(ids, row.values)) if callable(ids) else str(list(ids)[n])
