"""``twin map`` and runs with edits: each variant has its own streets, and nothing else differs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from twin import api
from twin.city.editing.edits import apply_edits
from twin.city.editing.types import Edit, Where
from twin.city.keeping.build import build_city, find_city
from twin.errors import ScenarioError
from twin.experiments.study import StudyOptions, go_on, start
from twin.models.road_traffic.model import RoadTraffic
from twin.simulate import build_city_model, city_of

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
SIDELANES = ROOT / "scenarios" / "midosuji_sidelanes.yaml"
KITA = "osaka-kita-osm-drive/kita_drive_reconstructed.osm.gz"
KITA_GRAPH = "osaka-kita-osm-drive/kita_drive.graphml.gz"

HEAD = """\
twin: 1
name: t
city: osaka_midosuji
clock: {from: 10:00, to: 10:10, then: stop}
record: {traces: 0 %}
"""


def write(folder, body):
    path = folder / "シナリオ.yaml"
    path.write_text(HEAD + body, encoding="utf-8")
    return path


def twin(*args):
    command = [sys.executable, "-m", "twin", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """The shipped scenario's map, as the command leaves it."""
    out = tmp_path_factory.mktemp("地図 1")
    done = twin("map", SIDELANES, "--out", out, "--no-open", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), out


def test_the_map_lists_the_side_lanes_and_pavements_and_no_other_link(mapped):
    today, step1, _ = mapped[0]["variants"]
    assert (today["name"], today["touched"], today["nothing_else_changed"]) == ("today", [], True)
    assert step1["nothing_else_changed"] is True
    drive = [row for row in step1["touched"] if row["layer"] == "drive"]
    walk = [row for row in step1["touched"] if row["layer"] == "walk"]
    assert {row["street"] for row in step1["touched"]} == {"御堂筋"}
    assert {(row["old_lanes"], row["new_lanes"], row["new_open"]) for row in drive} == {(1, 0, False)}
    assert {(row["old_width_m"], row["new_width_m"]) for row in walk} == {(6.0, 11.0)}
    assert step1["matches"][0]["left_alone"] == ["新御堂筋"]


def test_the_section_of_the_shipped_scenario_lies_between_its_crossings(mapped):
    city = find_city("osaka_midosuji", Path())
    layer = city.drive
    lat = {
        name: layer.lat_deg[layer.link_from[layer.name_index == layer.names.index(name)]].mean()
        for name in ("長堀通", "宗右衛門町通")
    }
    rows = [row["link_index"] for row in mapped[0]["variants"][1]["touched"] if row["layer"] == "drive"]
    ends = np.concatenate([layer.lat_deg[layer.link_from[rows]], layer.lat_deg[layer.link_to[rows]]])
    assert ends.max() == pytest.approx(lat["長堀通"], abs=2e-5)
    # The side lanes join the main roadway 40 m before the river.
    assert lat["宗右衛門町通"] < ends.min() < lat["宗右衛門町通"] + 6e-4
    lanes = np.flatnonzero((layer.name_index == layer.names.index("御堂筋")) & (layer.lanes == 1))
    inside = lanes[(layer.lat_deg[layer.link_from[lanes]] <= lat["長堀通"] + 1e-4)]
    assert sorted(rows) == inside.tolist()


def test_the_files_of_the_map_stand_alone(mapped):
    content, out = mapped
    assert sorted(p.name for p in out.iterdir()) == ["edits.csv", "edits.gpkg", "edits.html"]
    frame = geopandas.read_file(content["files"]["gpkg"], layer="edits_step1")
    assert frame.crs.to_epsg() == 6674
    assert len(frame) == len(content["variants"][1]["touched"])
    assert set(frame["street"]) == {"御堂筋"}
    assert "schematic" in (out / "edits.html").read_text(encoding="utf-8")


def test_the_command_says_in_words_what_was_touched(tmp_path):
    done = twin("map", SIDELANES, "--variant", "step1", "--out", tmp_path, "--no-open")
    assert done.returncode == 0, done.stderr
    assert "nothing else changed" in done.stdout
    assert "other streets, left alone: 新御堂筋" in done.stdout
    assert "現況" not in done.stdout


def test_faults_that_show_only_on_the_map_are_told_at_their_lines_all_at_once(tmp_path):
    path = write(
        tmp_path,
        """\
pedestrian:
measures:
  a:
    change: close
    where:
      street: 御堂筋
      from: 長堀通
      to: 道頓堀川
  b: {change: close, where: {street: 堂筋}}
variants: {one: {with: [a, b]}, two: {with: [b]}}
""",
    )
    report = api.check(path)
    assert [p.where.split(", ", 1)[1] for p in report.problems] == [
        "line 13, column 11, measures.a.where.to",
        "line 14, column 38, measures.b.where.street",
    ]
    assert "'道頓堀川' is no street of the map" in report.problems[0].what
    assert "宗右衛門町通, 道頓堀, 千日前通" in report.problems[0].mend
    done = twin("map", path, "--out", tmp_path / "out", "--no-open")
    assert done.returncode == 2
    assert "2 problems" in done.stderr
    assert not (tmp_path / "out").exists()


