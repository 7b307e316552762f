"""Paired differences and their intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from twin.engine import draws
from twin.results.compare import Interval, compare_pair, interval_of, summarise, verdict_of


def kpis(values):
    """Columns of a KPI table from {variant: [value per replication]}."""
    rows = [(v, r, x) for v, xs in values.items() for r, x in enumerate(xs)]
    n = len(rows)
    return {"variant": np.array([r[0] for r in rows]), "day": np.full(n, ""),
            "replication": np.array([r[1] for r in rows], np.int32), "kpi": np.full(n, "terminal.wait_mean_min"),
            "group": np.full(n, "all"), "value": np.array([r[2] for r in rows], float), "unit": np.full(n, "min")}


def test_equal_values_give_a_difference_of_exactly_zero_with_an_interval_of_zero():
    table = kpis({"a": [1.1, 2.2, 3.3], "b": [1.1, 2.2, 3.3]})
    row, = compare_pair(table, "a", table, "b", {"terminal.wait_mean_min": "lower"})
    assert (row["mean"], row["lo"], row["hi"], row["n"]) == (0.0, 0.0, 0.0, 3)
    assert row["verdict"] == "the same"


def test_the_interval_is_students_over_the_pairs():
    table = kpis({"a": [1.0, 2.0, 3.0, 4.0], "b": [0.5, 1.1, 2.8, 3.0]})
    row, = compare_pair(table, "a", table, "b", {"terminal.wait_mean_min": "lower"})
    d = np.array([-0.5, -0.9, -0.2, -1.0])
    lo, hi = stats.t.interval(0.95, 3, loc=d.mean(), scale=stats.sem(d))
    assert row["mean"] == pytest.approx(d.mean())
    assert (row["lo"], row["hi"]) == (pytest.approx(lo), pytest.approx(hi))
    assert row["verdict"] == "better"


def test_one_pair_has_a_mean_and_no_interval_and_cannot_tell():
    table = kpis({"a": [1.0], "b": [2.0]})
    row, = compare_pair(table, "a", table, "b", {"terminal.wait_mean_min": "lower"})
    assert row["mean"] == 1.0
    assert math.isnan(row["lo"])
    assert row["verdict"] == "cannot tell"


def test_undefined_values_are_left_out_and_the_count_says_so():
    found = interval_of(np.array([1.0, math.nan, 3.0]))
    assert found.n == 2
    assert found.mean == 2.0
    assert interval_of(np.array([math.nan])).n == 0


def test_a_constant_difference_has_an_interval_without_width():
    found = interval_of(np.array([0.1, 0.1, 0.1]))
    assert found.lo == found.hi == found.mean == 0.1


def test_a_worse_mean_with_an_interval_off_zero_is_not_better():
    assert verdict_of(interval_of(np.array([1.0, 1.1, 1.2])), "lower") == "not better"
    assert verdict_of(interval_of(np.array([1.0, 1.1, 1.2])), "higher") == "better"
    assert verdict_of(interval_of(np.array([1.0, 1.1, 1.2])), "neither") == ""


def test_a_summary_keeps_the_order_of_variants():
    rows = summarise(kpis({"b": [1.0, 2.0], "a": [3.0, 4.0]}), ["b", "a"])
    assert [r["variant"] for r in rows] == ["b", "a"]
    assert rows[1]["mean"] == 3.5


def test_intervals_cover_the_true_difference_as_often_as_they_say():
    """4,000 keyed experiments of 8 pairs: coverage 95 % within 4 standard errors (0.34 points)."""
    stream = draws.make_stream(5, "coverage")
    n, pairs = 4000, 8
    values = draws.normals(stream, np.arange(n * pairs, dtype=np.uint64), np.uint64(0)).reshape(n, pairs) + 0.3
    covered = sum(found.lo <= 0.3 <= found.hi for found in map(interval_of, values)) / n
    assert abs(covered - 0.95) < 4 * math.sqrt(0.95 * 0.05 / n)


@pytest.mark.parametrize(("lo", "mean", "hi", "verdict"), [
    (0.0, 0.5, 1.0, "cannot tell"), (-1.0, -0.5, 0.0, "cannot tell"), (0.0, 0.0, 0.0, "the same"),
    (0.2, 0.5, 0.8, "not better"), (-0.8, -0.5, -0.2, "better"), (1.0, 1.0, 1.0, "not better"),
])  # fmt: skip
def test_an_interval_that_touches_zero_cannot_tell(lo, mean, hi, verdict):
    assert verdict_of(Interval(mean, lo, hi, 5), "lower") == verdict
    assert verdict_of(Interval(math.nan, math.nan, math.nan, 0), "lower") == ""
    assert verdict_of(Interval(mean, lo, hi, 5), "neither") == ""


def test_only_replications_that_both_have_are_paired():
    table = kpis({"a": [1.0, 2.0, 3.0], "b": [5.0, 6.0]})
    row, = compare_pair(table, "a", table, "b", {"terminal.wait_mean_min": "lower"})
    assert (row["mean"], row["n"], row["verdict"]) == (4.0, 2, "not better")
    assert compare_pair(table, "nobody", table, "b", {}) == []


def test_nothing_has_no_mean_and_two_values_have_students_interval():
    assert interval_of(np.array([math.nan])).n == 0
    assert math.isnan(interval_of(np.array([])).mean)
    found = interval_of(np.array([1.0, 3.0]))
    # Two values: the 97.5th percentile of t with one degree of freedom is 12.706, their standard error is 1.
    assert (found.lo, found.mean, found.hi) == (pytest.approx(2 - 12.7062), 2.0, pytest.approx(2 + 12.7062))
