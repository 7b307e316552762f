"""Parameters: keys without suffixes in files, SI numbers in Python, facts on every field."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from twin.params import Params, field_facts, quantity, scenario_key
from twin.units import Seconds, Speed


class Walk(Params):
    walk_speed_mps: Speed = quantity(1.34, "m/s", source="Weidmann (1993)", grade="V", fork="now", gt=0, le=3)
    rest_s: Seconds = quantity(60.0, "s", source="toy", grade="G", doc="pause")


def test_a_file_uses_the_key_without_its_unit_and_the_value_with_one():
    walk = Walk.model_validate({"walk_speed": "3.6 km/h"}, context={"from_file": True}, by_alias=True, by_name=False)
    assert walk.walk_speed_mps == 1.0


def test_python_uses_the_field_name_and_si_numbers():
    assert Walk(walk_speed_mps=1.0).walk_speed_mps == 1.0
    assert Walk(rest_s="2 min").rest_s == 120.0


@pytest.mark.parametrize("wrong", [{"walk_sped": 1}, {"walk_speed_mps": 0}, {"walk_speed_mps": float("nan")}])
def test_unknown_keys_bounds_and_nan_are_refused(wrong):
    with pytest.raises(ValidationError):
        Walk(**wrong)


def test_parameters_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Walk().rest_s = 1.0


def test_facts_stand_on_the_field():
    facts = field_facts(Walk.model_fields["walk_speed_mps"])
    assert facts == {"unit": "m/s", "source": "Weidmann (1993)", "grade": "V", "fork": "now"}


def test_what_is_dumped_by_name_reads_back_the_same():
    walk = Walk(walk_speed_mps="5 km/h")
    assert Walk.model_validate(walk.model_dump(mode="json", by_alias=False)) == walk


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("walk_speed_mps", "walk_speed"),
        ("service_s", "service"),
        ("memory_bytes", "memory"),
        ("fee_yen", "fee"),
        ("booked_share", "booked_share"),
        ("lanes", "lanes"),
    ],
)
def test_scenario_keys_drop_the_unit_suffix(field, key):
    assert scenario_key(field) == key


def test_parameters_load_neither_numba_nor_mesa_nor_numpy():
    code = "import sys, twin.params, twin.units; print([m for m in ('numba', 'mesa', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
