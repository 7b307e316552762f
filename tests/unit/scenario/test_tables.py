"""Tables: the encodings, titles, headings, words and sums of real ones, and what is said of wrong ones."""

import datetime as dt
import os
import zipfile

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from twin.errors import ScenarioError, TableError
from twin.scenario.tables.read import read_tables
from twin.scenario.tables.sheets import read_sheet


@pytest.fixture
def table(write, load, tmp_path):
    """Reads one table declared by the text after ``t:``."""

    def read(declared: str, data: bytes | str | None = None, file: str = "表 1.csv", **options):
        if data is not None:
            (tmp_path / file).write_bytes(data.encode() if isinstance(data, str) else data)
        body = f"terminal:\ntables:\n  t: {{file: {file}{', ' if declared else ''}{declared}}}\n"
        return read_tables(load(body, **options))["t"]

    return read


def problems(table, *args, **options):
    with pytest.raises(TableError) as caught:
        table(*args, **options)
    return [(p.what, p.where, p.mend) for p in caught.value.problems]


CSV = '時間帯,区分,台数\n8時台,実入搬出,120\n9時台,空搬入,"1,204"\n'
COLUMNS = "columns: {hour: 時間帯, kind: 区分, trucks: 台数}"
WORDS = "values: {kind: {実入搬出: laden_out, 空搬入: empty_in}}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_csv_is_read_in_the_encodings_of_municipalities(table, encoding):
    found = table(f"{COLUMNS}, {WORDS}", CSV.encode(encoding))
    assert found.columns["hour_start_s"].tolist() == [28800.0, 32400.0]
    assert found.columns["hour_end_s"].tolist() == [32400.0, 36000.0]
    assert found.columns["kind"].tolist() == ["laden_out", "empty_in"]
    assert found.columns["trucks"].dtype == np.float64
    assert found.echo.totals == {"trucks": 1324.0}
    assert found.echo.encoding == encoding.replace("-sig", "")


def test_a_wrong_encoding_names_the_row(table):
    what, where, mend = problems(table, f"{COLUMNS}, encoding: utf-8", CSV.encode("cp932"))[0]
    assert what.startswith("the file is not utf-8 text")
    assert "row 1" in where
    assert "encoding: detect" in mend
    assert "UTF-16" in problems(table, COLUMNS, CSV.encode("utf-16"))[0][0]


def workbook(path, rows, sheet="集計", formats=()):
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(row)
    for place, form in formats:
        page[place].number_format = form
    book.save(path)


def test_a_workbook_with_titles_sums_and_true_times_is_read(table, tmp_path):
    workbook(
        tmp_path / "台数.xlsx",
        [
            ["ゲート時間別台数 R7年度"],
            [None, "単位：台"],
            ["日付", "時間帯", "区 分", "台 数"],
            [dt.datetime(2026, 4, 24), dt.time(8), "実入搬出", 100],
            [dt.datetime(2026, 4, 24), "９時", "空搬入", "1,204"],
            [dt.datetime(2026, 4, 24), "10:00～11:00", "空搬入", "１２"],
            [None, "小計", None, 1316],
            ["合　計", None, None, 1316],
            ["※ 速報値"],
        ],
    )
    declared = "columns: {date: 日付, hour: 時間帯, kind: 区分, trucks: 台数}, values: {kind: {実入搬出: a, 空搬入: b}}"
    found = table(declared, file="台数.xlsx")
    assert found.columns["hour_start_s"].tolist() == [28800.0, 32400.0, 36000.0]
    assert found.columns["trucks"].tolist() == [100.0, 1204.0, 12.0]
    assert found.columns["date"].tolist() == ["2026-04-24"] * 3
    assert (found.echo.sheet, found.echo.header_row, found.echo.rows) == ("集計", 3, 3)
    assert found.echo.dropped == ((7, "小計"), (8, "合計"), (9, "※ 速報値"))


def test_24_hours_of_a_workbook_are_one_day(table, tmp_path):
    workbook(tmp_path / "t.xlsx", [["time", "n"], [1.0, 1], [0.25, 2]], formats=[("A2", "h:mm"), ("A3", "h:mm")])
    assert table("", file="t.xlsx").columns["time"].tolist() == [86400.0, 21600.0]


def test_cells_shown_as_percent_are_shares(table, tmp_path):
    workbook(tmp_path / "t.xlsx", [["id", "share"], ["012", 0.45]], formats=[("B2", "0%")])
    found = table("units: {share: '%'}, columns: {id: id, share: share}", file="t.xlsx")
    assert found.columns["share"].tolist() == [0.45]
    assert found.columns["id"].tolist() == ["012"]


