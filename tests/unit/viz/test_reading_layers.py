from __future__ import annotations

from twin.viz.reading_layers import reading_layers


def test_footpaths_are_coloured_only_where_their_service_is_known():
    below = [[layer.id for layer in reading_layers((135.5, 34.7), known)[0]] for known in (False, True)]
    assert below == [["way"], ["service", "way"]]
