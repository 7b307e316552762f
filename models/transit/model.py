"""On-demand transit in the city: requests come in, the dispatcher answers, vans drive on the shared road.

What happens is in ``desk.py`` and ``kernels.py``; here are the channels, the tables, the books and the checkpoint.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.boards import LINK_TIME_PROFILE_S, LINK_TIME_S
from twin.city.city import City, Place
from twin.columns import VEHICLE_CLASSES
from twin.engine.channels import Channels, RowKind, Rows
from twin.engine.draws import make_stream
from twin.engine.growing import GrowingTables
from twin.engine.ids import serials_of
from twin.engine.ledger import Account
from twin.engine.sim_model import InputTables, Stage, State, Tables
from twin.errors import EngineError, ScenarioError, TableError
from twin.models.registry import CODES
from twin.models.transit.agents import Dispatcher, Van
from twin.models.transit.demand.past import make_rebalancing
from twin.models.transit.demand.reach import refuse_unjoined_bookings, told, without_way
from twin.models.transit.demand.requests import stop_weights
from twin.models.transit.demand.residents import residents_at
from twin.models.transit.demand.stops import find_stops, nearest_stop
from twin.models.transit.demand.zones import area_of, in_areas, refuse_unjoined, zones_of, zones_of_vans
from twin.models.transit.desk.books import Books
from twin.models.transit.desk.desk import Desk
from twin.models.transit.desk.records import request_rows, stop_rows
from twin.models.transit.dispatch import kernels
from twin.models.transit.dispatch.kernels import schedule_all
from twin.models.transit.dispatch.link_times import learn_profile
from twin.models.transit.dispatch.strategies import Strategy, make_strategy, rules_of
from twin.models.transit.fleet.rows import Fleet, Legs, Requests, Rules, new_fleet
from twin.models.transit.network import StopNetwork, trace_rows, until_node
from twin.models.transit.other_ways import OtherWays
from twin.models.transit.params import TransitParams
from twin.models.transit.service.duties import duties_of, equip

ROAD = "road_traffic"
_DAY_S = 86400.0
#: A van is turned at a stop that it passes so long after the road has been told (G).
_TURN_MARGIN_S = 5.0
#: A depot of the map farther than this from every stop serves another area.
_DEPOT_REACH_M = 500.0
_VAN_CLASS = VEHICLE_CLASSES.index("van")
#: By when after the end of demand everybody has been set down, on days that are only learned from.
_AFTER_S = 4 * 3600.0


class Transit:
    """AI on-demand transit.

    Parameters
    ----------
    params
        Fleet, promise, dwell, riders, demand, dispatch.
    city
        Its drive layer, stops, zones and stations.
    tables
        Tables of the scenario; requests are looked up here.
    strategy
        A dispatcher of one's own, in place of the one ``params`` names.
    """

    name = "transit"
    #: What is to be said of the results beyond the tables.
    notes: Sequence[str] = ()

    def __init__(
        self, params: TransitParams, city: City, tables: InputTables, strategy: Strategy | None = None
    ) -> None:
        self.params = params
        found = find_stops(city, params.stops, area_of(params), tables)
        self._asked_stops: tuple[Place, ...] = in_areas(params, found, tables, city.crs)
        self.stops = self._asked_stops
        self.zones = zones_of(params, self.stops)
        self._city = city
        self._tables = tables
        self._named = strategy or make_strategy(params.dispatch.strategy)
        turns = bool(rules_of(self._named, params.dispatch)["turn"])
        self._depots = self._find_depots()
        self._duties = duties_of(params)
        self._home_of_row = self._homes(1 + max((duty.van for duty in self._duties), default=-1))
        self._lay_yards()
        self._network = StopNetwork(city, self.stops, self.zones, turns=turns)
        self._records = GrowingTables()
        self._empty_road = self._network.times
        count = len(self._asked_stops)
        #: Buses and people who travel otherwise, where a scenario asks for them.
        self.other_ways = OtherWays(
            params, city, tables, self._asked_stops, self._network.times.between_s[:count, :count]
        )
        #: What is said of bookings without a way.
        self._lost: tuple[str, ...] = ()
        #: Vans turned on their way, and those of them that the road could not turn in time.
        self.turns = self.turns_missed = 0
        self.check_reach()

    def check_reach(self) -> None:
        """Refuse a demand of which some trips have no way by road, unless that is wanted.

        Raises
        ------
        ScenarioError
            Naming the stops that no streets join.
        """
        demand = self.params.demand
        asked = sum(self.params.requests_per_day(zone) for zone in self.zones.names)
        if demand.table is None and asked > 0 and not demand.allow_unreachable:
            stops, count = self._asked_stops, len(self._asked_stops)
            between_s = self._network.times.between_s[:count, :count]
            weights = stop_weights(demand, self._city, stops, self._tables)
            refuse_unjoined(stops, between_s, zones_of(self.params, stops), weights)

    def _check_bookings(self, requests: Requests) -> None:
        """Refuse bookings of a table that no street joins, or say how many there are where they are wanted."""
        table, between_s = self.params.demand.table, self._network.times.between_s
        if table is None:
            return
        if not self.params.demand.allow_unreachable:
            refuse_unjoined_bookings(requests, between_s, self.stops, table)
        rows = without_way(requests, between_s)
        self._lost = (told(requests, rows, self.stops),) if rows.size else ()

    @classmethod
    def build(cls, params: TransitParams, city: City, tables: InputTables) -> Transit:
        """Make the model of one run; arguments as of the class."""
        return cls(params, city, tables)

    @staticmethod
    def heeds(params: TransitParams) -> frozenset[str]:  # noqa: ARG004  (the protocol's)
        """No edits beside the arrays: nobody drives in it."""
        return frozenset()

    @property
    def leads_s(self) -> Mapping[str, float]:
        """A drive is announced to the road this long before it begins."""
        return {ROAD: self.params.lead_s}

    def begin(self, stage: Stage) -> None:
        """Put the vans at their depots, draw or read the requests, and answer those of the very first instant."""
        self._stage = stage
        self._channels: Channels = stage.channels
        self._reached_s = stage.start_s
        self._board_since_s = -np.inf
        self._handed_over = self._received = self._written = 0
        self._ways: dict[int, Ints] = {}
        self.dispatcher = stage.cast.hire("transit.dispatcher", Dispatcher, stage.city_model, self, self._named)
        self._strategy = self.dispatcher.strategy
        fleet = self._make_fleet(stage.start_s)
        self._expect(stage.start_s)
        requests = self._make_requests()
        self._check_bookings(requests)
        self.desk = Desk(fleet, requests, self._network.times, self._rules(), self._strategy)
        schedule_all(self.desk.fleet, self.desk.requests, self.desk.times, self.desk.rules)
        self.vans = [Van(stage.city_model, self, row) for row in range(len(fleet))]
        self._close_daily(range(len(fleet)), stage.start_s)
        self._wake_holding(stage.start_s)
        self._rebalance()
        self._plan_anew(stage.start_s)
        self._records.append("transit_stops", stop_rows(self.stops, self._zone_names()[self.zones.of_stop]))
        self._write_terms()
        self._written_until_s = float(np.nextafter(stage.start_s, -np.inf))
        self.other_ways.write_terms(self._records)
        self._write_others(stage.start_s)
        self._books = Books()
        self._count()
        self._follow_board(stage.start_s)
        self._serve(stage.start_s)

    def advance(self, until_s: float) -> None:
        """Let vans arrive, answer requests and announce drives, each at its exact time."""
        rows = self._channels.take(self.name, until_s)
        for row in rows.data:
            self._arrive(int(row["id"]), float(row["time_s"]), int(self._city.drive.link_to[row["a"]]))
        since_s = self._board_since(until_s)
        if since_s != self._board_since_s:
            # What happens before the new link times hold goes by the old ones.
            self._serve(float(np.nextafter(since_s, -np.inf)))
            self._follow_board(until_s)
        self._serve(until_s)
        self._end_shifts(until_s)
        self._write_others(until_s)
        self._reached_s = until_s

    def accounts(self) -> Sequence[Account]:
        """Requests, the people who ride, the vans; buses and who travels by other ways, where a run has them."""
        others = self.other_ways.accounts(self._stage.start_s, self._stage.end_s, self._reached_s)
        return (*self._accounts, *others)

    def is_empty(self) -> bool:
        """Whether no request is open and none is still to come; vans on their way home do not count."""
        return not self._books.open and int(self.desk.log.counts[kernels.NEXT]) == len(self.desk.requests)

    def finish(self) -> None:
        """Write how far people got; nothing else is kept open, rows are written when they are final."""
        self.other_ways.write_reach(self._records, self.desk.requests)

    def drain_tables(self) -> Tables:
        """Requests answered for good, drives that ended, shifts that are over, points of the picture."""
        self._write_requests()
        return self._records.drain()

    def state(self) -> State:
        """The whole state as arrays, rows not yet drained included."""
        self._write_requests()
        vans = sorted(self._ways)
        ways = [self._ways[van] for van in vans]
        out: State = {f"desk/{key}": values for key, values in self.desk.state().items()}
        out.update({f"rows/{key}": values for key, values in self._records.state().items()})
        out["counts"] = np.array(
            [self._handed_over, self._received, self._written, self.turns, self.turns_missed], np.int64
        )
        out["times"] = np.array([self._reached_s, self._board_since_s])
        out.update({f"others/{key}": values for key, values in self.other_ways.state().items()})
        out["way_van"] = np.array(vans, np.int32)
        out["way_size"] = np.array([len(way) for way in ways], np.int32)
        out["way_link"] = np.concatenate([*ways, np.zeros(0, np.int32)]).astype(np.int32)
        return out

    def restore(self, state: State, forked_at_s: float | None = None) -> None:
        """Put the state back; after a fork the new fleet, hours and later requests hold from that moment on."""
        self.desk.restore(_part(state, "desk/"))
        self._records.restore(_part(state, "rows/"))
        counts = (int(n) for n in state["counts"])
        self._handed_over, self._received, self._written, self.turns, self.turns_missed = counts
        self._reached_s, self._board_since_s = (float(t) for t in state["times"])
        self._written_until_s = self._reached_s
        self.other_ways.restore(_part(state, "others/"))
        ends = np.cumsum(state["way_size"])[:-1]
        ways = np.split(state["way_link"].astype(np.int32), ends)
        self._ways = {int(van): way for van, way in zip(state["way_van"], ways, strict=False)}
        if self._channels.has_board(LINK_TIME_S.name):
            now_s = np.asarray(self._channels.board(LINK_TIME_S.name, self._reached_s), np.float64)
            self._network.use(now_s, self._board_since_s)
        self._expect(self._board_since_s)
        self.desk.times = self._network.times
        if forked_at_s is not None:
            self._fork(forked_at_s)
        self._match_agents()
        self._books = Books()
        self._count()

    # What a step is made of -------------------------------------------------------------------------

    def _serve(self, until_s: float) -> None:
        """Let the dispatcher go on, then tell the road and the books."""
        if self.desk.next_s > until_s:
            return
        self._record_legs(self.dispatcher.serve_until(until_s))
        self._depart()
        self._turn()
        self._count()

    def _arrive(self, id_: int, time_s: float, end_node: int) -> None:
        van = int(serials_of(np.array([id_], np.uint64))[0])
        fleet = self.desk.fleet
        if van >= len(fleet) or int(fleet["id"][van]) != id_ or not fleet["on_road"][van]:
            raise EngineError(
                f"the road gives back vehicle {id_}, which is no van on the road",
                where=f"transit, {time_s:g} s",
                mend="this is a fault of a model; please report it with the scenario",
            )
        self._received += 1
        if self.desk.rules.turn:
            self._find_end(van, end_node)
        self.desk.arrive(van, time_s)

    def _find_end(self, van: int, node: int) -> None:
        """A van that the road could not turn in time comes to the stop it was sent to before."""
        row = self.desk.fleet[van]
        if int(self._network.times.node[row["target"]]) == node:
            return
        row["target"] = int(np.flatnonzero(self._network.times.node == node)[0])
        self._ways[van] = self._network.way(int(row["stop"]), int(row["target"]))
        self.turns_missed += 1

    def _depart(self) -> None:
        """Announce the drives that were decided: each begins at least a lead later."""
        departing = self.desk.take_departing()
        if not departing:
            return
        fleet = self.desk.fleet
        for van, target in departing:
            self._ways[van] = self._network.way(int(fleet["stop"][van]), target)
        vans = np.array([van for van, _ in departing], np.intp)
        ways = [self._ways[van] for van in vans.tolist()]
        self._channels.send(ROAD, Rows.of(
            len(vans), paths=ways, time_s=fleet["depart_s"][vans], kind=RowKind.ROAD_ENTER, id=fleet["id"][vans],
            bodies=1, vehicle_class=_VAN_CLASS, a=np.array([way[0] for way in ways]), b=CODES[self.name],
        ))  # fmt: skip
        self._handed_over += len(vans)

    def _turn(self) -> None:
        """Tell the road of vans that are to go elsewhere from a stop on their way."""
        lead_s = self.params.lead_s
        for van, stop, time_s in self.desk.take_turning():
            self.turns += 1
            onward = self._network.way(stop, int(self.desk.fleet["target"][van]))
            kept = until_node(self._city.drive, self._ways[van], int(self._network.times.node[stop]))
            self._ways[van] = np.concatenate([kept, onward]).astype(np.int32)
            if not len(onward):
                # It ends at the stop where it turns; the last link lies ahead of it by the margin.
                onward = kept[-1:]
            self._channels.send_orders(ROAD, Rows.of(
                1, paths=[onward], time_s=time_s + lead_s, kind=RowKind.ROAD_REPATH,
                id=self.desk.fleet["id"][van : van + 1],
            ))  # fmt: skip

    def _record_legs(self, legs: Legs) -> None:
        if not len(legs):
            return
        ways = [self._ways.pop(int(van)) for van in legs["van"]]
        ids = self.desk.fleet["id"][legs["van"]]
        self._records.append("transit_legs", {
            "van": ids, "leg": legs["leg"], "depart_s": legs["depart_s"], "arrive_s": legs["arrive_s"],
            "from_stop": legs["from_stop"], "to_stop": legs["to_stop"],
            "metres_m": np.array([self._network.length_m(way) for way in ways]), "riders": legs["riders"],
        })  # fmt: skip
        if self._stage.trace_share <= 0:
            return
        # Fleets are small: all vans are in the picture as soon as anybody is.
        for leg, way, id_ in zip(legs, ways, ids, strict=True):
            points = self._network.trace(way, float(leg["depart_s"]), float(leg["arrive_s"]))
            self._records.append("traces", trace_rows(int(id_), int(leg["leg"]), int(leg["riders"]), points))

    def _board_since(self, at_s: float) -> float:
        known = self._channels.has_board(LINK_TIME_S.name)
        return self._channels.board_since_s(LINK_TIME_S.name, at_s) if known else -np.inf

    def _follow_board(self, at_s: float) -> None:
        """Go over to the link times that hold at a moment."""
        self._board_since_s = self._board_since(at_s)
        from_s = max(self._board_since_s, self._stage.start_s)
        if self._channels.has_board(LINK_TIME_S.name) and self._network.use(
            np.asarray(self._channels.board(LINK_TIME_S.name, at_s), np.float64), from_s
        ):
            self.desk.set_times(self._network.times, from_s)

    def _expect(self, at_s: float) -> None:
        """Plan ahead by the profile of link times, where that is wanted and the road knows one."""
        forecast = self.params.dispatch.forecast
        if forecast is None:
            return
        from_s = max(at_s, self._stage.start_s)
        if forecast.table is not None:
            self._network.expect(self._learned_profile(forecast.table), from_s)
        elif self._channels.has_board(LINK_TIME_PROFILE_S.name):
            profile_s = np.asarray(self._channels.board(LINK_TIME_PROFILE_S.name, from_s), np.float64)
            self._network.expect(profile_s, from_s)

    def _learned_profile(self, name: str) -> Floats:
        """Link times by slot of the day, from a table of past days."""
        if name not in self._tables:
            raise TableError(
                f"no table is named {name!r}", where="transit.dispatch.forecast.table", mend="declare it under tables"
            )
        return learn_profile(self._tables[name], self._city.drive.free_time_s, name)

    # Books and tables -------------------------------------------------------------------------------

    def _count(self) -> None:
        """Take stock; only called when something has happened."""
        self._accounts = self._books.update(self.desk, self._received, self._handed_over)

    def _write_requests(self) -> None:
        finished = int(self.desk.log.counts[kernels.FINISHED])
        if finished > self._written:
            rows = self.desk.log.finished[self._written : finished]
            self._records.append("transit_requests", request_rows(self.desk.requests[rows], self.desk.fleet["id"]))
            self._written = finished

    def _shifts(self) -> list[tuple[float, float]]:
        """Hours of service within the clock, one span per day."""
        open_s, close_s = self.params.hours
        start_s, end_s = self._stage.start_s, self._stage.end_s
        days = range(int((start_s - close_s) // _DAY_S), int((end_s - open_s) // _DAY_S) + 1)
        spans = [(max(start_s, open_s + d * _DAY_S), min(end_s, close_s + d * _DAY_S)) for d in days]
        return [(from_s, to_s) for from_s, to_s in spans if to_s > from_s]

    def _zone_names(self) -> NDArray[np.str_]:
        return np.array(self.zones.names, np.str_)

    def _end_shifts(self, until_s: float) -> None:
        fleet = self.desk.fleet
        for from_s, to_s in self._shifts_of_run:
            if self._reached_s < to_s <= until_s:
                self._write_shift(fleet[(fleet["working"] > 0) & (fleet["off_s"] == np.inf)], from_s, to_s)
        off_s = np.minimum(fleet["off_s"], self._stage.end_s)
        if not np.any((self._reached_s < off_s) & (off_s <= until_s)):
            return  # nearly every step
        ended = (fleet["off_s"] < np.inf) & (fleet["working"] > 0) & (self._reached_s < off_s) & (off_s <= until_s)
        for row in np.flatnonzero(ended).tolist():
            self._write_shift(fleet[row : row + 1], float(fleet["since_s"][row]), float(off_s[row]))
            self._write_breaks(fleet[row])

    def _type_names(self) -> NDArray[np.str_]:
        return np.array(list(self.params.fleet.types) or [""], np.str_)

    def _write_breaks(self, van: np.void) -> None:
        due = np.flatnonzero(van["break_s"] > 0)
        self._records.append("transit_breaks", {
            "van": np.full(len(due), van["id"]), "due_from_s": van["break_from_s"][due],
            "due_by_s": van["break_by_s"][due], "length_s": van["break_s"][due],
            "began_s": van["break_began_s"][due],
        })  # fmt: skip

    def _write_terms(self) -> None:
        fare, costs = self.params.fare, self.params.costs
        self._records.append("transit_terms", {
            "revenue_yen": np.array([fare.mean_yen]), "vehicle_hour_yen": np.array([costs.vehicle_hour_yen]),
            "km_yen": np.array([costs.fuel_yen_per_l / costs.fuel_km_per_l]),
            "km_co2_kg": np.array([costs.co2_kg_per_km]),
        })  # fmt: skip

    def _write_others(self, until_s: float) -> None:
        """Write buses and travellers that set off by a moment."""
        after_s, self._written_until_s = self._written_until_s, until_s
        self.other_ways.write(self._records, after_s, until_s, self._stage.end_s, traces=self._stage.trace_share > 0)

    def _write_shift(self, vans: NDArray[np.void], from_s: float, to_s: float) -> None:
        begin_s = np.maximum(from_s, vans["since_s"])
        on = begin_s < to_s
        zone = self.zones.of_stop[vans["depot_stop"][on]]
        self._records.append("transit_shifts", {
            "van": vans["id"][on], "zone": self._zone_names()[zone], "type": self._type_names()[vans["type"][on]],
            "seats": vans["seats"][on], "from_s": begin_s[on],
            "to_s": np.full(int(on.sum()), to_s),
        })  # fmt: skip

    # Making and forking -----------------------------------------------------------------------------

    def _rules(self) -> Rules:
        params = self.params
        return Rules(
            wait_at_most_s=params.promise.wait_at_most_s, times_direct=params.promise.detour.times_direct,
            plus_s=params.promise.detour.plus_s, dwell_s=params.dwell.per_stop_s,
            acknowledge_s=params.fleet.acknowledge_s, lead_s=params.lead_s, offers=1,
            other_stop_m=params.promise.other_stop_walk_at_most_m,
            walk_mps=(params.riders.adult_walk_mps, params.riders.age65_walk_mps, params.riders.wheelchair_walk_mps),
            no_show_wait_s=params.booking.no_show_wait_s, open_s=params.hours[0],
            close_s=params.hours[1], road=1,
            turn_lead_s=params.lead_s + _TURN_MARGIN_S + self._network.last_link_s,
            stream=make_stream(self._stage.run_seed, "transit.dispatch"),
            reserve_s=0.0 if params.dispatch.forecast is None else params.dispatch.forecast.reserve_s,
            reserve_weight=0.0 if params.dispatch.forecast is None else params.dispatch.forecast.reserve_weight,
            **rules_of(self._strategy, params.dispatch),
        )  # fmt: skip

    def _make_requests(self) -> NDArray[np.void]:
        self._shifts_of_run = self._shifts()
        stage = self._stage
        return self.other_ways.requests(stage.run_seed, stage.start_s, stage.end_s, self._serve_alone)

    def _serve_alone(self, requests: NDArray[np.void]) -> NDArray[np.void]:
        """Requests of a day as the vans of this run would answer them if drives took what is expected of them.

        That is the forecast of link times where there is one, else an empty road times a factor.
        """
        start_s, kept = self._stage.start_s, getattr(self, "desk", None)
        fleet = self._make_fleet(start_s)
        rules = self._rules()._replace(road=0, offers=0)
        assert self.params.choice is not None  # noqa: S101  (only then are days learned from)
        times = self._network.times
        if not len(times.slices_s):
            factor, empty = self.params.choice.drive_time_factor, self._empty_road
            times = empty._replace(between_s=empty.between_s * factor, towards_s=empty.towards_s * factor)
        self.desk = Desk(fleet, requests, times, rules, self._strategy)
        schedule_all(self.desk.fleet, self.desk.requests, self.desk.times, self.desk.rules)
        self._close_daily(range(len(fleet)), start_s)
        self._wake_holding(start_s)
        if rules.replan != kernels.NEVER:
            self.desk.plan_anew(start_s)
        self.desk.run_until(self._stage.end_s + _AFTER_S)
        answered = self.desk.requests
        if kept is not None:
            self.desk = kept
        return answered

    def _find_depots(self) -> list[int]:
        """Stops nearest to the depots named, else to those of the map; none if there are neither."""
        places = {**self._city.place_by_id, **{stop.id: stop for stop in self.stops}}
        unknown = [id_ for id_ in self.params.fleet.depots if id_ not in places]
        if unknown:
            known = [p.id for p in self._city.places_of("depot")] + [self.stops[0].id]
            raise ScenarioError(
                f"depot {unknown[0]!r} is no place of this city",
                where="transit.fleet.depots",
                mend=f"give ids of depots or stops, for example {known[0]}",
            )
        if self.params.fleet.depots:
            return [nearest_stop(self.stops, places[id_])[0] for id_ in self.params.fleet.depots]
        of_map = [nearest_stop(self.stops, depot) for depot in self._city.places_of("depot")]
        return [row for row, distance_m in of_map if distance_m <= _DEPOT_REACH_M]

    def _homes(self, count: int) -> Ints:
        """Stop at which each van begins and ends its day: at depots of its zone, else spread over its stops."""
        zone = zones_of_vans(self.params, count)
        depots = np.array(self._depots, np.int32)
        homes = np.empty(count, np.int32)
        for k in range(len(self.zones.names)):
            mine = np.flatnonzero(zone == k)
            here = depots[self.zones.of_stop[depots] == k]
            if len(here):
                homes[mine] = here[np.arange(len(mine)) % len(here)]
            else:
                stops = self.zones.members(k)
                homes[mine] = stops[(2 * np.arange(len(mine)) + 1) * len(stops) // (2 * max(len(mine), 1))]
        return homes

    def _close_daily(self, vans: Sequence[int], after_s: float) -> None:
        """End of service of every day from a moment on; round the clock there is none."""
        open_s, close_s = self.params.hours
        first_s = (
            np.inf
            if close_s - open_s >= _DAY_S
            else close_s + max(0.0, np.floor((after_s - close_s) / _DAY_S) + 1) * _DAY_S
        )
        for van in vans:
            off_s = float(self.desk.fleet["off_s"][van])
            if off_s == np.inf and first_s < np.inf:
                self.desk.close_daily(van, first_s)
            elif after_s < off_s < np.inf:
                self.desk.close_daily(van, off_s)

    def _lay_yards(self) -> None:
        """Where drivers have breaks, each depot gets a yard beside its stop: nobody boards there."""
        if not any(duty.shift is not None and duty.shift.breaks_s() for duty in self._duties):
            self._yard_of: dict[int, int] = {}
            return
        homes = np.unique(self._home_of_row).tolist()
        self._yard_of = {home: len(self.stops) + k for k, home in enumerate(homes)}
        yards = [dataclasses.replace(self.stops[home], id=f"{self.stops[home].id}/yard") for home in homes]
        self.stops = (*self.stops, *yards)
        self.zones = zones_of(self.params, self.stops)

    def _make_fleet(self, start_s: float) -> Fleet:
        """Vans at their depots, one row for each, or for each shift of each day of the clock."""
        stage, types = self._stage, list(self.params.fleet.types.values())
        parts: list[Fleet] = []
        days = range(int(stage.start_s // _DAY_S), int(max(stage.start_s, stage.end_s - 1e-6) // _DAY_S) + 1)
        for day in days:
            duties = [duty for duty in self._duties if day == days[0] or duty.shift is not None]
            homes = self._home_of_row[[duty.van for duty in duties]] if duties else np.zeros(0, np.int32)
            serial = sum(len(part) for part in parts)
            part = new_fleet(homes, int(self.params.fleet.seats), start_s, first_serial=serial)
            yards = np.array([self._yard_of.get(int(home), int(home)) for home in homes], np.int32)
            equip(part, duties, types, yards, start_s, day * _DAY_S)
            parts.append(part)
        return np.concatenate(parts)

    def _wake_holding(self, now_s: float) -> None:
        """Vans whose plan begins with a break set off for it in time."""
        for row in np.flatnonzero(self.desk.fleet["size"] > 0).tolist():
            self.desk.wake(row, now_s)

    def _rebalance(self) -> None:
        """Learn where requests are expected."""
        self._rebalancing, note = make_rebalancing(
            self.params, self._city, self.stops, len(self._asked_stops), self._tables, self._stage.run_seed,
            self._network.times.between_s,
        )  # fmt: skip
        demand = self.params.demand
        lived = demand.residents_table is not None and demand.table is None
        homes = (residents_at(demand, self._tables, self._city, self._asked_stops).told,) if lived else ()
        self.notes = (*self._lost, *homes, *((note,) if note else ()), *self.other_ways.notes)

    def _plan_anew(self, first_s: float) -> None:
        self.desk.rebalancing = self._rebalancing
        if self._rebalancing is not None:
            self.desk.move_idle(first_s)
        if self.desk.rules.replan != kernels.NEVER:
            self.desk.plan_anew(first_s)

    def _fork(self, at_s: float) -> None:
        """Change the fleet, the hours and the requests that come after ``at_s``."""
        desk = self.desk
        asked = int(desk.log.counts[kernels.NEXT])
        before = self.other_ways.travellers
        later = self._make_requests()
        self.other_ways.keep_before(before, at_s)
        later = later[later["asked_s"] > at_s]
        requests = np.concatenate([desk.requests[:asked], later])
        old, count = desk.fleet, len(self._make_fleet(self._stage.start_s))
        leaving = (old["working"] > 0) & (np.arange(len(old)) >= count)
        for from_s, to_s in self._shifts_of_run:
            if from_s < at_s < to_s:
                self._write_shift(old[leaving], from_s, at_s)
        coming = (old["working"] == 0) & (np.arange(len(old)) < count)
        old["since_s"][coming] = at_s
        old["working"] = np.arange(len(old)) < count
        fresh = self._make_fleet(at_s)[len(old) :]
        self.desk = Desk(np.concatenate([old, fresh]), requests, desk.times, self._rules(), self._strategy)
        self.desk.take_over(desk)
        self._close_daily(range(len(self.desk.fleet)), at_s)
        self._plan_anew(at_s + self.desk.rules.every_s)

    def _match_agents(self) -> None:
        """As many Mesa agents as vans, in the order of rows."""
        for van in self.vans[len(self.desk.fleet) :]:
            van.remove()
        self.vans = self.vans[: len(self.desk.fleet)]
        for row in range(len(self.vans), len(self.desk.fleet)):
            self.vans.append(Van(self._stage.city_model, self, row))


def _part(state: State, prefix: str) -> State:
    return {key[len(prefix) :]: values for key, values in state.items() if key.startswith(prefix)}
