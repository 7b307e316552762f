"""Cells as municipal tables hold them."""

import contextlib
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.scenario.tables import cells
from twin.scenario.tables.cells import CellError


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (1204, 1204.0),
        ("1,204", 1204.0),
        ("１，２０４", 1204.0),
        ("１２０台", 120.0),
        (" 85 人", 85.0),
        ("▲3", -3.0),
        ("△ 3", -3.0),
        ("-3.5", -3.5),
        ("1e3", 1000.0),
        ("45%", 0.45),
        ("４５％", 0.45),
        (".5", 0.5),
        ("0", 0.0),
        (None, None),
        ("", None),
        ("-", None),
        ("－", None),
        ("X", None),
        ("…", None),
        ("　", None),
    ],
)
def test_numbers_are_read_as_people_type_them(cell, expected):
    assert cells.number(cell) == expected


@pytest.mark.parametrize("cell", ["約100", "12,04", "1.2.3", "８時", "nan", "inf", True, dt.time(8), "1_000", "１/２"])
def test_what_is_no_number_is_refused_with_the_cell(cell):
    with pytest.raises(CellError, match="is no number"):
        cells.number(cell)


def test_numbers_take_the_unit_of_their_column_but_a_percent_sign_wins():
    assert cells.number("2.5", "min") == 150.0
    assert cells.number("45", "%") == pytest.approx(0.45)
    assert cells.number("45%", "min") == 0.45
    with pytest.raises(KeyError):
        cells.number("1", "furlong")


@pytest.mark.parametrize(
    ("cell", "start_h", "end_h"),
    [
        (8, 8, None),
        ("8", 8, None),
        ("08", 8, None),
        ("8時", 8, None),
        ("８時", 8, None),
        ("8時台", 8, 9),
        ("８時台", 8, 9),
        ("8:00", 8, None),
        ("08:30", 8.5, None),
        ("8:00～9:00", 8, 9),
        ("8:00〜9:00", 8, 9),
        ("8:00-9:00", 8, 9),
        ("8時～9時", 8, 9),
        ("8～9", 8, 9),
        ("8時30分～8時45分", 8.5, 8.75),
        ("8:00～", 8, None),
        ("午前8時", 8, None),
        ("午後1時", 13, None),
        ("午前12時", 0, None),
        ("24:00", 24, None),
        ("25時台", 25, 26),
        (dt.time(8, 15), 8.25, None),
        (dt.timedelta(days=1), 24, None),
        (dt.datetime(1900, 1, 1), 24, None),
        (dt.datetime(2026, 4, 24, 8), 8, None),
        ("0", 0, None),
        (dt.time(7, 59, 59, 999999), 8, None),
    ],
)
def test_hour_labels_are_read_in_all_their_forms(cell, start_h, end_h):
    assert cells.hour_slot(cell) == (start_h * 3600.0, None if end_h is None else end_h * 3600.0)


@pytest.mark.parametrize(
    "cell", ["合計", "8時60分", "48", 48, 8.5, "9:00～8:00", "", None, True, "朝", -1, "-1", "8:00～9:00～10:00"]
)
def test_what_is_no_hour_is_refused(cell):
    with pytest.raises(CellError, match="is no hour"):
        cells.hour_slot(cell)


def test_labels_that_end_their_hour_are_moved_but_ranges_say_it_themselves():
    assert cells.hour_slot("8", end_label=True).start_s == 7 * 3600.0
    assert cells.hour_slot("8:00～9:00", end_label=True).start_s == 8 * 3600.0
    assert cells.hour_slot("8時台", end_label=True).start_s == 8 * 3600.0
    with pytest.raises(CellError):
        cells.hour_slot("0", end_label=True)


def test_shares_of_a_day_are_told_from_hours_by_the_column():
    assert cells.are_fractions([0.0, 1 / 24, 2 / 24])
    assert not cells.are_fractions([0, 1, 2, "3"])
    assert cells.hour_slot(8 / 24, fractions=True).start_s == 28800.0


@pytest.mark.parametrize(
    ("cell", "seconds", "day"),
    [
        ("8:05", 29100.0, ""),
        ("8:05:30", 29130.0, ""),
        ("8時5分", 29100.0, ""),
        ("午後 1:30", 48600.0, ""),
        ("2026-04-24 08:05", 29100.0, "2026-04-24"),
        ("2026/4/24 8:05", 29100.0, "2026-04-24"),
        ("2026-04-24T08:05:00", 29100.0, "2026-04-24"),
        (dt.datetime(2026, 4, 24, 8, 5), 29100.0, "2026-04-24"),
        (dt.time(8, 5), 29100.0, ""),
        (29100, 29100.0, ""),
        ("29100", 29100.0, ""),
        ("24:30", 88200.0, ""),
    ],
)
def test_times_of_day_are_read_with_or_without_their_date(cell, seconds, day):
    assert cells.time_of_day(cell) == (seconds, day)


@pytest.mark.parametrize("cell", ["", None, "8時台", "朝8時", "2026-13-01 08:00", "25:61", True, "48:00"])
def test_what_is_no_time_of_day_is_refused(cell):
    with pytest.raises(CellError):
        cells.time_of_day(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-04-24",
        "2026/4/24",
        "2026年4月24日",
        "R8.4.24",
        "令和8年4月24日",
        "２０２６／４／２４",
        dt.date(2026, 4, 24),
        dt.datetime(2026, 4, 24, 5),
        "2026/4/24(金)",
    ],
)
def test_dates_are_read_in_both_calendars(cell):
    assert cells.date(cell) == "2026-04-24"


def test_the_first_year_of_an_era_may_be_written_gannen():
    assert cells.date("令和元年5月1日") == "2019-05-01"


@pytest.mark.parametrize("cell", ["2026-02-30", "昨日", "", None, 20260424])
def test_what_is_no_date_is_refused(cell):
    with pytest.raises(CellError, match="is no date"):
        cells.date(cell)


@pytest.mark.parametrize("cell", ["合計", "合　計", " 小計 ", "計", "Total", "SUB TOTAL", "総計"])
def test_rows_of_sums_are_known_by_their_label(cell):
    assert cells.is_total(cell)


@pytest.mark.parametrize("cell", ["計画課", "8時台", 8, None, "統計"])
def test_other_labels_are_no_sums(cell):
    assert not cells.is_total(cell)


@given(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.booleans(), st.datetimes(), st.timedeltas()))
def test_no_cell_whatever_raises_anything_else(cell):
    for read in (cells.number, cells.hour_slot, cells.time_of_day, cells.date):
        with contextlib.suppress(CellError):
            read(cell)
    cells.is_total(cell)
    cells.are_fractions([cell])
