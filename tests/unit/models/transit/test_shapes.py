"""Ways as a feed draws them: cut at stops, laid on streets that follow them, drawn as they are elsewhere."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.unit.models.transit.test_residents import LAT, LON, placed
from twin.city.reading.projection import project
from twin.models.transit.bus.params import BusParams
from twin.models.transit.bus.service import BusService
from twin.models.transit.bus.shapes import _cut


def degrees(city, points):
    """Points in metres from the corner of the town, as degrees."""
    import pyproj

    turn = pyproj.Transformer.from_crs(city.crs, "EPSG:4326", always_xy=True)
    x0, y0 = (float(v[0]) for v in project(city.crs, [LON], [LAT]))
    return np.array([turn.transform(x0 + x, y0 + y) for x, y in points])


def feed(city, stops, shape):
    """One trip over stops, along a shape; both in metres from the corner of the town."""
    at = degrees(city, stops)
    times = {
        "route": np.array(["1"] * len(stops)), "trip": np.array(["t"] * len(stops)),
        "sequence": np.arange(len(stops), dtype=float), "stop": np.array([f"p{k}" for k in range(len(stops))]),
        "lat": at[:, 1], "lon": at[:, 0], "arrival_s": 28800.0 + 120 * np.arange(len(stops)),
        "departure_s": 28800.0 + 120 * np.arange(len(stops)), "shape": np.array(["way"] * len(stops)),
    }  # fmt: skip
    drawn = degrees(city, shape)
    shapes = {"shape": np.array(["way"] * len(shape)), "lon": drawn[:, 0], "lat": drawn[:, 1]}
    return {"bus": times, "bus.shapes": shapes}


def service(city, tables):
    return BusService(BusParams(times_table="bus"), city, tables, 1.2)


def test_a_bus_drives_the_streets_that_its_shape_follows_not_the_fastest():
    city = placed()
    # From (0, 0) to (300, 0) by way of the third street: 1,200 m in place of 300 m.
    round_about = [(0, 0), (0, 450), (300, 450), (300, 0)]
    bus = service(city, feed(city, [(0, 0), (300, 0)], round_about))
    assert bus.hop_m(0, 1) == pytest.approx(1200.0)
    assert bus.drawn.told == "shapes: streets follow 1 of 1 hops on the map within 30 m"
    straight = service(city, {k: v for k, v in feed(city, [(0, 0), (300, 0)], round_about).items() if k == "bus"})
    assert straight.hop_m(0, 1) == pytest.approx(300.0)
    assert straight.drawn.told == ""


def test_a_shape_drawn_beside_its_street_is_followed_and_one_across_blocks_is_not():
    city = placed()
    beside = service(city, feed(city, [(5, 8), (450, 8)], [(0, 8), (200, 6), (450, 9)]))
    assert set(beside.drawn.ways) == {(0, 1)}
    across = service(city, feed(city, [(0, 0), (600, 600)], [(0, 0), (600, 600)]))
    assert not across.drawn.ways
    assert (
        "streets follow 0 of 1 hops on the map within 30 m; the others are drawn as the feed draws them: p0 to p1"
        in (across.drawn.told)
    )
    assert across.hop_m(0, 1) == pytest.approx(600 * np.sqrt(2), rel=1e-6)
    trace = across.trace_rows([0])
    x0, y0 = (float(v[0]) for v in project(city.crs, [LON], [LAT]))
    np.testing.assert_allclose(trace["x_m"] - x0, trace["y_m"] - y0, atol=0.1)


def test_a_loop_is_cut_in_the_order_of_its_stops():
    # Round a block twice: the second stop is passed on both rounds, the last one where the first stands.
    ring = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)]
    shape = np.array([*ring, *ring, ring[0]])
    x, y = np.array([0.0, 100.0, 50.0, 100.0, 0.0]), np.array([5.0, 50.0, 100.0, 50.0, 0.0])
    pieces = _cut(shape, x, y)
    lengths = [float(np.hypot(*np.diff(piece, axis=0).T).sum()) for piece in pieces]
    assert lengths == pytest.approx([150.0, 100.0, 300.0, 250.0])
    for piece, (end_x, end_y) in zip(pieces, [(100, 50), (50, 100), (100, 50), (0, 0)], strict=True):
        assert piece[-1] == pytest.approx([end_x, end_y])


def test_shapes_of_another_place_harm_nothing():
    city = placed()
    tables = feed(city, [(0, 0), (300, 0)], [(0, 0), (300, 0)])
    far = {**tables, "bus.shapes": {**tables["bus.shapes"], "lon": tables["bus.shapes"]["lon"] + 0.5}}
    bus = service(city, far)
    assert not bus.drawn.ways
    none = dataclasses.replace(city, drive=dataclasses.replace(city.drive))
    assert service(none, {**tables, "bus.shapes": {k: v[:0] for k, v in tables["bus.shapes"].items()}}).hop_m(0, 1) == (
        pytest.approx(300.0)
    )
