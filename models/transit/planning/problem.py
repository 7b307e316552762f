"""A fleet's plan as a problem: tasks with places, times and windows, and what a plan of it is.

Request ``r`` is picked up at node ``2 r`` and set down at node ``2 r + 1``; depots follow behind. All arrays are
indexed by node. Times and distances are in one unit, in which the fleet drives at speed 1 (seconds, or a length).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.arrays import Floats, Longs


@dataclass(frozen=True)
class Problem:
    """Pick-up and delivery with time windows; with ride and duty limits a dial-a-ride problem.

    Attributes
    ----------
    between : (nodes, nodes) float64
        Driving time, which is also the cost, from node to node.
    early, late : (nodes,) float64
        Window in which service at the node begins; a vehicle may wait for it.
    service : (nodes,) float64
        Time of service at the node.
    load : (requests,) float64
        Places that the request takes.
    ride_max : (requests,) float64
        Longest time from the end of the pick-up to the beginning of the set-down; inf without a limit.
    capacity : float
        Places in each vehicle.
    duty_max : float
        Longest time from leaving the depot to being back; inf without a limit.
    vehicles : int
        Vehicles there are at most.
    """

    between: Floats
    early: Floats
    late: Floats
    service: Floats
    load: Floats
    ride_max: Floats
    capacity: float
    duty_max: float
    vehicles: int

    @property
    def requests(self) -> int:
        """How many requests there are."""
        return int(self.load.size)

    @property
    def depot(self) -> int:
        """Node at which every route begins and ends."""
        return 2 * self.requests

    def __post_init__(self) -> None:
        nodes = 2 * self.load.size + 1
        shapes = {
            "between": (nodes, nodes),
            "early": (nodes,),
            "late": (nodes,),
            "service": (nodes,),
            "ride_max": (self.load.size,),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, expected {shape}")
        if self.vehicles < 1:
            raise ValueError(f"vehicles must be at least 1, got {self.vehicles}")


@dataclass(frozen=True)
class Plan:
    """Routes of a fleet.

    Attributes
    ----------
    routes
        Nodes of each used vehicle in the order in which it serves them, depots left out.
    unserved
        Requests that no vehicle takes.
    cost
        Driving time of all routes, from depot to depot.
    """

    routes: list[Longs]
    unserved: Longs
    cost: float


def timetable(problem: Problem, route: Longs) -> Floats | None:
    """Beginning of service at the depot, each node of a route, and the depot again; None if there is none.

    The earliest timetable that keeps windows, ride limits and the duty limit: each of them says that one moment lies
    at least so much behind another, so that the least solution is found by raising moments until nothing moves.

    Parameters
    ----------
    problem, route
        Nodes without depots.
    """
    from twin.models.transit.planning.kernels.rows import find_times

    times = np.empty(route.size + 2)
    nodes = np.concatenate([[problem.depot], route, [problem.depot]]).astype(np.int64)
    found = find_times(
        nodes,
        nodes.size,
        problem.between,
        problem.early,
        problem.late,
        problem.service,
        problem.ride_max,
        problem.duty_max,
        np.full(2 * problem.requests + 1, -1, np.int64),
        times,
    )
    return times if found else None
