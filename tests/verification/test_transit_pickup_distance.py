"""An idle fleet sends the nearest van: mean drives that follow from geometry alone."""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification.transit_cases import draws, grid_metres, pickup_metres
from twin.models.transit.fleet.rows import new_times


def expected_on_grid(side, spacing_m, vans):
    """Mean distance from an even node to the nearest of ``vans`` even nodes: the sum of P(distance > k)."""
    metres = grid_metres(side, spacing_m)
    steps = np.arange(0, metres.max() + spacing_m, spacing_m)
    farther = np.array([(metres > step + 1e-6).mean(axis=1) for step in steps])
    return float((farther**vans).mean(axis=1).sum() * spacing_m)


@pytest.mark.parametrize(("side", "spacing_m", "vans", "published_m"), [(31, 100, 12, 607.0), (51, 200, 200, 446.0)])
def test_mean_pickup_distance_on_a_grid(side, spacing_m, vans, published_m):
    expected_m = expected_on_grid(side, spacing_m, vans)
    assert expected_m == pytest.approx(published_m, rel=0.01)
    nodes = side * side
    metres = new_times(grid_metres(side, spacing_m), np.arange(nodes))
    placements, each = 2400, 20
    seen = []
    for k in range(placements):
        van_stops = (draws(1000 + k, vans, "vans") * nodes).astype(np.int32)
        origins = (draws(1000 + k, each, "origins") * nodes).astype(np.int32)
        seen.append(pickup_metres(metres, van_stops, origins, (origins + 1) % nodes).mean())
    mean_m, error_m = np.mean(seen), np.std(seen, ddof=1) / np.sqrt(placements)
    assert error_m < 0.004 * expected_m
    assert abs(mean_m - expected_m) < 3 * error_m
    assert mean_m == pytest.approx(published_m, rel=0.01)


def test_mean_pickup_distance_on_a_torus():
    # Along streets the reach within r is the square 2 r^2, so the nearest of a Poisson field of density D is at
    # a mean of sqrt(pi / 8) / sqrt(D) = 0.626657 / sqrt(D).
    vans, each, side_m = 200, 200, 10_000.0
    expected_m = np.sqrt(np.pi / 8) / np.sqrt(vans / side_m**2)
    assert np.sqrt(np.pi / 8) == pytest.approx(0.626657, abs=1e-6)
    seen = []
    for k in range(200):
        x, y = (draws(5000 + k, vans + each, what) * side_m for what in ("x", "y"))
        apart = [np.abs(v[:, None] - v) for v in (x, y)]
        metres = sum(np.minimum(d, side_m - d) for d in apart)
        origins = np.arange(vans, vans + each)
        at_1_mps = new_times(metres, np.arange(vans + each))
        seen.append(pickup_metres(at_1_mps, np.arange(vans), origins, np.roll(origins, 1)).mean())
    mean_m, error_m = np.mean(seen), np.std(seen, ddof=1) / np.sqrt(len(seen))
    assert error_m < 0.004 * expected_m
    # With exactly 200 vans instead of a Poisson number the mean is lower by a factor of about 1 - 3 / (8 * 200).
    assert mean_m == pytest.approx(expected_m, rel=0.01)
