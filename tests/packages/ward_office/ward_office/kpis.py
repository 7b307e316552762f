"""What is measured at the counters."""

from __future__ import annotations

import numpy as np

from twin.kpi import Kpi, KpiInfo, TableColumns

INFOS: tuple[KpiInfo, ...] = (
    KpiInfo("ward_office.wait_mean_min", "min", "lower", "窓口の平均待ち時間", "Mean wait from ticket to call", True),
)


def compute(tables: TableColumns) -> list[Kpi]:
    """Mean wait of those who have left; nan if nobody has.

    Parameters
    ----------
    tables
        ``ward_office_visits``; absent without rows.
    """
    visits = tables.get("ward_office_visits")
    value = float("nan")
    if visits:
        value = float(np.mean(visits["call_s"].astype(np.float64) - visits["arrive_s"].astype(np.float64))) / 60.0
    return [Kpi("ward_office.wait_mean_min", "all", value, "min")]
