"""KPIs: pure functions from the tables of one run to numbers.

One module per model, named like the model, offers ``INFOS`` (what is measured) and
``compute(tables) -> list[Kpi]``. Names start with the model (``road`` for road traffic) and end in a unit.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[np.generic]]
TableColumns = Mapping[str, Columns]


@dataclass(frozen=True)
class KpiInfo:
    """What a KPI means, for tables and pages.

    Attributes
    ----------
    name
        ``model.name_with_unit``.
    unit
        Unit of the value.
    better
        Direction a planner wants, or ``neither``.
    ja, en
        One short line for people.
    headline
        Whether the table at the end of a run shows it.
    additive
        Whether the groups of one kind (classes of trucks, age groups, classes of vehicles or visitors) add up to
        ``all``, because the KPI counts who and each belongs to one group. Means, percentiles, maxima and shares
        do not; nor does a maximum in time, which each group reaches at a moment of its own. Classes that a
        scenario leaves out of ``all`` keep their own group and are no part of the sum.
    """

    name: str
    unit: str
    better: Literal["lower", "higher", "neither"]
    ja: str
    en: str
    headline: bool = False
    additive: bool = False


class Kpi(NamedTuple):
    """One number of one run; ``value`` is nan where it is undefined (a mean over nobody)."""

    kpi: str
    group: str
    value: float
    unit: str


_MODULES = ("road_traffic", "transit", "terminal", "pedestrian")


def compute_all(tables: TableColumns, models: Sequence[str]) -> list[Kpi]:
    """KPIs of the models of a run, in the fixed order of models, KPIs as each module lists them.

    Values keep ten significant digits: beyond them stands the order in which a sum was made, and two variants
    that say the same must not differ by it.
    """
    out: list[Kpi] = []
    for name in _MODULES:
        if name in models:
            computed = importlib.import_module(f"{__name__}.{name}").compute(tables)
            out.extend(kpi._replace(value=float(f"{kpi.value:.10g}")) for kpi in computed)
    return out


def infos() -> dict[str, KpiInfo]:
    """Every KPI there is, by name."""
    out: dict[str, KpiInfo] = {}
    for name in _MODULES:
        out.update({info.name: info for info in importlib.import_module(f"{__name__}.{name}").INFOS})
    return out
