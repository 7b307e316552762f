"""Nested logit: shares by formula, and the tastes of single people by which they choose.

Each person has tastes, drawn by their name, that stay the same whatever is offered: take an option away, and those who
had it take what they liked second best. Their joint distribution is that of nested logit (McFadden 1978): within a
nest, tastes are Gumbel variates on top of one that the nest shares, the logarithm of a positive stable variate (Kanter
1975, Annals of Probability 3(4)).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.arrays import Flags, Floats, Ids, Ints
from twin.engine.draws import event, make_stream, uniforms

Nests = Sequence[Sequence[int]]


def shares(utility: Floats, available: Flags, nests: Nests, scales: Sequence[float]) -> Floats:
    """Shares of nested logit.

    Parameters
    ----------
    utility : (n, m) float64
    available : (n, m) bool
        Everybody has one option at least.
    nests
        Options of each nest; every option is in one.
    scales
        Dissimilarity of each nest, above 0 and up to 1.

    Returns
    -------
    (n, m) float64
        Rows sum to 1.
    """
    held = np.where(available, utility, -np.inf)
    inclusive = np.full((len(held), len(nests)), -np.inf)
    within = np.zeros_like(held)
    for k, (nest, scale) in enumerate(zip(nests, scales, strict=True)):
        part = held[:, list(nest)] / scale
        top = part.max(axis=1)
        some = np.isfinite(top)
        weight = np.exp(part[some] - top[some, None])
        total = weight.sum(axis=1)
        inclusive[some, k] = scale * (top[some] + np.log(total))
        within[np.ix_(some, list(nest))] = weight / total[:, None]
    nest_weight = np.exp(inclusive - inclusive.max(axis=1, keepdims=True))
    nest_share = nest_weight / nest_weight.sum(axis=1, keepdims=True)
    out = np.zeros_like(held)
    for k, nest in enumerate(nests):
        out[:, list(nest)] = within[:, list(nest)] * nest_share[:, [k]]
    return out


def tastes(run_seed: np.uint64, ids: Ids, nests: Nests, scales: Sequence[float]) -> Floats:
    """What each person likes beyond what can be measured, in units of utility.

    Returns
    -------
    (n, m) float64
    """
    stream = make_stream(run_seed, "transit.taste")
    shared = make_stream(run_seed, "transit.taste_of_nest")
    out = np.empty((len(ids), sum(len(nest) for nest in nests)))
    for k, (nest, scale) in enumerate(zip(nests, scales, strict=True)):
        angle = np.pi * uniforms(shared, ids, event(2 * k))
        exponential = -np.log(uniforms(shared, ids, event(2 * k + 1)))
        of_nest = _log_stable(scale, angle, exponential)
        for option in nest:
            gumbel = -np.log(-np.log(uniforms(stream, ids, event(option))))
            out[:, option] = scale * (of_nest + gumbel)
    return out


def _log_stable(alpha: float, angle: Floats, exponential: Floats) -> Floats:
    """Logarithm of a positive variate whose Laplace transform is exp(-t^alpha); 0 where alpha is 1."""
    if alpha == 1.0:
        return np.zeros_like(angle)
    rest = 1.0 - alpha
    log: Floats = (
        np.log(np.sin(alpha * angle)) - np.log(np.sin(angle)) / alpha
        + rest / alpha * (np.log(np.sin(rest * angle)) - np.log(exponential))
    )  # fmt: skip
    return log


def best(utility: Floats, available: Flags, taste: Floats) -> Ints:
    """What each person likes best of what there is.

    Returns
    -------
    (n,) int32
    """
    return np.where(available, utility + taste, -np.inf).argmax(axis=1).astype(np.int32)
