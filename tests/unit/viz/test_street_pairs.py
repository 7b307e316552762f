from __future__ import annotations

from tests.unit.viz.test_markings import both_ways, streets
from twin.viz.run_view import Streets
from twin.viz.street_pairs import one_of_each_pair, pair_of_each

#: A street both ways, a bent one between the same ends, and a dead end that is no line.
DRIVE = streets(*both_ways(2, (0, 0), (90, 0)), (1, [(90, 0), (50, 30), (0, 0)]), (3, [(5, 5)]))


def test_both_directions_are_one_street_with_the_lanes_of_both():
    assert one_of_each_pair(DRIVE).lanes.tolist() == [4, 1]


def test_every_link_knows_the_first_of_its_street():
    assert pair_of_each(DRIVE).tolist() == [0, 0, 2, 3]


def test_no_links_have_no_pairs():
    assert pair_of_each(Streets.none()).tolist() == []
