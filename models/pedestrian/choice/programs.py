"""The time-budget program on the city's places: who can go where, what it is worth, solved per class.

Every exit gives two places of the program, one where visits begin and one where they end; nobody leaves where
they entered without having stayed or gone elsewhere, so a visit of nothing cannot be chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.errors import LimitError
from twin.models.pedestrian.choice import kernels
from twin.models.pedestrian.choice.legs import Legs, steps_of
from twin.models.pedestrian.demand.places import Exits, StayPlaces, interest
from twin.models.pedestrian.movement.rows import Plans
from twin.models.pedestrian.params import ChoiceParams, PedestrianParams, VisitorClass

#: Longest time budget; budgets are cut to 5-720 min.
BUDGET_LEAST_S = 300.0
BUDGET_MOST_S = 43200.0
#: Arcs times steps times programs that are solved at most: some ten seconds.
_WORK_MOST = 4_000_000_000
#: Where places have hours, programs are told apart by the stretch of the clock in which the time is up.
STRETCH_S = 3.0 * 3600.0
#: Hours of the clock for which stays have values; later ones are as the last.
HOURS_PLANNED = 48
#: Programs of more bytes than this keep their values rounded to float32: probabilities of choices are then off by at
#: most the rounding of a value over the scale, 4e-6 for values of 64. The recursion itself is in float64 always.
EXACT_MOST_BYTES = 8_000_000
_NOON_S = 12.5 * 3600.0
#: A place that has room for nobody is still worth a try: some leave.
_LEAST_ADMITTED = 0.02


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


@dataclass(frozen=True)
class Programs:
    """Which programs there are: (p,) arrays, and the row of each class, destination and stretch of the clock."""

    class_of: NDArray[np.int32]
    destination: NDArray[np.int32]
    time_up_s: Floats
    program: NDArray[np.int32]


def check_size(
    params: PedestrianParams, exits: Exits, stays: StayPlaces, legs: Legs, clock_s: tuple[float, float]
) -> tuple[Arcs, Programs]:
    """Where one may go and which programs there are; arguments as of :func:`solve_plans`. Nothing is solved yet.

    Raises
    ------
    LimitError
        If there are so many exits and places that solving would take minutes.
    """
    x = len(exits.id)
    arcs = find_arcs(x, legs)
    programs = _list_programs(params, exits, clock_s, by_hour(params, stays))
    work = len(arcs.end) * int(BUDGET_MOST_S // params.choice.step_s) * len(programs.class_of)
    if work > _WORK_MOST:
        raise LimitError(
            f"the plans of visitors between {x} exits and the places to stay would take {work:.2g} sums, at most "
            f"{_WORK_MOST:.0e} are solved",
            where="pedestrian",
            mend="keep one district (pedestrian.district), fewer places (choice.stay_places_most) or longer steps "
            "(choice.step)",
        )
    return arcs, programs


def solve_plans(
    params: PedestrianParams,
    exits: Exits,
    stays: StayPlaces,
    legs: Legs,
    *,
    clock_s: tuple[float, float] = (0.0, 0.0),
    admitted: Floats | None = None,
    local: Floats | None = None,
) -> Plans:
    """Solve the program of every class, of every destination of those who are bound for one, and by the clock.

    Parameters
    ----------
    params, exits, stays, legs
        How people choose; where they come from, go to, and what lies between.
    clock_s
        First and last moment at which somebody comes; matters where places have hours.
    admitted : (s,) float64, optional
        Share of those who come to each place that it has room for; the log of it is added to the value of a stay.
    local : (s,) float64, optional
        What signs and events add to each place for those who choose where to go.

    Returns
    -------
    Plans
        Values of programs x (steps + 1) x places; see ``EXACT_MOST_BYTES`` for how they are kept.

    Raises
    ------
    LimitError
        If there are so many exits and places that solving would take minutes.
    """
    choice, classes, x, places = params.choice, params.classes.in_order(), len(exits.id), len(legs.cost)
    arcs, programs = check_size(params, exits, stays, legs, clock_s)
    steps_most = int(BUDGET_MOST_S // choice.step_s)
    durations = _duration_steps(classes, choice.step_s)
    cost = -legs.cost[arcs.start, arcs.end]
    no_stop = (arcs.start < x) & (arcs.end < 2 * x)
    utility = np.array([cost - c.no_stop_cost * no_stop for c in classes])
    leave_value = _leave_values(choice, exits, places, steps_most)
    may_pass = np.zeros(places, np.bool_)
    may_pass[x : 2 * x] = True
    arc_steps = np.array(
        [
            steps_of(
                legs.metres_m[arcs.start, arcs.end], legs.wait_s[arcs.start, arcs.end], c.walk_speed_mps, choice.step_s
            )
            for c in classes
        ],
        np.int32,
    )
    slots = HOURS_PLANNED if by_hour(params, stays) else 1
    stay_utility = np.full((len(classes), slots, places, durations.shape[1]), -np.inf)
    for c, visitor_class in enumerate(classes):
        values = stay_values(visitor_class, params, stays, durations[c])
        if admitted is not None:
            with np.errstate(divide="ignore"):
                values = values + choice.scale * np.log(np.maximum(admitted, _LEAST_ADMITTED))[None, :, None]
        stay_utility[c, :, 2 * x :] = values
    may_stay = np.asarray((stay_utility > -np.inf).any(axis=(0, 1, 3)), np.bool_)
    go_at = columns_of_going(may_pass, may_stay)
    differ = int(go_at.max()) + 1
    kept = np.float64 if (steps_most + 1) * (places + differ) * 8 <= EXACT_MOST_BYTES else np.float32
    shape = (len(programs.class_of), steps_most + 1)
    go_value, come_value = np.empty((*shape, differ), kept), np.empty((*shape, places), kept)
    going = np.empty((steps_most + 1, differ))
    for p, c in enumerate(programs.class_of.tolist()):
        leaving = leave_value
        if programs.destination[p] > 0:
            leaving = leave_value.copy()
            leaving[:, x : 2 * x][:, exits.cluster != programs.destination[p] - 1] = -np.inf
        kernels.solve_program(
            arcs.ptr,
            arcs.end,
            arc_steps[c],
            utility[c],
            durations[c],
            stay_utility[c],
            slots_left(programs.time_up_s[p], steps_most, choice.step_s, slots),
            leaving,
            may_pass,
            choice.scale,
            go_at,
            going,
            come_value[p],
        )
        go_value[p] = going
    at_place = np.zeros(0)
    if local is not None and local.any():
        at_place = np.zeros(places)
        at_place[2 * x :] = local
    return Plans(
        arcs.ptr,
        arcs.end,
        utility,
        arc_steps,
        durations,
        stay_utility,
        go_at,
        go_value,
        come_value,
        float(choice.scale),
        float(choice.step_s),
        programs.program,
        programs.class_of,
        at_place,
        STRETCH_S,
    )


def columns_of_going(may_pass: NDArray[np.bool_], may_stay: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Column of each place among those where going differs from coming, -1 for others, (n,)."""
    differs = may_stay | ~may_pass
    return np.where(differs, np.cumsum(differs) - 1, -1).astype(np.int32)


