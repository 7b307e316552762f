"""Whatever moves walkers stands behind one interface: a second form of a page shows it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.models.pedestrian.beeline import Beeline
from tests.unit.models.pedestrian.small_city import (
    assert_same,
    city_of,
    grid_city,
    model_of,
    params_for,
    place,
    run_to_end,
    walk_layer,
)
from twin.engine.checkpoint import read_checkpoint, write_checkpoint
from twin.models.pedestrian.movement.network import Network

NUMBERS = {"shopper": 6000.0, "diner": 2000.0, "passer_through": 6000.0}
#: Crossing costs and comfort as of open space, so that both forms weigh a metre alike.
OPEN = {"choice": {"crossing_weight": 0.0, "width_weight_per_m": 0.0}}


def joined_city():
    """Seven places, each joined to all others by a straight pavement of its own, so wide that nobody is slowed."""
    xy = [(0.0, 0.0), (400.0, 30.0), (380.0, 310.0), (20.0, 280.0), (150.0, 120.0), (260.0, 90.0), (210.0, 230.0)]
    ways = [(a, b) for a in range(7) for b in range(a + 1, 7)]
    layer = walk_layer(xy, ways, width_m=1e6)
    kinds = ("shop", "food", "culture")
    places = [place("exit", f"e{i}", i, layer, riders=100.0 * (i + 1)) for i in range(4)]
    places += [place("poi", f"p{i}", i, layer, category=kinds[i - 4], attraction=2.0 + i) for i in range(4, 7)]
    return city_of(layer, places)


def test_where_pavements_are_as_good_as_open_space_both_forms_walk_everybody_alike():
    params = params_for(NUMBERS, **OPEN)
    runs = [run_to_end(*model_of(params, joined_city(), end_s=5400.0, form=form)) for form in (Network, Beeline)]
    for table in ("pedestrian_visits", "pedestrian_stays"):
        network, beeline = (run[table] for run in runs)
        assert len(network["person_s" if "person_s" in network else "id"]) > 30
        for column in network:
            if network[column].dtype.kind == "f":
                # Seconds of a walk are length by speed in both, summed in another order.
                assert network[column] == pytest.approx(beeline[column], rel=1e-9, abs=1e-6), column
            else:
                assert (network[column] == beeline[column]).all(), column


def test_a_form_that_is_given_changes_the_answer_and_loses_nobody():
    params, city = params_for(NUMBERS), grid_city()
    at = {p.id: (p.x_m, p.y_m) for p in city.places}
    for form in (Network, Beeline):
        city_model, model = model_of(params, city, end_s=3600.0, form=form)
        visits = run_to_end(city_model, model)["pedestrian_visits"]
        (account,) = model.accounts()
        assert account.entered == len(visits["id"]) + account.left["refused: no feasible path"]
        assert account.entered == len(model.arrivals)
        assert sum(model.observer.inside_by_class().values()) == 0
        # Who stays nowhere walks the two sides of the grid, or the straight line between two exits.
        straight = visits["stays_count"] == 0
        ends = [np.array([at[e] for e in visits[side][straight]]) for side in ("entry_exit", "leave_exit")]
        apart_m = np.abs(ends[0] - ends[1])
        expected = np.hypot(*apart_m.T) if form is Beeline else apart_m.sum(axis=1)
        assert len(expected) > 100
        assert visits["walked_m"][straight] == pytest.approx(expected)
    assert model.notes == ["everybody walks straight"]


def test_a_checkpoint_amid_a_run_of_another_form_changes_no_byte(tmp_path):
    def busy():
        return model_of(params_for(NUMBERS), grid_city(), end_s=3600.0, step_s=60.0, form=Beeline)

    undisturbed = run_to_end(*busy())
    city_model, _ = busy()
    for _ in range(30):
        city_model.step()
    write_checkpoint(tmp_path / "state.npz", city_model.state())
    again, resumed = busy()
    again.restore(read_checkpoint(tmp_path / "state.npz"))
    view = resumed.view(int(resumed.form.walkers().id[0]))
    assert view is not None
    assert view.doing in {"walking", "staying"}
    assert_same(run_to_end(again, resumed), undisturbed)


def test_plans_of_two_forms_are_kept_apart_in_one_city():
    city = grid_city()
    plans = [model_of(params_for(NUMBERS), city, form=form)[1].plans for form in (Network, Beeline, Network)]
    assert plans[0] is plans[2]
    assert not np.array_equal(plans[0].arc_utility, plans[1].arc_utility)
