"""A small town with a grid of streets and stops, and runs of transit on the real road model."""

from __future__ import annotations

import numpy as np

from twin.city.city import City, Place, StreetLayer
from twin.columns import TABLES
from twin.engine.city_model import CityModel
from twin.models.road_traffic.model import RoadTraffic
from twin.models.road_traffic.params import RoadParams
from twin.models.transit.model import Transit
from twin.models.transit.params import TransitParams


def grid_layer(side=9, spacing_m=150.0, speed_mps=20 / 3.6):
    n = side * side
    x, y = (np.arange(n) % side) * spacing_m, (np.arange(n) // side) * spacing_m
    pairs = [
        (a, b) for a in range(n) for b in (a + 1, a + side) if (b == a + side and b < n) or (b == a + 1 and b % side)
    ]
    links = sorted(pairs + [(b, a) for a, b in pairs])
    a, b = np.array([p[0] for p in links], np.int32), np.array([p[1] for p in links], np.int32)
    m = len(links)
    return StreetLayer(
        node_id=np.arange(1, n + 1),
        x_m=x.astype(float),
        y_m=y.astype(float),
        lon_deg=135.5 + x * 1e-5,
        lat_deg=34.6 + y * 1e-5,
        signal=np.zeros(n, bool),
        crossing=np.zeros(n, bool),
        link_from=a,
        link_to=b,
        length_m=np.full(m, spacing_m),
        free_speed_mps=np.full(m, speed_mps),
        lanes=np.ones(m, np.int16),
        road_class=np.zeros(m, np.uint8),
        name_index=np.full(m, -1, np.int32),
        way_id=np.arange(m),
        width_m=np.full(m, np.nan),
        flags=np.zeros(m, np.uint8),
        vertex_ptr=2 * np.arange(m + 1),
        vertex_x_m=x[np.column_stack([a, b]).ravel()].astype(float),
        vertex_y_m=y[np.column_stack([a, b]).ravel()].astype(float),
        out_ptr=np.concatenate([[0], np.cumsum(np.bincount(a, minlength=n))]),
    )


def place(kind, name, layer, node, **attributes):
    at = (float(values[node]) for values in (layer.x_m, layer.y_m, layer.lon_deg, layer.lat_deg))
    return Place(f"town/{kind}/{name}", kind, f"{name}停留所", f"{name} stop", *at, int(node), -1, attributes)


def town(side=9, every=2, twins=True, extra=()):
    """Stops on every second crossing; the last stop shares its crossing with another."""
    layer = grid_layer(side)
    nodes = [r * side + c for r in range(0, side, every) for c in range(0, side, every)]
    stops = [place("stop", f"s{i:02d}", layer, node) for i, node in enumerate(nodes)]
    if twins:
        stops.append(place("stop", f"s{len(nodes):02d}", layer, nodes[-1]))
    return City("town", "EPSG:6674", True, (), "left", layer, layer, (*stops, *extra), "0" * 16)


def build(
    params=None,
    *,
    city=None,
    step_s=5.0,
    start_s=8 * 3600.0,
    end_s=11 * 3600.0,
    seed=7,
    trace_share=0.0,
    tables=None,
    road=None,
    strategy=None,
    agents=None,
):
    city = city or town()
    params = params if isinstance(params, TransitParams) else TransitParams.model_validate(params or {})
    transit = Transit(params, city, tables or {}, strategy)
    model = CityModel(
        [RoadTraffic(RoadParams.model_validate(road or {}), city, {}), transit],
        start_s=start_s,
        end_s=end_s,
        step_s=step_s,
        run_seed=np.uint64(seed),
        trace_share=trace_share,
        agents=agents,
    )
    return model, transit


def finish(model, transit, latest_s=86400.0, drain_every=7):
    """Step until nobody is inside and the clock has passed its end; sorted tables."""
    parts = []
    end_s = transit._stage.end_s
    while model.now_s < latest_s and (model.now_s < end_s or not model.is_empty()):
        model.step()
        if model.clock.tick % drain_every == 0:
            parts.append(transit.drain_tables())
    parts.append(transit.drain_tables())
    return merged(parts)


def merged(parts):
    out = {}
    for name in sorted({name for part in parts for name in part}):
        pieces = [part[name] for part in parts if name in part]
        whole = {c: np.concatenate([p[c] for p in pieces]) for c in pieces[0]}
        order = np.lexsort([whole[key] for key in reversed(TABLES[name].sort_by)])
        out[name] = {c: values[order] for c, values in whole.items()}
    return out


def assert_same(a, b, skip=()):
    assert a.keys() == b.keys()
    for table in a:
        for column in a[table]:
            np.testing.assert_array_equal(a[table][column], b[table][column], err_msg=f"{table}.{column}")


BUSY = {"demand": {"requests_per_day": 1500}, "fleet": {"count": 5}}
