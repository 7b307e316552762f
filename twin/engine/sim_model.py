"""What a model owes the city: the protocol, and nothing with behaviour.

The life of a model in a run:

0. ``Model.heeds(params)`` is asked which edits of the city it obeys, then ``Model.build(params, city, tables)``
   makes it; see :class:`ModelClass`. How large a run becomes is asked earlier, of the function that the model's
   card names (:class:`twin.model_card.ModelCard`), so that it needs no model.
1. ``begin(stage)`` once: register its Mesa agents, publish its first boards, schedule its first events.
2. ``advance(until_s)`` at every step, in the city's fixed order: take the rows and orders that are due, let
   everything happen that happens by ``until_s``, each event at its **exact** time, send rows and orders.
3. ``accounts()`` after every step; ``drain_tables()`` now and then; ``state()`` at every checkpoint;
   ``finish()`` once at the end, and ``notes`` for what a reader of the results should know.

A one-page model that does all of it stands in ``tests/unit/engine/toy_model.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from twin.engine.cast import Cast
from twin.engine.channels import Channels
from twin.engine.ledger import Account

if TYPE_CHECKING:
    import mesa

State = dict[str, NDArray[np.generic]]
Tables = dict[str, dict[str, NDArray[np.generic]]]
#: Tables of a scenario as a model is given them: name -> column -> (n,) array, SI units, text as unicode.
InputTables = Mapping[str, Mapping[str, NDArray[np.generic]]]

_P = TypeVar("_P", contravariant=True)
_C = TypeVar("_C", contravariant=True)


@dataclass(frozen=True)
class Stage:
    """What a model is given when it begins.

    Attributes
    ----------
    city_model
        The Mesa model its agents register with; nothing else may be asked of it.
    channels
        Rows, orders and boards.
    run_seed
        Seed of this run; streams are made from it with :func:`twin.engine.draws.make_stream`.
    start_s, end_s
        Start of the clock, and the time after which no new demand enters.
    trace_share
        Share of bodies whose path is recorded in the table ``traces``, chosen by a keyed draw of their id.
    cast
        By which agents that decide are hired, so that a Mesa user can put others in their place.
    """

    city_model: mesa.Model
    channels: Channels
    run_seed: np.uint64
    start_s: float
    end_s: float
    trace_share: float = 0.0
    cast: Cast = field(default_factory=Cast)


@runtime_checkable
class SimModel(Protocol):
    """The functions a model owes; see the module's text for the life of a run."""

    @property
    def name(self) -> str:
        """Name as on the model's card."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """Lines that a reader of the results should know; they stand in the manifest of the run."""
        ...

    @property
    def leads_s(self) -> Mapping[str, float]:
        """Shortest lead of rows towards each **earlier** model this model sends to.

        The lead is the least time between the moment a row is announced and the moment it acts. Asked once the
        model has begun.
        """
        ...

    def begin(self, stage: Stage) -> None:
        """Set the stage at the start of the clock; agents are made here, always in the same order."""
        ...

    def advance(self, until_s: float) -> None:
        """Let everything happen up to and including ``until_s``."""
        ...

    def accounts(self) -> Sequence[Account]:
        """The ledger of this model now."""
        ...

    def is_empty(self) -> bool:
        """Whether nobody is inside and nothing is still to come (background fleets do not count)."""
        ...

    def finish(self) -> None:
        """Close what is still open in the tables; called once, when the run is over, before the last drain."""
        ...

    def drain_tables(self) -> Tables:
        """Copies of the table rows finished since the last call: table name -> column -> array.

        Tables and columns are declared in :mod:`twin.columns`.
        """
        ...

    def state(self) -> State:
        """The whole state as arrays; no objects, no pickles."""
        ...

    def restore(self, state: State, forked_at_s: float | None = None) -> None:
        """Put the state back, after ``begin``.

        Parameters
        ----------
        state
            As :meth:`state` gave it.
        forked_at_s
            None for a plain resume, byte for byte. Otherwise the parameters of this model may differ from
            those that made the state: what is under way keeps its draws, demand after this moment is made
            anew from the new parameters, by id.
        """
        ...


class ModelClass(Protocol[_P, _C]):
    """What the class of a model owes: ``_P`` are its parameters, ``_C`` is the city, which the engine does not know."""

    def build(self, params: _P, city: _C, tables: InputTables) -> SimModel:
        """Make the model of one run; a ``classmethod``.

        Parameters
        ----------
        params
            The model's own parameters, checked.
        city
            Streets and places, edits applied.
        tables
            Tables of the scenario.

        Raises
        ------
        ScenarioError, CityError
            If the model cannot run in this city with these tables.
        """
        ...

    def heeds(self, params: _P) -> frozenset[str]:
        """Tell which edits beside the arrays of a city the model obeys as it is set; a ``staticmethod``.

        Asked of models in which vehicles drive: ``timed`` (hours), ``closed_to`` (vehicle access),
        ``signal_plans``. A run with an edit that nobody obeys is refused.

        Parameters
        ----------
        params
            The model's own parameters.
        """
        ...
