"""Damage and tricks that once got through: gradings in odd places, types declared late, words that are not there."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from twin.city.editing.table import _harmless
from twin.errors import ScenarioError, TableError
from twin.scenario.tables.read import read_tables


def refused(load, body):
    with pytest.raises(ScenarioError) as caught:
        load(body)
    return caught.value.problems or (caught.value,)


PARTS = ["measures", "variants", "tables", "layers", "names", "record", "limits", "title", "clock"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_file_graded_as_a_whole_is_refused_at_its_line(load, part):
    body = f"terminal:\n{part}: {{value: 1, range: [0, 2], grade: G}}\n"
    clock = "" if part == "clock" else "clock: {from: 05:30, to: 20:00}\n"
    head = f"twin: 1\nname: toy\ncity: osaka_yumeshima\n{clock}"
    with pytest.raises(ScenarioError) as caught:
        load(body, head)
    assert any(part in p.where and "line" in p.where for p in caught.value.problems or (caught.value,))


@pytest.mark.parametrize("ends", ["[1 lanes, 3 lanes]", "[one, three]", "[², ³]", "[1, 3 lanes]", "[1e400, 2]"])
def test_a_range_that_is_no_number_like_its_value_is_refused_at_its_line(load, ends):
    body = f"terminal: {{lanes: {{A: {{count: {{value: 2, range: {ends}, grade: G}}}}}}}}\n"
    problems = refused(load, body)
    assert all("line 5" in p.where for p in problems)
    assert all(p.what for p in problems)


def test_a_range_with_the_unit_of_a_count_holds_for_a_bare_count(load):
    assert load("terminal: {trucks: {value: 2300, range: [1900 trucks, 2700 trucks], grade: G}}\n")


def workbook():
    book = openpyxl.Workbook()
    book.active.append(["time", "n"])
    book.active.append(["8:05", 1])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(data, name, change):
    """A workbook in which one part is changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            content = old.read(item)
            new.writestr(item, change(content) if item.filename == name else content)
    return out.getvalue()


TYPE = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>'


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: TYPE + xml,
        lambda xml: b"<!-- " + b"x" * 100_000 + b" -->" + TYPE + xml,
        lambda xml: b" " * 5000 + TYPE.lower() + xml,
        lambda xml: (TYPE + xml).decode().encode("utf-16"),
        lambda xml: ("\ufeff<?xml version='1.0' encoding='UTF-16'?>" + (TYPE + xml).decode()).encode("utf-16-be"),
        lambda xml: b"<!-- " + b"x" * ((1 << 20) - 12) + b" -->" + TYPE + xml,
    ],
)
def test_a_document_type_is_found_however_late_and_however_written(load, tmp_path, change):
    (tmp_path / "t.xlsx").write_bytes(with_part(workbook(), "xl/worksheets/sheet1.xml", change))
    scenario = load("terminal:\ntables: {t: {file: t.xlsx}}\n")
    with pytest.raises(TableError, match="document type"):
        read_tables(scenario)


def test_a_sound_workbook_passes_the_guard(load, tmp_path):
    (tmp_path / "t.xlsx").write_bytes(workbook())
    assert read_tables(load("terminal:\ntables: {t: {file: t.xlsx}}\n"))["t"].columns["time"].tolist() == [29100.0]


def test_no_flipped_bit_of_a_parquet_file_ends_in_anything_but_words(load, tmp_path):
    out = io.BytesIO()
    pq.write_table(pa.table({"time": ["8:05", "9:05"] * 3, "kind": ["a", "b"] * 3}), out, compression="none")
    data, scenario = out.getvalue(), None
    refusals: list[str] = []
    for at in range(4, len(data), 3):
        (tmp_path / "t.parquet").write_bytes(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        scenario = scenario or load("terminal:\ntables: {t: {file: t.parquet}}\n")
        try:
            read_tables(scenario)
        except TableError as fault:
            refusals += [p.where for p in fault.problems]
    assert len(refusals) > 20
    assert all("t.parquet" in where for where in refusals)


FORMULAS = ["=1+1", "＝1+1", "＋1", "－1", "＠x", "-1", "\u2212 1", " =1", "\u3000＝1", "\t1", "\r1", "﹦1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_a_spreadsheet_would_calculate_stays_text(text):
    assert _harmless(text) == f"'{text}"


@pytest.mark.parametrize("value", ["御堂筋", "a=1", "", 5, 1.5, None])
def test_other_cells_stay_as_they_are(value):
    assert _harmless(value) == value
