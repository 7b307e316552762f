"""A hook of MkDocs: the READMEs of models and of the districts are pages of the handbook, without a copy of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
#: Page -> the file that it shows.
PAGES = {
    **{f"science/{name}.md": ROOT / "models" / name / "README.md"
       for name in ("road_traffic", "transit", "terminal", "pedestrian", "kerb")},
    "science/districts.md": ROOT / "data" / "README.md",
}  # fmt: skip
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)([^)]+)\)")


def page_of(source: Path) -> str:
    """Text of a page: links to files beside the handbook are told as names, as they lead nowhere from there."""
    return _LINK.sub(r"\1 (`\2`)", source.read_text(encoding="utf-8"))


@event_priority(-100)
def on_files(files: Files, config: Any) -> Files:
    """Add the pages after the languages were sorted out, and before the contents are made."""
    for name, source in PAGES.items():
        files.append(File.generated(config, name, content=page_of(source)))
    return files
