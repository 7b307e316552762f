"""Calibrate a scenario: waves of runs, posterior, hold-outs, what cannot be told, and what to measure next."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from twin.arrays import Floats
from twin.city.city import City
from twin.errors import RunError, ScenarioError
from twin.experiments.calibrate.arrivals import Arrivals, scaled_arrivals
from twin.experiments.calibrate.emulator import Emulator, emulator_of
from twin.experiments.calibrate.identify import Identified, identified
from twin.experiments.calibrate.outlook import Outlook, outlook_of
from twin.experiments.calibrate.posterior import Likelihood, box_around, sample
from twin.experiments.calibrate.settings import Settings
from twin.experiments.calibrate.statistics import Compression, Statistic, compression_of, evened, matrix, targets_of
from twin.experiments.calibrate.waves import points_plan, run_points
from twin.kpi import Kpi
from twin.results.calibration import ARRIVALS, CALIBRATION, calibration_json
from twin.results.run_folder import file_sha256, partial_of, read_json, sync_folder, write_json
from twin.scenario.plan.draws import Ranged
from twin.scenario.plan.plan import Plan

#: Called with (share done, runs done, runs in all) of the wave under way.
OnProgress = Callable[[float, int, int], None]

_LEAST_RUNS_PER_KEY = 8
#: Chance below which what is left between model and observations is no luck.
_MISFIT = 1e-3


@dataclass
class Waves:
    """Runs so far: points in the unit cube, and the KPIs at each."""

    unit: Floats
    runs: list[list[Kpi]] = field(default_factory=list)


@dataclass(frozen=True)
class Fit:
    """What the observations leave of the ranges.

    Attributes
    ----------
    samples : (s, p)
        The posterior in the unit cube; of the prior where nothing was observed.
    likelihood
        From which it was sampled; None where nothing was observed.
    statistics
        Those fitted; their places in the compression.
    compression, emulator
        How they were made few, and how they follow from the parameters.
    dropped
        Observations that no run gave, or that never moved.
    """

    samples: Floats
    likelihood: Likelihood | None = None
    statistics: tuple[Statistic, ...] = ()
    compression: Compression | None = None
    emulator: Emulator | None = None
    dropped: tuple[str, ...] = ()


def calibrate(
    plan: Plan,
    city: City,
    variant: str,
    ranged: Sequence[Ranged],
    out: Path,
    settings: Settings,
    *,
    workers: int = 1,
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Calibrate the parameters of a variant; returns the content of ``calibration.json``, which stands in ``out``.

    Parameters
    ----------
    plan, city, variant
        What is calibrated; its observations are the targets.
    ranged
        Parameters with their ranges: the prior is flat over them.
    out
        Folder that is made. While runs go on it is ``OUT.partial``; the same call goes on with it.
    settings
        How many runs, and what is asked.
    workers
        Processes; the result does not depend on their number.
    on_progress
        Called with (share done, runs done, runs in all).

    Raises
    ------
    ScenarioError
        If there is nothing to move.
    RunError
        If the folder exists, or holds something else.
    """
    # Matrices here are small: threads of BLAS only wait for each other, on a busy machine thirty times the work.
    with threadpool_limits(limits=1, user_api="blas"):
        return _calibrated(plan, city, variant, ranged, out, settings, workers, on_progress)


def _calibrated(
    plan: Plan,
    city: City,
    variant: str,
    ranged: Sequence[Ranged],
    out: Path,
    settings: Settings,
    workers: int,
    on_progress: OnProgress | None,
) -> dict[str, Any]:
    if not ranged:
        raise ScenarioError(
            "no value of the variant has a range: there is nothing to calibrate",
            where=plan.name,
            mend="give ranges: {value: 10 min, range: [5 min, 15 min], grade: G}; or another --key",
        )
    if out.exists():
        raise RunError("the output folder exists already", where=str(out), mend="choose another with --out")
    growing = partial_of(out)
    arrivals = scaled_arrivals(plan, city, variant)
    if arrivals is not None:
        plan = arrivals.put(plan, variant)
    fitted, held = targets_of(plan.observed)
    keys, p = [one.key for one in ranged], len(ranged)
    count = settings.runs or _runs_for(p)
    if count < _LEAST_RUNS_PER_KEY * p:
        raise ScenarioError(
            f"{count} runs a wave are too few for {p} parameters", where="--runs", mend=f"at least {8 * p}"
        )
    low, high = np.zeros(p), np.ones(p)
    waves = Waves(np.zeros((0, p)))
    fit = Fit(_flat(p, plan.content["seed"]))
    outlook: Outlook | None = None
    for wave in range(settings.waves if fitted else 1):
        unit = low + (high - low) * _hypercube(count, p, int(plan.content["seed"]) + 7919 * (wave + 1))
        made, exact = points_plan(plan, variant, ranged, unit)
        runs = run_points(made, city, growing / f"wave-{wave + 1}", workers, on_progress)
        waves = Waves(np.vstack([waves.unit, exact]), [*waves.runs, *runs])
        if wave == 0:
            outlook = outlook_of(waves.unit, waves.runs, keys, fitted, settings)
        if fitted:
            fit = fit_of(waves, fitted, low, high, int(plan.content["seed"]))
            low, high = box_around(fit.samples)
    if outlook is None:
        raise RunError("there was no wave of runs", where=str(out), mend="--waves 1 or more")
    told: Identified | None = identified(keys, fit.samples, fit.likelihood) if fit.likelihood is not None else None
    content = calibration_json(
        plan.content,
        variant,
        [one.facts() for one in ranged],
        fit.samples,
        runs=len(waves.runs),
        identified=told.to_dict(keys) if told else None,
        held_out=_held_out(waves, held, fit),
        fitted=_fitted(waves, fit),
        outlook=outlook.after(waves.unit, waves.runs, fit.samples, settings, informed=bool(fitted)),
        dropped=list(fit.dropped),
        arrivals=_write_arrivals(growing, arrivals),
    )
    write_json(growing / CALIBRATION, content)
    for wave in range(settings.waves):
        shutil.rmtree(partial_of(growing / f"wave-{wave + 1}"), ignore_errors=True)
    sync_folder(growing)
    os.replace(growing, out)
    return read_json(out / CALIBRATION)


