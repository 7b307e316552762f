"""Whoever decides at the gate can be replaced, and the answer follows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.unit.models.terminal.gate import always_open, finish, gate, run, same_tables, start
from twin.engine.checkpoint import read_checkpoint, write_checkpoint
from twin.errors import EngineError, ScenarioError
from twin.models.terminal import names
from twin.models.terminal.agents import Haulier, TerminalOperator

OPERATOR, HAULIER = "terminal.gate_operator", "terminal.haulier"


class Watches(TerminalOperator):
    """Looks every five minutes and leaves the timetable as it is."""

    review_every_s = 300.0


class OpensByQueue(TerminalOperator):
    """One lane, and one more for every five trucks in line."""

    review_every_s = 60.0

    def lanes_open(self, look):
        return min(look.planned, 1 + look.in_line // 5)


class OpensOne(TerminalOperator):
    review_every_s = 600.0

    def lanes_open(self, look):
        return min(1, look.planned)


BUSY = {"trucks_per_h": 150, "hours": 3, "servers": 4}


def test_an_operator_who_looks_and_changes_nothing_changes_no_byte():
    usual = run(always_open(**BUSY))
    assert same_tables(usual, run(always_open(**BUSY), agents={OPERATOR: Watches}))


def test_an_operator_who_opens_one_lane_runs_a_gate_of_one_lane():
    told = run(always_open(50, 3, 4), agents={OPERATOR: OpensOne})["terminal_visits"]
    built = run(always_open(50, 3, 1))["terminal_visits"]
    for column in ("id", "join_s", "called_s", "gate_end_s", "wait_s"):
        assert told[column].tobytes() == built[column].tobytes()


def test_lanes_opened_by_the_length_of_the_line_shorten_the_wait_and_follow_the_rule():
    waits = {}
    for operator in (OpensOne, OpensByQueue, TerminalOperator):
        tables = run(always_open(**BUSY), agents={OPERATOR: operator})
        waits[operator] = tables["terminal_visits"]["wait_s"].mean()
        if operator is OpensByQueue:
            queue = tables["terminal_queue"]
            open_at = queue["lanes_open"][(queue["time_s"] > 0) & (queue["time_s"] < 3 * 3600.0)]
            assert set(open_at.tolist()) == {1, 2, 3, 4}
            # At every look the lanes are those of the line as it stands; in between nothing opens or shuts.
            changed = np.flatnonzero(np.diff(queue["lanes_open"]))
            times = queue["time_s"][changed + 1]
            assert (times[times < 3 * 3600.0] % 60.0 == 0).all()
    assert waits[TerminalOperator] < waits[OpensByQueue] < waits[OpensOne]


def test_a_checkpoint_between_two_looks_of_the_operator_changes_no_byte(tmp_path):
    params = always_open(**BUSY)
    whole = run(params, agents={OPERATOR: OpensByQueue})
    model, _ = start(params, agents={OPERATOR: OpensByQueue}, step_s=450.0)
    for _ in range(9):
        model.step()
    write_checkpoint(tmp_path / "state.npz", model.state())
    model.close()
    again, resumed = start(params, agents={OPERATOR: OpensByQueue}, step_s=450.0)
    again.restore(read_checkpoint(tmp_path / "state.npz"))
    assert same_tables(whole, finish(again, resumed))


def test_more_lanes_than_there_are_and_agents_that_do_not_fit_are_refused():
    class OpensTen(TerminalOperator):
        review_every_s = 60.0

        def lanes_open(self, look):
            return look.there_are + 1

    with pytest.raises(EngineError, match="OpensTen opens 5 lanes of A, which has 4"):
        run(always_open(**BUSY), agents={OPERATOR: OpensTen})
    with pytest.raises(ScenarioError, match=r"no model of this city has the part terminal\.boss") as fault:
        run(always_open(**BUSY), agents={"terminal.boss": OpensTen})
    assert "terminal.gate_operator, terminal.haulier" in str(fault.value)
    with pytest.raises(ScenarioError, match="is played by a TerminalOperator, got a Haulier"):
        run(always_open(**BUSY), agents={OPERATOR: lambda model, params: Haulier(model, 0, "large", params, ((), ()))})


QUOTA = {
    "demand": {"hourly": {30600.0: 60.0, 34200.0: 60.0}},
    "opening": [(30600.0, 45000.0)],
    "lanes": {"A": {"count": 6}},
    "conpas": {"quota": {"per_slot": 40, "max_shift_s": 14400.0}, "booked_share": 1.0},
}


def slots_of(**options):
    model, terminal = start(gate(**QUOTA), start_s=0.0, **options)
    now = terminal._now
    placed = now.code[:, names.BOOKING] != names.NOT_ASKED
    found = now.time_s[:, names.SLOT_FROM].copy(), placed.copy(), now.word[:, names.HAULIER].copy()
    model.close()
    return found


def test_hauliers_who_dread_all_hours_but_one_book_that_one():
    class Late(Haulier):
        def dreads_s(self):
            return np.where(self.slot_from_s == 41400.0, 0.0, math.inf)

    usual, _, _ = slots_of()
    late, _, _ = slots_of(agents={HAULIER: Late})
    taken = late[np.isfinite(late)]
    assert len(set(usual[np.isfinite(usual)].tolist())) > 1
    assert set(taken.tolist()) == {41400.0}
    assert 30 < len(taken) <= 40  # the quota of that slot, less what was given back


def test_a_haulier_who_will_not_book_sends_ordinary_trucks_and_the_others_keep_theirs():
    class Stubborn(Haulier):
        def books(self, day):
            return self.index % 2 == 0

    slot, asked, haulier = slots_of(agents={HAULIER: Stubborn})
    assert asked[haulier % 2 == 0].all()
    assert not asked[haulier % 2 == 1].any()
    assert np.isnan(slot[haulier % 2 == 1]).all()
