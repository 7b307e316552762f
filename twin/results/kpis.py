"""KPIs of a run and all KPIs there are, gathered from the models by their cards; see ``twin.kpi``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from twin.kpi import Columns, Kpi, KpiInfo, TableColumns
from twin.models import registry

__all__ = ["Columns", "Kpi", "KpiInfo", "TableColumns", "compute_all", "infos"]


def compute_all(tables: TableColumns, models: Sequence[str]) -> list[Kpi]:
    """KPIs of the models of a run, in the fixed order of models, KPIs as each module lists them.

    Values keep ten significant digits: beyond them stands the order in which a sum was made, and two variants
    that say the same must not differ by it.
    """
    out: list[Kpi] = []
    for name in registry.ORDER:
        module = registry.kpi_module(name) if name in models else None
        if module is not None:
            out.extend(kpi._replace(value=float(f"{kpi.value:.10g}")) for kpi in module.compute(tables))
    return out


def infos() -> dict[str, KpiInfo]:
    """Every KPI there is, by name."""
    modules = (registry.kpi_module(name) for name in registry.ORDER)
    return {
        info.name: replace(info, prices=priced[info.name])
        if info.name in (priced := getattr(module, "PRICES", {}))
        else info
        for module in modules
        if module is not None
        for info in module.INFOS
    }
