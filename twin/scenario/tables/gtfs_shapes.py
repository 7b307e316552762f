"""What a feed draws and says of itself: shapes of its trips, its publisher and the dates for which it holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Longs
from twin.scenario.tables.feed_files import FeedFiles, Words, numbers_of, say
from twin.scenario.tables.sheets import SheetError


@dataclass(frozen=True)
class Shapes:
    """Shapes that trips of the day name.

    Attributes
    ----------
    of_trip : (t,) str
        Shape of each trip of the feed; empty where it has none that can be drawn.
    points
        Corners ``shape, lon, lat``, by shape and in their order.
    """

    of_trip: Words
    points: dict[str, NDArray[np.generic]]


def shapes_of(files: FeedFiles, told: list[str], of_trip: Words | None, running: Longs) -> Shapes | None:
    """Shapes of the trips that run; None where the feed draws none of them.

    Parameters
    ----------
    told
        Receives what is left out.
    of_trip : (t,) str
        ``shape_id`` of each trip of the feed.
    running
        Rows of the trips that run on the day.
    """
    if "shapes.txt" not in files:
        return None
    if of_trip is None:
        told.append("shapes.txt is not used: trips name no shape; buses drive from stop to stop")
        return None
    try:
        table = files.read("shapes.txt", ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"))
    except SheetError as fault:
        told.append(f"shapes.txt is not used: {fault.what}; buses drive from stop to stop")
        return None
    lat, lon, order = (numbers_of(table[f"shape_pt_{key}"]) for key in ("lat", "lon", "sequence"))
    used = np.unique(of_trip[running])
    mine = np.isin(table["shape_id"], used) & (table["shape_id"] != "")
    sound = (np.abs(lat) <= 90) & (np.abs(lon) <= 180) & np.isfinite(order) & ~((lat == 0) & (lon == 0))
    say(told, table["shape_id"][mine & ~sound], "points of shapes have no place on earth or no order and are left out")
    row = np.flatnonzero(mine & sound)
    row = row[np.lexsort((row, order[row], table["shape_id"][row]))]
    names, counts = np.unique(table["shape_id"][row], return_counts=True)
    whole = names[counts > 1]
    say(told, np.setdiff1d(used[used != ""], whole), "shapes have fewer than two points; buses drive from stop to stop")
    bare = int((of_trip[running] == "").sum())
    if bare:
        told.append(f"{bare} trips of the day name no shape; buses drive from stop to stop")
    row = row[np.isin(table["shape_id"][row], whole)]
    if not len(row):
        return None
    points: dict[str, NDArray[np.generic]] = {"shape": table["shape_id"][row], "lon": lon[row], "lat": lat[row]}
    return Shapes(np.where(np.isin(of_trip, whole), of_trip, ""), points)


def publisher_of(files: FeedFiles) -> dict[str, str]:
    """Who publishes a feed, its agencies, whom it wants named, its version and the dates for which it holds."""
    out: dict[str, str] = {}
    info = _first_rows(files, "feed_info.txt")
    if info:
        out["publisher"] = _joined(info, "feed_publisher_name")
        out["version"] = _joined(info, "feed_version")
        span = [_date(_joined(info, f"feed_{end}_date")) for end in ("start", "end")]
        out["valid"] = " to ".join(span) if any(span) else ""
    out["agencies"] = _joined(_first_rows(files, "agency.txt"), "agency_name")
    out["attributions"] = _joined(_first_rows(files, "attributions.txt"), "organization_name")
    return {key: words for key, words in out.items() if words}


def _first_rows(files: FeedFiles, name: str) -> dict[str, Words]:
    if name not in files:
        return {}
    try:
        return files.read(name, ())
    except SheetError:
        return {}  # nothing of a run hangs on it


def _joined(table: dict[str, Words], column: str) -> str:
    """Different words of a column, the first five of them."""
    words = list(dict.fromkeys(table.get(column, np.zeros(0, np.str_)).tolist()))
    return ", ".join(word[:100] for word in words[:5] if word) + (" …" if len(words) > 5 else "")


def _date(word: str) -> str:
    return f"{word[:4]}-{word[4:6]}-{word[6:]}" if len(word) == 8 and word.isdigit() else word
