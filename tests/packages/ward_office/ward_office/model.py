"""The counters as a model of the city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from mesa import Agent
from numpy.typing import NDArray

from twin.booking.booking import book, stands
from twin.booking.names import AS_ORDINARY, WAITS_FOR_WINDOW
from twin.city.city import City, Place
from twin.columns import BODIES, BODY_STATES
from twin.engine.draws import event, make_stream, poisson_count, uniforms
from twin.engine.ids import FIRST_INSTALLED, make_ids
from twin.engine.ledger import Account
from twin.engine.sim_model import InputTables, Stage, State, Tables
from twin.engine.stations.layout import law_numbers
from twin.engine.stations.queue import Queue, Rules, Servers
from twin.engine.stations.queue import Stage as Counter
from twin.errors import ScenarioError
from ward_office.params import Appointments, WardOfficeParams

#: Kind of the ids of visitors.
_KIND = FIRST_INSTALLED
_HOUR_S = 3600.0
_COUNTER_M = 3.0
_LOOK_S = 600.0
#: Sorts of visitors; those with an appointment that they keep are called first.
_WALK_IN, _BOOKED = range(2)
#: Clerks and helpers there may be.
_MOST_COUNTERS = 2000
_VISITOR = BODIES.index("visitor")
_WAITING, _AT_COUNTER = (BODY_STATES["visitor"].index(state) for state in ("waiting", "at_counter"))


class Supervisor(Agent):
    """Who looks at the line every ten minutes and calls clerks of the back office to the counters."""

    def __init__(self, stage: Stage, params: WardOfficeParams, node: int) -> None:
        super().__init__(stage.city_model)
        self._params, self._node = params, node

    @property
    def node(self) -> int:
        """Node of the drive layer at the office: where the supervisor stands in ``CityModel.space``."""
        return self._node

    def open_counters(self, in_line: int) -> int:
        """How many counters are open until the next look."""
        params = self._params
        return params.clerks + (params.helpers if in_line >= params.help_if_line else 0)


class WardOffice:
    """Counters with one line by ticket number, on the queue engine of the twin.

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
        self._left = np.zeros(0, np.int64)
        self.supervisor = stage.cast.hire("ward_office.supervisor", Supervisor, stage, self._params, self.node)
        self.queue = _counters(self._params, stage.run_seed)
        self.queue.expect(**_day(self._params, stage))

    def advance(self, until_s: float) -> None:
        """Let visitors draw tickets, be called and leave, each at its exact time."""
        asks = True
        while asks:
            left, asks = self.queue.run_until(until_s)
            self._left = np.append(self._left, left)
            if asks:
                self.queue.answer(self.supervisor.open_counters(self.queue.in_line()))

    def accounts(self) -> Sequence[Account]:
        """Visitors who came, are inside, and were served."""
        came, inside, left = self.queue.account()
        return [Account("visitors", came, inside, {"served": left["served"]})]

    def is_empty(self) -> bool:
        """Whether everybody of the day has come and left."""
        came, inside, _ = self.queue.account()
        return came == len(self.queue.arrive_s) and inside == 0

    def finish(self) -> None:
        """Nothing is kept open."""

    def drain_tables(self) -> Tables:
        """Visitors who have left since the last call, and their points for the picture."""
        rows, self._left = self._left, self._left[:0]
        ticket = np.zeros(len(self.queue.arrive_s), np.int32)
        ticket[self.queue.come()] = 1 + np.arange(len(self.queue.come()))
        visits: dict[str, NDArray[np.generic]] = {
            "id": self.queue.now.ids[rows],
            "ticket": ticket[rows],
            "arrive_s": self.queue.times_s("join")[rows],
            "call_s": self.queue.times_s("called")[rows],
            "leave_s": self.queue.times_s("out")[rows],
            "clerk": self.queue.served_at(rows),
            "booked": self.queue.sort_of(rows) == _BOOKED,
        }
        return {"ward_office_visits": visits, "traces": self._points(visits)}

    def _points(self, visits: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
        """Three points of each sampled visitor: at the door, called, gone; counters stand side by side."""
        stream = make_stream(self._stage.run_seed, "ward_office.trace")
        shown = uniforms(stream, visits["id"].astype(np.uint64), event(0)) < self._stage.trace_share
        counter_m = (1.0 + visits["clerk"][shown].astype(np.float64)) * _COUNTER_M
        x_m = np.stack([np.zeros(len(counter_m)), counter_m, counter_m], axis=1)
        times_s = np.stack(
            [visits[name][shown].astype(np.float64) for name in ("arrive_s", "call_s", "leave_s")], axis=1
        )
        count = times_s.size
        return {
            "body": np.full(count, _VISITOR, np.uint8),
            "id": np.repeat(visits["id"][shown], 3),
            "trip": np.zeros(count, np.int32),
            "time_s": times_s.ravel(),
            "x_m": (self._place.x_m + x_m.ravel()).astype(np.float32),
            "y_m": np.full(count, self._place.y_m, np.float32),
            "state": np.tile(np.array([_WAITING, _AT_COUNTER, _AT_COUNTER], np.uint8), len(counter_m)),
        }

    def state(self) -> State:
        """The queue, and who has left and is not yet in a table."""
        return {"left": self._left.copy(), **self.queue.state()}

    def restore(self, state: State, forked_at_s: float | None = None) -> None:
        """Put everybody back; who comes later, and by how many clerks they are served, follows the parameters."""
        kept = self.queue.restore(state, forked_at_s)
        self._left = kept[np.asarray(state["left"], np.int64)]


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


def _counters(params: WardOfficeParams, run_seed: np.uint64) -> Queue:
    """Counters that open with the office and serve whoever has a ticket, also after closing."""
    open_s, close_s = params.opening
    # One name of the stream for all numbers of clerks: nobody's time at the counter depends on them.
    counter = Counter(
        "service",
        law_numbers("exponential", params.service_mean_s),
        [Servers(((open_s, params.clerks),), (_BOOKED, _WALK_IN), most=_MOST_COUNTERS)],
    )
    looks_s = tuple(np.arange(open_s + _LOOK_S, close_s, _LOOK_S).tolist()) if params.helpers else ()
    return Queue([counter], run_seed, "ward_office", Rules(ask_s=looks_s))


def _day(params: WardOfficeParams, stage: Stage) -> dict[str, NDArray[np.generic]]:
    """Everybody who comes within the hours and the clock, as the queue expects them; keyed by (hour, serial)."""
    count, moment = (make_stream(stage.run_seed, f"ward_office.{purpose}") for purpose in ("count", "time"))
    open_s, close_s = params.opening
    parts, wanted = [np.zeros(0, np.uint64)], [np.zeros(0)]
    for hour in range(int(open_s // _HOUR_S), int(-(-close_s // _HOUR_S))):
        parts.append(make_ids(_KIND, hour, poisson_count(count, hour, params.visitors_per_hour)))
        wanted.append((hour + uniforms(moment, parts[-1], event(0))) * _HOUR_S)
    ids, arrive_s = np.concatenate(parts), np.concatenate(wanted)
    sort, not_before_s = np.full(len(ids), _WALK_IN, np.int32), np.full(len(ids), -np.inf)
    comes = (open_s <= arrive_s) & (arrive_s < close_s)
    if params.appointments:
        _give_appointments(
            params.appointments, params.opening, stage.run_seed, ids, arrive_s, sort, not_before_s, comes
        )
    comes &= (stage.start_s <= arrive_s) & (arrive_s < stage.end_s)
    columns = {"ids": ids, "arrive_s": arrive_s, "sort": sort, "not_before_s": not_before_s}
    return {name: values[comes] for name, values in columns.items()}


def _give_appointments(
    rules: Appointments,
    opening: tuple[float, float],
    run_seed: np.uint64,
    ids: NDArray[np.uint64],
    arrive_s: NDArray[np.float64],
    sort: NDArray[np.int32],
    not_before_s: NDArray[np.float64],
    comes: NDArray[np.bool_],
) -> None:
    """Let those who ask for an appointment come when they mean to, and be called first if they keep it."""
    asks = comes & (uniforms(make_stream(run_seed, "ward_office.asks"), ids, event(0)) < rules.booked_share)
    booked = book(
        rules, ids[asks], arrive_s[asks], (opening,), run_seed, "ward_office", lead_mean_s=rules.lead_mean_s
    )  # fmt: skip
    told = stands(rules, booked)
    arrive_s[asks] = booked.plan_s
    comes[asks] = booked.comes
    sort[asks] = np.where(told == AS_ORDINARY, _WALK_IN, _BOOKED)
    not_before_s[asks] = np.where(told == WAITS_FOR_WINDOW, booked.from_s - rules.grace_early_s, -np.inf)
