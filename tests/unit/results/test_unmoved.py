"""Figures that are the same in every variant are found, and said at the end of a run."""

import numpy as np

from twin.results.unmoved import unmoved


def table(**by_kpi):
    """KPI columns from KPI -> variant -> value per replication."""
    rows = [
        (variant, replication, "", kpi, "all", value)
        for kpi, variants in by_kpi.items() for variant, values in variants.items()
        for replication, value in enumerate(values)
    ]  # fmt: skip
    names = ("variant", "replication", "day", "kpi", "group", "value")
    return {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def test_a_figure_that_no_variant_moves_is_found_with_its_value():
    kpis = table(road={"today": [0.0, 2.0], "lunch": [0.0, 2.0]}, wait={"today": [20.0, 21.0], "lunch": [20.0, 9.0]})
    assert unmoved(kpis, ["today", "lunch"]) == {("road", "all"): 1.0}


def test_the_same_mean_of_other_values_is_no_sameness():
    assert unmoved(table(road={"today": [0.0, 2.0], "lunch": [2.0, 0.0]}), ["today", "lunch"]) == {}


def test_what_is_undefined_or_absent_somewhere_is_not_called_the_same():
    kpis = table(nobody={"today": [np.nan], "lunch": [np.nan]}, booked={"lunch": [3.0]})
    assert unmoved(kpis, ["today", "lunch"]) == {}


def test_one_variant_has_nothing_to_be_the_same_as():
    assert unmoved(table(road={"today": [0.0]}), ["today"]) == {}
