"""Searches from end to end on half an hour of a gate: the same bytes whoever does them, after kills too."""

from __future__ import annotations

import json

import pytest

from tests.scenarios.cases import assert_one_clear_message, command_line, results
from twin.errors import ScenarioError
from twin.experiments.study import resume
from twin.experiments.verify import verify
from twin.results.run_folder import Study
from twin.service_search import Place, Searcher, frontier, optimise, sensitivity, sweep

LANES, WAIT = "terminal.lanes.A.count", "terminal.wait_mean_min"


HALF_HOUR = """\
twin: 1
name: tiny
city: osaka_yumeshima
seed: 7
clock: {from: 07:00, to: 07:30, then: until_empty, latest: 10:00, step: 5 min}
terminal:
  approach: none
  demand: {hourly: {"07:00": 60 trucks}}
  opening: [07:00-12:00]
  lanes: {A: {count: 2, kind: ordinary}}
"""


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(HALF_HOUR + f"vary: {{keys: {{{LANES}: [1, 2, 3]}}, replications: 2}}\n")
    return path


class StoppedError(Exception):
    """Ends a search from outside."""


def stopping_at(runs):
    def on_progress(share, done, total):
        if done >= runs:
            raise StoppedError

    return on_progress


def test_a_sweep_is_the_same_by_any_number_of_workers_and_after_stops(tiny, tmp_path):
    whole = sweep(Searcher(tiny), place=Place(tmp_path / "a"))
    assert whole.variants == ["p00000", "p00001", "p00002"]
    means = [row["mean"] for row in next(f for f in whole.search["outcome"]["figures"] if f["kpi"] == WAIT)["rows"]]
    assert means == sorted(means, reverse=True)
    parted = tmp_path / "b"
    for stop in (1, 3, 5):
        on_progress = stopping_at(stop)
        with pytest.raises(StoppedError):
            sweep(Searcher(tiny), place=Place(parted, 1, on_progress)) if stop == 1 else resume(
                parted, on_progress=on_progress
            )
    resume(parted, workers=2)
    assert results(parted) == results(tmp_path / "a")
    assert verify(parted).ok


def test_an_adaptive_search_is_replayed_from_what_is_there(tiny, tmp_path):
    given = {"cost": f"setting:{LANES}", "service": WAIT, "at_most": "3 min", "replications": 3, "most_runs": 30}
    whole = frontier(Searcher(tiny), **given, place=Place(tmp_path / "a"))
    parted = tmp_path / "b"
    with pytest.raises(StoppedError):
        frontier(Searcher(tiny), **given, place=Place(parted, 1, stopping_at(11)))
    resume(parted)
    assert results(parted) == results(tmp_path / "a")
    found = whole.search["outcome"]
    assert [row["cost"]["mean"] for row in found["rows"]] == [1, 2, 3]
    assert found["smallest"] in {"p00001", "p00002"}


def test_optuna_proposes_the_same_after_a_stop(tiny, tmp_path):
    given = {"kpi": WAIT, "delta": "1 min", "trials": 12, "finalists": 2, "replications": 1, "most_runs": 60}
    vary = {LANES: [1, 2, 3, 4], "terminal.service.mean": ["2 min", "3 min"]}
    optimise(Searcher(tiny, vary=vary), **given, place=Place(tmp_path / "a"))
    parted = tmp_path / "b"
    with pytest.raises(StoppedError):
        optimise(Searcher(tiny, vary=vary), **given, place=Place(parted, 1, stopping_at(9)))
    resume(parted)
    assert results(parted) == results(tmp_path / "a")


def test_an_edited_answer_is_found(tiny, tmp_path):
    study = sweep(Searcher(tiny), place=Place(tmp_path / "s"))
    path = study.folder / "search.json"
    path.write_text(path.read_text().replace('"n": 2', '"n": 3', 1))
    assert "search.json: not as it was written" in verify(study.folder).faults


def test_tornado_and_morris_move_what_is_asked(tiny, tmp_path):
    from twin.scenario.language.vary import parsed

    spans = parsed([f"{LANES}=1..3", "terminal.service.mean=2 min..4 min"])
    place = Place(tmp_path / "t")
    bars = sensitivity(Searcher(tiny, vary=spans), WAIT, "tornado", place=place).search["outcome"]["bars"]
    assert {bar["key"] for bar in bars} == {LANES, "terminal.service.mean"}
    assert all((bar["change"] < 0) == (bar["key"] == LANES) for bar in bars)
    study = sensitivity(Searcher(tiny, vary=spans), WAIT, "morris", sampled=2, place=Place(tmp_path / "m"))
    assert len(study.search["outcome"]["indices"]) == 2
    assert len(study.variants) == 2 * 3
    assert Study(study.folder).columns("differences")["kpi"].tolist() == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--vary", "terminal.lanes.A.counts=1..3 step 1"], ("counts",)),
        (["--vary", f"{LANES}=3..1 step 1"], ("the span is empty",)),
        (["--vary", f"{LANES}=1..3"], ("has no step", "--sample 50")),
        (["--vary", LANES], ("sets no key",)),
        (["--kpi", "terminal.wait"], ("there is no figure",)),
        (["--base", "nobody"], ("there is no variant 'nobody'",)),
    ],
)
def test_what_cannot_be_swept_is_one_clear_message(tiny, tmp_path, capsys, options, words):
    said = command_line(capsys, "sweep", tiny, "--out", tmp_path / "s", "--workers", 1, *options)
    assert_one_clear_message(said, ScenarioError.exit_code, *words)
    assert not (tmp_path / "s").exists()


def test_the_command_prints_the_answer_for_programs(tiny, tmp_path, capsys):
    said = command_line(capsys, "sweep", tiny, "--out", tmp_path / "s", "--workers", 1, "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["search"]["method"] == "sweep"
