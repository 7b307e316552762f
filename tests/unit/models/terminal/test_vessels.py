"""Demand from vessel calls: boxes by id, calendar, release and cut-off, matched moves, cranes at work."""

import datetime

import numpy as np
import pytest
from pydantic import ValidationError

from tests.unit.models.terminal.gate import NO_CITY, run, start
from twin.engine.draws import make_run_seed
from twin.errors import TableError
from twin.models.terminal import names as terms
from twin.models.terminal.booking.engine import book
from twin.models.terminal.demand.params import Vessels, call_key
from twin.models.terminal.demand.trucks import make_trucks, read_counts
from twin.models.terminal.demand.vessel_work import crane_seconds, crane_steps
from twin.models.terminal.model import Terminal
from twin.models.terminal.params import TerminalParams

SEED = make_run_seed(7, 0)
CALLS = {
    "Aoi": {"weekday": "Mon", "discharge": 300.0, "load": 200.0},
    "Beni": {"weekday": "Thu", "discharge": 200.0, "load": 300.0, "berth": "C12"},
}


def day(date="2026-06-09", calls=None, dual_share=0.0, conpas=None, **vessels):
    """A gate whose trucks come from two vessels a week."""
    plain = {"date": date, "calls": CALLS if calls is None else calls} | vessels
    demand = {"vessels": plain, "dual_share": dual_share}
    return TerminalParams.model_validate({"approach": "none", "demand": demand, "conpas": conpas or {}})


def trucks_of(params):
    return make_trucks(params, read_counts(params, {}), SEED, 0)


def test_one_box_more_changes_no_other_box():
    more = {**CALLS, "Aoi": {**CALLS["Aoi"], "discharge": 340.0}}
    few, many = trucks_of(day()), trucks_of(day(calls=more))
    kept = np.isin(many.ids, few.ids)
    assert len(many.ids) > len(few.ids) == kept.sum()
    assert many.desired_s[kept].tobytes() == few.desired_s.tobytes()
    assert (many.haulier[kept] == few.haulier).all()


def test_every_box_moves_on_exactly_one_day():
    """The days before and after are the same calls seen from another midnight."""
    params = day()
    key = params.demand.vessels.week_key(0)
    origin = np.uint64(1 << 23 | call_key("Aoi") << 7 | key)
    first = datetime.date(2026, 6, 9)
    seen = []
    for days in range(-35, 50):
        date = first + datetime.timedelta(days)
        if date.weekday() == 6:  # The gate is closed, and nobody can ask for that day.
            continue
        trucks = trucks_of(day(date=date.isoformat()))
        mine = (trucks.ids >> np.uint64(32) & np.uint64(0xFFFFFF)) == origin
        seen.append(trucks.ids[mine & np.isin(trucks.word[:, terms.KIND], [0, 1])])
    ids = np.concatenate(seen)
    imports, exports = (round(boxes) for boxes in params.demand.vessels.boxes(params.demand.vessels.calls["Aoi"]))
    assert len(ids) == len(np.unique(ids)) == imports + exports


def test_boxes_come_after_release_and_before_cut_off_and_on_open_hours():
    trucks = trucks_of(day())
    kind = trucks.word[:, terms.KIND]
    assert (np.bincount(kind, minlength=4) > 5).all()
    assert (trucks.desired_s >= trucks.earliest_s).all()
    assert (trucks.desired_s <= trucks.latest_s).all()
    assert np.isfinite(trucks.earliest_s[kind == 0]).all()
    assert np.isfinite(trucks.latest_s[kind == 1]).all()
    assert trucks.desired_s.min() >= 27000.0
    assert trucks.desired_s.max() <= 59400.0


def test_closed_days_crowd_the_days_around_them():
    plain = len(trucks_of(day("2026-06-10")).ids)
    after = len(trucks_of(day("2026-06-10", holidays=("2026-06-09",))).ids)
    assert after > 1.15 * plain
    monday, saturday = (len(trucks_of(day(d)).ids) for d in ("2026-06-08", "2026-06-13"))
    assert saturday < 0.6 * monday


