"""The mutants of a module, each with a name that outlives changes elsewhere in it."""

import ast
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from tests.mutants.changes import Change, changes

LONGEST = 90
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Mutant:
    """One change. `function`: the outermost function in which it stands and its first line; None outside of
    functions. `code`: the whole module with the change."""

    name: str
    function: tuple[str, int] | None
    lines: frozenset[int]
    code: CodeType


def mutants_of(module: str, file: Path) -> list[Mutant]:
    """All of them, in the order of the source."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    seen: Counter[str] = Counter()
    found = []
    for function, (node, other) in _sites(tree, None, ""):
        name = _name(module, function, node, other)
        seen[name] += 1
        name += f" #{seen[name]}" if seen[name] > 1 else ""
        with _changed(tree, node, other):
            code = compile(ast.fix_missing_locations(tree), str(file), "exec")
        found.append(Mutant(name, function, _lines(node), code))
    return found


Place = tuple[str, int] | None


def _sites(node: ast.AST, function: Place, path: str) -> Iterator[tuple[Place, Change]]:
    """Every change below `node`."""
    for child in _running(node):
        deeper, below = function, path
        if isinstance(child, ast.ClassDef) and not function:
            below = f"{path}{child.name}."
        elif isinstance(child, Function) and not function:
            deeper = f"{path}{child.name}", min([child.lineno, *(d.lineno for d in child.decorator_list)])
        for change in changes(child):
            if function or not _is_a_word(change[0]):
                yield function, change
        yield from _sites(child, deeper, below)


def _is_a_word(node: ast.AST) -> bool:
    """The words of enums and the union of types, which tests of the contract and imports hold."""
    text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return text or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr))


def _lines(node: ast.AST) -> frozenset[int]:
    first = node.pattern if isinstance(node, ast.match_case) else node
    last = node.body[-1] if isinstance(node, ast.match_case) else node
    return frozenset(range(first.lineno, last.end_lineno + 1))


def _running(node: ast.AST) -> list[ast.AST]:
    """The parts of a node that do something: no annotations, decorators, imports or pieces of messages."""
    skipped: list[ast.AST | None] = []
    if isinstance(node, Function):
        skipped += [node.args, node.returns, *node.decorator_list]
    if isinstance(node, ast.ClassDef):
        skipped += [*node.bases, *node.decorator_list, *node.keywords]
    if isinstance(node, ast.AnnAssign):
        skipped.append(node.annotation)
    if isinstance(node, ast.JoinedStr):
        skipped += [part for part in node.values if isinstance(part, ast.Constant)]
    return [child for child in ast.iter_child_nodes(node)
            if child not in skipped and not _only_words(child)]  # fmt: skip


def _only_words(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__"
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or isinstance(node, ast.Import | ast.ImportFrom | ast.MatchValue)


@contextmanager
def _changed(tree: ast.AST, node: ast.AST, other: ast.AST | None) -> Iterator[None]:
    """The tree with one node replaced, or left out of its list, for as long as the block lasts."""
    parent, field, place = _place(tree, node)
    before = {name: getattr(parent, name) for name in parent._fields}
    if place is None:
        setattr(parent, field, other)
    else:
        for name in ("keys", "values") if other is None and isinstance(parent, ast.Dict) else (field,):
            rest = [*before[name]]
            rest[place : place + 1] = [] if other is None else [other]
            setattr(parent, name, rest)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(parent, name, value)


def _place(tree: ast.AST, node: ast.AST) -> tuple[ast.AST, str, int | None]:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is node:
                return parent, field, None
            if isinstance(value, list) and any(each is node for each in value):
                return parent, field, next(place for place, each in enumerate(value) if each is node)
    raise LookupError(ast.dump(node))


def _name(module: str, function: Place, node: ast.AST, other: ast.AST | None) -> str:
    before, after = _short(node), "nothing" if other is None else _short(other)
    return f"{module} {function[0] if function else 'outside'}: {before} → {after}"


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
