"""What a picture needs of a finished run, read in one place.

A run folder is taken as it is: it may have been changed, cut short or written by somebody else. Every file
is checked against the manifest, nothing is unpickled, and coordinates must be numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.columns import BODIES, BODY_STATES, TABLES
from twin.errors import RunError
from twin.npz import read_npz
from twin.results.parquet import read_columns
from twin.results.run_folder import Run, file_sha256
from twin.results.sources import source_lines

Columns = Mapping[str, NDArray[np.generic]]

_EPSG = re.compile(r"^EPSG:\d{4,6}$")
_MEND = "copy the run folder anew, or run the scenario again"


#: Tables that a picture tells more from, with the columns it reads; a run of another version may lack one.
TOLD_TABLES: Mapping[str, tuple[str, ...]] = {
    "terminal_visits": (
        *("id", "served_as", "kind", "moves_count", "lane_group", "lane"),
        *("join_s", "gate_start_s", "gate_end_s", "out_s"),
    ),
    "terminal_constants": ("name", "value"),
    "transit_requests": (
        *("id", "van", "from_stop", "to_stop", "party"),
        *("since_s", "pickup_s", "dropoff_s", "promised_dropoff_s"),
    ),
    "transit_stops": ("stop_index", "stop", "name_ja", "name_en"),
    "transit_shifts": ("van", "seats"),
    "pedestrian_links": ("from_s", "link_index", "person_s", "clear_width_m"),
    "transit_reach": ("x_m", "y_m", "age_group", "weight", "on_foot", "by_public"),
    "kerb_pockets": ("pocket", "edge", "first_bay", "bays", "x_m", "y_m"),
    "kerb_stands": ("mode", "bay", "from_s", "to_s"),
    "kerb_edges": ("edge", "link_index"),
}


@dataclass(frozen=True)
class Streets:
    """Shapes of one layer of streets.

    Attributes
    ----------
    vertex_ptr : (m + 1,) int64
        Shape of link i is rows ``vertex_ptr[i]:vertex_ptr[i + 1]`` of the vertices.
    lon_deg, lat_deg : (k,) float64
    lanes : (m,) int64
        Lanes in the direction of the link; 0 on footpaths.
    width_m : (m,) float64 or None
        Clear width of footpaths; None where the run does not say.
    """

    vertex_ptr: NDArray[np.int64]
    lon_deg: Floats
    lat_deg: Floats
    lanes: NDArray[np.int64]
    width_m: Floats | None = None

    @classmethod
    def none(cls) -> Streets:
        """No streets."""
        return cls(np.zeros(1, np.int64), np.empty(0), np.empty(0), np.empty(0, np.int64))


@dataclass(frozen=True)
class Ground:
    """What the map knows of buildings, water, green and railways; f features, r rings, k vertices.

    Attributes
    ----------
    kind : (f,) str
        As in ``twin.city.scenery.SCENERY_KINDS``.
    height_m, base_m : (f,) float64
        Top and foot above the ground; nan where the height is unknown.
    ring_ptr : (f + 1,) int64
    ring_role : (r,) uint8
        0 outer, 1 hole of the outer ring before it, 2 an open line.
    vertex_ptr : (r + 1,) int64
    lon_deg, lat_deg : (k,) float64
    """

    kind: NDArray[np.str_]
    height_m: Floats
    base_m: Floats
    ring_ptr: NDArray[np.int64]
    ring_role: NDArray[np.uint8]
    vertex_ptr: NDArray[np.int64]
    lon_deg: Floats
    lat_deg: Floats

    @classmethod
    def none(cls) -> Ground:
        """A map without any."""
        zero = np.zeros(1, np.int64)
        return cls(
            np.empty(0, np.str_), np.empty(0), np.empty(0), zero, np.empty(0, np.uint8), zero, np.empty(0), np.empty(0)
        )


@dataclass(frozen=True)
class PlaceMark:
    """A place to show, with its names as written on signs."""

    id: str
    kind: str
    name_ja: str
    name_en: str
    lon_deg: float
    lat_deg: float
    capacity: float = float("nan")


@dataclass(frozen=True)
class Traces:
    """Points of sampled bodies, sorted by body, id, trip, time; columns as in ``twin.columns``."""

    body: NDArray[np.uint8]
    id: NDArray[np.uint64]
    trip: NDArray[np.int32]
    time_s: Floats
    lon_deg: Floats
    lat_deg: Floats
    state: NDArray[np.uint8]

    @classmethod
    def none(cls) -> Traces:
        """No points."""
        return cls(
            np.empty(0, np.uint8),
            np.empty(0, np.uint64),
            np.empty(0, np.int32),
            np.empty(0),
            np.empty(0),
            np.empty(0),
            np.empty(0, np.uint8),
        )


@dataclass(frozen=True)
class RunView:
    """One finished run, ready to be drawn; positions in degrees (WGS 84).

    ``traces_share`` is the share of bodies whose path the run recorded; vans are recorded all. ``bodies`` names
    the kinds behind ``traces.body``: those of this installation with its codes, then those only the run knows;
    ``body_states`` are the states as the run has them. ``street_names`` has for ``drive`` and ``walk`` the name of each
    link's street as on signs, empty without one. ``date`` is the calendar day, ISO, empty where the run names none.
    ``crs`` is that of metres in its tables; ``reach_within_s`` the time within which places count as within reach.
    """

    title: Mapping[str, str]
    variant: Mapping[str, str]
    replication: int
    city: str
    schematic: bool
    attribution: tuple[str, ...]
    from_s: float
    to_s: float
    drive: Streets
    walk: Streets
    places: tuple[PlaceMark, ...]
    traces: Traces
    traces_share: float = 1.0
    bodies: tuple[str, ...] = BODIES
    body_states: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: BODY_STATES)
    tables: Mapping[str, Columns] = field(default_factory=dict)
    ground: Ground = field(default_factory=Ground.none)
    driving_side: str = "left"
    date: str = ""
    street_names: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    crs: str = ""
    reach_within_s: float | None = None


def read_run_view(run: Run | Path) -> RunView:
    """Read what a picture needs.

    Parameters
    ----------
    run
        A finished run or its folder; tables it does not have give no layer.

    Raises
    ------
    RunError
        If a file is missing, damaged or holds what no run writes.
    """
    run = Run(run) if isinstance(run, Path) else run
    manifest = run.manifest
    city = _mapping(manifest, "city", run)
    clock = _mapping(manifest, "clock", run)
    crs = str(city.get("crs", ""))
    if not _EPSG.match(crs):
        raise RunError(f"the CRS {crs!r} is not of the form EPSG:6674", where=str(run.folder), mend=_MEND)
    geometry = _read_geometry(run)
    bodies, states = _bodies(manifest)
    tables = {name: _read_table(run, name) for name in ("terminal_queue",) if name in run.tables}
    tables |= _told_tables(run)
    return RunView(
        title=_words(manifest.get("title"), str(manifest.get("name") or run.variant)),
        variant=_words(manifest.get("label"), run.variant),
        replication=run.replication,
        city=str(city.get("name", "")),
        schematic=bool(city.get("schematic", False)),
        attribution=(*(str(line) for line in city.get("attribution", ())), *source_lines(manifest)),
        from_s=_number(clock, "start_s", run),
        to_s=_number(clock, "end_s", run),
        drive=_streets(geometry, "drive", run),
        walk=_streets(geometry, "walk", run),
        places=_read_places(run),
        traces=_read_traces(run, crs, bodies),
        traces_share=_number(manifest, "traces_share", run) if "traces_share" in manifest else 1.0,
        bodies=tuple(bodies),
        body_states=states,
        tables=tables,
        ground=_ground(geometry, run),
        date=_date(manifest),
        driving_side="right" if city.get("driving_side") == "right" else "left",
        street_names={layer: _street_names(geometry, layer) for layer in ("drive", "walk")},
        crs=crs,
        reach_within_s=_reach_within(manifest),
    )


def _bodies(manifest: Mapping[str, Any]) -> tuple[dict[str, int], dict[str, tuple[str, ...]]]:
    """Kinds of bodies with their codes in the run, in the order of this installation; and their states.

    A run of other models, or of models in another order, has other codes. One that does not say has ours.
    """
    said = manifest.get("bodies", {})
    ours = {body: code for code, body in enumerate(BODIES)}
    if not said:
        return ours, dict(BODY_STATES)
    # A kind that is not in the run keeps a code that no row has.
    codes = {body: int(said[body]["code"]) if body in said else -1 for body in (*ours, *said)}
    return codes, {body: tuple(facts["states"]) for body, facts in said.items()}


def _reach_within(manifest: Mapping[str, Any]) -> float | None:
    """Seconds within which the run counted places as within reach; None where it does not say."""
    found: Any = manifest.get("models")
    for key in ("transit", "reach", "within_s"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return float(found) if isinstance(found, int | float) and np.isfinite(found) else None


def _date(manifest: Mapping[str, Any]) -> str:
    """The calendar day of a run, ISO; empty where it has none, or what it says is no date."""
    try:
        return date.fromisoformat(str(manifest.get("date", ""))).isoformat()
    except ValueError:
        return ""


def _mapping(manifest: Mapping[str, Any], key: str, run: Run) -> Mapping[str, Any]:
    found = manifest.get(key)
    if not isinstance(found, Mapping):
        raise RunError(f"the manifest has no {key!r}", where=str(run.folder), mend=_MEND)
    return found


def _number(mapping: Mapping[str, Any], key: str, run: Run) -> float:
    value = mapping.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise RunError(f"{key} is no number, got {value!r}", where=str(run.folder), mend=_MEND)
    return float(value)


def _words(raw: Any, otherwise: str) -> dict[str, str]:
    """Words in both languages, each standing in for the other where one is missing."""
    words = {k: str(v) for k, v in raw.items() if v} if isinstance(raw, Mapping) else {}
    ja, en = words.get("ja"), words.get("en")
    return {"ja": ja or en or otherwise, "en": en or ja or otherwise}


def _vouched(run: Run, relative: str) -> bool:
    """Whether the run has the file; it must be as the manifest says."""
    expected = run.manifest.get("files", {}).get(relative)
    if expected is None:
        return False
    path = run.folder / relative
    if not path.is_file() or file_sha256(path) != expected:
        raise RunError("the file is missing or not as it was written", where=str(path), mend=_MEND)
    return True


def _read_geometry(run: Run) -> dict[str, NDArray[Any]]:
    if not _vouched(run, "geometry.npz"):
        return {}
    path = run.folder / "geometry.npz"
    try:
        return read_npz(path)
    except (OSError, ValueError) as fault:
        raise RunError(f"the street shapes cannot be read: {fault}", where=str(path), mend=_MEND) from fault


def _streets(geometry: Mapping[str, NDArray[Any]], layer: str, run: Run) -> Streets:
    if f"{layer}/vertex_ptr" not in geometry:
        return Streets.none()
    where = f"{run.folder / 'geometry.npz'}, {layer}"
    try:
        ptr = geometry[f"{layer}/vertex_ptr"].astype(np.int64)
        lon = geometry[f"{layer}/vertex_lon_deg"].astype(np.float64)
        lat = geometry[f"{layer}/vertex_lat_deg"].astype(np.float64)
        lanes = geometry.get(f"{layer}/lanes", np.zeros(len(ptr) - 1)).astype(np.int64)
    except (KeyError, ValueError) as fault:
        raise RunError(f"the street shapes lack {fault}", where=where, mend=_MEND) from fault
    ordered = len(ptr) > 0 and ptr[0] == 0 and ptr[-1] == len(lon) and bool(np.all(np.diff(ptr) >= 0))
    if not ordered or len(lat) != len(lon) or len(lanes) != len(ptr) - 1:
        raise RunError("the street shapes do not fit together", where=where, mend=_MEND)
    _need_degrees(lon, lat, where)
    width_m = geometry.get(f"{layer}/width_m")
    if width_m is None or width_m.shape != lanes.shape or width_m.dtype.kind != "f":
        return Streets(ptr, lon, lat, lanes)
    return Streets(ptr, lon, lat, lanes, width_m.astype(np.float64))


def _street_names(geometry: Mapping[str, NDArray[Any]], layer: str) -> NDArray[np.str_]:
    """Name of every link's street; none where the run does not say, or says what does not fit."""
    names, index = geometry.get(f"{layer}/names"), geometry.get(f"{layer}/name_index")
    if names is None or index is None or names.ndim != 1 or index.dtype.kind not in "iu":
        return np.empty(0, np.str_)
    known = (index >= 0) & (index < len(names))
    return np.where(known, names.astype(np.str_)[np.where(known, index, 0)] if len(names) else "", "").astype(np.str_)


