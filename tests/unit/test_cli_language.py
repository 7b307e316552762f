"""One language, or both: what was said, else the shell, else the locale."""

import subprocess
import sys

import pytest

from twin import cli_language
from twin.cli_language import BOTH, choose, label_of, languages, said
from twin.errors import ScenarioError


@pytest.fixture(autouse=True)
def kept(monkeypatch):
    monkeypatch.setattr(cli_language, "_chosen", BOTH)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("locale", "spoken"), [("ja_JP.UTF-8", ("ja",)), ("en_GB", ("en",)), ("C.UTF-8", BOTH), ("", BOTH), ("fr_FR", BOTH)]
)
def test_the_locale_speaks_where_nobody_said(monkeypatch, locale, spoken):
    monkeypatch.setenv("LANG", locale)
    choose(None)
    assert languages() == spoken


def test_what_is_said_beats_the_locale_and_lc_all_beats_lang(monkeypatch):
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    choose(None)
    assert languages() == ("ja",)
    choose("en")
    assert languages() == ("en",)


def test_another_language_is_refused_and_nothing_changes():
    choose("ja")
    with pytest.raises(ScenarioError, match="'fr' is no language"):
        choose("fr")
    assert languages() == ("ja",)


def test_short_texts_and_labels_follow():
    assert said("待ち", "wait") == "wait / 待ち"
    choose("ja")
    assert said("待ち", "wait") == "待ち"
    choose("en")
    assert said("待ち", "wait") == "wait"
    assert label_of({"ja": "現況", "en": "Today"}, "base") == "Today"
    assert label_of({"ja": "現況"}, "base") == "現況"
    assert label_of({}, "base") == "base"


@pytest.mark.parametrize(("lang", "there", "not_there"), [("ja", "件、", "studies"), ("en", "studies", "件、")])
def test_the_command_line_takes_it_before_the_command(tmp_path, lang, there, not_there):
    done = subprocess.run(
        [sys.executable, "-m", "twin", "--lang", lang, "runs", str(tmp_path)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert there in done.stdout
    assert not_there not in done.stdout
