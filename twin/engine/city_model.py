"""One city, one clock, one Mesa model.

Whoever knows Mesa can build a :class:`CityModel`, step it, look at ``model.agents``, select and group them.
One :meth:`CityModel.step` takes every model of the city to the next common instant, in the fixed order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import get_args

import mesa
import numpy as np
from mesa import Agent
from mesa.space import NetworkGrid

from twin.engine.cast import Cast
from twin.engine.channels import Channels
from twin.engine.clock import Clock, clock_text
from twin.engine.ledger import Account, check_accounts, check_channels
from twin.engine.row_kinds import Body
from twin.engine.sim_model import SimModel, Stage, State
from twin.engine.space import Streets, make_space
from twin.errors import ScenarioError


class CityModel(mesa.Model):
    """The city as a Mesa model.

    Parameters
    ----------
    sim_models
        The models, in the fixed order of ``twin.models.registry``.
    start_s, end_s
        Start of the clock; after ``end_s`` no new demand enters.
    latest_s
        When the run ends at the latest; without it, at ``end_s``.
    until_empty
        Whether it goes on after ``end_s`` until nobody is inside, at most until ``latest_s``.
    step_s
        Length of a step.
    run_seed
        Seed of the keyed draws. Mesa's own generators are seeded too, but no model of the twin uses them.
    trace_share
        Share of bodies whose path is recorded.
    agents
        Agents in place of those of the models: part -> class; see :class:`twin.engine.cast.Cast`.
    drive
        Streets on which agents have their places, for :attr:`space`.

    Raises
    ------
    ScenarioError
        If the step is longer than the shortest lead of a feedback loop, or nobody here has a part that is given.
    """

    def __init__(
        self,
        sim_models: Sequence[SimModel],
        *,
        start_s: float,
        end_s: float,
        step_s: float,
        run_seed: np.uint64,
        trace_share: float = 0.0,
        latest_s: float | None = None,
        until_empty: bool = False,
        agents: Mapping[str, Callable[..., Agent]] | None = None,
        drive: Streets | None = None,
    ) -> None:
        super().__init__(rng=int(run_seed))
        self.clock = Clock(start_s, step_s)
        self.end_s = float(end_s)
        self.latest_s = self.end_s if latest_s is None else float(latest_s)
        self._until_empty = until_empty
        self.sim_models = tuple(sim_models)
        self.channels = Channels([m.name for m in sim_models], start_s)
        self.cast = Cast(agents)
        self.drive = drive
        self._space: NetworkGrid | None = None
        stage = Stage(self, self.channels, run_seed, start_s, end_s, trace_share, self.cast)
        for sim_model in self.sim_models:
            sim_model.begin(stage)
        self.cast.check()
        # Only now each model knows whom it sends to.
        _check_leads(sim_models, step_s)
        # Who is inside at the start is counted when the first step begins: a check only begins, and to work it out may
        # take long.
        self._is_counted = False
        self.running = not self.is_over()

    def __repr__(self) -> str:
        return f"<CityModel at {clock_text(self.now_s)}: {', '.join(m.name for m in self.sim_models)}>"

    @property
    def now_s(self) -> float:
        """The instant every model has reached."""
        return self.clock.now_s

    def step(self) -> None:
        """Advance every model to the next common instant, then check the ledger."""
        if not self._is_counted:
            self.check_ledger()
        until_s = self.clock.next_s
        for sim_model in self.sim_models:
            sim_model.advance(until_s)
            self.channels.reached(sim_model.name, until_s)
        self.clock.tick += 1
        self.check_ledger()
        self.running = not self.is_over()

    def is_over(self) -> bool:
        """Whether the run has come to its end; Mesa's ``running`` says the opposite, and ``run_model`` goes by it."""
        now_s = self.clock.now_s
        if now_s < self.end_s:
            return now_s >= self.latest_s
        return now_s >= self.latest_s or not self._until_empty or self.is_empty()

    def finish(self) -> None:
        """Let every model close what is still open in its tables; called once, when the run is over."""
        for sim_model in self.sim_models:
            sim_model.finish()

    def is_empty(self) -> bool:
        """Whether nobody is inside any model or under way between two."""
        return all(m.is_empty() for m in self.sim_models) and self.channels.bodies_under_way() == 0

    def check_ledger(self) -> None:
        """Check that nobody is lost, in each model and between them.

        Raises
        ------
        EngineError
            Naming the model, the account and the instant.
        """
        self._is_counted = True
        every: list[Account] = []
        for sim_model in self.sim_models:
            accounts = sim_model.accounts()
            check_accounts(sim_model.name, accounts, self.now_s)
            every.extend(accounts)
        bodies: tuple[Body, ...] = get_args(Body)
        check_channels(every, {body: self.channels.bodies_under_way(body) for body in bodies}, self.now_s)

    def state(self) -> State:
        """The whole state of the run as arrays."""
        out: State = {"clock/tick": np.array([self.clock.tick], np.int64)}
        out.update({f"channels/{key}": values for key, values in self.channels.state().items()})
        for sim_model in self.sim_models:
            out.update({f"{sim_model.name}/{key}": values for key, values in sim_model.state().items()})
        return out

    def restore(self, state: State, forked_at_s: float | None = None) -> None:
        """Put the state back into a city that was built from the same scenario (or a fork of it)."""
        self.clock.tick = int(state["clock/tick"][0])
        self.channels.restore(_part(state, "channels"))
        for sim_model in self.sim_models:
            sim_model.restore(_part(state, sim_model.name), forked_at_s)
        self.check_ledger()
        self.running = not self.is_over()

    @property
    def space(self) -> NetworkGrid:
        """The drive layer as Mesa's network space, with every agent that has a place at its node.

        Made when it is first asked for. Nodes of its graph are rows of the layer, edges carry ``link_index``; an agent
        with a ``node`` of 0 or more stands there, and has it as ``pos``.

        Raises
        ------
        EngineError
            If no model of this city knows its streets.
        """
        if self._space is None:
            self._space = make_space(self.drive, self.agents)
        return self._space

    def close(self) -> None:
        """Let go of agents and models: Mesa would keep this one alive otherwise, and they one another."""
        self.remove_all_agents()
        self.sim_models = ()
        self._space = None
        # Mesa 3.3 counts the ids of agents per model in a dictionary of the class; later ones in the model.
        counters = getattr(Agent, "_ids", None)
        if counters is not None:
            counters.pop(self, None)


def _part(state: State, name: str) -> State:
    prefix = name + "/"
    return {key[len(prefix) :]: values for key, values in state.items() if key.startswith(prefix)}


def _check_leads(sim_models: Sequence[SimModel], step_s: float) -> None:
    present = {sim_model.name for sim_model in sim_models}
    for sim_model in sim_models:
        for target, lead_s in sim_model.leads_s.items():
            if target in present and step_s > lead_s:
                raise ScenarioError(
                    f"the step of {step_s:g} s is longer than {lead_s:g} s, the shortest lead from "
                    f"{sim_model.name} to {target}",
                    where="clock.step",
                    mend=f"set clock.step to {lead_s:g} s or less",
                )
