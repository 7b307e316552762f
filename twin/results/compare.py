"""Comparison by pairs: the same replication of two variants shares its luck, so differences are small and sure.

The interval says how sure the difference is *given the assumptions*; it says nothing of the assumptions
themselves. More replications narrow it; they never narrow what the ranges of the inputs leave open.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.columns import Column

DIFFERENCE_COLUMNS: tuple[Column, ...] = (
    Column("first", "str", "", "variant compared with"),
    Column("second", "str", "", "variant compared; the difference is second minus first"),
    Column("day", "str", "", "kind of day; empty where the scenario has one"),
    Column("kpi", "str", "", "model.name_with_unit"),
    Column("group", "str", "", "all, or a class of travellers"),
    Column("unit", "str", "", "unit"),
    Column("mean", "float64", "", "mean of the paired differences"),
    Column("lo", "float64", "", "lower end of the 95 % interval; nan with one pair"),
    Column("hi", "float64", "", "upper end of the 95 % interval; nan with one pair"),
    Column("n", "int32", "", "number of pairs in which both values are defined"),
    Column("verdict", "str", "", "better, not better, the same, cannot tell, or empty without a direction"),
)


@dataclass(frozen=True)
class Interval:
    """Mean and 95 % interval of a sample; nan ends when the sample is too small to have one."""

    mean: float
    lo: float
    hi: float
    n: int


def interval_of(values: NDArray[np.float64]) -> Interval:
    """Mean with the 95 % t interval; undefined values are left out and not counted in ``n``.

    Parameters
    ----------
    values : (n,) float64
        One value per replication, or per pair.
    """
    from scipy.stats import t

    kept = values[~np.isnan(values)]
    n = len(kept)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    mean = float(np.mean(kept))
    if n == 1:
        return Interval(mean, math.nan, math.nan, 1)
    if np.all(kept == kept[0]):
        # No variance: summing and dividing must not make one up.
        return Interval(float(kept[0]), float(kept[0]), float(kept[0]), n)
    half = float(t.ppf(0.975, n - 1) * np.std(kept, ddof=1) / math.sqrt(n))
    return Interval(mean, mean - half, mean + half, n)


def verdict_of(interval: Interval, better: str) -> str:
    """What the interval allows to be said, given the direction that is wanted."""
    if interval.n == 0 or better == "neither":
        return ""
    if interval.lo == 0.0 and interval.hi == 0.0:
        return "the same"
    if math.isnan(interval.lo) or interval.lo <= 0.0 <= interval.hi:
        return "cannot tell"
    return "better" if (interval.mean < 0) == (better == "lower") else "not better"


_Key = tuple[str, str, str, str]


def _by_key(kpis: Mapping[str, NDArray[Any]], variant: str) -> dict[_Key, dict[int, float]]:
    """(day, kpi, group, unit) -> replication -> value, in the order of the table."""
    out: dict[_Key, dict[int, float]] = {}
    for i in np.flatnonzero(kpis["variant"] == variant):
        key = (str(kpis["day"][i]), str(kpis["kpi"][i]), str(kpis["group"][i]), str(kpis["unit"][i]))
        out.setdefault(key, {})[int(kpis["replication"][i])] = float(kpis["value"][i])
    return out


def summarise(kpis: Mapping[str, NDArray[Any]], variants: list[str]) -> list[dict[str, Any]]:
    """Mean and interval of every KPI of every variant over its replications."""
    rows = []
    for variant in variants:
        for (day, kpi, group, unit), values in _by_key(kpis, variant).items():
            found = interval_of(np.array(list(values.values())))
            rows.append({"variant": variant, "day": day, "kpi": kpi, "group": group, "unit": unit,
                         "mean": found.mean, "lo": found.lo, "hi": found.hi, "n": found.n})
    return rows


def compare_pair(
    first_kpis: Mapping[str, NDArray[Any]], first: str, second_kpis: Mapping[str, NDArray[Any]], second: str,
    better: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Paired differences, second minus first, of every KPI both have.

    Parameters
    ----------
    first_kpis, second_kpis
        Columns of the KPI tables the variants stand in (one table twice within a study).
    first, second
        Names of the variants.
    better
        KPI -> ``lower``, ``higher`` or ``neither``.
    """
    left, right = _by_key(first_kpis, first), _by_key(second_kpis, second)
    rows = []
    for key, values in right.items():
        if key not in left:
            continue
        shared = sorted(set(values) & set(left[key]))
        found = interval_of(np.array([values[r] - left[key][r] for r in shared]))
        day, kpi, group, unit = key
        rows.append({"first": first, "second": second, "day": day, "kpi": kpi, "group": group, "unit": unit,
                     "mean": found.mean, "lo": found.lo, "hi": found.hi, "n": found.n,
                     "verdict": verdict_of(found, better.get(kpi, "neither"))})
    return rows