def _write_arrivals(growing: Path, arrivals: Arrivals | None) -> dict[str, Any] | None:
    """Write ``arrivals.csv``; returns what the calibration says of it."""
    if arrivals is None:
        return None
    lines = ["exit,hour,class,count", *(",".join(map(str, row)) for row in arrivals.rows())]
    path = growing / ARRIVALS
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return {
        "file": ARRIVALS,
        "sha256": file_sha256(path),
        "key": arrivals.key,
        "factor": arrivals.factor,
        "counted": arrivals.counted,
        "scaled_by": arrivals.scaled_by,
        "observations": list(arrivals.entries),
    }


def _runs_for(parameters: int) -> int:
    """Runs of a wave: enough for all terms of second degree of a few parameters, for squares of many."""
    p = parameters
    quadratic = 1 + 2 * p + p * (p - 1) // 2
    return max(40, 5 * quadratic if p <= 8 else 6 * (1 + 2 * p))


def _hypercube(count: int, parameters: int, seed: int) -> Floats:
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(parameters, rng=seed).random(count), np.float64)


def _flat(parameters: int, seed: int) -> Floats:
    from scipy.stats import qmc

    return np.asarray(qmc.Sobol(parameters, rng=seed).random_base2(12), np.float64)


def fit_of(waves: Waves, fitted: Sequence[Statistic], low: Floats, high: Floats, seed: int) -> Fit:
    """Posterior from the runs within a box."""
    inside = np.all((waves.unit >= low - 1e-9) & (waves.unit <= high + 1e-9), axis=1)
    unit = waves.unit[inside]
    values = matrix([run for run, near in zip(waves.runs, inside, strict=True) if near], fitted)
    sound = np.all(np.isfinite(values), axis=0) & (values.std(axis=0) > 0)
    kept = [s for s, good in zip(fitted, sound, strict=True) if good]
    dropped = tuple(dict.fromkeys(s.entry for s, good in zip(fitted, sound, strict=True) if not good))
    if not kept:
        raise RunError(
            "no run gave any of the figures that were observed, or none ever moved",
            where="observed",
            mend="check what is observed against twin run, or calibrate other parameters",
        )
    count = np.array([s.count for s in kept])
    even = evened(values[:, sound], count)
    noise = np.array([_noise(s) for s in kept])
    days = np.array([s.days for s in kept])
    compression = compression_of(unit, even, noise)
    few = compression.of(even)
    emulator = emulator_of(unit, few)
    # Luck of the observed days: that of one run, less where the observation is a mean over several.
    left = even - even.mean(axis=0)
    own = emulator_of(unit, compression.of(left / np.sqrt(days))).luck
    weighed = compression.weights * noise[:, None]
    covariance = own + compression.weights.T @ weighed
    seen = compression.of(evened(np.array([[s.observed for s in kept]]), count))[0]
    likelihood = Likelihood(emulator, seen, covariance, low, high)
    return Fit(sample(likelihood, seed), likelihood, tuple(kept), compression, emulator, dropped)


def _noise(one: Statistic) -> float:
    """Variance of the stated error, on the even scale."""
    return one.spread**2 / (max(one.observed, 0.0) + 0.375) if one.count else one.spread**2


def _fitted(waves: Waves, fit: Fit) -> dict[str, Any] | None:
    """How far the fitted statistics are from what was observed, in standard errors; and how well they are emulated."""
    if fit.likelihood is None or fit.emulator is None:
        return None
    off = fit.emulator.mean(fit.samples.mean(axis=0)[None, :])[0] - fit.likelihood.observed
    square = float(off @ np.linalg.pinv(fit.likelihood.noise + fit.emulator.luck / len(waves.runs)) @ off)
    from scipy.stats import chi2

    return {
        "misfit": bool(chi2.sf(square, len(off)) < _MISFIT),
        "statistics": len(fit.statistics),
        "compressed_to": len(fit.likelihood.observed),
        "form": fit.emulator.form,
        "chi_square": square,
        "emulated_share": [float(x) for x in fit.emulator.explained],
    }


def _held_out(waves: Waves, held: Sequence[Statistic], fit: Fit) -> dict[str, Any] | None:
    """What the calibrated model says of the sensors that it never saw."""
    if not held or fit.likelihood is None:
        return None
    values = matrix(waves.runs, held)
    sound = np.all(np.isfinite(values), axis=0)
    if not sound.any():
        return None
    kept = [s for s, good in zip(held, sound, strict=True) if good]
    count = np.array([s.count for s in kept])
    emulator = emulator_of(waves.unit, evened(values[:, sound], count))
    found = emulator.mean(fit.samples[:: max(len(fit.samples) // 500, 1)])
    variance = np.diag(emulator.luck) / np.array([s.days for s in kept]) + found.var(axis=0)
    variance = variance + np.array([_noise(s) for s in kept])
    observed = evened(np.array([s.observed for s in kept]), count)
    z = (observed - found.mean(axis=0)) / np.sqrt(np.maximum(variance, 1e-12))
    return {"numbers": len(kept), "within_two": float((np.abs(z) <= 2.0).mean()), "rms": float(np.sqrt((z**2).mean()))}
