"""Cars of the gravity model: who leaves when, from where to where, by id.

Car n of pair r on day d has the id (r, d, n) whatever else there is, and its departure is the quantile of the day's
profile that its id draws: one trip more, or another profile, leaves every other car what it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City
from twin.engine.draws import event, make_stream, uniforms
from twin.engine.ids import SERIALS
from twin.errors import ScenarioError
from twin.models.road_traffic.background.whole_cars import whole_cars
from twin.models.road_traffic.gravity.balance import GravityDemand, gravity_demand
from twin.models.road_traffic.gravity.params import GravityParams

Columns = Mapping[str, NDArray[np.generic]]

_DAY_S = 86400.0
#: Pairs are counted from here, so that an OD table beside them has ids of its own.
FIRST_ORIGIN = 1 << 23
_DAY_SERIALS = 1 << 24


@dataclass(frozen=True, eq=False)
class GravityCars:
    """Cars in no order.

    Attributes
    ----------
    id : (n,) uint64
    depart_s : (n,) float64
        Seconds since midnight of day one.
    from_node, to_node : (n,) int32
    """

    id: NDArray[np.uint64]
    depart_s: NDArray[np.float64]
    from_node: NDArray[np.int32]
    to_node: NDArray[np.int32]


def draw_gravity_cars(
    params: GravityParams, factor: float, city: City, tables: Mapping[str, Columns], run_seed: np.uint64, end_s: float
) -> GravityCars:
    """Cars of every day that begins before ``end_s``.

    Parameters
    ----------
    params
        The gravity model.
    factor
        All trips are multiplied by this.
    city, tables
        See :func:`twin.models.road_traffic.gravity.balance.gravity_demand`.
    run_seed
        Seed of the run.
    end_s
        Last moment of the clock, seconds since midnight of day one.

    Raises
    ------
    ScenarioError
        If there are more places or cars than ids.
    """
    demand = gravity_demand(params, city, tables)
    count = demand.trips * factor
    n = len(demand.places)
    days = max(int(np.ceil(end_s / _DAY_S)), 1)
    if n * n > FIRST_ORIGIN or count.max() >= _DAY_SERIALS or days > SERIALS // _DAY_SERIALS:
        raise ScenarioError(
            f"the gravity model has {n} places and up to {count.max():,.0f} cars a day between two, over {days} days",
            where="road_traffic.background.gravity",
            mend="choose fewer places by area: [...], a smaller day_total or a shorter clock",
        )
    first, last = np.nonzero(count)
    pair_count, origin = count[first, last], FIRST_ORIGIN + first * n + last
    parts = [_cars_of_day(day, pair_count, origin, demand, run_seed) for day in range(days)]
    ids, depart_s, pair = (np.concatenate(column) for column in zip(*parts, strict=True))
    node = np.array([place.drive_node for place in demand.places], np.int32)
    return GravityCars(ids, depart_s, node[first[pair]], node[last[pair]])


def _cars_of_day(
    day: int, count: NDArray[np.float64], origin: NDArray[np.int64], demand: GravityDemand, run_seed: np.uint64
) -> tuple[NDArray[np.uint64], NDArray[np.float64], NDArray[np.int64]]:
    """Ids, departures and pairs of the cars of one day."""
    stream = make_stream(run_seed, "road.gravity.count")
    ids, pair = whole_cars(count, origin, day * _DAY_SERIALS, stream)
    at = demand.share_of_day(uniforms(make_stream(run_seed, "road.gravity.depart"), ids, event(0)))
    return ids, (day + at) * _DAY_S, pair
