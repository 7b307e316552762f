"""Kernels of the static equilibrium: link costs, new paths from trees, shifts of flow between paths.

A link's cost is ``constant + slope * flow ** power``: one row (CONSTANT, SLOPE, POWER) of ``curve`` per link. The
paths of pair k are ``pair_ptr[k] .. pair_ptr[k + 1] - 1``; the links of path p, from the origin on, are
``path_links[path_ptr[p]:path_ptr[p + 1]]``.
"""

from __future__ import annotations

import numpy as np

from twin.jit import inline_kernel, kernel

CONSTANT, SLOPE, POWER = 0, 1, 2

#: A step along two paths is shortened by secants this often, then halved; each comes closer, and all descend.
_SECANTS = 8
_TRIALS = 60
#: What is left of a path's flow after a step is moved too if it is but rounding.
_DUST = 1e-12


@inline_kernel
def _power(flow, power):
    """Flow to a power; the fourth, which nearly all networks have, without a call."""
    positive = max(flow, 0.0)  # sums of shifts may end a rounding error below 0
    square = positive * positive
    return square * square if power == 4.0 else positive**power


@inline_kernel
def _cost(curve, link, flow):
    return curve[link, 0] + curve[link, 1] * _power(flow, curve[link, 2])


@inline_kernel
def _derivative(curve, link, flow):
    power = curve[link, 2]
    if power == 0.0:
        return 0.0
    positive = max(flow, 0.0)
    less = positive * positive * positive if power == 4.0 else positive ** (power - 1.0)
    return curve[link, 1] * power * less


@kernel
def link_costs(curve, flow, out_cost):
    """Cost of every link at its flow: ``curve`` (m, 3), ``flow`` and ``out_cost`` (m,)."""
    for link in range(flow.size):
        out_cost[link] = _cost(curve, link, flow[link])


@kernel
def integral(curve, flow):
    """Sum over links of the integral of the cost from 0 to the flow: what the equilibrium minimises."""
    total = 0.0
    for link in range(flow.size):
        if flow[link] == 0.0:
            continue  # a closed link costs inf
        rise = curve[link, 1] * _power(flow[link], curve[link, 2]) / (curve[link, 2] + 1.0)
        total += flow[link] * (curve[link, 0] + rise)
    return total


@kernel
def add_paths(path_ptr, path_links, path_flow, flow):
    """Add the flows of paths to those of links, in the order of the paths."""
    for path in range(path_flow.size):
        for i in range(path_ptr[path], path_ptr[path + 1]):
            flow[path_links[i]] += path_flow[path]


@kernel
def find_columns(
    destination,
    tree_cost,
    tree_link,
    tail,
    cost,
    pair_ptr,
    path_ptr,
    path_links,
    path_flow,
    out_least,
    out_pair,
    out_ptr,
    out_links,
):
    """Least cost of the pairs of one origin, and for each the tree's path if it is cheaper than all the pair has.

    Parameters
    ----------
    destination : (pairs,) int32
        Node of the tree at which each pair ends.
    tree_cost, tree_link : (n,)
        Tree from the origin, as ``twin.city.routing.kernels.grow_tree`` gives it.
    tail : (m,) int32
        Node that each link leaves.
    out_least : (pairs,) float64
    out_pair, out_ptr, out_links
        Pair of each new path, in order; where its links begin and end; links.

    Returns
    -------
    found : int
        New paths; -1 if ``out_links`` has no room for them.
    paid : float
        What the flows of the pairs cost as they are.
    """
    found = 0
    used = 0
    paid = 0.0
    out_ptr[0] = 0
    for pair in range(destination.size):
        node = destination[pair]
        least = tree_cost[node]
        out_least[pair] = least
        best = np.inf
        # Summed from the origin on, as in the tree: the same path has the same cost to the bit.
        for path in range(pair_ptr[pair], pair_ptr[pair + 1]):
            path_cost = 0.0
            for i in range(path_ptr[path], path_ptr[path + 1]):
                path_cost += cost[path_links[i]]
            best = min(best, path_cost)
            paid += path_cost * path_flow[path]
        if not least < best:
            continue
        length = 0
        while tree_link[node] >= 0:
            length += 1
            node = tail[tree_link[node]]
        if used + length > out_links.size:
            return -1, paid
        node = destination[pair]
        for i in range(used + length - 1, used - 1, -1):
            out_links[i] = tree_link[node]
            node = tail[tree_link[node]]
        used += length
        out_pair[found] = pair
        out_ptr[found + 1] = used
        found += 1
    return found, paid


