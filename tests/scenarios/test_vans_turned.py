"""Vans that are told to turn before they have set off: the road hears of both, in that order."""

from __future__ import annotations

from pathlib import Path

from twin import api
from twin.simulate import build_city_model

ROOT = Path(__file__).resolve().parents[2]


def test_a_van_that_is_turned_back_before_it_sets_off_drives_out_and_back(tmp_path):
    text = (ROOT / "scenarios" / "ikuno_fleet.yaml").read_text(encoding="utf-8")
    assert ", forecast: {}" in text
    # Plans that know the hours of the road turn fewer vans; without, the case comes up in the first hours.
    (tmp_path / "fleet.yaml").write_text(text.replace(", forecast: {}", ""), encoding="utf-8")
    plan, city = api.plan_and_city(api.load(tmp_path / "fleet.yaml"))
    model = build_city_model(plan, "base+count6", 0, city)
    transit = next(part for part in model.sim_models if part.name == "transit")
    announced = []
    real = transit.desk.take_departing

    def watched():
        departing = real()
        fleet = transit.desk.fleet
        announced.extend((int(fleet["stop"][van]), target, int(fleet["target"][van])) for van, target in departing)
        return departing

    transit.desk.take_departing = watched
    while model.now_s < 7.6 * 3600:
        model.step()
    model.close()
    turned_back = [row for row in announced if row[0] == row[2]]
    assert turned_back, "the case must come up"
    assert all(stop != target for stop, target, _ in announced)
