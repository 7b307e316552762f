"""The circulation share and its head counts, and the other figures, from hand-made tables (C07)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.columns import BODIES
from twin.models.pedestrian.kpis import INFOS, compute
from twin.models.pedestrian.records import stay_bands

MINUTES = (14 + 59 / 60, 15.0, 180.0, 180 + 1 / 60)


def visits(dwell_min, classes, *, counted=None, **columns):
    n = len(dwell_min)
    dwell_s = np.round(np.array(dwell_min) * 60.0)
    rows = {
        "id": np.arange(n, dtype=np.uint64),
        "entry_exit": np.full(n, "city/exit/a"),
        "class": np.array(classes),
        "people": np.ones(n),
        "dwell_s": dwell_s,
        "budget_s": dwell_s + 60.0,
        "stay_band": stay_bands(dwell_s, 900.0, 10800.0),
        "counted": np.ones(n, np.uint8),
        "stays_count": np.ones(n, np.int32),
        "stay_s": np.zeros(n),
        "walked_m": np.full(n, 500.0),
        "wait_s": np.zeros(n),
        "crossings_count": np.zeros(n, np.int32),
        "worth_min": np.full(n, 30.0),
    }
    if counted is not None:
        rows["counted"] = np.array(counted, np.uint8)
    return {"pedestrian_visits": rows | columns}


def values(tables):
    return {(k.kpi.removeprefix("pedestrian."), k.group): k.value for k in compute(tables)}


def test_bounds_are_inclusive():
    """C07: 14:59, 15:00, 180:00 and 180:01 minutes count 0, 1, 1, 0."""
    dwell_s = np.array([899.0, 900.0, 10800.0, 10801.0])
    assert stay_bands(dwell_s, 900.0, 10800.0).tolist() == [0, 1, 1, 2]
    for minutes, counts in zip(MINUTES, (0, 1, 1, 0), strict=True):
        assert values(visits([minutes], ["shopper"]))["stay_count", "all"] == counts
    every = values(visits(MINUTES, ["shopper"] * 4))
    assert [every[f"{band}_count", "all"] for band in ("short", "stay", "long")] == [1, 2, 1]
    assert [every[f"{band}_share", "all"] for band in ("short", "stay", "long")] == [0.25, 0.5, 0.25]


def test_classes_left_out_leave_all_but_keep_their_own_group():
    found = values(visits([10, 60, 500, 500], ["shopper", "shopper", "resident", "resident"], counted=[1, 1, 0, 0]))
    assert found["stay_share", "all"] == 0.5
    assert found["visitors_count", "all"] == 2
    assert found["long_share", "resident"] == 1.0
    assert found["visitors_count", "resident"] == 2


def test_means_waits_and_overruns():
    found = values(
        visits(
            [10, 20, 30, 40],
            ["diner", "diner", "shopper", "shopper"],
            walked_m=np.array([100.0, 200.0, 300.0, 400.0]),
            wait_s=np.array([0.0, 30.0, 0.0, 90.0]),
            crossings_count=np.array([0, 1, 0, 2], np.int32),
            budget_s=np.array([600.0, 1100.0, 1800.0, 2400.0]),
        )
    )
    assert found["dwell_mean_min", "all"] == 25.0
    assert found["dwell_p50_min", "diner"] == 15.0
    assert found["walked_mean_m", "all"] == 250.0
    assert found["crossing_wait_mean_s", "all"] == 40.0
    assert found["overrun_share", "all"] == 0.25
    assert found["overrun_p95_s", "diner"] == pytest.approx(95.0)


def test_unfinished_and_refused_come_from_the_people_of_the_run_and_crowding_from_the_links():
    people = {
        "entry": np.array(["entered", "inside", "left:exit", "left:refused: no feasible path"]),
        "people": np.array([19.0, 7.0, 9.0, 3.0]),
    }
    tables = visits([20], ["shopper"]) | {
        "pedestrian_people": people,
        "pedestrian_links": {"crowded_person_s": np.array([60.0, 120.0])},
    }
    found = values(tables)
    assert found["unfinished_count", "all"] == 7
    assert found["refused_count", "all"] == 3
    assert found["crowded_person_min", "all"] == 3.0


def test_heads_are_people_and_shares_and_means_do_not_mind_the_sample():
    whole, sample = (values(visits(MINUTES, ["shopper"] * 4, people=np.full(4, people))) for people in (1.0, 2.5))
    for name, group in whole:
        if name in ("stay_count", "short_count", "long_count", "visitors_count", "planned_count", "exit_count"):
            assert sample[name, group] == 2.5 * whole[name, group] > 0
        elif not math.isnan(whole[name, group]):
            assert sample[name, group] == whole[name, group]


def test_nobody_gives_zero_heads_and_undefined_means():
    found = values({})
    assert found["stay_count", "all"] == 0
    assert math.isnan(found["stay_share", "all"])
    assert math.isnan(found["dwell_mean_min", "all"])
    assert math.isnan(found["unfinished_count", "all"])


def test_every_kpi_is_described_and_every_description_is_computed():
    names = [info.name for info in INFOS]
    assert len(set(names)) == len(names)
    days = {"day": np.array([1, 2], np.int32), "residual_share": np.array([0.2, 0.004])}
    line = {"body": np.full(2, BODIES.index("walker")), "id": np.zeros(2, np.uint64), "time_s": np.array([0.0, 9.0])}
    traces = line | {"x_m": np.array([1.0, 9.0]), "y_m": np.array([1.0, 2.0])}
    corners = {"x_m": np.array([0.0, 10.0, 10.0]), "y_m": np.array([0.0, 0.0, 10.0])}
    area = corners | {"stay_from_s": np.full(3, 5.0), "stay_to_s": np.full(3, 10.0)}
    seats = {"place": np.array(["a"]), "seats": np.array([4.0])}
    more = {"pedestrian_feedback": days, "pedestrian_area": area, "pedestrian_seats": seats, "traces": traces}
    computed = compute(visits(MINUTES, ["shopper"] * 4) | more)
    assert {k.kpi for k in computed} == set(names)
    units = {info.name: info.unit for info in INFOS}
    assert all(k.unit == units[k.kpi] for k in computed)


def test_one_visitor_alone_and_one_crossing_alone_have_shares_and_means():
    found = values(visits([20], ["shopper"], wait_s=np.array([12.0]), crossings_count=np.array([1])))
    assert found["stay_share", "all"] == 1.0
    assert found["crossing_wait_mean_s", "all"] == 12.0


def test_nobody_over_their_time_is_over_by_nothing_and_half_a_second_counts():
    assert values(visits([20, 30], ["shopper"] * 2))["overrun_p95_s", "all"] == 0.0
    late = values(visits([20, 30], ["shopper"] * 2, budget_s=np.array([1199.5, 1800.0])))
    assert late["overrun_share", "all"] == 0.5


def test_the_95th_percentile_of_dwell_and_the_mean_of_stays_are_those_done_by_hand():
    found = values(visits(list(range(10, 31)), ["shopper"] * 21, stays_count=np.arange(21)))
    assert found["dwell_p95_min", "all"] == pytest.approx(29.0)
    assert found["stays_mean_count", "all"] == 10.0


def test_without_links_nobody_walks_in_a_crowd():
    assert values(visits([20], ["shopper"]))["crowded_person_min", "all"] == 0.0


def test_service_by_flow_is_told_by_ten_minutes_and_by_the_busiest_minute():
    """Fruin's D begins above 49 people per minute and metre: 2 m carry 98, ten minutes 980."""
    links = {
        "entries_count": np.array([980.0, 981.0, 500.0]),
        "minute_max_count": np.array([98.0, 120.0, 99.0]),
        "clear_width_m": np.full(3, 2.0),
        "crowded_person_s": np.zeros(3),
        "delay_person_s": np.array([30.0, 30.0, 60.0]),
    }
    found = values({"pedestrian_links": links})
    assert found["flow_d_share", "all"] == pytest.approx(981 / 2461)
    assert found["platoon_d_share", "all"] == pytest.approx(1481 / 2461)
    assert found["delay_person_min", "all"] == 2.0


