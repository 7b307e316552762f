"""Grid square statistics: codes to boxes by the standard, hidden squares shared out, and what is wrong told."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import TableError
from twin.scenario.tables.mesh import LEVELS, boxes_of
from twin.scenario.tables.read import read_tables

HEAD = "KEY_CODE,HTKSYORI,HTKSAKI,GASSAN,T001141001,T001141002\r\n,,,,　人口（総数）,　65歳以上\r\n"
ROWS = (
    "523502111,0,,,100,-\r\n523502112,1,,523502113;523502114,40,33\r\n"
    "523502113,2,523502112,,2,*\r\n523502114,2,523502112,,1,*\r\n"
)


@pytest.fixture
def mesh(load, tmp_path):
    """Reads one file of squares."""

    def read(data: str | bytes, declared: str = "", file: str = "tbl.txt"):
        (tmp_path / file).write_bytes(data if isinstance(data, bytes) else data.encode("cp932"))
        return read_tables(load(f"terminal:\ntables:\n  m: {{file: {file}, mesh: true{declared}}}\n"))["m"]

    return read


def problems(mesh, *args):
    with pytest.raises(TableError) as caught:
        mesh(*args)
    return [(p.what, p.where) for p in caught.value.problems]


def test_the_square_of_osaka_castle():
    # JIS X 0410, by hand: 34 2/3 + 0 * 5' + 2 * 30" and 135 + 4 * 7' 30" + 2 * 45".
    box = boxes_of(["52350422"])
    assert (box.south[0], box.west[0]) == pytest.approx((52 / 1.5 + 2 * 30 / 3600, 135 + 4 * 7.5 / 60 + 2 * 45 / 3600))
    assert (box.north - box.south)[0] * 3600 == pytest.approx(30)
    assert (box.east - box.west)[0] * 3600 == pytest.approx(45)


DIGITS = st.tuples(
    st.integers(30, 68), st.integers(22, 53), st.integers(0, 7), st.integers(0, 7), st.integers(0, 9),
    st.integers(0, 9), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4),
)  # fmt: skip


@given(DIGITS)
def test_every_square_is_its_place_in_the_next_larger_one(digits):
    """A slow twin: each level cuts the box of the one before, by shares of its sides."""
    code, south, west, height, width = f"{digits[0]:02d}{digits[1]:02d}", digits[0] / 1.5, digits[1] + 100.0, 2 / 3, 1.0
    steps = [(8, digits[2], digits[3]), (10, digits[4], digits[5])]
    steps += [(2, (one - 1) // 2, (one - 1) % 2) for one in digits[6:]]
    for number, (parts, row, column) in enumerate(steps):
        code += f"{row}{column}" if number < 2 else str(digits[4 + number])
        height, width = height / parts, width / parts
        south, west = south + row * height, west + column * width
        box = boxes_of([code])
        assert (height, width) == pytest.approx(LEVELS[len(code)])
        assert (box.south[0], box.west[0]) == pytest.approx((south, west), abs=1e-9)
        assert (box.north[0] - box.south[0], box.east[0] - box.west[0]) == pytest.approx((height, width), abs=1e-9)


def test_four_quarters_fill_a_square_to_the_bit():
    for whole in ("52350211", "523502113", "5235021132"):
        outer, parts = boxes_of([whole]), boxes_of([f"{whole}{k}" for k in range(1, 5)])
        assert parts.south[0] == parts.south[1] == outer.south[0]
        assert parts.north[2] == parts.north[3] == outer.north[0]
        assert parts.north[0] == parts.south[2]
        assert parts.east[0] == parts.west[1]
        assert parts.east[3] == outer.east[0]


def test_a_file_as_downloaded_hidden_squares_have_their_share(mesh, tmp_path):
    found = mesh(HEAD + ROWS, ", columns: {people: 人口（総数）, old: T001141002}")
    assert found.columns["area"].tolist() == ["523502111", "523502112", "523502113", "523502114"]
    assert found.columns["people"].tolist() == [100, 40, 2, 1]
    np.testing.assert_allclose(found.columns["old"], [0, 11, 11, 11])
    assert found.echo.totals == {"people": 143.0, "old": 33.0}
    assert found.echo.encoding == "cp932"
    assert any("2 squares are hidden (*); 2 have an even share of the 1 squares" in gap for gap in found.echo.gaps)
    assert any("1 squares say -; taken as 0" in gap for gap in found.echo.gaps)
    with zipfile.ZipFile(tmp_path / "tbl.zip", "w") as archive:
        archive.writestr("tblT001141H5235.txt", (HEAD + ROWS).encode("cp932"))
    again = mesh((tmp_path / "tbl.zip").read_bytes(), "", "tbl.zip")
    assert again.columns["people"].tolist() == [100, 40, 2, 1]  # 人口（総数） without a word


def test_hidden_squares_whose_sum_is_elsewhere_are_unknown_and_counted(mesh):
    found = mesh(HEAD + "523502113,2,523502999,,2,*\r\n", ", columns: {old: 65歳以上}")
    assert np.isnan(found.columns["old"]).all()
    assert any("1 squares have their hidden numbers in squares that the file lacks" in g for g in found.echo.gaps)
    assert any("of 1 nothing is known" in gap for gap in found.echo.gaps)


def test_what_is_wrong_is_told_with_its_row(mesh):
    bad = (
        HEAD + "52350211,0,,,5,1\r\n523502111,0,,,3,1\r\n52350291,0,,,1,1\r\n5235x211,0,,,1,1\r\n523509115,0,,,1,1\r\n"
    )
    told = problems(mesh, bad)
    assert ("the square 523502111 lies in 52350211 of row 3: people would be counted twice") in [w for w, _ in told]
    assert any("5235x211" in what and "row 6" in where for what, where in told)
    assert any("'523509115' is no code" in what for what, _ in told)
    assert not any("52350291" in what for what, _ in told)
    twice = problems(mesh, HEAD + "52350211,0,,,5,1\r\n52350211,0,,,5,1\r\n")
    assert twice[0][0] == "the square 52350211 stands in row 3 too"
    what, where = problems(mesh, HEAD + "52350211,0,,,many,1\r\n")[0]
    assert "many" in what
    assert "row 3" in where
    assert "'-3' is no count" in problems(mesh, HEAD + "52350211,0,,,-3,1\r\n")[0][0]
    assert "no row begins with KEY_CODE" in problems(mesh, "a,b\r\n1,2\r\n")[0][0]
    assert "there is no heading '人口'" in problems(mesh, HEAD + ROWS, ", columns: {people: 人口}")[0][0]
    assert "the table has no squares" in problems(mesh, HEAD)[0][0]
    assert "UTF-16" in problems(mesh, (HEAD + ROWS).encode("utf-16"))[0][0]


def test_sizes_that_do_not_overlap_are_read_and_told(mesh):
    found = mesh(HEAD + "52350212,0,,,5,1\r\n523502111,0,,,3,1\r\n")
    assert any("1 of 1 km, 1 of 500 m" in text for text in found.echo.warnings)
