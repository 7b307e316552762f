"""What a day taught: times by moment of entry, the ways that would have been quickest, and what ways took.

Times stand in a table ``table[row, interval]``: one row per queue with a stop line (a link, a turn with a queue of its
own, a pocket), then one per link for the wait before it at the start of a way. Between the middles of intervals they
are straight lines, which never fall faster than time goes, so that nobody overtakes by leaving later.
"""

from __future__ import annotations

import numpy as np

from twin.jit import inner_kernel, kernel

INF = np.inf


@kernel
def add_times(vehicle, time_s, from_link, to_link, depart_s, moves, start_s, interval_s, last_s, out_sum_s, out_count):
    """Add up a day: seconds in each row by the interval of entry; ``last_s`` keeps each vehicle's last crossing.

    ``moves`` holds ``(move_start, move_end, move_to, move_row, end_row, first_row)``, see :class:`TimedTurns`.
    """
    move_start, move_end, move_to, move_row, end_row, first_row = moves
    most = out_sum_s.shape[1] - 1
    for i in range(vehicle.size):
        v = vehicle[i]
        since_s = last_s[v]
        if from_link[i] < 0:
            row = first_row + to_link[i]
            since_s = depart_s[v]
        else:
            row = _row_of(move_start, move_end, move_to, move_row, end_row, from_link[i], to_link[i])
        place = min(max(int((since_s - start_s) / interval_s), 0), most)
        out_sum_s[row, place] += time_s[i] - since_s
        out_count[row, place] += 1
        last_s[v] = time_s[i]


@inner_kernel
def _row_of(move_start, move_end, move_to, move_row, end_row, link, onward):
    """Row of the table for whoever goes on from a link to another, or ends there; -1 if there is no such turn."""
    if onward < 0:
        return end_row[link]
    for p in range(move_start[link], move_end[link]):
        if move_to[p] == onward:
            return move_row[p]
    return -1


@kernel
def fill_times(sum_s, count, free_s, interval_s, out_table):
    """Means where there were vehicles, free flow elsewhere; and nobody leaves before whoever entered earlier."""
    for row in range(sum_s.shape[0]):
        before_s = 0.0
        for k in range(sum_s.shape[1]):
            took_s = free_s[row]
            if count[row, k] > 0:
                took_s = max(took_s, sum_s[row, k] / count[row, k])
            before_s = max(took_s, before_s - interval_s)
            out_table[row, k] = before_s


@inner_kernel
def _took_s(table, row, t, start_s, interval_s):
    """Seconds in a row for whoever enters it at ``t``."""
    place = (t - start_s) / interval_s - 0.5
    last = table.shape[1] - 1
    if place <= 0.0:
        return table[row, 0]
    if place >= last:
        return table[row, last]
    k = int(place)
    share = place - k
    return table[row, k] * (1.0 - share) + table[row, k + 1] * share


@kernel
def path_seconds(ptr, pool, depart_s, table, moves, start_s, interval_s, out_s):
    """Seconds that every path would take from its departure, waits at its start included."""
    move_start, move_end, move_to, move_row, end_row, first_row = moves
    for i in range(depart_s.size):
        t = depart_s[i]
        if ptr[i + 1] > ptr[i]:
            t += _took_s(table, first_row + pool[ptr[i]], t, start_s, interval_s)
        for k in range(ptr[i], ptr[i + 1]):
            onward = pool[k + 1] if k + 1 < ptr[i + 1] else -1
            row = _row_of(move_start, move_end, move_to, move_row, end_row, pool[k], onward)
            t += _took_s(table, row, t, start_s, interval_s)
        out_s[i] = t - depart_s[i]


@inner_kernel
def _rise(heap, place, at_s, i):
    link = heap[i]
    while i > 0:
        parent = (i - 1) >> 1
        other = heap[parent]
        if at_s[other] < at_s[link] or (at_s[other] == at_s[link] and other < link):
            break
        heap[i] = other
        place[other] = i
        i = parent
    heap[i] = link
    place[link] = i


