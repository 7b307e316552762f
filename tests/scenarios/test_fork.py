"""A fork shares its past to the byte, changes only what it may, and pairs with its sibling only."""

from __future__ import annotations

import numpy as np
import pytest

from tests.scenarios.test_shipped import SMALL, changed, contents
from twin import api
from twin.errors import RunError, ScenarioError
from twin.experiments.fork import fork_plan
from twin.experiments.study import StudyOptions, go_on, start

NOON = 8 * 3600.0


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    plan, city = api.plan_and_city(api.load(SMALL))
    out = tmp_path_factory.mktemp("fork") / "parent"
    how = StudyOptions(1, checkpoint_every_s=1800.0, keep_checkpoints=True)
    return go_on(start(changed(plan, replications=2), city, out, how), out, how), city


@pytest.fixture(scope="module")
def forked(parent):
    study, city = parent
    changes = {"terminal.lanes.A.count": 6, "pedestrian.crossings.cycle": "120 s"}
    plan, checkpoints = fork_plan(study, "base", NOON, changes, "more")
    out = study.folder.with_name("forked")
    how = StudyOptions(1)
    return go_on(start(plan, city, out, how, past=checkpoints), out, how)


def test_the_sibling_goes_on_as_if_nothing_had_been_forked(parent, forked):
    study, _ = parent
    for replication in range(2):
        whole = contents(study.run("base", replication).folder / "tables")
        sibling = contents(forked.run("base", replication).folder / "tables")
        assert whole == sibling


def test_a_fork_differs_only_after_its_moment(forked):
    times = {"terminal_visits": ("gate_s", "join_s", "out_s"), "transit_requests": ("asked_s", "pickup_s")}
    for name, columns in times.items():
        one, other = forked.run("base").table(name), forked.run("more").table(name)
        assert set(one) == set(other)
        for column in (c for c in columns if c in one):
            before = np.sort(one[column][one[column] <= NOON])
            assert np.array_equal(before, np.sort(other[column][other[column] <= NOON])), (name, column)
    difference = forked.differences.set_index(["kpi", "group"])
    assert difference.loc[("terminal.wait_mean_min", "all"), "mean"] < 0


def test_a_parameter_that_cannot_be_forked_is_an_error_that_names_it(parent):
    study, _ = parent
    with pytest.raises(ScenarioError, match=r"terminal\.at_closure.* cannot be changed by a fork"):
        fork_plan(study, "base", NOON, {"terminal.at_closure": "suspend"}, "other")


def test_a_wrong_change_names_its_key(parent):
    study, _ = parent
    with pytest.raises(ScenarioError, match="lanez"):
        fork_plan(study, "base", NOON, {"terminal.lanez.A.count": 6}, "other")


def test_a_moment_without_checkpoint_lists_those_there_are(parent):
    study, _ = parent
    with pytest.raises(RunError, match=r"no checkpoint at 08:10:00; checkpoints stand at 07:30:00, 08:00:00"):
        fork_plan(study, "base", 8 * 3600.0 + 600, {"terminal.lanes.A.count": 6}, "other")


def test_a_fork_records_its_parent_and_pairs_with_its_siblings_only(parent, forked):
    study, _ = parent
    recorded = forked.manifest["parent"]
    assert recorded["at_s"] == NOON
    assert len(recorded["runs_sha256"]) == 2
    with pytest.raises(RunError, match="a fork pairs only with its siblings"):
        api.compare(study, forked)
