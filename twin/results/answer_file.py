"""Answers as plain JSON: ``answers.json`` of a study, and what ``twin run --json`` prints."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from twin.results.answers import SHARED, Answer, Row, SettingAnswer
from twin.results.asked import Questions
from twin.results.assumed import Assumed
from twin.results.definitions import Recount
from twin.results.drawn import Drawn
from twin.results.kpis import KpiInfo
from twin.results.sentences import ANSWER_WORDS, Speaker
from twin.results.verdicts import Interval
from twin.results.words import Lang

_LANGUAGES: tuple[Lang, ...] = ("ja", "en")


def answers_json(
    questions: Questions,
    answers: Sequence[Answer],
    infos: Mapping[str, KpiInfo],
    labels: Mapping[str, Mapping[str, str]],
    drawn: Drawn,
    assumed: Sequence[Assumed] = (),
    recounts: Sequence[Sequence[Recount]] = (),
) -> dict[str, Any]:
    """Everything the questions came to; numbers that do not exist are null.

    Parameters
    ----------
    questions, answers
        What was asked, and what came out.
    infos, labels
        Words for figures and variants.
    drawn, assumed
        Draws of the assumptions, and what they make of each answer; none where none were asked for.
    recounts
        Per answer, shares that depend more on who is counted than on what is done.
    """
    speakers = {lang: Speaker(lang, infos, labels) for lang in _LANGUAGES}
    return {
        "looks": questions.looks,
        "sequential": questions.sequential,
        "shared_by": SHARED,
        "draws": {
            "count": len(drawn.draws),
            "replications": drawn.replications,
            "left_out": drawn.left_out,
            "values": [draw.values for draw in drawn.draws],
        },
        "answers": [
            _answer_json(answer, speakers, assumed[nth] if assumed else None, recounts[nth] if recounts else ())
            for nth, answer in enumerate(answers)
        ],
    }


def _answer_json(
    answer: Answer, speakers: Mapping[Lang, Speaker], assumed: Assumed | None, recounts: Sequence[Recount]
) -> dict[str, Any]:
    question = answer.question
    ja, en = ANSWER_WORDS.get(answer.verdict, (answer.verdict, answer.verdict))
    return {
        "id": question.id,
        "main": question.main,
        "ask": question.ask,
        "verdict": answer.verdict,
        "verdict_words": {"ja": ja, "en": en},
        "decided": answer.decided,
        "sentence": {lang: speaker.sentence(answer) for lang, speaker in speakers.items()},
        "sentence_of_assumptions": {
            lang: speaker.of_assumptions(answer, assumed) if assumed else "" for lang, speaker in speakers.items()
        },
        "assumptions": _assumed_json(assumed) if assumed else None,
        "notes": {lang: speaker.notes(answer, recounts) for lang, speaker in speakers.items()},
        "replications": answer.pairs,
        "runs": answer.runs,
        "runs_independent": _number(answer.runs_independent),
        "key": question.key,
        "confidence": question.confidence,
        "alpha_of_each_check": answer.alpha,
        "method": answer.method,
        "rows": [_row_json(row) for row in answer.rows],
        "settings": [_setting_json(setting) for setting in answer.settings],
        "found": _setting_json(answer.chosen) if answer.chosen else None,
        "nearest": _setting_json(answer.best) if answer.best else None,
        "same_in_all_variants": [
            {"kpi": kpi, "group": group, "value": _number(value)} for kpi, group, value in answer.constant
        ],
        "depends_on_who_is_counted": [
            {
                "kpi": recount.kpi,
                "left_out": list(recount.left_out),
                "counted": recount.counted,
                "otherwise": recount.otherwise,
                "variants_move_it_by": recount.moved,
            }
            for recount in recounts
        ],
        "not_given": [{"kpi": kpi, "group": group, "groups": list(groups)} for kpi, group, groups in answer.missing],
    }


def _row_json(row: Row) -> dict[str, Any]:
    check = row.check
    ja, en = ANSWER_WORDS.get(row.verdict, (row.verdict, row.verdict)) if row.verdict else ("", "")
    return {
        "role": check.role,
        "kpi": check.kpi,
        "group": check.group,
        "unit": check.unit,
        "pair": None if check.first is None else [check.first, check.second],
        "variant": check.second,
        "better": check.better,
        "bound": check.bound,
        "bound_is_share_of_first": check.relative,
        "verdict": row.verdict,
        "verdict_words": {"ja": ja, "en": en},
        **_interval_json(row.interval, ""),
        **_interval_json(row.alone, "_alone"),
        "n": row.interval.n,
        "first_mean": _number(row.first_mean),
        "second_mean": _number(row.second_mean),
        "variance_ratio": _number(row.variance_ratio),
        "skewed": row.skewed,
    }


def _interval_json(found: Interval, behind: str) -> dict[str, float | None]:
    out = {f"lo{behind}": _number(found.lo), f"hi{behind}": _number(found.hi)}
    return out if behind else {"mean": _number(found.mean), **out}


def _assumed_json(assumed: Assumed) -> dict[str, Any]:
    return {
        "draws": assumed.draws,
        "agree": assumed.agree,
        "found": dict(assumed.found),
        "rows": [
            {
                "kpi": row.check.kpi,
                "group": row.check.group,
                "unit": row.check.unit,
                "variant": row.check.second,
                "pair": None if row.check.first is None else [row.check.first, row.check.second],
                "lo": _number(row.lo),
                "hi": _number(row.hi),
                "agree": row.agree,
                "draws": row.draws,
                "says": row.says,
            }
            for row in assumed.rows
        ],
        "moved_alone": assumed.moved,
        "overturned_by": [
            {
                "key": turn.ends.key,
                "from": turn.ends.value,
                "at": _number(turn.at),
                "between": [turn.ends.value, turn.end],
                "unit": turn.ends.unit,
                "range": [turn.ends.low, turn.ends.high],
                "kpi": turn.check.kpi,
                "variant": turn.check.second,
                "end": turn.end,
                "becomes": turn.says,
            }
            for turn in assumed.overturns
        ],
    }


def _setting_json(setting: SettingAnswer) -> dict[str, Any]:
    return {"variant": setting.setting.variant, "setting": setting.setting.text, "verdict": setting.verdict}


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
