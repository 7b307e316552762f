"""Rows, orders and boards."""

from __future__ import annotations

import numpy as np
import pytest

from twin.engine.channels import Channels, Rows
from twin.errors import EngineError


def rows(*items):
    return Rows.of(
        len(items),
        time_s=[i[0] for i in items],
        kind=[i[1] for i in items],
        id=[i[2] for i in items],
        bodies=1,
        paths=[np.array(i[3], np.int32) for i in items],
    )


def test_rows_come_sorted_by_time_kind_and_id_with_their_paths():
    channels = Channels(["a", "b"], 0.0)
    channels.send("b", rows((5.0, 11, 2, [7]), (1.0, 10, 9, [1, 2, 3]), (5.0, 10, 3, []), (5.0, 10, 1, [4, 5])))
    got = channels.take("b", 5.0)
    assert got.data["id"].tolist() == [9, 1, 3, 2]
    assert [got.path_of(i).tolist() for i in range(4)] == [[1, 2, 3], [4, 5], [], [7]]
    assert len(channels.take("b", 100.0)) == 0


def test_a_row_that_is_not_due_waits_and_counts_as_under_way():
    channels = Channels(["a"], 0.0)
    channels.send("a", rows((9.0, 1, 1, [])))
    assert len(channels.take("a", 8.0)) == 0
    assert channels.bodies_under_way() == 1
    assert channels.next_time_s("a") == 9.0
    assert len(channels.take("a", 9.0)) == 1
    assert channels.bodies_under_way() == 0


def test_a_row_for_a_moment_already_passed_is_an_error_that_names_the_lead():
    channels = Channels(["a"], 0.0)
    channels.reached("a", 10.0)
    with pytest.raises(EngineError, match="due at 10") as caught:
        channels.send("a", rows((10.0, 1, 1, [])))
    assert "lead" in str(caught.value)


def test_orders_and_rows_do_not_mix():
    channels = Channels(["a"], 0.0)
    channels.send_orders("a", rows((1.0, 21, 1, [])))
    assert len(channels.take("a", 5.0)) == 0
    assert len(channels.take_orders("a", 5.0)) == 1


def test_a_board_is_read_as_it_stood_at_the_moment_of_the_event():
    channels = Channels(["a"], 0.0)
    values = np.array([1.0])
    channels.publish("times", values, 0.0)
    values[0] = 99.0
    channels.publish("times", np.array([2.0]), 300.0)
    assert channels.board("times", 299.9)[0] == 1.0
    assert channels.board("times", 300.0)[0] == 2.0
    assert [channels.board_since_s("times", at_s) for at_s in (299.9, 300.0)] == [0.0, 300.0]
    with pytest.raises(ValueError, match="read-only"):
        channels.board("times", 300.0)[0] = 3.0
    with pytest.raises(EngineError, match="nobody publishes the board 'nothing'"):
        channels.board("nothing", 0.0)


def test_what_is_under_way_survives_a_checkpoint_in_the_middle_of_a_message():
    channels = Channels(["a", "b"], 0.0)
    channels.send("b", rows((9.0, 1, 4, [1, 2]), (8.0, 1, 5, [])))
    channels.send_orders("a", rows((7.0, 21, 1, [3])))
    channels.publish("times", np.arange(3.0), 0.0)
    channels.publish("times", np.arange(3.0) + 1, 300.0)
    channels.reached("a", 5.0)
    other = Channels(["a", "b"], 0.0)
    other.restore(channels.state())
    assert {k: v.tobytes() for k, v in other.state().items()} == {k: v.tobytes() for k, v in channels.state().items()}
    assert other.take("b", 10.0).path_of(1).tolist() == [1, 2]
    assert other.board("times", 299.0)[1] == 1.0