def test_a_workbook_with_sheets_must_name_one(table, tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "予約一覧"
    book.create_sheet("凡例")
    book.save(tmp_path / "t.xlsx")
    assert problems(table, "", file="t.xlsx")[0][::2] == (
        "the workbook has 2 sheets: 予約一覧, 凡例",
        "name one with sheet:",
    )
    what, _, mend = problems(table, "sheet: 予約一欄", file="t.xlsx")[0]
    assert (what, mend) == ("there is no sheet '予約一欄'", "did you mean 予約一覧?")


def test_names_decide_how_a_column_is_read_and_ids_stay_text(table):
    found = table(
        "", ("stop,asked_at,wheelchair,from_s,until_s,length\n012,8:05,○,9:00,3600,2\n,2026-04-24 8:06,,9:30,7200,3\n")
    )
    assert found.columns["stop"].tolist() == ["012", ""]
    assert found.columns["asked_at"].tolist() == [29100.0, 29160.0]
    assert found.columns["from_s"].tolist() == [32400.0, 34200.0]
    assert found.columns["until_s"].tolist() == [3600.0, 7200.0]
    assert found.columns["wheelchair"].dtype.kind == "U"
    assert found.echo.totals == {"length": 5.0}


def test_units_of_columns_become_si_and_words_become_switches(table):
    found = table(
        "columns: {wait: 待ち, far: 距離, chair: 車いす}, units: {wait: min, far: km}, "
        "values: {chair: {○: true, '': false}}",
        "待ち,距離,車いす\n2.5,1.2,○\n4,0.3,\n",
    )
    assert found.columns["wait"].tolist() == [150.0, 240.0]
    assert found.columns["far"].tolist() == [1200.0, 300.0]
    assert found.columns["chair"].tolist() == [True, False]


def test_a_word_that_is_not_listed_is_told_once_with_its_row(table):
    found = problems(table, f"{COLUMNS}, {WORDS}", CSV + "10時台,実入搬入,3\n11時台,実入搬入,4\n")
    assert [f[0] for f in found] == ["'実入搬入' is none of the words under values.kind"]
    assert found[0][1] == "表 1.csv, row 4, column 区分"


@pytest.mark.parametrize(
    ("declared", "data", "what", "where"),
    [
        ("columns: {trucks: 台数}", "台数\n約10\n", "'約10' is no number", "表 1.csv, row 2, column 台数"),
        ("columns: {hour: 時}, gaps: zero", "時\n朝\n", "'朝' is no hour of the day", "表 1.csv, row 2, column 時"),
        ("columns: {n: 台教}", "台数\n1\n", "there is no heading '台教'", "表 1.csv, row 1"),
        ("columns: {n: 台数}", "台数,台数\n1,2\n", "the heading '台数' stands 2 times", "表 1.csv, row 1"),
        ("columns: {n: 台数}", "台数\n", "the table has no rows", "表 1.csv, row 2"),
        ("columns: {n: 台数}", "", "the table is empty", "表 1.csv"),
        ("columns: {n: 台数}, header_row: 9", "台数\n1\n", "header_row is 9, the table has 2 rows", "表 1.csv"),
        ("columns: {n: 台数}, units: {n: furlong}", "台数\n1\n", "'furlong' is no unit", "表 1.csv, column 台数"),
        ("columns: {n: 台数}, values: {k: {a: b}}", "台数\n1\n", "values names 'k', which is no column", "表 1.csv"),
        ("columns: {n: 台数}, sheet: a", "台数\n1\n", "a CSV has no sheets", "表 1.csv"),
        ("columns: {n: 台数}", '台数\n"1\n', "the CSV is damaged: unexpected end of data", "表 1.csv, row 2"),
        (
            "columns: {d: 日}, units: {d: date}",
            "日\n2026-02-30\n",
            "'2026-02-30' is no date",
            "表 1.csv, row 2, column 日",
        ),
        ("columns: {n: 台数}", "台数\n1\n-\n", "1 cells hold no number, in row 3", "表 1.csv, row 3, column 台数"),
        ("columns: {hour: 時, n: 台数}", "時,台数\n8,1\n9,1\n11,1\n12,1\n", "no row for 10:00", "表 1.csv, column 時"),
    ],
)
def test_what_is_wrong_is_said_with_sheet_row_and_column(table, declared, data, what, where):
    assert problems(table, declared, data)[0][:2] == (what, where)


def test_a_heading_in_another_row_is_pointed_at(table):
    _, _, mend = problems(table, "columns: {n: 台数}, header_row: 1", "表題\n\n台数\n1\n")[0]
    assert mend == "it stands in row 3; write header_row: 3"


def test_many_wrong_cells_are_counted_and_not_listed_without_end(table):
    found = problems(table, "columns: {trucks: 台数}", "台数\n" + "約1\n" * 1000)
    assert len(found) == 21
    assert found[-1][0] == "and 980 more problems"


def test_gaps_are_zero_or_kept_as_asked_and_always_reported(table):
    data = "時,台数\n8,1\n9,-\n11,4\n"
    zero = table("columns: {hour: 時, trucks: 台数}, gaps: zero", data)
    assert zero.columns["trucks"].tolist() == [1.0, 0.0, 4.0]
    assert zero.echo.gaps == ("column 台数: 1 empty, in row 3; taken as 0", "no row for 10:00")
    kept = table("columns: {hour: 時, trucks: 台数}, gaps: keep_and_report", data)
    assert np.isnan(kept.columns["trucks"][1])
    assert kept.echo.totals == {"trucks": 5.0}


def test_counts_are_scaled_to_a_days_total_and_the_factor_is_told(table):
    total = "{value: 2648 trucks, range: [2000 trucks, 3000 trucks], grade: G}"
    found = table(f"{COLUMNS}, {WORDS}, day_total: {total}", CSV)
    assert found.echo.scaled == {"trucks": 2.0}
    assert found.columns["trucks"].tolist() == [240.0, 2408.0]
    assert "cannot be scaled" in problems(table, "columns: {trucks: n}, day_total: 10", "n\n0\n")[0][0]
    assert "there are 2" in problems(table, "columns: {a: a, b: b}, day_total: 10", "a,b\n1,2\n")[0][0]
    two = table("columns: {a: a, b: b}, day_total: {column: b, total: 10}", "a,b\n1,2\n")
    assert (two.columns["a"][0], two.columns["b"][0]) == (1.0, 10.0)


def test_a_gate_count_warns_that_it_hides_the_queue(table):
    assert "hides the queue" in table(f"{COLUMNS}, {WORDS}, counted_at: gate_in", CSV).echo.warnings[0]
    assert table(f"{COLUMNS}, {WORDS}, counted_at: line_join", CSV).echo.warnings == ()


def test_rows_to_drop_are_named_by_heading_or_column(table):
    data = "時,台数\n8,1\n昼,7\n9,2\n"
    for key in ("時", "hour"):
        found = table(f"columns: {{hour: 時, n: 台数}}, drop_rows: {{{key}: [昼]}}", data)
        assert found.columns["n"].tolist() == [1.0, 2.0]
        assert found.echo.dropped == ((3, "昼"),)


def test_several_days_in_a_column_of_times_are_pointed_out(table):
    found = table("", "time,n\n2026-04-24 8:00,1\n2026-04-25 9:00,1\n")
    assert "2 days, 2026-04-24 to 2026-04-25" in found.echo.warnings[0]


def test_tabs_and_semicolons_separate_too(table):
    assert table("", "a;b\n1;2\n").columns["b"].tolist() == [2.0]
    assert table("", "a\tb\n1\t2\n", file="t.tsv").columns["b"].tolist() == [2.0]


def test_the_hash_is_that_of_the_file(table):
    import hashlib

    assert table(f"{COLUMNS}, {WORDS}", CSV).sha256 == hashlib.sha256(CSV.encode()).hexdigest()


def test_problems_of_all_tables_are_reported_at_once(load, tmp_path):
    (tmp_path / "a.csv").write_text("n\nx y\n1\n")
    (tmp_path / "b.csv").write_text("n\n")
    with pytest.raises(TableError) as caught:
        read_tables(load("terminal:\ntables: {a: {file: a.csv}, b: {file: b.csv}}\n"))
    assert [p.what for p in caught.value.problems] == ["'x y' is no number", "the table has no rows"]


@pytest.mark.parametrize("file", ["../x.csv", "/etc/passwd", "..\\x.csv", "link.csv", "folder/../../x.csv"])
def test_files_outside_the_folder_are_refused(load, tmp_path, file):
    outside = tmp_path.parent / "x.csv"
    outside.write_text("n\n1\n")
    (tmp_path / "link.csv").symlink_to(outside)
    with pytest.raises(ScenarioError, match="lies outside the scenario's folder"):
        load(f"terminal:\ntables: {{a: {{file: '{file}'}}}}\n")


def test_a_folder_that_is_allowed_may_be_read(load, tmp_path):
    elsewhere = tmp_path.parent / f"{tmp_path.name} elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x.csv").write_text("n\n1\n")
    body = f"terminal:\ntables: {{a: {{file: '../{elsewhere.name}/x.csv'}}}}\n"
    scenario = load(body, allow_read=[elsewhere])
    assert read_tables(scenario)["a"].columns["n"].tolist() == [1.0]


