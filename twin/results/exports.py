"""Figures of a study for other programs: an Excel workbook with Japanese headings, and CSV that Excel opens.

Texts of scenarios stay texts: what a spreadsheet would take for a formula is written so that it does not.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twin.errors import RunError, printable
from twin.kpi import KpiInfo
from twin.results.compare import summarise
from twin.results.privacy import Masked, masked_of
from twin.results.run_folder import Study
from twin.results.sources import source_lines
from twin.results.verdicts import words_of

Cell = str | float | int | None
Sheet = tuple[str, list[str], list[list[Cell]]]

#: First characters that spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_UNITS = {"min": "分", "s": "秒", "h": "時間", "trucks": "台", "people": "人", "share": "割合", "truck-min": "台・分"}
_UNITS |= {"requests": "件", "trips": "トリップ", "yen": "円", "vehicles": "台", "stays": "回", "trucks/h": "台/時"}
_MOST_WIDTH = 60
#: In the place of what is left out for its small count.
HIDDEN = "秘匿"


def sheets_of(study: Study, infos: Mapping[str, KpiInfo]) -> list[Sheet]:
    """Every sheet: its name, headings, and rows.

    Parameters
    ----------
    study
        A finished study; every file is held against its manifest.
    infos
        Every KPI by name, for its words.
    """
    masked = masked_of(study.plan, study.columns("kpis"), infos)
    return [
        _answers(study, masked),
        _kpis(study, infos, masked),
        _differences(study, infos, masked),
        _money(study, infos),
        _provenance(study, masked),
    ]


def _label(study: Study, variant: str) -> str:
    return str((study.manifest["labels"].get(variant) or {}).get("ja") or variant)


def _figure(infos: Mapping[str, KpiInfo], kpi: str) -> str:
    return infos[kpi].ja if kpi in infos else kpi


def _answers(study: Study, masked: Masked) -> Sheet:
    rows: list[list[Cell]] = [
        [
            a["ask"].get("ja", a["id"]),
            a["verdict_words"]["ja"],
            *(
                [HIDDEN, HIDDEN]
                if any(masked.hides(row["kpi"], row["group"]) for row in a["rows"])
                else [a["sentence"]["ja"], a["sentence_of_assumptions"]["ja"]]
            ),
        ]
        for a in study.answers.get("answers", [])
    ]
    return "答え", ["問い", "判定", "答え（偶然の幅）", "前提の幅"], rows


def _kpis(study: Study, infos: Mapping[str, KpiInfo], masked: Masked) -> Sheet:
    rows: list[list[Cell]] = [
        [
            _label(study, row["variant"]),
            row["day"],
            _figure(infos, row["kpi"]),
            "全体" if row["group"] == "all" else row["group"],
            *_figures(row, masked),
            row["n"],
            _UNITS.get(row["unit"], row["unit"]),
            row["kpi"],
        ]
        for row in summarise(study.columns("kpis"), study.variants)
    ]
    headings = ["案", "日の種類", "指標", "区分", "平均", "95％区間下限", "95％区間上限"]
    headings += ["反復数", "単位", "指標の記号"]
    return "指標", headings, rows


def _differences(study: Study, infos: Mapping[str, KpiInfo], masked: Masked) -> Sheet:
    table = study.columns("differences")
    rows: list[list[Cell]] = []
    for values in zip(*table.values(), strict=True):
        row = dict(zip(table, (v.item() for v in values), strict=True))
        rows.append(
            [
                _label(study, row["first"]),
                _label(study, row["second"]),
                row["day"],
                _figure(infos, row["kpi"]),
                "全体" if row["group"] == "all" else row["group"],
                *_figures(row, masked),
                row["n"],
                _UNITS.get(row["unit"], row["unit"]),
                HIDDEN if masked.hides(row["kpi"], row["group"]) else words_of(row["verdict"])["ja"],
                row["asked"],
                row["kpi"],
            ]
        )
    headings = ["基準の案", "比べる案", "日の種類", "指標", "区分", "差の平均", "95％区間下限", "95％区間上限"]
    return "差", [*headings, "対の数", "単位", "判定", "事前に問うた問い", "指標の記号"], rows


def _money(study: Study, infos: Mapping[str, KpiInfo]) -> Sheet:
    rows: list[list[Cell]] = []
    for pair in study.money.get("pairs", []):
        names = [_label(study, pair["first"]), _label(study, pair["second"])]
        for row in pair["per_day_yen"]:
            price = f"{row['price']} {row['unit']}" if row["price"] is not None else row["unit"]
            rows.append([*names, _figure(infos, row["kpi"]), price, row["grade"], row["mean"], row["lo"], row["hi"]])
        rows.extend(
            [*names, _figure(infos, row["kpi"]), "貨幣換算していない", "", None, None, None]
            for row in pair["not_priced"]
        )
    headings = ["基準の案", "比べる案", "指標", "単価", "確度", "円/日", "95％区間下限", "95％区間上限"]
    return "費用便益", headings, rows


def _provenance(study: Study, masked: Masked) -> Sheet:
    manifest = study.manifest
    rows: list[list[Cell]] = [
        ["シナリオ", manifest["name"]],
        ["シナリオのハッシュ", manifest.get("scenario_sha256", "")],
        ["プログラムの版", manifest.get("twin", "")],
        ["乱数の種", str(manifest["seed"])],
        ["反復数", manifest["replications"]],
        ["地図", "模式図" if manifest["city"]["schematic"] else "実地図"],
        *(["地図の出典", text] for text in manifest["city"]["attribution"]),
    ]
    for text in source_lines(manifest):
        rows.append(["データの出典", text])  # noqa: PERF401  (a list of words is no list of cells)
    if masked.smallest:
        told = f"{masked.smallest:g}未満の区分別の値{len(masked.small)}項目"
        rows.append([HIDDEN, f"{told}と、引き算で分かる{len(masked.complementary)}項目"])
    if study.money:
        rows.append(["単価表", f"{study.money['pack']['id']} {study.money['pack']['sha256']}"])
    return "来歴", ["項目", "内容"], rows


def _figures(row: Mapping[str, Any], masked: Masked) -> list[Cell]:
    """Mean and interval of a row; of a small group that they are left out."""
    if masked.hides(row["kpi"], row["group"]):
        return [HIDDEN, HIDDEN, HIDDEN]
    return [_number(row[key]) for key in ("mean", "lo", "hi")]


def _number(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def write_workbook(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write sheets as one Excel workbook; found whole or not at all.

    Raises
    ------
    RunError
        If it cannot be written.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    for name, headings, rows in sheets:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for at, heading in enumerate(headings, 1):
            widest = max([len(heading) * 2, *(len(str(row[at - 1] or "")) + 2 for row in rows[:200])])
            sheet.column_dimensions[get_column_letter(at)].width = min(widest, _MOST_WIDTH)
        every: list[Sequence[Cell]] = [headings, *rows]
        for nth, row in enumerate(every):
            cells = []
            for value in row:
                cell = WriteOnlyCell(sheet, printable(value) if isinstance(value, str) else value)
                if isinstance(value, str):
                    # Text whatever it begins with, also when somebody edits the cell.
                    cell.data_type = "s"
                    cell.quotePrefix = value.startswith(_FORMULA)
                if nth == 0:
                    cell.font = Font(bold=True)
                cells.append(cell)
            sheet.append(cells)
    beside = path.with_name(path.name + ".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        book.save(beside)
        os.replace(beside, path)
    except OSError as fault:
        raise RunError(f"cannot write: {fault}", where=str(path), mend="choose another folder with --out") from fault


def write_csv(path: Path, sheet: Sheet) -> None:
    """Write a sheet as CSV in UTF-8 with BOM, which Excel opens with its kanji.

    Raises
    ------
    RunError
        If it cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(sheet[1])
    writer.writerows([_plain(cell) for cell in row] for row in sheet[2])
    beside = path.with_name(path.name + ".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(text.getvalue().encode("utf-8-sig"))
        os.replace(beside, path)
    except OSError as fault:
        raise RunError(f"cannot write: {fault}", where=str(path), mend="choose another folder with --out") from fault


def _plain(cell: Cell) -> str | float | int:
    if cell is None:
        return ""
    if isinstance(cell, str):
        safe = printable(cell)
        return f"'{safe}" if safe.startswith(_FORMULA) else safe
    return cell
