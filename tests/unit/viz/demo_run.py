"""A small invented run in three districts: vans, walkers, trucks and a queue; no model is run for it."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import Transformer

from twin.columns import BODIES, KPI_COLUMNS, TABLES
from twin.engine.ids import Kind, make_id
from twin.results.parquet import write_columns
from twin.results.run_folder import FORMAT, file_sha256

HOSTILE = "</script><img src=x onerror=alert(1)><b>駅</b>"
FROM_S, TO_S = 8 * 3600.0, 9 * 3600.0
TO_METRES = Transformer.from_crs("EPSG:4326", "EPSG:6674", always_xy=True)


def make_demo_run(
    folder, *, places=None, title=None, with_traces=True, with_queue=True, trucks=14, walkers=60, later_s=0.0, **changes
):
    """Write a finished run folder and return it; vans that set out later make another variant of the same day."""
    folder = Path(folder)
    (folder / "tables").mkdir(parents=True)
    rows = {}
    if with_traces:
        rows["traces"] = _write_traces(folder, trucks, walkers, later_s)
    if with_queue:
        rows["terminal_queue"] = _write_queue(folder, trucks)
    _write_geometry(folder)
    _write_places(folder, demo_places() if places is None else places)
    rows["road_links"] = _write_flows(folder, later_s)
    _write_kpis(folder, trucks)
    write_manifest(
        folder, rows, title or {"ja": "御堂筋・生野・夢洲の朝", "en": "A morning in three districts"}, **changes
    )
    return folder


def write_manifest(folder, rows, title, **changes):
    """Vouch for the files as they now are."""
    files = {p.relative_to(folder).as_posix(): file_sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()}
    files.pop("manifest.json", None)
    manifest = {
        "kind": "run",
        "format": FORMAT,
        "variant": "conpas",
        "label": {"ja": "予約あり", "en": "CONPAS"},
        "models": {
            "terminal": {"holding_yards": {"a": {"spaces": 4}}, "queue_on_road": {"kerb_spaces": 0}},
            "road_traffic": {},
        },
        "replication": 0,
        "rows": rows,
        "files": files,
        "name": "demo",
        "title": title,
        "clock": {"start_s": FROM_S, "end_s": TO_S},
        "city": {
            "name": "osaka_midosuji+osaka_ikuno+osaka_yumeshima",
            "schematic": True,
            "crs": "EPSG:6674",
            "attribution": ["Authored by the osaka-twin project"],
        },
        "traces_share": 0.1,
        **changes,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")


# Streets: (lon, lat) grids ----------------------------------------------------------------------------


def grid(west, south, columns, rows, step=0.0016):
    """Two-way streets of a grid, as polylines."""
    out = []
    for r in range(rows):
        for c in range(columns):
            here = (west + c * step, south + r * step * 0.82)
            if c + 1 < columns:
                out += two_way(here, (west + (c + 1) * step, here[1]), 2 if r % 3 == 1 else 1)
            if r + 1 < rows:
                out += two_way(here, (here[0], south + (r + 1) * step * 0.82), 2 if c % 4 == 2 else 1)
    return out


def two_way(a, b, lanes):
    return [([a, b], lanes), ([b, a], lanes)]


GATE_ROAD = [(135.4012, 34.6611), (135.3988, 34.6574), (135.3950, 34.6535), (135.3953, 34.6516), (135.3936, 34.6492)]


def drive_links():
    """Polylines with lanes: Midosuji one-way, a grid in Ikuno, the island's trunk road."""
    links = [([(135.5010, 34.7016), (135.5010, 34.6925), (135.5003, 34.6665)], 5)]
    links += grid(135.4978, 34.6690, 5, 20)
    links += grid(135.5280, 34.6400, 17, 16)
    links += [link for a, b in pairwise(GATE_ROAD) for link in two_way(a, b, 2)]
    return links


def walk_links():
    return [([(135.5010 + d, 34.7016), (135.5010 + d, 34.6925), (135.5003 + d, 34.6665)], 0) for d in (-2e-4, 2e-4)]


