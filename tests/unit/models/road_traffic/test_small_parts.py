"""Small parts of the road by themselves: what is checked at the door, sums of streets, measured times."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.unit.models.road_traffic.conftest import street_layer
from tests.unit.models.road_traffic.test_edits_heeded import FORK, LONG, SHORT, SHORT_WAY, enter
from twin.engine.channels import RowKind
from twin.errors import CityError, EngineError, ScenarioError
from twin.models.road_traffic.entry_checks import check_entry, check_path
from twin.models.road_traffic.fleet import Fleet
from twin.models.road_traffic.queueing.given import numbers, whole_numbers
from twin.models.road_traffic.queueing.measured import LinkTimes
from twin.models.road_traffic.records.watched import WatchedStreets

DRIVE = street_layer(6, FORK)


def one_row(**changes):
    rows = enter(np.array([7], np.uint64), np.array([30.0]), [SHORT_WAY])
    for name, value in changes.items():
        rows.data[name] = value
    return rows.data[0], rows.path_of(0)


def test_a_sound_vehicle_comes_in():
    check_entry(*one_row(), Fleet(), DRIVE)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"kind": RowKind.ROAD_LEAVE}, "is no entry of a vehicle"),
        ({"vehicle_class": 99}, "vehicle 7 has class 99"),
        ({"b": 0}, "owner 0"),
        ({"bodies": 2}, "2 bodies"),
    ],
)
def test_what_is_no_vehicle_is_refused(changes, what):
    with pytest.raises(EngineError, match=what):
        check_entry(*one_row(**changes), Fleet(), DRIVE)


def test_nobody_enters_twice_or_without_a_way():
    row, path = one_row()
    fleet = Fleet()
    fleet.add(row["id"], row["vehicle_class"], row["b"], row["time_s"], path)
    with pytest.raises(EngineError, match="while it is on it"):
        check_entry(row, path, fleet, DRIVE)
    with pytest.raises(EngineError, match="empty path"):
        check_entry(row, path[:0], Fleet(), DRIVE)


def test_paths_that_break_or_name_no_link_are_refused():
    with pytest.raises(EngineError, match="breaks between links 1 and 2"):
        check_path(7, 0.0, np.array([0, SHORT, LONG]), DRIVE)
    with pytest.raises(EngineError, match="names link 0 or 6"):
        check_path(7, 0.0, np.array([0, 6]), DRIVE)


def test_queues_of_a_street_are_summed_over_its_links_under_any_of_its_names():
    drive = dataclasses.replace(
        DRIVE, name_index=np.array([0, 1, 1, 0, -1, 0]), names=("本町", "御堂筋"), aliases={"Midosuji": "御堂筋"}
    )
    watched = WatchedStreets(("Midosuji", "本町", "御堂筋"), drive)
    rows = watched.rows(600.0, np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0]))
    assert rows["street"].tolist() == ["御堂筋", "本町"]
    assert rows["queue_m"].tolist() == [6.0, 41.0]
    assert rows["from_s"].tolist() == [300.0, 300.0]
    assert WatchedStreets((), drive).rows(600.0, np.zeros(6)) is None
    with pytest.raises(ScenarioError, match="no street of the map is named '御堂'") as fault:
        WatchedStreets(("御堂",), drive)
    assert "御堂筋" in str(fault.value)


def test_measured_times_are_means_of_who_left_whatever_the_order_and_begin_anew():
    otherwise = np.array([9.0, 9.0, 9.0])
    one, other = LinkTimes(3), LinkTimes(3)
    seconds = np.array([0.1, 0.2, 0.3, 7.0])
    links = np.array([0, 0, 0, 2], np.int32)
    one.add(links, seconds)
    for i in (3, 1, 0, 2):
        other.add(links[i : i + 1], seconds[i : i + 1])
    kept = LinkTimes(3)
    kept.restore(one.state())
    assert one.read(otherwise).tolist() == other.read(otherwise).tolist() == kept.read(otherwise).tolist()
    assert one.read(otherwise).tolist() == otherwise.tolist()
    one.add(links, seconds)
    assert one.read(otherwise) == pytest.approx([0.2, 9.0, 7.0])


def test_what_a_user_gives_is_numbers_or_named():
    assert numbers(3, "lanes").tolist() == [3.0]
    assert numbers([2], "lanes", 3).tolist() == [2.0, 2.0, 2.0]
    assert whole_numbers([], "path").dtype == np.int64
    with pytest.raises(CityError, match="lanes must be numbers, got 'two'"):
        numbers("two", "lanes", error=CityError)
    with pytest.raises(ScenarioError, match=r"lanes has the shape \(2,\)"):
        numbers([1, 2], "lanes", 3)
    for wrong in ([1.5], [[1]], [[1], [1, 2]], ["a"]):
        with pytest.raises(ScenarioError, match="path must be a row of whole numbers"):
            whole_numbers(wrong, "path")
