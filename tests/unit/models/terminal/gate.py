"""A terminal alone, and one at the end of a straight road, for tests."""

from __future__ import annotations

import dataclasses

import numpy as np

from twin.city.city import City, Place, StreetLayer
from twin.engine.city_model import CityModel
from twin.engine.draws import make_run_seed
from twin.models.terminal.kpis import compute
from twin.models.terminal.model import Terminal
from twin.models.terminal.params import TerminalParams

NOWHERE = StreetLayer(
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
NO_CITY = City("none", "EPSG:6674", True, (), "left", NOWHERE, NOWHERE, (), "")

#: A gate and nothing behind it: what queueing theory speaks of.
BARE = {"move_up_s": 0.0, "trouble": False, "yard": False, "out_gate": False, "holding_yards": {}, "approach": "none"}


def gate(**changes):
    """Parameters of a bare gate with changes."""
    return TerminalParams.model_validate(BARE | changes)


def always_open(trucks_per_h, hours, servers, law="exponential", mean_s=60.0, **changes):
    """A stationary queue: Poisson arrivals for some hours, lanes open from the start until all are served."""
    hourly = {3600.0 * h: float(trucks_per_h) for h in range(hours)}
    service = {"law": law, "mean_s": mean_s, **changes.pop("service", {})}
    return gate(
        **{
            "demand": {"hourly": hourly},
            "opening": [(0.0, 3600.0 * hours)],
            "lanes": {"A": {"count": servers}},
            "service": service,
        }
        | changes
    )


def start(
    params,
    replication=0,
    *,
    step_s=900.0,
    start_s=0.0,
    end_s=1e7,
    seed=1,
    city=NO_CITY,
    tables=None,
    others=(),
    trace_share=0.0,
    agents=None,
):
    """A city model with the terminal as its last model, at the start of its clock."""
    terminal = Terminal(params, city, tables or {})
    model = CityModel(
        [*others, terminal],
        start_s=start_s,
        end_s=end_s,
        step_s=step_s,
        run_seed=make_run_seed(seed, replication),
        trace_share=trace_share,
        agents=agents,
    )
    return model, terminal


def finish(model, terminal, parts=()):
    """Step until everybody has left; the tables, sorted as a recorder would."""
    parts = list(parts)
    while not model.is_empty():
        model.step()
        parts.append(terminal.drain_tables())
    parts.append(terminal.drain_tables())
    model.close()
    return merged(parts)


def merged(parts):
    """Tables from parts."""
    tables = {}
    for part in parts:
        for name, columns in part.items():
            tables.setdefault(name, []).append(columns)
    out = {n: {c: np.concatenate([p[c] for p in ps]) for c in ps[0]} for n, ps in tables.items()}
    if "terminal_visits" in out:
        visits = out["terminal_visits"]
        order = np.lexsort((visits["id"], visits["out_s"]))
        out["terminal_visits"] = {name: values[order] for name, values in visits.items()}
    return out


def run(params, replication=0, **options):
    """Tables of a run to its end."""
    return finish(*start(params, replication, **options))


def kpis(tables):
    """KPIs as {(name, group): value}."""
    return {(k.kpi.removeprefix("terminal."), k.group): k.value for k in compute(tables)}


def same_tables(one, other):
    """Whether two sets of tables hold the same bytes."""
    assert set(one) == set(other)
    for name, columns in one.items():
        for column, values in columns.items():
            assert values.tobytes() == other[name][column].tobytes(), (name, column)
    return True


def straight_city(length_m=1000.0, speed_mps=10.0):
    """Entry, gate and out-gate on a two-way road of two links each way."""
    links = [(0, 1), (1, 0), (1, 2), (2, 1)]
    n, m = 3, len(links)
    x = np.array([0.0, length_m / 2, length_m])
    link_from = np.array([a for a, _ in links], np.int32)
    link_to = np.array([b for _, b in links], np.int32)
    order = np.lexsort((link_to, link_from))
    link_from, link_to = link_from[order], link_to[order]
    out_ptr = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(link_from, minlength=n), out=out_ptr[1:])
    layer = dataclasses.replace(
        NOWHERE,
        node_id=np.arange(n),
        x_m=x,
        y_m=np.zeros(n),
        lon_deg=135.4 + x * 1e-5,
        lat_deg=np.full(n, 34.65),
        signal=np.zeros(n, np.bool_),
        crossing=np.zeros(n, np.bool_),
        link_from=link_from,
        link_to=link_to,
        length_m=np.full(m, length_m / 2),
        free_speed_mps=np.full(m, speed_mps),
        lanes=np.ones(m, np.int16),
        road_class=np.zeros(m, np.uint8),
        name_index=np.full(m, -1, np.int32),
        way_id=np.arange(m),
        width_m=np.full(m, np.nan),
        flags=np.zeros(m, np.uint8),
        vertex_ptr=np.arange(0, 2 * m + 1, 2),
        vertex_x_m=np.column_stack([x[link_from], x[link_to]]).ravel(),
        vertex_y_m=np.zeros(2 * m),
        out_ptr=out_ptr,
    )

    def place(kind, slug, node):
        return Place(f"test/{kind}/{slug}", kind, slug, slug, float(x[node]), 0.0, 135.4, 34.65, node, -1)

    places = (
        place("entry", "bridge", 0),
        place("gate", "in-gate", 2),
        place("gate", "out-gate", 2),
        place("yard", "yard-east", 1),
    )
    return City("test", "EPSG:6674", True, (), "left", layer, NOWHERE, places, "")
