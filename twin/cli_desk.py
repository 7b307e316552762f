"""``twin doctor``, ``twin keys`` and ``twin runs``: the machine, the words of a scenario, the studies that lie here."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from twin.cli_json import Json, print_json
from twin.cli_language import languages, said, spoken

if TYPE_CHECKING:
    from twin.doctor import Finding
    from twin.results.shelf import Shelved

_WORDS = {"good": "good 良", "warn": "look 注意", "bad": "mend 要対処"}
_STATES = {"finished": "finished 完了", "unfinished": "unfinished 未完", "unreadable": "unreadable 読めない"}
_MOST_LETTERS = 300


def doctor(as_json: Json = False) -> None:
    """Look whether this machine can run the twin and show its pages; every finding comes with its mend."""
    from twin.cli_progress import stage_progress
    from twin.doctor import examine, report

    with stage_progress() as on_stage:
        findings = examine(lambda check: on_stage(check, 0.0))
    if as_json:
        print_json(report(findings))
    else:
        _show_findings(findings)
    if any(finding.state == "bad" for finding in findings):
        sys.exit(1)


def _mends(finding: Finding) -> list[str]:
    mends = {"ja": finding.mend_ja, "en": finding.mend_en}
    return [mends[lang] for lang in reversed(languages()) if mends[lang]]


def _show_findings(findings: Sequence[Finding]) -> None:
    from rich.table import Table

    from twin.cli_console import escape, out

    table = Table(title=said("この機器", "This machine"), title_justify="left")
    table.add_column(said("項目", "check"), no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column(said("結果", "found"), overflow="fold")
    for finding in findings:
        lines = [spoken(finding.found), *_mends(finding)]
        table.add_row(finding.check, _WORDS[finding.state], escape("\n".join(lines)))
    out.print(table)
    wrong = sum(finding.state == "bad" for finding in findings)
    odd = sum(finding.state == "warn" for finding in findings)
    if wrong:
        out.print(said(f"実行前に{wrong}件の対処が必要", f"{wrong} to mend before the twin runs here"), markup=False)
    else:
        more = (f", {odd} could be better", f"（改善の余地{odd}件）") if odd else ("", "")
        out.print(said(f"この機器で実行できる{more[1]}", f"The twin runs here{more[0]}"), markup=False)


def keys(
    prefix: Annotated[str, typer.Argument(help="Beginning of the names, e.g. transit.fleet.")] = "",
    kpis: Annotated[bool, typer.Option("--kpis", help="KPIs instead of keys.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page of the handbook.")] = False,
    as_json: Json = False,
) -> None:
    """List the keys of a scenario with default, unit, range, grade and source; or the KPIs."""
    from dataclasses import asdict

    from twin.scenario.plan import reference

    if markdown:
        sys.stdout.write(reference.kpis_markdown() if kpis else reference.keys_markdown())
        return
    found = [asdict(one) for one in (reference.kpis_of(prefix) if kpis else reference.keys_of(prefix))]
    if as_json:
        print_json({"kpis" if kpis else "keys": found})
    else:
        _show_names(
            found, ("name", "unit", "better", "ja", "en") if kpis else ("key", "default", "grade", "doc"), prefix
        )


def _show_names(found: Sequence[Mapping[str, object]], columns: Sequence[str], prefix: str) -> None:
    from rich.table import Table

    from twin.cli_console import escape, out
    from twin.errors import ScenarioError

    if not found:
        raise ScenarioError(f"no name begins with {prefix!r}", mend="twin keys lists all; twin keys --kpis the KPIs")
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for one in found:
        table.add_row(*(escape(str(one[column])) for column in columns))
    out.print(table)


def runs(
    folder: Annotated[Path, typer.Argument(help="Folder with studies.")] = Path("runs"),
    prune: Annotated[
        bool, typer.Option("--prune", help="Name what is older than --days; nothing is removed without --yes.")
    ] = False,
    days: Annotated[float, typer.Option("--days", min=0, help="Age from which --prune takes a study.")] = 30.0,
    only: Annotated[
        Literal["finished", "unfinished"] | None, typer.Option("--only", help="Which of them --prune takes.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove what --prune names.")] = False,
    as_json: Json = False,
) -> None:
    """List studies with size, question and answer; put away old ones."""
    from twin.cli_console import escape, out
    from twin.results.shelf import prunable, remove, studies_in

    found = studies_in(folder)
    chosen = prunable(found, older_than_s=days * 86400.0, state=only) if prune else []
    freed = remove(chosen) if yes else 0
    if as_json:
        print_json(
            {
                "studies": [one.to_dict() for one in found],
                "pruned" if yes else "would_prune": [str(one.folder) for one in chosen],
                "freed_bytes": freed,
            }
        )
        return
    if not prune:
        _show_shelf(found, folder)
        return
    for one in chosen:
        out.print(f"{one.size_bytes / 1e6:9,.1f} MB  {escape(str(one.folder))}", highlight=False)
    total = sum(one.size_bytes for one in chosen) / 1e6
    if yes:
        out.print(
            said(
                f"{len(chosen)}件、{freed / 1e6:,.1f} MBを削除", f"removed {len(chosen)} studies, {freed / 1e6:,.1f} MB"
            ),
            markup=False,
        )
    else:
        told = said(
            f"{len(chosen)}件、{total:,.1f} MB。削除するには --yes",
            f"{len(chosen)} studies, {total:,.1f} MB; remove them with --yes",
        )
        none = said(f"{days:g}日より古いものはない", f"nothing is older than {days:g} days")
        out.print(told if chosen else none, markup=False)


def _show_shelf(found: Sequence[Shelved], folder: Path) -> None:
    from rich.table import Table

    from twin.cli_console import escape, out

    table = Table(title=escape(said(f"{folder} の試算", f"Studies in {folder}")), title_justify="left")
    table.add_column(said("試算", "study"), overflow="fold")
    table.add_column(said("更新", "changed"), no_wrap=True)
    table.add_column("MB", justify="right", no_wrap=True)
    table.add_column(said("実行", "runs"), justify="right", no_wrap=True)
    table.add_column(said("答え", "what was answered"), overflow="fold", ratio=1)
    for one in found:
        titles = {"ja": one.title_ja, "en": one.title_en}
        answers = {"ja": one.answer_ja, "en": one.answer_en}
        title = [one.folder.name, *dict.fromkeys(titles[lang] for lang in languages() if titles[lang])]
        if one.state != "finished":
            title.append(_STATES[one.state])
        answer = "\n".join(_short(text) for text in (answers[lang] for lang in languages()) if text)
        table.add_row(
            escape("\n".join(title)),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(one.changed_s)),
            f"{one.size_bytes / 1e6:,.1f}",
            f"{len(one.variants)} × {one.replications}" if one.variants else "",
            escape(answer or one.why or ("—" if one.state == "finished" else "twin resume")),
        )
    if found:
        out.print(table)
    total = sum(one.size_bytes for one in found) / 1e6
    out.print(said(f"{len(found)}件、{total:,.1f} MB", f"{len(found)} studies, {total:,.1f} MB"), markup=False)


def _short(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"
