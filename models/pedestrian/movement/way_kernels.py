"""Ways of many: the recursive logit on the links that lead closer to a place."""

from __future__ import annotations

import math

import numpy as np

from twin.jit import lean_kernel


@lean_kernel
def spread_ways(
    order,
    out_ptr,
    link_to,
    far,
    link_cost,
    link_local,
    scale,
    link_length_m,
    link_wait_s,
    out_share,
    out_cost,
    out_m,
    out_s,
):
    """Shares of links, and cost, metres and wait to the place at the head of ``order``, nodes by growing least cost.

    Parameters
    ----------
    order : (r,) int64
        Nodes from which there is a way, nearest first; the place itself is the first.
    far : (n,) float64
        Least cost to the place.
    out_share : (m,) float32
        Filled; 0 on links that do not lead closer.
    out_cost, out_m, out_s : (n,) float64
        Filled for the nodes of ``order``: -V, expected metres and expected wait.
    """
    per_scale = 1.0 / scale
    for n in range(order.size):
        node = order[n]
        out_m[node] = 0.0
        out_s[node] = 0.0
        out_cost[node] = 0.0
        if n == 0:
            continue
        best = -np.inf
        best_drawn = -np.inf
        for link in range(out_ptr[node], out_ptr[node + 1]):
            to = link_to[link]
            if far[to] < far[node]:
                value = -link_cost[link] - out_cost[to]
                best = max(best, value)
                best_drawn = max(best_drawn, value + link_local[link])
        total = 0.0
        drawn = 0.0
        for link in range(out_ptr[node], out_ptr[node + 1]):
            to = link_to[link]
            if far[to] < far[node]:
                value = -link_cost[link] - out_cost[to]
                total += math.exp((value - best) * per_scale)
                drawn += math.exp((value + link_local[link] - best_drawn) * per_scale)
        for link in range(out_ptr[node], out_ptr[node + 1]):
            to = link_to[link]
            if far[to] < far[node]:
                value = -link_cost[link] - out_cost[to]
                share = math.exp((value + link_local[link] - best_drawn) * per_scale) / drawn
                out_share[link] = share
                out_m[node] += share * (link_length_m[link] + out_m[to])
                out_s[node] += share * (link_wait_s[link] + out_s[to])
        out_cost[node] = -best - scale * math.log(total)
