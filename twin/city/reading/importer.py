"""From a map to a city: the importer, top to bottom.

map file → raw map (ways, nodes, places) → metres → drive and walk layer → places on them → City with a report
"""

from __future__ import annotations

import gc
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from twin.city.city import City, StreetLayer
from twin.city.keeping.digest import city_digest
from twin.city.reading import road_classes
from twin.city.reading.driving_side import Side, find_side
from twin.city.reading.far_segments import FAR_SEGMENTS, cut_far_segments
from twin.city.reading.kept import edge_places
from twin.city.reading.map_file import open_map
from twin.city.reading.params import CityBuildParams
from twin.city.reading.places import FAR_NODE_M, far_from_node, snap_places
from twin.city.reading.projection import choose_crs, choose_driving_side, middle_deg, project
from twin.city.reading.raw_map import RawMap
from twin.city.reading.scenery_files import lay_scenery, read_scenery_files
from twin.city.reading.scenery_tags import Feature
from twin.city.reading.streets import Ground, build_layer
from twin.city.reading.walk_assumptions import walking_rows
from twin.city.scenery import Scenery
from twin.errors import CityError

Progress = Callable[[str, float], None]

OSM_ATTRIBUTION = "© OpenStreetMap contributors (ODbL 1.0)"
# Streets are our own; some single positions are facts read from these sources, which are owed their names.
SCHEMATIC_ATTRIBUTION = (
    "schematic district authored from public facts; single positions after © OpenStreetMap contributors (ODbL 1.0) "
    "and station_database (CC BY-SA 4.0)"
)
_SCHEMATIC_GENERATOR = "osaka-twin"
#: Lines of the report that doubt something in the map; the rest is counted.
_DOUBTS_SHOWN = 20
_ENDINGS = re.compile(r"(\.(osm|xml|pbf|graphml|json|gz))+$", re.IGNORECASE)


def _silent(_: str, __: float) -> None:
    """Progress nobody watches."""


def build_city(
    source: Path | str,
    *,
    name: str | None = None,
    crs: str | None = None,
    driving_side: str | None = None,
    params: CityBuildParams | None = None,
    progress: Callable[[str, float], None] | None = None,
    scenery: Sequence[Path | str] = (),
) -> City:
    """City from a map file: OSM XML or PBF, an Overpass answer, or an OSMnx GraphML, each also with gzip.

    Parameters
    ----------
    source
        The file; its kind is found by its content.
    name
        Name of the district, first part of every place id; the file's name by default.
    crs
        Projected CRS in metres; by default EPSG:6674 around Osaka, else the UTM zone.
    driving_side
        ``"left"`` or ``"right"``; by default as ways are tagged, else as roads are drawn, else by country.
    params
        Settings of the importer.
    progress
        Called with what is being done and the share that is done.
    scenery
        Files of buildings and road surfaces to lay over those of the map: PLATEAU CityGML or GeoJSON, also with gzip.

    Raises
    ------
    CityError
        If the file is missing, damaged, too large or no map, holds no streets, or a place in it lies far from
        its streets; if nothing tells on which side people drive, or if what does disagrees.
    """
    with _no_search_for_circles():
        return _build_city(Path(source), name, crs, driving_side, params or CityBuildParams(), progress, scenery)


