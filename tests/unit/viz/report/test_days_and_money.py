"""The report of several kinds of day, priced: every number says of which day it is, amounts are told as people do."""

from __future__ import annotations

import re

import pytest

from twin import api
from twin.viz.report.content import read_content
from twin.viz.report.figures import collected
from twin.viz.report.page import page
from twin.viz.report.spoken import rate_words, yen_words

SCENARIO = """\
twin: 1
name: year
city: osaka_yumeshima
seed: 7
replications: 3
clock: {from: 07:00, to: 08:00, then: until_empty, latest: 11:00, step: 5 min}
terminal:
  approach: none
  opening: [07:00-11:00]
  demand: {hourly: {"07:00": 60 trucks}}
  lanes: {A: {count: 1, kind: ordinary}}
measures:
  lane: {label: {ja: 増設, en: One more lane}, cost: {build: 2 million yen}, set: {terminal.lanes.A.count: 2}}
variants:
  today: {label: {ja: 現況, en: Today}}
  two: {label: {ja: 増設案, en: Two lanes}, with: [lane]}
calendar: {fiscal_year: 2027}
days:
  平日: {date: 2027-06-08, weight: from_calendar}
  休日: {date: 2027-06-13, weight: from_calendar, demand_factor: 0.5}
money: {pack: road-r7-secondary}
questions:
  - {id: wait, kpi: terminal.wait_mean_min, day: [平日, 休日, mean_day], matters_from: 1 min}
  - {id: count, kpi: terminal.throughput_day, day: year}
"""
_NAMES = ("増設案（平日）", "増設案（休日）", "ゲート待ち時間 平均（平日）")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("year")
    (folder / "s.yaml").write_text(SCENARIO, encoding="utf-8")
    return api.run(folder / "s.yaml", folder / "study", lean=True)


def test_every_difference_asked_of_a_day_names_it(study):
    content = read_content(study)
    assert content.label("two+平日", "ja") == "増設案（平日）"
    assert content.label("two+mean_day", "en") == "Two lanes (mean day of the year)"
    assert content.label("two", "ja") == "増設案"
    text = page(content, ["ja"])
    # Ids of variants and kinds of day are no words of a page; what they stand for is.
    assert not re.search(r"two\+|mean_day", text)
    for words in (
        "増設案（平日）",
        "増設案（休日）",
        "ゲート待ち時間 平均（平日）",
        "日の種類の記載がない値は年間の平均日",
    ):
        assert words in text


def test_the_points_of_a_pair_are_those_of_its_own_day(study, monkeypatch):
    """The mean of the points is the mean that is drawn among them, whatever the day."""
    drawn = []
    monkeypatch.setattr(collected, "pairs_chart", lambda *given: drawn.append(given))
    collected._pairs(read_content(study), "ja")
    ((_, _, rows, pairs, names, _),) = drawn
    assert sorted(names) == [f"増設案 − 現況（{day}）" for day in ("休日", "平日", "年間の平均日")]
    means = [row["mean"] for row in rows]
    assert len({round(mean, 6) for mean in means}) == 3, "the days differ"
    assert [sum(points) / len(points) for points in pairs] == pytest.approx(means, abs=1e-9)


def test_sentences_name_the_day_once(study):
    sentence = next(a for a in study.answers["answers"] if a["id"] == "wait")["sentence"]
    assert "平日：増設案は現況に比べて" in sentence["ja"]
    assert "Two lanes against Today (平日): " in sentence["en"]


def test_amounts_of_money_are_told_in_the_steps_of_the_language(study):
    text = page(read_content(study), ["ja"])
    money = text[text.index("費用と便益</h2>") :]
    money = money[money.index("<table") : money.index("<h2", 5)]
    assert not re.search(r"\byen\b|\de[+-]\d|-\d", money)
    assert "円" in money


@pytest.mark.parametrize(
    ("amount", "ja", "en"),
    [
        ((0.0,), "0円", "0 yen"),
        ((4663.2,), "4,663円", "4,663 yen"),
        ((1_155_047.0,), "116万円", "1.16 million yen"),
        ((-644_465_538.0,), "−6.44億円", "−644 million yen"),
        ((36_264_883.0, 29_992_308.0, 42_537_458.0), "3,626万円（2,999〜4,254）", "36.3 million yen (30.0 to 42.5)"),
    ],
)
def test_an_amount_has_three_figures_and_one_step(amount, ja, en):
    assert yen_words(amount[0], "ja", *amount[1:]) == ja
    assert yen_words(amount[0], "en", *amount[1:]) == en


def test_a_price_has_the_words_of_its_unit():
    assert rate_words("48.9", "yen/min", "ja") == "48.9円/分"
    assert rate_words("2,891", "yen/t", "ja") == "2,891円/t"
    assert rate_words("48.9", "yen/min", "en") == "48.9 yen/min"
