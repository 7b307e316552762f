"""Base, measures and variants: what each variant's file would say if it were written alone."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from typing import Any

from twin.errors import ScenarioError
from twin.models import registry
from twin.params import Params
from twin.scenario.language.document import MAX_DEPTH, Listing, Mapping, Mark, Node, Problems, Scalar, plain, tree_of
from twin.scenario.language.validate import nearest, validated

BASE = "base"


@dataclass(frozen=True)
class Recipe:
    """How one variant is made, as written: measures, parent, own changes."""

    name: str
    measures: tuple[str, ...]
    parent: str | None
    changes: Mapping | None
    mark: Mark
    path: str


@dataclass(frozen=True)
class Resolved:
    """One variant's model sections as a tree, and every measure in it."""

    name: str
    measures: tuple[str, ...]
    sections: Mapping


def merged(base: Mapping, over: Mapping) -> Mapping:
    """Mapping merged into mapping; scalars and lists replace. Nodes keep the place where they were written."""
    entries, marks = dict(base.entries), dict(base.key_marks)
    for key, node in over.entries.items():
        below = entries.get(key)
        both = isinstance(below, Mapping) and isinstance(node, Mapping)
        entries[key] = merged(below, node) if both else node  # type: ignore[arg-type]
        marks[key] = over.key_marks[key]
    return replace(base, entries=entries, key_marks=marks)


def undotted(node: Mapping, problems: Problems) -> Mapping:
    """Changes as nested mappings, whether written ``terminal.lanes.A.count: 5`` or nested."""
    out = replace(node, entries={}, key_marks={})
    for dotted, child in node.entries.items():
        keys, mark = dotted.split("."), node.key_marks[dotted]
        if len(keys) > MAX_DEPTH or not all(key.strip() for key in keys):
            problems.add(f"{dotted[:60]!r} is no key", mark, node.path, "write keys joined by single dots")
            continue
        leaf: Node = undotted(child, problems) if isinstance(child, Mapping) else child
        for key in reversed(keys):
            leaf = Mapping({key: leaf}, {key: mark}, mark, child.path)
        if not isinstance(leaf, Mapping):
            continue
        for way, earlier, later in _clashes(out, leaf):
            what = f"{'.'.join(way)} is set twice, on line {earlier.mark.line} and on line {later.mark.line}"
            problems.add(what, later.mark, later.path, "keep one of the two")
        out = merged(out, leaf)
    return out


def _clashes(
    first: Mapping, second: Mapping, way: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Node, Node]]:
    """Keys that two sets of changes give different values; a mapping against a value clashes too."""
    for key, node in second.entries.items():
        other = first.entries.get(key)
        if other is None:
            continue
        if isinstance(node, Mapping) and isinstance(other, Mapping):
            yield from _clashes(other, node, (*way, key))
        elif plain(node) != plain(other) or type(plain(node)) is not type(plain(other)):
            yield (*way, key), other, node


class _Measures:
    """What each measure sets, and which pairs of them contradict each other; each pair is compared once."""

    def __init__(self, changes: Dict[str, Mapping]) -> None:
        self.changes = changes
        self._pairs: dict[tuple[str, str], list[tuple[tuple[str, ...], Node, Node]]] = {}

    def clashes(self, first: str, second: str) -> list[tuple[tuple[str, ...], Node, Node]]:
        """Keys that both set, to different values."""
        pair = first, second
        if pair not in self._pairs:
            self._pairs[pair] = list(_clashes(self.changes[first], self.changes[second]))
        return self._pairs[pair]


def _check_measures(
    recipe: Recipe, measures: _Measures, before: tuple[str, ...], fresh: tuple[str, ...], problems: Problems
) -> None:
    """Note every key that two measures of one variant set differently; the parent's were compared there."""
    for at, second in enumerate(fresh):
        for first in (*before, *fresh[:at]):
            for way, earlier, later in measures.clashes(first, second):
                problems.add(
                    f"measures {first} (line {earlier.mark.line}) and {second} (line {later.mark.line}) of variant "
                    f"{recipe.name} both set {'.'.join(way)}, to {_brief(earlier)} and to {_brief(later)}",
                    recipe.mark,
                    recipe.path,
                    "leave one out, or settle it under set: of the variant",
                )


def _brief(node: Node) -> str:
    if isinstance(node, Scalar):
        return node.text[:40] or "nothing"
    return "a list" if isinstance(node, Listing) else "a group of keys"