def _ground(geometry: Mapping[str, NDArray[Any]], run: Run) -> Ground:
    if "scenery/kind" not in geometry:
        return Ground.none()
    where = f"{run.folder / 'geometry.npz'}, scenery"
    try:
        kinds, kind = geometry["scenery/kinds"].astype(np.str_), geometry["scenery/kind"].astype(np.int64)
        floats = [
            geometry[f"scenery/{name}"].astype(np.float64)
            for name in ("height_m", "base_m", "vertex_lon_deg", "vertex_lat_deg")
        ]
        ring_ptr, vertex_ptr = (geometry[f"scenery/{name}"].astype(np.int64) for name in ("ring_ptr", "vertex_ptr"))
        role = geometry["scenery/ring_role"].astype(np.uint8)
    except (KeyError, ValueError) as fault:
        raise RunError(f"the scenery lacks {fault}", where=where, mend=_MEND) from fault
    height_m, base_m, lon, lat = floats
    fits = len(height_m) == len(base_m) == len(kind) and len(lon) == len(lat) and kinds.ndim == 1
    fits = fits and bool(np.all((kind >= 0) & (kind < len(kinds))))
    for ptr, rows, stop in ((ring_ptr, len(kind), len(role)), (vertex_ptr, len(role), len(lon))):
        fits = fits and len(ptr) == rows + 1 and ptr[0] == 0 and ptr[-1] == stop and bool(np.all(np.diff(ptr) >= 1))
    if not fits:
        raise RunError("the shapes of the scenery do not fit together", where=where, mend=_MEND)
    _need_degrees(lon, lat, where)
    return Ground(kinds[kind], height_m, base_m, ring_ptr, role, vertex_ptr, lon, lat)


