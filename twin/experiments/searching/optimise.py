"""Search for the best setting: Optuna proposes, ranking and selection chooses.

What a sampler calls best is the luckiest of many; the last word therefore belongs to fresh paired replications of the
finalists, with a stated chance of being right.
"""

from __future__ import annotations

import math
from typing import Any

from twin.experiments.extras import needed
from twin.experiments.searching.policies import Batch, Policy, Values, every, mean_of, number, select_best
from twin.results.searched import Axis, Point, Search

#: Trials proposed together: a number of its own, never that of the workers, which would change what is proposed.
_TOGETHER = 8


def optimise(search: Search) -> Policy:
    """Propose in batches by a tree-structured Parzen estimator, then choose among the best by KN.

    References
    ----------
    Bergstra, Bardenet, Bengio and Kégl (2011), NIPS 24. Kim and Nelson (2001), ACM TOMACS 11(3).
    """
    optuna = needed("optuna", "search")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    figure = search.figures[0]
    lower = figure.better != "higher"
    sampler = optuna.samplers.TPESampler(seed=search.seed % 2**32, constant_liar=True, n_startup_trials=_TOGETHER)
    study = optuna.create_study(sampler=sampler, direction="minimize" if lower else "maximize")
    points: dict[str, Point] = {}
    best: dict[str, float] = {}
    counts: dict[str, int] = {}
    values: Values | None = None
    while len(study.trials) < search.trials:
        asked = []
        for _ in range(min(_TOGETHER, search.trials - len(study.trials))):
            trial = study.ask()
            changes = {axis.key: _suggested(trial, axis) for axis in search.axes}
            name = next((p.name for p in points.values() if p.changes == changes), f"p{len(points):05d}")
            points.setdefault(name, Point(name=name, changes=changes))
            asked.append((trial, points[name]))
        fresh = [p for p in dict.fromkeys(p.name for _, p in asked) if p not in counts]
        counts.update(dict.fromkeys(fresh, search.replications))
        batch: Batch = every([points[name] for name in fresh], search.replications)
        if batch or values is None:
            values = yield batch
        for trial, point in asked:
            mean = mean_of(values.of(point, figure))
            if math.isnan(mean):
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
                continue
            best[point.name] = mean
            study.tell(trial, mean)
    ranked = sorted(best, key=lambda name: (best[name] if lower else -best[name], name))
    if not ranked or values is None:
        return {**figure.model_dump(), "chosen": None, "decided": False, "trials": len(study.trials)}
    finalists = [points[name] for name in ranked[: search.finalists]]
    chosen: dict[str, Any] = yield from select_best(search, finalists, counts, values, sum(counts.values()))
    return {
        **figure.model_dump(),
        **chosen,
        "trials": len(study.trials),
        "points": len(points),
        "delta": search.delta,
        "tried": [{"point": name, "setting": points[name].text, "mean": number(best[name])} for name in ranked],
        "method": "Optuna TPE; Kim and Nelson (2001) among the finalists",
    }


def _suggested(trial: Any, axis: Axis) -> str | int | float | bool:
    if axis.values:
        return axis.values[trial.suggest_categorical(axis.key, list(range(len(axis.values))))]
    if axis.whole:
        return axis.written(trial.suggest_int(axis.key, math.ceil(axis.low), math.floor(axis.high)))
    return axis.written(trial.suggest_float(axis.key, axis.low, axis.high))
