"""From expected numbers of cars to single cars with ids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.engine.draws import event, uniforms
from twin.engine.ids import Kind, make_id


def whole_cars(
    count: NDArray[np.float64], origin: NDArray[np.int64], first_serial: int, stream: np.uint64
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Single cars of rows that expect a number each; the fraction becomes a car by a draw of that car's own id.

    A row's cars do not depend on other rows, and a count that grows only adds cars.

    Parameters
    ----------
    count : (n,) float64
        At least 0.
    origin : (n,) int64
        Origin of the ids of each row; no two alike.
    first_serial
        Serial of the first car of every row.
    stream
        Of the draws.

    Returns
    -------
    id : (m,) uint64
        By row, then serial.
    row : (m,) int64
        Row of each car.

    Raises
    ------
    ValueError
        If an origin or a serial has more bits than ids have for it.
    """
    whole = count.astype(np.int64)
    if len(count):
        make_id(Kind.CAR, int(origin.max()), first_serial + int(whole.max()))
    first = np.uint64(make_id(Kind.CAR, 0, first_serial)) | origin.astype(np.uint64) << np.uint64(32)
    number = whole + (uniforms(stream, first + whole.astype(np.uint64), event(0)) < count - whole)
    row = np.repeat(np.arange(len(count)), number)
    serial = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    return first[row] + serial.astype(np.uint64), row
