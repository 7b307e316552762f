"""What a study comes to in money, by the pack of its plan or by another one; nothing is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twin.results.kpis import infos
from twin.results.pack import Money
from twin.results.pricing import price_study
from twin.results.recorder import Columns
from twin.scenario.plan.plan import Plan


def priced(
    plan: Plan, kpis: Columns, replications: int, money: Money, pairs: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """Price the pairs of a study; the first variant with each other one if none are named."""
    names = plan.compared
    made = {v.get("of") or v["name"] for v in plan.content["variants"] if v.get("setting")}
    chosen = list(pairs) or [(names[0], name) for name in names[1:] if name not in made]
    return price_study(kpis, chosen, replications, money, plan.costs, plan.days, infos())
