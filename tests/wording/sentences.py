"""Every sentence that an error may say, read from the sources: what is wrong, where, how to mend it.

A sentence is a text with gaps, ``"{} is given twice"``. It is found where it is handed to an error or a problem, and
followed back through names, choices and the functions that return it, as far as these stand in the sources.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Errors of Python that are faults of whoever calls, not of a user.
_OF_PROGRAMMERS = {
    "AttributeError", "TypeError", "KeyError", "NotImplementedError", "AssertionError", "IndexError", "ImportError",
    "StopReadingError", "RuntimeError", "EngineFault", "NotPlainError",
}  # fmt: skip
#: Parameters of helpers that become part of what an error says.
_SAID = {"what", "mend", "fault", "problem", "reason", "where"}
_WORDS = re.compile(r"[A-Za-z]{2,}")
_DEEP = 10
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Source:
    """One file: its tree, what stands at its top, and what it imports from elsewhere."""

    path: Path
    tree: ast.Module
    functions: dict[str, list[Function]] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)
    constants: dict[str, list[ast.expr]] = field(default_factory=dict)


def module_of(path: Path) -> str:
    """Dotted name of a source file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts if parts[0] == "twin" else ("twin", *parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def sources() -> dict[str, Source]:
    """Every module of the package."""
    out: dict[str, Source] = {}
    for folder in ("twin", "models", "viz", "data"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not any(parent.is_symlink() for parent in path.parents):
                out[module_of(path)] = _read(path)
    return out


def _read(path: Path) -> Source:
    return _read_text(path, path.read_text(encoding="utf-8"))


def _read_text(path: Path, text: str) -> Source:
    source = Source(path, ast.parse(text))
    for node in ast.walk(source.tree):
        if isinstance(node, Function):
            source.functions.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                source.imported[name.asname or name.name] = (node.module, name.name)
    source.constants = _assigned(source.tree.body)
    return source


def _assigned(body: list[ast.stmt]) -> dict[str, list[ast.expr]]:
    """Name -> what is put there, in these statements and all below them."""
    out: dict[str, list[ast.expr]] = {}
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    _note(out, target, node.value)
            elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
                _note(out, node.target, node.value)
            elif isinstance(node, ast.For | ast.comprehension):
                for value in _members(node.iter):
                    _note(out, node.target, value)
    return out


def _members(node: ast.expr) -> list[ast.expr]:
    """What a loop goes over, where it is written out; the call where it is a generator's."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return list(node.elts)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "items":
        table = node.func.value
        if isinstance(table, ast.Dict):
            return [ast.Tuple([k, v], ast.Load()) for k, v in zip(table.keys, table.values, strict=True) if k]
    return [node] if isinstance(node, ast.Call) else []


def _note(out: dict[str, list[ast.expr]], target: ast.expr, value: ast.expr) -> None:
    if isinstance(target, ast.Name):
        out.setdefault(target.id, []).append(value)
    elif isinstance(target, ast.Tuple):
        for i, one in enumerate(target.elts):
            if isinstance(value, ast.Tuple | ast.List):
                if len(value.elts) == len(target.elts):
                    _note(out, one, value.elts[i])
            else:
                _note(out, one, ast.Subscript(value, ast.Constant(i), ast.Load()))


@dataclass(frozen=True, eq=False)
class _Scope:
    source: Source
    names: dict[str, list[ast.expr]]


def _told(node: ast.expr | None, scope: _Scope, deep: int, place: int | None = None) -> Iterator[str]:
    """Sentences that an expression may give; ``place`` picks a member of a tuple."""
    if node is None or deep > _DEEP:
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and place is None:
            yield node.value.replace("{", "{{").replace("}", "}}")
    elif isinstance(node, ast.JoinedStr):
        if place is None:
            yield from _joined(node, scope, deep)
    elif isinstance(node, ast.IfExp):
        for branch in (node.body, node.orelse):
            yield from _told(branch, scope, deep, place)
    elif isinstance(node, ast.BoolOp):
        for branch in node.values:
            yield from _told(branch, scope, deep, place)
    elif isinstance(node, ast.Tuple | ast.List):
        for i, member in enumerate(node.elts):
            if place is None or i == place:
                yield from _told(member, scope, deep + 1)
    elif isinstance(node, ast.Dict):
        for member in node.values:
            yield from _told(member, scope, deep + 1)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        lefts = list(_told(node.left, scope, deep + 1)) or ["{}"]
        rights = list(_told(node.right, scope, deep + 1)) or ["{}"]
        yield from (left + right for left in lefts for right in rights)
    elif isinstance(node, ast.Subscript):
        index = node.slice.value if isinstance(node.slice, ast.Constant) else None
        yield from _told(node.value, scope, deep + 1, index if isinstance(index, int) else None)
    elif isinstance(node, ast.Name):
        yield from _named(node.id, scope, deep, place)
    elif isinstance(node, ast.Call):
        yield from _called(node, scope, deep, place)


def _joined(node: ast.JoinedStr, scope: _Scope, deep: int) -> Iterator[str]:
    text = ""
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value).replace("{", "{{").replace("}", "}}")
        elif isinstance(part, ast.FormattedValue):
            text += "{}"
            # Part of a sentence that is itself words is looked up by itself.
            yield from (inner for inner in _told(part.value, scope, deep + 1) if " " in inner.strip())
    yield text


def _named(name: str, scope: _Scope, deep: int, place: int | None) -> Iterator[str]:
    if name in scope.names:
        for value in scope.names[name]:
            yield from _told(value, scope, deep + 1, place)
        return
    source = scope.source
    if name in source.constants:
        for value in source.constants[name]:
            yield from _told(value, _Scope(source, {}), deep + 1, place)
    elif name in source.imported:
        module, there = source.imported[name]
        other = sources().get(module)
        if other and there in other.constants:
            for value in other.constants[there]:
                yield from _told(value, _Scope(other, {}), deep + 1, place)


def _called(node: ast.Call, scope: _Scope, deep: int, place: int | None) -> Iterator[str]:
    function = node.func
    if isinstance(function, ast.Attribute):
        if function.attr == "join":
            for argument in node.args:
                yield from _told(getattr(argument, "elt", argument), scope, deep + 1)
            return
        if function.attr == "get" and isinstance(function.value, ast.Dict | ast.Name):
            for argument in (function.value, *node.args[1:]):
                yield from _told(argument, scope, deep + 1)
            return
        if function.attr in ("strip", "format", "replace", "capitalize"):
            yield from _told(function.value, scope, deep + 1)
            return
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    if name in ("next", "sorted", "list", "min", "max", "str"):
        for argument in node.args:
            yield from _told(getattr(argument, "elt", argument), scope, deep + 1, place)
        return
    for other, found in _functions(name, scope.source, function):
        inner = _Scope(other, _assigned(found.body))
        for one in ast.walk(found):
            if isinstance(one, ast.Return | ast.Yield):
                yield from _told(one.value, inner, deep + 1, place)


def _functions(name: str, source: Source, function: ast.expr) -> Iterator[tuple[Source, Function]]:
    """Functions of ours that a call may mean."""
    if name in source.imported:
        module, there = source.imported[name]
        other = sources().get(module)
        if other:
            yield from ((other, found) for found in other.functions.get(there, []))
    elif isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        module, there = source.imported.get(function.value.id, ("", ""))
        other = sources().get(f"{module}.{there}")
        if other:
            yield from ((other, found) for found in other.functions.get(name, []))
        elif function.value.id in ("self", "cls"):
            yield from ((source, found) for found in source.functions.get(name, []))
    else:
        yield from ((source, found) for found in source.functions.get(name, []))


def _arguments(call: ast.Call, source: Source) -> Iterator[ast.expr]:
    """What of a call becomes part of what an error says."""
    function = call.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    keywords = {key.arg: key.value for key in call.keywords}
    if name in _OF_PROGRAMMERS:
        return
    if name.endswith("Error") or name in ("Problem", "of") or "mend" in keywords or name == "wrong":
        yield from call.args
        yield from (value for key, value in keywords.items() if key in _SAID)
        return
    if name == "add" and isinstance(function, ast.Attribute):
        yield from call.args
        yield from (value for key, value in keywords.items() if key in _SAID)
        return
    for _, found in _functions(name, source, function):
        parameters = [a.arg for a in found.args.args if a.arg not in ("self", "cls")]
        for parameter, value in zip(parameters, call.args, strict=False):
            if parameter in _SAID:
                yield value
        yield from (value for key, value in keywords.items() if key in _SAID)


def sentences() -> dict[str, str]:
    """Every sentence -> where it was found first."""
    out: dict[str, str] = {}
    for source in sources().values():
        for said, at in of_source(source).items():
            out.setdefault(said, at)
    return out


def of_source(source: Source) -> dict[str, str]:
    """Sentences that one file may say -> where."""
    out: dict[str, str] = {}
    for names, body in _bodies(source):
        scope = _Scope(source, names)
        for call in body:
            for argument in _arguments(call, source):
                for said in _told(argument, scope, 0):
                    if _is_sentence(said):
                        out.setdefault(said, f"{source.path.relative_to(ROOT).as_posix()}:{call.lineno}")
    return out


def _bodies(source: Source) -> Iterator[tuple[dict[str, list[ast.expr]], list[ast.Call]]]:
    """Each outermost function with the names that it fills, and the calls in it."""

    def walk(node: ast.AST) -> Iterator[Function]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function):
                yield child
            else:
                yield from walk(child)

    for function in walk(source.tree):
        yield _assigned(function.body), [node for node in ast.walk(function) if isinstance(node, ast.Call)]


def _is_sentence(text: str) -> bool:
    """Whether there are words in it: a key, a name or a lone unit stays as it is in every language."""
    bare = text.replace("{}", " ")
    words = _WORDS.findall(bare)
    return len(words) > 1 and " " in text.strip() and any(word.islower() for word in words)


def console_sentences() -> dict[str, str]:
    """Every sentence that the command line itself prints, beside pairs in both languages -> where."""
    out: dict[str, str] = {}
    for module, source in sources().items():
        if module.startswith("twin.cli") or module == "twin.doctor":
            apart = _apart(source.tree)
            for node in ast.walk(source.tree):
                if node not in apart and isinstance(node, ast.Constant | ast.JoinedStr):
                    text = next(iter(_told(node, _Scope(source, {}), _DEEP)), "")
                    if _is_printed(text):
                        out.setdefault(text, f"{source.path.relative_to(ROOT).as_posix()}:{node.lineno}")
    return out


def _apart(tree: ast.Module) -> set[ast.AST]:
    """What is no text for the console: docstrings, declarations of commands, errors, pairs, and parts of texts."""
    out: set[ast.AST] = set()
    for node in ast.walk(tree):
        for part in _parts_apart(node):
            out.update(ast.walk(part))
    return out


def _parts_apart(node: ast.AST) -> list[ast.AST]:
    parts: list[ast.AST] = []
    if isinstance(node, ast.Module | ast.ClassDef | Function):
        parts += node.body[:1] if isinstance(node.body[0], ast.Expr) else []
        parts += getattr(node, "decorator_list", [])
        parts += [node.args] if isinstance(node, Function) else []
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if (
            any(key.arg in ("mend", "epilog", "help") for key in node.keywords)
            or name.endswith("Error")
            or name in _IN_BOTH
        ):
            parts.append(node)
        elif name == "Finding":  # its mends stand there in both languages
            parts += node.args[3:]
    elif isinstance(node, ast.JoinedStr):
        parts += [part for part in node.values if isinstance(part, ast.Constant)]
    elif isinstance(node, ast.Subscript):
        parts.append(node.slice)
    elif isinstance(node, ast.AnnAssign | ast.Assign) and "Annotated" in ast.unparse(node):
        parts.append(node)
    return parts


#: Calls whose texts stand there in both languages, or are no words.
_IN_BOTH = {"said", "said_alone", "Option", "Argument", "Typer", "compile", "add_to", "_SHELL"}


def _is_printed(text: str) -> bool:
    bare = re.sub(r"\[/?[a-z]*\]|\{\}", " ", text)
    return bool(re.search(r"[a-z]{3,}", bare)) and " " in text.strip() and text.isascii() and "\n  + " not in text


def note_sentences() -> dict[str, str]:
    """Every sentence of a note that a check or a run gives along -> where."""
    out: dict[str, str] = {}
    for module, source in sources().items():
        if module.startswith(("twin.city", "twin.models", "twin.scenario")):
            for function in ast.walk(source.tree):
                if isinstance(function, Function):
                    scope = _Scope(source, _assigned(function.body))
                    for place, told in _noted(function):
                        for said in _told(told, scope, 0):
                            if _is_sentence(said):
                                out.setdefault(said, f"{source.path.relative_to(ROOT).as_posix()}:{place}")
    return out


def _noted(function: Function) -> Iterator[tuple[int, ast.expr]]:
    """What a function gives back as notes, or adds to them."""
    about_notes = "note" in function.name or "warn" in function.name
    for node in ast.walk(function):
        if isinstance(node, ast.Return | ast.Yield) and node.value is not None and about_notes:
            yield getattr(node, "lineno", function.lineno), node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ADDS:
            to = ast.unparse(node.func.value)
            if "note" in to or "warn" in to or (about_notes and to in ("out", "said", "found")):
                yield from ((node.lineno, argument) for argument in node.args)


_ADDS = ("append", "extend", "add")
