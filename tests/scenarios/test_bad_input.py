"""Whatever a user or a stranger hands over: one clear message, the documented exit code, nothing half-written."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.scenarios.cases import TINY, TWO_VARIANTS, assert_one_clear_message, command_line, results, tree
from tests.unit.city.conftest import MapText
from twin import api
from twin.experiments.study import StudyOptions, start
from twin.results.run_folder import partial_of
from twin.scenario.plan.plan import Plan

#: Processor time of a check or of looking into a folder, imports included.
FILE_CHECK_S = 2.0
SCENARIO, MAP, FOLDER, LIMIT = 2, 3, 4, 6

#: Nine levels of nine aliases: 387 million values in 300 bytes.
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9)
)

SCENARIOS = {
    "no_yaml": (TINY + "x: [1,\n", SCENARIO, ["not YAML", "line 12"]),
    "tab": (TINY.replace("  demand", "\tdemand"), SCENARIO, ["a tab in the indentation", "line 7"]),
    "unknown_key": (TINY.replace("lanes", "lnaes"), SCENARIO, ["unknown key 'lnaes'", "did you mean lanes?"]),
    "wrong_unit": (TINY.replace("10 trucks", "10 km"), SCENARIO, ["'10 km'", "no unit of count", "line 8"]),
    "no_unit": (TINY.replace("step: 60 s", "step: 60"), SCENARIO, ["60 has no unit", "line 5"]),
    "nan": (TINY.replace("10 trucks", ".nan"), SCENARIO, [".nan is not a finite number", "line 8"]),
    "nan_with_unit": (TINY.replace("10 trucks", "nan trucks"), SCENARIO, ["'nan trucks'", "line 8"]),
    "infinite": (TINY.replace("10 trucks", "1e999 trucks"), SCENARIO, ["not a finite number", "line 8"]),
    "negative_time": (TINY.replace("from: 06:00", "from: -06:00"), SCENARIO, ["'-06:00' is not a time of day"]),
    "negative_step": (TINY.replace("step: 60 s", "step: -60 s"), SCENARIO, ["clock.step must be at least", "-60 s"]),
    "negative_count": (TINY.replace("10 trucks", "-10 trucks"), SCENARIO, ["-10 trucks", "line 8"]),
    "a_million_million_agents": (TINY.replace("10 trucks", "1e12 trucks"), LIMIT, ["1e12 agents", "limits.agents"]),
    "a_million_million_lanes": (TINY.replace("count: 2", "count: 1000000000000"), SCENARIO, ["1000000000000"]),
    "a_million_million_replications": (TINY + "replications: 1000000000000\n", SCENARIO, ["at most 100000"]),
    "a_number_of_5000_digits": (TINY.replace("seed: 7", "seed: " + "9" * 5000), SCENARIO, ["beyond the numbers"]),
    "alias_bomb": (BOMB + TINY, SCENARIO, ["more than 50000 values"]),
    "deep_flow": ("a: " + "[" * 100_000 + "]" * 100_000, SCENARIO, ["nested deeper than 30 levels"]),
    "deep_block": ("".join(" " * i + "a:\n" for i in range(900)), SCENARIO, ["nested deeper than 30 levels"]),
    "duplicate_key": (TINY + "seed: 8\n", SCENARIO, ["the key seed stands twice", "line 4", "line 11"]),
    "duplicate_inside": (TINY.replace("{count: 2,", "{count: 2, count: 3,"), SCENARIO, ["count stands twice"]),
    "full_width_space": (TINY.replace("  demand", "\u3000demand"), SCENARIO, ["full-width space", "line 7"]),
    "full_width_colon": (TINY.replace("seed: 7", "seed：7"), SCENARIO, ["full-width colon", "line 4"]),
    "full_width_digits": (TINY.replace("step: 60 s", "step: ６０ s"), SCENARIO, ["'６０ s'", "write '60 s'"]),
    "empty": ("", SCENARIO, ["the file is empty"]),
    "a_list": ("- a\n- b\n", SCENARIO, ["no mapping of keys to values"]),
    "binary": (bytes(range(256)) * 9, SCENARIO, ["not UTF-8"]),
    "shift_jis": (TINY.replace("tiny", "tiny # 夢洲").encode("cp932"), SCENARIO, ["Shift_JIS", "save it as UTF-8"]),
    "utf_16": (TINY.encode("utf-16"), SCENARIO, ["UTF-16"]),
    "two_documents": (TINY + "---\n" + TINY, SCENARIO, ["a second document"]),
    "a_python_tag": (TINY + "limits: !!python/object/apply:os.system [ls]\n", SCENARIO, ["the tag", "line 11"]),
    "thirty_megabytes": (TINY + "# " + "x" * 30_000_000, SCENARIO, ["larger than"]),
    "thousands_of_unknown_keys": (TINY + "".join(f"k{i}: 1\n" for i in range(3000)), SCENARIO, ["and 2950 more"]),
    "a_city_nobody_knows": (TINY.replace("osaka_yumeshima", "osaka_nowhere"), MAP, ["'osaka_nowhere'", "did you mean"]),
    "a_city_of_300_letters": (TINY.replace("osaka_yumeshima", "o" * 300), SCENARIO, ["cannot be read", "line 3"]),
    "a_city_twice": (TINY.replace("osaka_yumeshima", "[osaka_yumeshima, osaka_yumeshima]"), MAP, ["named twice"]),
    "no_lane": (TINY.replace("count: 2", "count: 0"), SCENARIO, ["at least one lane"]),
}


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def here(tmp_path):
    return tmp_path / "work"


@pytest.mark.parametrize("case", SCENARIOS)
def test_a_bad_scenario_is_refused_in_words_and_leaves_nothing(case, here, capsys):
    text, code, words = SCENARIOS[case]
    (here / "s.yaml").write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    before = tree(here)
    said = command_line(capsys, "run", "s.yaml", "--out", "out", "--workers", "1")
    assert_one_clear_message(said, code, *words)
    assert said.cpu_s < FILE_CHECK_S
    assert tree(here) == before
    if case != "a_city_twice":
        # What is missing is found without building it; to the check it is one more problem of the file.
        assert_one_clear_message(command_line(capsys, "check", "s.yaml"), SCENARIO if code == MAP else code, *words)


def test_no_word_of_a_scenario_steers_the_terminal(here, capsys):
    hostile = "\\e]0;pwned\\a\\e[2J\\u202Egnp.exe<script>alert(1)</script>[red]"
    (here / "s.yaml").write_text(TINY + f'"{hostile}": 1\n', encoding="utf-8")
    said = command_line(capsys, "check", "s.yaml")
    assert_one_clear_message(said, SCENARIO, "unknown key", r"\x1b]0;pwned")
    shown = said.err
    labelled = TINY + f'title: "{hostile}"\nvariants: {{today: {{label: "{hostile}"}}}}\n'
    (here / "s.yaml").write_text(labelled, encoding="utf-8")
    for args in (("check", "s.yaml"), ("run", "s.yaml", "--out", "out", "--workers", "1"), ("resume", "out")):
        said = command_line(capsys, *args)
        assert said.code == 0, said.err
        shown += said.out + said.err
    assert not set(shown) & {"\x1b", "\x07", "\u202e"}
    said = command_line(capsys, "view", "out", "--no-open", "--out", "scene.html")
    assert said.code == 0, said.err
    assert "<script>alert(1)" not in (here / "scene.html").read_text(encoding="utf-8")


TABLE = TINY.replace('hourly: {"06:00": 10 trucks}', "table: arrivals") + (
    "tables: {arrivals: {file: a.csv, counted_at: line_join}}\n"
)
TABLES = {
    "gap": ("hour,trucks\n6,10\n7,\n8,5\n", SCENARIO, ["no number", "row 3", "column trucks", "gaps: zero"]),
    "short_row": ("hour,trucks\n6,10\n7\n", SCENARIO, ["no number", "row 3"]),
    "not_a_number": ("hour,trucks\n6,nan\n", SCENARIO, ["'nan' is no number", "row 2"]),
    "infinite": ("hour,trucks\n6,1e999\n", SCENARIO, ["not a finite number", "row 2"]),
    "words": ("hour,trucks\n6,many\n", SCENARIO, ["'many' is no number", "row 2"]),
    "negative": ("hour,trucks\n6,-10\n", SCENARIO, ["trucks"]),
    "a_million_million": ("hour,trucks\n6,1e12\n", LIMIT, ["1e12 agents"]),
    "empty": ("", SCENARIO, ["the table is empty"]),
    "heading_only": ("hour,trucks\n", SCENARIO, ["no rows"]),
    "other_columns": ("a,b\n1,2\n", SCENARIO, ["is missing", "the table has a, b", "arrivals"]),
    "utf_16": ("hour,trucks\n6,10\n".encode("utf-16"), SCENARIO, ["UTF-16"]),
    "euc_jp": ("時,台数\n6,10\n".encode("euc_jp"), SCENARIO, ["not utf-8 or cp932", "row 1"]),
    "binary": (bytes(range(256)), SCENARIO, ["not utf-8 or cp932"]),
    "open_quote": ('hour,trucks\n6,"10\n', SCENARIO, ["damaged", "check the quotes"]),
    "terminal_escape": ("hour,trucks\n6,\x1b]0;pwn\x07\n", SCENARIO, [r"\x1b]0;pwn"]),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_bad_table_is_refused_with_row_and_column_and_leaves_nothing(case, here, capsys):
    content, code, words = TABLES[case]
    (here / "a.csv").write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    (here / "s.yaml").write_text(TABLE, encoding="utf-8")
    before = tree(here)
    said = command_line(capsys, "run", "s.yaml", "--out", "out", "--workers", "1")
    assert_one_clear_message(said, code, *words)
    assert tree(here) == before


def test_a_row_of_totals_is_left_out_and_said_to_be(here, capsys):
    (here / "a.csv").write_bytes("hour,trucks\n6,10\n7,5\n合計,15\n".encode("cp932"))
    (here / "s.yaml").write_text(TABLE, encoding="utf-8")
    said = command_line(capsys, "check", "s.yaml", "--json")
    echo = json.loads(said.out)["tables"]["arrivals"]
    assert echo["dropped"] == [[4, "合計"]]
    assert echo["totals"]["trucks"] == 15.0
    assert echo["encoding"] == "cp932"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("b.csv", ["'b.csv' does not exist", "did you mean a.csv?"]),
        ("/etc/passwd", ["outside the scenario's folder", "--allow-read"]),
        ("../s.yaml", ["outside the scenario's folder"]),
        ("link.csv", ["outside the scenario's folder"]),
        (".", ["is no file"]),
        ("pipe", ["is no file"]),
        ("a.xlsx", ["the workbook is damaged or no .xlsx"]),
    ],
)
def test_a_table_that_is_no_file_of_the_scenario_is_refused(file, words, here, capsys):
    (here / "a.csv").write_text("hour,trucks\n6,10\n", encoding="utf-8")
    (here / "a.xlsx").write_bytes(b"PK\x03\x04 cut short")
    if hasattr(os, "mkfifo"):
        os.mkfifo(here / "pipe")
    elif file == "pipe":
        pytest.skip("this system has no named pipes")
    try:
        (here / "link.csv").symlink_to("/etc/passwd")
    except OSError:
        if file == "link.csv":
            pytest.skip("this user may not make symbolic links")
    (here / "s.yaml").write_text(TABLE.replace("a.csv", file), encoding="utf-8")
    assert_one_clear_message(command_line(capsys, "check", "s.yaml"), SCENARIO, *words)


def town(**tags):
    """A block of four streets."""
    text = MapText()
    for node_id, (x_m, y_m) in enumerate([(0, 0), (300, 0), (300, 300), (0, 300)], 1):
        text.node(node_id, x_m, y_m)
    text.way(10, [1, 2, 3, 4, 1], highway="residential", name="通り", **tags)
    return text


def sea_stop():
    text = town()
    text.node(50, 3000, 0, twin__place="stop", name="沖")
    return text.text()


def unreachable_gate():
    text = town()
    text.node(60, 150, 0, twin__place="exit", name="口")
    for node_id, x_m in ((90, 600), (91, 650), (92, 700)):
        text.node(node_id, x_m, 150, **({"twin__place": "gate", "name": "門"} if node_id == 91 else {}))
    text.way(20, [90, 91, 92], highway="residential")
    return text.text()


def ways_without_nodes():
    text = town()
    del text.nodes[:3]
    return text.text()


MAPS = {
    "a_web_page": ("<!DOCTYPE html><html></html>", ["web page"]),
    "an_entity_bomb": ('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><osm/>', ["document type (DTD)"]),
    "other_xml": ("<html><body></body></html>", ["this is no map", "<html>"]),
    "geojson": ('{"type": "FeatureCollection"}', ["this is no map"]),
    "empty": ("", ["the map file is empty"]),
    "cut_short": (town().text()[:-40], ["damaged or cut short"]),
    "gzip_cut_short": (gzip.compress(town().text().encode())[:150], ["gzip file is damaged or cut short"]),
    "ways_without_nodes": (ways_without_nodes(), ["no usable streets"]),
    "no_street": (MapText().text(), ["no usable streets"]),
    "a_stop_in_the_sea": (sea_stop(), ["'沖'", "2,701 m", "in the sea"]),
    "an_unreachable_gate": (unreachable_gate(), ["'門'"]),
    "coordinates_that_are_none": (town().text().replace('lon="135.5', 'lon="nan', 1), ["coordinate"]),
    "off_the_globe": (town().text().replace('lat="34.6', 'lat="99.6'), ["no usable streets"]),
    "an_id_too_large": (town().text().replace('id="2"', 'id="99999999999999999999999"'), ["illegal id"]),
}


@pytest.mark.parametrize("case", MAPS)
def test_a_bad_map_is_refused_in_words_and_leaves_nothing(case, here, capsys):
    content, words = MAPS[case]
    (here / "m.osm").write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    before = tree(here)
    said = command_line(capsys, "city", "build", "m.osm", "--out", "city")
    assert_one_clear_message(said, MAP, *words)
    assert said.cpu_s < FILE_CHECK_S
    assert tree(here) == before


def test_ways_that_lack_some_nodes_are_cut_and_counted(here, capsys):
    text = town()
    del text.nodes[1]
    (here / "m.osm").write_text(text.text(), encoding="utf-8")
    said = command_line(capsys, "city", "build", "m.osm", "--out", "city", "--json")
    dropped = json.loads(said.out)["report"]["dropped"]
    assert dropped["references to nodes that are not in the file"] == 1
    assert dropped["ways cut or shortened for want of nodes"] == 1


@pytest.mark.parametrize(
    "models",
    [
        "terminal: {}\n",
        "pedestrian: {}\n",
        "transit: {fleet: {count: 2 vans}, demand: {requests_per_day: 9 requests}}\n",
    ],
)
def test_a_map_its_models_cannot_use_leaves_no_folder(models, here, capsys):
    (here / "m.osm").write_text(town().text(), encoding="utf-8")
    head = TINY.split("terminal:")[0].replace("osaka_yumeshima", "m.osm").replace("step: 60 s", "step: 5 s")
    (here / "s.yaml").write_text(head + models, encoding="utf-8")
    before = tree(here)
    for workers in ("1", "2") if models.startswith("terminal") else ("1",):
        said = command_line(capsys, "run", "s.yaml", "--out", "out", "--workers", workers, "--replications", "2")
        assert_one_clear_message(said, MAP)
        assert tree(here) == before


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("run", "s.yaml", "--workers", "0"), "--workers"),
        (("run", "s.yaml", "--replications", "0"), "--replications"),
        (("run", "s.yaml", "--seed", "-1"), "--seed"),
        (("run", "s.yaml", "--seed", "9" * 30), "--seed"),
        (("run", "s.yaml", "--checkpoint-every", "5"), "'5' has no unit"),
        (("run", "s.yaml", "--checkpoint-every", "-5 min"), "greater than 0"),
        (("run", "s.yaml", "--keep-checkpoints"), "--checkpoint-every"),
        (("run", "s.yaml", "--only", "nobody"), "'nobody'"),
        (("run", "s.yaml", "--frobnicate"), "--frobnicate"),
        (("rnu",), "rnu"),
        (("check", "nothing.yaml"), "nothing.yaml does not exist"),
        (("check", "."), "is a folder"),
        (("new", "../evil"), "no short name"),
        (("city", "build", "--out", "city"), "exactly one of"),
        (("city", "build", "--bbox", "1,2,3", "--out", "city"), "four numbers"),
    ],
)
def test_a_wrong_command_is_code_2_and_leaves_nothing(args, words, here, capsys):
    (here / "s.yaml").write_text(TINY, encoding="utf-8")
    before = tree(here)
    said = command_line(capsys, *args)
    assert said.code == SCENARIO, said.err
    assert words in said.err
    assert "mend:" in said.err or "where:" in said.err
    assert "Traceback" not in said.err
    assert tree(here) == before


# -- folders ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished study of two variants with its checkpoints; tests change copies."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "s.yaml").write_text(TWO_VARIANTS, encoding="utf-8")
    return api.run(folder / "s.yaml", folder / "study", checkpoint_every_s=600.0, keep_checkpoints=True).folder


@pytest.fixture
def study(finished, here):
    return shutil.copytree(finished, here / "study")


def edit(path, **content):
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **content}), encoding="utf-8")


READERS = (
    ("compare", "study"),
    ("compare", "study", "--json"),
    ("view", "study", "--no-open", "--out", "v.html"),
    ("resume", "study"),
    ("fork", "study", "--at", "06:10", "--set", "terminal.lanes.A.count=4", "--out", "forked", "--workers", "1"),
)


@pytest.mark.parametrize("args", READERS, ids=lambda a: "_".join(a[:1] + a[2:3]))
def test_a_folder_that_is_no_study_is_named(args, here, capsys):
    for manifest in ("no folder", None, b"{}", b"\xff\xfe", b"[" * 100_000, b'{"kind": ' + b"9" * 5000 + b"}"):
        if manifest != "no folder":
            (here / "study").mkdir(exist_ok=True)
        if isinstance(manifest, bytes):
            (here / "study" / "manifest.json").write_bytes(manifest)
        before = tree(here)
        said = command_line(capsys, *args)
        assert_one_clear_message(said, FOLDER, "study")
        assert said.cpu_s < FILE_CHECK_S
        assert tree(here) == before


MANIFESTS = {
    "out_of_the_folder": {"variants": ["../../etc", "more"]},
    "one_variant_twice": {"variants": ["today", "today"]},
    "no_list": {"variants": 5},
    "no_variant": {"variants": []},
    "absurd_replications": {"replications": 10**12},
    "negative_replications": {"replications": -1},
    "replications_in_words": {"replications": "many"},
    "labels": {"labels": []},
    "city": {"city": None},
    "files": {"files": {"plan.json": "0"}},
    "seed": {"seed": 1.5},
    "format": {"format": 99},
    "kind": {"kind": "run"},
}


@pytest.mark.parametrize("case", MANIFESTS)
def test_a_manifest_that_was_tampered_with_is_refused_by_every_reader(case, study, here, capsys):
    edit(study / "manifest.json", **MANIFESTS[case])
    before = tree(here)
    for args in READERS:
        said = command_line(capsys, *args)
        assert_one_clear_message(said, FOLDER, "study")
        assert said.cpu_s < FILE_CHECK_S
    assert tree(here) == before


@pytest.mark.parametrize("vouched", [False, True])
def test_a_truncated_parquet_file_is_named(vouched, study, here, capsys):
    path, manifest = study / "kpis.parquet", study / "manifest.json"
    whole = path.read_bytes(), manifest.read_bytes()
    path.write_bytes(path.read_bytes()[:-30])
    if vouched:
        files = json.loads((study / "manifest.json").read_text(encoding="utf-8"))["files"]
        edit(study / "manifest.json", files={**files, "kpis.parquet": hashlib.sha256(path.read_bytes()).hexdigest()})
    for args in READERS[:2]:
        assert_one_clear_message(command_line(capsys, *args), FOLDER, "kpis.parquet")
    path.write_bytes(whole[0])
    manifest.write_bytes(whole[1])
    table = study / "runs" / "today" / "000" / "tables" / "traces.parquet"
    table.write_bytes(table.read_bytes()[:-30])
    assert_one_clear_message(command_line(capsys, *READERS[2]), FOLDER, "traces.parquet")
    assert not (here / "v.html").exists()


def test_a_run_from_another_study_is_not_taken_for_ones_own(study, here, capsys):
    shutil.rmtree(study / "runs" / "today" / "000")
    shutil.copytree(study / "runs" / "more" / "000", study / "runs" / "today" / "000")
    assert_one_clear_message(command_line(capsys, *READERS[2]), FOLDER, "not the one the study was made of")


def test_a_plan_that_was_changed_is_not_forked(study, here, capsys):
    edit(study / "plan.json", seed=8)
    before = tree(here)
    assert_one_clear_message(command_line(capsys, *READERS[4]), FOLDER, "plan.json")
    assert tree(here) == before


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("--at", "06:15", "--set", "terminal.lanes.A.count=4"), FOLDER, ["no checkpoint at 06:15", "06:10"]),
        (("--at", "6 o'clock", "--set", "terminal.lanes.A.count=4"), SCENARIO, ["not a time of day"]),
        (("--at", "06:10", "--set", "terminal.lanes.A.cuont=4"), SCENARIO, ["cuont"]),
        (("--at", "06:10", "--set", "nonsense"), SCENARIO, ["nonsense"]),
        (("--at", "06:10", "--set", "terminal.lanes.A.count=4", "--name", "today"), SCENARIO, ["today"]),
        (("--at", "06:10", "--set", "terminal.lanes.A.count=4", "--name", "../evil"), SCENARIO, ["../evil"]),
        (("--at", "06:10", "--set", "terminal.lanes.A.count=4", "--variant", "nobody"), FOLDER, ["nobody"]),
    ],
)
def test_a_wrong_fork_is_refused_and_leaves_nothing(args, code, words, study, here, capsys):
    before = tree(here)
    said = command_line(capsys, "fork", "study", *args, "--out", "forked", "--workers", "1")
    assert_one_clear_message(said, code, *words)
    assert tree(here) == before


# -- unfinished studies ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """An unfinished study, stopped behind its second checkpoint as Ctrl-C would, and the bytes of its finished twin."""
    folder = tmp_path_factory.mktemp("stopped")
    (folder / "s.yaml").write_text(TINY, encoding="utf-8")
    api.run(folder / "s.yaml", folder / "whole", checkpoint_every_s=600.0)
    loaded = api.load(folder / "s.yaml")
    plan, city = api.plan_and_city(loaded)
    start(plan, city, folder / "study", StudyOptions(checkpoint_every_s=600.0), source=loaded.source)
    from twin.running import checkpoints

    written, write = 0, checkpoints.write_checkpoint

    def stop_behind_two(path, state):
        nonlocal written
        write(path, state)
        written += 1
        if written == 2:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(checkpoints, "write_checkpoint", stop_behind_two)
        from twin.experiments.study import resume

        resume(folder / "study")
    assert written == 2
    return folder


@pytest.fixture
def partial(stopped, here):
    return shutil.copytree(stopped / "study.partial", here / "study.partial")


def checkpoints(partial):
    return sorted((partial / "runs" / "base" / "000.partial" / "checkpoints").glob("*.npz"))


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


DAMAGES = {
    "nothing": lambda _: None,
    "newest_cut_short": lambda p: cut(checkpoints(p)[-1]),
    "newest_flipped": lambda p: flip(checkpoints(p)[-1]),
    "every_checkpoint_cut": lambda p: [cut(c) for c in checkpoints(p)],
    "last_part_cut": lambda p: cut(max((checkpoints(p)[0].parent / "parts").iterdir())),
    "first_part_flipped": lambda p: flip(min((checkpoints(p)[0].parent / "parts").iterdir())),
    "parts_gone": lambda p: shutil.rmtree(checkpoints(p)[0].parent / "parts"),
    "strangers": lambda p: (checkpoints(p)[0].parent / "99999999.npz").write_bytes(b"not arrays"),
    "stray_halves": lambda p: (checkpoints(p)[0].parent / "00000030.tmp").write_bytes(b"half"),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_damage_beside_a_whole_checkpoint_costs_time_and_not_a_byte(case, partial, stopped, here, capsys):
    assert len(checkpoints(partial)) == 2
    DAMAGES[case](partial)
    said = command_line(capsys, "resume", "study", "--workers", "1")
    assert said.code == 0, said.err
    assert results(here / "study") == results(stopped / "whole")


def test_a_checkpoint_of_another_run_is_named(partial, here, capsys):
    newest = checkpoints(partial)[-1]
    with np.load(newest) as arrays:
        kept = {key: arrays[key] for key in arrays.files if not key.startswith("terminal|")}
    np.savez(newest, **kept)
    said = command_line(capsys, "resume", "study", "--workers", "1")
    assert_one_clear_message(said, FOLDER, "not one of this run", newest.name)
    newest.unlink()
    assert command_line(capsys, "resume", "study", "--workers", "1").code == 0


def tampered(path, change):
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


PLANS = {
    "out_of_the_folder": lambda c: c["variants"][0].update(name="../../../evil"),
    "absolute": lambda c: c["variants"][0].update(name="/etc/evil"),
    "a_terminal_escape": lambda c: c["variants"][0].update(name="\x1b[2J"),
    "one_name_twice": lambda c: c["variants"].append(c["variants"][0]),
    "no_variant": lambda c: c.update(variants=[]),
    "absurd_replications": lambda c: c.update(replications=10**12),
    "no_seed": lambda c: c.pop("seed"),
    "negative_seed": lambda c: c.update(seed=-1),
    "endless_clock": lambda c: c["clock"].update(latest_s=1e300),
    "a_step_of_nothing": lambda c: c["clock"].update(step_s=0.0),
    "clock_backwards": lambda c: c["clock"].update(end_s=0.0),
    "not_a_number": lambda c: c["clock"].update(start_s=float("nan")),
    "a_model_nobody_knows": lambda c: c["variants"][0]["models"].update({"os": {}}),
    "absurd_lanes": lambda c: c["variants"][0]["models"]["terminal"]["lanes"]["A"].update(count=10**12),
    "unknown_parameter": lambda c: c["variants"][0]["models"]["terminal"].update(evil=1),
    "another_format": lambda c: c.update(format=99),
}


@pytest.mark.parametrize("case", PLANS)
def test_a_plan_that_was_tampered_with_is_refused_before_anything_runs(case, partial, here, capsys):
    tampered(partial / "plan.json", PLANS[case])
    before = tree(here)
    said = command_line(capsys, "resume", "study", "--workers", "1")
    assert_one_clear_message(said, FOLDER, "plan", "study.partial")
    assert tree(here) == before


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("plan.json", b"{", FOLDER),
        ("plan.json", b"[" * 100_000, FOLDER),
        ("how.json", b'{"lean": 1}', FOLDER),
        ("how.json", b"\xff", FOLDER),
        ("city/arrays.npz", b"PK\x03\x04", MAP),
        ("city/city.json", b"{}", MAP),
        ("inputs.npz", b"no arrays", FOLDER),
    ],
)
def test_a_damaged_file_of_an_unfinished_study_is_named_and_the_study_kept(name, content, code, partial, here, capsys):
    (partial / name).write_bytes(content)
    before = {k: v for k, v in tree(here).items() if not k.endswith("log.txt")}
    said = command_line(capsys, "resume", "study", "--workers", "1")
    assert_one_clear_message(said, code, "study.partial")
    assert {k: v for k, v in tree(here).items() if not k.endswith("log.txt")} == before


def test_an_unfinished_study_in_the_way_is_named_and_left_alone(partial, here, capsys):
    (here / "s.yaml").write_text(TINY, encoding="utf-8")
    before = tree(here)
    said = command_line(capsys, "run", "s.yaml", "--out", "study", "--workers", "1")
    assert_one_clear_message(said, FOLDER, "an unfinished study is in the way", "twin resume")
    assert tree(here) == before


# -- disks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    [
        ("run", "s.yaml", "--out", "file/out"),
        ("run", "s.yaml", "--out", "file"),
        ("schema", "--out", "file/schema.json"),
        ("new", "mine", "--folder", "file"),
        ("city", "build", "m.osm", "--out", "file/city"),
        ("city", "build", "m.osm", "--out", "file"),
        ("view", "study", "--no-open", "--out", "file/v.html"),
        ("fork", "study", "--at", "06:10", "--set", "terminal.lanes.A.count=4", "--out", "file/f"),
    ],
    ids=lambda a: "_".join(a[:2]) + "_" + a[-1].replace("/", "_in_"),
)
def test_a_file_where_a_folder_is_due_is_named_and_left_alone(args, study, here, capsys):
    (here / "s.yaml").write_text(TINY, encoding="utf-8")
    (here / "m.osm").write_text(town().text(), encoding="utf-8")
    (here / "file").write_text("mine", encoding="utf-8")
    before = tree(here)
    said = command_line(capsys, *args)
    assert said.code in (MAP, FOLDER)
    assert_one_clear_message(said, said.code, "file")
    assert tree(here) == before


@contextlib.contextmanager
def mounted(folder, options):
    """A small file system of its own; the test skips where that is not allowed."""
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("no file system can be mounted here: there is no mount")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True, capture_output=True)


def test_a_read_only_output_folder_is_named(here, capsys):
    (here / "s.yaml").write_text(TINY, encoding="utf-8")
    with mounted(here / "disk", "size=4m,ro") as disk:
        said = command_line(capsys, "run", "s.yaml", "--out", disk / "out", "--workers", "1")
        assert_one_clear_message(said, FOLDER, "Read-only", "--out")
        assert list(disk.iterdir()) == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_disk_is_named_and_the_study_goes_on_once_there_is_room(workers, here, capsys, stopped):
    (here / "s.yaml").write_text(TINY, encoding="utf-8")
    run = ("run", "s.yaml", "--out", here / "disk" / "out", "--workers", workers, "--replications", "2")
    with mounted(here / "disk", "size=64k") as disk:
        # No room for the city and the plan: nothing is begun.
        assert_one_clear_message(command_line(capsys, *run), FOLDER, "No space left", "room")
        assert list(disk.iterdir()) == []
        # Room to begin, none for the results: what was done stays, nothing is a result.
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        whole = stopped / "whole"
        given = [*whole.glob("city/*"), whole / "plan.json", whole / "scenario.yaml"]
        begun = sum(-(-path.stat().st_size // 4096) * 4096 for path in given) + 32_768
        (disk / "ballast").write_bytes(bytes(4 * 1024 * 1024 - begun))
        said = command_line(capsys, *run)
        assert_one_clear_message(said, FOLDER, "No space left", "twin resume")
        assert not (disk / "out").exists()
        (disk / "ballast").unlink()
        assert command_line(capsys, "resume", disk / "out", "--workers", workers).code == 0
        assert not partial_of(disk / "out").exists()
        assert [p for p in (disk / "out").rglob("*") if p.suffix in (".tmp", ".partial")] == []


@pytest.mark.skipif(os.name != "posix", reason="limits of file size are of POSIX")
def test_files_that_may_not_grow_are_named(here):
    """As a quota would do it; also without the right to mount."""
    import resource

    (here / "s.yaml").write_text(TINY, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "twin", "run", "s.yaml", "--out", "out", "--workers", "1"],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)),
    )
    assert done.returncode == FOLDER, done.stderr
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(p.name for p in here.iterdir()) == ["s.yaml"]


def test_a_task_that_kills_its_worker_three_times_is_named(here, capsys, monkeypatch):
    (here / "s.yaml").write_text(TINY, encoding="utf-8")
    plan, city = api.plan_and_city(api.load(here / "s.yaml", replications=2))
    start(plan, city, here / "study", StudyOptions(workers=2))
    monkeypatch.setenv("TWIN_FORK", "no")
    # The worker's interpreter finds this module first and dies as the kernel's memory killer would have it.
    (here / "sitecustomize.py").write_text(
        "import os, sys\nif 'twin.experiments.worker' in ' '.join(sys.orig_argv):\n    os.kill(os.getpid(), 9)\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(here))
    said = command_line(capsys, "resume", "study", "--workers", "2")
    assert_one_clear_message(said, FOLDER, "killed its worker 3 times", "-9", "log.txt", "--workers 1")
    assert not (here / "study").exists()
    monkeypatch.delenv("PYTHONPATH")
    assert Plan.read(here / "study.partial").replications == 2
    assert command_line(capsys, "resume", "study", "--workers", "1").code == 0
