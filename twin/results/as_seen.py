"""Figures as the city would see them, beside what they are: phones make stays shorter and miss the short ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from twin.kpi_seen import AT
from twin.results.run_folder import Study

#: Figures that are shown side by side; the others stand in the table of KPIs.
SHOWN = ("stay_share", "dwell_mean_min")


@dataclass(frozen=True)
class SeenRow:
    """One figure of one variant.

    Attributes
    ----------
    kpi, unit, variant
        Which figure.
    mean
        As it is, over all replications.
    seen
        Sensor -> as it sees the figure.
    """

    kpi: str
    unit: str
    variant: str
    mean: float
    seen: dict[str, float]


def seen_rows(study: Study) -> Iterator[SeenRow]:
    """Figures of every variant that some sensor sees; none where the scenario has no phones."""
    kpis = study.columns("kpis")
    names = np.unique(kpis["kpi"]).tolist()
    for kpi in dict.fromkeys(name.split(AT)[0] for name in names if AT in name):
        if kpi.rsplit(".", 1)[-1] not in SHOWN:
            continue
        sensors = [name.split(AT)[1] for name in names if name.startswith(f"{kpi}{AT}")]
        for variant in study.variants:
            rows = (kpis["variant"] == variant) & (kpis["group"] == "all")
            own = rows & (kpis["kpi"] == kpi)
            if not own.any():
                continue
            seen = {s: _mean(kpis["value"][rows & (kpis["kpi"] == f"{kpi}{AT}{s}")]) for s in sensors}
            yield SeenRow(kpi, str(kpis["unit"][own][0]), variant, _mean(kpis["value"][own]), seen)


def _mean(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
