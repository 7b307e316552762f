"""Requests, known by id before they act: from a table of bookings, or drawn by hour, stop and person.

A drawn request is the k-th of its hour. Everything about it is a function of that name, so a fleet, a promise or
one request more changes nobody's luck. The number of an hour is Poisson; raising its mean only adds requests.
"""

from __future__ import annotations

import difflib
import hashlib
import logging
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Bytes, Floats, Ints
from twin.city.city import City, Place
from twin.engine.draws import event, make_stream, poisson_count, uniforms
from twin.engine.ids import SERIALS, Kind, make_id, make_ids
from twin.errors import CityError, Problem, ScenarioError, TableError
from twin.models.transit.demand.residents import residents_at
from twin.models.transit.demand.stops import id_text
from twin.models.transit.demand.zones import Zones, zones_of
from twin.models.transit.fleet.rows import AGE_GROUPS, Requests, Words, new_requests
from twin.models.transit.params import Demand, Riders, TransitParams
from twin.models.transit.service.booking import BOOKING_COLUMNS, book, book_table

_LOG = logging.getLogger(__name__)
_HOUR_S = 3600.0
_DAY_HOURS = 24
#: Zones and stations farther than this from every stop belong to another area of the city.
_REACH_M = 1000.0
Table = Mapping[str, NDArray[np.generic]]


def make_requests(
    params: TransitParams,
    city: City,
    stops: Sequence[Place],
    tables: Mapping[str, Table],
    run_seed: np.uint64,
    start_s: float,
    end_s: float,
) -> Requests:
    """All requests asked between the start of the clock and the end of demand, both included.

    Raises
    ------
    TableError
        If the table of requests is missing or a row of it names no stop.
    """
    name = params.demand.table
    if name is None:
        ids, asked_s, origin, destination = _drawn(params, city, stops, tables, run_seed, start_s, end_s)
        party = age_group = None
        extra = None
    else:
        if name not in tables:
            raise TableError(
                f"transit.demand.table names the table {name!r}, which the scenario does not declare",
                where="transit.demand.table",
                mend=f"declare it under tables; declared: {', '.join(sorted(tables)) or 'none'}",
            )  # fmt: skip
        zones = zones_of(params, stops)
        ids, asked_s, origin, destination, party, age_group, extra = _read(
            name, tables[name], stops, zones, start_s, end_s
        )
    made = _with_riders(params, ids, asked_s, origin, destination, party, age_group, run_seed)
    has_places = any(one.wheelchair_spaces > 0 for one in params.fleet.types.values())
    if extra is None:
        return book(made, params.booking, run_seed, has_places=has_places)
    order = np.lexsort((ids, asked_s))
    extra = {column: values[order] for column, values in extra.items()}
    return book_table(made, extra, params.booking, has_places=has_places)


def stop_weights(
    demand: Demand, city: City, stops: Sequence[Place], tables: Mapping[str, Table] | None = None
) -> Floats:
    """How likely a trip begins or ends at each stop; they sum to 1.

    Residents of a zone are spread evenly over the stops that lie nearest to it (or its nearest stop, if none
    does); riders of a station count at its nearest stop. Zones and stations beyond a kilometre from every stop do
    not count. Where the map has neither, all stops are alike. A stop's own ``attraction`` multiplies what it has.
    Residents of a table of areas take the place of those of zones; see :func:`~.residents.residents_at`.
    """
    if not stops:
        return np.zeros(0)
    if demand.residents_table is not None:
        residents = residents_at(demand, tables or {}, city, stops).at_stop
    else:
        residents = _spread(city.places_of("zone"), "population", stops)
    riders = _spread(city.places_of("station"), "riders_per_day", stops, nearest_only=True)
    parts = [(1 - demand.station_share, residents), (demand.station_share, riders)]
    known = [(share, part / part.sum()) for share, part in parts if part.sum() > 0 and share > 0]
    weights = sum((share * part for share, part in known), np.zeros(len(stops))) if known else np.ones(len(stops))
    weights = weights * np.array([float(stop.attributes.get("attraction", 1.0)) for stop in stops])
    if not weights.sum() > 0:
        raise CityError(
            "no stop of transit has any weight, so that no trip can begin anywhere",
            mend="give population to zones near the stops, or set transit.demand.station_share to 0 %",
        )
    shares: Floats = weights / weights.sum()
    return shares


