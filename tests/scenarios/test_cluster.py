"""A real scheduler and real workers: the same bytes as local runs, whoever dies in the middle of a task."""

from __future__ import annotations

import threading
import time

import pytest

from tests.scenarios.cases import assert_one_clear_message, command_line, results
from tests.scenarios.test_search import HALF_HOUR, LANES
from twin import api
from twin.errors import ClusterError, LimitError, RunError, ScenarioError
from twin.experiments.cluster import DaskExecutor, cluster_executor, put, refuse_others, software
from twin.experiments.cluster_local import LocalCluster
from twin.experiments.lean import LeanResults, line_of
from twin.experiments.packing import packed, unpack
from twin.experiments.task import Task
from twin.kpi import Kpi
from twin.service_search import Place, Searcher, sweep


@pytest.fixture(scope="module")
def cluster():
    made = LocalCluster(2)
    try:
        made.address  # noqa: B018  (waits until the scheduler listens)
        yield made
    finally:
        made.close()


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(
        HALF_HOUR + f"variants: {{today: {{}}, more: {{set: {{{LANES}: 3}}}}}}\nreplications: 6\n", encoding="utf-8"
    )
    return path


@pytest.mark.slow
def test_workers_that_die_in_the_middle_lose_nothing(cluster, scenario, tmp_path):
    local = api.run(scenario, tmp_path / "local")
    failed = []

    def run():
        try:
            api.run(scenario, tmp_path / "far", executor=cluster_executor(cluster.address))
        except BaseException as fault:  # noqa: BLE001  (told below)
            failed.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    runs = tmp_path / "far.partial" / "runs"

    def done():
        return len(list(runs.glob("*/*/manifest.json")))

    def wait_for(count):
        began = time.monotonic()
        while thread.is_alive() and done() < count and time.monotonic() - began < 120:
            time.sleep(0.01)  # finished runs appear as files, and nobody tells

    wait_for(1)
    cluster.processes[1].kill()  # one worker in the middle of its task
    wait_for(4)
    for process in cluster.processes[2:]:
        process.kill()  # then all that the host has left
    cluster.add_worker()
    cluster.add_worker()
    thread.join(240)
    assert not failed
    assert not thread.is_alive()
    assert results(tmp_path / "far") == results(local.folder)


def test_a_search_is_the_same_on_a_cluster(cluster, scenario, tmp_path):
    vary = {LANES: [1, 2]}
    sweep(Searcher(scenario, vary=vary), replications=2, place=Place(tmp_path / "a"))
    far = cluster_executor(cluster.address)
    sweep(Searcher(scenario, vary=vary), replications=2, place=Place(tmp_path / "b", executor=far))
    assert results(tmp_path / "a") == results(tmp_path / "b")


def test_an_error_of_a_run_comes_back_as_one(cluster, scenario, tmp_path):
    scenario.write_text(scenario.read_text() + "limits: {disk: 1 kB}\n")
    with pytest.raises(LimitError, match="the limit is"):
        api.run(scenario, tmp_path / "s", executor=cluster_executor(cluster.address))


