"""Sensors against theory: unbiased where it says so, biased as it says where not; tolerances from standard errors."""

from __future__ import annotations

import numpy as np
import pytest

from twin.models import registry
from twin.observe.asked import Cell, SiteRows
from twin.observe.cells import values_of
from twin.observe.phones import seen_in_band, seen_mean_s, seen_visits
from twin.observe.sensors import Beacon, Camera, GateCount, Gps

#: Standard errors allowed; about one check in 15,000 would miss by luck alone.
_SE = 4.0


def links(count, heads):
    """A table of flows: link 3 and its other direction 8, ``count`` periods with ``heads`` each way."""
    from_s = np.repeat(np.arange(count) * 600.0, 2)
    return {
        "from_s": from_s,
        "link_index": np.tile([3, 8], count).astype(np.int32),
        "entries_count": np.tile([float(heads), heads / 2], count),
    }


def flow(table, sensor, seed=1, name="cams", cells=None):
    cells = cells or [Cell(site="north"), Cell(site="south")]
    sites = {"north": SiteRows(links=[3], back=[8]), "south": SiteRows(links=[8], back=[3])}
    what = registry.observables()["pedestrian.link_flow_count"]
    return values_of(what, table, cells, sites, sensor, name, np.uint64(seed), {})


def visits(dwell_s, seed=0):
    n = len(dwell_s)
    enter = np.random.default_rng(seed).uniform(0, 36000, n)
    return {
        "id": np.arange(n, dtype=np.uint64),
        "people": np.ones(n),
        "class": np.full(n, "shopper"),
        "entry_exit": np.where(np.arange(n) % 3 == 0, "a", "b"),
        "leave_exit": np.where(np.arange(n) % 2 == 0, "a", "b"),
        "enter_s": enter,
        "leave_s": enter + dwell_s,
        "dwell_s": np.asarray(dwell_s, np.float64),
        "stay_band": np.zeros(n, np.uint8),
        "counted": np.ones(n, np.uint8),
    }


def seen(table, sensor, seed=1):
    stays = registry.stays("pedestrian")
    return seen_visits(stays, table, sensor, "phones", (900.0, 10800.0), np.uint64(seed))


def test_without_a_sensor_everybody_counts():
    assert flow(links(10, 20), None).tolist() == [200.0, 100.0]


def test_a_camera_counts_by_its_misses_doubles_and_wrong_ways():
    camera = Camera(kind="camera", misses=0.1, doubles=0.05, wrong_way=0.02)
    n, heads = 2000, 50
    north, south = flow(links(n, heads), camera)
    each = 0.9 * 1.05
    for found, own, other in ((north, n * heads, n * heads / 2), (south, n * heads / 2, n * heads)):
        expected = each * (0.98 * own + 0.02 * other)
        # One head counts 0, 1 or 2: its variance is below that of its mean square.
        assert abs(found - expected) < _SE * np.sqrt(0.9 * 1.15 * (own + 0.02 * other))


