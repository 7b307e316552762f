"""Verbs on finished studies: report, price, export, ask by SQL. Nothing is simulated and no study is changed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import RunError
from twin.results.words import Lang

if TYPE_CHECKING:
    import pandas as pd

PathLike = str | os.PathLike[str]


def price(
    study: PathLike, pack: PathLike, *, days_per_year: str | None = None, pairs: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """What a study comes to in money by a pack; the study stays as it is.

    Parameters
    ----------
    study
        A finished study.
    pack
        A bundled pack, or a file.
    days_per_year
        ``260 days`` like the one simulated; that of the scenario if not given.
    pairs
        (first, second) names of variants; the first with each other one if none are named.

    Raises
    ------
    ScenarioError
        If the pack is none.
    RunError
        If the study is damaged, or lacks a variant.
    """
    from twin.experiments.priced import priced
    from twin.results.run_folder import Study
    from twin.scenario.language.packs import money_of
    from twin.scenario.plan.plan import Plan

    opened = Study(Path(study))
    for name in (v for pair in pairs for v in pair):
        if name not in opened.variants:
            raise RunError(
                f"there is no variant {name!r}",
                where=str(opened.folder),
                mend=f"variants here: {', '.join(opened.variants)}",
            )
    opened.vouched("plan.json")
    plan = Plan.read(opened.folder)
    stated = plan.money.days_per_year if plan.money is not None else None
    money = money_of(Path(pack), days_per_year, stated)
    return priced(plan, opened.columns("kpis"), opened.replications, money, pairs)


def table(folder: PathLike, sql: str) -> pd.DataFrame:
    """Ask a study, or a folder of studies, by SQL; see :func:`twin.results.querying.query`."""
    import pandas as pd

    from twin.results.querying import query, studies_in

    columns, rows = query(studies_in(Path(folder)), sql)
    return pd.DataFrame(rows, columns=columns)


def draws_charts() -> bool:
    """Whether the libraries that draw the report's charts are installed."""
    from twin.viz.report.figures.drawing import tools

    return tools() is not None


def report(
    study: PathLike,
    out: PathLike | None = None,
    languages: Sequence[Lang] = ("ja", "en"),
    *,
    pdf: bool = False,
    charts: bool = False,
) -> list[Path]:
    """Write the report of a study as one HTML page.

    Parameters
    ----------
    study
        A finished study.
    out
        The page; by default ``report.html`` in the study.
    languages
        Languages in their order.
    pdf
        Whether it is also printed on A4, beside the page.
    charts
        Whether every chart is also written as SVG and PNG, into a folder beside the page.

    Raises
    ------
    RunError
        If the study is damaged, a file cannot be written, or something is asked for that is not installed.
    """
    from twin.results.run_folder import Study
    from twin.viz.report.figures.drawing import need_tools
    from twin.viz.report.page import write_report
    from twin.viz.report.pdf import browser, print_page

    opened = Study(Path(study))
    target = Path(out) if out is not None else opened.folder / "report.html"
    if charts:
        need_tools("writing charts")
    if pdf:
        browser()
    try:
        written = [write_report(opened, target, languages)]
        if charts:
            from twin.viz.report.figures.files import write_charts

            written += write_charts(opened, target.with_name(f"{target.stem}-charts"), languages)
    except OSError as fault:
        raise RunError(
            f"cannot write the report: {fault}", where=str(target), mend="choose another file with --out"
        ) from fault
    if pdf:
        written.append(print_page(target, target.with_suffix(".pdf"), japanese="ja" in languages))
    return written


def export(study: PathLike, out: PathLike | None = None) -> list[Path]:
    """Write the figures of a study as an Excel workbook with Japanese headings, as CSV with BOM, and streets for QGIS.

    Parameters
    ----------
    study
        A finished study.
    out
        Folder for the files; by default ``STUDY-tables`` beside it.

    Raises
    ------
    RunError
        If the study is damaged, or a file cannot be written.
    """
    from twin.results.exports import sheets_of, write_csv, write_workbook
    from twin.results.kpis import infos_of
    from twin.results.run_folder import Study
    from twin.service_geopackage import write_geopackage

    opened = Study(Path(study))
    folder = Path(out) if out is not None else opened.folder.with_name(f"{opened.folder.name}-tables")
    sheets = sheets_of(opened, infos_of(opened.plan))
    book = folder / f"{opened.manifest['name']}.xlsx"
    write_workbook(book, sheets)
    names = {"指標": "kpis.csv", "差": "differences.csv", "費用便益": "money.csv"}
    written = [book]
    for sheet in sheets:
        if sheet[0] in names and sheet[2]:
            write_csv(folder / names[sheet[0]], sheet)
            written.append(folder / names[sheet[0]])
    streets = write_geopackage(opened, folder / f"{opened.manifest['name']}.gpkg")
    return [*written, streets] if streets else written
