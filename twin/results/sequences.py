"""Intervals that stay right however often one looks: confidence sequences for means of paired differences.

An ordinary 95 % interval is right for one look. Who looks after every few replications and stops when the interval
has left zero is wrong far more often than 5 %. The intervals here hold at all looks at once: the chance that *any* of
them misses the mean is at most alpha. They need no plan of looks, so that a budget may be raised afterwards.

Method: the mixture t confidence sequence. Under a normal prior on the effect in units of its own standard deviation,
with variance ``PRIOR`` (one observation's worth of information) and the right-Haar prior on that standard deviation,
the Bayes factor depends on the t statistic alone and is a nonnegative martingale under the null whatever the standard
deviation is; by Ville's inequality it reaches 1/alpha with a chance of at most alpha. Exact for normal differences from
two pairs on, so that few pairs are minded as Student's interval minds them.

References
----------
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
    half = t_boundary(found.n, alpha) * float(np.std(kept, ddof=1)) / math.sqrt(found.n)
    return Interval(found.mean, found.mean - half, found.mean + half, found.n)
