"""Slots, quotas, no-shows, windows; hauliers who learn; demand by id."""

import numpy as np
import pytest

from tests.unit.models.terminal.gate import always_open, gate, kpis, run, start
from twin.booking.params import slot_spans
from twin.engine.draws import make_run_seed
from twin.models.terminal import names
from twin.models.terminal.booking.engine import book, slot_places
from twin.models.terminal.booking.learning import learn
from twin.models.terminal.demand.trucks import make_trucks, read_counts
from twin.models.terminal.params import Quota, TerminalParams

SEED = make_run_seed(7, 0)


def booked_day(**quota):
    """Everybody asks for a slot of a full day; nobody is late unless told so."""
    base = {"per_slot": 100.0, "on_time": 1.0, "no_show": 0.0}
    return TerminalParams.model_validate({"conpas": {"booked_share": 1.0, "quota": base | quota}, "approach": "none"})


def booked(params, seed=SEED):
    counts = read_counts(params, {})
    trucks = make_trucks(params, counts, seed, 0)
    return trucks, book(params, counts, trucks, seed)


def test_slots_lie_within_the_opening_hours_and_the_last_is_cut():
    spans = slot_spans(((30600.0, 41400.0), (46800.0, 59400.0)), 3600.0)
    assert spans == [(30600.0, 34200.0), (34200.0, 37800.0), (37800.0, 41400.0), (46800.0, 50400.0),
                     (50400.0, 54000.0), (54000.0, 57600.0), (57600.0, 59400.0)]  # fmt: skip
    places = slot_places(Quota(per_slot=100.0, slots={34200.0: 30.0}), spans)
    assert places.tolist() == [100, 30, 100, 100, 100, 100, 50]


def test_no_slot_is_given_beyond_its_quota():
    trucks, bookings = booked(booked_day())
    placed = trucks.code[:, names.BOOKING] == names.PLACED
    slots = bookings.slots
    assert slots.booked.tolist() == slots.offered.tolist() == [100] * 6 + [50]
    assert placed.sum() == 650
    assert (trucks.code[:, names.BOOKING] == names.UNPLACED).sum() == len(trucks.ids) - 650
    np.testing.assert_array_equal(
        np.histogram(trucks.time_s[placed, names.SLOT_FROM], [*slots.from_s, 1e9])[0], slots.booked
    )


def test_overbooking_gives_more_places_than_the_quota():
    _, bookings = booked(booked_day(overbooking=0.1))
    assert bookings.slots.booked.tolist() == [110] * 6 + [55]


def test_a_truck_on_time_comes_in_its_slot_and_the_others_when_it_suits_them():
    trucks, _ = booked(booked_day(on_time=0.6))
    placed = trucks.code[:, names.BOOKING] == names.PLACED
    plan, start_s, end_s = (trucks.time_s[placed, c] for c in (names.PLAN, names.SLOT_FROM, names.SLOT_TO))
    inside = (plan >= start_s) & (plan <= end_s)
    np.testing.assert_array_equal(plan[~inside], trucks.desired_s[placed][~inside])
    wanted_elsewhere = (trucks.desired_s[placed] < start_s) | (trucks.desired_s[placed] >= end_s)
    on_time = inside[wanted_elsewhere].mean()
    assert on_time == pytest.approx(0.6, abs=3 * np.sqrt(0.24 / wanted_elsewhere.sum()))


def test_a_higher_booked_share_keeps_everybody_who_took_part():
    def parts(share):
        lanes = {"A": {"count": 9}, "B": {"count": 2, "kind": "reserved"}}
        conpas = {"booked_share": share, "reserved_lane": True}
        trucks, _ = booked(TerminalParams.model_validate({"conpas": conpas, "lanes": lanes}))
        return set(trucks.ids[trucks.word[:, names.CLASS] == names.BOOKED].tolist())

    assert parts(0.3) < parts(0.6) < parts(0.9)


def test_no_shows_come_later_unbooked_or_stay_away():
    trucks, bookings = booked(booked_day(no_show=0.3))
    missed = trucks.code[:, names.BOOKING] == names.NO_SHOW
    assert bookings.slots.no_show.sum() == missed.sum() == pytest.approx(0.3 * 650, abs=3 * np.sqrt(650 * 0.21))
    assert bookings.comes.all()
    assert (trucks.word[missed, names.CLASS] == names.ORDINARY).all()
    _, away = booked(booked_day(no_show=0.3, no_show_then="stays_away"))
    assert (~away.comes).sum() == missed.sum()


def test_a_penalty_makes_trucks_come_and_come_on_time():
    _, free = booked(booked_day(no_show=0.2))
    _, fined = booked(booked_day(no_show=0.2, penalty=True))
    assert fined.slots.no_show.sum() < free.slots.no_show.sum()


def test_booking_accounts_close_with_every_outcome():
    params = TerminalParams.model_validate(
        {"approach": "none", "conpas": {"quota": {"per_slot": 120.0, "unplaced": "stays_away"}}}
    )
    model, terminal = start(params, start_s=18000.0)
    while not model.is_empty():
        model.step()
    trucks, bookings = terminal.accounts()
    assert bookings.inside == 0
    assert bookings.entered == sum(bookings.left.values())
    assert bookings.left["refused"] > 0
    assert bookings.left["no_show"] > 0
    assert trucks.entered == sum(trucks.left.values())
    model.close()


