"""Loading a network: departures, trees, crossings; and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints, Longs
from twin.engine.sim_model import State
from twin.errors import CityError, ScenarioError
from twin.models.road_traffic.queueing import kernels
from twin.models.road_traffic.queueing.arrays import (
    CROSSING,
    DONE,
    EDIT_SPEED,
    Edits,
    Log,
    Records,
    Road,
    Trees,
    Vehicles,
    records,
)
from twin.models.road_traffic.queueing.build import build_edits, build_road, destinations, new_vehicles
from twin.models.road_traffic.queueing.network import RoadNetwork
from twin.models.road_traffic.queueing.news import News, new_trees, no_trees, turns_matter

#: What drivers without a path hear, and how they differ; sources and grades stand at the same names in ``params.py``.
NEWS_EVERY_S, NEWS_WEIGHT, ROUTE_SPREAD = 120.0, 0.1, 0.5
LONGEST_STEP_S = 5.0
SHORTEST_STEP_S = 0.01
_LOG_ROOM = 1 << 20
_CROSSINGS_EACH = 64
_LOG_MOST = 1 << 25


def largest_step_s(road: Road, edits: Edits) -> float:
    """Longest internal step: no vehicle crosses a link, and no wave either, within it.

    Raises
    ------
    CityError
        If a link is so short that it would take thousands of steps per second.
    """
    links = road.links
    fastest = links["speed_mps"].copy()
    speeding = edits.rows[edits.rows["kind"] == EDIT_SPEED]
    np.maximum.at(fastest, speeding["index"], speeding["value"])
    free_s = links["length_m"] / np.minimum(fastest, road.classes["speed_mps"].max())
    shortest = np.minimum(free_s, links["lag_s"])
    step_s = float(min(LONGEST_STEP_S, shortest.min()))
    if step_s < SHORTEST_STEP_S:
        link = int(np.argmin(shortest))
        raise CityError(
            f"link {link} of {links['length_m'][link]:g} m is driven in {shortest[link]:g} s",
            mend="contract or lengthen links that take less than 0.01 s",
        )
    return step_s


def new_log(room: int) -> Log:
    """Room for crossings."""
    return Log(records(room, CROSSING), np.zeros(1, np.int64))


class Loading:
    """A network with vehicles in motion: advance it, look at it, save it.

    Parameters
    ----------
    road, cars, trees, edits
        Arrays as made in ``build.py``.
    step_s
        Internal step, at most :func:`largest_step_s`; it changes no result.
    """

    def __init__(self, road: Road, cars: Vehicles, trees: Trees, edits: Edits, step_s: float) -> None:
        self.road, self.cars, self.trees, self.edits = road, cars, trees, edits
        self.step_s = step_s

    def enter(self, slots: Longs, first: Ints, depart_s: Floats) -> None:
        """Line vehicles up at their origins, in the order of time and key.

        Raises
        ------
        ScenarioError
            If a vehicle that finds its own way has none.
        """
        bad = kernels.enter_vehicles(self.road, self.cars, self.trees, slots, first, depart_s)
        if bad >= 0:
            raise ScenarioError(
                f"vehicle {int(slots[bad])} has no way to its destination", mend="join the places by links both ways"
            )

    def advance(self, until_s: float, log: Log, inclusive: bool = True) -> bool:
        """Let everything happen up to ``until_s``; false if the log is full: empty it, call again."""
        end_s = float(np.nextafter(until_s, np.inf)) if inclusive else until_s
        code = kernels.advance(self.road, self.cars, self.trees, self.edits, log, end_s, self.step_s)
        return bool(code == DONE)

    def grant(self, line: int, count: int, at_s: float) -> None:
        """Give credits to a gate at a moment that has been reached."""
        road = self.road
        if count > 0 and road.lines["credits"][line] <= 0:
            road.lines["granted_s"][line] = at_s
        road.lines["credits"][line] += count
        mine = road.queues["line"] == line
        road.queues["ready_s"][mine] = np.maximum(road.queues["ready_s"][mine], at_s)
        node = road.links["to_node"][road.queues["link"][line]]
        road.node_next_s[node] = min(float(road.node_next_s[node]), at_s)
        self.back_to(at_s)

    def back_to(self, at_s: float) -> None:
        """Let things happen at a moment once more that has just been driven up to, after a change made at it."""
        self.road.time_s[0] = at_s

    def stuck_links(self) -> Longs:
        """Links of a gridlock: each is held up by full links of the same set, so that none can ever move."""
        marks = np.zeros(len(self.road.links), np.bool_)
        kernels.stuck_links(self.road, self.cars, marks)
        return np.flatnonzero(marks)

    def state(self) -> State:
        """Everything that may change, as arrays."""
        out: State = {}
        for prefix, part in (("road", self.road), ("trees", self.trees), ("edits", self.edits)):
            out.update({f"{prefix}/{name}": values.copy() for name, values in part._asdict().items()})
        return out

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Put back what :meth:`state` gave."""
        for prefix, part in (("road", self.road), ("trees", self.trees), ("edits", self.edits)):
            for name, values in part._asdict().items():
                values[...] = state[f"{prefix}/{name}"]


