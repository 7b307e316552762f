from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pyproj import Transformer

from tests.unit.viz.test_reading import table
from twin.viz.kerbside import BAY_M, kerb_bays
from twin.viz.packs import DEGREE_STEP, SECOND_STEP, unpack_columns
from twin.viz.run_view import Streets
from twin.viz.shapes import Frame

AT = (135.5003, 34.6772)
FRAME = Frame(*AT)


@pytest.fixture
def run(run_view):
    """A pocket of three bays 6 m west of a street that leads north, another of one bay."""
    degrees = FRAME.degrees(np.array([[-6.0, 0.0], [-6.0, 60.0]]))
    x_m, y_m = Transformer.from_crs("EPSG:4326", "EPSG:6674", always_xy=True).transform(*degrees.T)
    pockets = table(
        "kerb_pockets", pocket=[0, 1], edge=[0, 0], first_bay=[0, 3], bays=[3, 1], x_m=list(x_m), y_m=list(y_m)
    )
    edges = table("kerb_edges", edge=[0], link_index=[0])
    stands = table(
        "kerb_stands",
        mode=["bay", "lane", "bay", "bay"],
        bay=[3, -1, 1, 1],
        from_s=[30_000.0, 30_000.0, 31_000.0, 29_500.0],
        to_s=[30_600.0, 30_100.0, 31_300.0, 29_900.0],
    )
    line = FRAME.degrees(np.array([[0.0, -100.0], [0.0, 100.0]]))
    drive = Streets(np.array([0, 2]), line[:, 0], line[:, 1], np.array([2]))
    return replace(
        run_view,
        crs="EPSG:6674",
        drive=drive,
        tables={"kerb_pockets": pockets, "kerb_edges": edges, "kerb_stands": stands},
    )


def test_bays_lie_one_behind_the_other_along_the_street(run):
    bays = unpack_columns(kerb_bays(run, AT)["bays"])
    at = np.stack([bays["lon"], bays["lat"]], axis=1) * DEGREE_STEP * FRAME.scale
    middle = np.array([at[a : b - 1].mean(axis=0) for a, b in zip(bays["start"], bays["start"][1:], strict=False)])
    assert middle[:, 0] == pytest.approx(np.full(4, -6.0), abs=0.3)
    assert np.sort(middle[:3, 1]) == pytest.approx([-BAY_M, 0.0, BAY_M], abs=0.3)
    assert middle[3, 1] == pytest.approx(60.0, abs=0.3)


def test_stands_in_bays_are_those_of_the_table_by_bay_and_time(run):
    stands = unpack_columns(kerb_bays(run, AT)["stands"])
    assert stands["bay"].tolist() == [1, 1, 3]
    assert (stands["from"] * SECOND_STEP + run.from_s).tolist() == [29_500.0, 31_000.0, 30_000.0]
    assert (stands["to"] * SECOND_STEP + run.from_s).tolist() == [29_900.0, 31_300.0, 30_600.0]


def test_a_run_without_a_kerb_has_no_bays(run_view):
    assert kerb_bays(run_view, AT) == {}
