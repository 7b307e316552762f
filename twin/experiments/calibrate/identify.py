"""What the observations cannot tell: parameters they do not narrow, pairs they cannot tell apart, and profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.experiments.calibrate.posterior import Likelihood

#: Standard deviation of a flat prior over 0 to 1.
FLAT = 12**-0.5
#: A parameter whose posterior is this wide beside its prior is not told by the data.
_NOT_NARROWED = 0.8
#: Pairs with a correlation beyond this cannot be told apart.
_TOGETHER = 0.9
#: Half the 95 % point of chi-square with one degree of freedom.
PROFILE_DROP = 1.92
_PROFILE_POINTS = 13
#: Step of slopes in ranges of 0 to 1, and where a search ends: far below what a profile is read for.
_STEP, _SEARCH = 1e-6, {"ftol": 1e-8}


@dataclass(frozen=True)
class Identified:
    """What the data tell of the parameters.

    Attributes
    ----------
    width : (p,)
        Posterior standard deviation beside that of the prior; 1: nothing was learned.
    untold
        Keys that the data do not narrow.
    together
        Pairs of keys that the data cannot tell apart, with their correlation.
    flattest
        Weights of the direction that the data tell least of, and its posterior standard deviation beside the prior's.
    fisher : (p, p)
        Information of the data at the middle of the posterior, over unit ranges.
    profile : (p, k)
        Best log likelihood at each place of a parameter's range, beside the best of all.
    """

    width: Floats
    untold: tuple[str, ...]
    together: tuple[tuple[str, str, float], ...]
    flattest: tuple[dict[str, float], float]
    fisher: Floats
    profile: Floats

    def to_dict(self, keys: Sequence[str]) -> dict[str, Any]:
        """As plain JSON."""
        log = np.where(np.isfinite(self.profile), self.profile, -1e6)
        return {
            "width": dict(zip(keys, self.width.tolist(), strict=True)),
            "untold": list(self.untold),
            "together": [list(pair) for pair in self.together],
            "flattest": {"direction": self.flattest[0], "width": self.flattest[1]},
            "fisher": self.fisher.tolist(),
            "profile": dict(zip(keys, log.tolist(), strict=True)),
            # Where the profile never falls by this much, the data allow the whole range that was looked at.
            "profile_drop": PROFILE_DROP,
            "flat_profiles": [key for key, of in zip(keys, log, strict=True) if of.min() > -PROFILE_DROP],
        }


def identified(keys: Sequence[str], samples: Floats, likelihood: Likelihood) -> Identified:
    """What a posterior tells of each parameter and of pairs of them.

    Parameters
    ----------
    keys
        Parameters.
    samples : (s, p)
        The posterior in the unit cube.
    likelihood
        From which it was sampled.
    """
    width = samples.std(axis=0) / FLAT
    middle = samples.mean(axis=0)
    jacobian = likelihood.emulator.jacobian(middle)
    fisher = jacobian.T @ np.linalg.pinv(likelihood.noise) @ jacobian
    untold = tuple(key for key, w in zip(keys, width, strict=True) if w > _NOT_NARROWED)
    correlation = np.asarray(np.corrcoef(samples.T), np.float64).reshape(len(keys), len(keys))
    together = tuple(
        (keys[i], keys[j], float(correlation[i, j]))
        for i in range(len(keys))
        for j in range(i + 1, len(keys))
        if abs(correlation[i, j]) > _TOGETHER
    )
    sizes, ways = np.linalg.eigh(fisher)
    # The prior adds its own information, so that the width is at most that of the prior.
    flat = float(1.0 / np.sqrt(max(sizes[0], 0.0) + 1.0 / FLAT**2) / FLAT)
    direction = {
        key: float(w) for key, w in zip(keys, ways[:, 0] * np.sign(ways[np.abs(ways[:, 0]).argmax(), 0]), strict=True)
    }
    return Identified(width, untold, together, (direction, flat), fisher, _profile(samples, likelihood))


def _profile(samples: Floats, likelihood: Likelihood) -> Floats:
    """Best log likelihood over the others at places of each range, by a search from the best samples near."""
    from scipy.optimize import minimize

    p = samples.shape[1]
    log = likelihood.log(samples)
    top = float(log.max())
    out = np.full((p, _PROFILE_POINTS), -np.inf)
    for k in range(p):
        places = np.linspace(likelihood.low[k], likelihood.high[k], _PROFILE_POINTS)
        for i, place in enumerate(places):
            near = samples[np.argsort(np.abs(samples[:, k] - place), kind="stable")[:64]].copy()
            near[:, k] = place
            start = near[int(likelihood.log(near).argmax())]
            others = np.delete(np.arange(p), k)
            best = float(likelihood.log(start[None, :])[0])
            if len(others):
                worse = partial(_worse, likelihood=likelihood, start=start, others=others)
                bounds = [(likelihood.low[j], likelihood.high[j]) for j in others]
                found = minimize(worse, start[others], jac=True, method="L-BFGS-B", bounds=bounds, options=_SEARCH)
                best = max(best, -float(found.fun))
            out[k, i] = best
    return out - max(top, float(out.max()))


def _worse(free: Floats, likelihood: Likelihood, start: Floats, others: NDArray[np.int64]) -> tuple[float, Floats]:
    """Minus the log likelihood and its slopes: a point and its neighbours within the box are looked at in one go."""
    step = np.where(free + _STEP <= likelihood.high[others], _STEP, -_STEP)
    points = np.tile(start, (len(others) + 1, 1))
    points[:, others] = free
    points[np.arange(1, len(points)), others] += step
    log = likelihood.log(points)
    if not np.isfinite(log).all():
        return 1e12, np.zeros_like(free)
    return -float(log[0]), (log[0] - log[1:]) / step
