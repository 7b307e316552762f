"""Lower bounds become constraints that pip can install."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from tests.verification.oldest import constraints, oldest


@pytest.mark.parametrize(
    ("bound", "pin"),
    [
        ("numpy>=2.0", "numpy==2.0.*"),
        ("mesa>=3.3,<4", "mesa==3.3.*"),
        ("optuna>=4", "optuna==4.0.*"),
        ("shapely>=2.0.5", "shapely==2.0.*,>=2.0.5"),
        ("lxml-stubs", None),
        ("osaka-twin[search]", None),
    ],
)
def test_a_lower_bound_pins_the_release_it_names(bound, pin):
    assert oldest(bound) == pin


def test_every_dependency_states_a_lower_bound_that_its_pin_keeps():
    pins = constraints()
    assert len(pins) > 30
    for pin in map(Requirement, pins):
        assert any(one.operator == "==" for one in pin.specifier), pin
