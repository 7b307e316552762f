"""Walking on a real OpenStreetMap extract, which stands beside the project and is never part of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.models.pedestrian.small_city import model_of, run_to_end
from twin.city.reading.importer import build_city
from twin.models.pedestrian.params import PedestrianParams

FOLDER = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "sapporo-station-osm"


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the extract of Sapporo station is not beside the project")
def test_people_walk_around_sapporo_station_and_all_come_back():
    city = build_city(next(iter(sorted(FOLDER.glob("*.osm*")))))
    params = PedestrianParams.model_validate({"visitors_factor": 0.1})
    city_model, model = model_of(params, city, start_s=28800.0, end_s=36000.0, step_s=300.0)
    visits = run_to_end(city_model, model)["pedestrian_visits"]
    (account,) = model.accounts()
    assert account.inside == 0
    assert account.left["exit"] == visits["people"].sum() > 300
    assert set(np.unique(visits["leave_exit"])) == {p.id for p in city.places_of("exit")}
    assert visits["stays_count"].max() > 1
    on_foot_s = visits["dwell_s"] - visits["stay_s"] - visits["wait_s"]
    assert (visits["walked_m"] <= 2.2 * on_foot_s + 1e-6).all()
    assert visits["walked_m"].max() > 500.0
