"""Travellers who change model: nobody lost, no step seen, no byte changed by a checkpoint."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.engine.toy_riders import FEET, Carrier, Feet
from twin.engine.channels import Channels, Rows
from twin.engine.city_model import CityModel
from twin.engine.draws import make_run_seed
from twin.engine.row_kinds import ROW_DTYPE, ROW_MEANINGS, TRAVELLER_KINDS, RowKind
from twin.engine.sim_model import SimModel
from twin.engine.travellers import hand_back, hand_over
from twin.errors import EngineError, ScenarioError

WALKERS = 120


def city(replication, *, step_s=20.0, walkers=WALKERS, carrier=None):
    models = [carrier or Carrier(), Feet(walkers)]
    return CityModel(
        models, start_s=0.0, end_s=1e5, step_s=step_s, run_seed=make_run_seed(21, replication), until_empty=True
    )


def run(model):
    while not model.is_empty() or model.sim_models[1].entered < len(model.sim_models[1].id):
        model.step()
    return model.sim_models[1].diary


def test_every_kind_is_declared_with_fields_that_a_row_has():
    assert set(ROW_MEANINGS) == set(RowKind)
    for said in ROW_MEANINGS.values():
        assert set(said.fields) <= {*ROW_DTYPE.names, "path"}
    assert set(TRAVELLER_KINDS) == {RowKind.RIDE_ENTER, RowKind.RIDE_LEAVE}


def test_both_toys_keep_the_protocol():
    assert isinstance(Feet(1), SimModel)
    assert isinstance(Carrier(), SimModel)


@pytest.mark.parametrize("replication", range(10))
def test_nobody_is_lost_and_the_step_is_not_seen(replication):
    whole = run(city(replication))
    assert sorted(id_ for _, id_, _ in whole) == city(replication).sim_models[1].id.tolist()
    assert {carried for *_, carried in whole} == {True, False}
    for step_s in (40.0, 7.5, 5.0):
        assert sorted(run(city(replication, step_s=step_s))) == sorted(whole)


@pytest.mark.parametrize("replication", range(10))
def test_checkpoints_at_any_step_change_no_byte(replication):
    luck = np.random.default_rng(replication)
    whole, model = city(replication), city(replication)
    diary = run(whole)
    seen_under_way = 0
    while not model.is_empty() or model.sim_models[1].entered < WALKERS:
        model.step()
        if luck.random() < 0.2:
            again = city(replication)
            again.restore(model.state())
            one, two = model.state(), again.state()
            assert {k: v.tobytes() for k, v in one.items()} == {k: v.tobytes() for k, v in two.items()}
            seen_under_way += model.channels.bodies_under_way("traveller")
            model = again
    assert model.sim_models[1].diary == diary
    assert seen_under_way > 0
    last = {key: values.tobytes() for key, values in model.state().items() if key != "clock/tick"}
    assert last == {key: values.tobytes() for key, values in whole.state().items() if key != "clock/tick"}


def test_one_walker_more_at_the_end_moves_nobody_who_came_before():
    few, more = run(city(3, walkers=WALKERS)), run(city(3, walkers=WALKERS + 1))
    assert [walker for walker in more if walker in few] == few


class Loser(Carrier):
    """Loses the third traveller it takes."""

    def advance(self, until_s):
        super().advance(until_s)
        if self.received > 2 and len(self.waiting):
            self.waiting = self.waiting.take(np.arange(len(self.waiting) - 1))


class Swapper(Carrier):
    """Says of travellers that they are vehicles."""

    def accounts(self):
        import dataclasses

        return [dataclasses.replace(account, body="vehicle") for account in super().accounts()]


@pytest.mark.parametrize(
    ("carrier", "says"),
    [
        (Loser(), "the ledger of carrier does not close for riders"),
        (Swapper(), "the ledger between models does not close for a vehicle"),
    ],
)
def test_a_carrier_that_loses_or_swaps_travellers_is_found(carrier, says):
    with pytest.raises(EngineError, match=says):
        run(city(1, carrier=carrier))


def test_a_step_longer_than_the_walk_to_a_stop_is_refused():
    with pytest.raises(ScenarioError, match="40 s, the shortest lead from feet to carrier"):
        city(1, step_s=60.0)


def test_a_ride_to_where_one_stands_and_a_return_before_the_start_are_refused():
    channels = Channels(["carrier", "feet"], 0.0)
    one = np.array([5], np.uint64)
    with pytest.raises(EngineError, match="traveller 5 wants to ride from a place to itself"):
        hand_over(channels, "carrier", one, np.array([9.0]), [np.array([2, 2], np.int32)], owner=FEET, now_s=0.0)
    hand_over(channels, "carrier", one, np.array([9.0]), [np.array([2, 1], np.int32)], owner=FEET, now_s=0.0)
    assert (channels.bodies_under_way("traveller"), channels.bodies_under_way("vehicle")) == (1, 0)
    taken: Rows = channels.take("carrier", 10.0)
    with pytest.raises(EngineError, match=r"traveller 5 came at 9.0 s and would be back at 8.0 s"):
        hand_back(channels, "feet", taken, np.array([8.0]), np.array([1], np.int32), np.array([np.nan]))