def _need_degrees(lon: Floats, lat: Floats, where: str) -> None:
    # Written so that nan fails too. Beyond 85.06 degrees the web's map projection has no picture.
    bad = np.flatnonzero(~((np.abs(lon) <= 180.0) & (np.abs(lat) <= 85.0)))
    if len(bad):
        row = int(bad[0])
        raise RunError(f"row {row} lies nowhere on the map: {lon[row]}, {lat[row]}", where=where, mend=_MEND)


def _read_places(run: Run) -> tuple[PlaceMark, ...]:
    if not _vouched(run, "places.parquet"):
        return ()
    path = run.folder / "places.parquet"
    columns = read_columns(path)
    for name in ("id", "kind", "name_ja", "name_en", "lon_deg", "lat_deg"):
        _column(columns, name, str(path))
    lon, lat = columns["lon_deg"].astype(np.float64), columns["lat_deg"].astype(np.float64)
    _need_degrees(lon, lat, str(path))
    capacity = columns.get("capacity", np.full(len(lon), np.nan)).astype(np.float64)
    words = zip(columns["id"], columns["kind"], columns["name_ja"], columns["name_en"], strict=True)
    return tuple(
        PlaceMark(str(id_), str(kind), str(ja), str(en), float(lon[i]), float(lat[i]), float(capacity[i]))
        for i, (id_, kind, ja, en) in enumerate(words)
    )


