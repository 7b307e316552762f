"""Which measure does the work: each alone against the base, and each left out of all of them.

Two numbers per measure, because measures help or hinder one another: what it does first, and what it does last. Where
they agree the measures act by themselves; where the second is larger it needs the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twin.scenario.language.document import Listing, Mapping, Node, Scalar
from twin.scenario.language.variants import Recipe


def alone(base: str, measure: str) -> str:
    """Variant with one measure."""
    return f"{base}+{measure}"


def without(base: str, measure: str) -> str:
    """Variant with every measure of the split but one."""
    return f"{base}+no-{measure}"


def whole(base: str) -> str:
    """Variant with every measure of the split."""
    return f"{base}+split"


def split_pairs(measures: Sequence[str], base: str) -> Iterator[tuple[str, str]]:
    """Pairs that are compared: base and each alone, then each left out and all, then base and all."""
    for measure in measures:
        yield base, alone(base, measure)
    for measure in measures:
        yield without(base, measure), whole(base)
    yield base, whole(base)


def split_recipes(questions: Node | None, recipes: dict[str, Recipe]) -> dict[str, Recipe]:
    """Recipes of the variants that questions with ``split`` need; faults are told where the question is read."""
    out: dict[str, Recipe] = {}
    first = next(iter(recipes))
    for item in questions.items if isinstance(questions, Listing) else ():
        node = item.entries.get("split") if isinstance(item, Mapping) else None
        if not isinstance(node, Listing) or not isinstance(item, Mapping):
            continue
        measures = [child.text for child in node.items if isinstance(child, Scalar)]
        named = item.entries.get("in")
        base = named.text if isinstance(named, Scalar) else first
        wanted = {
            **{alone(base, m): (m,) for m in measures},
            **{without(base, m): tuple(x for x in measures if x != m) for m in measures},
            whole(base): tuple(measures),
        }
        for name, parts in wanted.items():
            if name not in recipes:
                out[name] = Recipe(name, parts, base, None, node.mark, node.path)
    return out
