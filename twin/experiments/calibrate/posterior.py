"""What the observations leave of the ranges: a likelihood from the emulator, sampled over the prior.

The prior is flat over the ranges. The luck of a day is estimated from as many runs as there are, which makes the
likelihood that of a multivariate t instead of a Gaussian (Sellentin and Heavens 2016, MNRAS 456(1)). Sampled by the
affine-invariant ensemble of Goodman and Weare (2010) as ``emcee`` has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from twin.arrays import Floats
from twin.experiments.calibrate.emulator import Emulator

_WALKERS, _STEPS, _BURN, _THIN = 64, 800, 300, 8


@dataclass(frozen=True)
class Likelihood:
    """How likely what was observed is at points of the prior.

    Attributes
    ----------
    emulator
        Statistics as functions of the parameters.
    observed : (q,)
        Observed statistics.
    noise : (q, q)
        Their covariance: luck of the days that were counted, and stated errors.
    low, high : (p,)
        Box in which the emulator holds, within the unit cube.
    """

    emulator: Emulator
    observed: Floats
    noise: Floats
    low: Floats
    high: Floats

    @cached_property
    def _directions(self) -> tuple[Floats, Floats]:
        """Luck of one run in directions in which the noise is 1, and those directions."""
        root = np.linalg.cholesky(self.noise + 1e-12 * np.trace(self.noise) * np.eye(len(self.noise)))
        inner = np.linalg.solve(root, np.linalg.solve(root, self.emulator.luck).T)
        size, ways = np.linalg.eigh((inner + inner.T) / 2)
        return np.maximum(size, 0.0), np.linalg.solve(root.T, ways)

    def log(self, unit: Floats) -> Floats:
        """Logarithm, but for a constant: (n, p) to (n,); minus infinity outside the box."""
        # In directions where the noise is 1 and luck is diagonal, the error of the mean only stretches each.
        size, ways = self._directions
        off = (self.emulator.mean(unit) - self.observed) @ ways
        stretch = 1.0 + self.emulator.leverage(unit)[:, None] * size
        square = (off**2 / stretch).sum(axis=1)
        runs = self.emulator.freedom + 1
        out = -0.5 * runs * np.log1p(square / max(runs - 1, 1)) - 0.5 * np.log(stretch).sum(axis=1)
        inside = np.all((unit >= self.low) & (unit <= self.high), axis=1)
        return np.where(inside, out, -np.inf)


def sample(likelihood: Likelihood, seed: int) -> Floats:
    """Samples of the posterior: (s, p) in the unit cube; the same seed, the same samples."""
    import emcee
    from scipy.stats import qmc

    p = len(likelihood.low)
    walkers = max(_WALKERS, 2 * p + 2)
    span = likelihood.high - likelihood.low
    points = likelihood.low + span * qmc.Sobol(p, rng=seed).random_base2(13)
    log = likelihood.log(points)
    # Begin where it is likely, spread as it is there.
    weights = np.exp(log - log.max())
    order = np.argsort(-weights, kind="stable")[: walkers * 4]
    total = np.cumsum(weights[order])
    at = np.searchsorted(total, (np.arange(walkers) + 0.5) / walkers * total[-1])
    jitter = qmc.Sobol(p, rng=seed + 1).random(walkers) - 0.5
    start = np.clip(
        points[order[np.minimum(at, len(order) - 1)]] + 0.02 * span * jitter, likelihood.low, likelihood.high
    )
    sampler = emcee.EnsembleSampler(walkers, p, likelihood.log, vectorize=True)
    # emcee draws from the old generator of numpy alone; its stream for a seed is frozen.
    sampler.random_state = np.random.RandomState(seed % 2**32).get_state()  # noqa: TID251
    sampler.run_mcmc(start, _BURN + _STEPS, skip_initial_state_check=True)
    return np.asarray(sampler.get_chain(discard=_BURN, thin=_THIN, flat=True), np.float64)


def box_around(samples: Floats) -> tuple[Floats, Floats]:
    """Where the next runs go: the middle of the samples and three and a half standard deviations, within the cube."""
    middle, spread = samples.mean(axis=0), samples.std(axis=0)
    return np.maximum(middle - 3.5 * spread, 0.0), np.minimum(middle + 3.5 * spread, 1.0)
