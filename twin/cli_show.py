"""Tables and progress for people; the JSON for programs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from twin.cli_console import escape, out
from twin.cli_language import label_of, languages, said
from twin.results.compare import CORRECTION, summarise
from twin.results.days import MEAN_DAY, run_name
from twin.results.kpis import KpiInfo, infos
from twin.results.run_folder import Study, run_path
from twin.results.sources import source_lines
from twin.results.unmoved import unmoved
from twin.results.verdicts import words_of
from twin.results.words import UNIT_WORDS

if TYPE_CHECKING:
    from twin.experiments.rank import Ranking

#: Columns of the table of KPIs, in characters.
_NAME_WIDTH, _UNIT_WIDTH, _VARIANT_WIDTH = 42, 14, 20


def study_json(study: Study) -> dict[str, Any]:
    """What ``twin run --json`` prints."""
    kpis = study.columns("kpis")
    lean = bool(study.manifest["lean"])
    runs = [
        {
            "variant": variant,
            "replication": replication,
            **({"day": day} if day else {}),
            "folder": None if lean else str(study.folder / run_path(run_name(variant, day), replication)),
            "status": "finished",
        }
        for variant in study.variants
        for day in study.days
        for replication in range(study.replications)
    ]
    differences = study.columns("differences")
    names = list(differences)
    rows = [dict(zip(names, (v.item() for v in row), strict=True)) for row in zip(*differences.values(), strict=True)]
    return {
        "study": str(study.folder),
        "warnings": [*_warnings(study), *_notes(study)],
        "runs": runs,
        "kpis": [
            {
                k: row[k]
                for k in ("variant", "day", "kpi", "group", "unit", "mean", "lo", "hi", "n")
                if k != "day" or row["day"]
            }
            for row in summarise(kpis, study.variants)
        ],
        "differences": [difference_json(row) for row in rows],
        "replications": study.replications,
        "answers": study.answers.get("answers", []),
        "observed": study.reproduction or None,
        "same_in_every_variant": [
            {"kpi": kpi, "group": group, "mean": mean} for (kpi, group), mean in unmoved(kpis, study.variants).items()
        ],
    }


def difference_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """One difference for programs."""
    return {
        "pair": [row["first"], row["second"]],
        **({"day": row["day"]} if row.get("day") else {}),
        **{key: row[key] for key in ("kpi", "group", "unit", "mean", "lo", "hi", "n", "verdict")},
        "verdict_words": words_of(row["verdict"]),
        # A study of an earlier version knows of no questions.
        **{key: row.get(key) for key in ("asked", "p", "p_corrected")},
    }


def show_study(study: Study) -> None:
    """The end of a run: answers in a sentence each, headline KPIs, differences, and what the answer rests on."""
    show_answers(study)
    from twin.cli_observed import show_observed

    show_observed(study, lambda text: out.print(escape(text), highlight=False))
    chosen = {name: info for name, info in infos().items() if info.headline}
    rows = [r for r in summarise(study.columns("kpis"), study.variants) if r["group"] == "all" and r["kpi"] in chosen]
    for day in study.days if study.days != [""] else ():
        _show_day(study, [r for r in rows if r["day"] == day], day, chosen)
    # The mean day of the year stands for the study where there are kinds of day.
    told_day = MEAN_DAY if study.days != [""] else ""
    summary = {(r["kpi"], r["variant"]): r for r in rows if r["day"] == told_day}
    still = {name for name, group in unmoved(study.columns("kpis"), study.variants) if group == "all"}
    # As many variants side by side as leave their numbers and the KPIs' names in one piece.
    beside = max(1, (out.width - _NAME_WIDTH - _UNIT_WIDTH) // _VARIANT_WIDTH)
    shown = _shown_variants(study)
    for first in range(0, len(shown), beside):
        variants = shown[first : first + beside]
        table = Table(title=_title(study), title_justify="left", caption=_caption(study), caption_justify="left")
        table.add_column(said("指標", "KPI"), overflow="fold", min_width=min(_NAME_WIDTH, out.width // 3))
        table.add_column(said("単位", "unit"), overflow="fold")
        for variant in variants:
            label = escape(_label(study, variant))
            table.add_column(label, justify="right", overflow="fold", max_width=_VARIANT_WIDTH - 3)
        for name, info in chosen.items():
            if not any(summary[name, v]["n"] for v in study.variants if (name, v) in summary):
                continue  # a mean over nobody in every variant says nothing
            cells = [number_text(summary[name, v]) if (name, v) in summary else "" for v in variants]
            told = _kpi_cell(name, "", chosen)
            if name in still:
                told += f"\n[yellow]{said('全案同じ', 'the same in every variant')}[/]"
            table.add_row(told, _unit_word(info.unit), *cells)
        out.print(table)
    if still & set(chosen):
        out.print(
            f"[yellow]{said('注', 'note')}:[/] "
            + said(
                "「全案同じ」の指標はどの案でも動かない。施策がこれに何をもたらすかは、このシナリオでは答えられない。"
                "需要を増やすか、容量を減らすか、別の日で問うこと。",
                "no variant here moves what is marked as the same: this scenario does not answer what its measures do "
                "to it. Ask with more demand, less room or another day.",
            ),
            highlight=False,
        )
    if len(study.variants) > 1:
        differences = study.columns("differences")
        names = list(differences)
        changes = [
            dict(zip(names, (v.item() for v in row), strict=True)) for row in zip(*differences.values(), strict=True)
        ]
        of_day = [row for row in headlines(changes) if row.get("day", "") == told_day or row.get("asked")]
        show_differences([row for row in of_day if {row["first"], row["second"]} <= {*shown}], study)
    if len(shown) < len(study.variants):
        out.print(f"{len(study.variants) - len(shown)} settings of searches are not shown: twin compare shows them all")
    for note in (*_warnings(study), *_notes(study)):
        out.print(f"[yellow]note:[/] {escape(note)}", highlight=False)
    _show_basis(study)
    out.print(
        f"\nresults: {escape(str(study.folder))}\nnext:    twin view {escape(str(study.folder))}", highlight=False
    )


def _show_day(study: Study, rows: Sequence[Mapping[str, Any]], day: str, chosen: Mapping[str, KpiInfo]) -> None:
    """Headline KPIs of one kind of day."""
    kind: Mapping[str, Any] = next(k for k in study.plan["days"]["kinds"] if k["name"] == day)
    label = " / ".join(dict.fromkeys(kind["label"].get(lang, day) for lang in languages()))
    days = f"{kind['weight_days']:g}"
    table = Table(title=f"{escape(label)}: {said(f'{days}日', f'{days} days')}", title_justify="left")
    table.add_column(said("指標", "KPI"), overflow="fold")
    table.add_column(said("単位", "unit"), overflow="fold")
    shown = _shown_variants(study)[:6]
    for variant in shown:
        table.add_column(escape(_label(study, variant)), justify="right", overflow="fold")
    found = {(r["kpi"], r["variant"]): r for r in rows}
    for name, info in chosen.items():
        if any((name, v) in found for v in shown):
            cells = [number_text(found[name, v]) if (name, v) in found else "" for v in shown]
            table.add_row(_kpi_cell(name, "", chosen), _unit_word(info.unit), *cells)
    out.print(table)


def _shown_variants(study: Study) -> list[str]:
    """Variants of the file; settings that a search made have their place in its answer."""
    made = {variant.get("of") or variant["name"] for variant in study.plan["variants"] if variant.get("setting")}
    return [name for name in study.variants if name not in made]


def show_answers(study: Study) -> None:
    """One sentence per question, what must be said beside it, and how the error was shared."""
    found = study.answers
    for answer in found.get("answers", []):
        mark = "* " if answer["main"] and len(found["answers"]) > 1 else ""
        for lang in languages():
            out.print(f"[bold]{mark}{escape(answer['sentence'][lang])}[/]", highlight=False)
            if answer["sentence_of_assumptions"][lang]:
                out.print(f"  {escape(answer['sentence_of_assumptions'][lang])}", highlight=False)
            for note in answer["notes"][lang]:
                out.print(f"  [yellow]{'注' if lang == 'ja' else 'note'}:[/] {escape(note)}", highlight=False)
        out.print()
    if found:
        checks = sum(len(answer["rows"]) for answer in found["answers"])
        method = found["answers"][0]["method"]
        shared = f"; the error is shared among {checks} checks ({found['shared_by']})" if checks > 1 else ""
        out.print(f"[dim]intervals of answers: {escape(method)}{shared}[/]\n", highlight=False)


def ranking_json(scenario: str, ranking: Ranking) -> dict[str, Any]:
    """What ``twin rank --json`` prints."""
    base = ranking.base
    return {
        "scenario": scenario,
        "variant": ranking.variant,
        "kpi": ranking.kpi,
        "group": ranking.group,
        "unit": ranking.unit,
        "base": {"mean": base.mean, "lo": base.lo, "hi": base.hi, "n": base.n},
        "guesses": [row.to_dict() for row in ranking.guesses],
    }


def show_ranking(ranking: Ranking) -> None:
    """Guesses by how far they move a KPI; those that do not move it are only counted."""
    moving = [row for row in ranking.guesses if row.change.mean]
    title = f"{ranking.kpi} ({ranking.unit}, {ranking.group}) in {ranking.variant}: {ranking.base.mean:.4g}"
    caption = (
        "Each guess alone at either end, the same luck at both. (range) as the file states it; (±25 %) a default "
        "moved by a quarter, so that rows with a range compare with their ranges only."
    )
    table = Table(title=escape(title), title_justify="left", caption=caption, caption_justify="left")
    for heading in ("grade", "guess", "from", "to", "KPI there", "", "change (95 %)"):
        table.add_column(
            heading,
            justify="right" if heading.startswith(("KPI", "change")) or not heading else "left",
            overflow="fold",
        )
    for row in moving:
        half = (row.change.hi - row.change.lo) / 2
        change = f"{row.change.mean:+.3g}" + ("" if math.isnan(half) else f" ± {half:.2g}")
        basis = "range" if row.guess.basis == "range" else "±25 %"
        table.add_row(
            row.guess.grade,
            escape(f"{row.guess.key} ({basis})"),
            escape(row.guess.low_text),
            escape(row.guess.high_text),
            f"{row.at_low:.4g}",
            f"{row.at_high:.4g}",
            change,
        )
    out.print(table)
    still = len(ranking.guesses) - len(moving)
    if still:
        out.print(f"{still} more do not move it at all.")


def _warnings(study: Study) -> list[str]:
    """What of its demand no run of a study saw."""
    said = study.plan.get("warnings", [])
    return [str(warning) for warning in said] if isinstance(said, list) else []


def _notes(study: Study) -> list[str]:
    """What models say of themselves in the first run of each variant, each once; a lean study keeps no runs."""
    if study.manifest["lean"]:
        return []
    said = [
        f"{model}: {note}"
        for variant in study.variants
        for model, notes in study.run(variant).manifest.get("notes", {}).items()
        for note in notes
    ]
    return list(dict.fromkeys(said))


def headlines(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The differences that a first look needs: headline KPIs over everybody."""
    known = infos()
    return [row for row in rows if row["group"] == "all" and row["kpi"] in known and known[row["kpi"]].headline]