def test_two_measures_that_contradict_each_other_are_an_error_before_the_run(tmp_path):
    path = write(
        tmp_path,
        """\
road_traffic:
measures:
  slow: {change: set_speed, where: {street: 御堂筋, lanes: main}, speed: 20 km/h}
  fast: {change: set_speed, where: {street: 御堂筋, from: 本町通, to: 長堀通, lanes: main}, speed: 60 km/h}
variants: {one: {with: [slow]}, two: {from: one, with: [fast]}}
""",
    )
    with pytest.raises(ScenarioError, match=r"measures fast .* and slow .* want different speed of 御堂筋"):
        api.plan_and_city(api.load(path))


def test_works_drawn_in_a_geopackage_close_what_lies_along_them(tmp_path):
    city = find_city("osaka_midosuji", Path())
    drive = city.drive
    side_lanes = (drive.name_index == drive.names.index("御堂筋")) & (drive.lanes == 1)
    west = np.flatnonzero(drive.way_id == drive.way_id[side_lanes].min())[3:6]
    shapes = [
        np.column_stack(
            [
                a[city.drive.vertex_ptr[i] : city.drive.vertex_ptr[i + 1]]
                for a in (city.drive.vertex_x_m, city.drive.vertex_y_m)
            ]
        )
        for i in west
    ]
    works = shapely.union_all([shapely.LineString(s) for s in shapes])
    folder = tmp_path / "GIS"
    folder.mkdir()
    frame = geopandas.GeoDataFrame({"工区名": ["北1工区"]}, geometry=[works], crs=city.crs)
    frame.to_file(folder / "側道.gpkg", layer="工区")
    path = write(
        tmp_path,
        """\
pedestrian:
layers: {works: {file: GIS/側道.gpkg, layer: 工区, id: 工区名}}
measures: {m: {change: close, where: {layer: works, id: [北1工区]}}}
variants: {today: {}, works: {with: [m]}}
""",
    )
    plan, base, edited = api.map_edits(api.load(path))
    assert [t.link_index for t in edited["works"].touched] == west.tolist()
    assert edited["today"].city is base
    # The plan is all a run needs: the drawing may go.
    shutil.rmtree(folder)
    assert city_of(plan, "works", base).digest == edited["works"].city.digest
    assert len(plan.content["layers"]["works"]["sha256"]) == 64


def test_each_variant_runs_on_its_own_streets_and_the_one_without_edits_on_the_base(tmp_path):
    loaded = api.load(SIDELANES, replications=1)
    plan, city = api.plan_and_city(loaded)
    clock = {**plan.content["clock"], "start_s": 39600.0, "end_s": 40200.0, "latest_s": 40200.0, "then": "stop"}
    plan.content["clock"] = clock
    how = StudyOptions(workers=1)
    study = go_on(start(plan, city, tmp_path / "s", how), tmp_path / "s", how)
    digests = [study.run(name).manifest["city"]["digest"] for name in ("today", "step1")]
    assert digests[0] == city.digest
    assert digests[1] == city_of(plan, "step1", city).digest != city.digest
    today, step1 = (study.run(name).table("pedestrian_links") for name in ("today", "step1"))
    assert len(today["link_index"])
    assert not all(np.array_equal(today[c], step1[c]) for c in today)


@pytest.mark.parametrize("form", ["free_flow", "queueing"])
def test_nobody_drives_on_a_closed_link_and_all_arrive(tmp_path, form):
    (tmp_path / "od.csv").write_text(
        "from_place,to_place,from_s,to_s,count\n"
        "osaka_midosuji/entry/hommachi-west,osaka_midosuji/entry/namba-west,36000,36600,40\n",
        encoding="utf-8",
    )
    path = write(
        tmp_path,
        f"""\
tables: {{od: {{file: od.csv}}}}
road_traffic: {{form: {form}, background: {{od_table: od}}, signals: {{default_plan: false}}}}
measures: {{m: {{change: close, where: {{street: 御堂筋, from: 長堀通, to: 宗右衛門町通}}}}}}
variants: {{today: {{}}, closed: {{with: [m]}}}}
""",
    )
    plan, city = api.plan_and_city(api.load(path))
    plan.content["clock"].update(then="until_empty", latest_s=50_000.0)
    how = StudyOptions(workers=1)
    study = go_on(start(plan, city, tmp_path / "s", how), tmp_path / "s", how)
    shut = np.flatnonzero(city_of(plan, "closed", city).drive.free_speed_mps == 0)
    inflow = {name: study.run(name).table("road_links") for name in ("today", "closed")}
    assert np.isin(inflow["today"]["link_index"], shut).any()
    assert not np.isin(inflow["closed"]["link_index"], shut).any()
    trips = {name: study.run(name).table("road_trips") for name in ("today", "closed")}
    assert len(trips["today"]["id"]) == len(trips["closed"]["id"]) == 40
    if form == "free_flow":  # among queues the fastest way need not be the shortest
        assert trips["closed"]["free_s"].mean() > trips["today"]["free_s"].mean()


