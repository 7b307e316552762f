"""Points along links, against the same said with whole arrays."""

from __future__ import annotations

import numpy as np

from twin.models.road_traffic.records.trace_kernels import points_of, shares_along

PTR = np.array([0, 3, 5, 9, 12])
#: The last link goes nowhere: three vertices at one place.
STEP_M = np.array([3.0, 1.0, 9e9, 4.0, 9e9, 0.0, 2.0, 6.0, 9e9, 0.0, 0.0, 9e9])
SHARES = [0.0, 0.75, 1.0, 0.0, 1.0, 0.0, 0.0, 0.25, 1.0, 0.0, 0.5, 1.0]


def test_every_vertex_has_its_share_of_the_length():
    share = np.full(12, -1.0)
    shares_along(PTR, STEP_M, share)
    assert share.tolist() == SHARES


def test_links_of_one_vertex_of_two_at_one_place_and_shorter_than_a_metre():
    share = np.full(6, -1.0)
    shares_along(np.array([0, 1, 3, 6]), np.array([9e9, 0.0, 9e9, 0.1, 0.3, 9e9]), share)
    np.testing.assert_allclose(share, [0.0, 0.0, 1.0, 0.0, 0.25, 1.0], atol=1e-12)


def test_a_car_is_drawn_at_every_vertex_at_an_even_speed():
    luck = np.random.default_rng(1)
    x_m, y_m, vertex_x_m, vertex_y_m = luck.uniform(0, 100, 6), luck.uniform(0, 100, 6), *luck.uniform(0, 100, (2, 12))
    link_from = np.array([5, 1, 2, 3])
    from_link, to_link = np.array([-1, 2, 0, 3, 1]), np.array([2, 0, 3, 1, -1])
    time_s, on_link_s = np.array([10.0, 30.0, 38.0, 50.0, 70.0]), np.array([0.0, 20.0, 8.0, 12.0, 20.0])
    rows = np.array([0, 1, 2, 4])
    out = np.full(40, -1), *(np.full(40, np.nan) for _ in range(3))
    layer = link_from, x_m, y_m, PTR, vertex_x_m, vertex_y_m
    n = points_of(rows, time_s, from_link, to_link, on_link_s, layer, np.array(SHARES), *out)
    expected = [(0, 10.0, x_m[2], y_m[2])]
    for row in (1, 2, 4):
        link = from_link[row]
        for v in range(PTR[link] + 1, PTR[link + 1]):
            entered_s = time_s[row] - on_link_s[row]
            expected.append((row, entered_s + SHARES[v] * on_link_s[row], vertex_x_m[v], vertex_y_m[v]))
    assert n == len(expected)
    np.testing.assert_allclose(np.column_stack([column[:n] for column in out]), expected, rtol=1e-12)
    assert (out[0][n:] == -1).all()
