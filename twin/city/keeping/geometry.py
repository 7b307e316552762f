"""Shapes of streets and scenery in longitude and latitude, for pictures and GIS."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City
from twin.city.scenery import ROOF_SHAPES, SCENERY_KINDS


def geometry_arrays(city: City) -> dict[str, NDArray[Any]]:
    """Arrays of every link's shape: ``drive/...`` and ``walk/...``, and of the scenery, degrees in float64.

    Returns
    -------
    dict
        ``crs``, and per layer ``vertex_ptr`` (m + 1,), ``vertex_lon_deg``, ``vertex_lat_deg`` (k,),
        ``lanes`` (m,), ``road_class`` (m,), ``name_index`` (m,) and ``names``; for the walk layer ``width_m`` (m,)
        float32, clear width, too.

        Only where the map has scenery, with f features, r rings and k vertices:
        ``scenery/kinds`` (names; ``scenery/kind`` (f,) uint8 is an index into it),
        ``scenery/height_m`` (f,) float32, metres above the ground, nan where unknown (draw such a building as low,
        and say so, or leave it flat), ``scenery/base_m`` (f,) float32, where it begins above the ground,
        ``scenery/height_source`` (f,) uint8 (0 unknown, 1 given, 2 storeys of 3 m), ``scenery/roofs`` (names;
        ``scenery/roof`` (f,) uint8 is an index into it), ``scenery/ring_ptr`` (f + 1,) int64: rings of feature i are
        ``ring_ptr[i]:ring_ptr[i + 1]``, ``scenery/ring_role`` (r,) uint8 (0 outer, 1 hole of the outer ring before
        it, 2 an open line), ``scenery/vertex_ptr`` (r + 1,) int64, ``scenery/vertex_lon_deg``,
        ``scenery/vertex_lat_deg`` (k,). Areas are closed, outer rings run against the clock. A building with parts
        (``building_part``) is drawn by its parts where they stand on it.
    """
    out: dict[str, NDArray[Any]] = {"crs": np.array(city.crs)}
    for name, layer in (("drive", city.drive), ("walk", city.walk)):
        lon_deg, lat_deg = _degrees(layer.vertex_x_m, layer.vertex_y_m, city.crs)
        out[f"{name}/vertex_ptr"] = layer.vertex_ptr
        out[f"{name}/vertex_lon_deg"] = lon_deg
        out[f"{name}/vertex_lat_deg"] = lat_deg
        out[f"{name}/lanes"] = layer.lanes
        out[f"{name}/road_class"] = layer.road_class
        out[f"{name}/name_index"] = layer.name_index
        out[f"{name}/names"] = np.array(layer.names or ("",), np.str_)
    out["walk/width_m"] = city.walk.width_m.astype(np.float32)
    scenery = city.scenery
    if scenery.feature_count:
        for name in ("kind", "height_m", "base_m", "height_source", "roof", "ring_ptr", "ring_role", "vertex_ptr"):
            out[f"scenery/{name}"] = getattr(scenery, name)
        lon_deg, lat_deg = _degrees(scenery.x_m, scenery.y_m, city.crs)
        out["scenery/vertex_lon_deg"], out["scenery/vertex_lat_deg"] = lon_deg, lat_deg
        out["scenery/kinds"] = np.array(SCENERY_KINDS, np.str_)
        out["scenery/roofs"] = np.array(ROOF_SHAPES, np.str_)
    return out


def _degrees(
    x_m: NDArray[np.float64], y_m: NDArray[np.float64], crs: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from pyproj import Transformer

    if not len(x_m):
        return np.empty(0), np.empty(0)
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    lon_deg, lat_deg = to_degrees.transform(x_m, y_m)
    # 1e-7 degrees is a centimetre; rounding keeps files small and bytes alike.
    return np.round(lon_deg, 7), np.round(lat_deg, 7)
