"""Handing out tasks: the dead are replaced, errors keep their kind, nobody is left running. Workers are acted here."""

from __future__ import annotations

import math
from collections import deque

import pytest

from twin.errors import CityError, InternalError, LimitError, RunError, ScenarioError
from twin.experiments import pool
from twin.experiments.pool import LocalPool, do_all
from twin.experiments.task import Task

TASKS = [Task("today", 0), Task("more", 0), Task("today", 1), Task("more", 1)]


@pytest.fixture
def act(monkeypatch):
    """Workers that say what a script tells them to for (task, try), at once; returns those that were made."""
    made = []

    def install(script):
        tries = dict.fromkeys(TASKS, 0)

        class Process:
            def poll(self):
                return -9

        class Actor:
            def __init__(self, process, inbox):
                self.inbox, self.tasks, self.progress, self.process = inbox, deque(), 0.0, Process()
                self.run_s = math.inf
                self.given, self.stopped = [], 0
                made.append(self)
                inbox.put((self, {"ready": 1}))

            def give(self, task):
                self.tasks.append(task)
                self.given.append(task)
                tries[task] += 1
                self.inbox.put((self, script(task, tries[task])))

            def stop(self):
                self.stopped += 1

        monkeypatch.setattr(pool, "Worker", Actor)
        monkeypatch.setattr(pool, "starter", lambda *_: lambda: None)
        return made

    return install


def test_every_task_is_done_once_by_no_more_workers_than_asked_for(act, tmp_path):
    made = act(lambda *_: {"done": True})
    seen = []
    do_all(tmp_path, TASKS, 2, lambda done, _: seen.append(done))
    assert len(made) == 2
    assert sorted((task for worker in made for task in worker.given), key=str) == sorted(TASKS, key=str)
    assert seen[-1] == len(TASKS)
    assert all(worker.stopped for worker in made)


def test_the_task_of_a_worker_that_dies_goes_to_another(act, tmp_path):
    made = act(lambda task, n: None if task == TASKS[1] and n < 3 else {"done": True})
    do_all(tmp_path, TASKS, 2)
    assert len(made) == 4
    assert sum(task == TASKS[1] for worker in made for task in worker.given) == 3
    assert all(worker.stopped for worker in made)


def test_a_task_that_kills_three_workers_ends_the_study_and_leaves_nobody_behind(act, tmp_path):
    made = act(lambda task, _: None if task == TASKS[1] else {"done": True})
    with pytest.raises(RunError, match=r"more, replication 0 killed its worker 3 times \(exit code -9\)") as caught:
        do_all(tmp_path, TASKS, 2)
    assert "--workers 1" in caught.value.mend
    assert sum(task == TASKS[1] for worker in made for task in worker.given) == 3
    assert all(worker.stopped for worker in made)


def test_a_worker_that_dies_idle_is_not_replaced(act, tmp_path, monkeypatch):
    made = act(lambda *_: {"done": True})
    actor = pool.Worker

    class DiesIdle(actor):
        def give(self, task):
            super().give(task)
            if task == TASKS[0]:
                self.inbox.put((self, None))

    monkeypatch.setattr(pool, "Worker", DiesIdle)
    do_all(tmp_path, TASKS[:2], 2)
    assert len(made) == 2


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("ScenarioError", ScenarioError, 2),
        ("CityError", CityError, 3),
        ("RunError", RunError, 4),
        ("LimitError", LimitError, 6),
        ("OSError", RunError, 4),
        ("internal", InternalError, 70),
        ("SystemExit", InternalError, 70),
        ("annotations", InternalError, 70),
    ],
)
def test_an_error_of_a_worker_keeps_its_kind_and_says_which_run(name, kind, code, act, tmp_path):
    made = act(lambda *_: {"error": name, "what": "broken", "where": "there", "mend": "so"})
    with pytest.raises(kind, match="broken") as caught:
        do_all(tmp_path, TASKS, 2)
    assert type(caught.value) is kind
    assert caught.value.exit_code == code
    assert "there, variant today, replication 0" in caught.value.where
    assert caught.value.mend
    assert all(worker.stopped for worker in made)


def test_tasks_asked_for_while_others_are_told_of_are_done_too(act, tmp_path):
    made = act(lambda *_: {"done": True})
    pool, told = LocalPool(tmp_path, 2), []
    pool.submit(TASKS[0])
    for task in pool.as_completed():
        told.append(task)
        if len(told) < len(TASKS):
            pool.submit(TASKS[len(told)])
    assert told == TASKS
    assert len(made) == 1  # an idle worker takes the next task
    assert list(pool.as_completed()) == []
    pool.submit(TASKS[0])
    assert list(pool.as_completed()) == TASKS[:1]


def test_a_rule_that_stops_early_leaves_the_rest_undone_and_nobody_running(act, tmp_path):
    made = act(lambda *_: {"done": True})
    pool, told = LocalPool(tmp_path, 1), []
    for task in TASKS:
        pool.submit(task)
    for task in pool.as_completed():
        told.append(task)
        if len(told) == 2:
            pool.cancel()
    assert told == TASKS[:2]
    assert all(worker.stopped for worker in made)
    assert len([task for worker in made for task in worker.given]) < len(TASKS)
    pool.cancel()


def test_further_tasks_are_asked_for_when_all_are_done_until_there_are_none(act, tmp_path):
    act(lambda *_: {"done": True})
    rounds, seen = [TASKS[2:], ()], []
    do_all(tmp_path, TASKS[:2], 2, lambda done, _: seen.append(done), lambda: rounds.pop(0))
    assert rounds == []
    assert seen[-1] == len(TASKS)
