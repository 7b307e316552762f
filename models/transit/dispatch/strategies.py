"""Strategies of dispatch: who serves a request, and where in the plan. To add one, list it here.

A strategy has one method. Those that are kernels carry ``kernel_rule`` and then decide without leaving the
compiled loop; any other object with ``choose`` can be given to the model in Python.
"""

from __future__ import annotations

from twin.models.transit.desk.desk import Choice, Desk, Strategy
from twin.models.transit.dispatch import kernels

__all__ = ["STRATEGIES", "CheapestInsertion", "Choice", "FirstCome", "Strategy"]


class CheapestInsertion:
    """Over all vans and all pairs of positions, the insertion that costs least; rides are shared."""

    kernel_rule = kernels.CHEAPEST

    def choose(self, desk: Desk, request: int, now_s: float) -> Choice:
        """See :func:`twin.models.transit.dispatch.kernels.cheapest_insertion`."""
        return _kernel_choice(self.kernel_rule, desk, request, now_s)


class FirstCome:
    """Every request goes to the end of a plan, as in a taxi queue: the yardstick for sharing."""

    kernel_rule = kernels.FIRST_COME

    def choose(self, desk: Desk, request: int, now_s: float) -> Choice:
        """The van that can do it at the least cost after everything it has promised."""
        return _kernel_choice(self.kernel_rule, desk, request, now_s)


def _kernel_choice(rule: int, desk: Desk, request: int, now_s: float) -> Choice:
    van, i, j, reason = kernels.cheapest_insertion(
        request, now_s, rule, desk.scratch, desk.fleet, desk.requests, desk.times, desk.rules
    )
    return Choice(int(van), int(i), int(j), int(reason))


STRATEGIES: dict[str, Strategy] = {"cheapest_insertion": CheapestInsertion(), "first_come": FirstCome()}
