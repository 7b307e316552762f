"""Areas that a picture fills or raises: polygons with holes, each with a foot, a top and a tone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.viz.packs import DEGREE_STEP, pack_columns, steps_of

#: Length of a degree of the equator (WGS 84, semi-major axis 6,378,137 m).
METRES_PER_DEGREE = np.pi * 6_378_137.0 / 180.0


@dataclass(frozen=True)
class Frame:
    """Metres about a middle point; over a city a metre errs by less than one in a thousand, and the way back is exact.

    Attributes
    ----------
    lon_deg, lat_deg
        The middle.
    """

    lon_deg: float
    lat_deg: float

    @property
    def scale(self) -> Floats:
        """Metres in a degree of longitude and of latitude."""
        return METRES_PER_DEGREE * np.array([np.cos(np.radians(self.lat_deg)), 1.0])

    def metres(self, degrees: Floats) -> Floats:
        """(k, 2) longitude and latitude as metres east and north of the middle."""
        return np.asarray((np.asarray(degrees, np.float64) - [self.lon_deg, self.lat_deg]) * self.scale)

    def degrees(self, metres: Floats) -> Floats:
        """The way back."""
        return np.asarray(np.asarray(metres) / self.scale + [self.lon_deg, self.lat_deg])


@dataclass(frozen=True)
class Shapes:
    """Polygons in metres of a frame.

    Attributes
    ----------
    polygons : (n,) object
        Shapely polygons.
    base_m, top_m : (n,) float64
        Where each begins and ends above the ground.
    tone : (n,) uint8
        Which of the colours of its layer.
    """

    polygons: NDArray[np.object_]
    base_m: Floats
    top_m: Floats
    tone: NDArray[np.uint8]

    @classmethod
    def none(cls) -> Shapes:
        """No shapes."""
        return cls(np.empty(0, np.object_), np.empty(0), np.empty(0), np.empty(0, np.uint8))

    @classmethod
    def flat(cls, polygons: Sequence[shapely.Geometry]) -> Shapes:
        """Shapes on the ground."""
        made = np.array([p for p in polygons if not shapely.is_empty(p)], np.object_)
        return cls(made, np.zeros(len(made)), np.zeros(len(made)), np.zeros(len(made), np.uint8))

    @classmethod
    def joined(cls, parts: Sequence[Shapes]) -> Shapes:
        """One after the other."""
        names = ("polygons", "base_m", "top_m", "tone")
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in names)) if parts else cls.none()

    def taken(self, rows: NDArray[Any]) -> Shapes:
        """Some of them, by a mask or by row."""
        return Shapes(self.polygons[rows], self.base_m[rows], self.top_m[rows], self.tone[rows])

    def __len__(self) -> int:
        return len(self.polygons)


def shapes_pack(shapes: Shapes, frame: Frame, origin: tuple[float, float]) -> dict[str, Any]:
    """Pack of shapes: ``part`` (rings of each), ``start`` (vertices of each ring), corners, decimetres, tones.

    Parameters
    ----------
    shapes, frame
        What to pack, and the frame of its metres.
    origin
        Longitude and latitude from which degrees are counted.
    """
    rings, part = [], [0]
    for polygon in shapes.polygons:
        rings += [polygon.exterior, *polygon.interiors]
        part.append(len(rings))
    corners = [shapely.get_coordinates(ring) for ring in rings]
    degrees = frame.degrees(np.concatenate(corners) if corners else np.empty((0, 2)))
    return pack_columns(
        {
            "part": np.array(part),
            "start": np.concatenate([[0], np.cumsum([len(c) for c in corners])]),
            "lon": steps_of(degrees[:, 0], origin[0], DEGREE_STEP),
            "lat": steps_of(degrees[:, 1], origin[1], DEGREE_STEP),
            "base_dm": np.rint(shapes.base_m * 10),
            "top_dm": np.rint(shapes.top_m * 10),
            "tone": shapes.tone,
        }
    )


def box(x_m: float, y_m: float, along_m: float, across_m: float, angle_rad: float = 0.0) -> shapely.Polygon:
    """A rectangle about a point, its length turned by an angle from east."""
    u = np.array([np.cos(angle_rad), np.sin(angle_rad)]) * along_m / 2
    v = np.array([-np.sin(angle_rad), np.cos(angle_rad)]) * across_m / 2
    middle = np.array([x_m, y_m])
    return shapely.Polygon([middle - u - v, middle + u - v, middle + u + v, middle - u + v])


def keyed_uniforms(purpose: int, x_m: Floats, y_m: Floats) -> Floats:
    """One number on [0, 1) for each place: the same place has the same number in every run and variant.

    Two rounds of the 64-bit finaliser of SplitMix64 over the place in decimetres (Steele, Lea and Flood 2014).
    """
    x, y = (np.rint(np.asarray(v) * 10).astype(np.int64).astype(np.uint64) for v in (x_m, y_m))
    z = x * np.uint64(0x9E3779B97F4A7C15) ^ (y * np.uint64(0xD1342543DE82EF95) + np.uint64(purpose))
    for _ in range(2):
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53
