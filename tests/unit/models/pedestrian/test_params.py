"""Parameters: units from files, bounds, defaults that say where they come from."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import BaseModel, ValidationError

from twin.models.pedestrian.params import CLASSES, PedestrianParams
from twin.params import GRADES, field_facts

FILE = {"from_file": True}


def test_a_file_gives_units_and_keeps_the_other_defaults_of_a_class():
    params = PedestrianParams.model_validate(
        {
            "classes": {
                "shopper": {
                    "visitors_per_day": "30000 people",
                    "budget_mean": "90 min",
                    "walk_speed": "4.8 km/h",
                    "stay_durations": ["5 min", "20 min"],
                }
            },
            "crossings": {"cycle": "120 s", "side_green": "60 s"},
            "circulation_kpi": {"stay_to": "240 min"},
        },
        context=FILE,
    )
    shopper = params.classes.shopper
    assert shopper.visitors_per_day == 30000
    assert shopper.budget_mean_s == 5400
    assert shopper.walk_speed_mps == pytest.approx(4 / 3)
    assert shopper.stay_durations_s == (300, 1200)
    assert shopper.interests == PedestrianParams().classes.shopper.interests
    assert params.circulation_kpi.stay_to_s == 14400


def test_parameters_come_back_from_plain_numbers():
    params = PedestrianParams()
    assert PedestrianParams.model_validate(params.model_dump(mode="json", by_alias=False)) == params


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"classes": {"shopper": {"budget_mean_s": 60.0}}}, "greater than or equal to 300"),
        ({"classes": {"shopper": {"arrival_profile": (0.0,) * 24}}}, "not all 0"),
        ({"classes": {"shopper": {"arrival_profile": (1.0,) * 23}}}, "at least 24"),
        ({"classes": {"shopper": {"stay_durations_s": (600.0, 300.0)}}}, "must grow"),
        ({"classes": {"shopper": {"interests": {"shop": -1.0}}}}, "interests.shop"),
        ({"classes": {"wanderer": {}}}, "not permitted"),
        ({"crossings": {"side_green_s": 200.0}}, "longer than the cycle"),
        ({"circulation_kpi": {"stay_to_s": 60.0}}, "below stay_from"),
        ({"circulation_kpi": {"leave_out": ["nobody"]}}, "passer_through"),
        ({"visitors_factor": -1.0}, "greater than or equal to 0"),
        ({"choice": {"scale": 0.0}}, "greater than 0.01"),
    ],
)
def test_wrong_parameters_are_named(wrong, told):
    with pytest.raises(ValidationError, match=told):
        PedestrianParams.model_validate(wrong)


def groups(model):
    yield model
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from groups(value)


def test_every_default_has_a_source_and_a_grade():
    seen = 0
    for group in groups(PedestrianParams()):
        for name, field in type(group).model_fields.items():
            if not isinstance(getattr(group, name), BaseModel):
                facts = field_facts(field)
                assert facts["source"], name
                assert facts["grade"] in GRADES, name
                assert facts["fork"] in ("now", "new_only", "no"), name
                seen += 1
    assert seen > 80


def test_classes_are_listed_once():
    assert tuple(type(PedestrianParams().classes).model_fields) == CLASSES


def test_parameters_load_neither_numba_nor_mesa_nor_numpy():
    code = (
        "import sys, twin.models.pedestrian.params; print([m for m in ('numba', 'mesa', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
