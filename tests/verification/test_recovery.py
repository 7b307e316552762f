"""C10 in small: three days of known parameters, seen by GPS, beacons and cameras; ``recovery.py`` is the whole."""

from __future__ import annotations

import numpy as np

from tests.verification.recovery import recover, summary, write_case


def test_parameters_lie_in_their_intervals_and_the_sensors_narrow_them(tmp_path):
    case = write_case(tmp_path, "20 %")
    found = summary(case, *recover(case, tmp_path, count=3, first_wave=20, second_wave=0, workers=1))
    # Of 9 intervals of 95 %, fewer than 6 hold the truth once in 1,500 times.
    assert sum(found["inside"].values()) >= 6
    assert np.mean(list(found["width_beside_prior"].values())) < 0.9
