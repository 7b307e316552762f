"""Intervals that stay right however often one looks: confidence sequences for means of paired differences.

An ordinary 95 % interval is right for one look. Who looks after every few replications and stops when the interval
has left zero is wrong far more often than 5 %. The intervals here hold at all looks at once: the chance that *any* of
them misses the mean is at most alpha. They need no plan of looks, so that a budget may be raised afterwards.

Method: the mixture t confidence sequence. Under a normal prior on the effect in units of its own standard deviation,
with variance ``PRIOR`` (one observation's worth of information) and the right-Haar prior on that standard deviation,
the Bayes factor depends on the t statistic alone and is a nonnegative martingale under the null whatever the standard
deviation is; by Ville's inequality it reaches 1/alpha with a chance of at most alpha. Exact for normal differences from
two pairs on, so that few pairs are minded as Student's interval minds them.

Skewed differences (a queue that spills over on few days) would make both ends wrong to one side; the statistic is
therefore taken through Hall's monotone transformation before it is held against the boundary.

References
----------
Hall (1992), Journal of the Royal Statistical Society B 54(1): removing skewness by transformation.
Lai (1976), Annals of Statistics 4(2): confidence sequences of the t statistic.
Pérez-Ortiz, Lardy, de Heide and Grünwald (2024), Annals of Statistics 52(4): such Bayes factors, stopped at will.
Wang and Ramdas (2025), "Anytime-valid t-tests and confidence sequences for Gaussian means with unknown variance",
Sequential Analysis 44.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from twin.results.verdicts import Interval, plain_interval

METHOD = "mixture t confidence sequence"
#: Variance of the effect over that of one difference, in the prior; intervals are tightest at some ten pairs.
PRIOR = 1.0
#: Sample skewness of few values falls short of the true one; by how much it is raised was chosen on exponential,
#: lognormal and t3 differences so that none is wrong more than 5 % of the time (docs/verification.md).
STRETCH = 1.4
#: Samples as skewed as this say nothing before they have so many values.
SKEWED, FEWEST_SKEWED = 1.0, 16


def t_boundary(n: int, alpha: float) -> float:
    """Largest t statistic of ``n`` values that the sequence takes for luck; infinite while there are too few.

    Parameters
    ----------
    n
        Number of values, at least 2.
    alpha
        Chance that any interval of the sequence misses the mean.
    """
    free = n - 1
    ratio = 1.0 + n * PRIOR
    # The Bayes factor, ratio^-1/2 · ((1 + t²/free) / (1 + t²/(free·ratio)))^(n/2), solved for t² where it is 1/alpha.
    bound = (math.sqrt(ratio) / alpha) ** (2.0 / n)
    if bound >= ratio:
        return math.inf
    return math.sqrt(free * (bound - 1.0) / (1.0 - bound / ratio))


def sequence_interval(values: NDArray[np.float64], alpha: float = 0.05) -> Interval:
    """Mean with an interval that holds at every look; undefined values are left out and not counted in ``n``.

    Parameters
    ----------
    values : (n,) float64
        One value per replication, or per pair, in the order of replications.
    alpha
        Chance that any interval, over all numbers of values, misses the mean.
    """
    found = plain_interval(values)
    if found.n < 2 or found.lo == found.hi:
        return found
    kept = values[~np.isnan(values)]
    bound = t_boundary(found.n, alpha)
    skewness = skewness_of(kept)
    if math.isinf(bound) or (abs(skewness) > SKEWED and found.n < FEWEST_SKEWED):
        return Interval(found.mean, -math.inf, math.inf, found.n)
    error = float(np.std(kept, ddof=1)) / math.sqrt(found.n)
    below, above = (unskewed(side * bound, STRETCH * skewness, found.n) for side in (1.0, -1.0))
    return Interval(found.mean, found.mean - below * error, found.mean - above * error, found.n)


def skewness_of(values: NDArray[np.float64]) -> float:
    """Skewness of a sample, adjusted for its size; 0 for fewer than three values, which say nothing of it."""
    n, spread = len(values), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    if n < 3 or spread == 0.0:
        return 0.0
    third = float(np.mean((values - values.mean()) ** 3)) * n * n / ((n - 1) * (n - 2))
    return third / spread**3


def unskewed(bound: float, skewness: float, n: int) -> float:
    """The t statistic whose transform is a bound: the inverse of Hall's monotone transformation.

    The transform T + a T²/3 + a² T³/27 + a/6, a = skewness/√n, takes the first-order effect of skewness out of the
    distribution of t, so that it may be held against a bound for symmetric values.
    """
    a = skewness / math.sqrt(n)
    if abs(a) < 1e-9:
        return bound
    inner = 1.0 + a * (bound - a / 6.0)
    return 3.0 / a * (math.copysign(abs(inner) ** (1 / 3), inner) - 1.0)
