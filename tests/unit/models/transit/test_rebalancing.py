"""Forecast and rebalancing: held-out days, flows against brute force, and a day that goes on from its middle."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.unit.models.transit.town import BUSY, assert_same, build, finish, merged
from twin.engine.checkpoint import read_checkpoint, write_checkpoint
from twin.engine.draws import event, make_stream, uniforms
from twin.errors import TableError
from twin.models.transit.dispatch import forecast
from twin.models.transit.dispatch.rebalancing import least_flow

HOUR_S = 3600.0


def drawn(count, seed):
    return uniforms(make_stream(np.uint64(seed), "test.flow"), np.arange(count, dtype=np.uint64), event(0))


@pytest.mark.parametrize("seed", range(6))
def test_the_flow_drives_least_of_all_ways_to_send_most_vans(seed):
    vans, cells = 4, 3
    drive_s = (1000 * drawn(vans * cells, seed)).reshape(vans, cells)
    wanted = (3 * drawn(cells, seed + 100)).astype(np.int32)
    flow = least_flow(drive_s, wanted, 700.0)
    best = (0, np.inf)
    for choice in itertools.product(range(-1, cells), repeat=vans):
        sent = [(v, k) for v, k in enumerate(choice) if k >= 0]
        fits = all(drive_s[v, k] <= 700.0 for v, k in sent)
        if fits and all(sum(k == c for _, k in sent) <= wanted[c] for c in range(cells)):
            best = min(best, (-len(sent), sum(drive_s[v, k] for v, k in sent)))
    assert flow.sum() == -best[0]
    assert (flow * drive_s).sum() == pytest.approx(best[1])
    assert (flow.sum(axis=1) <= 1).all()
    assert (flow.sum(axis=0) <= wanted).all()


def test_the_forecast_is_the_rate_when_days_are_many_and_expects_in_proportion():
    cell = np.array([0, 0, 1], np.int32)
    day = forecast.Day(np.array([100.0, 200.0, 40000.0]), np.array([0, 1, 2], np.int32))
    rate = forecast.learn([day] * 3000, cell)
    assert rate[0, 0] == pytest.approx(2.0, rel=1e-3)
    assert rate[1, int(40000 // forecast.SLOT_S)] == pytest.approx(1.0, rel=1e-3)
    assert forecast.expected(rate, 900.0, 900.0)[0] == pytest.approx(rate[0, 0] / 2)
    whole = forecast.expected(rate, 0.0, 86400.0)
    np.testing.assert_allclose(whole, rate.sum(axis=1))
    assert forecast.deviance(np.maximum(forecast.counts_of([day], cell)[0], 1e-300), [day], cell) == pytest.approx(0)


WITH = {**BUSY, "dispatch": {"strategy": "reoptimise", "rebalancing": {"cell_m": 400, "every_s": 120}}}


def test_held_out_days_are_foreseen_better_than_by_plain_means_and_vans_are_sent(tmp_path):
    quiet = {**WITH, "demand": {"requests_per_day": 600}}
    model, transit = build(quiet, end_s=10 * HOUR_S)
    learned, plain = (float(word) for word in transit.notes[0].replace(" a cell", "").split() if "." in word[:-1])
    assert learned < plain
    parts = []
    while model.now_s < 9 * HOUR_S:
        model.step()
    parts.append(transit.drain_tables())
    write_checkpoint(tmp_path / "at.npz", model.state())
    whole = merged([*parts, finish(model, transit)])
    again, resumed = build(quiet, end_s=10 * HOUR_S)
    again.restore(read_checkpoint(tmp_path / "at.npz"))
    assert_same(whole, merged([*parts, finish(again, resumed)]))
    # A van that was sent ends its drive where nobody boards or alights.
    legs, rows = whole["transit_legs"], whole["transit_requests"]
    ends = {(int(v), float(t)) for v, t in zip(rows["van"], rows["dropoff_s"], strict=True)}
    met = {(int(v), int(s)) for v, s in zip(rows["van"], rows["from_stop"], strict=True)}
    sent = [
        (v, t, s) for v, t, s in zip(legs["van"], legs["arrive_s"], legs["to_stop"], strict=True)
        if (int(v), float(t)) not in ends and (int(v), int(s)) not in met
    ]  # fmt: skip
    assert sent


def test_a_table_of_one_day_cannot_be_learned_from():
    stop = np.array(["s00", "s01"])
    table = {"day": np.array([1, 1]), "time": np.array([0.0, 1.0]), "from_stop": stop}
    dispatch = {"rebalancing": {"table": "past"}}
    with pytest.raises(TableError, match="tells of 1 day"):
        build({**BUSY, "dispatch": dispatch}, tables={"past": table})
