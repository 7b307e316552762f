"""Paired differences and their intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from twin.engine import draws
from twin.results.compare import compare_pair, corrected, interval_of, summarise


def kpis(values):
    """Columns of a KPI table from {variant: [value per replication]}."""
    rows = [(v, r, x) for v, xs in values.items() for r, x in enumerate(xs)]
    n = len(rows)
    return {
        "variant": np.array([r[0] for r in rows]),
        "day": np.full(n, ""),
        "replication": np.array([r[1] for r in rows], np.int32),
        "kpi": np.full(n, "terminal.wait_mean_min"),
        "group": np.full(n, "all"),
        "value": np.array([r[2] for r in rows], float),
        "unit": np.full(n, "min"),
    }


def test_equal_values_give_a_difference_of_exactly_zero_with_an_interval_of_zero():
    table = kpis({"a": [1.1, 2.2, 3.3], "b": [1.1, 2.2, 3.3]})
    (row,) = compare_pair(table, "a", table, "b", {"terminal.wait_mean_min": "lower"})
    assert (row["mean"], row["lo"], row["hi"], row["n"]) == (0.0, 0.0, 0.0, 3)
    assert row["verdict"] == "practically the same"


def test_the_interval_is_students_over_the_pairs():
    table = kpis({"a": [1.0, 2.0, 3.0, 4.0], "b": [0.5, 1.1, 2.8, 3.0]})
    (row,) = compare_pair(table, "a", table, "b", {"terminal.wait_mean_min": "lower"})
    d = np.array([-0.5, -0.9, -0.2, -1.0])
    lo, hi = stats.t.interval(0.95, 3, loc=d.mean(), scale=stats.sem(d))
    assert row["mean"] == pytest.approx(d.mean())
    assert (row["lo"], row["hi"]) == (pytest.approx(lo), pytest.approx(hi))
    assert row["verdict"] == "better"


def test_one_pair_has_a_mean_and_no_interval_and_cannot_tell():
    table = kpis({"a": [1.0], "b": [2.0]})
    (row,) = compare_pair(table, "a", table, "b", {"terminal.wait_mean_min": "lower"})
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


def test_a_pair_of_which_one_value_is_one_is_no_verdict_even_where_both_agree():
    table = kpis({"a": [1.0], "b": [1.0]})
    (row,) = compare_pair(table, "a", table, "b", {"terminal.wait_mean_min": "lower"})
    assert row["verdict"] == "cannot tell"


def rows_of(p_values, verdict="better"):
    return [
        {
            "first": "a",
            "second": "b",
            "kpi": f"k{i}",
            "group": "all",
            "verdict": verdict,
            "asked": "",
            "p": p,
            "p_corrected": math.nan,
        }
        for i, p in enumerate(p_values)
    ]


def test_rows_that_nobody_asked_for_are_corrected_for_their_number():
    out = corrected(rows_of([0.04] + [0.5] * 19), {})
    assert out[0]["verdict"] == "cannot tell"
    assert out[0]["p_corrected"] == pytest.approx(0.5)
    assert corrected(rows_of([0.04]), {})[0]["verdict"] == "better"


def test_a_row_asked_for_beforehand_keeps_the_verdict_of_its_question_and_does_not_count_among_the_rest():
    out = corrected(rows_of([0.04, 0.04]), {("a", "b", "k0", "all"): ("main", "worse")})
    assert (out[0]["asked"], out[0]["verdict"]) == ("main", "worse")
    assert (out[1]["asked"], out[1]["verdict"], out[1]["p_corrected"]) == ("", "better", 0.04)


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


def test_only_replications_that_both_have_are_paired():
    table = kpis({"a": [1.0, 2.0, 3.0], "b": [5.0, 6.1]})
    (row,) = compare_pair(table, "a", table, "b", {"terminal.wait_mean_min": "lower"})
    assert (row["mean"], row["n"], row["verdict"]) == (pytest.approx(4.05), 2, "worse")
    assert compare_pair(table, "nobody", table, "b", {}) == []


def test_a_corrected_p_value_of_just_the_share_of_false_calls_is_a_call():
    out = corrected(rows_of([0.025, 0.05]), {})
    assert [row["p_corrected"] for row in out] == [0.05, 0.05]
    assert [row["verdict"] for row in out] == ["better", "better"]


def test_a_row_asked_for_beforehand_has_no_corrected_p_value_and_undefined_rows_keep_their_words():
    asked = corrected(rows_of([0.5]), {("a", "b", "k0", "all"): ("main", "worse")})
    assert math.isnan(asked[0]["p_corrected"])
    for verdict in ("", "practically the same"):
        assert corrected(rows_of([math.nan], verdict), {})[0]["verdict"] == verdict


def test_a_row_asked_for_loses_the_corrected_p_value_it_had_before():
    (row,) = corrected(corrected(rows_of([0.5]), {}), {("a", "b", "k0", "all"): ("main", "worse")})
    assert math.isnan(row["p_corrected"])
