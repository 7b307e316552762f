"""Parts of walking against plain words: what is counted of every space, how fast one walks, when a light is green.

The parts ask for fields by name, and named arrays will do where kernels are not compiled: this runs in the leg of
``.ci/run`` that runs oracles without the compiler.
"""

from __future__ import annotations

import math
from types import SimpleNamespace

import numba
import numpy as np
import pytest

from twin.models.pedestrian.movement import kernels
from twin.models.pedestrian.movement.rows import COUNTS, ENTERED, INSIDE, REFUSED, WALKER

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT == 0, reason="compiled, kernels take records alone")
#: Links 0 and 1 are the two directions of one pavement; 2 goes one way; 3 is a place.
TWIN, AREA_M2 = [1, 0, -1, -1], [20.0, 20.0, 12.0, 30.0]


def world_of(people=1.0, **links):
    more = {
        "twin": np.array(TWIN),
        "area_m2": np.array(AREA_M2),
        "speed_share": np.array([1.0, 1.0, 0.5, 1.0]),
        **links,
    }
    return SimpleNamespace(people=people, counterflow_share=0.85, links=SimpleNamespace(**more))


def empty_spaces():
    whole = {name: np.zeros(4, np.int64) for name in (
        "occupancy", "entries", "minute_entries", "minute_most", "occupancy_most")}  # fmt: skip
    spaces = SimpleNamespace(**whole, **{name: np.zeros(4) for name in ("last_s", "person_s", "crowded_s", "minute_s")})
    spaces.size = 4
    return spaces


