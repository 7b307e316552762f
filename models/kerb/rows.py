"""The arrays that the kernels of the kerb work on: visits, bays, edges of the carriageway, logs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Bytes, Floats, Ints, Longs

Records = NDArray[np.void]

#: A vehicle that comes to a shop, stands somewhere and leaves again. ``end_s``: when its present stand ends, infinite
#: while it waits for a bay; ``camera_s`` and ``guard_s``: when it is noticed if it still stands; ``next``: who waits
#: behind it; ``tries``: pockets of its shop that it has come to; ``stands``, ``asked``: how often it has stood, and
#: been asked to leave in this stand, which key its draws.
VISIT = np.dtype(
    [
        ("id", "u8"),
        ("arrive_s", "f8"),
        ("stand_s", "f8"),
        ("end_s", "f8"),
        ("dwell_s", "f8"),
        ("patience_s", "f8"),
        ("camera_s", "f8"),
        ("guard_s", "f8"),
        ("shop", "i4"),
        ("pocket", "i4"),
        ("edge", "i4"),
        ("bay", "i4"),
        ("next", "i4"),
        ("tries", "i4"),
        ("stands", "i4"),
        ("asked", "i4"),
        ("kind", "u1"),
        ("state", "u1"),
        ("reason", "u1"),
        ("told", "u1"),
        ("spare", "u1", (4,)),
    ]
)

#: What drivers of one kind do who find no bay free: shares of those who search on, wait, stand in the lane; the rest
#: goes away. ``search_s``: how long they search at most.
KIND = np.dtype([("search", "f8"), ("wait", "f8"), ("double", "f8"), ("away", "f8"), ("search_s", "f8")])

#: Somebody who watches a pocket: 0 the cameras, 1 the guards, 2 the patrols.
WATCHER = np.dtype(
    [("detects", "f8"), ("after_s", "f8"), ("complies", "f8"), ("respond_s", "f8"), ("deters", "f8"), ("speaks", "f8")]
)

#: Rules of all pockets, and the streams of the draws.
RULES = np.dtype(
    [
        ("limit_s", "f8"),
        ("open_s", "f8"),
        ("close_s", "f8"),
        ("choice", "u8"),
        ("notice", "u8"),
        ("comply", "u8"),
        ("deter", "u8"),
        ("asks", "i8"),
    ]
)

#: A vehicle that drives on: to its next pocket, or away.
MOVE = np.dtype([("time_s", "f8"), ("visit", "i4"), ("away", "i4")])
#: A stand that has ended.
STAND = np.dtype(
    [
        ("from_s", "f8"),
        ("to_s", "f8"),
        ("visit", "i4"),
        ("pocket", "i4"),
        ("bay", "i4"),
        ("edge", "i4"),
        ("mode", "i2"),
        ("told", "i2"),
        ("number", "i4"),
    ]
)
#: An edge of a carriageway where the first vehicle has come to stand in the lane, or the last has left it.
LANE = np.dtype([("time_s", "f8"), ("edge", "i4"), ("blocked", "i4")])


class Kerbside(NamedTuple):
    """Everything at the kerb.

    ``bay_ptr[p]:bay_ptr[p + 1]`` are the bays of pocket p in ``bay_visit``, the visit in each, -1 for none. Shop s
    tries ``near[near_ptr[s]:near_ptr[s + 1]]``. ``watched[p, w]`` says whether watcher w looks at pocket p.
    ``reported[p]`` counts what cameras have seen there since a patrol came. ``standing[:size[0]]`` are the visits that
    stand; ``place`` is where each is in that list. ``size[1]`` is who is asked, ``now_s`` when.
    """

    visits: Records
    bay_ptr: Ints
    bay_visit: Ints
    wait_head: Ints
    wait_tail: Ints
    pocket_edge: Ints
    watched: Bytes
    reported: Longs
    edge_count: Ints
    near_ptr: Ints
    near: Ints
    shop_edge: Ints
    standing: Ints
    place: Ints
    size: Longs
    now_s: Floats
    kinds: Records
    watchers: Records
    rules: Records


class Logs(NamedTuple):
    """What has happened and nobody has taken yet; ``size`` holds the rows of each."""

    moves: Records
    stands: Records
    lanes: Records
    size: Longs


def records(count: int, dtype: np.dtype[np.void]) -> Records:
    """Zeroed records whose fields can be read as attributes, by kernels with and without compilation."""
    return np.zeros(count, dtype).view(np.recarray)


def new_logs(room: int) -> Logs:
    """Empty logs."""
    return Logs(records(room, MOVE), records(room, STAND), records(room, LANE), np.zeros(3, np.int64))
