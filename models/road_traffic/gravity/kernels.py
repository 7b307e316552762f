"""Kernels of the gravity model: balancing, paths over counted links, and the fit to counts.

Sums are made in loops of their own, in a fixed order: those of a linear-algebra library may change with threads.
"""

from __future__ import annotations

import math

import numpy as np

from twin.jit import kernel

_HUGE = 1e100


@kernel
def balance(weight, rows, columns, tolerance, most, out_trips):
    """Factors per row and column that make ``weight`` (n, n) sum to ``rows`` and ``columns`` (Furness).

    Returns
    -------
    int
        Rounds made; -1 if row sums still miss by more than ``tolerance`` (relative) after ``most`` rounds, or if
        factors grow without end, as they do where no table has the sums.
    """
    n = rows.size
    a = np.ones(n)
    b = np.ones(n)
    for done in range(1, most + 1):
        worst = 0.0
        for i in range(n):
            total = 0.0
            for j in range(n):
                total += weight[i, j] * b[j]
            # After the columns' turn they are exact: what rows miss tells how far the factors still are.
            if rows[i] > 0.0:
                worst = max(worst, abs(a[i] * total / rows[i] - 1.0))
            a[i] = rows[i] / total if total > 0.0 else 0.0
            if not a[i] < _HUGE:
                return -1
        if worst <= tolerance and done > 1:
            break
        for j in range(n):
            total = 0.0
            for i in range(n):
                total += weight[i, j] * a[i]
            b[j] = columns[j] / total if total > 0.0 else 0.0
    for i in range(n):
        for j in range(n):
            out_trips[i, j] = a[i] * weight[i, j] * b[j]
    return done if worst <= tolerance else -1


@kernel
def mark_crossings(next_link, head, nodes, destination, post_ptr, posts, out_crosses):
    """Which count posts the shortest path from each of ``nodes`` (n,) to ``destination`` crosses.

    ``next_link`` is the tree towards the destination; link l is counted by ``posts[post_ptr[l]:post_ptr[l + 1]]``;
    ``out_crosses`` is (n, posts), False before the call.
    """
    for i in range(nodes.size):
        node = nodes[i]
        while node != destination and next_link[node] >= 0:
            link = next_link[node]
            for k in range(post_ptr[link], post_ptr[link + 1]):
                out_crosses[i, posts[k]] = True
            node = head[link]


@kernel
def tilt(trips, pair_ptr, pair_posts, multiplier, out_trips):
    """Trips of pair k times exp of the multipliers of ``pair_posts[pair_ptr[k]:pair_ptr[k + 1]]``; their sum."""
    total = 0.0
    for pair in range(trips.size):
        power = 0.0
        for k in range(pair_ptr[pair], pair_ptr[pair + 1]):
            power += multiplier[pair_posts[k]]
        # A trial step may go far beyond what is useful; there only its size matters.
        out_trips[pair] = trips[pair] * math.exp(min(power, 300.0)) if trips[pair] > 0.0 else 0.0
        total += out_trips[pair]
    return total


@kernel
def shared_flows(trips, pair_ptr, pair_posts, out_shared):
    """Trips over each two posts: ``out_shared`` (posts, posts); its diagonal is the flow at each post."""
    out_shared[:, :] = 0.0
    for pair in range(trips.size):
        for k in range(pair_ptr[pair], pair_ptr[pair + 1]):
            for other in range(pair_ptr[pair], pair_ptr[pair + 1]):
                out_shared[pair_posts[k], pair_posts[other]] += trips[pair]


@kernel
def solve_positive(matrix, right):
    """Solve a symmetric positive definite system in place (Cholesky); the first bad pivot, or -1."""
    n = right.size
    for j in range(n):
        pivot = matrix[j, j]
        for k in range(j):
            pivot -= matrix[j, k] * matrix[j, k]
        if not pivot > 0.0:
            return j
        matrix[j, j] = math.sqrt(pivot)
        for i in range(j + 1, n):
            rest = matrix[i, j]
            for k in range(j):
                rest -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = rest / matrix[j, j]
    for i in range(n):
        for k in range(i):
            right[i] -= matrix[i, k] * right[k]
        right[i] /= matrix[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            right[i] -= matrix[k, i] * right[k]
        right[i] /= matrix[i, i]
    return -1
