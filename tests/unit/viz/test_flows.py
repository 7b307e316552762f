from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.viz.test_reading import table
from twin.viz.flows import COLORS, flow_layers, reach_pack
from twin.viz.packs import unpack_columns

ORIGIN = (135.53, 34.65)


def reach(by_public):
    """Two cells 250 m apart, two age groups of unlike shares."""
    return table(
        "transit_reach",
        x_m=[-43_625.0, -43_375.0] * 2,
        y_m=[-149_625.0] * 4,
        age_group=["adult", "adult", "age_65", "age_65"],
        weight=[0.75, 0.75, 0.25, 0.25],
        on_foot=[40.0, 52.0, 20.0, 24.0],
        by_public=by_public,
    )


def test_cells_within_reach_are_the_mean_over_age_groups_by_their_shares(run_view):
    run = replace(run_view, crs="EPSG:6674", reach_within_s=1800.0, tables={"transit_reach": reach([100, 90, 60, 70])})
    pack, facts = reach_pack(run, ORIGIN)
    cells = unpack_columns(pack)
    assert cells["on_foot"].tolist() == [350, 450]
    assert cells["by_public"].tolist() == [900, 850]
    assert (facts["side_m"], facts["minutes"]) == (pytest.approx(250.0), 30)
    assert len(facts["bounds"]) + 1 == len(facts["colors"]) == len(COLORS)
    assert max(facts["bounds"]) < 90


@pytest.mark.parametrize("by_public", [[np.nan] * 4, None])
def test_what_a_run_does_not_say_of_reach_is_not_drawn(run_view, by_public):
    tables = {} if by_public is None else {"transit_reach": reach(by_public)}
    assert reach_pack(replace(run_view, crs="EPSG:6674", tables=tables), ORIGIN) == (None, None)


def test_layers_stand_only_for_what_the_page_has():
    ids = lambda packs, on_foot: [[w.id for w in side] for side in flow_layers(ORIGIN, packs, on_foot=on_foot)]  # noqa: E731
    assert ids({}, False) == [[], []]
    assert ids({"rides": {}, "reach": {}, "bays": {}}, True) == [
        ["density", "reach_public", "reach_foot", "bays"],
        ["arcs"],
    ]
