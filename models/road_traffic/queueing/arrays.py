"""The arrays that the queueing kernels work on: the network and its state, the vehicles, the log.

Symbols of the theory (Newell 1993, Yperman 2007): free speed u, wave speed w, jam density kappa, capacity q*.
Room and headways are in car units: a vehicle of size s takes s units of storage and s headways. What belongs to
one link, queue or vehicle lies side by side in memory, because a kernel that looks at one field needs the next.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Bytes, Floats, Ints, Longs

Records = NDArray[np.void]

#: Kinds of queues that compete at a node.
GROUP, POCKET, BAY, ORIGIN = 0, 1, 2, 3
#: Kinds of edits.
EDIT_EXIT_OPEN, EDIT_ENTRY_OPEN, EDIT_LINE_HEADWAY, EDIT_ENTRY_HEADWAY, EDIT_STORAGE, EDIT_SPEED = 0, 1, 2, 3, 4, 5
#: What stopped :func:`twin.models.road_traffic.queueing.kernels.advance`.
DONE, LOG_FULL = 0, 1


def _record(fields: list[tuple[str, str]]) -> np.dtype[np.void]:
    """Record of 8-byte multiples, larger fields first; what is left over is a field, so that bytes can be compared."""
    size = sum(np.dtype(kind).itemsize for _, kind in fields)
    if size % 8:
        return np.dtype([*fields, ("spare", "u1", (8 - size % 8,))])
    return np.dtype(fields)


LINK = _record(
    [
        ("length_m", "f8"),
        ("speed_mps", "f8"),
        ("lag_s", "f8"),
        ("storage", "f8"),
        # Seconds per car unit: at entry, and where turn queues part.
        ("entry_headway_s", "f8"),
        ("lane_headway_s", "f8"),
        # Cumulative car units in and out; the exits that the entry rule has reached, and their units.
        ("in_units", "f8"),
        ("out_units", "f8"),
        ("seen_units", "f8"),
        ("out_count", "i8"),
        ("seen", "i8"),
        ("next_entry_s", "f8"),
        ("lane_next_s", "f8"),
        ("virtual", "f8"),
        # When the last vehicle left that had been held up by a gate.
        ("gate_s", "f8"),
        # What drivers without a path know: seconds in free flow, at the last news, seconds per car unit at the exit,
        # and when those on the link will have left at that pace.
        ("free_s", "f8"),
        ("news_s", "f8"),
        ("pace_s", "f8"),
        ("clear_s", "f8"),
        ("ring_start", "i8"),
        ("ring_room", "i4"),
        ("from_node", "i4"),
        ("to_node", "i4"),
        ("queue", "i4"),
        ("queue_count", "i4"),
        ("bay", "i4"),
        ("move_start", "i4"),
        ("move_end", "i4"),
        ("entry_open", "u1"),
        ("passing", "u1"),
        ("waited", "u1"),
    ]
)

QUEUE = _record(
    [
        # When the head is ready, the one before left, and the last left that was held up by a gate as the head.
        ("ready_s", "f8"),
        ("left_s", "f8"),
        ("gate_s", "f8"),
        # Of pockets: room, units in it, and since when somebody who waited may come in.
        ("room", "f8"),
        ("units", "f8"),
        ("open_s", "f8"),
        # Car units that have left.
        ("left_units", "f8"),
        ("first", "i4"),
        ("last", "i4"),
        ("link", "i4"),
        ("line", "i4"),
        ("rank", "i4"),
        ("kind", "u1"),
        ("waited", "u1"),
    ]
)

LINE = _record(
    [
        ("next_s", "f8"),
        ("headway_s", "f8"),
        ("cycle_s", "f8"),
        ("offset_s", "f8"),
        ("green_s", "f8"),
        ("service_s", "f8"),
        # Places at the gate, and since when there has been one; ``gated`` is 1 + the owner whose ways end against one.
        ("granted_s", "f8"),
        ("credits", "i8"),
        ("server_start", "i4"),
        ("server_end", "i4"),
        ("open", "u1"),
        ("gated", "u1"),
    ]
)

#: ``turn_s``: what drivers without a path know of the wait in the queue of this turn alone.
MOVE = _record(
    [("tag", "f8"), ("inverse_weight", "f8"), ("turn_s", "f8"), ("to_link", "i4"), ("queue", "i4"), ("pocket", "i4")]
)

VEHICLE = _record(
    [
        # ``hop`` is the position on the path, -1 before entry; ``link`` -1 before entry, -2 after the end. With a
        # ``destination`` of at least 0 the vehicle follows the trees of that destination instead of a path.
        # ``queued_s``: since when it has been in the queue of a gate, infinite if it has not.
        ("key", "u8"),
        ("ready_s", "f8"),
        ("queued_s", "f8"),
        ("path_start", "i8"),
        ("path_len", "i4"),
        ("hop", "i4"),
        ("link", "i4"),
        ("move", "i4"),
        ("after", "i4"),
        ("before", "i4"),
        ("destination", "i4"),
        ("stop", "i4"),
        ("stop_end", "i4"),
        ("vehicle_class", "u1"),
        ("owner", "u1"),
    ]
)

STOP = _record([("dwell_s", "f8"), ("hop", "i4"), ("bay", "u1")])
CLASS = _record([("units", "f8"), ("speed_mps", "f8")])
TREE_STATE = _record(
    [("weight", "f8"), ("spread", "f8"), ("redraw_after_s", "f8"), ("stream", "u8"), ("by_turn", "u1")]
)
EDIT = _record([("time_s", "f8"), ("value", "f8"), ("kind", "i4"), ("index", "i4")])
CROSSING = np.dtype([("time_s", "f8"), ("vehicle", "i4"), ("from_link", "i4"), ("to_link", "i4")])


def records(count: int, dtype: np.dtype[np.void]) -> Records:
    """Zeroed records whose fields can be read as attributes, by kernels with and without compilation."""
    return np.zeros(count, dtype).view(np.recarray)


class Road(NamedTuple):
    """The network and everything that changes on it as vehicles move; shapes never change.

    ``moves`` holds the turns of all links in the order of links, then one movement per origin. A stop line has the
    number of its queue (of a link's turns, or of a pocket). ``node_next_s`` is the earliest moment at which a node
    may have something to do. ``ring_exit_s`` and ``ring_class`` keep past exits of each link, ``ring_gate_s`` the
    ``gate_s`` of the link at each, where there may be gates. ``counts``: released by force, entered, left, gates.
    """

    links: Records
    queues: Records
    lines: Records
    moves: Records
    classes: Records
    node_next_s: Floats
    node_source_ptr: Longs
    node_source: Ints
    ring_exit_s: Floats
    ring_class: Bytes
    ring_gate_s: Floats
    server_free_s: Floats
    source_time_s: Floats
    source_move: Ints
    source_to: Ints
    time_s: Floats
    release_after_s: Floats
    counts: Longs


class Vehicles(NamedTuple):
    """One record per vehicle, the links of all paths, and the stops on them."""

    veh: Records
    pool: Ints
    stops: Records


class Trees(NamedTuple):
    """What drivers without a path know: ``to_go_s[destination, node]``, least seconds from each node by the last news.

    Where turns matter, ``to_go_s[destination, link]`` (``by_turn``), from the end of each link. ``node`` holds the
    destinations. ``weight`` is that of what was just measured, ``spread`` how far tastes go, ``redraw_after_s`` how
    long the head of a queue keeps the turn it has chosen when blocked; infinite keeps it for good.
    """

    node: Ints
    to_go_s: Floats
    now: Records


class Edits(NamedTuple):
    """Changes of the network in the order of time; ``done`` has one element, how many have been applied."""

    rows: Records
    done: Longs


class Log(NamedTuple):
    """Crossings: time, vehicle, link left (-1 at entry), link entered (-1 at the end of the path)."""

    rows: Records
    size: Longs
