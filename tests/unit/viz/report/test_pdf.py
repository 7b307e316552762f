"""The page on paper: which browser, which fonts, and what happens where there is none."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from twin.errors import RunError
from twin.viz.report import pdf


def test_without_a_browser_it_says_how_to_mend(monkeypatch):
    monkeypatch.delenv(pdf.VARIABLE, raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(pdf, "_PLACES", ())
    with pytest.raises(RunError, match="a PDF needs Chrome, Edge or Chromium") as told:
        pdf.browser()
    assert pdf.VARIABLE in told.value.mend


def test_a_browser_that_is_named_must_be_there(monkeypatch):
    monkeypatch.setenv(pdf.VARIABLE, "/no/such/browser")
    with pytest.raises(RunError, match="there is no browser '/no/such/browser'"):
        pdf.browser()


def test_without_japanese_letters_it_says_so(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(subprocess, "run", lambda a, **_: subprocess.CompletedProcess(a, 0, stdout="", stderr=""))
    with pytest.raises(RunError, match="no font of this machine has Japanese letters") as told:
        pdf.need_kanji()
    assert "fonts-noto-cjk" in told.value.mend


def test_a_browser_that_fails_leaves_nothing(monkeypatch, tmp_path):
    false = shutil.which("false")
    monkeypatch.setenv(pdf.VARIABLE, false)
    page = tmp_path / "r.html"
    page.write_text("<p>x</p>")
    with pytest.raises(RunError, match="the browser did not print"):
        pdf.print_page(page, tmp_path / "r.pdf", japanese=False)
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]


def test_dates_of_printing_are_taken_out_and_keep_their_length():
    entry = b"/CreationDate (D:20261130152233+09'00')"
    assert pdf._undated(entry) == b"/CreationDate (D:20000101000000+00'00')"


@pytest.mark.browser
def test_a_page_prints_the_same_twice(tmp_path):
    page = tmp_path / "報告.html"
    page.write_text('<!DOCTYPE html><meta charset="utf-8"><title>御堂筋</title><h1>御堂筋</h1>', encoding="utf-8")
    first = pdf.print_page(page, tmp_path / "a.pdf", japanese=True).read_bytes()
    assert first.startswith(b"%PDF")
    assert b"CIDFont" in first or b"FontFile" in first or b"/Font" in first
    assert pdf.print_page(page, tmp_path / "b.pdf", japanese=True).read_bytes() == first
