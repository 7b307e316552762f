"""A statistic as a smooth function of the parameters: a polynomial of second degree by least squares, with its errors.

Each run has luck of its own, so that the function is that of the mean and what is left is the luck of a day, together
with what a polynomial cannot follow. How well it predicts runs that it has not seen is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from twin.arrays import Floats

Form = Literal["linear", "squares", "quadratic"]

#: Runs per term below which a simpler form is taken.
_RUNS_PER_TERM = 4


def basis_of(unit: Floats, form: Form) -> Floats:
    """Terms at points: (n, p) to (n, k)."""
    u = unit - 0.5
    parts = [np.ones((len(u), 1)), u]
    if form != "linear":
        parts.append(u**2)
    if form == "quadratic":
        i, j = np.triu_indices(u.shape[1], 1)
        parts.append(u[:, i] * u[:, j])
    return np.hstack(parts)


def form_for(runs: int, parameters: int) -> Form:
    """The richest form for which there are runs enough."""
    p = parameters
    if runs >= _RUNS_PER_TERM * (1 + 2 * p + p * (p - 1) // 2):
        return "quadratic"
    return "squares" if runs >= _RUNS_PER_TERM * (1 + 2 * p) else "linear"


@dataclass(frozen=True)
class Emulator:
    """Statistics as functions of the parameters.

    Attributes
    ----------
    form
        Terms of the polynomial.
    slopes : (k, q)
        Their weights.
    inverse : (k, k)
        From which the error of the mean follows.
    luck : (q, q)
        Covariance of one run around the mean.
    freedom
        Runs beyond the terms.
    explained : (q,)
        Share of the variance of runs left out one by one that is predicted; low where luck is large.
    """

    form: Form
    slopes: Floats
    inverse: Floats
    luck: Floats
    freedom: int
    explained: Floats

    def mean(self, unit: Floats) -> Floats:
        """Mean at points: (n, p) to (n, q)."""
        return np.asarray(basis_of(unit, self.form) @ self.slopes, np.float64)

    def leverage(self, unit: Floats) -> Floats:
        """Variance of the mean at points in units of the luck of one run: (n, p) to (n,)."""
        terms = basis_of(unit, self.form)
        return np.asarray(np.einsum("nk,kl,nl->n", terms, self.inverse, terms), np.float64)

    def jacobian(self, point: Floats) -> Floats:
        """Derivatives at one point: (p,) to (q, p)."""
        step = 1e-4
        moved = np.vstack([point + step * np.eye(len(point)), point - step * np.eye(len(point))])
        values = self.mean(moved)
        return np.asarray((values[: len(point)] - values[len(point) :]).T / (2 * step), np.float64)


def emulator_of(unit: Floats, values: Floats) -> Emulator:
    """Fit a polynomial to each statistic.

    Parameters
    ----------
    unit : (n, p)
        Points of the runs, ranges as 0 to 1.
    values : (n, q)
        Their statistics.
    """
    form = form_for(*unit.shape)
    terms = basis_of(unit, form)
    inverse = np.asarray(np.linalg.pinv(terms.T @ terms), np.float64)
    slopes = inverse @ terms.T @ values
    left = values - terms @ slopes
    freedom = max(len(unit) - terms.shape[1], 1)
    hat = np.einsum("nk,kl,nl->n", terms, inverse, terms)
    alone = left / np.maximum(1.0 - hat, 1e-6)[:, None]
    spread = values.var(axis=0)
    explained = 1.0 - np.divide((alone**2).mean(axis=0), spread, out=np.ones_like(spread), where=spread > 0)
    return Emulator(form, slopes, inverse, left.T @ left / freedom, freedom, explained)
