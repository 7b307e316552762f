"""What junctions cost a vehicle that nobody else delays: the wait for green, and slowing down without lights.

A light is a fixed plan, so that its wait is known to the second: who comes in red leaves at the next green. That is
what the queueing form does with a lone vehicle. Without lights a driver slows to turn, stops before a main street, and
slows before a crossing of equals whose sides cannot be seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.city.city import City, StreetLayer
from twin.city.lights.plans import Window
from twin.city.reading.road_classes import ROAD_CLASSES
from twin.models.road_traffic.params import CrossingParams, RoadParams
from twin.models.road_traffic.queueing.signals import add_signals

#: Main streets, whose drivers have priority over those of streets that are not.
_FIRST_SMALL = ROAD_CLASSES.index("unclassified")
_FIRST_LEVEL = ROAD_CLASSES.index("trunk")


class Lights(NamedTuple):
    """Plans at the ends of links.

    Attributes
    ----------
    plan_of : (m,) int32
        Row of the plan of each link; -1 without lights.
    turns : (k, 3) int32
        Link left, link entered, row of the plan: movements with a plan of their own, ascending.
    first_turn : (m,) int32
        First row of ``turns`` of each link; -1 without any.
    plans : (p, 3) float64
        Cycle, offset and green in seconds.
    """

    plan_of: Ints
    turns: Ints
    first_turn: Ints
    plans: Floats


class Losses(NamedTuple):
    """Seconds lost at the ends of links by slowing down and speeding up again.

    Attributes
    ----------
    straight_s : (m,) float64
        Lost by everybody who goes on.
    turn_s : (m,) float64
        Lost by who turns; never less.
    out_x, out_y, in_x, in_y : (m,) float64
        Directions at the end and at the beginning of each link, of length 1.
    """

    straight_s: Floats
    turn_s: Floats
    out_x: Floats
    out_y: Floats
    in_x: Floats
    in_y: Floats


class _Plans:
    """Takes the plans that :func:`add_signals` gives; a later one replaces an earlier one."""

    def __init__(self) -> None:
        self.of: dict[tuple[int, int], tuple[float, float, float]] = {}

    def add_signal(
        self, link: int, *, cycle_s: float, green_s: float, offset_s: float = 0.0, to_link: int | None = None
    ) -> None:
        if to_link is None:
            for key in [key for key in self.of if key[0] == link]:
                del self.of[key]
        self.of[link, -1 if to_link is None else to_link] = cycle_s, offset_s, green_s


def lights_of(params: RoadParams, city: City, tables: Mapping[str, Mapping[str, NDArray[np.generic]]]) -> Lights:
    """The plans that the queueing form would run: default, those of the table, those of edits."""
    found = _Plans()
    add_signals(params, city, found, tables)
    m = city.drive.link_count
    keys = sorted(found.of)
    plan_of, first_turn = np.full(m, -1, np.int32), np.full(m, -1, np.int32)
    turns: list[tuple[int, int, int]] = []
    for row, (link, to_link) in enumerate(keys):
        if to_link < 0:
            plan_of[link] = row
            continue
        if first_turn[link] < 0:
            first_turn[link] = len(turns)
        turns.append((link, to_link, row))
    return Lights(
        plan_of,
        np.array(turns, np.int32).reshape(-1, 3),
        first_turn,
        np.array([found.of[key] for key in keys], np.float64).reshape(-1, 3),
    )


def switched(lights: Lights, windows: Mapping[tuple[int, int | None], Window]) -> Lights:
    """Lights of which some run other plans; approaches must be among them."""
    plans = lights.plans.copy()
    row_of = {(int(link), int(to)): int(row) for link, to, row in lights.turns}
    for (link, to_link), window in windows.items():
        row = int(lights.plan_of[link]) if to_link is None else row_of.get((link, to_link), -1)
        if row >= 0:  # a plan of a movement counts for nothing once a later one of the whole approach has replaced it
            plans[row] = window.cycle_s, window.offset_s, window.green_s
    return lights._replace(plans=plans)


def mean_red_s(lights: Lights) -> Floats:
    """(m,) float64: mean wait for green of who arrives at any moment: r² / 2C, r being the red of a cycle C.

    References
    ----------
    Webster (1958), Road Research Technical Paper 39: the uniform delay at no flow.
    """
    out = np.zeros(len(lights.plan_of))
    lit = lights.plan_of >= 0
    cycle_s, _, green_s = lights.plans[lights.plan_of[lit]].T
    out[lit] = (cycle_s - green_s) ** 2 / (2 * cycle_s)
    return out


def losses_of(params: CrossingParams, layer: StreetLayer, car_mps: float, lights: Lights) -> Losses:
    """Seconds lost at the end of every link.

    A driver who slows from v to u and speeds up again, both at the rate a, loses (v - u)² / (a v): the time over the
    metres that it takes, less what they take at v.
    """
    dx, dy = np.diff(layer.vertex_x_m, append=0.0), np.diff(layer.vertex_y_m, append=0.0)
    first, last = layer.vertex_ptr[:-1], layer.vertex_ptr[1:] - 2
    directions = []
    for rows in (last, first):
        size = np.hypot(dx[rows], dy[rows])
        some = np.where(size > 0, size, 1.0)
        directions += [dx[rows] / some, dy[rows] / some]
    m = layer.link_count
    straight_s, turn_s = np.zeros(m), np.zeros(m)
    if params.lose_time:
        v = np.minimum(layer.free_speed_mps, car_mps)
        crosses, gives_way, among_equals = _rights(layer)
        unlit = crosses & (lights.plan_of < 0) & (v > 0)
        slow = unlit & among_equals
        straight_s[slow] = _lost_s(v[slow], params.unseen_mps, params.rate_mps2)
        stop = unlit & gives_way
        straight_s[stop] = _lost_s(v[stop], 0.0, params.rate_mps2) + params.look_s
        turning = crosses & (v > 0)
        turn_s[turning] = _lost_s(v[turning], params.turn_mps, params.rate_mps2)
    return Losses(straight_s, np.maximum(turn_s, straight_s), *directions)


def _lost_s(v_mps: Floats, low_mps: float, rate_mps2: float) -> Floats:
    return np.asarray(np.maximum(v_mps - low_mps, 0.0) ** 2 / (rate_mps2 * v_mps))


def _rights(layer: StreetLayer) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Links that end at a crossing of three streets or more; of these, those that give way, and those among equals.

    A street gives way where it is smaller than a main street that it meets. Motorways and their ramps have no
    crossings.
    """
    n, m = layer.node_count, layer.link_count
    rank = layer.road_class.astype(np.int64)
    ends = np.unique(
        np.concatenate(
            [np.column_stack([layer.link_to, layer.link_from]), np.column_stack([layer.link_from, layer.link_to])]
        )
        .astype(np.int64)
        .reshape(-1, 2),
        axis=0,
    )
    arms = np.bincount(ends[:, 0], minlength=n)
    best = np.full(n, len(ROAD_CLASSES), np.int64)
    for node in (layer.link_to, layer.link_from):
        np.minimum.at(best, node, rank)
    to = layer.link_to
    crosses = (arms[to] >= 3) & (best[to] >= _FIRST_LEVEL) if m else np.zeros(0, np.bool_)
    gives_way = (best[to] < _FIRST_SMALL) & (rank >= _FIRST_SMALL)
    # Two main streets without lights on the map, or two small ones: nobody has priority.
    among_equals = ~gives_way & ((rank >= _FIRST_SMALL) == (best[to] >= _FIRST_SMALL))
    main = (rank < _FIRST_SMALL) & ~_meets_other_main(layer, rank)
    return crosses, gives_way, among_equals & ~main


def _meets_other_main(layer: StreetLayer, rank: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Links at whose end main streets of three arms or more meet."""
    main = rank < _FIRST_SMALL
    pairs = np.unique(
        np.concatenate(
            [
                np.column_stack([layer.link_to[main], layer.link_from[main]]),
                np.column_stack([layer.link_from[main], layer.link_to[main]]),
            ]
        )
        .astype(np.int64)
        .reshape(-1, 2),
        axis=0,
    )
    return np.asarray(np.bincount(pairs[:, 0], minlength=layer.node_count)[layer.link_to] >= 3)