def test_what_is_no_file_is_refused(load, tmp_path):
    (tmp_path / "ordner.csv").mkdir()
    (tmp_path / "data.csv").write_text("n\n1\n")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.csv")
    for file, said in (
        ("ordner.csv", "is no file"),
        ("dat.csv", "did you mean data.csv"),
        ("pipe.csv", "is no file"),
        ("a\\0b.csv", "is no file|does not exist|cannot be read"),
    ):
        with pytest.raises(ScenarioError, match=said):
            load(f'terminal:\ntables: {{a: {{file: "{file}"}}}}\n')


def test_a_damaged_or_old_workbook_is_one_clear_error(table):
    for data in (b"", b"PK\x03\x04 no zip", b"not a zip at all" * 100):
        assert problems(table, "", data, file="t.xlsx")[0][0].startswith("the workbook is damaged or no .xlsx")
    assert problems(table, "", b"x", file="t.xls")[0][2] == "save it as .xlsx in Excel"
    assert problems(table, "", b"x", file="t.pdf")[0][0] == "a file of kind '.pdf' is no table"


def test_a_zip_bomb_is_refused_before_it_unfolds(table, tmp_path):
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 250_000_000)
    what = problems(table, "", file="t.xlsx")[0][0]
    assert what.startswith("the workbook unfolds to 250 MB from")


