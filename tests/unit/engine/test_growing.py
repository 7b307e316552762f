"""The buffer of finished rows: what is drained in pieces, or carried over a checkpoint, is what was appended."""

from __future__ import annotations

import numpy as np
import pytest

from twin.columns import TABLES
from twin.engine.growing import GrowingTables


def points(first, count):
    serial = np.arange(first, first + count)
    return {
        "body": np.full(count, 1),
        "id": serial,
        "trip": serial,
        "time_s": serial * 1.5,
        "x_m": serial,
        "y_m": serial,
        "state": np.zeros(count),
    }


def everything(*drained):
    return {name: np.concatenate([part["traces"][name] for part in drained if part]) for name in drained[0]["traces"]}


def test_rows_come_out_once_in_the_order_in_which_they_went_in():
    rows = GrowingTables()
    rows.append("traces", points(0, 3))
    rows.append("traces", points(3, 2))
    first = rows.drain()
    assert list(first["traces"]["id"]) == [0, 1, 2, 3, 4]
    assert rows.drain() == {}
    rows.append("traces", points(5, 1))
    assert list(everything(first, rows.drain())["id"]) == list(range(6))


def test_columns_have_the_declared_types_and_nothing_else():
    rows = GrowingTables()
    rows.append("traces", {**points(0, 2), "speed_mps": np.zeros(2)})
    stop = {c.name: ["駅"] if c.dtype == "str" else [1] for c in TABLES["transit_stops"].columns}
    rows.append("transit_stops", stop)
    for table, columns in rows.drain().items():
        declared = {c.name: "U" if c.dtype == "str" else np.dtype(c.dtype).kind for c in TABLES[table].columns}
        assert {name: values.dtype.kind for name, values in columns.items()} == declared


def test_rows_are_copies():
    rows, mine = GrowingTables(), points(0, 2)
    rows.append("traces", mine)
    mine["id"][:] = 99
    assert list(rows.drain()["traces"]["id"]) == [0, 1]


def test_a_state_changes_nothing_and_brings_everything_back():
    here, there = GrowingTables(), GrowingTables()
    for rows in (here, there):
        rows.append("traces", points(0, 3))
        rows.append("traces", points(3, 4))
    state = here.state()
    taken_up = GrowingTables()
    taken_up.append("road_mfd", {c.name: np.zeros(1) for c in TABLES["road_mfd"].columns})  # goes with the restore
    taken_up.restore(state)
    for rows in (here, there, taken_up):
        rows.append("traces", points(7, 1))
    drained = [rows.drain() for rows in (here, there, taken_up)]
    assert [sorted(d) for d in drained] == [["traces"]] * 3
    for name, values in drained[0]["traces"].items():
        for other in drained[1:]:
            assert other["traces"][name].tobytes() == values.tobytes()


def test_no_rows_give_no_table():
    rows = GrowingTables()
    rows.append("traces", points(0, 0))
    assert rows.drain() == {}
    assert rows.state() == {}


def test_a_missing_column_and_an_unknown_table_are_found_at_once():
    rows = GrowingTables()
    with pytest.raises(KeyError, match="state"):
        rows.append("traces", {name: values for name, values in points(0, 1).items() if name != "state"})
    with pytest.raises(KeyError, match="tracks"):
        rows.append("tracks", points(0, 1))
