"""Shapes of streets in longitude and latitude, for pictures and GIS."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City, StreetLayer


def geometry_arrays(city: City) -> dict[str, NDArray[Any]]:
    """Arrays of every link's shape: ``drive/...`` and ``walk/...``, degrees in float64.

    Returns
    -------
    dict
        ``crs``, and per layer ``vertex_ptr`` (m + 1,), ``vertex_lon_deg``, ``vertex_lat_deg`` (k,),
        ``lanes`` (m,), ``road_class`` (m,), ``name_index`` (m,) and ``names``.
    """
    out: dict[str, NDArray[Any]] = {"crs": np.array(city.crs)}
    for name, layer in (("drive", city.drive), ("walk", city.walk)):
        lon_deg, lat_deg = _degrees(layer, city.crs)
        out[f"{name}/vertex_ptr"] = layer.vertex_ptr
        out[f"{name}/vertex_lon_deg"] = lon_deg
        out[f"{name}/vertex_lat_deg"] = lat_deg
        out[f"{name}/lanes"] = layer.lanes
        out[f"{name}/road_class"] = layer.road_class
        out[f"{name}/name_index"] = layer.name_index
        out[f"{name}/names"] = np.array(layer.names or ("",), np.str_)
    return out


def _degrees(layer: StreetLayer, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from pyproj import Transformer

    if not len(layer.vertex_x_m):
        return np.empty(0), np.empty(0)
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    lon_deg, lat_deg = to_degrees.transform(layer.vertex_x_m, layer.vertex_y_m)
    # 1e-7 degrees is a centimetre; rounding keeps files small and bytes alike.
    return np.round(lon_deg, 7), np.round(lat_deg, 7)
