"""Layers of a run as GeoDataFrames in the city's own metres (in Osaka EPSG:6674), for notebooks and QGIS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.columns import TABLES
from twin.errors import RunError
from twin.results.run_folder import Run
from twin.viz.run_view import RunView, Streets, read_run_view

if TYPE_CHECKING:
    import geopandas as gpd

_GEOMETRY = ("drive", "walk", "places", "scenery", "trips")
#: Tables by link, by the layer of streets that their model's observables name.
_LINK, _X, _Y = "link_index", "x_m", "y_m"


def layer_of(run: Run, name: str) -> gpd.GeoDataFrame:
    """One layer of a run.

    Parameters
    ----------
    run
        A finished run.
    name
        ``drive`` and ``walk`` (a line per link, by ``link_index``), ``places`` (points), ``scenery`` (areas and
        lines of the map), ``trips`` (a line per recorded trip, from second to second), or a table of the run
        that names links or positions: its rows with their geometry.

    Returns
    -------
    geopandas.GeoDataFrame
        In the CRS of the city, metres.

    Raises
    ------
    RunError
        If the run has no such layer, or is damaged.
    """
    import geopandas as gpd

    seen = read_run_view(run)
    where = _to_metres(str(run.manifest["city"]["crs"]))
    if name in ("drive", "walk"):
        columns, shapes = _streets(seen, name, where)
    elif name == "places":
        columns, shapes = _places(seen, where)
    elif name == "scenery":
        columns, shapes = _scenery(seen, where)
    elif name == "trips":
        columns, shapes = _trips(run, seen)
    else:
        columns, shapes = _table(run, seen, name, where)
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=str(run.manifest["city"]["crs"]))


def layers_of(run: Run) -> list[str]:
    """Names of the layers that a run may have."""
    return [*_GEOMETRY, *(name for name in run.tables if _placed(name))]


def _to_metres(crs: str) -> Any:
    from pyproj import Transformer

    return Transformer.from_crs("EPSG:4326", crs, always_xy=True)


def _lines(ptr: NDArray[np.int64], x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.object_]:
    import shapely

    points = np.stack([x, y], axis=1)
    owner = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
    return np.asarray(shapely.linestrings(points, indices=owner), dtype=object)


def _link_lines(streets: Streets, where: Any) -> NDArray[np.object_]:
    x, y = where.transform(streets.lon_deg, streets.lat_deg)
    return _lines(streets.vertex_ptr, np.asarray(x), np.asarray(y))


def _streets(seen: RunView, layer: str, where: Any) -> tuple[dict[str, Any], NDArray[np.object_]]:
    streets = seen.drive if layer == "drive" else seen.walk
    count = len(streets.lanes)
    names = seen.street_names.get(layer, np.empty(0, np.str_))
    columns: dict[str, Any] = {_LINK: np.arange(count), "lanes": streets.lanes}
    if len(names) == count:
        columns["street"] = names.astype(object)
    if streets.width_m is not None:
        columns["width_m"] = streets.width_m
    return columns, _link_lines(streets, where)


def _places(seen: RunView, where: Any) -> tuple[dict[str, Any], NDArray[np.object_]]:
    import shapely

    places = seen.places
    x, y = where.transform([p.lon_deg for p in places], [p.lat_deg for p in places])
    columns = {key: [getattr(p, key) for p in places] for key in ("id", "kind", "name_ja", "name_en", "capacity")}
    points: NDArray[np.object_] = np.asarray(shapely.points(x, y), dtype=object)
    return columns, points


def _scenery(seen: RunView, where: Any) -> tuple[dict[str, Any], NDArray[np.object_]]:
    """Areas with their holes; open lines as lines."""
    import shapely

    ground = seen.ground
    x, y = where.transform(ground.lon_deg, ground.lat_deg)
    corners = np.stack([np.asarray(x), np.asarray(y)], axis=1)
    shapes = np.empty(len(ground.kind), dtype=object)
    for feature in range(len(ground.kind)):
        rings = range(int(ground.ring_ptr[feature]), int(ground.ring_ptr[feature + 1]))
        shapes[feature] = _feature(
            [(int(ground.ring_role[r]), corners[ground.vertex_ptr[r] : ground.vertex_ptr[r + 1]]) for r in rings],
            shapely,
        )
    columns = {"kind": ground.kind.astype(object), "height_m": ground.height_m, "base_m": ground.base_m}
    return columns, shapes


def _feature(rings: list[tuple[int, NDArray[Any]]], shapely: Any) -> Any:
    outers: list[tuple[Any, list[Any]]] = []
    lines = []
    for role, points in rings:
        if role == 2 or len(points) < 4:
            lines.append(shapely.LineString(points) if len(points) > 1 else shapely.Point(points[0]))
        elif role == 1 and outers:
            outers[-1][1].append(points)
        else:
            outers.append((points, []))
    parts = [shapely.Polygon(outer, holes) for outer, holes in outers] + lines
    return parts[0] if len(parts) == 1 else shapely.GeometryCollection(parts)


def _trips(run: Run, seen: RunView) -> tuple[dict[str, Any], NDArray[np.object_]]:
    if "traces" not in run.tables:
        raise _no_layer(run, "trips")
    traces = run.table("traces")
    key = np.stack([traces[name].astype(np.uint64) for name in ("body", "id", "trip")], axis=1)
    starts = np.concatenate([[0], np.flatnonzero(np.any(key[1:] != key[:-1], axis=1)) + 1, [len(key)]])
    # A trip of one point has no line.
    kept = np.flatnonzero(np.diff(starts) > 1)
    first, last = starts[:-1][kept], starts[1:][kept] - 1
    rows = np.concatenate([np.arange(a, b + 1) for a, b in zip(first, last, strict=True)] or [np.empty(0, np.int64)])
    ptr = np.concatenate([[0], np.cumsum(last - first + 1)])
    code = {int(facts["code"]): body for body, facts in run.manifest.get("bodies", {}).items()}
    bodies = [
        code.get(int(b), seen.bodies[int(b)] if int(b) < len(seen.bodies) else str(b)) for b in traces["body"][first]
    ]
    columns = {
        "body": bodies,
        "id": traces["id"][first],
        "trip": traces["trip"][first],
        "from_s": traces["time_s"][first],
        "to_s": traces["time_s"][last],
    }
    return columns, _lines(ptr, traces[_X][rows].astype(np.float64), traces[_Y][rows].astype(np.float64))


def _placed(name: str) -> bool:
    """Whether a table says of its rows where they are."""
    known = {column.name for column in TABLES[name].columns} if name in TABLES else set()
    return name != "traces" and ((_LINK in known and bool(_layer_of_links(name))) or {_X, _Y} <= known)


def _layer_of_links(name: str) -> str:
    """Layer whose rows a table means by ``link_index``: as its description of the column says."""
    meanings = [column.meaning for column in TABLES[name].columns if column.name == _LINK]
    return next(
        (layer for layer in ("drive", "walk") for meaning in meanings if f"in the {layer} layer" in meaning), ""
    )


def _table(run: Run, seen: RunView, name: str, where: Any) -> tuple[dict[str, Any], NDArray[np.object_]]:
    import shapely

    if name not in run.tables or not _placed(name):
        raise _no_layer(run, name)
    table = {
        key: values.astype(object) if values.dtype.kind == "U" else values for key, values in run.table(name).items()
    }
    if _LINK not in table:
        points: NDArray[np.object_] = np.asarray(
            shapely.points(table[_X].astype(float), table[_Y].astype(float)), object
        )
        return table, points
    lines = _link_lines(seen.drive if _layer_of_links(name) == "drive" else seen.walk, where)
    link = table[_LINK].astype(np.int64)
    if len(link) and not (link.min() >= 0 and link.max() < len(lines)):
        raise RunError(
            f"the table {name!r} names a link that the run's map does not have",
            where=str(run.folder),
            mend="copy the run folder anew, or run the scenario again",
        )
    return table, lines[link]


def _no_layer(run: Run, name: str) -> RunError:
    return RunError(
        f"there is no layer {name!r}", where=str(run.folder), mend=f"layers here: {', '.join(layers_of(run))}"
    )
