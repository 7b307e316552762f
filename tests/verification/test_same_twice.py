"""The same scenario under two names: whatever the seed, every figure differs by exactly nothing, and that is said.

Forty seeds here; more by command: TWIN_SEEDS=1000 python -m pytest tests/verification/test_same_twice.py
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.unit.results.asking import asked, compare, question
from twin import api
from twin.results.answers import Figures, answer_all
from twin.running.books import kpi_columns
from twin.simulate import simulate

SEEDS = int(os.environ.get("TWIN_SEEDS", "40"))
ASKING = Path(__file__).resolve().parents[1] / "scenarios" / "asking.yaml"


def test_two_equal_variants_are_practically_the_same_whatever_the_seed():
    plan, city = api.plan_and_city(api.load(ASKING))
    questions = asked(question(compare("today", "alike")), looks=(SEEDS,))
    pieces, waits = [], set()
    for seed in range(SEEDS):
        seeded = replace(plan, content={**plan.content, "seed": seed})
        one, two = (simulate(seeded, name, 0, city).kpis for name in ("today", "alike"))
        assert [(k.kpi, k.group) for k in one] == [(k.kpi, k.group) for k in two]
        differing = [
            k.kpi
            for k, other in zip(one, two, strict=True)
            if k.value != other.value and not (math.isnan(k.value) and math.isnan(other.value))
        ]
        assert differing == [], f"seed {seed}"
        pieces += [kpi_columns("today", "", seed, one), kpi_columns("alike", "", seed, two)]
        waits.add(next(k.value for k in one if k.kpi == "terminal.wait_mean_min" and k.group == "all"))
    table = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    (answer,) = answer_all(questions, Figures(table, SEEDS))
    assert answer.verdict == "practically the same"
    assert (answer.rows[0].interval.lo, answer.rows[0].interval.hi) == (0.0, 0.0)
    assert len(waits) == SEEDS, "seeds that say the same would prove nothing"
