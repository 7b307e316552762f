"""How often intervals cover and verdicts are wrong: ``python -m tests.verification.coverage 1000``.

Studies of up to 64 pairs with a known effect, in units of the deviation of one difference, that are looked at again
and again until they are decided. Each line: how often the verdict was wrong, how often it was given, and how often
each kind of interval covered the effect at the stop: the one of the sequence, which verdicts rest on; the one of a
figure by itself; and Student's, which does not know that one looked. Then the same of studies whose number of pairs
was stated.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable

import numpy as np

from tests.unit.results.asking import asked, compare, figures, question
from twin.results.answers import answer_all, is_settled
from twin.results.asked import looks_until
from twin.results.verdicts import interval_of

LOOKS = looks_until(64)
#: Student's with 3 degrees of freedom, as one day in hundreds that goes astray makes differences.
TAILS: dict[str, Callable] = {
    "normal": lambda rng, n: rng.standard_normal(n),
    "t3": lambda rng, n: rng.standard_t(3, n) / math.sqrt(3.0),
}
#: Tail, effect, size that matters, and the verdict that is right; null studies first, then known effects.
STUDIES = [
    ("normal", 0.0, 0.0, "practically the same"),
    ("normal", 0.0, 0.7, "practically the same"),
    ("t3", 0.0, 0.0, "practically the same"),
    ("normal", -0.4, 0.0, "better"),
    ("normal", -0.7, 0.0, "better"),
    ("normal", 1.2, 0.5, "worse"),
    ("normal", -0.45, 0.5, "practically the same"),
    ("normal", -2.0, 0.0, "better"),
    ("t3", -0.7, 0.0, "better"),
]


def play(questions, values):
    """Answers of a study that is looked at until it is settled, and the number of pairs."""
    for pairs in questions.looks:
        answers = answer_all(questions, figures({k: v[:pairs] for k, v in values.items()}, pairs=pairs))
        if is_settled(answers, 0.0):
            break
    return answers, pairs


def studies(count, tail, effect, matters, right, seed=20261130):
    """Shares over studies that are looked at again and again: wrong, told, covered by each kind of interval."""
    rng, questions = np.random.default_rng(seed), asked(question(compare(bound=matters)), looks=LOOKS)
    sums = dict.fromkeys(("wrong", "told", "sequence", "alone", "student", "pairs"), 0.0)
    for _ in range(count):
        day = rng.standard_normal(LOOKS[-1]) * 5.0
        change = effect + TAILS[tail](rng, LOOKS[-1])
        (answer,), pairs = play(questions, {"a": 50 + day, "b": 50 + day + change})
        (row,) = answer.rows
        sums["told"] += answer.decided
        sums["wrong"] += answer.decided and answer.verdict != right
        sums["pairs"] += pairs
        for kind, found in (("sequence", row.interval), ("alone", row.alone), ("student", interval_of(row.values))):
            sums[kind] += found.lo <= effect <= found.hi
    return {name: total / count for name, total in sums.items()}


def stated(count, tail, effect, pairs=20, seed=11):
    """Share of studies of a stated number of pairs whose interval covers the effect."""
    rng = np.random.default_rng(seed)
    found = (interval_of(TAILS[tail](rng, pairs) + effect) for _ in range(count))
    return sum(one.lo <= effect <= one.hi for one in found) / count


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for each in STUDIES:
        said = {name: round(value, 4) for name, value in studies(number, *each).items()}
        print(json.dumps({"tail": each[0], "effect": each[1], "matters": each[2], **said}), flush=True)
    for tail in TAILS:
        for effect in (0.0, 0.8):
            print(json.dumps({"stated": 20, "tail": tail, "effect": effect, "student": stated(number, tail, effect)}))
