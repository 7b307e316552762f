"""Yesterday's answers, so that a change of meaning is seen and written into the changelog; they prove nothing.

To accept new answers: TWIN_REGENERATE_GOLDEN=1 python -m pytest tests/regression. That run fails on purpose, so
that the switch cannot stay on.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

from tests.scenarios.test_shipped import SMALL
from twin import api
from twin.simulate import simulate

GOLDEN = Path(__file__).with_name("golden")


def answers(plan, city):
    kpis = simulate(plan, plan.variants[0], 0, city).kpis
    return {f"{k.kpi} [{k.group}]": None if math.isnan(k.value) else k.value for k in kpis}


def test_the_small_day_says_what_it_said(tmp_path):
    found = answers(*api.plan_and_city(api.load(SMALL)))
    path = GOLDEN / "small.json"
    if os.environ.get("TWIN_REGENERATE_GOLDEN"):
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        pytest.fail("answers were written anew; say in CHANGELOG.md, under Results change, what changed and why")
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert set(found) == set(kept)
    changed = {
        name: (kept[name], value)
        for name, value in found.items()
        if not (
            value == kept[name]
            or (
                value is not None
                and kept[name] is not None
                and math.isclose(value, kept[name], rel_tol=1e-9, abs_tol=1e-9)
            )
        )
    }
    assert changed == {}, "say in CHANGELOG.md what changed and why, then regenerate"
