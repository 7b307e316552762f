"""Answers: what the figures of finished runs say to the questions asked beforehand. Pure functions.

Several questions share their error: each gets its part of one minus the confidence, and so does each check of a
question (Bonferroni), so that all that is said is right together as often as the confidence says.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.results.after_looks import interval_after_looks
from twin.results.asked import Check, Question, Questions, Setting
from twin.results.days import run_name
from twin.results.sequences import METHOD, sequence_interval
from twin.results.verdicts import CANNOT_TELL, Interval, interval_of, verdict_of_sides

HOLDS, FAILS = "holds", "does not hold"
REACHED, MISSED = "reached", "not reached"
FOUND, NONE_HOLDS = "found", "no setting holds"
SHARED = "Bonferroni"
ONE_LOOK = "Student's t, one look"


#: Skewness of a sample that is worth a word; one value of eight that stands alone has 2.3.
_SKEWED = 1.5


class Figures:
    """KPIs of a study by variant, figure and group, in the order of replications.

    Parameters
    ----------
    kpis
        Columns of the KPI table.
    pairs
        Replications that are looked at, from the first on.
    """

    def __init__(self, kpis: Mapping[str, NDArray[Any]], pairs: int) -> None:
        self.pairs = pairs
        self._values: dict[tuple[str, str, str], Floats] = {}
        columns = (kpis[name].tolist() for name in ("variant", "kpi", "group", "replication", "value"))
        # Figures made by hand know of no days.
        days = kpis["day"].tolist() if "day" in kpis else [""] * len(kpis["variant"])
        for day, variant, kpi, group, replication, value in zip(days, *columns, strict=True):
            if replication < pairs:
                key = (run_name(variant, day), kpi, group)
                if key not in self._values:
                    self._values[key] = np.full(pairs, np.nan)
                self._values[key][replication] = value

    def of(self, variant: str, kpi: str, group: str) -> Floats:
        """Value per replication; nan where the run gave none."""
        return self._values.get((variant, kpi, group), np.full(self.pairs, np.nan))

    def groups(self, kpi: str) -> list[str]:
        """Groups that some run gave of a figure, ``all`` left out."""
        given = (
            g for (_, k, g), values in self._values.items() if k == kpi and g != "all" and not np.isnan(values).all()
        )
        return list(dict.fromkeys(given))


@dataclass(frozen=True)
class Row:
    """What came out of one check.

    Attributes
    ----------
    check
        What was asked.
    interval
        Of the difference, or of the figure itself, at the share of the error that the check has.
    verdict
        What it allows to be said.
    first_mean, second_mean
        Means of the figure in the two variants; nan where there is none.
    variance_ratio
        Variance of the difference of independent runs over that of paired ones; nan where it cannot be said.
    skewed
        Whether a few replications lie so far on one side that the interval is less sure than it says.
    values, looks, ends, alpha
        What :attr:`alone` is made of: a value per replication, when one looks, what decides, and its share of the
        error.
    """

    check: Check
    interval: Interval
    verdict: str
    first_mean: float
    second_mean: float
    variance_ratio: float
    skewed: bool
    values: Floats = field(repr=False, compare=False)
    looks: tuple[int, ...] = field(repr=False, compare=False)
    ends: tuple[float, ...] = field(repr=False, compare=False)
    alpha: float = field(repr=False, compare=False)

    @cached_property
    def alone(self) -> Interval:
        """95 % interval of this figure by itself: Student's after one look, else with the rule of stopping."""
        if len(self.looks) < 2:
            return interval_of(self.values)
        return interval_after_looks(self.values, self.looks, self.ends, self.alpha)


@dataclass(frozen=True)
class SettingAnswer:
    """Whether all constraints hold at one setting."""

    setting: Setting
    verdict: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Answer:
    """What came out of one question.

    Attributes
    ----------
    question
        What was asked.
    rows
        One per check.
    verdict
        Of the question as a whole; of several comparisons, empty unless all agree.
    decided
        Whether more replications could not change it, at the confidence asked for.
    pairs, runs
        Replications looked at, and runs they took.
    runs_independent
        Runs that independent luck would have taken for intervals as narrow; nan where it cannot be said.
    settings, chosen, best
        Of a search: every setting, the one found, and the one that comes nearest where none holds.
    constant
        Figures (kpi, group, value) that are the same in every variant asked about, replication by replication.
    missing
        Figures (kpi, group, groups there are) that no run gave.
    """

    question: Question
    rows: tuple[Row, ...]
    verdict: str
    decided: bool
    pairs: int
    runs: int
    runs_independent: float
    alpha: float
    method: str
    settings: tuple[SettingAnswer, ...] = ()
    chosen: SettingAnswer | None = None
    best: SettingAnswer | None = None
    constant: tuple[tuple[str, str, float], ...] = ()
    missing: tuple[tuple[str, str, tuple[str, ...]], ...] = field(default=())


