"""What figures allow to be said: intervals, verdicts and their words, and the correction for many rows.

Pure functions over numbers. How sure a verdict is when one looks again and again is in
:mod:`twin.results.sequences`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BETTER, WORSE = "better", "worse"
SAME, CANNOT_TELL = "practically the same", "cannot tell"
#: A figure without a natural direction only differs.
HIGHER, LOWER = "higher", "lower"

#: Verdict -> its words in Japanese and English; the empty verdict is that of a figure nobody has.
VERDICT_WORDS: dict[str, tuple[str, str]] = {
    BETTER: ("改善", "better"),
    WORSE: ("悪化", "worse"),
    SAME: ("実質的に同じ", "practically the same"),
    CANNOT_TELL: ("判断できない", "cannot tell"),
    HIGHER: ("増加", "higher"),
    LOWER: ("減少", "lower"),
    "": ("", ""),
}


@dataclass(frozen=True)
class Interval:
    """Mean and 95 % interval of a sample; nan ends when the sample is too small to have one."""

    mean: float
    lo: float
    hi: float
    n: int


def interval_of(values: NDArray[np.float64], alpha: float = 0.05) -> Interval:
    """Mean with Student's interval, for one look; undefined values are left out and not counted in ``n``.

    Parameters
    ----------
    values : (n,) float64
        One value per replication, or per pair.
    alpha
        One minus the confidence.
    """
    from scipy.special import stdtrit

    found = plain_interval(values)
    if found.n < 2 or found.lo == found.hi:
        return found
    kept = values[~np.isnan(values)]
    half = float(stdtrit(found.n - 1, 1 - alpha / 2) * np.std(kept, ddof=1) / math.sqrt(found.n))
    return Interval(found.mean, found.mean - half, found.mean + half, found.n)


def plain_interval(values: NDArray[np.float64]) -> Interval:
    """Mean of a sample, with ends only where no statistics is needed: none with one value, no width without variance.

    For other samples the ends are infinite.
    """
    kept = values[~np.isnan(values)]
    n = len(kept)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    mean = float(np.mean(kept))
    if n == 1:
        return Interval(mean, math.nan, math.nan, 1)
    if np.all(kept == kept[0]):
        # No variance: summing and dividing must not make one up.
        return Interval(float(kept[0]), float(kept[0]), float(kept[0]), n)
    return Interval(mean, -math.inf, math.inf, n)


def verdict_of(interval: Interval, better: str, matters_from: float = 0.0) -> str:
    """What the interval of a difference allows to be said, given the direction that is wanted.

    Better and worse are said of a difference that reaches ``matters_from``, practically the same of one that
    stays below it, each with the whole interval. Without a size that matters, only a difference of exactly nothing is
    the same.

    Parameters
    ----------
    interval
        Of the paired differences.
    better
        ``lower``, ``higher``, or ``neither`` for a figure without a natural direction.
    matters_from
        Size from which a difference matters, in the unit of the figure, at least 0.
    """
    if interval.n == 0:
        return ""
    if math.isnan(interval.lo):
        return CANNOT_TELL
    return verdict_of_sides(_side(interval, -matters_from), _side(interval, matters_from), better)


def _side(interval: Interval, level: float) -> int:
    """-1 or 1 where the whole interval lies on one side of a level, 0 at it, 2 where it cannot be told."""
    if interval.lo == interval.hi == level:
        return 0
    if interval.hi < level:
        return -1
    return 1 if interval.lo > level else 2


def verdict_of_sides(low_side: int, high_side: int, better: str) -> str:
    """Verdict from where a difference lies by the lower and by the upper end of what does not matter.

    Parameters
    ----------
    low_side, high_side
        -1 surely below the end, 0 exactly at it, 1 surely above, 2 cannot be told.
    better
        As in :func:`verdict_of`.
    """
    # Just at the end a difference reaches the size that matters, unless that size is nothing at all.
    if low_side == high_side == 0 or (low_side == 1 and high_side == -1):
        return SAME
    if low_side in (-1, 0) and high_side == -1:
        return {"lower": BETTER, "higher": WORSE}.get(better, LOWER)
    if high_side in (1, 0) and low_side == 1:
        return {"lower": WORSE, "higher": BETTER}.get(better, HIGHER)
    return CANNOT_TELL


def p_value_of(values: NDArray[np.float64]) -> float:
    """Two-sided p-value of Student's test that the mean is 0; nan where there is no variance to judge by."""
    from scipy.special import stdtr

    kept = values[~np.isnan(values)]
    n = len(kept)
    if n < 2 or np.all(kept == 0.0):
        return math.nan
    if np.all(kept == kept[0]):
        return 0.0
    score = abs(float(np.mean(kept))) * math.sqrt(n) / float(np.std(kept, ddof=1))
    return float(2.0 * stdtr(n - 1, -score))


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values: of the rows below a level, at most that share is expected to be called wrongly.

    Rows without a p-value (nan) stay as they are and do not count.

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57(1).
    """
    given = np.asarray(p_values, np.float64)
    judged = np.flatnonzero(~np.isnan(given))
    order = judged[np.argsort(given[judged], kind="stable")]
    ranked = given[order] * len(order) / np.arange(1, len(order) + 1)
    out = given.copy()
    out[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return [float(p) for p in out]


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values: below a level, the chance of even one wrong call among all rows stays below it.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6(2).
    """
    given = np.asarray(p_values, np.float64)
    judged = np.flatnonzero(~np.isnan(given))
    order = judged[np.argsort(given[judged], kind="stable")]
    ranked = given[order] * np.arange(len(order), 0, -1)
    out = given.copy()
    out[order] = np.minimum(np.maximum.accumulate(ranked), 1.0)
    return [float(p) for p in out]


def words_of(verdict: str) -> dict[str, str]:
    """A verdict in both languages."""
    ja, en = VERDICT_WORDS.get(verdict, (verdict, verdict))
    return {"ja": ja, "en": en}
