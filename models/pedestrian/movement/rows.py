"""The arrays of the model, in the form in which kernels take them.

Walkers are rows of one record array, not an array per quantity: an event touches many fields of one walker,
which then lie side by side, and kernels of few arguments compile several times faster. Which row (slot) a
walker has never shows in a result. Each walker has exactly one coming event, so the event queue can be built
again from the rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints

#: Rows with named fields; mypy knows neither the fields nor their types.
Rows = Any

#: What happens next to a walker; the numbers also order events of the same instant. Who is in LINE stands before a full
#: link and has no event of its own until ROOM is promised.
LINK_END, GREEN, STAY_END, ROOM, LINE = 1, 2, 3, 4, 5
#: A slot that nobody holds.
FREE = 0

#: Places in ``counts``: members of walking groups who entered, left by an exit, were refused; rows of arrivals used;
#: finished visits and moves that wait to be drained; members inside; members turned away at full places; places in
#: lines given out so far; members let onto a full link by force.
ENTERED, LEFT, REFUSED, CURSOR, VISITS, MOVES, INSIDE, TURNED, TURNS, FORCED = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
COUNTS = 10

#: One walking group inside, 144 bytes; most groups are one person. ``event`` is FREE in an empty slot; ``since_s`` is
#: the start of a wait, ``turn`` the place in the line before a full link, ``behind`` the link on which it stands
#: meanwhile (-1: beside the street), ``room_s`` all time spent so; ``worth`` is
#: the value of the visit as planned on arrival.
WALKER = np.dtype(
    [
        ("id", "<u8"),
        ("enter_s", "<f8"),
        ("budget_s", "<f8"),
        ("speed_mps", "<f8"),
        ("next_s", "<f8"),
        ("since_s", "<f8"),
        ("walked_m", "<f8"),
        ("wait_s", "<f8"),
        ("stay_s", "<f8"),
        ("room_s", "<f8"),
        ("worth", "<f8"),
        ("turn", "<i8"),
        ("node", "<i4"),
        ("link", "<i4"),
        ("target", "<i4"),
        ("entry", "<i4"),
        ("plan", "<i4"),
        ("behind", "<i4"),
        ("decisions", "<i4"),
        ("stays", "<i4"),
        ("crossings", "<i4"),
        ("visitor_class", "u1"),
        ("event", "u1"),
        ("traced", "u1"),
        ("members", "<i4"),
    ],
    align=True,
)

#: One finished visit; ``entry`` and ``leave`` are places of the program.
VISIT = np.dtype(
    [
        ("id", "<u8"),
        ("enter_s", "<f8"),
        ("leave_s", "<f8"),
        ("budget_s", "<f8"),
        ("stay_s", "<f8"),
        ("walked_m", "<f8"),
        ("wait_s", "<f8"),
        ("room_s", "<f8"),
        ("worth", "<f8"),
        ("entry", "<i4"),
        ("leave", "<i4"),
        ("stays", "<i4"),
        ("crossings", "<i4"),
        ("visitor_class", "u1"),
        ("members", "<i4"),
    ],
    align=True,
)

#: What a sampled walker did: a link walked (``link`` of 0 or more), or a wait or stay at a node.
MOVE = np.dtype(
    [("id", "<u8"), ("from_s", "<f8"), ("to_s", "<f8"), ("link", "<i4"), ("node", "<i4"), ("staying", "u1")], align=True
)

#: Who comes: groups of ``members``. ``entry`` is the exit by which they come, or the place of the program at which they
#: are when the clock starts and stay until ``until_s``. ``destination`` is the cluster of exits they are bound for, 0
#: for any.
ARRIVAL = np.dtype(
    [
        ("id", "<u8"),
        ("enter_s", "<f8"),
        ("until_s", "<f8"),
        ("entry", "<i4"),
        ("visitor_class", "u1"),
        ("members", "<i4"),
        ("destination", "u1"),
    ],
    align=True,
)

#: Counters of the running period for a link or a stay place; ``occupancy`` and ``last_s`` go on over periods.
#: ``free_s`` is the person-time of those who stepped on at their free speed, ``met_s`` what it takes, lines included;
#: ``minute_entries`` counts those who step on in the minute from ``minute_s``, ``minute_most`` the busiest of them.
SPACE = np.dtype(
    [
        ("last_s", "<f8"),
        ("person_s", "<f8"),
        ("crowded_s", "<f8"),
        ("free_s", "<f8"),
        ("met_s", "<f8"),
        ("minute_s", "<f8"),
        ("minute_entries", "<i4"),
        ("minute_most", "<i4"),
        ("occupancy", "<i4"),
        ("entries", "<i4"),
        ("occupancy_most", "<i4"),
        ("turned", "<i4"),
    ],
    align=True,
)

#: A link of the walk layer, or (with an infinite area) a stay place: both count who is on them. A link and its
#: ``twin``, the same pavement the other way, share their area, and of the people for whom there is room each has half
#: as ``storage``; that of a place is its capacity. ``green_s`` is 0 without lights.
LINK = np.dtype(
    [
        ("length_m", "<f8"),
        ("area_m2", "<f8"),
        ("storage", "<f8"),
        ("speed_share", "<f8"),
        ("cycle_s", "<f8"),
        ("green_s", "<f8"),
        ("offset_s", "<f8"),
        ("to", "<i4"),
        ("twin", "<i4"),
    ],
    align=True,
)

#: A place of the program: its walk node, the tree that leads there, its row among links and stay places.
PLACE = np.dtype([("node", "<i4"), ("route", "<i4"), ("space", "<i4"), ("leaves", "?")], align=True)

#: What is drawn for a person of a class: time budget and free speed, as truncated laws.
CLASS_LAW = np.dtype(
    [
        ("budget_log_mean", "<f8"),
        ("budget_log_sd", "<f8"),
        ("budget_low", "<f8"),
        ("budget_high", "<f8"),
        ("speed_mean_mps", "<f8"),
        ("speed_low", "<f8"),
        ("speed_high", "<f8"),
    ]
)


class World(NamedTuple):
    """Streets, lights and places, read-only.

    ``next_link`` has a row per destination node; ``people`` is how many people each walker stands for. Where people
    differ in the ways they take, ``link_share`` (rows as ``next_link``, links) is the share of those at the start of a
    link who go over it; it has no rows where everybody takes the way of least cost. Links that leave node n are
    ``out_ptr[n] .. out_ptr[n + 1] - 1``.
    """

    links: Rows
    places: Rows
    next_link: NDArray[np.int32]
    link_share: NDArray[np.float32]
    out_ptr: NDArray[np.int64]
    counterflow_share: float
    people: float


class Plans(NamedTuple):
    """The time-budget programs, solved; see :func:`twin.models.pedestrian.choice.kernels.solve_program`.

    A program is that of a class, a cluster of exits for which one is bound and a stretch of the clock in which the time
    is up: ``program[class, destination, stretch]``. Arcs of place i are ``arc_ptr[i] .. arc_ptr[i + 1] - 1``. Shapes,
    for c classes, p programs, k steps, n places, a arcs, h slots of the clock and d lengths of stay: ``arc_ptr``
    (n + 1,), ``arc_to`` (a,), ``arc_utility`` and ``arc_steps`` (c, a), ``stay_steps`` (c, d), ``stay_utility``
    (c, h, n, d), ``come_value`` (p, k + 1, n), ``go_value`` (p, k + 1, g) for the g places at which it differs:
    ``go_at`` (n,) is their column, -1 elsewhere; ``class_of`` (p,). Both values are float64, or float32 where a program
    is large. ``local`` (n,) is what signs and events at a place add for those who choose where to go, and only there;
    no elements where there is none.
    """

    arc_ptr: NDArray[np.int64]
    arc_to: Ints
    arc_utility: Floats
    arc_steps: NDArray[np.int32]
    stay_steps: NDArray[np.int32]
    stay_utility: Floats
    go_at: NDArray[np.int32]
    go_value: Floats
    come_value: Floats
    scale: float
    step_s: float
    program: Ints
    class_of: Ints
    local: Floats
    stretch_s: float


class Lines(NamedTuple):
    """Lines before full links: slots of the first and last group per link, and of the next behind each; -1 for none.

    ``promised`` counts members who have been told that there is room and step on at the same instant.
    """

    head: NDArray[np.int64]
    tail: NDArray[np.int64]
    behind: NDArray[np.int64]
    promised: NDArray[np.int64]


class Laws(NamedTuple):
    """Streams, and the laws of what is drawn for a person."""

    place_stream: np.uint64
    stay_stream: np.uint64
    budget_stream: np.uint64
    speed_stream: np.uint64
    way_stream: np.uint64
    trace_stream: np.uint64
    trace_share: float
    speed_sd_mps: float
    classes: Rows


class Buffers(NamedTuple):
    """Finished visits and moves, waiting to be drained; ``counts`` says how many."""

    visits: Rows
    moves: Rows


def new_rows(dtype: np.dtype[np.void], count: int) -> Rows:
    """Rows of zeros whose fields can be read as attributes, in kernels and out of them."""
    return np.zeros(count, dtype).view(np.recarray)


def rows_of(dtype: np.dtype[np.void], **columns: Any) -> Rows:
    """Rows from columns of equal length."""
    rows = new_rows(dtype, len(next(iter(columns.values()))))
    for name, values in columns.items():
        rows[name] = values
    return rows
