"""KPIs of walking around: who stays how long, how far people walk, how they wait and where it is crowded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.kpi import Columns, Kpi, KpiInfo, Price, TableColumns
from twin.models.pedestrian.kpis import where

_BANDS = ("short", "stay", "long")

_OWN: tuple[KpiInfo, ...] = (
    KpiInfo(
        "pedestrian.stay_share",
        "share",
        "higher",
        "回遊人口の割合（既定：滞在15〜180分、両端を含む）",
        "share of visitors who stay 15 to 180 minutes, bounds included, unless set otherwise",
        headline=True,
        share_of=("pedestrian.stay_count", "pedestrian.visitors_count"),
    ),
    KpiInfo(
        "pedestrian.short_share",
        "share",
        "neither",
        "滞在が下限未満の割合（既定15分）",
        "share of visitors who stay less than the lower bound of 15 minutes",
    ),
    KpiInfo(
        "pedestrian.long_share",
        "share",
        "neither",
        "滞在が上限超の割合（既定180分）",
        "share of visitors who stay longer than the upper bound of 180 minutes",
    ),
    KpiInfo(
        "pedestrian.stay_count",
        "people",
        "higher",
        "回遊人口（人）",
        "visitors who stay 15 to 180 minutes",
        headline=True,
        additive=True,
    ),
    KpiInfo(
        "pedestrian.short_count",
        "people",
        "neither",
        "滞在が下限未満の人数",
        "visitors who stay less than 15 minutes",
        headline=True,
        additive=True,
    ),
    KpiInfo(
        "pedestrian.long_count",
        "people",
        "neither",
        "滞在が上限超の人数",
        "visitors who stay longer than 180 minutes",
        headline=True,
        additive=True,
    ),
    KpiInfo(
        "pedestrian.visitors_count",
        "people",
        "higher",
        "集計対象の来訪者数",
        "visitors who have left and count in the shares",
        additive=True,
    ),
    KpiInfo(
        "pedestrian.unfinished_count",
        "people",
        "lower",
        "終了時にまだ域内にいる人数",
        "people still inside at the end; no other figure knows of them",
        headline=True,
    ),
    KpiInfo(
        "pedestrian.refused_count",
        "people",
        "lower",
        "時間内に行ける先がなく断念した人数",
        "people who found nothing they could reach in their time",
    ),
    KpiInfo(
        "pedestrian.dwell_mean_min",
        "min",
        "neither",
        "滞在時間の平均",
        "mean time from arrival to departure",
        headline=True,
    ),
    KpiInfo("pedestrian.dwell_p50_min", "min", "neither", "滞在時間の中央値", "median time from arrival to departure"),
    KpiInfo(
        "pedestrian.dwell_p95_min",
        "min",
        "neither",
        "滞在時間の95%点",
        "95th percentile of the time from arrival to departure",
    ),
    KpiInfo("pedestrian.walked_mean_m", "m", "neither", "歩行距離の平均", "mean distance walked"),
    KpiInfo("pedestrian.stays_mean_count", "stays", "higher", "立ち寄り回数の平均", "mean number of stays per visitor"),
    KpiInfo(
        "pedestrian.crossing_wait_mean_s",
        "s",
        "lower",
        "横断1回あたりの信号待ち",
        "mean wait per crossing with lights",
        headline=True,
    ),
    KpiInfo(
        "pedestrian.overrun_share",
        "share",
        "lower",
        "予定時間を超えた人の割合",
        "share of visitors who left after their time was up; who is bound for a station has what the way needs",
    ),
    KpiInfo(
        "pedestrian.overrun_p95_s",
        "s",
        "lower",
        "予定時間の超過の95%点（超過なしは0）",
        "95th percentile of the time by which visitors overran, 0 for those who did not",
    ),
    KpiInfo(
        "pedestrian.crowded_person_min",
        "min",
        "lower",
        "サービス水準D以下での歩行（人・分）",
        "person-minutes walked at level of service D, E or F by density",
        headline=True,
    ),
    KpiInfo(
        "pedestrian.delay_person_min",
        "min",
        "lower",
        "混雑と満杯による歩行の遅れ（人・分）",
        "person-minutes by which crowds and full links slow people",
    ),
    KpiInfo(
        "pedestrian.turned_away_count",
        "people",
        "lower",
        "満席で入れなかった延べ人数",
        "people who came to a place and found no room",
    ),
    KpiInfo(
        "pedestrian.flow_d_share",
        "share",
        "lower",
        "10分交通量でサービス水準D以下の歩行の割合",
        "share of walking on links at level of service D or worse by the flow of ten minutes, 49 people/(min m)",
    ),
    KpiInfo(
        "pedestrian.platoon_d_share",
        "share",
        "lower",
        "最混雑1分でサービス水準D以下の歩行の割合",
        "share of walking on links whose busiest minute is at level of service D or worse by flow",
    ),
    KpiInfo(
        "pedestrian.worth_mean_min",
        "min",
        "higher",
        "来訪の価値（歩行分換算・差のみ有意味）",
        "mean value of a visit as planned, in minutes of walking; only differences between variants mean something",
    ),
    KpiInfo(
        "pedestrian.planned_count",
        "people",
        "neither",
        "来訪の価値を計算した人数",
        "people of whose visits the value as planned is known",
        additive=True,
    ),
    KpiInfo(
        "pedestrian.feedback_residual_share",
        "share",
        "lower",
        "計画と実際の歩行時間の差（フィードバック残差）",
        "difference of planned and met walking times after the days walked beforehand",
    ),
)
INFOS: tuple[KpiInfo, ...] = (*_OWN, *where.INFOS)
#: What a visit is worth beyond that of another variant is consumer surplus: from terms inside the value function only.
PRICES = {"pedestrian.worth_mean_min": (Price("time.walker", times="pedestrian.planned_count"),)}
_UNITS = {info.name: info.unit for info in INFOS}


def compute(tables: TableColumns) -> list[Kpi]:
    """KPIs of one run.

    Parameters
    ----------
    tables
        ``pedestrian_visits``, ``pedestrian_links`` and ``pedestrian_people``; a table that is absent has no rows.

    Returns
    -------
    list of Kpi
        For all, and for each class of visitors that has a finished visit; means over nobody are nan.
    """
    visits = tables.get("pedestrian_visits")
    kpis: list[Kpi] = []
    for group, chosen in _groups(visits):
        kpis.extend(
            Kpi(f"pedestrian.{name}", group, value, _UNITS[f"pedestrian.{name}"])
            for name, value in _of_group(visits, chosen, group)
        )
    links = tables.get("pedestrian_links")
    crowded_s = float(np.asarray(links["crowded_person_s"], np.float64).sum()) if links is not None else 0.0
    for name, value in (
        ("unfinished_count", _people(tables, "inside")),
        ("refused_count", _people(tables, "left:refused: no feasible path")),
        ("crowded_person_min", crowded_s / 60.0),
    ):
        kpis.append(Kpi(f"pedestrian.{name}", "all", value, _UNITS[f"pedestrian.{name}"]))
    for name, value in _of_streets(tables):
        kpis.append(Kpi(f"pedestrian.{name}", "all", value, _UNITS[f"pedestrian.{name}"]))
    return [*kpis, *where.compute(tables)]


#: Fruin's walkway level of service D begins above this flow, people per minute and metre of clear width.
_FLOW_D_PER_MIN_M = 49.0
_PERIOD_MIN = 10.0


def _of_streets(tables: TableColumns) -> Iterator[tuple[str, float]]:
    """KPIs of links and places over the whole run; without rows there is no crowd. No feedback, no residual."""
    links, places = tables.get("pedestrian_links") or {}, tables.get("pedestrian_stays") or {}

    def of(table: Columns, name: str) -> Floats:
        return np.asarray(table[name], np.float64) if name in table else np.zeros(0)

    yield "delay_person_min", float(of(links, "delay_person_s").sum()) / 60.0
    walked, width_m = of(links, "entries_count"), of(links, "clear_width_m")
    by_ten = walked / (_PERIOD_MIN * width_m)
    by_one = of(links, "minute_max_count") / width_m
    for name, flow in (("flow_d_share", by_ten), ("platoon_d_share", by_one)):
        yield name, _ratio(float(walked[flow > _FLOW_D_PER_MIN_M].sum()), float(walked.sum()))
    yield "turned_away_count", float(of(places, "turned_away_count").sum())
    days = tables.get("pedestrian_feedback")
    if days is not None and len(days["day"]):
        yield "feedback_residual_share", float(np.asarray(days["residual_share"])[-1])


def _groups(visits: Columns | None) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Every group with its rows; classes in the order of their names."""
    if visits is None:
        yield "all", np.zeros(0, np.bool_)
        return
    classes = np.asarray(visits["class"]).astype(str)
    yield "all", np.ones(len(classes), np.bool_)
    for name in np.unique(classes).tolist():
        yield name, classes == name


