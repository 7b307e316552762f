"""What the gate knows of trucks, rule by rule, against the rules said in plain words.

The parts are copied into the kernels that call them and cannot be called by themselves once compiled: this runs in the
leg of ``.ci/run`` that runs oracles without the compiler.
"""

from __future__ import annotations

import itertools
import math

import numba
import numpy as np
import pytest

from twin.booking import names as booking_names
from twin.engine.draws import event, exponential, make_stream
from twin.models.terminal import names
from twin.models.terminal.gate import truck_kernels as trucks
from twin.models.terminal.gate.space_kernels import flow_now, tail_length_m
from twin.models.terminal.gate.state import blank_rows

pytestmark = [
    pytest.mark.skipif(numba.config.DISABLE_JIT == 0, reason="compiled, these are only parts of other kernels"),
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
]
SLOT_S, CLOSING_S = (36000.0, 39600.0), 61200.0
STAGES = (names.GATE, names.TROUBLE, names.CRANE, names.OUT_GATE)


class Gate:
    """One or a few trucks before a gate with one yard of two places, all rules off."""

    def __init__(self, rows=2):
        self.ids = np.arange(100, 100 + rows, dtype=np.uint64)
        self.time_s, self.word, self.code = blank_rows(rows)
        self.time_s[:, names.SLOT_FROM], self.time_s[:, names.SLOT_TO] = SLOT_S
        self.tally = np.zeros(names.FIRST_YARD + 2, np.int64)
        self.tally[names.YARDS], self.tally[names.FIRST_YARD + 1], self.tally[names.ACCEPTING] = 1, 2, 1
        self.num = np.zeros(names.NUMBERS)
        self.num[names.GRACE_EARLY], self.num[names.GRACE_LATE] = 1800.0, 600.0
        self.num[names.CLOSING], self.num[names.FLOW_MEMORY] = CLOSING_S, 600.0
        self.streams = np.array([make_stream(np.uint64(3), f"stage {k}") for k in range(5)])
        # Three sorts, each with a lane and a line of its own.
        self.lines = np.zeros((names.FIRST_BLOCK_LINE + 3, names.SERVED_BY + 3), np.int32)
        self.lines[:, names.SERVED_BY :] = self.lines[:, names.HEAD] = self.lines[:, names.TAIL] = -1
        self.out_rows = np.full(8, -9, np.int64)

    def arrives(self, row, now_s, groups=None):
        return trucks.arrives(
            self.time_s, self.word, self.code, self.lines, groups, self.tally, self.num, row, now_s, self.out_rows
        )

    def service_time(self, row, stage, now_s):
        return trucks.service_time(
            self.ids, self.time_s, self.word, self.tally, self.num, self.streams, row, stage, now_s
        )


RULES = (booking_names.ADMITTED, booking_names.EARLY_WAITS, booking_names.TURNED_AWAY, booking_names.REBOOK, 99)


