"""Write the report of a study: one HTML file without script and without network."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from twin.results.run_folder import Study, write_text
from twin.results.words import Lang
from twin.viz.report.content import Content, read_content
from twin.viz.report.sections import sections
from twin.viz.report.words import safe, word

#: Nothing is fetched and nothing runs, whatever the study's words say.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_LANGUAGES: tuple[tuple[Lang, ...], ...] = (("ja", "en"), ("ja",), ("en",))
_NAMES = {"ja": "日本語", "en": "English"}


def write_report(study: Study, out: Path, languages: Sequence[Lang] = ("ja", "en")) -> Path:
    """Write the report of a finished study.

    Parameters
    ----------
    study
        The study.
    out
        File to write; found whole or not at all.
    languages
        Languages in the order in which they stand in the page.

    Raises
    ------
    RunError
        If a file of the study is missing or was changed.
    """
    content = read_content(study)
    write_text(out, page(content, languages))
    return out


def is_report_of(study: Study, path: Path) -> bool:
    """Whether a page is, byte for byte, what this version writes of a study, in one language or in both.

    Raises
    ------
    OSError
        If the page cannot be read.
    """
    found = path.read_text(encoding="utf-8")
    content = read_content(study)
    return any(page(content, languages) == found for languages in _LANGUAGES)


def page(content: Content, languages: Sequence[Lang]) -> str:
    """The whole page."""
    style = files("twin.viz").joinpath("assets", "report", "report.css").read_text(encoding="utf-8")
    links = ""
    if len(languages) > 1:
        links = '<nav class="languages">' + " · ".join(f'<a href="#{x}">{_NAMES[x]}</a>' for x in languages) + "</nav>"
    articles = "\n".join(_article(content, lang) for lang in languages)
    return (
        f'<!DOCTYPE html>\n<html lang="{languages[0]}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{safe(_title(content, languages[0]))}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"{links}\n{articles}\n</body>\n</html>\n"
    )


def _article(content: Content, lang: Lang) -> str:
    author = str(content.study.plan.get("author") or "")
    below = [author, content.study.manifest["name"]]
    if content.study.manifest["city"]["schematic"]:
        below.append(word("schematic", lang))
    body = "\n".join(sections(content, lang))
    return (
        f'<article id="{lang}" lang="{lang}">\n<header><h1>{safe(_title(content, lang))}</h1>'
        f'<p class="soft">{" · ".join(safe(text) for text in below if text)}</p></header>\n{body}\n</article>'
    )


def _title(content: Content, lang: Lang) -> str:
    title = content.study.manifest["title"]
    return str(title.get(lang) or title.get("ja") or content.study.manifest["name"])