def test_a_workbook_with_entities_is_refused(table, tmp_path):
    workbook(tmp_path / "good.xlsx", [["n"], [1]])
    with zipfile.ZipFile(tmp_path / "good.xlsx") as good, zipfile.ZipFile(tmp_path / "t.xlsx", "w") as bad:
        for name in good.namelist():
            data = good.read(name)
            if name.endswith("sheet1.xml"):
                data = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaa">]>' + data
            bad.writestr(name, data)
    assert problems(table, "", file="t.xlsx")[0][0] == "the workbook holds a document type declaration"


def test_a_workbook_that_lies_about_its_size_is_read_by_its_rows(table, tmp_path):
    workbook(tmp_path / "good.xlsx", [["n"], [1], [2]])
    with zipfile.ZipFile(tmp_path / "good.xlsx") as good, zipfile.ZipFile(tmp_path / "t.xlsx", "w") as lying:
        for name in good.namelist():
            lying.writestr(name, good.read(name).replace(b'ref="A1:A3"', b'ref="A1:XFD1048576"'))
    assert table("", file="t.xlsx").columns["n"].tolist() == [1.0, 2.0]


def test_a_truncated_workbook_is_one_clear_error(table, tmp_path):
    workbook(tmp_path / "t.xlsx", [["n"], *[[i] for i in range(500)]])
    data = (tmp_path / "t.xlsx").read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        with pytest.raises(TableError):
            table("", data[: int(len(data) * share)], file="t.xlsx")


def parquet(file, **columns):
    pq.write_table(pa.table(columns), file)


def test_a_parquet_file_is_read_like_a_workbook(table, tmp_path):
    parquet(
        tmp_path / "t.parquet",
        発地=["osaka_a", "osaka_b", None],
        時刻=[dt.time(8, 30), dt.time(9), dt.time(10)],
        台数=pa.array([12, 30, 7], pa.int32()),
        割合=[0.5, float("nan"), 0.25],
    )
    declared = "columns: {from_place: 発地, time: 時刻, count: 台数, share: 割合}, gaps: keep_and_report"
    found = table(declared, file="t.parquet")
    assert found.columns["from_place"].tolist() == ["osaka_a", "osaka_b", ""]
    assert found.columns["time"].tolist() == [30600.0, 32400.0, 36000.0]
    assert found.columns["count"].tolist() == [12.0, 30.0, 7.0]
    assert np.isnan(found.columns["share"][1])
    assert found.echo.totals["count"] == 49.0


