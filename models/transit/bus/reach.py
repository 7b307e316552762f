"""Places within reach from door to door, cell by cell: on foot, by bus, by van.

A cell is reached by bus if the best journey of a departure gets there in time, counted over departures spread over the
day; by van if the mean wait of the run, a ride as much longer than the empty road as rides of the run were, and the
walks to and from the nearest stops fit into it. Who is refused a van is not in that mean: read it beside the share
refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twin.arrays import Flags, Floats, Ints
from twin.city.city import City, Place
from twin.city.routing.ways import nearest_node, travel_times
from twin.models.transit.bus.journeys import arrivals_at_stops
from twin.models.transit.bus.params import ReachParams
from twin.models.transit.bus.service import BusService
from twin.models.transit.fleet.rows import AGE_GROUPS, SERVED, Requests

#: A cell farther than this from every stop of the vans is outside the area (G: two rings of stops).
_AREA_M = 500.0


class Cells(NamedTuple):
    """Cells of the area that have streets: their middles and the crossings for walkers nearest to these."""

    x_m: Floats
    y_m: Floats
    node: Ints


def lay_cells(city: City, stops: Sequence[Place], cell_m: float) -> Cells:
    """Cells of a square mesh over the area of the stops."""
    layer = city.walk
    tree = cKDTree(np.array([[stop.x_m, stop.y_m] for stop in stops]))
    mine = tree.query(np.column_stack([layer.x_m, layer.y_m]))[0] <= _AREA_M
    column, row = (np.floor(values[mine] / cell_m).astype(np.int64) for values in (layer.x_m, layer.y_m))
    unique = np.unique(np.column_stack([row, column]), axis=0)
    x_m, y_m = (unique[:, 1] + 0.5) * cell_m, (unique[:, 0] + 0.5) * cell_m
    node = nearest_node(layer, x_m, y_m)
    inside = np.hypot(layer.x_m[node] - x_m, layer.y_m[node] - y_m) <= cell_m / np.sqrt(2)
    return Cells(x_m[inside], y_m[inside], node[inside].astype(np.int32))


class VanMeans(NamedTuple):
    """What rides of a run were like on average: nan where nobody was carried."""

    wait_s: float
    times_empty_road: float


def van_means(requests: Requests, empty_s: Floats) -> VanMeans:
    """Mean wait from asking, and rides by the same drives on an empty road.

    Parameters
    ----------
    empty_s : (s, s) float64
        Seconds between stops.
    """
    served = requests[requests["status"] == SERVED]
    direct_s = float(empty_s[served["origin"], served["destination"]].sum())
    if not len(served) or not direct_s > 0:
        return VanMeans(np.nan, np.nan)
    wait_s = float((served["pickup_s"] - served["since_s"]).mean())
    return VanMeans(wait_s, float((served["dropoff_s"] - served["pickup_s"]).sum()) / direct_s)


def reach_rows(
    params: ReachParams,
    city: City,
    stops: Sequence[Place],
    empty_s: Floats,
    means: VanMeans,
    bus: BusService | None,
    walk_mps: Floats,
    weight: Floats,
) -> Mapping[str, NDArray[np.generic]]:
    """Rows of ``transit_reach``.

    Parameters
    ----------
    empty_s : (s, s) float64
        Drives between the stops of vans on an empty road.
    walk_mps, weight : (groups,) float64
        Walking speed and share of each age group.
    """
    cells = lay_cells(city, stops, params.cell_m)
    layer = city.walk
    on_foot_m = travel_times(layer, cells.node, cells.node, layer.length_m)
    stop_node = nearest_node(layer, np.array([s.x_m for s in stops]), np.array([s.y_m for s in stops]))
    to_stop_m = travel_times(layer, cells.node, stop_node, layer.length_m)
    own, own_m = to_stop_m.argmin(axis=1), to_stop_m.min(axis=1)
    parts = []
    for group, (speed, share) in enumerate(zip(walk_mps.tolist(), weight.tolist(), strict=True)):
        foot_s = on_foot_m / speed
        walk_s = own_m / speed
        ride_s = means.times_empty_road * empty_s[np.ix_(own, own)]
        van_s = np.maximum(means.wait_s, walk_s)[:, None] + ride_s + walk_s[None, :]
        by_foot = foot_s <= params.within_s
        # Comparisons with nan are false: without rides there is no van.
        by_van = by_foot | ((van_s <= params.within_s) & (own[:, None] != own[None, :]))
        by_bus, by_public = np.full(len(own), np.nan), by_van.sum(axis=1).astype(float)
        if bus is not None:
            by_bus, by_public = _by_bus(params, cells, bus, by_foot, by_van, speed)
        parts.append({
            "x_m": cells.x_m, "y_m": cells.y_m, "age_group": np.full(len(own), AGE_GROUPS[group]),
            "weight": np.full(len(own), share), "on_foot": by_foot.sum(axis=1).astype(float), "by_bus": by_bus,
            "by_van": np.where(np.isfinite(means.wait_s), by_van.sum(axis=1), np.nan), "by_public": by_public,
        })  # fmt: skip
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def _by_bus(
    params: ReachParams, cells: Cells, bus: BusService, by_foot: Flags, by_van: Flags, speed: float
) -> tuple[Floats, Floats]:
    """Cells reached by bus or on foot, and by any of the three: means over departures."""
    rules = bus.params
    from_s, to_s = params.hours
    depart_s = np.arange(from_s, to_s, params.every_s)
    egress_m = bus.ground.to_node_m[:, cells.node]
    egress_s = np.where(egress_m <= rules.walk_at_most_m, egress_m, np.inf) / speed
    access = bus.ground.walks(cells.node, rules.walk_at_most_m, np.full(len(cells.node), speed))
    by_bus, by_public = by_foot.sum(axis=1).astype(float), by_van.sum(axis=1).astype(float)
    for cell in range(len(cells.node)):
        mine = slice(int(access.ptr[cell]), int(access.ptr[cell + 1]))
        if mine.start == mine.stop:
            continue
        arrive_s = arrivals_at_stops(
            bus.table, depart_s, access.stop[mine], access.walk_s[mine], rounds=int(rules.rides_at_most),
            change_s=rules.change_s, horizon_s=params.within_s,
        )  # fmt: skip
        used = np.isfinite(arrive_s).any(axis=0)
        if not used.any():
            continue
        taken_s = (arrive_s[:, used, None] + egress_s[None, used, :]).min(axis=1) - depart_s[:, None]
        there = taken_s <= params.within_s
        by_bus[cell] = (there | by_foot[cell]).sum(axis=1).mean()
        by_public[cell] = (there | by_van[cell]).sum(axis=1).mean()
    return by_bus, by_public
