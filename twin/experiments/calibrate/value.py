"""With what chance a target is reached over the ranges, and which measurement would narrow the answer most.

Preposterior analysis (Raiffa and Schlaifer 1961): before a measurement is made, its result is not known, but how much
it will narrow the answer is. With figures linear in the parameters and Gaussian luck the result does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twin.arrays import Floats
from twin.experiments.calibrate.identify import FLAT
from twin.experiments.calibrate.statistics import compression_of


@dataclass(frozen=True)
class Measurement:
    """Something that could be measured on a day, and the share of the doubt (as variance) that it would take away."""

    name: str
    kind: str
    narrows: float


def linear(unit: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Slopes (p, m) over the ranges, and covariance (m, m) of one run's luck."""
    basis = np.hstack([np.ones((len(unit), 1)), unit - 0.5])
    slopes, *_ = np.linalg.lstsq(basis, values, rcond=None)
    left = values - basis @ slopes
    return np.asarray(slopes[1:], np.float64), left.T @ left / max(len(unit) - basis.shape[1], 1)


def worth(
    unit: Floats, answer: Floats, candidates: Mapping[tuple[str, str], Floats], keys: Sequence[str]
) -> list[Measurement]:
    """Measurements by the share of the doubt about the answer that a day of each would take away, the largest first.

    Parameters
    ----------
    unit : (n, p)
        Points spread over the prior.
    answer : (n,)
        The figure asked of at each.
    candidates
        (kind, name) -> (n, m) what the measurement would give, evened.
    keys
        Parameters; each could be measured exactly by a study of its own.
    """
    slope = linear(unit, answer[:, None])[0][:, 0]
    doubt = float(slope @ slope) * FLAT**2
    if not doubt > 1e-18 * float(answer @ answer) / len(answer):
        return []
    out = [Measurement(key, "parameter", float(slope[k] ** 2) * FLAT**2 / doubt) for k, key in enumerate(keys)]
    for (kind, name), values in candidates.items():
        known = values[:, np.all(np.isfinite(values), axis=0) & (values.std(axis=0) > 0)]
        if not known.shape[1]:
            continue
        few = compression_of(unit, known, np.zeros(known.shape[1])).of(known)
        slopes, luck = linear(unit, few)
        information = slopes @ np.linalg.pinv(luck) @ slopes.T
        after = np.linalg.inv(np.eye(len(slope)) / FLAT**2 + information)
        out.append(Measurement(name, kind, 1.0 - float(slope @ after @ slope) / doubt))
    return sorted(out, key=lambda m: -m.narrows)


def chance(values: Floats, target: float, direction: str) -> float:
    """Share of values that reach a target."""
    return float((values <= target).mean() if direction == "lower" else (values >= target).mean())
