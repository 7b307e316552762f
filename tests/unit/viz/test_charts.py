from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

import pytest

from twin.results.kpis import KpiInfo
from twin.viz.charts import interval_chart
from twin.viz.palette import VERDICTS

SVG = "{http://www.w3.org/2000/svg}"


def row(**changes):
    base = {
        "first": "base",
        "second": "with",
        "kpi": "terminal.wait_mean_min",
        "group": "all",
        "unit": "min",
        "mean": -2.0,
        "lo": -3.0,
        "hi": -1.0,
        "n": 20,
        "verdict": "better",
    }
    return base | changes


def tree(svg):
    return ET.fromstring(svg)  # noqa: S314 - our own text; that it parses is what is tested


def dots(svg):
    return [float(c.get("cx")) for c in tree(svg).iter(f"{SVG}circle")]


def bars(svg):
    paths = [p.get("d") for p in tree(svg).iter(f"{SVG}path")]
    found = (re.match(r"M([\d.]+) [\d.]+H([\d.]+)M", d) for d in paths)
    return [(float(m.group(1)), float(m.group(2))) for m in found if m]


def zero(svg):
    return float(next(tree(svg).iter(f"{SVG}line")).get("x1"))


def words(svg):
    return [text for t in tree(svg).iter(f"{SVG}text") for text in t.itertext()]


def test_the_bar_is_as_long_as_the_interval_and_the_dot_in_its_middle():
    svg = interval_chart([row()])
    (lo, hi), (mean,) = bars(svg)[0], dots(svg)
    assert mean == pytest.approx((lo + hi) / 2, abs=0.1)
    assert (zero(svg) - lo) / (zero(svg) - hi) == pytest.approx(3.0, rel=0.01)


def test_pairs_of_one_measure_share_a_scale_and_measures_do_not():
    rows = [row(), row(second="other", mean=-1.0, lo=-1.5, hi=-0.5), row(kpi="b", mean=-20, lo=-30, hi=-10)]
    svg = interval_chart(rows)
    away = [zero(svg) - x for x in dots(svg)]
    assert away[0] == pytest.approx(2 * away[1], abs=0.2)
    assert away[0] == pytest.approx(away[2], abs=0.2)


def test_no_difference_at_all_is_a_dot_on_zero():
    svg = interval_chart([row(mean=0.0, lo=0.0, hi=0.0, verdict="practically the same")])
    assert dots(svg) == [pytest.approx(zero(svg), abs=0.1)]
    assert "[0, 0]" in " ".join(words(svg))


def test_one_pair_has_no_interval_and_says_so():
    svg = interval_chart([row(lo=math.nan, hi=math.nan, n=1, verdict="cannot tell")], lang="en")
    assert bars(svg) == []
    assert "1 pair only: no interval" in words(svg)


def test_a_value_that_is_not_defined_is_said_not_drawn():
    svg = interval_chart([row(mean=math.nan, lo=math.nan, hi=math.nan, n=0, verdict="")], lang="en")
    assert dots(svg) == []
    assert "not defined" in words(svg)


def test_shares_differ_in_percentage_points():
    svg = interval_chart([row(unit="share", mean=0.0123, lo=0.01, hi=0.0146)], lang="en")
    assert any(text.startswith("+1.23 points") for text in words(svg))


@pytest.mark.parametrize("verdict", [v for v in VERDICTS if v])
def test_the_verdict_stands_in_words_beside_its_colour(verdict):
    look = VERDICTS[verdict]
    for lang, word in (("ja", look.ja), ("en", look.en)):
        svg = interval_chart([row(verdict=verdict)], lang=lang)
        assert any(text.endswith(word) for text in words(svg))
        assert look.color in svg


def test_names_for_people_come_from_the_kpi_and_the_variant():
    infos = {"terminal.wait_mean_min": KpiInfo("terminal.wait_mean_min", "min", "lower", "平均待ち時間", "mean wait")}
    labels = {"with": {"ja": "予約あり", "en": "booking"}, "base": {"ja": "現状", "en": "today"}}
    svg = interval_chart([row()], infos=infos, variant_labels=labels)
    assert {"平均待ち時間", "予約あり − 現状"} <= set(words(svg))


def test_hostile_words_stay_words():
    hostile = '"><script>alert(1)</script>'
    svg = interval_chart([row(kpi=hostile, group=hostile, first=hostile, unit=hostile)], title=hostile)
    assert "<script" not in svg
    assert any(hostile in text for text in words(svg))


def test_no_rows_give_an_empty_chart():
    assert dots(interval_chart([])) == []
