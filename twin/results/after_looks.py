"""The interval of a figure by itself after repeated looks: as wide as 95 % asks for, and honest about the stop.

A study stops where its differences happen to be clear, so that their mean lies too far out at the stop and Student's
interval there misses too often; the interval that holds at every look (:mod:`twin.results.sequences`) misses far more
seldom than it says. In between lies the interval that takes the rule of stopping into account: a value theta is left
out where, if it were true, the t statistic at the stop would be as far out as it is in at most 2.5 % of studies on
either side. How that statistic is distributed is not known in a formula; it is played: studies with theta as their
mean and the spread that was found, stopped by the same rule.

The studies played are normal and the spread is the one found, so that the coverage is near 95 %, not exactly it
(docs/answers.md has the figures). Verdicts rest on the sequence alone.

References
----------
Chuang and Lai (2000), "Hybrid resampling methods for confidence intervals", Statistica Sinica 10: this method.
Chang (1989), Biometrics 45: intervals after a group sequential test, ordered by the standardised distance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.results.sequences import sequence_interval, t_boundary
from twin.results.verdicts import Interval, plain_interval

#: Studies that are played; the chance beyond 2.5 % is then known to 0.25 %.
STUDIES = 4000
_HALVINGS = 30
#: Ends of an interval are sought as many standard errors from its mean.
_FARTHEST = 20.0


def interval_after_looks(
    values: Floats, looks: Sequence[int], ends: Sequence[float], share: float, alpha: float = 0.05
) -> Interval:
    """Mean with an interval that takes the rule of stopping into account.

    Parameters
    ----------
    values : (n,) float64
        One value per replication, up to the look at which the study stopped; undefined ones are left out.
    looks
        Numbers of replications at which the study would look, those after the stop as well.
    ends
        Values that decide: a look decides once none of them lies in the interval of the sequence.
    share
        Error that this figure may make over all looks.
    alpha
        One minus the confidence of the interval that is returned.
    """
    found = plain_interval(values)
    if found.n < 2 or found.lo == found.hi:
        return found
    kept = values[~np.isnan(values)]
    counts = _counts(values, looks)
    stop = counts.index(found.n) if found.n in counts else len(counts) - 1
    # Decided earlier than the study stopped: the other questions kept it going, whatever this figure said.
    first = next((k for k, n in enumerate(counts[: stop + 1]) if _decides(kept[:n], ends, share)), stop)
    least = stop if first < stop else 0
    spread = float(np.std(kept, ddof=1))
    error = spread / math.sqrt(found.n)
    bounds = np.array([t_boundary(n, share) for n in counts])
    means, errors = _played(tuple(counts))
    pivots, rows = means / errors, np.arange(STUDIES)

    def below(theta: float) -> float:
        """Share of studies of this mean whose statistic lies below the one found."""
        decided = np.ones(means.shape, bool)
        for end in ends:
            decided &= np.abs((theta - end) / spread + means) > bounds * errors
        decided[:, :least] = False
        decided[:, -1] = True
        return float(np.mean(pivots[rows, decided.argmax(axis=1)] <= (found.mean - theta) / error))

    def end_of(wanted: float, side: float) -> float:
        near, far = found.mean, found.mean + side * _FARTHEST * error
        for _ in range(_HALVINGS):
            middle = 0.5 * (near + far)
            inside = below(middle) < wanted if side < 0 else below(middle) > wanted
            near, far = (middle, far) if inside else (near, middle)
        return near

    return Interval(found.mean, end_of(1.0 - alpha / 2.0, -1.0), end_of(alpha / 2.0, 1.0), found.n)


def _counts(values: Floats, looks: Sequence[int]) -> list[int]:
    """Defined values at each look; those still to come are taken to be undefined as often."""
    defined = np.cumsum(~np.isnan(values))
    share = defined[-1] / len(values)
    counts = [int(defined[n - 1]) if n <= len(values) else round(n * share) for n in looks]
    return sorted({n for n in counts if n >= 2} | {int(defined[-1])})


def _decides(values: Floats, ends: Sequence[float], share: float) -> bool:
    found = sequence_interval(values, share)
    return all(end < found.lo or end > found.hi for end in ends)


@lru_cache(maxsize=8)
def _played(counts: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means and their standard errors of standard normal values at each look: (studies, looks) each.

    Block by block: the mean of a block is normal, its squares about that mean are chi-square, and both are independent.
    The numbers are those of a counter, the same on every machine.
    """
    from scipy.special import chdtri, ndtri

    uniform = _uniforms(2 * STUDIES * len(counts)).reshape(2, len(counts), STUDIES)
    mean, squares, before = np.zeros(STUDIES), np.zeros(STUDIES), 0
    means, errors = np.empty((STUDIES, len(counts))), np.empty((STUDIES, len(counts)))
    for k, n in enumerate(counts):
        block = n - before
        own = ndtri(uniform[0, k]) / math.sqrt(block)
        if block > 1:
            squares = squares + chdtri(block - 1, uniform[1, k])
        squares = squares + (own - mean) ** 2 * before * block / n
        mean = mean + (own - mean) * block / n
        means[:, k], errors[:, k] = mean, np.sqrt(squares / (n - 1) / n)
        before = n
    return means, errors


def _uniforms(count: int) -> NDArray[np.float64]:
    """Numbers in (0, 1) that are hashes of a counter (SplitMix64; Steele, Lea and Flood, 2014)."""
    bits = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    return ((bits >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