@pytest.mark.parametrize("seed", range(6))
def test_whoever_comes_to_the_gate_is_let_in_sorted_held_or_turned_away(seed, monkeypatch):
    """All rules of earliness and lateness, before and after closing, seconds either side of each border."""
    luck = np.random.default_rng(seed)
    monkeypatch.setattr(trucks, "line_to_join", lambda *about: ("line", about[3]))
    met = set()
    for early, late, accepting, flush in itertools.product(RULES, RULES, (0, 1), (0, 1)):
        gate = Gate()
        row = int(luck.integers(0, 2))
        gate.tally[[names.EARLY, names.LATE, names.ACCEPTING, names.FLUSH]] = early, late, accepting, flush
        gate.tally[[names.RESERVED, names.OVERSIZE_LANES, names.TROUBLE_LANES]] = luck.integers(0, 2, 3)
        around = (SLOT_S[0] - 1800.0, SLOT_S[1] + 600.0, CLOSING_S, SLOT_S[0] + 60.0)
        since_s = float(luck.choice(around) + luck.choice([-1.0, 0.0, 1.0]))
        now_s = since_s + float(luck.choice([0.0, 0.0, 700.0]))
        booked, rebooked = bool(luck.integers(0, 2)), bool(luck.integers(0, 4) == 0)
        flags = int(luck.choice([0, names.TROUBLED, names.IS_OVERSIZE, names.TROUBLED | names.IS_OVERSIZE]))
        gate.time_s[row, names.JOIN] = since_s
        gate.word[row, names.CLASS] = names.BOOKED if booked else names.ORDINARY
        gate.word[row, names.FLAGS] = flags | (names.REBOOKED if rebooked else 0)
        got = gate.arrives(row, now_s)
        is_late, is_early = since_s > SLOT_S[1] + 600.0, now_s < SLOT_S[0] - 1800.0
        let_in = accepting or (since_s < CLOSING_S and not flush)
        left = -1
        if late == booking_names.REBOOK and booked and not rebooked and is_late and let_in:
            assert got == names.ASK_FIRST
            assert np.isnan(gate.time_s[row, names.QUEUED])
            met.add("asks")
            continue
        assert gate.time_s[row, names.QUEUED] == now_s
        assert gate.time_s[row, names.WAITED] == gate.time_s[row, names.ROAD_S] == now_s - since_s
        as_booked = booked
        if not let_in:
            left = names.IN_LINE_AT_CLOSING if since_s < CLOSING_S else names.AFTER_CLOSING
        elif booked and is_late:
            left = names.TOO_LATE if late == booking_names.TURNED_AWAY else -1
            as_booked = late == booking_names.ADMITTED
        elif booked and is_early:
            left = names.TOO_EARLY if early == booking_names.TURNED_AWAY else -1
            as_booked = early in (booking_names.ADMITTED, booking_names.EARLY_WAITS)
        if left >= 0:
            assert got == names.NOWHERE
            assert gate.code[row, [names.STATE, names.REASON]].tolist() == [names.GONE, left]
            assert (gate.out_rows[0], gate.tally[names.OUT_COUNT]) == (row, 1)
            assert gate.time_s[row, names.OUT] == now_s
            met.add(left)
            continue
        sort = names.BOOKED if as_booked and gate.tally[names.RESERVED] else names.ORDINARY
        if flags & names.IS_OVERSIZE and gate.tally[names.OVERSIZE_LANES]:
            sort = names.OVERSIZE
        if flags & names.TROUBLED and gate.tally[names.TROUBLE_LANES]:
            sort = names.SORTED_OUT
        assert gate.code[row, names.SERVED_AS] == (names.BOOKED if as_booked else names.ORDINARY)
        assert gate.word[row, names.SORT] == sort
        if booked and is_early and early == booking_names.EARLY_WAITS:
            assert got == names.NOWHERE
            assert gate.code[row, names.STATE] == names.HELD
            assert gate.time_s[row, names.END] == SLOT_S[0] - 1800.0
            assert (gate.word[row, names.SPACE], gate.tally[names.IN_YARDS]) == (0, 1)
            met.add("held")
        else:
            assert got == ("line", sort)
            met.add(("joins", sort))
    assert len(met) >= 8


@pytest.mark.parametrize("seed", range(5))
def test_a_truck_holds_its_server_as_long_as_its_stage_and_its_load_ask(seed):
    luck = np.random.default_rng(seed)
    for stage, chance in itertools.product(STAGES, range(24)):
        gate = Gate()
        for k in STAGES:
            gate.num[names.FIRST_LAW + 5 * k : names.FIRST_LAW + 5 * k + 2] = names.EXPONENTIAL, 60.0 * (k + 1)
        gate.num[names.CHECKED_FACTOR], gate.num[names.MOVE_UP] = 0.3, 7.0
        gate.num[names.REHANDLE_MEAN], gate.num[names.REHANDLE_S], gate.num[names.SIGNAL_FACTOR] = 1.7, 50.0, 0.25
        gate.num[names.SIGNAL_LEAD], gate.num[names.MARSHALLING] = 200.0, 1000.0
        gate.tally[names.IN_LANE_TROUBLE] = luck.integers(0, 2)
        row, move = int(luck.integers(0, 2)), int(luck.integers(0, 2))
        named = (names.CHECKED, names.SIGNALLED, names.TROUBLED, names.FETCHES << 0, names.FETCHES << 1)
        flags = sum(bit for bit in named if luck.random() < 0.6)
        gate.word[row, names.FLAGS], gate.word[row, names.MOVE], gate.word[row, names.REHANDLES] = flags, move, 3
        gate.time_s[row, names.JOIN], gate.time_s[row, names.CRANE_S] = 1000.0, 11.0
        now_s = 1000.0 + float(luck.choice([0.0, 300.0, 800.0, 5000.0]))
        got = gate.service_time(row, stage, now_s)
        id_, key = gate.ids[row], event(move, stage)
        expected, above = exponential(gate.streams[stage], id_, key, 60.0 * (stage + 1)), 0
        if stage == names.GATE:
            expected *= 0.3 if flags & names.CHECKED else 1.0
            if flags & names.TROUBLED and gate.tally[names.IN_LANE_TROUBLE]:
                expected += exponential(gate.streams[names.TROUBLE], id_, key, 60.0 * (names.TROUBLE + 1))
            expected += 7.0
        elif stage == names.CRANE and flags & (names.FETCHES << move):
            # The yard works at it for 1000 s from 200 s before the truck joins; done, a quarter is left.
            done = min((now_s - 1000.0 + 200.0) / 1000.0, 1.0) if flags & names.SIGNALLED else 0.0
            above = trucks._small_poisson(gate.streams[names.REHANDLE], id_, key, 1.7 * (1.0 - 0.75 * done))
            expected += 50.0 * above
        assert got == pytest.approx(expected, rel=1e-12), (stage, chance)
        assert gate.word[row, names.REHANDLES] == 3 + above
        assert gate.time_s[row, names.CRANE_S] == pytest.approx(11.0 + (expected if stage == names.CRANE else 0.0))


