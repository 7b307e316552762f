"""Kernels of the gravity model against slow, obvious twins; small enough to run uncompiled."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest
from scipy.optimize import minimize

from twin.models.road_traffic.gravity.balance import fit_counts, kernels


@pytest.mark.parametrize("seed", range(4))
def test_balanced_tables_are_those_of_alternate_scaling(seed):
    rng = np.random.default_rng(seed)
    n = 5
    weight = rng.uniform(0.1, 1, (n, n)) * (1 - np.eye(n))
    rows = rng.uniform(1, 2, n)
    columns = rng.permutation(rows)
    expected = weight.copy()
    for _ in range(3000):
        expected *= (rows / expected.sum(axis=1))[:, None]
        expected *= columns / expected.sum(axis=0)
    out = np.empty((n, n))
    assert kernels.balance(weight, rows, columns, 1e-10, 10_000, out) > 0
    np.testing.assert_allclose(out, expected, rtol=1e-8)


def test_sums_that_no_table_has_are_told():
    weight = 1 - np.eye(3)
    out = np.empty((3, 3))
    assert kernels.balance(weight, np.array([9.0, 1, 1]), np.array([9.0, 1, 1]), 1e-10, 500, out) == -1


@pytest.mark.parametrize("seed", range(4))
def test_marked_posts_are_those_on_the_way_to_the_destination(seed):
    rng = np.random.default_rng(seed)
    n, root = 12, 3
    parent = {v: int(rng.choice([u for u in range(n) if u == root or u < v])) for v in range(n) if v != root}
    parent = {v: u if u != v else root for v, u in parent.items()}
    tree = nx.DiGraph(parent.items())
    if not all(nx.has_path(tree, v, root) for v in range(n)):
        parent = dict.fromkeys(parent, root)
        tree = nx.DiGraph(parent.items())
    links = list(parent.items())
    next_link = np.full(n, -1, np.int32)
    for k, (a, _) in enumerate(links):
        next_link[a] = k
    head = np.array([b for _, b in links], np.int32)
    post_links = rng.integers(0, len(links), 6)  # link of each post; two may share one
    order = np.argsort(post_links, kind="stable")
    ptr = np.concatenate([[0], np.cumsum(np.bincount(post_links, minlength=len(links)))])
    nodes = np.arange(n, dtype=np.int32)
    out = np.zeros((n, 6), np.bool_)
    kernels.mark_crossings(next_link, head, nodes, root, ptr, order, out)
    for v in range(n):
        way = set(nx.utils.pairwise(nx.shortest_path(tree, v, root)))
        assert out[v].tolist() == [links[k] in way for k in post_links]


@pytest.mark.parametrize("seed", range(4))
def test_the_cholesky_solution_is_that_of_numpy(seed):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(6, 6))
    matrix, right = a @ a.T + np.eye(6), rng.normal(size=6)
    solution = right.copy()
    assert kernels.solve_positive(matrix.copy(), solution) == -1
    np.testing.assert_allclose(solution, np.linalg.solve(matrix, right), rtol=1e-9)


def test_a_matrix_that_is_not_positive_is_told_by_its_pivot():
    assert kernels.solve_positive(np.diag([1.0, -1.0]), np.ones(2)) == 1


@pytest.mark.parametrize("seed", range(3))
def test_the_fit_is_the_minimum_that_a_general_search_finds(seed):
    rng = np.random.default_rng(seed)
    trips, crosses = rng.uniform(5, 20, 6), rng.random((6, 3)) < 0.5
    count, slack = rng.uniform(10, 40, 3), 0.05

    def loss(log_factor):
        new = trips * np.exp(log_factor)
        entropy = (new * log_factor - new + trips).sum()
        return entropy + ((new @ crosses - count) ** 2 / (2 * slack * count)).sum()

    best = minimize(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(fit_counts(trips, crosses, count, slack), trips * np.exp(best.x), rtol=1e-4)


def balanced(weight, rows, columns, tolerance=1e-9, most=500):
    out = np.full((len(rows), len(rows)), -1.0)
    args = (np.array(weight, float), np.array(rows, float), np.array(columns, float))
    return kernels.balance(*args, tolerance, most, out), out


def test_rounds_are_counted_and_bound_the_search():
    weight = np.random.default_rng(3).uniform(0.1, 2.0, (4, 4))
    sums = ([5.0, 1.0, 2.0, 4.0], [3.0, 3.0, 4.0, 2.0])
    rounds, _ = balanced(weight, *sums)
    assert rounds > 3
    assert balanced(weight, *sums, most=rounds)[0] == rounds
    assert balanced(weight, *sums, most=rounds - 1)[0] == -1
    # Units play no part: weights and trips far below one take the same rounds.
    small = [[0.1 * value for value in side] for side in sums]
    assert balanced(0.001 * weight, *small)[0] == rounds
    assert balanced(0.001 * weight, *small, most=rounds - 1)[0] == -1
    # Rows that fit by chance do not end the search before columns had their turn; a table that fits ends it then.
    rounds, trips = balanced([[1.0, 3.0], [2.0, 2.0]], [4.0, 4.0], [4.0, 4.0])
    assert rounds > 2
    np.testing.assert_allclose(trips.sum(axis=0), 4.0, rtol=1e-8)
    assert balanced([[2.0, 2.0], [2.0, 2.0]], [4.0, 4.0], [4.0, 4.0], tolerance=0.0)[0] == 2


def test_a_zone_that_nobody_leaves_or_reaches_stays_empty():
    rounds, trips = balanced([[1.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 0.0]], [3.0, 2.0, 0.0], [1.0, 4.0, 0.0])
    assert rounds > 1
    np.testing.assert_allclose(trips.sum(axis=1), [3.0, 2.0, 0.0], atol=1e-8)
    rounds, trips = balanced(np.ones((3, 3)), [3.0, 2.0, 0.0], [1.0, 4.0, 0.0])
    assert rounds > 1
    np.testing.assert_allclose(trips.sum(axis=0), [1.0, 4.0, 0.0], atol=1e-8)


def test_whoever_cannot_reach_the_destination_crosses_the_posts_up_to_where_the_way_ends():
    """Links 0 and 1 lead from node 0 over 1 to 2, where the way ends; 3 and 2 from node 5 over 3 to the goal, 4."""
    next_link, head = np.array([0, 1, -1, 2, -1, 3], np.int32), np.array([1, 2, 4, 3], np.int32)
    crosses = np.zeros((3, 3), bool)
    nodes = np.array([0, 3, 4], np.int32)
    kernels.mark_crossings(next_link, head, nodes, 4, np.array([0, 1, 1, 3, 3]), np.array([0, 1, 2]), crosses)
    assert crosses.tolist() == [[True, False, False], [False, True, True], [False, False, False]]


def test_pairs_without_trips_stay_without_and_a_pivot_of_zero_is_told():
    out = np.full(3, -1.0)
    ptr, posts = np.array([0, 1, 2, 2]), np.array([0, 1])
    total = kernels.tilt(np.array([2.0, 0.0, 0.5]), ptr, posts, np.array([math.log(3.0), 9.0]), out)
    np.testing.assert_allclose(out, [6.0, 0.0, 0.5])
    assert total == pytest.approx(6.5)
    assert kernels.solve_positive(np.zeros((1, 1)), np.ones(1)) == 0
