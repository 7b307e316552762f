"""Figures over kinds of day: the mean day, the worst day, the fiscal year.

A run simulates one kind of day. What holds for the year follows from the kinds and their weights, replication by
replication, so that intervals and pairs stay what they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.columns import KPI_COLUMNS
from twin.kpi import KpiInfo
from twin.results.days import MEAN_DAY, WORST_DAY, YEAR, Days


def with_days(kpis: Mapping[str, NDArray[Any]], days: Days, infos: Mapping[str, KpiInfo]) -> dict[str, NDArray[Any]]:
    """KPI table with rows for the mean day, the worst day and the year added behind those of the kinds.

    The mean day weighs each kind by its days; a figure that a kind does not give (a mean over nobody) is left out and
    the others' weights stand for it, but of counts that nobody belongs to there are none. The worst day is the kind
    with the worst value in each replication, for figures with a direction. The year sums counts (``additive``).

    Parameters
    ----------
    kpis
        Columns of the KPI table, rows of the kinds only.
    days
        The kinds; without any the table is returned as it is.
    infos
        Every KPI by name.
    """
    if not days:
        return dict(kpis)
    weights = np.array([kind.weight_days for kind in days.kinds])
    at = {name: nth for nth, name in enumerate(days.names)}
    found: dict[tuple[str, int, str, str, str], NDArray[np.float64]] = {}
    columns = (kpis[c.name].tolist() for c in KPI_COLUMNS)
    for variant, day, replication, kpi, group, value, unit in zip(*columns, strict=True):
        row = found.setdefault((variant, replication, kpi, group, unit), np.full(len(weights), -np.inf))
        row[at[day]] = value
    rows = [made for key, values in found.items() for made in _derived(key, values, weights, infos.get(key[2]))]
    out = {}
    for nth, column in enumerate(KPI_COLUMNS):
        dtype: Any = np.str_ if column.dtype == "str" else column.dtype
        out[column.name] = np.concatenate([kpis[column.name], np.array([row[nth] for row in rows], dtype)])
    return out


def _derived(
    key: tuple[str, int, str, str, str], values: NDArray[np.float64], weights: NDArray[np.float64], info: KpiInfo | None
) -> Iterator[tuple[str, str, int, str, str, float, str]]:
    """Rows of one figure of one variant in one replication; a kind that does not give it holds minus infinity."""
    variant, replication, kpi, group, unit = key
    absent = np.isneginf(values)
    additive = info is not None and info.additive
    if additive:
        sum_year = float(np.dot(np.where(absent, 0.0, values), weights))
        mean = sum_year / float(weights.sum())
    else:
        there = ~absent & ~np.isnan(values)
        mean = float(np.dot(values[there], weights[there]) / weights[there].sum()) if there.any() else math.nan
    yield variant, MEAN_DAY, replication, kpi, group, _digits(mean), unit
    if info is not None and info.better != "neither":
        given = values[~absent & ~np.isnan(values)]
        worst = math.nan if not len(given) else float(given.max() if info.better == "lower" else given.min())
        yield variant, WORST_DAY, replication, kpi, group, worst, unit
    if additive:
        yield variant, YEAR, replication, kpi, group, _digits(sum_year), unit


def _digits(value: float) -> float:
    """Ten significant digits, as every KPI keeps: beyond stands the order of a sum."""
    return float(f"{value:.10g}")
