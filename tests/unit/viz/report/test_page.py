"""The report: everything a council asks for, and nothing that a stranger's words could do."""

from __future__ import annotations

import html.parser
import re
import subprocess
import sys

import pytest

from tests.unit.viz.report.studies import HOSTILE, make_study
from twin.errors import RunError, printable
from twin.results.kpis import infos
from twin.results.run_folder import Study
from twin.results.words import span
from twin.viz.report.content import read_content
from twin.viz.report.front import by_group, effort_of, parts_of
from twin.viz.report.page import page, write_report
from twin.viz.report.spoken import key_words, name_words, said, value_words
from twin.viz.report.words import WORDS, safe


class Tags(html.parser.HTMLParser):
    """Tags and attributes of a page, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def text(study):
    return page(read_content(study), ["ja", "en"])


def test_words_of_strangers_stay_words(text):
    found = Tags(text)
    assert not {"script", "img", "iframe", "link", "object", "embed", "form"} & {*found.tags}
    assert not [name for _, name, _ in found.attributes if name.startswith("on")]
    assert not [value for _, name, value in found.attributes if name in ("src", "href") and not value.startswith("#")]
    assert any(HOSTILE.partition("\u202e")[0] in word for word in found.words)
    assert "\u202e" not in text
    assert found.open == []


def test_the_page_may_fetch_nothing_and_run_nothing(text):
    policy = next(value for tag, _, value in Tags(text).attributes if tag == "meta" and "default-src" in (value or ""))
    assert policy.startswith("default-src 'none'")
    assert "url(" not in text
    assert "@import" not in text


def test_every_section_stands_in_both_languages(text):
    for key in (
        "answer",
        "observed",
        "ranges",
        "overturn",
        "winners",
        "figures",
        "by_group",
        "search",
        "kpis",
        "differences",
        "spread",
        "assumptions",
        "not_in",
        "ledger",
        "provenance",
    ):
        for words in WORDS[key]:
            assert re.search(f"<h2>{re.escape(words)}", text), words
    assert [value for tag, name, value in Tags(text).attributes if tag == "article" and name == "lang"] == ["ja", "en"]


def test_every_answer_stands_in_words_with_both_ranges(study, text):
    words = " ".join(Tags(text).words)
    assert len(study.answers["answers"]) == 4
    for answer in study.answers["answers"]:
        groups = sorted({row["group"] for row in answer["rows"]} - {"all"})
        for lang in ("ja", "en"):
            asked = answer["ask"].get(lang) or answer["id"]
            sentence = answer["sentence"][lang].removeprefix(asked).lstrip("：: ")
            if by_group(answer):  # its rows stand in a table
                sentence = effort_of(answer, lang)
            for part in parts_of(sentence):
                for told in re.split(r"(?<=[）)。.]) ?(?=反復|[0-9]+ replications)", part):
                    shown = printable(said(told, lang, groups)).strip(" .")
                    # Where all rows speak of one figure, its name stands in the first alone.
                    info = infos()[answer["rows"][0]["kpi"]]
                    name = f"{info.ja}：" if lang == "ja" else f"{info.en}: "
                    assert shown in words or shown.replace(name, "", 1) in words, told
    assert "of 3 draws of the assumptions agree" in words
    assert "3通りのうち" in words
    shown = study.answers["answers"][0]["assumptions"]["rows"][0]
    assert span(shown["lo"], shown["hi"], shown["unit"], "ja", of_change=True) in words


def test_brackets_keep_their_semicolons():
    assert parts_of("a（b；c）；d (e; f); g") == ["a（b；c）", "d (e; f)", "g"]


def test_keys_groups_and_units_are_words_in_both_languages():
    assert key_words("terminal.lanes.A.count", "ja") == "Aレーンの数"
    assert key_words("measures.seats.cost.build", "ja", {"seats": {"label": {"ja": "ベンチ"}}}) == "整備費（ベンチ）"
    assert key_words("nobody.knows", "ja") == "nobody.knows"
    assert name_words("left:served", "ja") == "出た（処理された）"
    assert value_words("2300 trucks", "ja") == "2,300台"
    assert value_words("2300 trucks", "en") == "2,300 trucks"
    assert value_words("1.5 million yen/year", "ja") == "150万円/年"
    assert value_words("120 million yen", "ja") == "1.2億円"
    assert value_words("as it stands", "ja") == "as it stands"


def test_no_counts_of_today_are_said_on_the_first_page(text):
    assert WORDS["no_observed"][0] in text
    assert WORDS["no_observed"][1] in text


def test_numbers_of_the_page_are_those_of_the_study(study, text):
    row = next(r for r in study.answers["answers"][0]["rows"])
    assert row["verdict"] == "better"
    assert study.manifest["scenario_sha256"] in text
    assert study.manifest["files"]["kpis.parquet"] in text
    ledger = study.run("today").table("ledger")
    entered = int(ledger["count"][(ledger["model"] == "terminal") & (ledger["entry"] == "entered")][0])
    assert f"<td class=n>{entered:,}</td>" in text


def test_one_language_is_one_article(study):
    text = page(read_content(study), ["en"], charts=False)
    assert [value for tag, name, value in Tags(text).attributes if tag == "article" and name == "lang"] == ["en"]
    assert WORDS["answer"][0] not in text


def test_the_page_does_not_depend_on_when_it_is_written(study, text):
    assert page(read_content(Study(study.folder)), ["ja", "en"]) == text


def test_a_study_that_was_changed_has_no_report(study, tmp_path):
    path = study.folder / "kpis.parquet"
    kept = path.read_bytes()
    try:
        path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        with pytest.raises(RunError, match="not as it was written"):
            write_report(Study(study.folder), tmp_path / "r.html")
        assert not (tmp_path / "r.html").exists()
    finally:
        path.write_bytes(kept)


def test_a_lean_study_without_questions_says_what_it_lacks(tmp_path):
    changes = {
        "questions:": "#",
        "  - {id": "#",
        "     such_that": "#",
        "uncertainty": "#",
        "seed: 7": "seed: 7\nreplications: 2",
    }
    plain = make_study(tmp_path, title="平日", lean=True, **changes)
    text = page(read_content(plain), ["en"], charts=False)
    for key in ("no_question", "no_ledger", "no_figures"):
        assert safe(WORDS[key][1]) in text


def test_without_the_libraries_that_draw_the_page_is_written_all_the_same(study, tmp_path):
    code = """
import sys
sys.modules["altair"] = sys.modules["vl_convert"] = None
from twin.results.run_folder import Study
from twin.viz.report import page
page.tools = lambda: None
page.write_report(Study(sys.argv[1]), __import__("pathlib").Path(sys.argv[2]), ["ja"])
"""
    out = tmp_path / "r.html"
    subprocess.run([sys.executable, "-c", code, str(study.folder), str(out)], check=True, timeout=120)
    text = out.read_text(encoding="utf-8")
    assert WORDS["no_figures"][0] in text
    assert WORDS["kpis"][0] in text
