"""Comparison by pairs: the same replication of two variants shares its luck, so differences are small and sure.

The interval says how sure the difference is *given the assumptions*; it says nothing of the assumptions
themselves. More replications narrow it; they never narrow what the ranges of the inputs leave open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.columns import Column
from twin.results.days import run_name
from twin.results.verdicts import CANNOT_TELL, SAME, Interval, benjamini_hochberg, interval_of, p_value_of, verdict_of

__all__ = ["DIFFERENCE_COLUMNS", "Interval", "compare_pair", "corrected", "interval_of", "summarise", "verdict_of"]

#: Rows that nobody asked about beforehand are called different up to this share of wrong calls among them.
FALSE_CALLS = 0.05
CORRECTION = "Benjamini-Hochberg"

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
    Column(
        "verdict",
        "str",
        "",
        "better, worse, practically the same, cannot tell; higher or lower without a direction; empty if undefined",
    ),
    Column("asked", "str", "", "question that asked for this row beforehand; empty for the rest"),
    Column("p", "float64", "", "two-sided p-value of one look; nan where there is no variance"),
    Column("p_corrected", "float64", "", "p-value corrected for the number of rows not asked for; nan for the others"),
)


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
            rows.append(
                {
                    "variant": variant,
                    "day": day,
                    "kpi": kpi,
                    "group": group,
                    "unit": unit,
                    "mean": found.mean,
                    "lo": found.lo,
                    "hi": found.hi,
                    "n": found.n,
                }
            )
    return rows


def compare_pair(
    first_kpis: Mapping[str, NDArray[Any]],
    first: str,
    second_kpis: Mapping[str, NDArray[Any]],
    second: str,
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
        differences = np.array([values[r] - left[key][r] for r in shared], np.float64)
        found = interval_of(differences)
        day, kpi, group, unit = key
        rows.append(
            {
                "first": first,
                "second": second,
                "day": day,
                "kpi": kpi,
                "group": group,
                "unit": unit,
                "mean": found.mean,
                "lo": found.lo,
                "hi": found.hi,
                "n": found.n,
                "verdict": verdict_of(found, better.get(kpi, "neither")),
                "asked": "",
                "p": p_value_of(differences),
                "p_corrected": np.nan,
            }
        )
    return corrected(rows, {})


#: (first, second, kpi, group) -> (questions that asked for the row, their verdict).
Asked = Mapping[tuple[str, str, str, str], tuple[str, str]]


def corrected(rows: Sequence[Mapping[str, Any]], asked: Asked) -> list[dict[str, Any]]:
    """Rows with the verdict of the question where one was asked, and one corrected for their number elsewhere.

    In a table of some hundred figures a few intervals miss zero by luck alone. Rows that were not asked for beforehand
    are called different where their p-value, corrected for the number of such rows of the pair (Benjamini and
    Hochberg), allows it.

    Parameters
    ----------
    rows
        As :func:`compare_pair` gives them, of one pair of variants.
    asked
        What was asked beforehand, and what came out.
    """
    out = [dict(row) for row in rows]
    keys = [
        (*(run_name(row[side], row.get("day", "")) for side in ("first", "second")), row["kpi"], row["group"])
        for row in out
    ]
    rest = [row for row, key in zip(out, keys, strict=True) if key not in asked]
    for row, p in zip(rest, benjamini_hochberg([row["p"] for row in rest]), strict=True):
        row["p_corrected"] = p
        if row["verdict"] not in ("", SAME) and not p <= FALSE_CALLS:
            row["verdict"] = CANNOT_TELL
    for row, key in zip(out, keys, strict=True):
        if key in asked:
            row["asked"], row["verdict"] = asked[key]
            row["p_corrected"] = np.nan
    return out
