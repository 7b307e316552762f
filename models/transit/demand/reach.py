"""Bookings of a table between stops that no street joins: counted and named before the first step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.city.city import Place
from twin.errors import TableError
from twin.models.transit.demand.zones import groups_of
from twin.models.transit.fleet.rows import Requests

#: Trips and groups of stops that a message names.
_NAMED = 5


def without_way(requests: Requests, between_s: Floats) -> NDArray[np.intp]:
    """Rows of requests whose trip no street allows.

    Parameters
    ----------
    requests
        As :func:`~twin.models.transit.demand.requests.make_requests` gives them.
    between_s : (s, s) float64
        Seconds from stop to stop; infinite without a way.
    """
    return np.flatnonzero(~np.isfinite(between_s[requests["origin"], requests["destination"]]))


def told(requests: Requests, rows: NDArray[np.intp], stops: Sequence[Place]) -> str:
    """How many bookings have no way, and between which stops the most of them."""
    pairs: dict[tuple[int, int], int] = {}
    for origin, destination in requests[["origin", "destination"]][rows].tolist():
        pairs[origin, destination] = pairs.get((origin, destination), 0) + 1
    most = sorted(pairs.items(), key=lambda pair: (-pair[1], stops[pair[0][0]].id, stops[pair[0][1]].id))
    named = "; ".join(f"{number} from {stops[o].id} to {stops[d].id}" for (o, d), number in most[:_NAMED])
    more = f"; {len(most) - _NAMED} pairs of stops more" if len(most) > _NAMED else ""
    return f"{len(rows)} of {len(requests)} bookings in the clock have no way by road: {named}{more}"


def refuse_unjoined_bookings(requests: Requests, between_s: Floats, stops: Sequence[Place], table: str) -> None:
    """Refuse bookings of a table between stops without a way by road.

    Raises
    ------
    TableError
        Naming trips, their numbers, and the groups of stops that streets join.
    """
    rows = without_way(requests, between_s)
    if not rows.size:
        return
    used = np.unique(np.concatenate([requests["origin"], requests["destination"]]))
    groups = groups_of(stops, between_s, used)
    joined = "; ".join(f"{len(group)} stops like {stops[group[0]].id}" for group in groups[:_NAMED])
    more = f"; {len(groups) - _NAMED} groups more" if len(groups) > _NAMED else ""
    raise TableError(
        f"{told(requests, rows, stops)}; streets join the stops of the table only among themselves: {joined}{more}",
        where=f"tables.{table}",
        mend="correct the stops of these rows, or take the closed street back; transit.demand.allow_unreachable: true "
        "asks for such trips, and refuses them one by one",
    )
