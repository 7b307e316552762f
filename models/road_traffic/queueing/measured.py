"""Times over links, measured from those who leave them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.engine.sim_model import State


class LinkTimes:
    """Exits of each link since the last reading, and the whole microseconds they took: sums that know no order."""

    def __init__(self, link_count: int) -> None:
        self._exits = np.zeros(link_count)
        self._exit_us = np.zeros(link_count)

    def add(self, links: Ints, on_link_s: Floats) -> None:
        """Count vehicles that left links after some time on them."""
        m = len(self._exits)
        self._exits += np.bincount(links, minlength=m)
        self._exit_us += np.bincount(links, np.rint(on_link_s * 1e6), minlength=m)

    def read(self, otherwise_s: Floats) -> Floats:
        """(m,) float64: mean seconds of those who left, or what else is known; begins anew."""
        times = otherwise_s.copy()
        some = self._exits > 0
        times[some] = self._exit_us[some] / self._exits[some] * 1e-6
        self._exits[:] = 0
        self._exit_us[:] = 0
        return times

    def state(self) -> State:
        """What has been counted."""
        return {"exits": self._exits.copy(), "exit_us": self._exit_us.copy()}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Put it back."""
        self._exits[:], self._exit_us[:] = state["exits"], state["exit_us"]
