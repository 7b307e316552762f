"""Entropy scaling: the table nearest to a first guess whose sums are those that were counted.

Scaling rows and columns in turn converges to it wherever such a table exists (Deming and Stephan 1940; nearest in
relative entropy: Csiszár 1975).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.arrays import Floats
from twin.errors import ScenarioError

_MOST = 10_000


def scaled(guess: Floats, sums: Sequence[tuple[int, Floats]], *, tolerance: float = 1e-10) -> Floats:
    """The table nearest to a guess with given sums.

    Parameters
    ----------
    guess : (a, b, ...) float64
        At least 0; cells of 0 stay 0.
    sums
        (axis, (n,) sums of that axis); sums of different axes must add up to the same.
    tolerance
        Largest share by which a sum may miss.

    Raises
    ------
    ScenarioError
        If no table of that pattern has those sums.
    """
    table = np.array(guess, np.float64)
    for axis, wanted in sums:
        others = tuple(i for i in range(table.ndim) if i != axis)
        empty = (table.sum(axis=others) == 0) & (wanted > 0)
        if empty.any():
            raise ScenarioError(
                f"{wanted[empty].sum():g} were counted where the model expects nobody",
                where="entropy scaling",
                mend="let somebody arrive there, or leave the count out",
            )
    for _ in range(_MOST):
        worst = 0.0
        for axis, wanted in sums:
            others = tuple(i for i in range(table.ndim) if i != axis)
            now = table.sum(axis=others)
            factor = np.divide(wanted, now, out=np.zeros_like(now), where=now > 0)
            worst = max(worst, float(np.abs(now - wanted).max() / max(float(wanted.max()), 1e-300)))
            shape = [1] * table.ndim
            shape[axis] = -1
            table = table * factor.reshape(shape)
        if worst <= tolerance:
            return table
    raise ScenarioError(
        "no table has all the sums that were counted: they contradict each other",
        where="entropy scaling",
        mend="sums by exit and by hour must add up to the same number of people",
    )
