"""Every chart of a study as a file of its own, for slides and other documents."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from twin.results.run_folder import Study, write_text
from twin.results.words import Lang
from twin.viz.report.content import read_content
from twin.viz.report.figures.collected import figures_of, read_measured
from twin.viz.report.figures.drawing import png_of, svg_of


def write_charts(study: Study, folder: Path, languages: Sequence[Lang]) -> list[Path]:
    """Write each chart as ``NAME.LANG.svg`` and ``NAME.LANG.png``, with heading and key inside it.

    Parameters
    ----------
    study
        The study.
    folder
        Where to; made where it is missing.
    languages
        Languages to write.

    Raises
    ------
    RunError
        If a file of the study is missing or was changed.
    OSError
        If a file cannot be written.
    """
    content = read_content(study)
    measured = read_measured(content)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for lang in languages:
        for drawn in figures_of(content, measured, lang):
            svg, png = (folder / f"{drawn.name}.{lang}.{ending}" for ending in ("svg", "png"))
            write_text(svg, svg_of(drawn, titled=True) + "\n")
            beside = png.with_name(png.name + ".tmp")
            beside.write_bytes(png_of(drawn))
            os.replace(beside, png)
            written += [svg, png]
    return written
