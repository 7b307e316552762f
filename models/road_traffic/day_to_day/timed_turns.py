"""Times of a day over links and turns, by the moment at which they are entered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints, Longs
from twin.models.road_traffic.day_to_day import day_kernels
from twin.models.road_traffic.queueing.arrays import Road
from twin.models.road_traffic.queueing.loading import LoadingResult


class TimedTurns:
    """The turns of a network with the times of the last day.

    Parameters
    ----------
    road
        The network; only what never changes is read.
    start_s, until_s, interval_s
        Span of the day, and of the intervals whose means are kept.
    shut : (m,) bool
        Links that nobody chooses.
    """

    def __init__(self, road: Road, start_s: float, until_s: float, interval_s: float, shut: NDArray[np.bool_]) -> None:
        links, m, lines = road.links, len(road.links), road.lines
        turns = road.moves[: len(road.moves) - m]
        row = np.where(turns["pocket"] >= 0, turns["pocket"], turns["queue"]).astype(np.int32)
        self._start_s, self._interval_s = start_s, interval_s
        self._moves = (
            links["move_start"].copy(),
            links["move_end"].copy(),
            turns["to_link"].copy(),
            row,
            links["queue"].copy(),
            np.int64(len(lines)),
        )
        has_light = lines["cycle_s"] > 0
        red_s = np.where(has_light, lines["cycle_s"] - lines["green_s"], 0.0)
        link_of = road.queues["link"][: len(lines)]
        free_s = links["length_m"] / links["speed_mps"]
        wait_s = red_s**2 / np.where(has_light, 2 * lines["cycle_s"], 1.0)  # of a lone arrival (Webster 1958)
        self._free_s = np.concatenate([free_s[link_of] + wait_s, np.zeros(m)])
        intervals = max(int(np.ceil((until_s - start_s) / interval_s)), 1)
        self._table = np.repeat(self._free_s[:, None], intervals, axis=1)
        self._to_node, self._shut = links["to_node"].copy(), shut
        self._out_link = np.argsort(links["from_node"], kind="stable").astype(np.int32)
        nodes = len(road.node_next_s)
        self._out_ptr = np.concatenate([[0], np.cumsum(np.bincount(links["from_node"], minlength=nodes))])
        self._work = (
            np.empty(m),
            np.empty(m, np.int32),
            np.empty(m, np.int32),
            np.empty(m, np.int32),
            np.full(nodes, -1.0),
            np.empty(nodes, np.int32),
        )

    def learn(self, day: LoadingResult) -> None:
        """Take the times of a day; whoever is still on the way has been on a link until the end at least."""
        sums, counts = np.zeros(self._table.shape), np.zeros(self._table.shape, np.int64)
        last_s = np.full(len(day.depart_s), np.nan)
        columns = [np.ascontiguousarray(c) for c in (day.vehicle, day.time_s, day.from_link, day.to_link)]
        rest = (day.depart_s, self._moves, self._start_s, self._interval_s, last_s, sums, counts)
        day_kernels.add_times(*columns, *rest)
        v, last_row = np.unique(columns[0][::-1], return_index=True)
        on_link = np.asarray(day.to_link, np.int32)[::-1][last_row]
        late, where = v[on_link >= 0].astype(np.int32), on_link[on_link >= 0].astype(np.int32)
        if len(late):
            end_s = np.full(len(late), day.until_s)
            day_kernels.add_times(late, end_s, where, np.full(len(late), -1, np.int32), *rest)
        day_kernels.fill_times(sums, counts, self._free_s, self._interval_s, self._table)

    def seconds(self, ptr: Longs, pool: Ints, depart_s: Floats) -> Floats:
        """(n,) float64: what paths would have taken on that day."""
        out = np.empty(len(depart_s))
        day_kernels.path_seconds(ptr, pool, depart_s, self._table, self._moves, self._start_s, self._interval_s, out)
        return out

    def quickest(self, from_node: Ints, to_node: Ints, depart_s: Floats) -> tuple[Longs, Ints]:
        """Quickest paths of that day, as pointers and links; those who start in one interval share a search."""
        place = np.floor((depart_s - self._start_s) / self._interval_s).astype(np.int64)
        order = np.lexsort((to_node, place, from_node))
        keys = np.stack([from_node[order], place[order]])
        begins = np.flatnonzero(np.r_[True, (keys[:, 1:] != keys[:, :-1]).any(axis=0)])
        group_ptr = np.r_[begins, len(order)].astype(np.int64)
        moment_s = np.add.reduceat(depart_s[order], begins) / np.diff(group_ptr)
        ptr, pool = np.zeros(len(order) + 1, np.int64), np.empty(max(32 * len(order), 1024), np.int32)
        start = 0
        while start >= 0:
            start = day_kernels.quickest_ways(
                group_ptr,
                from_node[order][begins],
                moment_s,
                to_node[order],
                self._out_ptr,
                self._out_link,
                self._to_node,
                self._shut,
                self._table,
                self._moves,
                self._start_s,
                self._interval_s,
                self._work,
                ptr,
                pool,
                start,
            )
            if start >= 0:
                pool = np.concatenate([pool, np.empty(len(pool), np.int32)])
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return taken(ptr, pool, back)


def taken(ptr: Longs, pool: Ints, rows: Longs) -> tuple[Longs, Ints]:
    """Some paths out of many, in the order of ``rows``."""
    lengths = (ptr[1:] - ptr[:-1])[rows]
    out_ptr = np.concatenate([[0], np.cumsum(lengths)])
    at = np.repeat(ptr[rows] - out_ptr[:-1], lengths) + np.arange(out_ptr[-1])
    return out_ptr, pool[at]


def merged(use_new: NDArray[np.bool_], old: tuple[Longs, Ints], new: tuple[Longs, Ints]) -> tuple[Longs, Ints]:
    """Paths of which some are replaced."""
    count = len(use_new)
    ptr = np.concatenate([old[0], old[0][-1] + new[0][1:]])
    rows = np.where(use_new, count + np.arange(count), np.arange(count))
    return taken(ptr, np.concatenate([old[1], new[1]]), rows)
