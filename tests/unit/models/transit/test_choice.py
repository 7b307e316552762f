"""People choose how to travel: who takes a van asks for it, waits feed back, and everybody is accounted for."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from tests.unit.models.transit.test_bus import BUS, TABLES
from tests.unit.models.transit.town import assert_same, build, finish
from twin.engine.checkpoint import read_checkpoint, write_checkpoint
from twin.models.transit.choice.params import MODES
from twin.models.transit.kpis import compute
from twin.models.transit.params import TransitParams

#: Enough vans for some; people far from indifferent, so that waits matter.
CHOICE = {
    "fleet": {"count": 4},
    "demand": {"shortest_trip_m": 300.0},
    "choice": {
        "travellers_per_day": 4000,
        "minute_utility": 0.08,
        "days": 2,
        "known": {"van_share": 1.0},
        "constants": {"bus_s": 0, "van_s": 300, "taxi_s": 1800},
    },
    "bus": BUS,
}


def run(**changes):
    model, transit = build({**CHOICE, **changes.pop("params", {})}, tables=TABLES, **changes)
    return transit, finish(model, transit)


def values_of(tables, group="all"):
    return {k.kpi: k.value for k in compute(tables) if k.group == group}


@pytest.fixture(scope="module")
def usual():
    return run()


def test_those_who_take_a_van_are_those_who_ask(usual):
    _, tables = usual
    trips, requests = tables["transit_trips"], tables["transit_requests"]
    assert set(trips["mode"].tolist()) == set(MODES)
    van = trips["mode"] == "van"
    assert set(trips["id"][van].tolist()) == set(requests["id"].tolist())
    assert (trips["otherwise"] != "van").all()
    assert (trips["mode"][~van] == trips["otherwise"][~van]).all()
    party = dict(zip(requests["id"].tolist(), requests["party"].tolist(), strict=True))
    assert all(party[i] == n for i, n in zip(trips["id"][van].tolist(), trips["party"][van].tolist(), strict=True))


def test_everybody_who_travels_is_there_whatever_is_offered(usual):
    """A fleet moves some to other ways; nobody comes, goes or changes what they would do without vans."""
    _, tables = usual
    _, none = run(params={"fleet": {"count": 0}})
    for name in ("id", "leave_s", "from_stop", "to_stop", "party", "otherwise", "otherwise_road_m"):
        assert (tables["transit_trips"][name] == none["transit_trips"][name]).all()
    assert (none["transit_trips"]["mode"] == none["transit_trips"]["otherwise"]).all()
    assert "transit_requests" not in none or not len(none["transit_requests"]["id"])
    # Nobody is worse off for having a van to choose.
    assert (tables["transit_trips"]["worth_yen"] >= none["transit_trips"]["worth_yen"]).all()
    values = values_of(none)
    assert values["transit.van_share"] == 0.0
    assert values["transit.public_riders_count"] == values["transit.bus_riders_count"] > 0


def test_fewer_vans_mean_fewer_riders():
    asked = {
        count: [
            (run(params={"fleet": {"count": count}}, seed=seed)[1]["transit_trips"]["mode"] == "van").sum()
            for seed in range(4)
        ]
        for count in (1, 12)
    }
    gained = np.array(asked[12]) - np.array(asked[1])
    assert gained.mean() > 3 * gained.std(ddof=1) / 2 > 0


def test_the_buses_carry_those_who_take_them(usual):
    _, tables = usual
    trips = tables["transit_trips"]
    by_bus = trips["party"][trips["mode"] == "bus"].sum()
    assert 0 < by_bus <= tables["transit_bus_trips"]["riders"].sum()  # who changes boards twice
    values = values_of(tables)
    assert values["transit.bus_revenue_yen"] == values["transit.bus_riders_count"] * 210
    assert values["transit.public_cost_yen"] == values["transit.cost_yen"] + values["transit.bus_cost_yen"]
    shares = [values[f"transit.{mode}_share"] for mode in MODES]
    assert sum(shares) == pytest.approx(1.0)
    assert sum(values[f"transit.van_from_{mode}_share"] for mode in MODES if mode != "van") == pytest.approx(1.0)


def test_a_pass_brings_older_people_to_the_bus_and_nobody_else():
    dear = {**BUS, "fare_yen": 1000}
    none = {"fleet": {"count": 0}}
    _, full = run(params={**none, "bus": dear})
    _, same = run(params={**none, "bus": {**dear, "fare_age65_yen": 1000}})
    _, less = run(params={**none, "bus": {**dear, "fare_age65_yen": 50}})
    assert_same(full, same)
    a, b = full["transit_trips"], less["transit_trips"]
    older = a["age_group"] == "age_65"
    took, takes = a["mode"] == "bus", b["mode"] == "bus"
    assert (takes[took]).all()
    assert (takes & ~took & older).sum() > 0
    assert (a["mode"][~older] == b["mode"][~older]).all()
    assert (b["yen"][takes & older] % 50 == 0).all()
    values = values_of(less)
    assert values["transit.bus_revenue_yen"] == pytest.approx(b["yen"][takes].sum())
    assert 50 < values["transit.bus_revenue_yen"] / values["transit.bus_riders_count"] < 1000


def test_the_rounds_are_reported(usual):
    transit, tables = usual
    rounds = tables["transit_settling"]
    values = values_of(tables)
    assert transit.other_ways.settled.is_settled
    assert values["transit.choice_rounds_count"] == rounds["round"].max() + 1
    assert values["transit.choice_residual_s"] <= 10.0
    last = rounds["round"] == rounds["round"].max()
    gap_s = np.abs(rounds["expected_wait_s"][last] - rounds["met_wait_s"][last])
    assert gap_s @ rounds["trips"][last] / rounds["trips"][last].sum() == pytest.approx(
        values["transit.choice_residual_s"]
    )


def test_runs_of_the_same_seed_are_the_same_and_resume_to_the_same_bytes(usual, tmp_path):
    _, tables = usual
    assert_same(tables, run()[1])
    model, _ = build(CHOICE, tables=TABLES)
    while model.now_s < 9.3 * 3600:
        model.step()  # checks the ledger
    write_checkpoint(tmp_path / "at.npz", model.state())
    again, resumed = build(CHOICE, tables=TABLES)
    again.restore(read_checkpoint(tmp_path / "at.npz"))
    assert_same(tables, finish(again, resumed))


def test_a_fork_moves_nobody_who_has_left(usual):
    _, tables = usual
    model, _ = build(CHOICE, tables=TABLES)
    while model.now_s < 9.5 * 3600:
        model.step()
    more, transit = build({**CHOICE, "fleet": {"count": 12}}, tables=TABLES)
    more.restore(model.state(), forked_at_s=9.5 * 3600)
    forked = finish(more, transit)
    before = tables["transit_trips"]["leave_s"] <= 9.5 * 3600
    for name, values in tables["transit_trips"].items():
        assert (values[before] == forked["transit_trips"][name][before]).all()
    van = [(found["transit_trips"]["mode"][~before] == "van").sum() for found in (tables, forked)]
    assert van[1] > van[0]


def test_the_books_of_travellers_close():
    model, transit = build(CHOICE, tables=TABLES)
    while model.now_s < transit._stage.end_s or not model.is_empty():
        model.step()
        account = next(one for one in transit.accounts() if one.name == "travellers_by_other_ways")
        assert account.entered == account.inside + sum(account.left.values())
    trips = transit.drain_tables()["transit_trips"]
    assert account.entered == (trips["mode"] != "van").sum()


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"choice": {}}, "choice needs choice.travellers_per_day, or the trips of a table"),
        ({"choice": {"travellers_per_day": 100}, "demand": {"table": "t"}}, "give one"),
        (
            {"choice": {"travellers_per_day": 100}, "zones": {"a": {"area": ["town/"], "riders_per_day": 5}}},
            "choice knows no zones",
        ),
        (
            {"choice": {"travellers_per_day": 100}, "dispatch": {"rebalancing": {}}},
            "rebalancing would learn from all who travel",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(params, said):
    with pytest.raises(ValidationError, match=said):
        TransitParams.model_validate(params)
