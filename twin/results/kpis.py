"""KPIs of a run and all KPIs there are, gathered from the models by their cards; see ``twin.kpi``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from twin.kpi import Columns, Kpi, KpiInfo, TableColumns
from twin.kpi_seen import AT
from twin.models import registry

__all__ = ["Columns", "Kpi", "KpiInfo", "TableColumns", "compute_all", "infos", "infos_of"]

#: Kinds of sensors that tell figures; the others count.
_PHONES = ("gps", "beacon")


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


def infos(phones: Iterable[str] = ()) -> dict[str, KpiInfo]:
    """Every KPI there is, by name; also as phones see it, for each sensor of phones that is named."""
    modules = (registry.kpi_module(name) for name in registry.ORDER)
    known = {
        info.name: replace(info, prices=priced[info.name])
        if info.name in (priced := getattr(module, "PRICES", {}))
        else info
        for module in modules
        if module is not None
        for info in module.INFOS
    }
    return known | {info.name: info for phone in phones for info in _seen(known, phone)}


def infos_of(plan: Mapping[str, Any]) -> dict[str, KpiInfo]:
    """Every KPI of the studies of a plan (its content), also as its sensors see it."""
    sensors = (plan.get("observed") or {}).get("sensors", {})
    return infos(name for name, sensor in sensors.items() if sensor.get("kind") in _PHONES)


def _seen(known: Mapping[str, KpiInfo], phone: str) -> Iterator[KpiInfo]:
    for model in registry.ORDER:
        stays = registry.stays(model)
        for name in stays.kpis if stays is not None else ():
            info = known[name]
            yield replace(
                info,
                name=f"{name}{AT}{phone}",
                ja=f"{info.ja}（センサー {phone} から見た値）",
                en=f"{info.en} (as sensor {phone} sees it)",
                headline=False,
                share_of=None,
                prices=(),
            )
