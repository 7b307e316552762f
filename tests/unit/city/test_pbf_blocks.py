"""PBF read by columns, against libosmium's reading of the same file, whole and damaged."""

from __future__ import annotations

import numpy as np
import osmium
import pytest

from twin.city.keeping.build import build_city
from twin.city.reading import osm_reader
from twin.city.reading.elements import TaggedWay
from twin.city.reading.pbf_blocks import NotPlainError, PlainPbf, degrees
from twin.errors import CityError


def elements(seed, count=400):
    """Odd elements in plenty: ids of 60 bits and below zero, long tags, no tags, no nodes, far places."""
    draw = np.random.default_rng(seed)

    def number(low, high):
        return int(draw.integers(low, high + 1))

    def one_of(choices):
        return choices[number(0, len(choices) - 1)]

    ids = [one_of((number(1, 900), number(-(1 << 40), 1 << 40), number(1, 1 << 60))) for _ in range(count)]
    words = ["", "a", "御堂筋", "x" * 300, *(str(value) for value in draw.random(200))]

    def tags():
        return {f"k{number(0, 40)}": one_of(words[1:]) for _ in range(one_of((0, 0, 1, 5)))}

    def place():
        lon_deg = one_of((180.0, -180.0, float(draw.uniform(-180, 180))))
        return osmium.osm.Location(lon_deg, float(draw.uniform(-90, 90)))

    mutable = osmium.osm.mutable
    nodes = [mutable.Node(id=i, location=place(), tags=tags(), version=number(1, 300)) for i in ids]
    ways = []
    for i in ids:
        refs = [one_of(ids) for _ in range(one_of((0, 1, 2, 30)))]
        ways.append(mutable.Way(id=i, nodes=refs, tags=tags(), version=number(1, 300)))
    relations = []
    for i in ids[:50]:
        members = [(one_of("nwr"), one_of(ids), one_of(words)) for _ in range(number(0, 9))]
        relations.append(mutable.Relation(id=i, members=members, tags=tags()))
    return nodes, ways, relations


def write(path, nodes, ways, relations, **options):
    file = osmium.io.File(str(path), options.pop("kind", "pbf"))
    with osmium.SimpleWriter(file, overwrite=True) as writer:
        for group in (nodes, ways, relations):
            for item in group:
                writer.add(item)
    return path


@pytest.mark.parametrize("kind", ["pbf", "pbf,pbf_compression=none", "pbf,locations_on_ways=true"])
@pytest.mark.parametrize("seed", range(3))
def test_every_element_is_read_as_libosmium_reads_it(tmp_path, kind, seed):
    path = write(tmp_path / "odd.osm.pbf", *elements(seed), kind=kind)
    pbf = PlainPbf(path)
    read = list(pbf.ways_and_relations())
    groups = list(pbf.nodes())
    wanted = {"n": [], "w": [], "r": []}
    for item in osmium.FileProcessor(str(path)):
        tags = dict(item.tags)
        if item.is_node():
            wanted["n"].append((item.id, item.version, item.location.lon, item.location.lat, tags))
        elif item.is_way():
            wanted["w"].append((item.id, [node.ref for node in item.nodes], tags, item.version))
        else:
            wanted["r"].append((item.id, [(m.type, m.ref, m.role) for m in item.members], tags, item.version))
    ways = [(w.way_id, list(w.refs), w.tags, v) for w, v in read if isinstance(w, TaggedWay)]
    relations = [
        (r.relation_id, [tuple(m) for m in r.members], r.tags, v) for r, v in read if not isinstance(r, TaggedWay)
    ]
    nodes = [
        (int(i), int(v), x, y, group.tags.get(row, {}))
        for group in groups
        for row, (i, v, x, y) in enumerate(
            zip(group.node_id, group.version, degrees(group.lon).tolist(), degrees(group.lat).tolist(), strict=True)
        )
    ]
    assert (nodes, ways, relations) == (wanted["n"], wanted["w"], wanted["r"])


@pytest.mark.parametrize("kind", ["pbf,pbf_compression=lz4", "pbf,pbf_dense_nodes=false"])
def test_what_is_not_plain_is_left_to_libosmium(tmp_path, cross, kind):
    xml = tmp_path / "town.osm"
    xml.write_text(cross.text(), encoding="utf-8")
    path = tmp_path / "town.osm.pbf"
    try:
        with osmium.SimpleWriter(osmium.io.File(str(path), kind), overwrite=True) as writer:
            for item in osmium.FileProcessor(str(xml)).with_locations():
                writer.add(item)
    except RuntimeError as error:
        pytest.skip(f"this libosmium writes no such file: {error}")
    pbf = PlainPbf(path)
    with pytest.raises(NotPlainError):
        list(pbf.ways_and_relations()), list(pbf.nodes())
    assert build_city(path).digest == build_city(xml).digest


def test_a_damaged_file_is_refused_or_is_the_sound_city(tmp_path, cross):
    """Every cut, and many flipped bits: what libosmium refuses is refused, and nothing else goes wrong."""
    xml, path = tmp_path / "town.osm", tmp_path / "town.osm.pbf"
    xml.write_text(cross.text(), encoding="utf-8")
    with osmium.SimpleWriter(osmium.io.File(str(path), "pbf,pbf_compression=none"), overwrite=True) as writer:
        for item in osmium.FileProcessor(str(xml)):
            writer.add(item)
    sound = path.read_bytes()
    draw = np.random.default_rng(1)
    cases = [sound[:n] for n in range(0, len(sound), 37)]
    for _ in range(60):
        at = int(draw.integers(len(sound)))
        cases.append(sound[:at] + bytes([sound[at] ^ 1 << int(draw.integers(8))]) + sound[at + 1 :])
    refused = 0
    for case in cases:
        path.write_bytes(case)
        try:
            build_city(path)
        except CityError:
            refused += 1
    assert refused > len(cases) / 4


def test_plain_files_are_not_read_by_libosmium(tmp_path, cross, monkeypatch):
    xml, path = tmp_path / "town.osm", tmp_path / "town.osm.pbf"
    xml.write_text(cross.text(), encoding="utf-8")
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for item in osmium.FileProcessor(str(xml)):
            writer.add(item)
    slow = build_city(xml).digest

    def nobody(*_):
        raise AssertionError("the slow reader")

    monkeypatch.setattr(osm_reader, "_read_nodes", nobody)
    assert build_city(path).digest == slow
    with pytest.raises(AssertionError, match="the slow reader"):
        build_city(xml)


def test_positions_beyond_the_earth_are_dropped_and_counted(tmp_path):
    far = osmium.osm.mutable.Node(id=3, location=osmium.osm.Location(200.0, 34.0), version=1)
    near = [
        osmium.osm.mutable.Node(id=i, location=osmium.osm.Location(135.5 + i * 0.001, 34.7), version=1) for i in (1, 2)
    ]
    way = osmium.osm.mutable.Way(id=9, nodes=[1, 2, 3], tags={"highway": "residential"}, version=1)
    path = write(tmp_path / "far.osm.pbf", [*near, far], [way], [])
    report = build_city(path).report
    assert report["dropped"]["nodes without a valid position"] == 1
    assert report["dropped"]["references to nodes that are not in the file"] == 1


def test_degrees_are_those_of_the_text(tmp_path):
    assert degrees(np.array([1355043695], np.int64))[0] == 135.5043695
