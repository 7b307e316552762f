"""Layers of the city that stand still: blocks, water, green, streets with their pavements, rails, buildings, trees."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.viz.blocks import blocks_between
from twin.viz.city_ground import CityGround, footpath_m
from twin.viz.deck_layers import BENEATH, ONCE, layer, ref, rgb
from twin.viz.packs import DEGREE_STEP, pack_columns, steps_of
from twin.viz.run_view import Streets
from twin.viz.shapes import Frame, Shapes, shapes_pack

#: Width of a lane in the picture: 3.25 m, the usual urban lane of the Japanese road structure ordinance.
LANE_WIDTH_M = 3.25


def add_blocks(drive: Streets, origin: tuple[float, float], packs: dict[str, Any], layers: list[Any]) -> dict[str, int]:
    """Ground between streets; returns how many blocks are shown and found."""
    blocks = blocks_between(drive, lane_width_m=LANE_WIDTH_M)
    shown = len(blocks.vertex_ptr) - 1
    if shown:
        packs["blocks"] = pack_columns(
            {
                "start": blocks.vertex_ptr,
                "lon": steps_of(blocks.lon_deg, origin[0], DEGREE_STEP),
                "lat": steps_of(blocks.lat_deg, origin[1], DEGREE_STEP),
            }
        )
        layers.append(
            layer(
                "SolidPolygonLayer",
                "blocks",
                origin,
                data="blocks",
                _normalize=False,
                position_format="XY",
                extruded=False,
                get_fill_color=rgb("dark", "blocks"),
                parameters=BENEATH,
            )
        )
    return {"shown": shown, "found": blocks.found_count}


def add_land(
    frame: Frame, reach_m: float, origin: tuple[float, float], packs: dict[str, Any], layers: list[Any]
) -> None:
    """Bare ground under and around everything, so that the city does not hang in the sky."""
    packs["land"] = shapes_pack(Shapes.flat([shapely.box(-reach_m, -reach_m, reach_m, reach_m)]), frame, origin)
    layers.append(_area_layer("land", origin))


def _area_layer(name: str, origin: tuple[float, float]) -> Any:
    return layer(
        "SolidPolygonLayer",
        name,
        origin,
        data=name,
        extruded=False,
        get_polygon=ref("polygon"),
        get_fill_color=rgb("dark", "ground" if name == "land" else name),
        parameters=BENEATH,
    )


def add_ground(ground: CityGround, origin: tuple[float, float], packs: dict[str, Any], layers: list[Any]) -> None:
    """Water, green and paved ground, below the streets; rails."""
    for name in ("green", "water", "paved"):
        shapes = getattr(ground, name)
        if not len(shapes):
            continue
        packs[name] = shapes_pack(shapes, ground.frame, origin)
        layers.append(_area_layer(name, origin))
    if len(ground.rails.lanes):
        _add_paths("rails", ground.rails, np.full(len(ground.rails.lanes), 3.0), 0.8, origin, packs, layers)


def add_streets(
    drive: Streets, walk: Streets, origin: tuple[float, float], packs: dict[str, Any], layers: list[Any]
) -> None:
    """Pavements and carriageways at their widths, each street once; kerbs first, so that junctions stay open."""
    # Streets of more than two lanes in all read as the frame of the map, the rest as its filling.
    major = drive.lanes > 2
    both = (("drive_minor", subset(drive, ~major), 0.7), ("drive_major", subset(drive, major), 1.4))
    if len(walk.lanes):
        _add_paths("walk", walk, footpath_m(walk), 0.3, origin, packs, layers)
    for name, streets, _ in both:
        if len(streets.lanes):
            _add_paths(name, streets, _carriageway_m(streets) + 1.0, 0.0, origin, packs, layers, edge=True)
    for name, streets, least_px in both:
        if len(streets.lanes):
            _add_paths(name, streets, _carriageway_m(streets), least_px, origin, packs, layers)


def _carriageway_m(streets: Streets) -> NDArray[np.float64]:
    return np.asarray(np.clip(streets.lanes, 1, 12) * LANE_WIDTH_M, np.float64)


def _add_paths(
    name: str,
    streets: Streets,
    width_m: NDArray[np.float64],
    least_px: float,
    origin: tuple[float, float],
    packs: dict[str, Any],
    layers: list[Any],
    *,
    edge: bool = False,
) -> None:
    key = f"edge_{name}" if edge else name
    packs[key] = pack_columns(
        {
            "start": streets.vertex_ptr,
            "lanes": streets.lanes,
            "width_cm": np.rint(width_m * 100),
            "lon": steps_of(streets.lon_deg, origin[0], DEGREE_STEP),
            "lat": steps_of(streets.lat_deg, origin[1], DEGREE_STEP),
        }
    )
    layers.append(
        layer(
            "PathLayer",
            key,
            origin,
            data=key,
            _path_type="open",
            position_format="XY",
            width_units="meters",
            width_min_pixels=least_px,
            cap_rounded=True,
            joint_rounded=True,
            get_color=rgb("dark", "drive_edge" if edge else name),
            parameters=BENEATH,
        )
    )


def add_standing(ground: CityGround, origin: tuple[float, float], packs: dict[str, Any], layers: list[Any]) -> None:
    """Buildings and trees, which hide what lies behind them."""
    if len(ground.buildings):
        add_walls("buildings", ground.buildings, ground.frame, origin, packs, layers)
    if len(ground.trees):
        packs["trees"] = pack_columns(
            {
                "lon": steps_of(ground.trees[:, 0], origin[0], DEGREE_STEP),
                "lat": steps_of(ground.trees[:, 1], origin[1], DEGREE_STEP),
            }
        )
        layers.append(
            layer(
                "SimpleMeshLayer",
                "trees",
                origin,
                data="trees",
                mesh=ref("mesh_tree"),
                get_orientation=[0, 0, 0],
                get_color=rgb("dark", "trees"),
                size_scale=1,
            )
        )


def add_walls(
    name: str, shapes: Shapes, frame: Frame, origin: tuple[float, float], packs: dict[str, Any], layers: list[Any]
) -> None:
    """Raised shapes, and before them their shadows, which the page moves with the sun."""
    packs[name] = shapes_pack(shapes, frame, origin)
    raised = {"extruded": True, "get_polygon": ref("polygon"), "get_elevation": ref("height")}
    cast = layer(
        "SolidPolygonLayer", f"cast_{name}", origin, data=name, parameters=ONCE, get_fill_color=[0, 0, 0], **raised
    )
    layers += [cast, layer("SolidPolygonLayer", name, origin, data=name, get_fill_color=ref("tone"), **raised)]


def one_of_each_pair(streets: Streets) -> Streets:
    """Two-way streets once, with the lanes of both directions together."""
    ptr, count = streets.vertex_ptr, np.diff(streets.vertex_ptr)
    kept = count >= 2
    if not kept.any():
        return Streets.none()
    first, last = ptr[:-1][kept], ptr[1:][kept] - 1
    lon, lat = steps_of(streets.lon_deg, 0.0, DEGREE_STEP), steps_of(streets.lat_deg, 0.0, DEGREE_STEP)
    turned = (lon[first] > lon[last]) | ((lon[first] == lon[last]) & (lat[first] > lat[last]))
    low, high = np.where(turned, last, first), np.where(turned, first, last)
    # Ends, number of vertices and the sum of both coordinates tell one shape from another.
    total_lon, total_lat = _sums(lon, ptr)[kept], _sums(lat, ptr)[kept]
    key = np.stack([lon[low], lat[low], lon[high], lat[high], count[kept], total_lon, total_lat], axis=1)
    _, chosen, group = np.unique(key, axis=0, return_index=True, return_inverse=True)
    lanes = np.bincount(group.ravel(), weights=streets.lanes[kept]).astype(np.int64)
    order = np.argsort(chosen)
    mask = np.zeros(len(count), np.bool_)
    mask[np.flatnonzero(kept)[chosen]] = True
    single = subset(streets, mask)
    return Streets(single.vertex_ptr, single.lon_deg, single.lat_deg, lanes[order], single.width_m)


def _sums(values: NDArray[np.int64], ptr: NDArray[np.int64]) -> NDArray[np.int64]:
    running = np.concatenate([[0], np.cumsum(values)])
    return running[ptr[1:]] - running[ptr[:-1]]


def subset(streets: Streets, mask: NDArray[np.bool_]) -> Streets:
    """Some of the streets."""
    count = np.diff(streets.vertex_ptr)
    vertex = np.repeat(mask, count)
    ptr = np.concatenate([[0], np.cumsum(count[mask])]).astype(np.int64)
    width_m = None if streets.width_m is None else streets.width_m[mask]
    return Streets(ptr, streets.lon_deg[vertex], streets.lat_deg[vertex], streets.lanes[mask], width_m)
