"""What a model says of itself: one card per model, so that every list of models derives from one place.

The card stands in ``models/<name>/__init__.py`` (or in an installed package of another author) as ``MODEL``. It
holds words only: what it names as ``module:name`` is loaded when somebody asks, so that checking a scenario loads
neither Mesa nor numba.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twin.boards import Board


@dataclass(frozen=True)
class Example:
    """A measure that a starter scenario shows.

    Attributes
    ----------
    name
        Name of the measure and of the variant with it.
    key
        Parameter of the model that it sets, for example ``fleet.count``.
    value
        Its value as written in a scenario file.
    ja, en
        Label of the variant.
    """

    name: str
    key: str
    value: str
    ja: str
    en: str


@dataclass(frozen=True)
class Starter:
    """What ``twin new --kind NAME`` writes about a model: district, clock, title and measures.

    Attributes
    ----------
    city
        Name of a bundled district, or a file beside the scenario.
    start, end
        Hours of the clock, as in a scenario file.
    title_ja, title_en
        Title of the scenario.
    replications
        As many as take a minute or so.
    examples
        Measures, each a variant.
    """

    city: str
    start: str
    end: str
    title_ja: str
    title_en: str
    replications: int = 4
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class ModelCard:
    """One model: where its parts are, and what other parts of the twin must know of it.

    Attributes
    ----------
    name
        Name of the model: its section in a scenario file, its part of the ledger, the first word of its KPIs.
    package
        ``__name__`` of the package with the card; the places below are looked up in it.
    model
        ``module:Class``, a :class:`twin.engine.sim_model.SimModel`.
    params
        ``module:Class``, a :class:`twin.params.Params`.
    tables
        ``module:NAME``, a tuple of :class:`twin.columns.Table`; empty if the model writes shared tables only.
    kpis
        Module with ``INFOS`` and ``compute(tables)``, see :class:`twin.kpi.KpiModule`; empty without KPIs.
    looks
        ``module:NAME``, body -> :class:`twin.looks.BodyLook`; bodies without one are grey boxes.
    reported
        ``module:NAME``, a :class:`twin.looks.Reported`; what the report shows of it; empty without.
    story
        ``module:function``, a :data:`twin.story.Teller` that writes chapters from the tables of a run; empty if the
        model tells none.
    marks
        ``module:function`` from parameters and a city to :class:`twin.looks.MapMark` rows: what ``twin map`` shows of
        it beside streets; empty if that is nothing.
    observables
        ``module:NAME``, a tuple of :class:`twin.observables.Observable`; empty if nothing can be counted.
    stays
        ``module:NAME``, the :class:`twin.observables.Stays` that phones tell of; empty without.
    estimate
        ``module:function`` from parameters to the number of agents of a run; without it, the parameters that
        count bodies are added up.
    boards
        Boards it publishes.
    agent_s, compile_s
        Processor seconds of one agent's day, and of compiling what the model needs, on a machine of 2026; a
        machine's own speed and what runs took there come on top.
    bodies
        Kinds of bodies it moves -> what each can be doing. The place in the list is the code in ``traces``, so
        that new ones are appended.
    drives
        Whether its vehicles drive on the road of another model, which then comes with it.
    carries
        Whether vehicles of other models drive in it.
    starter
        What ``twin new`` writes about it; None for no starter of its own.
    parts
        Name of a part that not every run has -> parameters of which one at least is set where a run has it; ``*``
        stands for every member. Such parts have kernels of their own, which other runs need not compile.
    scaled_by
        Parameters that its demand is proportional to, of which those that are set are multiplied by the
        ``demand_factor`` of a kind of day.
    scaled_unless
        Parameter that, where it is set, gives the demand in their place, so that no factor can scale it.
    """

    name: str
    package: str
    model: str
    params: str
    tables: str = ""
    kpis: str = ""
    looks: str = ""
    reported: str = ""
    story: str = ""
    marks: str = ""
    observables: str = ""
    stays: str = ""
    estimate: str = ""
    agent_s: float = 2e-4
    compile_s: float = 10.0
    boards: tuple[Board, ...] = ()
    bodies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    drives: bool = False
    carries: bool = False
    starter: Starter | None = None
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scaled_by: tuple[str, ...] = ()
    scaled_unless: str = ""

    def load(self, place: str) -> Any:
        """What stands at a place of the card: ``module``, ``module:name`` or ``module:Class.method``."""
        module, _, way = place.partition(":")
        found: Any = importlib.import_module(f"{self.package}.{module}")
        for step in way.split(".") if way else ():
            found = getattr(found, step)
        return found
