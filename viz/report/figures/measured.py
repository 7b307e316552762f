"""What the runs of a study hold for charts: counts over time, durations, and flows on links, by variant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.looks import LinkFlow, OverTime, Spread
from twin.models import registry
from twin.results.link_shapes import link_shapes
from twin.results.run_folder import Run, Study

#: Runs of one variant that are read; more would not be seen in a band.
_MOST_RUNS = 40
#: Moments of a chart over time, and points of a cumulative curve.
_MOMENTS, _QUANTILES = 145, 101


@dataclass(frozen=True)
class Band:
    """One variant over time: mean over replications, and least and greatest.

    Attributes
    ----------
    time_s, mean, lo, hi : (n,) float64
        Seconds since midnight of day one; counts.
    runs
        Replications read.
    """

    time_s: Floats
    mean: Floats
    lo: Floats
    hi: Floats
    runs: int


@dataclass(frozen=True)
class Curve:
    """Durations of one variant over all replications read: minutes below which each share lies."""

    share: Floats
    minutes: Floats
    count: float


@dataclass(frozen=True)
class Passed:
    """What passed the links of one variant: mean count of a replication per link, and each link's corners in metres."""

    counts: Floats
    shapes: list[Floats]


@dataclass(frozen=True)
class Measured:
    """Everything that charts take from the tables of runs.

    Attributes
    ----------
    day
        Kind of day that was read; empty where the scenario has one.
    bands, curves
        What is counted or lasts -> variant -> band or curve.
    flows
        What passes links -> variant -> counts and shapes of its own city, which edits may have changed.
    """

    day: str
    bands: list[tuple[OverTime, dict[str, Band]]]
    curves: list[tuple[Spread, dict[str, Curve]]]
    flows: list[tuple[LinkFlow, dict[str, Passed]]]


def measure(study: Study, variants: Sequence[str]) -> Measured:
    """Read the runs of some variants; nothing where the study kept no tables of runs.

    Parameters
    ----------
    study
        The study; every file read is held against its manifests.
    variants
        Variants to compare.
    """
    day = study.days[0]
    if study.manifest["lean"] or study.search:
        return Measured(day, [], [], [])
    tables: dict[str, list[dict[str, Mapping[str, NDArray[Any]]]]] = {}
    for variant in variants:
        tables[variant] = [_tables(run) for run in _runs(study, variant, day)]
    clock = study.plan["clock"]
    span_s = (float(clock["start_s"]), float(clock["end_s"]))
    bands, curves, flows = [], [], []

    def of(table: str, *columns: str) -> dict[str, list[Mapping[str, NDArray[Any]]]]:
        """The table of each run that has it with these columns: studies of another version may not."""
        found = {v: [run[table] for run in runs if table in run] for v, runs in tables.items()}
        return {v: [t for t in own if all(c in t for c in columns if c)] for v, own in found.items()}

    for reported in registry.reported().values():
        for over in reported.over_time:
            own = {v: _band(over, t, span_s) for v, t in of(over.table, over.at, over.value, over.order).items()}
            if any(band is not None and band.hi.max() > 0 for band in own.values()):
                bands.append((over, {v: band for v, band in own.items() if band is not None}))
        for spread in reported.spreads:
            columns = (spread.begin, spread.end, spread.weight)
            told = {v: _curve(spread, t) for v, t in of(spread.table, *columns).items()}
            if any(told.values()):
                curves.append((spread, {v: curve for v, curve in told.items() if curve is not None}))
        for flow in reported.flows:
            counts = {v: _flow(flow, t) for v, t in of(flow.table, "link_index", flow.value).items()}
            shapes = _shapes(study, flow.layer, list(counts), day) if any(len(c) for c in counts.values()) else {}
            if shapes:
                flows.append((flow, {v: Passed(counts[v], own) for v, own in shapes.items()}))
    return Measured(day, bands, curves, flows)