def resolve(
    base: Mapping, recipes: Dict[str, Recipe], changes: Dict[str, Mapping], problems: Problems
) -> list[Resolved]:
    """Model sections of every variant, in the order of the file.

    Parameters
    ----------
    base
        The model sections of the file.
    recipes
        Variants by name.
    changes
        Measures by name: what each sets, nested.
    problems
        Receives cycles, unknown names and clashes; such a variant is left out.
    """
    done: dict[str, Resolved | None] = {}
    measures = _Measures(changes)
    for name in recipes:
        _resolve_one(name, base, recipes, measures, done, (), problems)
    return [found for name in recipes if (found := done[name]) is not None]


def _resolve_one(
    name: str,
    base: Mapping,
    recipes: Dict[str, Recipe],
    measures: _Measures,
    done: dict[str, Resolved | None],
    under_way: tuple[str, ...],
    problems: Problems,
) -> Resolved | None:
    if name in done:
        return done[name]
    recipe = recipes[name]
    if name in under_way:
        circle = " from ".join((*under_way[under_way.index(name) :], name))
        problems.add(
            f"variants stand on each other in a circle: {circle}",
            recipe.mark,
            recipe.path,
            "let one of them start from the base",
        )
        return None
    parent: Resolved | None = Resolved(BASE, (), base)
    if recipe.parent is not None and recipe.parent not in recipes:
        problems.add(
            f"variant {name} starts from {recipe.parent!r}, which is no variant",
            recipe.mark,
            f"{recipe.path}.from",
            nearest(recipe.parent, recipes),
        )
        parent = None
    elif recipe.parent is not None:
        parent = _resolve_one(recipe.parent, base, recipes, measures, done, (*under_way, name), problems)
    changes = measures.changes
    unknown = [m for m in recipe.measures if m not in changes]
    for measure in unknown:
        problems.add(
            f"variant {name} names {measure!r}, which is no measure",
            recipe.mark,
            f"{recipe.path}.with",
            nearest(measure, changes),
        )
    if parent is None or unknown:
        done[name] = None
        return None
    fresh = tuple(m for m in dict.fromkeys(recipe.measures) if m not in parent.measures)
    _check_measures(recipe, measures, parent.measures, fresh, problems)
    sections = parent.sections
    for measure in fresh:
        sections = merged(sections, changes[measure])
    if recipe.changes is not None:
        sections = merged(sections, recipe.changes)
    done[name] = Resolved(name, (*parent.measures, *fresh), sections)
    return done[name]


def params_of_sections(sections: Mapping, problems: Problems) -> dict[str, Params]:
    """Parameters of every model a variant has, in the fixed order; faults are noted where they were written."""
    out: dict[str, Params] = {}
    vehicles = any(registry.card(name).drives for name in registry.ORDER if name in sections.entries)
    for name in registry.ORDER:
        node = sections.entries.get(name)
        # Whoever drives brings the road along.
        if node is None and not (registry.card(name).carries and vehicles):
            continue
        params = _params_of(name, node, problems)
        if params is not None:
            out[name] = params
    return out


def _params_of(name: str, node: Node | None, problems: Problems) -> Params | None:
    model: type[Params] = registry.params_class(name)
    if node is None:
        return model()
    if isinstance(node, Scalar) and node.value is None:
        # `terminal:` with nothing behind it asks for the defaults.
        node = Mapping({}, {}, node.mark, node.path)
    if not isinstance(node, Mapping):
        problems.add(
            f"{name} must be a group of keys, got {_brief(node)}", node.mark, node.path, "write keys below it, indented"
        )
        return None
    return validated(model, node, name, problems)


def params_with_changes(resolved: Dict[str, Any], changes: Dict[str, Any]) -> dict[str, Params]:
    """Parameters of a variant with further changes, as a fork makes them.

    Parameters
    ----------
    resolved
        The variant as in a scenario file: model -> keys, values with units.
    changes
        Dotted key -> value as in a scenario file, for example ``{"terminal.lanes.A.count": 5}``.

    Raises
    ------
    ScenarioError
        With every wrong key and value.
    """
    problems = Problems("changes")
    over = undotted(tree_of(dict(changes)), problems)
    for name, node in over.entries.items():
        if name not in resolved:
            problems.add(f"{name!r} is no model of this variant", node.mark, name, nearest(name, resolved))
    problems.raise_if_any()
    sections = merged(tree_of(dict(resolved)), over)
    params = params_of_sections(sections, problems)
    if len(problems):
        # There is no file and so no line to name; the key is enough.
        listed = [replace(p, where=p.where.rsplit(", ", 1)[-1]) for p in problems.listed]
        raise ScenarioError.of(listed, "changes")
    return params


def changed(resolved: Dict[str, Any], changes: Dict[str, Any]) -> dict[str, Any]:
    """A variant's sections as one file would say them, with further changes that are known to be sound."""
    problems = Problems("changes")
    over = undotted(tree_of(dict(changes)), problems)
    problems.raise_if_any()
    return dict(plain(merged(tree_of(dict(resolved)), over)))
