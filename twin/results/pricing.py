"""Money and carbon: paired differences of figures times prices of a pack. Pure functions.

A benefit is what the second variant saves against the first, or gains where more is better. What is not simulated, or
has no price in the pack, is listed as not priced and is never 0. Fees that one party pays another are transfers: shown,
not summed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.kpi import KpiInfo, Price
from twin.results.answers import Figures
from twin.results.days import Days, run_name
from twin.results.pack import UNITS, Item, Money
from twin.results.verdicts import interval_of

#: Item of what changes hands only.
TRANSFER = "transfer"
#: Costs and benefits are both moved by this share, as appraisal manuals ask.
MOVED = 0.2


def present_value(yearly: float, rate: float, years: int) -> float:
    """Value today of an amount at the end of each of so many years."""
    return yearly * (float(years) if rate == 0 else (1.0 - (1.0 + rate) ** -years) / rate)


def price_study(
    kpis: Mapping[str, NDArray[Any]],
    pairs: Sequence[tuple[str, str]],
    replications: int,
    money: Money,
    costs: Mapping[str, Mapping[str, float]],
    days: Days,
    infos: Mapping[str, KpiInfo],
) -> dict[str, Any]:
    """Price every pair of variants.

    Parameters
    ----------
    kpis
        Columns of the KPI table.
    pairs
        (first, second) names of variants.
    replications
        Number of replications.
    money
        The pack.
    costs
        Variant -> ``build_yen`` and ``upkeep_yen_per_year`` of its measures.
    days
        Kinds of day; each is priced by itself and weighed by its days, and the year is the sum of the weights.
    infos
        Every KPI by name, with what it is priced as.
    """
    pack = money.pack
    table = Figures(kpis, replications)
    year = days.total_days if days else money.days_per_year
    return {
        "pack": {
            "id": pack.id,
            "title": dict(pack.title),
            "issued": pack.issued,
            "price_year": pack.price_year,
            "page": pack.page,
            "sha256": money.sha256,
        },
        "days_per_year": year,
        "pairs": [_pair(table, a, b, money, costs, days, infos, year) for a, b in pairs],
    }


def _pair(
    table: Figures,
    first: str,
    second: str,
    money: Money,
    costs: Mapping[str, Mapping[str, float]],
    days: Days,
    infos: Mapping[str, KpiInfo],
    year: float | None,
) -> dict[str, Any]:
    pack = money.pack
    rows, missing, transfers = [], [], []
    sums: dict[str, Floats] = {}
    for info in infos.values():
        for price in info.prices:
            item = pack.items.get(price.item)
            seen = _weighed(table, first, second, days, info, price, _ONE, "all")
            if seen is None:
                continue  # not simulated
            if price.item == TRANSFER:
                transfers.append({"kpi": info.name, **_interval(seen)})
                continue
            worth = None if item is None else _weighed(table, first, second, days, info, price, item, "all")
            if item is None or worth is None:
                saved = {"saved_per_day": _interval(seen), "unit": info.unit}
                missing.append({"kpi": info.name, "item": price.item, **saved})
                continue
            sums[item.block] = sums.get(item.block, np.zeros(len(worth))) + worth
            rows.append(
                {
                    "kpi": info.name,
                    "item": price.item,
                    "block": item.block,
                    "price": item.value,
                    "unit": item.unit,
                    "grade": item.grade,
                    "source": item.source,
                    **_interval(worth),
                    "range": _ranged(worth, item),
                    "groups": _groups(table, first, second, days, info, price, item),
                }
            )
    out: dict[str, Any] = {
        "first": first,
        "second": second,
        "per_day_yen": rows,
        "not_priced": missing,
        "transfers": transfers,
        "benefit_per_day": {block: _interval(values) for block, values in sums.items()},
    }
    return {**out, **_appraised(sums.get("manual"), money, _added(costs, first, second), year)}


def _appraised(
    benefit: Floats | None, money: Money, cost: tuple[float, float] | None, year: float | None
) -> dict[str, Any]:
    """Yearly and present values; null where the pack or the scenario does not say what they need."""
    pack = money.pack
    yearly = None if benefit is None or year is None else benefit * year
    out: dict[str, Any] = {
        "benefit_per_year": None if yearly is None else _interval(yearly),
        "cost": None if cost is None else {"build_yen": cost[0], "upkeep_yen_per_year": cost[1]},
        "present_value": None,
    }
    if yearly is None or pack.discount_rate is None or pack.life_years is None:
        return out
    rate, life = pack.discount_rate.value, int(pack.life_years.value)
    of_one = present_value(1.0, rate, life)
    values = yearly * of_one
    found: dict[str, Any] = {"rate": rate, "life_years": life, "benefit": _interval(values)}
    if cost is not None:
        spent = cost[0] + cost[1] * of_one
        mean = float(np.nanmean(values)) if np.isfinite(values).any() else math.nan
        found |= {
            "cost": _number(spent),
            "net": _number(mean - spent),
            "ratio": _number(mean / spent) if spent > 0 else None,
            "moved": [
                {"benefit": b, "cost": c, "net": _number(b * mean - c * spent), "ratio": _ratio(b * mean, c * spent)}
                for b in (1 - MOVED, 1.0, 1 + MOVED)
                for c in (1 - MOVED, 1.0, 1 + MOVED)
            ],
        }
    return {**out, "present_value": found}


def _ratio(benefit: float, cost: float) -> float | None:
    return _number(benefit / cost) if cost > 0 else None


def _added(costs: Mapping[str, Mapping[str, float]], first: str, second: str) -> tuple[float, float] | None:
    """Build and upkeep of the second variant beyond the first; None where no measure of either has a cost."""
    if not costs.get(first) and not costs.get(second):
        return None
    a, b = costs.get(first, {}), costs.get(second, {})
    build, upkeep = (b.get(k, 0.0) - a.get(k, 0.0) for k in ("build_yen", "upkeep_yen_per_year"))
    return build, upkeep


#: The amount itself, without a price.
_ONE = "amount"


def _quantity(table: Figures, variant: str, kpi: str, price: Price, group: str) -> Floats | None:
    """What is priced: the figure, times another one where it is a mean per head; None where it is not given."""
    own = table.of(variant, kpi, group)
    if not price.times:
        return None if np.isnan(own).all() else own
    heads = table.of(variant, price.times, group)
    # A mean over nobody is worth nothing; heads that are not given are no figure at all.
    return None if np.isnan(heads).all() else np.where(heads == 0, 0.0, own * heads)


def _weighed(
    table: Figures, first: str, second: str, days: Days, info: KpiInfo, price: Price, item: Item | str, group: str
) -> Floats | None:
    """What the second variant saves or gains a day; of several kinds of day each by itself, then weighed by days."""
    if not days:
        return _worth(table, first, second, info, price, item, group)
    parts = []
    for kind in days.kinds:
        before, after = (run_name(v, kind.name) for v in (first, second))
        parts.append((kind.weight_days, _worth(table, before, after, info, price, item, group)))
    there = [weight * worth for weight, worth in parts if worth is not None]
    return sum(there[1:], there[0]) / days.total_days if there else None


def _worth(
    table: Figures, first: str, second: str, info: KpiInfo, price: Price, item: Item | str, group: str
) -> Floats | None:
    """Yen that the second variant saves or gains a day; None where the unit of the price is of something else."""
    before, after = (_quantity(table, v, info.name, price, group) for v in (first, second))
    if before is None or after is None:
        return None
    if info.better == "higher":
        before, after = -before, -after
    if isinstance(item, str):
        return np.asarray(before - after, np.float64)
    factor = UNITS[item.unit].get(info.unit)
    if factor is None:
        return None
    if item.by_speed_kmh is None:
        return np.asarray((before - after) * factor * float(item.value or 0.0), np.float64)
    if not price.speed:
        return None
    points = sorted(item.by_speed_kmh.items())
    x, y = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    rates = [np.interp(3.6 * table.of(v, price.speed, group), x, y) for v in (first, second)]
    # Where nothing was driven there is no speed, and no cost.
    paid = [np.where(q == 0, 0.0, q * rate) for q, rate in zip((before, after), rates, strict=True)]
    return np.asarray((paid[0] - paid[1]) * factor, np.float64)


def _groups(
    table: Figures, first: str, second: str, days: Days, info: KpiInfo, price: Price, item: Item
) -> dict[str, Any]:
    out = {}
    for group in table.groups(info.name):
        worth = _weighed(table, first, second, days, info, price, item, group)
        if worth is not None and not np.isnan(worth).all():
            out[group] = _interval(worth)
    return out


def _ranged(worth: Floats, item: Item) -> list[float | None] | None:
    if item.range is None or not item.value:
        return None
    mean = interval_of(worth).mean
    ends = sorted(mean * end / item.value for end in item.range)
    return [_number(end) for end in ends]


def _interval(values: Floats) -> dict[str, Any]:
    found = interval_of(values)
    return {"mean": _number(found.mean), "lo": _number(found.lo), "hi": _number(found.hi), "n": found.n}


def _number(value: float) -> float | None:
    return float(f"{value:.12g}") if math.isfinite(value) else None


__all__ = ["TRANSFER", "present_value", "price_study"]
