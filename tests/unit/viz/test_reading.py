from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.viz.test_markings import FRAME, both_ways, streets
from twin.columns import TABLES
from twin.engine.ids import Kind, make_id
from twin.viz.packs import SECOND_STEP, unpack_columns
from twin.viz.reading import SERVICE_BOUNDS, add_reading

ORIGIN = (FRAME.lon_deg, FRAME.lat_deg)


def table(name, **columns):
    """A table with some columns given and the others empty."""
    rows = len(next(iter(columns.values())))
    out = {column.name: np.zeros(rows, column.dtype) for column in TABLES[name].columns}
    return out | {
        key: np.array(values, None if out[key].dtype.kind == "U" else out[key].dtype) for key, values in columns.items()
    }


def test_rides_stand_by_van_and_boarding_and_only_those_that_were_served(run_view):
    vans = [make_id(Kind.VAN, 0, n) for n in (1, 0)]
    requests = table(
        "transit_requests",
        id=[1, 2, 3],
        van=[vans[0], vans[1], 0],
        party=[2, 1, 4],
        from_stop=[1, 0, 0],
        pickup_s=[30_000.0, 29_000.0, np.nan],
        dropoff_s=[31_000.0, 29_500.0, np.nan],
        promised_dropoff_s=[31_240.0, np.nan, np.nan],
    )
    stops = table("transit_stops", stop_index=[0, 1], stop=["osaka_ikuno/stop/000", "x"], name_ja=["停", "留"])
    packs = {}
    facts = add_reading(replace(run_view, tables={"transit_requests": requests, "transit_stops": stops}), ORIGIN, packs)
    rides = unpack_columns(packs["rides"])
    assert rides["party"].tolist() == [1, 2]
    assert [facts["vans"][v][1] for v in rides["van"]] == [0, 1]
    assert (rides["by"][1] - rides["dropoff"][1]) * SECOND_STEP == pytest.approx(240.0)
    assert facts["stops"][0]["at"] == [135.528, 34.64]
    assert facts["stops"][1] == {"ja": "留", "en": "留", "at": []}


def test_service_is_the_density_of_both_directions_on_the_width_of_the_path(run_view):
    # 50 m of 2 m: a hundred square metres. 60 people one way and 50 the other are 1.1 a square metre, level E.
    walk = streets(*both_ways(0, (0, 0), (50, 0)))
    links = table(
        "pedestrian_links",
        from_s=[28_800.0, 28_800.0, 29_700.0, 31_500.0],
        link_index=[0, 1, 0, 1],
        person_s=[60 * 900.0, 50 * 900.0, 900.0, 900.0],
        clear_width_m=[2.0, 2.0, 2.0, 2.0],
    )
    packs = {}
    facts = add_reading(replace(run_view, walk=walk, tables={"pedestrian_links": links}), ORIGIN, packs)
    service = unpack_columns(packs["service"])
    assert facts["service"]["period_s"] == 900.0
    # Level E, then A, nobody for a quarter of an hour, A again, nobody.
    expected = [(0.0, 5), (900.0, 1), (1800.0, 0), (2700.0, 1), (3600.0, 0)]
    assert list(zip(service["time"].tolist(), service["level"].tolist(), strict=True)) == expected
    assert set(service["row"].tolist()) == {0}


def test_bounds_of_the_levels_are_those_of_fruin_in_people_on_a_square_metre():
    assert pytest.approx([1 / area for area in (3.24, 2.32, 1.39, 0.93, 0.46)], rel=2e-3) == SERVICE_BOUNDS


def test_a_run_without_such_tables_tells_nothing(run_view):
    packs = {}
    facts = add_reading(replace(run_view, tables={}), ORIGIN, packs)
    assert packs == {}
    assert [facts["stops"], facts["service"]] == [[], None]
    # Vans of the traces have numbers all the same, but no seats.
    assert [van[1:] for van in facts["vans"]] == [[serial, 0] for serial in range(10)]
