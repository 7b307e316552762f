"""Servers with lines of their own, part by part, against lists: which to join, who leaves a shut one, who moves over.

Lines and customers have any numbers, 0 among them, and a lane takes from its lines in any order. Parts are copied into
the kernels that call them: this runs in the leg of ``.ci/run`` that runs oracles without the compiler.
"""

from __future__ import annotations

import numba
import numpy as np
import pytest

from twin.engine.stations import lane_kernels, names
from twin.engine.stations.line_kernels import append

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT == 0, reason="compiled, these are only parts of other kernels")
ROWS = 16
NOW_S = 900.0
SERVICE_S = 7.0


class Lane:
    """A server, and rows in its lines by sort."""

    def __init__(self, cap, busy, sorts):
        self.cap, self.busy = cap, busy
        self.lines = {sort: [] for sort in sorts}

    def waiting(self):
        return sum(len(line) for line in self.lines.values())

    def length(self):
        return self.waiting() + self.busy


class Lanes:
    """Lanes drawn at random, as lists and as the arrays of the engine."""

    def __init__(self, seed, open_share=0.6):
        luck = np.random.default_rng(seed)
        count = int(luck.integers(2, 5))
        self.lanes = []
        for _ in range(count):
            sorts = luck.permutation(names.SORTS)[: luck.integers(2, 4)].tolist()
            self.lanes.append(Lane(int(luck.random() < open_share), int(luck.random() < 0.8), sorts))
        numbers = iter(luck.permutation(sum(len(lane.lines) for lane in self.lanes)).tolist())
        self.number = {(at, sort): next(numbers) for at, lane in enumerate(self.lanes) for sort in lane.lines}
        # Behind the lanes stands a server of a later stage with a line that nobody here may look at.
        self.lines = np.zeros((len(self.number) + 1, names.SERVED_BY + 2), np.int32)
        self.lines[:, names.SERVED_BY :] = -1
        self.lines[-1, names.COUNT] = 99
        self.groups = np.full((count + 1, names.GROUP_COLUMNS), -1, np.int32)
        self.groups[-1, [names.CAP, names.BUSY, names.LINE_A]] = 1, 1, len(self.number)
        self.servers = np.full((count + 1, names.SERVER_COLUMNS), -1, np.int32)
        self.word = np.full((ROWS, names.STATION_WORDS), -1, np.int32)
        self.word[:, names.CLASS] = 0
        self.code = np.full((ROWS, names.STATION_CODES), names.WAITING, np.int8)
        self.time_s = np.full((ROWS, names.STATION_TIMES), np.nan)
        self.time_s[:, names.JOIN] = luck.integers(0, 3, ROWS)
        self.time_s[:, [names.QUEUED, names.WAITED]] = 0.0
        self.ids = luck.permutation(ROWS).astype(np.uint64)
        self.tally = np.zeros(names.STATION_TALLY, np.int64)
        self.tally[[names.OWN_LINES, names.FIRST_GROUPS, names.DUE_HEAD]] = 1, count, -1
        self._fill(luck)

    def _fill(self, luck):
        for at, lane in enumerate(self.lanes):
            group = self.groups[at]
            taken = [self.number[at, sort] for sort in luck.permutation(list(lane.lines))]
            group[names.LINE_A : names.LINE_A + len(taken)] = taken
            group[[names.STAGE, names.FIRST, names.RULE]] = names.FIRST_STAGE, at, names.FIRST_LINE_FIRST
            for sort in lane.lines:
                group[names.LINE_OF + sort] = self.number[at, sort]
                self.lines[self.number[at, sort], [names.WATCHED, names.SERVED_BY]] = 1, at
            self.servers[at, names.GROUP] = at
        # Most stand before few lanes, so that others are much shorter.
        weights = luck.dirichlet(np.full(len(self.lanes), 0.5))
        for row in luck.permutation(ROWS)[: luck.integers(0, ROWS + 1)].tolist():
            lane = self.lanes[luck.choice(len(self.lanes), p=weights)]
            # Nobody waits before an idle server.
            if lane.busy or not lane.cap:
                lane.lines[int(luck.choice(list(lane.lines)))].append(row)
        for at, lane in enumerate(self.lanes):
            self.groups[at, [names.CAP, names.BUSY]] = lane.cap, lane.busy
            self.groups[at, names.FREE] = at + lane.busy
            self.servers[at, names.ROW] = ROWS + at if lane.busy else -1
            for sort, rows in lane.lines.items():
                for row in rows:
                    self.word[row, names.SORT] = sort
                    append(self.word, self.lines, self.tally, self.number[at, sort], row)

    def kernel(self, which, *more):
        which(
            lambda *_: SERVICE_S,
            lambda *_: None,
            self.ids,
            self.time_s,
            self.word,
            self.code,
            self.lines,
            self.groups,
            self.servers,
            self.tally,
            None,
            None,
            *more,
            NOW_S,
        )

    def best(self, sort):
        """Index of the lane that a customer of a sort joins; None if none takes it."""
        able = [at for at, lane in enumerate(self.lanes) if sort in lane.lines]
        return min(able, key=lambda at: (not self.lanes[at].cap, self.lanes[at].length(), at), default=None)

    def put(self, at, sort, row):
        lane = self.lanes[at]
        if lane.busy < lane.cap:
            lane.busy += 1
            assert self.servers[at, names.ROW] == row
            assert self.time_s[row, names.END] == NOW_S + SERVICE_S
        else:
            lane.lines[sort].append(row)

    def assert_same(self):
        for at, lane in enumerate(self.lanes):
            assert self.groups[at, names.BUSY] == lane.busy
            for sort, rows in lane.lines.items():
                number = self.number[at, sort]
                row, walked = int(self.lines[number, names.HEAD]), []
                while len(walked) < self.lines[number, names.COUNT]:
                    walked.append(row)
                    row = int(self.word[row, names.NEXT])
                assert walked == rows, (at, sort)


