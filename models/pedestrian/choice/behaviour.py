"""What people are like and what they want, as every form of walking asks for it."""

from __future__ import annotations

import math
from typing import NamedTuple

from twin.engine.draws import lognormal_law, make_stream
from twin.engine.sim_model import Stage
from twin.models.pedestrian.choice.programs import BUDGET_LEAST_S, BUDGET_MOST_S
from twin.models.pedestrian.movement.rows import CLASS_LAW, Laws, Plans, new_rows
from twin.models.pedestrian.params import PedestrianParams

_SPEED_LEAST_MPS, _SPEED_MOST_MPS = 0.5, 2.2


class Behaviour(NamedTuple):
    """Plans over the places of the program, and the laws of what is drawn for a person; see ``kernels.py`` beside."""

    plans: Plans
    laws: Laws


def make_laws(params: PedestrianParams, stage: Stage) -> Laws:
    """Streams of one run, and the laws of every class."""
    classes = params.classes.in_order()
    sd = params.walk.speed_sd_mps
    rows = new_rows(CLASS_LAW, len(classes))
    for row, c in zip(rows, classes, strict=True):
        mean, spread = lognormal_law(c.budget_mean_s, c.budget_cv)
        row.budget_log_mean, row.budget_log_sd = mean, spread
        row.budget_low = normal_share((math.log(BUDGET_LEAST_S) - mean) / spread)
        row.budget_high = normal_share((math.log(BUDGET_MOST_S) - mean) / spread)
        row.speed_mean_mps = c.walk_speed_mps
        # Without a spread the cut does not matter: everybody walks at the mean.
        row.speed_low = normal_share((_SPEED_LEAST_MPS - c.walk_speed_mps) / sd) if sd > 0 else 0.0
        row.speed_high = normal_share((_SPEED_MOST_MPS - c.walk_speed_mps) / sd) if sd > 0 else 1.0
    place, stay, budget, speed, way, trace = (
        make_stream(stage.run_seed, f"pedestrian.{purpose}")
        for purpose in ("place", "stay", "budget", "speed", "way", "trace")
    )
    return Laws(place, stay, budget, speed, way, trace, float(stage.trace_share), float(sd), rows)


def normal_share(z: float) -> float:
    """Share of a standard normal below ``z``."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
