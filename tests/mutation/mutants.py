"""Small faults of one module, each with a name that stays when lines move: ``function/operator/nth``."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
#: Calls that say what a program is, not what it does.
_DECLARATIONS = ("KpiInfo", "has_columns", "fetch_row", "Column", "quantity")


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Attributes
    ----------
    name
        ``function/operator/nth`` within the module.
    line
        Where it is.
    was, becomes
        The code before and after.
    """

    name: str
    line: int
    was: str
    becomes: str


def mutants_of(source: str) -> list[Mutant]:
    """Every mutant of a module, in the order of the source."""
    return [mutant for mutant, _ in _walk(ast.parse(source))]


def mutated(source: str, name: str) -> ast.Module:
    """The module with one fault in it.

    Raises
    ------
    ValueError
        If it has no such mutant.
    """
    tree = ast.parse(source)
    for mutant, apply in _walk(tree):
        if mutant.name == name:
            apply()
            return ast.fix_missing_locations(tree)
    raise ValueError(f"there is no mutant {name!r}")


def _walk(tree: ast.Module):
    counts: dict[str, int] = {}
    for function in _functions(tree):
        for node, operator, apply in _sites(function):
            key = f"{function.name}/{operator}"
            counts[key] = counts.get(key, 0) + 1
            was = ast.unparse(node)
            after = _after(node, apply)
            yield Mutant(f"{key}/{counts[key]}", node.lineno, was, after), lambda n=node, a=apply: a(n)


def _after(node: ast.AST, apply) -> str:
    twin = copy.deepcopy(node)
    apply(twin)
    return ast.unparse(twin)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node


def _sites(function: ast.FunctionDef):
    """(node, operator, how to apply it) in a function, those of functions within it apart."""
    stack = list(reversed(function.body))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef):
            continue
        said = node.value if isinstance(node, ast.Expr) else node
        if isinstance(said, ast.Call) and getattr(said.func, "id", "") in _DECLARATIONS:
            continue
        yield from _of_node(node)
        stack.extend(reversed(list(_inside(node))))


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """Children that may be changed: no annotations, no text, no messages of errors."""
    if isinstance(node, ast.Raise):
        return
    for name, child in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for one in child if isinstance(child, list) else [child]:
            if isinstance(one, ast.AST):
                yield one


def _of_node(node: ast.AST):
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARE:
        yield node, "compare", _compare
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _ARITHMETIC:
        yield node, "arithmetic", _arithmetic
    elif isinstance(node, ast.BoolOp):
        yield node, "boolean", _boolean
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node, "unary", _unary
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        yield node, "constant", _constant
    stores = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
    if stores or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        yield node, "drop", _drop


def _compare(node: ast.Compare) -> None:
    node.ops[0] = _COMPARE[type(node.ops[0])]()


def _arithmetic(node: ast.BinOp | ast.AugAssign) -> None:
    node.op = _ARITHMETIC[type(node.op)]()


def _boolean(node: ast.BoolOp) -> None:
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()


def _unary(node: ast.UnaryOp) -> None:
    node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
    if isinstance(node.op, ast.Not):
        node.operand = ast.UnaryOp(ast.Not(), node.operand)


def _constant(node: ast.Constant) -> None:
    value = node.value
    node.value = (not value) if isinstance(value, bool) else value + 1


def _drop(node: ast.Assign | ast.Expr) -> None:
    """Leave the statement without effect."""
    nothing = ast.Constant(None)
    if isinstance(node, ast.Expr):
        node.value = nothing
    else:
        node.targets = [ast.Name("_dropped", ast.Store())]
        node.value = nothing