def show_differences(rows: Sequence[Mapping[str, Any]], study: Study) -> None:
    """Differences with intervals and verdicts, a table per pair; what is exactly the same is only counted."""
    known = infos()
    for pair in dict.fromkeys((row["first"], row["second"]) for row in rows):
        of_pair = [row for row in rows if (row["first"], row["second"]) == pair]
        different = moved(of_pair)
        second, first = _label(study, pair[1]), _label(study, pair[0])
        title = said(
            f"{first}に対する{second}：同じ運での差",
            f"{second} against {first}: differences with the same luck in both",
        )
        table = Table(
            title=escape(title),
            title_justify="left",
            caption_justify="left",
            caption=said(
                f"{len(of_pair)}指標のうち{len(of_pair) - len(different)}はまったく同じ。* は事前に問うたもの。"
                f"ほかの判定は件数で補正（{CORRECTION}）",
                f"{len(of_pair) - len(different)} of {len(of_pair)} figures are exactly the same. * asked for "
                f"beforehand; verdicts of the other rows are corrected for their number ({CORRECTION})",
            ),
        )
        table.add_column(said("指標", "KPI"), overflow="fold")
        for heading in (said("差", "difference"), said("95 %区間", "95 % interval"), said("組", "pairs")):
            table.add_column(heading, justify="right", no_wrap=len(languages()) == 1)
        table.add_column(said("判定", "verdict"), no_wrap=True)
        for row in different:
            group = "" if row["group"] == "all" else f" ({row['group']})"
            if row.get("day") not in (None, "", MEAN_DAY):
                group += f" [{row['day']}]"
            table.add_row(
                _kpi_cell(row["kpi"], group, known),
                _short(row["mean"]) + _unit(row["unit"]),
                _ends(row),
                str(row["n"]),
                _verdict_cell(row),
            )
        out.print(table)


