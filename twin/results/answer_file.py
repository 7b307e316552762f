"""Answers as plain JSON: ``answers.json`` of a study, and what ``twin run --json`` prints."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from twin.results.answers import SHARED, Answer, Row, SettingAnswer
from twin.results.asked import Questions
from twin.results.kpis import KpiInfo
from twin.results.sentences import ANSWER_WORDS, Speaker
from twin.results.verdicts import Interval
from twin.results.words import Lang

_LANGUAGES: tuple[Lang, ...] = ("ja", "en")


def answers_json(
    questions: Questions, answers: Sequence[Answer], infos: Mapping[str, KpiInfo],
    labels: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """Everything the questions came to; numbers that do not exist are null.

    Parameters
    ----------
    questions, answers
        What was asked, and what came out.
    infos, labels
        Words for figures and variants.
    """
    speakers = {lang: Speaker(lang, infos, labels) for lang in _LANGUAGES}
    return {
        "looks": questions.looks, "sequential": questions.sequential, "shared_by": SHARED,
        "answers": [_answer_json(answer, speakers) for answer in answers],
    }


def _answer_json(answer: Answer, speakers: Mapping[Lang, Speaker]) -> dict[str, Any]:
    question = answer.question
    ja, en = ANSWER_WORDS.get(answer.verdict, (answer.verdict, answer.verdict))
    return {
        "id": question.id, "main": question.main, "ask": question.ask,
        "verdict": answer.verdict, "verdict_words": {"ja": ja, "en": en}, "decided": answer.decided,
        "sentence": {lang: speaker.sentence(answer) for lang, speaker in speakers.items()},
        "notes": {lang: speaker.notes(answer) for lang, speaker in speakers.items()},
        "replications": answer.pairs, "runs": answer.runs, "runs_independent": _number(answer.runs_independent),
        "key": question.key,
        "confidence": question.confidence, "alpha_of_each_check": answer.alpha, "method": answer.method,
        "rows": [_row_json(row) for row in answer.rows],
        "settings": [_setting_json(setting) for setting in answer.settings],
        "found": _setting_json(answer.chosen) if answer.chosen else None,
        "nearest": _setting_json(answer.best) if answer.best else None,
        "same_in_all_variants": [
            {"kpi": kpi, "group": group, "value": _number(value)} for kpi, group, value in answer.constant
        ],
        "not_given": [{"kpi": kpi, "group": group, "groups": list(groups)} for kpi, group, groups in answer.missing],
    }


def _row_json(row: Row) -> dict[str, Any]:
    check = row.check
    ja, en = ANSWER_WORDS.get(row.verdict, (row.verdict, row.verdict)) if row.verdict else ("", "")
    return {
        "role": check.role, "kpi": check.kpi, "group": check.group, "unit": check.unit,
        "pair": None if check.first is None else [check.first, check.second], "variant": check.second,
        "better": check.better, "bound": check.bound, "bound_is_share_of_first": check.relative,
        "verdict": row.verdict, "verdict_words": {"ja": ja, "en": en},
        **_interval_json(row.interval, ""), **_interval_json(row.once, "_one_look"), "n": row.interval.n,
        "first_mean": _number(row.first_mean), "second_mean": _number(row.second_mean),
        "variance_ratio": _number(row.variance_ratio), "skewed": row.skewed,
    }


def _interval_json(found: Interval, behind: str) -> dict[str, float | None]:
    out = {f"lo{behind}": _number(found.lo), f"hi{behind}": _number(found.hi)}
    return out if behind else {"mean": _number(found.mean), **out}


def _setting_json(setting: SettingAnswer) -> dict[str, Any]:
    return {"variant": setting.setting.variant, "setting": setting.setting.text, "verdict": setting.verdict}


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
