"""Layers that tell from afar: how many people are where, who rides from where to where, what is within reach."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.viz.deck_layers import BENEATH, layer, ref
from twin.viz.packs import DEGREE_STEP, pack_columns, steps_of
from twin.viz.run_view import RunView

#: Side of a square in which people are counted.
DENSITY_CELL_M = 50.0
#: Least people of a square at each of its colours, light to dark.
DENSITY_FROM = (1, 3, 10, 30, 100)
#: To be told apart without hue (cividis, Nunez, Anderton and Renslow 2018).
COLORS = ("#FEE838", "#C8B866", "#8E8978", "#575C6D", "#00224E")
_REACH = "transit_reach"


def reach_pack(run: RunView, origin: tuple[float, float]) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Cells within reach of each cell, on foot and by what the run has: pack and facts; None where it does not say.

    Age groups are taken together by their share among riders.
    """
    table = run.tables.get(_REACH)
    if table is None or not len(table["x_m"]):
        return None, None
    from pyproj import Transformer

    at, which = np.unique(np.column_stack([table["x_m"], table["y_m"]]), axis=0, return_inverse=True)
    weight = table["weight"].astype(np.float64)
    whole = np.bincount(which.ravel(), weights=weight)
    cells = {
        name: np.bincount(which.ravel(), weights=weight * table[column].astype(np.float64)) / whole
        for name, column in (("on_foot", "on_foot"), ("by_public", "by_public"))
    }
    if not all(np.isfinite(values).all() for values in cells.values()):
        return None, None
    lon, lat = Transformer.from_crs(run.crs, "EPSG:4326", always_xy=True).transform(*at.T)
    side_m = float(np.diff(np.unique(at[:, 0])).min()) if len(at) > 1 else 250.0
    top = max(float(cells["by_public"].max()), float(cells["on_foot"].max()), 5.0)
    # The same steps for both, so that the two pictures compare.
    bounds = np.unique(np.rint(np.linspace(0.0, top, len(COLORS) + 1)[1:-1])).tolist()
    pack = {
        "lon": steps_of(np.asarray(lon), origin[0], DEGREE_STEP),
        "lat": steps_of(np.asarray(lat), origin[1], DEGREE_STEP),
        **{name: np.rint(10 * values) for name, values in cells.items()},
    }
    facts = {
        "side_m": side_m,
        "bounds": bounds,
        "colors": list(COLORS[: len(bounds) + 1]),
        "minutes": None if run.reach_within_s is None else round(run.reach_within_s / 60),
    }
    return pack_columns(pack), facts


def flow_layers(origin: tuple[float, float], packs: dict[str, Any], *, on_foot: bool) -> tuple[list[Any], list[Any]]:
    """Layers below who moves (squares of people and of reach, bays), and above (arcs); data come as the clock runs."""
    squares = [*(["density"] if on_foot else []), *(["reach_public", "reach_foot"] if "reach" in packs else [])]
    below = [_squares(name, origin) for name in squares]
    if "bays" in packs:
        below.append(
            layer(
                "SolidPolygonLayer",
                "bays",
                origin,
                data="bays",
                extruded=False,
                get_polygon=ref("polygon"),
                get_fill_color=ref("tone"),
                parameters=BENEATH,
            )
        )
    arcs = layer(
        "ArcLayer",
        "arcs",
        origin,
        data="arcs",
        pickable=True,
        get_source_position=ref("from"),
        get_target_position=ref("to"),
        get_source_color=[0, 114, 178, 200],
        get_target_color=[213, 94, 0, 220],
        get_width=ref("width"),
        width_units="pixels",
        get_height=0.35,
    )
    return below, [arcs] if "rides" in packs else []


def _squares(name: str, origin: tuple[float, float]) -> Any:
    return layer(
        "ColumnLayer",
        name,
        origin,
        data=name,
        disk_resolution=4,
        angle=45,
        extruded=False,
        radius=1,
        pickable=name != "density",
        opacity=0.6,
        parameters=BENEATH,
    )