def _verdict_cell(row: Mapping[str, Any]) -> str:
    """Verdict; a star for what was asked beforehand."""
    words = words_of(row["verdict"])
    return escape(" ".join(words[lang] for lang in languages()) + (" *" if row.get("asked") else ""))


def moved(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The differences that are not exactly nothing."""
    return [row for row in rows if not _is_same(row)]


def _is_same(row: Mapping[str, Any]) -> bool:
    if row["n"] == 0:
        return True  # undefined in both: nobody was there
    return bool(row["mean"] == 0.0 and (row["n"] == 1 or row["lo"] == row["hi"] == 0.0))


def _kpi_cell(name: str, group: str, known: Mapping[str, KpiInfo]) -> str:
    """What a KPI is, and its name; one line where one language is spoken."""
    info = known.get(name)
    if info is None:
        return escape(name + group)
    first, *more = [{"ja": info.ja, "en": info.en}[lang] for lang in reversed(languages())]
    return f"{escape(first + group)}\n[dim]{escape(more[0])}  {escape(name)}[/]" if more else escape(first + group)


def _title(study: Study) -> str:
    title = study.manifest["title"]
    words = label_of(title, study.manifest["name"]) if isinstance(title, dict) else str(title)
    return escape(str(words))


def _caption(study: Study) -> str:
    n = study.replications
    luck = (
        said("反復1回：運の区間はない", "one replication: no interval for luck")
        if n == 1
        else said(
            f"反復{n}回の平均 ± 95 %区間の半幅（運のみ）",
            f"mean of {n} replications ± half the 95 % interval (luck only)",
        )
    )
    return "; ".join([luck, said("模式図による", "schematic map")] if study.manifest["city"]["schematic"] else [luck])


def _label(study: Study, variant: str) -> str:
    label = study.manifest["labels"].get(variant) or {}
    words = label_of(label, "") if isinstance(label, dict) else str(label)
    return f"{words} ({variant})" if words else variant


def _show_basis(study: Study) -> None:
    """Guesses and remembered values the answer rests on, counted, and where the list stands."""
    weak = {(a["key"], a["value"]): a["grade"] for defaults in study.plan["defaults"].values() for a in defaults}
    grades = [*(a["grade"] for a in study.plan["assumptions"]), *weak.values()]
    guesses, remembered = grades.count("G"), grades.count("M")
    listed = escape(str(study.folder / "plan.json"))
    if guesses or remembered:
        out.print(
            said(
                f"推測 (G) {guesses}件と記憶 (M) {remembered}件の値に依る。一覧は{listed}の"
                "'assumptions'と'defaults'。影響の大きさ：twin rank FILE --kpi KPI",
                f"rests on {guesses} guessed (G) and {remembered} remembered (M) values, listed under 'assumptions' "
                f"and 'defaults' in {listed};\n"
                "         which of them matter most: twin rank FILE --kpi KPI",
            ),
            highlight=False,
        )
    city = study.manifest["city"]
    out.print(
        "map: " + escape("; ".join(city["attribution"])) + (" — schematic" if city["schematic"] else ""),
        highlight=False,
    )
    for line in source_lines(study.manifest):
        out.print(said("データ：", "data: ") + escape(line), highlight=False)


def number_text(row: Mapping[str, Any]) -> str:
    """Mean, and half the interval where there is one."""
    if row["n"] == 0:
        return "–"
    text = _short(row["mean"])
    if row["n"] > 1 and row["hi"] > row["lo"]:
        text += f" ± {_short((row['hi'] - row['lo']) / 2)}"
    return text


def _ends(row: Mapping[str, Any]) -> str:
    if row["n"] < 2 or math.isnan(row["lo"]):
        return "–"
    return f"[{_short(row['lo'])}, {_short(row['hi'])}]".replace("[", "\\[")


def _unit(unit: str) -> str:
    return f" {_unit_word(unit)}" if unit else ""


def _unit_word(unit: str) -> str:
    """A unit as it is written where Japanese alone is spoken, else as tables have it."""
    return escape(UNIT_WORDS.get(unit, (unit, unit))[0] if languages() == ("ja",) else unit)


def _short(value: float) -> str:
    if math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
