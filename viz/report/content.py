"""What the report says, read once from a finished study: rows and numbers, no markup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from twin.errors import RunError
from twin.results.compare import summarise
from twin.results.days import MEAN_DAY, Days
from twin.results.kpis import KpiInfo, infos_of
from twin.results.privacy import Masked, masked_of
from twin.results.run_folder import Study
from twin.viz.report.spoken import group_words

_MOST_VARIANTS = 40


@dataclass(frozen=True)
class Content:
    """A study as the report needs it.

    Attributes
    ----------
    study
        The study itself: manifest, plan, answers.
    variants
        Variants of the scenario; settings that a search made are left to its answer.
    summary
        (figure, variant) -> mean and interval, over everybody.
    differences
        Rows of differences between those variants: headline figures, and what was asked.
    ledger
        Rows (variant, model, account, entry, count) of the first replication; empty where runs were not kept.
    masked
        Small counts that are left out.
    notes
        What models say of their runs: model and words.
    """

    study: Study
    infos: Mapping[str, KpiInfo]
    variants: list[str]
    summary: dict[tuple[str, str], dict[str, Any]]
    differences: list[dict[str, Any]]
    ledger: list[tuple[str, str, str, str, int]]
    notes: list[tuple[str, str]]
    masked: Masked

    @property
    def rows_of_groups(self) -> list[dict[str, Any]]:
        """Rows of answers that ask who gains and who loses, where there is a figure."""
        rows = [row for answer in self.answers for row in answer["rows"]]
        return [row for row in rows if row["role"] == "group" and row["mean"] is not None]

    @property
    def main(self) -> dict[str, Any] | None:
        """The main answer; none where nothing was asked."""
        return next((a for a in self.answers if a["main"]), None)

    @cached_property
    def answers(self) -> list[dict[str, Any]]:
        """The answers; rows of small groups have no numbers."""
        return [_without_masked(answer, self.masked) for answer in self.study.answers.get("answers", [])]

    @cached_property
    def days(self) -> Days:
        """Kinds of day; none where the study has one."""
        return Days.model_validate(self.study.plan.get("days") or {})

    @property
    def day(self) -> str:
        """The kind of day that is shown where none is named."""
        return MEAN_DAY if self.days else ""

    def label(self, variant: str, lang: str) -> str:
        """A variant's words, with its kind of day where it names one."""
        labels = self.study.manifest["labels"]
        own, day = self.days.split(variant) if variant not in labels else (variant, "")
        return str((labels.get(own) or {}).get(lang) or own) + self.of_day(day, lang)

    def of_day(self, day: str, lang: str) -> str:
        """A kind of day behind a name, in brackets; nothing where there is none."""
        if not day:
            return ""
        words = self.days.words(day).get(lang) or day
        return f"（{words}）" if lang == "ja" else f" ({words})"

    def apart(self, day: str, lang: str) -> str:
        """As :meth:`of_day`; nothing for the mean day, which the others stand beside."""
        return "" if day == MEAN_DAY else self.of_day(day, lang)

    def kpi(self, name: str, group: str, lang: str) -> str:
        """A figure's words."""
        info = self.infos.get(name)
        words = name if info is None else info.ja if lang == "ja" else info.en
        return words + group_words(group, "ja" if lang == "ja" else "en")

    def values(self, kpi: str, group: str, day: str = "") -> dict[str, list[float]]:
        """Variant -> value per replication of a figure, on the mean day where no other is named."""
        table = self.study.columns("kpis")
        day = day or self.day
        mine = (table["kpi"] == kpi) & (table["group"] == group) & (table["day"] == day)
        out = {}
        for variant in self.variants:
            rows = mine & (table["variant"] == variant)
            order = np.argsort(table["replication"][rows])
            out[variant] = [float(v) for v in table["value"][rows][order]]
        return out


def read_content(study: Study) -> Content:
    """Read a study for its report; every file is held against the manifest.

    Raises
    ------
    RunError
        If a file is missing or was changed.
    """
    plan = study.plan
    try:
        made = {variant.get("of") or variant["name"] for variant in plan["variants"] if variant.get("setting")}
        day = MEAN_DAY if plan.get("days") else ""
        variants = [name for name in study.variants if name not in made][:_MOST_VARIANTS]
        known = infos_of(plan)
        summary = {
            (row["kpi"], row["variant"]): row
            for row in summarise(study.columns("kpis"), variants)
            if row["group"] == "all" and row["day"] == day
        }
        table = study.columns("differences")
        rows = [dict(zip(table, (v.item() for v in row), strict=True)) for row in zip(*table.values(), strict=True)]
        masked = masked_of(plan, study.columns("kpis"), known)
        shown = [
            row
            for row in rows
            if not masked.hides(row["kpi"], row["group"])
            and {row["first"], row["second"]} <= {*variants}
            and (row.get("asked") or (row["group"] == "all" and row["day"] == day and _is_headline(row, known)))
        ]
        return Content(
            study, known, variants, summary, shown, _ledger(study, variants), _notes(study, variants), masked
        )
    except (KeyError, TypeError, AttributeError) as fault:
        raise RunError(
            f"the study lacks what a report needs: {fault}",
            where=str(study.folder),
            mend="run the scenario again with this version",
        ) from fault


def _without_masked(answer: dict[str, Any], masked: Masked) -> dict[str, Any]:
    """An answer whose rows of small groups have lost their numbers; its sentence still has them."""
    hidden = [row for row in answer["rows"] if masked.hides(row["kpi"], row["group"])]
    if not hidden:
        return answer
    empty = {"mean": None, "lo": None, "hi": None, "first_mean": None, "second_mean": None}
    rows = [{**row, **empty, "masked": True} if row in hidden else row for row in answer["rows"]]
    assumptions = answer["assumptions"]
    if assumptions:
        no_ends = {"lo": None, "hi": None}
        kept = [{**row, **no_ends} if masked.hides(row["kpi"], row["group"]) else row for row in assumptions["rows"]]
        assumptions = {**assumptions, "rows": kept}
    return {**answer, "rows": rows, "assumptions": assumptions}


def _is_headline(row: Mapping[str, Any], known: Mapping[str, KpiInfo]) -> bool:
    return row["kpi"] in known and known[row["kpi"]].headline


def _ledger(study: Study, variants: list[str]) -> list[tuple[str, str, str, str, int]]:
    if study.manifest["lean"]:
        return []
    out = []
    for variant in variants:
        run = study.run(variant)
        if "ledger" in run.tables:
            table = run.table("ledger")
            columns = (table[name].tolist() for name in ("model", "account", "entry", "count"))
            out += [(variant, str(m), str(a), str(e), int(n)) for m, a, e, n in zip(*columns, strict=True)]
    return out


def _notes(study: Study, variants: list[str]) -> list[tuple[str, str]]:
    if study.manifest["lean"]:
        return []
    said = [
        (model, note)
        for variant in variants
        for model, notes in study.run(variant).manifest.get("notes", {}).items()
        for note in notes
    ]
    return list(dict.fromkeys(said))
