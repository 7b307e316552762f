"""Rung 3: requests, trips and vans matched anew at every period by an integer programme (Alonso-Mora et al. 2017).

Requests are answered at once by cheapest insertion. At every period each van is asked which sets of requests that
nobody has boarded it could serve (``trip_kernels.py``), and HiGHS chooses one set per van so that
every request is in exactly one and the plans cost least. The plans in force are one choice, so that there always is one
and the day never becomes dearer. For fleets of up to about a hundred vans.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Longs
from twin.models.transit.desk.desk import Choice, Desk
from twin.models.transit.dispatch import kernels
from twin.models.transit.dispatch.insertion import kernel_choice
from twin.models.transit.dispatch.trip_kernels import find_free, grow, rebuild
from twin.models.transit.fleet.rows import PLAN_TASKS, VAN

#: One trip: a set of requests as bits, and how its plan comes from that of a smaller one. Size -1: the plan in force.
TRIP = np.dtype(
    [
        ("mask", "<u8"), ("cost", "<f8"), ("parent", "<i4"), ("request", "<i4"), ("i", "<i4"), ("j", "<i4"),
        ("size", "<i4"),
    ],
    align=True,
)  # fmt: skip
#: Requests that a van is asked about; one bit each.
_MOST_NEAR = 24
#: Nodes of the tree of one choice (G); and how far from whole a chosen number may be.
_MOST_NODES, _WHOLE = 200, 1e-6
#: A choice counts as cheaper from here on.
_GAIN_S = 1e-3


class Assignment:
    """Requests, trips and vans matched by an integer programme.

    Parameters
    ----------
    trips_per_van
        Most trips that are tried with one van in a period; the larger ones are left out first.
    largest
        Most requests of one trip.
    vans_per_request
        How many vans, the nearest ones, are asked about a request beside the one that has it.
    """

    kernel_rule = kernels.CHEAPEST
    replan = kernels.BY_STRATEGY
    wait_weight = 1.0
    turns = True

    def __init__(self, trips_per_van: int = 200, largest: int = 4, vans_per_request: int = 8) -> None:
        self.trips_per_van, self.largest, self.vans_per_request = trips_per_van, largest, vans_per_request

    def choose(self, desk: Desk, request: int, now_s: float) -> Choice:
        """Answer at once, by cheapest insertion."""
        return kernel_choice(self.kernel_rule, desk, request, now_s)

    def plan_anew(self, desk: Desk, now_s: float) -> list[int]:
        """Match anew; returns the vans whose plans are others now."""
        fleet, requests = desk.fleet, desk.requests
        free = np.zeros(len(fleet) * PLAN_TASKS + 1, np.int32)
        free = free[: find_free(now_s, free, fleet, requests, desk.times, desk.rules)]
        if len(free) < 1 or len(fleet) < 2:
            return []
        base, work = np.zeros(1, VAN), np.zeros(1, VAN)
        options: list[tuple[int, NDArray[np.int32], NDArray[np.void]]] = []
        for v, near in self._asked(desk, free):
            trips = np.zeros(self.trips_per_van + 1, TRIP)
            count = grow(
                v, base, work, near, len(near), self.trips_per_van, self.largest, desk.scratch.moved, trips,
                fleet, requests, desk.times, desk.rules,
            )  # fmt: skip
            options.append((v, near, trips[:count]))
        chosen = self._choose(options, free)
        changed = []
        for (v, near, trips), trip in zip(options, chosen, strict=True):
            if trips[trip]["size"] < 0:
                continue
            base[0] = fleet[v]
            kernels.clear(base, near, v, requests, desk.times, desk.rules)
            rebuild(work, base, trip, trips, requests, desk.times, desk.rules)
            changed.append((v, work[0].copy()))
        for v, plan in changed:
            fleet[v] = plan
            tasks = plan["task_request"][: plan["size"]]
            requests["van"][tasks[tasks >= 0]] = v
        return [v for v, _ in changed]

    def _asked(self, desk: Desk, free: NDArray[np.int32]) -> list[tuple[int, NDArray[np.int32]]]:
        """Vans and the requests that each is asked about: its own, then the nearest in reach."""
        fleet, requests = desk.fleet, desk.requests
        working = np.flatnonzero(fleet["working"])
        reach_s = (
            fleet["anchor_s"][working][:, None]
            + desk.times.between_s[fleet["anchor_stop"][working][:, None], requests["origin"][free][None, :]]
        )
        rank = np.argsort(np.argsort(reach_s, axis=0, kind="stable"), axis=0, kind="stable")
        own = requests["van"][free][None, :] == working[:, None]
        asked = own | ((rank < self.vans_per_request) & (reach_s <= requests["pickup_by_s"][free] + kernels.EPS_S))
        out = []
        for row, v in enumerate(working.tolist()):
            order = np.argsort(np.where(own[row], -np.inf, reach_s[row]), kind="stable")
            near = order[asked[row, order]][: max(_MOST_NEAR, int(own[row].sum()))]
            if len(near) > 63:
                continue
            out.append((v, free[near].astype(np.int32)))
        return out

    def _choose(
        self, options: list[tuple[int, NDArray[np.int32], NDArray[np.void]]], free: NDArray[np.int32]
    ) -> list[int]:
        """Trip of each van: the cheapest choice that serves every request of these vans once."""
        column_of = {int(r): n for n, r in enumerate(free)}
        costs, rows, starts, now = [], [], [0], 0
        keep = []
        for n, (_, near, trips) in enumerate(options):
            for trip in trips:
                mask = int(trip["mask"])
                members = [column_of[int(r)] for k, r in enumerate(near) if mask >> k & 1]
                rows.extend([*members, len(free) + n])
                now += len(members) + 1
                starts.append(now)
            costs.append(trips["cost"])
            keep.append(len(trips) - 1)
        cost = np.concatenate(costs)
        first = np.cumsum([0, *(len(trips) for _, _, trips in options)])
        before = float(sum(trips["cost"][-1] for _, _, trips in options))
        served = np.zeros(len(free) + len(options), bool)
        served[rows] = True
        x = solve_choice(cost, np.array(rows), np.array(starts), served.astype(float))
        if x is None or float(cost @ x) > before - _GAIN_S:
            return keep
        return [int(np.argmax(x[first[n] : first[n + 1]])) for n in range(len(options))]


def solve_choice(cost: Floats, rows: Longs, starts: Longs, sums: Floats) -> Floats | None:
    """Cheapest choice of columns whose rows sum to ``sums``, by HiGHS; None if it finds none.

    Parameters
    ----------
    cost : (columns,) float64
    rows, starts
        Rows of each column with a one in it: ``rows[starts[c]:starts[c + 1]]``.
    sums : (rows,) float64
    """
    from scipy import sparse
    from scipy.optimize import Bounds, LinearConstraint, milp

    serves = sparse.csc_array((np.ones(len(rows)), rows, starts), shape=(len(sums), len(cost)))
    found = milp(
        cost - cost.min(),
        integrality=np.ones(len(cost)),
        bounds=Bounds(0, 1),
        constraints=[LinearConstraint(serves, sums, sums)],
        options={"mip_rel_gap": 0.0, "node_limit": _MOST_NODES},
    )
    if found.x is None or np.abs(found.x - np.round(found.x)).max() > _WHOLE:
        return None
    chosen: Floats = np.round(found.x)
    return chosen
