"""Real maps walked: metres by class of way as a count finds them that shares no code with the importer."""

from __future__ import annotations

import gzip
from collections import defaultdict
from itertools import pairwise

import networkx as nx
import numpy as np
import osmium
import pyproj
import pytest

from twin.city.keeping.build import build_city
from twin.city.reading.road_classes import ROAD_CLASSES

HELSINKI = "dense-city-osm-raw/Helsinki.osm.pbf"
SAPPORO = "sapporo-station-osm/Hokudai-SatsuEki.00.orig.osm.gz"
MONACO = "dense-city-osm-raw/monaco.osm.gz"
KITA = "osaka-kita-osm-drive/kita_drive_reconstructed.osm.gz"

ROADS = (
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "road",
)
PATHS = ("pedestrian", "footway", "path", "steps", "corridor", "cycleway", "track", "platform", "elevator")
SHUT = ("no", "private", "agricultural", "forestry", "emergency", "military", "use_sidepath", "discouraged")


def walked(tags):
    """Whether walkers use a way, by plain reading of its tags."""
    if tags.get("foot") is not None:
        open_to_feet = tags["foot"] not in SHUT
    else:
        open_to_feet = tags.get("access") not in SHUT and tags.get("motorroad") != "yes"
    kind = tags.get("highway")
    pavement_elsewhere = kind in ROADS and (
        "separate" in (tags.get("sidewalk"), tags.get("sidewalk:both"))
        or {tags.get("sidewalk:left"), tags.get("sidewalk:right")} in ({"separate"}, {"separate", "no"})
    )
    return kind in ROADS + PATHS and open_to_feet and not pavement_elsewhere


def count_by_hand(path):
    """Metres by class over lines (not areas) in the largest part that hangs together; ids of areas."""
    geod = pyproj.Geod(ellps="WGS84")
    at, ways, areas, links = {}, [], set(), []
    for item in osmium.FileProcessor(str(path)):
        if item.is_node():
            at[item.id] = (item.location.lon, item.location.lat)
        elif item.is_way():
            tags = dict(item.tags)
            closed = len(item.nodes) > 2 and item.nodes[0].ref == item.nodes[-1].ref
            refs = [n.ref for n in item.nodes]
            platform = "platform" in (tags.get("railway"), tags.get("public_transport"), tags.get("highway"))
            if (
                tags.get("route") == "ferry"
                or (platform and ("highway" not in tags or closed))
                or (walked(tags) and tags.get("area") == "yes")
            ):
                links.append(refs)
                areas.add(item.id)
            elif walked(tags):
                ways.append((tags["highway"], refs))
        elif item.is_relation() and item.tags.get("type") == "multipolygon" and "highway" in item.tags:
            areas.add(-item.id)
    graph = nx.Graph()
    for refs in links + [refs for _, refs in ways]:
        graph.add_edges_from((a, b) for a, b in pairwise(refs) if a in at and b in at)
    main = max(nx.connected_components(graph), key=len)
    metres = defaultdict(float)
    for kind, refs in ways:
        for a, b in pairwise(refs):
            if a in at and b in at and a in main:
                metres[kind] += geod.inv(*at[a], *at[b])[2]
    return metres, areas


@pytest.mark.parametrize("name", [HELSINKI, SAPPORO, MONACO, KITA])
def test_walked_metres_of_every_class_are_those_of_a_count_by_hand(real, tmp_path, name):
    source = real(name)
    plain = tmp_path / "map.osm"
    if source.suffix == ".gz":
        plain.write_bytes(gzip.decompress(source.read_bytes()))
    else:
        plain = source
    theirs, areas = count_by_hand(plain)
    city = build_city(source)
    walk = city.walk
    line = ~np.isin(walk.way_id, list(areas))
    for kind, metres in sorted(theirs.items()):
        if metres < 1500:
            continue  # a single way more or less would count
        rows = line & (walk.road_class == ROAD_CLASSES.index(kind))
        # What differs: the ends of links shorter than 5 m are drawn together, which moves those of their neighbours;
        # of a class with less than 2.5 km a few such ends are more than a hundredth.
        assert walk.length_m[rows].sum() / 2 == pytest.approx(metres, rel=0.01, abs=25), kind
