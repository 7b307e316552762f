"""The kerb by its kernels is the kerb by the slow twin, event by event."""

import numpy as np
import pytest

from tests.oracles.kerb import SlowKerb
from tests.unit.models.kerb.cases import random_case, run_kernels

# Words of 64 bits wrap around by design; without the compiler numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_every_stand_move_lane_and_round_is_that_of_the_slow_kerb(seed, everything):
    case = random_case(seed, count=120, everything=everything)
    fast, slow = run_kernels(case), SlowKerb(case).run()
    assert sorted(fast.stands) == sorted(slow.stands)
    assert sorted(fast.moves) == sorted(slow.moves)
    assert sorted(fast.lanes) == sorted(slow.lanes)
    assert fast.patrols == slow.patrols
    assert {mode for *_, mode, _, _ in fast.stands} >= {0, 1}


def test_the_step_cannot_be_seen():
    case = random_case(40)
    whole, steps = run_kernels(case), run_kernels(case, (*np.arange(0.0, 40000.0, 37.0), np.inf))
    assert (whole.stands, whole.moves, whole.lanes) == (steps.stands, steps.moves, steps.lanes)