@dataclass(frozen=True)
class LoadingResult:
    """What came of loading a network.

    Attributes
    ----------
    until_s
        The moment up to which everything is known.
    depart_s : (n,) float64
        When each vehicle wanted to start.
    time_s, vehicle, from_link, to_link : (k,)
        Every crossing: exact time, vehicle, link left (-1 at entry), link entered (-1 at the end of the way).
    stuck : (j,) int64
        Links of a gridlock at the end; empty without one.
    released
        Vehicles let into full links by force; 0 unless it was asked for.
    """

    until_s: float
    depart_s: Floats
    time_s: Floats
    vehicle: Ints
    from_link: Ints
    to_link: Ints
    stuck: Longs
    released: int

    @cached_property
    def enter_s(self) -> Floats:
        """(n,) float64: when each vehicle got onto its first link; nan if it has not."""
        out = np.full(len(self.depart_s), np.nan)
        rows = self.from_link < 0
        out[self.vehicle[rows]] = self.time_s[rows]
        return out

    @cached_property
    def leave_s(self) -> Floats:
        """(n,) float64: when each vehicle reached the end of its way; nan if it has not."""
        out = np.full(len(self.depart_s), np.nan)
        rows = self.to_link < 0
        out[self.vehicle[rows]] = self.time_s[rows]
        return out

    @property
    def travel_time_s(self) -> Floats:
        """(n,) float64: from wanted departure to the end; nan for the unfinished."""
        return np.asarray(self.leave_s - self.depart_s)

    @property
    def finished(self) -> int:
        """Vehicles that reached the end of their way."""
        return int(np.count_nonzero(self.to_link < 0))

    @property
    def inside_count(self) -> int:
        """Vehicles that have entered and not finished."""
        return int(np.count_nonzero(self.from_link < 0)) - self.finished

    @property
    def gridlocked(self) -> bool:
        """Whether some links can never move again."""
        return len(self.stuck) > 0

    def total_travel_s(self) -> float:
        """Vehicle seconds from departure to the end, or to ``until_s`` for the unfinished, queues included."""
        end_s = np.where(np.isnan(self.leave_s), self.until_s, self.leave_s)
        return float(np.maximum(end_s - self.depart_s, 0.0).sum())

    def entry_times_s(self, link: int) -> Floats:
        """Times at which vehicles entered a link, ascending."""
        return np.sort(self.time_s[self.to_link == link])

    def exit_times_s(self, link: int) -> Floats:
        """Times at which vehicles left a link, ascending."""
        return np.sort(self.time_s[self.from_link == link])

    def inside(self, link: int, at_s: float) -> int:
        """Vehicles on a link at a moment, its pockets and bays included."""
        entered = np.count_nonzero((self.to_link == link) & (self.time_s <= at_s))
        left = np.count_nonzero((self.from_link == link) & (self.time_s <= at_s))
        return int(entered - left)

    def waiting(self, at_s: float) -> int:
        """Vehicles that want to start by a moment and have not got onto their first link."""
        entered = self.enter_s
        return int(np.count_nonzero((self.depart_s <= at_s) & ~(entered <= at_s)))

    def outflow_per_s(self, link: int, from_s: float, to_s: float) -> float:
        """Vehicles per second that left a link over [from, to)."""
        times = self.exit_times_s(link)
        return float(np.count_nonzero((times >= from_s) & (times < to_s)) / (to_s - from_s))


