"""Where bodies of a page stand: on the surface they belong on, on their side of it, in no building."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from twin.viz.city_ground import footpath_m
from twin.viz.lanes import LANE_WIDTH_M
from twin.viz.markings import lines_of
from twin.viz.packs import DEGREE_STEP, unpack_columns
from twin.viz.shapes import Frame
from twin.viz.street_pairs import one_of_each_pair

#: Positions are packed in steps of 1e-6 degrees, room in decimetres.
SLACK_M = 0.3
#: All bodies that are drawn, with the direction in which they go, without those drawn as part of a queue or column.
DRAWN = """(() => window.__twin.scene.motions.map((m) => [m.fact.name, Array.from({ length: m.count }, (_, k) => k)
  .filter((k) => !m.away[k]).map((k) => [m.drawn[3 * k], m.drawn[3 * k + 1], m.yaw[k], m.state[k]])]))()"""


@dataclass(frozen=True)
class Surfaces:
    """Lines with their half widths, and buildings, in metres of a frame."""

    frame: Frame
    drive: np.ndarray
    drive_half_m: np.ndarray
    two_way: np.ndarray
    walk: np.ndarray
    walk_half_m: np.ndarray
    buildings: shapely.STRtree

    @classmethod
    def of(cls, run, parts):
        """Of a run and the page made of it."""
        frame = Frame(*parts.facts["origin"])
        drive, walk = one_of_each_pair(run.drive), one_of_each_pair(run.walk)
        links = one_of_each_pair(run.drive.__class__(*vars_of(run.drive, lanes=np.ones_like(run.drive.lanes))))
        return cls(
            frame,
            lines_of(drive, frame),
            np.clip(drive.lanes, 1, 12) * LANE_WIDTH_M / 2,
            links.lanes > 1,
            lines_of(walk, frame),
            footpath_m(walk) / 2,
            shapely.STRtree(buildings_of(parts, frame)),
        )

    def faults(self, name, degrees):
        """Why each body (offsets in degrees, heading) is wrong where it is; empty where it is right."""
        at = self.frame.metres(np.asarray(degrees)[:, :2] + [self.frame.lon_deg, self.frame.lat_deg])
        points = shapely.points(at)
        lines, half_m = (self.walk, self.walk_half_m) if name == "walker" else (self.drive, self.drive_half_m)
        out = np.full(len(at), "", "<U24")
        body, line = shapely.STRtree(lines).query(points, predicate="dwithin", distance=float(half_m.max()) + SLACK_M)
        on = np.zeros(len(at), np.bool_)
        on[body[shapely.distance(points[body], lines[line]) <= half_m[line] + SLACK_M]] = True
        out[~on] = "off the surface"
        inside, _ = self.buildings.query(points, predicate="within")
        out[inside] = "in a building"
        return out

    def wrong_side(self, degrees):
        """(n,) bool: vehicles on a two-way street, along it, that are right of its middle."""
        given = np.asarray(degrees)
        at = self.frame.metres(given[:, :2] + [self.frame.lon_deg, self.frame.lat_deg])
        points = shapely.points(at)
        nearest = shapely.STRtree(self.drive).nearest(points)
        line = self.drive[nearest]
        along = shapely.line_locate_point(line, points)
        before, after = (shapely.line_interpolate_point(line, along + d) for d in (-0.5, 0.5))
        way = shapely.get_coordinates(after) - shapely.get_coordinates(before)
        away = at - shapely.get_coordinates(shapely.line_interpolate_point(line, along))
        heading = np.column_stack([np.cos(np.radians(given[:, 2])), np.sin(np.radians(given[:, 2]))])
        # Off the ends of a street, and across it, there is no side.
        plain = (along > 12) & (along < shapely.length(line) - 12) & self.two_way[nearest]
        plain &= np.abs(np.sum(way * heading, axis=1)) > 0.95 * np.hypot(*way.T)
        left = heading[:, 0] * away[:, 1] - heading[:, 1] * away[:, 0]
        return plain & (left < -SLACK_M)


def vars_of(streets, **changed):
    """Fields of streets in order."""
    names = ("vertex_ptr", "lon_deg", "lat_deg", "lanes", "width_m")
    return [changed.get(name, getattr(streets, name)) for name in names]


def buildings_of(parts, frame):
    """Outlines of what stands on the ground in a page."""
    out = []
    for name in ("buildings", "containers"):
        if name not in parts.packs:
            continue
        pack = unpack_columns(parts.packs[name])
        degrees = np.column_stack([pack["lon"], pack["lat"]]) * DEGREE_STEP + [frame.lon_deg, frame.lat_deg]
        metres = frame.metres(degrees)
        for i in np.flatnonzero(pack["base_dm"] <= 0):
            rings = [
                metres[pack["start"][r] : pack["start"][r + 1]] for r in range(pack["part"][i], pack["part"][i + 1])
            ]
            out.append(shapely.Polygon(rings[0], rings[1:]))
    return np.array(out, np.object_)
