"""KPIs of where people come from and stay: share by exit, by the border of the area, and hours on seats."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from twin.arrays import Flags, Floats, Ids
from twin.columns import BODIES
from twin.kpi import Columns, Kpi, KpiInfo, TableColumns
from twin.models.pedestrian.kpis.borders import INSETS_M, border_share

INFOS: tuple[KpiInfo, ...] = (
    KpiInfo(
        "pedestrian.exit_share",
        "share",
        "higher",
        "出た駅出口別の回遊人口の割合",
        "share of visitors who stay 15 to 180 minutes, by the exit by which they come",
    ),
    KpiInfo(
        "pedestrian.exit_count",
        "people",
        "neither",
        "出た駅出口別の来訪者数（集計対象）",
        "visitors who count in the shares, by the exit by which they come",
        additive=True,
    ),
    KpiInfo(
        "pedestrian.border_share",
        "share",
        "neither",
        "域境界を内側に寄せた場合の回遊人口の割合（標本）",
        "share who stay 15 to 180 minutes if the border of the area is moved inward; of sampled walkers",
    ),
    KpiInfo(
        "pedestrian.border_count",
        "people",
        "neither",
        "域境界を内側に寄せた場合に域内に入る人数（標本）",
        "people who are ever inside if the border of the area is moved inward; of sampled walkers",
    ),
    KpiInfo(
        "pedestrian.seat_hours_h",
        "h",
        "higher",
        "着座時間（上限：座席のある限り着座）",
        "hours on seats at most: everybody at a place with seats sits while there is one",
    ),
)
_UNITS = {info.name: info.unit for info in INFOS}
_WALKER = BODIES.index("walker")
_PERIOD_S = 600.0


def compute(tables: TableColumns) -> list[Kpi]:
    """These KPIs of one run; what its tables do not tell is absent."""
    found = [*_of_exits(tables), *_of_borders(tables), *_of_seats(tables)]
    return [Kpi(f"pedestrian.{name}", group, value, _UNITS[f"pedestrian.{name}"]) for name, group, value in found]


def _of_exits(tables: TableColumns) -> Iterator[tuple[str, str, float]]:
    """By exits; ids lose what all of them begin with."""
    visits = tables.get("pedestrian_visits")
    if visits is None:
        return
    counted = np.asarray(visits["counted"], np.uint8) > 0
    exits, which = np.unique(np.asarray(visits["entry_exit"]).astype(str)[counted], return_inverse=True)
    people = np.asarray(visits["people"], np.float64)[counted]
    within = np.asarray(visits["stay_band"])[counted] == 1
    heads = np.bincount(which, weights=people, minlength=len(exits))
    stayed = np.bincount(which, weights=people * within, minlength=len(exits))
    yield "exit_count", "all", float(heads.sum())
    yield "exit_share", "all", float(stayed.sum() / heads.sum()) if heads.sum() > 0 else float("nan")
    for i, name in enumerate(exits.tolist()):
        group = name.rpartition("/")[2]
        yield "exit_count", group, float(heads[i])
        yield "exit_share", group, float(stayed[i] / heads[i])


def _of_borders(tables: TableColumns) -> Iterator[tuple[str, str, float]]:
    """By how far the border is moved inward; nothing without sampled walkers."""
    visits, traces, area = (tables.get(name) for name in ("pedestrian_visits", "traces", "pedestrian_area"))
    if visits is None or traces is None or area is None:
        return
    mine = np.asarray(traces["body"]) == _WALKER
    if not mine.any():
        return
    paths = _in_order(traces, mine)
    corners = np.column_stack([np.asarray(area["x_m"], np.float64), np.asarray(area["y_m"], np.float64)])
    people = _who_counts(visits)
    bounds = np.array([np.asarray(area[name], np.float64)[0] for name in ("stay_from_s", "stay_to_s")])
    for inset_m in INSETS_M:
        share, heads = border_share(corners, inset_m, paths, people, bounds)
        yield "border_share", f"{inset_m:g} m", share
        yield "border_count", f"{inset_m:g} m", heads


def _who_counts(visits: Columns) -> tuple[Ids, Floats]:
    ids = np.asarray(visits["id"], np.uint64)
    counted = np.flatnonzero(np.asarray(visits["counted"], np.uint8) > 0)
    order = counted[np.argsort(ids[counted], kind="stable")]
    return ids[order], np.asarray(visits["people"], np.float64)[order]


def _in_order(traces: Columns, mine: Flags) -> tuple[Ids, Floats, Floats, Floats]:
    ids, time_s = np.asarray(traces["id"], np.uint64)[mine], np.asarray(traces["time_s"], np.float64)[mine]
    order = np.lexsort((time_s, ids))
    x_m, y_m = (np.asarray(traces[name], np.float64)[mine][order] for name in ("x_m", "y_m"))
    return ids[order], time_s[order], x_m, y_m


def _of_seats(tables: TableColumns) -> Iterator[tuple[str, str, float]]:
    """Person-seconds at places with seats, in each ten minutes no more than the seats hold."""
    seats, stays = tables.get("pedestrian_seats"), tables.get("pedestrian_stays")
    if seats is None:
        return
    if stays is None:
        yield "seat_hours_h", "all", 0.0
        return
    there = dict(zip(np.asarray(seats["place"]).astype(str).tolist(), np.asarray(seats["seats"]).tolist(), strict=True))
    most = np.array([there.get(place, 0.0) for place in np.asarray(stays["place"]).astype(str).tolist()])
    sat_s = np.minimum(np.asarray(stays["person_s"], np.float64), most * _PERIOD_S)
    yield "seat_hours_h", "all", float(sat_s.sum()) / 3600.0