def test_trucks_that_bring_a_box_also_fetch_one_of_their_haulier():
    single, dual = trucks_of(day(dual_share=0.0)), trucks_of(day(dual_share=1.0))
    two = dual.word[:, terms.MOVES] == 2
    assert two.sum() > 10
    assert len(dual.ids) + two.sum() == len(single.ids)
    assert (dual.word[two, terms.KIND] % 2 == 1).all()
    gone = ~np.isin(single.ids, dual.ids)
    fetched = single.word[gone]
    assert (fetched[:, terms.KIND] % 2 == 0).all()
    # Each fetched box goes with a truck of the same haulier, at most two hours away.
    by_haulier = np.bincount(dual.word[two, terms.HAULIER], minlength=200)
    np.testing.assert_array_equal(by_haulier, np.bincount(fetched[:, terms.HAULIER], minlength=200))
    laden = (dual.word[two, terms.FLAGS] & terms.FETCHES << 1) > 0
    assert laden.sum() == (fetched[:, terms.KIND] == 0).sum()


def test_a_day_of_vessels_runs_to_its_end_and_closes_its_books():
    params = day(conpas={"quota": {"per_slot": 20.0, "provisional_share": 0.5}})
    model, terminal = start(params)
    while not model.is_empty():
        model.step()
    trucks, bookings = terminal.accounts()
    assert trucks.entered == sum(trucks.left.values()) > 100
    assert bookings.entered == sum(bookings.left.values())
    model.close()


def test_unreleased_boxes_are_booked_under_their_bill_of_lading_or_not_yet():
    def asks(share):
        params = day(conpas={"quota": {"per_slot": 1000.0, "provisional_share": share}, "booked_share": 1.0},
                     release_s=20 * 3600.0, fetched_after_s=21600.0)  # fmt: skip
        trucks = trucks_of(params)
        return trucks, book(params, read_counts(params, {}), trucks, SEED)

    trucks, sure = asks(0.0)
    imports = trucks.word[:, terms.KIND] == 0
    assert (sure.asks_s[imports] >= trucks.known_s[imports]).all()
    assert sure.slots.lapsed.sum() == 0
    trucks, early = asks(1.0)
    assert (early.asks_s[imports] < trucks.known_s[imports]).any()
    assert early.slots.lapsed.sum() > 0


def test_a_limit_may_hold_one_vessel():
    limits = {"aoi": {"vessel": "Aoi", "per_slot": 3.0}}
    params = day(conpas={"quota": {"per_slot": 1000.0, "limits": limits}, "booked_share": 1.0})
    trucks = trucks_of(params)
    bookings = book(params, read_counts(params, {}), trucks, SEED)
    placed = trucks.code[:, terms.BOOKING] == terms.PLACED
    mine = trucks.vessel == trucks.vessels.index("Aoi")
    of_slot = np.histogram(trucks.time_s[placed & mine, terms.SLOT_FROM], [*bookings.slots.from_s, 1e9])[0]
    assert of_slot.max() == 3
    assert (placed & ~mine).sum() > 20


def test_a_vessel_at_work_takes_the_cranes_behind_its_berth():
    calls = {"Aoi": {"weekday": "Tue", "arrives_s": 32400.0, "works_s": 7200.0, "discharge": 100.0, "berth": "C12"}}
    params = day(calls=calls)
    behind, elsewhere = (crane_steps(params, params.yard, block) for block in (15, 0))
    assert behind == ((-np.inf, 2), (32400.0, 1), (39600.0, 2))
    assert elsewhere == ((-np.inf, 2),)
    blocks = [block for block in range(16) if crane_steps(params, params.yard, block) != elsewhere]
    assert crane_seconds(params) == 16 * 2 * 28800.0 - len(blocks) * 7200.0
    free = day(calls=calls, cranes_per_block=0)
    busy, idle = (run(p)["terminal_visits"]["yard_wait_s"].sum() for p in (params, free))
    assert busy >= idle


@pytest.mark.parametrize(
    ("vessels", "words"),
    [
        ({"calls": {}}, "has no calls"),
        ({"calls": {"Aoi": {"weekday": "Mon"}}}, "vessel call 'Aoi' has no boxes"),
        ({"calls": {"Aoi": {"weekday": "Mon", "discharge": -5.0}}}, "greater than or equal to 0"),
        ({"calls": {"Aoi": {**CALLS["Aoi"], "berth": "C99"}}}, "no berth is named 'C99'"),
        ({"date": "2026-02-30"}, "'2026-02-30' is no date"),
        ({"date": "2026-06-07"}, "no truck comes on 2026-06-07"),
    ],
)
def test_wrong_calls_are_refused_with_their_fault(vessels, words):
    with pytest.raises(ValidationError, match=words):
        Vessels.model_validate({"date": "2026-06-09", "calls": CALLS} | vessels)


