"""The vans of the shipped weekday: how fast they drive, whom they carry, and that each ward is served apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twin import api
from twin.simulate import simulate

WEEKDAY = Path(__file__).resolve().parents[2] / "scenarios" / "osaka_weekday.yaml"
WARDS = {"ikuno": 100.0, "hirano": 134.0}


@pytest.fixture(scope="module")
def today():
    """The day without the gate and the walkers, who share no street with the vans."""
    plan, city = api.plan_and_city(api.load(WEEKDAY))
    base = plan.content["variants"][0]
    alone = {**base, "models": {name: base["models"][name] for name in ("road_traffic", "transit")}}
    return simulate(replace(plan, content={**plan.content, "variants": [alone]}), base["name"], 0, city)


def kpi(run, name, group="all"):
    (value,) = [k.value for k in run.kpis if (k.kpi, k.group) == (name, group)]
    return value


def test_vans_are_as_fast_as_vans_in_streets_of_osaka(today):
    # Published: a micro bus of Hirano at 12 km/h with its stops, general roads at 15 to 17 km/h on average; a van that
    # stops for its own riders only is somewhat faster. The speed limit is 30 to 60 km/h.
    for ward in ("all", *WARDS):
        driving_kmh = 3.6 * kpi(today, "transit.speed_driving_mps", ward)
        loaded_kmh = 3.6 * kpi(today, "transit.speed_loaded_mps", ward)
        assert 12.0 < loaded_kmh < 22.0, ward
        assert loaded_kmh < driving_kmh < 26.0, ward
    assert kpi(today, "road.delay_mean_s", "van") > 30.0


def test_the_published_riders_are_carried_not_as_many_requests(today):
    people = kpi(today, "transit.riders_count")
    # A compound Poisson sum: its variance is E[party^2] / E[party] = 1.48 per rider asked for.
    assert abs(people - sum(WARDS.values())) < 3 * np.sqrt(1.48 * sum(WARDS.values()))
    assert people / kpi(today, "transit.served_count") == pytest.approx(1.25, abs=0.15)


def test_no_trip_and_no_van_crosses_between_the_wards(today):
    stops, requests, legs = (today.tables[f"transit_{name}"] for name in ("stops", "requests", "legs"))
    zone = np.asarray(stops["zone"])
    assert set(zone.tolist()) == set(WARDS)
    assert len(requests["id"]) > 100
    assert (zone[requests["from_stop"]] == zone[requests["to_stop"]]).all()
    assert (zone[legs["from_stop"]] == zone[legs["to_stop"]]).all()
    assert kpi(today, "transit.refused_unreachable_share") == 0.0


def test_what_free_flow_does_not_model_has_no_figure(today):
    names = {k.kpi for k in today.kpis}
    assert "road.delay_mean_s" in names
    assert not names & {"road.queue_max_m", "road.spillback_h", "road.gridlocked_count"}


@pytest.mark.parametrize(
    ("row", "name", "factor", "tolerance"),
    [
        ("van while it drives", "transit.speed_driving_mps", 3.6, 0.3),
        ("van with riders", "transit.speed_loaded_mps", 3.6, 0.3),
        ("loaded time, share of hours on duty", "transit.loaded_time_share", 100.0, 0.3),
        ("riders carried", "transit.riders_count", 1.0, 0.5),
    ],
)
def test_the_readme_says_what_the_day_gives(today, row, name, factor, tolerance):
    text = (WEEKDAY.parents[1] / "models" / "transit" / "README.md").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {row}")]
    said = [float(cell.strip().removesuffix("%")) for cell in line.split("|")[2:5]]
    assert said == pytest.approx([factor * kpi(today, name, ward) for ward in (*WARDS, "all")], abs=tolerance)
