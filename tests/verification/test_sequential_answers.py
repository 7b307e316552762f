"""Studies that look again and again are wrong as seldom as they say; intervals of one look cover as often.

A thousand studies of each kind here; more by command: TWIN_STUDIES=20000 python -m pytest tests/verification -k
sequential.
"""

from __future__ import annotations

import math
import os

import numpy as np
import pytest

from tests.unit.results.asking import asked, compare, figures, question, search
from twin.results.answers import answer_all, is_settled
from twin.results.asked import looks_until
from twin.results.sequences import sequence_interval, t_boundary, unskewed
from twin.results.verdicts import interval_of

STUDIES = int(os.environ.get("TWIN_STUDIES", "1000"))
LOOKS = looks_until(64)
#: Student's with 3 degrees of freedom, as one day in hundreds that goes astray makes differences.
TAILS = {"normal": lambda rng, n: rng.standard_normal(n), "t3": lambda rng, n: rng.standard_t(3, n) / math.sqrt(3.0)}


def play(questions, values):
    """Answers of a study that is looked at until it is settled."""
    for pairs in questions.looks:
        answers = answer_all(questions, figures({k: v[:pairs] for k, v in values.items()}, pairs=pairs))
        if is_settled(answers, 0.0):
            break
    return answers


@pytest.mark.parametrize(
    ("tail", "effect", "matters", "right"),
    [
        ("normal", 0.0, 0.0, "practically the same"),
        ("t3", 0.0, 0.0, "practically the same"),
        ("normal", 0.0, 0.7, "practically the same"),
        ("normal", -0.7, 0.0, "better"),
        ("t3", 1.2, 0.5, "worse"),
        ("normal", -0.45, 0.5, "practically the same"),
        ("t3", -0.55, 0.5, "better"),
    ],
)
def test_sequential_verdicts_are_wrong_in_at_most_five_of_a_hundred_studies(tail, effect, matters, right):
    rng = np.random.default_rng(20261130)
    questions = asked(question(compare(bound=matters)), looks=LOOKS)
    wrong = told = 0
    for _ in range(STUDIES):
        day = rng.standard_normal(64) * 5.0
        (answer,) = play(questions, {"a": 50 + day, "b": 50 + day + effect + TAILS[tail](rng, 64)})
        told += answer.decided
        wrong += answer.decided and answer.verdict != right
    assert wrong <= 0.05 * STUDIES
    if abs(abs(effect) - matters) >= 0.7:
        assert told >= 0.9 * STUDIES, "a rule that never decides is never wrong, and of no use"


#: As days on which a queue spills over make differences; both have mean 0 here.
SKEWED = {
    "exponential": lambda rng, size: rng.exponential(size=size) - 1.0,
    "falling": lambda rng, size: 1.0 - rng.exponential(size=size),
    "lognormal": lambda rng, size: np.exp(rng.standard_normal(size)) - math.exp(0.5),
}


@pytest.mark.parametrize("shape", list(SKEWED))
def test_skewed_differences_are_wrong_in_at_most_five_of_a_hundred_studies(shape):
    studies = max(STUDIES, 1000)
    values = SKEWED[shape](np.random.default_rng(5), (studies, 64))
    wrong = sum(any(not (i := sequence_interval(row[:n])).lo <= 0 <= i.hi for n in LOOKS) for row in values)
    # 5 % and three standard errors of the number of studies.
    assert wrong <= studies * 0.05 + 3 * math.sqrt(studies * 0.05 * 0.95)


def test_skewed_differences_are_still_decided():
    rng = np.random.default_rng(6)
    values = (SKEWED["exponential"](rng, (300, 64)) + 1.0).tolist()
    told = sum(any(sequence_interval(np.array(row[:n])).lo > 0 for n in LOOKS) for row in values)
    assert told >= 0.95 * 300


def test_a_symmetric_sample_has_the_interval_of_the_sequence():
    values = np.array([-3.0, -1.0, 0.0, 0.5, 1.0, 2.0, 4.0, 5.0])
    values = np.concatenate([values, -values])
    half = t_boundary(16, 0.05) * values.std(ddof=1) / 4.0
    assert (sequence_interval(values).lo, sequence_interval(values).hi) == pytest.approx((-half, half))


def test_the_transformation_is_undone_exactly():
    for bound in (-4.0, -0.3, 0.0, 2.0, 7.5):
        for skewness in (-3.0, -0.2, 0.0, 1.7):
            t, a = unskewed(bound, skewness, 20), skewness / math.sqrt(20)
            assert t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6 == pytest.approx(bound, abs=1e-9)


def test_sequential_intervals_of_all_looks_together_miss_the_mean_in_at_most_five_of_a_hundred():
    rng = np.random.default_rng(7)
    values = rng.standard_normal((max(STUDIES, 4000), 400))
    counts = np.arange(8, 401)
    sums, squares = values.cumsum(1)[:, 7:], (values**2).cumsum(1)[:, 7:]
    sd = np.sqrt((squares - sums**2 / counts) / (counts - 1))
    t = np.abs(sums) / sd / np.sqrt(counts)
    missed = (t > np.array([t_boundary(int(n), 0.05) for n in counts])).any(axis=1).mean()
    ordinary = (t > 2.37).any(axis=1).mean()
    assert missed <= 0.05
    assert ordinary > 0.15, "looking at ordinary intervals again and again is wrong far more often"


@pytest.mark.parametrize("effect", [0.0, 0.8])
@pytest.mark.parametrize("tail", list(TAILS))
def test_intervals_of_one_look_cover_what_they_say(tail, effect):
    rng = np.random.default_rng(11)
    count = max(STUDIES, 4000)
    covered = (
        sum(
            found.lo <= effect <= found.hi
            for found in (interval_of(TAILS[tail](rng, 20) + effect) for _ in range(count))
        )
        / count
    )
    assert 0.935 <= covered <= 0.965


def test_the_smallest_setting_is_right_in_at_least_95_of_a_hundred_searches():
    rng = np.random.default_rng(5)
    names = [f"s{i}" for i in range(5)]
    questions = asked(search(names, 52.0), looks=LOOKS)
    right = 0
    for _ in range(STUDIES):
        day = rng.standard_normal(64) * 2.0
        (answer,) = play(questions, {name: 61.5 - 4.0 * i + day for i, name in enumerate(names)})  # 53.5 fails
        right += answer.verdict == "found" and answer.chosen.setting.variant == "s3"
    assert right >= 0.95 * STUDIES


def test_several_questions_together_are_wrong_in_at_most_five_of_a_hundred_studies():
    rng = np.random.default_rng(9)
    questions = asked(*(question(compare(second=f"b{i}"), id=f"q{i}") for i in range(4)), looks=LOOKS)
    wrong = 0
    for _ in range(STUDIES // 4):
        values = {"a": rng.standard_normal(64), **{f"b{i}": rng.standard_normal(64) for i in range(4)}}
        wrong += any(answer.decided for answer in play(questions, values))
    assert wrong <= 0.05 * (STUDIES // 4)
