"""KPIs by group count who, not where: what can be added adds up to ``all``, in every model."""

import math
import re

import numpy as np
import pytest

from twin.columns import TABLES, VEHICLE_CLASSES
from twin.models.terminal.tables import TRUCK_CLASSES
from twin.results.kpis import compute_all, infos

MODELS = {"road_traffic": "road_", "transit": "transit_", "terminal": "terminal_", "pedestrian": "pedestrian_",
          "kerb": "kerb_"}  # fmt: skip
#: Hauliers by size are a second way to group trucks, zones a second way to group riders.
SIZES = {"large": 2.0, "small": 4.0}
ZONES = ("north", "south")
#: What a column may hold where any number of its type would not do.
CHOICES = {
    "vehicle_class": np.arange(len(VEHICLE_CLASSES)), "class": np.arange(len(TRUCK_CLASSES)), "reason": np.arange(3),
    "stay_band": np.arange(3), "counted": np.ones(1), "haulier_index": np.arange(6),
    "kind": np.arange(3),
}  # fmt: skip
WORDS = {
    "age_group": ["adult", "age_65", "wheelchair"],
    "outcome": ["served", "refused", "cancelled", "no_show", "cut_short", "turned_away", "open"],
    "mode": ["bay", "lane", "waiting"],
    "reason": ["", "no_seat"],
    "class": ["shopper", "resident", "worker"],
    "street": ["a", "b"],
    "zone": list(ZONES),
}
#: Statistics that do not add up, means over time apart: whoever groups anything else must declare it additive.
STATISTICS = re.compile(
    r"mean_(?!per_h|trucks)|p\d\d|max|share|ratio|factor|speed|per_vehicle_hour|per_ride|gini|reach_\w+_cells"
)


def tables_of(model, rng, rows=200):
    """Every table of a model with rows drawn at random."""
    out = {}
    for name, table in TABLES.items():
        if name.startswith(MODELS[model]):
            out[name] = {column.name: _column(column, rng, rows) for column in table.columns}
    if model == "terminal":
        queue = out["terminal_queue"]
        queue["time_s"] = np.sort(queue["time_s"])
        for every, booked in (("trucks_in_line", "booked_in_line"), ("trucks_on_road", "booked_on_road")):
            queue[booked] = np.minimum(queue[booked], queue[every])
        names = ("idle_fuel_per_s", "fuel_co2", "idle_nox_per_s", "fee_after_s", "fee_yen", "fee_late_after_s",
                 "fee_late_yen", "gate_open_s", "crane_open_s")  # fmt: skip
        constants = {name: 1.0 + i for i, name in enumerate(names)}
        constants |= {f"hauliers:{i}:{name}": count for i, (name, count) in enumerate(SIZES.items())}
        out["terminal_constants"] = {"name": np.array(list(constants)), "value": np.array(list(constants.values()))}
    if model == "kerb":
        terms = {"open_s": 0.0, "close_s": 5000.0, "limit_s": 1200.0, "staff_h": 3.0}
        out["kerb_terms"] = {"name": np.array(list(terms)), "value": np.array(list(terms.values()))}
    if model == "transit":
        for name in ("pickup_warned_s", "ride_warned_s"):  # nobody foresaw every other delay
            out["transit_requests"][name][::2] = np.nan
        out["transit_stops"]["stop_index"] = np.arange(rows, dtype=np.int32)
        out["transit_shifts"]["van"] = np.arange(rows, dtype=np.int32)
        for name in ("from_stop", "van"):
            out["transit_requests"][name] = rng.integers(0, rows, rows)
        out["transit_legs"]["van"] = rng.integers(0, rows, rows)
    return out


def _column(column, rng, rows):
    if column.dtype == "str":
        return rng.choice(np.array(WORDS.get(column.name, ["x", "y"])), rows)
    if column.name in CHOICES:
        return rng.choice(CHOICES[column.name], rows).astype(column.dtype)
    return (rng.random(rows) * 5000).astype(column.dtype)


def by_group(kpis):
    """KPI -> group -> value."""
    out = {}
    for kpi in kpis:
        out.setdefault(kpi.kpi, {})[kpi.group] = kpi.value
    return out


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("model", MODELS)
def test_groups_add_up_to_all_where_a_kpi_is_additive(model, seed):
    rng = np.random.default_rng(seed)
    found = by_group(compute_all(tables_of(model, rng), [model]))
    grouped = 0
    for name, values in found.items():
        groups = {group: value for group, value in values.items() if group != "all"}
        if not groups or not infos()[name].additive:
            continue
        second = {*SIZES, *ZONES}
        for kind in ([g for g in groups if g in second], [g for g in groups if g not in second]):
            if kind:
                grouped += 1
                total = math.fsum(groups[group] for group in kind)
                assert total == pytest.approx(values["all"], rel=1e-8, abs=1e-9), (name, kind)
                assert values["all"] != 0.0, name
    assert grouped >= 4


@pytest.mark.parametrize("model", MODELS)
def test_every_grouped_kpi_is_additive_or_a_statistic(model):
    found = by_group(compute_all(tables_of(model, np.random.default_rng(7)), [model]))
    for name, values in found.items():
        if "all" in values and len(values) > 1 and not infos()[name].additive:
            assert STATISTICS.search(name), f"{name} has groups but is neither additive nor a mean, maximum or share"


def test_no_statistic_is_declared_additive():
    declared = [name for name, info in infos().items() if info.additive]
    assert len(declared) > 20
    assert not [name for name in declared if STATISTICS.search(name.split(".", 1)[1])]