@inner_kernel
def _sink(heap, place, at_s, size):
    link = heap[0]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size:
            a, b = heap[child], heap[child + 1]
            if at_s[b] < at_s[a] or (at_s[b] == at_s[a] and b < a):
                child += 1
        other = heap[child]
        if at_s[link] < at_s[other] or (at_s[link] == at_s[other] and link < other):
            break
        heap[i] = other
        place[other] = i
        i = child
    heap[i] = link
    place[link] = i


@inner_kernel
def _search(origin, wanted, t, out_ptr, out_link, to_node, shut, table, moves, start_s, interval_s, work):
    """Earliest entry into links from a node at ``t``, until every wanted node has been reached for good."""
    move_start, move_end, move_to, move_row, end_row, first_row = moves
    at_s, before, heap, place, arrive_s, arrive_link = work
    at_s[:] = INF
    place[:] = -1
    size = 0
    for k in range(out_ptr[origin], out_ptr[origin + 1]):
        link = out_link[k]
        if shut[link]:
            continue
        at_s[link] = t + _took_s(table, first_row + link, t, start_s, interval_s)
        before[link] = -1
        heap[size] = link
        place[link] = size
        _rise(heap, place, at_s, size)
        size += 1
    last_s = INF
    while size > 0:
        link = heap[0]
        size -= 1
        place[link] = -2
        if size > 0:
            heap[0] = heap[size]
            _sink(heap, place, at_s, size)
        now_s = at_s[link]
        if now_s >= last_s:
            return
        node = to_node[link]
        if arrive_s[node] >= 0.0:  # below 0 where nobody wants to go
            end_s = now_s + _took_s(table, end_row[link], now_s, start_s, interval_s)
            if end_s < arrive_s[node]:
                arrive_s[node] = end_s
                arrive_link[node] = link
                last_s = 0.0
                for i in range(wanted.size):
                    last_s = max(last_s, arrive_s[wanted[i]])
        for p in range(move_start[link], move_end[link]):
            other = move_to[p]
            if place[other] == -2 or shut[other]:
                continue
            other_s = now_s + _took_s(table, move_row[p], now_s, start_s, interval_s)
            if other_s < at_s[other]:
                at_s[other] = other_s
                before[other] = link
                if place[other] < 0:
                    heap[size] = other
                    place[other] = size
                    size += 1
                _rise(heap, place, at_s, place[other])


@kernel
def quickest_ways(
    group_ptr,
    group_node,
    group_s,
    to,
    out_ptr,
    out_link,
    to_node,
    shut,
    table,
    moves,
    start_s,
    interval_s,
    work,
    out_path_ptr,
    out_pool,
    from_group,
):
    """Quickest path of each vehicle, found once for all of a group that start at one node about one moment.

    Parameters
    ----------
    group_ptr, group_node, group_s
        Vehicles of group g are ``group_ptr[g]:group_ptr[g + 1]``; they start at a node, for the search at one moment.
    to : (n,) int32
        Destination nodes.
    out_path_ptr, out_pool
        Paths, end to end; one without a way is empty.

    Returns
    -------
    int
        Group at which the pool was full, to be called again from there with more room; -1 if all are done.
    """
    _, before, _, _, arrive_s, arrive_link = work
    size = out_path_ptr[group_ptr[from_group]]
    for g in range(from_group, group_node.size):
        wanted = to[group_ptr[g] : group_ptr[g + 1]]
        for i in range(wanted.size):
            arrive_s[wanted[i]] = INF
            arrive_link[wanted[i]] = -1
        _search(
            group_node[g], wanted, group_s[g], out_ptr, out_link, to_node, shut, table, moves, start_s, interval_s, work
        )
        full = False
        for i in range(wanted.size):
            length = 0
            link = arrive_link[wanted[i]]
            while link >= 0:
                length += 1
                link = before[link]
            if size + length > out_pool.size:
                full = True
                break
            link = arrive_link[wanted[i]]
            for k in range(size + length - 1, size - 1, -1):
                out_pool[k] = link
                link = before[link]
            size += length
            out_path_ptr[group_ptr[g] + i + 1] = size
        for i in range(wanted.size):
            arrive_s[wanted[i]] = -1.0
        if full:
            return g
    return -1
