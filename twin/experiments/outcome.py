"""What the figures of finished runs come to: differences by pairs, and answers; the same figures, the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.columns import KPI_COLUMNS
from twin.results.answer_file import answers_json
from twin.results.answers import Figures, answer_all, asked_rows
from twin.results.assumed import assume_all
from twin.results.compare import DIFFERENCE_COLUMNS, compare_pair, corrected
from twin.results.definitions import recounts_of
from twin.results.kpis import infos_of
from twin.results.recorder import Columns
from twin.results.reproduction import is_cell, reproduction_of
from twin.scenario.plan.plan import Plan


@dataclass(frozen=True)
class Outcome:
    """Differences as columns of their table, answers and what the observations come to as JSON.

    Answers are empty where nothing was asked, reproduction where nothing was observed.
    """

    differences: Columns
    answers: dict[str, Any]
    reproduction: dict[str, Any]


def outcome_of(plan: Plan, kpis: Columns, drawn_kpis: Columns | None, pairs: int) -> Outcome:
    """Differences and answers of a study.

    Parameters
    ----------
    plan
        What was run.
    kpis
        KPI table of all runs.
    drawn_kpis
        That of the draws of assumptions; None where none were asked for.
    pairs
        Number of replications.
    """
    questions, drawn, known = plan.questions, plan.drawn, infos_of(plan.content)
    reproduction = reproduction_of(plan.observed, kpis, plan.labels)
    # Cells of observations are no figures: nobody compares them between variants.
    if reproduction:
        figures = np.array([not is_cell(name) for name in kpis["kpi"].tolist()], np.bool_)
        kpis = {name: values[figures] for name, values in kpis.items()}
    better = {name: info.better for name, info in known.items()}
    answers = answer_all(questions, Figures(kpis, pairs))
    asked = asked_rows(answers)
    days, variants = plan.days, plan.compared
    named = ((days.split(a)[0], days.split(b)[0]) for a, b, _, _ in asked)
    wanted = dict.fromkeys([*((variants[0], second) for second in variants[1:]), *named])
    rows = [row for a, b in wanted for row in corrected(compare_pair(kpis, a, kpis, b, better), asked)]
    differences: Columns = {
        c.name: np.array([row[c.name] for row in rows], np.str_ if c.dtype == "str" else c.dtype)
        for c in DIFFERENCE_COLUMNS
    }
    if not answers:
        return Outcome(differences, {}, reproduction)
    assumed = []
    if drawn_kpis is not None and drawn.draws:
        both = {c.name: np.concatenate([kpis[c.name], drawn_kpis[c.name]]) for c in KPI_COLUMNS}
        assumed = assume_all(answers, drawn, Figures(both, drawn.replications))
    recounts = [recounts_of(answer, Figures(kpis, pairs), known) for answer in answers]
    told = answers_json(questions, answers, known, plan.labels, drawn, assumed, recounts)
    return Outcome(differences, told, reproduction)