def _read_table(run: Run, name: str) -> Columns:
    """A table with every column that is declared for it."""
    table = run.table(name)
    for column in TABLES[name].columns:
        _column(table, column.name, str(run.folder / "tables" / f"{name}.parquet"))
    return table


def _told_tables(run: Run) -> dict[str, Columns]:
    """Tables of ``TOLD_TABLES`` that the run has with every column that is read."""
    found = {name: run.table(name) for name in TOLD_TABLES if name in run.tables}
    return {name: table for name, table in found.items() if all(column in table for column in TOLD_TABLES[name])}


def _column(columns: Columns, name: str, where: str) -> NDArray[Any]:
    if name not in columns:
        raise RunError(f"the table has no column {name!r}", where=where, mend=_MEND)
    return columns[name]


def _read_traces(run: Run, crs: str, bodies: Mapping[str, int]) -> Traces:
    if "traces" not in run.tables:
        return Traces.none()
    from pyproj import Transformer
    from pyproj.exceptions import CRSError

    where = str(run.folder / "tables" / "traces.parquet")
    table = _read_table(run, "traces")
    body, id_, trip, time_s, x_m, y_m, state = (table[column.name] for column in TABLES["traces"].columns)
    body = _our_codes(body, bodies)
    order = np.lexsort((time_s, trip, id_, body))
    try:
        to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except CRSError as fault:
        raise RunError(f"the CRS {crs!r} is unknown", where=str(run.folder), mend=_MEND) from fault
    lon, lat = to_degrees.transform(x_m[order].astype(np.float64), y_m[order].astype(np.float64))
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    _need_degrees(lon, lat, where)
    seconds = time_s[order].astype(np.float64)
    if not np.all(np.isfinite(seconds)):
        raise RunError("a time is no number", where=where, mend=_MEND)
    return Traces(
        body=body[order].astype(np.uint8),
        id=id_[order].astype(np.uint64),
        trip=trip[order].astype(np.int32),
        time_s=seconds,
        lon_deg=lon,
        lat_deg=lat,
        state=state[order].astype(np.uint8),
    )


def _our_codes(body: NDArray[Any], bodies: Mapping[str, int]) -> NDArray[np.uint8]:
    """Places in ``bodies`` instead of the codes of the run; codes that it does not explain come last."""
    known = np.full(256, 255, np.uint8)
    for place, code in enumerate(bodies.values()):
        if code >= 0:
            known[code] = place
    return known[body.astype(np.uint8)]
