"""From a run to layers: what is drawn, in which order, from which pack.

pydeck states the layers; their data stand beside them as packs, named by ``@@#name`` in the statement. No
word of the user's ever enters the statement, because strings in it may be read as expressions.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.viz.blocks import blocks_between
from twin.viz.packs import DEGREE_STEP, SECOND_STEP, pack_columns, steps_of
from twin.viz.palette import QUEUE, SCENE_THEMES, look_of, look_of_body, rgb_of
from twin.viz.queue_line import queue_pack
from twin.viz.run_view import PlaceMark, RunView, Streets
from twin.viz.trips import sampled_trips, standing_between_drives, trip_starts, trips_pack

#: Points of paths in one page; beyond, whole trips are left out by their id. About what a browser carries.
POINT_BUDGET = 1_000_000
#: Width of a lane in the picture: 3.25 m, the usual urban lane of the Japanese road structure ordinance.
LANE_WIDTH_M = 3.25
#: Blocks are slabs: high enough to have an edge, too low to be taken for buildings.
BLOCK_HEIGHT_M = 6.0
#: Words for districts by the first part of their places' ids; others are shown by that part itself.
DISTRICT_NAMES: dict[str, tuple[str, str]] = {
    "osaka_midosuji": ("御堂筋", "Midosuji"),
    "osaka_ikuno": ("生野", "Ikuno"),
    "osaka_hirano": ("平野", "Hirano"),
    "osaka_ikuno_hirano": ("生野・平野", "Ikuno and Hirano"),
    "osaka_yumeshima": ("夢洲", "Yumeshima"),
}
#: Marks of the models, not things in the street: centres of zones, and where traffic enters the map.
_UNSEEN_KINDS = frozenset({"zone", "entry"})
#: Dots face the eye: their lower half would otherwise sink into the streets they stand on.
_ON_TOP = {"depthCompare": "always"}
#: Blocks hide nothing: what is drawn after them lies above, though they stand higher than the street.
_BENEATH = {"depthWriteEnabled": False}
#: Smallest side of a camera's frame, so that a single place does not fill the screen.
_MIN_FRAME_DEG = 0.004


@dataclass(frozen=True)
class SceneParts:
    """Everything the page needs, ready for JSON.

    Attributes
    ----------
    spec
        Layers as pydeck states them.
    packs
        Data of the layers, by name.
    facts
        Words, colours, places, cameras: text for people, never read as anything else.
    """

    spec: dict[str, Any]
    packs: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


def build_scene(run: RunView, *, point_budget: int = POINT_BUDGET) -> SceneParts:
    """Lay out a run.

    Parameters
    ----------
    run
        The run to draw.
    point_budget
        Most points of paths the page may carry; the share of trips kept is stated in the facts.
    """
    origin = _origin_of(run)
    packs: dict[str, Any] = {}
    layers: list[Any] = []
    drive = _one_of_each_pair(run.drive)
    blocks = _add_blocks(drive, origin, packs, layers)
    _add_streets(drive, _one_of_each_pair(run.walk), origin, packs, layers)
    if any(place.kind not in _UNSEEN_KINDS for place in run.places):
        layers.append(_places_layer(origin))
    queue = queue_pack(run)
    line, column = _queue_layers()
    if queue is not None:
        packs["queue"] = queue.pop("pack")
        layers.append(line)
    bodies = _add_bodies(run, origin, point_budget, packs, layers)
    if queue is not None:
        layers.append(column)
    return SceneParts(_deck_spec(layers, origin), packs, _facts(run, origin, bodies, queue, blocks))


def _facts(
    run: RunView, origin: tuple[float, float], bodies: list[dict[str, Any]], queue: dict[str, Any] | None,
    blocks: dict[str, int],
) -> dict[str, Any]:
    last_s = float(run.traces.time_s.max()) if len(run.traces.time_s) else run.to_s
    return {
        "title": dict(run.title), "variant": dict(run.variant), "replication": run.replication,
        "city": _city_words(run.city),
        "schematic": run.schematic, "attribution": list(run.attribution),
        "clock": {"from_s": run.from_s, "to_s": max(run.to_s, last_s)},
        "origin": list(origin), "degree_step": DEGREE_STEP, "second_step": SECOND_STEP,
        "lane_width_m": LANE_WIDTH_M,
        "bodies": bodies, "queue": queue, "blocks": blocks, "traces_share": run.traces_share,
        "places": [_place_fact(place) for place in run.places if place.kind not in _UNSEEN_KINDS],
        "cameras": _cameras(run), "themes": SCENE_THEMES,
    }


def _origin_of(run: RunView) -> tuple[float, float]:
    """Middle of everything drawn: offsets from it are small, so that 32-bit floats are exact to millimetres."""
    west, south, east, north = _bounds_of_run(run)
    return round((west + east) / 2, 4), round((south + north) / 2, 4)


def _bounds_of_run(run: RunView) -> tuple[float, float, float, float]:
    places_lon = np.array([p.lon_deg for p in run.places])
    places_lat = np.array([p.lat_deg for p in run.places])
    lon = np.concatenate([run.drive.lon_deg, run.walk.lon_deg, run.traces.lon_deg, places_lon])
    lat = np.concatenate([run.drive.lat_deg, run.walk.lat_deg, run.traces.lat_deg, places_lat])
    if not len(lon):
        # An empty city still opens; Osaka's city hall is as good a middle as any.
        return 135.50, 34.69, 135.51, 34.70
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


# Streets ----------------------------------------------------------------------------------------------


def _add_blocks(
    drive: Streets, origin: tuple[float, float], packs: dict[str, Any], layers: list[Any]
) -> dict[str, int]:
    blocks = blocks_between(drive, lane_width_m=LANE_WIDTH_M)
    shown = len(blocks.vertex_ptr) - 1
    if shown:
        packs["blocks"] = pack_columns({
            "start": blocks.vertex_ptr,
            "lon": steps_of(blocks.lon_deg, origin[0], DEGREE_STEP),
            "lat": steps_of(blocks.lat_deg, origin[1], DEGREE_STEP),
        })
        layers.append(_layer(
            "SolidPolygonLayer", "blocks", origin, data="blocks", _normalize=False, position_format="XY",
            extruded=True, get_elevation=BLOCK_HEIGHT_M, get_fill_color=_rgb("dark", "blocks"), parameters=_BENEATH,
        ))
    return {"shown": shown, "found": blocks.found_count}


def _add_streets(
    drive: Streets, walk: Streets, origin: tuple[float, float], packs: dict[str, Any], layers: list[Any]
) -> None:
    # Streets of more than two lanes in all read as the frame of the map, the rest as its filling.
    major = drive.lanes > 2
    for name, streets, min_px, max_px in (
        ("walk", walk, 0.8, 3), ("drive_minor", _subset(drive, ~major), 1, 40),
        ("drive_major", _subset(drive, major), 1.6, 60),
    ):
        if not len(streets.lanes):
            continue
        packs[name] = pack_columns({
            "start": streets.vertex_ptr, "lanes": streets.lanes,
            "lon": steps_of(streets.lon_deg, origin[0], DEGREE_STEP),
            "lat": steps_of(streets.lat_deg, origin[1], DEGREE_STEP),
        })
        layers.append(_layer(
            "PathLayer", name, origin, data=name, _path_type="open", position_format="XY", width_units="meters",
            width_min_pixels=min_px, width_max_pixels=max_px, cap_rounded=True, joint_rounded=True,
            get_color=_rgb("dark", name),
        ))


def _one_of_each_pair(streets: Streets) -> Streets:
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
    single = _subset(streets, mask)
    return Streets(single.vertex_ptr, single.lon_deg, single.lat_deg, lanes[order])


def _sums(values: NDArray[np.int64], ptr: NDArray[np.int64]) -> NDArray[np.int64]:
    running = np.concatenate([[0], np.cumsum(values)])
    return running[ptr[1:]] - running[ptr[:-1]]


def _subset(streets: Streets, mask: NDArray[np.bool_]) -> Streets:
    count = np.diff(streets.vertex_ptr)
    vertex = np.repeat(mask, count)
    ptr = np.concatenate([[0], np.cumsum(count[mask])]).astype(np.int64)
    return Streets(ptr, streets.lon_deg[vertex], streets.lat_deg[vertex], streets.lanes[mask])


# Bodies -----------------------------------------------------------------------------------------------


def _add_bodies(
    run: RunView, origin: tuple[float, float], point_budget: int, packs: dict[str, Any], layers: list[Any]
) -> list[dict[str, Any]]:
    traces = standing_between_drives(run.traces)
    starts = trip_starts(traces)
    keep = sampled_trips(traces, starts, point_budget)
    facts: list[dict[str, Any]] = []
    for body in np.unique(traces.body):
        name, look = look_of_body(int(body), run.bodies)
        of_body = traces.body[starts[:-1]] == body
        pack, trips = trips_pack(traces, starts, of_body & keep, origin, run.from_s)
        if not trips:
            continue
        key = f"trips_{len(facts)}"
        packs[key] = pack
        layers.extend(_body_layers(key, look.size_m, look.trail_s, origin))
        states = np.unique(traces.state[traces.body == body])
        meanings = {int(s): look_of(name, int(s), run.body_states) for s in range(int(states.max()) + 1)}
        facts.append({
            "key": key, "name": name, "ja": look.ja, "en": look.en, "size_m": look.size_m,
            "trips": trips, "trips_in_run": int(of_body.sum()),
            "states": [{"ja": m.ja, "en": m.en, "color": m.color} for m in meanings.values()],
        })
    return facts


def _body_layers(
    key: str, size_m: tuple[float, float, float] | None, trail_s: float, origin: tuple[float, float]
) -> list[Any]:
    trail = _layer(
        "TripsLayer", f"trail_{key}", origin, data=key, _path_type="open", position_format="XY",
        current_time=0, trail_length=trail_s, fade_trail=True, width_units="meters",
        get_width=3 if size_m else 1.5, width_min_pixels=2.2 if size_m else 1.4, width_max_pixels=6,
        cap_rounded=True, joint_rounded=True, opacity=0.7,
    )
    heads = f"heads_{key}"
    if size_m is None:
        dot = _layer(
            "ScatterplotLayer", heads, origin, data=heads, pickable=True, radius_units="meters", get_radius=1.2,
            radius_min_pixels=3.4, radius_max_pixels=8, stroked=True, line_width_units="pixels",
            get_line_width=1, get_line_color=_rgb("dark", "head_edge"), billboard=True, parameters=_ON_TOP,
        )
        return [trail, dot]
    box = _layer(
        "SimpleMeshLayer", heads, origin, data=heads, pickable=True, mesh=_ref(f"box_{key}"),
        get_orientation=_ref("yaw"), size_scale=1,
        material={"ambient": 0.75, "diffuse": 0.5, "shininess": 20, "specularColor": [60, 60, 60]},
    )
    return [trail, box]


def _queue_layers() -> tuple[Any, Any]:
    """The line on the road, to lie below the trucks, and the column at the gate, to stand above them."""
    import pydeck

    color = list(rgb_of(QUEUE.color))
    # The line's geometry changes with the clock, so that its positions are whole degrees, not packed offsets.
    line = pydeck.Layer(
        "PathLayer", _ref_text("queue_path"), id="queue_path", get_color=color, get_width=5, get_path="path",
        width_units=_word("meters"), width_min_pixels=5, cap_rounded=True, joint_rounded=True, opacity=0.9,
    )
    column = pydeck.Layer(
        "ColumnLayer", _ref_text("queue_column"), id="queue_column", get_fill_color=color, get_position="position",
        get_elevation="height", radius=6, disk_resolution=24, extruded=True, opacity=0.85, pickable=True,
    )
    return line, column


# pydeck -----------------------------------------------------------------------------------------------


def _ref_text(name: str) -> str:
    return f"@@#{name}"


def _word(text: str) -> Any:
    """A plain word for pydeck, which takes every other string for an expression."""
    import pydeck

    return pydeck.types.String(text)


def _ref(name: str) -> Any:
    return _word(_ref_text(name))


def _layer(kind: str, layer_id: str, origin: tuple[float, float], *, data: str, **props: Any) -> Any:
    """One pydeck layer whose positions are degrees from the origin."""
    import pydeck

    words = {name: _word(value) if isinstance(value, str) else value for name, value in props.items()}
    return pydeck.Layer(
        kind, _ref_text(data), id=layer_id, coordinate_system=_word("lnglat-offsets"),
        coordinate_origin=[origin[0], origin[1], 0], **words,
    )


def _deck_spec(layers: list[Any], origin: tuple[float, float]) -> dict[str, Any]:
    import pydeck

    # The arrow keys belong to the clock, not to the map.
    view = pydeck.View(type="MapView", controller={"keyboard": False, "inertia": 250})
    start = pydeck.ViewState(longitude=origin[0], latitude=origin[1], zoom=13, pitch=50, bearing=0, max_pitch=75)
    deck = pydeck.Deck(layers=layers, views=[view], initial_view_state=start, map_provider=None, map_style=None)
    spec: dict[str, Any] = json.loads(deck.to_json())
    return {key: spec[key] for key in ("layers", "views", "initialViewState")}


def _rgb(theme: str, name: str) -> list[int]:
    return list(rgb_of(SCENE_THEMES[theme][name]))


# Places and cameras -----------------------------------------------------------------------------------


def _city_words(name: str) -> dict[str, str]:
    """Districts of a city, joined by ``+`` in its name, as people call them."""
    words = [DISTRICT_NAMES.get(part, (part, part)) for part in name.split("+") if part]
    return {"ja": "・".join(ja for ja, _ in words), "en": ", ".join(en for _, en in words)}


def _places_layer(origin: tuple[float, float]) -> Any:
    return _layer(
        "ScatterplotLayer", "places", origin, data="places", pickable=True, radius_units="meters",
        radius_min_pixels=1.3, radius_max_pixels=5.5, stroked=True, line_width_units="pixels", get_line_width=1,
        get_fill_color=_rgb("dark", "place"), get_line_color=_rgb("dark", "place_edge"), billboard=True,
        parameters=_ON_TOP,
    )


def _place_fact(place: PlaceMark) -> dict[str, Any]:
    return {
        "id": place.id, "kind": place.kind, "ja": place.name_ja or place.name_en,
        "en": place.name_en or place.name_ja, "lon": round(place.lon_deg, 6), "lat": round(place.lat_deg, 6),
        "capacity": None if math.isnan(place.capacity) else place.capacity,
    }


def _cameras(run: RunView) -> list[dict[str, Any]]:
    """Frames to jump to: the whole city, then its districts, by the first part of their places' ids."""
    groups: dict[str, list[PlaceMark]] = {}
    for place in run.places:
        if place.kind not in _UNSEEN_KINDS and "/" in place.id:
            groups.setdefault(place.id.split("/", 1)[0], []).append(place)
    whole = {"key": "", "ja": "全体", "en": "Whole city", "bounds": _frame(*_bounds_of_run(run)), "points": 0}
    if len(groups) < 2:
        return [whole]
    cameras = [whole]
    for prefix in sorted(groups):
        lon = [p.lon_deg for p in groups[prefix]]
        lat = [p.lat_deg for p in groups[prefix]]
        west, south, east, north = bounds = _frame(min(lon), min(lat), max(lon), max(lat))
        inside = (run.traces.lon_deg >= west) & (run.traces.lon_deg <= east)
        inside &= (run.traces.lat_deg >= south) & (run.traces.lat_deg <= north)
        ja, en = DISTRICT_NAMES.get(prefix, (prefix, prefix))
        cameras.append({"key": prefix, "ja": ja, "en": en, "bounds": bounds, "points": int(inside.sum())})
    return cameras


def _frame(west: float, south: float, east: float, north: float) -> tuple[float, float, float, float]:
    pad_lon = max(0.0, _MIN_FRAME_DEG - (east - west)) / 2
    pad_lat = max(0.0, _MIN_FRAME_DEG - (north - south)) / 2
    return (round(west - pad_lon, 6), round(south - pad_lat, 6), round(east + pad_lon, 6), round(north + pad_lat, 6))
