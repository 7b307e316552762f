"""Real maps as scenes, where the data lie beside this checkout: what is read is drawn, the rest counted."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.city.conftest import shared
from twin.city.keeping.build import build_city
from twin.city.keeping.geometry import geometry_arrays
from twin.npz import write_npz
from twin.results.run_folder import Run
from twin.viz.map_layers import build_scene
from twin.viz.packs import unpack_columns
from twin.viz.run_view import read_run_view

#: Two streets through Kyobashi, made up: there is no street map of it among the data.
KYOBASHI = """<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">
<node id="1" lat="34.6914" lon="135.5300"/><node id="2" lat="34.6960" lon="135.5300"/>
<node id="3" lat="34.7003" lon="135.5300"/><node id="4" lat="34.6960" lon="135.5249"/>
<node id="5" lat="34.6960" lon="135.5377"/>
<way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/></way>
<way id="11"><nd ref="4"/><nd ref="2"/><nd ref="5"/><tag k="highway" v="primary"/></way></osm>"""


@pytest.fixture
def scene(demo, tmp_path):
    """Make the scene of a city: its geometry in a run folder in which nobody moves."""

    def made(city):
        folder = demo.make_demo_run(tmp_path / "run", places=[], with_traces=False, with_queue=False)
        write_npz(folder / "geometry.npz", geometry_arrays(city))
        facts = {"name": city.name, "schematic": city.schematic, "crs": city.crs, "attribution": list(city.attribution)}
        demo.write_manifest(folder, {}, {"en": city.name}, city=facts)
        return build_scene(read_run_view(Run(folder)))

    return made


def test_every_building_of_kyobashi_stands_in_its_scene_or_is_counted(scene, tmp_path):
    streets = tmp_path / "kyobashi.osm"
    streets.write_text(KYOBASHI, encoding="utf-8")
    city = build_city(streets, scenery=[shared("osaka-kyobashi-plateau/buildings.geojson.gz")])
    parts = scene(city)
    told = parts.facts["buildings"]
    # A few buildings have several outlines; slivers below a square metre are left out and counted.
    outlines = int((city.scenery.ring_role == 0).sum())
    assert told["shown"] == told["found"] == outlines - told["broken"]
    assert told["found"] >= 2122 - told["broken"] >= 2110
    assert not told["schematic"]
    walls = unpack_columns(parts.packs["buildings"])
    assert walls["top_dm"].max() == 1669
    # A height is known of 1,966 footprints as measured; who made the file read others off the mesh.
    assert told["unknown"] == np.isnan(city.scenery.height_m).sum() <= 2122 - 1966
    assert (walls["top_dm"] > walls["base_dm"]).all()


@pytest.mark.parametrize(
    ("file", "least", "also"),
    [
        ("sapporo-station-osm/Hokudai-SatsuEki.00.orig.osm.gz", 250, {"green", "rails"}),
        ("dense-city-osm-raw/Helsinki.osm.pbf", 350, {"green", "rails", "water"}),
        ("osaka-kita-osm-drive/kita_drive_reconstructed.osm.gz", 0, {"blocks", "drive_major"}),
    ],
)
def test_maps_of_real_cities_become_scenes(scene, file, least, also):
    city = build_city(shared(file))
    parts = scene(city)
    told = parts.facts["buildings"]
    counts = {} if city.scenery is None else city.scenery.counts()
    of_map = counts.get("building", 0) + counts.get("building part", 0)
    assert least <= told["shown"] <= told["found"] <= of_map + 200  # a feature may be several polygons
    assert told.get("broken", 0) <= 0.02 * max(of_map, 1)
    assert also <= set(parts.packs)
    assert parts.facts["city"]["en"]
