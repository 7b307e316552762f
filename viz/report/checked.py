"""Hold a page against its study: every number in it must be what this study comes to."""

from __future__ import annotations

import re
from itertools import zip_longest
from pathlib import Path

from twin.errors import RunError, printable
from twin.results.run_folder import Study
from twin.results.words import Lang
from twin.viz.report.content import read_content
from twin.viz.report.figures.drawing import tools
from twin.viz.report.page import CHARTS_META, page
from twin.viz.report.words import WORDS

_META = re.compile(rf'<meta name="{CHARTS_META}" content="([^"]*)">')
_ARTICLE = re.compile(r'<article id="(ja|en)"')
_PIECES = re.compile(r"<[^>]*>|[^<]+")
_MOST_SHOWN = 80


def check_report(study: Study, path: Path) -> tuple[list[str], list[str]]:
    """What in a page is not what the study says, and what could not be checked.

    The page is written anew from the tables of the study, each of which the manifest vouches for; where both differ,
    the first place is told.

    Parameters
    ----------
    study
        The study.
    path
        The page.

    Returns
    -------
    faults, notes : list of str

    Raises
    ------
    RunError
        If the page cannot be read.
    """
    try:
        found = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise RunError(
            f"the report cannot be read: {fault}", where=str(path), mend="write it with twin report"
        ) from fault
    content = read_content(study)
    languages: list[Lang] = ["ja" if lang == "ja" else "en" for lang in _ARTICLE.findall(found)] or ["ja", "en"]
    drawn_by = _META.search(found)
    made, here = drawn_by[1] if drawn_by else "", tools()
    if not made or made == here:
        return _compared(path, found, page(content, languages, charts=bool(made))), []
    # Other libraries, or none, draw other lines: what is not drawn is compared all the same.
    wanted = page(content, languages, charts=False)
    notes = [f"{path.name}: its charts were drawn with {printable(made)}, here is {here or 'none'}: not compared"]
    return _compared(path, _undrawn(found), _undrawn(wanted)), notes


def _undrawn(text: str) -> str:
    """A page without its section of charts and without the name of what drew them."""
    for heading in WORDS["figures"]:
        text = re.sub(rf"<h2>{heading}</h2>.*?(?=<h2>)", "", text, flags=re.DOTALL)
    return _META.sub("", text)


def _compared(path: Path, found: str, wanted: str) -> list[str]:
    if found == wanted:
        return []
    for says, said in zip_longest(_PIECES.findall(found), _PIECES.findall(wanted), fillvalue=""):
        if says != said:
            return [
                f"{path.name}: the page is not what the study says: it has {_shown(says)}, the study {_shown(said)}"
            ]
    return [f"{path.name}: the page is not what the study says"]


def _shown(piece: str) -> str:
    piece = printable(piece.strip())
    return f"«{piece[:_MOST_SHOWN]}{'…' if len(piece) > _MOST_SHOWN else ''}»" if piece else "nothing"
