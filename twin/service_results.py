"""Verbs on finished studies: price them, ask them by SQL. Nothing is simulated and no study is changed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import RunError

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


def export(study: PathLike, out: PathLike | None = None) -> list[Path]:
    """Write the figures of a study as an Excel workbook with Japanese headings and as CSV with BOM.

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
    from twin.results.kpis import infos
    from twin.results.run_folder import Study

    opened = Study(Path(study))
    folder = Path(out) if out is not None else opened.folder.with_name(f"{opened.folder.name}-tables")
    sheets = sheets_of(opened, infos())
    book = folder / f"{opened.manifest['name']}.xlsx"
    write_workbook(book, sheets)
    names = {"指標": "kpis.csv", "差": "differences.csv", "費用便益": "money.csv"}
    written = [book]
    for sheet in sheets:
        if sheet[0] in names and sheet[2]:
            write_csv(folder / names[sheet[0]], sheet)
            written.append(folder / names[sheet[0]])
    return written
