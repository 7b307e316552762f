"""The tables of ``models/terminal/README.md``, computed: ``python -m tests.verification.terminal_tables [NAME ...]``.

Trucks appear at the line: the road between entry and gate plays no part in these numbers, and a day of the gate alone
takes milliseconds. Seeds are those of the scenarios.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import numpy as np

from tests.unit.models.terminal.gate import kpis, run
from twin.models.terminal.params import TerminalParams
from twin.results.compare import interval_of
from twin.scenario.language.load import load_scenario

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
REPLICATIONS = 20
DAY_STARTS_S = 18000.0
#: Lanes (ordinary, reserved) and factors of checked documents at which the published waits are looked for.
TOKYO_SETTINGS = (
    ((10, 6), (0.4, 0.6)), ((8, 4), (0.4,)), ((7, 5), (0.4, 0.5)), ((7, 4), (0.35, 0.40, 0.416, 0.43, 0.5)),
)  # fmt: skip


@cache
def shipped(scenario):
    """Parameters of the terminal by variant, and the seed."""
    loaded = load_scenario(SCENARIOS / f"{scenario}.yaml")
    return {name: variant.models["terminal"] for name, variant in loaded.variants.items()}, loaded.head.seed


def with_changes(base, changes):
    """A nested mapping over another; mappings merge, the rest replaces."""
    out = dict(base)
    for key, value in changes.items():
        nested = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = with_changes(out[key], value) if nested else value
    return out


def variant(name, scenario="yumeshima_conpas", **changes):
    """A shipped variant without its road, with changes."""
    params = shipped(scenario)[0][name]
    return TerminalParams.model_validate(with_changes(params.model_dump(), {"approach": "none"} | changes))


def values_of(params, seed, replications=REPLICATIONS):
    """KPIs per replication: name, group -> (n,) array."""
    each = [kpis(run(params, r, start_s=DAY_STARTS_S, seed=seed)) for r in range(replications)]
    return {key: np.array([one[key] for one in each]) for key in each[0]}


def _mean(values, kpi, group="all", digits=1):
    mean = values[kpi, group].mean()
    return "-" if np.isnan(mean) else f"{mean:,.{digits}f}"


def _interval(values, kpi):
    found = interval_of(values[kpi, "all"])
    return f"{found.mean:.1f} [{found.lo:.1f}, {found.hi:.1f}]"


def _row(*cells):
    return "| " + " | ".join(cells) + " |"


def conpas():
    """What each switch changes; differences are from today of the same kind of day."""
    variants, seed = shipped("yumeshima_conpas")
    found = {name: values_of(variant(name), seed) for name in variants}
    for name, values in found.items():
        base = found["today_holiday" if name.endswith("_holiday") else "today"]
        change = interval_of(values["wait_mean_min", "all"] - base["wait_mean_min", "all"])
        yield _row(
            f"`{name}`",
            *(_mean(values, "wait_mean_min", group) for group in ("all", "booked", "ordinary")),
            _mean(values, "wait_p95_min", digits=0),
            _mean(values, "join_to_out_mean_min"),
            "" if values is base else f"{change.mean:+.1f} ± {(change.hi - change.lo) / 2:.1f}",
            _mean(values, "queue_max_trucks", digits=0),
            _mean(values, "queue_on_road_truck_min", digits=0),
        )


def quota():
    """Wait of all and trucks without a slot, by lanes, lunch and quota."""
    variants, seed = shipped("yumeshima_quota")
    found = {name: values_of(variant(name, "yumeshima_quota"), seed) for name in variants}
    for lunch in ("", "_lunch"):
        for lanes in ("10_6", "8_8"):
            cells = [found[f"q{q}_{lanes}{lunch}"] for q in (140, 180, 230, 300)]
            yield _row(
                lanes.replace("_", " + "),
                "open" if lunch else "closed",
                *(f"{_interval(c, 'wait_mean_min')}; {_mean(c, 'slots_unplaced', digits=0)}" for c in cells),
            )


def tokyo():
    """Booked against ordinary trucks with all of CONPAS, by lanes and factor: where the published figures lie."""
    seed = shipped("yumeshima_conpas")[1]
    for (ordinary, reserved), factors in TOKYO_SETTINGS:
        for factor in factors:
            lanes = {"A": {"count": ordinary}, "B": {"count": reserved}}
            documents = {"checked_documents": {"service_factor": factor}}
            values = values_of(variant("conpas", lanes=lanes, conpas=documents), seed)
            waits = [values["wait_mean_min", group].mean() for group in ("booked", "ordinary", "all")]
            yield _row(
                f"{ordinary} + {reserved}",
                f"{factor:g}",
                *(f"{wait:.1f}" for wait in waits),
                f"{100 * (waits[0] / waits[1] - 1):+.0f} %",
            )


def vessels():
    """The gate seen from the vessels."""
    variants, seed = shipped("yumeshima_vessels")
    for name in variants:
        values = values_of(variant(name, "yumeshima_vessels"), seed)
        slots = [
            _mean(values, f"slots_{what}", digits=0) if (f"slots_{what}", "all") in values else ""
            for what in ("booked", "used", "no_show", "cancelled", "cancelled_late", "lapsed", "released", "unplaced")
        ]
        yield _row(
            f"`{name}`",
            _mean(values, "throughput_day", digits=0),
            _interval(values, "wait_mean_min"),
            _mean(values, "yard_wait_mean_min"),
            *slots,
        )


TABLES = {"conpas": conpas, "quota": quota, "tokyo": tokyo, "vessels": vessels}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or TABLES:
        sys.stdout.write("\n".join([f"{wanted}:", *TABLES[wanted](), ""]) + "\n")
