"""Ways along a street whatever its one-ways: for edits, which name streets and do not drive them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from twin.city.city import StreetLayer


class Step(NamedTuple):
    """A piece of street between two nodes, walked either way; ``link`` is -1 over a gap."""

    one: int
    other: int
    length_m: float
    link: int


def steps_of(layer: StreetLayer, links: Iterable[int]) -> list[Step]:
    """Links of a layer as steps."""
    return [
        Step(int(layer.link_from[link]), int(layer.link_to[link]), float(layer.length_m[link]), int(link))
        for link in links
    ]


def shortest_along(steps: Sequence[Step], start: Iterable[int]) -> tuple[dict[int, float], dict[int, tuple[int, int]]]:
    """Shortest ways from the nearest of some nodes to all that steps reach.

    Returns
    -------
    far, came
        Node -> metres; node -> (node before, link between).

    References
    ----------
    Dijkstra (1959), by ``scipy.sparse.csgraph``.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    # Of several steps between two nodes the shortest counts, and of equal ones the first.
    best: dict[tuple[int, int], Step] = {}
    for step in steps:
        for ends in ((step.one, step.other), (step.other, step.one)):
            if ends not in best or step.length_m < best[ends].length_m:
                best[ends] = step
    nodes = sorted({node for ends in best for node in ends})
    index = {node: i for i, node in enumerate(nodes)}
    sources = [index[node] for node in start if node in index]
    if not sources:
        return {}, {}
    rows, columns = (np.array([index[ends[side]] for ends in best], np.intp) for side in (0, 1))
    lengths = np.array([step.length_m for step in best.values()])
    graph = csr_array((lengths, (rows, columns)), shape=(len(nodes), len(nodes)))
    far_m, before, _ = dijkstra(graph, indices=sources, return_predecessors=True, min_only=True)
    reached = np.flatnonzero(np.isfinite(far_m)).tolist()
    far = {nodes[i]: float(far_m[i]) for i in reached}
    came = {nodes[i]: (nodes[before[i]], best[nodes[before[i]], nodes[i]].link) for i in reached if before[i] >= 0}
    return far, came
