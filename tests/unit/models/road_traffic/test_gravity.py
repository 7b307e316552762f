"""The gravity model of background cars: sums, deterrence, counts, and cars that keep their own luck."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyproj
import pytest

from twin.city.city import City, Place
from twin.city.keeping.catalogue import find_city
from twin.city.reading.projection import project
from twin.city.routing.ways import shortest_path
from twin.engine.city_model import CityModel
from twin.engine.ids import Kind
from twin.errors import CityError, ScenarioError, TableError
from twin.models.road_traffic.background.cars import BackgroundCars
from twin.models.road_traffic.gravity.balance import deterrence, fit_counts, furness, gravity_demand
from twin.models.road_traffic.gravity.params import GravityParams
from twin.models.road_traffic.gravity.residents import zones_of_areas
from twin.models.road_traffic.model import RoadTraffic
from twin.models.road_traffic.params import BackgroundParams, RoadParams
from twin.scenario.language.load import load_scenario

SEED = np.uint64(7)
RING = [(i, (i + k) % 6) for i in range(6) for k in (1, -1)]


def city_of(layer, people=(100, 200, 300, 400), entries=(4, 5)):
    places = [Place(f"t/zone/{i}", "zone", "", "", 0, 0, 0, 0, i, -1, {"population": p}) for i, p in enumerate(people)]
    places += [Place(f"t/entry/{i}", "entry", "", "", 0, 0, 0, 0, i, -1) for i in entries]
    return City("t", "EPSG:6674", True, (), "left", layer, layer, tuple(places), "0")


@pytest.fixture
def ring(layer_of):
    return city_of(layer_of(6, RING))


@pytest.fixture(scope="module")
def midosuji():
    return find_city("osaka_midosuji")


def params(**changes):
    return GravityParams(**{"trips_per_resident": 10.0, "entry_lane_day": 500.0, **changes})


def demand(city, tables=None, **changes):
    return gravity_demand(params(**changes), city, tables or {})


# Sums and deterrence ---------------------------------------------------------------------------------


def test_as_many_cars_leave_and_reach_a_place_as_its_residents_and_lanes_make(ring):
    found = demand(ring)
    # Places by id: entries first; each has two lanes out and two in.
    expected = [1000, 1000, 1000, 2000, 3000, 4000]
    np.testing.assert_allclose(found.trips.sum(axis=1), expected, rtol=1e-9)
    np.testing.assert_allclose(found.trips.sum(axis=0), expected, rtol=1e-9)
    assert np.diag(found.trips).tolist() == [0] * 6


def test_an_entry_with_counted_traffic_has_it(ring):
    places = tuple(
        dataclasses.replace(p, attributes={"vehicles_per_day": 2345}) if p.id == "t/entry/4" else p for p in ring.places
    )
    found = demand(dataclasses.replace(ring, places=places))
    assert found.trips[0].sum() == pytest.approx(2345, rel=1e-9)


def test_a_wanted_total_is_met_and_shares_stay(ring):
    found, plain = demand(ring, day_total=600.0), demand(ring)
    assert found.trips.sum() == pytest.approx(600)
    np.testing.assert_allclose(found.trips / 600, plain.trips / plain.trips.sum(), rtol=1e-12)


@pytest.mark.parametrize("power", [-1.0, -0.5, 0.0])
def test_deterrence_falls_with_time_for_powers_up_to_zero(power):
    weight = deterrence(np.linspace(1, 5000, 500), 600.0, power)
    assert (np.diff(weight) < 0).all()


def test_deterrence_with_a_power_rises_to_its_top_and_falls():
    time_s = np.linspace(1, 5000, 5000)
    assert time_s[np.argmax(deterrence(time_s, 600.0, 2.0))] == pytest.approx(1200, abs=2)


def test_deterrence_lets_nobody_drive_no_way_or_an_endless_one():
    assert deterrence(np.array([0.0, np.inf]), 600.0, -1.0).tolist() == [0, 0]


def test_a_steeper_decay_shortens_the_mean_trip(midosuji):
    means = []
    for decay_s in (50.0, 200.0, 1000.0):
        found = gravity_demand(GravityParams(decay_s=decay_s), midosuji, {})
        means.append((found.trips * found.time_s).sum() / found.trips.sum())
    assert means == sorted(means)


def test_balanced_trips_have_the_odds_of_their_weights():
    # What makes a table the gravity model: factors per row and column cancel in cross ratios.
    weight = np.random.default_rng(1).uniform(0.1, 1, (5, 5))
    rows, columns = np.array([1.0, 2, 3, 4, 5]), np.array([5.0, 1, 4, 3, 2])
    trips = furness(weight, rows, columns, list("abcde"))
    np.testing.assert_allclose(trips.sum(axis=1), rows, rtol=1e-9)
    np.testing.assert_allclose(trips.sum(axis=0), columns, rtol=1e-9)
    odds = trips[:-1, :-1] * trips[1:, 1:] / (trips[:-1, 1:] * trips[1:, :-1])
    np.testing.assert_allclose(odds, weight[:-1, :-1] * weight[1:, 1:] / (weight[:-1, 1:] * weight[1:, :-1]), rtol=1e-9)


def test_a_place_too_large_for_the_rest_is_named(layer_of):
    with pytest.raises(CityError, match=r"t/zone/1 \(900 of 1100 a day\) find no match"):
        demand(city_of(layer_of(6, RING), people=(10, 90, 10), entries=()))


def test_a_place_that_nobody_reaches_is_named(layer_of):
    city = city_of(layer_of(6, [(0, 1), (1, 0), (2, 3)]), people=(10, 10, 10), entries=())
    with pytest.raises(CityError, match="t/zone/2 cannot be reached"):
        demand(city)


def test_a_city_without_two_places_is_refused(ring):
    with pytest.raises(CityError, match="0 zones or entries of the map have any"):
        demand(ring, area=("elsewhere/",))


def test_only_places_of_the_area_count(ring):
    assert {p.kind for p in demand(ring, area=("t/entry/",)).places} == {"entry"}


# Counts ----------------------------------------------------------------------------------------------


def random_case(seed, pairs=60, posts=8):
    rng = np.random.default_rng(seed)
    return rng.uniform(1, 100, pairs), rng.random((pairs, posts)) < 0.2, rng


@pytest.mark.parametrize("seed", range(5))
def test_counts_that_agree_are_met(seed):
    trips, crosses, rng = random_case(seed)
    truth = trips * rng.uniform(0.2, 3, len(trips))
    count = truth @ crosses
    fitted = fit_counts(trips, crosses, count, 1e-9)
    np.testing.assert_allclose(fitted @ crosses, count, rtol=1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_trips_that_already_fit_stay_as_they_are(seed):
    trips, crosses, _ = random_case(seed)
    np.testing.assert_allclose(fit_counts(trips, crosses, trips @ crosses, 1e-3), trips, rtol=1e-9)


@pytest.mark.parametrize("slack", [1e-4, 0.01, 1.0])
def test_the_fit_has_least_entropy_and_misses_by_slack_times_multiplier(slack):
    # Stationary: the log of each pair's factor is the sum over its posts of (count - flow) / (slack * count).
    trips, crosses, rng = random_case(9)
    count = rng.uniform(100, 900, crosses.shape[1])
    fitted = fit_counts(trips, crosses, count, slack)
    multiplier = (count - fitted @ crosses) / (slack * count)
    np.testing.assert_allclose(np.log(fitted / trips), crosses @ multiplier, atol=1e-5)


def test_two_counts_of_one_street_that_contradict_each_other_are_shared_out():
    fitted = fit_counts(np.array([150.0]), np.array([[True, True]]), np.array([100.0, 200.0]), 1e-4)
    # (100 - x) / 100 + (200 - x) / 200 = 0 up to the slack.
    assert fitted[0] == pytest.approx(400 / 3, rel=1e-3)


def test_a_count_of_zero_empties_its_street():
    fitted = fit_counts(np.array([50.0, 70.0]), np.array([[True], [False]]), np.array([0.0]), 1e-3)
    assert fitted[0] < 0.01
    assert fitted[1] == 70.0


def counted(city, link, count, **columns):
    """Table of one count in the middle of a link."""
    drive = city.drive
    a, b = drive.vertex_ptr[link], drive.vertex_ptr[link + 1] - 1
    k = (a + b) // 2  # the piece at or before the middle
    x, y = (v[k : k + 2].mean() for v in (drive.vertex_x_m, drive.vertex_y_m))
    back = pyproj.Transformer.from_crs(city.crs, "EPSG:4326", always_xy=True)
    lon, lat = back.transform(x, y)
    np.testing.assert_allclose(project(city.crs, lon, lat), (x, y), atol=1e-3)
    return {
        "lat": np.array([lat]),
        "lon": np.array([lon]),
        "count": np.array([count]),
        **{k: np.array([v]) for k, v in columns.items()},
    }


def busiest(found, city):
    """A one-way link of Midosuji itself that pairs drive over."""
    name = city.drive.names.index("御堂筋")
    links = np.flatnonzero(city.drive.name_index == name)
    driven = np.zeros(city.drive.link_count)
    for i, one in enumerate(found.places):
        for j, other in enumerate(found.places):
            if i != j:
                driven[shortest_path(city.drive, one.drive_node, other.drive_node)] += found.trips[i, j]
    return int(links[np.argmax(driven[links])]), driven


def test_a_count_on_a_street_of_the_map_is_met_by_trips_that_drive_over_it(midosuji):
    plain = gravity_demand(GravityParams(), midosuji, {})
    link, driven = busiest(plain, midosuji)
    table = counted(midosuji, link, 2 * driven[link], street="御堂筋", direction="south")
    found = gravity_demand(GravityParams(counts_table="posts", count_slack=1e-6), midosuji, {"posts": table})
    assert found.fitted[0] == pytest.approx(2 * driven[link], rel=1e-4)
    assert busiest(found, midosuji)[1][link] == pytest.approx(2 * driven[link], rel=1e-4)


def test_a_count_of_some_hours_stands_for_its_share_of_the_day(midosuji):
    plain = gravity_demand(GravityParams(), midosuji, {})
    link, driven = busiest(plain, midosuji)
    share = plain.profile[7:19].sum()
    table = counted(midosuji, link, driven[link] * share, direction="南行", from_s=25200.0, to_s=68400.0)
    found = gravity_demand(GravityParams(counts_table="posts"), midosuji, {"posts": table})
    np.testing.assert_allclose(found.trips, plain.trips, rtol=1e-9)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"count": np.array([-5.0])}, "count must be a number of at least 0, got -5"),
        ({"lat": np.array([134.0]), "lon": np.array([34.0])}, "got 134 and 34"),
        ({"street": np.array(["御堂"])}, "there is no street '御堂'"),
        ({"direction": np.array(["up"])}, "direction 'up' is none of north, east, south, west"),
        ({"direction": np.array(["north"])}, "no link of 御堂筋 that goes north lies within 50 m"),
        ({"from_s": np.array([7200.0]), "to_s": np.array([3600.0])}, "got 7200 and 3600"),
    ],
)
def test_a_wrong_count_is_refused_with_its_row_and_value(midosuji, changes, text):
    link = busiest(gravity_demand(GravityParams(), midosuji, {}), midosuji)[0]
    table = {**counted(midosuji, link, 100.0, street="御堂筋", direction="south"), **changes}
    with pytest.raises(TableError, match=text) as told:
        gravity_demand(GravityParams(counts_table="posts"), midosuji, {"posts": table})
    assert "posts, row 1" in str(told.value)


def test_a_missing_table_or_column_of_counts_is_named(midosuji):
    with pytest.raises(TableError, match="there is no table 'posts'"):
        gravity_demand(GravityParams(counts_table="posts"), midosuji, {})
    with pytest.raises(TableError, match="no column lat, lon"):
        gravity_demand(GravityParams(counts_table="posts"), midosuji, {"posts": {"count": np.array([1.0])}})


def test_a_count_in_hours_without_departures_is_refused(midosuji):
    link = busiest(gravity_demand(GravityParams(), midosuji, {}), midosuji)[0]
    table = counted(midosuji, link, 100.0, from_s=0.0, to_s=3600.0)
    profile = (0.0, *(1.0,) * 23)
    with pytest.raises(ScenarioError, match="100 vehicles were counted in hours in which the profile"):
        gravity_demand(GravityParams(counts_table="posts", hourly_profile=profile), midosuji, {"posts": table})


# Cars ------------------------------------------------------------------------------------------------


def cars(city, end_s=86400.0, factor=1.0, seed=SEED, tables=None, **changes):
    background = BackgroundParams(gravity=params(**changes), factor=factor)
    return BackgroundCars(background, city, tables or {}, seed, end_s)


def by_id(found):
    rows = zip(found.depart_s.tolist(), found.from_node.tolist(), found.to_node.tolist(), strict=True)
    return dict(zip(found.id.tolist(), rows, strict=True))


def test_one_car_more_changes_no_other_car(ring):
    few, more = by_id(cars(ring)), by_id(cars(ring, factor=1.01))
    assert len(more) > len(few)
    assert few.items() <= more.items()


def test_another_day_changes_no_car_of_the_first(ring):
    one, two = by_id(cars(ring)), by_id(cars(ring, end_s=100_000.0))
    assert one.items() <= two.items()
    later = [depart for id_, (depart, _, _) in two.items() if id_ not in one]
    assert min(later) >= 86400
    assert len(later) == pytest.approx(len(one), abs=6 * np.sqrt(30))  # 30 pairs, each rounds by a draw


def test_another_profile_keeps_who_drives_where(ring):
    flat = by_id(cars(ring, hourly_profile=(1.0,) * 24))
    peaked = by_id(cars(ring))
    assert {i: row[1:] for i, row in flat.items()} == {i: row[1:] for i, row in peaked.items()}


def test_cars_leave_by_the_profile(ring):
    profile = (*(0.0,) * 7, 3.0, 1.0, *(0.0,) * 15)
    found = cars(ring, hourly_profile=profile)
    assert ((found.depart_s >= 7 * 3600) & (found.depart_s <= 9 * 3600)).all()
    n, first = len(found), int((found.depart_s < 8 * 3600).sum())
    assert first == pytest.approx(0.75 * n, abs=4 * np.sqrt(n * 0.75 * 0.25))


def test_numbers_of_cars_are_those_of_the_trips_rounded_by_a_draw(ring):
    found, wanted = cars(ring), demand(ring)
    nodes = [p.drive_node for p in wanted.places]
    table = np.zeros((6, 6))
    np.add.at(table, (found.from_node, found.to_node), 1)
    assert (np.abs(table[np.ix_(nodes, nodes)] - wanted.trips) < 1).all()
    assert (np.diff(found.depart_s) >= 0).all()
    assert len(np.unique(found.id)) == len(found)
    assert (found.id >> np.uint64(56) == int(Kind.CAR)).all()


def test_cars_of_far_pairs_are_rarer_by_the_deterrence(layer_of):
    # On a street of five nodes, 50 s apart, factors per row and column cancel in T01 T43 / (T03 T41): four links
    # less are driven above the line than below it.
    both_ways = [(i, i + k) for i in range(5) for k in (1, -1) if 0 <= i + k < 5]
    city = city_of(layer_of(5, both_ways), people=(100,) * 5, entries=())
    found = cars(city, day_total=400_000.0, decay_s=100.0)
    table = np.zeros((5, 5))
    np.add.at(table, (found.from_node, found.to_node), 1)
    odds = table[0, 1] * table[4, 3] / (table[0, 3] * table[4, 1])
    # Each number of cars is the trips' own to within the one that is drawn.
    least = np.prod([1 - 1 / table[pair] for pair in ((0, 1), (4, 3), (0, 3), (4, 1))])
    assert odds == pytest.approx(np.exp(4 * 50 / 100), rel=1 / least - 1)


def test_cars_of_a_table_stay_when_the_gravity_model_joins_them(ring):
    table = {
        "from_place": np.array(["t/zone/0"]),
        "to_place": np.array(["t/zone/1"]),
        "from_s": np.array([0.0]),
        "to_s": np.array([3600.0]),
        "count": np.array([50.0]),
    }
    alone = BackgroundCars(BackgroundParams(od_table="od"), ring, {"od": table}, SEED)
    both = BackgroundCars(BackgroundParams(od_table="od", gravity=params()), ring, {"od": table}, SEED)
    assert by_id(alone).items() <= by_id(both).items()
    assert len(both) == len(alone) + len(cars(ring))


def test_the_od_table_of_the_model_is_one_that_the_background_takes(ring):
    found = demand(ring)
    table = found.od_table()
    assert table["count"].sum() == pytest.approx(found.trips.sum())
    read = BackgroundCars(BackgroundParams(od_table="od"), ring, {"od": table}, SEED)
    rows = len(table["count"])
    assert len(read) == pytest.approx(found.trips.sum(), abs=4 * np.sqrt(rows / 4))


def test_a_table_with_more_cars_than_ids_is_refused(ring):
    table = {
        "from_place": np.array(["t/zone/0"]),
        "to_place": np.array(["t/zone/1"]),
        "from_s": np.array([0.0]),
        "to_s": np.array([3600.0]),
        "count": np.array([4e9]),
    }
    with pytest.raises(TableError, match="1 rows and up to 40,000,000,000 cars in one"):
        BackgroundCars(BackgroundParams(od_table="od", factor=10.0), ring, {"od": table}, SEED)


def test_more_cars_than_ids_are_refused(ring):
    with pytest.raises(ScenarioError, match="the gravity model has 6 places and up to"):
        cars(ring, day_total=1e8, factor=10.0)


@pytest.mark.parametrize("district", ["osaka_midosuji", "osaka_ikuno_hirano", "osaka_yumeshima"])
def test_the_defaults_work_on_every_bundled_district(district):
    found = gravity_demand(GravityParams(), find_city(district), {})
    np.testing.assert_allclose(found.trips.sum(axis=0), found.trips.sum(axis=1), rtol=1e-8)
    assert np.isfinite(found.trips).all()


def test_a_road_with_the_switch_drives_its_cars_to_the_end(ring):
    road = RoadTraffic(RoadParams(background={"gravity": params(day_total=200.0)}), ring, {})
    model = CityModel([road], start_s=0.0, end_s=86400.0, step_s=300.0, run_seed=SEED, trace_share=0.0)
    for _ in range(25 * 12):
        model.step()
    assert road.is_empty()
    trips = road.drain_tables()["road_trips"]
    expected = cars(ring, day_total=200.0)
    assert sorted(trips["id"].tolist()) == sorted(expected.id.tolist())
    model.close()


def test_a_scenario_may_ask_for_the_defaults_by_empty_braces(tmp_path):
    file = tmp_path / "s.yaml"
    text = "twin: 1\nname: s\ncity: osaka_midosuji\nclock: {from: 07:00, to: 09:00}\n"
    file.write_text(text + "road_traffic: {background: {gravity: {day_total: 1000 vehicles, decay: 5 min}}}\n")
    road = load_scenario(file).variants["base"].models["road_traffic"]
    assert road.background.gravity.decay_s == 300.0
    file.write_text(text + "road_traffic: {background: {gravity: {}}}\n")
    assert load_scenario(file).variants["base"].models["road_traffic"].background.gravity.day_total is None
    file.write_text(text + "road_traffic: {background: {gravity: {decai: 5 min}}}\n")
    with pytest.raises(ScenarioError, match="decai"):
        load_scenario(file)


# Zones of a table of areas ---------------------------------------------------------------------------


def halves(city, west_people, east_people, far=0.0):
    """The ground of the city as two boxes side by side, and one in another town."""
    lon, lat = city.drive.lon_deg, city.drive.lat_deg
    middle = float(np.median(lon))
    return {"m": {
        "area": np.array(["west", "east", "far"]), "west": np.array([lon.min(), middle, 130.0]),
        "east": np.array([middle, lon.max(), 130.1]), "south": np.array([lat.min(), lat.min(), 33.0]),
        "north": np.array([lat.max(), lat.max(), 33.1]), "people": np.array([west_people, east_people, far]),
    }}  # fmt: skip


def test_areas_of_a_table_are_the_zones(midosuji):
    tables = halves(midosuji, 4000.0, 1000.0, 500.0)
    found = gravity_demand(GravityParams(residents_table="m", trips_per_resident=0.1), midosuji, tables)
    zones = {place.id: row for row, place in enumerate(found.places) if place.kind == "zone"}
    assert set(zones) == {"osaka_midosuji/zone/west", "osaka_midosuji/zone/east"}
    leaving = found.trips.sum(axis=1)
    west, east = (found.places[row].attributes["population"] for row in sorted(zones.values(), reverse=True))
    # What lies on the map of each half, and nobody of another town: the rest of the box is off its streets.
    assert 0 < east <= 1000.0
    assert 0 < west <= 4000.0
    assert leaving[zones["osaka_midosuji/zone/west"]] == pytest.approx(0.1 * west, rel=1e-6)
    for name, place in ((place.name_ja, place) for place in found.places if place.kind == "zone"):
        side = place.lon_deg < float(np.median(midosuji.drive.lon_deg))
        assert side == (name == "west")


def test_a_square_cut_by_the_border_counts_with_its_part(midosuji):
    drive = midosuji.drive
    box = {"area": np.array(["a"]), "people": np.array([1000.0])}
    lon, lat = float(drive.lon_deg.max()), float(np.median(drive.lat_deg))
    wide = {"west": lon - 0.02, "east": lon + 0.02, "south": lat - 0.001, "north": lat + 0.001}
    (zone,) = zones_of_areas("m", "people", midosuji, {"m": {**box, **{k: np.array([v]) for k, v in wide.items()}}})
    # Half of the square lies beyond, but for what is within reach of the last street.
    assert 0.4 * 1000 < zone.attributes["population"] < 0.75 * 1000


def test_people_of_another_city_are_refused(midosuji):
    with pytest.raises(TableError, match="nobody of table m lives on the map, of 500 people"):
        gravity_demand(GravityParams(residents_table="m"), midosuji, halves(midosuji, 0.0, 0.0, 500.0))
    with pytest.raises(TableError, match="there is no table 'm'"):
        gravity_demand(GravityParams(residents_table="m"), midosuji, {})
    with pytest.raises(TableError, match="has no numbers 'men'"):
        gravity_demand(GravityParams(residents_table="m", residents_column="men"), midosuji, halves(midosuji, 1.0, 1.0))
