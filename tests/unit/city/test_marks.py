"""What was dropped or assumed, element by element: all of it, where it is, kept with the city, in nobody's digest."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from tests.unit.city.test_drive_rules import line
from twin.city.keeping.build import open_city, save_city
from twin.city.keeping.digest import city_digest
from twin.city.keeping.picture import city_picture
from twin.city.marks import NODE, RELATION, WAY, MarkList, Marks, join_marks
from twin.errors import CityError


@pytest.fixture
def marked(build, osm):
    """A town with one thing of every kind that is dropped, and one that is passed over."""
    osm.node(50, 4000, 0)
    osm.node(51, 4100, 0)
    osm.way(200, [50, 51], highway="residential")
    osm.way(201, [1, 4], highway="bus_guideway")
    osm.way(202, [1, 99], highway="residential")
    osm.relation(300, (("way", 100, "from"), ("way", 103, "to")), type="restriction", restriction="no_left_turn")
    osm.relation(
        301, (("way", 100, "from"), ("node", 1, "via"), ("way", 999, "to")), type="restriction", restriction="no_u_turn"
    )
    osm.relation(302, (("way", 100, ""),), type="connectivity")
    osm.node(60, 5000, 5000, shop="books", name="far")
    return build(line(osm, mid={"barrier": "gate", "access": "bogus"}))


def said(marks, words):
    rows = [i for i, word in enumerate(marks.word.tolist()) if words in marks.words[word]]
    return [(int(marks.kind[i]), int(marks.map_id[i]), bool(np.isfinite(marks.lon_deg[i]))) for i in rows]


def test_every_kind_of_loss_names_its_element_and_place(marked):
    marks = marked.marks
    assert said(marks, "drive: streets that cannot be reached") == [(WAY, 200, True)]
    assert said(marks, "walk: streets that cannot be reached") == [(WAY, 200, True)]
    assert said(marks, "highway=bus_guideway") == [(WAY, 201, True)]
    assert said(marks, "ways cut or shortened") == [(WAY, 202, True)]
    assert said(marks, "turn restrictions without via") == [(RELATION, 300, False)]
    assert said(marks, "turn restrictions over ways that are not driven") == [(RELATION, 301, True)]
    assert said(marks, "relations: connectivity") == [(RELATION, 302, False)]
    assert said(marks, "words of access that are not understood") == [(NODE, 9, True)]
    assert said(marks, "places more than") == [(NODE, 60, True)]


def test_what_is_assumed_of_each_way_is_there(marked):
    of = {}
    for way, word in zip(marked.marks.assumed_way.tolist(), marked.marks.assumed_word.tolist(), strict=True):
        of.setdefault(way, set()).add(marked.marks.words[word])
    assert of[103] == {"assumed: lanes", "assumed: speed of residential", "assumed: width"}


def test_marks_are_kept_and_joined_and_change_no_digest(marked, tmp_path):
    save_city(marked, tmp_path / "city")
    again = open_city(tmp_path / "city")
    for name, array in marked.marks.arrays().items():
        np.testing.assert_array_equal(array, again.marks.arrays()[name])
    assert again.marks.words == marked.marks.words
    assert city_digest(dataclasses.replace(marked, marks=Marks())) == marked.digest
    assert again.marks == marked.marks != Marks()
    both = join_marks([Marks(), marked.marks, MarkList().close({(7, "a new word")}), marked.marks])
    assert both.count == 2 * marked.marks.count
    assert both.fits()
    assert [both.words[word] for word in both.word] == 2 * [marked.marks.words[word] for word in marked.marks.word]


def test_marks_that_do_not_fit_are_refused(marked, tmp_path):
    save_city(marked, tmp_path / "city")
    facts = json.loads((tmp_path / "city" / "city.json").read_text())
    facts["marks"] = facts["marks"][:2]
    (tmp_path / "city" / "city.json").write_text(json.dumps(facts))
    with pytest.raises(CityError, match="marks are not sound"):
        open_city(tmp_path / "city")


def test_the_picture_places_what_has_a_place(marked):
    drawn = city_picture(marked, [])["drawn"]
    by_id = {(kind, number): rest for kind, number, _, *rest in drawn["dropped"]}
    assert by_id[RELATION, 300] == []
    x, y = by_id[WAY, 200]
    assert (x / 10, y / 10) == pytest.approx((4300, 0), abs=60)
    assert set(drawn["assumed"]) >= {"100", "101", "102", "103"}


def test_the_order_in_which_marks_come_does_not_matter():
    rows = [("b", WAY, 2, 1.0, 2.0), ("a", NODE, 1, np.nan, np.nan), ("b", WAY, 1, 1.0, 2.0)]
    lists = MarkList(), MarkList()
    for row in rows:
        lists[0].add(*row)
    for row in rows[::-1]:
        lists[1].add(*row)
    first, second = (one.close({(5, "x"), (4, "x")}) for one in lists)
    assert first.words == second.words
    for name, array in first.arrays().items():
        np.testing.assert_array_equal(array, second.arrays()[name])
