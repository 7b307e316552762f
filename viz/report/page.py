"""Write the report of a study: one HTML file without script and without network."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from twin.results.run_folder import Study, write_text
from twin.results.words import Lang
from twin.viz.report.content import Content, read_content
from twin.viz.report.figures.drawing import Drawn, tools
from twin.viz.report.front import front
from twin.viz.report.sections import sections
from twin.viz.report.words import safe, word

#: Nothing is fetched and nothing runs, whatever the study's words say.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
#: What in the page says with which libraries its charts were drawn; empty for none.
CHARTS_META = "twin-charts"
_NAMES = {"ja": "日本語", "en": "English"}


def write_report(study: Study, out: Path, languages: Sequence[Lang] = ("ja", "en"), *, charts: bool = True) -> Path:
    """Write the report of a finished study.

    Parameters
    ----------
    study
        The study.
    out
        File to write; found whole or not at all.
    languages
        Languages in the order in which they stand in the page.
    charts
        Whether charts are drawn, where the libraries for them are installed.

    Raises
    ------
    RunError
        If a file of the study is missing or was changed.
    """
    content = read_content(study)
    write_text(out, page(content, languages, charts=charts))
    return out


def page(content: Content, languages: Sequence[Lang], *, charts: bool = True) -> str:
    """The whole page.

    Parameters
    ----------
    content
        The study.
    languages
        Languages in the order in which they stand in the page.
    charts
        Whether charts are drawn, where the libraries for them are installed.
    """
    style = files("twin.viz").joinpath("assets", "report", "report.css").read_text(encoding="utf-8")
    links = ""
    if len(languages) > 1:
        links = '<nav class="languages">' + " · ".join(f'<a href="#{x}">{_NAMES[x]}</a>' for x in languages) + "</nav>"
    drawn_by = tools() if charts else None
    drawn: dict[Lang, list[Drawn]] = {}
    if drawn_by:
        # Loads the libraries that draw, which need not be there.
        from twin.viz.report.figures.collected import figures_of, read_measured

        measured = read_measured(content)
        drawn = {lang: figures_of(content, measured, lang) for lang in languages}
    articles = "\n".join(_article(content, lang, drawn.get(lang)) for lang in languages)
    return (
        f'<!DOCTYPE html>\n<html lang="{languages[0]}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="{CHARTS_META}" content="{drawn_by or ""}">\n'
        f"<title>{safe(_title(content, languages[0]))}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"{links}\n{articles}\n</body>\n</html>\n"
    )


def _article(content: Content, lang: Lang, drawn: Sequence[Drawn] | None) -> str:
    author = str(content.study.plan.get("author") or "")
    kicker = " · ".join(safe(text) for text in (word("kicker", lang), author, content.study.manifest["name"]) if text)
    body = "\n".join([*front(content, lang), *sections(content, lang, drawn)])
    return (
        f'<article id="{lang}" lang="{lang}">\n<header><p class="kicker">{kicker}</p>'
        f"<h1>{safe(_title(content, lang))}</h1></header>\n{body}\n</article>"
    )


def _title(content: Content, lang: Lang) -> str:
    title = content.study.manifest["title"]
    return str(title.get(lang) or title.get("ja") or content.study.manifest["name"])
