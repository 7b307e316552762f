"""Shortest paths over links where turns are banned: Dijkstra and A* over labels, one label per link and right.

A label is a link driven under one right: a link of no through way is entered by those who end there and left by those
who began there, and the middle of a banned sequence is driven by those who came by its beginning. Every label is
reached for good by the first permitted turn onto it, as labels are taken in the order of their cost. A node whose
first label could turn everywhere but back needs no other: whoever comes later gains nothing there. So most nodes are
looked at once, as without turns.

The order is fixed: of two labels at the same cost the lower index comes first.
"""

from __future__ import annotations

import numpy as np

from twin.engine.draws import event_key, uniform
from twin.jit import inline_kernel, kernel

#: No label before was refused a turn; every label is to be looked at.
_NONE, _ALWAYS = -1, -2


@inline_kernel
def _before(key_a, a, key_b, b):
    return key_a < key_b or (key_a == key_b and a < b)


@kernel
def _push(heap_key, heap, size, key, label):
    """Put an entry where it belongs; every label is put in at most once."""
    i = size
    while i > 0:
        parent = (i - 1) >> 2
        if not _before(key, label, heap_key[parent], heap[parent]):
            break
        heap_key[i] = heap_key[parent]
        heap[i] = heap[parent]
        i = parent
    heap_key[i] = key
    heap[i] = label
    return size + 1


@kernel
def _drop_first(heap_key, heap, size):
    """Take the first entry out."""
    size -= 1
    if size == 0:
        return 0
    key, label = heap_key[size], heap[size]
    i = 0
    while True:
        child = 4 * i + 1
        if child >= size:
            break
        best = child
        for other in range(child + 1, min(child + 4, size)):
            if _before(heap_key[other], heap[other], heap_key[best], heap[best]):
                best = other
        if not _before(heap_key[best], heap[best], key, label):
            break
        heap_key[i] = heap_key[best]
        heap[i] = heap[best]
        i = best
    heap_key[i] = key
    heap[i] = label
    return size


@inline_kernel
def _exception(label, onto, exc_ptr, exc_to, exc_target):
    """Label that a turn leads to instead of the plain one; -1 for none, -2 where the turn is like any other."""
    for e in range(exc_ptr[label], exc_ptr[label + 1]):
        if exc_to[e] == onto:
            return exc_target[e]
    return -2


@inline_kernel
def _own_cost(cost_s, street, link, stream, key, spread):
    """Cost of a link in the eyes of one driver, as in :mod:`twin.city.routing.kernels`."""
    named = street[link] >= 0
    for_street = uniform(stream, key, event_key(street[link], 1) if named else event_key(link, 2))
    for_link = uniform(stream, key, event_key(link, 0))
    return cost_s[link] * (1.0 + spread * (for_street + for_link - 1.0))


@kernel
def _is_done(node, back, out_ptr, outs, base, value, label_cost_s, closed):
    """Whether every turn at a node has been made but the one back."""
    if closed[node]:
        return True
    for i in range(out_ptr[node], out_ptr[node + 1]):
        k = outs[i]
        if value[k] == np.inf and label_cost_s[k] < np.inf and base[k] != back:
            return False
    return True


@kernel
def _is_done_back(node, back, in_ptr, ins, base, onward, label_cost_s, closed):
    """The same for turns that lead to a node."""
    if closed[node]:
        return True
    for i in range(in_ptr[node], in_ptr[node + 1]):
        b = ins[i]
        if onward[b] == -2 and label_cost_s[b] < np.inf and base[b] != back:
            return False
    return True