def _spread(places: Sequence[Place], key: str, stops: Sequence[Place], nearest_only: bool = False) -> Floats:
    """Amounts of places brought to stops."""
    weights = np.zeros(len(stops))
    having = [p for p in places if float(p.attributes.get(key, 0.0) or 0.0) > 0]
    if not having:
        return weights
    stop_x, stop_y = np.array([s.x_m for s in stops]), np.array([s.y_m for s in stops])
    x, y = np.array([p.x_m for p in having]), np.array([p.y_m for p in having])
    distance_m = np.hypot(stop_x[:, None] - x[None, :], stop_y[:, None] - y[None, :])
    owner = distance_m.argmin(axis=1)
    for i, place in enumerate(having):
        if distance_m[:, i].min() > _REACH_M:
            continue
        amount = float(place.attributes[key])
        mine = np.flatnonzero(owner == i)
        if nearest_only or not mine.size:
            mine = distance_m[:, i].argmin(keepdims=True)
        weights[mine] += amount / mine.size
    return weights


def _drawn(
    params: TransitParams,
    city: City,
    stops: Sequence[Place],
    tables: Mapping[str, Table],
    run_seed: np.uint64,
    start_s: float,
    end_s: float,
) -> tuple[Words, Floats, Ints, Ints]:
    """Ids, times, origins and destinations of drawn requests, zone by zone: a trip stays in its zone."""
    weights, zones = stop_weights(params.demand, city, stops, tables), zones_of(params, stops)
    parts = []
    places = _places(zones.names)
    for zone, name in enumerate(zones.names):
        mine = np.where(zones.of_stop == zone, weights, 0.0)
        if name and not mine.sum() > 0:
            raise ScenarioError(
                f"no stop of zone {name} has any weight, so that no trip can begin there",
                where="transit.zones",
                mend="give population to zones of the map near its stops, or leave the zone out",
            )
        ids, asked_s = _asked(params, name, places[name], run_seed, start_s, end_s)
        parts.append((ids, asked_s, *_ends(params.demand, mine, stops, ids, run_seed)))
    ids, asked_s, origin, destination = (np.concatenate(column) for column in zip(*parts, strict=True))
    return ids, asked_s, origin, destination