def test_a_lane_that_calls_a_truck_frees_its_place_and_a_crane_counts_its_wait():
    gate = Gate()
    gate.num[names.MOVE_UP] = 7.0
    args = gate.time_s, gate.word, gate.tally, gate.num
    trucks.waits(gate.time_s, gate.word, np.ones((9, names.WATCHED + 1), np.int32), gate.tally, gate.num, 1, 4, 50.0)
    assert (gate.word[1, names.SPACE], gate.tally[names.IN_YARDS]) == (0, 1)
    trucks.called(*args, 1, names.GATE, 5, 20.0, 100.0)
    assert gate.word[1, names.LANE] == 5
    assert gate.time_s[1, [names.CALLED, names.GATE_START, names.YARD_WAITED]].tolist() == [100.0, 107.0, 0.0]
    assert (gate.word[1, names.SPACE], gate.tally[names.IN_YARDS]) == (names.NO_SPACE, 0)
    # Called again, as after a closing: the first call counts, the lane is the new one.
    trucks.called(*args, 1, names.GATE, 6, 20.0, 300.0)
    assert gate.word[1, names.LANE] == 6
    assert gate.time_s[1, [names.CALLED, names.GATE_START]].tolist() == [100.0, 107.0]
    trucks.called(*args, 1, names.CRANE, 2, 20.0, 900.0)
    trucks.called(*args, 1, names.CRANE, 3, 30.0, 990.0)
    trucks.called(*args, 1, names.TROUBLE, 3, 30.0, 990.0)
    assert (gate.time_s[1, names.YARD_WAITED], gate.word[1, names.LANE]) == (50.0, 6)


def test_only_who_has_no_place_and_stands_in_a_watched_line_needs_one():
    lines = np.zeros((9, names.WATCHED + 1), np.int32)
    lines[4, names.WATCHED] = 1
    gate = Gate()
    for line, spaces in ((3, 0), (4, 1), (4, 1)):
        trucks.waits(gate.time_s, gate.word, lines, gate.tally, gate.num, 0, line, 50.0)
        assert gate.tally[names.IN_YARDS] == spaces


def test_whom_the_closing_turns_away_gives_up_its_place():
    gate = Gate(rows=3)
    for row in range(3):
        trucks.find_space(gate.time_s, gate.word, gate.tally, gate.num, row, 10.0)
    assert gate.tally[[names.IN_YARDS, names.ROAD_COUNT]].tolist() == [2, 1]
    trucks.turned_away(gate.time_s, gate.word, gate.tally, gate.num, 0, 60.0)
    assert gate.tally[[names.IN_YARDS, names.ROAD_COUNT]].tolist() == [1, 1]
    trucks.turned_away(gate.time_s, gate.word, gate.tally, gate.num, 2, 60.0)
    assert gate.tally[[names.IN_YARDS, names.ROAD_COUNT]].tolist() == [1, 0]
    assert gate.time_s[2, names.ROAD_S] == 50.0


