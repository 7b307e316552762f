"""Layers that tell: service of footpaths, columns of those who wait or stay, the way of one who is followed."""

from __future__ import annotations

from typing import Any

from twin.viz.deck_layers import BENEATH, ON_TOP, layer, ref


def reading_layers(origin: tuple[float, float], with_service: bool) -> tuple[list[Any], list[Any]]:
    """Layers whose data the page makes as the clock runs: those below who moves, and those above."""
    service = layer(
        "PathLayer",
        "service",
        origin,
        data="service",
        _path_type="open",
        position_format="XY",
        width_units="meters",
        width_min_pixels=2.5,
        cap_rounded=True,
        parameters=BENEATH,
    )
    columns = layer(
        "ColumnLayer",
        "columns",
        origin,
        data="columns",
        pickable=True,
        disk_resolution=12,
        radius=4,
        extruded=True,
        get_position=ref("at"),
        get_elevation=ref("height"),
        get_fill_color=ref("tone"),
        material={"ambient": 0.75, "diffuse": 0.4, "shininess": 8, "specularColor": [30, 30, 30]},
    )
    way = layer(
        "PathLayer",
        "way",
        origin,
        data="way",
        get_path=ref("path"),
        get_color=[0, 114, 178, 210],
        width_units="pixels",
        get_width=4,
        cap_rounded=True,
        joint_rounded=True,
        parameters=BENEATH,
    )
    ring = layer(
        "ScatterplotLayer",
        "ring",
        origin,
        data="ring",
        get_position=ref("at"),
        radius_units="pixels",
        get_radius=15,
        filled=False,
        stroked=True,
        line_width_units="pixels",
        get_line_width=4,
        get_line_color=[0, 114, 178],
        billboard=True,
        parameters=ON_TOP,
    )
    return [*([service] if with_service else []), way], [columns, ring]
