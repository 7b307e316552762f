"""The counters as a model of the city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from mesa import Agent
from numpy.typing import NDArray

from twin.city.city import City, Place
from twin.columns import BODIES, BODY_STATES
from twin.engine.draws import event, exponentials, make_stream, poisson_count, uniforms
from twin.engine.ids import FIRST_INSTALLED, make_ids
from twin.engine.ledger import Account
from twin.engine.sim_model import InputTables, Stage, State, Tables
from twin.errors import ScenarioError
from ward_office.params import WardOfficeParams

#: One visitor; ``call_s`` and ``leave_s`` are known once a clerk has taken the ticket.
VISITOR = np.dtype(
    [
        ("id", "<u8"),
        ("ticket", "<i4"),
        ("arrive_s", "<f8"),
        ("service_s", "<f8"),
        ("call_s", "<f8"),
        ("leave_s", "<f8"),
        ("clerk", "<i4"),
    ]
)
Visitors = NDArray[np.void]

#: Kind of the ids of visitors.
_KIND = FIRST_INSTALLED
_HOUR_S = 3600.0
_COUNTER_M = 3.0
_VISITOR = BODIES.index("visitor")
_WAITING, _AT_COUNTER = (BODY_STATES["visitor"].index(state) for state in ("waiting", "at_counter"))


class Clerk(Agent):
    """One open counter: calls the next number as soon as it is free."""

    def __init__(self, office: WardOffice, stage: Stage, number: int, free_s: float) -> None:
        super().__init__(stage.city_model)
        self.office, self.number, self.free_s = office, number, free_s

    @property
    def node(self) -> int:
        """Node of the drive layer at the office: where the clerk stands in ``CityModel.space``."""
        return self.office.node

    def call(self, visitor: np.void) -> None:
        """Serve a visitor who is next in line."""
        visitor["clerk"] = self.number
        visitor["call_s"] = max(self.free_s, float(visitor["arrive_s"]))
        visitor["leave_s"] = self.free_s = float(visitor["call_s"] + visitor["service_s"])


class WardOffice:
    """Counters with one line by ticket number.

    Parameters
    ----------
    params
        Who comes, how many clerks, how long they take.
    city
        The place of the office.
    """

    name = "ward_office"
    #: Nothing is to be said of the results beyond the tables.
    notes: Sequence[str] = ()

    def __init__(self, params: WardOfficeParams, city: City) -> None:
        self._params = params
        self._place = _place_of(params, city)
        self.node = self._place.drive_node

    @classmethod
    def build(cls, params: WardOfficeParams, city: City, tables: InputTables) -> WardOffice:
        """Make the model of one run; it reads no tables."""
        return cls(params, city)

    @staticmethod
    def heeds(params: WardOfficeParams) -> frozenset[str]:
        """No edits beside the arrays: nobody drives in it."""
        return frozenset()

    @property
    def leads_s(self) -> Mapping[str, float]:
        """Nothing is sent to earlier models."""
        return {}

    def begin(self, stage: Stage) -> None:
        """Find out who comes today, and open the counters."""
        self._stage = stage
        self._now_s = self._drained_s = stage.start_s
        self._came = 0
        self.visitors = _day(self._params, stage)
        self.clerks = [
            stage.cast.hire("ward_office.clerk", Clerk, self, stage, number, -np.inf)
            for number in range(self._params.clerks)
        ]
        self._call(stage.start_s)

    def advance(self, until_s: float) -> None:
        """Let visitors draw tickets and clerks call them, each at its exact time."""
        self._call(until_s)
        self._now_s = until_s

    def _call(self, until_s: float) -> None:
        """Give every ticket drawn by ``until_s`` to the clerk who is free first: first come, first served."""
        while self._came < len(self.visitors) and self.visitors["arrive_s"][self._came] <= until_s:
            clerk = min(self.clerks, key=lambda clerk: (clerk.free_s, clerk.number))
            clerk.call(self.visitors[self._came])
            self._came += 1

    def accounts(self) -> Sequence[Account]:
        """Visitors who came, are inside, and were served."""
        gone = int(np.count_nonzero(self.visitors["leave_s"][: self._came] <= self._now_s))
        return [Account("visitors", self._came, self._came - gone, {"served": gone})]

    def is_empty(self) -> bool:
        """Whether everybody of the day has come and left."""
        return self._came == len(self.visitors) and bool(np.all(self.visitors["leave_s"] <= self._now_s))

    def finish(self) -> None:
        """Nothing is kept open."""

    def drain_tables(self) -> Tables:
        """Visitors who have left since the last call, and their points for the picture."""
        leave_s = self.visitors["leave_s"][: self._came]
        rows = self.visitors[: self._came][(self._drained_s < leave_s) & (leave_s <= self._now_s)]
        self._drained_s = self._now_s
        columns = ("id", "ticket", "arrive_s", "call_s", "leave_s", "clerk")
        return {"ward_office_visits": {name: rows[name].copy() for name in columns}, "traces": self._points(rows)}

    def _points(self, rows: Visitors) -> dict[str, NDArray[np.generic]]:
        """Three points of each sampled visitor: at the door, called, gone; counters stand side by side."""
        stream = make_stream(self._stage.run_seed, "ward_office.trace")
        shown = rows[uniforms(stream, rows["id"].copy(), event(0)) < self._stage.trace_share]
        x_m = np.stack([np.zeros(len(shown)), *[(1.0 + shown["clerk"]) * _COUNTER_M] * 2], axis=1)
        times_s = np.stack([shown["arrive_s"], shown["call_s"], shown["leave_s"]], axis=1)
        count = times_s.size
        return {
            "body": np.full(count, _VISITOR, np.uint8),
            "id": np.repeat(shown["id"], 3),
            "trip": np.zeros(count, np.int32),
            "time_s": times_s.ravel(),
            "x_m": (self._place.x_m + x_m.ravel()).astype(np.float32),
            "y_m": np.full(count, self._place.y_m, np.float32),
            "state": np.tile(np.array([_WAITING, _AT_COUNTER, _AT_COUNTER], np.uint8), len(shown)),
        }

    def state(self) -> State:
        """Everybody who has come, and the moments reached."""
        return {"came": self.visitors[: self._came].copy(), "times_s": np.array([self._now_s, self._drained_s])}

    def restore(self, state: State, forked_at_s: float | None = None) -> None:
        """Put everybody back; who comes later, and by how many clerks they are served, follows the parameters."""
        came: Visitors = np.asarray(state["came"], VISITOR)
        self._now_s, self._drained_s = (float(t) for t in state["times_s"])
        later = self.visitors[self.visitors["arrive_s"] > self._now_s]
        later["ticket"] = len(came) + 1 + np.arange(len(later))
        self.visitors = np.concatenate([came, later])
        # Who still waits is called anew, in a fork by other clerks; those called come first in the line.
        called = came[came["call_s"] <= self._now_s]
        self._came = len(called)
        for clerk in self.clerks:
            clerk.free_s = float(called["leave_s"][called["clerk"] == clerk.number].max(initial=-np.inf))
            # A counter opened by a fork was not there before.
            if forked_at_s is not None and not np.isfinite(clerk.free_s):
                clerk.free_s = forked_at_s
        self._call(self._now_s)


def _place_of(params: WardOfficeParams, city: City) -> Place:
    stations = city.places_of("station")
    if params.place and params.place not in city.place_by_id:
        raise ScenarioError(
            f"{params.place!r} is no place of this city",
            where="ward_office.place",
            mend=f"give the id of a place, for example {city.places[0].id if city.places else '…'}",
        )
    if not params.place and not stations:
        raise ScenarioError("the city has no station", where="ward_office.place", mend="give the id of a place")
    return city.place_by_id[params.place] if params.place else stations[0]


def _day(params: WardOfficeParams, stage: Stage) -> Visitors:
    """Everybody who comes within the hours and the clock, in the order of the tickets; keyed by (hour, serial)."""
    purposes = ("count", "time", "service")
    count, moment, service = (make_stream(stage.run_seed, f"ward_office.{purpose}") for purpose in purposes)
    open_s, close_s = params.opening
    parts: list[Visitors] = []
    for hour in range(int(open_s // _HOUR_S), int(-(-close_s // _HOUR_S))):
        ids = make_ids(_KIND, hour, poisson_count(count, hour, params.visitors_per_hour))
        rows: Visitors = np.zeros(len(ids), VISITOR)
        rows["id"] = ids
        rows["arrive_s"] = (hour + uniforms(moment, ids, event(0))) * _HOUR_S
        rows["service_s"] = exponentials(service, ids, event(0), params.service_mean_s)
        parts.append(rows)
    day: Visitors = np.concatenate(parts) if parts else np.zeros(0, VISITOR)
    first_s, last_s = max(open_s, stage.start_s), min(close_s, stage.end_s)
    day = day[(first_s <= day["arrive_s"]) & (day["arrive_s"] < last_s)]
    day = day[np.lexsort((day["id"], day["arrive_s"]))]
    day["ticket"] = 1 + np.arange(len(day))
    return day
