"""Commands on finished studies: report, price, export, table."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from twin.cli_json import Json, print_json
from twin.cli_language import spoken

StudyFolder = Annotated[Path, typer.Argument(help="A finished study.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog='Example: twin price runs/yumeshima --pack port-h30-unverified --days-per-year "260 days"')(
        price
    )
    app.command(epilog="Example: twin report runs/yumeshima-decision --lang both --pdf")(report)
    app.command(epilog="Example: twin export runs/yumeshima --out for-excel")(export)
    app.command(
        epilog="Example: twin table \"SELECT variant, avg(value) FROM kpis WHERE kpi = 'terminal.wait_mean_min' "
        'GROUP BY 1" --in runs'
    )(table)


def report(
    study: StudyFolder,
    out: Annotated[Path | None, typer.Option("--out", help="HTML file. Default: report.html beside the runs.")] = None,
    lang: Annotated[Literal["ja", "en", "both"], typer.Option("--lang", help="Language.")] = "both",
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Also print it on A4, by an installed Chrome, Edge or Chromium.")
    ] = False,
    charts: Annotated[bool, typer.Option("--charts", help="Also write every chart as SVG and PNG beside it.")] = False,
) -> None:
    """Write one HTML page with question, answer and where every number comes from; it opens without internet."""
    from twin import service_results

    for path in service_results.report(study, out, ("ja", "en") if lang == "both" else (lang,), pdf=pdf, charts=charts):
        print(spoken(f"wrote {path}"))
    if not service_results.draws_charts():
        print(spoken('charts need more libraries: pip install "osaka-twin[report]"'))


def export(
    study: StudyFolder,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the files. Default: STUDY-tables.")] = None,
) -> None:
    """Write a study's figures for Excel (workbook with Japanese headings, CSV with BOM) and its streets for QGIS."""
    from twin import service_results

    for path in service_results.export(study, out):
        print(spoken(f"wrote {path}"))


def price(
    study: StudyFolder,
    pack: Annotated[str, typer.Option("--pack", help="A bundled pack, or a file.")],
    days_per_year: Annotated[
        str | None, typer.Option("--days-per-year", help="Days like the one simulated, e.g. '260 days'.")
    ] = None,
    pair: Annotated[tuple[str, str] | None, typer.Option("--pair", help="Two variants: second against first.")] = None,
    as_json: Json = False,
) -> None:
    """Price a finished study by a pack, without simulating; what the pack lacks is named."""
    from twin import service_results

    found = service_results.price(study, pack, days_per_year=days_per_year, pairs=[pair] if pair else ())
    if as_json:
        print_json({"study": str(study), **found})
        return
    for one in found["pairs"]:
        _show_pair(one, found["pack"])


def _show_pair(one: Mapping[str, Any], pack: Mapping[str, Any]) -> None:
    from rich.table import Table

    from twin.cli_console import escape, out

    title = f"{one['second']} against {one['first']}: yen saved a day, by {pack['id']} (prices of {pack['price_year']})"
    told = Table(title=escape(title), title_justify="left")
    for nth, heading in enumerate(("figure", "price", "grade", "yen/day (95 % interval)")):
        told.add_column(heading, justify="left" if nth == 0 else "right", overflow="fold")
    for row in one["per_day_yen"]:
        price_ = "by speed" if row["price"] is None else f"{row['price']:g}"
        block = "" if row["block"] == "manual" else " (extra)"
        told.add_row(escape(row["kpi"] + block), f"{price_} {row['unit']}", row["grade"], _yen(row))
    out.print(told)
    for row in one["not_priced"]:
        saved = f"{row['saved_per_day']['mean']:g} {row['unit']}/day"
        lacks = f"{row['item']} is not in the pack"
        out.print(f"not priced / 貨幣換算せず: {escape(row['kpi'])} ({lacks}): {saved}", highlight=False)
    for row in one["transfers"]:
        out.print(f"changes hands only / 移転: {escape(row['kpi'])}: {_yen(row)} yen/day")
    if one["benefit_per_year"] is not None:
        out.print(f"benefit a year / 年便益: {_yen(one['benefit_per_year'])} yen", highlight=False)
    else:
        out.print("no yearly amount: say --days-per-year, or give the scenario kinds of day")
    worth = one["present_value"]
    if worth is not None:
        over = f"{worth['life_years']} years at {100 * worth['rate']:g} %"
        out.print(f"present value / 現在価値 over {over}: {_yen(worth['benefit'])} yen", highlight=False)
        if worth.get("ratio") is not None:
            ratios = [m["ratio"] for m in worth["moved"] if m["ratio"] is not None]
            out.print(
                f"cost {worth['cost']:,.0f} yen, benefit by cost {worth['ratio']:.2f} "
                f"({min(ratios):.2f} to {max(ratios):.2f} with both moved by 20 %)",
                highlight=False,
            )


def _yen(row: Mapping[str, Any]) -> str:
    if row["mean"] is None:
        return "–"
    return f"{row['mean']:,.0f}" + ("" if row["lo"] is None else f" ({row['lo']:,.0f} to {row['hi']:,.0f})")


def table(
    sql: Annotated[str, typer.Argument(help="One SQL statement over kpis, differences and the tables of runs.")],
    folder: Annotated[Path, typer.Option("--in", help="A study, or a folder of studies.")] = Path("runs"),
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: Json = False,
) -> None:
    """Ask all runs of a study, or of a folder of studies, as one table."""
    from twin.results.querying import query, studies_in

    columns, rows = query(studies_in(folder), sql)
    if as_json:
        print_json({"columns": columns, "rows": [[_plain(cell) for cell in row] for row in rows]})
    elif as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows([columns, *rows])
    else:
        _show_rows(columns, rows)


def _plain(cell: Any) -> Any:
    return cell if isinstance(cell, str | int | float | bool | None) else str(cell)


def _show_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    from rich.table import Table

    from twin.cli_console import escape, out

    shown = Table()
    for name in columns:
        shown.add_column(escape(name), overflow="fold")
    for row in rows[:200]:
        shown.add_row(*(escape(f"{cell:.6g}" if isinstance(cell, float) else str(cell)) for cell in row))
    out.print(shown)
    if len(rows) > 200:
        out.print(f"{len(rows) - 200} more rows: add LIMIT, or say --csv")
