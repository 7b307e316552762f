"""The figure that is asked of: its doubt before and after calibration, and what would narrow it most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.arrays import Floats
from twin.experiments.calibrate.emulator import emulator_of
from twin.experiments.calibrate.settings import Settings
from twin.experiments.calibrate.statistics import Statistic, evened, matrix
from twin.experiments.calibrate.value import Measurement, chance, worth
from twin.kpi import Kpi
from twin.kpi_seen import AT
from twin.results.reproduction import CELLS

_MOST_NAMED = 12


@dataclass(frozen=True)
class Outlook:
    """The figure asked of over the prior, and measurements by what they would tell of it."""

    measurements: tuple[Measurement, ...]
    prior: Floats

    def after(
        self, unit: Floats, runs: Sequence[Sequence[Kpi]], samples: Floats, settings: Settings, *, informed: bool
    ) -> dict[str, Any] | None:
        """As plain data, with the posterior beside the prior where something was observed."""
        if not settings.kpi:
            return None
        values = _answer(runs, settings)
        near = np.all((unit >= samples.min(axis=0) - 0.05) & (unit <= samples.max(axis=0) + 0.05), axis=1)
        near &= np.isfinite(values)
        out: dict[str, Any] = {
            "kpi": settings.kpi,
            "group": settings.group,
            "unit": next((k.unit for k in runs[0] if k.kpi == settings.kpi), ""),
            "target": settings.target,
            "direction": settings.direction,
            "prior": _told(self.prior, settings),
            "posterior": None,
            "measurements": [
                {"name": m.name, "kind": m.kind, "narrows": m.narrows} for m in self.measurements[:_MOST_NAMED]
            ],
        }
        if informed and near.sum() > unit.shape[1] + 2:
            out["posterior"] = _told(emulator_of(unit[near], values[near][:, None]).mean(samples)[:, 0], settings)
        return out


def _told(values: Floats, settings: Settings) -> dict[str, Any]:
    ends = np.quantile(values, [0.025, 0.5, 0.975])
    reached = None if settings.target is None else chance(values, settings.target, settings.direction)
    return {"median": float(ends[1]), "interval": [float(ends[0]), float(ends[2])], "chance": reached}


def _answer(runs: Sequence[Sequence[Kpi]], settings: Settings) -> Floats:
    return matrix(runs, [Statistic(settings.kpi, settings.group, "", False)])[:, 0]


def outlook_of(
    unit: Floats, runs: Sequence[Sequence[Kpi]], keys: Sequence[str], fitted: Sequence[Statistic], settings: Settings
) -> Outlook:
    """The figure over the prior, from points spread over all of it.

    Parameters
    ----------
    unit : (n, p)
        Points of the first wave.
    runs
        KPIs at each.
    keys
        Parameters.
    fitted
        Observations, which are candidates to be measured again.
    settings
        What is asked of.
    """
    if not settings.kpi:
        return Outlook((), np.zeros(0))
    values = _answer(runs, settings)
    known = np.isfinite(values)
    if known.sum() <= unit.shape[1] + 2:
        return Outlook((), np.zeros(0))
    from scipy.stats import qmc

    emulator = emulator_of(unit[known], values[known][:, None])
    prior = emulator.mean(np.asarray(qmc.Sobol(unit.shape[1], rng=1).random_base2(14)))[:, 0]
    own = [run for run, sound in zip(runs, known, strict=True) if sound]
    found = worth(unit[known], values[known], _candidates(own, fitted, settings), keys)
    return Outlook(tuple(found), prior)


def _candidates(
    runs: Sequence[Sequence[Kpi]], fitted: Sequence[Statistic], settings: Settings
) -> dict[tuple[str, str], Floats]:
    """What could be measured on a day: each observation anew, what each sensor tells, each figure of the model."""
    out: dict[tuple[str, str], Floats] = {}
    for entry in dict.fromkeys(s.entry for s in fitted):
        own = [s for s in fitted if s.entry == entry]
        out["observation", entry] = evened(matrix(runs, own), np.array([s.count for s in own]))
    names = list(dict.fromkeys((kpi.kpi, kpi.unit) for run in runs for kpi in run if kpi.group == "all"))
    for sensor in dict.fromkeys(name.split(AT)[1] for name, _ in names if AT in name):
        told = [Statistic(name, "all", "", False) for name, _ in names if name.endswith(f"{AT}{sensor}")]
        out["sensor", sensor] = matrix(runs, told)
    for name, unit in names:
        if AT not in name and not name.startswith(CELLS) and name != settings.kpi:
            count = unit in ("people", "trucks", "vehicles", "requests")
            out["figure", name] = evened(matrix(runs, [Statistic(name, "all", "", count)]), np.array([count]))
    return out
