"""Small counts are left out, with what would tell them; nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from twin.kpi import KpiInfo
from twin.results.privacy import Masked, masked_counts, masked_of

INFOS = {
    "m.riders": KpiInfo("m.riders", "people", "higher", "利用者", "riders", additive=True),
    "m.refused": KpiInfo("m.refused", "requests", "lower", "断り", "refused"),
    "m.wait_min": KpiInfo("m.wait_min", "min", "lower", "待ち", "wait"),
}
PLAN = {"output": {"privacy": {"smallest_cell": 10.0}}}


def table(rows):
    """Columns of KPIs: (kpi, group, variant, replication, value)."""
    names = ("kpi", "group", "variant", "replication", "value")
    out = {name: np.array(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
    out["day"] = np.full(len(rows), "")
    return out


def riders(**groups):
    rows = [("m.riders", group, "today", r, float(v)) for group, own in groups.items() for r, v in enumerate(own)]
    return table(rows)


def test_nothing_is_left_out_unless_asked_for():
    kpis = riders(all=[9, 9], few=[3, 3], many=[6, 6])
    for plan in ({}, {"output": None}, {"output": {"privacy": None}}):
        masked = masked_of(plan, kpis, INFOS)
        assert masked == Masked()
        assert not masked.hides("m.riders", "few")


def test_a_small_group_goes_with_the_one_that_would_tell_it():
    # Two kinds of groups: age (young, middle, old) and channel (app, phone).
    kpis = riders(
        all=[100, 110], young=[60, 66], middle=[36, 40], old=[4, 4], app=[80, 85], phone=[20, 25]
    )  # fmt: skip
    masked = masked_of(PLAN, kpis, INFOS)
    assert masked.small == {("m.riders", "old")}
    assert masked.complementary == {("m.riders", "middle")}
    shown = {g for g in ("young", "middle", "old", "app", "phone") if not masked.hides("m.riders", g)}
    assert shown == {"young", "app", "phone"}


def test_what_is_shown_can_never_be_subtracted_to_a_small_count():
    rng = np.random.Generator(np.random.Philox(5))
    for _ in range(40):
        values = rng.integers(0, 40, size=(3, 4))
        groups = {f"g{i}": row for i, row in enumerate(values)}
        kpis = riders(all=values.sum(axis=0), **groups)
        masked = masked_of(PLAN, kpis, INFOS)
        hidden = [g for g in groups if masked.hides("m.riders", g)]
        small = [g for g, own in groups.items() if 0 < own.mean() < 10]
        assert set(small) <= set(hidden)
        others = [g for g in groups if g not in small and values[int(g[1])].mean() > 0]
        assert len(hidden) != 1 or not others


def test_zero_is_no_small_count_and_everybody_is_never_left_out():
    masked = masked_of(PLAN, riders(all=[5, 5], none=[0, 0], some=[5, 5]), INFOS)
    assert masked.small == {("m.riders", "some")}
    assert not masked.hides("m.riders", "all")
    assert not masked.hides("m.riders", "none")


def test_a_row_goes_in_every_variant_as_soon_as_it_is_small_in_one():
    rows = [
        ("m.riders", g, v, 0, x) for v, few in (("today", 30.0), ("more", 3.0)) for g, x in (("all", 90.0), ("a", few))
    ]
    assert masked_of(PLAN, table(rows), INFOS).hides("m.riders", "a")


def test_a_mean_over_a_small_group_goes_and_one_of_a_large_group_with_few_refusals_stays():
    rows = [
        *(("m.riders", g, "today", 0, x) for g, x in (("all", 500.0), ("large", 494.0), ("tiny", 6.0))),
        *(("m.refused", g, "today", 0, x) for g, x in (("all", 5.0), ("large", 4.0), ("tiny", 1.0))),
        *(("m.wait_min", g, "today", 0, 7.0) for g in ("all", "large", "tiny")),
    ]
    masked = masked_of(PLAN, table(rows), INFOS)
    assert masked.hides("m.wait_min", "tiny")
    assert not masked.hides("m.wait_min", "large")
    assert masked.hides("m.refused", "large")


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([100, 4, 96], [False, True, True]),
        ([100, 4, 3, 93], [False, True, True, False]),
        ([100, 0], [False, False]),
        ([4], [True]),
    ],
)
def test_counts_of_one_account(counts, hidden):
    assert masked_counts(counts, Masked(10.0)) == hidden


def test_without_a_bound_every_count_is_shown():
    assert masked_counts([1, 2, 3], Masked()) == [False, False, False]
