"""A made-up city of Osaka's size, laid out from public statistics, as an OSM file: for measuring, not for answers.

    python tests/benchmarks/osaka_size.py city.osm.gz [--share 1]

No map of the whole city stands beside the project. What is laid out has its measures: 223 km² (Osaka City 225.33 km²,
Geospatial Information Authority), 24 wards, 2.77 million residents, about 50,000 drive nodes and 250,000 walk links (an
extract of a ward, scaled by area). Streets form a grid of 67 m: every fifteenth is a main street with lights, every
fifth a collector, the others are lanes, two in three of them one-way in turn. ``--share`` lays out that share of the
area with the same density.
"""

from __future__ import annotations

import argparse
import gzip
import math
import sys
from pathlib import Path

import numpy as np

AREA_KM2, WARDS, RESIDENTS, NODES = 223.0, 24, 2_770_000, 50_000
CENTRE_LON, CENTRE_LAT = 135.505, 34.66
METRES_PER_DEGREE = 111_195.0
CATEGORIES = ("food", "shop", "office", "culture", "park")
#: Every how many streets: main streets, collectors, zones, stations, stops of vans, places to stay.
MAIN, COLLECTOR, ZONE, STATION, STOP, POI = 15, 5, 11, 15, 8, 20


def write_city(path: Path, share: float = 1.0) -> dict[str, int]:
    """Write the map; tells how much of everything there is."""
    side = max(round(math.sqrt(NODES * share)), 2 * MAIN + 1)
    spacing_m = math.sqrt(AREA_KM2 * 1e6 / NODES)
    i, j = (part.ravel() for part in np.meshgrid(np.arange(side), np.arange(side), indexing="ij"))
    # Streets are nowhere quite straight: without it every way between two places has many of the same length.
    rng = np.random.default_rng(0)
    bent = rng.normal(0.0, 4.0, (2, side * side))
    x_m, y_m = (i - side / 2) * spacing_m + bent[0], (j - side / 2) * spacing_m + bent[1]
    lat = CENTRE_LAT + y_m / METRES_PER_DEGREE
    lon = CENTRE_LON + x_m / (METRES_PER_DEGREE * math.cos(math.radians(CENTRE_LAT)))
    ward = ward_of(i, j, side)
    tags, counts = place_tags(i, j, ward, side)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="osaka-twin bench">\n')
        file.write(
            f'<bounds minlat="{lat.min() - 1e-3:.7f}" minlon="{lon.min() - 1e-3:.7f}" '
            f'maxlat="{lat.max() + 1e-3:.7f}" maxlon="{lon.max() + 1e-3:.7f}"/>\n'
        )
        for n in range(side * side):
            head = f'<node id="{n + 1}" lat="{lat[n]:.7f}" lon="{lon[n]:.7f}"'
            own = tags.get(n)
            if own is None:
                file.write(head + "/>\n")
            else:
                file.write(head + ">" + "".join(f'<tag k="{k}" v="{v}"/>' for k, v in own.items()) + "</node>\n")
        alleys = _write_streets(file, side, x_m, y_m, lat, lon)
        file.write("</osm>\n")
    return {"side": side, "nodes": side * side, "alleys": alleys, **counts}


def ward_of(i: np.ndarray, j: np.ndarray, side: int) -> np.ndarray:
    """Wards as six by four rectangles."""
    return np.minimum(6 * i // side, 5) * 4 + np.minimum(4 * j // side, 3)


def place_tags(i, j, ward, side):
    """Node -> tags of lights and places; and how many places of each kind there are."""
    tags: dict[int, dict[str, str]] = {}
    counts = {"zone": 0, "exit": 0, "stop": 0, "poi": 0, "entry": 0}

    def add(n, kind, **more):
        counts[kind] += 1
        id_ = f"w{ward[n]:02d}-{kind}-{counts[kind]}"
        tags[n] = {
            "twin:place": kind,
            "twin:id": id_,
            "name": id_,
            **{k.replace("_", ":", 1): v for k, v in more.items()},
        }

    zones = (i % ZONE == ZONE // 2) & (j % ZONE == ZONE // 2)
    per_zone = RESIDENTS * (side * side / NODES) / max(int(zones.sum()), 1)
    for n in range(side * side):
        a, b = i[n], j[n]
        if a % MAIN == 0 and b % MAIN == 0:
            tags[n] = {"highway": "traffic_signals"}
        ends = (a in (0, side - 1) and b % MAIN == 0) or (b in (0, side - 1) and a % MAIN == 0)
        if zones[n]:
            add(n, "zone", twin_population=str(round(per_zone)))
        elif ends:
            add(n, "entry")
        elif a % STATION == 7 and b % STATION == 7:
            add(n, "exit", twin_riders=str(10_000))
        elif a % STOP == 3 and b % STOP == 3 and ward[n] in (0, 1):
            add(n, "stop", twin_ward=f"w{ward[n]:02d}")
        elif a % POI == 9 and b % POI == 9:
            add(n, "poi", twin_category=CATEGORIES[(a + b) % len(CATEGORIES)], twin_attraction="20", twin_seats="10")
    return tags, counts


def _write_streets(file, side, x_m, y_m, lat, lon):
    """Streets along both axes, each as one way from border to border in pieces; then footways through blocks."""
    way = 1
    for axis in (0, 1):
        for k in range(side):
            nodes = [k * side + s + 1 if axis == 0 else s * side + k + 1 for s in range(side)]
            if k % MAIN == 0:
                own = {"highway": "primary", "lanes": "4", "maxspeed": "50", "sidewalk": "both", "width": "22"}
            elif k % COLLECTOR == 0:
                own = {"highway": "tertiary", "lanes": "2", "maxspeed": "40", "sidewalk": "both"}
            else:
                own = {"highway": "residential", "lanes": "1", "maxspeed": "30"}
                if k % 3:
                    own["oneway"] = "yes" if k % 2 else "-1"
            own["name"] = f"{'NS'[axis]}{k}"
            file.write(f'<way id="{way}">' + "".join(f'<nd ref="{n}"/>' for n in nodes))
            file.write("".join(f'<tag k="{key}" v="{value}"/>' for key, value in own.items()) + "</way>\n")
            way += 1
    alleys = 0
    for a in range(0, side - 1, 2):
        for b in range(side - 1):
            corner = a * side + b
            file.write(
                f'<way id="{way}"><nd ref="{corner + 1}"/><nd ref="{corner + side + 2}"/>'
                '<tag k="highway" v="footway"/></way>\n'
            )
            way += 1
            alleys += 1
    return alleys


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--share", type=float, default=1.0)
    args = parser.parse_args()
    sys.stdout.write(f"{write_city(args.path, args.share)}\n")


if __name__ == "__main__":
    main()
