"""Areas of a table (squares of a mesh, wards, 町丁目) on the ground of a city: which lies where, who lives near what.

A table of squares has ``area, west, south, east, north`` and counts; one of polygons has its corners in a second table
``NAME.outline`` with ``row, part, ring, lon, lat``. Both come from :mod:`twin.scenario.tables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.city.reading.projection import project
from twin.errors import TableError

Table = Mapping[str, NDArray[np.generic]]
#: Table of the corners of a table of polygons.
OUTLINE = ".outline"
#: Least points that stand for an area, metres between them in larger ones (a third of the usual 300 m between virtual
#: stops), and most points.
_LEAST, _STEP_M, _MOST = 16, 100.0, 400


@dataclass(frozen=True)
class Areas:
    """Areas in the metres of a city.

    Attributes
    ----------
    names : (a,) str
    shapes : (a,) object
        Polygons of shapely.
    """

    names: NDArray[np.str_]
    shapes: NDArray[Any]

    def kept(self, rows: NDArray[np.bool_]) -> Areas:
        """Some of the areas."""
        return Areas(self.names[rows], self.shapes[rows])

    def rows_at(self, x_m: Floats, y_m: Floats) -> Ints:
        """(n,) int32: first area that covers each point, its border included; -1 where none does."""
        import shapely

        out = np.full(len(x_m), len(self.names), np.int32)
        if len(self.names) and len(out):
            point, area = shapely.STRtree(self.shapes).query(shapely.points(x_m, y_m), predicate="intersects")
            np.minimum.at(out, point, area.astype(np.int32))
        return np.where(out == len(self.names), -1, out).astype(np.int32)

    def spread(self, amount: Floats) -> tuple[Floats, Floats, Floats, Ints]:
        """Points that stand for the areas, and an even share of each area's amount at each of its points.

        Returns
        -------
        x_m, y_m, share : (k,) float64
            Shares of an area add up to its amount; areas of nan or 0 have no points.
        row : (k,) int32
            Area of each point.
        """
        parts = [
            (*points, np.full(len(points[0]), value / len(points[0])), np.full(len(points[0]), row, np.int32))
            for row, (shape, value) in enumerate(zip(self.shapes, amount.tolist(), strict=True))
            if value > 0
            for points in [_points_in(shape)]
        ]
        if not parts:
            return np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, np.int32)
        x_m, y_m, share, row = (np.concatenate(column) for column in zip(*parts, strict=True))
        return x_m, y_m, share, row


def _points_in(shape: Any) -> tuple[Floats, Floats]:
    """Middles of the cells of a square lattice over an area that lie in it; one point of it where none does."""
    import shapely

    west, south, east, north = shape.bounds
    step_m = max(min(_STEP_M, (shape.area / _LEAST) ** 0.5), (shape.area / _MOST) ** 0.5, 1e-3)
    columns, rows = (max(int(np.ceil(span / step_m - 1e-6)), 1) for span in (east - west, north - south))
    x_m, y_m = np.meshgrid(
        west + (np.arange(columns) + 0.5) * (east - west) / columns,
        south + (np.arange(rows) + 0.5) * (north - south) / rows,
    )
    x_m, y_m = x_m.ravel(), y_m.ravel()
    inside = shapely.contains_xy(shape, x_m, y_m)
    if not inside.any():
        middle = shape.representative_point()
        return np.array([middle.x]), np.array([middle.y])
    return x_m[inside], y_m[inside]


def amounts_of(name: str, column: str, tables: Mapping[str, Table], where: str) -> Floats:
    """(a,) float64: numbers of a table of areas, nan where it tells none.

    Raises
    ------
    TableError
        If the table lacks the column.
    """
    table = tables[name]
    if column not in table or table[column].dtype.kind != "f":
        had = ", ".join(sorted(set(table) - {"area", "west", "south", "east", "north"})) or "none"
        raise TableError(
            f"the table {name!r} has no numbers {column!r}",
            where=where,
            mend=f"map the people under columns: {{{column}: 人口（総数）}}; numbers it has: {had}",
        )
    return np.asarray(table[column], np.float64)


def areas_of(name: str, tables: Mapping[str, Table], crs: str) -> Areas:
    """Areas of a table, in the metres of a city.

    Raises
    ------
    TableError
        If the table is missing or is none of areas.
    """
    import shapely

    table = tables.get(name)
    if table is None or not {"area", "west", "south", "east", "north"} <= table.keys():
        raise TableError(
            f"the table {name!r} holds no areas" if table is not None else f"there is no table {name!r}",
            where=f"tables.{name}",
            mend="declare it with mesh: true (grid squares) or areas: FIELD (polygons)",
        )
    names = np.asarray(table["area"], np.str_)
    outline = tables.get(name + OUTLINE)
    if outline is None:
        west, south, east, north = (np.asarray(table[side], np.float64) for side in ("west", "south", "east", "north"))
        lon, lat = np.stack([west, east, east, west], 1), np.stack([south, south, north, north], 1)
        x_m, y_m = project(crs, lon.ravel(), lat.ravel())
        corners = np.stack([x_m, y_m], 1).reshape(-1, 4, 2)
        return Areas(names, np.array([shapely.Polygon(ring) for ring in corners], object))
    x_m, y_m = project(crs, np.asarray(outline["lon"], np.float64), np.asarray(outline["lat"], np.float64))
    part, ring = np.asarray(outline["part"], np.int64), np.asarray(outline["ring"], np.int64)
    starts = np.flatnonzero(np.r_[True, (np.diff(part) != 0) | (np.diff(ring) != 0)])
    rings: dict[int, list[NDArray[np.float64]]] = {}
    row_of = {}
    for start, points in zip(starts, np.split(np.stack([x_m, y_m], 1), starts[1:]), strict=True):
        rings.setdefault(int(part[start]), []).append(points)
        row_of[int(part[start])] = int(outline["row"][start])
    pieces: list[list[Any]] = [[] for _ in names]
    for key, found in rings.items():
        pieces[row_of[key]].append(shapely.Polygon(found[0], found[1:]))
    return Areas(names, np.array([shapely.union_all(one) for one in pieces], object))
