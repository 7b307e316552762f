"""The committed maps are exactly what the authors' rules draw."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import pytest

from twin.data import DISTRICTS, network_path
from twin.data.rebuild import AUTHORS, district_xml, is_current, main, write_district
from twin.errors import CityError

COMMITTED = Path(network_path(DISTRICTS[0])).parent.parent
HIGHEST_OSM_ID = 20_000_000_000  # real ids stood near 14e9 in 2026


@cache
def drawn(name: str) -> ET.Element:
    return ET.fromstring(district_xml(name))  # noqa: S314 (our own text)


def test_every_district_has_an_author() -> None:
    assert tuple(sorted(AUTHORS)) == DISTRICTS


@pytest.mark.parametrize("name", DISTRICTS)
def test_the_committed_file_equals_the_rebuild(name: str) -> None:
    kept = network_path(name).read_bytes()
    text = gzip.decompress(kept) if network_path(name).suffix == ".gz" else kept
    assert text == district_xml(name)
    assert is_current(name, COMMITTED)


def test_a_rebuild_elsewhere_under_another_hash_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-m", "twin.data.rebuild", "--out", str(tmp_path / seed)],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
        )
    for name in DISTRICTS:
        files = [sorted((tmp_path / seed / name).iterdir()) for seed in ("1", "2")]
        assert [f.name for f in files[0]] == [f.name for f in files[1]] == [network_path(name).name]
        assert files[0][0].read_bytes() == files[1][0].read_bytes()


def test_check_names_a_district_that_differs_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in DISTRICTS:
        write_district(name, tmp_path)
    assert main(["--check", "--out", str(tmp_path)]) == 0
    changed = tmp_path / "osaka_yumeshima" / "osaka_yumeshima.osm"
    changed.write_bytes(changed.read_bytes().replace("夢舞大橋".encode(), "別の橋".encode(), 1))
    before = changed.read_bytes()
    capsys.readouterr()
    assert main(["--check", "--out", str(tmp_path)]) == 1
    assert "osaka_yumeshima: OUT OF DATE" in capsys.readouterr().out
    assert changed.read_bytes() == before


def test_check_fails_where_there_is_no_file(tmp_path: Path) -> None:
    assert main(["--check", "--out", str(tmp_path)]) == 1


@pytest.mark.parametrize("name", DISTRICTS)
def test_files_are_small_and_say_who_drew_them(name: str) -> None:
    assert network_path(name).stat().st_size < 300_000
    root = drawn(name)
    assert root.get("generator") == "osaka-twin data/rebuild.py"


@pytest.mark.parametrize("name", DISTRICTS)
def test_ids_are_above_those_of_real_maps_and_no_two_districts_share_a_range(name: str) -> None:
    root = drawn(name)
    billions = {other: int(drawn(other).findall("node")[0].get("id", "0")) // 10**9 for other in DISTRICTS}
    assert len(set(billions.values())) == len(DISTRICTS)
    for tag in ("node", "way"):
        ids = [int(element.get("id", "0")) for element in root.findall(tag)]
        assert min(ids) > HIGHEST_OSM_ID
        assert ids == sorted(set(ids))
        assert {i // 10**9 for i in ids} == {billions[name]}


def test_an_unknown_district_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(CityError, match="osaka_kita") as caught:
        network_path("osaka_kita")
    assert "osaka_midosuji" in caught.value.mend
