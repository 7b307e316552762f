"""What a KPI is: a pure function's number, and the words about it.

A model offers ``INFOS`` (what is measured) and ``compute(tables) -> list[Kpi]`` in its ``kpis.py``. Names start
with the model (``road`` for road traffic) and end in a unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[np.generic]]
TableColumns = Mapping[str, Columns]


class Price(NamedTuple):
    """What a KPI is priced as.

    Attributes
    ----------
    item
        Name of a price in packs, or ``transfer`` for money that only changes hands.
    times
        Of a mean per head: the KPI that counts the heads.
    speed
        KPI of the mean speed in m/s, for prices that depend on it.
    """

    item: str
    times: str = ""
    speed: str = ""


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
    share_of
        Of a share of heads: the additive figures above and below the line, so that it can be told what it would be if
        other groups were counted.
    prices
        What a change of it is worth, by names of packs of prices; from ``PRICES`` of the model's ``kpis.py``.
    """

    name: str
    unit: str
    better: Literal["lower", "higher", "neither"]
    ja: str
    en: str
    headline: bool = False
    additive: bool = False
    share_of: tuple[str, str] | None = None
    prices: tuple[Price, ...] = ()


class Kpi(NamedTuple):
    """One number of one run; ``value`` is nan where it is undefined (a mean over nobody)."""

    kpi: str
    group: str
    value: float
    unit: str


class KpiModule(Protocol):
    """What the ``kpis.py`` of a model offers."""

    @property
    def INFOS(self) -> Sequence[KpiInfo]:  # noqa: N802  (a constant of the module)
        """Every KPI that :meth:`compute` may give."""
        ...

    def compute(self, tables: TableColumns) -> list[Kpi]:
        """KPIs of one run from its tables; tables without rows are absent.

        Parameters
        ----------
        tables
            Table -> column -> (n,) array.
        """
        ...
