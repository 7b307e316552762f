"""What a run shows in each cell of a table of counts: as it is, or as a sensor would have reported it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Flags, Floats
from twin.engine.draws import make_stream
from twin.observables import Observable
from twin.observe import kernels
from twin.observe.asked import Cell, SiteRows
from twin.observe.phones import PHONE
from twin.observe.sensors import COUNTERS, Camera, GateCount, Gps, Loop, Ticket

Columns = Mapping[str, NDArray[np.generic]]


def values_of(
    what: Observable,
    table: Columns | None,
    cells: Sequence[Cell],
    sites: Mapping[str, SiteRows],
    sensor: Any,
    name: str,
    run_seed: np.uint64,
    place_xy: Mapping[str, Sequence[float]],
) -> Floats:
    """What a run shows in each cell.

    Parameters
    ----------
    what
        What is counted.
    table
        Its table, of ``bands`` as phones tell it; None if the run wrote none: then nobody passed.
    cells, sites
        Where, when and of whom.
    sensor, name
        Who counts, and its name; None: everything, as it is.
    run_seed
        Seed of the run.
    place_xy
        Place -> easting and northing in metres, of zones.

    Returns
    -------
    (n,) float64
        One value per cell in the unit of the observable; nan where a mean or a share is of nobody.
    """
    if table is None:
        undefined = what.unit == "share" or what.kind == "durations"
        return np.full(len(cells), np.nan if undefined else 0.0)
    thin = _Thinning(sensor if isinstance(sensor, COUNTERS) else None, name, run_seed)
    how: dict[str, Callable[[], Floats]] = {
        "passages": lambda: _passages(what, table, cells, sites, thin),
        "part": lambda: _part(what, table, cells, sites, thin),
        "durations": lambda: _durations(what, table, cells, sites, thin),
        "bands": lambda: _bands(what, table, cells, sites),
        "level": lambda: _level(what, table, cells, thin),
        "periods": lambda: _flows(what, table, cells, sites, thin),
    }
    if what.unit == "share" and what.kind == "periods":
        return _zones(what, table, cells, sites, sensor, name, run_seed, place_xy)
    return how[what.kind]()


class _Thinning:
    """A counter's misses and doubles, or none."""

    def __init__(self, sensor: GateCount | Loop | Ticket | Camera | None, name: str, run_seed: np.uint64) -> None:
        self._sensor, self._stream = sensor, make_stream(run_seed, f"observe.{name}")

    def heads(self, ids: NDArray[np.generic], heads: Floats) -> tuple[Floats, Floats]:
        """Heads counted, and heads put down to the other direction."""
        if self._sensor is None:
            return heads, np.zeros(len(heads))
        right, wrong = np.zeros(len(heads), np.int64), np.zeros(len(heads), np.int64)
        turn = self._sensor.wrong_way if isinstance(self._sensor, Camera) else 0.0
        kernels.thin_counts(
            self._stream,
            np.ascontiguousarray(ids, np.uint64),
            np.rint(heads).astype(np.int64),
            self._sensor.misses,
            self._sensor.doubles,
            turn,
            right,
            wrong,
        )
        return right.astype(np.float64), wrong.astype(np.float64)


def _numbers(table: Columns, column: str) -> Floats:
    return np.asarray(table[column]).astype(np.float64)


def _chosen(what: Observable, table: Columns, only: tuple[str, str] | None) -> Flags:
    """Rows with a word in a column; codes are compared as numbers."""
    if only is None:
        return np.ones(len(table[what.time]), np.bool_)
    column = np.asarray(table[only[0]])
    return column.astype(str) == only[1]


def _of(what: Observable, table: Columns, cell: Cell, sites: Mapping[str, SiteRows]) -> Flags:
    """Rows of the site and the groups of a cell, at any moment."""
    rows = np.ones(len(table[what.time]), np.bool_)
    if cell.site and what.where:
        rows &= np.isin(np.asarray(table[what.where]).astype(str), sites[cell.site].places)
        if what.origin:
            rows &= np.isin(np.asarray(table[what.origin]).astype(str), sites[cell.site].origins)
    for column, word in cell.groups.items():
        words = what.groups[column]
        found = np.asarray(table[column])
        rows &= (found == words.index(word)) if words else (found.astype(str) == word)
    return rows