def test_a_variant_that_edits_nothing_gives_the_bytes_of_one_without_measures(tmp_path):
    body = "pedestrian: {visitors_factor: 2 %}\nmeasures: {m: {change: close, where: {street: 堺筋}}}\n"
    with_measure = api.load(write(tmp_path, body + "variants: {today: {}}\n"))
    plain = api.load(write(tmp_path, "pedestrian: {visitors_factor: 2 %}\nvariants: {today: {}}\n"))
    tables = []
    for name, loaded in (("a", with_measure), ("b", plain)):
        plan, city = api.plan_and_city(loaded)
        how = StudyOptions(workers=1)
        study = go_on(start(plan, city, tmp_path / name, how), tmp_path / name, how)
        run = study.run("today")
        tables.append({p.name: p.read_bytes() for p in sorted((run.folder / "tables").iterdir())})
        assert run.manifest["city"]["digest"] == city.digest
    assert tables[0] == tables[1]


def test_an_edit_that_the_road_model_would_pass_over_is_refused(tmp_path, monkeypatch):
    path = write(
        tmp_path,
        """\
road_traffic:
measures: {m: {change: close, where: {street: 御堂筋}, hours: 08:00-20:00}}
variants: {one: {with: [m]}}
""",
    )
    plan, city = api.plan_and_city(api.load(path))
    heeded = set()
    monkeypatch.setattr(RoadTraffic, "heeds", lambda _: heeded, raising=False)
    with pytest.raises(ScenarioError, match="edits with hours, which the road model does not obey"):
        build_city_model(plan, "one", 0, city)
    heeded.add("timed")
    build_city_model(plan, "one", 0, city).close()


# Real streets -----------------------------------------------------------------------------------------


def real(name):
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"the real map {name} is not beside this checkout ({SHARED})")
    return path


def close(street, **more):
    return Edit("m", "measures.m", "close", Where(street=street, names=(street,), **more))


def test_in_kita_an_edit_of_midosuji_meets_its_17_edges_and_none_of_the_31_of_shin_midosuji():
    import gzip

    import networkx as nx

    with gzip.open(real(KITA_GRAPH)) as file:
        edges = [(a, b, str(data.get("name", ""))) for a, b, data in nx.read_graphml(file).edges(data=True)]
    # One edge has two names, written as a list.
    ours, other = (
        [(int(a), int(b)) for a, b, name in edges if name == street or f"'{street}'" in name]
        for street in ("御堂筋", "新御堂筋")
    )
    assert (len(ours), len(other)) == (17, 31)
    city = build_city(real(KITA))
    for street, mine, theirs in (("御堂筋", ours, other), ("新御堂筋", other, ours)):
        edited = apply_edits(city, [close(street)])
        ends = {(t.from_node, t.to_node) for t in edited.touched}
        assert {t.street for t in edited.touched} == {street}
        assert ends & set(theirs) == set()
        # Edges between which nothing changes are one link of the city: fewer links, the same metres.
        nodes = {node for edge in mine for node in edge}
        assert {node for end in ends for node in end} <= nodes
        assert len(edited.touched) <= len(mine)
        assert edited.matches[0].left_alone == (("新御堂筋",) if street == "御堂筋" else ("御堂筋",))


def test_in_kita_a_section_ends_at_its_crossings():
    city = build_city(real(KITA))
    edited = apply_edits(city, [close("御堂筋", start=("曽根崎通",), end=("堂島浜通",))])
    layer, rows = city.drive, [t.link_index for t in edited.touched]
    ends_at = {"曽根崎通": 34.698150, "堂島浜通": 34.695241}
    # Towards the southern carriageway of Sonezaki-dori the link in the junction itself is no part of the section.
    assert layer.lat_deg[layer.link_from[rows]].max() == pytest.approx(ends_at["曽根崎通"], abs=3e-5)
    assert layer.lat_deg[layer.link_to[rows]].min() == pytest.approx(ends_at["堂島浜通"], abs=3e-5)
    assert layer.length_m[rows].sum() == pytest.approx(330, rel=0.03)
