"""The picture of the rooms is that of the code; how it is made is tried on rooms of a few lines."""

from __future__ import annotations

import pytest

from tests.architecture.draw_rooms import LOADS, PICTURE, levels, needed, picture, rooms_of, texts_of
from tests.architecture.test_layers import sources


def test_the_picture_is_up_to_date():
    assert PICTURE.read_text(encoding="utf-8") == picture(texts_of(sources())), (
        "run python -m tests.architecture.draw_rooms, and look at docs/images/rooms.svg"
    )


def test_an_import_more_between_rooms_is_an_arrow_more():
    texts = texts_of(sources())
    before = picture(texts)
    texts["twin.viz.palette"] += "\nfrom twin.observe.camera import anything\n"
    assert picture(texts).count("<path") == before.count("<path") + 1


def test_arrows_that_follow_from_others_are_left_out():
    assert needed({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == {"a": {"b"}, "b": {"c"}, "c": set()}


def test_rooms_stand_below_all_that_import_them_and_a_circle_is_refused():
    assert levels("abc", {"a": {"c"}, "b": {"c", "a"}}) == {"b": 0, "a": 1, "c": 2}
    with pytest.raises(ValueError, match="circle"):
        levels("ab", {"a": {"b"}, "b": {"a"}})


def test_whatever_is_said_to_be_loaded_by_name_is_a_room():
    modules, _ = rooms_of(texts_of(sources()))
    assert {*LOADS, *(to for tos in LOADS.values() for to in tos)} <= modules.keys()