def _asked(
    params: TransitParams, zone: str, place: int, run_seed: np.uint64, start_s: float, end_s: float
) -> tuple[Words, Floats]:
    """Ids and times of the requests of one zone."""
    demand, per_day = params.demand, params.requests_per_day(zone)
    count_stream = make_stream(run_seed, "transit.request_count")
    profile = np.array(demand.hourly_profile) / sum(demand.hourly_profile)
    hours = range(int(start_s // _HOUR_S), int(end_s // _HOUR_S) + 1)
    id_parts = [np.zeros(0, np.uint64)]
    time_parts = [np.zeros(0)]
    for hour in hours:
        mean = float(per_day * profile[hour % _DAY_HOURS])
        slot = int(make_id(Kind.DEMAND_SLOT, place << 8 | hour, 0))
        count = poisson_count(count_stream, slot, mean) if mean > 0 else 0
        ids = make_ids(Kind.REQUEST, place << 8 | hour, count)
        id_parts.append(ids)
        time_parts.append((hour + _uniform(run_seed, "transit.asked", ids)) * _HOUR_S)
    ids, asked_s = np.concatenate(id_parts), np.concatenate(time_parts)
    kept = (asked_s >= start_s) & (asked_s <= end_s)
    return ids[kept], asked_s[kept]


def _places(zones: Sequence[str]) -> dict[str, int]:
    """Number of each zone in the ids of its requests: from its name, so that another zone moves nobody; 0 for none."""
    out: dict[str, int] = {}
    for zone in sorted(zones):
        number = 1 + int.from_bytes(hashlib.blake2b(zone.encode(), digest_size=2).digest(), "little") % 0xFFFE
        while number in out.values():
            number = 1 + number % 0xFFFE
        out[zone] = number if zone else 0
    return out


def _ends(
    demand: Demand, weights: Floats, stops: Sequence[Place], ids: Words, run_seed: np.uint64
) -> tuple[Ints, Ints]:
    """Origin by weight; destination by weight among the stops that are far enough from it."""
    if not ids.size:
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    origin = _pick(weights, _uniform(run_seed, "transit.origin", ids))
    destination = np.empty_like(origin)
    draw = _uniform(run_seed, "transit.destination", ids)
    x, y = np.array([s.x_m for s in stops]), np.array([s.y_m for s in stops])
    for stop in np.unique(origin):
        mine = origin == stop
        far = np.where(np.hypot(x - x[stop], y - y[stop]) >= demand.shortest_trip_m, weights, 0.0)
        far[stop] = 0.0
        if not far.sum() > 0:
            # No stop is far enough: any other will do; with a single stop the request is refused as such.
            far = np.where(np.arange(len(stops)) == stop, 0.0, weights)
        destination[mine] = _pick(far, draw[mine]) if far.sum() > 0 else stop
    return origin.astype(np.int32), destination.astype(np.int32)


def _pick(weights: Floats, draw: Floats) -> NDArray[np.intp]:
    cumulative = np.cumsum(weights)
    return np.searchsorted(cumulative, draw * cumulative[-1], side="right").clip(0, len(weights) - 1)


def _uniform(run_seed: np.uint64, purpose: str, ids: Words, event_: np.uint64 | None = None) -> Floats:
    draws: Floats = uniforms(make_stream(run_seed, purpose), ids, event(0) if event_ is None else event_)
    return draws


def _with_riders(
    params: TransitParams,
    ids: Words,
    asked_s: Floats,
    origin: Ints,
    destination: Ints,
    party: Ints | None,
    age_group: Bytes | None,
    run_seed: np.uint64,
) -> Requests:
    """Who rides, with whom, and how far the walks are; drawn by the request's id where the table is silent."""
    riders = params.riders
    if party is None:
        draw = _uniform(run_seed, "transit.party", ids)
        two_or_more, three = draw < riders.two_share + riders.three_share, draw < riders.three_share
        party = 1 + two_or_more.astype(np.int32) + three.astype(np.int32)
    if age_group is None:
        draw = _uniform(run_seed, "transit.age_group", ids)
        age_group = np.where(
            draw < riders.wheelchair_share, 2, draw < riders.wheelchair_share + riders.age65_share
        ).astype(np.uint8)
    speed = np.array([riders.adult_walk_mps, riders.age65_walk_mps, riders.wheelchair_walk_mps])[age_group]
    wheels = np.where(age_group == AGE_GROUPS.index("wheelchair"), params.dwell.wheelchair_s, 0.0)
    return new_requests(
        ids=ids, asked_s=asked_s, origin=origin, destination=destination, party=party, age_group=age_group,
        walk_s=_walk_m(riders, "transit.access", ids, run_seed) / speed,
        egress_s=_walk_m(riders, "transit.egress", ids, run_seed) / speed,
        board_s=np.asarray(party * params.dwell.per_boarder_s + wheels, np.float64), alight_s=wheels,
    )  # fmt: skip


def door_offsets_m(riders: Riders, purpose: str, ids: Words, run_seed: np.uint64) -> tuple[Floats, Floats]:
    """Metres to the east and north of the stop at which a door lies, drawn evenly in the square around it."""
    east = _uniform(run_seed, purpose, ids, event(0)) - 0.5
    north = _uniform(run_seed, purpose, ids, event(1)) - 0.5
    return riders.stop_spacing_m * east, riders.stop_spacing_m * north


def _walk_m(riders: Riders, purpose: str, ids: Words, run_seed: np.uint64) -> Floats:
    """Walk along a street grid from a door to its stop."""
    east = _uniform(run_seed, purpose, ids, event(0)) - 0.5
    north = _uniform(run_seed, purpose, ids, event(1)) - 0.5
    # Not from the offsets in metres: their sum would round otherwise.
    return riders.stop_spacing_m * (np.abs(east) + np.abs(north))


def _read(
    name: str, table: Table, stops: Sequence[Place], zones: Zones, start_s: float, end_s: float
) -> tuple[Words, Floats, Ints, Ints, Ints | None, Bytes | None, Table]:
    """Requests of a table, with what else it tells of bookings; every bad row is told."""
    missing = [column for column in ("time", "from_stop", "to_stop") if column not in table]
    if missing:
        raise TableError(
            f"the table {name!r} lacks the columns {', '.join(missing)}", where=f"tables.{name}",
            mend=f"map them under columns; the table has {', '.join(sorted(table))}",
        )  # fmt: skip
    asked_s = np.asarray(table["time"], np.float64)
    problems = [
        Problem(f"time is {asked_s[row]:g} s", _row(name, row), "give a time of day, e.g. 08:30")
        for row in np.flatnonzero(~np.isfinite(asked_s) | (asked_s < 0))
    ]
    names = _stop_names(stops)
    origin = _stop_rows(table["from_stop"], names, name, "from_stop", problems)
    destination = _stop_rows(table["to_stop"], names, name, "to_stop", problems)
    if not problems:
        problems.extend(
            Problem(
                f"the trip from {stops[origin[row]].id} to {stops[destination[row]].id} leaves the zone "
                f"{zones.names[zones.of_stop[origin[row]]]}",
                _row(name, row),
                "zones of transit are served apart; put both stops into one zone, or leave zones out",
            )
            for row in np.flatnonzero(zones.of_stop[origin] != zones.of_stop[destination])
        )
    party = _parties(table, name, problems)
    age_group = _age_groups(table, name, problems)
    if problems:
        raise TableError.of(problems, f"tables.{name}")
    ids = _table_ids(table, asked_s, name)
    kept = (asked_s >= start_s) & (asked_s <= end_s)
    if not kept.all():
        _LOG.info("%d of %d requests of table %s lie outside the clock", int((~kept).sum()), kept.size, name)
    return (
        ids[kept], asked_s[kept], origin[kept], destination[kept],
        None if party is None else party[kept], None if age_group is None else age_group[kept],
        {column: np.asarray(table[column])[kept] for column in BOOKING_COLUMNS if column in table},
    )  # fmt: skip


def _row(name: str, row: int | np.integer) -> str:
    return f"tables.{name}, row {int(row) + 1}"


def _stop_names(stops: Sequence[Place]) -> dict[str, int]:
    """Stops by full id, by the last part of it and by name, where that is the name of one stop only."""
    names: dict[str, int] = {}
    seen: dict[str, int] = {}
    for i, stop in enumerate(stops):
        for text in {stop.id.rsplit("/", 1)[-1], stop.name_ja, stop.name_en} - {""}:
            seen[text] = -1 if text in seen else i
    names.update({text: i for text, i in seen.items() if i >= 0})
    names.update({stop.id: i for i, stop in enumerate(stops)})
    return names


def _stop_rows(
    column: NDArray[np.generic], names: Mapping[str, int], table: str, key: str, problems: list[Problem]
) -> Ints:
    rows = np.zeros(len(column), np.int32)
    for row, value in enumerate(column):
        text = id_text(value)
        if text in names:
            rows[row] = names[text]
            continue
        near = difflib.get_close_matches(text, names, 1)
        mend = f"did you mean {near[0]!r}?" if near else "give the id or the name of one stop of the area"
        problems.append(Problem(f"{key} {text!r} is no stop that transit serves", _row(table, row), mend))
    return rows


def stop_rows_of(table: Table, key: str, stops: Sequence[Place], name: str) -> Ints:
    """Rows of the stops that a column of a table names.

    Raises
    ------
    TableError
        Naming every row that names no stop.
    """
    problems: list[Problem] = []
    rows = _stop_rows(table[key], _stop_names(stops), name, key, problems)
    if problems:
        raise TableError.of(problems, f"tables.{name}")
    return rows


def _parties(table: Table, name: str, problems: list[Problem]) -> Ints | None:
    if "party" not in table:
        return None
    party = np.asarray(table["party"], np.float64)
    problems.extend(
        Problem(f"party is {party[row]:g}", _row(name, row), "give a whole number, 1 or more")
        for row in np.flatnonzero(~((party >= 1) & (party <= 1000) & (party == np.floor(party))))
    )
    return np.nan_to_num(party, nan=1.0).clip(1, 1000).astype(np.int32)


def _age_groups(table: Table, name: str, problems: list[Problem]) -> Bytes | None:
    if "age_group" not in table:
        return None
    groups = np.zeros(len(table["age_group"]), np.uint8)
    for row, value in enumerate(table["age_group"]):
        if str(value) in AGE_GROUPS:
            groups[row] = AGE_GROUPS.index(str(value))
        else:
            mend = f"map your words to {', '.join(AGE_GROUPS)} under values"
            problems.append(Problem(f"age_group is {str(value)!r}", _row(name, row), mend))
    return groups


def _table_ids(table: Table, asked_s: Floats, name: str) -> Words:
    """Ids from the column ``id``, else from what a row says, so that a row more leaves the others theirs."""
    if "id" in table:
        texts = [f"id|{id_text(value)}" for value in table["id"]]
    else:
        said = zip(asked_s.tolist(), table["from_stop"], table["to_stop"], strict=True)
        texts = [f"{time_s!r}|{id_text(origin)}|{id_text(destination)}" for time_s, origin, destination in said]
    ids = np.zeros(len(texts), np.uint64)
    taken: dict[int, int] = {}
    for row, text in enumerate(texts):
        again = 0
        while True:
            digest = hashlib.blake2b(f"{text}|{again}".encode(), digest_size=7).digest()
            word = int.from_bytes(digest, "little")
            if word not in taken:
                break
            if "id" in table and table["id"][taken[word]] == table["id"][row]:
                raise TableError(
                    f"id {table['id'][row]} stands in rows {taken[word] + 1} and {row + 1}",
                    where=_row(name, row), mend="give every request an id of its own",
                )  # fmt: skip
            again += 1
        taken[word] = row
        ids[row] = make_id(Kind.REQUEST, *divmod(word, SERIALS))
    return ids