def _of_group(visits: Columns | None, chosen: NDArray[np.bool_], group: str) -> Iterator[tuple[str, float]]:
    def column(name: str) -> Floats:
        return np.zeros(0) if visits is None else np.asarray(visits[name])[chosen].astype(np.float64)

    # Shares and head counts of `all` leave out the classes that the scenario leaves out; a class asked for by
    # name is always counted in its own group.
    bands = column("stay_band")
    counted = column("counted") > 0 if group == "all" else np.ones(len(bands), np.bool_)
    weight = column("people")
    people = weight[counted]
    heads = np.array([people[bands[counted] == band].sum() for band in range(3)], np.float64)
    for band, name in enumerate(_BANDS):
        yield f"{name}_share", _ratio(heads[band], heads.sum())
        yield f"{name}_count", float(heads[band])
    yield "visitors_count", float(heads.sum())
    dwell_min = column("dwell_s") / 60.0
    yield "dwell_mean_min", _mean(dwell_min, weight)
    yield "dwell_p50_min", _quantile(dwell_min, weight, 0.5)
    yield "dwell_p95_min", _quantile(dwell_min, weight, 0.95)
    yield "walked_mean_m", _mean(column("walked_m"), weight)
    yield "stays_mean_count", _mean(column("stays_count"), weight)
    yield "crossing_wait_mean_s", _ratio((weight * column("wait_s")).sum(), (weight * column("crossings_count")).sum())
    over_s = np.maximum(column("dwell_s") - column("budget_s"), 0.0)
    yield "overrun_share", _mean((over_s > 0).astype(np.float64), weight)
    worth = column("worth_min")
    planned = np.isfinite(worth)
    yield "worth_mean_min", _mean(worth[planned], weight[planned])
    yield "planned_count", float(weight[planned].sum())
    yield "overrun_p95_s", _quantile(over_s, weight, 0.95)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _mean(values: Floats, weight: Floats) -> float:
    return float((values * weight).sum() / weight.sum()) if len(values) else float("nan")


def _quantile(values: Floats, weight: Floats, share: float) -> float:
    """Quantile over people: a party counts once for each of its members."""
    if not len(values):
        return float("nan")
    return float(np.quantile(np.repeat(values, np.rint(weight / weight.min()).astype(np.int64)), share))


def _people(tables: TableColumns, entry: str) -> float:
    """People of the whole run; 0 if the table does not list the entry, nan without the table."""
    table = tables.get("pedestrian_people")
    if table is None:
        return float("nan")
    rows = np.asarray(table["entry"]).astype(str) == entry
    return float(np.asarray(table["people"], np.float64)[rows].sum())
