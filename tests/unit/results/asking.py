"""Small studies by hand: figures of made-up runs, and questions about them."""

from __future__ import annotations

import numpy as np

from twin.results.answers import Figures
from twin.results.asked import Check, Question, Questions, Setting

KPI, UNIT = "terminal.wait_mean_min", "min"


def figures(values, kpi=KPI, group="all", pairs=None):
    """Figures from {variant: [value per replication]}."""
    return Figures(columns(values, kpi, group), pairs or max(len(v) for v in values.values()))


def columns(values, kpi=KPI, group="all"):
    rows = [(name, r, x) for name, xs in values.items() for r, x in enumerate(xs)]
    return {
        "variant": np.array([r[0] for r in rows]),
        "kpi": np.full(len(rows), kpi),
        "group": np.full(len(rows), group),
        "replication": np.array([r[1] for r in rows], np.int32),
        "value": np.array([r[2] for r in rows], float),
    }


def compare(first="a", second="b", **given):
    return Check(
        **{"role": "compare", "kpi": KPI, "unit": UNIT, "first": first, "second": second, "better": "lower", **given}
    )


def limit(second, bound, better="lower", **given):
    return Check(
        **{"role": "limit", "kpi": KPI, "unit": UNIT, "second": second, "better": better, "bound": bound, **given}
    )


def question(*checks, **given):
    return Question(
        **{
            "id": "q",
            "ask": {"ja": "問い", "en": "a question"},
            "checks": list(checks),
            "confidence": 0.95,
            "most_pairs": 64,
            **given,
        }
    )


def search(names, bound, **given):
    return question(
        *(limit(name, bound) for name in names),
        wanted="smallest",
        key="a.key",
        settings=[Setting(variant=name, text=name) for name in names],
        **given,
    )


def asked(*questions, looks=(8, 64)):
    return Questions(listed=list(questions), looks=list(looks))
