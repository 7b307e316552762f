"""First stage: who arrives where, scaled to what was counted there; ways, stays and leaving are calibrated after it.

The guess is one day of the model, by place, hour and class. Entropy scaling changes it as little as the counts allow:
counts by place (and hour) set its rows, a table by class its columns. Counts are first freed of what their sensor is
known to miss and to count twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.city.city import City
from twin.experiments.calibrate.scaling import scaled
from twin.models import registry
from twin.scenario.plan.plan import Plan
from twin.simulate import simulate

#: Name of the table that arrivals become.
TABLE = "calibrated_arrivals"
_HOUR_S = 3600.0
#: People added to each cell of the guess that is 0, so that nobody is ruled out by the luck of one day.
_LEAST = 0.05


@dataclass(frozen=True)
class Arrivals:
    """Arrivals as a table of the scenario.

    Attributes
    ----------
    key, factor
        Parameter that names the table, and the one that multiplies it, which becomes 100 %.
    columns
        ``exit, hour_start_s, hour_end_s, class, count``.
    counted, scaled_by
        People counted, and the factor by which the guess was scaled in all.
    entries
        Observations that were used up.
    """

    key: str
    factor: str
    columns: dict[str, NDArray[np.generic]]
    counted: float
    scaled_by: float
    entries: tuple[str, ...]

    def put(self, plan: Plan, variant: str) -> Plan:
        """The plan with these arrivals in a variant; what was used up is no target any more."""
        model, _, name = self.key.partition(".")
        times = self.factor.partition(".")[2]
        entries = []
        for entry in plan.content["variants"]:
            if entry["name"] == variant:
                own = {**entry["models"][model], name: TABLE, times: 1.0}
                written = {**(entry["resolved"].get(model) or {}), name: TABLE, times: "100 %"}
                resolved = {**entry["resolved"], model: written}
                entry = {**entry, "models": {**entry["models"], model: own}, "resolved": resolved}
            entries.append(entry)
        left = [one for one in plan.observed["entries"] if one["id"] not in self.entries]
        content = {**plan.content, "variants": entries, "observed": {**plan.observed, "entries": left}}
        return Plan(content, {**plan.tables, TABLE: self.columns})

    def rows(self) -> list[list[Any]]:
        """Rows of ``arrivals.csv``: exit, hour, class, count."""
        hours = self.columns["hour_start_s"].astype(np.float64) / _HOUR_S
        count = self.columns["count"].astype(np.float64)
        return [
            [str(place), f"{int(h)}:00", str(name), float(f"{n:.6g}")]
            for place, h, name, n in zip(self.columns["exit"], hours, self.columns["class"], count, strict=True)
        ]


def scaled_arrivals(plan: Plan, city: City, variant: str) -> Arrivals | None:
    """Arrivals scaled to the observations of a variant; None where none of them counts who arrives.

    Parameters
    ----------
    plan, city, variant
        What is calibrated.

    Raises
    ------
    ScenarioError
        If the counts contradict each other, or people were counted where nobody can arrive.
    """
    entries = [e for e in plan.observed.get("entries", []) if e.get("observable") and _feeds(e)]
    by_place = next((e for e in entries if e["sites"]), None)
    if by_place is None:
        return None
    by_class = next((e for e in entries if not e["sites"] and all(c.get("groups") for c in e["cells"])), None)
    what = registry.observables()[by_place["observable"]]
    table = simulate(plan, variant, 0, city).tables[what.table]
    place, group = (np.asarray(table[name]).astype(str) for name in (what.where, what.feeds_class))
    hour = np.floor(np.asarray(table[what.time], np.float64) / _HOUR_S).astype(np.int64)
    start_h = int(plan.content["clock"]["start_s"] // _HOUR_S)
    end_h = int(np.ceil(plan.content["clock"]["end_s"] / _HOUR_S))
    hours = np.arange(start_h, end_h)
    sites = by_place["sites"]
    places = sorted({*np.unique(place).tolist(), *(p for of in sites.values() for p in of["places"])})
    named = [w for cell in (by_class["cells"] if by_class else ()) for w in cell["groups"].values()]
    classes = np.unique(np.concatenate([group, np.array(named, np.str_)]))
    guess = np.zeros((len(places), len(hours), len(classes)))
    known = (hour >= start_h) & (hour < end_h)
    index = np.searchsorted(places, place[known]), hour[known] - start_h, np.searchsorted(classes, group[known])
    np.add.at(guess, index, np.asarray(table[what.weight], np.float64)[known])
    guess = np.maximum(guess, _LEAST)
    before = guess.sum()
    block = _blocks(by_place, places, hours)
    wanted, totals = _sums(by_place, plan.observed["sensors"], block, guess)
    flat = np.zeros((len(wanted), len(classes)))
    np.add.at(flat, block.ravel(), guess.reshape(-1, len(classes)))
    margins = [(0, wanted)]
    if by_class is not None:
        shares = np.array([_of_class(by_class, str(name)) for name in classes])
        margins.append((1, shares / shares.sum() * wanted.sum()))
    factor = scaled(flat, margins) / flat
    after = guess * factor[block.ravel()].reshape(guess.shape)
    rows = np.meshgrid(np.arange(len(places)), hours, np.arange(len(classes)), indexing="ij")
    at, of_hour, of_class = (grid.ravel() for grid in rows)
    columns: dict[str, NDArray[np.generic]] = {
        "exit": np.array(places, np.str_)[at],
        "hour_start_s": of_hour * _HOUR_S,
        "hour_end_s": (of_hour + 1) * _HOUR_S,
        "class": classes[of_class],
        "count": after.ravel(),
    }
    used = (by_place["id"], *([by_class["id"]] if by_class is not None else []))
    return Arrivals(what.feeds, what.feeds_factor, columns, totals, float(after.sum() / before), used)


def _feeds(entry: Mapping[str, Any]) -> bool:
    return bool(registry.observables()[entry["observable"]].feeds)


def _blocks(entry: Mapping[str, Any], places: list[str], hours: NDArray[np.int64]) -> NDArray[np.int64]:
    """(places, hours): the sum to which each belongs; 0 for what was not counted."""
    out = np.zeros((len(places), len(hours)), np.int64)
    for n, cell in enumerate(entry["cells"], 1):
        if cell.get("groups"):
            continue
        mine = np.isin(places, entry["sites"][cell["site"]]["places"])
        middle = (hours + 0.5) * _HOUR_S
        when = (middle >= cell.get("from_s", -np.inf)) & (middle < cell.get("to_s", np.inf))
        out[np.ix_(mine, when)] = n
    return out


def _sums(
    entry: Mapping[str, Any], sensors: Mapping[str, Any], block: NDArray[np.int64], guess: Floats
) -> tuple[Floats, float]:
    """Sum of each block: what was counted, freed of the sensor's errors; of what was not, that of the guess."""
    seen = 1.0
    if entry["sensor"] is not None:
        sensor = sensors[entry["sensor"]]
        if "phones" in sensor:
            seen = sensor["phones"] * sensor["detects"] ** 2
        else:
            seen = (1.0 - sensor["misses"]) * (1.0 + sensor["doubles"])
    own = np.zeros(len(entry["cells"]) + 1)
    np.add.at(own, block.ravel(), guess.sum(axis=2).ravel())
    blocks = np.unique(block)
    wanted = np.zeros(len(own))
    for n in blocks.tolist():
        wanted[n] = own[0] if n == 0 else entry["values"][n - 1] / seen
    return wanted, float(sum(wanted[n] for n in blocks.tolist() if n))


def _of_class(entry: Mapping[str, Any], name: str) -> float:
    cells = zip(entry["cells"], entry["values"], strict=True)
    return max(sum(value for cell, value in cells if name in cell["groups"].values()), 1e-9)