def _list_programs(params: PedestrianParams, exits: Exits, clock_s: tuple[float, float], hours: bool) -> Programs:
    clusters = int(exits.cluster.max(initial=0)) + 1
    classes = params.classes.in_order()
    first, last = (int(t // STRETCH_S) for t in (clock_s[0], clock_s[1] + BUDGET_MOST_S))
    table = np.zeros((len(classes), clusters + 1, last + 1 if hours else 1), np.int32)
    rows: list[tuple[int, int, float]] = []
    for c, visitor_class in enumerate(classes):
        bound = visitor_class.through_m > 0
        for destination in range(clusters + 1 if bound else 1):
            # Who is bound for somewhere stops for minutes only: one program, at noon, does for the whole day.
            stretches = range(first, last + 1) if hours and not bound else range(1)
            for stretch in stretches:
                table[c, destination, stretch:] = len(rows)
                rows.append((c, destination, (stretch + 0.5) * STRETCH_S if len(stretches) > 1 else _NOON_S))
            if stretches.start > 0:
                table[c, destination, : stretches.start] = table[c, destination, stretches.start]
        if not bound:
            table[c, 1:] = table[c, 0]
    class_of, bound_for, time_up = zip(*rows, strict=True)
    return Programs(np.array(class_of, np.int32), np.array(bound_for, np.int32), np.array(time_up), table)


def slots_left(time_up_s: float, steps_most: int, step_s: float, slots: int) -> NDArray[np.int32]:
    """Hour of the clock with k steps left of a time that is up at a moment, (k + 1,)."""
    hour = np.floor((time_up_s - np.arange(steps_most + 1) * step_s) / 3600.0)
    return np.clip(hour, 0, slots - 1).astype(np.int32)


def _duration_steps(classes: tuple[VisitorClass, ...], step_s: float) -> NDArray[np.int32]:
    """Lengths of stay in whole steps, at least 1; rows are filled up with 0."""
    most = max((len(c.stay_durations_s) for c in classes), default=0)
    steps = np.zeros((len(classes), max(most, 1)), np.int32)
    for row, visitor_class in zip(steps, classes, strict=True):
        lengths = sorted({max(1, round(d / step_s)) for d in visitor_class.stay_durations_s})
        row[: len(lengths)] = lengths
    return steps


def stay_values(
    visitor_class: VisitorClass, params: PedestrianParams, stays: StayPlaces, duration_steps: NDArray[np.int32]
) -> Floats:
    """Value of each length of stay at each place by hour of the clock, (h, s, d); -inf where a class finds nothing.

    attraction_weight·ln(1 + A) + seat_weight·ln(1 + seats) - stop_cost + duration_weight·ln(D / typical), where
    A sums the attraction of the place over categories by the interests of the class, and by the hour where places have
    hours. A place is open while A is above 0; a stay ends before it closes.
    """
    choice = params.choice
    slots = HOURS_PLANNED if by_hour(params, stays) else 1
    hours = hours_of_kinds(params, stays)
    size = np.zeros((slots, len(stays.id)))
    for i, place in enumerate(stays.attraction):
        for category, attraction in place.items():
            share = np.asarray(hours[category])[np.arange(slots) % 24] if category in hours else 1.0
            size[:, i] += interest(visitor_class, category) * attraction * share
    place_value = (
        visitor_class.attraction_weight * np.log1p(size)
        + choice.seat_weight * np.log1p(stays.seats)
        - visitor_class.stop_cost
    )
    lengths_s = np.maximum(duration_steps, 1) * choice.step_s
    length_value = visitor_class.duration_weight * np.log(lengths_s / visitor_class.typical_stay_s)
    values: Floats = place_value[:, :, None] + np.where(duration_steps > 0, length_value, -np.inf)
    if slots == 1:
        return np.where((size > 0)[:, :, None], values, -np.inf)
    for d, length_s in enumerate(lengths_s.tolist()):
        # A stay begins in the middle of its hour, as far as plans know.
        for slot in range(slots):
            until = min(int(slot + 0.5 + length_s / 3600.0), slots - 1)
            values[slot, ~(size[slot : until + 1] > 0).all(axis=0), d] = -np.inf
    return values


def by_hour(params: PedestrianParams, stays: StayPlaces) -> bool:
    """Whether what places are worth depends on the clock."""
    return params.places.hours or bool(stays.hours)


def hours_of_kinds(params: PedestrianParams, stays: StayPlaces) -> dict[str, tuple[float, ...]]:
    """Share of attraction by hour of the day, for categories that have hours."""
    kinds = params.places.kinds if params.places.hours else {}
    return {**{name: kind.by_hour for name, kind in kinds.items()}, **stays.hours}


def capacities(params: PedestrianParams, stays: StayPlaces) -> Floats:
    """People each place holds, (s,); inf where one of its categories has no limit."""
    out = np.full(len(stays.id), np.inf)
    if not params.places.hours:
        return out
    for i, place in enumerate(stays.attraction):
        kinds = [(params.places.kinds.get(category), a) for category, a in place.items() if a > 0]
        if kinds and all(kind is not None and kind.holds_per_attraction > 0 for kind, _ in kinds):
            out[i] = sum(kind.holds_per_attraction * a for kind, a in kinds if kind is not None)
    return out


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
