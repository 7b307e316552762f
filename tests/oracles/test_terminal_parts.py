"""Parts of the gate against the obvious: the calendar as a sorted list, lines as lists, yards as counters.

They are copied into the kernels that call them and cannot be called by themselves once compiled: this runs in the leg
of ``.ci/run`` that runs oracles without the compiler.
"""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest

from twin.engine.stations import calendar_kernels as calendar
from twin.engine.stations import line_kernels as line
from twin.engine.stations import serve_kernels as serve
from twin.models.terminal import names
from twin.models.terminal.gate import space_kernels as space

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT == 0, reason="compiled, these are only parts of other kernels")
ROWS = 40
MEMORY_S = 600.0


class Place:
    """Rows of trucks, lines and tallies that nothing has happened to."""

    def __init__(self, seed, yards=(), kerb=10**6):
        luck = np.random.default_rng(seed)
        self.ids = luck.permutation(ROWS).astype(np.uint64)
        self.word = np.full((ROWS, names.WORD_COLUMNS), -1, np.int32)
        self.time_s = np.full((ROWS, names.TIME_COLUMNS), np.nan)
        self.time_s[:, names.ROAD_S] = 0.0
        self.word[:, names.CLASS] = luck.integers(0, 2, ROWS)
        self.word[:, names.FLAGS] = luck.integers(0, 4, ROWS) * names.REFUSES
        self.lines = np.zeros((5, names.SERVED_BY + 3), np.int32)
        self.lines[:, names.SERVED_BY :] = -1
        self.lines[:, [names.HEAD, names.TAIL]] = -1
        self.lines[[0, 1, 3], names.WATCHED] = 1
        self.tally = np.zeros(names.FIRST_YARD + 2 * len(yards), np.int64)
        self.tally[names.YARDS], self.tally[names.KERB] = len(yards), kerb
        self.tally[names.FIRST_YARD + 1 :: 2] = yards
        self.num = np.zeros(names.NUMBERS)
        self.num[names.FLOW_MEMORY] = MEMORY_S


def by_tie(ids, word, row):
    return int(word[row, names.EVENT]), int(ids[row])


@pytest.mark.parametrize("seed", range(3))
def test_the_calendar_gives_what_a_sorted_list_gives(seed):
    """Few moments, so that kind of event and id decide often; the first entry leaves, or is replaced by a later one."""
    luck = np.random.default_rng(seed)
    place = Place(seed)
    place.word[:, names.EVENT] = luck.integers(1, 3, ROWS)
    times, rows = np.full(2 * ROWS + 3, np.inf), np.zeros(2 * ROWS + 3, np.int64)
    size = np.zeros(1, np.int64)
    told = []

    def order(entry):
        return entry[0], by_tie(place.ids, place.word, entry[1])

    idle = list(range(ROWS))
    for step in range(600):
        what = luck.integers(0, 3) if told else 0
        if what == 0 and idle:
            entry = (float(luck.integers(0, 6)), idle.pop(luck.integers(len(idle))))
            calendar.add(place.ids, place.word, times, rows, size, *entry)
            told.append(entry)
        elif what == 1 and told:
            told.sort(key=order)
            idle.append(told.pop(0)[1])
            calendar.drop_first(place.ids, place.word, times, rows, size)
        elif told:
            told.sort(key=order)
            _, row = told.pop(0)
            entry = (float(luck.integers(0, 6)), row)
            calendar.replace_first(place.ids, place.word, times, rows, *entry)
            told.append(entry)
        assert size[0] == len(told), step
        if told:
            assert (times[0], rows[0]) == min(told, key=order)
        assert np.isinf(times[size[0] :]).all()
    while told:
        told.sort(key=order)
        assert (times[0], rows[0]) == told.pop(0)
        calendar.drop_first(place.ids, place.word, times, rows, size)
    assert size[0] == 0


def walked(place, number):
    """Rows of a line from its head on."""
    out, row = [], int(place.lines[number, names.HEAD])
    while len(out) < place.lines[number, names.COUNT]:
        out.append(row)
        row = int(place.word[row, names.NEXT])
    if out:
        assert (row, place.lines[number, names.TAIL]) == (-1, out[-1])
    return out


@pytest.mark.parametrize("seed", range(3))
def test_lines_are_lists_and_those_at_the_gate_are_counted_by_who_stands_there(seed):
    luck = np.random.default_rng(seed)
    place = Place(seed)
    lines = [[] for _ in place.lines]
    idle = list(range(ROWS))
    for _ in range(500):
        number, what = int(luck.integers(len(lines))), luck.integers(0, 5)
        if what < 3 and idle:
            row = idle.pop(luck.integers(len(idle)))
            put, at = (line.put_first, 0) if what == 0 else (line.append, len(lines[number]))
            put(place.word, place.lines, place.tally, number, row)
            lines[number].insert(at, row)
            assert place.word[row, names.LINE] == number
        elif what >= 3 and lines[number]:
            take, at = (line.take_first, 0) if what == 3 else (line.take_last, -1)
            assert take(place.word, place.lines, place.tally, number) == lines[number][at]
            idle.append(lines[number].pop(at))
        assert [walked(place, number) for number in range(len(lines))] == lines
        standing = [row for number in (0, 1, 3) for row in lines[number]]
        assert place.tally[names.IN_LINE] == len(standing)
        assert place.tally[names.BOOKED_IN_LINE] == (place.word[standing, names.CLASS] == names.BOOKED).sum()


