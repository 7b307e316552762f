"""KPIs of the road: trips, kilometres, travel times and delays, per class of vehicle.

What the form of the road does not model (``road_modelled``) has no row: a delay, queue or jam of 0 would be an answer.
"""

from __future__ import annotations

import numpy as np

from twin.arrays import Floats
from twin.columns import VEHICLE_CLASSES
from twin.kpi import Kpi, KpiInfo, Price, TableColumns

INFOS: tuple[KpiInfo, ...] = (
    KpiInfo("road.trips_count", "trips", "neither", "道路走行トリップ数", "Trips driven on the road", additive=True),
    KpiInfo("road.vkm_km", "km", "neither", "走行台キロ", "Vehicle kilometres of finished trips", additive=True),
    KpiInfo("road.mean_travel_time_s", "s", "lower", "平均走行時間", "Mean travel time of finished trips", True),
    KpiInfo("road.delay_mean_s", "s", "lower", "平均遅れ時間", "Mean delay against free flow", True),
    KpiInfo("road.delay_p95_s", "s", "lower", "遅れ時間の95%値", "95th percentile of the delay"),
    KpiInfo("road.delay_total_h", "h", "lower", "総遅れ時間", "Total delay of finished trips", additive=True),
    KpiInfo(
        "road.time_total_h",
        "h",
        "lower",
        "総走行時間（未完了を含む）",
        "Vehicle hours on the road, those still driving at the end included",
        additive=True,
    ),
    KpiInfo("road.speed_mean_mps", "m/s", "higher", "平均旅行速度", "Metres driven per second of travel time"),
    KpiInfo(
        "road.fuel_l",
        "L",
        "lower",
        "燃料消費量",
        "Fuel of finished trips, by class, kilometres and hours",
        additive=True,
    ),
    KpiInfo("road.co2_kg", "kg", "lower", "CO2排出量", "CO2 of the fuel of finished trips", additive=True),
    KpiInfo("road.spillback_h", "h", "lower", "先詰まり時間", "Hours for which queues filled links, over all links"),
    KpiInfo("road.queue_max_m", "m", "lower", "最長の滞留長", "Longest standing queue on one link"),
    KpiInfo(
        "road.street_queue_max_m",
        "m",
        "lower",
        "指定道路の最大滞留長",
        "Most metres of standing queue on a watched street",
    ),
    KpiInfo(
        "road.street_blocked_min",
        "min",
        "lower",
        "指定道路が先詰まりした時間",
        "Minutes in which a queue filled some link of a watched street to its beginning",
    ),
    KpiInfo("road.gridlocked_count", "links", "lower", "膠着した道路区間数", "Links caught in a gridlock"),
    KpiInfo("road.unfinished_count", "vehicles", "lower", "走行中の車両数", "Vehicles still on the road at the end"),
)

PRICES = {
    "road.delay_total_h": (Price("time.vehicle"),),
    "road.co2_kg": (Price("co2"),),
    "road.vkm_km": (Price("running.vehicle_km", speed="road.speed_mean_mps"), Price("accidents.vehicle_km")),
}
_UNITS = {info.name: info.unit for info in INFOS}
#: KPI -> the part of the road's answer that it needs.
_NEEDS = {
    "road.delay_mean_s": "delay",
    "road.delay_p95_s": "delay",
    "road.delay_total_h": "delay",
    "road.queue_max_m": "queue",
    "road.street_queue_max_m": "queue",
    "road.street_blocked_min": "spillback",
    "road.spillback_h": "spillback",
    "road.gridlocked_count": "gridlock",
}


def compute(tables: TableColumns) -> list[Kpi]:
    """KPIs for all vehicles and per class that drove; means are nan where nobody finished.

    Without the table ``road_modelled`` all parts count as modelled.
    """
    modelled = _modelled(tables)
    return [kpi for kpi in _all(tables) if _NEEDS.get(kpi.kpi, "") in modelled]


def _modelled(tables: TableColumns) -> set[str]:
    said = tables.get("road_modelled")
    return {"", *(_NEEDS.values() if said is None else np.asarray(said["part"]).tolist())}


