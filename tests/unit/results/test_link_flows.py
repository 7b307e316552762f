"""Flows of links: of a day, of the fullest hour, and levels of service at their bounds."""

from __future__ import annotations

import numpy as np
import pytest

from twin.looks import LinkFlow
from twin.models.pedestrian.looks import WALKWAY_LEVELS
from twin.models.road_traffic.looks import STREET_LEVELS
from twin.results.link_flows import flows_of

WALK = LinkFlow("t", "walk", "n", "", "", "people", period_s=600.0, width="w", levels=WALKWAY_LEVELS)
DRIVE = LinkFlow("t", "drive", "n", "", "", "vehicles", period_s=300.0, times="s", levels=STREET_LEVELS)
LENGTH = np.full(3, 100.0)
FREE = np.array([10.0, 10.0, np.inf])


def table(rows, **columns):
    from_s, link, n = (np.array(c, float) for c in zip(*rows, strict=True))
    return {
        "from_s": from_s,
        "link_index": link.astype(int),
        "n": n,
        **{k: np.array(v, float) for k, v in columns.items()},
    }


def test_a_day_is_the_mean_of_replications_and_an_hour_its_fullest_sixty_minutes():
    # Six periods of ten minutes with 10 people each, a pause, then 45 at once.
    rows = [(600.0 * i, 0, 10.0) for i in range(6)] + [(36_000.0, 0, 45.0)]
    wide = [1.0] * 7
    found = flows_of(WALK, [table(rows, w=wide), table(rows, w=wide)], LENGTH, FREE)
    assert found.day.tolist() == [105.0, 0.0, 0.0]
    assert found.hour.tolist() == [60.0, 0.0, 0.0]
    assert found.level[1:] == ["", ""]


@pytest.mark.parametrize(
    ("per_min_m", "level"), [(23.0, "A"), (23.1, "B"), (49.0, "C"), (50.0, "D"), (82.0, "E"), (90.0, "F")]
)
def test_levels_of_walkways(per_min_m, level):
    found = flows_of(WALK, [table([(0.0, 0, 10.0 * 2.0 * per_min_m)], w=[2.0])], LENGTH, FREE)
    assert found.level[0] == level


@pytest.mark.parametrize(
    ("share", "level"), [(1.0, "A"), (0.86, "A"), (0.85, "B"), (0.5, "D"), (0.31, "E"), (0.2, "F")]
)
def test_levels_of_streets_follow_the_slowest_period(share, level):
    rows = [(0.0, 0, 5.0), (300.0, 0, 5.0)]
    found = flows_of(DRIVE, [table(rows, s=[10.0, 10.0 / share])], LENGTH, FREE)
    assert found.level[0] == level


def test_what_is_undefined_has_no_level():
    found = flows_of(DRIVE, [table([(0.0, 0, 1.0)], s=[np.nan])], LENGTH, FREE)
    assert found.level == ["", "", ""]
    assert flows_of(WALK, [], LENGTH, FREE).day.tolist() == [0.0, 0.0, 0.0]
