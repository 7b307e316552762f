"""Promises of vans are kept on an empty road, and broken ones are foreseen and counted when a street closes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twin import api
from twin.simulate import simulate

VANS = Path(__file__).resolve().parents[2] / "scenarios" / "vans_road_slows.yaml"
CLOSED_S, OPEN_S = 28800.0, 36000.0


@pytest.fixture(scope="module")
def runs():
    plan, city = api.plan_and_city(api.load(VANS, replications=1))
    return {variant: simulate(plan, variant, 0, city) for variant in ("calm", "works")}


def kpi(run, name):
    return {k.kpi: k.value for k in run.kpis if k.group == "all"}[f"transit.{name}"]


def test_on_an_empty_road_not_one_promise_is_broken_or_feared_for(runs):
    calm = runs["calm"]
    assert kpi(calm, "served_count") > 200
    for name in (
        "promise_breach_count",
        "promise_breach_pickup_count",
        "promise_breach_ride_count",
        "promise_warned_count",
    ):
        assert kpi(calm, name) == 0


def test_when_a_main_street_closes_breaches_are_foreseen_and_counted_by_kind(runs):
    works = runs["works"]
    total = kpi(works, "promise_breach_count")
    by_kind = kpi(works, "promise_breach_pickup_count"), kpi(works, "promise_breach_ride_count")
    assert total > 0
    assert max(by_kind) <= total <= sum(by_kind)
    rows = works.tables["transit_requests"]
    warned_s = np.fmin(rows["pickup_warned_s"], rows["ride_warned_s"])
    warned = ~np.isnan(warned_s)
    assert kpi(works, "promise_warned_count") == warned.sum() > 0
    # The road keeps its times but for the hours of the works: the re-check at their start sees what will break.
    assert set(warned_s[warned].tolist()) <= {CLOSED_S, OPEN_S}
    assert (rows["asked_s"][warned] <= warned_s[warned]).all()


def test_who_asks_after_the_street_has_closed_is_promised_what_vans_can_keep(runs):
    rows = runs["works"].tables["transit_requests"]
    served = (rows["outcome"] == "served") & (rows["asked_s"] > CLOSED_S + 1800.0)
    assert served.sum() > 50
    assert (rows["pickup_s"] - rows["promised_pickup_s"])[served].max() < 0.1
    assert (rows["dropoff_s"] - rows["pickup_s"] - rows["promised_ride_s"])[served].max() < 0.1
