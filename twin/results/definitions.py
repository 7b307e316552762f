"""Shares that depend more on who is counted than on what is done: said beside the answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from twin.kpi import KpiInfo
from twin.results.answers import Answer, Figures


@dataclass(frozen=True)
class Recount:
    """What a share would be if some groups were left out.

    Attributes
    ----------
    kpi
        The share.
    left_out
        One or two groups: those that move it most.
    counted, otherwise
        The share of the first variant as it is counted, and without them.
    moved
        Largest difference of its mean between two variants that are asked about.
    """

    kpi: str
    left_out: tuple[str, ...]
    counted: float
    otherwise: float
    moved: float


def recounts_of(answer: Answer, figures: Figures, infos: Mapping[str, KpiInfo]) -> tuple[Recount, ...]:
    """Shares asked about that leaving out one or two groups moves more than any variant does.

    Parameters
    ----------
    answer
        To a question; figures of one variant only have no measure to be held against.
    figures
        What the runs gave, the heads behind the share among them.
    infos
        Figures and what they are shares of.
    """
    variants, out = answer.question.variants, []
    for kpi in dict.fromkeys(check.kpi for check in answer.question.checks if check.group == "all"):
        info = infos.get(kpi)
        if info is None or info.share_of is None or len(variants) < 2:
            continue
        means = [_mean(figures, variant, kpi, "all") for variant in variants]
        found = _farthest(figures, variants[0], *info.share_of)
        moved = max(means) - min(means)
        if found is not None and abs(found[1] - means[0]) > moved:
            out.append(Recount(kpi, found[0], means[0], found[1], moved))
    return tuple(out)


def _farthest(figures: Figures, variant: str, part: str, whole: str) -> tuple[tuple[str, ...], float] | None:
    """Groups whose absence moves a share most, and the share without them; None unless the groups add up to all."""
    heads = {
        group: (_mean(figures, variant, part, group), _mean(figures, variant, whole, group))
        for group in ("all", *figures.groups(whole))
    }
    parts, wholes = heads.pop("all")
    kept = {group: (0.0 if math.isnan(a) else a, b) for group, (a, b) in heads.items() if not math.isnan(b)}
    if not kept or not math.isclose(sum(b for _, b in kept.values()), wholes, rel_tol=1e-6):
        return None
    without = {}
    for groups in (*combinations(kept, 1), *combinations(kept, 2)):
        left = wholes - sum(kept[group][1] for group in groups)
        if left > 1e-6 * wholes:
            without[groups] = (parts - sum(kept[group][0] for group in groups)) / left
    if not without:
        return None
    groups = max(without, key=lambda each: abs(without[each] - parts / wholes))
    return groups, without[groups]


def _mean(figures: Figures, variant: str, kpi: str, group: str) -> float:
    values = figures.of(variant, kpi, group)
    return float(np.nanmean(values)) if not np.isnan(values).all() else math.nan
