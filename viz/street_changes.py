"""Which street gained: counts per link and hour of one run less those of another, as a page draws them.

What is counted on links, and in which words, the models say themselves in their observables.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.models import registry
from twin.observables import Observable
from twin.results.run_folder import Run
from twin.viz.packs import DEGREE_STEP, pack_columns, steps_of
from twin.viz.run_view import RunView, Streets

#: Streets in one page; the largest changes are kept, and the legend says of how many.
MOST_STREETS = 4_000
_HOUR_S = 3600.0
#: A clock may run for two weeks.
_MOST_HOURS = 400
Shape = tuple[tuple[int, int], ...]


def street_changes(
    first: tuple[Run, RunView], second: tuple[Run, RunView], origin: tuple[float, float]
) -> list[dict[str, Any]]:
    """Every count on links that both runs recorded: second less first.

    Parameters
    ----------
    first, second
        The runs, and what the picture has of them.
    origin
        Longitude and latitude from which degrees are counted.

    Returns
    -------
    list of dict
        Per count ``name, ja, en, unit``; ``shapes`` (pack of the streets that differ), ``changes`` (pack of rows
        ``link``, ``hour`` of the clock, ``change`` in ``step``), ``names`` of streets, ``only`` (1 where a street is in
        one run alone), ``found`` (streets that differ, with those left out).
    """
    out = []
    for observable in registry.observables().values():
        if observable.kind != "periods" or observable.layer not in ("walk", "drive"):
            continue
        counts = [_counts(run, seen, observable) for run, seen in (first, second)]
        if counts[0] is not None and counts[1] is not None:
            layer = _layer(observable, counts[0], counts[1], origin)
            if layer["found"]:
                out.append(layer)
    return out


class _Counts:
    """Counts of one run by street and hour; a street is its shape, driven or walked either way."""

    def __init__(self, streets: Streets, names: NDArray[np.str_]) -> None:
        self.names = names
        lon = np.rint(streets.lon_deg / DEGREE_STEP).astype(np.int64).tolist()
        lat = np.rint(streets.lat_deg / DEGREE_STEP).astype(np.int64).tolist()
        ptr = streets.vertex_ptr.tolist()
        points = list(zip(lon, lat, strict=True))
        # The same in both directions: a street's counts are of all who pass it.
        self.shape: list[Shape] = []
        for a, b in pairwise(ptr):
            way = tuple(points[a:b])
            self.shape.append(min(way, way[::-1]))
        self.known: dict[Shape, int] = {}
        for link, shape in enumerate(self.shape):
            self.known.setdefault(shape, link)
        self.count: dict[tuple[Shape, int], float] = {}

    def add(self, link: NDArray[Any], hour: NDArray[Any], value: NDArray[Any]) -> None:
        """Add rows of a table."""
        key = link.astype(np.int64) * 1000 + hour.astype(np.int64)
        keys, at = np.unique(key, return_inverse=True)
        sums = np.bincount(at, weights=value.astype(np.float64), minlength=len(keys))
        for one, total in zip(keys.tolist(), sums.tolist(), strict=True):
            place = (self.shape[one // 1000], one % 1000)
            self.count[place] = self.count.get(place, 0.0) + total

    def name(self, shape: Shape) -> str:
        """Name of a street as on signs; empty without one."""
        link = self.known.get(shape, -1)
        return str(self.names[link]) if 0 <= link < len(self.names) else ""


def _counts(run: Run, seen: RunView, observable: Observable) -> _Counts | None:
    """None where the run has no such table, or one that does not fit its streets."""
    if observable.table not in run.tables:
        return None
    table = run.table(observable.table)
    needed = (observable.where, observable.weight, observable.time)
    if not all(name in table and table[name].dtype.kind in "iuf" for name in needed):
        return None
    streets = seen.walk if observable.layer == "walk" else seen.drive
    link, hour = table[observable.where], np.floor(table[observable.time].astype(np.float64) / _HOUR_S)
    # Written so that nan fits nothing.
    fits = len(link) == 0 or bool((link.min() >= 0) & (link.max() < len(streets.lanes)) & (hour.min() >= 0))
    fits &= len(link) == 0 or bool(hour.max() < _MOST_HOURS and np.all(np.isfinite(table[observable.weight])))
    if not fits or not len(streets.lanes):
        return None
    out = _Counts(streets, seen.street_names.get(observable.layer, np.empty(0, np.str_)))
    out.add(link, hour, table[observable.weight])
    return out


def _layer(observable: Observable, a: _Counts, b: _Counts, origin: tuple[float, float]) -> dict[str, Any]:
    change: dict[Shape, dict[int, float]] = {}
    for shape, hour in {**a.count, **b.count}:
        by = b.count.get((shape, hour), 0.0) - a.count.get((shape, hour), 0.0)
        if by:
            change.setdefault(shape, {})[hour] = by
    most = {shape: max(abs(sum(hours.values())), *map(abs, hours.values())) for shape, hours in change.items()}
    kept = sorted(sorted(most, key=lambda shape: (-most[shape], shape))[:MOST_STREETS])
    values = np.array([by for shape in kept for by in change[shape].values()])
    # Counts are whole, unless a sample stands for more people than it has.
    step = 1.0 if len(values) == 0 or bool(np.all(values == np.rint(values))) else 0.01
    said = [b.name(shape) or a.name(shape) for shape in kept]
    names = sorted(set(said))
    rows = [(i, hour, by) for i, shape in enumerate(kept) for hour, by in sorted(change[shape].items())]
    return {
        "name": observable.name,
        "ja": observable.ja,
        "en": observable.en,
        "unit": observable.unit,
        "step": step,
        "names": names,
        "only": [int(not (shape in a.known and shape in b.known)) for shape in kept],
        "found": len(change),
        "shapes": _shapes(kept, {name: i for i, name in enumerate(names)}, said, origin),
        "changes": pack_columns(
            {
                "link": np.array([row[0] for row in rows], np.int64),
                "hour": np.array([row[1] for row in rows], np.int64),
                "change": np.rint(np.array([row[2] for row in rows]) / step),
            }
        ),
    }


def _shapes(
    kept: list[Shape], number: Mapping[str, int], said: list[str], origin: tuple[float, float]
) -> dict[str, Any]:
    points = np.array([point for shape in kept for point in shape], np.float64).reshape(-1, 2) * DEGREE_STEP
    return pack_columns(
        {
            "start": np.concatenate([[0], np.cumsum([len(shape) for shape in kept])]),
            "lon": steps_of(points[:, 0], origin[0], DEGREE_STEP),
            "lat": steps_of(points[:, 1], origin[1], DEGREE_STEP),
            "name": np.array([number[name] for name in said], np.int64),
        }
    )
