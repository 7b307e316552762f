"""The city of a scenario as a model that Mesa's own tools drive: made from keywords, batched, collected.

::

    model = twin.CityModel.from_scenario("ikuno-fleet.yaml", changes={"transit.fleet.count": 12})
    model.run_model()
    model.datacollector.get_model_vars_dataframe()

    mesa.batch_run(twin.CityModel, {"scenario": "ikuno-fleet.yaml", "replication": range(5),
                                    "transit.fleet.count": [8, 12]}, max_steps=100_000)

Studies of many runs are better made by ``twin.run``: on all cores, resumable, kept in folders, compared by pairs.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mesa import Agent, DataCollector

from twin import api
from twin.engine import city_model
from twin.engine.sim_model import SimModel
from twin.models import registry
from twin.results.kpis import compute_all, infos
from twin.results.recorder import Columns, Recorder
from twin.running.books import ledger_columns, ledger_rows
from twin.running.building import setting_of
from twin.running.checkpoints import COLLECT_STEPS, collect
from twin.scenario.language.variants import params_with_changes
from twin.scenario.plan.plan import Plan, models_json

if TYPE_CHECKING:
    from twin.api import PathLike
    from twin.kpi import Kpi
    from twin.scenario.language.schema import Scenario


#: Part -> whatever makes its agent.
Agents = Mapping[str, Callable[..., Agent]]


class CityModel(city_model.CityModel):
    """One run of a scenario as a Mesa model; ``run_model()`` comes back when the run is over.

    Parameters
    ----------
    scenario
        The YAML file, or what :func:`twin.load` gave.
    variant
        One of its variants; the first by default.
    replication
        Which luck, from 0. Mesa's ``seed`` has no part in it: to repeat, take another replication.
    agents
        Agents in place of those that decide in the models: part -> subclass, for example
        ``{"terminal.gate_operator": MyOperator}``; ``model.cast.parts`` names all parts. See docs/agents.md.
    **changes
        Dotted keys as in a scenario file, for example ``**{"transit.fleet.count": 12}``.

    Attributes
    ----------
    datacollector
        After every step: ``model.account.entry`` of the ledger (entered, inside, left, received, handed_over) and
        the headline KPIs, which are nan until the run is over.
    kpis
        All KPIs once the run is over; empty before.
    tables
        All tables once the run is over, table -> column -> (n,) array; empty before.

    Raises
    ------
    ScenarioError
        If the scenario or a change is wrong, or an agent does not fit its part.
    """

    def __init__(
        self,
        scenario: PathLike | Scenario,
        variant: str | None = None,
        replication: int = 0,
        agents: Agents | None = None,
        **changes: Any,
    ) -> None:
        loaded = api.load(scenario) if isinstance(scenario, str | os.PathLike) else scenario
        plan, city = api.plan_and_city(loaded)
        name = variant or plan.variants[0]
        plan = _changed(plan, name, changes)
        self._models: Sequence[str] = list(plan.variant(name)["models"])
        self._recorder = Recorder()
        self.kpis: list[Kpi] = []
        self.tables: dict[str, Columns] = {}
        models, rest = setting_of(plan, name, replication, city)
        super().__init__(models, agents=agents, **rest)
        self._headlines = {info.name: math.nan for info in infos().values() if info.headline and self._gives(info.name)}
        self._entries = _entries(self.sim_models)
        self.datacollector = DataCollector(
            model_reporters={
                **{entry: _reads("_entries", entry) for entry in self._entries},
                **{kpi: _reads("_headlines", kpi) for kpi in self._headlines},
            }
        )

    @classmethod
    def from_scenario(
        cls,
        scenario: PathLike | Scenario,
        variant: str | None = None,
        replication: int = 0,
        *,
        changes: Mapping[str, Any] | None = None,
        agents: Agents | None = None,
    ) -> CityModel:
        """Make the model of one run; arguments as of the class, changes in one mapping."""
        return cls(scenario, variant, replication, agents, **(changes or {}))

    def step(self) -> None:
        """Advance every model to the next common instant, and collect; the last step closes tables and KPIs."""
        super().step()
        if self.clock.tick % COLLECT_STEPS == 0:
            collect(self, self._recorder)
        if not self.running and not self.tables:
            self._close_books()
        self._entries = _entries(self.sim_models)
        self.datacollector.collect(self)

    def _close_books(self) -> None:
        self.finish()
        collect(self, self._recorder)
        self._recorder.collect({"ledger": ledger_columns(ledger_rows(self))})
        self.tables = self._recorder.finished()
        self.kpis = compute_all(self.tables, self._models)
        self._headlines.update(
            {kpi.kpi: kpi.value for kpi in self.kpis if kpi.group == "all" and kpi.kpi in self._headlines}
        )

    def _gives(self, kpi: str) -> bool:
        modules = (registry.kpi_module(name) for name in self._models)
        return any(kpi == info.name for module in modules if module is not None for info in module.INFOS)


def _changed(plan: Plan, variant: str, changes: Mapping[str, Any]) -> Plan:
    """The plan with further changes of one variant's parameters."""
    entry = plan.variant(variant)
    if not changes:
        return plan
    params = params_with_changes(entry["resolved"], changes)
    return Plan({**plan.content, "variants": [{**entry, "models": models_json(params)}]}, plan.tables)


def _entries(sim_models: Sequence[SimModel]) -> dict[str, int]:
    """Every entry of the ledger by ``model.account.entry``; ``left`` over all reasons."""
    out: dict[str, int] = {}
    for sim_model in sim_models:
        for account in sim_model.accounts():
            counts = {
                "entered": account.entered,
                "inside": account.inside,
                "left": sum(account.left.values()),
                "received": account.received,
                "handed_over": account.handed_over,
            }
            out.update({f"{sim_model.name}.{account.name}.{entry}": int(n) for entry, n in counts.items()})
    return out


def _reads(of: str, key: str) -> Any:
    """A reporter of one number that the model holds."""
    return lambda model: getattr(model, of)[key]
