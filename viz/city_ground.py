"""The ground of a picture: what the map knows of buildings, water, green and rails, and authored massing elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.viz import landmarks, massing, port
from twin.viz.run_view import Ground, PlaceMark, RunView, Streets
from twin.viz.shapes import Frame, Shapes, keyed_uniforms
from twin.viz.terminal_life import GateLanes

#: Most buildings of one page; beyond, the smallest are left out and the legend says so.
BUILDING_BUDGET = 20_000
#: A building whose height nobody knows is drawn as one storey and a half, and counted.
UNKNOWN_HEIGHT_M = 5.0
#: Beyond, a height is a slip: the tallest tower of the world has 828 m.
_TALLEST_M = 900.0
_PORT = "osaka_yumeshima"
#: Clear ground between a wall and the pavement or carriageway.
_CLEAR_M = 0.4
#: The same beside a carriageway without a pavement: gutters, poles, parked bicycles.
_VERGE_M = 2.0
#: Half the widest gap between streets and pavements that holds no building.
_GAP_M = 5.0
#: Width of a footpath of which the run does not know it.
FOOTPATH_M = 2.5
_TONES = 5
_FLAT_KINDS = {"water": ("water",), "green": ("green", "sand"), "rail_land": ("rail_land",)}


@dataclass(frozen=True)
class CityGround:
    """Shapes of a page in metres of a frame.

    Attributes
    ----------
    frame
        Frame of the metres.
    buildings, water, green, paved
        Shapes of each layer.
    containers
        Stacks, which rise and fall with the yard.
    aisles : (n, 2) float64
        Longitude and latitude of spots for trucks inside the terminal.
    rails
        Lines of railways.
    trees : (n, 2) float64
        Longitude and latitude of street trees.
    bays : (n, 2) float64
        Longitude and latitude of the bays of holding yards.
    facts
        ``schematic`` (massing is authored), ``shown``, ``found``, ``unknown`` (buildings without a height),
        ``broken`` (left out, as their outline is none).
    """

    frame: Frame
    buildings: Shapes
    water: Shapes
    green: Shapes
    paved: Shapes
    rails: Streets
    trees: Floats
    bays: Floats
    facts: dict[str, Any] = field(default_factory=dict)
    containers: Shapes = field(default_factory=Shapes.none)
    aisles: Floats = field(default_factory=lambda: np.empty((0, 2)))


def city_ground(
    run: RunView,
    drive: Streets,
    walk: Streets,
    origin: tuple[float, float],
    lane_m: float,
    gate: GateLanes | None = None,
) -> CityGround:
    """Lay out the ground of a run.

    Parameters
    ----------
    run
        The run.
    drive, walk
        Each street once, with the lanes of both directions.
    origin
        Middle of the frame.
    lane_m
        Width of a lane.
    gate
        Lanes of an in-gate that is drawn.
    """
    frame = Frame(*origin)
    if len(run.ground.kind):
        return _known(run.ground, frame)
    return _authored(run, drive, walk, frame, lane_m, gate)


# Known ------------------------------------------------------------------------------------------------


def _known(ground: Ground, frame: Frame) -> CityGround:
    corners = frame.metres(np.column_stack([ground.lon_deg, ground.lat_deg]))
    rows = np.flatnonzero(np.isin(ground.kind, ("building", "building_part")))
    found, feature, broken = _polygons(ground, rows, corners)
    is_part = ground.kind[feature] == "building_part"
    standing = ~_drawn_by_parts(found, is_part)
    found, feature = found[standing], feature[standing]
    height_m = ground.height_m[feature]
    known = (height_m > 0) & (height_m <= _TALLEST_M)
    top = np.where(known, height_m, UNKNOWN_HEIGHT_M)
    base = np.nan_to_num(ground.base_m[feature])
    base = np.where((base > 0) & (base < top), base, 0.0)
    middle = shapely.get_coordinates(shapely.centroid(found))
    tone = np.floor(keyed_uniforms(4, *middle.T) * _TONES).astype(np.uint8)
    largest = np.sort(np.argsort(-shapely.area(found) * top, kind="stable")[:BUILDING_BUDGET])
    flat = {}
    for name, kinds in _FLAT_KINDS.items():
        polygons, _, bad = _polygons(ground, np.flatnonzero(np.isin(ground.kind, kinds)), corners)
        flat[name] = Shapes.flat(list(polygons))
        broken += bad
    facts = {
        "schematic": False,
        "shown": len(largest),
        "found": len(found),
        "unknown": int((~known).sum()),
        "broken": broken,
    }
    buildings = Shapes(found, base, top, tone).taken(largest)
    return CityGround(
        frame,
        buildings,
        flat["water"],
        flat["green"],
        flat["rail_land"],
        _lines(ground, "rail"),
        np.empty((0, 2)),
        np.empty((0, 2)),
        facts,
    )


def _polygons(ground: Ground, rows: NDArray[Any], corners: Floats) -> tuple[NDArray[np.object_], NDArray[Any], int]:
    """Polygons of features, the feature of each, and how many rings are no outline of anything."""
    found: list[shapely.Polygon] = []
    feature, broken = [], 0
    for row in rows.tolist():
        pieces: list[tuple[Floats, list[Floats]]] = []
        for ring in range(int(ground.ring_ptr[row]), int(ground.ring_ptr[row + 1])):
            line = corners[ground.vertex_ptr[ring] : ground.vertex_ptr[ring + 1]]
            if len(line) < 4 or ground.ring_role[ring] == 2:
                broken += 1
            elif ground.ring_role[ring] == 0:
                pieces.append((line, []))
            elif pieces:
                pieces[-1][1].append(line)
        for outer, holes in pieces:
            polygon = shapely.Polygon(outer, holes)
            if not polygon.is_valid or polygon.area < 1.0:
                broken += 1
                continue
            found.append(polygon)
            feature.append(row)
    return np.array(found, np.object_), np.array(feature, np.int64), broken


def _drawn_by_parts(found: NDArray[np.object_], is_part: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Buildings on which parts stand: the parts are drawn instead."""
    hidden = np.zeros(len(found), np.bool_)
    if not is_part.any() or is_part.all():
        return hidden
    whole = np.flatnonzero(~is_part)
    tree = shapely.STRtree(found[whole])
    _, covered = tree.query(shapely.point_on_surface(found[is_part]), predicate="within")
    hidden[whole[np.unique(covered)]] = True
    return hidden


