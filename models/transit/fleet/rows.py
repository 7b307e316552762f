"""Vans and requests as arrays of records: everything the kernels of transit read and write.

One record per van and per request keeps what a kernel reads together side by side in memory, and makes the
whole state two arrays. A van's plan is a list of tasks: pick up or set down one request. Consecutive tasks at one
stop are one visit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.engine.ids import Kind, make_ids

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
#: Arrays of ``VAN``, ``REQUEST`` and ``LEG``.
Fleet = NDArray[np.void]
Requests = NDArray[np.void]
Legs = NDArray[np.void]

#: Longest plan of a van in tasks. Two per request: 32 requests ahead, far more than any promise lets in.
PLAN_TASKS = 64

#: What a van is doing (``phase``).
IDLE, STANDING, GOING = 0, 1, 2

#: Where a request stands (``status``); ``ACCEPTED`` riders walk to their stop or wait there.
FUTURE, ACCEPTED, ON_BOARD, SERVED, REFUSED = 0, 1, 2, 3, 4

#: Why a request was refused (``reason``); index 0 means it was not.
REASONS: tuple[str, ...] = (
    "", "out_of_hours", "same_stop", "unreachable", "party_too_large", "no_van_in_time", "no_seat", "detour",
)  # fmt: skip

#: Groups of riders (``age_group``).
AGE_GROUPS: tuple[str, ...] = ("adult", "age_65", "wheelchair")

#: One van. Stops are rows of the list of stops.
VAN = np.dtype(
    [
        ("id", "<u8"),
        # When a standing van can leave its stop.
        ("free_s", "<f8"),
        # On duty since the start of the clock, or since the fork that brought it.
        ("since_s", "<f8"),
        ("depart_s", "<f8"),
        # From where and when the plan can be changed. A bound van goes to the stop of its first task, and
        # nothing else can be put before it.
        ("anchor_s", "<f8"),
        ("anchor_stop", "<i4"),
        ("bound", "u1"),
        # False for a van that a fork took out: it finishes its plan and goes home.
        ("working", "u1"),
        ("phase", "u1"),
        # Whether the road has the van.
        ("on_road", "u1"),
        ("seats", "<i4"),
        ("depot_stop", "<i4"),
        ("stop", "<i4"),
        ("target", "<i4"),
        ("leg_riders", "<i4"),
        ("leg_count", "<i4"),
        # People on board after what has happened.
        ("load", "<i4"),
        # Tasks in the plan, then one value per task.
        ("size", "<i4"),
        ("task_request", "<i4", PLAN_TASKS),
        ("task_stop", "<i4", PLAN_TASKS),
        ("task_pick", "u1", PLAN_TASKS),
        ("task_party", "<i4", PLAN_TASKS),
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
        ("load_after", "<i4", PLAN_TASKS),
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
        # When the riders are at the stop.
        ("ready_s", "<f8"),
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
        ("origin", "<i4"),
        ("destination", "<i4"),
        ("van", "<i4"),
        ("age_group", "u1"),
        ("status", "u1"),
        ("reason", "<u2"),
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
    """Seconds between stops, both ways round, so that a request reads rows only; and the stops' nodes."""

    between_s: Floats
    towards_s: Floats
    node: Ints


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


class Log(NamedTuple):
    """What kernels report. ``counts``: legs, departures, finished requests, next request."""

    legs: Legs
    departing: Ints
    finished: Ints
    counts: NDArray[np.int64]


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
    columns = {
        "id": ids, "asked_s": asked_s, "ready_s": asked_s + walk_s, "origin": origin, "destination": destination,
        "party": party, "age_group": age_group, "walk_s": walk_s, "egress_s": egress_s, "board_s": board_s,
        "alight_s": alight_s,
    }  # fmt: skip
    for name, values in columns.items():
        requests[name] = values
    return requests[np.lexsort((requests["id"], requests["asked_s"]))]


def new_times(between_s: Floats, node: Ints) -> Times:
    """Times between stops from a full matrix in seconds (row: from, column: to)."""
    forward = np.array(between_s, np.float64, order="C")
    np.fill_diagonal(forward, 0.0)
    return Times(forward, np.ascontiguousarray(forward.T), np.ascontiguousarray(node, np.int32))


def new_log(vans: int, requests: int, legs: int) -> Log:
    """Empty log with room for ``legs`` legs between two readings."""
    return Log(
        np.zeros(legs, LEG), np.zeros(max(vans, 1), np.int32), np.zeros(max(requests, 1), np.int32),
        np.zeros(4, np.int64),
    )  # fmt: skip
