"""Small walk layers and cities made by hand, for tests of the pedestrian model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from twin.city.city import City, Place, StreetLayer
from twin.engine.city_model import CityModel
from twin.models.pedestrian.forms import MakeForm, make_form
from twin.models.pedestrian.model import Pedestrian
from twin.models.pedestrian.params import CLASSES, PedestrianParams

Tables = dict[str, dict[str, np.ndarray]]

NONE = StreetLayer(
    node_id=np.empty(0, np.int64),
    x_m=np.empty(0),
    y_m=np.empty(0),
    lon_deg=np.empty(0),
    lat_deg=np.empty(0),
    signal=np.empty(0, np.bool_),
    crossing=np.empty(0, np.bool_),
    link_from=np.empty(0, np.int32),
    link_to=np.empty(0, np.int32),
    length_m=np.empty(0),
    free_speed_mps=np.empty(0),
    lanes=np.empty(0, np.int16),
    road_class=np.empty(0, np.uint8),
    name_index=np.empty(0, np.int32),
    way_id=np.empty(0, np.int64),
    width_m=np.empty(0),
    flags=np.empty(0, np.uint8),
    vertex_ptr=np.zeros(1, np.int64),
    vertex_x_m=np.empty(0),
    vertex_y_m=np.empty(0),
    out_ptr=np.zeros(1, np.int64),
)


def walk_layer(
    xy: Sequence[tuple[float, float]],
    ways: Sequence[tuple[int, int]],
    *,
    width_m: float = 5.0,
    lit: Sequence[int] = (),
    steps: Sequence[int] = (),
    length_m: Mapping[int, float] | None = None,
    one_way: bool = False,
) -> StreetLayer:
    """Straight ways between points; ``lit`` and ``steps`` name ways (by place in the list)."""
    rows = []
    for way, (a, b) in enumerate(ways):
        length = (length_m or {}).get(way, float(np.hypot(xy[a][0] - xy[b][0], xy[a][1] - xy[b][1])))
        flags = (64 + 16) * (way in lit) + 4 * (way in steps)
        rows.append((a, b, way, length, flags))
        if not one_way:
            rows.append((b, a, way, length, flags))
    rows.sort(key=lambda r: r[:3])
    n, m = len(xy), len(rows)
    link_from = np.array([r[0] for r in rows], np.int32)
    link_to = np.array([r[1] for r in rows], np.int32)
    x, y = (np.array([p[i] for p in xy], np.float64) for i in (0, 1))
    out_ptr = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(link_from, minlength=n), out=out_ptr[1:])
    return StreetLayer(
        node_id=np.arange(1, n + 1, dtype=np.int64),
        x_m=x,
        y_m=y,
        lon_deg=135.5 + x * 1e-5,
        lat_deg=34.7 + y * 1e-5,
        signal=np.zeros(n, np.bool_),
        crossing=np.zeros(n, np.bool_),
        link_from=link_from,
        link_to=link_to,
        length_m=np.array([r[3] for r in rows], np.float64),
        free_speed_mps=np.full(m, 1.34),
        lanes=np.zeros(m, np.int16),
        road_class=np.zeros(m, np.uint8),
        name_index=np.full(m, -1, np.int32),
        way_id=np.array([r[2] for r in rows], np.int64),
        width_m=np.full(m, width_m),
        flags=np.array([r[4] for r in rows], np.uint8),
        vertex_ptr=np.arange(0, 2 * m + 1, 2, dtype=np.int64),
        vertex_x_m=np.column_stack([x[link_from], x[link_to]]).ravel(),
        vertex_y_m=np.column_stack([y[link_from], y[link_to]]).ravel(),
        out_ptr=out_ptr,
        crs="EPSG:6674",
    )


def place(kind: str, name: str, node: int, layer: StreetLayer, **attributes: Any) -> Place:
    """A place at a node of the walk layer."""
    return Place(
        f"test/{kind}/{name}",
        kind,
        name,
        name,
        float(layer.x_m[node]),
        float(layer.y_m[node]),
        float(layer.lon_deg[node]),
        float(layer.lat_deg[node]),
        -1,
        node,
        attributes,
    )


def city_of(layer: StreetLayer, places: Sequence[Place]) -> City:
    """A city that only has a walk layer."""
    return City("test", "EPSG:6674", True, (), "left", NONE, layer, tuple(places), "0" * 16)


def grid_city(columns: int = 6, rows: int = 4, spacing_m: float = 90.0) -> City:
    """A grid with four exits at its corners, points of interest inside, lights on some ways."""
    xy = [(spacing_m * c, spacing_m * r) for r in range(rows) for c in range(columns)]
    ways = [(r * columns + c, r * columns + c + 1) for r in range(rows) for c in range(columns - 1)]
    ways += [(r * columns + c, (r + 1) * columns + c) for r in range(rows - 1) for c in range(columns)]
    layer = walk_layer(xy, ways, lit=range(0, len(ways), 3))
    corners = [0, columns - 1, (rows - 1) * columns, rows * columns - 1]
    places = [place("exit", f"e{i}", node, layer, riders=100.0 * (i + 1)) for i, node in enumerate(corners)]
    kinds = ["shop", "food", "office", "culture", "shop"]
    inner = [n for n in range(rows * columns) if n not in corners]
    places += [
        place("poi", f"p{i:02d}", node, layer, category=kinds[i % 5], attraction=1.0 + i % 4, seats=3.0 * (i % 2))
        for i, node in enumerate(inner)
    ]
    return city_of(layer, places)


def params_for(numbers: Mapping[str, float], **changes: Any) -> PedestrianParams:
    """Parameters with the given visitors per day by class, nobody else, and a flat profile over 24 h.

    Plain people unless told otherwise: alone, bound for nowhere, free to leave, split by riders, on least-cost ways.
    """
    plain = {"arrival_profile": (1.0,) * 24, "party_shares": (1.0,), "through_m": 0.0, "no_stop_cost": 0.0}
    classes = {name: {"visitors_per_day": numbers.get(name, 0.0), **plain} for name in CLASSES}
    changes["choice"] = {"exit_pull": 0.0, "way_scale": 0.0, **changes.get("choice", {})}
    for name, more in changes.pop("classes", {}).items():
        classes[name].update(more)
    return PedestrianParams.model_validate({"classes": classes, **changes})


def model_of(
    params: PedestrianParams,
    city: City,
    *,
    start_s: float = 0.0,
    end_s: float = 3600.0,
    step_s: float = 5.0,
    seed: int = 7,
    trace_share: float = 0.0,
    tables: Mapping[str, Any] | None = None,
    form: MakeForm = make_form,
) -> tuple[CityModel, Pedestrian]:
    """A city of walkers only, at the start of its clock."""
    model = Pedestrian(params, city, tables or {}, form)
    city_model = CityModel(
        [model], start_s=start_s, end_s=end_s, step_s=step_s, run_seed=np.uint64(seed), trace_share=trace_share
    )
    return city_model, model


def run_to_end(city_model: CityModel, model: Pedestrian, latest_s: float = 172800.0) -> Tables:
    """Step until nobody is inside and the clock has passed its end; tables sorted as they are declared."""
    parts: list[dict[str, dict[str, np.ndarray]]] = []
    end_s = city_model.end_s
    while city_model.now_s < latest_s and (city_model.now_s < end_s or not city_model.is_empty()):
        city_model.step()
        parts.append(model.drain_tables())
    model.finish()
    parts.append(model.drain_tables())
    return merged(parts)


def merged(parts: Sequence[Tables]) -> Tables:
    """Tables from their parts, sorted as they are declared."""
    from twin.columns import TABLES

    out: dict[str, dict[str, np.ndarray]] = {}
    for name in sorted({name for part in parts for name in part}):
        pieces = [part[name] for part in parts if name in part]
        whole = {c: np.concatenate([p[c] for p in pieces]) for c in pieces[0]}
        order = np.lexsort([whole[key] for key in reversed(TABLES[name].sort_by)])
        out[name] = {c: values[order] for c, values in whole.items()}
    return out


def assert_same(a: Tables, b: Tables) -> None:
    """The same tables, byte for byte."""
    assert a.keys() == b.keys()
    for table in a:
        assert a[table].keys() == b[table].keys()
        for column in a[table]:
            left, right = a[table][column], b[table][column]
            assert left.dtype.kind == right.dtype.kind, (table, column)
            assert len(left) == len(right), (table, column, len(left), len(right))
            assert (left == right).all(), (table, column)
