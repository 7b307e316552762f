"""Yumeshima: what a truck meets on its way from bridge or tunnel to the gate and back."""

from __future__ import annotations

from functools import cache

import networkx as nx
import numpy as np
import pytest

from twin.city.city import BRIDGE, TUNNEL, City
from twin.city.keeping.build import build_city
from twin.city.routing.ways import shortest_path
from twin.data import network_path, yumeshima
from twin.data.authoring import metres_between


@cache
def city() -> City:
    return build_city(network_path("osaka_yumeshima"))


def node_of(place: str) -> int:
    return city().place_by_id[f"osaka_yumeshima/{place}"].drive_node


def path(start: str, end: str) -> list[int]:
    drive = city().drive
    return [int(i) for i in shortest_path(drive, node_of(start), node_of(end), cost_s=drive.length_m)]


def names_along(links: list[int]) -> list[str]:
    drive = city().drive
    named = [drive.names[drive.name_index[i]] if drive.name_index[i] >= 0 else "" for i in links]
    return [name for name in dict.fromkeys(named) if name]


def graph_without(*places: str) -> nx.DiGraph:
    drive = city().drive
    graph = nx.DiGraph(zip(drive.link_from.tolist(), drive.link_to.tolist(), strict=True))
    graph.remove_nodes_from([node_of(place) for place in places])
    return graph


def flagged_m(flag: int) -> float:
    drive = city().drive
    return float(drive.length_m[(drive.flags & flag) > 0].sum()) / 2  # both directions


def test_the_bridge_is_940_m_and_the_tunnel_2_1_km_long() -> None:
    assert flagged_m(BRIDGE) == pytest.approx(940.0, rel=0.01)
    assert flagged_m(TUNNEL) == pytest.approx(2100.0, rel=0.01)


def test_the_bridge_lies_on_its_known_pavement() -> None:
    south, north = yumeshima.bridge_ends()
    known = yumeshima.BRIDGE_PAVEMENT
    assert metres_between(south, known[0]) == pytest.approx(metres_between(north, known[1]), abs=0.5)
    assert metres_between(south, known[0]) + metres_between(*known) + metres_between(known[1], north) == pytest.approx(
        metres_between(south, north), abs=0.01
    )


def test_the_bridge_has_six_lanes_and_the_tunnel_four() -> None:
    drive = city().drive
    assert set(drive.lanes[(drive.flags & BRIDGE) > 0]) == {3}
    assert set(drive.lanes[(drive.flags & TUNNEL) > 0]) == {2}


def test_trucks_reach_the_gate_over_the_named_roads() -> None:
    assert names_along(path("entry/bridge", "gate/in-gate")) == ["夢舞大橋", "夢洲幹線道路", "ターミナルゲート道路"]
    assert names_along(path("entry/tunnel", "gate/in-gate")) == ["夢咲トンネル", "夢洲幹線道路", "ターミナルゲート道路"]


@pytest.mark.parametrize("entry", ["entry/bridge", "entry/tunnel"])
def test_nobody_reaches_the_quay_but_through_the_in_gate_nor_leaves_but_by_the_out_gate(entry: str) -> None:
    inside = "poi/container-terminal"
    assert path(entry, inside)
    assert path(inside, entry)
    assert not nx.has_path(graph_without("gate/in-gate"), node_of(entry), node_of(inside))
    assert not nx.has_path(graph_without("gate/out-gate"), node_of(inside), node_of(entry))


def test_without_bridge_and_tunnel_the_island_cannot_be_reached() -> None:
    drive = city().drive
    graph = nx.DiGraph()
    for i in range(drive.link_count):
        if not drive.flags[i] & (BRIDGE | TUNNEL):
            graph.add_edge(int(drive.link_from[i]), int(drive.link_to[i]))
    for entry in ("entry/bridge", "entry/tunnel"):
        assert not nx.has_path(graph, node_of(entry), node_of("gate/in-gate"))


def test_yards_hold_280_and_160_trucks_and_lie_on_the_way_to_the_gate() -> None:
    yards = {p.id.rsplit("/", 1)[1]: p for p in city().places_of("yard")}
    assert {slug: p.attributes["capacity"] for slug, p in yards.items()} == {"yard-east": 280, "yard-west": 160}
    for slug in yards:
        assert path("entry/bridge", f"yard/{slug}")
        assert path(f"yard/{slug}", "gate/in-gate")


def test_what_is_assumed_of_the_gate_says_so() -> None:
    for gate in city().places_of("gate"):
        assert gate.attributes["assumed"] == "position"


def test_the_map_says_nothing_of_lanes_that_only_the_terminal_knows() -> None:
    for gate in city().places_of("gate"):
        assert "lanes" not in gate.attributes


def test_the_gate_lies_within_a_few_hundred_metres_of_the_bus_stop_before_the_terminal() -> None:
    stop = city().place_by_id["osaka_yumeshima/stop/container-terminal-mae"]
    for gate in city().places_of("gate"):
        assert np.hypot(gate.x_m - stop.x_m, gate.y_m - stop.y_m) < 400.0
