"""Vehicles that stand beside the kerb and take lanes of a link: what is left to those who pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Flags
from twin.engine.clock import clock_text
from twin.engine.sim_model import State
from twin.errors import EngineError

#: Lanes are added and taken away again; what rounding leaves is none.
_DIGITS = 9
_NOT_FELT = (
    "vehicles that stand in a lane slow nobody: road_traffic.form is free_flow, which has no capacities; set it to "
    "queueing to see what they cost those who pass"
)


class StandingVehicles:
    """Lanes that standing vehicles take, link by link, as other models say it.

    Parameters
    ----------
    lanes : (m,) int16
        Lanes of each drive link.
    felt
        Whether those who drive lose capacity by it: the form has queues.
    """

    def __init__(self, lanes: NDArray[np.int16], felt: bool) -> None:
        self._lanes, self._felt = lanes, felt
        self._taken: dict[int, float] = {}
        self._ever = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know: that nobody is slowed, where vehicles stood and the form has no capacities."""
        if self._ever and not self._felt:
            return (_NOT_FELT,)
        return ()

    def take(self, link: int, lanes: float, at_s: float) -> float:
        """Take lanes of a link, or give them back; the share of its lanes that is left.

        Raises
        ------
        EngineError
            If more is taken than there is, or given back than was taken.
        """
        taken = round(self._taken.get(link, 0.0) + lanes, _DIGITS)
        have = int(self._lanes[link])
        if not 0 <= taken < max(have, 1):
            raise EngineError(
                f"vehicles that stand take {taken:g} of {have} lanes of drive link {link}",
                where=f"road_traffic, {clock_text(at_s)}",
                mend="this is a fault of the model that says so: leave those who pass a share of a lane",
            )
        self._ever = True
        if taken:
            self._taken[link] = taken
        else:
            self._taken.pop(link, None)
        return self.share_left(link)

    def share_left(self, link: int) -> float:
        """Share of a link's lanes that is left to those who pass."""
        return 1.0 - self._taken.get(link, 0.0) / max(int(self._lanes[link]), 1)

    def shares(self) -> dict[int, float]:
        """Links of which not all is left -> what is."""
        return {link: self.share_left(link) for link in sorted(self._taken)}

    def state(self) -> State:
        """Lanes taken; nothing where nobody ever stood, so that checkpoints of other cities stay as they are."""
        if not self._ever:
            return {}
        links = sorted(self._taken)
        ever: Flags = np.array([self._ever])
        return {
            "link": np.array(links, np.int32),
            "lanes": np.array([self._taken[link] for link in links], np.float64),
            "ever": ever,
        }

    def restore(self, state: State) -> None:
        """Put it back."""
        self._ever = bool(state) and bool(state["ever"][0])
        links = state["link"].tolist() if state else []
        self._taken = dict(zip(links, state["lanes"].tolist(), strict=True)) if state else {}