@kernel
def merge_columns(
    pair_ptr,
    path_ptr,
    path_links,
    path_flow,
    new_pair,
    new_ptr,
    new_links,
    demand,
    out_pair_ptr,
    out_path_ptr,
    out_path_links,
    out_path_flow,
):
    """Paths in use and new ones, by pair; a pair's first path takes all its demand. Returns the number of paths."""
    paths = 0
    links = 0
    new = 0
    out_pair_ptr[0] = 0
    out_path_ptr[0] = 0
    for pair in range(demand.size):
        for path in range(pair_ptr[pair], pair_ptr[pair + 1]):
            if path_flow[path] > 0.0:
                for i in range(path_ptr[path], path_ptr[path + 1]):
                    out_path_links[links] = path_links[i]
                    links += 1
                out_path_flow[paths] = path_flow[path]
                paths += 1
                out_path_ptr[paths] = links
        if new < new_pair.size and new_pair[new] == pair:
            for i in range(new_ptr[new], new_ptr[new + 1]):
                out_path_links[links] = new_links[i]
                links += 1
            out_path_flow[paths] = demand[pair] if paths == out_pair_ptr[pair] else 0.0
            paths += 1
            out_path_ptr[paths] = links
            new += 1
        out_pair_ptr[pair + 1] = paths
    return paths


@inline_kernel
def _difference_after(step, path_links, from_first, from_last, to_first, to_last, curve, flow, mark, stamp):
    """How much dearer the giving path would still be after a step; links that both share are left out."""
    total = 0.0
    for i in range(from_first, from_last):
        link = path_links[i]
        if mark[link] != stamp + 1:
            total += _cost(curve, link, flow[link] - step)
    for i in range(to_first, to_last):
        link = path_links[i]
        if mark[link] == stamp:
            total -= _cost(curve, link, flow[link] + step)
    return total


@kernel
def shift_flow(from_path, to_path, path_ptr, path_links, path_flow, curve, flow, cost, mark, stamp):
    """Move flow between two paths of a pair, by one Newton step that never goes beyond equal costs.

    ``mark`` (m,) and ``stamp`` (greater than all marks by at least 2) tell which links both share. Returns what
    the giving path's flow paid more than on the other before the step; 0 if it paid nothing more.
    """
    from_first, from_last = path_ptr[from_path], path_ptr[from_path + 1]
    to_first, to_last = path_ptr[to_path], path_ptr[to_path + 1]
    for i in range(to_first, to_last):
        mark[path_links[i]] = stamp
    dearer = 0.0
    steepness = 0.0
    for i in range(from_first, from_last):
        link = path_links[i]
        if mark[link] == stamp:
            mark[link] = stamp + 1
        else:
            dearer += cost[link]
            steepness += _derivative(curve, link, flow[link])
    for i in range(to_first, to_last):
        link = path_links[i]
        if mark[link] == stamp:
            dearer -= cost[link]
            steepness += _derivative(curve, link, flow[link])
    if not dearer > 0.0:
        return 0.0
    have = path_flow[from_path]
    step = have if dearer >= have * steepness else dearer / steepness
    for trial in range(_TRIALS):
        after = _difference_after(step, path_links, from_first, from_last, to_first, to_last, curve, flow, mark, stamp)
        if after >= 0.0:
            break
        step *= dearer / (dearer - after) if trial < _SECANTS else 0.5
    if have - step <= _DUST * have:
        step = have
    path_flow[from_path] = have - step
    path_flow[to_path] += step
    for i in range(from_first, from_last):
        link = path_links[i]
        if mark[link] != stamp + 1:
            flow[link] -= step
            cost[link] = _cost(curve, link, flow[link])
    for i in range(to_first, to_last):
        link = path_links[i]
        if mark[link] == stamp:
            flow[link] += step
            cost[link] = _cost(curve, link, flow[link])
    return dearer * have


@kernel
def balance_pairs(pair_ptr, path_ptr, path_links, path_flow, curve, flow, cost, mark, stamp):
    """Shift flow towards the cheapest path of each pair, pair after pair, at costs that follow every shift.

    Parameters
    ----------
    mark : (m,) int64
        Working memory that calls hand on.
    stamp
        Greater than all marks by at least 2.

    Returns
    -------
    stamp : int
        For the next call.
    excess : float
        What was paid beyond the cheapest paths, each pair at the costs it met.
    """
    excess = 0.0
    for pair in range(pair_ptr.size - 1):
        first, last = pair_ptr[pair], pair_ptr[pair + 1]
        if last - first < 2:
            continue
        cheapest = first
        least = np.inf
        for path in range(first, last):
            path_cost = 0.0
            for i in range(path_ptr[path], path_ptr[path + 1]):
                path_cost += cost[path_links[i]]
            if path_cost < least:
                least = path_cost
                cheapest = path
        for path in range(first, last):
            if path != cheapest and path_flow[path] > 0.0:
                excess += shift_flow(path, cheapest, path_ptr, path_links, path_flow, curve, flow, cost, mark, stamp)
                stamp += 2
    return stamp, excess
