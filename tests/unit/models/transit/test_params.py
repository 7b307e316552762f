"""Parameters of transit: how planners write them, and what they are told."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from twin.models.transit.params import TransitParams

FROM_FILE = {"from_file": True}


def read(values):
    return TransitParams.model_validate(values, context=FROM_FILE)


def test_a_planner_writes_values_with_units():
    params = read(
        {
            "area": ["osaka_ikuno_hirano/stop/ikuno"],
            "hours": "06:00-23:00",
            "promise": {"wait_at_most": "10 min", "detour": {"times_direct": 1.4, "plus": "4 min"}},
            "fleet": {"count": 12, "seats": 8, "acknowledge": "15 s"},
            "dwell": {"per_stop": "45 s"},
            "demand": {"requests_per_day": 300, "station_share": "20 %", "shortest_trip": "400 m"},
            "dispatch": {"strategy": "first_come"},
        }
    )
    assert params.promise.wait_at_most_s == 600
    assert params.promise.detour.plus_s == 240
    assert params.demand.station_share == pytest.approx(0.2)
    assert params.lead_s == 15


def test_the_fleet_may_be_a_bare_number():
    assert read({"fleet": 7}).fleet.count == 7
    assert read({"fleet": 7}).fleet.seats == 8


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"fleet": 2.5}, "multiple of 1"),
        ({"fleet": -1}, "greater than or equal to 0"),
        ({"promise": {"wait_at_most": 900}}, "has no unit"),
        ({"hours": "23:00-06:00"}, "after midnight write 24:30"),
        ({"hours": "06:00-40:00"}, "last 24 h at most"),
        ({"demand": {"hourly_profile": [1.0] * 23}}, "has 23 values; give 24"),
        ({"demand": {"hourly_profile": [0.0] * 24}}, "must not be all 0"),
        ({"riders": {"age65_share": "80 %", "wheelchair_share": "30 %"}}, "more than 100 %"),
        ({"riders": {"two_share": "80 %", "three_share": "30 %"}}, "more than 100 %"),
        ({"dispatch": {"strategy": "magic"}}, "cheapest_insertion"),
        ({"vans": 3}, "Extra inputs are not permitted"),
    ],
)
def test_faults_are_told(values, text):
    with pytest.raises(ValidationError, match=text):
        read(values)


def test_checking_parameters_loads_neither_mesa_nor_numba():
    import subprocess
    import sys

    code = "import sys, twin.models.transit.params; print([m for m in ('mesa', 'numba', 'numpy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_agents_are_estimated_for_the_check():
    assert TransitParams().estimate_agents() == 244
    assert read({"demand": {"table": "t"}}).estimate_agents() == 10
