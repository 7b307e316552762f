"""C10 in small: four days of known parameters, seen by GPS, beacons and cameras; ``recovery.py`` is the whole."""

from __future__ import annotations

import numpy as np

from tests.verification.recovery import recover, summary, write_case


def test_parameters_lie_in_their_intervals_and_the_sensors_narrow_them(tmp_path):
    case = write_case(tmp_path, "20 %")
    found = summary(case, *recover(case, tmp_path, count=4, first_wave=32, second_wave=0, workers=1))
    # Of 12 intervals of 95 %, fewer than 9 hold the truth once in 4,000 times.
    assert sum(found["inside"].values()) >= 9
    assert np.mean(list(found["width_beside_prior"].values())) < 0.9
