"""Whose number is it: values that a writer graded, and defaults nobody set."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from twin.params import GRADES, Params, field_facts, field_range, scenario_key
from twin.scenario.language.document import Grading, Listing, Mapping, Node, Problems, Scalar
from twin.units import DIMENSIONS, dimension_of, magnitudes, value_text

_GRADED_KEYS = ("value", "range", "grade", "source", "note")
#: Under these keys of a table, ``value`` is a word of the user's, not ours.
_USERS_OWN = ("columns", "values", "units", "drop_rows")


@dataclass(frozen=True)
class Assumption:
    """One number and what is known of it.

    Attributes
    ----------
    key
        Dotted key as in a scenario file, for example ``terminal.service.mean``.
    value_text
        The value as people read it.
    low, high
        Bounds of the range in SI units; None where no range is given.
    low_text, high_text
        The same as written.
    grade
        V read, D derived, M remembered, G guess; empty where the writer gave none.
    source
        Where it comes from.
    line
        Line of the scenario file; 0 for a default.
    variants
        Variants it holds in.
    """

    key: str
    value_text: str
    low: float | None
    high: float | None
    grade: str
    source: str
    line: int
    variants: tuple[str, ...]
    low_text: str = ""
    high_text: str = ""
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "key": self.key,
            "value": self.value_text,
            "low": self.low,
            "high": self.high,
            "range": [self.low_text, self.high_text] if self.low is not None else None,
            "grade": self.grade,
            "source": self.source,
            "note": self.note,
            "line": self.line,
            "variants": list(self.variants),
        }


def without_gradings(node: Node, problems: Problems, path: tuple[str, ...] = ()) -> Node:
    """Tree in which every ``{value, range, grade, source, note}`` is its value, which keeps the rest beside it.

    Parameters
    ----------
    node
        Tree of the file.
    problems
        Receives ranges that do not contain their value, unknown grades and the like.
    """
    if isinstance(node, Listing):
        items = tuple(without_gradings(child, problems, (*path, "")) for child in node.items)
        return replace(node, items=items)
    if not isinstance(node, Mapping):
        return node
    if len(path) == 3 and path[0] == "tables" and path[2] in _USERS_OWN:
        return node
    if _is_graded(node):
        return _graded(node, problems)
    return replace(node, entries={k: without_gradings(v, problems, (*path, k)) for k, v in node.entries.items()})


def _is_graded(node: Mapping) -> bool:
    """A mapping with ``value`` whose other keys are ours, or ours misspelt."""
    if "value" not in node.entries or isinstance(node.entries["value"], Mapping):
        return False
    others = [key for key in node.entries if key not in _GRADED_KEYS]
    return all(difflib.get_close_matches(key, _GRADED_KEYS, 1, 0.7) for key in others)


def _graded(node: Mapping, problems: Problems) -> Node:
    value = node.entries["value"]
    for key in node.entries:
        if key not in _GRADED_KEYS:
            near = difflib.get_close_matches(key, _GRADED_KEYS, 1, 0.7)[0]
            problems.add(f"unknown key {key!r}", node.key_marks[key], f"{node.path}.{key}", f"did you mean {near}?")
    grade = _words(node, "grade", problems)
    if grade and grade not in GRADES:
        meant = ", ".join(f"{letter} {words}" for letter, words in GRADES.items())
        problems.add(f"grade must be V, D, M or G, got {grade!r}", node.key_marks["grade"], f"{node.path}.grade", meant)
    low, high = _range(node, value, problems)
    grading = Grading(low, high, grade, _words(node, "source", problems), _words(node, "note", problems), node.mark)
    if isinstance(value, Scalar | Listing):
        return replace(value, grading=grading, path=node.path)
    return value


def _words(node: Mapping, key: str, problems: Problems) -> str:
    child = node.entries.get(key)
    if child is None:
        return ""
    if not isinstance(child, Scalar) or isinstance(child.value, bool | None):
        problems.add(f"{key} must be text", child.mark, child.path)
        return ""
    return child.text


def _range(node: Mapping, value: Node, problems: Problems) -> tuple[str | None, str | None]:
    """Bounds as written, checked to be quantities like the value and to contain it."""
    child = node.entries.get("range")
    if child is None:
        return None, None
    items = child.items if isinstance(child, Listing) else ()
    if len(items) != 2 or not all(isinstance(item, Scalar) for item in items):
        problems.add("range must be a list of two values", child.mark, child.path, "write range: [low, high]")
        return None, None
    low, high = (item.text for item in items if isinstance(item, Scalar))
    if not isinstance(value, Scalar):
        problems.add("a list has no range", child.mark, child.path, "grade its values one by one")
        return None, None
    readings = [magnitudes(text) for text in (value.text, low, high)]
    shared = [d for d in readings[0] if all(d in reading for reading in readings)]
    if not shared:
        what = f"the range [{low}, {high}] and the value {value.text} are not of one kind"
        problems.add(what, child.mark, child.path, "give all three with the same kind of unit")
        return None, None
    at, lowest, highest = (reading[shared[0]] for reading in readings)
    if not lowest <= at <= highest:
        what = f"the range [{low}, {high}] does not contain the value {value.text}"
        problems.add(what, child.mark, child.path, "widen the range, lower end first")
        return None, None
    return low, high


def assumption_of(key: str, node: Scalar | Listing, variants: tuple[str, ...]) -> Assumption:
    """What a graded node of the file says."""
    grading = node.grading
    if grading is None:
        raise ValueError(f"{key} is not graded")
    shown = node.text if isinstance(node, Scalar) else f"[{', '.join(_shown(item) for item in node.items)}]"
    bounds: list[float | None] = [None, None]
    if grading.low_text is not None and grading.high_text is not None:
        low, high = magnitudes(grading.low_text), magnitudes(grading.high_text)
        dimension = next(d for d in magnitudes(shown) if d in low and d in high)
        bounds = [low[dimension], high[dimension]]
    return Assumption(
        key,
        shown,
        bounds[0],
        bounds[1],
        grading.grade,
        grading.source,
        grading.mark.line,
        variants,
        grading.low_text or "",
        grading.high_text or "",
        grading.note,
    )


def _shown(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else "..."


def unset_fields(params: Params, key: str) -> Iterator[Assumption]:
    """Defaults in use in a group of parameters, nested groups included.

    Parameters
    ----------
    params
        A model's parameters.
    key
        Dotted key that leads to them.
    """
    for name, info in type(params).model_fields.items():
        value = getattr(params, name)
        child = f"{key}.{info.alias or scenario_key(name)}"
        facts = field_facts(info)
        groups = list(_groups(value, child))
        if groups and (name in params.model_fields_set or not facts):
            for child_key, group in groups:
                yield from unset_fields(group, child_key)
        elif facts and name not in params.model_fields_set:
            shown = _text_of(value, facts["unit"], dimension_of(info.annotation, info.metadata))
            yield _default(child, shown, facts, info, field_range(info))
            for member_key, group in groups:
                for below, below_info in type(group).model_fields.items():
                    member = f"{member_key}.{below_info.alias or scenario_key(below)}"
                    known = field_range(info, member.removeprefix(f"{child}."))
                    if known:
                        yield _default(member, field_text(getattr(group, below), below_info), facts, below_info, known)


def _default(
    key: str, shown: str, facts: Dict[str, str], info: FieldInfo, known: tuple[float, float] | None
) -> Assumption:
    """A default in use, with what it could also be."""
    if known is None:
        return Assumption(key, shown, None, None, facts["grade"], facts["source"], 0, ())
    low, high = known
    ends = field_text(low, info), field_text(high, info)
    return Assumption(key, shown, low, high, facts["grade"], facts["source"], 0, (), *ends)


def field_text(value: Any, info: FieldInfo) -> str:
    """Value of a declared parameter as it would stand in a file, groups of parameters included."""
    if get_origin(info.annotation) is dict and isinstance(value, dict):
        # Keys and members are of different kinds, such as trucks by the hour they come in.
        key, member = get_args(info.annotation)
        if dimension_of(key):
            texts = (
                (value_text(k, "", dimension_of(key)), _text_of(v, "", dimension_of(member))) for k, v in value.items()
            )
            return "{" + ", ".join(f"{k}: {v}" for k, v in texts) + "}"
    unit, dimension = field_facts(info).get("unit", ""), dimension_of(info.annotation, info.metadata)
    # A plain number stands bare in a file, whatever unit it is told with.
    return _text_of(value, unit if unit in DIMENSIONS.get(dimension or "", {}) else "", dimension)


def _text_of(value: Any, unit: str, dimension: str | None) -> str:
    if isinstance(value, Params):
        parts = (
            f"{info.alias or name}: {field_text(getattr(value, name), info)}"
            for name, info in type(value).model_fields.items()
            if getattr(value, name) is not None
        )
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, dict) and any(isinstance(member, Params) for member in value.values()):
        return "{" + ", ".join(f"{key}: {_text_of(member, unit, dimension)}" for key, member in value.items()) + "}"
    if isinstance(value, tuple | list) and any(isinstance(member, Params) for member in value):
        return "[" + ", ".join(_text_of(member, unit, dimension) for member in value) + "]"
    return value_text(value, unit, dimension)


def _groups(value: Any, key: str) -> Iterator[tuple[str, Params]]:
    """Parameter groups in a value: itself, or the members of a list or mapping."""
    if isinstance(value, Params):
        yield key, value
    elif isinstance(value, dict):
        for name, member in value.items():
            if isinstance(member, Params):
                yield f"{key}.{name}", member
    elif isinstance(value, tuple | list):
        for index, member in enumerate(value):
            if isinstance(member, Params):
                yield f"{key}[{index}]", member
