"""Pockets on the flat map: one mark each, with who watches it."""

from __future__ import annotations

import re

import pytest

from tests.unit.models.pedestrian.small_city import grid_city
from twin import api, service
from twin.errors import ScenarioError
from twin.models.kerb.marks import map_marks
from twin.models.kerb.params import KerbParams


def test_where_nothing_stops_nothing_is_marked():
    assert map_marks(KerbParams(), grid_city()) == []


def test_the_flat_map_of_the_shipped_kerb_shows_every_pocket_and_the_cameras_of_each_variant(tmp_path):
    scenario = api.load("scenarios/midosuji_kerb.yaml")
    drawn = service.draw_edits(scenario, tmp_path)
    variants = {v["name"]: v["picture"]["marks"] for v in drawn.content["variants"]}
    today = variants["today"]
    assert len(today) == 15
    assert all(mark["ja"].endswith("荷さばき枠2台") and mark["en"].endswith("2 bays") for mark in today)
    cameras = {name: sum("AI camera" in mark["en"] for mark in marks) for name, marks in variants.items()}
    assert (cameras["today"], cameras["cameras_5"], cameras["cameras_15"]) == (0, 5, 15)
    page = drawn.files["html"].read_text(encoding="utf-8")
    assert page.count('<rect class="mark"') >= 15 * len(variants)
    assert "荷さばき枠など" in page


def test_bays_that_do_not_fit_between_the_crossings_are_refused_with_how_many_do():
    city = api.map_edits(api.load("scenarios/midosuji_kerb.yaml"))[1]
    stretch = {"street": "御堂筋", "between": ("長堀通", "宗右衛門町通"), "side": "west"}
    shops = {"w": {**stretch, "shops": 10.0}}

    def marked(pockets):
        bays = {"w": {**stretch, "pockets": float(pockets), "bays_each": 2.0}}
        return map_marks(KerbParams.model_validate({"frontages": shops, "bays": bays}), city)

    with pytest.raises(ScenarioError, match="800 bays of 5 m or more do not fit into") as caught:
        marked(400)
    most = int(re.search(r"give (\d+) pockets", str(caught.value)).group(1))
    assert len(marked(most)) == most
    with pytest.raises(ScenarioError, match="do not fit"):
        marked(most + 1)
