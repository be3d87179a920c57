"""The changes that a mutant consists of: each is one that a hasty edit could make."""

import ast
from collections.abc import Iterator

Change = tuple[ast.AST, ast.AST | None]
"""A node, and what stands in its place; None takes it out of the list that holds it."""

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,), ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
NAMES = {
    "min": "max", "max": "min", "any": "all", "all": "any", "or_": "and_", "and_": "or_", "is_": "is_not",
    "is_not": "is_", "in_": "not_in", "not_in": "in_",
}  # fmt: skip
CONDITIONS = {"where", "or_", "and_", "order_by"}


def changes(node: ast.AST) -> Iterator[Change]:
    """What may become of this node alone."""
    match node:
        case ast.Compare():
            yield from _compared(node)
        case ast.BoolOp():
            yield from _connected(node)
        case ast.BinOp() | ast.AugAssign() if type(node.op) in OPERATORS:
            yield node, _like(node, op=OPERATORS[type(node.op)]())
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node, node.operand
        case ast.If() | ast.IfExp() if not isinstance(node.test, ast.Compare):
            yield node.test, ast.UnaryOp(ast.Not(), node.test)
        case ast.comprehension():
            yield from ((test, ast.Constant(True)) for test in node.ifs)
        case ast.Constant():
            yield from _constant(node)
        case ast.Return(value=ast.AST()) if not _is_none(node.value):
            yield node, ast.Return(ast.Constant(None))
        case ast.Expr() | ast.Raise() if not _is_text(node):
            yield node, ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) | ast.AugAssign():
            yield node, ast.Pass()
        case ast.Call():
            yield from _called(node)
        case ast.Tuple() | ast.List() | ast.Set() if len(node.elts) > 1 and isinstance(
            getattr(node, "ctx", ast.Load()), ast.Load
        ):
            yield from ((each, None) for each in node.elts)
        case ast.Dict() if len(node.values) > 1:
            yield from ((value, None) for value in node.values)
        case ast.Match():
            yield from ((case, None) for case in node.cases)


def _compared(node: ast.Compare) -> Iterator[Change]:
    for place, op in enumerate(node.ops):
        for other in COMPARISONS[type(op)]:
            yield node, _like(node, ops=[*node.ops[:place], other(), *node.ops[place + 1 :]])


def _connected(node: ast.BoolOp) -> Iterator[Change]:
    yield node, _like(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    if len(node.values) == 2:
        yield from ((node, value) for value in node.values)
    else:
        yield from ((value, None) for value in node.values)


def _constant(node: ast.Constant) -> Iterator[Change]:
    match node.value:
        case bool():
            yield node, ast.Constant(not node.value)
        case int() | float():
            yield node, ast.Constant(node.value + 1)
        case str() if node.value:
            yield node, ast.Constant(f"not {node.value}")


def _called(node: ast.Call) -> Iterator[Change]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in NAMES:
        func = _like(node.func, **{"attr" if isinstance(node.func, ast.Attribute) else "id": NAMES[name]})
        yield node, _like(node, func=func)
    if name in CONDITIONS and len(node.args) > 1:
        yield from ((argument, None) for argument in node.args)
    yield from ((keyword, None) for keyword in node.keywords)


def _like(node: ast.AST, **fields: object) -> ast.AST:
    copy = type(node)(**{name: getattr(node, name) for name in node._fields})
    for name, value in fields.items():
        setattr(copy, name, value)
    return copy


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