def test_a_party_counts_once_for_each_of_its_members():
    found = values(visits([10, 60], ["shopper"] * 2, people=np.array([1.0, 3.0]), worth_min=np.array([10.0, np.nan])))
    assert found["stay_share", "all"] == 0.75
    assert found["dwell_mean_min", "all"] == pytest.approx(47.5)
    assert found["dwell_p50_min", "all"] == 60.0
    assert found["worth_mean_min", "all"] == 10.0


def test_turned_away_people_and_the_last_residual_are_told_and_no_residual_without_feedback():
    places = {"turned_away_count": np.array([3.0, 4.0])}
    days = {"day": np.array([1, 2], np.int32), "residual_share": np.array([0.2, 0.004])}
    found = values({"pedestrian_stays": places, "pedestrian_feedback": days})
    assert found["turned_away_count", "all"] == 7.0
    assert found["feedback_residual_share", "all"] == 0.004
    assert not any(name == "feedback_residual_share" for name, _ in values(visits([20], ["shopper"])))


def test_the_residual_of_the_feedback_is_that_of_the_last_day():
    days = {"day": np.arange(1, 5), "residual_share": np.array([0.4, 0.1, 0.03, 0.008])}
    found = {(kpi.kpi, kpi.group): kpi.value for kpi in compute({"pedestrian_feedback": days})}
    assert found["pedestrian.feedback_residual_share", "all"] == 0.008
    none = {kpi.kpi for kpi in compute({"pedestrian_feedback": {"day": np.zeros(0), "residual_share": np.zeros(0)}})}
    assert "pedestrian.feedback_residual_share" not in none
