"""Random fastest ways on real maps, against the raw file read anew by a slow check that shares no code.

The check follows a way over the points of the map: every step must lie on a way that a car may drive in that direction,
and no three of them may be a turn that a relation bans.
"""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import osmium
import pytest
from scipy.spatial import cKDTree

from twin.city.reading.importer import build_city
from twin.city.routing import ways as routing
from twin.city.rules import DriveRules

HELSINKI = "dense-city-osm-raw/Helsinki.osm.pbf"
KITA = "osaka-kita-osm-drive/kita_drive_reconstructed.osm.gz"
SAPPORO = "sapporo-station-osm/Hokudai-SatsuEki.00.orig.osm.gz"
MONACO = "dense-city-osm-raw/monaco.osm.gz"
WAYS = 1000


class Raw:
    """Steps a car may make from node to node, and turns it may not make, straight from the file."""

    def __init__(self, path):
        self.place, self.steps, self.ways, barred = {}, set(), {}, set()
        relations = []
        for item in osmium.FileProcessor(str(path)):
            tags = dict(item.tags)
            if item.is_node():
                self.place[item.id] = (item.location.lon, item.location.lat)
                said = {"access", "motor_vehicle", "vehicle"} & set(tags)
                if tags.get("barrier") in ("bollard", "block", "chain") and not said:
                    barred.add(item.id)
            elif item.is_way() and "highway" in tags:
                self.ways[item.id] = ([node.ref for node in item.nodes], tags)
            elif item.is_relation() and tags.get("type") == "restriction":
                relations.append(([(m.type, m.ref, m.role) for m in item.members], tags))
        self.barred = barred
        for nodes, tags in self.ways.values():
            if self.shut(tags):
                continue
            oneway = tags.get(
                "oneway", "yes" if tags["highway"] == "motorway" or tags.get("junction") == "roundabout" else "no"
            )
            for a, b in itertools.pairwise(nodes):
                if oneway not in ("-1", "reverse"):
                    self.steps.add((a, b))
                if oneway not in ("yes", "true", "1"):
                    self.steps.add((b, a))
        self.banned, self.commanded = set(), {}
        for members, tags in relations:
            self.read(members, tags)

    @staticmethod
    def shut(tags):
        for key in ("motorcar", "motor_vehicle", "vehicle", "access"):
            if key in tags:
                return tags[key] in ("no", "agricultural", "forestry", "emergency")
        return tags["highway"] in ("footway", "cycleway", "path", "steps", "pedestrian", "track") and not (
            {"motor_vehicle", "motorcar"} & set(tags)
        )

    def read(self, members, tags):
        """Turns at a node between ways that end there; other kinds of relation are left to other tests."""
        kind = tags.get("restriction", "")
        excepted = {"motorcar", "motor_vehicle", "vehicle"} & set(tags.get("except", "").split(";"))
        of = {role: [ref for _, ref, r in members if r == role] for role in ("from", "via", "to")}
        if (
            excepted
            or any(len(of[role]) != 1 for role in of)
            or not kind
            or any(t == "w" for t, _, role in members if role == "via")
        ):
            return
        via, first, last = of["via"][0], self.ways.get(of["from"][0]), self.ways.get(of["to"][0])
        if not first or not last or via not in (first[0][0], first[0][-1]) or via not in (last[0][0], last[0][-1]):
            return
        before = first[0][-2] if first[0][-1] == via else first[0][1]
        after = last[0][-2] if last[0][-1] == via else last[0][1]
        if kind.startswith("no_"):
            self.banned.add((before, via, after))
        elif kind.startswith("only_"):
            self.commanded.setdefault((before, via), set()).add(after)


def points_of(layer, links, tree, ids):
    """Nodes of the map along a way; None for a point that is no node, as where a junction was drawn together."""
    out = []
    for link in links:
        span = slice(int(layer.vertex_ptr[link]), int(layer.vertex_ptr[link + 1]))
        far_m, row = tree.query(np.column_stack([layer.vertex_x_m[span], layer.vertex_y_m[span]]))
        nodes = [ids[r] if d < 0.01 else None for d, r in zip(far_m, row, strict=True)]
        out += nodes if not out else nodes[1:]
    return out


@pytest.mark.parametrize("name", [HELSINKI, KITA, SAPPORO, MONACO])
def test_random_ways_break_no_rule_of_the_raw_file(shared_data, name):
    import pyproj

    path = shared_data / name
    city, raw = build_city(path), Raw(path)
    layer = city.drive
    ids = list(raw.place)
    transform = pyproj.Transformer.from_crs("EPSG:4326", city.crs, always_xy=True)
    x, y = transform.transform(*np.array([raw.place[i] for i in ids]).T)
    tree = cKDTree(np.column_stack([x, y]))
    finder = routing.PathFinder(layer)
    generator = np.random.default_rng(4)
    found = steps = turns = 0
    while found < WAYS:
        a, b = generator.integers(0, layer.node_count, 2)
        way = finder.find(int(a), int(b))
        if way is None or not len(way):
            continue
        found += 1
        points = points_of(layer, way.tolist(), tree, ids)
        for p, q in itertools.pairwise(points):
            known = p is not None and q is not None and (p, q) not in raw.steps and (q, p) in raw.steps
            assert not known, f"against a one-way street from {p} to {q}"
            steps += (p, q) in raw.steps
        for p, q, r in zip(points, points[1:], points[2:], strict=False):
            if None in (p, q, r):
                continue
            assert (p, q, r) not in raw.banned, f"a banned turn over {p}, {q}, {r}"
            if (p, q) in raw.commanded and (q, r) in raw.steps:
                assert r in raw.commanded[p, q], f"off the commanded way at {q}"
            assert q not in raw.barred or p == r, f"through a barrier at {q}"
            turns += 1
    # The check saw nearly everything: few points are those of drawn junctions.
    assert steps > 0.9 * turns


def test_the_check_sees_ways_that_know_no_rules(shared_data, monkeypatch):
    build = build_city

    def without_rules(path):
        city = build(path)
        return dataclasses.replace(city, drive=dataclasses.replace(city.drive, rules=DriveRules()))

    monkeypatch.setattr(f"{__name__}.build_city", without_rules)
    with pytest.raises(AssertionError, match=r"banned turn|commanded way"):
        test_random_ways_break_no_rule_of_the_raw_file(shared_data, HELSINKI)
