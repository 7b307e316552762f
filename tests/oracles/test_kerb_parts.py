"""Parts of the kerb by hand: room in the logs, what cameras report, whom a patrol asks again."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.models.kerb.cases import kerbside_of, plain_case, run_kernels
from twin.engine.draws import event, uniform
from twin.engine.event_queue import new_heap
from twin.models.kerb import kernels
from twin.models.kerb.names import ARRIVE, ASK_DRIVER, DONE, DOUBLE_PARK, GO_AWAY
from twin.models.kerb.rows import new_logs

# Without compilation, numpy warns where the hash of the draws wraps around on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
IN_LANE = (0.0, 0.0, 1.0, 0.0, 0.0)


@pytest.mark.parametrize("small", range(3))
def test_a_log_without_room_for_one_more_event_is_emptied_first(small):
    """One log at a time has room for a single event: every row comes out all the same."""
    luck = np.random.default_rng(3)
    case = plain_case(np.sort(luck.uniform(0, 900, 40)), luck.uniform(10, 90, 40), 2, (0.0, 0.0, 0.4, 0.6, 0.0))
    whole = run_kernels(case)
    rows = [len(whole.moves), len(whole.stands), len(whole.lanes)]
    assert rows[0] > rows[1] > 0 < rows[2]
    side, heap = kerbside_of(case), new_heap(400)
    for row, time_s in enumerate(case.arrive_s):
        kernels.expect(heap, time_s, ARRIVE, case.ids[row], row)
    full = new_logs(512)
    logs = full._replace(**{("moves", "stands", "lanes")[small]: full[small][:4]})
    room = [log.size for log in (logs.moves, logs.stands, logs.lanes)]
    got, code = np.zeros(3, int), None
    for _ in range(500):
        code = kernels.run_until(side, heap, logs, np.inf)
        assert (logs.size <= room).all()
        got += logs.size
        logs.size[:] = 0
        if code == DONE:
            break
    assert code == DONE
    assert got.tolist() == rows


def test_a_camera_reports_each_it_notices_once_until_a_patrol_has_come():
    # A camera that tells nobody: all would obey. It begins to watch just as it notices the first.
    watchers = [(1.0, 30.0, 1.0, 5.0, 0.0, 0.0), (0.0,) * 6, (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)]
    case = plain_case([0.0, 10.0, 20.0], [300.0, 300.0, 25.0], 0, IN_LANE, watchers=watchers, camera=[0])
    case.hours = (30.0, 1000.0)
    # The third has left before it is noticed.
    assert sorted(row[2] for row in run_kernels(case).stands) == [45.0, 300.0, 310.0]
    assert run_kernels(case).side.reported.tolist() == [2]
    case.rounds = [(35.0, 0)]
    told = run_kernels(case)
    assert told.patrols == [3]
    assert told.side.reported.tolist() == [1]


def test_a_patrol_asks_again_and_every_asking_has_its_own_luck():
    rounds = [(100.0, 0), (200.0, 0), (300.0, 0), (400.0, 0)]
    watchers = [(0.0,) * 6, (0.0,) * 6, (0.0, 0.0, 0.4, 7.0, 0.0, 1.0)]
    case = plain_case(np.arange(30.0), np.full(30, 1000.0), 0, IN_LANE, watchers=watchers, rounds=rounds)
    left_s, asked = {}, [0] * len(rounds)
    for came_s, id_ in zip(case.arrive_s.tolist(), case.ids, strict=True):
        left_s[int(id_)] = came_s + 1000.0
        for number, (time_s, _) in enumerate(rounds):
            asked[number] += 1
            # The key of a patrol's first asking is 2: a camera has 0, a guard 1.
            if uniform(case.stream("comply"), id_, event(1, 2 + number)) < 0.4:
                left_s[int(id_)] = time_s + 7.0
                break
    told = run_kernels(case)
    assert {row[0]: row[2] for row in told.stands} == left_s
    assert told.patrols == asked
    assert asked[0] > asked[1] > asked[2] > asked[3] > 0


def test_row_0_waits_in_line_like_any_other():
    """Row 1 has the bay; 0 and 2 wait, 2 gives up behind 0, 3 waits behind 0; 0 gets the bay, and 3 after it."""
    case = plain_case([10.0, 0.0, 20.0, 40.0], [100.0, 60.0, 100.0, 5.0], 1, (0.0, 1.0, 0.0, 0.0, 0.0))
    case.patience_s = np.array([1e6, 1e6, 10.0, 1e6])
    told = run_kernels(case)
    ids = case.ids.tolist()
    got = sorted((ids.index(row[0]), row[1], row[2], row[6]) for row in told.stands)
    bay, waiting = 0, 2
    assert got == [
        (0, 10.0, 60.0, waiting), (0, 60.0, 160.0, bay), (1, 0.0, 60.0, bay), (2, 20.0, 30.0, waiting),
        (3, 40.0, 160.0, waiting), (3, 160.0, 165.0, bay),
    ]  # fmt: skip
    assert (told.side.visits["bay"] == -1).all()
    assert (told.side.visits["next"] == -1).all()


def test_who_gives_up_ahead_of_row_0_leaves_the_line_behind_it_whole():
    case = plain_case([20.0, 0.0, 10.0, 40.0], [100.0, 60.0, 100.0, 5.0], 1, (0.0, 1.0, 0.0, 0.0, 0.0))
    case.patience_s = np.array([1e6, 1e6, 20.0, 1e6])
    told = run_kernels(case)
    ids = case.ids.tolist()
    assert sorted((ids.index(row[0]), row[1]) for row in told.stands if row[6] == 0) == [
        (0, 60.0), (1, 0.0), (3, 160.0),
    ]  # fmt: skip


def test_a_step_takes_what_happens_at_its_very_end():
    case = plain_case([10.0], [60.0], 1, (0.0, 1.0, 0.0, 0.0, 0.0))
    side, heap, logs = kerbside_of(case), new_heap(20), new_logs(16)
    kernels.expect(heap, 10.0, ARRIVE, case.ids[0], 0)
    assert kernels.run_until(side, heap, logs, 9.0) == DONE
    assert side.size[0] == 0
    assert kernels.run_until(side, heap, logs, 10.0) == DONE
    assert side.size[0] == 1


def test_nobody_waits_where_there_is_no_bay():
    case = plain_case([0.0], [60.0], 1, (0.0, 1.0, 0.0, 0.0, 0.0))
    case.bays, case.near = [1, 0], [[1]]
    told = run_kernels(case)
    assert told.stands == []
    assert [row[2] for row in told.moves] == [1]


def test_one_searches_on_until_the_time_for_it_is_over():
    """The second pocket is reached after 60 s, which is just in time to try a third."""
    for search_s, tried in ((60.0, 3), (59.0, 2)):
        case = plain_case([0.0], [30.0], 0, (1.0, 0.0, 0.0, 0.0, search_s))
        case.bays, case.near = [0, 0, 1], [[0, 1, 2]]
        told = run_kernels(case)
        assert told.side.visits["tries"].tolist() == [tried]
        assert [row[1] for row in told.stands] == ([120.0] if tried == 3 else [])


def test_a_guard_deters_where_it_stands():
    watchers = [(0.0,) * 6, (0.0, 0.0, 0.0, 0.0, 1.0, 1.0), (0.0,) * 6]
    for guard, stands in (([0], 0), ([], 4)):
        case = plain_case(np.arange(4.0), np.full(4, 60.0), 0, IN_LANE, watchers=watchers, guard=guard)
        assert len(run_kernels(case).stands) == stands


def test_at_the_limit_nobody_is_told_and_who_leaves_then_anyway_was_not_told():
    watchers = [(0.0,) * 6, (0.0,) * 6, (0.0, 0.0, 1.0, 7.0, 0.0, 1.0)]
    case = plain_case([0.0], [500.0], 1, (0.0, 0.0, 0.0, 1.0, 0.0), watchers=watchers, limit_s=100.0)
    case.rounds = [(100.0, 0), (101.0, 0)]
    told = run_kernels(case)
    assert told.patrols == [0, 1]
    assert [(row[2], row[7]) for row in told.stands] == [(108.0, 1)]
    for dwell_s, was_told in ((107.0, 0), (107.5, 1)):
        case = plain_case([0.0], [dwell_s], 0, IN_LANE, watchers=watchers, rounds=[(100.0, 0)])
        assert [(row[2], row[7]) for row in run_kernels(case).stands] == [(107.0, was_told)]


def test_a_driver_of_ones_own_is_asked_and_does_what_it_answers():
    case = plain_case([0.0, 5.0, 9.0], [60.0, 60.0, 60.0], 1, (0.0, 0.0, 0.0, 1.0, 0.0))
    side, heap, logs = kerbside_of(case), new_heap(40), new_logs(16)
    side.rules["asks"] = 1
    for row, time_s in enumerate(case.arrive_s):
        kernels.expect(heap, time_s, ARRIVE, case.ids[row], row)
    for row, choice in ((1, DOUBLE_PARK), (2, GO_AWAY)):
        assert kernels.run_until(side, heap, logs, 1000.0) == ASK_DRIVER
        assert (side.size[1], side.now_s[0]) == (row, case.arrive_s[row])
        kernels.answer(side, heap, logs, choice, case.arrive_s[row])
        assert side.size[1] == -1
    assert kernels.run_until(side, heap, logs, 1000.0) == DONE
    moves = [(row["time_s"], row["visit"], row["away"]) for row in logs.moves[: logs.size[0]]]
    assert moves == [(9.0, 2, 1), (60.0, 0, 1), (65.0, 1, 1)]
    assert logs.stands["edge"][: logs.size[1]].tolist() == [0, 0]
    assert logs.stands["bay"][:1].tolist() == [0]
