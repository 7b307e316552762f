"""Link times learned from past days: their means where many drove, the slot's ratio where nobody did."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.models.transit.test_changing_times import SLOW, ahead, late_rows
from tests.unit.models.transit.town import build, finish, town
from twin.errors import TableError
from twin.models.transit.dispatch.link_times import SLOT_S, learn_profile

FREE_S = np.array([10.0, 20.0, 40.0, np.inf])


def past(rows):
    columns = zip(*rows, strict=True)
    return dict(zip(("from_s", "link_index", "outflow_count", "time_mean_s"), map(np.array, columns), strict=True))


def test_many_vehicles_give_their_mean_and_unseen_links_follow_the_slot():
    rows = [(86400.0 * day + 8 * 3600.0, link, 500, 3.0 * FREE_S[link]) for day in range(3) for link in (0, 1)]
    found = learn_profile(past([*rows, (9 * 3600.0, 2, 0, np.nan)]), FREE_S, "past")
    assert found[:, 0].tolist() == (SLOT_S * np.arange(48)).tolist()
    slow = found[16, 1:]
    np.testing.assert_allclose(slow[:2], 3.0 * FREE_S[:2], rtol=0.01)
    # Nobody drove link 2: all others took three times as long.
    assert slow[2] == pytest.approx(3.0 * FREE_S[2], rel=0.05)
    assert slow[3] == np.inf
    np.testing.assert_array_equal(found[20, 1:], FREE_S)


def test_a_single_vehicle_moves_an_expectation_a_little():
    found = learn_profile(past([(0.0, 0, 1, 100.0)]), FREE_S, "past")[0, 1:]
    assert FREE_S[0] < found[0] < 0.5 * (FREE_S[0] + 100.0)


def test_what_was_learned_on_one_day_keeps_promises_of_another():
    model, transit = build(ahead("reoptimise", None), road=SLOW, seed=1)
    finish(model, transit)
    model.finish()
    road = model.sim_models[0].drain_tables()["road_links"]
    blind = late_rows(finish(*build(ahead("reoptimise", None), road=SLOW, seed=2)))
    params = ahead("reoptimise", {"table": "past", "reserve_s": 60})
    taught = late_rows(finish(*build(params, road=SLOW, seed=2, tables={"past": road})))
    assert taught[1] <= 0.2 * blind[1]
    assert taught[0] > 0.6 * blind[0]


def test_tables_that_tell_nothing_are_refused():
    for table, match in (
        ({"from_s": np.zeros(1)}, "lacks link_index"),
        (past([(0.0, 99_999, 1, 5.0)]), "the city has"),
        (past([(0.0, 0, 0, np.nan)]), "nobody drives"),
    ):
        with pytest.raises(TableError, match=match):
            learn_profile(table, town().drive.free_time_s, "past")
    with pytest.raises(TableError, match="no table is named"):
        build(ahead("reoptimise", {"table": "none"}))