@pytest.mark.parametrize("people", [1.0, 2.5])
@pytest.mark.parametrize("seed", range(6))
def test_what_is_counted_of_a_space_follows_from_who_came_and_went(seed, people):
    luck, world, spaces = np.random.default_rng(seed), world_of(people), empty_spaces()
    history, inside, t = [], np.zeros(4, int), 0.0
    for _ in range(160):
        t += float(luck.choice([0.0, 1.0, 7.5, 40.0]))
        space = int(luck.integers(0, 4))
        by = -int(inside[space]) if luck.random() < 0.35 else int(luck.integers(1, 7))
        if by:
            kernels._change(world, spaces, space, by, t)
            inside[space] += by
            history.append((t, space, by))
    kernels.close_period(world, spaces, t + 60.0)
    assert spaces.last_s.tolist() == [t + 60.0] * 4
    # The same again, second by second of all that happened.
    now, person_s, crowded_s, most = np.zeros(4, int), np.zeros(4), np.zeros(4), np.zeros(4, int)
    minutes, last_s = [{} for _ in range(4)], 0.0
    for at_s, space, by in [*history, (t + 60.0, -1, 0)]:
        person_s += now * (at_s - last_s)
        for k in range(4):
            both = now[k] + (now[TWIN[k]] if TWIN[k] >= 0 else 0)
            crowded_s[k] += now[k] * (at_s - last_s) * (both * people > 0.72 * AREA_M2[k])
        last_s = at_s
        if space >= 0:
            now[space] += by
            most[space] = max(most[space], now[space])
            if by > 0:
                minutes[space][at_s // 60] = minutes[space].get(at_s // 60, 0) + by
    assert spaces.occupancy.tolist() == now.tolist()
    assert spaces.occupancy_most.tolist() == most.tolist()
    assert spaces.entries.tolist() == [sum(minute.values()) for minute in minutes]
    assert spaces.minute_most.tolist() == [max(minute.values(), default=0) for minute in minutes]
    np.testing.assert_allclose(spaces.person_s, person_s)
    np.testing.assert_allclose(spaces.crowded_s, crowded_s)
    assert 0 < crowded_s.sum() < person_s.sum()


def test_an_empty_space_has_no_seconds_when_a_period_ends():
    world, spaces = world_of(), empty_spaces()
    kernels._change(world, spaces, 2, 1, 10.0)
    kernels.close_period(world, spaces, 30.0)
    assert spaces.person_s.tolist() == [0.0, 0.0, 20.0, 0.0]
    assert spaces.last_s.tolist() == [30.0] * 4


@pytest.mark.parametrize(("cycle_s", "green_s", "offset_s"), [(60.0, 20.0, 0.0), (45.0, 10.0, 13.0)])
def test_one_waits_for_the_next_moment_of_green(cycle_s, green_s, offset_s):
    greens = [(offset_s + k * cycle_s, offset_s + k * cycle_s + green_s) for k in range(-3, 12)]
    for t in np.arange(0.0, 300.0, 2.5).tolist():
        inside = any(begin <= t < end for begin, end in greens)
        expected = 0.0 if inside else min(begin for begin, _ in greens if begin > t) - t
        assert kernels.signal_wait_s(t, cycle_s, green_s, offset_s) == pytest.approx(expected, abs=1e-9)


def law(density):
    return 1.0 - math.exp(-1.913 * (1.0 / density - 1.0 / 5.4))


def test_the_law_of_walking_by_its_formula_and_its_ends():
    assert kernels.weidmann_speed(0.0, 1.4) == kernels.weidmann_speed(-1.0, 1.4) == 1.4
    for density in (0.2, 1.0, 3.0, 5.3, 5.35):
        assert kernels.weidmann_speed(density, 1.4) == pytest.approx(1.4 * law(density), rel=1e-12)
    # Where the formula falls to nothing people still shuffle on.
    assert kernels.weidmann_speed(5.36, 1.4) == kernels.weidmann_speed(9.0, 1.4) == 0.05


@pytest.mark.parametrize("people", [1.0, 2.5])
def test_who_enters_a_link_walks_as_fast_as_those_on_it_allow(people):
    best = max(np.arange(1.7, 1.8, 1e-6), key=lambda d: d * law(d))
    world, spaces = world_of(people), empty_spaces()
    met = set()
    for link in range(3):
        for same in (0, 1, 5, 9, 16, 20, 33, 60):
            for other in (0, 1, 2, 3, 4, 5, 8, 15, 60):
                spaces.occupancy[:] = 0
                spaces.occupancy[link] = same
                pair = TWIN[link] >= 0
                if pair:
                    spaces.occupancy[TWIN[link]] = other
                both = same + (other if pair else 0)
                density = both * people / AREA_M2[link]
                expected = 1.3 if density == 0 else 1.3 * law(min(density, best))
                if density > best:
                    expected *= best / density
                head_on = pair and density > 1.0 and min(same, other) > 0.2 * both
                expected *= (0.85 if head_on else 1.0) * (0.5 if link == 2 else 1.0)
                assert kernels.link_speed(world, spaces, link, 1.3) == pytest.approx(expected, rel=1e-6)
                met.add((density > best, head_on))
    assert len(met) == 4


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_who_takes_a_slot_begins_anew_whoever_had_it_before(monkeypatch):
    """Who has no way to go is refused, and the slot stays free; nothing is left in it of the one before."""
    for name, value in (("draw_person", None), ("find_plan", 6), ("steps_left", 3), ("value_of_going", -math.inf)):
        monkeypatch.setattr(kernels, name, lambda *_, value=value: value)
    walkers = np.zeros(2, WALKER).view(np.recarray)
    for name in WALKER.names:
        walkers[name] = 1 if name == "traced" else 77
    arrivals = SimpleNamespace(
        id=np.array([3, 4], np.uint64), visitor_class=[0, 2], members=[1, 5], entry=[0, 1], enter_s=[0.0, 12.5],
        until_s=[0.0, 0.0], destination=[0, 0],
    )  # fmt: skip
    world = SimpleNamespace(places=SimpleNamespace(node=[8, 9]))
    plans = SimpleNamespace(come_value=np.zeros((1, 4)))
    laws, counts = SimpleNamespace(trace_stream=np.uint64(1), trace_share=0.0), np.zeros(COUNTS, np.int64)
    free_slots = np.array([1, 0, 0])
    assert kernels._arrive(world, plans, laws, None, arrivals, 1, walkers, None, free_slots, None, counts) == -1
    assert (counts[ENTERED], counts[REFUSED], counts[INSIDE]) == (5, 5, 0)
    assert free_slots.tolist() == [1, 0, 0]
    fresh = {
        "id": 4, "enter_s": 12.5, "visitor_class": 2, "members": 5, "entry": 1, "node": 9, "plan": 6, "turn": 0,
        "walked_m": 0.0, "wait_s": 0.0, "stay_s": 0.0, "room_s": 0.0, "behind": -1, "decisions": 0, "stays": 0,
        "crossings": 0, "traced": 0,
    }  # fmt: skip
    assert {name: walkers[1][name] for name in fresh} == fresh
    assert math.isnan(walkers[1]["worth"])
    assert walkers[0]["room_s"] == 77.0
