from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from twin.errors import RunError
from twin.results.run_folder import Run
from twin.service_scene import tracks
from twin.viz.run_view import read_run_view
from twin.viz.tracks import FRAMES_PER_S, NO_DATE, write_moving_features, write_pedpy
from twin.viz.trips import trip_starts


@pytest.fixture(scope="module")
def run(demo_folder):
    return Run(demo_folder)


def test_moving_features_hold_every_recorded_point_once_by_time(run, demo, tmp_path):
    told = json.loads(write_moving_features(run, tmp_path / "m.json").read_text(encoding="utf-8"))
    seen = read_run_view(run).traces
    starts = trip_starts(seen)
    assert told["type"] == "FeatureCollection"
    assert told["properties"]["date_known"] is False
    assert len(told["features"]) == len(starts) - 1
    ids = set()
    points = 0
    for feature in told["features"]:
        ids.add(feature["id"])
        moving, state = feature["temporalGeometry"], feature["temporalProperties"][0]
        moments = [datetime.fromisoformat(text) for text in moving["datetimes"]]
        assert (moving["type"], moving["interpolation"]) == ("MovingPoint", "Linear")
        assert all(a < b for a, b in itertools.pairwise(moments))
        assert len(moments) == len(moving["coordinates"]) == len(state["state"]["values"])
        points += len(moments)
        n = len(ids) - 1
        start = datetime.fromisoformat(NO_DATE) + timedelta(seconds=float(seen.time_s[starts[n]]))
        assert abs(moments[0] - start) <= timedelta(milliseconds=1)
        last = starts[n + 1] - 1
        assert moving["coordinates"][-1] == pytest.approx([seen.lon_deg[last], seen.lat_deg[last]], abs=1e-7)
    assert len(ids) == len(told["features"])
    moments_of_trips = [len(np.unique(seen.time_s[a:b])) for a, b in itertools.pairwise(starts)]
    assert points == sum(moments_of_trips)
    assert demo.HOSTILE not in told["properties"]["variant"]


def test_tracks_for_pedpy_are_the_walkers_of_the_table_frame_by_frame(run, tmp_path):
    path = write_pedpy(run, tmp_path / "p.txt")
    head = path.read_text(encoding="utf-8").splitlines()[:3]
    assert head[0] == f"# framerate: {FRAMES_PER_S:g}"
    assert head[1] == "# id frame x/m y/m"
    rows = np.loadtxt(path)
    corner = [float(v) for v in head[2].split("from ")[1].split(" in ")[0].split(", ")]
    table, seen = run.table("traces"), read_run_view(run)
    walker = int(seen.bodies.index("walker"))
    order = np.lexsort((table["time_s"], table["trip"], table["id"], table["body"]))
    starts = trip_starts(seen.traces)
    trips = [(a, b) for a, b in itertools.pairwise(starts) if seen.traces.body[a] == walker]
    assert len(np.unique(rows[:, 0])) == len(trips) > 10
    for number in (1, len(trips)):
        first, end = trips[number - 1]
        own = rows[rows[:, 0] == number]
        assert (np.diff(own[:, 1]) == 1).all()
        for frame, x, y in own[:: max(1, len(own) // 5), 1:]:
            at_s = seen.from_s + frame / FRAMES_PER_S
            for value, name, low in ((x, "x_m", corner[0]), (y, "y_m", corner[1])):
                truth = np.interp(at_s, table["time_s"][order][first:end], table[name][order][first:end])
                assert value + low == pytest.approx(truth, abs=2e-3)


def test_all_forms_are_written_and_geoparquet_keeps_the_metres_of_the_city(run, tmp_path):
    import geopandas as gpd

    written = {path.name: path for path in tracks(run, tmp_path / "夢洲")}
    assert {"moving-features.json", "pedpy.txt", "drive.parquet", "trips.parquet"} <= set(written)
    drive = gpd.read_parquet(written["drive.parquet"])
    assert drive.crs.to_epsg() == 6674
    assert drive.geometry.equals(run.layer("drive").geometry)
    assert not list((tmp_path / "夢洲").glob("*.tmp"))


def test_a_run_without_traces_says_so_and_writes_nothing(demo, tmp_path):
    bare = Run(demo.make_demo_run(tmp_path / "run", with_traces=False))
    with pytest.raises(RunError, match="no record of movements"):
        tracks(bare, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_who_stays_is_no_track_and_walks_on_as_another(run, tmp_path, monkeypatch):
    seen = read_run_view(run)
    state = seen.traces.state.copy()
    walker, staying = seen.bodies.index("walker"), seen.body_states["walker"].index("staying")
    starts = trip_starts(seen.traces)
    first = next(a for a, b in itertools.pairwise(starts) if seen.traces.body[a] == walker and b - a >= 4)
    state[seen.traces.body == walker] = seen.body_states["walker"].index("walking")
    whole = len(np.loadtxt(_written(seen, state, run, tmp_path / "a.txt", monkeypatch)))
    state[first + 1] = staying
    rows = np.loadtxt(_written(seen, state, run, tmp_path / "b.txt", monkeypatch))
    stay_s = seen.traces.time_s[first + 2] - seen.traces.time_s[first + 1]
    assert whole - len(rows) == pytest.approx(stay_s * FRAMES_PER_S, abs=1)
    walkers = sum(seen.traces.body[a] == walker for a in starts[:-1])
    assert len(np.unique(rows[:, 0])) == walkers + 1


def _written(seen, state, run, path, monkeypatch):
    changed = replace(seen, traces=replace(seen.traces, state=state))
    monkeypatch.setattr("twin.viz.tracks.read_run_view", lambda _: changed)
    return write_pedpy(run, path)


def test_tracks_of_nobody_on_foot_are_refused(demo, tmp_path):
    run = Run(demo.make_demo_run(tmp_path / "run", walkers=0))
    with pytest.raises(RunError, match="nobody on foot"):
        write_pedpy(run, tmp_path / "p.txt")
