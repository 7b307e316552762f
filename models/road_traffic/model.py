"""Road traffic in the city: vehicles of every model drive here, beside background cars.

The model takes vehicles in, lets one of two forms drive them, hands them back with exact times, publishes link
times and keeps the books. The forms (free flow, queueing) share one small interface; see ``forms.py``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Ints
from twin.boards import HAS_GATES, LINK_TIME_PROFILE_S, LINK_TIME_S, STANDING_AT_GATES
from twin.city.city import City
from twin.city.hours import with_hours
from twin.columns import VEHICLE_CLASSES
from twin.engine.channels import RowKind, Rows
from twin.engine.clock import clock_text
from twin.engine.draws import event, make_stream, uniforms
from twin.engine.growing import GrowingTables
from twin.engine.ledger import Account
from twin.engine.sim_model import InputTables, Stage, State, Tables
from twin.errors import EngineError, ScenarioError
from twin.models.registry import CODES, ORDER
from twin.models.road_traffic.access import Access, LawfulRoutes
from twin.models.road_traffic.agents import RoadAuthority
from twin.models.road_traffic.background.cars import BackgroundCars
from twin.models.road_traffic.controlled import ControlledLights
from twin.models.road_traffic.day_to_day.city_days import LearnedWays, learn_ways
from twin.models.road_traffic.day_to_day.params import DaysParams
from twin.models.road_traffic.entry_checks import check_entry, check_path
from twin.models.road_traffic.fleet import Fleet
from twin.models.road_traffic.forms import make_form
from twin.models.road_traffic.gravity.residents import told_of_residents
from twin.models.road_traffic.params import RoadParams
from twin.models.road_traffic.records.crossings import Crossings, LinkPeriods
from twin.models.road_traffic.records.fuel import Consumption
from twin.models.road_traffic.records.network import NetworkDiagram, Spillback
from twin.models.road_traffic.records.traces import CarTraces
from twin.models.road_traffic.records.watched import WatchedStreets
from twin.models.road_traffic.standing import StandingVehicles

Slots = NDArray[np.int64]

#: Crossings that are kept at most before they are counted.
_MOST_NOTED = 50_000

_STANDING = np.dtype(list(STANDING_AT_GATES.columns))

_log = logging.getLogger(__name__)


class RoadTraffic:
    """The first model of the city: the drive layer that all vehicles share.

    Parameters
    ----------
    params
        How vehicles drive.
    city
        The city; only its drive layer and places are used.
    tables
        Tables of the scenario; the OD table of background cars is looked up here.
    """

    name = "road_traffic"

    def __init__(self, params: RoadParams, city: City, tables: InputTables) -> None:
        self.params = params
        self._edited = city
        self._city = with_hours(city)
        self._tables = tables
        self._drive = city.drive
        self._fleet = Fleet()
        self._entered = self._received = self._handed_over = self._arrived = 0
        #: Orders that came after the vehicle had passed the point from which the new path starts.
        self.missed_repaths = 0
        #: Vehicles under way that a street was closed to, and that had no other way.
        self.caught = 0
        self._stuck: Slots = np.empty(0, np.int64)
        self._rows = GrowingTables()
        #: What background cars learned by repeating their day, once they have.
        self._learned: LearnedWays | None = None

    @classmethod
    def build(cls, params: RoadParams, city: City, tables: InputTables) -> RoadTraffic:
        """Make the model of one run; arguments as of the class."""
        return cls(params, city, tables)

    @staticmethod
    def heeds(params: RoadParams) -> frozenset[str]:
        """What stands beside the arrays of an edited city that the form chosen obeys; see ``twin.simulate``."""
        # Free flow has lights but no queues before them, which are what an edit of a plan is about.
        return frozenset(
            ("timed", "closed_to", "signal_plans") if params.form == "queueing" else ("timed", "closed_to")
        )

    @property
    def leads_s(self) -> Mapping[str, float]:
        """The road comes first: it sends to later models only."""
        return {}

    @property
    def notes(self) -> Sequence[str]:
        """What a reader of the results should know of the streets as they are driven; stands in the manifest."""
        learned = self._learned.notes if self._learned is not None else ()
        return [*self._form.notes, *self._residents, *learned, *self._standing.notes]

    def begin(self, stage: Stage) -> None:
        """Read the background cars and publish the first link times."""
        self._channels = stage.channels
        self.authority = stage.cast.hire("road_traffic.authority", RoadAuthority, stage.city_model)
        self._apply_measures()
        self._access = Access(self._city, stage.start_s)
        self._form = make_form(self.params, self._city, self._tables, stage.start_s)
        for note in self._form.notes:
            _log.info("%s", note)
        self._form.obey(self._access)
        self._standing = StandingVehicles(self._drive.lanes, self.params.form == "queueing")
        self._lights = ControlledLights(self.params, self._city, self._tables, stage, self._form)
        self._end_s = stage.end_s
        self._reached_s = stage.start_s
        self._periods = LinkPeriods(self._drive.link_count, stage.start_s)
        self._diagram = NetworkDiagram(self._drive.length_m)
        #: Crossings not yet counted, with the classes of their vehicles.
        self._noted: list[tuple[Crossings, NDArray[np.uint8]]] = []
        self._noted_count = 0
        storage = self._form.storage()
        self._spillback = None if storage is None else Spillback(self._drive, storage)
        self._watched = WatchedStreets(self.params.watched_streets, self._drive)
        self._consumption = Consumption(self.params.fuel)
        self._traces = CarTraces(self._drive, stage.run_seed, stage.trace_share)
        self._residents = told_of_residents(self.params.background.gravity, self._city, self._tables)
        self._cars = BackgroundCars(self.params.background, self._city, self._tables, stage.run_seed, stage.end_s)
        spread = self.params.background.route_spread if self.params.form == "queueing" else 0.0
        self._routes = LawfulRoutes(
            self._drive,
            self._first_times_s(stage.start_s),
            self._access,
            spread,
            make_stream(stage.run_seed, "road.taste"),
        )
        self._seed = stage.run_seed
        self._replan_stream = make_stream(stage.run_seed, "road.replan")
        self._next_car = int(np.searchsorted(self._cars.depart_s, stage.start_s, side="left"))
        self._publish(stage.start_s)
        self._publish_profile(stage.start_s)
        if self._form.has_gates:
            self._channels.publish(HAS_GATES.name, np.ones(1, np.bool_), stage.start_s)
        self._next_news_s = self._form.next_news_s(stage.start_s)
        self._next_s = -np.inf

    def advance(self, until_s: float) -> None:
        """Take vehicles and orders in, drive, hand back; link times change at their exact moments."""
        if until_s < min(self._next_s, self._channels.next_time_s(self.name)):
            self._reached_s = until_s
            return
        boards = switches = 0
        while (stop_s := self._next_stop_s()) <= until_s:
            self._advance_to(stop_s)
            if stop_s == self._lights.next_s:
                switches += self._lights.review(stop_s, self._form)
            if stop_s == self._next_news_s:
                self._hear(stop_s)
            if stop_s == self._next_board_s:
                boards += 1
                self._publish(stop_s)
        if boards > 1 and self._received:
            raise EngineError(
                f"link times change {boards} times within one step of {until_s - self._reached_s:g} s, "
                "and other models read them",
                where=f"road_traffic, {clock_text(until_s)}",
                mend="set clock.step to 30 s or less",
            )
        if switches > 1:
            raise EngineError(
                f"lights go over to other plans {switches} times within one step of {until_s - self._reached_s:g} s, "
                "and walkers read them",
                where=f"road_traffic, {clock_text(until_s)}",
                mend="set clock.step to no more than the shortest review_every_s of the signal controllers",
            )
        self._advance_to(until_s)
        self._reached_s = until_s
        self._next_s = self._find_next_s()

    def accounts(self) -> Sequence[Account]:
        """Vehicles of all models together."""
        return [
            Account(
                "vehicles",
                self._entered,
                int(np.count_nonzero(self._fleet.alive)),
                {"arrived": self._arrived},
                self._received,
                self._handed_over,
            )
        ]

    def is_empty(self) -> bool:
        """Whether nobody is on the road and no background car is still to come."""
        return not len(self._fleet) and self._next_car >= self._cars.first_after(self._end_s)

    def finish(self) -> None:
        """Close the period under way, with the crossings of those still on the road, and write these down."""
        self._record(self._form.advance(self._fleet, self._reached_s, everyone=True))
        self._end_period(self._periods.next_end_s)
        self._rows.append("road_modelled", {"part": np.array(self._form.parts)})
        self._rows.append("road_mfd", self._diagram.rows(self._reached_s))
        self._look_for_spillback(self._reached_s)
        if self._spillback is not None:
            self._spillback.finish(self._reached_s)
            self._keep_spillback()
        fleet, slots = self._fleet, self._fleet.inside()
        if self._form.has_gates:
            standing = np.zeros(len(slots), _STANDING)
            standing["id"], standing["since_s"] = fleet.id[slots], self._form.standing_since_s(slots)
            self._channels.publish(STANDING_AT_GATES.name, standing[np.isfinite(standing["since_s"])], self._reached_s)
        if len(slots):
            self._rows.append(
                "road_unfinished",
                {
                    "id": fleet.id[slots],
                    "vehicle_class": fleet.vehicle_class[slots],
                    "owner": fleet.owner[slots],
                    "enter_s": fleet.enter_s[slots],
                    "until_s": np.full(len(slots), self._reached_s),
                    "free_s": fleet.free_s[slots],
                },
            )

    def drain_tables(self) -> Tables:
        """Trips that ended, periods that are over, and points of sampled cars."""
        return self._rows.drain()

    def state(self) -> State:
        """The whole state as arrays, rows not yet drained included."""
        self._count_noted()
        out: State = {
            "counts": np.array(
                [
                    self._entered,
                    self._received,
                    self._handed_over,
                    self._arrived,
                    self.missed_repaths,
                    self._next_car,
                    self.caught,
                ],
                np.int64,
            ),
            "times": np.array([self._reached_s]),
            "stuck": self._stuck.copy(),
            "costs_s": self._routes.cost_s.copy(),
        }
        if self._learned is not None:
            out.update({f"days/{key}": values for key, values in self._learned.state().items()})
        parts: list[tuple[str, _Saved]] = [
            ("fleet", self._fleet),
            ("form", self._form),
            ("periods", self._periods),
            ("diagram", self._diagram),
            ("lights", self._lights),
            ("standing", self._standing),
        ]
        if self._spillback is not None:
            parts.append(("spillback", self._spillback))
        for prefix, part in parts:
            out.update({f"{prefix}/{key}": values for key, values in part.state().items()})
        out.update({f"rows/{key}": values for key, values in self._rows.state().items()})
        return out

    def restore(self, state: State, forked_at_s: float | None = None) -> None:
        """Put the state back; after a fork, cars that leave later come from the new table."""
        counts = [int(n) for n in state["counts"]]
        self._entered, self._received, self._handed_over, self._arrived, self.missed_repaths = counts[:5]
        self._next_car, self.caught = counts[5:]
        self._reached_s = float(state["times"][0])
        self._access.move_to(self._reached_s)
        self._stuck = np.array(state["stuck"], np.int64)
        self._routes.set_costs(np.array(state["costs_s"], np.float64))
        days = _part(state, "days")
        self._learned = LearnedWays(days) if days else None
        if forked_at_s is not None:
            self._next_car = self._cars.first_after(forked_at_s)
        self._fleet.restore(_part(state, "fleet"))
        self._noted.clear()
        self._noted_count = 0
        self._periods.restore(_part(state, "periods"))
        self._diagram.restore(_part(state, "diagram"))
        if self._spillback is not None:
            self._spillback.restore(_part(state, "spillback"))
        self._form.restore(_part(state, "form"), self._fleet)
        self._form.obey(self._access)
        self._standing.restore(_part(state, "standing"))
        for link, share in self._standing.shares().items():
            self._form.obstruct(self._fleet, link, share, self._reached_s)
        self._lights.restore(_part(state, "lights"), self._reached_s)
        self._rows.restore(_part(state, "rows"))
        self._next_board_s = self._find_next_board_s(self._reached_s)
        self._next_news_s = self._form.next_news_s(self._reached_s)
        if forked_at_s is not None:
            self._publish(self._reached_s)
            self._publish_profile(self._reached_s)
        self._next_s = -np.inf

    def _first_times_s(self, start_s: float) -> NDArray[np.float64]:
        """Link times by which cars choose until some have been measured."""
        empty_s, static = self._form.link_times(start_s), self.params.background.static
        if static is None:
            return empty_s
        from twin.models.road_traffic.equilibrium.first_times import first_times_s  # its kernels are seldom needed

        return first_times_s(static, self._drive, self._cars, start_s, empty_s)

    def _apply_measures(self) -> None:
        """Edits with hours as the authority applies them."""
        planned = self._edited.timed
        measures = tuple(self.authority.measures(planned, self._drive))
        if measures != planned:
            self._city = with_hours(replace(self._edited, timed=measures))

    def _find_next_s(self) -> float:
        next_s = min(self._form.next_s, self._next_stop_s())
        if self._next_car < self._cars.first_after(self._end_s):
            next_s = min(next_s, float(self._cars.depart_s[self._next_car]))
        return next_s

    def _next_stop_s(self) -> float:
        """Next moment at which more happens than driving."""
        return min(self._next_board_s, self._next_news_s, self._next_period_s(), self._lights.next_s)

    def _next_period_s(self) -> float:
        """End of the current period of the tables, if there is anything to write down about it."""
        pending = len(self._fleet) or self._noted or self._periods.pending
        return self._periods.next_end_s if pending else np.inf

    def _find_next_board_s(self, after_s: float) -> float:
        return min(self._form.next_board_s(after_s), self._access.next_change_s(after_s))

    def _publish(self, at_s: float) -> None:
        changed = self._access.move_to(at_s)
        if len(changed):
            self._form.obey(self._access)
        times = self._form.link_times(at_s)
        self._channels.publish(LINK_TIME_S.name, self._access.board(times), at_s)
        self._next_board_s = self._find_next_board_s(at_s)
        if self.params.form == "free_flow" and self._access.changes:
            self._routes.set_costs(times)
        elif len(changed) or self._access.turns_moved:
            self._routes.set_costs(self._routes.cost_s)
        if len(changed) or self._access.turns_moved:
            self._look_for_spillback(at_s)
            self._lead_around(at_s)
            self._form.retime(self._fleet, at_s, changed)
        if self.params.form == "queueing":
            self._replan(at_s)
            self._report_gridlock(at_s)

    def _publish_profile(self, at_s: float) -> None:
        """Tell what link times are by the hour, where that is known."""
        profile = self._form.link_time_profile()
        if profile is not None:
            self._channels.publish(LINK_TIME_PROFILE_S.name, profile, at_s)

    def _hear(self, at_s: float) -> None:
        """Let the times by which cars choose their way follow those measured."""
        news_s = self._form.news(at_s)
        self._routes.set_costs(_blended(self._routes.cost_s, news_s, self.params.background.news_weight))
        self._next_news_s = self._form.next_news_s(at_s)

    def _replan(self, at_s: float) -> None:
        """Let a share of the background cars look for a new way by the times just measured."""
        if self.params.background.days is not None:
            return  # who knows the day keeps to what it taught
        own = CODES[self.name]
        slots = np.flatnonzero(self._fleet.alive & (self._fleet.owner == own))
        period = event(int(at_s // self.params.board_every_s))
        draws = uniforms(self._replan_stream, self._fleet.id[slots], period)
        for slot in slots[draws < self.params.background.replan_share].tolist():
            path = self._fleet.path(slot)
            keep = self._form.hop_at(self._fleet, slot, at_s) + 1
            if keep >= len(path):
                continue
            onward = self._routes.chosen(
                int(self._fleet.vehicle_class[slot]),
                int(self._drive.link_to[path[keep - 1]]),
                int(self._drive.link_to[path[-1]]),
                self._fleet.id[slot],
                int(path[keep - 1]),
            )
            if onward is not None and not np.array_equal(onward, path[keep:]):
                self._form.repath(self._fleet, slot, at_s, keep, np.concatenate([path[:keep], onward]))

    def _lead_around(self, at_s: float) -> None:
        """Give a new way to everybody who has links ahead that have just been closed to them."""
        for slot in self._fleet.inside().tolist():
            keep = self._form.hop_at(self._fleet, slot, at_s) + 1
            path = self._fleet.path(slot)
            onward = self._lawful(slot, path, keep)
            if not np.array_equal(onward, path):
                self._form.repath(self._fleet, slot, at_s, keep, onward)

    def _lawful(self, slot: int, path: Ints, keep: int) -> Ints:
        """A path led around what is closed to a vehicle under way; the same path, and counted, if it has no other."""
        fleet = self._fleet
        owned = int(fleet.owner[slot]) != CODES[self.name]
        found = self._routes.around(int(fleet.vehicle_class[slot]), path, keep, owned)
        if found is None:
            self.caught += 1
            _log.warning("vehicle %d is on a way that has been closed to it, and has no other", fleet.id[slot])
        return path if found is None else found

    def _report_gridlock(self, at_s: float) -> None:
        """Write down links that have become part of a gridlock since the last look."""
        stuck = self._form.stuck_links()
        new = np.setdiff1d(stuck, self._stuck)
        self._stuck = stuck
        if len(new):
            _log.warning(
                "gridlock: %d drive links hold each other up at %s, the first is %d",
                len(stuck),
                clock_text(at_s),
                new[0],
            )
            self._rows.append("road_gridlock", {"time_s": np.full(len(new), at_s), "link_index": new.astype(np.int32)})

    def _advance_to(self, until_s: float) -> None:
        self._take_vehicles(until_s)
        self._take_orders(until_s)
        crossings = self._form.advance(self._fleet, until_s, until_s >= self._periods.next_end_s)
        self._record(crossings)
        self._hand_back(crossings.where(crossings.to_link < 0))
        if self._periods.next_end_s <= until_s:
            self._look_for_spillback(until_s)
            self._end_period(until_s)

    def _end_period(self, end_s: float) -> None:
        """Write down the links and watched streets of the periods that end by a moment."""
        self._count_noted()
        queue_m = self._form.queue_m()
        not_modelled = np.full(self._drive.link_count, np.nan)
        for period in self._periods.finish(end_s, not_modelled if queue_m is None else queue_m):
            self._rows.append("road_links", period)
        streets = None if queue_m is None else self._watched.rows(end_s, queue_m)
        if streets is not None:
            self._rows.append("road_streets", streets)

    def _take_vehicles(self, until_s: float) -> None:
        rows = self._channels.take(self.name, until_s)
        slots = []
        for i in range(len(rows)):
            row = rows.data[i]
            path = rows.path_of(i)
            check_entry(row, path, self._fleet, self._drive)
            path = self._lawful_entry(row, path)
            slots.append(self._fleet.add(row["id"], row["vehicle_class"], row["b"], row["time_s"], path))
        self._received += len(slots)
        slots.extend(self._take_cars(until_s))
        if slots:
            index = np.array(slots, np.int64)
            fleet = self._fleet
            self._form.enter(fleet, index[np.lexsort((fleet.id[index], fleet.enter_s[index]))])

    def _take_cars(self, until_s: float) -> list[int]:
        last = self._cars.first_after(min(until_s, self._end_s))
        cars, slots = self._cars, []
        for i in range(self._next_car, last):
            vehicle_class = int(cars.vehicle_class[i])
            path = self._way(i)
            if path is None:
                raise EngineError(
                    f"there is no way to drive from node {cars.from_node[i]} to node {cars.to_node[i]} "
                    f"for the class {VEHICLE_CLASSES[vehicle_class]}",
                    where=f"background car {cars.id[i]}, {clock_text(cars.depart_s[i])}",
                    mend="choose places in the strongly connected part of the drive layer that edits leave open",
                )
            self._entered += 1
            if len(path):
                code = CODES[self.name]
                slots.append(self._fleet.add(cars.id[i], cars.vehicle_class[i], code, cars.depart_s[i], path))
            else:
                self._arrived += 1  # from a place to the same node: no metre to drive
        self._next_car = max(self._next_car, last)
        return slots

    def _way(self, i: int) -> Ints | None:
        """Way of a background car: as learned on the days before, led around what is closed now; else as it chooses."""
        cars, vehicle_class = self._cars, int(self._cars.vehicle_class[i])
        if self.params.background.days is not None and self._learned is None:
            self._repeat_days(self.params.background.days)
        path = self._learned.path(cars.id[i]) if self._learned is not None else None
        if path is not None:
            path = self._routes.around(vehicle_class, path, 0, keeps_last=False)
        if path is None:
            path = self._routes.chosen(vehicle_class, int(cars.from_node[i]), int(cars.to_node[i]), cars.id[i])
        return path

    def _repeat_days(self, days: DaysParams) -> None:
        """Let the background cars of this run repeat their day; done when the first of them starts."""
        cars = self._cars

        def otherwise(row: int) -> Ints | None:
            ends = int(cars.from_node[row]), int(cars.to_node[row])
            return self._routes.chosen(int(cars.vehicle_class[row]), *ends, cars.id[row])

        span = self._next_car, cars.first_after(self._end_s)
        begun = self._access, self._reached_s, self._end_s
        self._learned = learn_ways(
            self.params, days, self._city, self._tables, cars, span, otherwise, begun, self._seed
        )
        if self._learned is not None:
            self._rows.append("road_days", self._learned.rows())

    def _take_orders(self, until_s: float) -> None:
        orders = self._channels.take_orders(self.name, until_s)
        if not len(orders):
            return
        # In the order of time: a form with queues drives up to each order before it obeys.
        for i in range(len(orders)):
            row = orders.data[i]
            if row["kind"] == RowKind.ROAD_CREDIT:
                self._form.apply_credits(orders.take(np.array([i])), self._fleet)
            elif row["kind"] == RowKind.ROAD_LANES:
                link, at_s = int(row["a"]), float(row["time_s"])
                self._form.obstruct(self._fleet, link, self._standing.take(link, float(row["amount"]), at_s), at_s)
            elif row["kind"] == RowKind.ROAD_REPATH:
                self._repath(int(row["id"]), float(row["time_s"]), orders.path_of(i))

    def _repath(self, id_: int, at_s: float, onward: Ints) -> None:
        """Replace the path from the next place where the new one starts; an empty one ends after this link."""
        slot = self._fleet.slot_of(id_)
        hop = self._form.hop_at(self._fleet, slot, at_s) if slot >= 0 else 0
        if slot < 0 or hop >= int(self._fleet.path_len[slot]):
            self.missed_repaths += 1
            return
        path = self._fleet.path(slot)
        keep = hop + 1
        if len(onward):
            check_path(id_, at_s, onward, self._drive)
            ahead = np.flatnonzero(self._drive.link_to[path[hop:]] == self._drive.link_from[onward[0]])
            if not len(ahead):
                self.missed_repaths += 1
                return
            keep = hop + int(ahead[0]) + 1
        wanted = np.concatenate([path[:keep], onward]).astype(np.int32)
        self._form.repath(self._fleet, slot, at_s, keep, self._lawful(slot, wanted, keep))

    def _record(self, crossings: Crossings) -> None:
        """Note crossings; they are counted many at a time."""
        if not len(crossings):
            return
        self._noted.append((crossings, self._fleet.vehicle_class[crossings.slot]))
        self._noted_count += len(crossings)
        if self._noted_count > _MOST_NOTED:
            self._count_noted()
        points = self._traces.points(crossings, self._fleet, CODES[self.name])
        if points is not None:
            self._rows.append("traces", points)

    def _count_noted(self) -> None:
        """Count the crossings noted since the last call; sums over them know no order."""
        if not self._noted:
            return
        crossings = Crossings.empty().joined(*(part for part, _ in self._noted))
        classes = np.concatenate([part for _, part in self._noted])
        self._noted.clear()
        self._noted_count = 0
        self._periods.add(crossings)
        self._diagram.add(crossings)
        if self._spillback is not None:
            self._spillback.add(crossings, classes)

    def _look_for_spillback(self, at_s: float) -> None:
        self._count_noted()
        storage = self._form.storage()
        if self._spillback is not None and storage is not None:
            self._spillback.look(at_s, storage)
            self._keep_spillback()

    def _keep_spillback(self) -> None:
        rows = self._spillback.rows() if self._spillback is not None else None
        if rows is not None:
            self._rows.append("road_spillback", rows)

    def _hand_back(self, left: Crossings) -> None:
        """Let vehicles go that have driven their path: back to their owners, or out of the city."""
        if not len(left):
            return
        fleet, slots = self._fleet, left.slot
        order = np.lexsort((fleet.id[slots], left.time_s))
        left, slots = left.where(order), slots[order]
        owner, ids, classes = fleet.owner[slots], fleet.id[slots], fleet.vehicle_class[slots]
        metres = [float(self._drive.length_m[fleet.path(slot)].sum()) for slot in slots.tolist()]
        metres_m = np.array(metres)
        queued_s = self._form.queued_since_s(left)
        fuel_l, co2_kg = self._consumption.of(classes, metres_m, left.time_s - fleet.enter_s[slots])
        trips: dict[str, NDArray[np.generic]] = {
            "id": ids,
            "vehicle_class": classes,
            "owner": owner,
            "enter_s": fleet.enter_s[slots],
            "leave_s": left.time_s,
            "metres_m": metres_m,
            "free_s": fleet.free_s[slots],
            "fuel_l": fuel_l,
            "co2_kg": co2_kg,
        }
        self._rows.append("road_trips", trips)
        for code in np.unique(owner).tolist():
            mine = np.flatnonzero(owner == code)
            if code == CODES[self.name]:
                self._arrived += len(mine)
                continue
            self._handed_over += len(mine)
            self._channels.send(
                ORDER[code],
                Rows.of(
                    len(mine),
                    time_s=left.time_s[mine],
                    kind=RowKind.ROAD_LEAVE,
                    id=ids[mine],
                    bodies=1,
                    vehicle_class=classes[mine],
                    a=left.from_link[mine],
                    b=code,
                    amount=fleet.enter_s[slots[mine]],
                    since_s=queued_s[mine],
                ),
            )
        fleet.remove(slots)
        self._form.forget(fleet)

    def _lawful_entry(self, row: np.void, path: Ints) -> Ints:
        """The path, led around what is closed to the vehicle.

        Raises
        ------
        ScenarioError
            If a link is barred to its class and there is no other way.
        """
        found = self._routes.around(int(row["vehicle_class"]), path, 0, keeps_last=True)
        if found is None:
            barred = path[self._access.barred[int(row["vehicle_class"]), path]]
            name = int(self._drive.name_index[barred[0]]) if len(barred) else -1
            street = self._drive.names[name] if name >= 0 else f"drive link {barred[0] if len(barred) else path[-1]}"
            raise ScenarioError(
                f"{street} is closed to the class {VEHICLE_CLASSES[int(row['vehicle_class'])]}, and there is no other "
                f"way for vehicle {int(row['id'])} of the model {ORDER[int(row['b'])]}",
                where=f"road_traffic, {clock_text(float(row['time_s']))}",
                mend="leave one way open to the class, or move what the vehicle drives to",
            )
        return found


def _blended(known_s: NDArray[np.float64], news_s: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Costs by which cars choose, after news of link times; of links that are closed for good, the news."""
    both = np.isfinite(known_s) & np.isfinite(news_s)
    out = news_s.copy()
    out[both] = known_s[both] + weight * (news_s[both] - known_s[both])
    return out


class _Saved(Protocol):
    def state(self) -> State: ...


def _part(state: State, name: str) -> State:
    prefix = name + "/"
    return {key[len(prefix) :]: values for key, values in state.items() if key.startswith(prefix)}