def answer_all(questions: Questions, figures: Figures) -> list[Answer]:
    """Answer every question from the replications there are.

    Parameters
    ----------
    questions
        As the plan holds them.
    figures
        What the runs gave.
    """
    return [_answer(question, len(questions.listed), questions.looks, figures) for question in questions.listed]


def is_settled(answers: Sequence[Answer], elapsed_s: float) -> bool:
    """Whether every question is decided or has spent its budget.

    Who gains and who loses is told beside the others and does not prolong a study, unless nothing else is asked.
    """
    driving = [a for a in answers if not a.question.by_group] or list(answers)
    return all(
        answer.decided
        or answer.pairs >= answer.question.most_pairs
        or (answer.question.most_s is not None and elapsed_s >= answer.question.most_s)
        for answer in driving
    )


def _answer(question: Question, beside: int, looks: Sequence[int], figures: Figures) -> Answer:
    checks = _with_groups(question, figures)
    alpha = (1.0 - question.confidence) / beside / len(checks)
    rows = tuple(row_of(check, figures, alpha, looks) for check in checks)
    variants = question.variants
    # A figure by itself gains nothing from pairs; of several differences the one that gains least is told.
    alone = any(check.first is None for check in checks)
    told = [row.variance_ratio for row in rows if not alone and not math.isnan(row.variance_ratio)]
    runs = figures.pairs * len(variants)
    common: dict[str, Any] = {
        "question": question,
        "rows": rows,
        "pairs": figures.pairs,
        "runs": runs,
        "alpha": alpha,
        "runs_independent": runs * min(told) if told else math.nan,
        "method": METHOD if len(looks) > 1 else ONE_LOOK,
        "constant": _constant(question, checks, figures),
        "missing": _missing(checks, figures),
    }
    if question.settings:
        return _search(question, rows, common)
    verdicts = {row.verdict for row in rows}
    return Answer(
        verdict=verdicts.pop() if len(verdicts) == 1 else "",
        decided=all(row.verdict != CANNOT_TELL for row in rows),
        **common,
    )


def _with_groups(question: Question, figures: Figures) -> list[Check]:
    """Checks with one per group in place of each that asks for all of them."""
    out: list[Check] = []
    for check in question.checks:
        if check.role == "group":
            groups = question.groups or figures.groups(check.kpi) or ["all"]
            out.extend(check.model_copy(update={"group": group}) for group in groups)
        else:
            out.append(check)
    return out


def row_of(check: Check, figures: Figures, alpha: float, looks: Sequence[int]) -> Row:
    """Answer one check.

    Parameters
    ----------
    check
        What is asked.
    figures
        What the runs gave.
    alpha
        Its share of the error.
    looks
        Numbers of replications at which one looks.
    """
    second = figures.of(check.second, check.kpi, check.group)
    first = figures.of(check.first, check.kpi, check.group) if check.first is not None else np.zeros(len(second))
    change = second - first

    def interval(values: Floats) -> Interval:
        return sequence_interval(values, alpha) if len(looks) > 1 else interval_of(values, alpha)

    # A bound relative to the first variant is a bound on a combination of both, exact and without a ratio of means.
    size = check.bound * first if check.relative else check.bound
    if check.role in ("compare", "group"):
        sides = _side_of_zero(interval(change + size)), _side_of_zero(interval(change - size))
        verdict = "" if interval(change).n == 0 else verdict_of_sides(*sides, check.better)
        ends = (-_mean(np.asarray(size)), _mean(np.asarray(size))) if np.any(size) else (0.0,)
    else:
        # Of a change the bound is the loss allowed; it lies on the side that is not wanted.
        away = size if check.first is None or check.better == "lower" else -np.asarray(size)
        verdict = _kept(_side_of_zero(interval(change - away)), check)
        ends = (_mean(np.asarray(away)),)
    return Row(
        check,
        interval(change),
        verdict,
        _mean(first) if check.first else math.nan,
        _mean(second),
        _variance_ratio(first, second) if check.first else math.nan,
        _is_skewed(change),
        change,
        tuple(looks),
        ends,
        alpha,
    )


def _side_of_zero(found: Interval) -> int:
    """-1 or 1 where the interval lies on one side of 0, 0 exactly at it, 2 where it cannot be told."""
    if found.n < 2:
        return 2
    if found.lo == found.hi == 0.0:
        return 0
    if found.hi < 0.0:
        return -1
    return 1 if found.lo > 0.0 else 2