def load_network(
    network: RoadNetwork,
    until_s: float,
    *,
    start_s: float | None = None,
    step_s: float | None = None,
    replan_every_s: float = NEWS_EVERY_S,
    weight_of_news: float = NEWS_WEIGHT,
    route_spread: float = ROUTE_SPREAD,
    redraw_after_s: float = 60.0,
    seed: int = 0,
) -> LoadingResult:
    """Load the vehicles of a network up to and including a moment.

    The run ends earlier when everybody has arrived or nobody can ever move again.

    Parameters
    ----------
    until_s
        End of the run; ``numpy.inf`` runs until it is empty or stuck.
    start_s
        Start; by default 0 or the first departure or edit before it.
    step_s
        Internal step; changes no result. By default as long as the shortest link allows, at most 5 s.
    replan_every_s
        How often vehicles without a path hear of times measured on all links and in all queues of turns; infinite
        for never, once they have started by those of free flow.
    weight_of_news
        Weight of what is measured in what is known; the rest is what was known.
    route_spread
        Every driver takes the links ahead for their time within 1 plus or minus this; 0 for none.
    redraw_after_s
        How long a vehicle at the head of a queue keeps its next link while it is blocked. After that it may also
        take another that leads nearer to its destination.
    seed
        Seed of the tastes of drivers.

    Raises
    ------
    ScenarioError, CityError
        If the network, a vehicle or an option is impossible.
    """
    cars, depart_s, first = new_vehicles(network)
    if np.isnan(until_s) or not np.isfinite(0.0 if start_s is None else start_s) or not redraw_after_s >= 0:
        raise ScenarioError(
            f"until_s, start_s and redraw_after_s must be times, got {until_s}, {start_s}, {redraw_after_s}"
        )
    if start_s is None:
        start_s = min([0.0, float(depart_s.min(initial=0.0)), *(edit[0] for edit in network._edits)])
    road = build_road(network, start_s)
    edits = build_edits(network, road)
    longest_s = largest_step_s(road, edits)
    step_s = longest_s if step_s is None else step_s
    if not 0 < step_s <= longest_s + 1e-9:
        raise ScenarioError(f"the step must be greater than 0 and at most {longest_s:g} s, got {step_s:g}")
    trees = no_trees()
    updates: News | None = None
    if (cars.veh["destination"] >= 0).any():
        if not 0 < weight_of_news <= 1 or not replan_every_s > 0 or not 0 <= route_spread < 1:
            raise ScenarioError(
                "weight_of_news must lie in (0, 1], replan_every_s above 0, route_spread in [0, 1), got "
                f"{weight_of_news}, {replan_every_s}, {route_spread}"
            )
        by_turn = turns_matter(road, bool(network._banned))
        trees = new_trees(
            destinations(network),
            network.link_count if by_turn else len(network.node_index),
            by_turn=by_turn,
            weight=weight_of_news,
            spread=route_spread,
            redraw_after_s=redraw_after_s,
            seed=seed,
        )
        updates = News(road, trees)
    loading = Loading(road, cars, trees, edits, step_s)
    log, end_s = drive(loading, updates, depart_s, first, until_s, replan_every_s)
    return result_of(loading, log, depart_s, end_s)


