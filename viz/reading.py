"""What can be read off what moves and stands: rides and promises of vans, waits at stops, service of footpaths.

All of it comes from the tables of the run; nothing is worked out anew but the density on a footpath, which is the
person-seconds of a period over its length and the area of the path.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.columns import BODIES
from twin.viz.markings import lines_of
from twin.viz.packs import DEGREE_STEP, SECOND_STEP, pack_columns, steps_of
from twin.viz.run_view import Columns, RunView
from twin.viz.shapes import Frame
from twin.viz.street_pairs import pair_of_each

#: Upper bounds of the levels A to E on walkways, people per square metre (Fruin 1971: 3.24, 2.32, 1.39, 0.93 and
#: 0.46 m2 a person); above is F.
SERVICE_BOUNDS = (0.309, 0.431, 0.719, 1.075, 2.17)
#: Colours of the levels, light to dark, to be told apart without hue (cividis, Nunez, Anderton and Renslow 2018).
SERVICE_COLORS = ("#FEE838", "#D2C060", "#A59C74", "#7D7C78", "#4E576C", "#00224E")
_LINK_TABLE, _REQUESTS, _STOPS = "pedestrian_links", "transit_requests", "transit_stops"


def add_reading(run: RunView, origin: tuple[float, float], packs: dict[str, Any]) -> dict[str, Any]:
    """Add packs ``rides`` and ``service``; returns what the page must know of them."""
    facts: dict[str, Any] = {"stops": [], "service": None, "vans": []}
    facts["vans"] = _vans(run)
    requests, stops = run.tables.get(_REQUESTS), run.tables.get(_STOPS)
    if requests is not None and stops is not None and len(requests["id"]) and len(stops["stop"]):
        packs["rides"] = _rides(run, requests)
        facts["stops"] = _stops(run, stops)
    links = run.tables.get(_LINK_TABLE)
    if links is not None and len(links["link_index"]) and len(run.walk.lanes):
        packs["service"], facts["service"] = _service(run, links, origin)
    return facts


def _vans(run: RunView) -> list[list[int]]:
    """Origin and serial of every van, in the order of their numbers from 1, and its seats; 0 where not known."""
    from twin.engine.ids import origins_of, serials_of

    shifts = run.tables.get("transit_shifts")
    ids = run.traces.id[run.traces.body == BODIES.index("van")]
    known = np.unique(ids if shifts is None else np.concatenate([ids, shifts["van"].astype(np.uint64)]))
    seats = dict.fromkeys(known.tolist(), 0)
    if shifts is not None:
        seats |= dict(zip(shifts["van"].tolist(), shifts["seats"].tolist(), strict=True))
    known = np.array(list(seats), np.uint64)
    of_each = zip(origins_of(known).tolist(), serials_of(known).tolist(), seats.values(), strict=True)
    return [[int(a), int(b), int(c)] for a, b, c in of_each]


def _rides(run: RunView, requests: Columns) -> dict[str, Any]:
    """Served requests, sorted by van and boarding."""
    ids = np.unique(np.concatenate([run.traces.id[run.traces.body == BODIES.index("van")], _shift_vans(run)]))
    pickup, dropoff = (requests[name].astype(np.float64) for name in ("pickup_s", "dropoff_s"))
    rows = np.flatnonzero(np.isfinite(pickup) & np.isfinite(dropoff) & np.isin(requests["van"].astype(np.uint64), ids))
    van = np.searchsorted(ids, requests["van"].astype(np.uint64)[rows])
    order = np.lexsort((pickup[rows], van))
    rows, van = rows[order], van[order]
    times = {
        name: steps_of(np.nan_to_num(requests[column].astype(np.float64)[rows], nan=-1e6), run.from_s, SECOND_STEP)
        for name, column in (
            ("since", "since_s"),
            ("pickup", "pickup_s"),
            ("dropoff", "dropoff_s"),
            ("by", "promised_dropoff_s"),
        )
    }
    plain = {name: requests[name][rows] for name in ("from_stop", "to_stop", "party")}
    return pack_columns({"van": van, **times, **plain})


def _shift_vans(run: RunView) -> NDArray[np.uint64]:
    shifts = run.tables.get("transit_shifts")
    return np.empty(0, np.uint64) if shifts is None else shifts["van"].astype(np.uint64)


def _stops(run: RunView, stops: Columns) -> list[dict[str, Any]]:
    """Stops by their number: names, and where they are; stops that are no place of the run are nowhere."""
    places = {place.id: place for place in run.places}
    out: list[dict[str, Any]] = [{} for _ in range(int(stops["stop_index"].max()) + 1)]
    for index, stop, ja, en in zip(
        *(stops[n].tolist() for n in ("stop_index", "stop", "name_ja", "name_en")), strict=True
    ):
        place = places.get(str(stop))
        at = [] if place is None else [round(place.lon_deg, 6), round(place.lat_deg, 6)]
        out[int(index)] = {"ja": str(ja or en or stop), "en": str(en or ja or stop), "at": at}
    return out


def _service(run: RunView, links: Columns, origin: tuple[float, float]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Level of service of every footpath over time: rows only where it changes, sorted by link and time."""
    frame = Frame(*origin)
    known = links["link_index"].astype(np.int64)
    clear_m = links["clear_width_m"].astype(np.float64)
    known = np.flatnonzero((known >= 0) & (known < len(run.walk.lanes)) & (clear_m > 0))
    # Both directions of a footpath share its width.
    link = pair_of_each(run.walk)[links["link_index"].astype(np.int64)[known]]
    period_s = _period(links["from_s"].astype(np.float64)[known])
    both = np.column_stack([link, np.rint(links["from_s"].astype(np.float64)[known])])
    rows, which = np.unique(both, axis=0, return_inverse=True)
    person_s = np.bincount(which.ravel(), weights=links["person_s"].astype(np.float64)[known])
    width_m = np.zeros(len(rows))
    np.maximum.at(width_m, which.ravel(), clear_m[known])
    link, from_s = rows[:, 0].astype(np.int64), rows[:, 1]
    length_m = np.maximum(shapely.length(lines_of(run.walk, frame))[link], 1.0)
    density = person_s / (period_s * width_m * length_m)
    level = np.searchsorted(SERVICE_BOUNDS, density, side="left")
    # A footpath that no row tells of in a period has nobody on it.
    gone = np.append((link[1:] != link[:-1]) | (from_s[1:] > from_s[:-1] + 1.5 * period_s), True)
    ends = np.flatnonzero(gone)
    link = np.concatenate([link, link[ends]])
    time_s = np.concatenate([from_s, from_s[ends] + period_s])
    level = np.concatenate([level + 1, np.zeros(len(ends), np.int64)])
    order = np.lexsort((time_s, link))
    link, time_s, level = link[order], time_s[order], level[order]
    new = np.append(True, (np.diff(link) != 0) | (np.diff(level) != 0))
    shown, row = np.unique(link[new], return_inverse=True)
    ptr, lon, lat = _shapes(run, shown)
    pack = {
        "start": ptr,
        "lon": steps_of(lon, origin[0], DEGREE_STEP),
        "lat": steps_of(lat, origin[1], DEGREE_STEP),
        "row": row,
        "time": np.rint(time_s[new] - run.from_s),
        "level": level[new],
        "width_cm": np.rint(np.maximum(1.2, _width(run)[shown]) * 100),
    }
    facts = {"period_s": period_s, "bounds": list(SERVICE_BOUNDS), "colors": list(SERVICE_COLORS)}
    return pack_columns(pack), facts


def _period(from_s: Floats) -> float:
    steps = np.diff(np.unique(from_s))
    return float(steps.min()) if len(steps) else 900.0


def _width(run: RunView) -> Floats:
    return np.full(len(run.walk.lanes), 2.5) if run.walk.width_m is None else np.nan_to_num(run.walk.width_m, nan=2.5)


def _shapes(run: RunView, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats, Floats]:
    count = np.diff(run.walk.vertex_ptr)[rows]
    ptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    at = np.repeat(run.walk.vertex_ptr[:-1][rows], count) + np.arange(ptr[-1]) - np.repeat(ptr[:-1], count)
    return ptr, run.walk.lon_deg[at], run.walk.lat_deg[at]
