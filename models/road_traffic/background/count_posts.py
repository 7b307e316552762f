"""Traffic counts of a table, brought to the links of the drive layer on which they were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.city.city import City, StreetLayer
from twin.city.reading.projection import project
from twin.errors import Problem, TableError

Columns = Mapping[str, NDArray[np.generic]]

#: A post lies at most this far from its street.
REACH_M = 50.0
_DAY_S = 86400.0
#: Words for the direction of travel -> unit vector east, north.
_WAYS: dict[str, tuple[float, float]] = {
    word: way
    for words, way in (
        (("north", "n", "北", "北行"), (0.0, 1.0)),
        (("east", "e", "東", "東行"), (1.0, 0.0)),
        (("south", "s", "南", "南行"), (0.0, -1.0)),
        (("west", "w", "西", "西行"), (-1.0, 0.0)),
    )
    for word in words
}
#: A link goes a direction if it is within 60 degrees of it.
_LEAST_COSINE = 0.5


@dataclass(frozen=True, eq=False)
class CountPosts:
    """Counts of a day on sets of links.

    Attributes
    ----------
    count : (k,) float64
        Vehicles in the span of each count.
    span_s : (k, 2) float64
        From and to, seconds of the day.
    links : tuple of arrays
        Links that each post counts together.
    """

    count: Floats
    span_s: Floats
    links: tuple[NDArray[np.int64], ...]


def read_posts(name: str, table: Columns, city: City) -> CountPosts:
    """Posts of a table.

    Parameters
    ----------
    name
        Of the table, for messages.
    table
        Columns ``lat``, ``lon``, ``count``; optionally ``street``, ``direction``, ``from_s``, ``to_s``.

    Raises
    ------
    TableError
        With every row whose count is wrong or whose street is not there.
    """
    missing = [c for c in ("lat", "lon", "count") if c not in table]
    if missing:
        raise TableError(
            f"the table of counts {name!r} has no column {', '.join(missing)}",
            where=f"tables.{name}",
            mend="columns lat, lon, count; street, direction, from_s, to_s if wanted",
        )
    rows = len(table["count"])
    numbers = {c: np.asarray(table[c], np.float64) for c in ("lat", "lon", "count")}
    span_s = np.column_stack(
        [
            np.asarray(table[c], np.float64) if c in table else np.full(rows, usual)
            for c, usual in (("from_s", 0.0), ("to_s", _DAY_S))
        ]
    )
    words = {
        c: np.asarray(table[c]).astype(str).tolist() if c in table else [""] * rows for c in ("street", "direction")
    }
    segments = _Segments.of(city.drive)
    links, problems = [], []
    for row in range(rows):
        fault = _fault(numbers, span_s[row], row)
        found: NDArray[np.int64] = np.empty(0, np.int64)
        if not fault:
            x, y = project(city.crs, numbers["lon"][row], numbers["lat"][row])
            found, fault = segments.links_at(
                city.drive, float(x), float(y), words["street"][row].strip(), words["direction"][row].strip().lower()
            )
        if fault:
            problems.append(Problem(fault, f"{name}, row {row + 1}"))
        links.append(found)
    if problems:
        raise TableError.of(problems, name)
    return CountPosts(numbers["count"], span_s, tuple(links))


def _fault(numbers: dict[str, Floats], span_s: Floats, row: int) -> str:
    count, lat, lon = (float(numbers[c][row]) for c in ("count", "lat", "lon"))
    if not (np.isfinite(count) and count >= 0):
        return f"count must be a number of at least 0, got {count:g}"
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return f"lat and lon must be degrees, got {lat:g} and {lon:g}"
    if not 0 <= span_s[0] < span_s[1] <= _DAY_S:
        return f"from_s and to_s must lie in one day, the first before the last, got {span_s[0]:g} and {span_s[1]:g}"
    return ""


@dataclass(frozen=True, eq=False)
class _Segments:
    """Straight pieces of all links."""

    link: NDArray[np.int64]
    x_m: Floats
    y_m: Floats
    dx_m: Floats
    dy_m: Floats

    @classmethod
    def of(cls, layer: StreetLayer) -> _Segments:
        inside = np.ones(max(len(layer.vertex_x_m) - 1, 0), np.bool_)
        inside[layer.vertex_ptr[1:-1] - 1] = False  # from the end of one link to the start of the next
        link = np.repeat(np.arange(layer.link_count), np.diff(layer.vertex_ptr) - 1)
        dx, dy = np.diff(layer.vertex_x_m)[inside], np.diff(layer.vertex_y_m)[inside]
        return cls(link, layer.vertex_x_m[:-1][inside], layer.vertex_y_m[:-1][inside], dx, dy)

    def links_at(
        self, layer: StreetLayer, x_m: float, y_m: float, street: str, direction: str
    ) -> tuple[NDArray[np.int64], str]:
        """Links counted at a point, and what is wrong if there is none."""
        none = np.empty(0, np.int64)
        if direction and direction not in _WAYS:
            return none, f"direction {direction!r} is none of north, east, south, west"
        usable = np.ones(len(self.link), np.bool_)
        if street:
            wanted = layer.aliases.get(street, street)
            if wanted not in layer.names:
                return none, f"there is no street {street!r}"
            usable = layer.name_index[self.link] == layer.names.index(wanted)
        length = np.maximum(np.hypot(self.dx_m, self.dy_m), 1e-9)
        along = ((x_m - self.x_m) * self.dx_m + (y_m - self.y_m) * self.dy_m) / length**2
        share = np.clip(along, 0.0, 1.0)
        away_m = np.hypot(self.x_m + share * self.dx_m - x_m, self.y_m + share * self.dy_m - y_m)
        usable &= away_m <= REACH_M
        ways = [_WAYS[direction]] if direction else []
        if not direction and usable.any():
            nearest = int(np.argmin(np.where(usable, away_m, np.inf)))
            way = (float(self.dx_m[nearest] / length[nearest]), float(self.dy_m[nearest] / length[nearest]))
            ways = [way, (-way[0], -way[1])]
        found = []
        for east, north in ways:
            this_way = usable & ((self.dx_m * east + self.dy_m * north) / length >= _LEAST_COSINE)
            if this_way.any():
                found.append(int(self.link[np.argmin(np.where(this_way, away_m, np.inf))]))
        if not found:
            words = f"link of {street}" if street else "link"
            way_words = f" that goes {direction}" if direction else ""
            return none, f"no {words}{way_words} lies within {REACH_M:g} m of the post"
        return np.unique(found).astype(np.int64), ""
