"""The rules of the books: limits by kind, opening, giving back, second slots, and what the desk does on the day."""

import numpy as np
import pytest

from tests.unit.models.terminal.gate import finish, kpis, run, same_tables, start
from tests.unit.models.terminal.test_booking import SEED, booked, booked_day
from twin.booking.params import slot_spans
from twin.models.terminal import names
from twin.models.terminal.booking.learning import learn
from twin.models.terminal.demand.trucks import read_counts
from twin.models.terminal.params import TerminalParams

DAY = {"start_s": 18000.0}
EVERYTHING = {
    "cancel_share": 0.2, "cancel_lead_s": 5400.0, "provisional_share": 0.3, "release_delay_s": 40000.0,
    "double_share": 0.2, "no_show": 0.1, "on_time": 0.7, "release": {"if_line_below": 60.0},
    "late_goes_to": "rebook", "closes_before_s": 1800.0, "unplaced": "stays_away",
}  # fmt: skip


def busy(**changes):
    """A full day of booking in which everything that can become of a booking does."""
    lanes = {"A": {"count": 10}, "B": {"count": 8, "kind": "reserved"}}
    quota = {"per_slot": 180.0} | EVERYTHING | changes
    return TerminalParams.model_validate(
        {"approach": "none", "lanes": lanes, "conpas": {"booked_share": 0.7, "reserved_lane": True, "quota": quota}}
    )


def test_slots_may_start_later_and_overlap():
    assert slot_spans(((0.0, 7200.0),), 3600.0, 1800.0) == [(1800.0, 5400.0), (5400.0, 7200.0)]
    assert slot_spans(((0.0, 7200.0),), 3600.0, 0.0, 1800.0) == [(0.0, 3600.0), (1800.0, 5400.0), (3600.0, 7200.0)]


