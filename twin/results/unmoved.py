"""Figures that no variant of a study moves: the scenario cannot say what its measures do to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def unmoved(kpis: Mapping[str, NDArray[Any]], variants: Sequence[str]) -> dict[tuple[str, str], float]:
    """KPIs that are exactly the same in every variant, replication by replication.

    Parameters
    ----------
    kpis
        Columns of the KPI table of a study.
    variants
        Its variants.

    Returns
    -------
    dict
        (kpi, group) -> its mean. Nothing where there is one variant only; a KPI that is undefined anywhere, or absent
        from a variant, is left out.
    """
    found: dict[tuple[str, str], dict[tuple[str, int], dict[str, float]]] = {}
    columns = (kpis[name].tolist() for name in ("variant", "replication", "day", "kpi", "group", "value"))
    for variant, replication, day, kpi, group, value in zip(*columns, strict=True):
        found.setdefault((kpi, group), {}).setdefault((day, replication), {})[variant] = value
    out: dict[tuple[str, str], float] = {}
    if len(variants) < 2:
        return out
    for key, pairs in found.items():
        same = all(
            all(name in values for name in variants) and len({values[name] for name in variants}) == 1
            for values in pairs.values()
        )
        each = [values[variants[0]] for values in pairs.values()] if same else []
        if each and not any(np.isnan(each)):
            out[key] = float(np.mean(each))
    return out