def _kinds(cells: Sequence[Cell]) -> dict[tuple[str, tuple[tuple[str, str], ...]], list[int]]:
    """Cells that differ in time only, together."""
    out: dict[tuple[str, tuple[tuple[str, str], ...]], list[int]] = {}
    for i, cell in enumerate(cells):
        out.setdefault((cell.site, tuple(sorted(cell.groups.items()))), []).append(i)
    return out


def _between(times: Floats, weights: Floats, cells: Sequence[Cell]) -> Floats:
    """Sum of the weights from the beginning of each cell up to its end."""
    order = np.argsort(times, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(weights[order])])
    ends = np.array([[cell.from_s, cell.to_s] for cell in cells]).reshape(-1, 2)
    at = np.searchsorted(times[order], ends, side="left")
    return np.asarray(total[at[:, 1]] - total[at[:, 0]], np.float64)


def _sums(
    what: Observable, table: Columns, cells: Sequence[Cell], sites: Mapping[str, SiteRows], weights: Floats
) -> Floats:
    """Sum of the weights of all rows of each cell; rows without a moment never count."""
    times = _numbers(table, what.time)
    out = np.zeros(len(cells))
    known = np.isfinite(times)
    for indices in _kinds(cells).values():
        rows = _of(what, table, cells[indices[0]], sites) & known
        out[indices] = _between(times[rows], weights[rows], [cells[i] for i in indices])
    return out


def _weights(what: Observable, table: Columns, thin: _Thinning) -> Floats:
    """How many each row counts for, as the sensor has it."""
    heads = _numbers(table, what.weight) if what.weight else np.ones(len(table[what.time]))
    return np.where(_chosen(what, table, what.only), thin.heads(table[what.id], heads)[0], 0.0)


def _passages(
    what: Observable, table: Columns, cells: Sequence[Cell], sites: Mapping[str, SiteRows], thin: _Thinning
) -> Floats:
    return _sums(what, table, cells, sites, _weights(what, table, thin))


def _part(
    what: Observable, table: Columns, cells: Sequence[Cell], sites: Mapping[str, SiteRows], thin: _Thinning
) -> Floats:
    weights = _weights(what, table, thin)
    return _ratio(
        _sums(what, table, cells, sites, np.where(_chosen(what, table, what.part), weights, 0.0)),
        _sums(what, table, cells, sites, weights),
    )


def _durations(
    what: Observable, table: Columns, cells: Sequence[Cell], sites: Mapping[str, SiteRows], thin: _Thinning
) -> Floats:
    """Mean minutes of those who begin in the cell."""
    lengths = _numbers(table, what.length)
    weights = np.where(np.isfinite(lengths), _weights(what, table, thin), 0.0)
    total_s = _sums(what, table, cells, sites, weights * np.nan_to_num(lengths))
    return _ratio(total_s / 60.0, _sums(what, table, cells, sites, weights))


def _bands(what: Observable, table: Columns, cells: Sequence[Cell], sites: Mapping[str, SiteRows]) -> Floats:
    """Share of lengths in each band, among all of the same groups."""
    lengths = _numbers(table, what.length)
    weights = np.where(_chosen(what, table, what.only), _numbers(table, what.weight), 0.0)
    out = np.zeros(len(cells))
    for i, cell in enumerate(cells):
        rows = _of(what, table, cell, sites)
        inside = rows & (lengths >= cell.low_s) & (lengths < cell.high_s)
        total = weights[rows].sum()
        out[i] = weights[inside].sum() / total if total > 0 else np.nan
    return out


