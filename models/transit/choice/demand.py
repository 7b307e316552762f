"""Demand that answers to waits: everybody who travels, what they have learned, and who asks for a van."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twin.arrays import Floats
from twin.city.city import City, Place
from twin.engine.draws import make_stream
from twin.models.transit.bus.service import BusService
from twin.models.transit.choice.logit import tastes
from twin.models.transit.choice.options import Options, Ways, make_options, with_van
from twin.models.transit.choice.params import BUS, VAN, ChoiceParams
from twin.models.transit.choice.settle import Expected, Settled, settle
from twin.models.transit.choice.travellers import Travellers, choose, nests_of
from twin.models.transit.demand.requests import Table, make_requests
from twin.models.transit.fleet.rows import Requests
from twin.models.transit.params import TransitParams


@dataclass(frozen=True)
class Day:
    """All who travel on one day, their options but for what is expected of the van, and their tastes."""

    trips: Requests
    options: Options
    taste: Floats


class ModeChoice:
    """Who takes what.

    Parameters
    ----------
    params
        Of transit; ``choice`` is given.
    city, stops, tables
        As of the model.
    ways
        Between the stops.
    bus
        Buses that people may take.
    """

    def __init__(
        self,
        params: TransitParams,
        city: City,
        stops: Sequence[Place],
        tables: Mapping[str, Table],
        ways: Ways,
        bus: BusService | None,
    ) -> None:
        assert params.choice is not None  # noqa: S101  (only then is there a choice)
        self._params, self._choice = params, params.choice
        self._city, self._stops, self._tables, self._ways, self._bus = city, stops, tables, ways, bus

    @property
    def choice(self) -> ChoiceParams:
        """How people weigh what they choose."""
        return self._choice

    def day(self, run_seed: np.uint64, start_s: float, end_s: float) -> Day:
        """Everybody who travels between two moments."""
        trips = make_requests(
            self._params.travelling(), self._city, self._stops, self._tables, run_seed, start_s, end_s
        )
        options = make_options(self._params, self._choice, self._ways, self._bus, trips, run_seed)
        return Day(trips, options, tastes(run_seed, np.ascontiguousarray(trips["id"]), *nests_of(self._choice)))

    def decide(self, day: Day, expected: Expected) -> Travellers:
        """What everybody takes by what is expected of the van."""
        wait_s = expected.wait_at(day.trips["since_s"])
        options = with_van(day.options, self._params, self._choice, self._ways, day.trips, wait_s, expected.longer_s)
        return choose(options, self._choice, day.trips, day.taste)

    def learn(
        self, run_seed: np.uint64, start_s: float, end_s: float, serve: Callable[[Requests], Requests]
    ) -> Settled:
        """Waits that bring the demand from which these waits come, on other days of the same demand.

        With the trips of a table every day has these trips, by people of other tastes.

        Parameters
        ----------
        serve
            From the requests of a day to the same as the vans answered them.
        """
        choice, promise = self._choice, self._params.promise
        first = Expected(np.full(6, promise.wait_at_most_s / 2), self._params.dwell.per_stop_s)
        if self._params.fleet.count == 0:
            return settle(first, lambda _: (), refused_felt_s=0.0, rounds_at_most=1, settled_s=choice.settled_s)
        seeds = [make_stream(run_seed, f"transit.learned_day.{n}") for n in range(int(choice.days))]
        days = [self.day(seed, start_s, end_s) for seed in seeds]

        def served(expected: Expected) -> list[Requests]:
            return [serve(asking(day, self.decide(day, expected))) for day in days]

        return settle(
            first, served, refused_felt_s=choice.refused_felt_s, rounds_at_most=int(choice.iterations_at_most),
            settled_s=choice.settled_s,
        )  # fmt: skip

    def board(self, day: Day, travellers: Travellers) -> None:
        """Put those who take the bus on its runs."""
        if self._bus is None or day.options.journeys is None:
            return
        mine = travellers["mode"] == BUS
        self._bus.carry(day.options.journeys.legs[mine], travellers["party"][mine].astype(np.int64))


def asking(day: Day, travellers: Travellers) -> Requests:
    """Requests of those who take a van."""
    return day.trips[travellers["mode"] == VAN].copy()
