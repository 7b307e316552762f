"""KPIs of mode choice: shares, whom vans take riders from, what people gain, and all of public transport together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Flags, Floats
from twin.kpi import Columns, Kpi, KpiInfo, TableColumns
from twin.models.transit.bus.kpis import of_buses

_MODES = {
    "walk": ("徒歩", "on foot"),
    "bicycle": ("自転車", "by bicycle"),
    "bus": ("路線バス", "by bus"),
    "van": ("オンデマンド", "by van"),
    "taxi": ("タクシー", "by taxi"),
    "car": ("自家用車", "by car"),
}
AGE_GROUPS = ("adult", "age_65", "wheelchair")
_OF_GROUPS = (
    KpiInfo("transit.trips_count", "people", "neither", "移動する人数", "People who travel, each trip", additive=True),
    *(
        KpiInfo(f"transit.{name}_share", "share", "neither", f"{ja}の分担率", f"Share of people who travel {en}")
        for name, (ja, en) in _MODES.items()
    ),
    *(
        KpiInfo(
            f"transit.van_from_{name}_share",
            "share",
            "neither",
            f"オンデマンド利用者のうち本来{ja}の割合",
            f"Share of those who choose the van that would otherwise travel {en}",
        )
        for name, (ja, en) in _MODES.items()
        if name != "van"
    ),
    KpiInfo(
        "transit.worth_mean_yen",
        "yen/person",
        "higher",
        "移動の価値（案どうしの差が便益）",
        "Worth of the chosen way to people, up to a constant: differences between variants are what they gain",
        True,
    ),
    KpiInfo(
        "transit.expected_trip_mean_s",
        "s",
        "lower",
        "平均所要時間（全手段、見込み）",
        "Mean time from door to door that people expect, by all ways",
    ),
)
_OF_ALL = (
    KpiInfo("transit.expected_wait_mean_s", "s", "lower", "見込まれた待ち時間", "Wait for a van that people expect"),
    KpiInfo(
        "transit.choice_rounds_count", "rounds", "neither", "収束までの反復回数", "Rounds until waits were settled"
    ),
    KpiInfo(
        "transit.choice_residual_s",
        "s",
        "lower",
        "待ち時間の収束残差",
        "Mean difference between waits expected and met on the days learned from",
    ),
    KpiInfo(
        "transit.car_and_taxi_km", "km", "lower", "自家用車・タクシー走行距離", "Car and taxi kilometres", additive=True
    ),
    KpiInfo(
        "transit.co2_net_of_replaced_kg",
        "kg",
        "lower",
        "置換手段を差し引いたCO2",
        "CO2 of vans less that of cars and taxis that their riders would have taken",
        additive=True,
    ),
    KpiInfo(
        "transit.co2_all_kg",
        "kg",
        "lower",
        "車両・路線バス・自家用車・タクシーのCO2",
        "CO2 of vans, buses, cars and taxis",
        True,
        additive=True,
    ),
    KpiInfo(
        "transit.public_riders_count",
        "people",
        "higher",
        "公共交通乗車人数",
        "People carried by vans and boarding buses",
        True,
        additive=True,
    ),
    KpiInfo("transit.public_cost_yen", "yen", "lower", "公共交通運行費用", "Costs of vans and buses", additive=True),
    KpiInfo(
        "transit.public_subsidy_yen",
        "yen",
        "lower",
        "公共交通の公的負担額",
        "Costs less fares of vans and buses",
        True,
        additive=True,
    ),
    KpiInfo(
        "transit.public_cost_per_ride_yen",
        "yen/person",
        "lower",
        "公共交通1人当たり運行費用",
        "Costs of vans and buses per ride",
        True,
    ),
    KpiInfo(
        "transit.public_cost_recovery_share", "share", "higher", "公共交通収支率", "Fares by costs of vans and buses"
    ),
)
INFOS: tuple[KpiInfo, ...] = (*_OF_GROUPS, *_OF_ALL)


def kpis_of_choice(tables: TableColumns, requests: Columns, fleet: dict[str, float]) -> list[Kpi]:
    """KPIs of a run in which people choose; none otherwise.

    Parameters
    ----------
    requests
        Rows of ``transit_requests``.
    fleet
        Figures of the vans of the whole service.
    """
    if "transit_settling" not in tables or "transit_trips" not in tables:
        return []
    trips = tables["transit_trips"]
    units = {info.name: info.unit for info in INFOS}
    group = np.asarray(trips["age_group"])
    parts = [("all", np.ones(len(group), np.bool_)), *((name, group == name) for name in AGE_GROUPS)]
    out = [
        Kpi(name, part, value, units[name]) for part, rows in parts for name, value in _of_group(trips, rows).items()
    ]
    values = {**_settled(tables), **_together(tables, trips, requests, fleet)}
    return [*out, *(Kpi(name, "all", value, units[name]) for name, value in values.items())]


def _of_group(trips: Columns, rows: Flags) -> dict[str, float]:
    party = np.asarray(trips["party"], np.float64)[rows]
    mode, otherwise = (np.asarray(trips[name])[rows] for name in ("mode", "otherwise"))
    van = mode == "van"
    return {
        "transit.trips_count": float(party.sum()),
        **{f"transit.{name}_share": _share(party[mode == name].sum(), party.sum()) for name in _MODES},
        **{
            f"transit.van_from_{name}_share": _share(party[van & (otherwise == name)].sum(), party[van].sum())
            for name in _MODES
            if name != "van"
        },
        "transit.worth_mean_yen": _mean(np.asarray(trips["worth_yen"], np.float64)[rows], party),
        "transit.expected_trip_mean_s": _mean(np.asarray(trips["expected_s"], np.float64)[rows], party),
    }


def _settled(tables: TableColumns) -> dict[str, float]:
    """How the feedback ended; nan for waits where no van runs."""
    settling = tables["transit_settling"]
    last = np.asarray(settling["round"]) == np.asarray(settling["round"]).max()
    wait_s, asked = (np.asarray(settling[name], np.float64)[last] for name in ("expected_wait_s", "trips"))
    return {
        "transit.expected_wait_mean_s": _mean(wait_s, asked),
        "transit.choice_rounds_count": float(np.asarray(settling["round"]).max() + 1),
        "transit.choice_residual_s": float(np.asarray(settling["residual_s"], np.float64)[last][0]),
    }


def _together(tables: TableColumns, trips: Columns, requests: Columns, fleet: dict[str, float]) -> dict[str, float]:
    """All ways with wheels; who is refused a van travels as if there were none."""
    terms = {name: float(np.asarray(values)[0]) for name, values in tables["transit_choice_terms"].items()}
    outcome = dict(zip(np.asarray(requests["id"]).tolist(), np.asarray(requests["outcome"]).tolist(), strict=True))
    answer = np.array([outcome.get(id_, "") for id_ in np.asarray(trips["id"]).tolist()], np.str_)
    mode, otherwise = (np.asarray(trips[name], np.str_) for name in ("mode", "otherwise"))
    turned_away = (mode == "van") & (answer == "refused")
    served = (mode == "van") & (answer == "served")
    driven = np.where(turned_away, otherwise, mode)
    metres = np.where(turned_away, trips["otherwise_road_m"], trips["road_m"])
    per_km = {"car": terms["car_km_co2_kg"], "taxi": terms["taxi_km_co2_kg"]}

    def co2_kg(by: NDArray[np.str_], along_m: Floats) -> float:
        return sum(float(along_m[by == name].sum()) / 1000 * factor for name, factor in per_km.items())

    bus = of_buses(tables)
    riders = float(np.asarray(requests["party"])[np.asarray(requests["outcome"]) == "served"].sum())
    vans_kg = fleet["transit.vkm_km"] * float(np.asarray(tables["transit_terms"]["km_co2_kg"])[0])
    rides = riders + bus.get("transit.bus_riders_count", 0.0)
    cost = fleet["transit.cost_yen"] + bus.get("transit.bus_cost_yen", 0.0)
    revenue = fleet["transit.revenue_yen"] + bus.get("transit.bus_revenue_yen", 0.0)
    replaced = np.where(served, np.asarray(trips["otherwise_road_m"], np.float64), 0.0)
    return {
        "transit.car_and_taxi_km": float(metres.sum()) / 1000,
        "transit.co2_net_of_replaced_kg": vans_kg - co2_kg(otherwise, replaced),
        "transit.co2_all_kg": vans_kg + bus.get("transit.bus_co2_kg", 0.0) + co2_kg(driven, metres),
        "transit.public_riders_count": rides,
        "transit.public_cost_yen": cost,
        "transit.public_subsidy_yen": cost - revenue,
        "transit.public_cost_per_ride_yen": _share(cost, rides),
        "transit.public_cost_recovery_share": _share(revenue, cost),
    }


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _mean(values: Floats, weights: Floats) -> float:
    return float(values @ weights / weights.sum()) if weights.sum() > 0 else float("nan")
