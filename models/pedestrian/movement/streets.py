"""The walk layer as walkers meet it: clear widths, speeds, lights, what a link costs, and ways to places."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.city.city import CROSSING, SIGNALISED, STEPS, StreetLayer
from twin.city.reading.road_classes import CLASS_BY_NAME, ROAD_CLASSES, STAIR_SPEED_MPS, WALK_SPEED_MPS
from twin.city.routing.ways import next_link_to
from twin.engine.draws import event, make_stream, uniforms
from twin.errors import ScenarioError
from twin.models.pedestrian.choice.legs import Legs
from twin.models.pedestrian.movement import kernels, way_kernels
from twin.models.pedestrian.params import PedestrianParams

#: Free speed at which links are compared; the mean of Weidmann's free speeds.
_REFERENCE_SPEED_MPS = 1.34
#: Width from which comfort is counted.
_REFERENCE_WIDTH_M = 4.0
#: People squeeze through; no link is narrower than a body.
_LEAST_WIDTH_M = 0.5
#: Least share of the cycle that is green, so that a crossing as long as a street is wide can be passed at all.
_MOST_GREEN_SHARE = 0.9
#: Streets that meet where one of them is crossed; where two meet, a street goes on.
_ARMS_OF_A_JUNCTION = 3
#: Cosine of the angle up to which pieces of two ways are one crossing.
_STRAIGHT_ON = math.cos(math.pi / 6)


@dataclass(frozen=True)
class Streets:
    """Links of the walk layer with everything that the model adds to the map.

    Attributes
    ----------
    clear_width_m, area_m2, speed_share : (m,) float64
        Width less shy distances and furniture; width times length; speed as a share of that on the level.
    twin : (m,) int32
        The same pavement in the other direction; -1 if there is none.
    cycle_s, green_s, offset_s, wait_s : (m,) float64
        Cycle, green (0 without lights) and its offset in the cycle; mean wait of somebody who comes at random.
    cost : (m,) float64
        Disutility of the link, greater than 0.
    slower : (m,) float64
        Expected time over the link as a multiple of the free one.
    """

    clear_width_m: Floats
    area_m2: Floats
    speed_share: Floats
    twin: Ints
    cycle_s: Floats
    green_s: Floats
    offset_s: Floats
    wait_s: Floats
    cost: Floats
    slower: Floats


def read_streets(
    layer: StreetLayer,
    params: PedestrianParams,
    lights: Floats | None = None,
    slower: Floats | None = None,
    *,
    bonus: Floats | None = None,
    closed: NDArray[np.bool_] | None = None,
) -> Streets:
    """Prepare the walk layer.

    Parameters
    ----------
    layer, params
        The walk layer; how people walk and choose.
    lights : (3, m) float64, optional
        Cycle, green and offset that the junctions of the road leave to each walk link; a cycle of 0 where a crossing
        belongs to none.
    slower : (m,) float64, optional
        Time that is expected over each link as a multiple of the free one; 1 without a day walked beforehand.
    bonus : (m,) float64, optional
        Taken off the cost of each link, for what measures put there.
    closed : (m,) bool, optional
        Links that nobody may walk.

    Raises
    ------
    ScenarioError
        If a link would have a cost of 0 or less: the weight of width is too large against that of walking.
    """
    clear_m = clear_widths_m(layer, params)
    share = _speed_share(layer, params.walk.stairs_share)
    length_m = layer.length_m
    cycle_s, green_s, offset_s = merged_lights(layer, params, lights)
    wait_s = mean_wait_s(cycle_s, green_s)
    slower = np.ones(layer.link_count) if slower is None else slower
    cost = _cost(layer, params, clear_m, share / slower, wait_s, np.zeros(layer.link_count) if bonus is None else bonus)
    if closed is not None:
        cost = np.where(closed, np.inf, cost)
    area_m2 = clear_m * length_m
    return Streets(clear_m, area_m2, share, twin_links(layer), cycle_s, green_s, offset_s, wait_s, cost, slower)


def clear_widths_m(layer: StreetLayer, params: PedestrianParams) -> Floats:
    """Width of each link less the shy distances to kerb and wall, and furniture, (m,)."""
    walk = params.walk
    width_m = np.where(np.isfinite(layer.width_m) & (layer.width_m > 0), layer.width_m, walk.default_width_m)
    clear: Floats = np.maximum(width_m - walk.kerb_m - walk.wall_m - walk.furniture_m, _LEAST_WIDTH_M)
    return clear


def _speed_share(layer: StreetLayer, stairs_share: float) -> Floats:
    """Speed on each link as a share of that on the level.

    Stairs are the model's own matter. On a ferry, in a lift or on an escalator the pace is that of the machine, which
    the city tells: its time there over that at which everybody walks.
    """
    share = np.where(layer.flags & STEPS, stairs_share, 1.0)
    told = layer.free_speed_mps
    carried = (told > 0) & ~np.isclose(told, WALK_SPEED_MPS) & ~np.isclose(told, STAIR_SPEED_MPS)
    return np.where(carried, told / WALK_SPEED_MPS, share)


def mean_wait_s(cycle_s: Floats, green_s: Floats) -> Floats:
    """Mean wait at fixed-time lights of people who come at random: red²/(2 cycle); 0 without lights."""
    red_s = np.where(green_s > 0, cycle_s - green_s, 0.0)
    wait_s: Floats = red_s**2 / np.where(green_s > 0, 2 * cycle_s, np.inf)
    return wait_s


def twin_links(layer: StreetLayer) -> Ints:
    """For each link the one that leads back along the same way; -1 if there is none.

    Where a way joins two nodes more than once, the first forth is matched with the first back.
    """
    forth: dict[tuple[int, int, int], list[int]] = {}
    twin = np.full(layer.link_count, -1, np.int32)
    keys = list(zip(layer.link_from.tolist(), layer.link_to.tolist(), layer.way_id.tolist(), strict=True))
    for link, (a, b, way) in enumerate(keys):
        if a == b:
            continue
        waiting = forth.get((b, a, way))
        if waiting:
            other = waiting.pop(0)
            twin[link], twin[other] = other, link
        else:
            forth.setdefault((a, b, way), []).append(link)
    return twin


def merged_lights(layer: StreetLayer, params: PedestrianParams, plans: Floats | None) -> tuple[Floats, Floats, Floats]:
    """Cycle, green and offset per link: those of the junction, or else of a crossing that stands alone.

    Both directions of a lone crossing share their plan.
    """
    alone = params.crossings
    lit = (layer.flags & SIGNALISED) > 0
    wide_green_s = layer.length_m / alone.design_speed_mps
    green_s = np.where(layer.length_m <= alone.side_length_m, alone.side_green_s, wide_green_s)
    green_s = np.where(lit, np.minimum(green_s, _MOST_GREEN_SHARE * alone.cycle_s), 0.0)
    # Their offsets are not known. They are facts of the city, not luck: keyed by the way, alike in all replications.
    stream = make_stream(0, "pedestrian.crossing_offset")
    offset_s = np.where(lit, uniforms(stream, layer.way_id.astype(np.uint64), event(0)) * alone.cycle_s, 0.0)
    cycle_s = np.where(lit, alone.cycle_s, 0.0)
    if plans is None:
        return cycle_s, green_s, offset_s
    planned = lit & (plans[0] > 0)
    cycle_s, green_s, offset_s = (
        np.where(planned, own, lone) for own, lone in zip(plans, (cycle_s, green_s, offset_s), strict=True)
    )
    return cycle_s, green_s, offset_s


def streets_crossed(layer: StreetLayer) -> Floats:
    """How many carriageways one crosses on each link: 1 on a drawn crossing, and half at each junction of a street.

    Who walks along a street that has no pavements of its own crosses the streets that join it. Were that free, and
    crossings that a map draws not, people would leave main streets for the back streets beside them.

    Returns
    -------
    (m,) float64
        A crossing cut in two by the road counts on the piece by which one leaves the kerb.
    """
    crossing = (layer.flags & CROSSING) > 0
    pieces = np.flatnonzero(crossing)
    heading = np.arctan2(
        layer.y_m[layer.link_to] - layer.y_m[layer.link_from], layer.x_m[layer.link_to] - layer.x_m[layer.link_from]
    )
    arriving: dict[int, list[int]] = {}
    for piece in pieces.tolist():
        arriving.setdefault(int(layer.link_to[piece]), []).append(piece)
    out = np.zeros(layer.link_count)
    for piece in pieces.tolist():
        # A piece goes on with a crossing if one of the same way, or one in line with it, comes from the other kerb.
        here, there = int(layer.link_from[piece]), int(layer.link_to[piece])
        before = [k for k in arriving.get(here, ()) if layer.link_from[k] != there]
        out[piece] = not any(
            layer.way_id[k] == layer.way_id[piece] or np.cos(heading[k] - heading[piece]) >= _STRAIGHT_ON
            for k in before
        )
    on_road = np.array([CLASS_BY_NAME[name].drive for name in ROAD_CLASSES])[layer.road_class] & ~crossing
    pairs = np.unique(np.column_stack([layer.link_from[on_road], layer.link_to[on_road]]), axis=0)
    junction = np.bincount(pairs[:, 0], minlength=layer.node_count) >= _ARMS_OF_A_JUNCTION
    halves = (junction[layer.link_from].astype(np.float64) + junction[layer.link_to]) / 2
    return np.where(on_road, halves, out)


def _cost(
    layer: StreetLayer, params: PedestrianParams, clear_m: Floats, share: Floats, wait_s: Floats, bonus: Floats
) -> Floats:
    choice = params.choice
    time_min = layer.length_m / (_REFERENCE_SPEED_MPS * share) / 60.0
    comfort = choice.width_weight_per_m * layer.length_m * np.log(clear_m / _REFERENCE_WIDTH_M)
    cost: Floats = (
        choice.walk_weight_per_min * time_min
        + choice.wait_weight_per_min * wait_s / 60.0
        + choice.crossing_weight * streets_crossed(layer)
        - comfort
        - bonus
    )
    bad = np.flatnonzero(~(cost > 0))
    if bad.size:
        link = int(bad[0])
        raise ScenarioError(
            f"walking along way {layer.way_id[link]} ({clear_m[link]:.1f} m clear width, {layer.length_m[link]:.1f} m "
            f"long) would cost {cost[link]:.3g}: people would walk in circles",
            where="pedestrian.choice.width_weight",
            mend="lower width_weight (now "
            f"{choice.width_weight_per_m:g} /m) or raise walk_weight_per_min ({choice.walk_weight_per_min:g} /min)",
        )
    return cost


def frontage_links(layer: StreetLayer, nodes: Ints) -> NDArray[np.bool_]:
    """Links that lead to nothing but a stay place, both ways.

    A place stands for the shops of a frontage with all their doors, however narrow the map draws the one way
    that leads to it; nobody is slowed on it.
    """
    pairs = np.unique(np.column_stack([layer.link_from, layer.link_to]), axis=0)
    neighbours = np.bincount(pairs[:, 0], minlength=layer.node_count)
    dead_end = np.zeros(layer.node_count, np.bool_)
    dead_end[nodes] = True
    dead_end &= neighbours == 1
    return dead_end[layer.link_from] | dead_end[layer.link_to]


@dataclass(frozen=True)
class Ways(Legs):
    """Ways between places over the network.

    Attributes
    ----------
    next_link : (r, n) int32
        Per destination node the link to take from every node.
    route : (p,) int32
        Row of ``next_link`` that leads to each place.
    link_share : (r, m) float32
        Where people differ in their ways: share of those at the start of a link who go over it; else no rows.
    """

    next_link: NDArray[np.int32]
    route: Ints
    link_share: NDArray[np.float32]


def find_legs(
    layer: StreetLayer, streets: Streets, nodes: Ints, *, way_scale: float = 0.0, link_local: Floats | None = None
) -> Ways:
    """Ways between the nodes of all places: those of least cost, or all that lead closer, by a recursive logit.

    With a scale above 0, and c the cost of a link, l its local terms, over the links whose end is nearer to the place
    in cost than their start: V(i) = s ln( sum exp((V(j) - c) / s) ), shares of links as exp((V(j) - c + l) / s). The
    cost between two places is then -V, metres and waits are expectations under the shares.

    Parameters
    ----------
    layer, streets
        The walk layer.
    nodes : (p,) int32
        Walk node of each place; repeats cost nothing.
    way_scale
        Spread of taste, in the unit of costs; 0 for least cost.
    link_local : (m,) float64, optional
        What greenery, seats, signs and events add where a link is chosen, and only there.

    References
    ----------
    Dial (1971), Transportation Research 5, for the links that lead closer; Fosgerau, Frejinger and Karlstrom (2013),
    Transportation Research Part B 56; Oyama (2024) for local terms.
    """
    ends, route = np.unique(nodes, return_inverse=True)
    trees = np.empty((len(ends), layer.node_count), np.int32)
    spread = way_scale > 0
    link_share = np.zeros((len(ends) if spread else 0, layer.link_count), np.float32)
    local = np.zeros(layer.link_count) if link_local is None else link_local
    tables = [np.empty((len(ends), len(ends))) for _ in range(3)]
    # Metres take the time of stairs with them: a leg is as long as the level walk of the same time.
    level_m = layer.length_m / streets.speed_share * streets.slower
    every = np.arange(layer.node_count, dtype=np.int32)
    for row, end in enumerate(ends.tolist()):
        trees[row] = next_link_to(layer, end, streets.cost)
        at = every if spread else ends
        column = [np.empty(len(at)) for _ in tables]
        kernels.legs_to(trees[row], layer.link_to, level_m, streets.wait_s, streets.cost, at, end, *column)
        if spread:
            far = column[2].copy()
            order = np.argsort(far, kind="stable")
            order = order[np.isfinite(far[order])]
            way_kernels.spread_ways(
                order,
                layer.out_ptr,
                layer.link_to,
                far,
                streets.cost,
                local,
                way_scale,
                level_m,
                streets.wait_s,
                link_share[row],
                column[2],
                column[0],
                column[1],
            )
            column = [values[ends] for values in column]
        for table, values in zip(tables, column, strict=True):
            table[:, row] = values
    metres, waits, cost = (table[np.ix_(route, route)] for table in tables)
    return Ways(metres, waits, cost, trees, route.astype(np.int32), link_share)
