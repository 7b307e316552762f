"""Rung 2: answers at once by cheapest insertion; plans of all vans made anew every period by ruin and recreate.

See :mod:`twin.models.transit.dispatch.reoptimise_kernels`. Who has been promised keeps the promise; who has not boarded
may change the van. A request that fits nowhere is tried once more by moving others.
"""

from __future__ import annotations

from twin.models.transit.desk.desk import Choice, Desk
from twin.models.transit.dispatch import kernels
from twin.models.transit.dispatch.insertion import kernel_choice


class Reoptimise:
    """Cheapest insertion, then ruin and recreate over everybody who has not boarded."""

    kernel_rule = kernels.CHEAPEST
    replan = kernels.RUIN_AND_RECREATE
    #: A second of waiting counts twice a second on board (values of waiting lie between 1.5 and 2.5 times those of
    #: riding: Wardman 2004, *Transport Policy* 11(4); M).
    wait_weight = 1.0
    turns = True

    def choose(self, desk: Desk, request: int, now_s: float) -> Choice:
        """Answer at once, as rung 1 does."""
        return kernel_choice(self.kernel_rule, desk, request, now_s)