def test_a_cluster_that_is_none_is_one_clear_message(scenario, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("twin.experiments.cluster._CONNECT_S", 0.5)
    said = command_line(capsys, "run", scenario, "--out", tmp_path / "s", "--cluster", "tcp://127.0.0.1:9")
    assert_one_clear_message(said, RunError.exit_code, "the cluster cannot be reached")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.yaml"], "nothing half-written"
    for wrong in ("somewhere", "local:none", "local:0"):
        with pytest.raises(ScenarioError, match="--cluster"):
            cluster_executor(wrong)


def test_workers_of_another_version_are_refused():
    refuse_others({"w": software()})
    with pytest.raises(RunError, match=r"a worker runs numpy 1\.0, here is") as caught:
        refuse_others({"tcp://w": {**software(), "numpy": "1.0"}})
    assert "tcp://w" in str(caught.value)


def test_a_worker_of_another_version_leaves_nothing_half_written(cluster, scenario, tmp_path, monkeypatch):
    monkeypatch.setattr("twin.experiments.cluster.__version__", "0.0.1")
    with pytest.raises(ClusterError, match=r"a worker runs twin .*, here is 0\.0\.1"):
        api.run(scenario, tmp_path / "s", executor=cluster_executor(cluster.address))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.yaml"]


def test_a_worker_that_gives_back_other_runs_is_not_believed(tmp_path):
    tasks = [Task("a", 0, lean=True), Task("a", 1, lean=True)]
    lines = [line_of("a", n, [Kpi("m.x", "all", float(n), "min")]) for n in range(3)]
    for told in (lines[0] + lines[2], lines[0], lines[1] + lines[0], lines[0] + lines[1].replace(b"m.x", b"m.y"), b""):
        with pytest.raises(RunError, match="other runs than it was asked for"):
            put(tmp_path, tasks, {"lines": told, "files": b""})
    assert list(tmp_path.iterdir()) == []
    said = {"error": "LimitError", "what": "too long", "where": "there", "mend": "so"}
    with pytest.raises(LimitError, match="too long") as caught:
        put(tmp_path, tasks, {"lines": lines[0], "files": b"", "error": said, "task": 1})
    assert "variant a, replication 1" in caught.value.where
    results = LeanResults(tmp_path)
    results.look()
    assert list(results) == [("a", 0)], "what was done before the error stands"


def test_a_worker_cannot_write_outside_its_folder(tmp_path):
    unpack(packed([("a/b.txt", b"x")]), tmp_path / "in")
    assert (tmp_path / "in" / "a" / "b.txt").read_bytes() == b"x"
    for name in ("../out.txt", "/out.txt", "a/../../out.txt"):
        with pytest.raises(RunError, match="outside its folder"):
            unpack(packed([(name, b"x")]), tmp_path / "in")
    assert not (tmp_path / "out.txt").exists()


def test_a_worker_that_dies_while_it_is_told_of_the_study_is_waited_out(cluster, scenario, tmp_path, monkeypatch):
    """What is told to all workers fails as a whole when one of them dies in the middle of it."""
    monkeypatch.setattr("twin.experiments.cluster._GREET_AGAIN_S", 0.01)
    real, failures = DaskExecutor.__dict__["_tell_all"], [OSError("Stream is closed"), TimeoutError()]

    def tell_all(self, plugin):
        if failures:
            raise failures.pop()
        real(self, plugin)

    monkeypatch.setattr(DaskExecutor, "_tell_all", tell_all)
    vary = {LANES: [1, 2]}
    far = cluster_executor(cluster.address)
    study = sweep(Searcher(scenario, vary=vary), replications=1, place=Place(tmp_path / "far", executor=far))
    assert not failures
    assert len(study.variants) == 2
    failures[:] = [OSError("Stream is closed")] * 50
    with pytest.raises(ClusterError, match="come and go: Stream is closed"):
        sweep(Searcher(scenario, vary=vary), replications=1, place=Place(tmp_path / "none", executor=far))
    assert not (tmp_path / "none.partial").exists()


def test_a_cluster_that_goes_away_in_the_middle_leaves_what_is_done(cluster, scenario, tmp_path, monkeypatch):
    real, given = DaskExecutor._give, []

    def give(self):
        if len(given) == 2:
            raise OSError("Stream is closed")
        given.append(1)
        real(self)

    monkeypatch.setattr(DaskExecutor, "_give", give)
    with pytest.raises(RunError, match="the cluster has gone away: Stream is closed") as caught:
        api.run(scenario, tmp_path / "s", executor=cluster_executor(cluster.address))
    assert "twin resume" in caught.value.mend
    assert list((tmp_path / "s.partial" / "runs").glob("*/*/manifest.json"))
