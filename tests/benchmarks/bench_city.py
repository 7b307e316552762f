"""Time and memory to build a city from about 50 MB of OSM XML and from the same as PBF, and time to open it again.

``python tests/benchmarks/bench_city.py [--megabytes 50] [--json]``. The map is a made-up grid of streets with
bends, footways, shops, stops and, as in real extracts, mostly buildings. Building and opening run in fresh
processes, so that peak memory and imports are those of a user.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TextIO

SPACING_DEG = 0.001
_BUILD = """
import json, resource, sys, time
start = time.perf_counter()
from twin.city.keeping.build import build_city, city_info, save_city
city = build_city(sys.argv[1])
built, cpu_s = time.perf_counter(), time.process_time()
save_city(city, sys.argv[2])
done = time.perf_counter()
print(json.dumps({"build_s": built - start, "build_cpu_s": cpu_s, "save_s": done - built,
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    **{k: v for k, v in city_info(city).items() if k.endswith(("nodes", "edges", "km"))}}))
"""
_OPEN = """
import json, sys, time
start = time.perf_counter()
from twin.city.keeping.build import open_city
imported = time.perf_counter()
open_city(sys.argv[1])
print(json.dumps({"open_s": time.perf_counter() - imported, "open_with_imports_s": time.perf_counter() - start}))
"""
_ROUTE = """
import json, sys, time
import numpy as np
from twin.city.keeping.build import open_city
from twin.city.routing.ways import travel_times
drive = open_city(sys.argv[1]).drive
stops = np.linspace(0, drive.node_count - 1, 300).astype(int)
travel_times(drive, stops[:1], stops[:1])
start = time.perf_counter()
travel_times(drive, stops, stops)
print(json.dumps({"stops": 300, "all_pairs_s": time.perf_counter() - start}))
"""


class Town:
    """Writes blocks of 100 m, each with two streets, footways, buildings and a shop."""

    def __init__(self, file: TextIO, side: int) -> None:
        self.file = file
        self.side = side
        self.ways: list[str] = []
        self.last_id = side * side

    def node(self, lon: float, lat: float, tags: str = "") -> int:
        self.last_id += 1
        self.file.write(f'<node id="{self.last_id}" version="1" lon="{lon:.7f}" lat="{lat:.7f}">{tags}</node>\n')
        return self.last_id

    def way(self, refs: list[int], tags: dict[str, str]) -> None:
        self.last_id += 1
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        marks = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        self.ways.append(f'<way id="{self.last_id}" version="1">{inner}{marks}</way>\n')

    def block(self, i: int, j: int) -> None:
        """One junction, the streets to its right and upper neighbours, and what stands between them."""
        lon, lat = 135.40 + i * SPACING_DEG, 34.60 + j * SPACING_DEG
        here = 1 + i * self.side + j
        lights = '<tag k="highway" v="traffic_signals"/>' if i % 5 == 0 and j % 5 == 0 else ""
        self.file.write(f'<node id="{here}" version="1" lon="{lon:.7f}" lat="{lat:.7f}">{lights}</node>\n')
        wide = {"highway": "primary", "lanes": "4", "maxspeed": "50"}
        narrow = {"highway": "residential", "oneway": "yes" if (i + j) % 7 == 0 else "no"}
        for k, there, (dx, dy) in ((i, here + self.side, (1, 0)), (j, here + 1, (0, 1))):
            if k + 1 < self.side:
                bends = [
                    self.node(lon + dx * s + dy * w, lat + dy * s + dx * w)
                    for s, w in ((0.0003, 0.00002), (0.0006, -0.00002), (0.0008, 0.00001))
                ]
                across = j if dx else i
                self.way([here, *bends, there], {**(wide if across % 5 == 0 else narrow), "name": f"通り {across}"})
        kerb = [self.node(lon + 0.0001, lat + 0.0001), self.node(lon + 0.0009, lat + 0.0001)]
        self.way([here, *kerb], {"highway": "footway"})
        self.node(lon + 0.0002, lat + 0.0002, '<tag k="shop" v="books"/><tag k="name" v="本屋"/>')
        for n in range(6):
            x, y = lon + 0.0002 + 0.0002 * (n % 3), lat + 0.0003 + 0.0003 * (n // 3)
            corners = [self.node(x + dx, y + dy) for dx, dy in ((0, 0), (1.5e-4, 0), (1.5e-4, 2e-4), (0, 2e-4))]
            self.way([*corners, corners[0]], {"building": "yes", "building:levels": "3"})


def write_map(path: Path, megabytes: float) -> None:
    """Grid town of about that size."""
    side = max(int((megabytes * 1e6 / 4140) ** 0.5), 2)
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="bench_city">\n')
        town = Town(file, side)
        for i in range(side):
            for j in range(side):
                town.block(i, j)
        file.writelines(town.ways)
        file.write("</osm>\n")


def write_pbf(source: Path) -> Path:
    """The same map as PBF, beside it."""
    import osmium

    packed = source.with_suffix(".osm.pbf")
    with osmium.SimpleWriter(str(packed), overwrite=True) as writer:
        for item in osmium.FileProcessor(str(source)):
            writer.add(item)
    return packed


def _run(code: str, *arguments: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=50.0)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, built = Path(folder) / "town.osm", Path(folder) / "city"
        write_map(source, options.megabytes)
        result = {"map_mb": source.stat().st_size / 1e6, **_run(_BUILD, str(source), str(built))}
        result.update(_run(_OPEN, str(built)), **_run(_ROUTE, str(built)))
        packed = write_pbf(source)
        from_pbf = _run(_BUILD, str(packed), str(Path(folder) / "from_pbf"))
        result.update({"pbf_mb": packed.stat().st_size / 1e6, "pbf_build_s": from_pbf["build_s"]})
        result.update({"pbf_build_cpu_s": from_pbf["build_cpu_s"], "pbf_peak_mb": from_pbf["peak_mb"]})
        result["built_mb"] = sum(path.stat().st_size for path in built.iterdir()) / 1e6
    result = {key: round(value, 3) for key, value in result.items()}
    if options.json:
        print(json.dumps(result))
        return
    for key, value in result.items():
        print(f"{key:>20} {value:>12,.3f}")


if __name__ == "__main__":
    main()