def _lines(ground: Ground, kind: str) -> Streets:
    rows = np.flatnonzero(ground.kind == kind)
    rings = [r for row in rows.tolist() for r in range(int(ground.ring_ptr[row]), int(ground.ring_ptr[row + 1]))]
    pieces = [np.arange(ground.vertex_ptr[r], ground.vertex_ptr[r + 1]) for r in rings]
    at = np.concatenate(pieces) if pieces else np.empty(0, np.int64)
    ptr = np.concatenate([[0], np.cumsum([len(p) for p in pieces])]).astype(np.int64)
    return Streets(ptr, ground.lon_deg[at], ground.lat_deg[at], np.zeros(len(pieces), np.int64))


# Authored ---------------------------------------------------------------------------------------------


def _authored(
    run: RunView, drive: Streets, walk: Streets, frame: Frame, lane_m: float, gate: GateLanes | None
) -> CityGround:
    nothing = CityGround(
        frame,
        Shapes.none(),
        Shapes.none(),
        Shapes.none(),
        Shapes.none(),
        Streets.none(),
        np.empty((0, 2)),
        np.empty((0, 2)),
        {"schematic": False, "shown": 0, "found": 0},
    )
    districts = {
        prefix: marks
        for prefix, marks in _districts(run.places).items()
        if prefix in massing.FABRICS or prefix == _PORT
    }
    if not run.schematic or not districts or not len(drive.lanes):
        return nothing
    streets, lines = _surface(drive, frame, np.clip(drive.lanes, 1, 12) * lane_m / 2)
    pavements, ways = _surface(walk, frame, footpath_m(walk) / 2)
    beside = shapely.buffer(pavements, _CLEAR_M, quad_segs=2)
    clear = shapely.union(shapely.buffer(streets, _VERGE_M, quad_segs=2), beside)
    avenue = massing.avenue(frame) if "osaka_midosuji" in districts else shapely.Polygon()
    # What lies between a carriageway and its pavement is no plot: gaps are closed.
    clear = shapely.buffer(shapely.buffer(shapely.union(clear, avenue), _GAP_M, quad_segs=1), -_GAP_M, quad_segs=1)
    owner = _owners(lines, districts, frame)
    buildings, water, paved = [], [], []
    trees = bays = np.empty((0, 2))
    containers, aisles = Shapes.none(), np.empty((0, 2))
    rivers = massing.rivers(frame) if "osaka_midosuji" in districts else []
    wet = shapely.union_all(rivers) if rivers else shapely.Polygon()
    built_up = [p for p in districts if p in massing.FABRICS]
    for prefix in built_up:
        own = lines[owner == list(districts).index(prefix)]
        if len(own):
            share = massing.BUDGET // len(built_up)
            buildings.append(massing.massing(massing.FABRICS[prefix], own, clear, wet, frame, share))
    if "osaka_midosuji" in districts:
        trees = massing.trees(streets, pavements, frame) if len(ways) else trees
        paved += _parts([shapely.difference(avenue, wet)])
    if _PORT in districts:
        bays, ground = port.bays([p for p in districts[_PORT] if p.kind == "yard"], clear, frame)
        if gate is not None:
            booths, apron = port.gate_shapes(gate)
            ground.append(apron)
        standing, containers = port.port_shapes(shapely.union_all([clear, *(g.buffer(4) for g in ground)]), frame)
        buildings += [standing, booths] if gate is not None else [standing]
        aisles = port.inside_spots(containers, clear, frame)
        paved += ground
        water.append(port.sea(frame))
        ring = landmarks.raised_ring(run.date, frame)
        buildings.append(ring)
        if not len(ring):
            paved.append(landmarks.expo_ring(frame))
    if "osaka_midosuji" in districts:
        buildings.append(landmarks.arcades(run, frame))
    joined = Shapes.joined(buildings)
    facts = {"schematic": True, "shown": len(joined), "found": len(joined), "unknown": 0, "broken": 0}
    return CityGround(
        frame,
        joined,
        Shapes.flat(_parts([*rivers, *water])),
        Shapes.none(),
        Shapes.flat(paved),
        Streets.none(),
        trees,
        bays,
        facts,
        containers,
        aisles,
    )