@kernel
def grow_labels(
    out_ptr,
    outs,
    head,
    base,
    stage,
    reverse,
    uturn,
    exc_ptr,
    exc_to,
    exc_target,
    simple,
    label_cost_s,
    cost_s,
    seeds,
    root,
    wanted,
    goal,
    x_m,
    y_m,
    rate,
    street,
    stream,
    key,
    spread,
    value,
    parent,
    origin,
    above,
    at_node,
    node_label,
    closed,
    left,
    waits,
    heap_key,
    heap,
):
    """Least cost from a node, or from the end of links already driven, to every node, and the label that leads there.

    Parameters
    ----------
    out_ptr, outs
        Plain labels leaving node i are ``outs[out_ptr[i]:out_ptr[i + 1]]``.
    head, base, stage, reverse, uturn, exc_ptr, exc_to, exc_target
        Labels, as in ``twin.city.routing.turns.TurnGraph``.
    simple : (labels,) bool
        Labels outside zones whose turns are all like others.
    label_cost_s, cost_s : (labels,), (m,) float64
        Of labels and of links; inf closes one.
    seeds : (k,) int32
        Labels that have been driven at cost 0; without any the search starts at node ``root``.
    wanted : (n,) bool
        It ends once every node marked is reached; with none marked it reaches everything.
    goal
        Node for A*, with straight lines at ``rate`` seconds per metre; -1 for none.
    street, stream, key, spread
        Costs in the eyes of one driver, as in ``find_path``.
    value, parent, origin, above : (labels,)
        Least cost to the end of the link; label before, -1 at the start; the nearest label before that was refused a
        turn which nobody has made yet, below which ways back may be worth something; the one before that.
    at_node, node_label : (n,)
        Least cost, and the label by which it is reached, -1 where none is.
    closed, left, waits : (n,)
        Working memory; ``waits`` is the least cost of a label that will close a node.
    heap_key, heap : (labels,)
    """
    value[:] = np.inf
    parent[:] = -1
    at_node[:] = np.inf
    waits[:] = np.inf
    node_label[:] = -1
    closed[:] = False
    size = 0
    missing = 0
    for node in range(left.size):
        left[node] = out_ptr[node + 1] - out_ptr[node]
        if wanted[node]:
            missing += 1
    if seeds.size == 0:
        at_node[root] = 0.0
        if wanted[root]:
            missing -= 1
            if missing == 0:
                return
        for i in range(out_ptr[root], out_ptr[root + 1]):
            k = outs[i]
            link = base[k]
            if cost_s[link] == np.inf:
                continue
            cost = cost_s[link] if spread == 0.0 else _own_cost(cost_s, street, link, stream, key, spread)
            value[k] = cost
            ahead = 0.0
            if goal >= 0:
                ahead = rate * np.hypot(x_m[goal] - x_m[head[k]], y_m[goal] - y_m[head[k]])
            size = _push(heap_key, heap, size, cost + ahead, k)
        left[root] = 0
        closed[root] = True
    else:
        for i in range(seeds.size):
            k = seeds[i]
            value[k] = 0.0
            size = _push(heap_key, heap, size, 0.0, k)
    while size > 0:
        b = heap[0]
        size = _drop_first(heap_key, heap, size)
        node = head[b]
        if at_node[node] == np.inf:
            at_node[node] = value[b]
            node_label[node] = b
            if wanted[node]:
                missing -= 1
                if missing == 0:
                    return
        if closed[node] or left[node] == 0:
            continue
        special = exc_ptr[b + 1] > exc_ptr[b]
        up = origin[parent[b]] if parent[b] >= 0 else (_ALWAYS if seeds.size > 0 else _NONE)
        while up >= 0 and _is_done(head[up], reverse[up], out_ptr, outs, base, value, label_cost_s, closed):
            up = above[up]
        mark = up != _NONE
        if not mark and simple[b]:
            # The usual case: everything but the way back is open, and the node is done.
            back = -1 if uturn[b] else reverse[b]
            for i in range(out_ptr[node], out_ptr[node + 1]):
                k = outs[i]
                far = head[k]
                if closed[far] or value[k] < np.inf:
                    continue
                cost = label_cost_s[k]
                if cost == np.inf or base[k] == back:
                    continue
                if spread != 0.0:
                    cost = _own_cost(cost_s, street, base[k], stream, key, spread)
                reached = value[b] + cost
                if simple[k]:
                    # Another label will close the node before this one's turn comes.
                    if waits[far] <= reached:
                        continue
                    waits[far] = reached
                value[k] = reached
                parent[k] = b
                ahead = 0.0
                if goal >= 0:
                    ahead = rate * np.hypot(x_m[goal] - x_m[far], y_m[goal] - y_m[far])
                size = _push(heap_key, heap, size, reached + ahead, k)
            origin[b] = _NONE
            closed[node] = True
            continue
        refused = False
        for i in range(out_ptr[node], out_ptr[node + 1]):
            k = outs[i]
            if value[k] < np.inf and not special:
                continue
            link = base[k]
            if cost_s[link] == np.inf:
                continue
            if stage[b] > stage[k]:
                refused = True
                continue
            if link == reverse[b] and not uturn[b]:
                continue
            if special:
                target = _exception(b, k, exc_ptr, exc_to, exc_target)
                if target != -2:
                    if value[k] == np.inf:
                        refused = True
                    if target < 0 or value[k] < np.inf:
                        continue
                    k = target
                if value[k] < np.inf:
                    continue
            cost = cost_s[link] if spread == 0.0 else _own_cost(cost_s, street, link, stream, key, spread)
            reached = value[b] + cost
            value[k] = reached
            parent[k] = b
            if k == outs[i]:
                left[node] -= 1
            far = head[k]
            if closed[far]:
                continue
            ahead = 0.0
            if goal >= 0:
                ahead = rate * np.hypot(x_m[goal] - x_m[far], y_m[goal] - y_m[far])
            size = _push(heap_key, heap, size, reached + ahead, k)
        # Labels first turned onto from here: their own way back may be worth something only below a refused turn.
        above[b] = up
        origin[b] = b if refused and up != _ALWAYS else up
        if origin[b] == _NONE:
            closed[node] = True


