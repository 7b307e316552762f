"""Small counts that what is published must not show, and the rows that would tell them by subtraction. Pure functions.

The tables of the study stay as they are. What is exported, reported or drawn leaves out a figure of a group, in every
variant and on every kind of day, as soon as it is a count below the bound anywhere; what remains would otherwise tell
it, variant from variant or day from year. Where the other groups of its kind add up with it to all, the smallest of
them is left out too. A mean or a share of a group is left out where the whole group is that small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.kpi import KpiInfo

#: Units of figures that count bodies or what somebody did.
_COUNTS = frozenset({"people", "drivers", "requests", "trucks", "vehicles", "vans", "trips", "stays", "riders"})
#: Groups of one figure that are tried together; kinds of groups have fewer.
_MOST_GROUPS, _MOST_TOGETHER = 14, 8

Cell = tuple[str, str]


@dataclass(frozen=True)
class Masked:
    """What is left out.

    Attributes
    ----------
    smallest
        Counts above 0 and below it are small; 0 where nothing is masked.
    small, complementary
        (figure, group) that are too small, and that would tell a small one by subtraction.
    """

    smallest: float = 0.0
    small: frozenset[Cell] = frozenset()
    complementary: frozenset[Cell] = frozenset()

    def hides(self, kpi: str, group: str) -> bool:
        """Whether a figure of a group is left out."""
        return (kpi, group) in self.small or (kpi, group) in self.complementary

    def hides_count(self, count: float) -> bool:
        """Whether a single count is small."""
        return 0 < count < self.smallest

    @property
    def rows(self) -> int:
        """How many figures of groups are left out."""
        return len(self.small | self.complementary)


def masked_of(plan: Mapping[str, Any], kpis: Mapping[str, NDArray[Any]], infos: Mapping[str, KpiInfo]) -> Masked:
    """What a plan's ``output.privacy`` leaves out of a study's figures; nothing where it says nothing.

    Parameters
    ----------
    plan
        The resolved scenario.
    kpis
        Columns of ``kpis.parquet``.
    infos
        Every KPI by name.
    """
    wanted = (plan.get("output") or {}).get("privacy") or {}
    smallest = float(wanted.get("smallest_cell", 0.0))
    if smallest <= 0:
        return Masked()
    runs = _by_run(kpis)
    means = _least_and_most(runs)
    counts = {cell for cell in means if _is_count(cell[0], infos)}
    small = {cell for cell in counts if cell[1] != "all" and means[cell][0] < smallest}
    complementary = _complement(small, runs, means, infos)
    # The heads of a group are its largest count: where these are few, its means and shares tell of few.
    for model, group in {(kpi.partition(".")[0], group) for kpi, group in means if group != "all"}:
        own = [cell for cell in means if cell[0].startswith(f"{model}.") and cell[1] == group]
        heads = max((means[cell][1] for cell in own if cell in counts), default=np.inf)
        if 0 < heads < smallest:
            small |= set(own)
    return Masked(smallest, frozenset(small), frozenset(complementary - small))


def _is_count(kpi: str, infos: Mapping[str, KpiInfo]) -> bool:
    return kpi in infos and infos[kpi].unit in _COUNTS


def _by_run(kpis: Mapping[str, NDArray[Any]]) -> dict[Cell, dict[tuple[str, str, int], float]]:
    """(figure, group) -> (variant, day, replication) -> value."""
    out: dict[Cell, dict[tuple[str, str, int], float]] = {}
    columns = (kpis[name].tolist() for name in ("kpi", "group", "variant", "day", "replication", "value"))
    for kpi, group, variant, day, replication, value in zip(*columns, strict=True):
        if value == value:
            out.setdefault((kpi, group), {})[(variant, day, replication)] = value
    return out


def _least_and_most(runs: Mapping[Cell, Mapping[tuple[str, str, int], float]]) -> dict[Cell, tuple[float, float]]:
    """(figure, group) -> least mean above 0 and greatest mean of any variant and kind of day."""
    out = {}
    for cell, values in runs.items():
        sums: dict[tuple[str, str], list[float]] = {}
        for (variant, day, _), value in values.items():
            sums.setdefault((variant, day), []).append(value)
        means = [sum(own) / len(own) for own in sums.values()]
        out[cell] = (min((m for m in means if m > 0), default=np.inf), max(means))
    return out


def _complement(
    small: set[Cell],
    runs: Mapping[Cell, Mapping[tuple[str, str, int], float]],
    means: Mapping[Cell, tuple[float, float]],
    infos: Mapping[str, KpiInfo],
) -> set[Cell]:
    """Rows that would tell a small one, being all that is missing from the sum of its kind."""
    out: set[Cell] = set()
    for kpi in sorted({kpi for kpi, _ in small if infos[kpi].additive}):
        total = runs.get((kpi, "all"))
        groups = sorted(group for name, group in runs if name == kpi and group != "all")
        if total is None or len(groups) > _MOST_GROUPS:
            # Kinds of groups cannot be told apart: every group goes.
            out |= {(kpi, group) for group in groups} if total is not None else set()
            continue
        for kind in _kinds(kpi, groups, runs, total):
            hidden = [group for group in kind if (kpi, group) in small | out]
            left = [group for group in kind if group not in hidden and means[(kpi, group)][1] > 0]
            if len(hidden) == 1 and left:
                out.add((kpi, min(left, key=lambda group: (means[(kpi, group)][1], group))))
    return out


def _kinds(
    kpi: str,
    groups: list[str],
    runs: Mapping[Cell, Mapping[tuple[str, str, int], float]],
    total: Mapping[tuple[str, str, int], float],
) -> list[tuple[str, ...]]:
    """Groups that add up to all in every run: the kinds in which the figure is told."""
    keys = sorted(total)
    wanted = np.array([total[key] for key in keys])
    columns = {group: np.array([runs[(kpi, group)].get(key, 0.0) for key in keys]) for group in groups}
    tried = (kind for size in range(1, min(len(groups), _MOST_TOGETHER) + 1) for kind in combinations(groups, size))
    return [k for k in tried if np.allclose(sum(columns[group] for group in k), wanted, rtol=1e-9, atol=1e-6)]


def masked_counts(counts: list[int], masked: Masked) -> list[bool]:
    """Which counts of one account are left out: small ones, and where there is one of them, the next smallest."""
    hidden = [masked.hides_count(count) for count in counts]
    if sum(hidden) == 1:
        left = [(count, nth) for nth, count in enumerate(counts) if count > 0 and not hidden[nth]]
        if left:
            hidden[min(left)[1]] = True
    return hidden