def test_a_parquet_file_that_is_none_or_holds_lists_is_refused(table, tmp_path):
    assert problems(table, "", b"PAR1 not at all", file="t.parquet")[0][0].startswith("the Parquet file is damaged")
    parquet(tmp_path / "whole.parquet", n=list(range(1000)))
    data = (tmp_path / "whole.parquet").read_bytes()
    for share in (0.2, 0.6, 0.95):
        what = problems(table, "", data[: int(len(data) * share)], file="t.parquet")[0][0]
        assert what.startswith("the Parquet file is damaged")
    parquet(tmp_path / "t.parquet", path=[[1, 2], [3]])
    assert "column 'path' holds list" in problems(table, "", file="t.parquet")[0][0]
    parquet(tmp_path / "t.parquet", blob=[b"1", b"2"])
    assert problems(table, "", file="t.parquet")[0][0] == "a column holds bytes"
    parquet(tmp_path / "t.parquet", n=[1])
    assert problems(table, "sheet: a", file="t.parquet")[0][0] == "a Parquet file has no sheets"


def test_a_long_word_said_a_million_times_does_not_fill_the_memory(table, tmp_path):
    n = 400_000
    word = pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), ["x" * 100_000])
    pq.write_table(pa.table({"note": word}), tmp_path / "t.parquet", store_schema=False)
    assert (tmp_path / "t.parquet").stat().st_size < 1_000_000
    sheet = read_sheet(tmp_path / "t.parquet", None, "detect")
    assert len(sheet.rows) == n + 1
    assert sheet.rows[1][0] is sheet.rows[n][0]


CENSUS = (
    "令和3年度 全国道路・街路交通情勢調査\n"
    "交通調査基本区間番号,上り・下りの別,車種,昼間12時間計,7時台,8時台,9時台,22時台,23時台,0時台,1時台\n"
    "27300010010,上り,小型車,999,310,402,351,120,80,40,21\n27300010010,下り,小型車,999,290,-,333,100,70,30,9\n"
)
SECTION = "columns: {section_id: 交通調査基本区間番号, way: 上り・下りの別, class: 車種}, hours_across: count"


def test_a_road_census_has_its_hours_in_the_headings(table):
    found = table(f"{SECTION}, gaps: keep_and_report", CENSUS.encode("cp932"))
    first = found.columns["way"] == "上り"
    assert found.columns["section_id"].tolist() == ["27300010010"] * 14
    assert found.columns["count"][first].tolist() == [310, 402, 351, 120, 80, 40, 21]
    # The hours behind midnight belong to the survey that began at 7:00.
    assert (found.columns["hour_start_s"][first] / 3600).tolist() == [7, 8, 9, 22, 23, 24, 25]
    assert (found.columns["hour_end_s"] - found.columns["hour_start_s"] == 3600).all()
    assert np.isnan(found.columns["count"]).sum() == 1
    assert any("1 empty, in row 4" in gap for gap in found.echo.gaps)
    assert any("no row for" in gap for gap in found.echo.gaps)
    assert any("0時台 stands behind a later hour" in text for text in found.echo.warnings)
    assert found.echo.rows == 14


def test_wrong_tables_of_hours_across_are_refused(table):
    told = problems(table, SECTION, CENSUS.encode("cp932"))
    assert any("1 cells hold no number, in row 4" in what for what, _, _ in told)
    twice = CENSUS.replace("22時台,23時台,0時台,1時台", "7時台,8時台,9時台,10時台")
    assert "more than a day" in problems(table, f"{SECTION}, gaps: zero", twice)[0][0]
    assert "0 headings are hours" in problems(table, SECTION, CENSUS.replace("時台", "番"))[0][0]
    both = SECTION.replace("車種}", "車種, count: 昼間12時間計}")
    assert "columns names count too" in problems(table, f"{both}, gaps: zero", CENSUS)[0][0]


def test_classes_of_a_road_census_are_added_up(table):
    rows = "区間,向き,車種,7時台,8時台\n1,上り,小型車,100,200\n1,上り,大型車,10,-\n"
    rows += "1,下り,小型車,50,60\n1,下り,大型車,5,6\n"
    spec = "columns: {section_id: 区間, way: 向き}, hours_across: count, added_over: 車種, gaps: keep_and_report"
    found = table(spec, rows)
    assert found.columns["way"].tolist() == ["上り", "上り", "下り", "下り"]
    np.testing.assert_array_equal(found.columns["count"], [110, np.nan, 55, 66])
    assert any("4 rows are added to 2: 大型車 + 小型車" in text for text in found.echo.warnings)
    told = problems(table, spec, rows + "1,下り,大型車,5,6\n")
    assert "1, 下り: 大型車 stands in row 5 too" in told[0][0]
    told = problems(table, spec, rows.replace("1,下り,大型車,5,6\n", ""))
    assert "1, 下り has no row of 大型車" in told[0][0]
    assert "no heading '車'" in problems(table, spec.replace("車種", "車"), rows)[0][0]