@kernel
def grow_labels_back(
    in_ptr,
    ins,
    tail,
    base,
    stage,
    reverse,
    uturn,
    exc_ptr,
    exc_to,
    exc_target,
    plain,
    pre_ptr,
    pre,
    entered_simply,
    label_cost_s,
    cost_s,
    root,
    wanted,
    exact,
    value,
    onward,
    origin,
    above,
    at_node,
    node_label,
    closed,
    left,
    waits,
    heap_key,
    heap,
):
    """Least cost from every node to ``root``, the label to begin with, and the label that follows each label.

    As :func:`grow_labels`, turned round. ``ins`` holds all labels that lead to a node, ``plain`` says which labels are
    plain, ``pre[pre_ptr[k]:pre_ptr[k + 1]]`` are the labels before a label that is not. ``exact``: every label gets its
    least cost; else only labels that may lie on a shortest path between nodes do. ``value`` is the cost from
    the beginning of a label's link; ``onward`` the label after it, -1 at the end, -2 where none is known.
    """
    value[:] = np.inf
    onward[:] = -2
    at_node[:] = np.inf
    waits[:] = np.inf
    node_label[:] = -1
    closed[:] = False
    size = 0
    missing = 0
    for node in range(left.size):
        left[node] = in_ptr[node + 1] - in_ptr[node]
        if wanted[node]:
            missing += 1
    at_node[root] = 0.0
    if wanted[root]:
        missing -= 1
        if missing == 0:
            return
    for i in range(in_ptr[root], in_ptr[root + 1]):
        k = ins[i]
        onward[k] = -1
        if cost_s[base[k]] == np.inf:
            continue
        value[k] = cost_s[base[k]]
        size = _push(heap_key, heap, size, value[k], k)
    left[root] = 0
    closed[root] = not exact
    while size > 0:
        k = heap[0]
        size = _drop_first(heap_key, heap, size)
        node = tail[k]
        if plain[k] and at_node[node] == np.inf:
            at_node[node] = value[k]
            node_label[node] = k
            if wanted[node]:
                missing -= 1
                if missing == 0:
                    return
        if closed[node] or left[node] == 0:
            continue
        first, last = in_ptr[node], in_ptr[node + 1]
        if not plain[k]:
            first, last = pre_ptr[k], pre_ptr[k + 1]
        up = origin[onward[k]] if onward[k] >= 0 else (_ALWAYS if exact else _NONE)
        while up >= 0 and _is_done_back(tail[up], reverse[up], in_ptr, ins, base, onward, label_cost_s, closed):
            up = above[up]
        mark = up != _NONE
        if not mark and entered_simply[k]:
            back = reverse[k]
            for i in range(in_ptr[node], in_ptr[node + 1]):
                b = ins[i]
                far = tail[b]
                if closed[far] or onward[b] != -2:
                    continue
                cost = label_cost_s[b]
                if cost == np.inf or (base[b] == back and not uturn[b]):
                    continue
                if stage[b] > 1:
                    continue
                reached = cost + value[k]
                if entered_simply[b]:
                    if waits[far] <= reached:
                        continue
                    waits[far] = reached
                onward[b] = k
                value[b] = reached
                size = _push(heap_key, heap, size, reached, b)
            origin[k] = _NONE
            closed[node] = True
            continue
        refused = not plain[k]
        for i in range(first, last):
            b = ins[i] if plain[k] else pre[i]
            if onward[b] != -2 or value[b] < np.inf:
                continue
            if stage[b] > stage[k]:
                refused = True
                continue
            if base[k] == reverse[b] and not uturn[b]:
                continue
            special = exc_ptr[b + 1] > exc_ptr[b]
            if special and plain[k] and _exception(b, k, exc_ptr, exc_to, exc_target) != -2:
                refused = True
                continue
            onward[b] = k
            left[node] -= 1
            if cost_s[base[b]] == np.inf:
                continue
            reached = cost_s[base[b]] + value[k]
            value[b] = reached
            far = tail[b]
            if closed[far] and not exact:
                continue
            size = _push(heap_key, heap, size, reached, b)
        above[k] = up
        origin[k] = k if refused and up != _ALWAYS else up
        if origin[k] == _NONE:
            closed[node] = True
