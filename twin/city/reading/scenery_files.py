"""Scenery from files beside the map: PLATEAU CityGML and GeoJSON, laid over what the map itself has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twin.city.city import StreetLayer
from twin.city.reading.map_file import open_map
from twin.city.reading.params import CityBuildParams
from twin.city.reading.scenery_reader import make_features
from twin.city.reading.scenery_tags import Feature
from twin.city.scenery import Scenery, join_scenery, make_scenery, scenery_arrays, take_ranges
from twin.errors import CityError

#: Scenery this far beyond the streets is not kept.
MARGIN_M = 500.0


def read_scenery_files(
    files: Sequence[Path], params: CityBuildParams, dropped: Counter[str]
) -> tuple[list[Feature], tuple[str, ...]]:
    """Features of all files in degrees, and what their sources are owed.

    Raises
    ------
    CityError
        If a file is missing, damaged, or neither CityGML nor GeoJSON.
    """
    features: list[Feature] = []
    owed: list[str] = []
    for path in files:
        with open_map(path, params) as file:
            if file.kind == "citygml":
                from twin.city.reading.citygml import PLATEAU_ATTRIBUTION, read_citygml

                features += read_citygml(file, dropped)
                owed.append(PLATEAU_ATTRIBUTION)
            elif file.kind == "json":
                from twin.city.reading.geojson import read_geojson

                features += read_geojson(file, dropped)
                owed.append(f"{path.name}: licence as stated by its publisher")
            else:
                raise CityError(
                    "this is a map of streets, not a file of buildings",
                    where=str(path),
                    mend="give CityGML or GeoJSON as scenery; buildings of an OSM map are read with its streets",
                )
    return features, tuple(dict.fromkeys(owed))


def lay_scenery(
    own: Sequence[Feature],
    added: Sequence[Feature],
    to_metres: Callable[[Any, Any], Any],
    layers: Sequence[StreetLayer],
    dropped: Counter[str],
) -> Scenery:
    """Scenery of the map with that of the files over it.

    Buildings of the map that stand where a file has one give way to it: two would stand in one another.

    Raises
    ------
    CityError
        If nothing of the files lies near the streets: they belong to another city.
    """
    base = make_features(own, to_metres, dropped)
    if not added:
        return base
    over = _near_streets(make_features(added, to_metres, dropped), layers, dropped)
    standing = _give_way(base, over)
    dropped["buildings of the map that give way to those of a file"] += base.feature_count - standing.feature_count
    return join_scenery([standing, over])


def _take(scenery: Scenery, rows: np.ndarray) -> Scenery:
    """Some features, in their order."""
    rings = take_ranges(scenery.ring_ptr, rows)
    vertices = take_ranges(scenery.vertex_ptr, rings)
    arrays = scenery_arrays(scenery)
    for name in ("kind", "source_id", "height_m", "base_m", "levels", "roof", "height_source"):
        arrays[name] = arrays[name][rows]
    arrays["ring_role"] = arrays["ring_role"][rings]
    arrays["x_m"], arrays["y_m"] = arrays["x_m"][vertices], arrays["y_m"][vertices]
    for name, kept in (("ring_ptr", rows), ("vertex_ptr", rings)):
        arrays[name] = np.concatenate([[0], np.cumsum(np.diff(arrays[name])[kept])])
    return make_scenery(**arrays)


def _near_streets(scenery: Scenery, layers: Sequence[StreetLayer], dropped: Counter[str]) -> Scenery:
    if not scenery.feature_count:
        return scenery
    x = np.concatenate([layer.x_m for layer in layers])
    y = np.concatenate([layer.y_m for layer in layers])
    first = scenery.vertex_ptr[scenery.ring_ptr[:-1]]
    near = (
        (scenery.x_m[first] > x.min() - MARGIN_M)
        & (scenery.x_m[first] < x.max() + MARGIN_M)
        & (scenery.y_m[first] > y.min() - MARGIN_M)
        & (scenery.y_m[first] < y.max() + MARGIN_M)
    )
    if not near.any():
        away_km = np.hypot(scenery.x_m[first].mean() - x.mean(), scenery.y_m[first].mean() - y.mean()) / 1000
        raise CityError(
            f"the scenery lies {away_km:,.1f} km from the streets: it is of another city",
            mend="give files of the same area as the map",
        )
    dropped[f"features of scenery files more than {MARGIN_M:g} m beyond the streets"] += int((~near).sum())
    return _take(scenery, np.flatnonzero(near))


def _give_way(base: Scenery, over: Scenery) -> Scenery:
    """What of the base stands on no building that lies over it."""
    import shapely

    new = over.rows_of("building")
    old = np.concatenate([base.rows_of("building"), base.rows_of("building_part")])
    if not new.size or not old.size:
        return base
    shapes = [shapely.Polygon(over.rings_of(int(row))[0]) for row in new]
    inner = [shapely.Polygon(base.rings_of(int(row))[0]).representative_point() for row in old]
    hit, _ = shapely.STRtree(shapes).query(inner, predicate="within")
    gone = old[np.unique(hit)]
    return _take(base, np.setdiff1d(np.arange(base.feature_count), gone))
