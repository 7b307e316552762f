"""Times of day as bare numbers: read as they are meant, or refused; never read as another time."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import TableError
from twin.scenario.language.schema import ScenarioHead
from twin.scenario.tables import times
from twin.scenario.tables.read import read_tables

TRUTH = [29100.0, 45000.0, 63900.0]  # 08:05, 12:30 and 17:45
TOKYO = zoneinfo.ZoneInfo("Asia/Tokyo")


@pytest.fixture
def read(load, tmp_path):
    """Seconds and warnings of a column 時刻, from a file or from lines of a CSV."""

    def reader(cells=(), declared="", file="t.csv", head="時刻", name="time"):
        if cells:
            (tmp_path / file).write_text("\n".join([f"{head},n", *(f"{cell},1" for cell in cells)]), encoding="utf-8")
        extra = f", {declared}" if declared else ""
        body = f"terminal:\ntables:\n  t: {{file: {file}, columns: {{{name}: {head}, n: n}}{extra}}}\n"
        found = read_tables(load(body))["t"]
        return found.columns[name].tolist(), found.echo.warnings

    return reader


def refusal(read, *args, **options):
    with pytest.raises(TableError) as caught:
        read(*args, **options)
    return caught.value.problems[0]


@pytest.mark.parametrize(
    "cells",
    [
        ["0805", "1230", "1745"],
        ["080500", "123000", "174500"],
        ["80500", "123000", "174500"],
        ["29100", "45000", "63900"],
        ["29100.0", "45000.0", "63900.0"],
        ["0.336806", "0.520833", "0.739583"],
        ["46136.336805556", "46136.520833333", "46136.739583333"],
        ["1776985500", "1777001400", "1777020300"],
        ["1776985500000", "1777001400000", "1777020300000"],
        ["2026-04-23T23:05:00Z", "2026-04-24 12:30:00+09:00", "2026-04-24T08:45:00.000+0000"],
        ["８：０５", "12:30", "午後5時45分"],
    ],
)
def test_what_is_unambiguous_over_the_whole_column_is_read_as_meant(read, cells):
    assert read(cells)[0] == TRUTH


@pytest.mark.parametrize(
    ("cells", "meanings"),
    [
        (["805", "1230", "1745"], ("08:05:00 (hhmm)", "00:13:25 (seconds)")),
        (["8.05", "12.30", "17.45"], ("08:05:00 (h.mm)", "08:03:00 (hours)")),
        (["8", "12", "17"], ("08:00:00 (hours)", "00:00:08 (seconds)")),
        (["0.25", "0.5", "0.75"], ("06:00:00 (excel)",)),
        (["43200", "54000"], ("04:32:00 (hhmmss)", "12:00:00 (seconds)")),
    ],
)
def test_what_may_mean_several_times_is_refused_with_all_of_them(read, cells, meanings):
    problem = refusal(read, cells)
    assert all(meaning in problem.what for meaning in meanings)
    assert "row 2" in problem.where
    assert "時刻" in problem.where
    assert "time_as:" in problem.mend


def test_numbers_that_are_times_in_no_one_form_are_refused(read):
    for cells in (["0805", "1999"], ["99999999"], ["20260424"], ["1e3"], ["-5"], ["176001"], ["0860"]):
        problem = refusal(read, cells)
        assert "no time" in problem.what
        assert problem.mend


@pytest.mark.parametrize(
    ("form", "cells"),
    [
        ("hhmm", ["805", "1230", "1745"]),
        ("hhmm", ["0805", "1230", "1745.0"]),
        ("hhmmss", ["80500", "123000", "174500"]),
        ("h.mm", ["8.05", "12.3", "17.45"]),
        ("hours", ["8.083333333", "12.5", "17.75"]),
        ("minutes", ["485", "750", "1065"]),
        ("seconds", ["29100", "45000", "63900"]),
        ("excel", ["0.33680556", "0.52083333", "0.73958333"]),
        ("excel", ["46136.33680556", "46137.52083333", "0.73958333"]),
        ("unix", ["1776985500", "1777001400000", "1777020300"]),
    ],
)
def test_what_is_declared_is_read_so(read, form, cells):
    assert read(cells, f"time_as: {form}")[0] == TRUTH
    assert read(cells, f"time_as: {{time: {form}}}")[0] == TRUTH
    # Cells that say themselves what they are need no word.
    assert read(["8:05", *cells[1:]], f"time_as: {form}")[0] == TRUTH


def test_what_does_not_fit_the_declaration_is_refused_at_its_line(read):
    problem = refusal(read, ["0805", "1275"], "time_as: hhmm")
    assert "'1275' is no time of day (hhmm)" in problem.what
    assert "row 3" in problem.where


def test_a_heading_in_seconds_declares_seconds(read):
    assert read(["43200", "54000"], head="from_s", name="from_s")[0] == [43200.0, 54000.0]
    assert read(["43200", "54000"], head="開始（秒）", name="from_s")[0] == [43200.0, 54000.0]
    # Our name alone says nothing of the file.
    assert "may be" in refusal(read, ["43200", "54000"], head="from", name="from_s").what


def test_a_declared_form_holds_for_hours_too(read):
    body = "time_as: hhmm"
    found, _ = read(["800", "900"], body, head="hour_label", name="start_time")
    assert found == [28800.0, 32400.0]


def test_times_of_a_workbook_are_shares_of_a_day(read, tmp_path):
    book = openpyxl.Workbook()
    for row in (["時刻", "n"], [0.25, 1], [dt.time(12, 30), 1], [46136.739583333, 1]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    assert read(file="t.xlsx")[0] == [21600.0, 45000.0, 63900.0]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "UTC", "+09:00", "Europe/Paris"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_with_a_zone_are_brought_to_the_clock_of_the_city(read, tmp_path, zone, unit):
    moments = [dt.datetime(2026, 4, 24, int(s // 3600), int(s % 3600 // 60), tzinfo=TOKYO) for s in TRUTH]
    pq.write_table(
        pa.table({"時刻": pa.array(moments, pa.timestamp(unit, zone)), "n": [1, 1, 1]}), tmp_path / "t.parquet"
    )
    found, warnings = read(file="t.parquet")
    assert found == TRUTH
    assert "3 times name a zone and were brought to the clock of Asia/Tokyo" in warnings[0]


def test_timestamps_without_a_zone_stay_as_they_are(read, tmp_path):
    moments = [dt.datetime(2026, 4, 24, 8, 5)]
    pq.write_table(pa.table({"時刻": pa.array(moments, pa.timestamp("ns")), "n": [1]}), tmp_path / "t.parquet")
    assert read(file="t.parquet") == ([29100.0], ())


def test_a_clock_of_a_week_has_times_beyond_two_days(load, tmp_path):
    head = "twin: 1\nname: toy\ncity: osaka_yumeshima\nclock: {from: 00:00, to: '168:00', then: stop}\n"
    (tmp_path / "t.csv").write_text("time,n\n120:30,1\n", encoding="utf-8")
    body = "terminal:\ntables: {t: {file: t.csv}}\n"
    assert read_tables(load(body, head))["t"].columns["time"].tolist() == [120.5 * 3600]
    with pytest.raises(TableError, match="no time of day"):
        read_tables(load(body))


def test_the_schema_knows_every_form():
    assert set(times.FORMS) == set(times._READ)
    assert "time_as" in ScenarioHead.model_fields["tables"].annotation.__args__[1].model_fields


def written(seconds, form, digits):
    whole, minute, second = int(seconds // 3600), int(seconds % 3600 // 60), int(seconds % 60)
    return {
        "hhmm": f"{whole}{minute:02d}",
        "hhmm padded": f"{whole:02d}{minute:02d}",
        "hhmmss": f"{whole}{minute:02d}{second:02d}",
        "hhmmss padded": f"{whole:02d}{minute:02d}{second:02d}",
        "h.mm": f"{whole}.{minute:02d}",
        "hours": f"{seconds / 3600:.{digits}f}",
        "seconds": f"{seconds:.0f}",
        "excel": f"{seconds / 86400:.{digits}f}",
        "excel day": f"{46136 + seconds / 86400:.{digits}f}",
        "unix": f"{1776956400 + seconds:.0f}",
    }[form]


FORM_WORDS = [
    "hhmm",
    "hhmm padded",
    "hhmmss",
    "hhmmss padded",
    "h.mm",
    "hours",
    "seconds",
    "excel",
    "excel day",
    "unix",
]


@given(st.lists(st.integers(0, 86399), min_size=1, max_size=6), st.sampled_from(FORM_WORDS), st.integers(3, 9))
def test_no_column_is_ever_read_as_other_times(truth, form, digits):
    if "mm" in form and "ss" not in form:
        truth = [second // 60 * 60 for second in truth]
    column = [times.bare_number(written(second, form, digits)) for second in truth]
    assert None not in column
    forms = times.possible_forms(column)
    if len(forms) == 1:
        read = [times.moment_of(bare, forms[0]).seconds for bare in column]
        # Few digits hold no more than they hold.
        slack = {"hours": 3600.0, "excel": 86400.0, "excel day": 86400.0}.get(form, 0.0) * 0.6 * 10.0**-digits
        np.testing.assert_allclose(read, truth, atol=slack + 0.051)