@pytest.mark.parametrize(("has_yard", "has_out", "in_lane", "troubled"), list(itertools.product((0, 1), repeat=4)))
@pytest.mark.parametrize("moves", [1, 2])
def test_the_way_through_the_terminal_is_gate_trouble_blocks_and_out_gate(has_yard, has_out, in_lane, troubled, moves):
    gate = Gate()
    gate.tally[[names.HAS_YARD, names.HAS_OUT_GATE, names.IN_LANE_TROUBLE]] = has_yard, has_out, in_lane
    gate.word[1, names.FLAGS] = names.TROUBLED if troubled else 0
    gate.word[1, names.MOVES], gate.word[1, [names.BLOCK_A, names.BLOCK_B]] = moves if has_yard else 0, (3, 1)
    way, stage, now_s = [], names.GATE, 500.0
    while len(way) < 9:
        inside = gate.tally[names.INSIDE]
        line = trucks.ended(gate.time_s, gate.word, gate.tally, 1, stage, now_s)
        assert inside == (0 if stage == names.GATE else 1)
        assert gate.tally[names.INSIDE] == (0 if line == names.THROUGH else 1)
        way.append(line)
        if line == names.THROUGH:
            break
        if line == names.UNDER_WAY_NEXT:
            line = trucks.came(gate.word, 1)
            way[-1] = line
        stage = {names.TROUBLE_LINE: names.TROUBLE, names.OUT_LINE: names.OUT_GATE}.get(line, names.CRANE)
        now_s += 100.0
    blocks = [names.FIRST_BLOCK_LINE + block for block in (3, 1)[:moves]] if has_yard else []
    trouble = [names.TROUBLE_LINE] if troubled and not in_lane else []
    assert way == [*trouble, *blocks, *([names.OUT_LINE] if has_out else []), names.THROUGH]
    assert gate.time_s[1, names.GATE_END] == 500.0
    assert gate.word[1, names.MOVE] == len(blocks)


COUNTED = (
    (names.R_LINE, names.IN_LINE), (names.R_BOOKED, names.BOOKED_IN_LINE), (names.R_YARDS, names.IN_YARDS),
    (names.R_ROAD, names.ROAD_COUNT), (names.R_BOOKED_ROAD, names.BOOKED_ON_ROAD), (names.R_OPEN, names.LANES_OPEN),
    (names.R_BUSY, names.LANES_BUSY), (names.R_INSIDE, names.INSIDE),
)  # fmt: skip


def test_a_record_is_written_if_and_only_if_something_that_is_counted_has_changed():
    gate = Gate()
    gate.num[[names.KAPPA, names.ROAD_LANES, names.FREE_SPEED, names.WAVE_SPEED]] = 0.05, 2.0, 10.0, 4.0
    gate.num[[names.FLOW_IN, names.FLOW_OUT]] = 0.02, 0.03
    counts, numbers = np.full((8, 99), -9, np.int32), np.full((2, 99), -9.0)
    luck, written, now_s = np.random.default_rng(4), 0, 0.0
    last = dict.fromkeys((row for row, _ in COUNTED), 0)
    for step in range(90):
        now_s += 10.0
        # One count at a time by powers of two, so that no two changes can hide one another; sometimes none.
        if step % 4 and step < 80:
            at = int(luck.choice([place for _, place in COUNTED] + [names.HELD_COUNT]))
            gate.tally[at] = max(0, gate.tally[at] + int(luck.choice([-1, 1, 2])))
        trucks.note(gate.tally, gate.num, now_s, counts, numbers)
        held = gate.tally[names.HELD_COUNT]
        more = {names.R_LINE: held, names.R_BOOKED: held}
        now = {row: int(gate.tally[place] + more.get(row, 0)) for row, place in COUNTED}
        if now == last:
            assert gate.tally[names.REC_COUNT] == written
            continue
        written, last = written + 1, now
        assert gate.tally[names.REC_COUNT] == written
        assert counts[:, written - 1].tolist() == [now[row] for row in range(8)]
        road = float(gate.tally[names.ROAD_COUNT])
        flows = [flow_now(gate.num, which, now_s) for which in (names.FLOW_IN, names.FLOW_OUT)]
        metres = tail_length_m(road, *flows, 0.05 * 2.0, 10.0, 4.0) / 2.0 if road else 0.0
        assert numbers[:, written - 1].tolist() == [now_s, metres]
        assert gate.num[names.LAST_METRES] == metres
    assert 30 < written < 80
    assert (counts[:, written:] == -9).all()
    assert max(last.values()) > 1
    assert math.isfinite(numbers[1, :written].max())
    assert numbers[1, :written].max() > 0
