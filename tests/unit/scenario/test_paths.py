"""Files that a scenario may read."""

from __future__ import annotations

import pytest

from twin.scenario.language.paths import PathRefusedError, allowed_path


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home" / "tables").mkdir(parents=True)
    (tmp_path / "home" / "tables" / "counts.csv").write_text("a")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "far.csv").write_text("b")
    return tmp_path / "home"


def test_files_of_the_folder_and_of_folders_allowed_are_read(home):
    counts = (home / "tables" / "counts.csv").resolve()
    assert allowed_path("tables/counts.csv", home, []) == counts
    assert allowed_path("tables\\counts.csv", home, []) == counts
    assert allowed_path("../other/far.csv", home, [home.parent / "other"]).name == "far.csv"
    assert allowed_path("tables", home, [], or_folder=True) == counts.parent


@pytest.mark.parametrize(
    ("file", "what", "mend"),
    [
        ("../other/far.csv", "outside the scenario's folder", "--allow-read"),
        ("tables", "is no file", "not of a folder"),
        ("tables/count.csv", "does not exist", "counts.csv"),
        ("nowhere/at.csv", "does not exist", "relative to the scenario's folder"),
        ("bad\0name", "cannot be read", "name of a file"),
    ],
)
def test_others_are_refused_with_a_mend(home, file, what, mend):
    with pytest.raises(PathRefusedError, match=what) as fault:
        allowed_path(file, home, [])
    assert mend in fault.value.mend


def test_a_link_that_leads_outside_is_outside(home):
    (home / "link.csv").symlink_to(home.parent / "other" / "far.csv")
    with pytest.raises(PathRefusedError, match="outside"):
        allowed_path("link.csv", home, [])
