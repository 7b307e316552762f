"""The shelf lists studies and nothing else, and removes only what was asked for and has not changed since."""

from __future__ import annotations

import json
import os
import shutil
import time

import pytest

from tests.unit.viz.report.studies import make_study
from twin.errors import RunError
from twin.results.run_folder import sealed, write_json
from twin.results.shelf import prunable, remove, studies_in

DAY_S = 86400.0


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("shelf"), title="台数").folder


@pytest.fixture
def shelf(study, tmp_path):
    """A finished study, one of another version, one damaged, an unfinished one, and folders that are not ours."""
    shutil.copytree(study, tmp_path / "finished")
    for name in ("of-tomorrow", "damaged"):
        shutil.copytree(study, tmp_path / name)
    manifest = json.loads((study / "manifest.json").read_text(encoding="utf-8"))
    tomorrow = {k: v for k, v in manifest.items() if k != "sha256"} | {"format": 999}
    write_json(tmp_path / "of-tomorrow" / "manifest.json", sealed(tomorrow))
    (tmp_path / "damaged" / "manifest.json").write_text('{"kind": "study"', encoding="utf-8")
    unfinished = tmp_path / "begun.partial"
    unfinished.mkdir()
    for name in ("plan.json",):
        shutil.copy(study / name, unfinished / name)
    (unfinished / "how.json").write_text("{}", encoding="utf-8")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "manifest.json").write_text('{"kind": "album"}', encoding="utf-8")
    (tmp_path / "notes.partial").mkdir()
    (tmp_path / "letter.txt").write_text("a" * 1000, encoding="utf-8")
    os.symlink(study, tmp_path / "link")
    return tmp_path


def test_studies_are_listed_and_nothing_else(shelf):
    states = {one.folder.name: one.state for one in studies_in(shelf)}
    assert states == {
        "finished": "finished",
        "of-tomorrow": "unreadable",
        "damaged": "unreadable",
        "begun.partial": "unfinished",
    }


def test_a_study_is_known_by_title_size_question_and_answer(shelf, study):
    one = next(one for one in studies_in(shelf) if one.state == "finished")
    assert one.size_bytes == sum(p.stat().st_size for p in study.rglob("*") if p.is_file())
    assert "台数" in one.title_ja
    answers = json.loads((study / "answers.json").read_text(encoding="utf-8"))["answers"]
    for answer in answers:
        assert answer["sentence"]["ja"] in one.answer_ja
        assert answer["sentence"]["en"] in one.answer_en
    main = next(answer for answer in answers if answer["main"])
    assert one.answer_en.startswith(main["sentence"]["en"])


def test_what_is_wrong_with_an_unreadable_one_is_said(shelf):
    why = {one.folder.name: one.why for one in studies_in(shelf)}
    assert "format 999" in why["of-tomorrow"]
    assert "cannot be read" in why["damaged"]


def test_only_old_ones_go_and_never_an_unreadable_one(shelf):
    found = studies_in(shelf)
    now = time.time()
    assert not prunable(found, older_than_s=DAY_S, now_s=now)
    names = {one.folder.name for one in prunable(found, older_than_s=DAY_S, now_s=now + 2 * DAY_S)}
    assert names == {"finished", "begun.partial"}
    chosen = prunable(found, older_than_s=0.0, state="unfinished", now_s=now + 1)
    assert [one.folder.name for one in chosen] == ["begun.partial"]


def test_what_was_chosen_goes_and_the_rest_stays_to_the_byte(shelf, study):
    found = studies_in(shelf)
    chosen = [one for one in found if one.state == "finished"]
    assert remove(chosen) == chosen[0].size_bytes
    left = {path.name for path in shelf.iterdir()}
    assert left == {"of-tomorrow", "damaged", "begun.partial", "photos", "notes.partial", "letter.txt", "link"}
    assert (study / "kpis.parquet").is_file()


def test_what_has_changed_since_it_was_listed_stays(shelf):
    chosen = [one for one in studies_in(shelf) if one.state == "finished"]
    os.utime(shelf / "finished" / "manifest.json", (time.time() + 60, time.time() + 60))
    assert remove(chosen) == 0
    assert (shelf / "finished").is_dir()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RunError, match="no such folder"):
        studies_in(tmp_path / "none")


def test_the_command_lists_and_removes_only_with_yes(shelf, twin):
    listed = twin("runs", shelf)
    assert listed.returncode == 0
    assert "4 studies" in listed.stdout
    asked = json.loads(twin("runs", shelf, "--prune", "--days", "0", "--json").stdout)
    assert len(asked["would_prune"]) == 2
    assert (shelf / "finished").is_dir()
    done = json.loads(twin("runs", shelf, "--prune", "--days", "0", "--only", "finished", "--yes", "--json").stdout)
    assert done["freed_bytes"] > 0
    assert not (shelf / "finished").exists()
    assert (shelf / "begun.partial").is_dir()