def footpath_m(walk: Streets) -> Floats:
    """(m,) float64: width of every footpath, as known or as drawn without."""
    if walk.width_m is None:
        return np.full(len(walk.lanes), FOOTPATH_M)
    return np.where(walk.width_m > 0, np.clip(np.nan_to_num(walk.width_m), 0.5, 60.0), FOOTPATH_M)


def _parts(areas: list[shapely.Geometry]) -> list[shapely.Geometry]:
    return [part for area in areas for part in shapely.get_parts(area)]


def _districts(places: tuple[PlaceMark, ...]) -> dict[str, list[PlaceMark]]:
    out: dict[str, list[PlaceMark]] = {}
    for place in places:
        if "/" in place.id:
            out.setdefault(place.id.split("/", 1)[0], []).append(place)
    return dict(sorted(out.items()))


def _surface(streets: Streets, frame: Frame, half_m: Floats) -> tuple[shapely.Geometry, NDArray[np.object_]]:
    """Streets at their widths as one surface, and their lines."""
    if not len(streets.lanes):
        return shapely.Polygon(), np.empty(0, np.object_)
    metres = frame.metres(np.column_stack([streets.lon_deg, streets.lat_deg]))
    count = np.diff(streets.vertex_ptr)
    lines = np.asarray(shapely.linestrings(metres, indices=np.repeat(np.arange(len(count)), count)), np.object_)
    return shapely.union_all(shapely.buffer(lines, half_m, quad_segs=3)), lines


def _owners(lines: NDArray[np.object_], districts: dict[str, list[PlaceMark]], frame: Frame) -> NDArray[np.int64]:
    """District of each street: that of the place nearest to its middle."""
    marks = [(index, p) for index, places in enumerate(districts.values()) for p in places]
    at = frame.metres(np.array([[p.lon_deg, p.lat_deg] for _, p in marks]))
    tree = shapely.STRtree(np.asarray(shapely.points(at), np.object_))
    nearest = tree.nearest(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    return np.array([index for index, _ in marks])[nearest]