def _level(what: Observable, table: Columns, cells: Sequence[Cell], thin: _Thinning) -> Floats:
    """Mean over time of a step function; a sensor counts heads of that mean, rounded."""
    times, levels = _numbers(table, what.time), _numbers(table, what.length)
    out = np.zeros(len(cells))
    for i, cell in enumerate(cells):
        # A row holds until the next; before the first nobody is there.
        inside = times[(times > cell.from_s) & (times < cell.to_s)]
        edges = np.concatenate([[cell.from_s], inside, [cell.to_s]])
        held = np.searchsorted(times, edges[:-1], side="right") - 1
        level = np.where(held >= 0, levels[np.maximum(held, 0)], 0.0)
        out[i] = float((level * np.diff(edges)).sum() / (cell.to_s - cell.from_s))
    keys = np.array([_time_key(cell.from_s) for cell in cells], np.uint64)
    return thin.heads(keys, out)[0]


def _time_key(seconds: float) -> int:
    return round(seconds) & 0xFFFFFFFF


def _flows(
    what: Observable, table: Columns, cells: Sequence[Cell], sites: Mapping[str, SiteRows], thin: _Thinning
) -> Floats:
    links, times = np.asarray(table[what.where]).astype(np.int64), _numbers(table, what.time)
    keys = (np.rint(times).astype(np.int64) << 32 | links).astype(np.uint64)
    right, wrong = thin.heads(keys, _numbers(table, what.weight))
    out = np.zeros(len(cells))
    for indices in _kinds(cells).values():
        site = sites[cells[indices[0]].site]
        of = [cells[i] for i in indices]
        ahead, back = np.isin(links, site.links), np.isin(links, site.back)
        out[indices] = _between(times[ahead], right[ahead], of) + _between(times[back], wrong[back], of)
    return out


def _zones(
    what: Observable,
    table: Columns,
    cells: Sequence[Cell],
    sites: Mapping[str, SiteRows],
    sensor: Any,
    name: str,
    run_seed: np.uint64,
    place_xy: Mapping[str, Sequence[float]],
) -> Floats:
    """Share of each zone in the time, or in the positions of phones, in all zones together."""
    places = np.asarray(table[what.where]).astype(str)
    xy = np.array([place_xy.get(place, (np.inf, np.inf)) for place in places], np.float64).reshape(-1, 2)
    person_s, times = _numbers(table, what.weight), _numbers(table, what.time)
    names = list(dict.fromkeys(cell.site for cell in cells))
    zones = [sites[zone] for zone in names]
    x, y, r = (np.array([getattr(zone, key) for zone in zones], np.float64) for key in ("x_m", "y_m", "radius_m"))
    if isinstance(sensor, Gps):
        of_place = {place: i for i, place in enumerate(sorted(place_xy))}
        index = np.array([of_place.get(place, 0xFFFFFF) for place in places], np.int64)
        keys = (np.rint(times).astype(np.int64) << 32 | index).astype(np.uint64)
        found = np.zeros((len(places), len(zones)), np.int64)
        kernels.zone_pings(
            make_stream(run_seed, PHONE),
            make_stream(run_seed, f"observe.{name}"),
            keys,
            person_s / what.period_s,
            np.ascontiguousarray(xy[:, 0]),
            np.ascontiguousarray(xy[:, 1]),
            what.period_s,
            sensor.phones,
            sensor.every_s,
            sensor.lost,
            sensor.noise_m,
            x,
            y,
            r,
            found,
        )
        time = found.astype(np.float64)
    else:
        inside = (xy[:, :1] - x) ** 2 + (xy[:, 1:] - y) ** 2 <= r**2
        time = person_s[:, None] * inside
    own = np.zeros(len(cells))
    whole = np.zeros(len(cells))
    for i, cell in enumerate(cells):
        rows = (times >= cell.from_s) & (times < cell.to_s)
        own[i] = time[rows, names.index(cell.site)].sum()
        whole[i] = time[rows].sum()
    return _ratio(own, whole)


def _ratio(part: Floats, whole: Floats) -> Floats:
    out = np.full(len(part), np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out
