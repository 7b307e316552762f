"""What a run has beside the vans: buses on fixed routes, and everybody who travels by other ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from twin.arrays import Floats
from twin.city.city import City, Place
from twin.engine.growing import GrowingTables
from twin.engine.ledger import Account
from twin.engine.sim_model import State
from twin.models.transit.bus.reach import reach_rows, van_means
from twin.models.transit.bus.service import BusService
from twin.models.transit.choice.demand import ModeChoice, asking
from twin.models.transit.choice.options import walk_speeds, ways_between
from twin.models.transit.choice.params import BUS
from twin.models.transit.choice.settle import Settled
from twin.models.transit.choice.travellers import TRAVELLER, Roll, Travellers, settling_rows, terms_rows, trip_rows
from twin.models.transit.demand.requests import Table, make_requests
from twin.models.transit.fleet.rows import Requests
from twin.models.transit.params import TransitParams


class OtherWays:
    """Buses and mode choice of one run; empty where the scenario asks for neither.

    Parameters
    ----------
    params, city, tables
        As of the model.
    stops
        At which vans are asked for.
    drive_s : (s, s) float64
        Seconds between them on an empty road.

    Attributes
    ----------
    bus, choice
        None where there is none.
    settled
        What they have learned to expect.
    """

    settled: Settled

    def __init__(
        self, params: TransitParams, city: City, tables: Mapping[str, Table], stops: Sequence[Place], drive_s: Floats
    ) -> None:
        self._params, self._city, self._tables, self._stops = params, city, tables, stops
        self._empty_s = drive_s
        self.bus = BusService(params.bus, city, tables, params.riders.adult_walk_mps) if params.bus else None
        self.choice: ModeChoice | None = None
        if params.choice is not None:
            ways = ways_between(city, stops, drive_s)
            self.choice = ModeChoice(params, city, stops, tables, ways, self.bus)
        self._roll = Roll(np.zeros(0, TRAVELLER))

    @property
    def travellers(self) -> Travellers:
        """Everybody who travels, where people choose, in the order in which they leave."""
        return self._roll.travellers

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of them in the manifest."""
        out = [self.bus.ground.told, *([self.bus.drawn.told] if self.bus.drawn.told else [])] if self.bus else []
        if self.choice is not None and not self.settled.is_settled:
            last = self.settled.rounds[-1]
            out.append(
                f"waits did not settle in {len(self.settled.rounds)} rounds: expected and met differ by "
                f"{last.residual_s:.0f} s on average"
            )
        return tuple(out)

    def requests(
        self, run_seed: np.uint64, start_s: float, end_s: float, serve: Callable[[Requests], Requests]
    ) -> Requests:
        """Requests of the run: of the vans' own demand, or of those who choose a van.

        Parameters
        ----------
        serve
            From the requests of a day to the same as the vans would answer them.
        """
        if self.choice is None:
            return make_requests(self._params, self._city, self._stops, self._tables, run_seed, start_s, end_s)
        day = self.choice.day(run_seed, start_s, end_s)
        self.settled = self.choice.learn(run_seed, start_s, end_s, serve)
        travellers = self.choice.decide(day, self.settled.expected)
        self.choice.board(day, travellers)
        self._roll = Roll(travellers)
        return asking(day, travellers)

    def keep_before(self, before: Travellers, at_s: float) -> None:
        """After a fork: those who left before it went as they did."""
        later = self.travellers[self.travellers["leave_s"] > at_s]
        self._roll = Roll(np.concatenate([before[before["leave_s"] <= at_s], later]))

    def write_terms(self, records: GrowingTables) -> None:
        """What rides and kilometres cost, and how waits were settled; once at the start."""
        if self.bus is not None:
            rules = self.bus.params
            records.append("transit_bus_terms", {
                "fare_yen": np.array([self._mean_fare_yen(self.bus)]), "km_yen": np.array([rules.km_yen]),
                "km_co2_kg": np.array([rules.km_co2_kg]),
            })  # fmt: skip
        if self.choice is not None:
            records.append("transit_settling", settling_rows(self.settled))
            records.append("transit_choice_terms", terms_rows(self.choice.choice))

    def _mean_fare_yen(self, bus: BusService) -> float:
        """Fare of a ride; where older people pay another one, the mean over all who ride."""
        rules, rides = bus.params, int(bus.riders.sum())
        if self.choice is None or rules.fare_age65_yen is None or not rides:
            return rules.fare_yen
        return float(self.travellers["yen"][self.travellers["mode"] == BUS].sum()) / rides

    def write(self, records: GrowingTables, after_s: float, until_s: float, end_s: float, *, traces: bool) -> None:
        """Write buses and travellers that set off after a moment and up to another; no bus after ``end_s``."""
        if self.bus is not None and len(rows := self.bus.setting_off(after_s, min(until_s, end_s))):
            records.append("transit_bus_trips", self.bus.trip_rows(rows))
            if traces:
                records.append("traces", self.bus.trace_rows(rows.tolist()))
        if len(mine := self._roll.leaving(after_s, until_s)):
            records.append("transit_trips", trip_rows(mine))

    def write_reach(self, records: GrowingTables, requests: Requests) -> None:
        """Count the cells within reach, by the rides of the run; once at its end."""
        if self._params.reach is None:
            return
        riders = self._params.riders
        weight = np.array(
            [1 - riders.age65_share - riders.wheelchair_share, riders.age65_share, riders.wheelchair_share]
        )
        records.append("transit_reach", reach_rows(
            self._params.reach, self._city, self._stops, self._empty_s, van_means(requests, self._empty_s), self.bus,
            walk_speeds(self._params), weight,
        ))  # fmt: skip

    def accounts(self, start_s: float, end_s: float, now_s: float) -> tuple[Account, ...]:
        """Buses that set off, and those who travel by other ways than the van."""
        buses = () if self.bus is None else (self.bus.account(start_s, min(now_s, end_s), now_s),)
        return buses if self.choice is None else (*buses, self._roll.account(now_s))

    def state(self) -> State:
        """Who travels how, and who is on which bus, as arrays."""
        out: State = {} if self.choice is None else {"travellers": self.travellers.copy()}
        if self.bus is not None:
            out.update({name: getattr(self.bus, name).copy() for name in ("riders", "most", "people_m")})
        return out

    def restore(self, state: State) -> None:
        """Put the state back."""
        if self.choice is not None:
            self._roll = Roll(state["travellers"].astype(TRAVELLER))
        if self.bus is not None:
            for name in ("riders", "most", "people_m"):
                setattr(self.bus, name, state[name].copy())
