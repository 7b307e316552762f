"""The container port of Yumeshima as a diagram in three dimensions: island, water, stacks, quay, cranes, yards.

Known are the frame of the island (34.6418-34.6601 N, 135.3729-135.4045 E) and its area of 3.86 km2; its outline here is
a slanted block of that area in that frame. The terminal's ground, its stacks and its cranes are authored. Grades: frame
and area read (V), stacks three to five containers high (M), all other sizes guessed (G).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from twin.arrays import Floats
from twin.viz.run_view import PlaceMark
from twin.viz.shapes import Frame, Shapes, box, keyed_uniforms
from twin.viz.terminal_life import LANE_PITCH_M, GateLanes

#: West, north, east and south corner of the island, lon and lat: they touch the known frame.
ISLAND = ((135.3729, 34.6555), (135.3988, 34.6601), (135.4045, 34.6464), (135.3786, 34.6418))
#: Land across the water: Maishima in the north, Sakishima in the south-east.
SHORES = (
    ((135.3850, 34.6640), (135.3985, 34.6628), (135.4150, 34.6668), (135.4230, 34.6800), (135.3850, 34.6800)),
    ((135.4085, 34.6442), (135.4240, 34.6462), (135.4330, 34.6400), (135.4330, 34.5600), (135.4010, 34.6000)),
)
WATER = (135.2200, 34.5600, 135.4330, 34.6800)
#: An ISO container of forty feet: length, width, height.
CONTAINER_M = (12.2, 2.44, 2.59)
#: One bay of a truck in a yard: 18 m with its box, and room to pass.
BAY_M, BAY_WIDTH_M = 19.0, 4.2
_BAYS_IN_ROW = 20
_TONE_STACK, _TONE_STEEL, _TONE_SHED = 5, 11, 2
_STACK_TONES = 5


def island(frame: Frame) -> shapely.Polygon:
    """Outline of the island."""
    return shapely.Polygon(frame.metres(np.array(ISLAND)))


def sea(frame: Frame) -> shapely.Geometry:
    """Water about the island, without the land across it."""
    west, south, east, north = WATER
    (x0, y0), (x1, y1) = frame.metres(np.array([[west, south], [east, north]]))
    land = [shapely.Polygon(frame.metres(np.array(shore))) for shore in SHORES]
    return shapely.box(x0, y0, x1, y1).difference(shapely.union_all([island(frame), *land]))


def port_shapes(surface: shapely.Geometry, frame: Frame) -> tuple[Shapes, Shapes]:
    """Cranes and sheds, and stacks of containers, clear of every street.

    Parameters
    ----------
    surface
        Streets at their widths.
    frame
        Frame of the metres.
    """
    north, east = frame.metres(np.array(ISLAND))[1:3]
    along = (east - north) / np.hypot(*(east - north))
    inland = np.array([along[1], -along[0]])
    if inland @ (frame.metres(np.array([ISLAND[0]]))[0] - north) < 0:
        inland = -inland
    angle = float(np.arctan2(along[1], along[0]))
    quay_m = float(np.hypot(*(east - north)))
    parts = [_crane(north + at * along, along, inland, angle) for at in np.linspace(0.3, 0.86, 8) * quay_m]
    parts.append(_sheds(north, along, inland, angle, quay_m))
    shapes = Shapes.joined(parts)
    shapely.prepare(surface)
    stacks = _stacks(north, along, inland, angle, quay_m)
    # What begins high above the ground, as a boom does, may reach over a street.
    standing = shapes.taken(~shapely.dwithin(shapes.polygons, surface, 2.0) | (shapes.base_m > 6))
    return standing, stacks.taken(~shapely.dwithin(stacks.polygons, surface, 2.0))


def gate_shapes(lanes: GateLanes) -> tuple[Shapes, shapely.Polygon]:
    """A roof over the lanes of an in-gate with a booth beside each, and the apron before and behind it."""
    way = np.array([np.cos(lanes.angle_rad), np.sin(lanes.angle_rad)])
    left = np.array([-way[1], way[0]])
    middle = lanes.at_m.mean(axis=0)
    wide = len(lanes.at_m) * LANE_PITCH_M + 3.0
    roof = _box(middle, 14.0, wide, lanes.angle_rad)
    booths = [_box(at + left * LANE_PITCH_M / 2, 3.2, 1.1, lanes.angle_rad) for at in lanes.at_m]
    polygons = np.array([roof, *booths], np.object_)
    base = np.array([6.2, *[0.0] * len(booths)])
    top = np.array([7.6, *[2.5] * len(booths)])
    apron = _box(middle - 18.0 * way, 110.0, wide + 4.0, lanes.angle_rad)
    return Shapes(polygons, base, top, np.full(len(top), _TONE_SHED, np.uint8)), apron


def _box(at_m: Floats, along_m: float, across_m: float, angle_rad: float) -> shapely.Polygon:
    return box(float(at_m[0]), float(at_m[1]), along_m, across_m, angle_rad)


def _stacks(north: Floats, along: Floats, inland: Floats, angle: float, quay_m: float) -> Shapes:
    length, width, height = CONTAINER_M
    wide = 6 * width + 1.5
    polygons, tops, tones = [], [], []
    for row in range(9):
        for bay in range(int((0.9 - 0.26) * quay_m / (length + 1.0))):
            if bay % 14 >= 12:  # lanes across, for the yard's trucks and cranes
                continue
            middle = north + (0.26 * quay_m + bay * (length + 1.0)) * along + (95.0 + row * 34.0) * inland
            fill, colour = (float(keyed_uniforms(p, *middle[:, None])[0]) for p in (11, 12))
            if fill < 0.12:
                continue
            polygons.append(box(middle[0], middle[1], length, wide, angle))
            tops.append(height * (1 + int(fill * 4.4)))
            tones.append(_TONE_STACK + int(colour * _STACK_TONES))
    return Shapes(np.array(polygons, np.object_), np.zeros(len(tops)), np.array(tops), np.array(tones, np.uint8))


def inside_spots(containers: Shapes, surface: shapely.Geometry, frame: Frame) -> Floats:
    """(n, 2) degrees: where trucks inside the terminal are drawn, on the aisles beside the stacks, near ones first.

    A run says how many trucks are inside, not where. They head along the quay.
    """
    if not len(containers):
        return np.empty((0, 2))
    inland = np.array([np.sin(quay_angle(frame)), -np.cos(quay_angle(frame))])
    at = shapely.get_coordinates(shapely.centroid(containers.polygons)) - 14.0 * inland
    free = ~shapely.dwithin(surface, shapely.points(at), 10.0) & ~shapely.dwithin(
        shapely.union_all(containers.polygons), shapely.points(at), 1.6
    )
    order = np.argsort(keyed_uniforms(13, *at[free].T), kind="stable")
    return frame.degrees(at[free][order])


def quay_angle(frame: Frame) -> float:
    """Direction of the quay from east, from its northern end on."""
    north, east = frame.metres(np.array(ISLAND))[1:3]
    return float(np.arctan2(*(east - north)[::-1]))


def _crane(foot: Floats, along: Floats, inland: Floats, angle: float) -> Shapes:
    """A quay crane: four legs, a beam over them, a boom over the water."""
    polygons, base, top = [], [], []
    for side in (-9.0, 9.0):
        for away in (5.0, 35.0):
            at = foot + side * along + away * inland
            polygons.append(box(at[0], at[1], 2.2, 2.2, angle))
            base.append(0.0)
            top.append(44.0)
    for middle_m, long_m, low_m, high_m in ((-8.0, 105.0, 44.0, 47.5), (20.0, 12.0, 47.5, 54.0)):
        at = foot + middle_m * inland
        polygons.append(box(at[0], at[1], 7.0, long_m, angle))
        base.append(low_m)
        top.append(high_m)
    return Shapes(
        np.array(polygons, np.object_), np.array(base), np.array(top), np.full(len(top), _TONE_STEEL, np.uint8)
    )


def _sheds(north: Floats, along: Floats, inland: Floats, angle: float, quay_m: float) -> Shapes:
    polygons = []
    for at in np.arange(0.66, 0.93, 0.07):
        for row in range(3):
            middle = north + at * quay_m * along + (470.0 + 90.0 * row) * inland
            polygons.append(box(middle[0], middle[1], 90.0, 52.0, angle))
    top = np.asarray(11.0 + 2.0 * (np.arange(len(polygons)) % 3), np.float64)
    return Shapes(np.array(polygons, np.object_), np.zeros(len(top)), top, np.full(len(top), _TONE_SHED, np.uint8))


def bays(yards: Sequence[PlaceMark], surface: shapely.Geometry, frame: Frame) -> tuple[Floats, list[shapely.Polygon]]:
    """Where trucks stand in holding yards, and the paved ground of each yard.

    A run counts the trucks in all yards together: bays are filled yard by yard in the order of their ids.

    Parameters
    ----------
    yards
        Yards with a number of spaces; others have no bays.
    surface
        Streets, which stay free.
    frame
        Frame of the metres.

    Returns
    -------
    bays : (n, 2) float64
        Longitude and latitude of each bay's middle; trucks stand along north.
    ground : list of Polygon
    """
    found, ground = [], []
    shapely.prepare(surface)
    for yard in yards:
        if not yard.capacity > 0:
            continue
        count = int(min(yard.capacity, 2000))
        x, y = frame.metres(np.array([[yard.lon_deg, yard.lat_deg]]))[0]
        # A few rows more than needed: those in the way of a street are left out.
        k = np.arange(3 * count + 6 * _BAYS_IN_ROW)
        column, row = k % _BAYS_IN_ROW, k // _BAYS_IN_ROW
        # Rows lie in turn north and south of the yard's place.
        row = np.where(row % 2, -(row + 1) // 2, row // 2)
        at = np.stack([x + (column - (_BAYS_IN_ROW - 1) / 2) * BAY_WIDTH_M, y + row * (BAY_M + 3.0) + 12.0], axis=1)
        free = ~shapely.dwithin(shapely.points(at), surface, BAY_M / 2 + 1.0)
        at = at[free][:count]
        if len(at):
            found.append(at)
            room = np.array([6.0, 14.0])
            ground.append(shapely.box(*(at.min(axis=0) - room), *(at.max(axis=0) + room)))
    return frame.degrees(np.concatenate(found)) if found else np.empty((0, 2)), ground
