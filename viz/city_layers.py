"""Layers of the city that stand still: blocks, water, green, streets with their pavements, rails, buildings, trees."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.viz.blocks import blocks_between
from twin.viz.city_ground import CityGround, footpath_m
from twin.viz.deck_layers import BENEATH, ONCE, layer, ref, rgb
from twin.viz.lanes import LANE_WIDTH_M
from twin.viz.markings import Marks
from twin.viz.packs import DEGREE_STEP, pack_columns, steps_of
from twin.viz.run_view import Streets
from twin.viz.shapes import Frame, Shapes, shapes_pack
from twin.viz.street_pairs import subset


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
    square: bool = False,
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
            cap_rounded=not square,
            joint_rounded=not square,
            get_color=rgb("dark", "marks" if square else "drive_edge" if edge else name),
            parameters=BENEATH,
        )
    )


def add_standing(ground: CityGround, origin: tuple[float, float], packs: dict[str, Any], layers: list[Any]) -> None:
    """Buildings and trees, which hide what lies behind them."""
    if len(ground.buildings):
        add_walls("buildings", ground.buildings, ground.frame, origin, packs, layers)
    if len(ground.containers):
        add_walls("containers", ground.containers, ground.frame, origin, packs, layers)
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


#: Width of each kind of marking; of a zebra, the length of its bars.
_MARK_WIDTH_M = {"dashed": 0.15, "solid": 0.2, "zebra": 4.0}


def add_marks(marks: Marks, frame: Frame, origin: tuple[float, float], packs: dict[str, Any], layers: list[Any]) -> int:
    """Markings on the carriageways; returns how many zebra crossings there are."""
    for kind, width_m in _MARK_WIDTH_M.items():
        lines = getattr(marks, kind)
        if not len(lines):
            continue
        corners, owner = shapely.get_coordinates(lines, return_index=True)
        degrees = frame.degrees(corners)
        ptr = np.searchsorted(owner, np.arange(len(lines) + 1)).astype(np.int64)
        streets = Streets(ptr, degrees[:, 0], degrees[:, 1], np.zeros(len(lines), np.int64))
        _add_paths(f"marks_{kind}", streets, np.full(len(lines), width_m), 0.0, origin, packs, layers, square=True)
    return len(marks.zebra)


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
