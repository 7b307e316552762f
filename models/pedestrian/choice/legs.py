"""What a plan knows of the ways between places, however walkers get along: length, expected wait and cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats


@dataclass(frozen=True)
class Legs:
    """From every place of the program to every other, as a form of walking tells them.

    Attributes
    ----------
    metres_m, wait_s, cost : (p, p) float64
        Metres of level walking, expected wait and disutility; inf where there is no way.
    """

    metres_m: Floats
    wait_s: Floats
    cost: Floats


def steps_of(metres_m: Floats, wait_s: Floats, speed_mps: float, step_s: float) -> NDArray[np.int32]:
    """Whole steps that legs are planned to take, at least 1; 0 where there is no way.

    Rounded up, so that a plan made at one's own speed without crowds or waits beyond the mean is kept.
    """
    with np.errstate(invalid="ignore"):
        steps = np.ceil((metres_m / speed_mps + wait_s) / step_s)
    return np.where(np.isfinite(steps), np.clip(steps, 1, np.inf), 0).astype(np.int32)
