"""Rung 4: idle vans go to where requests are expected, by a flow of least driving.

Beside any rung of dispatch. Every period the idle vans are shared out over cells in proportion to what the forecast
expects, less the vans that are about to come free there; a flow of least driving time (a transport problem, solved by
HiGHS, whose corners are whole) says which van goes where. No van drives longer than a cap.
"""

from __future__ import annotations

import numpy as np

from twin.arrays import Floats, Ints
from twin.models.transit.desk.desk import Desk
from twin.models.transit.dispatch.forecast import expected
from twin.models.transit.fleet.rows import IDLE

#: What a van costs that stays away from where it is wanted, over the longest drive: enough that all go that can.
_AWAY = 10.0


class Rebalancing:
    """Sends idle vans ahead of demand.

    Parameters
    ----------
    rate : (cells, slots) float64
        Forecast: requests a slot.
    cell : (stops,) int32
        Cell of each stop.
    hub : (cells,) int32
        Stop of each cell to which vans are sent.
    horizon_s
        How far the forecast is looked at.
    longest_s
        Longest drive of a van.
    """

    def __init__(self, rate: Floats, cell: Ints, hub: Ints, horizon_s: float, longest_s: float) -> None:
        self.rate, self.cell, self.hub = rate, cell, hub
        self.horizon_s, self.longest_s = horizon_s, longest_s

    def moves(self, desk: Desk, now_s: float) -> list[tuple[int, int]]:
        """Idle vans and the stops to which they are to go."""
        fleet = desk.fleet
        working = fleet["working"] > 0
        idle = np.flatnonzero(working & (fleet["phase"] == IDLE) & (fleet["size"] == 0) & (fleet["free_s"] <= now_s))
        if not len(idle):
            return []
        wanted = self._wanted(desk, now_s, len(idle), working)
        cells = np.flatnonzero(wanted)
        drive_s = desk.times.between_s[fleet["stop"][idle][:, None], self.hub[cells][None, :]]
        at_home = self.cell[fleet["stop"][idle]][:, None] == cells[None, :]
        drive_s = np.where(at_home, 0.0, drive_s)
        flow = least_flow(drive_s, wanted[cells], self.longest_s)
        moves = []
        for n, k in zip(*np.nonzero(flow), strict=True):
            if not at_home[n, k]:
                moves.append((int(idle[n]), int(self.hub[cells[k]])))
        return moves

    def _wanted(self, desk: Desk, now_s: float, idle: int, working: np.ndarray) -> Ints:
        """How many idle vans each cell should have: shares of the forecast, less vans that come free there soon."""
        ahead = expected(self.rate, now_s, self.horizon_s)
        busy = np.flatnonzero(working & (desk.fleet["size"] > 0))
        soon = np.zeros(len(ahead))
        for v in busy.tolist():
            last = int(desk.fleet["size"][v]) - 1
            if desk.fleet["latest_s"][v, last] <= now_s + self.horizon_s / 2.0:
                soon[self.cell[desk.fleet["task_stop"][v, last]]] += 1.0
        share = ahead / ahead.sum() * (idle + soon.sum()) - soon
        out = np.zeros(len(ahead), np.int32)
        for _ in range(idle):
            best = int(np.argmax(share - out))
            out[best] += 1
        return out


def least_flow(drive_s: Floats, wanted: Ints, longest_s: float) -> Ints:
    """Vans to cells with the least driving, as many as can be: (vans, cells) of zeros and ones.

    Parameters
    ----------
    drive_s : (vans, cells) float64
    wanted : (cells,) int32
        Most vans of each cell.
    longest_s
        Longer drives are not made.
    """
    from scipy import sparse
    from scipy.optimize import linprog

    vans, cells = drive_s.shape
    allowed = drive_s <= longest_s
    cost = np.where(allowed, drive_s - _AWAY * longest_s, 0.0).ravel()
    ones = sparse.eye_array(vans)
    each_van = sparse.kron(ones, np.ones((1, cells)))
    each_cell = sparse.kron(np.ones((1, vans)), sparse.eye_array(cells))
    found = linprog(
        cost, sparse.vstack([each_van, each_cell]), np.concatenate([np.ones(vans), wanted]),
        bounds=np.column_stack([np.zeros(cost.size), allowed.ravel().astype(float)]), method="highs-ds",
    )  # fmt: skip
    if found.x is None:
        return np.zeros((vans, cells), np.int32)
    return np.round(found.x).astype(np.int32).reshape(vans, cells)
