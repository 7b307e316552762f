"""Share by exit, by the border of the area, and hours on seats: hand-made tables, areas and days."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.unit.models.pedestrian.small_city import grid_city, model_of, params_for, run_to_end
from twin.columns import BODIES
from twin.models.pedestrian import kpis
from twin.models.pedestrian.kpis import where
from twin.models.pedestrian.kpis.borders import INSETS_M, border_share, hull_of, seconds_inside
from twin.models.pedestrian.params import CirculationKpi

#: A square of 1 km, counterclockwise.
SQUARE = np.array([[0.0, 0.0], [1000.0, 0.0], [1000.0, 1000.0], [0.0, 1000.0]])


def path(*points, who=1):
    t, x, y = np.array(points, np.float64).T
    return np.full(len(points), who, np.uint64), t, x, y


def joined(*paths):
    return tuple(np.concatenate(parts) for parts in zip(*paths, strict=True))


def values(tables, name):
    return {kpi.group: kpi.value for kpi in where.compute(tables) if kpi.kpi == f"pedestrian.{name}"}


def test_the_bounds_of_the_share_are_those_of_the_city_plan():
    bounds = CirculationKpi()
    assert (bounds.stay_from_s, bounds.stay_to_s) == (15 * 60.0, 180 * 60.0)


@pytest.mark.parametrize(("inset_m", "wanted"), [(0.0, 1000.0), (100.0, 800.0), (400.0, 200.0), (499.0, 2.0)])
def test_who_crosses_at_one_metre_a_second_is_inside_for_the_width_that_is_left(inset_m, wanted):
    ids, seconds = seconds_inside(SQUARE, inset_m, *path((0, 0, 500), (1000, 1000, 500)))
    assert ids.tolist() == [1]
    assert seconds[0] == pytest.approx(wanted)


def test_corners_cut_off_and_absences_between_count_as_from_first_in_to_last_out():
    across = path((0, -100, 100), (200, 100, -100))  # touches the corner only
    assert seconds_inside(SQUARE, 0.0, *across)[1].tolist() == [0.0]
    assert len(seconds_inside(SQUARE, 1.0, *across)[0]) == 0
    away = path((0, 100, 500), (50, 50, 500), (60, -50, 500), (500, 100, 500))
    assert seconds_inside(SQUARE, 80.0, *away)[1].tolist() == [500.0]


def test_whoever_stays_inside_is_there_all_the_time_and_whoever_never_comes_in_is_not_counted():
    both = joined(path((0, 500, 500), (5000, 500, 500)), path((0, 10, 10), (5000, 10, 10), who=2))
    ids, seconds = seconds_inside(SQUARE, 100.0, *both)
    assert (ids.tolist(), seconds.tolist()) == ([1], [5000.0])
    people = np.array([1, 2], np.uint64), np.array([3.0, 7.0])
    assert border_share(SQUARE, 100.0, both, people, np.array([900.0, 5000.0])) == (1.0, 3.0)
    assert border_share(SQUARE, 0.0, both, people, np.array([900.0, 4999.0])) == (0.0, 10.0)
    share, heads = border_share(SQUARE, 0.0, both, (people[0][:0], people[1][:0]), np.array([0.0, 1.0]))
    assert math.isnan(share)
    assert heads == 0.0


def test_points_drawn_at_random_are_inside_as_shapely_says():
    import shapely

    luck = np.random.default_rng(3)
    corners = hull_of(grid_city().walk)
    polygon = shapely.Polygon(corners)
    assert shapely.is_ccw(polygon.exterior)
    for inset_m in (0.0, 20.0, 60.0):
        inner = polygon.buffer(-inset_m, join_style="mitre")
        for _ in range(200):
            a, b = luck.uniform(-50, 500, (2, 2))
            _, seconds = seconds_inside(corners, inset_m, *path((0, *a), (100, *b)))
            inside = shapely.intersection(inner, shapely.LineString([a, b])).length / math.dist(a, b) * 100.0
            assert (seconds[0] if len(seconds) else 0.0) == pytest.approx(inside, abs=1e-6)


def test_the_whole_area_has_the_share_of_the_sampled_and_less_of_it_never_longer_stays():
    params = params_for({"shopper": 6000.0, "passer_through": 6000.0}, circulation_kpi={"stay_from_s": 600.0})
    tables = run_to_end(*model_of(params, grid_city(), end_s=7200.0, step_s=300.0, trace_share=0.5))
    visits = tables["pedestrian_visits"]
    sampled = np.isin(visits["id"], tables["traces"]["id"]) & (visits["counted"] > 0)
    within = visits["people"][sampled & (visits["stay_band"] == 1)].sum()
    shares, counts = values(tables, "border_share"), values(tables, "border_count")
    assert list(shares) == [f"{inset:g} m" for inset in INSETS_M]
    assert counts["0 m"] == visits["people"][sampled].sum() > 0
    assert shares["0 m"] == pytest.approx(within / visits["people"][sampled].sum())
    assert counts["0 m"] >= counts["100 m"] > counts["200 m"] == 0  # the grid is 270 m deep


def test_by_exit_people_add_up_and_shares_are_theirs():
    params = params_for({"shopper": 6000.0}, circulation_kpi={"stay_from_s": 600.0})
    tables = run_to_end(*model_of(params, grid_city(), end_s=7200.0, step_s=300.0))
    counts, shares = values(tables, "exit_count"), values(tables, "exit_share")
    assert sorted(counts) == ["all", "e0", "e1", "e2", "e3"]
    assert counts.pop("all") == sum(counts.values())
    assert sum(counts[e] * shares[e] for e in counts) == pytest.approx(shares["all"] * sum(counts.values()))
    whole = {kpi.kpi: kpi.value for kpi in kpis.compute(tables) if kpi.group == "all"}
    assert shares["all"] == pytest.approx(whole["pedestrian.stay_share"])
    assert whole["pedestrian.planned_count"] == tables["pedestrian_visits"]["people"].sum()


def test_hours_on_seats_are_the_time_at_places_no_more_than_their_seats_hold():
    stays = {
        "from_s": np.array([0.0, 0.0, 600.0]),
        "place": np.array(["a", "b", "a"]),
        "person_s": np.array([6000.0, 9000.0, 1200.0]),  # ten people, fifteen, two
    }
    seats = {"place": np.array(["a"]), "seats": np.array([4.0])}
    tables = {"pedestrian_stays": stays, "pedestrian_seats": seats}
    assert values(tables, "seat_hours_h") == {"all": (4 * 600.0 + 1200.0) / 3600.0}
    assert values({"pedestrian_seats": seats}, "seat_hours_h") == {"all": 0.0}
    assert values({"pedestrian_stays": stays}, "seat_hours_h") == {}


def test_without_sampled_walkers_there_is_no_word_of_the_border():
    area = {"x_m": SQUARE[:, 0], "y_m": SQUARE[:, 1], "stay_from_s": np.zeros(4), "stay_to_s": np.ones(4)}
    visits = {name: np.zeros(0) for name in ("id", "people", "counted", "stay_band")} | {
        "entry_exit": np.zeros(0, "U1")
    }
    other = {name: np.zeros(3) for name in ("id", "time_s", "x_m", "y_m")} | {
        "body": np.full(3, BODIES.index("walker") + 1)
    }
    assert values({"pedestrian_visits": visits, "pedestrian_area": area, "traces": other}, "border_share") == {}
