"""Verbs as functions: what the command line does, a script does with one call and a typed result."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import twin
from tests.scenarios.cases import TINY, TWO_VARIANTS, results
from twin.errors import RunError, ScenarioError
from twin.experiments.rank import Ranking
from twin.results.run_folder import Study, sealed
from twin.service import EditMap

ROOT = Path(__file__).resolve().parents[2]
AT_S = 6.25 * 3600


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    (folder / "tiny.yaml").write_text(TINY, encoding="utf-8")
    return twin.run(folder / "tiny.yaml", folder / "parent", checkpoint_every_s=900.0, keep_checkpoints=True)


def test_a_fork_is_one_call_and_lies_beside_its_parent(parent):
    seen = []
    study = twin.fork(
        parent.folder, AT_S, {"terminal.lanes.A.count": 4}, name="wide", on_progress=lambda *said: seen.append(said)
    )
    assert isinstance(study, Study)
    assert study.folder == parent.folder.with_name("parent-wide")
    assert study.variants == [parent.variants[0], "wide"]
    assert seen[-1][1:] == (2, 2)
    with pytest.raises(RunError, match="checkpoint"):
        twin.fork(parent, AT_S + 1, {"terminal.lanes.A.count": 4}, name="never")
    with pytest.raises(ScenarioError, match="workers must be at least 1"):
        twin.fork(parent, AT_S, {"terminal.lanes.A.count": 4}, name="nobody", workers=0)


def test_whoever_raises_from_progress_stops_a_run_that_can_be_resumed(tmp_path):
    class StoppedError(Exception):
        pass

    def stop_at_half(share, *_):
        if share >= 0.5:
            raise StoppedError

    (tmp_path / "two.yaml").write_text(TWO_VARIANTS, encoding="utf-8")
    with pytest.raises(StoppedError):
        twin.run(tmp_path / "two.yaml", tmp_path / "stopped", on_progress=stop_at_half)
    assert not (tmp_path / "stopped").exists()
    whole = twin.run(tmp_path / "two.yaml", tmp_path / "whole")
    resumed = twin.resume(tmp_path / "stopped")
    assert results(resumed.folder) == results(whole.folder)


def test_a_ranking_is_one_call(tmp_path):
    (tmp_path / "two.yaml").write_text(TWO_VARIANTS, encoding="utf-8")
    loaded = twin.load(tmp_path / "two.yaml", replications=1)
    ranking = twin.rank(loaded, "terminal.wait_mean_min", variant="more", key="terminal.service")
    assert isinstance(ranking, Ranking)
    assert (ranking.scenario, ranking.variant, ranking.kpi) == ("tiny", "more", "terminal.wait_mean_min")
    assert ranking.guesses
    assert all(row.guess.key.startswith("terminal.service") for row in ranking.guesses)
    with pytest.raises(ScenarioError, match="there is no variant 'none'"):
        twin.rank(loaded, "terminal.wait_mean_min", variant="none")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda m: m.update(seed=m["seed"] + 1), "the studies have different seeds, "),
        (lambda m: m["city"].update(name="kita", digest="0" * 64), "the studies are of different cities, "),
        (lambda m: m["city"].update(digest="0" * 64), " as built twice: their replications are no pairs"),
    ],
)
def test_studies_that_are_no_pairs_are_not_compared(parent, tmp_path, change, what):
    other = shutil.copytree(parent.folder, tmp_path / "other")
    manifest = json.loads((other / "manifest.json").read_text(encoding="utf-8"))
    change(manifest)
    manifest.pop("sha256")
    (other / "manifest.json").write_text(json.dumps(sealed(manifest)), encoding="utf-8")
    with pytest.raises(RunError, match=what) as caught:
        twin.compare(parent.folder, other)
    assert str(other) in caught.value.where
    assert caught.value.mend
    assert len(twin.compare(parent.folder, parent.folder))


def test_a_page_and_a_map_of_edits_are_one_call_each(parent, tmp_path):
    page = twin.view(parent, tmp_path / "page.html", lang="en")
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert twin.view(parent.run().folder) == parent.run().folder.parent / "000.html"
    drawn = twin.draw_edits("scenarios/midosuji_sidelanes.yaml", tmp_path / "map", variant="step1")
    assert isinstance(drawn, EditMap)
    assert [variant["name"] for variant in drawn.content["variants"]] == ["step1"]
    assert all(path.stat().st_size > 0 for path in drawn.files.values())


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_counts_every_run_once_and_never_goes_back(tmp_path, workers):
    path = tmp_path / "asking.yaml"
    asking = (ROOT / "tests" / "scenarios" / "asking.yaml").read_text(encoding="utf-8")
    path.write_text(
        asking + "uncertainty: {luck: until_decided, assumptions: every_range, draws: 3}\n", encoding="utf-8"
    )
    done = []
    study = twin.run(path, tmp_path / "study", workers=workers, on_progress=lambda *said: done.append(said[1:]))
    counts = [runs for runs, _ in done]
    assert counts[0] in (0, 1)
    assert counts == sorted(counts)
    assert done[-1][0] == done[-1][1] > study.replications * len(study.variants)
