"""The notebooks of the handbook run as they stand, in a folder of their own, and speak both languages."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "docs/notebooks").glob("*.ipynb"))


def test_there_are_notebooks_and_the_handbook_names_them():
    assert len(NOTEBOOKS) >= 2
    for page in ("index.md", "index.ja.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert all(notebook.name in text for notebook in NOTEBOOKS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_holds_no_output_and_both_languages(path):
    book = nbformat.read(path, as_version=4)
    for cell in book.cells:
        if cell.cell_type == "markdown":
            assert re.search(r"[ぁ-ん]", cell.source)
            assert re.search(r"\b[a-z]+ [a-z]+\b", cell.source)
        else:
            assert not cell.outputs


@pytest.mark.filterwarnings("ignore")  # of the kernel's own libraries, none of which is ours
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT) + os.pathsep + os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    book = nbformat.read(path, as_version=4)
    done = NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [cell.outputs for cell in done.cells if cell.cell_type == "code"]
    assert any(shown)
    assert not [one for outputs in shown for one in outputs if one.output_type == "error"]
