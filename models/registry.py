"""The models and the fixed order in which they advance: the one list of models there is.

Every other list (sections of a scenario, tables, KPIs, bodies, looks, starters) derives from the cards of the
models named here; see :mod:`twin.model_card`. Nothing heavy is loaded before it is asked for.

Road traffic comes first: what the other models announce to it must lead by at least a step, and whoever leaves the
road reaches its own model in the same interval. Models of installed packages follow in the order of their names.
Such a package names its card as an entry point of the group ``osaka_twin.models``; a scenario file can name a model
that is installed, never a package or a module.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, TypeVar

from twin.columns import SHARED, Table
from twin.errors import EngineError
from twin.looks import BodyLook, MapMark, Reported
from twin.model_card import ModelCard
from twin.observables import Observable, Stays

if TYPE_CHECKING:
    from twin.city.city import City
    from twin.engine.sim_model import ModelClass
    from twin.kpi import KpiModule
    from twin.params import Params
    from twin.story import Teller

#: The models of this package, in the order in which they advance.
BUILT_IN: tuple[str, ...] = ("road_traffic", "transit", "terminal", "pedestrian", "kerb")

#: Entry points by which an installed package adds a model: its name -> ``package:MODEL``.
GROUP = "osaka_twin.models"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_T = TypeVar("_T")


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP) if point.name not in BUILT_IN}


_INSTALLED = _installed()

#: Every model there is, in the order in which they advance.
ORDER: tuple[str, ...] = (*BUILT_IN, *sorted(_INSTALLED))

#: Code of a model in rows that the road gives back (``b`` of ROAD_ENTER).
CODES: dict[str, int] = {name: code for code, name in enumerate(ORDER)}


@functools.cache
def card(name: str) -> ModelCard:
    """Card of a model by its name.

    Raises
    ------
    EngineError
        If an installed package offers something else under that name.
    """
    if name in BUILT_IN:
        found = importlib.import_module(f"twin.models.{name}").MODEL
    else:
        point = _INSTALLED[name]
        try:
            found = point.load()
        except (ImportError, AttributeError, SyntaxError) as fault:
            raise _package_fault(point, f"cannot be loaded: {fault}") from fault
        if not isinstance(found, ModelCard) or found.name != name or not _NAME.fullmatch(name):
            raise _package_fault(point, f"is no card of a model called {name!r}: {found!r:.80}")
    assert isinstance(found, ModelCard)  # noqa: S101  (for the type checker)
    return found


def _package_fault(point: EntryPoint, what: str) -> EngineError:
    package = point.dist.name if point.dist else point.value
    return EngineError(
        f"the model {point.name!r} of the package {package} {what}",
        where=f"entry point {GROUP}, {point.value}",
        mend=f"mend that package, or uninstall it: pip uninstall {package}",
    )


def cards() -> tuple[ModelCard, ...]:
    """Cards of all models, in the fixed order."""
    return tuple(card(name) for name in ORDER)


def model_class(name: str) -> ModelClass[Any, City]:
    """Class of a model by its name."""
    of = card(name)
    found: ModelClass[Any, City] = of.load(of.model)
    return found


def params_class(name: str) -> type[Params]:
    """Parameters of a model by its name; loads neither Mesa nor numba."""
    of = card(name)
    found: type[Params] = of.load(of.params)
    return found


def estimator(name: str) -> Callable[[Any], float] | None:
    """What tells the number of agents of a run from the parameters of a model; None if the model offers nothing."""
    of = card(name)
    return of.load(of.estimate) if of.estimate else None


def kpi_module(name: str) -> KpiModule | None:
    """KPIs of a model by its name; None if it has none."""
    of = card(name)
    return of.load(of.kpis) if of.kpis else None


@functools.cache
def tables() -> dict[str, Table]:
    """Every table there is, by name: the shared ones, then those of each model.

    Raises
    ------
    EngineError
        If two models claim one table.
    """
    own = ((of.name, [(table.name, table) for table in of.load(of.tables)] if of.tables else []) for of in cards())
    return _gathered("table", [("all models", [(table.name, table) for table in SHARED]), *own])


@functools.cache
def observables() -> dict[str, Observable]:
    """Everything that sensors can count or time, by name.

    Raises
    ------
    EngineError
        If two models claim one name.
    """
    return _gathered(
        "observable",
        ((of.name, [(o.name, o) for o in of.load(of.observables)] if of.observables else []) for of in cards()),
    )


def stays(name: str) -> Stays | None:
    """What phones tell of the stays of a model; None if they tell nothing."""
    of = card(name)
    return of.load(of.stays) if of.stays else None


@functools.cache
def body_states() -> dict[str, tuple[str, ...]]:
    """Every kind of body -> what it can be doing; the place in the list is its code in ``traces``.

    Raises
    ------
    EngineError
        If two models claim one kind.
    """
    return _gathered("body", ((of.name, of.bodies.items()) for of in cards()))


@functools.cache
def looks() -> dict[str, BodyLook]:
    """How each kind of body is shown.

    Raises
    ------
    EngineError
        If two models claim one kind.
    """
    return _gathered("look", ((of.name, of.load(of.looks).items() if of.looks else ()) for of in cards()))


def reported() -> dict[str, Reported]:
    """What the report shows of each model, by model."""
    return {of.name: of.load(of.reported) for of in cards() if of.reported}


def teller(name: str) -> Teller | None:
    """What writes the chapters of a model; None if it tells none, or is not installed here."""
    if name not in ORDER:
        return None
    of = card(name)
    return of.load(of.story) if of.story else None


def marks(name: str) -> Callable[[Any, City], list[MapMark]] | None:
    """What puts points of a model on a flat map; None if it has none."""
    of = card(name)
    return of.load(of.marks) if of.marks else None


def _gathered(what: str, parts: Iterable[tuple[str, Iterable[tuple[str, _T]]]]) -> dict[str, _T]:
    out: dict[str, _T] = {}
    owner: dict[str, str] = {}
    for model, pairs in parts:
        for name, value in pairs:
            if name in out:
                raise EngineError(
                    f"the {what} {name!r} is declared by {owner[name]} and by {model}",
                    where=f"card of {model}",
                    mend=f"begin its name with {model}_",
                )
            out[name], owner[name] = value, model
    return out
