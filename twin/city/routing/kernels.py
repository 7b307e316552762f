"""Shortest paths over the link arrays: Dijkstra with a 4-ary heap, used forwards and backwards, and A* for one pair.

A heap of four children per entry is shallower than a binary one and a little faster on large cities.
The order is fixed: of two nodes at the same distance the lower index comes first, and of two equally
short ways into a node the lower link index stays, whatever the order in which they were found.
"""

from __future__ import annotations

import numpy as np

from twin.engine.draws import event_key, uniform
from twin.jit import inline_kernel, kernel

_NOT_SEEN = -1
_SETTLED = -2


@inline_kernel
def _first(node_a, node_b, distance):
    """Whether node a is settled before node b."""
    return distance[node_a] < distance[node_b] or (distance[node_a] == distance[node_b] and node_a < node_b)


@kernel
def _rise(heap, place, distance, i):
    """Move the entry at i up to where it belongs; ``place`` keeps where each node stands in the heap."""
    node = heap[i]
    while i > 0:
        parent = (i - 1) >> 2
        if not _first(node, heap[parent], distance):
            break
        heap[i] = heap[parent]
        place[heap[i]] = i
        i = parent
    heap[i] = node
    place[node] = i


@kernel
def _sink(heap, place, distance, size):
    """Move the entry at the top down to where it belongs."""
    node = heap[0]
    i = 0
    while True:
        child = 4 * i + 1
        if child >= size:
            break
        best = child
        for other in range(child + 1, min(child + 4, size)):
            if _first(heap[other], heap[best], distance):
                best = other
        if not _first(heap[best], node, distance):
            break
        heap[i] = heap[best]
        place[heap[i]] = i
        i = best
    heap[i] = node
    place[node] = i


@kernel
def grow_tree(ptr, links, far_node, cost_s, root, wanted, out_distance, out_link, heap, place):
    """Dijkstra from ``root``: least cost to each node, and the link by which it is reached.

    Links with a cost of inf are closed. The search ends once every node marked in ``wanted`` is settled, or,
    with none marked, when nothing is left to settle; other nodes then keep a cost that is no minimum.

    Parameters
    ----------
    ptr, links
        Node i looks along ``links[ptr[i]:ptr[i + 1]]``.
    far_node : (m,) int32
        The node at the other end of each link: ``link_to`` forwards, ``link_from`` backwards.
    cost_s : (m,) float64
        Greater than 0.
    root
        Node index.
    wanted : (n,) bool
    out_distance : (n,) float64
        inf where not reached.
    out_link : (n,) int32
        -1 at the root and where not reached.
    heap, place : (n,) int32
        Working memory.
    """
    out_distance[:] = np.inf
    out_link[:] = -1
    place[:] = _NOT_SEEN
    missing = 0
    for node in range(wanted.size):
        if wanted[node]:
            missing += 1
    whole = missing == 0
    out_distance[root] = 0.0
    heap[0] = root
    place[root] = 0
    size = 1
    while size > 0:
        node = heap[0]
        place[node] = _SETTLED
        size -= 1
        if size > 0:
            heap[0] = heap[size]
            _sink(heap, place, out_distance, size)
        if wanted[node]:
            missing -= 1
            if missing == 0 and not whole:
                return
        for k in range(ptr[node], ptr[node + 1]):
            link = links[k]
            far = far_node[link]
            if place[far] == _SETTLED:
                continue
            distance = out_distance[node] + cost_s[link]
            if distance < out_distance[far]:
                out_distance[far] = distance
                out_link[far] = link
                if place[far] == _NOT_SEEN:
                    heap[size] = far
                    place[far] = size
                    size += 1
                _rise(heap, place, out_distance, place[far])
            elif distance == out_distance[far] and distance < np.inf and link < out_link[far]:
                out_link[far] = link


@kernel
def follow_tree(origin, root, link_at, far_node, out_links):
    """Write the links of a tree from a node to its root; how many, or -1 where no way leads.

    ``out_links`` has room for as many links as there are nodes.
    """
    node = origin
    n = 0
    while node != root:
        link = link_at[node]
        if link < 0:
            return -1
        out_links[n] = link
        n += 1
        node = far_node[link]
    return n


