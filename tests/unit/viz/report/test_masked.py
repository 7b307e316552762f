"""A study whose small counts are left out: nowhere published, and nothing else changed."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tests.unit.viz.report.studies import make_study
from twin.results.kpis import infos
from twin.results.privacy import masked_of
from twin.service_results import export
from twin.viz.report.content import read_content
from twin.viz.report.page import page
from twin.viz.report.words import WORDS, safe

#: An hour of 60 trucks: every group is small.
_SMALLEST = 1000


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folders = [tmp_path_factory.mktemp(name) for name in ("open", "masked")]
    asked = {"kpi: terminal.wait_mean_min, by: every_group": "kpi: terminal.throughput_day, by: every_group"}
    private = {**asked, "seed: 7": f"seed: 7\noutput: {{privacy: {{smallest_cell: {_SMALLEST} trucks}}}}"}
    return [
        make_study(folder, title="秘匿", **changes) for folder, changes in zip(folders, (asked, private), strict=True)
    ]


def test_the_study_itself_is_the_same(both):
    plain, masked = both
    for name in ("kpis", "differences"):
        first, second = plain.columns(name), masked.columns(name)
        assert all(np.array_equal(v, second[k], equal_nan=v.dtype.kind == "f") for k, v in first.items())
    assert plain.answers["answers"] == masked.answers["answers"]
    assert "output" not in plain.plan


def test_small_groups_are_in_no_table_and_the_rest_is(both, tmp_path):
    plain, masked = both
    hidden = masked_of(masked.plan, masked.columns("kpis"), infos())
    assert hidden.small
    rows = {}
    for study, name in ((plain, "open"), (masked, "masked")):
        export(study.folder, tmp_path / name)
        with (tmp_path / name / "kpis.csv").open(encoding="utf-8-sig", newline="") as file:
            rows[name] = list(csv.DictReader(file))
    told = 0
    for before, after in zip(rows["open"], rows["masked"], strict=True):
        kpi, group = before["指標の記号"], "all" if before["区分"] == "全体" else before["区分"]
        if hidden.hides(kpi, group):
            assert after["平均"] == after["95％区間下限"] == after["95％区間上限"] == "秘匿"
            told += 1
        else:
            assert after == before
    assert told >= len(hidden.small)


def test_the_page_says_what_it_leaves_out_and_has_no_number_of_it(both):
    plain, masked = both
    hidden = masked_of(masked.plan, masked.columns("kpis"), infos())
    content = read_content(masked)
    text = page(content, ["en"], charts=False)
    start = safe(WORDS["masked"][1]).partition("{k}")[0]
    assert start in text
    assert start not in page(read_content(plain), ["en"], charts=False)
    rows = [row for answer in content.answers for row in answer["rows"]]
    small = [row for row in rows if hidden.hides(row["kpi"], row["group"])]
    assert small
    assert all(row["mean"] is row["lo"] is row["hi"] is None for row in small)
    assert not [row for row in content.differences if hidden.hides(row["kpi"], row["group"])]
