"""The kerb in a city: no bay twice, nobody lost, the same bytes however it is stepped, stopped and taken up."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.models.kerb.town import BUSY, as_bytes, kerb_city, midosuji, params_of, run
from twin.errors import EngineError, ScenarioError
from twin.models.kerb.agents import KerbDrivers, Patrol
from twin.models.kerb.kpis import compute
from twin.models.kerb.layout import _off_crossings as off_crossings


def overlaps(owner, from_s, to_s):
    """Pairs of spans of one owner that overlap."""
    order = np.lexsort((from_s, owner))
    owner, from_s, to_s = owner[order], from_s[order], to_s[order]
    return int(np.count_nonzero((owner[1:] == owner[:-1]) & (from_s[1:] < to_s[:-1])))


@pytest.mark.parametrize("replication", range(3))
def test_no_bay_is_used_twice_and_nobody_is_in_two_places(replication):
    tables = run(*kerb_city(params_of(**BUSY), replication=replication))
    stands = tables["kerb_stands"]
    in_bay = stands["mode"] == "bay"
    assert in_bay.sum() > 50
    assert (~in_bay).sum() > 50
    assert overlaps(stands["bay"][in_bay], stands["from_s"][in_bay], stands["to_s"][in_bay]) == 0
    assert overlaps(stands["id"], stands["from_s"], stands["to_s"]) == 0
    pockets = tables["kerb_pockets"]
    of_bay = np.repeat(pockets["pocket"], pockets["bays"])
    assert np.array_equal(of_bay[stands["bay"][in_bay]], stands["pocket"][in_bay])


def test_lanes_are_blocked_exactly_while_somebody_stands_in_them():
    tables = run(*kerb_city(params_of(**BUSY)))
    stands, lanes = tables["kerb_stands"], tables["kerb_lanes"]
    for edge in np.unique(stands["edge"][stands["mode"] != "bay"]):
        rows = (stands["mode"] != "bay") & (stands["edge"] == edge)
        events = sorted([(t, 1) for t in stands["from_s"][rows]] + [(t, -1) for t in stands["to_s"][rows]])
        moments, taken = np.array([t for t, _ in events]), np.cumsum([step for _, step in events])
        blocked_s = float(np.diff(moments)[taken[:-1] > 0].sum())
        mine = lanes["edge"] == edge
        assert blocked_s == pytest.approx(float((lanes["to_s"] - lanes["from_s"])[mine].sum()), abs=1e-6)
    assert overlaps(lanes["edge"], lanes["from_s"], lanes["to_s"]) == 0


def test_everybody_who_sets_out_comes_back_by_the_ledger():
    model, kerb = kerb_city(params_of(**BUSY), "queueing")
    tables = run(model, kerb)
    account = kerb.accounts()[0]
    assert account.entered == len(kerb.day) == sum(account.left.values()) > 100
    assert account.inside == 0
    assert kerb.is_empty()
    outcome = tables["kerb_visits"]["outcome"].tolist()
    assert {name: outcome.count(name) for name in account.left} == dict(account.left)


def test_the_step_cannot_be_seen():
    assert as_bytes(run(*kerb_city(params_of(**BUSY), step_s=15.0))) == as_bytes(
        run(*kerb_city(params_of(**BUSY), step_s=3.0))
    )


@pytest.mark.parametrize("form", ["free_flow", "queueing"])
def test_a_checkpoint_resumes_byte_for_byte(form):
    whole, kerb = kerb_city(params_of(**BUSY), form, traces=1.0)
    while whole.now_s < 9.7 * 3600:
        whole.step()
    kept = whole.state()
    again, resumed = kerb_city(params_of(**BUSY), form, traces=1.0)
    again.restore(kept)
    assert kerb.side.size[0] > 5
    assert as_bytes(run(whole, kerb)) == as_bytes(run(again, resumed))
    after, before = again.state(), whole.state()
    assert {k: v.tobytes() for k, v in after.items()} == {k: v.tobytes() for k, v in before.items()}


def test_a_fork_with_more_cameras_keeps_who_is_there_and_their_draws():
    whole, kerb = kerb_city(params_of(**{**BUSY, "cameras": {"count": 0}}))
    while whole.now_s < 9.5 * 3600:
        whole.step()
    kept = whole.state()
    model, forked = kerb_city(params_of(**{**BUSY, "cameras": {"count": 8}}))
    model.restore(kept, forked_at_s=whole.now_s)
    with_, without = run(model, forked), run(whole, kerb)
    assert set(with_["kerb_visits"]["id"].tolist()) == set(without["kerb_visits"]["id"].tolist())
    assert as_bytes(with_)["kerb_stands"] != as_bytes(without)["kerb_stands"]
    assert forked.is_empty()


def test_one_shop_kind_more_moves_nobody_else():
    few = run(*kerb_city(params_of()))["kerb_visits"]
    more = run(*kerb_city(params_of(parcels={"per_shop_day": 4})))["kerb_visits"]
    kept = np.isin(more["id"], few["id"])
    assert kept.sum() == len(few["id"]) < len(more["id"])
    others = few["kind"] != 1
    assert np.isin(few["id"][others], more["id"]).all()


def test_drivers_and_patrols_of_ones_own_decide():
    class Never(KerbDrivers):
        def choose(self, look):
            assert look.tries >= 1
            return "go_away"

    class Stays(Patrol):
        rounds = 0

        def next_pocket(self, look):
            type(self).rounds += 1
            return look.at

    tables = run(
        *kerb_city(params_of(**BUSY), agents={"kerb.drivers": lambda model: Never(model), "kerb.patrol": Stays})
    )
    assert set(tables["kerb_stands"]["mode"].tolist()) == {"bay"}
    assert "kerb_lanes" not in tables
    assert Stays.rounds > 10


def test_patrols_have_a_place_on_the_streets():
    _, kerb = kerb_city(params_of(**BUSY))
    ends = midosuji().drive.link_to[kerb.layout.pockets.link]
    assert [patrol.node for patrol in kerb.patrols] == [int(ends[0]), int(ends[4])]


def test_without_any_pocket_everybody_stands_in_the_lane_or_goes_away():
    model, kerb = kerb_city(params_of(bays={}, patrols={"count": 1}, pickups={"wait": 0.2, "double_park": 0.4}))
    tables = run(model, kerb)
    assert set(tables["kerb_stands"]["mode"].tolist()) == {"lane"}
    assert set(tables["kerb_visits"]["outcome"].tolist()) == {"served", "turned_away"}
    assert "60 of 60 shops have no pocket within 150 m" in kerb.notes[0]
    found = {k.kpi: k.value for k in compute(tables) if k.group == "all"}
    assert np.isnan(found["kerb.occupancy_share"])
    assert np.isnan(found["kerb.overstay_share"])


def test_a_driver_who_chooses_what_cannot_be_is_told_so():
    class Lost(KerbDrivers):
        def choose(self, look):
            return "fly"

    with pytest.raises(EngineError, match="chooses 'fly', and can"):
        run(*kerb_city(params_of(**BUSY), agents={"kerb.drivers": Lost}))


def test_guards_that_all_obey_leave_nobody_in_the_lane_for_long():
    guards = {"count": 8, "complies": 1.0, "detects": 1.0, "after_s": 30.0, "respond_s": 30.0, "deters": 0.0}
    tables = run(*kerb_city(params_of(**{**BUSY, "guards": guards, "cameras": {"count": 0}}, reach_m=400.0)))
    stands = tables["kerb_stands"]
    lane = stands["mode"] != "bay"
    assert (stands["to_s"] - stands["from_s"])[lane].max() <= 60.0 + 1e-6


def test_kpis_say_what_the_tables_hold():
    tables = run(*kerb_city(params_of(**BUSY)))
    found = {(k.kpi, k.group): k.value for k in compute(tables)}
    stands = tables["kerb_stands"]
    length_s, in_bay = stands["to_s"] - stands["from_s"], stands["mode"] == "bay"
    assert found["kerb.in_bay_count", "all"] == in_bay.sum()
    assert found["kerb.overstay_share", "all"] == pytest.approx(np.mean(length_s[in_bay] > 1200.0 + 1e-6))
    assert found["kerb.lane_stand_min", "all"] == pytest.approx(length_s[~in_bay].sum() / 60)
    assert 0 < found["kerb.blocked_lane_min", "all"] <= found["kerb.lane_stand_min", "all"] + 1e-9
    assert 0 < found["kerb.occupancy_share", "all"] <= 1
    assert found["kerb.staff_h", "all"] == pytest.approx((2 + 2 * 2) * 1.5)
    for name in ("kerb.visits_count", "kerb.turned_away_count", "kerb.in_lane_count"):
        kinds = [value for (kpi, group), value in found.items() if kpi == name and group != "all"]
        assert len(kinds) == 3
        assert sum(kinds) == found[name, "all"]


def test_pictures_show_drives_and_stands():
    tables = run(*kerb_city(params_of(**BUSY), traces=1.0))
    traces = tables["traces"]
    assert set(traces["state"].tolist()) == {0, 1, 2, 3}
    order = np.lexsort((traces["time_s"], traces["trip"], traces["id"]))
    same = np.diff(traces["id"][order].astype(np.int64)) == 0
    assert (np.diff(traces["time_s"][order])[same] >= -1e-6).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"frontages": {}}, "no frontage with shops"),
        ({"cameras": {"count": 9}}, "9 cameras look at pockets, and there are 8"),
        ({"bays": {"x": {"street": "御堂筋南", "between": ["長堀通", "宗右衛門町通"], "side": "west", "pockets": 1}}},
         "no street of the map is named"),
        ({"bays": {"x": {"street": "御堂筋", "between": ["長堀通", "無い通"], "side": "west", "pockets": 1}}},
         "is no street of the map"),
        ({"bays": {"x": {"street": "御堂筋", "between": ["長堀通", "宗右衛門町通"], "side": "north", "pockets": 1}}},
         "the street has no north side here"),
    ],
)  # fmt: skip
def test_what_is_not_on_the_map_is_said(change, said):
    with pytest.raises(ScenarioError, match=said):
        kerb_city(params_of(**change))


def test_no_pocket_lies_on_a_crossing():
    assert off_crossings(1.0, 80.0, "x") == 5.0
    assert off_crossings(79.0, 80.0, "x") == 75.0
    assert off_crossings(40.0, 80.0, "x") == 40.0
    with pytest.raises(ScenarioError, match="would lie on a crossing: between two of them there are 9 m"):
        off_crossings(4.0, 9.0, "x")


def test_pockets_lie_on_the_outer_lanes_of_their_side():
    _, kerb = kerb_city(params_of())
    layout, drive = kerb.layout, midosuji().drive
    # Side lanes of one lane each, but for the last 40 m before the river, where there is the main roadway alone.
    lanes = drive.lanes[layout.edge_link]
    assert sorted(set(lanes.tolist())) == [1, 4]
    assert np.count_nonzero(lanes == 1) > 8
    west = np.array(layout.pockets.side) == "west"
    assert layout.pockets.x_m[west].max() < layout.pockets.x_m[~west].min()
    assert np.array_equal(layout.edge_lanes, np.where(lanes == 1, 0.5, 1.0))
