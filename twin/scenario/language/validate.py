"""Plain values to parameters; every fault of pydantic's becomes a problem at the line where the value stands."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from twin.params import Params, field_facts
from twin.scenario.language.document import Listing, Mapping, Mark, Node, Problems, Scalar, plain
from twin.units import dimension_of, value_text

P = TypeVar("P", bound=Params)

#: A value of the wrong kind: in a union, the sign that this branch was not meant.
_WRONG_KIND = {
    "bool_type",
    "bool_parsing",
    "int_type",
    "int_parsing",
    "int_from_float",
    "float_type",
    "float_parsing",
    "string_type",
    "dict_type",
    "model_type",
    "model_attributes_type",
    "list_type",
    "tuple_type",
    "none_required",
    "mapping_type",
    "literal_error",
    "quantity",
}
_KINDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "string": "text",
    "dict": "a group of keys",
    "model": "a group of keys",
    "mapping": "a group of keys",
    "list": "a list",
    "tuple": "a list",
    "none": "nothing",
    "set": "a list",
    "frozen": "a list",
}
_BOUNDS = {
    "greater_than": ("greater than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


@dataclass(frozen=True)
class _Place:
    """Where a fault lies: the deepest node on its way, the keys that exist, and what is left of the way."""

    node: Node
    mark: Mark
    path: str
    found: tuple[str | int, ...]
    left: tuple[str | int, ...]
    key_mark: Mark | None


def validated(
    model: type[P], node: Mapping, prefix: str, problems: Problems, also_allowed: Sequence[str] = ()
) -> P | None:
    """Parameters from a part of the file, or None with the problems noted.

    Parameters
    ----------
    model
        Class of the parameters.
    node
        The part, gradings taken out.
    prefix
        Dotted key of the part in the resolved scenario.
    problems
        Receives every fault, at the line where the value was written.
    also_allowed
        Keys that are understood at the top of the part though the model has no such field.
    """
    values = {key: value for key, value in plain(node).items() if key not in also_allowed}
    try:
        return model.model_validate(values, context={"from_file": True}, by_alias=True, by_name=False)
    except ValidationError as fault:
        note_faults(fault, model, node, prefix, problems)
    except (RecursionError, OverflowError) as fault:
        problems.add(f"{prefix or 'the file'} cannot be read: {fault}", node.mark, prefix)
    return None


def note_faults(fault: ValidationError, model: type[Params], node: Mapping, prefix: str, problems: Problems) -> None:
    """Note every fault of one validation."""
    groups: dict[tuple[str | int, ...], list[tuple[Any, _Place]]] = {}
    for error in fault.errors(include_url=False):
        place = _place(node, error["loc"])
        groups.setdefault(place.found, []).append((error, place))
    for found, errors in groups.items():
        branches = {branch for error, place in errors if (branch := _branch(error, place)) is not None}
        # A fault further down shows which branch of a union was meant.
        deeper = any(len(other) > len(found) and other[: len(found)] == found for other in groups)
        if branches and (deeper or len(branches) > 1):
            _note_union(errors, deeper, model, prefix, problems)
        else:
            for error, place in errors:
                _note(error, place, model, prefix, problems)


def _branch(error: Any, place: _Place) -> str | int | None:
    """Name of the branch of a union in which a fault lies, where its way names one."""
    left = place.left[:-1] if error["type"] == "missing" else place.left
    return left[0] if left else None


def _note_union(
    errors: list[tuple[Any, _Place]], deeper: bool, model: type[Params], prefix: str, problems: Problems
) -> None:
    """Note what tells most of a value that no branch of a union takes."""
    telling = [(e, p) for e, p in errors if e["type"] not in _WRONG_KIND]
    if telling or deeper:
        for error, place in telling:
            _note(error, place, model, prefix, problems)
        return
    place = errors[0][1]
    kinds = dict.fromkeys(_kind_words(error) for error, _ in errors)
    key = _dotted(prefix, place)
    problems.add(f"{key} must be {' or '.join(kinds)}, got {_shown(place.node)}", place.mark, _written(place, key))


def _kind_words(error: Any) -> str:
    if error["type"] == "literal_error":
        return f"one of {error['ctx']['expected']}".replace("'", "")
    if error["type"] == "quantity":
        return "a quantity (" + str(error["ctx"].get("mend", "")).removeprefix("write for example ") + ")"
    return _KINDS.get(error["type"].split("_")[0], "of another kind")


def _place(root: Mapping, loc: tuple[str | int, ...]) -> _Place:
    """Follow a fault's way as far as the file goes; names of union branches in between are stepped over."""
    node: Node = root
    mark, key_mark = root.mark, None
    found: list[str | int] = []
    left: list[str | int] = []
    for segment in loc:
        if isinstance(node, Mapping) and str(segment) in node.entries:
            key_mark = node.key_marks[str(segment)]
            node = node.entries[str(segment)]
            mark = node.mark
        elif isinstance(node, Listing) and isinstance(segment, int) and segment < len(node.items):
            node = node.items[segment]
            mark, key_mark = node.mark, None
        else:
            left.append(segment)
            continue
        found.append(segment)
        left.clear()
    return _Place(node, mark, node.path, tuple(found), tuple(left), key_mark)