def result_of(loading: Loading, log: Records, depart_s: Floats, end_s: float) -> LoadingResult:
    """What came of a loading that has been driven up to ``end_s``."""
    return LoadingResult(
        until_s=end_s,
        depart_s=depart_s,
        time_s=log["time_s"],
        vehicle=log["vehicle"],
        from_link=log["from_link"],
        to_link=log["to_link"],
        stuck=loading.stuck_links(),
        released=int(loading.road.counts[0]),
    )


def drive(
    loading: Loading, updates: News | None, depart_s: Floats, first: Ints, until_s: float, replan_every_s: float
) -> tuple[Records, float]:
    """Run to the end; gives the whole log, and the moment reached."""
    cars, road = loading.cars, loading.road
    order = np.lexsort((cars.veh["key"], depart_s))
    ordered_s, ordered_first = depart_s[order], first[order]
    last_event_s = max(ordered_s[-1] if len(order) else -np.inf, loading.edits.rows["time_s"].max(initial=-np.inf))
    # Nothing is silent for longer than this and moves again: the longest wave, drive, signal, service.
    quiet_s = _longest_wait_s(loading)
    # Room that is never written to costs no memory, and a log that need not be emptied is not copied.
    known = int(cars.veh["path_len"].sum()) + len(order) if updates is None else _CROSSINGS_EACH * len(order)
    log = new_log(int(np.clip(known, _LOG_ROOM if updates else 1, _LOG_MOST)))
    parts: list[Records] = []
    done, moved, taken = 0, 0, 0
    now_s = float(road.time_s[0])
    update_s = now_s
    while now_s < until_s:
        if updates is not None and now_s >= update_s:
            kernels.apply_edits(road, loading.edits, now_s)
            updates.update(cars)
            update_s += replan_every_s
        end_s = min(until_s, now_s + quiet_s)
        if updates is not None:
            end_s = min(end_s, update_s)
        # Who leaves at the very moment of an update leaves after it.
        last = end_s >= until_s
        upto = int(np.searchsorted(ordered_s, end_s, side="right" if last else "left"))
        if upto > done:
            loading.enter(order[done:upto], ordered_first[done:upto], ordered_s[done:upto])
            done = upto
        while not loading.advance(end_s, log, inclusive=last):
            parts.append(_taken(log))
            taken += len(parts[-1])
        now_s = end_s
        total = taken + int(log.size[0])
        forced = np.isfinite(road.release_after_s[0])
        if (
            done == len(order)
            and now_s >= last_event_s
            and (int(road.counts[2]) == len(order) or (total == moved and not forced))
        ):
            break
        moved = total
    rest = log.rows[: int(log.size[0])]
    return np.concatenate([*parts, rest]) if parts else rest, until_s if np.isfinite(until_s) else now_s


def _taken(log: Log) -> Records:
    """Copy of what the log holds; the log is empty afterwards."""
    rows = log.rows[: int(log.size[0])].copy()
    log.size[0] = 0
    return rows


def _longest_wait_s(loading: Loading) -> float:
    links, lines, classes = loading.road.links, loading.road.lines, loading.road.classes
    slowest = np.minimum(links["speed_mps"], classes["speed_mps"].min())
    slow = loading.edits.rows[loading.edits.rows["kind"] == EDIT_SPEED]
    np.minimum.at(slowest, slow["index"], slow["value"])
    wait_s = float((links["length_m"] / slowest).max()) + float(links["lag_s"].max())
    wait_s += float(lines["cycle_s"].max() + lines["service_s"].max())
    headway_s = max(float(lines["headway_s"].max()), float(links["entry_headway_s"].max()))
    dwell_s = float(loading.cars.stops["dwell_s"].max(initial=0.0))
    return max(600.0, wait_s + float(classes["units"].max()) * headway_s + dwell_s)
