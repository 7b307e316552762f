"""The day again and again: every night some of those who could have arrived sooner take the way that was quickest.

What is sought is a dynamic user equilibrium (Wardrop 1952, carried over to departures within the day): nobody could
have arrived sooner by another way at the same departure. The relative gap says how far off a day is: what all lost
against the quickest ways of that day, over what these take. Two design rules are offered:

``gap``
    of those who could have saved the share g of their time, min(1, pace · g) / damping change, so that those with much
    to gain change first and hardly anybody does near the equilibrium (proportional switching, Smith 1984). The damping
    begins at 2 and grows by 1.5 after a day with a larger gap than the one before and by 0.25 after others, so that
    days neither swing for ever nor stop early (self-regulated steps, Liu, He and He 2009; the numbers are guesses
    that served on the networks of the tests);
``msa``
    of those who could gain 1 / (day + 1) change: the method of successive averages, which knows no good start.

Who changes is sampled systematically along those of one origin, destination and time, so that of many who are alike
the share changes, and not a share give or take luck.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints, Longs
from twin.engine.draws import event, make_stream, uniforms
from twin.errors import ScenarioError
from twin.models.road_traffic.day_to_day.params import GAP, INTERVAL_S, MOST_DAYS, PACE
from twin.models.road_traffic.day_to_day.timed_turns import TimedTurns, merged, taken
from twin.models.road_traffic.queueing.arrays import Vehicles
from twin.models.road_traffic.queueing.build import build_edits, build_road, new_vehicles
from twin.models.road_traffic.queueing.loading import (
    Loading,
    LoadingResult,
    drive,
    largest_step_s,
    load_network,
    result_of,
)
from twin.models.road_traffic.queueing.news import no_trees

if TYPE_CHECKING:
    from twin.models.road_traffic.queueing.network import RoadNetwork

Paths = tuple[Longs, Ints]
#: Of paths (pointers and links), which may be driven.
Lawful = Callable[[Longs, Ints], NDArray[np.bool_]]

_WORSE, _BETTER = 1.5, 0.25


@dataclass(frozen=True)
class DayToDay:
    """What came of repeating a day.

    Attributes
    ----------
    relative_gap : (k,) float64
        Of each day driven: what all could have saved by the quickest ways of that day, over what these take.
    total_travel_s : (k,) float64
        Vehicle seconds of each day.
    switched : (k,) int64
        Travellers who changed their way after each day; 0 after the last.
    converged
        Whether the gap of the last day is what was asked for.
    result
        The last day.
    path_ptr, path_links
        Paths of the last day, of the vehicles without one of their own, in the order in which they were added.
    """

    relative_gap: Floats
    total_travel_s: Floats
    switched: Longs
    converged: bool
    result: LoadingResult
    path_ptr: Longs
    path_links: Ints


def repeat_days(
    network: RoadNetwork,
    until_s: float,
    *,
    most_days: int = MOST_DAYS,
    gap: float = GAP,
    rule: Literal["gap", "msa"] = "gap",
    pace: float = PACE,
    interval_s: float = INTERVAL_S,
    seed: int | np.uint64 = 0,
    first_paths: Paths | None = None,
    shut: NDArray[np.bool_] | None = None,
    lawful: Lawful | None = None,
) -> DayToDay:
    """Repeat the day of a network until nobody could have arrived much sooner.

    Parameters
    ----------
    until_s
        End of the day, a finite moment; by then all should have arrived.
    most_days, gap
        Days at most, and the relative gap at which they end.
    rule, pace
        Who changes after a day; see above.
    interval_s
        Travellers learn mean times over intervals of entry this long.
    seed
        Of the draws of who changes.
    first_paths
        Paths of the first day, of the vehicles without one; by default those which they find on the way.
    shut
        (m,) bool: links that nobody chooses.
    lawful
        Which of new paths may be driven; those that may not are not taken up.

    Raises
    ------
    ScenarioError
        If a number is impossible, or a vehicle has no way.
    """
    if rule not in ("gap", "msa"):
        raise ScenarioError(f"the rule of days is gap or msa, got {rule!r}")
    if not (most_days >= 1 and gap >= 0 and 0 < pace <= 10 and 0 < interval_s < np.inf and np.isfinite(until_s)):
        raise ScenarioError(
            "most_days must be at least 1, gap at least 0, pace in (0, 10], interval_s above 0, until_s a time; "
            f"got {most_days}, {gap}, {pace}, {interval_s}, {until_s}"
        )
    cars, depart_s, first = new_vehicles(network)
    start_s = min([0.0, float(depart_s.min(initial=0.0)), *(edit[0] for edit in network._edits)])
    road = build_road(network, start_s)
    edits = build_edits(network, road)
    loading = Loading(road, cars, no_trees(), edits, largest_step_s(road, edits))
    fresh = loading.state()
    chooses = np.flatnonzero(cars.veh["destination"] >= 0)
    origin = (-1 - first[chooses]).astype(np.int32)
    goal = np.concatenate([b.destination[b.origin >= 0] for b in network._batches] or [np.empty(0, np.int32)])
    shut = np.zeros(len(road.links), np.bool_) if shut is None else shut
    times = TimedTurns(road, start_s, until_s, interval_s, shut)
    paths = (
        _first_paths(network, until_s, seed, times, chooses, origin, goal, depart_s)
        if first_paths is None
        else first_paths
    )
    if (np.diff(paths[0]) == 0).any():
        raise ScenarioError(
            f"vehicle {int(chooses[np.diff(paths[0]) == 0][0])} has no way to its destination",
            mend="join the places by links both ways",
        )
    alike = np.lexsort((cars.veh["key"][chooses], depart_s[chooses], goal, origin))
    stream, damping = make_stream(seed, "road.days"), 2.0
    gaps: list[float] = []
    totals: list[float] = []
    switched: list[int] = []
    while True:
        result = _day(loading, fresh, cars, chooses, paths, depart_s, first, until_s)
        times.learn(result)
        took_s = times.seconds(*paths, depart_s[chooses])
        new = times.quickest(origin, goal, depart_s[chooses])
        new_s = times.seconds(*new, depart_s[chooses])
        gain_s = np.where(np.diff(new[0]) > 0, np.maximum(took_s - new_s, 0.0), 0.0)
        if lawful is not None:
            gain_s[~lawful(*new)] = 0.0
        quickest_s = float((took_s - gain_s).sum())
        gaps.append(float(gain_s.sum()) / quickest_s if quickest_s > 0 else 0.0)
        totals.append(result.total_travel_s())
        day = len(gaps)
        if gaps[-1] <= gap or day >= most_days:
            return DayToDay(np.array(gaps), np.array(totals), np.array([*switched, 0]), gaps[-1] <= gap, result, *paths)
        if day > 1:
            damping += _WORSE if gaps[-1] > gaps[-2] else _BETTER
        share = np.minimum(pace * gain_s / took_s, 1.0) / damping if rule == "gap" else (gain_s > 0) / (day + 1.0)
        reached = np.floor(np.cumsum(share[alike]) + uniforms(stream, np.zeros(1, np.uint64), event(day)))
        changes = np.zeros(len(share), np.bool_)
        changes[alike] = np.diff(reached, prepend=0.0) > 0
        switched.append(int(changes.sum()))
        paths = merged(changes, paths, new)


def _first_paths(
    network: RoadNetwork,
    until_s: float,
    seed: int | np.uint64,
    times: TimedTurns,
    chooses: Longs,
    origin: Ints,
    goal: Ints,
    depart_s: Floats,
) -> Paths:
    """Ways as found on the way; of those who do not arrive, the quickest in free flow."""
    day = load_network(network, until_s, seed=int(seed))
    free = times.quickest(origin, goal, depart_s[chooses])
    order = np.argsort(day.vehicle, kind="stable")
    order = order[day.to_link[order] >= 0]
    ptr = np.concatenate([[0], np.cumsum(np.bincount(day.vehicle[order], minlength=len(depart_s)))])
    driven = taken(ptr, day.to_link[order].astype(np.int32), chooses)
    return merged(np.isnan(day.leave_s[chooses]), driven, free)


def _day(
    loading: Loading,
    fresh: dict[str, NDArray[np.generic]],
    cars: Vehicles,
    chooses: Longs,
    paths: Paths,
    depart_s: Floats,
    first: Ints,
    until_s: float,
) -> LoadingResult:
    """Load the day once more, with these paths."""
    loading.restore(fresh)
    veh = cars.veh.copy()
    veh["destination"] = -1
    veh["path_start"][chooses] = len(cars.pool) + paths[0][:-1]
    veh["path_len"][chooses] = np.diff(paths[0])
    begin = first.copy()
    begin[chooses] = paths[1][paths[0][:-1]]
    loading.cars = Vehicles(veh, np.concatenate([cars.pool, paths[1]]), cars.stops)
    log, end_s = drive(loading, None, depart_s, begin, until_s, np.inf)
    return result_of(loading, log, depart_s, end_s)