@pytest.mark.parametrize("seed", range(40))
def test_a_lane_has_all_who_stand_in_its_lines_and_the_shortest_open_one_is_joined(seed):
    now = Lanes(seed)
    for at, lane in enumerate(now.lanes):
        assert lane_kernels._waiting(now.lines, now.groups, at) == lane.waiting()
    for sort in range(names.SORTS):
        best = now.best(sort)
        found = lane_kernels.line_to_join(now.lines, now.groups, now.tally, sort)
        assert found == (-1 if best is None else now.number[best, sort])
    now.tally[names.OWN_LINES] = 0
    assert lane_kernels.line_to_join(now.lines, now.groups, now.tally, 2) == 2


@pytest.mark.parametrize("seed", range(40))
def test_whoever_stands_before_a_shut_lane_goes_to_the_shortest_open_one_head_first(seed):
    now = Lanes(seed)
    now.kernel(lane_kernels.leave_shut_lanes)
    for lane in now.lanes:
        for sort in range(names.SORTS) if not lane.cap else ():
            for row in list(lane.lines.get(sort, ())):
                to = now.best(sort)
                if now.lanes[to].cap:
                    lane.lines[sort].remove(row)
                    now.put(to, sort, row)
    now.assert_same()


def jockeyed(now, lane_at):
    """Moves of a lane and of those that become shorter by it: how many."""
    moves = 0
    while lane_at is not None and now.lanes[lane_at].cap:
        lane, mover, origin = now.lanes[lane_at], None, None
        for beside in (lane_at - 1, lane_at + 1):
            if not 0 <= beside < len(now.lanes):
                continue
            other = now.lanes[beside]
            ends = [(sort, rows[-1]) for sort, rows in other.lines.items() if rows]
            longer = other.length() - lane.length() >= now.tally[names.JOCKEY]
            if not ends or not longer or (mover and other.length() <= now.lanes[origin].length()):
                continue
            sort, last = max(ends, key=lambda end: (now.time_s[end[1], names.JOIN], now.ids[end[1]]))
            if sort in lane.lines:
                mover, origin = (sort, last), beside
        if mover:
            moves += 1
            now.lanes[origin].lines[mover[0]].remove(mover[1])
            now.put(lane_at, *mover)
        lane_at = origin
    return moves


@pytest.mark.parametrize("difference", [2, 3])
@pytest.mark.parametrize("seed", range(60))
def test_the_last_of_the_longer_line_beside_moves_over_if_the_lane_takes_it(seed, difference):
    for lane_at in range(len(Lanes(seed).lanes)):
        now = Lanes(seed, 0.9)
        now.tally[names.JOCKEY] = difference
        now.kernel(lane_kernels.jockey, lane_at)
        jockeyed(now, lane_at)
        now.assert_same()


def test_many_move_in_the_cases_above():
    moves = np.zeros(4, int)
    for seed in range(60):
        for lane_at in range(len(Lanes(seed).lanes)):
            now = Lanes(seed, 0.9)
            now.tally[names.JOCKEY] = 2
            now.kernel(lane_kernels.jockey, lane_at)
            moves[lane_at] += jockeyed(now, lane_at)
    assert (moves > 1).all()
    assert moves.sum() > 30