def _all(tables: TableColumns) -> list[Kpi]:
    trips = tables.get("road_trips")
    if trips is None:
        time_s = free_s = metres = fuel_l = co2_kg = np.empty(0)
        vehicle_class = np.empty(0, np.uint8)
    else:
        time_s = np.asarray(trips["leave_s"], np.float64) - np.asarray(trips["enter_s"], np.float64)
        free_s = np.asarray(trips["free_s"], np.float64)
        metres = np.asarray(trips["metres_m"], np.float64)
        fuel_l, co2_kg = np.asarray(trips["fuel_l"], np.float64), np.asarray(trips["co2_kg"], np.float64)
        vehicle_class = np.asarray(trips["vehicle_class"])
    late = tables.get("road_unfinished")
    late_s = (
        np.empty(0)
        if late is None
        else (np.asarray(late["until_s"], np.float64) - np.asarray(late["enter_s"], np.float64))
    )
    late_class = np.empty(0, np.uint8) if late is None else np.asarray(late["vehicle_class"])
    out = _of_group("all", time_s, free_s, metres, fuel_l, co2_kg, late_s)
    for code, name in enumerate(VEHICLE_CLASSES):
        rows, waits = vehicle_class == code, late_class == code
        if rows.any() or waits.any():
            out += _of_group(name, time_s[rows], free_s[rows], metres[rows], fuel_l[rows], co2_kg[rows], late_s[waits])
    links = tables.get("road_links")
    longest = 0.0 if links is None else float(np.max(np.asarray(links["queue_m"], np.float64), initial=0.0))
    out.append(Kpi("road.queue_max_m", "all", longest, _UNITS["road.queue_max_m"]))
    spillback = tables.get("road_spillback")
    full_h = 0.0 if spillback is None else float(np.asarray(spillback["full_s"], np.float64).sum()) / 3600
    out.append(Kpi("road.spillback_h", "all", full_h, _UNITS["road.spillback_h"]))
    out += _of_streets(tables)
    gridlock = tables.get("road_gridlock")
    stuck = 0 if gridlock is None else len(np.unique(gridlock["link_index"]))
    out.append(Kpi("road.gridlocked_count", "all", float(stuck), _UNITS["road.gridlocked_count"]))
    out.append(Kpi("road.unfinished_count", "all", float(_inside(tables)), _UNITS["road.unfinished_count"]))
    return out


def _of_group(
    group: str, time_s: Floats, free_s: Floats, metres: Floats, fuel_l: Floats, co2_kg: Floats, late_s: Floats
) -> list[Kpi]:
    # A microsecond is below anything that is driven; it hides that times are differences of large numbers.
    delay_s = np.round(time_s - free_s, 6) + 0.0
    some = len(time_s) > 0
    values = {
        "road.trips_count": float(len(time_s)),
        "road.vkm_km": float(metres.sum()) / 1000,
        "road.fuel_l": float(fuel_l.sum()),
        "road.co2_kg": float(co2_kg.sum()),
        "road.mean_travel_time_s": float(time_s.mean()) if some else np.nan,
        "road.delay_mean_s": float(delay_s.mean()) if some else np.nan,
        "road.delay_p95_s": float(np.quantile(delay_s, 0.95)) if some else np.nan,
        "road.delay_total_h": float(delay_s.sum()) / 3600,
        "road.time_total_h": float(time_s.sum() + late_s.sum()) / 3600,
        "road.speed_mean_mps": float(metres.sum() / time_s.sum()) if some and time_s.sum() > 0 else np.nan,
    }
    return [Kpi(name, group, value, _UNITS[name]) for name, value in values.items()]


def _of_streets(tables: TableColumns) -> list[Kpi]:
    """Queue and minutes blocked of each watched street, which is the group."""
    streets, spillback = tables.get("road_streets"), tables.get("road_spillback")
    if streets is None:
        return []
    out = []
    name, queue_m = np.asarray(streets["street"]), np.asarray(streets["queue_m"], np.float64)
    for street in np.unique(name):
        blocked_s = 0.0
        if spillback is not None:
            mine = np.asarray(spillback["street"]) == street
            from_s, to_s = (np.asarray(spillback[c], np.float64)[mine] for c in ("from_s", "to_s"))
            blocked_s = _covered_s(from_s, to_s)
        for kpi, value in (
            ("road.street_queue_max_m", queue_m[name == street].max()),
            ("road.street_blocked_min", blocked_s / 60),
        ):
            out.append(Kpi(kpi, str(street), float(value), _UNITS[kpi]))
    return out


def _covered_s(from_s: Floats, to_s: Floats) -> float:
    """Seconds covered by at least one of some spans."""
    order = np.argsort(from_s)
    from_s, until_s = from_s[order], np.maximum.accumulate(to_s[order])
    before_s = np.concatenate([[-np.inf], until_s[:-1]])
    return float((until_s - np.maximum(from_s, before_s)).sum())


def _inside(tables: TableColumns) -> int:
    """Vehicles of the road's ledger that are inside at the end of the run."""
    ledger = tables.get("ledger")
    if ledger is None:
        return 0
    rows = (np.asarray(ledger["model"]) == "road_traffic") & (np.asarray(ledger["entry"]) == "inside")
    return int(np.asarray(ledger["count"])[rows].sum())
