"""The queueing form of the road: link transmission on the streets of the city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.city.city import City
from twin.city.lights.plans import Window
from twin.columns import VEHICLE_CLASSES
from twin.engine.channels import RowKind, Rows
from twin.engine.sim_model import State
from twin.models.road_traffic.access import Access
from twin.models.road_traffic.fleet import Fleet
from twin.models.road_traffic.free_flow.form import class_speeds
from twin.models.road_traffic.params import RoadParams
from twin.models.road_traffic.queueing import kernels
from twin.models.road_traffic.queueing.arrays import Vehicles
from twin.models.road_traffic.queueing.build import build_edits, build_road, new_vehicle_records, new_vehicles
from twin.models.road_traffic.queueing.gate_queue import standing_since_s
from twin.models.road_traffic.queueing.loading import Loading, largest_step_s, new_log
from twin.models.road_traffic.queueing.measured import LinkTimes
from twin.models.road_traffic.queueing.news import no_trees
from twin.models.road_traffic.queueing.obstructions import Obstructions
from twin.models.road_traffic.queueing.streets import notes, street_network
from twin.models.road_traffic.queueing.switching import red_wait_s, switch_lights
from twin.models.road_traffic.records.crossings import Crossings
from twin.models.road_traffic.records.network import Storage
from twin.models.road_traffic.tables import PARTS

Slots = NDArray[np.int64]

_LOG_ROOM = 1 << 16
_CAR = VEHICLE_CLASSES.index("car")


class Queueing:
    """Driving with queues and spillback, behind the interface that both forms of the road share.

    Parameters
    ----------
    params
        Lengths, headways, signals and class speeds.
    city
        Its drive layer and edits.
    tables
        Tables of the scenario; that of signals is looked up here.
    start_s
        Start of the clock.
    """

    def __init__(
        self, params: RoadParams, city: City, tables: Mapping[str, Mapping[str, NDArray[np.generic]]], start_s: float
    ) -> None:
        drive = city.drive
        self.notes: Sequence[str] = notes(params, city)
        self._board_every_s, self._news_every_s = params.board_every_s, params.background.news_every_s
        self._jam_spacing_m = params.jam_spacing_m
        self._length_m, self._class_speed_mps = drive.length_m, class_speeds(params)
        self._set_speeds(drive.free_speed_mps, drive.lanes)
        network = street_network(params, city, tables)
        road = build_road(network, start_s, may_have_gates=True)
        edits = build_edits(network, road)
        self._obstructions = Obstructions(road, edits)
        # Hours that began before the clock hold from its start, for whoever looks at the network then.
        kernels.apply_edits(road, edits, start_s)
        self._loading = Loading(road, new_vehicles(network)[0], no_trees(), edits, largest_step_s(road, edits))
        self._red_wait_s = red_wait_s(road)
        self._log_rows = new_log(_LOG_ROOM)
        self._pool_version = -1
        self._crossed = Crossings.empty()
        self._last_s = np.zeros(0)
        self._measured = {"board": LinkTimes(drive.link_count), "news": LinkTimes(drive.link_count)}

    has_gates = True
    parts: Sequence[str] = PARTS

    @property
    def next_s(self) -> float:
        """Earliest moment at which a node may have something to do."""
        if len(self._crossed):
            return -np.inf
        edits = self._loading.edits
        done = int(edits.done[0])
        edit_s = float(edits.rows["time_s"][done]) if done < len(edits.rows) else np.inf
        return min(float(self._loading.road.node_next_s.min()), edit_s)

    def enter(self, fleet: Fleet, slots: Slots) -> None:
        """Line vehicles up before their first links."""
        self._follow(fleet)
        veh = self._loading.cars.veh
        fresh = new_vehicle_records(len(slots))
        fresh["key"], fresh["vehicle_class"] = fleet.id[slots], fleet.vehicle_class[slots]
        fresh["owner"] = fleet.owner[slots]
        fresh["path_start"], fresh["path_len"] = fleet.path_start[slots], fleet.path_len[slots]
        veh[slots] = fresh
        for slot in slots.tolist():
            fleet.free_s[slot] = self._free_seconds(fleet, slot)
        first = fleet.pool_link[fleet.path_start[slots]]
        self._loading.enter(slots, first, fleet.enter_s[slots])

    def repath(self, fleet: Fleet, slot: int, at_s: float, keep: int, path: Ints) -> None:  # noqa: ARG002
        """Replace what follows the link a vehicle is on, or the links it has been told to keep."""
        fleet.set_path(slot, path)
        self._follow(fleet)
        record = self._loading.cars.veh[slot]
        record.path_start, record.path_len = fleet.path_start[slot], fleet.path_len[slot]
        fleet.free_s[slot] = self._free_seconds(fleet, slot)
        loading = self._loading
        kernels.reroute(loading.road, loading.cars, loading.trees, slot, at_s)
        loading.back_to(at_s)

    def hop_at(self, fleet: Fleet, slot: int, at_s: float) -> int:
        """Position on its path of the link a vehicle is on at a moment; the path's length if it has left."""
        self._drive(fleet, at_s)
        record = self._loading.cars.veh[slot]
        return int(fleet.path_len[slot]) if record.link == -2 else max(int(record.hop), 0)

    def advance(self, fleet: Fleet, until_s: float, everyone: bool) -> Crossings:  # noqa: ARG002
        """All crossings up to and including ``until_s`` that have not been told yet."""
        self._drive(fleet, until_s)
        crossed, self._crossed = self._crossed, Crossings.empty()
        return crossed

    def forget(self, fleet: Fleet) -> None:
        """Slots of vehicles that have left are used again; nothing is kept of them."""

    def apply_credits(self, orders: Rows, fleet: Fleet) -> None:
        """From its first credit on, a link lets ways of the model that gave it end there only against one."""
        road = self._loading.road
        for row in orders.data[orders.data["kind"] == RowKind.ROAD_CREDIT]:
            self._drive(fleet, float(row["time_s"]))
            line = int(road.links["queue"][row["a"]])
            road.counts[3] += road.lines["gated"][line] == 0
            road.lines["gated"][line] = 1 + row["b"]
            self._loading.grant(line, int(row["amount"]), float(row["time_s"]))

    def obstruct(self, fleet: Fleet, link: int, share: float, at_s: float) -> None:
        """Let a link pass a share of its capacity from a moment on."""
        self._drive(fleet, at_s)
        self._obstructions.put(self._loading, link, share, at_s)

    def queued_since_s(self, left: Crossings) -> Floats:
        """(n,) float64: since when those who have just left stood in the queue to the end of their way."""
        return np.minimum(self._loading.cars.veh["queued_s"][left.slot], left.time_s)

    def standing_since_s(self, slots: Slots) -> Floats:
        """(n,) float64: since when vehicles on the road stand in the queue of a gate; infinite if they do not."""
        return standing_since_s(self._loading.road, self._loading.cars, slots)

    def obey(self, access: Access) -> None:
        """Measure against the speeds and lanes that hold now; the network itself knows when its links change."""
        self._set_speeds(access.speed_mps, access.lanes)

    def switch(self, windows: Mapping[tuple[int, int | None], Window], at_s: float) -> None:
        """Let lights run other plans from a moment on that has been driven up to."""
        switch_lights(self._loading, windows, at_s)
        self._red_wait_s = red_wait_s(self._loading.road)

    def retime(self, fleet: Fleet, at_s: float, changed: Ints) -> None:
        """Nothing is known ahead in this form."""

    def next_board_s(self, after_s: float) -> float:
        """End of the period of measuring in which a moment lies."""
        return float((np.floor(after_s / self._board_every_s) + 1) * self._board_every_s)

    def link_time_profile(self) -> None:
        """Not known: times are made by those who drive."""

    def next_news_s(self, after_s: float) -> float:
        """Next moment at which those who choose their way learn of link times."""
        return float((np.floor(after_s / self._news_every_s) + 1) * self._news_every_s)

    def link_times(self, at_s: float) -> Floats:  # noqa: ARG002
        """Seconds over each link as measured since the last board; see :meth:`_read`."""
        return self._read("board")

    def news(self, at_s: float) -> Floats:  # noqa: ARG002
        """Seconds over each link as measured since the last news."""
        return self._read("news")

    def _read(self, purpose: str) -> Floats:
        """Mean seconds of those who left each link.

        Where nobody left: free-flow time, and the mean wait of a lone arrival for green. At least as long as
        anybody who waits at the end has been on the link.
        """
        veh, road = self._loading.cars.veh, self._loading.road
        times = self._measured[purpose].read(self._free_s + self._red_wait_s)
        waits = np.flatnonzero((veh["link"] >= 0) & (veh["ready_s"] <= road.time_s[0]))
        np.maximum.at(times, veh["link"][waits], road.time_s[0] - self._last_s[waits])
        return np.asarray(np.maximum(times, self._free_s))

    def storage(self) -> Storage:
        """Car units that fill each link now."""
        road = self._loading.road
        return Storage(road.links["storage"], road.links["lag_s"], road.classes["units"])

    def queue_m(self) -> Floats:
        """(m,) float64: lane metres of those who are ready to leave each link and wait, over its lanes."""
        road, veh = self._loading.road, self._loading.cars.veh
        waits = (veh["link"] >= 0) & (veh["ready_s"] < road.time_s[0])
        units = road.classes["units"][veh["vehicle_class"][waits]]
        return np.asarray(np.bincount(veh["link"][waits], units, minlength=len(self._free_s)) * self._unit_m)

    def stuck_links(self) -> Slots:
        """Links of a gridlock now."""
        return self._loading.stuck_links()

    def state(self) -> State:
        """Network, vehicles and measurements; the fleet is saved by the model."""
        out = self._loading.state()
        out["veh"] = np.array(self._loading.cars.veh)
        out["last_s"] = self._last_s.copy()
        for purpose, measured in self._measured.items():
            out.update({f"{purpose}/{name}": values for name, values in measured.state().items()})
        return out

    def restore(self, state: State, fleet: Fleet) -> None:
        """Put everything back; the fleet has been put back before."""
        self._loading.restore(state)
        self._red_wait_s = red_wait_s(self._loading.road)
        veh = new_vehicle_records(len(state["veh"]))
        veh[:] = state["veh"]
        self._last_s = np.array(state["last_s"], np.float64)
        self._loading.cars = Vehicles(veh, fleet.pool_link, self._loading.cars.stops)
        self._pool_version = -1
        self._follow(fleet)
        for purpose, measured in self._measured.items():
            measured.restore({name: state[f"{purpose}/{name}"] for name in measured.state()})

    def _set_speeds(self, speed_mps: Floats, lanes: NDArray[np.int16]) -> None:
        self._speed_mps = speed_mps
        with np.errstate(divide="ignore"):  # a link that an edit closed for good takes forever
            self._free_s = self._length_m / np.minimum(speed_mps, self._class_speed_mps[_CAR])
        self._unit_m = self._jam_spacing_m / np.maximum(lanes, 1)

    def _free_seconds(self, fleet: Fleet, slot: int) -> float:
        path = fleet.path(slot)
        speed_mps = np.minimum(self._speed_mps[path], self._class_speed_mps[fleet.vehicle_class[slot]])
        return float((self._length_m[path] / speed_mps).sum())

    def _follow(self, fleet: Fleet) -> None:
        """Take up arrays of the fleet that have grown or been packed."""
        cars = self._loading.cars
        count = len(fleet.alive)
        if len(cars.veh) < count:
            veh = new_vehicle_records(count)
            veh[: len(cars.veh)] = cars.veh
            self._last_s = np.concatenate([self._last_s, np.zeros(count - len(self._last_s))])
            cars = Vehicles(veh, fleet.pool_link, cars.stops)
        if self._pool_version != fleet.pool_version:
            cars = Vehicles(cars.veh, fleet.pool_link, cars.stops)
            cars.veh["path_start"] = fleet.path_start
            self._pool_version = fleet.pool_version
        self._loading.cars = cars

    def _drive(self, fleet: Fleet, until_s: float) -> None:
        if float(self._loading.road.time_s[0]) > until_s:
            return
        self._follow(fleet)
        log = self._log_rows
        done = False
        while not done:
            done = self._loading.advance(until_s, log)
            if not log.size[0]:
                continue
            # A field of a plain array costs a tenth of one of an array of records.
            rows = np.asarray(log.rows)[: int(log.size[0])]
            on_link_s = np.empty(len(rows))
            kernels.seconds_on_links(rows["vehicle"], rows["time_s"], rows["from_link"], self._last_s, on_link_s)
            new = Crossings(
                rows["time_s"].copy(),
                rows["vehicle"].astype(np.int64),
                rows["from_link"].copy(),
                rows["to_link"].copy(),
                on_link_s,
            )
            left = new.from_link >= 0
            for measured in self._measured.values():
                measured.add(new.from_link[left], on_link_s[left])
            self._crossed = self._crossed.joined(new)
            log.size[0] = 0
