"""KPIs of on-demand transit: for riders by group, and for the fleet.

Means over served requests say nothing of those who were refused: read them beside ``transit.refused_share`` and
``transit.served_within_15_min_share``, which counts everybody who asked.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Flags, Floats
from twin.columns import TABLES
from twin.kpi import Columns, Kpi, KpiInfo, Price, TableColumns
from twin.models.transit.bus.kpis import INFOS as BUS_INFOS
from twin.models.transit.bus.kpis import kpis_of_buses
from twin.models.transit.choice.kpis import INFOS as CHOICE_INFOS
from twin.models.transit.choice.kpis import kpis_of_choice

AGE_GROUPS = ("adult", "age_65", "wheelchair")
CHANNELS = ("app", "phone")
REASONS = (
    "out_of_hours", "same_stop", "unreachable", "party_too_large", "no_van_in_time", "no_seat", "detour",
    "no_place", "no_step_free_van", "phone_closed", "phone_gave_up", "too_late", "too_early",
)  # fmt: skip
_REASON_TEXT = {
    "out_of_hours": ("運行時間外", "asked out of hours"),
    "same_stop": ("乗降停留所が同一", "from and to the same stop"),
    "unreachable": ("道路で到達不可", "no way by road"),
    "party_too_large": ("定員を超える人数", "more people than seats"),
    "no_van_in_time": ("約束時間内に着ける車両なし", "no van in time"),
    "no_seat": ("空席なし", "no free seat"),
    "detour": ("約束を守れる経路なし", "no route that keeps all promises"),
    "no_place": ("車いす席なし", "no free place for a wheelchair"),
    "no_step_free_van": ("段差なし車両なし", "no van without a step"),
    "phone_closed": ("電話受付時間外", "phone closed"),
    "phone_gave_up": ("電話がつながらず断念", "hung up before being answered"),
    "too_late": ("希望時刻後の申込", "asked after the time wanted"),
    "too_early": ("予約可能期間より前の申込", "asked further ahead than bookings are taken"),
}
#: A promise counts as broken from a tenth of a second: below that it is arithmetic.
_BREACH_S = 0.1
_WITHIN_S = 900.0

_RIDER_INFOS = (
    KpiInfo("transit.asked_count", "requests", "neither", "申込件数", "Requests answered for good", additive=True),
    KpiInfo("transit.served_count", "requests", "higher", "運行件数", "Requests served", True, additive=True),
    KpiInfo("transit.riders_count", "people", "higher", "乗車人数", "People carried", additive=True),
    KpiInfo("transit.refused_share", "share", "lower", "断り率", "Share of requests refused", True),
    KpiInfo(
        "transit.served_within_15_min_share",
        "share",
        "higher",
        "15分以内に乗車できた割合（全申込比）",
        "Share of all who wanted to travel that boarded within 15 minutes",
        True,
    ),
    KpiInfo(
        "transit.wait_mean_s", "s", "lower", "平均待ち時間（申込から乗車）", "Mean wait from asking to boarding", True
    ),
    KpiInfo("transit.wait_p50_s", "s", "lower", "待ち時間の中央値", "Median wait"),
    KpiInfo("transit.wait_p95_s", "s", "lower", "待ち時間の95%値", "95th percentile of the wait", True),
    KpiInfo("transit.ride_mean_s", "s", "lower", "平均乗車時間", "Mean time on board"),
    KpiInfo("transit.detour_mean_factor", "factor", "lower", "平均迂回率", "Mean time on board by direct drive"),
    KpiInfo("transit.walk_mean_s", "s", "lower", "平均徒歩時間（前後計）", "Mean walk to and from stops"),
    KpiInfo(
        "transit.door_to_door_mean_s",
        "s",
        "lower",
        "平均所要時間（申込から目的地）",
        "Mean time from asking to the door",
    ),
    KpiInfo(
        "transit.promise_breach_count",
        "requests",
        "lower",
        "約束時間の超過件数",
        "Requests whose promise was broken",
        True,
        additive=True,
    ),
    KpiInfo(
        "transit.promise_breach_pickup_count",
        "requests",
        "lower",
        "乗車約束の超過件数",
        "Requests that boarded too late",
        additive=True,
    ),
    KpiInfo(
        "transit.promise_breach_ride_count",
        "requests",
        "lower",
        "乗車時間約束の超過件数",
        "Requests that rode too long",
        additive=True,
    ),
    KpiInfo(
        "transit.promise_warned_count",
        "requests",
        "lower",
        "道路変化で超過が予見された件数",
        "Requests whose breach was foreseen when the road changed",
        additive=True,
    ),
    KpiInfo(
        "transit.promise_breach_road_count",
        "requests",
        "lower",
        "道路変化による約束超過件数",
        "Broken promises that were foreseen when link times changed",
        additive=True,
    ),
    KpiInfo(
        "transit.promise_breach_drive_count",
        "requests",
        "lower",
        "信号・右左折による走行の遅れによる約束超過件数",
        "Broken promises because drives took longer than planned: lights that were red, turns",
        additive=True,
    ),
    KpiInfo("transit.late_max_s", "s", "lower", "約束からの最大遅れ", "Worst lateness against a promise"),
    KpiInfo("transit.cancelled_count", "requests", "neither", "取消件数", "Requests taken back", additive=True),
    KpiInfo("transit.no_show_count", "requests", "lower", "無断不乗車件数", "Requests nobody came for", additive=True),
    KpiInfo(
        "transit.picked_up_on_promise_share",
        "share",
        "higher",
        "約束時刻までに乗車できた割合（全申込比）",
        "Share of all who wanted to travel that boarded by the promised time",
    ),
    KpiInfo("transit.wait_gini", "index", "lower", "待ち時間のジニ係数", "Gini coefficient of waits of those served"),
    KpiInfo(
        "transit.worst_hour_wait_mean_s",
        "s",
        "lower",
        "最も混む時間帯の平均待ち時間",
        "Mean wait of those who wanted to leave in the hour with the longest mean wait",
    ),
    KpiInfo(
        "transit.worst_hour_refused_share",
        "share",
        "lower",
        "最も断りの多い時間帯の断り率",
        "Share refused in the hour with most refusals for its requests",
    ),
    KpiInfo(
        "transit.refused_with_offer_share",
        "share",
        "higher",
        "断りのうち代案のある割合",
        "Share of refusals that could have boarded within two more hours",
    ),
    KpiInfo(
        "transit.refused_with_other_stop_share",
        "share",
        "higher",
        "断りのうち近くの別の乗降場所から乗車できた割合",
        "Share of refusals that could have boarded in time at another stop nearby",
    ),
)

PRICES = {
    "transit.vkm_km": (Price("running.van_km"),),
    "transit.wait_mean_s": (Price("time.rider", times="transit.served_count"),),
}
_REFUSAL_INFOS = tuple(
    KpiInfo(f"transit.refused_{reason}_share", "share", "lower", f"断り率：{ja}", f"Share refused: {en}")
    for reason, (ja, en) in _REASON_TEXT.items()
)
_FLEET_INFOS = (
    KpiInfo(
        "transit.vehicle_hours_h",
        "h",
        "lower",
        "車両稼働時間",
        "Vehicle-hours on duty, overtime included",
        additive=True,
    ),
    KpiInfo(
        "transit.riders_per_vehicle_hour",
        "people/h",
        "higher",
        "車両時間当たり乗車人数",
        "Riders per vehicle-hour",
        True,
    ),
    KpiInfo("transit.vkm_km", "km", "lower", "走行距離", "Vehicle kilometres", True, additive=True),
    KpiInfo("transit.empty_km_share", "share", "lower", "空車走行率", "Share of kilometres without riders", True),
    KpiInfo("transit.occupancy_mean_people", "people", "higher", "平均乗車密度", "People on board, by kilometre"),
    KpiInfo(
        "transit.loaded_time_share", "share", "higher", "実車時間率", "Share of duty time with riders on board", True
    ),
    KpiInfo(
        "transit.speed_driving_mps",
        "m/s",
        "higher",
        "走行中の平均速度",
        "Metres per second of driving, waits at lights included",
    ),
    KpiInfo(
        "transit.speed_loaded_mps",
        "m/s",
        "higher",
        "実車時の平均速度（停車を含む）",
        "Metres with riders per second with riders on board, stops included: door to door of the van",
    ),
    KpiInfo("transit.vans_on_duty_max", "vans", "lower", "同時稼働車両数の最大", "Most vans on duty at once"),
    KpiInfo("transit.cost_yen", "yen", "lower", "運行費用", "Costs: hours on duty and fuel", additive=True),
    KpiInfo("transit.revenue_yen", "yen", "higher", "運賃収入", "Fares of those carried", additive=True),
    KpiInfo("transit.subsidy_yen", "yen", "lower", "公的負担額", "Costs less fares", True, additive=True),
    KpiInfo("transit.cost_per_ride_yen", "yen/person", "lower", "1人当たり運行費用", "Costs per rider carried", True),
    KpiInfo("transit.cost_recovery_share", "share", "higher", "収支率", "Fares by costs", True),
    KpiInfo("transit.co2_per_ride_kg", "kg/person", "lower", "1人当たりCO2排出量", "CO2 of vans per rider carried"),
    KpiInfo("transit.unfinished_count", "requests", "lower", "未完了の申込", "Requests still open at the end"),
)
INFOS: tuple[KpiInfo, ...] = (*_RIDER_INFOS, *_REFUSAL_INFOS, *_FLEET_INFOS, *BUS_INFOS, *CHOICE_INFOS)
_UNITS = {info.name: info.unit for info in INFOS}


def compute(tables: TableColumns) -> list[Kpi]:
    """KPIs of riders, of all and by age group and zone, then of the fleet, of all and by zone; nan where undefined."""
    requests, legs, shifts = (_table(tables, f"transit_{name}") for name in ("requests", "legs", "shifts"))
    terms = _table(tables, "transit_terms")
    group = np.asarray(requests["age_group"])
    zone, zone_of_van = _zones(tables, requests, shifts)
    names = sorted({*np.unique(zone).tolist(), *zone_of_van.values()} - {""})
    out = _of_riders("all", requests, np.ones(len(group), np.bool_))
    for name in AGE_GROUPS:
        out += _of_riders(name, requests, group == name)
    for name in names:
        out += _of_riders(name, requests, zone == name)
    channel = np.asarray(requests["channel"]) if "channel" in requests else np.zeros(0, np.str_)
    if (channel == "phone").any():
        for name in CHANNELS:
            out += _of_riders(name, requests, channel == name)
    values = _of_fleet(requests, legs, shifts, terms)
    values["transit.unfinished_count"] = float(_unfinished(tables))
    out += [Kpi(info.name, "all", values[info.name], info.unit) for info in _FLEET_INFOS]
    for name in names:
        vans = [van for van, its in zone_of_van.items() if its == name]
        of_zone = [_rows(table, np.isin(table["van"], vans)) for table in (requests, legs, shifts)]
        mine = _of_fleet(of_zone[0], of_zone[1], of_zone[2], terms)
        out += [Kpi(info.name, name, mine[info.name], info.unit) for info in _FLEET_INFOS if info.name in mine]
    return [*out, *kpis_of_buses(tables), *kpis_of_choice(tables, requests, values)]


def _zones(tables: TableColumns, requests: Columns, shifts: Columns) -> tuple[NDArray[np.str_], dict[int, str]]:
    """Zone of each request and of each van; empty where the service has none."""
    stops = tables.get("transit_stops", {})
    if "zone" not in stops or "zone" not in shifts:
        return np.full(len(requests["age_group"]), "", np.str_), {}
    names = np.asarray(stops["zone"], np.str_)
    by_index = np.full(int(np.asarray(stops["stop_index"]).max(initial=-1)) + 1, "", names.dtype)
    by_index[np.asarray(stops["stop_index"])] = names
    of_van = dict(zip(np.asarray(shifts["van"]).tolist(), np.asarray(shifts["zone"]).tolist(), strict=True))
    zone: NDArray[np.str_] = by_index[np.asarray(requests["from_stop"])]
    return zone, of_van


def _rows(table: Columns, rows: Flags) -> Columns:
    return {name: np.asarray(values)[rows] for name, values in table.items()}


def _table(tables: TableColumns, name: str) -> Columns:
    """A table, or its columns without rows where nothing happened."""
    if name in tables:
        return tables[name]
    return {c.name: np.empty(0, "U1" if c.dtype == "str" else c.dtype) for c in TABLES[name].columns}


def _of_riders(group: str, requests: Columns, rows: Flags) -> list[Kpi]:
    served = rows & (np.asarray(requests["outcome"]) == "served")
    refused = np.asarray(requests["outcome"]) == "refused"
    reason = np.asarray(requests["reason"])
    asked = int(rows.sum())
    # Who takes a request back or does not come did not want to travel then.
    wanted = int((rows & (served | refused)).sum())
    since_s = np.asarray(requests["since_s" if "since_s" in requests else "asked_s"], np.float64)
    offer_s = np.asarray(requests["offer_s"], np.float64) if "offer_s" in requests else np.full(len(rows), np.nan)

    # Runs that do not look for other stops have -2 there, and no share.
    other = np.asarray(requests.get("offer_stop", np.full(len(rows), -2)), np.int64)

    def of_served(name: str) -> Floats:
        return np.asarray(requests[name], np.float64)[served]

    wait_s = of_served("pickup_s") - of_served("since_s" if "since_s" in requests else "asked_s")
    ride_s = of_served("dropoff_s") - of_served("pickup_s")
    direct_s = of_served("direct_s")
    moved = direct_s > 0
    late_pickup_s = of_served("pickup_s") - of_served("promised_pickup_s")
    long_ride_s = ride_s - of_served("promised_ride_s")
    late_s = np.maximum(np.maximum(late_pickup_s, long_ride_s), 0.0)
    warned = ~np.isnan(of_served("pickup_warned_s")) | ~np.isnan(of_served("ride_warned_s"))
    # All that is not the road's drives is certain once a plan is made: dwells, walks, lateness of others.
    foreseen = ((late_pickup_s > _BREACH_S) & ~np.isnan(of_served("pickup_warned_s"))) | (
        (long_ride_s > _BREACH_S) & ~np.isnan(of_served("ride_warned_s"))
    )
    walk_s = of_served("walk_s") + of_served("egress_s")
    values = {
        "transit.asked_count": float(asked),
        "transit.served_count": float(served.sum()),
        "transit.riders_count": float(of_served("party").sum()),
        "transit.refused_share": _share(int((rows & refused).sum()), asked),
        "transit.served_within_15_min_share": _share(int((wait_s <= _WITHIN_S).sum()), wanted),
        "transit.wait_mean_s": _mean(wait_s),
        "transit.wait_p50_s": _quantile(wait_s, 0.5),
        "transit.wait_p95_s": _quantile(wait_s, 0.95),
        "transit.ride_mean_s": _mean(ride_s),
        "transit.detour_mean_factor": _mean(ride_s[moved] / direct_s[moved]),
        "transit.walk_mean_s": _mean(walk_s),
        "transit.door_to_door_mean_s": _mean(wait_s + ride_s + of_served("egress_s")),
        "transit.promise_breach_count": float((late_s > _BREACH_S).sum()),
        "transit.promise_breach_pickup_count": float((late_pickup_s > _BREACH_S).sum()),
        "transit.promise_breach_ride_count": float((long_ride_s > _BREACH_S).sum()),
        "transit.promise_warned_count": float(warned.sum()),
        "transit.promise_breach_road_count": float(foreseen.sum()),
        "transit.promise_breach_drive_count": float(((late_s > _BREACH_S) & ~foreseen).sum()),
        "transit.late_max_s": float(late_s.max()) if len(late_s) else np.nan,
        "transit.cancelled_count": float((rows & (np.asarray(requests["outcome"]) == "cancelled")).sum()),
        "transit.no_show_count": float((rows & (np.asarray(requests["outcome"]) == "no_show")).sum()),
        "transit.picked_up_on_promise_share": _share(int((late_pickup_s <= _BREACH_S).sum()), wanted),
        "transit.wait_gini": gini(wait_s),
        "transit.worst_hour_wait_mean_s": _worst_hour(since_s[served], wait_s),
        "transit.worst_hour_refused_share": _worst_hour(since_s[rows], refused[rows].astype(np.float64)),
        "transit.refused_with_offer_share": _share(
            int((rows & refused & np.isfinite(offer_s)).sum()), int((rows & refused).sum())
        ),
        "transit.refused_with_other_stop_share": _share(
            int((rows & refused & (other >= 0)).sum()), int((rows & refused).sum()) if (other > -2).any() else 0
        ),
    }
    for name in REASONS:
        values[f"transit.refused_{name}_share"] = _share(int((rows & (reason == name)).sum()), asked)
    return [Kpi(name, group, value, _UNITS[name]) for name, value in values.items()]


def gini(values: Floats) -> float:
    """Gini coefficient: mean difference of all pairs over twice the mean; 0 where all are alike, nan over nobody."""
    n = len(values)
    if n == 0 or not values.sum() > 0:
        return float("nan") if n == 0 else 0.0
    ordered = np.sort(values)
    return float((2.0 * np.arange(1, n + 1) - n - 1) @ ordered / (n * ordered.sum()))


def _worst_hour(at_s: Floats, values: Floats) -> float:
    """Highest mean of the hours of the day in which anything happened; nan over nobody."""
    if not len(at_s):
        return float("nan")
    hour = (at_s // 3600 % 24).astype(np.int64)
    count = np.bincount(hour, minlength=24)
    total = np.bincount(hour, values, minlength=24)
    return float((total[count > 0] / count[count > 0]).max())


def _most_on_duty(shifts: Columns) -> float:
    """Most vans on duty at one moment."""
    from_s, to_s = np.asarray(shifts["from_s"], np.float64), np.asarray(shifts["to_s"], np.float64)
    if not len(from_s):
        return 0.0
    return float(max(((from_s <= at_s) & (to_s > at_s)).sum() for at_s in np.unique(from_s)))


def _money(values: dict[str, float], riders: float, terms: Columns) -> dict[str, float]:
    """Costs and fares; nan where the run does not tell its terms."""
    known = len(np.asarray(terms["revenue_yen"])) > 0
    one = {name: float(np.asarray(terms[name])[0]) if known else float("nan") for name in terms}
    hours, km = values["transit.vehicle_hours_h"], values["transit.vkm_km"]
    cost, revenue = hours * one["vehicle_hour_yen"] + km * one["km_yen"], riders * one["revenue_yen"]
    return {
        "transit.cost_yen": cost,
        "transit.revenue_yen": revenue,
        "transit.subsidy_yen": cost - revenue,
        "transit.cost_per_ride_yen": _share(cost, riders),
        "transit.cost_recovery_share": _share(revenue, cost),
        "transit.co2_per_ride_kg": _share(km * one["km_co2_kg"], riders),
    }


def _of_fleet(requests: Columns, legs: Columns, shifts: Columns, terms: Columns) -> dict[str, float]:
    served = np.asarray(requests["outcome"]) == "served"
    riders = float(np.asarray(requests["party"])[served].sum())
    metres = np.asarray(legs["metres_m"], np.float64)
    on_board = np.asarray(legs["riders"], np.float64)
    duty_s, loaded_s = _duty_s(legs, shifts), _loaded_s(requests, served)
    drive_s = float((np.asarray(legs["arrive_s"], np.float64) - np.asarray(legs["depart_s"], np.float64)).sum())
    values = {
        "transit.vans_on_duty_max": _most_on_duty(shifts),
        "transit.vehicle_hours_h": duty_s / 3600,
        "transit.riders_per_vehicle_hour": _share(riders, duty_s / 3600),
        "transit.vkm_km": float(metres.sum()) / 1000,
        "transit.empty_km_share": _share(float(metres[on_board == 0].sum()), float(metres.sum())),
        "transit.occupancy_mean_people": _share(float((metres * on_board).sum()), float(metres.sum())),
        "transit.loaded_time_share": _share(loaded_s, duty_s),
        "transit.speed_driving_mps": _share(float(metres.sum()), drive_s),
        "transit.speed_loaded_mps": _share(float(metres[on_board > 0].sum()), loaded_s),
    }
    return {**values, **_money(values, riders, terms)}


def _duty_s(legs: Columns, shifts: Columns) -> float:
    """Hours of the shifts, and for each van the time from its last shift's end to its last arrival."""
    from_s, to_s = np.asarray(shifts["from_s"], np.float64), np.asarray(shifts["to_s"], np.float64)
    total = float((to_s - from_s).sum())
    shift_van, leg_van = np.asarray(shifts["van"]), np.asarray(legs["van"])
    arrive_s = np.asarray(legs["arrive_s"], np.float64)
    for van in np.unique(shift_van):
        starts, ends = np.sort(from_s[shift_van == van]), np.sort(to_s[shift_van == van])
        arrivals = arrive_s[leg_van == van]
        for end_s, next_s in zip(ends, [*starts[1:], np.inf], strict=True):
            late = arrivals[(arrivals > end_s) & (arrivals <= next_s)]
            total += float(late.max() - end_s) if len(late) else 0.0
    return total


def _loaded_s(requests: Columns, served: Flags) -> float:
    """Time with anybody on board, summed over vans: the union of the rides of each."""
    van = np.asarray(requests["van"])[served]
    start_s, end_s = (np.asarray(requests[name], np.float64)[served] for name in ("pickup_s", "dropoff_s"))
    order = np.lexsort((start_s, van))
    total = 0.0
    current, reached_s = -1, -np.inf
    for row in order:
        if int(van[row]) != current:
            current, reached_s = int(van[row]), -np.inf
        total += max(0.0, end_s[row] - max(start_s[row], reached_s))
        reached_s = max(reached_s, end_s[row])
    return float(total)


def _unfinished(tables: TableColumns) -> int:
    """Requests still open at the end, from the ledger of the run."""
    ledger = tables.get("ledger")
    if ledger is None:
        return 0
    rows = (
        (np.asarray(ledger["model"]) == "transit")
        & (np.asarray(ledger["account"]) == "requests")
        & (np.asarray(ledger["entry"]) == "inside")
    )
    return int(np.asarray(ledger["count"])[rows].sum())


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _quantile(values: Floats, share: float) -> float:
    return float(np.quantile(values, share)) if len(values) else float("nan")
