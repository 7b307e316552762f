from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from twin.viz.map_layers import build_scene
from twin.viz.packs import unpack_columns
from twin.viz.run_view import PlaceMark, Streets, Traces


def streets(*lines, lanes=1):
    points = np.array([p for line in lines for p in line], np.float64)
    ptr = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
    return Streets(ptr, points[:, 0], points[:, 1], np.full(len(lines), lanes))


A, B, C, D = (135.50, 34.69), (135.51, 34.69), (135.51, 34.70), (135.505, 34.695)


def drawn(view):
    packs = build_scene(view).packs
    found = [unpack_columns(packs[name]) for name in ("drive_minor", "drive_major") if name in packs]
    pairs = [zip(pack["lanes"], np.diff(pack["start"]), strict=True) for pack in found]
    return sorted((int(lanes), int(vertices)) for pair in pairs for lanes, vertices in pair)


def test_a_two_way_street_is_drawn_once_with_the_lanes_of_both_directions(run_view):
    assert drawn(replace(run_view, drive=streets((A, B), (B, A), (B, C)))) == [(1, 2), (2, 2)]


def test_two_streets_between_the_same_ends_stay_two(run_view):
    assert drawn(replace(run_view, drive=streets((A, B), (A, D, B), (B, D, A)))) == [(1, 2), (2, 3)]


def test_a_run_without_streets_places_or_movements_is_still_a_scene(run_view):
    empty = replace(run_view, drive=Streets.none(), walk=Streets.none(), places=(), traces=Traces.none(), tables={})
    parts = build_scene(empty)
    assert [layer["id"] for layer in parts.spec["layers"]] == ["land", "way", "columns", "ring"]
    assert list(parts.packs) == ["land"]
    assert len(parts.facts["cameras"]) == 1


def test_no_word_of_the_user_reaches_the_statement_of_layers(run_view):
    word = "@@=alert(1)"
    mark = PlaceMark(f"{word}/1", word, word, word, *A)
    hostile = replace(run_view, title={"ja": word, "en": word}, places=(mark, *run_view.places), attribution=(word,))
    parts = build_scene(hostile)
    assert word not in json.dumps(parts.spec)
    assert word in json.dumps(parts.facts)


def test_every_layer_names_data_that_the_page_has(run_view):
    parts = build_scene(run_view)
    moving = [*(b["key"] for b in parts.facts["bodies"]), "queue"]
    made_by_page = {"places", "columns", "way", "ring", "density", "arcs"} | {
        f"{part}_{key}" for part in ("heads", "bodies", "bare") for key in moving
    }
    for layer in parts.spec["layers"]:
        assert layer["data"].removeprefix("@@#") in made_by_page | set(parts.packs), layer["id"]


def test_waiting_trucks_lie_below_those_that_move_and_all_that_stands(run_view):
    order = [layer["id"] for layer in build_scene(run_view).spec["layers"]]
    moving = [i for i, name in enumerate(order) if name.startswith(("heads_trips", "bodies_trips"))]
    assert order.index("buildings") < order.index("heads_queue") < order.index("bodies_queue") < min(moving)
    ground = ("water", "walk", "edge_drive_major", "drive_major")
    assert max(order.index(name) for name in ground) < order.index("buildings")


def test_blocks_lie_below_everything_and_hide_nothing(run_view):
    land, first = build_scene(run_view).spec["layers"][:2]
    assert [land["id"], first["id"]] == ["land", "blocks"]
    assert land["parameters"] == {"depthWriteEnabled": False}
    assert first["parameters"] == {"depthWriteEnabled": False}
    assert not first.get("pickable")


def test_packed_blocks_are_closed_rings_as_many_as_the_facts_say(run_view):
    parts = build_scene(run_view)
    pack = unpack_columns(parts.packs["blocks"])
    first, last = pack["start"][:-1], pack["start"][1:] - 1
    for name in ("lon", "lat"):
        assert (pack[name][first] == pack[name][last]).all()
    assert pack["start"][-1] == len(pack["lon"]) == len(pack["lat"])
    # Two grids of 5 x 20 and 17 x 16 crossings; Midosuji, one line, cuts the first four columns of the smaller in two.
    assert parts.facts["blocks"]["shown"] == len(first)
    assert parts.facts["blocks"]["found"] == len(first) >= 4 * 19 + 16 * 15


def test_paths_come_back_within_the_step_of_a_pack(run_view):
    parts = build_scene(run_view)
    body = next(b for b in parts.facts["bodies"] if b["name"] == "truck")
    pack = unpack_columns(parts.packs[body["key"]])
    traces = run_view.traces
    mask = traces.body == 3
    lon = parts.facts["origin"][0] + pack["lon"] * parts.facts["degree_step"]
    assert lon == pytest.approx(traces.lon_deg[mask], abs=0.51e-6)
    time_s = run_view.from_s + pack["time"] * parts.facts["second_step"]
    assert time_s == pytest.approx(traces.time_s[mask], abs=0.0051)
    assert len(pack["start"]) - 1 == body["trips"] == body["trips_in_run"] == 14


def test_ids_come_back_as_origin_and_serial(run_view):
    parts = build_scene(run_view)
    body = next(b for b in parts.facts["bodies"] if b["name"] == "walker")
    pack = unpack_columns(parts.packs[body["key"]])
    assert set(pack["id_origin"].tolist()) == {2}
    assert pack["id_serial"].tolist() == list(range(60))


def test_a_sampled_scene_says_how_much_it_shows(run_view):
    parts = build_scene(run_view, point_budget=200)
    kept = sum(body["trips"] for body in parts.facts["bodies"])
    assert 0 < kept < sum(body["trips_in_run"] for body in parts.facts["bodies"]) <= 84


def test_cameras_show_the_whole_city_and_each_district(run_view):
    cameras = {c["key"]: c for c in build_scene(run_view).facts["cameras"]}
    assert list(cameras) == ["", "osaka_ikuno", "osaka_midosuji", "osaka_yumeshima"]
    assert cameras["osaka_midosuji"]["ja"] == "御堂筋"
    whole, part = cameras[""]["bounds"], cameras["osaka_yumeshima"]["bounds"]
    assert np.all(np.array(whole[:2]) <= part[:2])
    assert np.all(np.array(whole[2:]) >= part[2:])
