"""The second range: what the answers would be if what is not known were otherwise. Pure functions.

Luck and assumptions are told apart. More replications narrow the interval of luck; the range over draws of the
assumptions stays as wide as the assumptions leave it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.results.answers import FAILS, HOLDS, MISSED, NONE_HOLDS, REACHED, Answer, Figures, Row, SettingAnswer
from twin.results.asked import Check
from twin.results.drawn import Drawn, Ends, Made
from twin.results.verdicts import CANNOT_TELL, verdict_of_sides

#: Assumptions that are named among those that overturn the main answer.
_NAMED = 3


@dataclass(frozen=True)
class AssumedRow:
    """One check over all draws.

    Attributes
    ----------
    check
        What was asked.
    lo, hi
        Least and greatest mean over the draws, of the difference or of the figure itself.
    agree, draws
        Draws that say what the answer says, or where it cannot tell what its mean says; and draws with a value.
    says
        What they agree with.
    """

    check: Check
    lo: float
    hi: float
    agree: int
    draws: int
    says: str


@dataclass(frozen=True)
class Overturn:
    """An assumption that alone turns the main answer over within its range.

    Attributes
    ----------
    ends
        The assumption.
    at
        Value from which the answer is another, by a straight line between the ends that were run; nan of a search.
    end, says
        The end of the range at which it was run, and what the answer is there.
    check
        The check that turns.
    """

    ends: Ends
    at: float
    end: float
    says: str
    check: Check


@dataclass(frozen=True)
class Assumed:
    """What the draws make of one question.

    Attributes
    ----------
    rows
        One per check; of a search none.
    found
        Of a search: setting found -> number of draws; an empty name for none.
    agree, draws
        Draws in which every check says what the answer says, and draws in all.
    overturns
        Of the main question: up to three assumptions, the nearest turn first; one may turn it at both ends.
    moved
        Whether assumptions were moved alone.
    """

    rows: tuple[AssumedRow, ...]
    found: Mapping[str, int]
    agree: int
    draws: int
    overturns: tuple[Overturn, ...]
    moved: bool


def assume_all(answers: Sequence[Answer], drawn: Drawn, figures: Figures) -> list[Assumed]:
    """What the draws make of each answer.

    Parameters
    ----------
    answers
        Answers at the values as they stand.
    drawn
        The draws.
    figures
        Figures of the study and of the variants the draws made, over the replications of the draws.
    """
    return [_assume(answer, drawn, figures) for answer in answers]


def _assume(answer: Answer, drawn: Drawn, figures: Figures) -> Assumed:
    made = [draw.made for draw in drawn.draws]
    if answer.settings:
        found: dict[str, int] = {}
        for of in made:
            name = _name(_found_by(answer, figures, of))
            found[name] = found.get(name, 0) + 1
        turns = _overturned_searches(answer, drawn, figures) if answer.question.main else []
        return Assumed(
            (),
            found,
            found.get(_name(answer.chosen), 0),
            len(made),
            tuple(turns),
            bool(drawn.ends) and answer.question.main,
        )
    base = [_base_says(row, figures) for row in answer.rows]
    all_say = [[_says(row.check, figures, of) for row in answer.rows] for of in made]
    rows = []
    for nth, row in enumerate(answer.rows):
        means = np.array([_mean_of(row.check, figures, of) for of in made])
        kept = means[~np.isnan(means)]
        says = [said[nth] for said in all_say]
        lo, hi = (float(kept.min()), float(kept.max())) if len(kept) else (math.nan, math.nan)
        rows.append(AssumedRow(row.check, lo, hi, says.count(base[nth]), len(kept), base[nth]))
    agree = sum(said == base for said in all_say)
    overturns = _overturns(answer, base, drawn, figures) if answer.question.main else []
    return Assumed(tuple(rows), {}, agree, len(made), tuple(overturns), bool(drawn.ends) and answer.question.main)


def _found_by(answer: Answer, figures: Figures, made: Made) -> SettingAnswer | None:
    """First setting whose means keep every constraint."""
    return next((s for s in answer.settings if all(_says(row.check, figures, made) == HOLDS for row in s.rows)), None)


def _name(setting: SettingAnswer | None) -> str:
    return setting.setting.text if setting else ""


def _overturned_searches(answer: Answer, drawn: Drawn, figures: Figures) -> list[Overturn]:
    """Assumptions that alone make a search find another setting, the nearest end first."""
    out: list[list[Overturn]] = []
    for ends in drawn.ends:
        turns = []
        for made, end in ((ends.at_low, ends.low), (ends.at_high, ends.high)):
            now = _found_by(answer, figures, made)
            if _name(now) == _name(answer.chosen):
                continue
            turning = now or answer.chosen or answer.settings[0]
            # A queue that spills over rises steeply from nothing: a straight line would not tell where.
            turns.append(Overturn(ends, math.nan, end, _name(now) or NONE_HOLDS, turning.rows[0].check))
        out.append(turns)
    return _nearest(out)


def _base_says(row: Row, figures: Figures) -> str:
    """What the answer says; where it cannot tell, what its mean says."""
    return row.verdict if row.verdict not in (CANNOT_TELL, "") else _says(row.check, figures, {})


def _values(check: Check, figures: Figures, made: Made) -> tuple[Any, Any]:
    second = figures.of(made.get(check.second, check.second), check.kpi, check.group)
    if check.first is None:
        return np.zeros(len(second)), second
    return figures.of(made.get(check.first, check.first), check.kpi, check.group), second


def _mean_of(check: Check, figures: Figures, made: Made) -> float:
    first, second = _values(check, figures, made)
    return _mean(second - first)


def _mean(values: Any) -> float:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else math.nan


def _margins(check: Check, figures: Figures, made: Made) -> tuple[float, ...]:
    """How far the mean lies above the ends of what does not matter, or above the bound."""
    first, second = _values(check, figures, made)
    size = check.bound * first if check.relative else check.bound
    if check.role in ("compare", "group"):
        return _mean(second - first + size), _mean(second - first - size)
    away = size if check.first is None or check.better == "lower" else -np.asarray(size)
    return (_mean(second - first - away),)


def _says(check: Check, figures: Figures, made: Made) -> str:
    """What the means say, without any interval."""
    sides = [0 if m == 0 else 2 if math.isnan(m) else -1 if m < 0 else 1 for m in _margins(check, figures, made)]
    if 2 in sides:
        return ""
    if len(sides) == 2:
        return verdict_of_sides(sides[0], sides[1], check.better)
    yes, no = (REACHED, MISSED) if check.role == "target" else (HOLDS, FAILS)
    return yes if sides[0] in (0, -1 if check.better == "lower" else 1) else no


def _overturns(answer: Answer, base: Sequence[str], drawn: Drawn, figures: Figures) -> list[Overturn]:
    """Assumptions that alone make the main answer another one, the nearest turn first."""
    out: list[list[Overturn]] = []
    for ends in drawn.ends:
        turns: dict[float, Overturn] = {}
        for row, says in zip(answer.rows, base, strict=True):
            at_value = _margins(row.check, figures, {})
            for made, end in ((ends.at_low, ends.low), (ends.at_high, ends.high)):
                said = _says(row.check, figures, made)
                if said not in ("", says):
                    at = _crossing(at_value, _margins(row.check, figures, made), ends.value, end)
                    turn = Overturn(ends, at, end, said, row.check)
                    turns[end] = min(turns.get(end, turn), turn, key=_share_moved)
        out.append(list(turns.values()))
    return _nearest(out)


def _crossing(at_value: tuple[float, ...], at_end: tuple[float, ...], value: float, end: float) -> float:
    """Where the first of the margins that changes its sign crosses zero, on a straight line."""
    shares = [a / (a - b) for a, b in zip(at_value, at_end, strict=True) if a != b and (a > 0) != (b > 0)]
    return value + min(shares, default=1.0) * (end - value)


def _nearest(by_key: Sequence[list[Overturn]]) -> list[Overturn]:
    """Turns of the three assumptions that turn the answer soonest, each with both of its ends where both turn it."""
    turning = sorted((turns for turns in by_key if turns), key=lambda turns: min(map(_share_moved, turns)))
    return [turn for turns in turning[:_NAMED] for turn in sorted(turns, key=_share_moved)]


def _share_moved(turn: Overturn) -> float:
    width = turn.ends.high - turn.ends.low
    at = turn.end if math.isnan(turn.at) else turn.at
    return abs(at - turn.ends.value) / width if width else math.inf
