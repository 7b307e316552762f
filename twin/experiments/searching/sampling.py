"""Points of a design: grids, Latin hypercubes, and the samples of Morris and Sobol, with their analysis by SALib."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from twin.arrays import Floats
from twin.experiments.extras import needed
from twin.results.searched import Axis, Point, Search


def named(nth: int, changes: dict[str, str | int | float | bool]) -> Point:
    """A point with its number as its name."""
    return Point(name=f"p{nth:05d}", changes=changes)


def grid(axes: list[Axis]) -> list[Point]:
    """Every combination of listed values, the last axis fastest."""
    keys = [axis.key for axis in axes]
    every = itertools.product(*(axis.values for axis in axes))
    return [named(nth, dict(zip(keys, combined, strict=True))) for nth, combined in enumerate(every)]


def latin_hypercube(axes: list[Axis], count: int, seed: int) -> list[Point]:
    """Points of which each lies alone in its slice of every axis (``scipy.stats.qmc``)."""
    from scipy.stats import qmc

    shares = qmc.LatinHypercube(len(axes), rng=seed).random(count)
    return _points(axes, shares)


def _points(axes: list[Axis], shares: Floats) -> list[Point]:
    return [
        named(nth, {axis.key: axis.at(float(x)) for axis, x in zip(axes, row, strict=True)})
        for nth, row in enumerate(shares)
    ]


def ends(axes: list[Axis]) -> list[Point]:
    """The base, then each axis alone at its low and at its high end."""
    points = [named(0, {})]
    for axis in axes:
        for share in (0.0, 1.0 - 1e-12):
            points.append(named(len(points), {axis.key: axis.at(share)}))
    return points


def _problem(axes: list[Axis]) -> dict[str, Any]:
    return {"num_vars": len(axes), "names": [axis.key for axis in axes], "bounds": [[0.0, 1.0]] * len(axes)}


def sample(method: str, axes: list[Axis], count: int, levels: int, seed: int) -> Floats:
    """Sample of Morris or Sobol, in shares of each span."""
    if method == "morris":
        morris = needed("SALib.sample.morris", "search")
        return np.asarray(morris.sample(_problem(axes), count, num_levels=levels, seed=seed), np.float64)
    sobol = needed("SALib.sample.sobol", "search")
    return np.asarray(sobol.sample(_problem(axes), count, calc_second_order=False, seed=seed), np.float64)


def sampled(method: str, axes: list[Axis], count: int, levels: int, seed: int) -> list[Point]:
    """Points of a sample; shares of 1 are the end of the span."""
    return _points(axes, np.minimum(sample(method, axes, count, levels, seed), 1.0 - 1e-12))


def analyse(search: Search, means: Floats) -> list[dict[str, Any]]:
    """Indices of each axis, the strongest first.

    References
    ----------
    Morris (1991), Technometrics 33(2); Campolongo, Cariboni and Saltelli (2007); Saltelli et al. (2010).
    """
    problem = _problem(search.axes)
    if float(np.ptp(means)) == 0.0:
        # Nothing moves the figure: variances of nothing are not divided.
        return [{"key": axis.key, "moves": False} for axis in search.axes]
    if search.method == "morris":
        morris = needed("SALib.analyze.morris", "search")
        shares = sample("morris", search.axes, search.sampled, search.levels, search.seed)
        found = morris.analyze(problem, shares, means, num_levels=search.levels, seed=search.seed)
        names = {"mu": "mu", "mu_star": "mu_star", "mu_star_conf": "mu_star_half", "sigma": "sigma"}
        order = "mu_star"
    else:
        sobol = needed("SALib.analyze.sobol", "search")
        found = sobol.analyze(problem, means, calc_second_order=False, seed=search.seed)
        names = {"S1": "first", "S1_conf": "first_half", "ST": "total", "ST_conf": "total_half"}
        order = "total"
    rows = [
        {
            "key": axis.key,
            "moves": True,
            **{ours: float(f"{found[theirs][nth]:.10g}") for theirs, ours in names.items()},
        }
        for nth, axis in enumerate(search.axes)
    ]
    return sorted(rows, key=lambda row: -abs(float(row[order])))
