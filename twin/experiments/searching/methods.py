"""Every method of a search by its name."""

from __future__ import annotations

from collections.abc import Callable

from twin.experiments.searching.optimise import optimise
from twin.experiments.searching.policies import Policy, frontier, sensitivity, sweep, tornado
from twin.results.searched import Search


def policy_of(search: Search) -> Policy:
    """The method of a search."""
    methods: dict[str, Callable[[Search], Policy]] = {
        "sweep": sweep,
        "tornado": tornado,
        "morris": sensitivity,
        "sobol": sensitivity,
        "frontier": frontier,
        "optimise": optimise,
    }
    return methods[search.method](search)
