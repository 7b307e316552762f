"""What a user gives to a network, as arrays of numbers, or an error that names it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.arrays import Floats
from twin.errors import ScenarioError, TwinError


def numbers(given: ArrayLike, what: str, count: int | None = None, error: type[TwinError] = ScenarioError) -> Floats:
    """(n,) float64: numbers in a row; with a ``count``, one for all or as many.

    Raises
    ------
    TwinError
        Of the kind asked for, if something is no number, or there are more or fewer.
    """
    try:
        values = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise error(f"{what} must be numbers, got {given!r:.80}") from None
    if values.ndim > 1 or (count is not None and values.ndim == 1 and len(values) not in (1, count)):
        raise error(
            f"{what} has the shape {values.shape}", mend=f"give one number, or {'a row' if count is None else count}"
        )
    return np.atleast_1d(values) if count is None else np.broadcast_to(values, count)


def whole_numbers(given: ArrayLike, what: str) -> NDArray[Any]:
    """(n,) integers in a row.

    Raises
    ------
    ScenarioError
        If something is no whole number.
    """
    try:
        values = np.asarray(given)
    except ValueError:  # rows of different lengths
        values = np.empty((0, 0))
    if values.size == 0 and values.ndim == 1:
        return np.empty(0, np.int64)
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise ScenarioError(f"{what} must be a row of whole numbers, got {given!r:.80}")
    return values
