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

from twin.viz.city_ground import city_ground
from twin.viz.city_layers import add_blocks, add_ground, add_land, add_marks, add_standing, add_streets
from twin.viz.deck_layers import ON_TOP, layer, ref, rgb
from twin.viz.flows import COLORS, DENSITY_CELL_M, DENSITY_FROM, flow_layers, reach_pack
from twin.viz.kerbside import kerb_bays
from twin.viz.lanes import LANE_WIDTH_M
from twin.viz.markings import street_marks
from twin.viz.packs import DEGREE_STEP, SECOND_STEP
from twin.viz.palette import SCENE_THEMES, WALL_TONES, BodyLook, look_of, look_of_body
from twin.viz.port import quay_angle
from twin.viz.queue_line import queue_pack
from twin.viz.reading import add_reading
from twin.viz.reading_layers import reading_layers
from twin.viz.run_view import PlaceMark, RunView
from twin.viz.shapes import Frame
from twin.viz.street_pairs import one_of_each_pair
from twin.viz.terminal_life import gate_lanes, terminal_packs, waits_of_trips
from twin.viz.trips import sampled_trips, standing_between_drives, trip_starts, trips_pack

#: Points of paths in one page; beyond, whole trips are left out by their id. About what a browser carries.
POINT_BUDGET = 1_000_000
#: The project's own line of attribution in Japanese.
ATTRIBUTION_JA: dict[str, str] = {
    "schematic district authored from public facts; single positions after © OpenStreetMap contributors (ODbL 1.0) "
    "and station_database (CC BY-SA 4.0)": (
        "公開情報から作成した模式的な街区。"
        "一部の位置：© OpenStreetMap contributors (ODbL 1.0)、station_database (CC BY-SA 4.0)"
    )
}
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
#: Radius of marks from afar: of the many and of those who walk less than of those that are few and looked for.
_MARK_PX = {"car": 4.6, "truck": 4.6}
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
    more
        Further parts of the page by name: a second run, differences.
    """

    spec: dict[str, Any]
    packs: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)


def build_scene(
    run: RunView, *, point_budget: int = POINT_BUDGET, origin: tuple[float, float] | None = None
) -> SceneParts:
    """Lay out a run.

    Parameters
    ----------
    run
        The run to draw.
    point_budget
        Most points of paths the page may carry; the share of trips kept is stated in the facts.
    origin
        Longitude and latitude from which degrees are counted; the middle of the run if not given.
    """
    origin = origin or _origin_of(run)
    packs: dict[str, Any] = {}
    layers: list[Any] = []
    drive, walk = one_of_each_pair(run.drive), one_of_each_pair(run.walk)
    queue = queue_pack(run)
    frame = Frame(*origin)
    gate = gate_lanes(run, np.array(queue["gate"]), np.array(queue["path"]), frame) if queue else None
    ground = city_ground(run, drive, walk, origin, LANE_WIDTH_M, gate)
    add_land(ground.frame, _reach_m(run, ground.frame), origin, packs, layers)
    blocks = add_blocks(drive, origin, packs, layers)
    add_ground(ground, origin, packs, layers)
    add_streets(drive, walk, origin, packs, layers)
    add_marks(street_marks(run.drive, walk, ground.frame, LANE_WIDTH_M), ground.frame, origin, packs, layers)
    add_standing(ground, origin, packs, layers)
    if any(place.kind not in _UNSEEN_KINDS for place in run.places):
        layers.append(_places_layer(origin))
    if queue is not None:
        packs["queue"] = queue.pop("pack")
        queue["inside"] = np.round(ground.aisles, 6).tolist()
        queue["quay_deg"] = round(float(np.degrees(quay_angle(ground.frame))), 3)
        queue["bays"] = np.round(ground.bays, 6).tolist()
        layers.extend(_queue_layers(origin))
        if gate is not None:
            packs.update(terminal_packs(run))
            queue["lanes"] = np.round(frame.degrees(gate.at_m), 6).tolist()
            queue["angle_deg"] = round(float(np.degrees(gate.angle_rad)), 3)
            layers.extend(_gate_layers(origin))
    reading = add_reading(run, origin, packs)
    packs.update(kerb_bays(run, origin))
    reach, reading["reach"] = reach_pack(run, origin)
    if reach is not None:
        packs["reach"] = reach
    reading["density"] = {"side_m": DENSITY_CELL_M, "from": list(DENSITY_FROM), "colors": list(COLORS)}
    moving: list[Any] = []
    bodies = _add_bodies(run, origin, point_budget, packs, moving, "gate" in packs)
    below, above = reading_layers(origin, "service" in packs)
    squares, arcs = flow_layers(origin, packs, on_foot=any(body["size_m"] is None for body in bodies))
    layers += [*squares, *below, *moving, *arcs, *above]
    facts = _facts(run, origin, bodies, queue, blocks, ground.facts)
    return SceneParts(_deck_spec(layers, origin), packs, {"reading": reading, **facts})


def _facts(
    run: RunView,
    origin: tuple[float, float],
    bodies: list[dict[str, Any]],
    queue: dict[str, Any] | None,
    blocks: dict[str, int],
    buildings: dict[str, Any],
) -> dict[str, Any]:
    return {
        "title": dict(run.title),
        "variant": dict(run.variant),
        "replication": run.replication,
        "city": _city_words(run.city),
        "schematic": run.schematic,
        "attribution": [_in_both(line) for line in run.attribution],
        # A run that goes on until everybody has left may do so for hours; the picture ends when its clock does.
        "date": run.date,
        "clock": {"from_s": run.from_s, "to_s": run.to_s},
        "origin": list(origin),
        "degree_step": DEGREE_STEP,
        "second_step": SECOND_STEP,
        "lane_width_m": LANE_WIDTH_M,
        "bodies": bodies,
        "queue": queue,
        "blocks": blocks,
        "buildings": buildings,
        "wall_tones": WALL_TONES,
        "driving_side": run.driving_side,
        "traces_share": run.traces_share,
        "places": [_place_fact(place) for place in run.places if place.kind not in _UNSEEN_KINDS],
        "cameras": _cameras(run),
        "themes": SCENE_THEMES,
    }


def _in_both(line: str) -> dict[str, str]:
    """A line of attribution in both languages; sources speak for themselves in one."""
    return {"ja": ATTRIBUTION_JA.get(line, line), "en": line}


def _origin_of(run: RunView) -> tuple[float, float]:
    """Middle of everything drawn: offsets from it are small, so that 32-bit floats are exact to millimetres."""
    west, south, east, north = _bounds_of_run(run)
    return round((west + east) / 2, 4), round((south + north) / 2, 4)


def _reach_m(run: RunView, frame: Frame) -> float:
    """How far from the middle the bare ground goes: a good way past everything."""
    west, south, east, north = _bounds_of_run(run)
    return float(np.abs(frame.metres(np.array([[west, south], [east, north]]))).max()) + 40_000.0


def _bounds_of_run(run: RunView) -> tuple[float, float, float, float]:
    places_lon = np.array([p.lon_deg for p in run.places])
    places_lat = np.array([p.lat_deg for p in run.places])
    lon = np.concatenate([run.drive.lon_deg, run.walk.lon_deg, run.traces.lon_deg, places_lon])
    lat = np.concatenate([run.drive.lat_deg, run.walk.lat_deg, run.traces.lat_deg, places_lat])
    if not len(lon):
        # An empty city still opens; Osaka's city hall is as good a middle as any.
        return 135.50, 34.69, 135.51, 34.70
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


# Bodies -----------------------------------------------------------------------------------------------


def _add_bodies(
    run: RunView,
    origin: tuple[float, float],
    point_budget: int,
    packs: dict[str, Any],
    layers: list[Any],
    at_gate: bool,
) -> list[dict[str, Any]]:
    traces = standing_between_drives(run.traces)
    starts = trip_starts(traces)
    keep = sampled_trips(traces, starts, point_budget)
    facts: list[dict[str, Any]] = []
    for body in np.unique(traces.body):
        name, look = look_of_body(int(body), run.bodies)
        of_body = traces.body[starts[:-1]] == body
        waits = waits_of_trips(run, traces, starts[:-1]) if name == "truck" and at_gate else None
        on_foot, on_wheels = (run.walk, None) if look.size_m is None else (None, run.drive)
        pack, trips = trips_pack(traces, starts, of_body & keep, origin, run.from_s, on_foot, on_wheels, waits)
        if not trips:
            continue
        key = f"trips_{len(facts)}"
        packs[key] = pack
        layers.extend(_body_layers(key, name, look, origin))
        states = np.unique(traces.state[traces.body == body])
        meanings = {int(s): look_of(name, int(s), run.body_states) for s in range(int(states.max()) + 1)}
        facts.append(
            {
                "key": key,
                "name": name,
                "ja": look.ja,
                "en": look.en,
                "size_m": look.size_m,
                "trips": trips,
                "trips_in_run": int(of_body.sum()),
                "states": [
                    {"ja": m.ja, "en": m.en, "color": m.color, "name": _state_name(run, name, code)}
                    for code, m in meanings.items()
                ],
            }
        )
    return facts


def _state_name(run: RunView, body: str, code: int) -> str:
    names = run.body_states.get(body, ())
    return names[code] if code < len(names) else ""


def _body_layers(key: str, name: str, look: BodyLook, origin: tuple[float, float]) -> list[Any]:
    size_m = look.size_m
    trail = layer(
        "TripsLayer",
        f"trail_{key}",
        origin,
        data=key,
        _path_type="open",
        position_format="XY",
        current_time=0,
        trail_length=look.trail_s,
        fade_trail=True,
        width_units="meters",
        get_width=3 if size_m else 1.5,
        width_min_pixels=2.2 if size_m else 1.4,
        width_max_pixels=6,
        cap_rounded=True,
        joint_rounded=True,
        opacity=0.7,
    )
    # From afar a mark of a few pixels, near by the thing itself in true metres: the page shows one of the two.
    dot = layer(
        "ScatterplotLayer",
        f"heads_{key}",
        origin,
        data=f"heads_{key}",
        pickable=True,
        radius_units="pixels",
        get_radius=_MARK_PX.get(name, 7.0 if size_m else 3.0),
        stroked=True,
        line_width_units="pixels",
        get_line_width=1,
        get_line_color=rgb("dark", "head_edge"),
        billboard=True,
        parameters=ON_TOP,
    )
    meshes = [_meshes(f"bodies_{key}", f"mesh_{key}", origin)]
    if name == "truck":
        meshes.append(_meshes(f"bare_{key}", "mesh_bare", origin))
    return [trail, dot, *meshes]


def _meshes(key: str, mesh: str, origin: tuple[float, float]) -> Any:
    return layer(
        "SimpleMeshLayer",
        key,
        origin,
        data=key,
        pickable=True,
        mesh=ref(mesh),
        get_orientation=ref("yaw"),
        size_scale=1,
        material={"ambient": 0.7, "diffuse": 0.5, "shininess": 12, "specularColor": [40, 40, 40]},
    )


def _queue_layers(origin: tuple[float, float]) -> list[Any]:
    """Trucks that wait, on the road and in the yards: marks from afar, trucks near by."""
    dot = layer(
        "ScatterplotLayer",
        "heads_queue",
        origin,
        data="heads_queue",
        radius_units="pixels",
        get_radius=3.4,
        stroked=True,
        line_width_units="pixels",
        get_line_width=1,
        get_line_color=rgb("dark", "head_edge"),
        billboard=True,
        parameters=ON_TOP,
    )
    return [dot, _meshes("bodies_queue", "mesh_queue", origin), _meshes("bare_queue", "mesh_bare", origin)]


def _gate_layers(origin: tuple[float, float]) -> list[Any]:
    """Trucks that are served in the lanes of the gate, and the lights above the lanes."""
    light = layer(
        "ScatterplotLayer",
        "lights_gate",
        origin,
        data="lights_gate",
        radius_units="meters",
        get_radius=0.8,
        radius_min_pixels=1.5,
        radius_max_pixels=7,
        billboard=True,
    )
    return [_meshes("bodies_gate", "mesh_queue", origin), _meshes("bare_gate", "mesh_bare", origin), light]


# pydeck -----------------------------------------------------------------------------------------------


def _deck_spec(layers: list[Any], origin: tuple[float, float]) -> dict[str, Any]:
    import pydeck

    # The arrow keys belong to the clock, not to the map.
    view = pydeck.View(type="MapView", controller={"keyboard": False, "inertia": 250})
    start = pydeck.ViewState(longitude=origin[0], latitude=origin[1], zoom=13, pitch=50, bearing=0, max_pitch=75)
    deck = pydeck.Deck(layers=layers, views=[view], initial_view_state=start, map_provider=None, map_style=None)
    spec: dict[str, Any] = json.loads(deck.to_json())
    return {key: spec[key] for key in ("layers", "views", "initialViewState")}


# Places and cameras -----------------------------------------------------------------------------------


def _city_words(name: str) -> dict[str, str]:
    """Districts of a city, joined by ``+`` in its name, as people call them."""
    words = [DISTRICT_NAMES.get(part, (part, part)) for part in name.split("+") if part]
    return {"ja": "・".join(ja for ja, _ in words), "en": ", ".join(en for _, en in words)}


def _places_layer(origin: tuple[float, float]) -> Any:
    return layer(
        "ScatterplotLayer",
        "places",
        origin,
        data="places",
        pickable=True,
        radius_units="meters",
        radius_min_pixels=1.3,
        radius_max_pixels=5.5,
        stroked=True,
        line_width_units="pixels",
        get_line_width=1,
        get_fill_color=rgb("dark", "place"),
        get_line_color=rgb("dark", "place_edge"),
        billboard=True,
        parameters=ON_TOP,
    )


def _place_fact(place: PlaceMark) -> dict[str, Any]:
    return {
        "id": place.id,
        "kind": place.kind,
        "ja": place.name_ja or place.name_en,
        "en": place.name_en or place.name_ja,
        "lon": round(place.lon_deg, 6),
        "lat": round(place.lat_deg, 6),
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
