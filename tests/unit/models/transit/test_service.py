"""The service on the real road: bookings, calls, cancelling, no-shows, places, shifts and breaks; books that add up."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.models.transit.town import assert_same, build, finish, merged
from twin.engine.checkpoint import read_checkpoint, write_checkpoint
from twin.models.transit.kpis import compute
from twin.models.transit.params import TransitParams
from twin.models.transit.service.calls import answer_calls, within_hours
from twin.models.transit.service.params import Shift, VanType

HOUR_S = 3600.0
SHIFTS = [
    {"hours": "08:00-10:30", "vans": 2, "breaks": [{"between": "08:50-09:40", "length": "20 min"}]},
    {"hours": "08:30-12:00", "vans": 1, "breaks": [{"between": "09:30-10:30", "length": "30 min"}]},
]
FULL = {
    "demand": {"requests_per_day": 1100},
    "riders": {"wheelchair_share": 0.2, "age65_share": 0.3},
    "fleet": {
        "types": {
            "low": {"count": 3, "seats": 6, "wheelchair_spaces": 1, "shifts": SHIFTS},
            "high": {"count": 2, "seats": 8, "wheelchair_spaces": 0, "step_free": False},
        }
    },
    "booking": {
        "ahead_share": 0.4, "lead_mean_s": 7200, "cancel_share": 0.1, "no_show_share": 0.08,
        "phone": {"share": 0.3, "operators": 1, "handling_s": 150, "patience_s": 200, "hours": "08:00-10:00"},
    },
}  # fmt: skip
RUNGS = ("cheapest_insertion", "reoptimise", "assignment")


def full(rung):
    return {**FULL, "dispatch": {"strategy": rung}}


@pytest.fixture(scope="module")
def days():
    made = {}
    for rung in RUNGS:
        model, transit = build(full(rung))
        made[rung] = finish(model, transit), transit
    return made


def of(rows, outcome):
    return {name: values[rows["outcome"] == outcome] for name, values in rows.items()}


@pytest.mark.parametrize("rung", RUNGS)
def test_booked_is_open_and_cancelled_and_no_show_and_served_and_refused(days, rung):
    tables, transit = days[rung]
    account = transit.accounts()[0]
    counted = dict(zip(*np.unique(tables["transit_requests"]["outcome"], return_counts=True), strict=True))
    assert account.inside == 0
    assert account.entered == sum(account.left.values()) == len(transit.desk.requests)
    assert {name: int(n) for name, n in counted.items()} == {k: v for k, v in account.left.items() if v}
    assert set(counted) == {"served", "refused", "cancelled", "no_show"}
    riders = transit.accounts()[1]
    assert riders.entered == sum(riders.left.values())


@pytest.mark.parametrize("rung", RUNGS)
def test_every_promise_place_shift_and_break_is_kept(days, rung):
    tables, transit = days[rung]
    assert transit.turns_missed == 0
    rows = of(tables["transit_requests"], "served")
    assert (rows["pickup_s"] <= rows["promised_pickup_s"] + 1e-6).all()
    assert (rows["pickup_s"] >= rows["since_s"] - 1e-6).all()
    assert (rows["dropoff_s"] <= rows["promised_dropoff_s"] + 1e-6).all()
    ride_s = rows["dropoff_s"] - rows["pickup_s"]
    assert (ride_s <= rows["promised_ride_s"] + 1e-6).all()
    by_arrival = np.isfinite(rows["arrive_by_s"])
    assert by_arrival.sum() > 5
    assert (rows["dropoff_s"] <= rows["arrive_by_s"] + 1e-6)[by_arrival].all()
    # A wheelchair rides where there is a place and no step, one at a time.
    low = set(transit.desk.fleet["id"][transit.desk.fleet["type"] == 0].tolist())
    wheels = rows["wheelchairs"] > 0
    assert wheels.sum() > 3
    assert set(rows["van"][wheels].tolist()) <= low
    for van in low:
        mine = wheels & (rows["van"] == van)
        order = np.argsort(rows["pickup_s"][mine])
        assert (rows["pickup_s"][mine][order][1:] >= rows["dropoff_s"][mine][order][:-1]).all()
    breaks = tables["transit_breaks"]
    assert len(breaks["van"]) == 3
    assert (breaks["began_s"] >= breaks["due_from_s"]).all()
    assert (breaks["began_s"] <= breaks["due_by_s"] + 1e-6).all()
    legs, shifts = tables["transit_legs"], tables["transit_shifts"]
    for van, began_s, length_s in zip(breaks["van"], breaks["began_s"], breaks["length_s"], strict=True):
        driving = (legs["van"] == van) & (legs["depart_s"] < began_s + length_s) & (legs["arrive_s"] > began_s)
        assert not driving.any()
        aboard = (rows["van"] == van) & (rows["pickup_s"] < began_s + length_s) & (rows["dropoff_s"] > began_s)
        assert not aboard.any()
    off_s = dict(zip(transit.desk.fleet["id"].tolist(), transit.desk.fleet["off_s"].tolist(), strict=True))
    for van, from_s in zip(shifts["van"], shifts["from_s"], strict=True):
        if int(van) in low:
            mine = legs["van"] == van
            assert (legs["depart_s"][mine] >= from_s).all()
            assert (legs["arrive_s"][mine] <= off_s[int(van)] + 1e-6).all(), "back at the depot in time"


def test_who_cancels_or_stays_away_takes_no_seat_and_calls_are_answered_or_not(days):
    tables, transit = days["cheapest_insertion"]
    rows = tables["transit_requests"]
    for outcome in ("cancelled", "no_show"):
        gone = of(rows, outcome)
        assert len(gone["id"]) > 5
        assert np.isnan(gone["pickup_s"]).all()
        assert np.isnan(gone["dropoff_s"]).all()
    reasons = set(rows["reason"].tolist())
    assert {"phone_closed", "phone_gave_up"} <= reasons
    phone = rows["channel"] == "phone"
    assert (rows["called_s"] <= rows["asked_s"]).all()
    assert (rows["called_s"] == rows["asked_s"])[~phone].all()
    refused = of(rows, "refused")
    offered = np.isfinite(refused["offer_s"])
    assert offered.sum() > 5
    latest_s = refused["since_s"] + transit.params.promise.wait_at_most_s
    immediate = offered & (refused["booked"] == 0)
    assert (refused["offer_s"] > latest_s)[immediate].all()


def test_another_stop_is_offered_only_where_it_is_asked_for_and_changes_nothing_else():
    few = {"demand": {"requests_per_day": 2500}, "fleet": {"count": 3}, "promise": {"wait_at_most_s": 600}}
    asked = {**few, "promise": {**few["promise"], "other_stop_walk_at_most_m": 400}}
    (model, transit), (other, with_stops) = build(few), build(asked)
    plain, told = finish(model, transit), finish(other, with_stops)
    assert (plain["transit_requests"]["offer_stop"] == -2).all()
    for name, values in plain["transit_requests"].items():
        if name != "offer_stop":
            np.testing.assert_array_equal(values, told["transit_requests"][name])
    requests, stops = told["transit_requests"], told["transit_stops"]
    offered = requests["offer_stop"] >= 0
    assert (requests["outcome"][requests["offer_stop"] > -2] == "refused").all()
    assert 0 < offered.sum() < (requests["offer_stop"] > -2).sum()
    here, there = requests["from_stop"][offered], requests["offer_stop"][offered]
    metres = sum(abs(stops[axis][here] - stops[axis][there]) for axis in ("x_m", "y_m"))
    assert (metres <= 400).all()
    assert (here != there).all()
    shares = [
        {k.kpi: k.value for k in compute(tables) if k.group == "all"}["transit.refused_with_other_stop_share"]
        for tables in (plain, told)
    ]
    assert np.isnan(shares[0])
    assert shares[1] == offered.sum() / (requests["outcome"] == "refused").sum()


@pytest.mark.parametrize("rung", RUNGS[:2])
def test_a_day_with_everything_goes_on_from_its_middle_with_the_same_bytes(days, rung, tmp_path):
    model, transit = build(full(rung))
    while model.now_s < 9.41 * HOUR_S:
        model.step()
    parts = [transit.drain_tables()]
    write_checkpoint(tmp_path / "at.npz", model.state())
    again, resumed = build(full(rung))
    again.restore(read_checkpoint(tmp_path / "at.npz"))
    assert_same(days[rung][0], merged([*parts, finish(again, resumed)]))
    assert_same(days[rung][0], finish(*build(full(rung), step_s=10.0)))


def test_earlier_bookings_keep_their_promise_whoever_books_later(days):
    """One booking more, made last, moves no promise of those before."""
    rows = days["cheapest_insertion"][0]["transit_requests"]
    fewer = finish(*build({**full("cheapest_insertion"), "demand": {"requests_per_day": 1100}}, end_s=10 * HOUR_S))
    before = fewer["transit_requests"]
    _, mine, theirs = np.intersect1d(before["id"], rows["id"], return_indices=True)
    made_before = (before["asked_s"][mine] < 8 * HOUR_S) & np.isfinite(before["promised_pickup_s"][mine])
    assert made_before.sum() > 3
    promised = rows["promised_pickup_s"][theirs][made_before]
    kept = np.isfinite(promised)
    assert kept.mean() > 0.9
    np.testing.assert_array_equal(promised[kept], before["promised_pickup_s"][mine][made_before][kept])


def test_who_calls_for_later_calls_while_the_phone_is_answered():
    at_s = np.array([8.0, 20.0, 30.0]) * HOUR_S
    moved = within_hours(at_s, (7 * HOUR_S, 17 * HOUR_S), np.array([0.5, 0.5, 0.25]))
    assert (moved / HOUR_S).tolist() == [8.0, 12.0, 9.5]


def test_calls_wait_for_an_operator_hang_up_or_find_nobody():
    made_s, reason = answer_calls(np.array([0.0, 10.0, 20.0, 90000.0]), (0.0, 3600.0), 1, 100.0, 95.0)
    assert made_s.tolist() == [100.0, 200.0, 115.0, 90000.0]
    assert [int(code) for code in reason] == [0, 0, 11, 10]
    made_s, reason = answer_calls(np.array([0.0, 10.0, 20.0]), (0.0, 3600.0), 2, 100.0, 95.0)
    assert made_s.tolist() == [100.0, 110.0, 200.0]


def test_breaks_follow_the_law_and_bad_shifts_are_told():
    assert Shift(hours=(0.0, 6 * HOUR_S), vans=1).breaks_s() == []
    assert Shift(hours=(0.0, 8 * HOUR_S), vans=1).breaks_s()[0][2] == 2700.0
    assert Shift(hours=(0.0, 9 * HOUR_S), vans=1).breaks_s()[0][2] == 3600.0
    with pytest.raises(ValueError, match="shifts overlap: 2 vans are on duty at 9 h, the type has 1"):
        VanType.model_validate(
            {"count": 1, "shifts": [{"hours": "08:00-10:00", "vans": 1}, {"hours": "09:00-11:00", "vans": 1}]}
        )
    with pytest.raises(ValueError, match="without seats and places carries nobody"):
        VanType.model_validate({"count": 1, "seats": 0, "wheelchair_spaces": 0})
    with pytest.raises(ValueError, match="count and types are both given"):
        TransitParams.model_validate({"fleet": {"count": 3, "types": {"a": {"count": 2}}}})
