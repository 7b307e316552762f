"""Stops that transit serves: of the map, of a table, or laid on a mesh over the streets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City, Place
from twin.city.reading.projection import project
from twin.city.routing.parts import nodes_of_long_parts
from twin.city.routing.ways import nearest_node
from twin.errors import CityError, Problem, TableError
from twin.models.transit.params import Stops

#: A stop of a table farther than this from any street is taken for a mistake.
_REACH_M = 150.0
#: Streets that hang together for vans get stops of a mesh where they are as long as this share of the longest such part
#: (G: a district of its own is longer, a corner shut off by signs is shorter).
_LEAST_PART = 0.05
Table = Mapping[str, NDArray[np.generic]]


def find_stops(city: City, params: Stops, area: Sequence[str], tables: Mapping[str, Table]) -> tuple[Place, ...]:
    """Stops in the order of their ids; with an ``area`` those whose id begins with one of its prefixes.

    Raises
    ------
    CityError
        If there is no stop, a prefix fits none, or a stop is not on a street.
    TableError
        If the table of stops is missing or a row of it is wrong.
    """
    if params.table is not None:
        places = _from_table(city, params.table, tables)
    elif params.mesh_m is not None:
        places = _on_mesh(city, params.mesh_m)
    else:
        places = city.places_of("stop")
    if not places:
        raise CityError(
            f"the city {city.name} has no stops",
            where="transit.stops",
            mend="name a table of stops, or lay virtual stops with transit.stops.mesh: 300 m",
        )
    for prefix in area:
        if not any(place.id.startswith(prefix) for place in places):
            known = ", ".join(sorted({place.id.rsplit("/", 1)[0] + "/" for place in places}))
            raise CityError(
                f"no stop's id begins with {prefix!r}", where="transit.area", mend=f"stops there are: {known}"
            )
    stops = sorted((p for p in places if not area or p.id.startswith(tuple(area))), key=lambda p: p.id)
    for stop in stops:
        if stop.drive_node < 0:
            raise CityError(
                f"stop {stop.id} lies on no street that vans can drive",
                where="transit.area",
                mend="leave it out of transit.area, or use a map with a drive layer",
            )
    return tuple(stops)


def id_text(value: np.generic) -> str:
    """Id as written in a table: a column of whole numbers may come as 12.0 and means 12."""
    if isinstance(value, np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def nearest_stop(stops: Sequence[Place], place: Place) -> tuple[int, float]:
    """Row of the stop nearest to a place as the crow flies, and how far it is in metres."""
    off_m = np.hypot(
        np.array([stop.x_m for stop in stops]) - place.x_m, np.array([stop.y_m for stop in stops]) - place.y_m
    )
    return int(off_m.argmin()), float(off_m.min())


def _place_at(city: City, node: int, id_: str, name_ja: str = "") -> Place:
    """A stop at a node of the drive layer."""
    x_m, y_m, lon_deg, lat_deg = (
        float(values[node]) for values in (city.drive.x_m, city.drive.y_m, city.drive.lon_deg, city.drive.lat_deg)
    )
    return Place(id_, "stop", name_ja, "", x_m, y_m, lon_deg, lat_deg, drive_node=node, walk_node=-1)


def _on_mesh(city: City, mesh_m: float) -> list[Place]:
    """In every cell of a square mesh the crossing that is nearest to its middle, if it has any.

    Only crossings that vans can come to and leave: streets over the edge of a map may run one way, and a corner may be
    shut off by signs.
    """
    x_m, y_m = city.drive.x_m, city.drive.y_m
    if not len(x_m):
        return []
    served = nodes_of_long_parts(city.drive, "van", _LEAST_PART)
    column = np.floor((x_m - x_m.min()) / mesh_m).astype(np.int64)
    row = np.floor((y_m - y_m.min()) / mesh_m).astype(np.int64)
    off_m = np.hypot(x_m - x_m.min() - (column + 0.5) * mesh_m, y_m - y_m.min() - (row + 0.5) * mesh_m)
    nearest: dict[tuple[int, int], int] = {}
    for node in np.lexsort((np.arange(len(x_m)), off_m)):
        if not served[node]:
            continue
        nearest.setdefault((int(row[node]), int(column[node])), int(node))
    return [_place_at(city, node, f"{city.name}/stop/r{r:03d}c{c:03d}") for (r, c), node in sorted(nearest.items())]


def _from_table(city: City, name: str, tables: Mapping[str, Table]) -> list[Place]:
    """Stops of a table with id, lat, lon and, if known, name; each goes to its nearest crossing."""
    table = _columns(name, tables)
    lat_deg, lon_deg = (np.asarray(table[column], np.float64) for column in ("lat", "lon"))
    sound = (np.abs(lat_deg) <= 90) & (np.abs(lon_deg) <= 180)
    problems = [
        Problem(f"lat {lat_deg[row]:g}, lon {lon_deg[row]:g} is no place on earth", f"tables.{name}, row {row + 1}")
        for row in np.flatnonzero(~sound)
    ]
    if problems:
        raise TableError.of(problems, f"tables.{name}")
    ids = [f"{city.name}/stop/{id_text(id_)}" for id_ in table["id"]]
    x_m, y_m = project(city.crs, lon_deg, lat_deg)
    nodes = nearest_node(city.drive, x_m, y_m)
    off_m = np.hypot(city.drive.x_m[nodes] - x_m, city.drive.y_m[nodes] - y_m)
    seen: set[str] = set()
    for row, id_ in enumerate(ids):
        where = f"tables.{name}, row {row + 1}"
        if id_ in seen:
            problems.append(Problem(f"stop {id_} stands twice", where, "give each its own id"))
        seen.add(id_)
        if off_m[row] > _REACH_M:
            what = f"stop {id_} lies {off_m[row]:.0f} m from the nearest street"
            problems.append(Problem(what, where, "correct its lat and lon, or use a map that reaches it"))
    if problems:
        raise TableError.of(problems, f"tables.{name}")
    names = table["name"] if "name" in table else np.full(len(ids), "")
    return [_place_at(city, int(node), id_, str(ja)) for node, id_, ja in zip(nodes, ids, names, strict=True)]


def _columns(name: str, tables: Mapping[str, Table]) -> Table:
    if name not in tables:
        raise TableError(
            f"transit.stops.table names the table {name!r}, which the scenario does not declare",
            where="transit.stops.table",
            mend=f"declare it under tables; declared: {', '.join(sorted(tables)) or 'none'}",
        )
    missing = [column for column in ("id", "lat", "lon") if column not in tables[name]]
    if missing:
        raise TableError(
            f"the table {name!r} lacks the columns {', '.join(missing)}",
            where=f"tables.{name}",
            mend=f"map them under columns; the table has {', '.join(sorted(tables[name]))}",
        )
    return tables[name]