def plan_of(rows):
    """A berth plan as a table, from rows of vessel, date, clock, boxes discharged and loaded, berth."""
    names = ("vessel", "date", "arrive_s", "discharge_boxes", "load_boxes", "berth")
    return {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def by_plan(rows, **vessels):
    demand = {"dual_share": 0.0, "vessels": {"date": "2026-06-09", "table": "plan"} | vessels}
    params = TerminalParams.model_validate({"approach": "none", "demand": demand})
    return Terminal(params, NO_CITY, {"plan": plan_of(rows)})


def test_calls_of_a_berth_plan_are_those_of_weekly_services():
    first = datetime.date(2026, 6, 8)
    services = (("Aoi", 0, 300.0, "C10"), ("Beni", 3, 200.0, "C12"))
    rows = [(name, (first + datetime.timedelta(7 * week + late)).isoformat(), 28800.0, boxes, 500.0 - boxes, berth)
            for week in range(-5, 4) for name, late, boxes, berth in services]  # fmt: skip
    listed, weekly = trucks_of(by_plan(rows)._params), trucks_of(day())
    assert listed.ids.tobytes() == weekly.ids.tobytes()
    assert listed.desired_s.tobytes() == weekly.desired_s.tobytes()
    assert listed.vessels == weekly.vessels == ("Aoi", "Beni")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("Aoi", "2026-06-08", 28800.0, 0.0, 0.0, "C10")], "'Aoi@2026-06-08' has no boxes"),
        ([("Aoi", "June 8", 28800.0, 5.0, 0.0, "C10")], "row 1, Aoi: .*'June 8' is no date"),
        ([("Aoi", "2026-06-08", 28800.0, -5.0, 9.0, "C10")], "row 1, Aoi"),
        ([("Aoi", "2026-06-08", 28800.0, 5.0, 9.0, "C10")] * 2, "calls twice on one day"),
        ([("Aoi", f"2026-06-{d:02d}", 28800.0, 5.0, 9.0, "C10") for d in (8, 11)], "calls twice in one week"),
        ([("Aoi", "2026-06-08", 28800.0, 5.0, 9.0, "Q9")], "no berth is named 'Q9'"),
    ],
)
def test_wrong_rows_of_a_berth_plan_are_refused_with_their_fault(rows, words):
    with pytest.raises(TableError, match=words):
        by_plan(rows)


def test_a_berth_plan_that_is_not_there_or_lacks_a_column_is_named():
    params = TerminalParams.model_validate({"demand": {"vessels": {"date": "2026-06-09", "table": "plan"}}})
    with pytest.raises(TableError, match="names 'plan', which the scenario does not have"):
        Terminal(params, NO_CITY, {})
    with pytest.raises(TableError, match="column arrive_s is missing"):
        Terminal(params, NO_CITY, {"plan": {"vessel": np.array(["Aoi"]), "date": np.array(["2026-06-09"])}})


def test_a_total_of_the_day_does_not_go_with_vessels():
    with pytest.raises(ValidationError, match="change the boxes or"):
        TerminalParams.model_validate({"demand": {"vessels": {"date": "2026-06-09", "calls": CALLS},
                                                  "day_total": 500.0}})  # fmt: skip


def test_a_limit_names_a_vessel_that_calls():
    with pytest.raises(ValidationError, match="no call named 'Zeta'; known: Aoi, Beni"):
        day(conpas={"quota": {"limits": {"z": {"vessel": "Zeta", "per_slot": 5.0}}}})


def test_the_estimate_is_of_the_order_of_the_day():
    params = day()
    days = ("2026-06-08", "2026-06-09", "2026-06-10", "2026-06-11", "2026-06-12")
    mean = np.mean([len(trucks_of(day(d)).ids) for d in days])
    assert 0.7 < params.estimate_agents() / mean < 1.4
