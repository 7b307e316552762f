"""The public doors: scenarios, maps, tables, finished and unfinished studies. Each takes one damaged case."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from random import Random

import numpy as np

from tests.fuzz.mutate import mutated
from tests.scenarios.cases import TINY, TWO_VARIANTS
from tests.unit.city.conftest import MapText
from twin import api
from twin.city.keeping.build import build_city
from twin.errors import InternalError, TwinError
from twin.experiments.study import StudyOptions, resume, start
from twin.experiments.task import Task, do_task
from twin.results.run_folder import Run, Study
from twin.scenario.language.load import load_scenario
from twin.scenario.plan.check import check_scenario
from twin.scenario.plan.plan import Plan, make_plan
from twin.scenario.tables.read import read_tables
from twin.viz.run_view import read_run_view

FULL_CHECK_SHARE = 0.03
_TABLE = 'hour,kind,trucks\n8,laden_out,10\n9,empty_in,"1,204"\n合計,,1214\n'
_TIMES = "時刻,乗車,降車\n0805,a,b\n1230,b,c\n1745,c,a\n"


class FoundError(Exception):
    """A door let damage through, or broke."""


def refused(fault: TwinError) -> str:
    """Name of an error that a user may see; its text must stand."""
    if isinstance(fault, InternalError) or not str(fault).strip():
        raise FoundError(f"no clear message: {fault!r}") from fault
    return type(fault).__name__


class Doors:
    """Sound files of every kind, and the doors to take damaged ones to.

    Parameters
    ----------
    work
        An empty folder for sound studies.
    """

    def __init__(self, work: Path) -> None:
        shipped = sorted(Path(str(files("twin.scenarios"))).glob("*.yaml"))
        self.scenarios = [path.read_bytes() for path in shipped]
        self.scenarios += [TINY.encode(), TWO_VARIANTS.encode()]
        self.tables_of_shipped = Path(str(files("twin.scenarios"))) / "tables"
        self.maps = _maps(work)
        self.tables = _tables()
        self.finished, self.partial, self.sound = _studies(work)

    def scenario(self, rng: Random, folder: Path) -> str:
        """Check a damaged scenario, and make its plan if it has no problem."""
        path = folder / "s.yaml"
        path.write_bytes(mutated(rng.choice(self.scenarios), rng, self.scenarios))
        (folder / "tables").symlink_to(self.tables_of_shipped)
        full = rng.random() < FULL_CHECK_SHARE
        report = api.check(path) if full else check_scenario(path)
        for problem in report.problems:
            if not (problem.what and problem.where):
                raise FoundError(f"a problem without words or place: {problem}")
        if report.ok and report.scenario is not None:
            plan = make_plan(report.scenario)
            plan.params_of(plan.variants[0])
        return "sound" if report.ok else "ScenarioError"

    def map(self, rng: Random, folder: Path) -> str:
        """Build a damaged map."""
        name = rng.choice(sorted(self.maps))
        path = folder / name
        binary = name.endswith((".gz", ".pbf"))
        path.write_bytes(mutated(self.maps[name], rng, list(self.maps.values()), binary=binary))
        city = build_city(path)
        for layer in (city.drive, city.walk):
            if not (np.isfinite(layer.length_m).all() and (layer.length_m > 0).all() and layer.length_m.sum() < 1e9):
                raise FoundError("a link without a length")
        return "sound"

    def table(self, rng: Random, folder: Path) -> str:
        """Read a damaged table through a declaration that may be damaged too."""
        name = rng.choice(sorted(self.tables))
        content, declared = self.tables[name]
        binary = name.endswith((".xlsx", ".parquet", ".zip"))
        (folder / name).write_bytes(mutated(content, rng, [c for c, _ in self.tables.values()], binary=binary))
        if rng.random() < 0.2:
            declared = mutated(declared.encode(), rng, self.scenarios).decode("utf-8", "replace")
        path = folder / "s.yaml"
        path.write_text(f"{TINY}tables: {{t: {{file: {name}{declared}}}}}\n", encoding="utf-8")
        for table in read_tables(load_scenario(path)).values():
            lengths = {len(column) for column in table.columns.values()}
            if len(lengths) > 1:
                raise FoundError("columns of different lengths")
            for column, values in table.columns.items():
                odd = column == "time" and not ((values >= 0) & (values <= 7 * 86400)).all()
                if odd:
                    raise FoundError(f"times of day beyond a week: {values}")
        return "sound"

    def finished_study(self, rng: Random, folder: Path) -> str:
        """Open a study in which one file is damaged; what is believed must be as it was."""
        study = folder / "study"
        shutil.copytree(self.finished, study)
        damaged = _damage_one(study, rng, skip=("timing.json", "log.txt"))
        try:
            opened = Study(study)
            said = _said(opened)
            read_run_view(Run(opened.run().folder).folder)
            resume(study)
        except TwinError:
            raise
        if said != self.sound and damaged != "manifest.json":
            raise FoundError(f"a damaged {damaged} was believed")
        return "sound"

    def unfinished_study(self, rng: Random, folder: Path) -> str:
        """Resume a study in which one file is damaged; it must be refused, or come out as it would have."""
        shutil.copytree(self.partial, folder / "study.partial")
        damaged = _damage_one(folder / "study.partial", rng, skip=("timing.json", "log.txt"))
        study = resume(folder / "study")
        if _said(study) != self.sound:
            raise FoundError(f"a damaged {damaged} was gone on with")
        return "sound"


def _damage_one(folder: Path, rng: Random, skip: tuple[str, ...]) -> str:
    named = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in skip and p.suffix != ".lock")
    path = rng.choice(named)
    before = path.read_bytes()
    after = mutated(before, rng, [before], binary=path.suffix not in (".json", ".yaml"))
    if rng.random() < 0.05:
        path.unlink()
    else:
        path.write_bytes(after)
    return path.relative_to(folder).as_posix()


def _said(study: Study) -> dict[str, str]:
    """What a study says to its readers."""
    out = {name: repr({k: v.tolist() for k, v in study.columns(name).items()}) for name in ("kpis", "differences")}
    out["plan"] = json.dumps(study.plan, sort_keys=True)
    for run in study.runs():
        for table in run.tables:
            out[f"{run.variant}/{table}"] = repr({k: v.tolist() for k, v in run.table(table).items()})
    return out


def _maps(work: Path) -> Mapping[str, bytes]:
    town = MapText()
    for i in range(6):
        for j in range(6):
            town.node(10 * i + j + 1, 90.0 * i, 80.0 * j, **({"highway": "traffic_signals"} if i == j == 2 else {}))
    for i in range(6):
        tags = {"oneway": "yes", "lanes": "2"} if i % 2 else {"maxspeed": "30", "name": f"street {i}"}
        town.way(100 + i, [10 * i + j + 1 for j in range(6)], highway="residential", **tags)
        town.way(200 + i, [10 * k + i + 1 for k in range(6)], highway=("primary", "footway", "service")[i % 3])
    town.way(300, [1, 2, 12, 11, 1], highway="pedestrian", area="yes")
    town.node(900, 95, 85, highway="bus_stop", name="stop")
    town.node(901, 200, 85, twin__place="stop", twin__id="a", name="停留所")
    xml = town.text().encode()
    import osmnx

    path = work / "town.osm"
    path.write_bytes(xml)
    graph = osmnx.graph_from_xml(path, simplify=True, retain_all=True)
    osmnx.save_graphml(graph, work / "town.graphml")
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        file.write(xml)
    return {"town.osm": xml, "town.graphml": (work / "town.graphml").read_bytes(), "town.osm.gz": packed.getvalue()}


def _tables() -> Mapping[str, tuple[bytes, str]]:
    import datetime as dt

    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq

    book = openpyxl.Workbook()
    for row in (["時間帯", "台数"], [dt.time(8), 10], ["9時", "1,204"], [10 / 24, 3]):
        book.active.append(row)
    xlsx = io.BytesIO()
    book.save(xlsx)
    zone = dt.timezone(dt.timedelta(hours=9))
    moments = [dt.datetime(2026, 4, 24, hour, 5, tzinfo=zone) for hour in (8, 9, 10)]
    parquet = io.BytesIO()
    pq.write_table(
        pa.table(
            {
                "time": pa.array(moments, pa.timestamp("us", "Asia/Tokyo")),
                "from_stop": ["a", "b", "c"],
                "kind": pa.array(["x", "y", "x"]).dictionary_encode(),
                "count": [1.0, 2.0, 3.0],
            }
        ),
        parquet,
    )
    hours, times = ", columns: {hour: 時間帯, trucks: 台数}", ", columns: {time: 時刻, from_stop: 乗車, to_stop: 降車}"
    return {
        "hours.csv": (_TABLE.encode(), ", values: {kind: {laden_out: a, empty_in: b}}"),
        "sjis.csv": (_TIMES.encode("cp932"), times),
        "times.csv": (_TIMES.encode(), times),
        "seconds.csv": (_at("29100", "45000", "63900"), times),
        "shares.csv": (_at("0.336806", "0.520833", "0.739583"), times + ", time_as: {time: excel}"),
        "book.xlsx": (xlsx.getvalue(), hours),
        "rows.parquet": (parquet.getvalue(), ""),
        "census.csv": (_CENSUS.encode("cp932"), _CENSUS_COLUMNS),
        "squares.txt": (_SQUARES.encode("cp932"), ", mesh: true, columns: {people: 人口, old: T2}"),
        "areas.geojson": (json.dumps(_AREAS).encode(), ", areas: name, columns: {people: people}"),
        "areas.zip": (_shapefile(), ", areas: name, columns: {people: people}"),
        "feed.zip": (_feed(), ", gtfs_day: 2026-04-20"),
    }


_CENSUS = (
    "区間,向き,車種,7時台,8時台,0時台\n1,北,小型車,100,200,3\n1,北,大型車,10,-,1\n"
    "1,南,小型車,5,6,7\n1,南,大型車,5,6,7\n"
)
_CENSUS_COLUMNS = ", columns: {section_id: 区間, heading: 向き}, hours_across: count, added_over: 車種, gaps: zero"
_SQUARES = (
    "KEY_CODE,HTKSYORI,HTKSAKI,GASSAN,T1,T2\n,,,,人口,\n513574821,0,,,31,9\n513574831,1,,513574832,12,3\n"
    "513574832,2,513574831,,2,*\n51357492,0,,,2,-\n"
)
_AREAS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": name, "people": people},
            "geometry": {"type": "Polygon", "coordinates": [[[x, 34.6], [x + 0.01, 34.6], [x, 34.61], [x, 34.6]]]},
        }
        for name, people, x in (("生野", 5, 135.5), ("田島", 7.5, 135.6))
    ],
}


def _shapefile() -> bytes:
    import tempfile

    import geopandas

    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        geopandas.GeoDataFrame.from_features(_AREAS, crs=4326).to_file(Path(folder) / "a.shp", encoding="cp932")
        with zipfile.ZipFile(out, "w") as archive:
            for file in sorted(Path(folder).iterdir()):
                archive.write(file, file.name)
    return out.getvalue()


def _feed() -> bytes:
    parts = {
        "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nA,甲,34.65,135.53\nB,乙,34.66,135.54\n",
        "routes.txt": "route_id,route_short_name\nr,12\n",
        "trips.txt": "route_id,service_id,trip_id,shape_id\nr,wk,t,s\n",
        "stop_times.txt": (
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nt,7:00:00,7:00:30,A,1\nt,7:09:00,7:09:00,B,2\n"
        ),
        "calendar.txt": (
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
            "wk,1,1,1,1,1,0,0,20260401,20260430\n"
        ),
        "shapes.txt": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns,34.65,135.53,1\ns,34.66,135.54,2\n",
        "feed_info.txt": "feed_publisher_name,feed_start_date,feed_end_date\n市,20260401,20260430\n",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def _at(*times: str) -> bytes:
    return "\n".join(["時刻,乗車,降車", *(f"{time},a,b" for time in times)]).encode()


def _studies(work: Path) -> tuple[Path, Path, dict[str, str]]:
    (work / "s.yaml").write_text(TWO_VARIANTS, encoding="utf-8")
    loaded = api.load(work / "s.yaml")
    plan, city = api.plan_and_city(loaded)
    partial = start(plan, city, work / "study", StudyOptions(), source=loaded.source)
    do_task(partial, Plan.read(partial), city, Task(plan.variants[0], 0))
    kept = work / "kept.partial"
    shutil.copytree(partial, kept)
    finished = resume(work / "study")
    return finished.folder, kept, _said(finished)
