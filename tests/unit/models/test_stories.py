"""Each model tells what its tables say, at the moment they say it; where they say nothing, it is silent."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from twin.columns import TABLES
from twin.models import registry
from twin.models.kerb import story as kerb_story
from twin.models.pedestrian import story as pedestrian_story
from twin.models.road_traffic import story as road_story
from twin.models.terminal import story as terminal_story
from twin.models.transit import story as transit_story
from twin.story import Told


def rows(name, **columns):
    """A table with some columns given and the rest empty of meaning."""
    count = len(next(iter(columns.values())))
    out = {}
    for column in TABLES[name].columns:
        blank = "" if column.dtype == "str" else np.nan if column.dtype.startswith("float") else 0
        dtype = np.str_ if column.dtype == "str" else column.dtype
        values = columns.get(column.name, [blank] * count)
        out[column.name] = np.array(values, None if column.dtype == "str" else dtype)
    return out


def told(tables, params=None, street="御堂筋"):
    return Told(lambda name: tables.get(name, {}), params or {}, lambda *_: street, 0.0, 86400.0)


def by_words(chapters, part):
    found = [c for c in chapters if part in c.en]
    assert len(found) == 1, [c.en for c in chapters]
    return found[0]


YARDS = {
    "holding_yards": {"a": {"spaces": 6}, "b": {"spaces": 4}},
    "queue_on_road": {"along": "夢洲幹線道路", "kerb_spaces": 2},
}


def queue(line, yards, road):
    n = len(line)
    return rows(
        "terminal_queue",
        time_s=[60.0 * i for i in range(n)],
        change=list(range(n)),
        trucks_in_line=line,
        trucks_in_yards=yards,
        trucks_on_road=road,
        metres_on_road_m=[15.0 * r for r in road],
    )


def test_the_gate_says_when_yards_are_full_and_the_queue_reaches_the_road():
    table = queue([0, 9, 12, 15, 18, 11, 0], [0, 9, 10, 10, 10, 9, 0], [0, 0, 2, 5, 8, 2, 0])
    chapters = terminal_story.chapters(told({"terminal_queue": table}, YARDS))
    reached = by_words(chapters, "reaches")
    # Two stand at the kerb in nobody's way: the third is on the road.
    assert (reached.at_s, reached.ja) == (180.0, "待機場が満車、列は夢洲幹線道路へ")
    assert reached.en == "the yards are full, the queue reaches 夢洲幹線道路"
    assert by_words(chapters, "line for the gate is longest").at_s == 240.0
    assert "18 trucks, 10 in the yards" in by_words(chapters, "line for the gate is longest").en
    assert by_words(chapters, "120 m, 8 trucks").at_s == 240.0
    assert by_words(chapters, "road is free").at_s == 300.0
    assert by_words(chapters, "nobody waits").at_s == 360.0


def test_yards_that_are_not_full_are_not_called_so():
    table = queue([0, 9, 12, 0], [0, 3, 4, 0], [0, 6, 8, 0])
    reached = by_words(terminal_story.chapters(told({"terminal_queue": table}, YARDS)), "reaches")
    assert reached.ja == "列が夢洲幹線道路に出る"
    assert "full" not in reached.en


def test_a_gate_without_a_line_tells_of_none():
    assert terminal_story.chapters(told({"terminal_queue": queue([0, 0], [0, 0], [0, 0])}, YARDS)) == []


def test_the_gate_tells_of_the_longest_wait_and_of_the_first_turned_away():
    visits = rows(
        "terminal_visits",
        id=[1, 2, 3],
        reason=[0, 0, 1],
        gate_start_s=[100.0, 900.0, np.nan],
        gate_end_s=[200.0, 1000.0, np.nan],
        called_s=[90.0, 880.0, np.nan],
        wait_s=[30.0, 720.0, 5000.0],
        out_s=[400.0, 1200.0, 1500.0],
    )
    chapters = terminal_story.chapters(told({"terminal_visits": visits}))
    assert by_words(chapters, "longest wait (12 min)").at_s == 880.0
    assert by_words(chapters, "turned away (1 in the day)").at_s == 1500.0
    assert by_words(chapters, "takes its first truck").at_s == 100.0
    assert by_words(chapters, "last truck").at_s == 1000.0


def test_transit_tells_of_refusals_waits_and_vans_with_the_names_of_stops():
    stops = rows(
        "transit_stops",
        stop_index=[4, 7],
        name_ja=["桃谷", "<b>北巽"],
        name_en=["Momodani", ""],
        x_m=[1.0, 5.0],
        y_m=[2.0, 6.0],
    )
    requests = rows(
        "transit_requests",
        id=[1, 2, 3, 4],
        asked_s=[0.0, 60.0, 120.0, 30.0],
        since_s=[0.0, 60.0, 120.0, 30.0],
        outcome=["served", "served", "refused", "refused"],
        pickup_s=[300.0, 1260.0, np.nan, np.nan],
        dropoff_s=[2000.0, 1900.0, np.nan, np.nan],
        party=[1, 2, 1, 1],
        from_stop=[4, 7, 4, 7],
    )
    legs = rows(
        "transit_legs",
        van=[1, 1],
        leg=[0, 1],
        depart_s=[10.0, 1260.0],
        arrive_s=[250.0, 1900.0],
        from_stop=[4, 7],
        to_stop=[7, 4],
        riders=[0, 3],
    )
    chapters = transit_story.chapters(
        told({"transit_stops": stops, "transit_requests": requests, "transit_legs": legs})
    )
    refused = by_words(chapters, "first request is refused")
    assert (refused.at_s, refused.ja) == (30.0, "最初のお断り：<b>北巽（この日2件）")
    longest = by_words(chapters, "longest wait (20 min)")
    assert (longest.at_s, longest.spot.x_m, longest.spot.y_m) == (1260.0, 5.0, 6.0)
    assert by_words(chapters, "on board at once: 3").at_s == 1260.0
    assert by_words(chapters, "first van leaves Momodani").at_s == 10.0
    assert by_words(chapters, "last van arrives at Momodani").at_s == 1900.0
    assert by_words(chapters, "most riders in one van: 3").at_s == 1260.0


def test_walkers_tell_of_the_fullest_street_and_of_places_without_room():
    links = rows(
        "pedestrian_links",
        from_s=[0.0, 600.0, 1200.0],
        link_index=[3, 5, 3],
        entries_count=[10.0, 90.0, 20.0],
        crowded_person_s=[0.0, 0.0, 1200.0],
    )
    stays = rows(
        "pedestrian_stays",
        from_s=[0.0, 600.0],
        place=["cafe", "park"],
        staying_max_count=[3.0, 40.0],
        turned_away_count=[0.0, 7.0],
    )
    visits = rows(
        "pedestrian_visits",
        id=[1, 2],
        people=[10.0, 20.0],
        enter_s=[0.0, 100.0],
        leave_s=[500.0, 300.0],
        room_wait_s=[0.0, 180.0],
        leave_exit=["x", "y"],
    )
    chapters = pedestrian_story.chapters(
        told({"pedestrian_links": links, "pedestrian_stays": stays, "pedestrian_visits": visits})
    )
    busiest = by_words(chapters, "is busiest: 90")
    assert (busiest.at_s, busiest.spot.kind, busiest.spot.link_index) == (600.0, "walk", 5)
    assert by_words(chapters, "20 person-minutes").spot.link_index == 3
    assert by_words(chapters, "at once: 30").at_s == 100.0
    assert by_words(chapters, "before full streets (3 min)").at_s == 300.0
    assert by_words(chapters, "staying: 40").spot.name == "park"
    assert by_words(chapters, "find no room (7").at_s == 600.0


def test_the_road_tells_of_the_slowest_minutes_while_many_drive():
    mfd = rows(
        "road_mfd", from_s=[0.0, 300.0, 600.0], accumulation_count=[1.0, 100.0, 80.0], speed_mean_mps=[0.1, 10.0, 5.0]
    )
    links = rows("road_links", from_s=[0.0, 300.0], link_index=[2, 9], queue_m=[np.nan, 240.0])
    spill = rows("road_spillback", from_s=[900.0, 400.0], link_index=[1, 8], street=["", "夢舞大橋"])
    chapters = road_story.chapters(told({"road_mfd": mfd, "road_links": links, "road_spillback": spill}))
    assert by_words(chapters, "slowest: 18 km/h").at_s == 600.0
    assert by_words(chapters, "240 m").at_s == 600.0  # the end of its five minutes
    assert by_words(chapters, "queue on 夢舞大橋 fills").at_s == 400.0


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_a_model_tells_nothing_of_an_empty_run(name):
    assert registry.teller(name)(told({})) == []
    assert registry.teller(name) is importlib.import_module(f"twin.models.{name}.story").chapters


def test_a_model_that_is_not_installed_tells_nothing():
    assert registry.teller("subway") is None


def test_the_kerb_tells_of_most_in_the_lane_the_longest_stand_and_who_finds_no_room():
    stands = rows(
        "kerb_stands",
        mode=["lane", "lane", "bay"],
        edge=[0, 0, 1],
        from_s=[100.0, 300.0, 0.0],
        to_s=[400.0, 1500.0, 9e3],
    )
    visits = rows("kerb_visits", outcome=["served", "turned_away", "turned_away"], arrive_s=[50.0, 900.0, 700.0])
    edges = rows("kerb_edges", edge=[0, 1], link_index=[7, 8])
    chapters = kerb_story.chapters(told({"kerb_stands": stands, "kerb_visits": visits, "kerb_edges": edges}))
    assert by_words(chapters, "at once: 2").at_s == 300.0
    longest = by_words(chapters, "20 min, 御堂筋")
    assert (longest.at_s, longest.spot.link_index) == (300.0, 7)
    assert by_words(chapters, "(2 in the day)").at_s == 700.0
