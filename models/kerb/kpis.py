"""KPIs of the kerb: who found a bay, who took a lane, who overstayed, who went away, and the staff it took."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Flags, Floats
from twin.kpi import Kpi, KpiInfo, TableColumns
from twin.models.kerb.tables import KINDS

INFOS: tuple[KpiInfo, ...] = (
    KpiInfo("kerb.visits_count", "vehicles", "neither", "来店車両数", "Vehicles that came to shops", additive=True),
    KpiInfo(
        "kerb.served_count", "vehicles", "higher", "用務を終えた車両数", "Vehicles whose work was done", additive=True
    ),
    KpiInfo(
        "kerb.cut_short_count",
        "vehicles",
        "lower",
        "用務を中断した車両数",
        "Vehicles that left before their work was done",
        additive=True,
    ),
    KpiInfo(
        "kerb.turned_away_count",
        "vehicles",
        "lower",
        "停車できず立ち去った車両数",
        "Vehicles that went away without stopping for work",
        True,
        additive=True,
    ),
    KpiInfo(
        "kerb.open_count",
        "vehicles",
        "lower",
        "終了時に停車中の車両数",
        "Vehicles still at the kerb at the end",
        additive=True,
    ),
    KpiInfo("kerb.in_bay_count", "vehicles", "higher", "荷さばき枠の利用台数", "Stands in bays", additive=True),
    KpiInfo(
        "kerb.in_lane_count",
        "vehicles",
        "lower",
        "車線上に停車した台数",
        "Stands in the lane for work",
        True,
        additive=True,
    ),
    KpiInfo(
        "kerb.told_count",
        "vehicles",
        "neither",
        "促されて移動した台数",
        "Stands that ended because the driver was told to leave",
        additive=True,
    ),
    KpiInfo(
        "kerb.overstay_share",
        "share",
        "lower",
        "枠の制限時間を超えた割合",
        "Share of stands in bays beyond the limit",
        True,
    ),
    KpiInfo(
        "kerb.overstay_min", "min", "lower", "枠の超過時間の合計", "Minutes beyond the limit in bays", additive=True
    ),
    KpiInfo(
        "kerb.lane_stand_min",
        "min",
        "lower",
        "車線上の停車時間の合計",
        "Vehicle minutes of standing in the lane, waiting for a bay included",
        additive=True,
    ),
    KpiInfo(
        "kerb.blocked_lane_min",
        "min",
        "lower",
        "車線がふさがれた時間",
        "Minutes in which vehicles took the lane beside an edge, over all edges",
        True,
    ),
    KpiInfo(
        "kerb.occupancy_share",
        "share",
        "neither",
        "荷さばき枠の占有率",
        "Share of the hours of bays in which one is taken",
        True,
    ),
    KpiInfo(
        "kerb.search_mean_min",
        "min",
        "lower",
        "枠を探した平均時間",
        "From the first pocket until a vehicle stands for its work",
    ),
    KpiInfo("kerb.staff_h", "h", "lower", "現地要員の延べ時間", "Hours of guards and patrols", True),
)
_UNITS = {info.name: info.unit for info in INFOS}
_MIN = 60.0
_OUTCOMES = {
    "kerb.served_count": "served",
    "kerb.cut_short_count": "cut_short",
    "kerb.turned_away_count": "turned_away",
    "kerb.open_count": "open",
}


def compute(tables: TableColumns) -> list[Kpi]:
    """KPIs for all vehicles and by kind; shares and means are nan over nobody.

    Parameters
    ----------
    tables
        Tables of the kerb; those without rows are absent.
    """
    terms = tables.get("kerb_terms")
    if terms is None:
        return []
    said = dict(zip(np.asarray(terms["name"]).tolist(), np.asarray(terms["value"], np.float64).tolist(), strict=True))
    visits, stands = tables.get("kerb_visits"), tables.get("kerb_stands")
    kind_of_visit = _column(visits, "kind", np.uint8)
    kind_of_stand = _column(stands, "kind", np.uint8)
    out: list[Kpi] = []
    groups: list[tuple[str, Flags, Flags]] = [
        ("all", np.ones(len(kind_of_visit), bool), np.ones(len(kind_of_stand), bool))
    ]
    for code, name in enumerate(KINDS):
        mine = kind_of_visit == code, kind_of_stand == code
        if mine[0].any() or mine[1].any():
            groups.append((name, *mine))
    for group, of_visits, of_stands in groups:
        out += _of_visits(tables, group, of_visits) + _of_stands(tables, group, of_stands, said)
    out.append(_kpi("kerb.blocked_lane_min", "all", _blocked_min(tables)))
    out.append(_kpi("kerb.occupancy_share", "all", _occupancy(tables, said)))
    out.append(_kpi("kerb.staff_h", "all", said.get("staff_h", float("nan"))))
    return out


def _column(table: object, name: str, dtype: type) -> NDArray[np.generic]:
    return np.empty(0, dtype) if table is None else np.asarray(table[name])  # type: ignore[index]


def _kpi(name: str, group: str, value: float) -> Kpi:
    return Kpi(name, group, float(value), _UNITS[name])


def _of_visits(tables: TableColumns, group: str, rows: Flags) -> list[Kpi]:
    visits = tables.get("kerb_visits")
    outcome = _column(visits, "outcome", np.str_)[rows]
    arrive_s = _column(visits, "arrive_s", np.float64)[rows].astype(np.float64)
    search_s = _column(visits, "settle_s", np.float64)[rows].astype(np.float64) - arrive_s
    search_s = search_s[np.isfinite(search_s)]
    out = [_kpi("kerb.visits_count", group, len(outcome))]
    out += [_kpi(name, group, int(np.count_nonzero(outcome == word))) for name, word in _OUTCOMES.items()]
    mean_s = float(search_s.mean()) if len(search_s) else float("nan")
    return [*out, _kpi("kerb.search_mean_min", group, mean_s / _MIN)]


def _of_stands(tables: TableColumns, group: str, rows: Flags, said: dict[str, float]) -> list[Kpi]:
    stands = tables.get("kerb_stands")
    mode = _column(stands, "mode", np.str_)[rows]
    length_s: Floats = _column(stands, "to_s", np.float64)[rows].astype(np.float64)
    length_s = length_s - _column(stands, "from_s", np.float64)[rows].astype(np.float64)
    in_bay = mode == "bay"
    over_s = np.maximum(length_s[in_bay] - said["limit_s"], 0.0)
    # A stand that ends at the limit by the clock of floating points is none beyond it.
    share = float(np.mean(over_s > 1e-6)) if len(over_s) else float("nan")
    return [
        _kpi("kerb.in_bay_count", group, int(np.count_nonzero(in_bay))),
        _kpi("kerb.in_lane_count", group, int(np.count_nonzero(mode == "lane"))),
        _kpi("kerb.told_count", group, int(np.count_nonzero(_column(stands, "told", np.bool_)[rows]))),
        _kpi("kerb.overstay_share", group, share),
        _kpi("kerb.overstay_min", group, float(over_s.sum()) / _MIN),
        _kpi("kerb.lane_stand_min", group, float(length_s[~in_bay].sum()) / _MIN),
    ]


def _blocked_min(tables: TableColumns) -> float:
    lanes = tables.get("kerb_lanes")
    if lanes is None:
        return 0.0
    return float((np.asarray(lanes["to_s"], np.float64) - np.asarray(lanes["from_s"], np.float64)).sum()) / _MIN


def _occupancy(tables: TableColumns, said: dict[str, float]) -> float:
    """Share of the hours of all bays, within the hours of the kerb, in which a vehicle stands in one."""
    pockets, stands = tables.get("kerb_pockets"), tables.get("kerb_stands")
    bays = 0 if pockets is None else int(np.asarray(pockets["bays"]).sum())
    span_s = said["close_s"] - said["open_s"]
    if not bays or span_s <= 0:
        return float("nan")
    if stands is None:
        return 0.0
    in_bay = np.asarray(stands["mode"]) == "bay"
    from_s = np.clip(np.asarray(stands["from_s"], np.float64)[in_bay], said["open_s"], said["close_s"])
    to_s = np.clip(np.asarray(stands["to_s"], np.float64)[in_bay], said["open_s"], said["close_s"])
    return float((to_s - from_s).sum()) / (bays * span_s)
