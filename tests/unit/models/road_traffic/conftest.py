"""Small cities and a stage for tests of the road."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from twin.city.city import City, Place, StreetLayer
from twin.engine.city_model import CityModel


def street_layer(n_nodes, links, speed_mps=20.0, length_m=1000.0):
    """Layer with nodes on a circle; ``links`` are (from, to) or (from, to, length, speed, lanes)."""
    full = [(*link, *(length_m, speed_mps, 1)[len(link) - 2 :]) for link in links]
    full.sort(key=lambda link: (link[0], link[1]))
    a, b = np.array([f[0] for f in full], np.int32), np.array([f[1] for f in full], np.int32)
    angle = 2 * np.pi * np.arange(n_nodes) / max(n_nodes, 1)
    x, y = 1000 * np.cos(angle), 1000 * np.sin(angle)
    m = len(full)
    values = {
        "node_id": np.arange(n_nodes),
        "x_m": x,
        "y_m": y,
        "lon_deg": x,
        "lat_deg": y,
        "signal": np.zeros(n_nodes, bool),
        "crossing": np.zeros(n_nodes, bool),
        "link_from": a,
        "link_to": b,
        "length_m": np.array([float(f[2]) for f in full]),
        "free_speed_mps": np.array([float(f[3]) for f in full]),
        "lanes": np.array([f[4] for f in full], np.int16),
        "road_class": np.zeros(m, np.uint8),
        "name_index": np.full(m, -1, np.int32),
        "way_id": np.arange(m),
        "width_m": np.full(m, np.nan),
        "flags": np.zeros(m, np.uint8),
        "vertex_ptr": 2 * np.arange(m + 1),
        "vertex_x_m": x[np.column_stack([a, b]).ravel()],
        "vertex_y_m": y[np.column_stack([a, b]).ravel()],
        "out_ptr": np.concatenate([[0], np.cumsum(np.bincount(a, minlength=n_nodes))]),
    }
    return StreetLayer(**{f.name: values[f.name] for f in dataclasses.fields(StreetLayer) if f.name in values})


def city_of(layer):
    places = tuple(Place(f"t/zone/{i}", "zone", "", "", 0, 0, 0, 0, i, -1) for i in range(layer.node_count))
    return City("t", "EPSG:6674", True, (), "left", layer, layer, places, "0")


class Sink:
    """Takes whatever the road hands back; stands for a model that owns vehicles."""

    def __init__(self, name):
        self.leads_s = {}
        self.name = name
        self.rows = []
        self.sent = 0

    def begin(self, stage):
        self.channels = stage.channels

    def send(self, rows):
        self.sent += len(rows)
        self.channels.send("road_traffic", rows)

    def order(self, rows):
        self.channels.send_orders("road_traffic", rows)

    def advance(self, until_s):
        rows = self.channels.take(self.name, until_s)
        self.rows += [tuple(rows.data[i].tolist()) for i in range(len(rows))]

    def accounts(self):
        from twin.engine.ledger import Account

        return [Account("vans", self.sent, 0, {"done": len(self.rows)}, len(self.rows), self.sent)]

    def is_empty(self):
        return True

    def drain_tables(self):
        return {}

    def state(self):
        return {"sent": np.array([self.sent])}

    def restore(self, state, forked_at_s=None):
        self.sent = int(state["sent"][0])


@pytest.fixture
def road_city():
    """Build a city model of a road and a sink from a layer and parameters."""
    from twin.models.road_traffic.model import RoadTraffic

    made = []

    def build(layer, params, tables=None, step_s=5.0, start_s=0.0, end_s=86400.0, trace_share=0.0, seed=1, agents=None):
        road, sink = RoadTraffic(params, city_of(layer), tables or {}), Sink("transit")
        model = CityModel(
            [road, sink],
            start_s=start_s,
            end_s=end_s,
            step_s=step_s,
            run_seed=np.uint64(seed),
            trace_share=trace_share,
            agents=agents,
        )
        made.append(model)
        return model, road, sink

    yield build
    for model in made:
        model.close()


@pytest.fixture
def layer_of():
    return street_layer
