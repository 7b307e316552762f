from __future__ import annotations

import numpy as np
import pytest

from twin.errors import RunError
from twin.notebook import InlineScene
from twin.results.run_folder import Run
from twin.viz.geo_frames import layers_of


@pytest.fixture(scope="module")
def run(demo_folder):
    return Run(demo_folder)


def test_streets_are_lines_in_the_metres_of_the_city(run, demo):
    drive = run.layer("drive")
    assert drive.crs.to_epsg() == 6674
    assert len(drive) == len(demo.drive_links())
    assert drive["street"].iloc[0] == "御堂筋"
    # Midosuji from north to south: 34.7016 to 34.6665 degrees are 3.9 km of meridian.
    assert drive.geometry.iloc[0].length == pytest.approx(3895, rel=0.01)


def test_places_lie_where_their_degrees_say(run):
    back = run.layer("places").to_crs("EPSG:4326").set_index("id")
    gate = back.loc["osaka_yumeshima/gate/1"].geometry
    assert (gate.x, gate.y) == pytest.approx((135.3936, 34.6492), abs=1e-7)


def test_trips_are_the_paths_of_the_tables(run):
    trips, table = run.layer("trips"), run.table("traces")
    assert len(trips) == len(np.unique(np.stack([table["body"].astype(np.uint64), table["id"]], axis=1), axis=0))
    van = trips[trips["body"] == "van"].iloc[0]
    rows = table["id"] == van["id"]
    assert np.array(van.geometry.coords) == pytest.approx(
        np.stack([table["x_m"][rows], table["y_m"][rows]], axis=1).astype(float), abs=1e-3
    )
    assert (van["from_s"], van["to_s"]) == (table["time_s"][rows].min(), table["time_s"][rows].max())


def test_rows_of_a_table_by_link_come_with_their_link(run):
    flows, drive = run.layer("road_links"), run.layer("drive")
    assert flows["inflow_count"].sum() == run.table("road_links")["inflow_count"].sum()
    for row in flows.itertuples():
        assert row.geometry.equals(drive.geometry.iloc[row.link_index])


def test_a_layer_that_is_not_there_is_an_error_that_names_those_that_are(run):
    with pytest.raises(RunError, match="there is no layer 'subway'") as caught:
        run.layer("subway")
    assert "drive, walk, places, scenery, trips, road_links" in str(caught.value)
    assert layers_of(run)[-1] == "road_links"


def test_every_layer_that_is_named_can_be_had(run):
    for name in layers_of(run):
        assert run.layer(name).crs.to_epsg() == 6674


def test_a_run_without_traces_has_no_trips(demo, tmp_path):
    with pytest.raises(RunError, match="there is no layer 'trips'"):
        Run(demo.make_demo_run(tmp_path / "bare", with_traces=False)).layer("trips")


def test_a_scene_in_a_notebook_is_a_frame_that_reaches_nothing_around_it(run, demo):
    shown = run.view(lang="en", height_px=300)
    assert isinstance(shown, InlineScene)
    frame = shown._repr_html_()
    assert frame.startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    assert 'sandbox="allow-scripts"' in frame
    assert "height:300px" in frame
    assert frame.count("<") == 2  # the frame itself: nothing of the page stands outside its words
    assert demo.HOSTILE not in frame
