"""Mesa agents of transit: the dispatcher, and vans as handles on their rows."""

from __future__ import annotations

from typing import Protocol

import mesa

from twin.city.city import Place
from twin.models.transit.desk.desk import Choice, Desk, Strategy
from twin.models.transit.dispatch.insertion_kernels import BREAK
from twin.models.transit.fleet.rows import GOING, IDLE, Legs

_TASKS = ("set down", "pick up", "break")


class Service(Protocol):
    """What agents see of the model they belong to."""

    desk: Desk
    stops: tuple[Place, ...]


class Dispatcher(mesa.Agent):
    """Answers every request at the moment it is asked: the dispatcher is the strategy.

    A subclass decides by a ``choose`` of its own, and may have what else a strategy may have
    (``twin/models/transit/dispatch/strategies.py``). Without one, the strategy of the scenario answers, inside the
    compiled loop.

    Parameters
    ----------
    city_model, transit
        The city's Mesa model; the service.
    named
        The strategy that the scenario names.
    """

    def __init__(self, city_model: mesa.Model, transit: Service, named: Strategy) -> None:
        super().__init__(city_model)
        self._transit, self.named = transit, named

    @property
    def strategy(self) -> Strategy:
        """What the desk asks: the dispatcher, or what it has decided to leave every answer to."""
        return self.named if type(self).choose is Dispatcher.choose else self

    def choose(self, desk: Desk, request: int, now_s: float) -> Choice:
        """Answer a request; see :class:`twin.models.transit.desk.desk.Strategy`."""
        return self.named.choose(desk, request, now_s)

    @property
    def desk(self) -> Desk:
        """Vans and requests."""
        return self._transit.desk

    def serve_until(self, until_s: float) -> Legs:
        """Answer the requests and let the vans act up to an instant; returns the drives that ended."""
        return self.desk.run_until(until_s)


class Van(mesa.Agent):
    """One van: its state lives in row ``row`` of the fleet."""

    def __init__(self, city_model: mesa.Model, transit: Service, row: int) -> None:
        super().__init__(city_model)
        self._transit = transit
        self.row = row

    @property
    def node(self) -> int:
        """Node of the drive layer at the stop where it begins and ends its day."""
        return int(self._transit.stops[int(self._transit.desk.fleet["depot_stop"][self.row])].drive_node)

    @property
    def id(self) -> int:
        """Id in all tables; Mesa's own ``unique_id`` appears nowhere."""
        return int(self._transit.desk.fleet["id"][self.row])

    @property
    def doing(self) -> str:
        """``idle``, ``standing`` (at a stop, with work) or ``going``."""
        phase = self._transit.desk.fleet["phase"][self.row]
        return "idle" if phase == IDLE else "going" if phase == GOING else "standing"

    @property
    def stop_id(self) -> str:
        """Stop at which it stands, or to which it goes."""
        van = self._transit.desk.fleet[self.row]
        return self._transit.stops[int(van["target"] if van["phase"] == GOING else van["stop"])].id

    @property
    def riders(self) -> int:
        """People on board."""
        return int(self._transit.desk.fleet["load"][self.row])

    @property
    def plan(self) -> list[tuple[str, int, str]]:
        """Tasks ahead as (``pick up``, ``set down`` or ``break``, id of the request or 0, id of the stop)."""
        van, requests = self._transit.desk.fleet[self.row], self._transit.desk.requests
        tasks = zip(
            *(van[name][: int(van["size"])] for name in ("task_pick", "task_request", "task_stop")), strict=True
        )
        return [
            (_TASKS[int(kind)], 0 if kind == BREAK else int(requests["id"][row]), self._transit.stops[int(stop)].id)
            for kind, row, stop in tasks
        ]
