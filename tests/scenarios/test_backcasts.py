"""The shipped back-casts: riders are those published, nobody is lost, and the README tells what a day gives."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twin import api
from twin.simulate import simulate

ROOT = Path(__file__).resolve().parents[2]
DAYS = 3


@pytest.fixture(scope="module")
def july():
    """Some days of July 2021: each as its KPIs by name and ward."""
    plan, city = api.plan_and_city(api.load(ROOT / "scenarios" / "vans_2021.yaml"))
    (first,) = [one for one in plan.content["variants"] if one["name"] == "july"]
    plan = replace(plan, content={**plan.content, "variants": [first]})
    runs = [simulate(plan, "july", k, city) for k in range(DAYS)]
    return [{(kpi.kpi, kpi.group): kpi.value for kpi in run.kpis} for run in runs]


def test_riders_are_those_published(july):
    people = np.array([day["transit.riders_count", "all"] for day in july])
    # A compound Poisson sum, as in test_weekday_vans: 1.48 of variance for each rider asked for.
    assert abs(people.sum() - 57 * DAYS) < 3 * np.sqrt(1.48 * 57 * DAYS)


def test_loaded_time_is_hours_of_rides_over_hours_on_duty(july):
    for day in july:
        for ward in ("ikuno", "hirano"):
            hours = day["transit.loaded_time_share", ward] * day["transit.vehicle_hours_h", ward]
            rides = day["transit.riders_count", ward] * day["transit.ride_mean_s", ward] / 3600
            # People ride together, so that a van is loaded for fewer hours than they ride; alone it is as many.
            assert 0.3 * rides < hours <= rides * (1 + 1e-9)


def test_the_readme_tells_what_these_days_give(july):
    text = (ROOT / "models" / "transit" / "README.md").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("| loaded time, July 2021")]
    for ward, cell in zip(("ikuno", "hirano"), line.split("|")[2:4], strict=True):
        said, error = (float(number) for number in re.findall(r"[\d.]+", cell))
        share = 100 * np.mean([day["transit.loaded_time_share", ward] for day in july])
        # The README's mean is of eight days, of which these are some: its error widens by those left out.
        assert abs(share - said) < 4 * max(error, 0.2) * np.sqrt(8 / DAYS - 1)
