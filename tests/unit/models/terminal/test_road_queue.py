"""Trucks that stood on links of the road, counted by hand: who was ahead, and who was in line when."""

from types import SimpleNamespace

import numpy as np

from twin.models.terminal import names as terms
from twin.models.terminal.gate.road_queue import RoadQueue
from twin.models.terminal.gate.state import record_room

#: Each truck: since when it stood, when it had a place, whether it has a booking. C did not stand at all.
TRUCKS = {"A": (0.0, 10.0, True), "B": (5.0, 20.0, False), "C": (20.0, 20.0, True), "D": (15.0, 30.0, True)}
SPACING_M = 20.0


def noted(queue, names):
    """Metres at which trucks joined the line, told of them in one call."""
    time_s = np.zeros((len(names), terms.CALLED + 1))
    word = np.zeros((len(names), terms.LINE + 1), np.int64)
    for row, name in enumerate(names):
        time_s[row, terms.JOIN] = TRUCKS[name][0]
        word[row, terms.CLASS] = terms.BOOKED if TRUCKS[name][2] else 1 - terms.BOOKED
    now = SimpleNamespace(time_s=time_s, word=word)
    came_s = np.array([TRUCKS[name][1] for name in names])
    return queue.note(now, np.arange(len(names)), came_s).tolist()


def queue_of_two_lanes():
    return RoadQueue(SimpleNamespace(spacing_m=2 * SPACING_M, lanes=2))


def test_a_truck_joins_behind_those_that_have_not_left_yet():
    queue = queue_of_two_lanes()
    # B finds A ahead; D comes when A has gone and finds B alone; C never stood.
    assert noted(queue, ["A", "B"]) == [SPACING_M, 2 * SPACING_M]
    assert noted(queue, ["C"]) == [0.0]
    assert noted(queue, ["C", "D"]) == [0.0, 2 * SPACING_M]


def test_records_count_trucks_on_the_road_beside_those_at_the_gate():
    queue = queue_of_two_lanes()
    noted(queue, ["A", "B", "C", "D"])
    gate = record_room(2)
    gate.numbers[terms.R_TIME] = [7.0, 40.0]
    gate.counts[terms.R_LINE] = [3, 1]
    gate.counts[terms.R_YARDS] = [2, 0]
    found = queue.merged(gate)
    assert found.numbers[terms.R_TIME].tolist() == [0.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 40.0]
    assert found.counts[terms.R_ROAD].tolist() == [1, 2, 2, 1, 2, 1, 0, 0]
    assert found.counts[terms.R_LINE].tolist() == [1, 2, 5, 4, 5, 4, 3, 1]
    assert found.counts[terms.R_BOOKED_ROAD].tolist() == [1, 1, 1, 0, 1, 1, 0, 0]
    assert found.counts[terms.R_BOOKED].tolist() == [1, 1, 1, 0, 1, 1, 0, 0]
    assert found.counts[terms.R_YARDS].tolist() == [0, 0, 2, 2, 2, 2, 2, 0]
    assert found.numbers[terms.R_METRES].tolist() == [SPACING_M * n for n in (1, 2, 2, 1, 2, 1, 0, 0)]


def test_who_still_stands_at_the_end_never_leaves_the_records():
    queue = queue_of_two_lanes()
    now = SimpleNamespace(time_s=np.array([[3.0]]), word=np.array([[1 - terms.BOOKED]]))
    assert terms.JOIN == terms.CLASS == 0
    assert queue.note(now, np.array([0]), np.array([np.inf])).tolist() == [SPACING_M]
    gate = record_room(1)
    gate.numbers[terms.R_TIME] = [9.0]
    assert queue.merged(gate).numbers[terms.R_TIME].tolist() == [3.0, 9.0]
    assert queue.merged(gate).counts[terms.R_ROAD].tolist() == [1, 1]


def test_what_was_noted_comes_back_from_the_state():
    queue, again = queue_of_two_lanes(), queue_of_two_lanes()
    noted(queue, ["A", "B"])
    again.restore(queue.state())
    assert noted(again, ["D"]) == noted(queue, ["D"]) == [2 * SPACING_M]


def test_without_trucks_on_the_road_records_are_those_of_the_gate():
    gate = record_room(2)
    gate.numbers[terms.R_TIME] = [7.0, 40.0]
    gate.counts[terms.R_LINE] = [3, 1]
    found = queue_of_two_lanes().merged(gate)
    assert found.numbers[terms.R_TIME].tolist() == [7.0, 40.0]
    assert found.counts[terms.R_LINE].tolist() == [3, 1]
