"""Areas of a table (grid squares, wards, 町丁目) as zones of the gravity model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twin.city.areas import Table, amounts_of, areas_of
from twin.city.city import City, Place
from twin.city.routing.parts import nodes_of_long_parts
from twin.errors import TableError
from twin.models.road_traffic.gravity.params import GravityParams

#: Ground farther than this from every street that cars drive belongs to another map (G: a block and a half).
_REACH_M = 300.0
#: Streets that hang together for cars count where they are as long as this share of the longest such part (G).
_LEAST_PART = 0.05
_WHERE = "road_traffic.background.gravity"


def zones_of_areas(name: str, column: str, city: City, tables: Mapping[str, Table]) -> list[Place]:
    """A zone for each area with people on the map, at the street crossing in the middle of them.

    People of an area lie evenly on its ground; those of them whose ground is on the map count, so that an area that the
    map's border cuts has a part of its people.

    Raises
    ------
    TableError
        If the table is none of areas, lacks the column, or none of its people live on the map.
    """
    from scipy.spatial import cKDTree

    areas = areas_of(name, tables, city.crs)
    amount = np.nan_to_num(amounts_of(name, column, tables, f"{_WHERE}.residents_column"))
    drive = city.drive
    nodes = np.flatnonzero(nodes_of_long_parts(drive, "car", _LEAST_PART))
    x_m, y_m, share, row = areas.spread(amount)
    near = np.zeros(len(x_m), np.bool_)
    if len(nodes) and len(x_m):
        tree = cKDTree(np.column_stack([drive.x_m[nodes], drive.y_m[nodes]]))
        near = tree.query(np.column_stack([x_m, y_m]))[0] <= _REACH_M
    if not near.any():
        raise TableError(
            f"nobody of table {name} lives on the map, of {amount.sum():,.0f} people",
            where=f"{_WHERE}.residents_table",
            mend="a table of another city? give the squares or areas that this map covers",
        )
    zones = []
    for area in np.unique(row[near]).tolist():
        mine = near & (row == area)
        middle = np.array([np.average(x_m[mine]), np.average(y_m[mine])])
        node = int(nodes[tree.query(middle)[1]])
        where = float(drive.x_m[node]), float(drive.y_m[node]), float(drive.lon_deg[node]), float(drive.lat_deg[node])
        people = float(share[mine].sum())
        id_ = f"{city.name}/zone/{areas.names[area]}"
        zones.append(Place(id_, "zone", str(areas.names[area]), "", *where, node, -1, {"population": people}))
    return zones


def told_of_residents(params: GravityParams | None, city: City, tables: Mapping[str, Table]) -> tuple[str, ...]:
    """A line on how many people of the table live on the map; nothing without such a table."""
    if params is None or params.residents_table is None:
        return ()
    name, column = params.residents_table, params.residents_column
    zones = zones_of_areas(name, column, city, tables)
    people = sum(float(zone.attributes["population"]) for zone in zones)
    total = float(np.nansum(amounts_of(name, column, tables, _WHERE)))
    return (
        f"background cars: {people:,.0f} of {total:,.0f} people of table {name} live on the map, in {len(zones)} areas",
    )
