"""Ways that the background cars of a city learn by repeating their day on its streets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Ints, Longs
from twin.city.city import City
from twin.city.routing.turns import TurnGraph, first_banned_turn, turn_graph
from twin.columns import VEHICLE_CLASSES
from twin.engine.sim_model import State
from twin.models.road_traffic.access import Access
from twin.models.road_traffic.background.cars import BackgroundCars
from twin.models.road_traffic.day_to_day.params import DaysParams
from twin.models.road_traffic.params import RoadParams

#: Way of a car by its row, or None.
Otherwise = Callable[[int], "Ints | None"]

_CAR = VEHICLE_CLASSES.index("car")
#: Whoever leaves just before the end of the run still has this long to arrive, in the days before it.
_AFTERWARDS_S = 3600.0


class LearnedWays:
    """Paths by the id of the car, and how the days went.

    Attributes
    ----------
    id : (n,) uint64
        Ascending.
    ptr, links
        Path of each car.
    relative_gap, total_travel_s, switched : (k,)
        Of each day, as in :class:`DayToDay`.
    wanted_gap
    """

    def __init__(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        self.id = np.array(state["id"], np.uint64)
        self.ptr, self.links = np.array(state["ptr"], np.int64), np.array(state["links"], np.int32)
        self.relative_gap = np.array(state["relative_gap"], np.float64)
        self.total_travel_s = np.array(state["total_travel_s"], np.float64)
        self.switched = np.array(state["switched"], np.int64)
        self.wanted_gap = float(np.asarray(state["wanted_gap"], np.float64)[0])

    @property
    def converged(self) -> bool:
        """Whether the last day kept to the gap that was wanted."""
        return bool(self.relative_gap[-1] <= self.wanted_gap)

    @property
    def notes(self) -> Sequence[str]:
        """How the days went, for whoever reads the results."""
        said = "as wanted" if self.converged else "NOT settled"
        what = f"{len(self.id)} background cars repeated their day {len(self.relative_gap)} times before the run"
        return [f"{what}: relative gap {self.relative_gap[-1]:.2%} on the last, {self.wanted_gap:.2%} wanted: {said}"]

    def path(self, id_: np.uint64) -> Ints | None:
        """Way of a car; None for one that did not drive on those days."""
        at = int(np.searchsorted(self.id, id_))
        if at == len(self.id) or self.id[at] != id_:
            return None
        return self.links[self.ptr[at] : self.ptr[at + 1]]

    def rows(self) -> dict[str, NDArray[np.generic]]:
        """Rows of ``road_days``."""
        return {
            "day": np.arange(1, len(self.relative_gap) + 1, dtype=np.int32),
            "relative_gap": self.relative_gap,
            "total_travel_h": self.total_travel_s / 3600.0,
            "switched_count": self.switched,
        }

    def state(self) -> State:
        """Everything, as arrays."""
        return {
            "id": self.id,
            "ptr": self.ptr,
            "links": self.links,
            "relative_gap": self.relative_gap,
            "total_travel_s": self.total_travel_s,
            "switched": self.switched,
            "wanted_gap": np.array([self.wanted_gap]),
        }


def learn_ways(
    params: RoadParams,
    days: DaysParams,
    city: City,
    tables: Mapping[str, Mapping[str, NDArray[np.generic]]],
    cars: BackgroundCars,
    span: tuple[int, int],
    otherwise: Otherwise,
    begun: tuple[Access, float, float],
    seed: np.uint64,
) -> LearnedWays | None:
    """Repeat the day of background cars; None if nobody drives.

    Cars choose anew every day. Trucks and buses of the table, and cars that start or end in streets of no through way,
    drive the ways of ``otherwise``, in everybody's way; vehicles of other models do not take part.

    Parameters
    ----------
    span
        Rows of the cars that leave within the run.
    otherwise
        Way of a car by its row.
    begun
        What is open, at which moment, and the end of the run. Hours of signs and edits hold on these days too.
    """
    from twin.models.road_traffic.day_to_day.days import repeat_days
    from twin.models.road_traffic.queueing.streets import street_network

    drive = city.drive
    access, start_s, end_s = begun
    network = street_network(params, city, tables)
    graph = turn_graph(drive, VEHICLE_CLASSES[_CAR], access.now_s)
    shut = access.barred[_CAR] | (drive.free_speed_mps <= 0)
    if graph is not None:
        _, local = drive.rules.closed_at(drive.link_count, access.now_s)
        shut = shut | (local >> _CAR & 1).astype(bool)
    rows = np.arange(*span)
    rows = rows[cars.from_node[rows] != cars.to_node[rows]]
    can = (cars.vehicle_class[rows] == _CAR) & joined(drive.link_from, drive.link_to, shut, cars, rows)
    fixed = [(int(row), path) for row in rows[~can].tolist() if (path := otherwise(row)) is not None and len(path)]
    driven = set(np.unique(np.concatenate([path for _, path in fixed])).tolist()) if fixed else set()
    turned = {turn for _, path in fixed for turn in pairwise(path.tolist())}
    if fixed:
        which = np.array([row for row, _ in fixed])
        network.add_vehicles(
            cars.depart_s[which],
            paths=[path.tolist() for _, path in fixed],
            vehicle_class=cars.vehicle_class[which],
            keys=cars.id[which],
        )
    # What others may do cannot be shut in a network that knows no classes; such ways are refused one by one.
    banned = set(banned_pairs(graph, drive.link_count)) if graph is not None else set()
    for link, onward in sorted(banned - turned):
        network.ban_turn(link, onward)
    refuses = graph is not None and (bool(banned & turned) or not graph.plain.all())
    own = rows[can]
    if not len(own):
        return None
    for link in np.flatnonzero(shut & (drive.free_speed_mps > 0)).tolist():
        if link not in driven:
            network.close_entry(link, start_s, np.inf)
    network.add_trips(cars.depart_s[own], cars.from_node[own].tolist(), cars.to_node[own].tolist(), keys=cars.id[own])
    found = repeat_days(
        network,
        end_s + _AFTERWARDS_S,
        most_days=int(days.most_days),
        gap=days.gap,
        rule=days.rule,
        pace=days.pace,
        interval_s=days.interval_s,
        seed=seed,
        shut=shut,
        lawful=partial(lawful_paths, graph) if refuses else None,
    )
    order = np.argsort(cars.id[own])
    lengths = np.diff(found.path_ptr)[order]
    ptr = np.concatenate([[0], np.cumsum(lengths)])
    links = found.path_links[np.repeat(found.path_ptr[order] - ptr[:-1], lengths) + np.arange(ptr[-1])]
    return LearnedWays(
        {
            "id": cars.id[own][order],
            "ptr": ptr,
            "links": links,
            "relative_gap": found.relative_gap,
            "total_travel_s": found.total_travel_s,
            "switched": found.switched,
            "wanted_gap": np.array([days.gap]),
        }
    )


def banned_pairs(graph: TurnGraph, links: int) -> list[tuple[int, int]]:
    """Turns that nobody may make whatever they drove before, turning back where that is forbidden included."""
    out = set()
    for link in range(links):
        turns = range(int(graph.exc_ptr[link]), int(graph.exc_ptr[link + 1]))
        allowed = {int(graph.base[graph.exc_to[e]]) for e in turns if graph.exc_target[e] >= 0}
        out |= {(link, int(graph.base[graph.exc_to[e]])) for e in turns} - {(link, onward) for onward in allowed}
        back = int(graph.reverse[link])
        if back >= 0 and not graph.uturn[link]:
            out.add((link, back))
    return sorted(out)


def lawful_paths(graph: TurnGraph | None, ptr: Longs, links: Ints) -> NDArray[np.bool_]:
    """(n,) bool: paths that make no banned turn, sequences of three and more links included."""
    if graph is None:
        return np.ones(len(ptr) - 1, np.bool_)
    return np.array(
        [first_banned_turn(graph, links[a:b]) < 0 for a, b in zip(ptr[:-1].tolist(), ptr[1:].tolist(), strict=True)]
    )


def joined(
    link_from: Ints, link_to: Ints, shut: NDArray[np.bool_], cars: BackgroundCars, rows: Longs
) -> NDArray[np.bool_]:
    """(n,) bool: cars that start and end where links lead that are not shut, in one part of the network."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    count = int(max(link_from.max(), link_to.max(), cars.from_node.max(), cars.to_node.max())) + 1
    a, b = link_from[~shut], link_to[~shut]
    graph = csr_array((np.ones(len(a), np.int8), (a, b)), shape=(count, count))
    _, part = connected_components(graph, directed=True, connection="strong")
    return np.asarray(part[cars.from_node[rows]] == part[cars.to_node[rows]])
