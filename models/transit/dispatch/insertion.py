"""Rung 1: each request goes into a plan at the moment it is asked, and stays there."""

from __future__ import annotations

from twin.models.transit.desk.desk import Choice, Desk
from twin.models.transit.dispatch import kernels


class CheapestInsertion:
    """Over all vans and all pairs of positions, the insertion that costs least; rides are shared."""

    kernel_rule = kernels.CHEAPEST

    def choose(self, desk: Desk, request: int, now_s: float) -> Choice:
        """See :func:`twin.models.transit.dispatch.insertion_kernels.cheapest_insertion`."""
        return kernel_choice(self.kernel_rule, desk, request, now_s)


class FirstCome:
    """Every request goes to the end of a plan, as in a taxi queue: the yardstick for sharing."""

    kernel_rule = kernels.FIRST_COME

    def choose(self, desk: Desk, request: int, now_s: float) -> Choice:
        """The van that can do it at the least cost after everything it has promised."""
        return kernel_choice(self.kernel_rule, desk, request, now_s)


def kernel_choice(rule: int, desk: Desk, request: int, now_s: float) -> Choice:
    """The compiled answer to a request under a rule."""
    van, i, j, reason = kernels.cheapest_insertion(
        request, now_s, rule, desk.scratch.moved, desk.fleet, desk.requests, desk.times, desk.rules
    )
    return Choice(int(van), int(i), int(j), int(reason))
