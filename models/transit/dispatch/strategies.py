"""Strategies of dispatch: who serves a request, and where in the plan. To add one, list it here.

A strategy answers requests by ``choose``. One that carries ``kernel_rule`` is answered for inside the compiled loop.
Further attributes, all optional: ``replan`` (``kernels.NEVER``, ``RUIN_AND_RECREATE``, or ``BY_STRATEGY``, for which
it has a method ``plan_anew(desk, now_s)`` that returns the vans it changed), ``turns`` (whether vans under way may
turn), ``wait_weight`` (worth of a second of waiting on top of that of any second of a rider).

Packages add strategies by an entry point of the group ``osaka_twin.transit_strategies`` that gives a class or a
function without arguments; a scenario then names the entry point. A program hands over an object:
``Transit(..., strategy=...)``.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from twin.errors import ScenarioError
from twin.models.transit.desk.desk import Choice, Strategy
from twin.models.transit.dispatch import kernels
from twin.models.transit.dispatch.assignment import Assignment
from twin.models.transit.dispatch.insertion import CheapestInsertion, FirstCome
from twin.models.transit.dispatch.insertion_kernels import ASK
from twin.models.transit.dispatch.reoptimise import Reoptimise
from twin.models.transit.params import STRATEGY_GROUP, DispatchParams

__all__ = ["STRATEGIES", "Assignment", "CheapestInsertion", "Choice", "FirstCome", "Reoptimise", "Strategy"]

STRATEGIES: dict[str, Strategy] = {
    "cheapest_insertion": CheapestInsertion(), "first_come": FirstCome(), "reoptimise": Reoptimise(),
    "assignment": Assignment(),
}  # fmt: skip


def make_strategy(name: str) -> Strategy:
    """Strategy of this package or of an installed one.

    Raises
    ------
    ScenarioError
        If what the entry point gives has no ``choose``.
    """
    if name in STRATEGIES:
        return STRATEGIES[name]
    made: Any = next(iter(entry_points(group=STRATEGY_GROUP, name=name))).load()()
    if not callable(getattr(made, "choose", None)):
        raise ScenarioError(
            f"the entry point {name!r} of {STRATEGY_GROUP} gives a {type(made).__name__} without a method choose",
            where="transit.dispatch.strategy", mend="see twin/models/transit/dispatch/strategies.py",
        )  # fmt: skip
    strategy: Strategy = made
    return strategy


def rules_of(strategy: Strategy, params: DispatchParams) -> dict[str, Any]:
    """What kernels must know of a strategy, as members of ``Rules``; what the scenario says goes before."""
    waits = params.waiting_weight
    turns = getattr(strategy, "turns", False) if params.turning is None else params.turning
    replan = int(getattr(strategy, "replan", kernels.NEVER))
    return {
        "strategy": int(getattr(strategy, "kernel_rule", ASK)), "replan": replan,
        "wait_weight": float(getattr(strategy, "wait_weight", 0.0) if waits is None else waits),
        "turn": int(turns), "every_s": params.every_s, "steps": int(params.steps),
        "tries": int(params.tries) if replan else 0,
        "rebalance_s": params.rebalancing.every_s if params.rebalancing else 600.0,
        "rider_time_weight": params.rider_time_weight,
    }  # fmt: skip
