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
        self.banned_lines, self.commanded_lines = set(), {}
        for members, tags in relations:
            self.read(members, tags)
        # A command to drive where nobody can, such as against a one-way street, binds nobody.
        for commands in (self.commanded, self.commanded_lines):
            for line, allowed in list(commands.items()):
                ok = {on for on in allowed if all(step in self.steps for step in itertools.pairwise((*line, on)))}
                commands.pop(line)
                if ok:
                    commands[line] = ok

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
        if excepted or len(of["from"]) != 1 or len(of["to"]) != 1 or not of["via"] or not kind:
            return
        if all(t == "w" for t, _, role in members if role == "via"):
            self.read_over_ways(kind, of)
            return
        if len(of["via"]) != 1:
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

    def read_over_ways(self, kind, of):
        """Turns over via ways that follow one another between the ends of from and to."""
        ways = [self.ways.get(ref, (None,))[0] for ref in (of["from"][0], *of["via"], of["to"][0])]
        if any(
            way is None or self.shut(self.ways[ref][1])
            for way, ref in zip(ways, (of["from"][0], *of["via"], of["to"][0]), strict=True)
        ):
            return
        for first in (ways[0], ways[0][::-1]):
            path = list(first[-2:])
            for way in ways[1:-1]:
                path += next((list(w[1:]) for w in (way, way[::-1]) if w[0] == path[-1]), [None])
            last = next((w for w in (ways[-1], ways[-1][::-1]) if w[0] == path[-1]), None)
            if None in path or last is None:
                continue
            if kind.startswith("no_"):
                self.banned_lines.add((*path, last[1]))
            elif kind.startswith("only_"):
                self.commanded_lines.setdefault(tuple(path), set()).add(last[1])

    def breaks_over_ways(self, points):
        """A line over via ways that is driven although it is banned, or left although it is commanded."""
        for line in self.banned_lines:
            if any(tuple(points[i : i + len(line)]) == line for i in range(len(points))):
                return line
        for line, allowed in self.commanded_lines.items():
            for i in range(len(points) - len(line)):
                on = points[i + len(line)]
                if tuple(points[i : i + len(line)]) == line and on not in allowed and (line[-1], on) in self.steps:
                    return (*line, on)
        return None


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
    check_random_ways(shared_data / name, WAYS)


def check_random_ways(path, count):
    import pyproj

    city, raw = build_city(path), Raw(path)
    layer = city.drive
    ids = list(raw.place)
    transform = pyproj.Transformer.from_crs("EPSG:4326", city.crs, always_xy=True)
    x, y = transform.transform(*np.array([raw.place[i] for i in ids]).T)
    tree = cKDTree(np.column_stack([x, y]))
    finder = routing.PathFinder(layer)
    generator = np.random.default_rng(4)
    found = steps = turns = 0
    while found < count:
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
        assert raw.breaks_over_ways(points) is None
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


SIDE = 6


def grid_town(seed):
    """Streets in a grid, each block a way of its own, with restrictions of all kinds drawn at random."""
    draw = np.random.default_rng(seed)
    node = {(i, j): 1 + i * SIDE + j for i in range(SIDE) for j in range(SIDE)}
    lines = ['<?xml version="1.0" encoding="UTF-8"?><osm version="0.6" generator="grid">']
    lines += [
        f'<node id="{n}" lon="{135.5 + i * 0.0012:.7f}" lat="{34.68 + j * 0.001:.7f}"/>' for (i, j), n in node.items()
    ]
    blocks = {}
    for (i, j), n in node.items():
        for other in ((i + 1, j), (i, j + 1)):
            if other in node:
                blocks[frozenset((n, node[other]))] = 1000 + len(blocks)
    for pair, way in blocks.items():
        a, b = sorted(pair)
        one_way = '<tag k="oneway" v="yes"/>' if draw.random() < 0.15 else ""
        lines.append(f'<way id="{way}"><nd ref="{a}"/><nd ref="{b}"/><tag k="highway" v="residential"/>{one_way}</way>')
    beside = {n: sorted(m for pair in blocks if n in pair for m in pair if m != n) for n in node.values()}
    for relation in range(60):
        path = [int(draw.integers(1, SIDE * SIDE + 1))]
        while len(path) < int(draw.integers(3, 6)):
            ways_on = [m for m in beside[path[-1]] if m not in path]
            if not ways_on:
                break
            path.append(int(draw.choice(ways_on)))
        if len(path) < 3:
            continue
        ways = [blocks[frozenset(pair)] for pair in itertools.pairwise(path)]
        via = [("way", way) for way in ways[1:-1]] or [("node", path[1])]
        members = [("way", ways[0], "from"), *((kind, ref, "via") for kind, ref in via), ("way", ways[-1], "to")]
        inner = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        kind = "only_straight_on" if draw.random() < 0.2 else "no_left_turn"
        lines.append(
            f'<relation id="{relation + 1}">{inner}<tag k="type" v="restriction"/>'
            f'<tag k="restriction" v="{kind}"/></relation>'
        )
    return "\n".join([*lines, "</osm>"])


@pytest.mark.parametrize("seed", range(4))
def test_random_ways_of_a_made_up_town_obey_turns_over_ways(tmp_path, seed):
    path = tmp_path / "grid.osm"
    path.write_text(grid_town(seed), encoding="utf-8")
    raw = Raw(path)
    assert len(raw.banned_lines) + len(raw.commanded_lines) > 10
    check_random_ways(path, 150)


def test_the_check_sees_turns_over_ways(tmp_path, monkeypatch):
    path = tmp_path / "grid.osm"
    path.write_text(grid_town(0), encoding="utf-8")
    build = build_city

    def without_long_bans(path):
        city = build(path)
        rules = city.drive.rules
        short = [k for k in range(rules.ban_count) if rules.ban_ptr[k + 1] - rules.ban_ptr[k] == 2]
        keep = {name: getattr(rules, name)[short] for name in ("ban_classes", "ban_days", "ban_from_s", "ban_to_s")}
        links = [rules.ban_link[rules.ban_ptr[k] : rules.ban_ptr[k + 1]] for k in short]
        fewer = dataclasses.replace(
            rules, **keep, ban_ptr=np.arange(0, 2 * len(short) + 1, 2), ban_link=np.concatenate(links).astype(np.int32)
        )
        return dataclasses.replace(city, drive=dataclasses.replace(city.drive, rules=fewer))

    monkeypatch.setattr(f"{__name__}.build_city", without_long_bans)
    with pytest.raises(AssertionError):
        check_random_ways(path, 150)