def _kept(side: int, check: Check) -> str:
    yes, no = (REACHED, MISSED) if check.role == "target" else (HOLDS, FAILS)
    if side == 2:
        return CANNOT_TELL
    return yes if side in (0, -1 if check.better == "lower" else 1) else no


def _mean(values: Floats) -> float:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else math.nan


def _variance_ratio(first: Floats, second: Floats) -> float:
    both = ~np.isnan(first) & ~np.isnan(second)
    if both.sum() < 2:
        return math.nan
    paired = float(np.var(second[both] - first[both], ddof=1))
    apart = float(np.var(first[both], ddof=1) + np.var(second[both], ddof=1))
    return apart / paired if paired > 0 else math.nan


def _is_skewed(values: Floats) -> bool:
    """Whether the third moment is so large that Student's approximation suffers: the rule of thumb is 25 · skewness².

    Cochran (1977), Sampling Techniques, section 2.15.
    """
    kept = values[~np.isnan(values)]
    deviation = float(np.std(kept)) if len(kept) > 2 else 0.0
    if deviation == 0.0:
        return False
    skewness = float(np.mean((kept - kept.mean()) ** 3)) / deviation**3
    return len(kept) < 25.0 * skewness**2 and abs(skewness) > _SKEWED


def _search(question: Question, rows: tuple[Row, ...], common: dict[str, Any]) -> Answer:
    each = len(rows) // len(question.settings)
    settings = []
    for at, setting in enumerate(question.settings):
        own = rows[at * each : (at + 1) * each]
        verdicts = {row.verdict for row in own}
        verdict = FAILS if FAILS in verdicts else HOLDS if verdicts == {HOLDS} else CANNOT_TELL
        settings.append(SettingAnswer(setting, verdict, own))
    # Settings stand in the order of preference: the first that surely holds, all before it surely failing.
    chosen = next((s for s in settings if s.verdict == HOLDS), None)
    before = settings[: settings.index(chosen)] if chosen else settings
    decided = all(s.verdict == FAILS for s in before)
    verdict = CANNOT_TELL if not decided else FOUND if chosen else NONE_HOLDS
    best = None if chosen else min(settings, key=_distance)
    return Answer(verdict=verdict, decided=decided, settings=tuple(settings), chosen=chosen, best=best, **common)


def _distance(setting: SettingAnswer) -> tuple[int, float]:
    """How far a setting is from holding: constraints that fail, then by how much the worst one is missed."""
    gaps = []
    for row in setting.rows:
        value = row.interval.mean
        bound = row.check.bound * (row.first_mean if row.check.relative else 1.0)
        bound = -bound if row.check.first is not None and row.check.better == "higher" else bound
        over = value - bound if row.check.better == "lower" else bound - value
        gaps.append(over / max(abs(bound), 1e-12) if not math.isnan(over) else math.inf)
    return sum(row.verdict != HOLDS for row in setting.rows), max(gaps)


def _constant(question: Question, checks: Sequence[Check], figures: Figures) -> tuple[tuple[str, str, float], ...]:
    """Figures that no variant moves: the scenario cannot answer what is asked of them."""
    out = []
    # That a measure costs nothing of a figure is an answer; that none moves what is asked of is none.
    asked = (check for check in checks if check.role != "limit" or check.first is None)
    for kpi, group in dict.fromkeys((check.kpi, check.group) for check in asked):
        values = [figures.of(variant, kpi, group) for variant in question.variants]
        if (
            len(values) > 1
            and not np.isnan(values[0]).all()
            and all(np.array_equal(v, values[0], equal_nan=True) for v in values[1:])
        ):
            out.append((kpi, group, _mean(values[0])))
    return tuple(out)


def _missing(checks: Sequence[Check], figures: Figures) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    out: dict[tuple[str, str], tuple[str, ...]] = {}
    for check in checks:
        names = [name for name in (check.first, check.second) if name is not None]
        if all(np.isnan(figures.of(name, check.kpi, check.group)).all() for name in names):
            out[check.kpi, check.group] = tuple(figures.groups(check.kpi))
    return tuple((kpi, group, groups) for (kpi, group), groups in out.items())


def asked_rows(answers: Sequence[Answer]) -> dict[tuple[str, str, str, str], tuple[str, str]]:
    """(first, second, kpi, group) -> (questions, verdict) of every difference that was asked for beforehand."""
    out: dict[tuple[str, str, str, str], tuple[str, str]] = {}
    for answer in answers:
        for row in answer.rows:
            check = row.check
            if check.first is None or check.role not in ("compare", "group"):
                continue
            key = (check.first, check.second, check.kpi, check.group)
            before = out.get(key)
            out[key] = (
                f"{before[0]}, {answer.question.id}" if before else answer.question.id,
                before[1] if before else row.verdict,
            )
    return out
