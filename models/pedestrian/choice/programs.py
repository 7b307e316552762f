"""The time-budget program on the city's places: who can go where, what it is worth, solved per class.

Every exit gives two places of the program, one where visits begin and one where they end; nobody leaves where
they entered without having stayed or gone elsewhere, so a visit of nothing cannot be chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.errors import LimitError
from twin.models.pedestrian.choice import kernels
from twin.models.pedestrian.choice.legs import Legs, steps_of
from twin.models.pedestrian.demand.places import Exits, StayPlaces
from twin.models.pedestrian.movement.rows import Plans
from twin.models.pedestrian.params import ChoiceParams, PedestrianParams, VisitorClass

Floats = NDArray[np.float64]

#: Longest time budget; budgets are cut to 5-720 min.
BUDGET_LEAST_S = 300.0
BUDGET_MOST_S = 43200.0
#: Arcs times steps times classes that are solved at most: some 30 seconds.
_WORK_MOST = 4_000_000_000


@dataclass(frozen=True)
class Arcs:
    """Where one may go from each place.

    Attributes
    ----------
    ptr : (p + 1,) int64
    start, end : (a,) int32
        Places; sorted by start, then end.
    """

    ptr: NDArray[np.int64]
    start: NDArray[np.int32]
    end: NDArray[np.int32]


def program_nodes(exits: Exits, stays: StayPlaces) -> NDArray[np.int32]:
    """Walk nodes of the program's places: entries, leaves, stay places."""
    return np.concatenate([exits.node, exits.node, stays.node]).astype(np.int32)


def find_arcs(exit_count: int, legs: Legs) -> Arcs:
    """Arcs from entries and stay places to leaves and stay places, wherever there is a way.

    A stay place from which no exit can be reached is left out: nobody would come back from it.
    """
    x = exit_count
    linked = np.isfinite(legs.cost)
    linked[x : 2 * x] = False  # whoever is at a leave is gone
    linked[:, :x] = False  # nobody walks to an entry
    np.fill_diagonal(linked, False)
    # An entry and a leave at one node: a visit of nothing.
    linked[:x, x : 2 * x] &= legs.metres_m[:x, x : 2 * x] > 0
    no_way_back = ~linked[2 * x :, x : 2 * x].any(axis=1)
    linked[:, 2 * x :][:, no_way_back] = False
    start, end = np.nonzero(linked)
    ptr = np.zeros(len(linked) + 1, np.int64)
    np.cumsum(linked.sum(axis=1), out=ptr[1:])
    return Arcs(ptr, start.astype(np.int32), end.astype(np.int32))


def solve_plans(params: PedestrianParams, exits: Exits, stays: StayPlaces, legs: Legs) -> Plans:
    """Solve the program of every class.

    Returns
    -------
    Plans
        Values in float64: classes x (steps + 1) x places, twice.

    Raises
    ------
    LimitError
        If there are so many exits and places that solving would take minutes.
    """
    choice = params.choice
    classes = params.classes.in_order()
    x = len(exits.id)
    arcs = find_arcs(x, legs)
    steps_most = int(BUDGET_MOST_S // choice.step_s)
    _check_work(len(arcs.end) * steps_most * len(classes), x)
    durations = _duration_steps(classes, choice.step_s)
    utility = np.ascontiguousarray(-legs.cost[arcs.start, arcs.end])
    leave_value = _leave_values(choice, exits, len(legs.cost), steps_most)
    may_pass = np.zeros(len(legs.cost), np.bool_)
    may_pass[x : 2 * x] = True
    shape = (len(classes), steps_most + 1, len(legs.cost))
    go_value, come_value = np.empty(shape), np.empty(shape)
    arc_steps = np.empty((len(classes), len(arcs.end)), np.int32)
    stay_utility = np.full((len(classes), len(legs.cost), durations.shape[1]), -np.inf)
    for c, visitor_class in enumerate(classes):
        arc_steps[c] = steps_of(
            legs.metres_m[arcs.start, arcs.end],
            legs.wait_s[arcs.start, arcs.end],
            visitor_class.walk_speed_mps,
            choice.step_s,
        )
        stay_utility[c, 2 * x :] = stay_values(visitor_class, choice, stays, durations[c])
        kernels.solve_program(
            arcs.ptr,
            arcs.end,
            arc_steps[c],
            utility,
            durations[c],
            stay_utility[c],
            leave_value,
            may_pass,
            choice.scale,
            go_value[c],
            come_value[c],
        )
    return Plans(
        arcs.ptr,
        arcs.end,
        utility,
        arc_steps,
        durations,
        stay_utility,
        go_value,
        come_value,
        float(choice.scale),
        float(choice.step_s),
    )


def _check_work(work: int, exit_count: int) -> None:
    if work > _WORK_MOST:
        raise LimitError(
            f"the plans of visitors between {exit_count} exits and the places to stay would take {work:.2g} sums, at "
            f"most {_WORK_MOST:.0e} are solved",
            where="pedestrian",
            mend="keep one district (pedestrian.district), fewer places (choice.stay_places_most) or longer steps "
            "(choice.step)",
        )


def _duration_steps(classes: tuple[VisitorClass, ...], step_s: float) -> NDArray[np.int32]:
    """Lengths of stay in whole steps, at least 1; rows are filled up with 0."""
    most = max((len(c.stay_durations_s) for c in classes), default=0)
    steps = np.zeros((len(classes), max(most, 1)), np.int32)
    for row, visitor_class in zip(steps, classes, strict=True):
        lengths = sorted({max(1, round(d / step_s)) for d in visitor_class.stay_durations_s})
        row[: len(lengths)] = lengths
    return steps


def stay_values(
    visitor_class: VisitorClass, choice: ChoiceParams, stays: StayPlaces, duration_steps: NDArray[np.int32]
) -> Floats:
    """Value of each length of stay at each place, (s, d); -inf where a class finds nothing.

    attraction_weight·ln(1 + A) + seat_weight·ln(1 + seats) - stop_cost + duration_weight·ln(D / typical), where
    A sums the attraction of the place over categories by the interests of the class.
    """
    interests = visitor_class.interests
    other = interests.get("other", 0.0 if interests else 1.0)
    size = np.array(
        [sum(interests.get(category, other) * a for category, a in place.items()) for place in stays.attraction],
        np.float64,
    )
    place_value = (
        visitor_class.attraction_weight * np.log1p(size)
        + choice.seat_weight * np.log1p(stays.seats)
        - visitor_class.stop_cost
    )
    place_value = np.where(size > 0, place_value, -np.inf)
    lengths_s = np.maximum(duration_steps, 1) * choice.step_s
    length_value = visitor_class.duration_weight * np.log(lengths_s / visitor_class.typical_stay_s)
    values: Floats = place_value[:, None] + np.where(duration_steps > 0, length_value, -np.inf)[None, :]
    return values


def _leave_values(choice: ChoiceParams, exits: Exits, places: int, steps_most: int) -> Floats:
    """Value of leaving with k steps unused, (k + 1, p); -inf where one cannot leave."""
    x = len(exits.id)
    unused = choice.unused_minute_value * choice.step_s / 60.0 * np.arange(steps_most + 1)
    with np.errstate(divide="ignore"):
        # An exit without riders keeps the weight of one in a million, so that it stays usable.
        size = choice.exit_weight * np.log(np.maximum(exits.riders_share, 1e-6))
    values = np.full((steps_most + 1, places), -np.inf)
    values[:, x : 2 * x] = unused[:, None] + size[None, :]
    return values
