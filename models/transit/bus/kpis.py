"""KPIs of buses on fixed routes; of their riders only where a run knows who rides."""

from __future__ import annotations

import numpy as np

from twin.kpi import Kpi, KpiInfo, TableColumns

_DRIVEN = (
    KpiInfo("transit.bus_vkm_km", "km", "lower", "路線バス走行距離", "Kilometres of buses on the map", additive=True),
    KpiInfo("transit.bus_hours_h", "h", "lower", "路線バス稼働時間", "Hours of buses on the map", additive=True),
    KpiInfo("transit.bus_cost_yen", "yen", "lower", "路線バス運行費用", "Costs of the buses", additive=True),
    KpiInfo("transit.bus_co2_kg", "kg", "lower", "路線バスCO2排出量", "CO2 of the buses", additive=True),
)
_RIDDEN = (
    KpiInfo("transit.bus_riders_count", "people", "higher", "路線バス乗車人数", "Boardings of buses", additive=True),
    KpiInfo(
        "transit.bus_occupancy_mean_people", "people", "higher", "路線バス平均乗車密度", "People on a bus, by kilometre"
    ),
    KpiInfo(
        "transit.bus_beyond_places_count",
        "trips",
        "lower",
        "定員を超えた便数",
        "Runs of buses with more people on board than places",
        additive=True,
    ),
    KpiInfo("transit.bus_revenue_yen", "yen", "higher", "路線バス運賃収入", "Fares of bus riders", additive=True),
    KpiInfo("transit.bus_subsidy_yen", "yen", "lower", "路線バス公的負担額", "Costs less fares", additive=True),
    KpiInfo("transit.bus_cost_per_ride_yen", "yen/person", "lower", "路線バス1人当たり運行費用", "Costs per bus rider"),
    KpiInfo("transit.bus_cost_recovery_share", "share", "higher", "路線バス収支率", "Fares by costs of the buses"),
)
_WAYS = {
    "on_foot": ("徒歩", "on foot"),
    "by_bus": ("路線バス", "by bus or on foot"),
    "by_van": ("オンデマンド", "by van or on foot"),
    "by_public": ("バス・オンデマンド", "by bus, by van or on foot"),
}
_REACH = tuple(
    KpiInfo(
        f"transit.reach_{name}_cells",
        "cells",
        "higher",
        f"所定時間内に到達できる区画数（{ja}）",
        f"Cells within reach from door to door {en}, mean over cells",
        name == "by_public",
    )
    for name, (ja, en) in _WAYS.items()
)
INFOS: tuple[KpiInfo, ...] = (*_DRIVEN, *_RIDDEN, *_REACH)


def of_buses(tables: TableColumns) -> dict[str, float]:
    """Figures of the buses of a run; empty where it has none."""
    if "transit_bus_terms" not in tables:
        return {}
    terms = {name: float(np.asarray(values)[0]) for name, values in tables["transit_bus_terms"].items()}
    trips = tables.get("transit_bus_trips", {})

    def of(name: str) -> np.ndarray:
        return np.asarray(trips.get(name, np.zeros(0)), np.float64)

    km = float(of("metres_m").sum()) / 1000
    cost = km * terms["km_yen"]
    values = {
        "transit.bus_vkm_km": km,
        "transit.bus_hours_h": float(of("on_map_s").sum()) / 3600,
        "transit.bus_cost_yen": cost,
        "transit.bus_co2_kg": km * terms["km_co2_kg"],
    }
    if "transit_settling" not in tables:
        return values
    riders = float(of("riders").sum())
    revenue = riders * terms["fare_yen"]
    return {
        **values,
        "transit.bus_riders_count": riders,
        "transit.bus_occupancy_mean_people": float(of("people_m").sum()) / 1000 / km if km > 0 else float("nan"),
        "transit.bus_beyond_places_count": float((of("beyond_places") > 0).sum()),
        "transit.bus_revenue_yen": revenue,
        "transit.bus_subsidy_yen": cost - revenue,
        "transit.bus_cost_per_ride_yen": cost / riders if riders > 0 else float("nan"),
        "transit.bus_cost_recovery_share": revenue / cost if cost > 0 else float("nan"),
    }


def kpis_of_buses(tables: TableColumns) -> list[Kpi]:
    """The same as rows."""
    units = {info.name: info.unit for info in INFOS}
    return [Kpi(name, "all", value, units[name]) for name, value in of_buses(tables).items()] + _of_reach(tables)


def _of_reach(tables: TableColumns) -> list[Kpi]:
    """Mean over the cells, by age group; all of them by their share among riders; ways a run lacks are left out."""
    if "transit_reach" not in tables:
        return []
    rows = tables["transit_reach"]
    group, weight = np.asarray(rows["age_group"]), np.asarray(rows["weight"], np.float64)
    names = [name for name in ("adult", "age_65", "wheelchair") if (group == name).any()]
    out = []
    for way in _WAYS:
        cells = np.asarray(rows[way], np.float64)
        if np.isnan(cells).any():
            continue
        kpi = f"transit.reach_{way}_cells"
        out.append(Kpi(kpi, "all", float(cells @ weight / weight.sum()), "cells"))
        out += [Kpi(kpi, name, float(cells[group == name].mean()), "cells") for name in names]
    return out
