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
    waits_s = np.asarray(visits["call_s"], np.float64) - np.asarray(visits["arrive_s"], np.float64) if visits else []
    value = float(np.mean(waits_s)) / 60.0 if len(waits_s) else float("nan")
    return [Kpi("ward_office.wait_mean_min", "all", value, "min")]
