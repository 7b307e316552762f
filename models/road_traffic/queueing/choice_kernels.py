"""How drivers without a path choose at a node, and the times to go that they know.

A driver takes the turn by which they expect to arrive first: the time over the link it leads to, in their own eyes,
and the time to go from there by the last news. Only turns that lead nearer to the destination are looked at (Dial
1971, efficient links), so that nobody drives in circles. This is choice link by link, as in recursive models (Akamatsu
1996; Fosgerau, Frejinger and Karlstrom 2013), with a time to go that has no tastes in it.
"""

from __future__ import annotations

import numpy as np

from twin.engine.draws import bits
from twin.jit import inner_kernel, kernel

INF = np.inf
_ORIGIN = 3
_S32 = np.uint64(32)
_LOW_32 = np.uint64(0xFFFFFFFF)
_TWO_POW_MINUS_32 = 2.0**-32


@inner_kernel
def known_place(road, trees, link):
    """Column of a link in the times to go: that of the node at its end, or its own where turns matter."""
    if trees.now[0].by_turn:
        return np.int64(link)
    return np.int64(road.links[link].to_node)


@inner_kernel
def seconds_ahead(road, link, t):
    """Seconds over a link for whoever enters it at ``t``: free flow, or until those on it have left at its last pace.

    Who has entered since the news is known, since all did so at the node at which one stands; who has left is not.
    """
    queue_s = road.links[link].clear_s + road.links[link].pace_s - t
    free_s = road.links[link].free_s
    return queue_s if queue_s > free_s else free_s


@inner_kernel
def taste(trees, cars, v, link):
    """What a second on a link counts for in the eyes of a driver: 1 plus or minus the spread at most.

    The sum of two halves of one draw: triangular, with a standard deviation of spread / sqrt(6).
    """
    drawn = bits(trees.now[0].stream, cars.veh[v].key, np.uint64(link))
    halves = np.float64(drawn >> _S32) + np.float64(drawn & _LOW_32)
    return 1.0 + trees.now[0].spread * (halves * _TWO_POW_MINUS_32 - 1.0)


@inner_kernel
def choose_move(road, trees, cars, v, link, t, sees_queues):
    """Turn at the end of a link by which a driver expects to arrive first.

    Parameters
    ----------
    sees_queues
        Whether the driver stands at the node at ``t`` and sees who has entered the links ahead; else news alone.

    Returns
    -------
    int
        Movement; -1 at the destination, -2 if there is no way. A way that is shut is taken only if there is no other.
    """
    destination = cars.veh[v].destination
    if trees.node[destination] == road.links[link].to_node:
        return -1
    here_s = trees.to_go_s[destination, known_place(road, trees, link)]
    best, best_s = -2, INF
    shut, shut_s = -2, INF
    for p in range(road.links[link].move_start, road.links[link].move_end):
        out = road.moves[p].to_link
        to_go_s = trees.to_go_s[destination, known_place(road, trees, out)]
        if not to_go_s < here_s:
            continue
        over_s = seconds_ahead(road, out, t) if sees_queues else road.links[out].news_s
        cost_s = over_s * taste(trees, cars, v, out) + road.moves[p].turn_s + to_go_s
        if road.links[out].entry_open == 0:
            if shut < 0 or cost_s < shut_s:
                shut, shut_s = p, cost_s
        elif best < 0 or cost_s < best_s:
            best, best_s = p, cost_s
    return best if best >= 0 else shut


@inner_kernel
def choose_first(road, trees, cars, v, node):
    """First link of a driver who starts at a node, -1 if there is no way."""
    destination = cars.veh[v].destination
    best, best_s = -1, INF
    for i in range(road.node_source_ptr[node], road.node_source_ptr[node + 1]):
        q = road.node_source[i]
        if road.queues[q].kind != _ORIGIN:
            continue
        out = road.queues[q].link
        to_go_s = trees.to_go_s[destination, known_place(road, trees, out)]
        if not to_go_s < INF or road.links[out].entry_open == 0:
            continue
        cost_s = road.links[out].news_s * taste(trees, cars, v, out) + to_go_s
        if cost_s < best_s:
            best, best_s = out, cost_s
    return best


@kernel
def count_waiting(road, cars, now_s, out_waiting):
    """Car units that have been ready for some time and wait, for every queue."""
    for q in range(out_waiting.size):
        units = 0.0
        v = road.queues[q].first
        while v >= 0:
            if cars.veh[v].ready_s < now_s:
                units += road.classes[cars.veh[v].vehicle_class].units
            v = cars.veh[v].after
        out_waiting[q] = units


@inner_kernel
def _rise(heap, place, to_go_s, i):
    state = heap[i]
    key = to_go_s[state]
    while i > 0:
        parent = (i - 1) >> 1
        other = heap[parent]
        if to_go_s[other] <= key:
            break
        heap[i] = other
        place[other] = i
        i = parent
    heap[i] = state
    place[state] = i


@inner_kernel
def _sink(heap, place, to_go_s, size):
    state = heap[0]
    key = to_go_s[state]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and to_go_s[heap[child + 1]] < to_go_s[heap[child]]:
            child += 1
        other = heap[child]
        if to_go_s[other] >= key:
            break
        heap[i] = other
        place[other] = i
        i = child
    heap[i] = state
    place[state] = i


@kernel
def least_times(ptr, before, arc_s, ends_ptr, ends, out_to_go_s, heap, place):
    """Dijkstra backwards from each destination; only least times, which no order of ties can change.

    Parameters
    ----------
    ptr, before, arc_s
        Into state i lead the arcs ``ptr[i]:ptr[i + 1]``, from states ``before``, at costs ``arc_s``; infinite is shut.
    ends_ptr, ends
        Destination d is reached in the states ``ends[ends_ptr[d]:ends_ptr[d + 1]]``, with 0 s to go.
    out_to_go_s : (d, n) float64
        Infinite where there is no way.
    heap, place : (n,) int32
        Working memory.
    """
    for row in range(out_to_go_s.shape[0]):
        to_go_s = out_to_go_s[row]
        to_go_s[:] = INF
        place[:] = -1
        size = 0
        for k in range(ends_ptr[row], ends_ptr[row + 1]):
            to_go_s[ends[k]] = 0.0
            heap[size] = ends[k]
            place[ends[k]] = size
            size += 1
        while size > 0:
            state = heap[0]
            size -= 1
            if size > 0:
                heap[0] = heap[size]
                _sink(heap, place, to_go_s, size)
            for k in range(ptr[state], ptr[state + 1]):
                other = before[k]
                other_s = to_go_s[state] + arc_s[k]
                if other_s < to_go_s[other]:
                    to_go_s[other] = other_s
                    if place[other] < 0:
                        heap[size] = other
                        place[other] = size
                        size += 1
                    _rise(heap, place, to_go_s, place[other])