def test_a_truck_too_early_waits_for_its_window():
    params = booked_day(on_time=0.0, grace_early_s=600.0)
    visits = run(params, start_s=18000.0)["terminal_visits"]
    early = visits["join_s"] < visits["slot_from_s"] - 600.0
    assert early.sum() > 10
    assert (visits["called_s"][early] >= visits["slot_from_s"][early] - 600.0).all()
    assert (visits["served_as"][early] == names.BOOKED).all()


def test_a_truck_too_late_is_ordinary_or_turned_away():
    late_quota = {"on_time": 0.0, "grace_late_s": 300.0}
    visits = run(booked_day(**late_quota), start_s=18000.0)["terminal_visits"]
    late = (
        (visits["class"] == names.BOOKED)
        & (visits["join_s"] > visits["slot_from_s"] + 3900.0)
        & (visits["reason"] != 1)
    )
    assert late.sum() > 10
    assert (visits["served_as"][late] == names.ORDINARY).all()
    away = run(booked_day(**late_quota, late_goes_to="turned_away"), start_s=18000.0)["terminal_visits"]
    assert (away["reason"] == names.TOO_LATE).sum() >= late.sum()


def test_more_demand_keeps_every_truck_of_less():
    small, _ = booked(gate(demand={"hourly": {30600.0: 100.0}}))
    large, _ = booked(gate(demand={"hourly": {30600.0: 140.0}}))
    assert set(small.ids.tolist()) < set(large.ids.tolist())


def test_hauliers_come_to_expect_the_waits_of_their_trucks():
    params = gate(
        demand={"hourly": {30600.0: 300.0, 48600.0: 60.0}}, lanes={"A": {"count": 4}},
        learning={"days": 30, "rate": 0.3}, hauliers={"one": {"hauliers": 1, "truck_share": 1.0}},
    )  # fmt: skip
    learned = learn(params, read_counts(params, {}), SEED)
    visits = [run(params, r)["terminal_visits"] for r in range(20)]
    first_hour = np.mean([v["wait_s"][v["join_s"] < 34200.0].mean() for v in visits])
    assert learned.expected_wait_s.shape == (1, 7)
    assert learned.expected_wait_s[0, 0] == pytest.approx(first_hour, rel=0.1)
    assert learned.residual_s < 0.1 * first_hour


def test_learning_days_have_luck_of_their_own_and_leave_the_recorded_day_alone():
    plain, learned = always_open(50, 3, 1), always_open(50, 3, 1, learning={"days": 3})
    one, other = run(plain)["terminal_visits"], run(learned)["terminal_visits"]
    for column in one:
        assert one[column].tobytes() == other[column].tobytes()


def test_hauliers_who_miss_too_often_may_not_book():
    params = booked_day(penalty=True, no_show_with_penalty=0.4, on_time_with_penalty=1.0)
    params = params.model_copy(update={"learning": params.learning.model_copy(update={"days": 6, "suspend_after": 5})})
    learned = learn(params, read_counts(params, {}), SEED)
    assert 0 < learned.suspended.sum() < len(learned.suspended)
    model, terminal = start(params, start_s=18000.0)
    suspended = {h.index for h in terminal._hauliers if not h.books(6)}
    now = terminal._now
    asked = now.code[:, names.BOOKING] != names.NOT_ASKED
    assert suspended
    assert not suspended & set(now.word[asked, names.HAULIER].tolist())
    assert len(model.agents) == len(terminal._hauliers) + 1
    model.close()


def test_kpis_of_slots_add_up():
    values = kpis(run(booked_day(no_show=0.1), start_s=18000.0))
    assert values["slots_offered", "all"] == values["slots_booked", "all"] == 650
    assert values["slots_used", "all"] + values["slots_no_show", "all"] == 650
    assert values["slots_unplaced", "all"] > 1000


def test_noise_of_the_way_moves_each_truck_by_a_draw_of_its_own_and_nothing_else():
    calm, _ = booked(booked_day())
    noisy, bookings = booked(booked_day().model_copy(update={"travel_noise_s": 600.0}))
    moved = noisy.time_s[:, names.PLAN] - calm.time_s[:, names.PLAN]
    n = len(moved)
    assert abs(moved.mean()) < 4.0 * 600.0 / np.sqrt(n)
    assert abs(moved.std() - 600.0) < 4.0 * 600.0 / np.sqrt(2.0 * n)
    for column in (names.SLOT_FROM, names.DESIRED):
        assert np.array_equal(noisy.time_s[:, column], calm.time_s[:, column], equal_nan=True)
    # Whoever booked a slot may now come beside it.
    start_s, end_s = noisy.time_s[:, names.SLOT_FROM], noisy.time_s[:, names.SLOT_TO]
    beside = (noisy.time_s[:, names.PLAN] < start_s) | (noisy.time_s[:, names.PLAN] > end_s)
    assert 0.05 < beside[np.isfinite(start_s)].mean() < 0.5
    assert bookings.comes.all()