def _note(error: Any, place: _Place, model: type[Params], prefix: str, problems: Problems) -> None:
    key, kind = _dotted(prefix, place), error["type"]
    name = str(place.found[-1]) if place.found else ""
    if kind == "extra_forbidden":
        known = known_keys(model, place.found[:-1])
        mark = place.key_mark or place.mark
        problems.add(f"unknown key {name!r}", mark, _written(place, key), nearest(name, known))
        return
    if kind == "missing":
        missing = str(place.left[-1]) if place.left else name
        path = f"{_written(place, key)}.{missing}".lstrip(".")
        mend = f"add {missing}: {_example(model, error['loc'])}".strip()
        problems.add(f"{missing} is missing", place.mark, path, mend)
        return
    what, mend = _words(error, key or "the file", place, model)
    problems.add(what, place.mark, _written(place, key), mend)


def _words(error: Any, key: str, place: _Place, model: type[Params]) -> tuple[str, str]:
    """What is wrong and how to mend it, in a planner's words."""
    kind, shown, ctx = error["type"], _shown(place.node), error.get("ctx", {})
    if kind == "quantity":
        return f"{key}: {ctx['what']}", str(ctx["mend"])
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        wanted = f"{words} {_limit_text(ctx[bound], model, place.found)}"
        return f"{key} must be {wanted}, got {shown}", ""
    if kind in ("literal_error", "enum"):
        choices = str(ctx["expected"]).replace("'", "")
        listed = [c.strip() for c in choices.replace(" or ", ", ").split(",")]
        return f"{key} must be one of {choices}, got {shown}", nearest(shown, listed) if shown else ""
    if kind in ("value_error", "assertion_error"):
        return f"{key}: {str(error['msg']).split(', ', 1)[-1]}", ""
    if kind in _WRONG_KIND:
        wanted = _KINDS.get(kind.split("_")[0], "of another kind")
        return f"{key} must be {wanted}, got {shown}", _mend_kind(kind, place, model)
    return f"{key}: {error['msg']}, got {shown}", ""


def _mend_kind(kind: str, place: _Place, model: type[Params]) -> str:
    node = place.node
    if isinstance(node, Scalar):
        ascii_text = unicodedata.normalize("NFKC", node.text)
        if "：" in node.text and kind in ("dict_type", "model_type", "model_attributes_type"):
            return "write an ASCII colon and a space instead of the full-width colon"
        if ascii_text != node.text:
            return f"it holds full-width characters; write {ascii_text.strip()}"
        if kind == "string_type":
            return f'write it in quotes: "{node.text}"'
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        known = known_keys(model, place.found)
        return f"keys here: {', '.join(known[:12])}" if known else ""
    return ""


def _dotted(prefix: str, place: _Place) -> str:
    key = prefix
    for segment in place.found:
        key += f"[{segment}]" if isinstance(segment, int) else f".{segment}" if key else str(segment)
    return key


def _written(place: _Place, key: str) -> str:
    """Key path as in the file; where a measure set the value, that is the measure's path."""
    return place.path or key


def _shown(node: Node) -> str:
    if isinstance(node, Mapping):
        return "a group of keys"
    if isinstance(node, Listing):
        return "a list"
    if node.text == "":
        return "nothing"
    return node.text if len(node.text) <= 60 else node.text[:57] + "..."


def nearest(word: str, known: Iterable[str]) -> str:
    """Mend for a misspelt word: the nearest known one, or all of them if they are few."""
    known = list(known)
    folded = {unicodedata.normalize("NFKC", k).casefold(): k for k in reversed(known)}
    plain_word = unicodedata.normalize("NFKC", word).strip().rstrip(":").casefold()
    close = difflib.get_close_matches(plain_word, folded, 1, 0.6)
    if close:
        return f"did you mean {folded[close[0]]}?"
    return f"known here: {', '.join(known[:20])}" if known else ""


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Parameter classes an annotation speaks of, through unions, lists and mappings."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


def _models_at(model: type[BaseModel], way: Sequence[str | int]) -> list[type[BaseModel]]:
    """Parameter classes a key leads to."""
    here: list[type[BaseModel]] = [model]
    for segment in way:
        below: list[type[BaseModel]] = []
        matched = False
        for candidate in here:
            for name, info in candidate.model_fields.items():
                if segment in (info.alias, name):
                    matched = True
                    below.extend(models_in(info.annotation))
        # An index, a key of a mapping or a union's branch: the classes stay those of its members.
        here = below if matched else here
    return here


def known_keys(model: type[BaseModel], way: Sequence[str | int]) -> list[str]:
    """Keys a scenario may write at some place below a parameter class."""
    keys = (info.alias or name for m in _models_at(model, way) for name, info in m.model_fields.items())
    return list(dict.fromkeys(keys))


def _field_at(model: type[BaseModel], way: Sequence[str | int]) -> Any:
    names = [segment for segment in way if isinstance(segment, str)]
    while names:
        for candidate in _models_at(model, names[:-1]):
            for name, info in candidate.model_fields.items():
                if names[-1] in (info.alias, name):
                    return info
        names.pop()
    return None


def _limit_text(limit: Any, model: type[Params], way: Sequence[str | int]) -> str:
    info = _field_at(model, way)
    if info is None or not isinstance(limit, int | float):
        return str(limit)
    return value_text(limit, field_facts(info).get("unit", ""), dimension_of(info.annotation, info.metadata))


def _example(model: type[Params], way: Sequence[str | int]) -> str:
    info = _field_at(model, way)
    return str((info.examples or [""])[0]) if info is not None else ""
