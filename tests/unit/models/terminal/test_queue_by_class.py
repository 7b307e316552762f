"""The queue by class counts who waits, in whichever line and wherever they stand."""

import numpy as np
import pytest

from tests.unit.models.terminal.gate import finish, gate, kpis, run, start
from twin.models.terminal import names
from twin.models.terminal.tables import TRUCK_CLASSES

DAY = {"demand": {"hourly": {28800.0: 120.0, 32400.0: 120.0}}, "opening": [(30600.0, 34200.0), (36000.0, 40000.0)]}
QUOTA = {"per_slot": 500.0, "on_time": 0.7, "slot_s": 1800.0}
RULES = {
    "one line for all": {},
    "reserved lanes": {"lanes": {"A": {"count": 2}, "B": {"count": 1, "kind": "reserved"}}, "reserved_lane": True},
    "own lines and jockeying": {"queues": "own", "jockeying": True},
    "trucks sent back at the closing": {"at_closure": "suspend"},
    "lanes for oversize trucks": {"lanes": {"A": {"count": 2}, "B": {"count": 1, "kind": "oversize"}},
                                  "oversize": {"share": 0.3}},
    "the gate shut in front of the line": {"last_truck_rule": "close_at_once"},
}  # fmt: skip


def day(rule, **changes):
    """Parameters of a gate with booking, three lanes and a yard that is too small."""
    rules = dict(RULES[rule])
    conpas = {"booked_share": 0.5, "quota": QUOTA, "reserved_lane": rules.pop("reserved_lane", False)}
    lanes = rules.pop("lanes", {"A": {"count": 3}})
    yards = {"east": {"spaces": 20, "refuse": 0.2}}
    return gate(**DAY, lanes=lanes, conpas=conpas, holding_yards=yards, **rules, **changes)


def integral(queue, name):
    return (queue[name][:-1] * np.diff(queue["time_s"])).sum()


@pytest.mark.parametrize("rule", RULES)
def test_the_queue_of_a_class_holds_the_waits_of_its_trucks(rule):
    tables = run(day(rule), start_s=18000.0)
    queue, visits = tables["terminal_queue"], tables["terminal_visits"]
    booked = visits["class"] == TRUCK_CLASSES.index("booked")
    assert 0.2 < booked.mean() < 0.8
    for in_queue, waited, rows in (
        ("booked_in_line", "wait_s", booked), ("trucks_in_line", "wait_s", np.ones(len(booked), np.bool_)),
        ("booked_on_road", "road_queue_s", booked),
    ):  # fmt: skip
        assert visits[waited][rows].sum() > 0
        assert integral(queue, in_queue) == pytest.approx(visits[waited][rows].sum(), rel=1e-9)
    assert (queue["booked_in_line"] <= queue["trucks_in_line"]).all()
    assert (queue["booked_on_road"] <= queue["trucks_on_road"]).all()


@pytest.mark.parametrize("rule", RULES)
def test_a_class_that_waits_has_a_queue(rule):
    values = kpis(run(day(rule), start_s=18000.0))
    for name in ("booked", "ordinary"):
        assert values["wait_max_min", name] > 0
        assert values["queue_max_trucks", name] > 0
    for kpi in ("queue_mean_trucks", "queue_on_road_truck_min"):
        assert values[kpi, "booked"] + values[kpi, "ordinary"] == pytest.approx(values[kpi, "all"])


def test_whoever_still_stands_when_the_clock_ends_is_counted_in_their_class():
    model, terminal = start(day("one line for all"), start_s=18000.0, end_s=34200.0)
    parts = []
    while model.now_s < 34200.0:
        model.step()
        parts.append(terminal.drain_tables())
    now = terminal._now
    waits = np.isin(now.code[:, names.STATE], (names.WAITING, names.HELD))
    booked = waits & (now.word[:, names.CLASS] == names.BOOKED)
    assert waits.sum() > booked.sum() > 0
    written = [part["terminal_queue"] for part in parts if "terminal_queue" in part][-1]
    last = {name: values[-1] for name, values in written.items()}
    assert last["trucks_in_line"] == waits.sum()
    assert last["booked_in_line"] == booked.sum()
    assert last["booked_on_road"] == (booked & (now.word[:, names.SPACE] == names.ON_ROAD)).sum() > 0
    finish(model, terminal, parts)
