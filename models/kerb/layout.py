"""Where shops, pockets and edges of carriageways lie on the streets of a city, and which pockets a shop can use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from twin.arrays import Floats, Ints
from twin.city.city import City
from twin.city.editing.streets import (
    CrossCut,
    StreetLines,
    cross_cut,
    find_section,
    find_street,
    middles,
    on_sides,
    shape_of,
)
from twin.city.editing.types import EditFault, Where
from twin.city.routing.ways import travel_times
from twin.errors import ScenarioError
from twin.models.kerb.params import Bays, KerbParams, StretchParams

_COMPASS = {"east": (1.0, 0.0), "west": (-1.0, 0.0), "north": (0.0, 1.0), "south": (0.0, -1.0)}
#: Width of a lane, for the place of a pocket in pictures only.
_LANE_M = 3.0
_ROUTED_AS = "small_truck"
#: No bay is shorter: a parking place of a small car.
_BAY_M = 5.0
#: Nobody may stop nearer to a crossing or a corner (Road Traffic Act of Japan, art. 44; remembered).
_CLEAR_M = 5.0


@dataclass(frozen=True)
class Spots:
    """Points along the kerb: one per shop or pocket.

    Attributes
    ----------
    name : tuple of str
        Name of the stretch, and place along it.
    link : (n,) int32
        Drive link beside.
    side : (n,) str
        Side of the street.
    x_m, y_m : (n,) float64
        Where, metres.
    """

    name: tuple[str, ...]
    link: Ints
    side: tuple[str, ...]
    x_m: Floats
    y_m: Floats

    def __len__(self) -> int:
        return len(self.name)


@dataclass(frozen=True)
class Layout:
    """Shops, pockets and edges.

    Attributes
    ----------
    shops, pockets
        Points along the kerb.
    shop_frontage : (s,) int32
        Row of the frontage of each shop, in the order of the scenario.
    bay_ptr : (p + 1,) int32
        Bays of pocket i are ``bay_ptr[i] .. bay_ptr[i + 1] - 1``.
    edge_link, edge_side, edge_lanes
        (e,) link and side of each edge of a carriageway; lanes that standing vehicles take there.
    shop_edge, pocket_edge : (s,), (p,) int32
        Edge beside each.
    near_ptr, near : (s + 1,), (k,) int32
        Pockets that the driver for each shop tries, in order.
    busy : (p,) int32
        Pockets from the one that most shops try first on.
    """

    shops: Spots
    pockets: Spots
    shop_frontage: Ints
    bay_ptr: Ints
    edge_link: Ints
    edge_side: tuple[str, ...]
    edge_lanes: Floats
    shop_edge: Ints
    pocket_edge: Ints
    near_ptr: Ints
    near: Ints
    busy: Ints


def lay_out(params: KerbParams, city: City) -> Layout:
    """Find everything of a scenario on the map.

    Raises
    ------
    ScenarioError
        If a street, a crossing or a side is not there, naming those that are; or nothing can stop anywhere.
    """
    if not params.frontages:
        raise ScenarioError(
            "the kerb has no frontage with shops, so that nobody comes",
            where="kerb.frontages",
            mend="name one: frontages: {west: {street: ..., between: [..., ...], side: west, shops: 40 shops}}",
        )
    shops, frontage = _spots(city, params.frontages, "kerb.frontages", "shops")
    pockets, stretch = _spots(city, params.bays, "kerb.bays", "pockets")
    each = np.array([int(b.bays_each) for b in params.bays.values()], np.int32)
    edges = sorted(
        {*zip(shops.link.tolist(), shops.side, strict=True), *zip(pockets.link.tolist(), pockets.side, strict=True)}
    )
    row = {edge: i for i, edge in enumerate(edges)}
    near_ptr, near = _near(params.reach_m, shops, pockets, city)
    first = near[near_ptr[:-1][np.diff(near_ptr) > 0]]
    tried = np.bincount(first, minlength=len(pockets))
    return Layout(
        shops,
        pockets,
        frontage,
        np.concatenate([[0], np.cumsum(each[stretch])]).astype(np.int32),
        np.array([link for link, _ in edges], np.int32),
        tuple(side for _, side in edges),
        _lanes_taken(city, [link for link, _ in edges], params.lane_left),
        np.array([row[edge] for edge in zip(shops.link.tolist(), shops.side, strict=True)], np.int32),
        np.array([row[edge] for edge in zip(pockets.link.tolist(), pockets.side, strict=True)], np.int32),
        near_ptr,
        near,
        np.argsort(-tried, kind="stable").astype(np.int32),
    )


def _lanes_taken(city: City, links: list[int], lane_left: float) -> Floats:
    """Lanes that a row of standing vehicles takes at each edge: one, as long as enough is left to those who pass."""
    sides = np.array([links.count(link) for link in links], np.float64)
    lanes = city.drive.lanes[np.array(links, np.int64)].astype(np.float64)
    return np.minimum(1.0, (lanes - lane_left) / sides)


def _spots(city: City, stretches: Mapping[str, StretchParams], key: str, what: str) -> tuple[Spots, Ints]:
    names: list[str] = []
    link, side, x_m, y_m, owner = [], [], [], [], []
    for number, (name, stretch) in enumerate(stretches.items()):
        count = int(getattr(stretch, what))
        if not count:
            continue
        links = links_along(city, stretch, f"{key}.{name}")
        ends_m = np.cumsum(city.drive.length_m[links])
        if isinstance(stretch, Bays):
            _fits(stretch, city.drive.length_m[links], f"{key}.{name}.pockets")
        for i in range(count):
            at_m = float(ends_m[-1]) * (i + 0.5) / count
            on = int(np.searchsorted(ends_m, at_m, side="right"))
            length_m = float(city.drive.length_m[links[on]])
            along_m = at_m - (float(ends_m[on]) - length_m)
            if what == "pockets":
                along_m = _off_crossings(along_m, length_m, f"{key}.{name}.pockets")
            east_m, north_m = _beside(city, int(links[on]), along_m, stretch.side)
            names.append(f"{name} {i + 1}")
            link.append(int(links[on]))
            side.append(stretch.side)
            x_m.append(east_m)
            y_m.append(north_m)
            owner.append(number)
    return Spots(tuple(names), np.array(link, np.int32), tuple(side), np.array(x_m), np.array(y_m)), np.array(
        owner, np.int32
    )


def _fits(stretch: Bays, lengths_m: Floats, key: str) -> None:
    """Check that there is room for the bays between the crossings.

    Raises
    ------
    ScenarioError
        If they would lie on one another, or on crossings.
    """
    room_m = float(np.maximum(lengths_m - 2 * _CLEAR_M, 0.0).sum())
    bays = int(stretch.pockets) * int(stretch.bays_each)
    if bays * _BAY_M > room_m:
        raise ScenarioError(
            f"{bays} bays of {_BAY_M:g} m or more do not fit into {room_m:.0f} m of kerb, crossings left free",
            where=key,
            mend=f"give {int(room_m / _BAY_M / max(int(stretch.bays_each), 1))} pockets at most, or a longer stretch",
        )


def _off_crossings(along_m: float, length_m: float, key: str) -> float:
    """Place of a pocket on its link, moved off the crossings at both ends.

    Raises
    ------
    ScenarioError
        If there is no room between them.
    """
    if length_m < 2 * _CLEAR_M:
        raise ScenarioError(
            f"a pocket would lie on a crossing: between two of them there are {length_m:.0f} m",
            where=key,
            mend=f"nobody may stop within {_CLEAR_M:g} m of a crossing; give fewer pockets, or a longer stretch",
        )
    return min(max(along_m, _CLEAR_M), length_m - _CLEAR_M)


def _beside(city: City, link: int, along_m: float, side: str) -> tuple[float, float]:
    """Point at the edge of a link, for pictures and distances."""
    shape = shape_of(city.drive, link)
    begins = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
    share = along_m / max(float(city.drive.length_m[link]), 1e-9) * begins[-1]
    offset_m = _LANE_M * (int(city.drive.lanes[link]) / 2 + 0.5)
    x_m, y_m = float(np.interp(share, begins, shape[:, 0])), float(np.interp(share, begins, shape[:, 1]))
    return x_m + offset_m * _COMPASS[side][0], y_m + offset_m * _COMPASS[side][1]


def links_along(city: City, stretch: StretchParams, key: str) -> Ints:
    """Drive links along one side of a street between two crossings, the outermost of several, in order.

    Raises
    ------
    ScenarioError
        Naming what is not on the map, and what is.
    """
    layer = city.drive
    start, end = stretch.between
    where = Where(street=stretch.street, names=(stretch.street,), start=(start,), end=(end,), sides=(stretch.side,))
    try:
        street = find_street(layer, where, key)
        section = find_section(layer, street, where, key)
        lines = StreetLines.of(layer, street)
        open_ = section.links[layer.lanes[section.links] > 0]
        mine = [link for link in open_.tolist() if on_sides(city, lines, layer, link, (stretch.side,), key)]
    except EditFault as fault:
        field = fault.key.replace(".from", ".between").replace(".to", ".between").replace(".sides", ".side")
        raise ScenarioError(fault.what, where=field or key, mend=fault.mend) from fault
    if not mine or section.spine is None:
        raise ScenarioError(
            f"{stretch.street} has no lane on its {stretch.side} side from {start} to {end}",
            where=key,
            mend="name a side on which vehicles drive, or a section that no edit has closed",
        )
    x_m, y_m = middles(layer, np.array(mine))[:2]
    along = _along(section.spine, x_m, y_m)
    out = np.array([_outward(cross_cut(lines, layer, link), stretch.side) for link in mine])
    kept: list[int] = []
    for i in np.lexsort((mine, -out)).tolist():
        if all(abs(along[i] - along[k]) > 0.5 * min(layer.length_m[mine[i]], layer.length_m[mine[k]]) for k in kept):
            kept.append(i)
    return np.array([mine[i] for i in sorted(kept, key=lambda i: (along[i], mine[i]))], np.int32)


def _along(spine: shapely.LineString, x_m: Floats, y_m: Floats) -> Floats:
    return np.asarray(shapely.line_locate_point(spine, shapely.points(x_m, y_m)), np.float64)


def _outward(cut: CrossCut, side: str) -> float:
    return float(cut.east_m * _COMPASS[side][0] + cut.north_m * _COMPASS[side][1])


def _near(reach_m: float, shops: Spots, pockets: Spots, city: City) -> tuple[Ints, Ints]:
    """Pockets each driver tries: the nearest to the shop, then of those in reach the one reached first from there."""
    layer = city.drive
    from_s = travel_times(
        layer, layer.link_to[pockets.link], layer.link_from[pockets.link], city.lawful_times_s(_ROUTED_AS),
        vehicle_class=_ROUTED_AS,
    )  # fmt: skip
    # To come to a pocket is to drive along its link as well.
    drive_s = from_s + layer.free_time_s[pockets.link][None, :]
    ptr, out = [0], []
    for x_m, y_m in zip(shops.x_m, shops.y_m, strict=True):
        apart_m = np.hypot(pockets.x_m - x_m, pockets.y_m - y_m)
        left = np.flatnonzero(apart_m <= reach_m).tolist()
        if left:
            now = min(left, key=lambda p: (float(apart_m[p]), p))
            while True:
                out.append(now)
                left.remove(now)
                reached = [p for p in left if np.isfinite(drive_s[now, p])]
                if not reached:
                    break
                now = min(reached, key=lambda p: (float(drive_s[now, p]), float(apart_m[p]), p))
        ptr.append(len(out))
    return np.array(ptr, np.int32), np.array(out, np.int32)
