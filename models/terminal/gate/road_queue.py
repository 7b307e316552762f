"""Trucks that queued on the links of the road before there was a place for them, put into the records of the queue.

The road keeps a truck until there is a place, and tells when it gives it back since when the truck has stood: only
then is it known that it was in line before. The records are therefore put together when the run is over.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.engine.sim_model import State
from twin.engine.stations.state import StationState
from twin.models.terminal import names
from twin.models.terminal.gate.state import RecordRoom, record_room
from twin.models.terminal.params import QueueOnRoad

#: Columns of what is kept of each truck: since when it stood, until when, whether it is a booked truck.
_FROM, _TO, _BOOKED = range(3)


class RoadQueue:
    """Who stood on links of the road, from when to when.

    Parameters
    ----------
    road
        Spacing and lanes, for the metres.
    """

    def __init__(self, road: QueueOnRoad) -> None:
        self._spacing_m = road.spacing_m / road.lanes
        self._stood: list[Floats] = []

    def note(self, now: StationState, rows: NDArray[np.int64], came_s: Floats) -> Floats:
        """Trucks have come off the road, in the order of their moments; those that joined the line there are kept.

        Whoever is still on it when the run ends comes at an infinite moment.

        Returns
        -------
        (n,) float64
            Metres from the gate at which each joined the line, 0 for those that did not stand.
        """
        join_s = now.time_s[rows, names.JOIN]
        some = join_s < came_s
        if not some.any():
            return np.zeros(len(rows))
        booked = now.word[rows, names.CLASS] == names.BOOKED
        self._stood.append(np.column_stack([join_s, came_s, booked])[some])
        left_s = np.sort(self._all()[:, _TO])
        ahead = np.searchsorted(left_s, came_s, side="left") - np.searchsorted(left_s, join_s, side="right")
        return np.where(some, (ahead + 1) * self._spacing_m, 0.0)

    def merged(self, records: RecordRoom) -> RecordRoom:
        """Records of the queue with these trucks in line and on the road.

        Parameters
        ----------
        records
            Those of the trucks at the gate, in the order of time.

        Returns
        -------
        RecordRoom
            One per instant at which anything changed. Metres are those of trucks that stand.
        """
        stood = self._all()
        at_gate_s = records.numbers[names.R_TIME]
        ended_s = stood[np.isfinite(stood[:, _TO]), _TO]
        time_s = np.unique(np.concatenate([at_gate_s, stood[:, _FROM], ended_s]))
        before = np.searchsorted(at_gate_s, time_s, side="right") - 1
        # Before its first record the gate is as empty as this column.
        counts = np.concatenate([records.counts, record_room(1).counts], axis=1)[:, before]
        for rows, trucks in (
            ([names.R_LINE, names.R_ROAD], stood),
            ([names.R_BOOKED, names.R_BOOKED_ROAD], stood[stood[:, _BOOKED] > 0]),
        ):
            here = np.searchsorted(np.sort(trucks[:, _FROM]), time_s, side="right")
            here -= np.searchsorted(np.sort(trucks[:, _TO]), time_s, side="right")
            counts[rows] += here.astype(np.int32)
        return RecordRoom(counts, np.stack([time_s, counts[names.R_ROAD] * self._spacing_m]))

    def state(self) -> State:
        """Everybody noted so far."""
        return {"stood": self._all().copy()}

    def restore(self, state: State) -> None:
        """Put back what :meth:`state` gave."""
        self._stood = [np.array(state["stood"], np.float64)]

    def _all(self) -> Floats:
        if len(self._stood) != 1:
            self._stood = [np.concatenate([*self._stood, np.zeros((0, 3))])]
        return self._stood[0]
