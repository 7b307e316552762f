"""Moments at which the gate operator is asked stand in the schedule beside the timetable."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.models.terminal.gate import gate
from twin.errors import ScenarioError
from twin.models.terminal import names
from twin.models.terminal.gate.layout import lane_groups, make_layout

HOURS = {"opening": [(0.0, 3600.0), (5400.0, 9000.0)], "lanes": {"A": {"count": 3}, "B": {"count": 2}}}


def entries(params, every_s):
    layout = make_layout(params, np.uint64(1), 0.0, every_s)
    return [(float(t), *word) for t, word in zip(layout.sched_time, layout.sched_word.tolist(), strict=True)]


def test_reviews_keep_the_timetable_and_name_what_it_has_open():
    params = gate(**HOURS)
    plain, asked = entries(params, None), entries(params, 1500.0)
    assert [(*e[:4],) for e in asked if e[:4] in {p[:4] for p in plain}] == [p[:4] for p in plain]
    assert asked == sorted(asked)
    extra = [e for e in asked if e[:4] not in {p[:4] for p in plain}]
    assert {e[0] for e in extra} == {1500.0, 3000.0, 4500.0, 6000.0, 7500.0}
    assert all(e[1] == names.SET_SERVERS and e[4] == 2 for e in extra)
    # Three lanes of A and two of B while it is open, none in the break.
    assert {e[0]: e[3] for e in extra if e[2] == 0} == {1500.0: 3, 3000.0: 3, 4500.0: 0, 6000.0: 3, 7500.0: 3}
    assert {e[3] for e in extra if e[2] == 1} == {2, 0}
    # Every change of the timetable asks too.
    assert all(e[4] for e in asked if e[1] == names.SET_SERVERS)


def test_lanes_with_lines_of_their_own_are_groups_of_one():
    assert lane_groups(gate(**HOURS)) == [("A", 3), ("B", 2)]
    own = lane_groups(gate(**HOURS, queues="own"))
    assert own == [("A/0", 1), ("A/1", 1), ("A/2", 1), ("B/0", 1), ("B/1", 1)]


def test_an_interval_of_nothing_is_refused():
    with pytest.raises(ScenarioError, match="reviews lanes every 0 s"):
        entries(gate(**HOURS), 0.0)