def _shapes(study: Study, layer: str, variants: Sequence[str], day: str) -> dict[str, list[Floats]]:
    """Corners of every link of each variant, on one plane."""
    found = {v: link_shapes(study.run(v, 0, day or None), layer) for v in variants}
    first = next((own for own in found.values() if own is not None), None)
    if first is None or not len(first.lon_deg):
        return {}
    middle = float(first.lon_deg.mean()), float(first.lat_deg.mean())
    return {v: own.metres(middle) for v, own in found.items() if own is not None}


def _runs(study: Study, variant: str, day: str) -> Iterator[Run]:
    for replication in range(min(study.replications, _MOST_RUNS)):
        yield study.run(variant, replication, day or None)


def _tables(run: Run) -> dict[str, Mapping[str, NDArray[Any]]]:
    """The tables of a run that any chart takes, as far as it has them."""
    wanted: set[str] = set()
    for told in registry.reported().values():
        wanted |= {over.table for over in told.over_time} | {spread.table for spread in told.spreads}
        wanted |= {flow.table for flow in told.flows}
    return {name: run.table(name) for name in run.tables if name in wanted}


def _band(over: OverTime, tables: Sequence[Mapping[str, NDArray[Any]]], span_s: tuple[float, float]) -> Band | None:
    """Counts of each replication on common moments, then over replications; a moment before the first row has none."""
    if not tables or not any(len(table[over.at]) for table in tables):
        return None
    last_s = max(float(table[over.at].max()) for table in tables if len(table[over.at]))
    moments = np.linspace(span_s[0], max(span_s[1], last_s), _MOMENTS)
    rows = np.array([_at_moments(over, table, moments) for table in tables])
    return Band(moments, rows.mean(axis=0), rows.min(axis=0), rows.max(axis=0), len(tables))


def _at_moments(over: OverTime, table: Mapping[str, NDArray[Any]], moments: Floats) -> Floats:
    at, value = table[over.at].astype(np.float64), table[over.value].astype(np.float64)
    if over.order:
        order = np.lexsort((table[over.order], at))
        at, value = at[order], value[order]
        place = np.searchsorted(at, moments, side="right") - 1
        return np.where(place >= 0, value[np.maximum(place, 0)], 0.0) if len(at) else np.zeros(len(moments))
    starts, owner = np.unique(at, return_inverse=True)
    total = np.bincount(owner, weights=value, minlength=len(starts)) / (over.per_s or 1.0)
    width = over.per_s or (float(np.diff(starts).min()) if len(starts) > 1 else 0.0)
    place = np.searchsorted(starts, moments, side="right") - 1
    inside = (place >= 0) & (moments - starts[np.maximum(place, 0)] < max(width, 1e-9))
    return np.where(inside, total[np.maximum(place, 0)], 0.0)


def _curve(spread: Spread, tables: Sequence[Mapping[str, NDArray[Any]]]) -> Curve | None:
    minutes, weights = [], []
    for table in tables:
        long_s = table[spread.end].astype(np.float64) - (table[spread.begin] if spread.begin else 0.0)
        weight = table[spread.weight].astype(np.float64) if spread.weight else np.ones(len(long_s))
        # Who never began or ended has no duration; a time of nothing is one.
        kept = np.isfinite(long_s) & (long_s >= 0)
        minutes.append(long_s[kept] / 60)
        weights.append(weight[kept])
    if not tables or not sum(len(m) for m in minutes):
        return None
    values, weight = np.concatenate(minutes), np.concatenate(weights)
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weight[order]) / weight.sum()
    wanted = np.linspace(0.0, 1.0, _QUANTILES)
    place = np.minimum(np.searchsorted(share, wanted - 1e-12), len(values) - 1)
    return Curve(wanted, values[order][place], float(weight.sum()))


def _flow(flow: LinkFlow, tables: Sequence[Mapping[str, NDArray[Any]]]) -> Floats:
    """Mean count of a replication per link; as many links as the last one that anybody passed."""
    if not tables:
        return np.empty(0)
    longest = max((int(t["link_index"].max()) + 1 for t in tables if len(t["link_index"])), default=0)
    total = np.zeros(longest)
    for table in tables:
        total += np.bincount(table["link_index"].astype(np.int64), table[flow.value].astype(np.float64), longest)
    return total / len(tables)
