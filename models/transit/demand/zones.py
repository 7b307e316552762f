"""Zones that are served apart, and stops that no street joins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from twin.arrays import Floats, Ints
from twin.city.city import Place
from twin.errors import ScenarioError
from twin.models.transit.params import TransitParams

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
    """Prefixes of the ids of all stops served."""
    return params.area or tuple(prefix for zone in params.zones.values() for prefix in zone.area)


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
