"""What the literature says a gate with booking does (E1 to E15), on the shipped scenarios, pair by pair.

Trucks appear at the line here: the road between entry and gate plays no part in these effects. Every comparison
is paired: both variants see the same trucks with the same luck.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.unit.models.terminal.gate import kpis, run
from tests.verification.terminal_theory import mean_and_half_width
from twin.models.terminal.params import TerminalParams
from twin.scenario.language.load import load_scenario

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
REPLICATIONS = 6


@cache
def shipped(scenario):
    """Parameters of the terminal by variant."""
    loaded = load_scenario(SCENARIOS / f"{scenario}.yaml")
    return {name: variant.models["terminal"] for name, variant in loaded.variants.items()}


def with_changes(base, changes):
    """A nested mapping over another; mappings merge, the rest replaces."""
    out = dict(base)
    for key, value in changes.items():
        nested = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = with_changes(out[key], value) if nested else value
    return out


def variant(name, scenario="yumeshima_conpas", **changes):
    """A shipped variant without its road, with changes."""
    params = shipped(scenario)[name]
    return TerminalParams.model_validate(with_changes(params.model_dump(), {"approach": "none"} | changes))


def results(params, replications=REPLICATIONS):
    """KPIs per replication: name, group -> (n,) array."""
    each = [kpis(run(params, r, start_s=18000.0)) for r in range(replications)]
    return {key: np.array([one[key] for one in each]) for key in each[0]}


def lower(one, other, kpi="wait_mean_min", group="all"):
    """Whether a KPI is lower in one variant, beyond the 99 % interval of the paired difference."""
    mean, half = mean_and_half_width(one[kpi, group] - other[kpi, group])
    return mean + half < 0


def test_e01_the_lunch_closure_makes_at_least_half_of_all_waiting():
    closed, opened = results(variant("today")), results(variant("lunch"))
    assert opened["wait_mean_min", "all"].mean() <= 0.5 * closed["wait_mean_min", "all"].mean()


def test_e02_a_line_stands_before_the_gate_opens():
    queue = run(variant("today"), start_s=18000.0)["terminal_queue"]
    at_opening = queue["trucks_in_line"][queue["time_s"] < 30600.0][-1]
    assert at_opening > 50
    early = results(variant("early", "yumeshima_without"))
    assert lower(early, results(variant("today", "yumeshima_without")))


def test_e03_priority_alone_opens_a_gap_between_classes_and_leaves_the_mean():
    today = results(variant("today"), 12)
    lanes = {"A": {"kind": "booked_first"}, "B": {"kind": "booked_first"}}
    priority = results(variant("today", lanes=lanes, conpas={"reserved_lane": True}), 12)
    assert priority["wait_mean_min", "booked"].mean() < 0.6 * priority["wait_mean_min", "ordinary"].mean()
    # Who waits changes, and by chance how long the services are that others wait for; not the mean.
    assert priority["wait_mean_min", "all"].mean() == pytest.approx(today["wait_mean_min", "all"].mean(), rel=0.02)


def test_e04_ordinary_trucks_wait_longer_as_the_booked_share_grows():
    lanes = {"A": {"kind": "booked_first"}, "B": {"kind": "booked_first"}}
    waits = [
        results(variant("today", lanes=lanes, conpas={"reserved_lane": True, "booked_share": share}))
        for share in (0.2, 0.5, 0.8)
    ]
    assert lower(waits[0], waits[1], group="ordinary")
    assert lower(waits[1], waits[2], group="ordinary")


def test_e05_a_quota_too_low_loses_trucks_and_one_too_high_flattens_nothing():
    keen = {name: {"choice_scale_s": 0.0} for name in ("large", "small", "owner_driver")}
    strict = {"booked_share": 1.0, "quota": {"unplaced": "stays_away"}}

    def quota(per_slot):
        conpas = with_changes(strict, {"quota": {"per_slot": per_slot, "on_time": 1.0, "no_show": 0.0}})
        return results(variant("q", hauliers=keen, conpas=conpas))

    low, fit, high = quota(150.0), quota(360.0), quota(5000.0)
    assert lower(low, fit, "throughput_day")
    assert low["slots_unplaced", "all"].min() > 500
    assert lower(fit, high)
    assert low["throughput_day", "all"].max() <= 150 * 6.5


def test_e06_booking_that_nobody_enforces_changes_nothing():
    loose = {"on_time": 0.0, "on_time_with_penalty": 0.0, "no_show": 0.0, "no_show_with_penalty": 0.0,
             "early": "admitted", "late_goes_to": "admitted"}  # fmt: skip
    today, unenforced = results(variant("today"), 3), results(variant("q", conpas={"quota": loose}), 3)
    for kpi in ("wait_mean_min", "queue_max_trucks", "join_to_out_p95_min"):
        np.testing.assert_array_equal(today[kpi, "all"], unenforced[kpi, "all"])
    few = results(variant("q", conpas={"booked_share": 0.02}), 3)
    np.testing.assert_allclose(few["wait_mean_min", "all"], today["wait_mean_min", "all"], rtol=0.1)


def test_e07_no_shows_waste_places_unless_overbooked_or_opened_at_short_notice():
    def in_principle(**quota):
        base = {"per_slot": 250.0, "unplaced": "stays_away", "no_show_then": "stays_away", "penalty": False}
        return results(variant("q", conpas={"booked_share": 1.0, "quota": base | quota}))

    sure, missed = in_principle(no_show=0.0), in_principle(no_show=0.2)
    overbooked = in_principle(no_show=0.2, overbooking=0.25)
    assert lower(missed, sure, "throughput_day")
    assert lower(missed, overbooked, "throughput_day")
    assert lower(missed, in_principle(no_show=0.2, release=True), "throughput_day")
    assert overbooked["throughput_day", "all"].mean() == pytest.approx(sure["throughput_day", "all"].mean(), rel=0.02)


def test_e08_trucks_bunch_at_the_start_of_slots():
    even, bunched = (variant("q", conpas={"quota": {"bunching": power}}) for power in (1.0, 4.0))

    def first_quarter(params):
        visits = run(params, start_s=18000.0)["terminal_visits"]
        booked = visits["class"] == 1
        since = visits["join_s"][booked] - visits["slot_from_s"][booked]
        inside = (since >= 0) & (since < 3600)
        return (since[inside] < 900).mean()

    assert first_quarter(even) == pytest.approx(0.25, abs=0.05)
    assert first_quarter(bunched) > 0.5
    assert lower(results(even), results(bunched))


def test_e09_a_faster_gate_moves_the_line_into_the_yard():
    small_yard = {"yard": {"blocks": 12}}
    today, faster = results(variant("today", **small_yard)), results(variant("d", **small_yard))
    assert lower(today, faster, "yard_wait_mean_min")
    gate_gain = (today["wait_mean_min", "all"] - faster["wait_mean_min", "all"]).mean()
    visit_gain = (today["join_to_out_mean_min", "all"] - faster["join_to_out_mean_min", "all"]).mean()
    assert visit_gain < gate_gain


def test_e10_trouble_in_the_lanes_hurts_everybody_and_a_lane_of_its_own_mends_it():
    aside, in_lane = results(variant("today")), results(variant("today", trouble={"at": "in_lane"}))
    clean = results(variant("today", trouble={"share": 0.0}))
    assert in_lane["wait_p95_min", "all"].mean() > 2 * aside["wait_p95_min", "all"].mean()
    np.testing.assert_allclose(aside["wait_p95_min", "all"], clean["wait_p95_min", "all"], rtol=1e-9)


def test_e11_visits_have_a_heavy_tail():
    today = results(variant("lunch"))
    assert (today["wait_p95_min", "all"] / today["wait_p50_min", "all"]).min() >= 3


def test_e12_a_small_shift_gains_much_near_saturation():
    hauliers = {name: {"flexible": 0.1, "wait_weight": 2.0} for name in ("large", "small", "owner_driver")}
    busy = {"demand": {"factor": 1.05}}
    fixed = results(variant("today", **busy))
    learned = results(variant("today", hauliers=hauliers, learning={"days": 15}, **busy))
    moved = []
    for replication in range(2):
        visits = run(variant("today", hauliers=hauliers, learning={"days": 15}, **busy), replication, start_s=18000.0)
        visits = visits["terminal_visits"]
        moved.append((visits["planned_s"] != visits["desired_s"]).mean())
    assert max(moved) < 0.1
    assert lower(learned, fixed)


def test_e13_the_road_is_free_until_the_yards_are_full_then_fills_steeply():
    demand = [results(variant("today", demand={"factor": f}), 3)["queue_on_road_truck_min", "all"].mean()
              for f in (1.0, 1.15, 1.2, 1.3)]  # fmt: skip
    assert demand[0] == demand[1] == 0
    assert demand[2] > 0
    assert demand[3] > 4 * demand[2]


def test_e14_fewer_empty_returns_shorten_the_line():
    """A tenth of all trucks, fewer empties at the gate, takes at least a fifth of the line."""
    fewer = {"factor": 0.9, "kinds": {"laden_out": 0.35, "laden_in": 0.25, "empty_out": 0.15, "empty_in": 0.15}}
    today, shifted = results(variant("today")), results(variant("today", demand=fewer))
    assert shifted["queue_mean_trucks", "all"].mean() < 0.8 * today["queue_mean_trucks", "all"].mean()


def test_e15_the_waits_published_for_tokyo_can_be_reached():
    """Booked 14-15 min, ordinary 28-51 min: few lanes, two thirds of them for ordinary trucks."""
    lanes = {"A": {"count": 7}, "B": {"count": 4}}
    tokyo = results(variant("conpas", lanes=lanes, conpas={"checked_documents": {"service_factor": 0.416}}))
    assert 13.0 <= tokyo["wait_mean_min", "booked"].mean() <= 16.0
    assert 28.0 <= tokyo["wait_mean_min", "ordinary"].mean() <= 51.0


def test_each_switch_alone_does_what_it_says():
    today = results(variant("today"))
    assert lower(results(variant("q")), today)
    assert lower(results(variant("d")), today)
    assert lower(results(variant("s")), today, "turn_time_mean_min")
    assert lower(results(variant("conpas")), today)
