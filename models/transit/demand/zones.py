"""Zones that are served apart, and stops that no street joins."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from twin.arrays import Floats, Ints
from twin.city.areas import Table, areas_of
from twin.city.city import Place
from twin.errors import ScenarioError
from twin.models.transit.params import TransitParams

#: Attribute of a stop: the zone whose areas it lies in.
ZONE = "zone"
#: Groups of stops that a message names.
_NAMED = 5


@dataclass(frozen=True)
class Zones:
    """Which zone each stop lies in.

    Attributes
    ----------
    names
        As the scenario gives them; one without a name if it gives none.
    of_stop : (s,) int32
        Zone of each stop.
    """

    names: tuple[str, ...]
    of_stop: Ints

    def members(self, zone: int) -> NDArray[np.intp]:
        """Stops of a zone."""
        return np.flatnonzero(self.of_stop == zone)

    def apart(self) -> NDArray[np.bool_]:
        """(s, s) bool: pairs of stops that lie in different zones."""
        return self.of_stop[:, None] != self.of_stop[None, :]


def area_of(params: TransitParams) -> tuple[str, ...]:
    """Prefixes of the ids of all stops served; none where zones are areas of a table."""
    if params.zones_table is not None:
        return ()
    return params.area or tuple(prefix for zone in params.zones.values() for prefix in zone.area)


def in_areas(params: TransitParams, stops: Sequence[Place], tables: Mapping[str, Table], crs: str) -> tuple[Place, ...]:
    """Stops in the areas that zones name, each with the name of its zone; all as they are without such zones.

    A stop on the border of two areas belongs to the first by name, as it stands in one place only.

    Raises
    ------
    ScenarioError
        If an area is none of the table or is named by two zones, or if no stop lies in a zone.
    """
    if params.zones_table is None:
        return tuple(stops)
    areas = areas_of(params.zones_table, tables, crs)
    known = {str(name): row for row, name in enumerate(areas.names)}
    zone_of = np.full(len(areas.names), -1, np.int32)
    for number, (name, zone) in enumerate(params.zones.items()):
        for area in zone.inside:
            if area not in known:
                close = difflib.get_close_matches(area, known, 3, 0.5) or sorted(known)[:5]
                raise ScenarioError(
                    f"zone {name} names the area {area!r}, which is none of table {params.zones_table}",
                    where="transit.zones",
                    mend=f"areas there are, for example: {', '.join(close)}",
                )
            if zone_of[known[area]] >= 0:
                raise ScenarioError(
                    f"the area {area} lies in two zones", where="transit.zones", mend="name it in one of them"
                )
            zone_of[known[area]] = number
    mine = areas.kept(zone_of >= 0)
    row = mine.rows_at(np.array([stop.x_m for stop in stops]), np.array([stop.y_m for stop in stops]))
    names, of_area = list(params.zones), zone_of[zone_of >= 0]
    kept = tuple(
        replace(stop, attributes={**stop.attributes, ZONE: names[of_area[place]]})
        for stop, place in zip(stops, row.tolist(), strict=True)
        if place >= 0
    )
    empty = [name for number, name in enumerate(names) if not any(stop.attributes[ZONE] == name for stop in kept)]
    if empty:
        raise ScenarioError(
            f"no stop lies in zone {empty[0]} ({', '.join(params.zones[empty[0]].inside[:5])})",
            where="transit.zones",
            mend="areas of another city? name areas that the map covers, or lay stops there with transit.stops",
        )
    return kept


def zones_of(params: TransitParams, stops: Sequence[Place]) -> Zones:
    """Zones of stops.

    Raises
    ------
    ScenarioError
        If a stop lies in two zones, or in none.
    """
    if not params.zones:
        return Zones(("",), np.zeros(len(stops), np.int32))
    names = tuple(params.zones)
    out = np.empty(len(stops), np.int32)
    for row, stop in enumerate(stops):
        if params.zones_table is not None:
            out[row] = names.index(str(stop.attributes[ZONE]))
            continue
        mine = [k for k, name in enumerate(names) if stop.id.startswith(params.zones[name].area)]
        if len(mine) != 1:
            where = " and ".join(names[k] for k in mine) or "no zone"
            raise ScenarioError(
                f"stop {stop.id} lies in {where}",
                where="transit.zones",
                mend="give every zone prefixes of ids of its own, for example [osaka_ikuno_hirano/stop/ikuno-]",
            )
        out[row] = mine[0]
    return Zones(names, out)


def zones_of_vans(params: TransitParams, count: int) -> Ints:
    """Zone of each van: the next one goes where the most weight stands per van (Sainte-Laguë).

    One van more leaves all others in their zones.

    Returns
    -------
    (count,) int32
    """
    weight = np.array([zone.fleet_weight for zone in params.zones.values()] or [1.0])
    given = np.zeros(len(weight))
    out = np.empty(count, np.int32)
    for van in range(count):
        out[van] = np.argmax(weight / (2 * given + 1))
        given[out[van]] += 1
    return out


def refuse_unjoined(stops: Sequence[Place], between_s: Floats, zones: Zones, weights: Floats) -> None:
    """Refuse trips that would be drawn between stops without a way by road.

    Parameters
    ----------
    between_s : (s, s) float64
        Seconds from stop to stop; infinite without a way.
    weights : (s,) float64
        How likely trips begin and end there; stops without any are not asked for.

    Raises
    ------
    ScenarioError
        Naming the groups of stops that no streets join.
    """
    used = weights > 0
    asked = used[:, None] & used[None, :] & ~zones.apart()
    lost = asked & ~np.isfinite(between_s)
    if not lost.any():
        return
    origin, destination = np.argwhere(lost)[0]
    likely = weights[:, None] * weights[None, :]
    share = float(likely[lost].sum() / likely[asked].sum())
    groups = groups_of(stops, between_s, np.flatnonzero(used))
    told = "; ".join(f"{len(rows)} stops like {stops[rows[0]].id}" for rows in groups[:_NAMED])
    more = f"; {len(groups) - _NAMED} groups more" if len(groups) > _NAMED else ""
    largest = stops[groups[0][0]].id.split("/", 1)[0] + "/"
    raise ScenarioError(
        f"about {100 * share:.2g} % of the trips that would be drawn have no way by road, for example from "
        f"{stops[origin].id} to {stops[destination].id}; streets join these stops only among themselves: {told}{more}",
        where="transit",
        mend=f"set transit.area to stops that streets join, for example [{largest}], or give transit.zones; "
        "transit.demand.allow_unreachable: true asks for such trips, and refuses them one by one",
    )


def groups_of(stops: Sequence[Place], between_s: Floats, rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Groups of stops each of which reaches all others of its group and is reached by them, the largest first."""
    joined = np.isfinite(between_s[np.ix_(rows, rows)])
    label = connected_components(csr_array(joined), directed=True, connection="strong")[1]
    groups = [rows[label == k] for k in range(int(label.max(initial=-1)) + 1)]
    return sorted(groups, key=lambda group: (-len(group), stops[group[0]].id))
