from __future__ import annotations

import dataclasses

import numpy as np

from tests.unit.models.transit.town import town
from twin.models.transit.network import StopNetwork


def test_vans_are_planned_around_streets_that_are_closed_to_them():
    city = town(side=5, every=2)
    stops = city.places_of("stop")
    free = StopNetwork(city, stops)
    way = free.way(0, 2)
    barred = dataclasses.replace(city, closed_to={int(way[0]): ("van",), int(way[1]): ("bus",)})
    lawful = StopNetwork(barred, stops)
    assert int(way[0]) not in lawful.way(0, 2).tolist()
    assert lawful.times.between_s[0, 2] > free.times.between_s[0, 2]
    # Link times of the road change nothing about what the van may use.
    assert lawful.use(2.0 * city.drive.free_time_s)
    assert int(way[0]) not in lawful.way(0, 2).tolist()
    assert not lawful.use(2.0 * city.drive.free_time_s)
    only_buses = dataclasses.replace(city, closed_to={int(way[0]): ("bus",)})
    np.testing.assert_array_equal(StopNetwork(only_buses, stops).way(0, 2), way)