def test_limits_bind_each_their_own_kind():
    limits = {"out": {"direction": "out", "per_slot": 30.0}, "empty": {"load": "empty", "per_slot": 20.0}}
    trucks, bookings = booked(booked_day(limits=limits))
    placed = trucks.code[:, names.BOOKING] == names.PLACED
    kind = trucks.word[:, names.KIND]
    slots = bookings.slots
    for rows, most in (((kind == 0) | (kind == 2), 30), (kind >= 2, 20), (kind >= 0, 100)):
        of_slot = np.histogram(trucks.time_s[placed & rows, names.SLOT_FROM], [*slots.from_s, 1e9])[0]
        assert (of_slot <= [most] * 6 + [most // 2]).all()
        assert of_slot.max() == most


def test_nobody_books_before_the_books_open_nor_after_a_slot_has_closed():
    params = booked_day(per_slot=1000.0, opens_s=43200.0, closes_before_s=7200.0, max_shift_s=1e6)
    trucks, bookings = booked(params)
    placed = trucks.code[:, names.BOOKING] == names.PLACED
    asks_s = bookings.asks_s
    assert asks_s.min() >= -43200.0
    assert (asks_s < -43199.0).sum() > 200
    assert (asks_s[placed] <= trucks.time_s[placed, names.SLOT_FROM] - 7200.0).all()
    assert not placed[asks_s > bookings.slots.from_s[-1] - 7200.0].any()


def test_visits_tell_when_their_truck_asked():
    visits = run(busy(), **DAY)["terminal_visits"]
    asked = visits["asked_s"]
    assert (asked[visits["class"] == names.BOOKED] >= -43200.0).all()
    assert (asked < 0).any()
    assert np.isnan(asked).any()


def test_large_hauliers_book_earlier():
    trucks, bookings = booked(booked_day())
    lead_s = trucks.desired_s - bookings.asks_s
    large, owner = (lead_s[trucks.haulier_type == t].mean() for t in (0, 2))
    assert large > 2 * owner


def test_places_given_back_in_time_are_used_again_and_late_ones_are_lost():
    changes = {"cancel_share": 0.3, "cancel_lead_s": 7200.0}
    in_time, late = (booked(booked_day(**changes, cancel_before_s=limit))[1].slots for limit in (0.0, 86400.0))
    assert in_time.cancelled.sum() > 100
    assert in_time.cancelled_late.sum() == 0
    assert late.cancelled.sum() == 0
    assert (late.booked == late.offered).all()
    np.testing.assert_array_equal(in_time.booked - in_time.cancelled, in_time.offered - in_time.left[0])
    kept = (in_time.booked - in_time.cancelled).sum()
    assert kept > (late.booked - late.cancelled_late).sum() + 100


def test_a_provisional_booking_lapses_unless_the_box_is_released_before_the_deadline():
    late = {"provisional_share": 1.0, "release_delay_s": 80000.0, "confirm_before_s": 3600.0}
    trucks, bookings = booked(booked_day(**late))
    lapsed = trucks.code[:, names.BOOKING] == names.LAPSED
    assert lapsed.sum() == bookings.slots.lapsed.sum() > 50
    assert (trucks.word[lapsed, names.KIND] == 0).all()
    assert (trucks.word[lapsed, names.CLASS] == names.ORDINARY).all()
    assert (trucks.time_s[lapsed, names.PLAN] >= trucks.desired_s[lapsed]).all()


def test_second_slots_block_places_until_they_are_given_back():
    single, double = (booked(booked_day(per_slot=250.0, double_share=share))[1].slots for share in (0.0, 0.5))
    assert double.second[0] == double.second[1:].sum() > 100
    assert double.booked.sum() - double.second[0] < single.booked.sum()


def test_a_cap_holds_back_bookings_beyond_it():
    params = booked_day(per_slot=1000.0)
    capped = params.model_copy(update={"conpas": params.conpas.model_copy(update={"booked_share_cap": 0.25})})
    trucks, _ = booked(capped)
    assert (trucks.code[:, names.BOOKING] == names.PLACED).sum() == int(0.25 * 2300)


def test_every_place_and_every_request_is_accounted_for():
    model, terminal = start(busy(), **DAY)
    tables = []
    while not model.is_empty():
        model.step()
        bookings = terminal.accounts()[1]
        assert bookings.entered == sum(bookings.left.values()) + bookings.inside
        tables.append(terminal.drain_tables())
    slots = tables[-1]["terminal_slots"]
    left = terminal.accounts()[1].left
    assert min(left.values()) >= 0
    assert min(left[how] for how in ("served", "refused", "cancelled", "lapsed", "no_show")) > 20
    ended = sum(slots[f"{how}_count"].sum() for how in ("used", "no_show", "cancelled", "cancelled_late", "lapsed"))
    came_otherwise = left["served"] - slots["used_count"].sum()
    given = slots["booked_count"].sum() + slots["released_count"].sum()
    assert given == ended + came_otherwise + left["turned_away"]
    assert slots["released_count"].sum() > 0
    model.close()


def test_unused_places_bring_trucks_in_that_found_none_while_the_line_is_short():
    quota = {"per_slot": 150.0, "unplaced": "stays_away", "no_show": 0.2, "no_show_then": "stays_away"}
    closed, released = (run(booked_day(**quota, release=release), **DAY) for release in (False, True))
    more = set(released["terminal_visits"]["id"].tolist()) - set(closed["terminal_visits"]["id"].tolist())
    assert len(more) == released["terminal_slots"]["released_count"].sum() > 50
    visits = released["terminal_visits"]
    new = np.isin(visits["id"], np.array(sorted(more), np.uint64))
    assert (visits["planned_s"][new] >= visits["slot_from_s"][new]).all()
    never = run(booked_day(**quota, release={"if_line_below": 0.0}), **DAY)
    assert same_tables({"v": never["terminal_visits"]}, {"v": closed["terminal_visits"]})


def test_a_truck_too_early_may_be_turned_away():
    visits = run(booked_day(on_time=0.0, grace_early_s=600.0, early="turned_away"), **DAY)["terminal_visits"]
    early = visits["reason"] == names.TOO_EARLY
    assert early.sum() > 10
    assert (visits["join_s"][early] < visits["slot_from_s"][early] - 600.0).all()
    assert (visits["out_s"][early] == visits["join_s"][early]).all()


def test_a_truck_too_late_gets_the_next_slot_with_a_place():
    quota = {"on_time": 0.0, "grace_late_s": 300.0, "grace_early_s": 600.0, "per_slot": 500.0}
    tables = run(booked_day(**quota, late_goes_to="rebook"), **DAY)
    visits, slots = tables["terminal_visits"], tables["terminal_slots"]
    plain = run(booked_day(**quota), **DAY)["terminal_visits"]
    was = dict(zip(plain["id"].tolist(), plain["slot_from_s"].tolist(), strict=True))
    moved = np.array([was[i] != s and s == s for i, s in zip(visits["id"].tolist(), visits["slot_from_s"].tolist(),
                                                            strict=True)])  # fmt: skip
    assert moved.sum() == slots["rebooked_count"].sum() > 10
    assert (visits["called_s"][moved] >= visits["slot_from_s"][moved] - 600.0).all()
    assert (visits["served_as"][moved] == names.BOOKED).all()
    assert (slots["booked_count"] + slots["rebooked_count"] <= slots["offered_count"]).all()


def test_the_step_does_not_show_in_what_the_desk_gives():
    assert same_tables(run(busy(), **DAY, step_s=3600.0), run(busy(), **DAY, step_s=77.0))


def test_a_resumed_run_gives_the_same_places():
    whole = run(busy(), **DAY)
    model, terminal = start(busy(), **DAY)
    parts = []
    for _ in range(30):
        model.step()
    parts.append(terminal.drain_tables())
    saved = model.state()
    model.close()
    again, terminal = start(busy(), **DAY)
    again.restore(saved)
    back = again.state()
    assert all(back[key].tobytes() == values.tobytes() for key, values in saved.items())
    assert same_tables(whole, finish(again, terminal, parts))


def test_a_fork_that_opens_the_lunch_gate_keeps_the_books_closed():
    model, _ = start(busy(), **DAY)
    while model.now_s < 39600.0:
        model.step()
    saved = model.state()
    model.close()
    lunch, terminal = start(busy().model_copy(update={"opening": ((30600.0, 59400.0),)}), **DAY)
    lunch.restore(saved, 39600.0)
    tables = finish(lunch, terminal)
    assert len(tables["terminal_slots"]["slot_from_s"]) == 7
    called = tables["terminal_visits"]["called_s"]
    assert ((called > 41400.0) & (called < 46800.0)).any()


def test_a_booking_given_up_too_late_may_cost_points():
    quota = {"penalty": True, "no_show_with_penalty": 0.0, "cancel_share": 0.4, "cancel_before_s": 86400.0}
    params = booked_day(**quota, late_cancel_points=1)
    learning = params.learning.model_copy(update={"days": 4, "suspend_after": 5})
    suspended = [
        learn(p.model_copy(update={"learning": learning}), read_counts(p, {}), SEED).suspended.sum()
        for p in (params, booked_day(**quota))
    ]
    assert suspended[0] > 0 == suspended[1]


def test_days_of_learning_have_desks_of_their_own():
    params = busy().model_copy(update={"learning": busy().learning.model_copy(update={"days": 3})})
    learned = learn(params, read_counts(params, {}), SEED)
    assert learned.expected_wait_s.max() > 0
    tables = run(params, **DAY)
    assert tables["terminal_slots"]["released_count"].sum() > 0


@pytest.mark.parametrize(
    ("term", "strong"),
    [("delivery_weight", {"delivery_slack_s": 0.0, "delivery_weight": 20.0}), ("hours_weight", {"hours_weight": 20.0})],
)
def test_who_is_pressed_for_time_takes_fewer_later_slots(term, strong):
    def later_share(traits):
        base = booked_day(per_slot=400.0, max_shift_s=1e6).model_dump()
        hours = {"left_mean_s": 1200.0, "left_sd_s": 300.0}
        hauliers = {"one": {"hauliers": 5, "truck_share": 1.0, term: 0.0, "choice_scale_s": 3600.0} | traits}
        trucks, _ = booked(TerminalParams.model_validate(base | {"hauliers": hauliers, "hours": hours}))
        placed = (trucks.code[:, names.BOOKING] == names.PLACED) & (trucks.word[:, names.KIND] == 0)
        return (trucks.time_s[placed, names.SLOT_FROM] > trucks.desired_s[placed]).mean()

    assert later_share(strong) < 0.7 * later_share({})


def test_a_penalty_keeps_hauliers_near_the_moment_they_want():
    def mean_shift(penalty_s):
        base = booked_day(per_slot=400.0, penalty=True, no_show_with_penalty=0.0).model_dump()
        hauliers = {"one": {"hauliers": 5, "truck_share": 1.0, "choice_scale_s": 3600.0, "penalty_s": penalty_s}}
        trucks, _ = booked(TerminalParams.model_validate(base | {"hauliers": hauliers}))
        placed = trucks.code[:, names.BOOKING] == names.PLACED
        return np.abs(trucks.time_s[placed, names.SLOT_FROM] + 1800.0 - trucks.desired_s[placed]).mean()

    assert mean_shift(36000.0) < 0.9 * mean_shift(0.0)


def test_kpis_tell_every_slot():
    values = kpis(run(busy(), **DAY))
    for name in ("offered", "booked", "used", "no_show", "cancelled", "cancelled_late", "lapsed", "released"):
        assert values[f"slots_{name}", "all"] > 0