@kernel
def least_cost_per_m(cost_s, link_from, link_to, x_m, y_m):
    """Least cost of any open link per metre of the straight line between its ends, a hair less; 0 without any."""
    least = np.inf
    for link in range(cost_s.size):
        a, b = link_from[link], link_to[link]
        straight_m = np.hypot(x_m[b] - x_m[a], y_m[b] - y_m[a])
        if straight_m > 0.0 and cost_s[link] < least * straight_m:
            least = cost_s[link] / straight_m
    # The hair keeps every node on a shortest way before its successor, whatever rounding does.
    return least * (1.0 - 1e-9) if least < np.inf else 0.0


@inline_kernel
def _own_cost(cost_s, street, link, stream, key, spread):
    """Cost of a link in the eyes of one driver: half by taste for the street, half for the link."""
    named = street[link] >= 0
    for_street = uniform(stream, key, event_key(street[link], 1) if named else event_key(link, 2))
    for_link = uniform(stream, key, event_key(link, 0))
    return cost_s[link] * (1.0 + spread * (for_street + for_link - 1.0))


@kernel
def find_path(
    ptr,
    links,
    far_node,
    cost_s,
    x_m,
    y_m,
    least,
    root,
    goal,
    street,
    stream,
    key,
    spread,
    distance,
    estimate,
    by_link,
    heap,
    place,
):
    """A* from ``root`` to ``goal``: fills the link by which each node on the way is reached.

    Straight lines at ``least`` seconds per metre bound what is left. Without ``spread`` it finds the way that
    :func:`grow_tree` finds from the root, ties included.

    Parameters
    ----------
    ptr, links, far_node, cost_s
        As in :func:`grow_tree`, forwards.
    least
        Of :func:`least_cost_per_m`.
    street : (m,) int32
        Street of each link, -1 for none.
    stream, key, spread
        With a spread in [0, 1), costs lie within 1 ± spread of what is given, drawn by the key.
    distance, estimate : (n,) float64
        Working memory.
    by_link, heap, place : (n,) int32

    Returns
    -------
    bool
        Whether there is a way.
    """
    distance[:] = np.inf
    by_link[:] = -1
    place[:] = _NOT_SEEN
    rate = least * (1.0 - spread)
    distance[root] = 0.0
    estimate[root] = 0.0
    heap[0] = root
    place[root] = 0
    size = 1
    while size > 0:
        node = heap[0]
        if node == goal:
            return True
        place[node] = _SETTLED
        size -= 1
        if size > 0:
            heap[0] = heap[size]
            _sink(heap, place, estimate, size)
        for k in range(ptr[node], ptr[node + 1]):
            link = links[k]
            far = far_node[link]
            if place[far] == _SETTLED or cost_s[link] == np.inf:
                continue
            cost = cost_s[link] if spread == 0.0 else _own_cost(cost_s, street, link, stream, key, spread)
            if distance[node] + cost < distance[far]:
                distance[far] = distance[node] + cost
                estimate[far] = distance[far] + rate * np.hypot(x_m[goal] - x_m[far], y_m[goal] - y_m[far])
                by_link[far] = link
                if place[far] == _NOT_SEEN:
                    heap[size] = far
                    place[far] = size
                    size += 1
                _rise(heap, place, estimate, place[far])
            elif distance[node] + cost == distance[far] and link < by_link[far]:
                by_link[far] = link
    return False


@kernel
def cost_matrix(ptr, links, far_node, cost_s, roots, wanted, columns, out_cost_s):
    """Least cost from every root to every column, one tree after the other.

    ``roots`` (r,) and ``columns`` (c,) are node indices, ``wanted`` (n,) marks the columns, ``out_cost_s`` is
    (r, c).
    """
    count = ptr.size - 1
    distance = np.empty(count, np.float64)
    link = np.empty(count, np.int32)
    heap = np.empty(count, np.int32)
    place = np.empty(count, np.int32)
    for i in range(roots.size):
        grow_tree(ptr, links, far_node, cost_s, roots[i], wanted, distance, link, heap, place)
        for j in range(columns.size):
            out_cost_s[i, j] = distance[columns[j]]


@kernel
def first_bad_cost(cost_s):
    """Index of the first cost that is not greater than 0 (nan included), or -1."""
    for link in range(cost_s.size):
        if not cost_s[link] > 0.0:
            return link
    return -1