def test_misses_and_doubles_that_balance_leave_the_mean_unbiased():
    camera = Camera(kind="camera", misses=0.2, doubles=0.25, wrong_way=0.0)
    heads = 200_000
    found = flow(links(1000, heads // 1000), camera)[0]
    variance = 0.8 * (0.75 + 4 * 0.25) - 1.0
    assert abs(found - heads) < _SE * np.sqrt(heads * variance)


def test_thinning_of_poisson_counts_is_poisson():
    counter = GateCount(kind="gate_count", misses=0.4, doubles=0.0)
    heads = np.random.default_rng(5).poisson(30.0, 20_000)
    table = {
        "from_s": np.arange(20_000) * 600.0,
        "link_index": np.full(20_000, 3, np.int32),
        "entries_count": heads.astype(np.float64),
    }
    cells = [Cell(site="north", from_s=600.0 * i, to_s=600.0 * (i + 1)) for i in range(20_000)]
    found = flow(table, counter, cells=cells)
    assert abs(found.mean() - 18.0) < _SE * np.sqrt(18.0 / 20_000)
    assert abs(found.var() / 18.0 - 1.0) < _SE * np.sqrt(2.0 / 20_000)


def test_one_who_passes_more_changes_no_other_count():
    camera = Camera(kind="camera")
    before, after = links(50, 20), links(50, 20)
    after["entries_count"] = after["entries_count"].copy()
    after["entries_count"][14] += 1
    cells = [Cell(site="north", from_s=600.0 * i, to_s=600.0 * (i + 1)) for i in range(50)]
    change = flow(after, camera, cells=cells) - flow(before, camera, cells=cells)
    assert np.flatnonzero(change).tolist() in ([], [7])
    assert 0 <= change[7] <= 2


def test_the_same_run_seen_twice_is_the_same_and_another_sensor_has_other_luck():
    camera, table = Camera(kind="camera"), links(200, 40)
    assert flow(table, camera).tobytes() == flow(table, camera).tobytes()
    assert flow(table, camera).tolist() != flow(table, camera, name="others").tolist()
    assert flow(table, camera).tolist() != flow(table, camera, seed=2).tolist()


@pytest.mark.parametrize("every_s", [60.0, 300.0, 900.0])
def test_positions_cut_a_stay_by_their_interval(every_s):
    """E[last - first] = D - I for D >= I, whatever the law of D; shorter stays are seen with chance D / I."""
    dwell_s = np.random.default_rng(2).lognormal(np.log(3000), 1.2, 60_000)
    gps = Gps(kind="gps", phones=1.0, every_s=every_s, gap_ends_stay_s=7200.0)
    table = visits(dwell_s)
    found = seen(table, gps)
    whole = dwell_s >= every_s
    rows = np.isin(found["id"], table["id"][whole])
    assert rows.sum() == whole.sum()
    expected = seen_mean_s(dwell_s[whole], every_s).mean()
    # Given D the span is one of two neighbours I apart: its variance is at most I^2 / 4.
    assert abs(found["dwell_s"][rows].mean() - expected) < _SE * every_s / 2 / np.sqrt(whole.sum())
    short = (~whole).sum()
    chance = (dwell_s[~whole] / every_s).mean()
    assert abs((~rows).sum() / short - chance) < _SE * np.sqrt(chance * (1 - chance) / short)


@pytest.mark.parametrize("every_s", [300.0, 900.0])
def test_the_stay_share_by_positions_is_off_as_the_formula_says(every_s):
    dwell_s = np.random.default_rng(3).lognormal(np.log(2400), 1.0, 60_000)
    gps = Gps(kind="gps", phones=0.5, every_s=every_s, gap_ends_stay_s=7200.0)
    found = seen(visits(dwell_s), gps)
    is_seen, in_band = seen_in_band(dwell_s, every_s, 900.0, 10800.0)
    expected = in_band.sum() / is_seen.sum()
    share = (found["stay_band"] == 1).mean()
    assert abs(share - expected) < _SE * np.sqrt(expected * (1 - expected) / len(found["id"]))
    true = ((dwell_s >= 900) & (dwell_s <= 10800)).mean()
    assert share < true - 0.02  # positions make stays shorter, so that fewer reach 15 minutes


def test_silence_longer_than_the_gap_splits_stays():
    dwell_s = np.full(4000, 6000.0)
    gps = Gps(kind="gps", phones=1.0, every_s=300.0, lost=0.5, gap_ends_stay_s=650.0)
    assert len(seen(visits(dwell_s), gps)["id"]) > 4400
    assert len(seen(visits(dwell_s), gps.model_copy(update={"gap_ends_stay_s": 86400.0}))["id"]) <= 4000


def test_beacons_tell_whole_stays_and_moves_between_exits_without_bias():
    dwell_s = np.random.default_rng(4).exponential(3600, 60_000)
    table = visits(dwell_s)
    found = seen(table, Beacon(kind="beacon", phones=0.3, detects=0.8))
    chance = 0.3 * 0.8**2
    assert abs(len(found["id"]) / 60_000 - chance) < _SE * np.sqrt(chance * (1 - chance) / 60_000)
    assert np.array_equal(found["dwell_s"], found["leave_s"] - found["enter_s"])
    for a in ("a", "b"):
        for b in ("a", "b"):
            true = ((table["entry_exit"] == a) & (table["leave_exit"] == b)).mean()
            share = ((found["entry_exit"] == a) & (found["leave_exit"] == b)).mean()
            assert abs(share - true) < _SE * np.sqrt(true * (1 - true) / len(found["id"]))


def test_zone_shares_by_positions_are_unbiased_without_noise_and_mixed_by_it():
    what = registry.observables()["pedestrian.zone_share"]
    n = 3000
    table = {
        "from_s": np.repeat(np.arange(n) * 600.0, 2),
        "place": np.tile(["p", "q"], n),
        "person_s": np.tile([6.4 * 600.0, 1.6 * 600.0], n),
    }
    xy = {"p": (0.0, 0.0), "q": (400.0, 0.0)}
    sites = {"P": SiteRows(x_m=0.0, y_m=0.0, radius_m=200.0), "Q": SiteRows(x_m=400.0, y_m=0.0, radius_m=200.0)}
    cells = [Cell(site="P"), Cell(site="Q")]

    def shares(sensor):
        return values_of(what, table, cells, sites, sensor, "gps", np.uint64(1), xy)

    assert shares(None) == pytest.approx([0.8, 0.2])
    clear = Gps(kind="gps", phones=0.5, every_s=300.0, noise_m=0.0)
    pings = 8.0 * n * 0.5 * 2
    # Two positions of one phone and period lie at one place: they count as one.
    assert abs(shares(clear)[0] - 0.8) < _SE * np.sqrt(0.16 / (pings / 2))
    blurred = shares(clear.model_copy(update={"noise_m": 200.0}))
    assert blurred[0] < 0.78
    assert blurred.sum() == pytest.approx(1.0)