@pytest.mark.parametrize(("yards", "kerb"), [((3, 2), 10**6), ((3, 2), 4), ((), 10**6), ((1,), 0)])
def test_spaces_are_taken_in_order_and_given_to_the_first_on_the_road_that_wants_them(yards, kerb):
    luck = np.random.default_rng(len(yards) + kerb % 7)
    place = Place(1, yards, kerb)
    held, road, since, spent = {}, [], {}, dict.fromkeys(range(ROWS), 0.0)
    flows = {names.FLOW_IN: [], names.FLOW_OUT: []}
    state = (place.time_s, place.word, place.tally, place.num)
    idle, now = list(range(ROWS)), 0.0

    def refuses(row, yard):
        return bool(place.word[row, names.FLAGS] & (names.REFUSES << yard))

    def leave_road(row):
        road.remove(row)
        spent[row] += now - since.pop(row)
        flows[names.FLOW_OUT].append(now)

    for _ in range(400):
        now += float(luck.integers(0, 30))
        waiting = [*held, *road]
        what = luck.integers(0, 5)
        if what < 3 and idle:
            row = idle.pop(luck.integers(len(idle)))
            free = [y for y in range(len(yards)) if list(held.values()).count(y) < yards[y]]
            free = [y for y in free if len(road) >= kerb or not refuses(row, y)]
            space.find_space(*state, row, now)
            if free:
                held[row] = free[0]
            else:
                assert place.word[row, names.RANK] == len(road)
                road.append(row)
                since[row] = now
                flows[names.FLOW_IN].append(now)
            assert place.word[row, names.STOOD] == (free[0] if free else names.ON_ROAD)
        elif waiting:
            row = waiting[luck.integers(len(waiting))]
            idle.append(row)
            (space.leave_space if what == 3 else space.give_up_space)(*state, row, now)
            assert place.word[row, names.SPACE] == names.NO_SPACE
            if row in road:
                leave_road(row)
            else:
                freed = held.pop(row)
                heir = next((other for other in road if not refuses(other, freed)), None)
                if what == 3 and heir is not None:
                    leave_road(heir)
                    held[heir] = freed
                    assert place.word[heir, names.STOOD] == freed
            # Whoever has no space gives none up.
            space.leave_space(*state, row, now)
            space.give_up_space(*state, row, now)
        for row, yard in held.items():
            assert place.word[row, names.SPACE] == yard
        assert [place.tally[names.FIRST_YARD + 2 * y] for y in range(len(yards))] == [
            list(held.values()).count(y) for y in range(len(yards))
        ]
        assert (place.tally[names.IN_YARDS], place.tally[names.ROAD_COUNT]) == (len(held), len(road))
        assert place.tally[names.BOOKED_ON_ROAD] == (place.word[road, names.CLASS] == names.BOOKED).sum()
        there, row = [], int(place.tally[names.ROAD_HEAD]) if road else -1
        while row >= 0:
            assert place.word[row, names.SPACE] == names.ON_ROAD
            assert place.word[row, names.ROAD_PREV] == (there[-1] if there else -1)
            there.append(row)
            row = int(place.word[row, names.ROAD_NEXT])
        assert there == road
        assert not road or place.tally[names.ROAD_TAIL] == road[-1]
        for row in range(ROWS):
            assert place.time_s[row, names.ROAD_S] == pytest.approx(spent[row])
        for which, moments in flows.items():
            rate = sum(math.exp((at - now) / MEMORY_S) for at in moments) / MEMORY_S
            assert space.flow_now(place.num, which, now) == pytest.approx(rate, rel=1e-9, abs=1e-15)


def test_the_tail_of_a_queue_follows_its_formula():
    kappa, free, wave = 0.3, 12.0, 4.0
    most = 0.8 * kappa * free * wave / (free + wave)
    assert space.tail_length_m(0.0, 0.1, 0.1, kappa, free, wave) == 0.0
    assert space.tail_length_m(0.5, 0.0, 0.0, kappa, free, wave) == pytest.approx(0.5 / kappa)
    for flow_in, flow_out in ((0.2, 0.3), (0.0, 0.0), (9.0, 0.1), (0.1, 9.0)):
        expected = 25.0 / (kappa - min(flow_out, most) / wave - min(flow_in, most) / free)
        assert space.tail_length_m(25.0, flow_in, flow_out, kappa, free, wave) == pytest.approx(expected, rel=1e-12)


def test_what_is_due_is_pushed_on_a_stack_of_rows():
    place = Place(2)
    place.tally[names.DUE_HEAD] = -1
    for row, at_s, kind in ((3, 10.0, names.END_EVENT), (0, 11.0, names.RELEASE_EVENT), (7, 12.0, names.END_EVENT)):
        before = place.tally[names.DUE_HEAD]
        serve.due(place.time_s, place.word, place.tally, row, at_s, kind)
        assert (place.time_s[row, names.END], place.word[row, names.EVENT], place.word[row, names.NEXT]) == (
            at_s,
            kind,
            before,
        )
        assert place.tally[names.DUE_HEAD] == row


def test_of_two_lines_the_one_whose_head_joined_first():
    place = Place(3)
    place.time_s[:3, names.JOIN] = 50.0, 40.0, 40.0
    place.ids[:3] = 9, 5, 4
    for number, row in enumerate(range(3)):
        line.append(place.word, place.lines, place.tally, number, row)
    older = [
        [serve._older(place.ids, place.time_s, place.lines, one, other) for other in (-1, 0, 1, 2, 3)]
        for one in range(4)
    ]
    assert older == [[0, 0, 1, 2, 0], [1, 1, 1, 2, 1], [2, 2, 2, 2, 2], [3, 0, 1, 2, 3]]
