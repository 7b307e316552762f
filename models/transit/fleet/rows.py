"""Vans and requests as arrays of records: everything the kernels of transit read and write.

One record per van and per request keeps what a kernel reads together side by side in memory, and makes the
whole state two arrays. A van's plan is a list of tasks: pick up or set down one request. Consecutive tasks at one
stop are one visit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Bytes, Floats, Ints
from twin.engine.ids import Kind, make_ids
from twin.models.transit.fleet.kernels import first_on_the_way

Words = NDArray[np.uint64]
#: Arrays of ``VAN``, ``REQUEST`` and ``LEG``.
Fleet = NDArray[np.void]
Requests = NDArray[np.void]
Legs = NDArray[np.void]

#: Longest plan of a van in tasks. Two per request: 32 requests ahead, far more than any promise lets in.
PLAN_TASKS = 64

#: Most breaks of a shift.
BREAKS = 4

#: Turns that are kept between two readings of the log, for each van.
TURNS_PER_VAN = 8
#: Ways to ruin a plan.
RUINS = 4

#: What a van is doing (``phase``).
IDLE, STANDING, GOING = 0, 1, 2

#: Where a request stands (``status``); ``ACCEPTED`` riders walk to their stop or wait there.
FUTURE, ACCEPTED, ON_BOARD, SERVED, REFUSED, CANCELLED, NO_SHOW = 0, 1, 2, 3, 4, 5, 6

#: Why a request was refused (``reason``); index 0 means it was not.
REASONS: tuple[str, ...] = (
    "", "out_of_hours", "same_stop", "unreachable", "party_too_large", "no_van_in_time", "no_seat", "detour",
    "no_place", "no_step_free_van", "phone_closed", "phone_gave_up", "too_late", "too_early",
)  # fmt: skip

#: Groups of riders (``age_group``).
AGE_GROUPS: tuple[str, ...] = ("adult", "age_65", "wheelchair")

#: Words of ``status`` for requests that are answered for good.
OUTCOMES: tuple[str, ...] = ("", "", "", "served", "refused", "cancelled", "no_show")
#: Ways of asking (``channel``).
CHANNELS: tuple[str, ...] = ("app", "phone")

#: One van. Stops are rows of the list of stops.
VAN = np.dtype(
    [
        # First what is read of every van at every request.
        ("id", "<u8"),
        # When a standing van can leave its stop.
        ("free_s", "<f8"),
        # From where and when the plan can be changed. A bound van goes to the stop of its first task, and
        # nothing else can be put before it.
        ("anchor_s", "<f8"),
        # By when it must be back at its depot; inf without a shift.
        ("off_s", "<f8"),
        ("anchor_stop", "<i4"),
        ("bound", "u1"),
        # False for a van that a fork took out: it finishes its plan and goes home.
        ("working", "u1"),
        ("phase", "u1"),
        # Whether one boards without a step.
        ("step_free", "u1"),
        ("seats", "<i4"),
        # People on board after what has happened.
        ("load", "<i4"),
        # Places for wheelchairs, and those taken.
        ("chair_places", "<i2"),
        ("chairs", "<i2"),
        # Tasks in the plan; one value per task stands below.
        ("size", "<i4"),
        ("depot_stop", "<i4"),
        ("stop", "<i4"),
        ("target", "<i4"),
        # Row of the van's type in the parameters.
        ("type", "<u2"),
        # Whether the road has the van; whether it drives for nobody: home, or to where the next request is expected.
        ("on_road", "u1"),
        ("errand", "u1"),
        # On duty since the start of the clock, or since the fork that brought it.
        ("since_s", "<f8"),
        ("depart_s", "<f8"),
        # When it is due at its target, and when what it does next is decided.
        ("due_s", "<f8"),
        ("commit_s", "<f8"),
        # Where the way began that it is on since it last turned, and when it was or will be there.
        ("piece_s", "<f8"),
        ("piece_stop", "<i4"),
        # Next stop on its way at which it can still turn.
        ("turn_stop", "<i4"),
        # Stop to which it goes when it has nothing to do, or -1.
        ("goal", "<i4"),
        ("leg_riders", "<i4"),
        ("leg_count", "<i4"),
        ("unused", "<i4"),
        # Seconds by which its plan uses up what was left of promises to the road.
        ("eaten_s", "<f8"),
        # Breaks of its shift: earliest and latest beginning, length, and when it began (nan until then).
        ("break_from_s", "<f8", BREAKS),
        ("break_by_s", "<f8", BREAKS),
        ("break_s", "<f8", BREAKS),
        ("break_began_s", "<f8", BREAKS),
        ("task_request", "<i4", PLAN_TASKS),
        ("task_stop", "<i4", PLAN_TASKS),
        ("task_pick", "u1", PLAN_TASKS),
        # Weight of the task's moment in rider-seconds.
        ("task_worth", "<f8", PLAN_TASKS),
        # When its people are at the stop (-inf when they alight), and what they add to the dwell.
        ("task_ready_s", "<f8", PLAN_TASKS),
        ("task_dwell_s", "<f8", PLAN_TASKS),
        # Drive from the stop before; arrival of the visit; start of the task; latest start and dwell of the
        # visit so far: a van that leaves after this task leaves at latest_s + dwell_s.
        ("leg_s", "<f8", PLAN_TASKS),
        ("arrive_s", "<f8", PLAN_TASKS),
        ("start_s", "<f8", PLAN_TASKS),
        ("latest_s", "<f8", PLAN_TASKS),
        ("dwell_s", "<f8", PLAN_TASKS),
        # People on board behind the task, and the most that would leave room for one who rides past it.
        ("load_after", "<i4", PLAN_TASKS),
        ("span_after", "<i4", PLAN_TASKS),
        ("chairs_after", "<i4", PLAN_TASKS),
        # Latest promised start, longest ride, position of the pick-up in the plan (set-down only) or -1.
        ("late_s", "<f8", PLAN_TASKS),
        ("ride_max_s", "<f8", PLAN_TASKS),
        ("partner", "<i4", PLAN_TASKS),
        # By how much the arrival of a visit may slip before a promise breaks, if the visit begins here.
        ("slack_s", "<f8", PLAN_TASKS),
    ],
    align=True,
)

#: One request, in the order of (asked_s, id).
REQUEST = np.dtype(
    [
        ("id", "<u8"),
        ("asked_s", "<f8"),
        # When the riders are at the stop, and from when on they wait: asking, or the time they booked for.
        ("ready_s", "<f8"),
        ("since_s", "<f8"),
        # When they called or opened the app; `asked_s` is when the request was made, after a call.
        ("called_s", "<f8"),
        # Latest arrival that was booked, else nan; when it will be cancelled, else nan.
        ("arrive_by_s", "<f8"),
        ("cancel_s", "<f8"),
        # After a refusal: the earliest boarding that would have been possible, else nan.
        ("offer_s", "<f8"),
        # What they add to the dwell.
        ("board_s", "<f8"),
        ("alight_s", "<f8"),
        # The promise, set at acceptance.
        ("direct_s", "<f8"),
        ("pickup_by_s", "<f8"),
        ("dropoff_by_s", "<f8"),
        ("ride_max_s", "<f8"),
        ("pickup_s", "<f8"),
        ("dropoff_s", "<f8"),
        # When a re-check first foresaw that the riders would board late, or ride too long; nan if none did.
        ("pickup_warned_s", "<f8"),
        ("ride_warned_s", "<f8"),
        ("walk_s", "<f8"),
        ("egress_s", "<f8"),
        ("party", "<i8"),
        # Seats and places for wheelchairs that they take.
        ("seats", "<i4"),
        ("chairs", "<i4"),
        ("origin", "<i4"),
        ("destination", "<i4"),
        ("van", "<i4"),
        ("age_group", "u1"),
        ("status", "u1"),
        ("reason", "<u2"),
        # By app or by phone; whether booked ahead; whether nobody will be there; whether a step is in the way.
        ("channel", "u1"),
        ("booked", "u1"),
        ("no_show", "u1"),
        ("step_free", "u1"),
        # After a refusal: the nearest other stop from which it could have been served; -1 none, -2 not looked for.
        ("offer_stop", "<i4"),
    ],
    align=True,
)

#: One drive between two stops.
LEG = np.dtype(
    [
        ("depart_s", "<f8"),
        ("arrive_s", "<f8"),
        ("leg", "<i8"),
        ("van", "<i4"),
        ("from_stop", "<i4"),
        ("to_stop", "<i4"),
        ("riders", "<i4"),
    ],
    align=True,
)


class Times(NamedTuple):
    """Seconds between stops, both ways round, so that a request reads rows only; the stops' nodes; ways by stops.

    ``via`` is for each pair the first stop on the way, the second of the pair if there is none; it has no rows where
    nobody turns. ``between_s`` holds now. With a forecast, times hold by slices: from ``from_s[k]`` on (the first from
    -inf) those of ``slices_s[slice_of[k]]``. One slice: times stay as they are, and ``slices_s`` has no rows.
    """

    between_s: Floats
    towards_s: Floats
    node: Ints
    via: Ints
    from_s: Floats
    slice_of: Ints
    slices_s: Floats
    #: (k, 2) metres: where the stops lie at which people board; no rows where nobody asks.
    place_m: Floats


class Rules(NamedTuple):
    """Numbers of the service that kernels need; ``road`` says whether vans are driven by the road model."""

    wait_at_most_s: float
    times_direct: float
    plus_s: float
    dwell_s: float
    acknowledge_s: float
    lead_s: float
    rider_time_weight: float
    open_s: float
    close_s: float
    strategy: int
    road: int
    #: Worth of a second of waiting on top of that of a rider's second.
    wait_weight: float = 0.0
    #: Whether vans under way may turn, and how long ahead that must be decided.
    turn: int = 0
    turn_lead_s: float = 0.0
    #: What is done when plans are made anew, how often, and in how many steps a request in a plan.
    replan: int = 0
    every_s: float = 30.0
    steps: int = 0
    #: Steps in which room is sought for a request that fits nowhere.
    tries: int = 0
    #: A van that would wait longer than this at its next stop stays where it is, and sets off so much early.
    hold_from_s: float = 600.0
    early_s: float = 120.0
    #: How long a van waits for people who do not come, as far as promises to others allow.
    no_show_wait_s: float = 180.0
    #: Whether refusals look for the earliest boarding that would have been possible.
    offers: int = 0
    #: How far from their own stop refused people are offered another one, and how fast each age group walks.
    other_stop_m: float = 0.0
    walk_mps: tuple[float, float, float] = (1.2, 1.0, 0.8)
    #: How often idle vans are sent to where requests are expected.
    rebalance_s: float = 600.0
    #: What plans leave of each promise to the road, and what a second of it that is used up costs a plan made anew.
    reserve_s: float = 0.0
    reserve_weight: float = 0.0
    stream: np.uint64 = np.uint64(0)


class Log(NamedTuple):
    """What kernels report.

    ``counts``: legs, departures, finished requests, next request, turns, plans made anew; ``times``: the moment for
    which they came back; ``departing_to``: where to, whatever was decided since; ``turn_s``: moments at which turns
    were decided.
    """

    legs: Legs
    departing: Ints
    departing_to: Ints
    finished: Ints
    turning: Ints
    turn_stop: Ints
    turn_s: Floats
    times: Floats
    counts: NDArray[np.int64]


class Scratch(NamedTuple):
    """Room that kernels work in; nothing in it outlives a call but ``success``, by which ways to ruin are chosen."""

    moved: Floats
    kept: Fleet
    touched: Ints
    changed: Bytes
    movable: Ints
    out: Ints
    order: Floats
    success: Floats


def new_fleet(stops: Ints, seats: int, start_s: float, *, first_serial: int = 0) -> Fleet:
    """Vans that stand idle at their depots.

    Parameters
    ----------
    stops : (V,) int32
        Stop at which each van begins and ends its day.
    seats
        Passengers a van can carry.
    start_s
        From when they are free.
    first_serial
        Serial of the first van's id.

    Returns
    -------
    (V,) VAN
    """
    fleet = np.zeros(len(stops), VAN)
    fleet["id"] = make_ids(Kind.VAN, 0, len(stops), first_serial)
    fleet["seats"] = seats
    fleet["working"] = 1
    fleet["goal"] = -1
    fleet["off_s"] = np.inf
    fleet["step_free"] = 1
    fleet["break_began_s"] = np.nan
    for name in ("depot_stop", "stop", "anchor_stop", "target"):
        fleet[name] = stops
    for name in ("free_s", "anchor_s", "since_s"):
        fleet[name] = start_s
    return fleet


def new_requests(
    *,
    ids: Words,
    asked_s: Floats,
    origin: Ints,
    destination: Ints,
    party: Ints,
    age_group: Bytes,
    walk_s: Floats,
    egress_s: Floats,
    board_s: Floats,
    alight_s: Floats,
) -> Requests:
    """Requests that nobody has answered yet, sorted by (asked_s, id).

    Returns
    -------
    (R,) REQUEST
    """
    requests = np.zeros(len(ids), REQUEST)
    for name in (
        "direct_s",
        "pickup_by_s",
        "dropoff_by_s",
        "ride_max_s",
        "pickup_s",
        "dropoff_s",
        "pickup_warned_s",
        "ride_warned_s",
    ):
        requests[name] = np.nan
    requests["van"] = -1
    requests["offer_stop"] = -2
    for name in ("arrive_by_s", "cancel_s", "offer_s"):
        requests[name] = np.nan
    requests["since_s"] = requests["called_s"] = asked_s
    requests["seats"] = party
    columns = {
        "id": ids, "asked_s": asked_s, "ready_s": asked_s + walk_s, "origin": origin, "destination": destination,
        "party": party, "age_group": age_group, "walk_s": walk_s, "egress_s": egress_s, "board_s": board_s,
        "alight_s": alight_s,
    }  # fmt: skip
    for name, values in columns.items():
        requests[name] = values
    return requests[np.lexsort((requests["id"], requests["asked_s"]))]


def new_times(between_s: Floats, node: Ints, *, turns: bool = False) -> Times:
    """Times between stops from a full matrix in seconds (row: from, column: to); with ``turns`` also ways by stops."""
    forward = np.array(between_s, np.float64, order="C")
    np.fill_diagonal(forward, 0.0)
    via = np.zeros(forward.shape if turns else (0, 0), np.int32)
    if turns:
        first_on_the_way(forward, np.argsort(forward, axis=1, kind="stable"), via)
    return Times(
        forward, np.ascontiguousarray(forward.T), np.ascontiguousarray(node, np.int32), via,
        np.full(1, -np.inf), np.zeros(1, np.int32), np.zeros((0, *forward.shape)), np.zeros((0, 2)),
    )  # fmt: skip


def with_slices(times: Times, from_s: Floats, slice_of: Ints, slices_s: Floats) -> Times:
    """The same stops with times by slices of time.

    Parameters
    ----------
    times
        What holds now.
    from_s : (k,) float64
        Moments from which slices hold, ascending; the first is taken as -inf.
    slice_of : (k,) int
        Row of ``slices_s`` of each.
    slices_s : (m, n, n) float64
        Seconds between all stops.
    """
    begins = np.array(from_s, np.float64)
    begins[0] = -np.inf
    return times._replace(
        from_s=begins, slice_of=np.asarray(slice_of, np.int32), slices_s=np.ascontiguousarray(slices_s, np.float64)
    )


def new_log(vans: int, requests: int, legs: int) -> Log:
    """Empty log with room for ``legs`` legs between two readings."""
    each, turns = max(vans, 1), max(vans, 1) * TURNS_PER_VAN
    return Log(
        legs=np.zeros(legs, LEG),
        departing=np.zeros(each, np.int32),
        departing_to=np.zeros(each, np.int32),
        finished=np.zeros(max(requests, 1), np.int32),
        turning=np.zeros(turns, np.int32),
        turn_stop=np.zeros(turns, np.int32),
        turn_s=np.zeros(turns),
        times=np.zeros(1),
        counts=np.zeros(6, np.int64),
    )


def new_scratch(vans: int) -> Scratch:
    """Room for kernels of so many vans."""
    most = max(vans, 1) * PLAN_TASKS
    return Scratch(
        np.zeros(PLAN_TASKS), np.zeros(max(vans, 1), VAN), np.zeros(max(vans, 1), np.int32),
        np.zeros(max(vans, 1), np.uint8), np.zeros(most, np.int32), np.zeros(most + 1, np.int32),
        np.zeros(most + 1), np.ones(RUINS),
    )  # fmt: skip
