from __future__ import annotations

import shutil

import numpy as np
import pytest

from twin.errors import RunError
from twin.results.run_folder import Run, read_json
from twin.viz.run_view import read_run_view


@pytest.fixture
def copy(demo_folder, tmp_path):
    return shutil.copytree(demo_folder, tmp_path / "run")


def revouch(demo, folder, **changes):
    old = read_json(folder / "manifest.json")
    demo.write_manifest(folder, old["rows"], **{"title": old["title"]} | changes)
    return Run(folder)


def test_positions_come_back_in_degrees(demo, run_view):
    truth = [point for _, _, points in demo.demo_paths(14, 60) for point in points]
    lon, lat = np.array([p[1] for p in truth]), np.array([p[2] for p in truth])
    # 32-bit metres near 140 000 are steps of 1/64 m.
    assert np.sort(run_view.traces.lon_deg) == pytest.approx(np.sort(lon), abs=3e-7)
    assert np.sort(run_view.traces.lat_deg) == pytest.approx(np.sort(lat), abs=3e-7)


def test_points_are_sorted_along_each_trip(run_view):
    traces = run_view.traces
    same = (np.diff(traces.body) == 0) & (np.diff(traces.id) == 0) & (np.diff(traces.trip) == 0)
    assert np.all(np.diff(traces.time_s)[same] >= 0)


def test_a_run_without_tables_is_read_all_the_same(demo, tmp_path):
    view = read_run_view(Run(demo.make_demo_run(tmp_path / "bare", with_traces=False, with_queue=False, places=[])))
    assert len(view.traces.time_s) == 0
    assert view.tables == {}
    assert view.places == ()


def test_a_title_in_one_language_stands_for_both(demo, copy):
    run = revouch(demo, copy, title={"ja": "朝"})
    assert read_run_view(run).title == {"ja": "朝", "en": "朝"}


def test_a_changed_file_is_refused(copy):
    with (copy / "geometry.npz").open("ab") as file:
        file.write(b"x")
    with pytest.raises(RunError, match="not as it was written"):
        read_run_view(Run(copy))


def test_pickled_objects_are_never_loaded(demo, copy):
    np.savez(copy / "geometry.npz", **{"drive/vertex_ptr": np.array([{"a": 1}], object)})
    with pytest.raises(RunError, match="the street shapes cannot be read"):
        read_run_view(revouch(demo, copy))


def test_shapes_that_do_not_fit_together_are_refused(demo, copy):
    arrays = dict(np.load(copy / "geometry.npz"))
    arrays["drive/vertex_ptr"][-1] += 1
    np.savez(copy / "geometry.npz", **arrays)
    with pytest.raises(RunError, match="do not fit together"):
        read_run_view(revouch(demo, copy))


@pytest.mark.parametrize("value", [np.nan, np.inf, 200.0])
def test_a_vertex_that_lies_nowhere_is_named(demo, copy, value):
    arrays = dict(np.load(copy / "geometry.npz"))
    arrays["drive/vertex_lon_deg"][3] = value
    np.savez(copy / "geometry.npz", **arrays)
    with pytest.raises(RunError, match=f"row 3 lies nowhere on the map: {value}"):
        read_run_view(revouch(demo, copy))


@pytest.mark.parametrize("crs", ["EPSG:1", "+proj=pipeline +step +proj=../../x", "EPSG:999999", ""])
def test_a_crs_that_is_none_is_refused(demo, copy, crs):
    city = read_json(copy / "manifest.json")["city"] | {"crs": crs}
    with pytest.raises(RunError, match="the CRS"):
        read_run_view(revouch(demo, copy, city=city))


@pytest.mark.parametrize("clock", [{"start_s": "8"}, {"start_s": True, "end_s": 3}, None])
def test_a_clock_that_is_none_is_refused(demo, copy, clock):
    run = revouch(demo, copy, clock=clock)
    with pytest.raises(RunError, match=r"clock|start_s"):
        read_run_view(run)


def test_a_table_that_lacks_a_column_is_refused(demo, copy):
    import pyarrow.parquet as pq

    path = copy / "tables" / "traces.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["state"]), path)
    with pytest.raises(RunError, match="no column 'state'"):
        read_run_view(revouch(demo, copy))


def test_codes_of_bodies_are_those_that_the_run_says(demo, copy, run_view):
    # Vans stand for 3 here and trucks for 1, as where models stand in another order; 4 is of a model we lack.
    said = {
        "truck": {"code": 1, "states": ["booked", "ordinary"]},
        "van": {"code": 3, "states": ["loaded", "empty"]},
        "tram": {"code": 4, "states": ["driving"]},
    }
    view = read_run_view(revouch(demo, copy, bodies=said))
    names = {view.bodies[code]: int(np.sum(view.traces.body == code)) for code in np.unique(view.traces.body)}
    ours = {name: int(np.sum(run_view.traces.body == code)) for code, name in enumerate(run_view.bodies)}
    assert names == {"van": ours["truck"], "truck": ours["van"], "tram": ours["walker"]}
    assert view.body_states["van"] == ("loaded", "empty")
    keys = list(zip(view.traces.body, view.traces.id, view.traces.trip, view.traces.time_s, strict=True))
    assert keys == sorted(keys)


def test_codes_that_a_run_does_not_explain_are_still_drawn(demo, copy):
    view = read_run_view(revouch(demo, copy, bodies={"truck": {"code": 3, "states": ["booked", "ordinary"]}}))
    assert {view.bodies[code] if code < len(view.bodies) else code for code in np.unique(view.traces.body)} == {
        "truck",
        255,
    }


@pytest.mark.parametrize(
    "bodies",
    [
        {"truck": {"code": 256, "states": []}},
        {"truck": {"code": -1, "states": []}},
        {"<b>": {"code": 1, "states": []}},
        {"truck": {"code": 1, "states": ["<script>"]}},
        {"truck": 1},
        [],
    ],
)
def test_bodies_that_no_run_writes_are_refused(demo, copy, bodies):
    with pytest.raises(RunError, match="bodies"):
        revouch(demo, copy, bodies=bodies)
