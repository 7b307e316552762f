"""Figures over kinds of day, against sums by hand."""

from __future__ import annotations

import math

import numpy as np

from twin.kpi import KpiInfo
from twin.results.day_figures import with_days
from twin.results.days import DayKind, Days, run_name

DAYS = Days(kinds=[DayKind(name="work", weight_days=200.0), DayKind(name="free", weight_days=50.0)])
INFOS = {
    "m.wait_min": KpiInfo("m.wait_min", "min", "lower", "", ""),
    "m.served_count": KpiInfo("m.served_count", "people", "higher", "", "", additive=True),
    "m.use_share": KpiInfo("m.use_share", "share", "neither", "", ""),
}


def table(*rows):
    names = ("variant", "day", "replication", "kpi", "group", "value", "unit")
    kinds = (np.str_, np.str_, np.int32, np.str_, np.str_, np.float64, np.str_)
    return {n: np.array([row[i] for row in rows], k) for i, (n, k) in enumerate(zip(names, kinds, strict=True))}


def of(found, day, kpi, group="all"):
    at = (found["day"] == day) & (found["kpi"] == kpi) & (found["group"] == group)
    return found["value"][at].tolist()


def test_the_mean_day_weighs_the_worst_day_picks_and_the_year_sums():
    found = with_days(
        table(
            ("v", "work", 0, "m.wait_min", "all", 10.0, "min"),
            ("v", "free", 0, "m.wait_min", "all", 2.0, "min"),
            ("v", "work", 0, "m.served_count", "all", 100.0, "people"),
            ("v", "free", 0, "m.served_count", "all", 40.0, "people"),
            ("v", "work", 0, "m.use_share", "all", 0.5, "share"),
            ("v", "free", 0, "m.use_share", "all", 0.1, "share"),
        ),
        DAYS,
        INFOS,
    )
    assert of(found, "mean_day", "m.wait_min") == [(200 * 10 + 50 * 2) / 250]
    assert of(found, "worst_day", "m.wait_min") == [10.0]
    assert of(found, "year", "m.wait_min") == []
    assert of(found, "mean_day", "m.served_count") == [(200 * 100 + 50 * 40) / 250]
    assert of(found, "worst_day", "m.served_count") == [40.0]
    assert of(found, "year", "m.served_count") == [200 * 100 + 50 * 40]
    assert of(found, "worst_day", "m.use_share") == []


def test_nobody_on_a_kind_of_day_is_none_of_a_count_and_no_part_of_a_mean():
    found = with_days(
        table(
            ("v", "work", 0, "m.wait_min", "booked", 10.0, "min"),
            ("v", "free", 0, "m.wait_min", "booked", math.nan, "min"),
            ("v", "work", 0, "m.served_count", "booked", 100.0, "people"),
        ),
        DAYS,
        INFOS,
    )
    assert of(found, "mean_day", "m.wait_min", "booked") == [10.0]
    assert of(found, "mean_day", "m.served_count", "booked") == [80.0]


def test_without_kinds_the_table_stays_as_it_is():
    given = table(("v", "", 0, "m.wait_min", "all", 10.0, "min"))
    assert {k: v.tolist() for k, v in with_days(given, Days(), INFOS).items()} == {
        k: v.tolist() for k, v in given.items()
    }


def test_a_figure_of_a_day_is_found_again_by_its_name():
    assert DAYS.split(run_name("a+b", "mean_day")) == ("a+b", "mean_day")
    assert DAYS.split("a+b") == ("a+b", "")