@contextmanager
def _no_search_for_circles() -> Iterator[None]:
    """While a city is built: millions of small objects come and stay, and each search among them takes longer."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _build_city(
    path: Path,
    name: str | None,
    crs: str | None,
    driving_side: str | None,
    params: CityBuildParams,
    progress: Progress | None,
    scenery: Sequence[Path | str],
) -> City:
    watch = progress or _silent
    with open_map(path, params) as file:
        if file.kind == "graphml":
            from twin.city.reading.graph_reader import read_graphml

            raw = read_graphml(file, watch)
        elif file.kind == "json":
            from twin.city.reading.overpass_json import read_overpass

            raw = read_overpass(file, watch)
        elif file.kind == "citygml":
            raise CityError(
                "this is a city model (CityGML): it holds buildings or road surfaces, no streets to drive along",
                where=str(path),
                mend="give a map of streets, and this file beside it: twin city build MAP --scenery FILE",
            )
        else:
            from twin.city.reading.osm_reader import read_osm

            raw = read_osm(file, watch)
    district = name if name is not None else _ENDINGS.sub("", path.name)
    added = read_scenery_files([Path(file) for file in scenery], params, raw.dropped)
    return city_from_raw(
        raw,
        name=district,
        crs=crs,
        driving_side=driving_side,
        params=params,
        progress=watch,
        where=str(path),
        added=added,
    )


def build_from_place(
    place: str,
    *,
    name: str | None = None,
    crs: str | None = None,
    driving_side: str | None = None,
    params: CityBuildParams | None = None,
    progress: Callable[[str, float], None] | None = None,
    cache: Path | None = None,
) -> City:
    """City from a place name, downloaded through OSMnx; other parameters as in :func:`build_city`.

    Parameters
    ----------
    cache
        Folder of answers that OSMnx has kept, which are used without a connection; new ones are kept there.

    Raises
    ------
    CityError
        If there is no connection, or the place is not found or has no streets.
    """
    from twin.city.reading.download import download_place

    watch = progress or _silent
    return city_from_raw(
        download_place(place, watch, cache),
        name=name or place.split(",")[0].strip(),
        crs=crs,
        driving_side=driving_side,
        params=params or CityBuildParams(),
        progress=watch,
        where=place,
    )


def build_from_bbox(
    bbox_deg: tuple[float, float, float, float],
    *,
    name: str = "bbox",
    crs: str | None = None,
    driving_side: str | None = None,
    params: CityBuildParams | None = None,
    progress: Callable[[str, float], None] | None = None,
    cache: Path | None = None,
) -> City:
    """City from a box (west, south, east, north), downloaded through OSMnx; see :func:`build_from_place`.

    Raises
    ------
    CityError
        If the box is empty or turned, if there is no connection, or if no streets lie in it.
    """
    from twin.city.reading.download import download_bbox

    west_deg, south_deg, east_deg, north_deg = bbox_deg
    where = f"west {west_deg}, south {south_deg}, east {east_deg}, north {north_deg}"
    if not (-180 <= west_deg < east_deg <= 180 and -90 <= south_deg < north_deg <= 90):
        raise CityError("the box is no box", where=where, mend="give west, south, east, north in degrees")
    watch = progress or _silent
    return city_from_raw(
        download_bbox(bbox_deg, watch, cache),
        name=name,
        crs=crs,
        driving_side=driving_side,
        params=params or CityBuildParams(),
        progress=watch,
        where=where,
    )


def city_from_raw(
    raw: RawMap,
    *,
    name: str,
    crs: str | None,
    driving_side: str | None,
    params: CityBuildParams,
    progress: Progress,
    where: str,
    added: tuple[Sequence[Feature], tuple[str, ...]] = ((), ()),
) -> City:
    """City from a raw map, wherever it was read from; ``added`` is scenery of other files, and what they are owed.

    Raises
    ------
    CityError
        As :func:`build_city`.
    """
    if not name or re.search(r"[/+\\\x00-\x1f]", name) or name.startswith("."):
        raise CityError(f"{name!r} is no name for a district", mend="leave out / + and \\, and do not begin with a dot")
    if driving_side not in (None, "left", "right"):
        raise CityError(f"driving side {driving_side!r} is unknown", mend="give left or right")
    cut_far_segments(raw, params.longest_segment_m)
    if not raw.ways:
        raise _no_streets(raw, where)
    lon_deg, lat_deg = middle_deg(raw.lon_deg, raw.lat_deg)
    chosen_crs = crs or choose_crs(lon_deg, lat_deg)
    x_m, y_m = project(chosen_crs, raw.lon_deg, raw.lat_deg)
    place_rows = frozenset(place.row for place in raw.places if place.row >= 0)
    ground = Ground(raw, x_m.tolist(), y_m.tolist(), chosen_crs, place_rows, params)
    done: Counter[str] = Counter()
    progress("joining streets for cars", 0.5)
    drive = build_layer(ground, "drive", done)
    progress("joining ways for walkers", 0.7)
    walk = build_layer(ground, "walk", done)
    if drive.link_count == 0 and walk.link_count == 0:
        raise _no_streets(raw, where)
    declared = {place.row for place in raw.places if place.kind == "entry"}
    entries = edge_places(ground.edges, raw.node_id, raw.lon_deg, raw.lat_deg, declared)
    raw.places += entries
    done["drive: nodes where streets leave the map"] = len(ground.edges)
    done["drive: entries of traffic made of them, where larger roads leave"] = len(entries)
    progress("placing stops and stations", 0.9)
    place_x_m, place_y_m = project(
        chosen_crs, [place.lon_deg for place in raw.places], [place.lat_deg for place in raw.places]
    )
    layers = {"drive": drive, "walk": walk}
    places = snap_places(
        raw.places, place_x_m, place_y_m, layers, _street_rows(raw, place_rows), name, params, raw.dropped, raw.marks
    )
    done[f"places more than {FAR_NODE_M:g} m from the node they are given"] = sum(
        far_from_node(place, layers) for place in places
    )
    side = (
        Side(driving_side, "as given", "V")
        if driving_side is not None
        else find_side(raw, ground.x_m, ground.y_m, lon_deg, lat_deg, where)
    )
    schematic = raw.generator.startswith(_SCHEMATIC_GENERATOR)
    scenery = lay_scenery(raw.scenery, added[0], partial(project, chosen_crs), (drive, walk), raw.dropped)
    city = City(
        name=name,
        crs=chosen_crs,
        schematic=schematic,
        attribution=(SCHEMATIC_ATTRIBUTION if schematic else OSM_ATTRIBUTION, *added[1]),
        driving_side=side.side,
        drive=drive,
        walk=walk,
        places=places,
        digest="",
        scenery=scenery,
        marks=raw.marks.close(_assumed_ways(raw)),
        report=_report(raw, done, layers, scenery, side, choose_driving_side(lon_deg, lat_deg) == "left"),
    )
    progress("done", 1.0)
    return replace(city, digest=city_digest(city))


def _street_rows(raw: RawMap, rows: frozenset[int]) -> dict[str, frozenset[int]]:
    """Which of the rows lie on streets of each layer."""
    return {
        layer: frozenset(
            row for way in raw.ways if getattr(way.facts, layer) is not None for row in way.rows if row in rows
        )
        for layer in ("drive", "walk")
    }


def _no_streets(raw: RawMap, where: str) -> CityError:
    found = raw.read["ways with highway"]
    seen = f"{found} ways with highway, none of which hang together for cars or walkers" if found else "no highway"
    far = [f"{count} {what}" for what, count in raw.dropped.items() if what.startswith(FAR_SEGMENTS)]
    seen = "; ".join((seen, *far))
    return CityError(
        f"the map holds no usable streets ({seen})",
        where=where,
        mend="export an area with roads; ways need a highway tag and nodes that are in the file",
    )


def _report(
    raw: RawMap,
    done: Mapping[str, int],
    layers: Mapping[str, StreetLayer],
    scenery: Scenery,
    side: Side,
    in_japan: bool,
) -> dict[str, Any]:
    """What was read, dropped, done and assumed, in plain words with numbers."""
    from twin.city.reading.unlit_shortcuts import find_unlit_shortcuts  # opening a city must not wait for scipy

    kept: dict[str, int] = {}
    for name, layer in layers.items():
        kept[f"{name}: nodes"] = layer.node_count
        kept[f"{name}: links"] = layer.link_count
        kept[f"{name}: nodes with lights"] = int(layer.signal.sum())
    kept.update({f"scenery: {kind.replace('_', ' ')}": count for kind, count in scenery.counts().items()})
    shortcuts = find_unlit_shortcuts(layers["walk"])
    return {
        "read": {key: int(raw.read[key]) for key in sorted(raw.read)},
        "dropped": {key: int(raw.dropped[key]) for key in sorted(raw.dropped) if raw.dropped[key]},
        "done": {key: int(done[key]) for key in sorted(done) if done[key]},
        **({"as_of": raw.as_of} if raw.as_of else {}),
        "not used": raw.unused.report(),
        "warnings": list(raw.warnings),
        "kept": kept,
        "assumed": _assumptions(raw, side, in_japan),
        # Both in words and as numbers: what can be walked around is for people to look at on the map.
        "doubtful": [shortcut.text() for shortcut in shortcuts],
        "unlit_shortcuts": [asdict(shortcut) for shortcut in shortcuts],
    }


def _assumed_ways(raw: RawMap) -> set[tuple[int, str]]:
    """Ways with what is assumed of each, in short words."""
    return {(way.way_id, _short(key)) for way in raw.ways for key in way.facts.assumed}


def _short(key: str) -> str:
    what, _, name = key.partition(":")
    return f"assumed: {what} of {name}" if name else f"assumed: {key}"


def _assumptions(raw: RawMap, side: Side, in_japan: bool) -> dict[str, dict[str, Any]]:
    """Each assumption with its value, the number of ways it touches, source and grade."""
    counts = Counter(key for way in raw.ways for key in way.facts.assumed)
    walkable = sum(way.facts.walk is not None for way in raw.ways)

    def row(what: str, ways: int, value: str, source: str, grade: str) -> dict[str, Any]:
        if not in_japan and source.startswith("Japan"):
            # Another country's law was not looked up; the value is then no more than a guess.
            source, grade = f"as in Japan, not checked here ({source})", "G"
        return {"what": what, "value": value, "ways": ways, "source": source, "grade": grade}

    speeds = [
        row(
            f"free speed of {c.name} without a limit in the map",
            counts[f"speed:{c.name}"],
            f"{c.speed_kmh:g} km/h",
            c.speed_source,
            c.speed_grade,
        )
        for c in road_classes.CLASS_BY_NAME.values()
    ]
    others = [
        row(
            "lanes where the map gives none",
            counts["lanes"],
            "by road class",
            road_classes.LANES_SOURCE,
            road_classes.LANES_GRADE,
        ),
        row(
            "lanes where only other parts of the street have them",
            counts["lanes of street"],
            "their least",
            "the same street in the same map",
            "D",
        ),
        row(
            "clear width for walking where the map gives none",
            counts["width"],
            "by road class",
            road_classes.WIDTH_SOURCE,
            road_classes.WIDTH_GRADE,
        ),
        row(
            "free walking speed",
            walkable,
            f"{road_classes.WALK_SPEED_MPS} m/s; stairs {road_classes.STAIR_SPEED_MPS} m/s",
            f"{road_classes.WALK_SPEED_SOURCE}; {road_classes.STAIR_SPEED_SOURCE}",
            "V",
        ),
        *(row(*words) for words in walking_rows(counts)),
        row(
            "driving side",
            len(raw.ways),
            f"{side.side}, {side.source}",
            "tags of ways, else roads as drawn, else the country",
            side.grade,
        ),
    ]
    return {entry.pop("what"): entry for entry in (*speeds, *others) if entry["ways"]}


def report_lines(city: City) -> Sequence[str]:
    """The report of a city as plain sentences, for people."""
    lines: list[str] = []
    for district, report in city.report.get("districts", {city.name: city.report}).items():
        lines.append(f"{district}:")
        if report.get("as_of"):
            lines.append(f"  state of the map: {report['as_of']}")
        for part in ("read", "done", "dropped", "not used", "kept"):
            lines += [f"  {part}: {count:,} {what}" for what, count in report.get(part, {}).items()]
        lines += [f"  warning: {words}" for words in report.get("warnings", ())]
        lines += [
            f"  assumed: {what}: {row['value']}, {row['ways']:,} ways (grade {row['grade']}: {row['source']})"
            for what, row in report.get("assumed", {}).items()
        ]
        doubts = report.get("doubtful", [])
        lines += [f"  doubtful: {what}" for what in doubts[:_DOUBTS_SHOWN]]
        if len(doubts) > _DOUBTS_SHOWN:
            lines.append(f"  doubtful: {len(doubts) - _DOUBTS_SHOWN:,} more like these; --json lists all")
    return lines
