"""The starter scenario and its schema, from the real models."""

import json
import re
import unicodedata

import pytest

from twin.errors import RunError, ScenarioError
from twin.models.registry import BUILT_IN
from twin.scenario.language.json_schema import json_schema
from twin.scenario.language.load import load_scenario
from twin.scenario.language.schema import scenario_name, short_folder
from twin.scenario.plan.check import check_scenario
from twin.scenario.plan.new import KINDS, SCHEMA_FILE, new_scenario


@pytest.fixture
def toy_models():
    """Here the real models are asked."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_starter_is_sound_as_it_stands(tmp_path, kind):
    path = new_scenario("my-first", tmp_path / "新しい folder", kind)
    report = check_scenario(path)
    assert report.ok, report.problems
    assert report.warnings == ()
    assert next(iter(report.scenario.variants)) == "today"
    assert len(report.scenario.variants) >= 2
    assert set(report.scenario.variants["today"].models) == set(KINDS[kind].models)


def test_the_first_line_points_editors_to_the_schema_beside_it(tmp_path):
    path = new_scenario("my-first", tmp_path)
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=./scenario.schema.json\n")
    assert json.loads((tmp_path / SCHEMA_FILE).read_text(encoding="utf-8")) == json_schema()


@pytest.mark.parametrize("kind", KINDS)
def test_every_default_shown_is_the_default_when_its_comment_is_removed(tmp_path, kind):
    path = new_scenario("my-first", tmp_path, kind)
    text = path.read_text(encoding="utf-8")
    head, rest = text.split("\n# Below,", 1)
    keys = rest.split("\n# A measure", 1)[0].splitlines()[1:]
    shown = [re.sub(r"^(\s*)# ", r"\1", line) for line in keys if "…" not in line.split("        #")[0]]
    bare = tmp_path / "bare.yaml"
    bare.write_text(head + "\n" + "\n".join(shown) + "\n", encoding="utf-8")
    opened, default = load_scenario(bare).variants["base"], load_scenario(path).variants["today"]
    assert opened.models == default.models


def test_an_existing_file_is_never_overwritten(tmp_path):
    new_scenario("my-first", tmp_path)
    with pytest.raises(RunError, match="exists already"):
        new_scenario("my-first", tmp_path)


def test_a_name_in_japanese_keeps_its_letters_and_its_studies_lie_in_a_plain_folder(tmp_path):
    path = new_scenario("どの台数", tmp_path, kind="terminal")
    assert path.name == "どの台数.yaml"
    assert load_scenario(path).head.name == "どの台数"
    folder = short_folder("どの台数")
    assert folder.isascii()
    assert scenario_name(folder) == folder
    assert folder == short_folder(unicodedata.normalize("NFD", "どの台数")) != short_folder("どの台数2")
    assert short_folder("ikuno-fleet") == "ikuno-fleet"


def test_wrong_names_kinds_and_folders_are_one_clear_error(tmp_path):
    with pytest.raises(ScenarioError, match="no short name"):
        new_scenario("../x", tmp_path)
    with pytest.raises(ScenarioError, match="choose one of osaka"):
        new_scenario("x", tmp_path, "tokyo")
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot be written|exists already"):
        new_scenario("x", tmp_path / "file")


def references(schema):
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def test_the_schema_is_whole_and_speaks_of_units_defaults_and_sources():
    schema = json_schema()
    assert {ref.removeprefix("#/$defs/") for ref in references(schema)} <= set(schema["$defs"])
    assert schema["required"] == ["twin", "name", "city", "clock"]
    assert schema["additionalProperties"] is False
    step = schema["$defs"]["scenario.ClockSpec"]["properties"]["step"]
    assert step["description"] == "length of a common step; default 5 s"
    speed, graded = schema["$defs"]["road_traffic.ClassSpeeds"]["properties"]["car"]["anyOf"]
    assert re.fullmatch(speed["pattern"], "20 km/h")
    assert not re.fullmatch(speed["pattern"], "20")
    assert graded["$ref"] == "#/$defs/Graded"
    assert "set" in schema["$defs"]["scenario.MeasureSpec"]["properties"]


def test_two_models_with_classes_of_one_name_keep_them_apart():
    definitions = json_schema()["$defs"]
    assert all("." in name or name in ("Graded", *BUILT_IN) for name in definitions)


def test_the_schema_is_the_same_every_time():
    assert json.dumps(json_schema()) == json.dumps(json_schema())


def test_the_starter_of_all_districts_serves_the_one_that_streets_join(tmp_path):
    import twin

    path = new_scenario("whole", tmp_path, "osaka")
    loaded = load_scenario(path)
    assert loaded.variants["today"].models["transit"].area == ("osaka_ikuno_hirano/",)
    assert twin.check(path).ok
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  area: [osaka_ikuno_hirano/]", "  # area:"), encoding="utf-8")
    (problem,) = twin.check(path).problems
    assert "have no way by road" in problem.what
    assert "stops like osaka_ikuno_hirano/" in problem.what
    assert "stops like osaka_midosuji/" in problem.what or "stops like osaka_yumeshima/" in problem.what
    assert "[osaka_ikuno_hirano/]" in problem.mend
