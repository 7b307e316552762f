"""Studies, forks and rankings ask an executor; which one does not show in what comes out."""

from __future__ import annotations

import pytest

import twin
from tests.scenarios.cases import TWO_VARIANTS, results
from twin import service
from twin.city.keeping.build import open_city
from twin.experiments.task import do_task
from twin.scenario.plan.plan import Plan

SCENARIO = TWO_VARIANTS.replace("seed: 7", "seed: 7\nreplications: 3\nrecord: {checkpoint: 10 min}")


class Backwards:
    """Does what was asked last first, in this process: a cluster of one, with an order of its own."""

    made = 0

    def __init__(self, partial, workers, on_news=None):
        type(self).made += 1
        self.partial, self.waiting, self.done = partial, [], []
        self.cancelled = False

    def submit(self, task):
        self.waiting.append(task)

    def as_completed(self):
        plan, city = Plan.read(self.partial), open_city(self.partial / "city")
        while self.waiting:
            task = self.waiting.pop()
            do_task(self.partial, plan, city, task, None)
            self.done.append(task)
            yield task

    def cancel(self):
        self.waiting.clear()
        self.cancelled = True


class Breaks(Backwards):
    """Gives up after two runs."""

    def as_completed(self):
        for count, task in enumerate(super().as_completed(), 1):
            yield task
            if count == 2:
                raise KeyboardInterrupt


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    path = tmp_path_factory.mktemp("executor") / "two.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def here(scenario, tmp_path_factory):
    return twin.run(scenario, tmp_path_factory.mktemp("here") / "study", keep_checkpoints=True)


def test_a_study_by_another_executor_is_the_same_to_the_byte(scenario, here, tmp_path):
    before = Backwards.made
    other = twin.run(scenario, tmp_path / "study", keep_checkpoints=True, executor=Backwards)
    assert Backwards.made == before + 1
    assert results(other.folder) == results(here.folder)


def test_what_an_executor_left_is_taken_up_by_another(scenario, here, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        twin.run(scenario, tmp_path / "study", keep_checkpoints=True, executor=Breaks)
    resumed = service.resume(tmp_path / "study", executor=Backwards)
    assert results(resumed.folder) == results(here.folder)


def test_forks_and_rankings_go_by_the_executor_too(scenario, here, tmp_path):
    change = {"terminal.lanes.A.count": 1}
    at_s = 6 * 3600.0 + 600.0
    forks = [
        service.fork(here, at_s, change, out=tmp_path / name, executor=executor)
        for name, executor in (("one", None), ("other", Backwards))
    ]
    assert results(forks[0].folder) == results(forks[1].folder)
    before = Backwards.made
    rankings = [
        service.rank(scenario, "terminal.wait_mean_min", key="terminal.service", replications=2, executor=executor)
        for executor in (None, Backwards)
    ]
    assert Backwards.made == before + 1
    assert [r.to_dict() for r in rankings[0].guesses] == [r.to_dict() for r in rankings[1].guesses]