def _write_geometry(folder):
    arrays = {"crs": np.array("EPSG:6674")}
    for layer, links in (("drive", drive_links()), ("walk", walk_links())):  # the first street is Midosuji
        points = np.array([p for line, _ in links for p in line])
        arrays[f"{layer}/vertex_ptr"] = np.concatenate([[0], np.cumsum([len(line) for line, _ in links])])
        arrays[f"{layer}/vertex_lon_deg"], arrays[f"{layer}/vertex_lat_deg"] = points[:, 0], points[:, 1]
        if layer == "drive":
            arrays["drive/lanes"] = np.array([lanes for _, lanes in links])
            arrays["drive/road_class"] = np.zeros(len(links), np.uint8)
            arrays["drive/names"] = np.array(["", "御堂筋", HOSTILE])
            arrays["drive/name_index"] = np.array([1, 0, 2, 2] + [0] * (len(links) - 4))
    np.savez(folder / "geometry.npz", **arrays)


def demo_places():
    """(id, kind, ja, en, lon, lat, capacity)."""
    nan = math.nan
    out = [
        ("osaka_midosuji/station/M16", "station", "梅田", "Umeda", 135.4990, 34.7010, nan),
        ("osaka_midosuji/station/M17", "station", "淀屋橋", "Yodoyabashi", 135.5010, 34.6916, nan),
        ("osaka_midosuji/station/M18", "station", "本町", "Hommachi", 135.5007, 34.6835, nan),
        ("osaka_midosuji/station/M19", "station", "心斎橋", "Shinsaibashi", 135.5004, 34.6745, nan),
        ("osaka_midosuji/station/M20", "station", HOSTILE, HOSTILE, 135.5003, 34.6662, nan),
        ("osaka_ikuno/station/momodani", "station", "桃谷", "Momodani", 135.5280, 34.6585, nan),
        ("osaka_ikuno/station/kita-tatsumi", "station", "北巽", "Kita-Tatsumi", 135.5536, 34.6535, nan),
        ("osaka_yumeshima/gate/1", "gate", "コンテナターミナル ゲート", "Terminal gate", 135.3936, 34.6492, nan),
        ("osaka_yumeshima/yard/1", "yard", "第1待機場", "Holding yard 1", 135.3962, 34.6540, 60.0),
        ("osaka_yumeshima/station/C09", "station", "夢洲", "Yumeshima", 135.3905, 34.6530, nan),
    ]
    for n in range(40):
        lon, lat = 135.5280 + 0.0032 * (n % 8), 34.6400 + 0.0016 * 0.82 * 3 * (n // 8)
        out.append((f"osaka_ikuno/stop/{n:03d}", "stop", f"生野 {n + 1}", f"Ikuno {n + 1}", lon, lat, 4.0))
    return out


def _write_places(folder, places):
    names = ("id", "kind", "name_ja", "name_en", "lon_deg", "lat_deg", "capacity")
    columns = dict(zip(names, zip(*places, strict=True), strict=True)) if places else {n: [] for n in names}
    pq.write_table(pa.table({k: pa.array(list(v)) for k, v in columns.items()}), folder / "places.parquet")


# Movements --------------------------------------------------------------------------------------------


def _drive(line, start_s, speed_mps, state):
    """Points (time, lon, lat, state) along a polyline at one speed."""
    out, t = [], start_s
    for i, (lon, lat) in enumerate(line):
        if i:
            before = line[i - 1]
            metres = 111320 * math.hypot((lon - before[0]) * math.cos(math.radians(lat)), lat - before[1])
            t += metres / speed_mps
        out.append((t, lon, lat, state))
    return out


def _write_kpis(folder, trucks):
    rows = {"kpi": "terminal.queue_max_trucks", "group": "all", "value": trucks + 4.0, "unit": "trucks"}
    columns = {c.name: np.zeros(1, np.str_ if c.dtype == "str" else c.dtype) for c in KPI_COLUMNS}
    columns |= {name: np.array([value]) for name, value in rows.items()}
    write_columns(folder / "kpis.parquet", KPI_COLUMNS, columns)


def _write_flows(folder, later_s):
    """Vehicles on links; a later start sends 7 more along the first in the second hour, and 3 fewer along the next."""
    link, hour, count = [0, 0, 2, 3, 8], [8, 9, 8, 8, 8], [40, 30, 20, 25, 5]
    if later_s:
        count[1] += 7
        count[3] -= 3
    columns = {c.name: np.zeros(len(link), c.dtype) for c in TABLES["road_links"].columns}
    columns |= {
        "from_s": 3600.0 * np.array(hour) + 600.0,
        "link_index": np.array(link, np.int32),
        "inflow_count": np.array(count, np.int32),
    }
    write_columns(folder / "tables" / "road_links.parquet", TABLES["road_links"].columns, columns)
    return len(link)


def _van_path(van):
    """A winding way through the grid of Ikuno."""
    lon, lat, line = 135.5280 + 0.0016 * (2 * van % 16), 34.6400 + 0.0016 * 0.82 * (3 * van % 15), []
    for turn in range(14):
        line.append((lon, lat))
        if turn % 2:
            lon += 0.0016 * (2 if lon < 135.540 else -3)
        else:
            lat += 0.0016 * 0.82 * (3 if lat < 34.650 else -2)
    return line


def _on_pavement(lat):
    """Longitude of Midosuji south of its bend."""
    return 135.5010 - 0.0007 * (34.6925 - lat) / (34.6925 - 34.6665)


def demo_paths(trucks, walkers, later_s=0.0):
    """(body, id, points) of everybody."""
    out = []
    for van in range(10):
        points = _drive(_van_path(van), FROM_S + 40 * van + (later_s if van % 2 else 0.0), 5.5, 0)
        points = [(t, x, y, (i // 3) % 2) for i, (t, x, y, _) in enumerate(points)]
        out.append(("van", make_id(Kind.VAN, 0, van), points))
    for truck in range(trucks):
        points = _drive(GATE_ROAD, FROM_S + 120 * truck, 8.0, truck % 3 == 0)
        last = points[-1]
        out.append(("truck", make_id(Kind.TRUCK, 1, truck), [*points, (last[0] + 600, *last[1:])]))
    for walker in range(walkers):
        side = 2e-4 if walker % 2 else -2e-4
        north = 34.6925 - 0.00035 * (walker % 70)
        line = [(_on_pavement(at) + side, at) for at in (north, max(north - 0.004, 34.6666))]
        points = _drive(line, FROM_S + 37 * walker, 1.34, 0)
        stay = points[-1]
        out.append(
            (
                "walker",
                make_id(Kind.WALKER, 2, walker),
                [*points, (stay[0], *stay[1:3], 1), (stay[0] + 900, *stay[1:3], 1)],
            )
        )
    return out


def _write_traces(folder, trucks, walkers, later_s):
    columns = {c.name: [] for c in TABLES["traces"].columns}
    for body, id_, points in demo_paths(trucks, walkers, later_s):
        x, y = TO_METRES.transform([p[1] for p in points], [p[2] for p in points])
        columns["body"] += [BODIES.index(body)] * len(points)
        columns["id"] += [int(id_)] * len(points)
        columns["trip"] += [0] * len(points)
        columns["time_s"] += [p[0] for p in points]
        columns["x_m"] += list(x)
        columns["y_m"] += list(y)
        columns["state"] += [int(p[3]) for p in points]
    arrays = {k: np.array(v, dtype=np.uint64 if k == "id" else None) for k, v in columns.items()}
    return write_columns(folder / "tables" / "traces.parquet", TABLES["traces"].columns, arrays)


def _write_queue(folder, most=14):
    time_s = np.arange(FROM_S, TO_S, 60.0)
    trucks = np.rint((most + 4) * np.sin(np.linspace(0, np.pi, len(time_s))) ** 2).astype(np.int32)
    on_road = np.maximum(0, trucks - 4)
    columns = {c.name: np.zeros(len(time_s), c.dtype) for c in TABLES["terminal_queue"].columns}
    columns |= {
        "time_s": time_s,
        "change": np.arange(len(time_s)),
        "trucks_in_line": trucks,
        "trucks_in_yards": trucks - on_road,
        "trucks_on_road": on_road,
        "trucks_inside": trucks // 2,
        "metres_on_road_m": on_road * 18.0,
    }
    write_columns(folder / "tables" / "terminal_queue.parquet", TABLES["terminal_queue"].columns, columns)
    return len(time_s)
