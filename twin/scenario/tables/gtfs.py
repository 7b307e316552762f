"""A GTFS or GTFS-JP feed to one table: every stop of every trip that runs on one day.

What the feed says wrong is left out and counted; an error is only what leaves nothing to run. Reference of the format:
gtfs.org/documentation/schedule/reference; GTFS-JP adds files and columns that a timetable does not need.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Longs
from twin.scenario.tables.feed_files import FeedFiles, Words, numbers_of, say
from twin.scenario.tables.gtfs_calendar import services_of
from twin.scenario.tables.gtfs_shapes import publisher_of, shapes_of
from twin.scenario.tables.sheets import SheetError

_DAY_S = 86400.0
#: A stop farther than this from the middle of the feed is taken for a slip of its coordinates.
FAR_KM = 200.0
#: Longest times that are taken for times: three days after the service day began.
_LAST_HOUR = 72


@dataclass(frozen=True)
class Feed:
    """What was read: columns of one length by name, and what was left out, counted.

    ``more`` holds the corners of its shapes as ``.shapes``; ``told`` who publishes it, and for which dates.
    """

    columns: dict[str, NDArray[np.generic]]
    warnings: tuple[str, ...]
    encoding: str
    sha256: str
    more: dict[str, dict[str, NDArray[np.generic]]]
    told: dict[str, str]


def read_feed(path: Path, day: dt.date) -> Feed:
    """Trips of one day, those of the day before that are still under way after midnight included.

    Parameters
    ----------
    path
        Folder or zip of the feed.
    day
        The day, by the feed's own zone; its midnight is second 0.

    Returns
    -------
    Feed
        ``route, trip, sequence, stop, name, lat, lon, arrival_s, departure_s, may_board, may_alight`` and, where the
        feed draws its ways, ``shape``; sorted by trip and sequence.

    Raises
    ------
    SheetError
        If a file or column is missing, or nothing runs on that day.
    """
    files = FeedFiles(path)
    told: list[str] = []
    stops = _stops(files, told)
    trips = files.read("trips.txt", ("route_id", "service_id", "trip_id"))
    services = services_of(files, told, trips["service_id"])
    times = _stop_times(files, told, trips["trip_id"], stops)
    parts = []
    for days_before in (0, 1):
        running = services.on(day - dt.timedelta(days=days_before))
        on = np.isin(trips["service_id"][times.trip], sorted(running)) if running else np.zeros(len(times.trip), bool)
        shift_s = -_DAY_S * days_before
        parts += _repeated(files, told if not days_before else [], trips["trip_id"], times, on, shift_s)
    rows = [part for part in parts if len(part.row)]
    if not rows:
        raise SheetError(f"nothing runs on {day}: {services.told(day)}", "give gtfs_day: a day on which something runs")
    row = np.concatenate([part.row for part in rows])
    name = np.concatenate([part.name for part in rows])
    offset_s = np.concatenate([part.offset_s for part in rows])
    trip = times.trip[row]
    routes = files.read("routes.txt", ("route_id",))
    columns: dict[str, NDArray[np.generic]] = {
        "route": _route_names(routes, trips["route_id"][trip], told), "trip": name,
        "sequence": times.sequence[row].astype(np.float64), "stop": stops["stop_id"][times.stop[row]],
        "name": stops["stop_name"][times.stop[row]], "lat": stops["lat"][times.stop[row]],
        "lon": stops["lon"][times.stop[row]], "arrival_s": times.arrival_s[row] + offset_s,
        "departure_s": times.departure_s[row] + offset_s,
        "may_board": times.may_board[row].astype(np.float64), "may_alight": times.may_alight[row].astype(np.float64),
    }  # fmt: skip
    _say_fares(files, told)
    more = {}
    shapes = shapes_of(files, told, trips.get("shape_id"), np.unique(trip))
    if shapes is not None:
        columns["shape"] = shapes.of_trip[trip]
        more[".shapes"] = shapes.points
    order = np.lexsort((times.sequence[row], name))
    return Feed(
        {key: values[order] for key, values in columns.items()}, tuple(told), "+".join(sorted(files.encodings)),
        files.sha256, more, publisher_of(files),
    )  # fmt: skip


def seconds_of(words: Words) -> Floats:
    """Seconds after midnight of ``H:MM:SS``, hours above 24 included; nan where a word is no time."""
    unique, which = np.unique(words, return_inverse=True)
    out = np.full(len(unique), np.nan)
    for i, word in enumerate(unique.tolist()):
        parts = word.split(":")
        if len(parts) == 3 and all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
            hour, minute, second = (int(part) for part in parts)
            if hour <= _LAST_HOUR and minute < 60 and second < 60:
                out[i] = hour * 3600.0 + minute * 60.0 + second
    return out[which.reshape(-1)]


def _stops(files: FeedFiles, told: list[str]) -> dict[str, NDArray[np.generic]]:
    """Stops with a place on earth, near the others; ``stop_name`` is the id where the feed is silent."""
    table = files.read("stops.txt", ("stop_id", "stop_lat", "stop_lon"))
    lat, lon = numbers_of(table["stop_lat"]), numbers_of(table["stop_lon"])
    sound = (np.abs(lat) <= 90) & (np.abs(lon) <= 180) & ~((lat == 0) & (lon == 0))
    say(told, table["stop_id"][~sound], "stops have no place on earth and are left out")
    if sound.any():
        north_km = 111.2 * (lat - np.median(lat[sound]))
        east_km = 111.2 * np.cos(np.radians(np.median(lat[sound]))) * (lon - np.median(lon[sound]))
        far = sound & (np.hypot(north_km, east_km) > FAR_KM)
        say(told, table["stop_id"][far], f"stops lie over {FAR_KM:g} km from the middle of the feed and are left out")
        sound &= ~far
    if not sound.any():
        raise SheetError("stops.txt has no stop with a place on earth", "give stop_lat and stop_lon in degrees")
    first = np.zeros(len(sound), np.bool_)
    first[np.unique(table["stop_id"], return_index=True)[1]] = True
    say(told, table["stop_id"][~first & sound], "rows of stops.txt repeat a stop and are left out")
    kept = sound & first
    name = table.get("stop_name", table["stop_id"])
    return {
        "stop_id": table["stop_id"][kept], "stop_name": np.where(name == "", table["stop_id"], name)[kept],
        "lat": lat[kept], "lon": lon[kept],
    }  # fmt: skip


@dataclass(frozen=True)
class _Times:
    """Rows of stop_times.txt that can be run: ``trip`` and ``stop`` are rows of their files."""

    trip: Longs
    stop: Longs
    sequence: Longs
    arrival_s: Floats
    departure_s: Floats
    may_board: NDArray[np.bool_]
    may_alight: NDArray[np.bool_]


def _stop_times(files: FeedFiles, told: list[str], trip_ids: Words, stops: dict[str, NDArray[np.generic]]) -> _Times:
    table = files.read("stop_times.txt", ("trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time"))
    trip, stop = _rows_of(table["trip_id"], trip_ids), _rows_of(table["stop_id"], stops["stop_id"])
    sequence = numbers_of(table["stop_sequence"])
    say(told, np.unique(table["trip_id"][trip < 0]), "trips of stop_times.txt do not stand in trips.txt")
    lost = (trip >= 0) & (stop < 0)
    say(told, np.unique(table["stop_id"][lost]), f"stops of {int(lost.sum())} stop times are unknown or left out")
    numbered = np.isfinite(sequence) & (sequence >= 0) & (sequence < 1e9)
    say(told, table["trip_id"][(trip >= 0) & ~numbered], "stop times have no sequence and are left out")
    row = np.flatnonzero((trip >= 0) & (stop >= 0) & numbered)
    row = row[np.lexsort((row, sequence[row], trip[row]))]
    again = np.zeros(len(row), np.bool_)
    again[1:] = (np.diff(trip[row]) == 0) & (np.diff(sequence[row]) == 0)
    say(told, table["trip_id"][row[again]], "stop times repeat a sequence and are left out")
    row = row[~again]
    arrival_s, departure_s = (seconds_of(table[name][row]) for name in ("arrival_time", "departure_time"))
    for name, seconds in (("arrival_time", arrival_s), ("departure_time", departure_s)):
        wrong = np.isnan(seconds) & (table[name][row] != "")
        say(told, table[name][row[wrong]], f"words of {name} are no times H:MM:SS and count as missing")
    arrival_s = np.where(np.isnan(arrival_s), departure_s, arrival_s)
    departure_s = np.where(np.isnan(departure_s), arrival_s, departure_s)
    between = int(np.isnan(arrival_s).sum())
    if between:
        told.append(f"{between} stop times without a time lie evenly between those of their trip that have one")
    trip = trip[row]
    arrival_s, departure_s = _filled(trip, arrival_s, departure_s)
    late_s = np.full(len(row), np.inf)
    late_s[1:] = np.where(np.diff(trip) == 0, arrival_s[1:] - departure_s[:-1], np.inf)
    bad = np.isnan(arrival_s) | (departure_s < arrival_s) | (late_s < 0)
    single = np.bincount(trip, minlength=len(trip_ids))[trip] < 2
    say(told, trip_ids[np.unique(trip[bad])], "trips lack their first or last time or go back in time, and do not run")
    say(told, trip_ids[np.unique(trip[single & ~bad])], "trips have fewer than two stops and do not run")
    kept = ~np.isin(trip, np.unique(trip[bad | single]))

    def allowed(name: str) -> NDArray[np.bool_]:
        # 1: not here; 0, 2 (by phone) and 3 (tell the driver) let people on and off.
        return (table[name][row] if name in table else np.full(len(row), "0")) != "1"

    return _Times(
        trip[kept], stop[row][kept], sequence[row][kept].astype(np.int64), arrival_s[kept], departure_s[kept],
        allowed("pickup_type")[kept], allowed("drop_off_type")[kept],
    )  # fmt: skip


def _filled(trip: Longs, arrival_s: Floats, departure_s: Floats) -> tuple[Floats, Floats]:
    """Missing times evenly from the last departure to the next arrival known of the same trip; nan beyond these."""
    lost = np.isnan(arrival_s)
    known = np.flatnonzero(~lost)
    if not len(known) or not lost.any():
        return arrival_s, departure_s
    row = np.flatnonzero(lost)
    place = np.searchsorted(known, row)
    before, after = known[(place - 1).clip(0)], known[place.clip(0, len(known) - 1)]
    inside = (before < row) & (after > row) & (trip[before] == trip[row]) & (trip[after] == trip[row])
    share = (row - before) / np.maximum(after - before, 1)
    between_s = departure_s[before] + share * (arrival_s[after] - departure_s[before])
    arrival_s, departure_s = arrival_s.copy(), departure_s.copy()
    arrival_s[row] = departure_s[row] = np.where(inside, between_s, np.nan)
    return arrival_s, departure_s


@dataclass(frozen=True)
class _Part:
    """Stop times of trips that run once: rows of the stop times, names of the trips, what is added to their times."""

    row: Longs
    name: Words
    offset_s: Floats


def _repeated(
    files: FeedFiles, told: list[str], trip_ids: Words, times: _Times, on: NDArray[np.bool_], shift_s: float
) -> list[_Part]:
    """Trips of a service day; those of ``frequencies.txt`` once for every departure."""
    later = "" if shift_s == 0 else "@before"
    by_headway: list[_Part] = []
    often = np.zeros(len(trip_ids), np.bool_)
    if "frequencies.txt" in files:
        table = files.read("frequencies.txt", ("trip_id", "start_time", "end_time", "headway_secs"))
        trip = _rows_of(table["trip_id"], trip_ids)
        start_s, end_s = seconds_of(table["start_time"]), seconds_of(table["end_time"])
        every_s = numbers_of(table["headway_secs"])
        sound = (trip >= 0) & (end_s > start_s) & (every_s >= 1)
        say(told, table["trip_id"][~sound], "rows of frequencies.txt have no sound trip, hours or headway")
        often[trip[sound]] = True
        for one in np.flatnonzero(sound).tolist():
            mine = np.flatnonzero((times.trip == trip[one]) & on)
            if not len(mine):
                continue
            for begin_s in np.arange(start_s[one], end_s[one], every_s[one]).tolist():
                name = f"{trip_ids[trip[one]]}@{begin_s:g}{later}"
                added_s = begin_s - times.departure_s[mine[0]] + shift_s
                by_headway.append(_Part(mine, np.full(len(mine), name), np.full(len(mine), added_s)))
    plain = np.flatnonzero(on & ~often[times.trip])
    parts = [
        _Part(plain, np.char.add(trip_ids[times.trip[plain]], later), np.full(len(plain), shift_s)), *by_headway
    ]  # fmt: skip
    if not later:
        return parts
    # Of the day before only what is still under way after midnight: whole trips, so that their first stops are before.
    return [_still_running(part, times) for part in parts]


def _still_running(part: _Part, times: _Times) -> _Part:
    going = np.unique(part.name[times.arrival_s[part.row] + part.offset_s > 0])
    kept = np.isin(part.name, going)
    return _Part(part.row[kept], part.name[kept], part.offset_s[kept])


def _route_names(routes: dict[str, Words], of_trip: Words, told: list[str]) -> Words:
    """Short name of a route, else its long name, else its id."""
    short, long = (routes.get(f"route_{kind}_name", np.full(len(routes["route_id"]), "")) for kind in ("short", "long"))
    name = np.where(short != "", short, np.where(long != "", long, routes["route_id"]))
    row = _rows_of(of_trip, routes["route_id"])
    say(told, np.unique(of_trip[row < 0]), "routes of trips do not stand in routes.txt; their id is their name")
    return np.where(row >= 0, name[row], of_trip)


def _say_fares(files: FeedFiles, told: list[str]) -> None:
    """Fares are told, not taken over: a scenario says what a ride costs."""
    if "fare_attributes.txt" not in files:
        told.append("the feed tells no fares; transit.bus.fare counts")
        return
    table = files.read("fare_attributes.txt", ("fare_id", "price", "currency_type"))
    prices = sorted({f"{price} {unit}" for price, unit in zip(table["price"], table["currency_type"], strict=True)})
    some = ", ".join(prices[:3]) + (" …" if len(prices) > 3 else "")
    told.append(f"the feed has {len(prices)} fares ({some}); transit.bus.fare counts")


def _rows_of(words: Words, known: NDArray[np.generic]) -> Longs:
    """Row of each word among the known ones; -1 where it is none of them."""
    if not len(known):
        return np.full(len(words), -1, np.int64)
    order = np.argsort(known, kind="stable")
    place = np.searchsorted(known[order], words).clip(0, len(known) - 1)
    found: Longs = np.where(known[order][place] == words, order[place], -1).astype(np.int64)
    return found
