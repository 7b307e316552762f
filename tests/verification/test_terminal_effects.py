"""What the literature says a gate with booking does (E1 to E15), on the shipped scenarios, pair by pair.

Trucks appear at the line here: the road between entry and gate plays no part in these effects. Every comparison
is paired: both variants see the same trucks with the same luck.
"""

import numpy as np
import pytest

from tests.unit.models.terminal.gate import kpis, run
from tests.verification.terminal_tables import variant, with_changes
from tests.verification.terminal_theory import mean_and_half_width
from twin.models.terminal.tables import TRUCK_KINDS

REPLICATIONS = 6


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


def test_e06_booking_changes_the_line_only_as_far_as_slots_are_kept():
    """The same quota, kept by nobody, a fifth or everybody; whoever comes off their slot is let in like the others."""
    today = results(variant("today"), 12)["wait_mean_min", "all"]

    def gain(on_time, share=0.6):
        rules = {"on_time": on_time, "on_time_with_penalty": on_time, "no_show": 0.0, "no_show_with_penalty": 0.0,
                 "early": "admitted", "late_goes_to": "admitted"}  # fmt: skip
        booked = results(variant("q", conpas={"booked_share": share, "quota": rules}), 12)
        assert booked["slots_booked", "all"].min() > 0.8 * share * 2300
        return (today - booked["wait_mean_min", "all"]) / today.mean()

    kept, hardly_kept, few = gain(1.0), gain(0.2), gain(1.0, share=0.05)
    mean, half = mean_and_half_width(kept)
    assert mean - half > 0.15
    # Los Angeles and Long Beach: no effect without enforcement, nor with few who take part.
    np.testing.assert_array_equal(gain(0.0), 0.0)
    for weak in (hardly_kept, few):
        mean, half = mean_and_half_width(weak - 0.5 * kept)
        assert mean + half < 0


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


def day_by_kind(**factors):
    """Visits of today's day with the trucks of some kinds multiplied: counts by hour and kind, keyed one by one."""
    params = variant("today")
    rows = [
        (hour, trucks * getattr(params.demand.kinds, kind) * factors.get(kind, 1.0), kind)
        for hour, trucks in params.demand.hourly.items() for kind in TRUCK_KINDS
    ]  # fmt: skip
    hour, trucks, kind = (np.array(column) for column in zip(*rows, strict=True))
    tables = {"day": {"hour_start_s": hour, "trucks": trucks, "kind": kind}}
    params = variant("today", demand={"table": "day", "day_total": None})
    return [run(params, r, start_s=18000.0, tables=tables)["terminal_visits"] for r in range(REPLICATIONS)]


def truck_hours(visits, kinds):
    """Hours waited before the gate by trucks of some kinds."""
    return visits["wait_s"][np.isin(visits["kind"], [TRUCK_KINDS.index(kind) for kind in kinds])].sum() / 3600


def test_e14_fewer_empty_returns_shorten_the_line_and_their_own_wait_most():
    """The gate serves every kind alike, so the line of all says how many stayed away, not who: that is by kind."""
    others = [kind for kind in TRUCK_KINDS if kind != "empty_in"]
    today = day_by_kind()
    # A tenth of all trucks each: four in ten of the empty returns, or one in ten of every kind.
    shifted, any_kind = day_by_kind(empty_in=0.6), day_by_kind(**dict.fromkeys(TRUCK_KINDS, 0.9))
    for one, other in zip(today, shifted, strict=True):
        kept = [visits["id"][visits["kind"] != TRUCK_KINDS.index("empty_in")] for visits in (one, other)]
        np.testing.assert_array_equal(*map(np.sort, kept))
    assert sum(map(len, (v["id"] for v in shifted))) == pytest.approx(sum(len(v["id"]) for v in any_kind), rel=0.02)
    empties = [[truck_hours(visits, ["empty_in"]) for visits in days] for days in (today, shifted, any_kind)]
    rest = [[truck_hours(visits, others) for visits in days] for days in (today, shifted)]
    before, fewer, cut = np.array(empties)
    for gain in (0.8 * before - fewer, 0.75 * cut - fewer):
        mean, half = mean_and_half_width(gain)
        assert mean - half > 0
    # The other trucks, who are the same as before, wait less.
    before, after = np.array(rest)
    mean, half = mean_and_half_width(0.8 * before - after)
    assert mean - half > 0


def tokyo(ordinary, reserved, factor):
    """Mean waits of booked and ordinary trucks, in min, with all of CONPAS at some lanes and factor of documents."""
    lanes, documents = {"A": {"count": ordinary}, "B": {"count": reserved}}, {"service_factor": factor}
    values = results(variant("conpas", lanes=lanes, conpas={"checked_documents": documents}))
    return values["wait_mean_min", "booked"].mean(), values["wait_mean_min", "ordinary"].mean()


def test_e15_the_waits_published_for_tokyo_can_be_reached_with_few_lanes_and_one_factor():
    """Booked 14-15 min, ordinary 28-51 min: reachable is not reproduced, as the factor decides the answer."""
    booked, ordinary = tokyo(7, 4, 0.416)
    assert 13.0 <= booked <= 17.0
    assert 28.0 <= ordinary <= 51.0
    faster, slower = tokyo(7, 4, 0.40)[0], tokyo(7, 4, 0.43)[0]
    assert faster < 13.0
    assert slower > 17.0


def test_e15_the_gate_of_the_shipped_scenario_lies_outside_what_was_published():
    """Published: booked trucks wait 46 to 81 % less than ordinary ones."""
    booked, ordinary = tokyo(10, 6, 0.4)
    assert booked / ordinary < 1 - 0.81
    booked, ordinary = tokyo(10, 6, 0.6)
    assert 1 - 0.81 < booked / ordinary < 1 - 0.46


def test_each_switch_alone_does_what_it_says():
    today = results(variant("today"))
    assert lower(results(variant("q")), today)
    assert lower(results(variant("d")), today)
    assert lower(results(variant("s")), today, "turn_time_mean_min")
    assert lower(results(variant("conpas")), today)
