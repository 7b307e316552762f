"""The kerb as a model of the city: vehicles come to shops, look for a bay, stand, and drive away on the shared road.

What happens is in ``kernels.py``; here are the channels, the tables, the books and the checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twin.arrays import Floats, Ids, Ints, Longs
from twin.city.city import City
from twin.columns import VEHICLE_CLASSES
from twin.engine.channels import RowKind, Rows
from twin.engine.clock import clock_text
from twin.engine.event_queue import Heap, new_heap, pop
from twin.engine.ledger import Account
from twin.engine.sim_model import InputTables, Stage, State, Tables
from twin.errors import EngineError
from twin.models.kerb import kernels
from twin.models.kerb.agents import FullPocket, KerbDrivers, Patrol, Round
from twin.models.kerb.demand import Day, make_day
from twin.models.kerb.layout import Layout, lay_out
from twin.models.kerb.names import ARRIVE, ASK_DRIVER, ASK_PATROL, DONE, DRIVING, GONE, LEAVING, PATROL, WAITING
from twin.models.kerb.params import KerbParams
from twin.models.kerb.pictures import Pictures
from twin.models.kerb.records import KerbRecords
from twin.models.kerb.routes import Ways
from twin.models.kerb.rows import VISIT, Kerbside, Records, new_logs
from twin.models.kerb.side import make_kerbside
from twin.models.kerb.tables import CHOICES, KINDS, REASONS
from twin.models.registry import CODES

ROAD = "road_traffic"
_LOG_ROOM = 4096
#: Events that one visit may have in the queue at a time, at most.
_EVENTS_EACH = 16
_HOUR_S = 3600.0


class Kerb:
    """Stopping at the kerb.

    Parameters
    ----------
    params
        Who comes, where bays are, who watches.
    city
        Its drive layer, edits applied, and the places at which traffic enters.
    """

    name = "kerb"

    def __init__(self, params: KerbParams, city: City) -> None:
        self.params = params
        self._city = city
        self.layout: Layout = lay_out(params, city)
        self._ways: Ways = city.worked_out.setdefault("kerb.ways", Ways(city))
        self._classes = np.array([VEHICLE_CLASSES.index(kind.vehicle_class) for kind in params.kinds], np.int64)
        self._check_ways()

    @classmethod
    def build(cls, params: KerbParams, city: City, tables: InputTables) -> Kerb:  # noqa: ARG003  (the protocol's)
        """Make the model of one run; it reads no tables."""
        return cls(params, city)

    @staticmethod
    def heeds(params: KerbParams) -> frozenset[str]:  # noqa: ARG004  (the protocol's)
        """No edits beside the arrays: nobody drives in it."""
        return frozenset()

    @property
    def notes(self) -> Sequence[str]:
        """Shops without a pocket in reach: who comes there stands in the lane or goes away."""
        bare = int(np.count_nonzero(np.diff(self.layout.near_ptr) == 0))
        if not bare:
            return ()
        shops = f"{bare} of {len(self.layout.shops)} shops have no pocket within {self.params.reach_m:g} m"
        return (f"{shops}: who comes there stands in the lane or goes away",)

    @property
    def leads_s(self) -> Mapping[str, float]:
        """Drives and stands in the lane are announced to the road this long before it feels them."""
        return {ROAD: self.params.manoeuvre_s}

    def begin(self, stage: Stage) -> None:
        """Find out who comes today, hire drivers and patrols, and announce the first vehicles."""
        self._stage, self._channels = stage, stage.channels
        self._reached_s = stage.start_s
        self._entered = self._handed_over = self._received = 0
        self._left = np.zeros(len(REASONS), np.int64)
        self._next = 0
        model = stage.city_model
        self.drivers = stage.cast.hire("kerb.drivers", KerbDrivers, model)
        count, pockets = int(self.params.patrols.count), len(self.layout.pockets)
        nodes = self._city.drive.link_to[self.layout.pockets.link]
        self.patrols = [
            stage.cast.hire("kerb.patrol", Patrol, model, self.params.patrols, i, count, nodes) for i in range(count)
        ]
        self.day = self._make_day(stage.start_s)
        self._set_up()
        if pockets:
            for i, patrol in enumerate(self.patrols):
                self._patrol_at[i] = patrol.first
                kernels.expect(self.heap, max(self.params.hours[0], stage.start_s), PATROL, np.uint64(i), i)
        self.records.write_layout(self.side, self._terms())
        self._announce(stage.start_s)
        self._serve(stage.start_s)

    def advance(self, until_s: float) -> None:
        """Let vehicles come, stand and leave, each at its exact time."""
        self._announce(until_s)
        rows = self._channels.take(self.name, until_s).data
        self._come(rows)
        self._serve(until_s)
        self._reached_s = until_s

    def accounts(self) -> Sequence[Account]:
        """Vehicles that have set out, stand at the kerb, and have left the map, by what became of them."""
        left = dict(zip(REASONS, self._left.tolist(), strict=True))
        inside = int(self.side.size[0])
        return [Account("vehicles", self._entered, inside, left, self._received, self._handed_over)]

    def is_empty(self) -> bool:
        """Whether everybody of the day has come and left the map."""
        return int(self._left.sum()) == len(self.day)

    def finish(self) -> None:
        """Write down who still stands at the kerb."""
        self.records.close(self.side, self._reached_s)

    def drain_tables(self) -> Tables:
        """Visits and stands that have ended, spans of blocked lanes, points of the picture."""
        return self.records.tables.drain()

    def state(self) -> State:
        """The whole state as arrays, rows not yet drained included."""
        used = int(self.heap.size[0])
        out: State = {f"rows/{key}": values for key, values in self.records.tables.state().items()}
        side = self.side
        out.update(
            visits=np.array(side.visits).view(np.uint8),
            depart_s=self.day.depart_s.copy(),
            entry=self.day.entry.copy(),
            leave=self.day.leave.copy(),
            bay_visit=side.bay_visit.copy(),
            wait_head=side.wait_head.copy(),
            wait_tail=side.wait_tail.copy(),
            reported=side.reported.copy(),
            edge_count=side.edge_count.copy(),
            standing=side.standing[: int(side.size[0])].copy(),
            place=side.place.copy(),
            from_edge=self._from_edge.copy(),
            patrol_at=self._patrol_at.copy(),
            blocked_since_s=self.records.blocked_since_s.copy(),
            counts=np.array([self._entered, self._handed_over, self._received, self._next, *self._left], np.int64),
            reached_s=np.array([self._reached_s]),
            heap_s=self.heap.times[:used].copy(),
            heap_kind=self.heap.kinds[:used].copy(),
            heap_id=self.heap.ids[:used].copy(),
            heap_row=self.heap.payloads[:used].copy(),
        )
        out.update(self.pictures.state())
        return out

    def restore(self, state: State, forked_at_s: float | None = None) -> None:
        """Put everybody back; after a fork those who set out later follow the new parameters, as the watchers do."""
        visits = np.asarray(state["visits"], np.uint8).view(VISIT).view(np.recarray).copy()
        entry, leave = np.array(state["entry"], np.int32), np.array(state["leave"], np.int32)
        day = Day(visits, np.array(state["depart_s"], np.float64), entry, leave)
        self._entered, self._handed_over, self._received, self._next, *left = (int(n) for n in state["counts"])
        self._left = np.array(left, np.int64)
        known = len(day)
        if forked_at_s is not None:
            known = self._next
            later = self.day.depart_s > self._announced_until(forked_at_s)
            day = day.take(np.arange(known)).joined(self.day.take(np.flatnonzero(later)))
        self.day = day
        self._set_up()
        side = self.side
        side.bay_visit[...], side.reported[...] = state["bay_visit"], state["reported"]
        side.wait_head[...], side.wait_tail[...] = state["wait_head"], state["wait_tail"]
        side.edge_count[...] = state["edge_count"]
        side.place[:known] = state["place"][:known]
        self._from_edge[:known] = state["from_edge"][:known]
        side.size[0] = len(state["standing"])
        side.standing[: len(state["standing"])] = state["standing"]
        self._patrol_at[...] = state["patrol_at"]
        used = len(state["heap_s"])
        heap = self.heap
        heap.times[:used], heap.kinds[:used] = state["heap_s"], state["heap_kind"]
        heap.ids[:used], heap.payloads[:used] = state["heap_id"], state["heap_row"]
        self.heap.size[0] = used
        self._reached_s = float(state["reached_s"][0])
        self.records.tables.restore({key[5:]: values for key, values in state.items() if key.startswith("rows/")})
        self.records.blocked_since_s[...] = state["blocked_since_s"]
        self.pictures.restore(state, known)

    # What a step is made of -------------------------------------------------------------------------

    def _make_day(self, start_s: float) -> Day:
        stage = self._stage
        places = len(self._ways.entries)
        return make_day(self.params, self.layout.shop_frontage, stage.run_seed, start_s, stage.end_s, places)

    def _set_up(self) -> None:
        """Arrays for the visits of the day."""
        count = len(self.day)
        self.side: Kerbside = make_kerbside(
            self.params, self.layout, self.day.visits, self._stage.run_seed, self.drivers.asks
        )
        self.heap: Heap = new_heap(_EVENTS_EACH * count + len(self.patrols) + 1)
        self.logs = new_logs(_LOG_ROOM)
        self._from_edge: Ints = np.full(count, -1, np.int32)
        self._patrol_at: Longs = np.zeros(len(self.patrols), np.int64)
        self.records = KerbRecords(self.layout)
        self.pictures = Pictures(self.layout, self._ways, self._stage, self.day.visits["id"])
        self._order = np.argsort(self.day.visits["id"], kind="stable")

    def _terms(self) -> dict[str, float]:
        stage, params = self._stage, self.params
        open_s, close_s = max(params.hours[0], stage.start_s), min(params.hours[1], stage.end_s)
        people = params.guards.count + params.patrols.count * params.patrols.people
        staff_h = people * max(close_s - open_s, 0.0) / _HOUR_S
        return {"open_s": open_s, "close_s": close_s, "limit_s": params.limit_s, "staff_h": staff_h}

    def _check_ways(self) -> None:
        """Find every first way once, so that a check tells of a kerb that nobody reaches."""
        for vehicle_class in sorted({kind.vehicle_class for kind in self.params.kinds}):
            for link in np.unique(self.layout.edge_link).tolist():
                self._ways.to_link(vehicle_class, int(self._ways.entries[0]), link)
                self._ways.away(vehicle_class, link, 0)

    def _class_name(self, visit: int) -> str:
        return VEHICLE_CLASSES[self._classes[self.side.visits["kind"][visit]]]

    def _announced_until(self, until_s: float) -> float:
        return until_s + self.params.manoeuvre_s

    def _announce(self, until_s: float) -> None:
        """Send those on their way who set out within the lead."""
        last = int(np.searchsorted(self.day.depart_s, self._announced_until(until_s), side="right"))
        if last <= self._next:
            return
        visits, layout = self.side.visits, self.layout
        rows = np.arange(self._next, last)
        ways = []
        for row in rows.tolist():
            shop = int(visits["shop"][row])
            first, end = int(layout.near_ptr[shop]), int(layout.near_ptr[shop + 1])
            pocket = int(layout.near[first]) if end > first else -1
            edge = int(layout.pocket_edge[pocket] if pocket >= 0 else layout.shop_edge[shop])
            visits["pocket"][row], visits["edge"][row], visits["state"][row] = pocket, edge, DRIVING
            ways.append(self._way_in(row))
        self._entered += len(rows)
        self._next = last
        self._drive(rows, self.day.depart_s[rows], ways)

    def _way_in(self, visit: int) -> Ints:
        """Way to the pocket or shop a visit is bound for: from the edge of the map, or from where it looked before."""
        drive = self._city.drive
        link = int(self.layout.edge_link[self.side.visits["edge"][visit]])
        before = int(self._from_edge[visit])
        if before < 0:
            origin, after = int(self._ways.entries[self.day.entry[visit]]), -1
        else:
            after = int(self.layout.edge_link[before])
            origin = int(drive.link_to[after])
        return self._ways.to_link(self._class_name(visit), origin, link, after)

    def _way_out(self, visit: int) -> Ints:
        link = int(self.layout.edge_link[self.side.visits["edge"][visit]])
        return self._ways.away(self._class_name(visit), link, int(self.day.leave[visit]))

    def _drive(self, rows: Longs, enter_s: Floats, ways: list[Ints]) -> None:
        """Hand vehicles over to the road."""
        visits = self.side.visits
        self._channels.send(ROAD, Rows.of(
            len(rows), paths=ways, time_s=enter_s, kind=RowKind.ROAD_ENTER, id=visits["id"][rows], bodies=1,
            vehicle_class=self._classes[visits["kind"][rows]], a=np.array([way[0] for way in ways]),
            b=CODES[self.name],
        ))  # fmt: skip
        self._handed_over += len(rows)

    def _come(self, rows: Records) -> None:
        """Take vehicles that the road gives back: at their pockets, or at the edge of the map."""
        if not len(rows):
            return
        visits = self.side.visits
        for row, visit in zip(rows, self._rows_of(rows["id"]), strict=True):
            self._received += 1
            state, time_s = int(visits["state"][visit]), float(row["time_s"])
            if state == DRIVING:
                self.pictures.drove(visit, self._way_in(visit), float(row["amount"]), time_s, self.records.tables)
                kernels.expect(self.heap, time_s, ARRIVE, visits["id"][visit], visit)
            elif state == LEAVING:
                self.pictures.drove(visit, self._way_out(visit), float(row["amount"]), time_s, self.records.tables)
                visits["state"][visit] = GONE
                self._left[visits["reason"][visit]] += 1
            else:
                raise self._fault(f"the road gives back vehicle {int(row['id'])}, which is not on it", time_s)

    def _rows_of(self, ids: Ids) -> list[int]:
        known = self.side.visits["id"][self._order]
        at = np.minimum(np.searchsorted(known, ids), max(len(known) - 1, 0))
        if not len(known) or not np.array_equal(known[at], ids):
            raise self._fault("the road gives back a vehicle that does not belong to the kerb", self._reached_s)
        return [int(row) for row in self._order[at]]

    def _serve(self, until_s: float) -> None:
        """Let everything at the kerb happen up to a moment; whoever decides is asked at the exact one."""
        code = -1
        while code != DONE:
            code = int(kernels.run_until(self.side, self.heap, self.logs, until_s))
            self._take_logs()
            if code == ASK_DRIVER:
                self._ask_driver()
            elif code == ASK_PATROL:
                self._ask_patrol()

    def _take_logs(self) -> None:
        moves, stands, lanes = (int(n) for n in self.logs.size)
        self.logs.size[:] = 0
        if stands:
            self.records.write_stands(self.side, self.logs.stands[:stands])
            self.pictures.stood(self.side, self.logs.stands[:stands], self.records.tables)
        if lanes:
            rows = self.logs.lanes[:lanes]
            self.records.write_lanes(rows)
            self._tell_road(rows["edge"], rows["time_s"], np.where(rows["blocked"] > 0, 1.0, -1.0))
        if moves:
            self._move_on(self.logs.moves["visit"][:moves].astype(np.int64), self.logs.moves[:moves])

    def _move_on(self, who: Longs, moves: Records) -> None:
        """Let vehicles drive: to another pocket, or away."""
        ways = []
        for visit, away in zip(who.tolist(), moves["away"].tolist(), strict=True):
            ways.append(self._way_out(visit) if away else self._way_on(visit))
        gone = moves["away"] > 0
        self.records.write_gone(self.side, who[gone], moves["time_s"][gone])
        self._drive(who, moves["time_s"] + self.params.manoeuvre_s, ways)

    def _way_on(self, visit: int) -> Ints:
        layout, visits = self.layout, self.side.visits
        shop, tries = int(visits["shop"][visit]), int(visits["tries"][visit])
        before = int(layout.near[int(layout.near_ptr[shop]) + tries - 1])
        self._from_edge[visit] = layout.pocket_edge[before]
        return self._way_in(visit)

    def _tell_road(self, edge: Ints, time_s: Floats, sign: Ints) -> None:
        """Tell the road of lanes that are taken, and of those that are free again; these first at one moment."""
        self._channels.send_orders(ROAD, Rows.of(
            len(edge), time_s=time_s + self.params.manoeuvre_s, kind=RowKind.ROAD_LANES,
            id=np.where(sign > 0, 1, 0).astype(np.uint64), a=self.layout.edge_link[edge], b=CODES[self.name],
            amount=sign * self.layout.edge_lanes[edge],
        ))  # fmt: skip

    def _ask_driver(self) -> None:
        side, visit = self.side, int(self.side.size[1])
        visits, now_s = side.visits, float(side.now_s[0])
        pocket, kind = int(visits["pocket"][visit]), int(visits["kind"][visit])
        shop, tries = int(visits["shop"][visit]), int(visits["tries"][visit])
        searched_s = now_s - float(visits["arrive_s"][visit])
        another = tries < int(side.near_ptr[shop + 1]) - int(side.near_ptr[shop])
        waiting = np.count_nonzero((visits["pocket"] == pocket) & (visits["state"] == WAITING)) if pocket >= 0 else 0
        watched = side.watched[pocket].tolist() if pocket >= 0 else [0, 0]
        look = FullPocket(
            now_s, KINDS[kind], self.layout.pockets.name[pocket] if pocket >= 0 else "", tries, searched_s,
            another and searched_s <= float(side.kinds["search_s"][kind]), int(waiting), watched[0] > 0, watched[1] > 0,
        )  # fmt: skip
        choice = self.drivers.choose(look)
        allowed = {*CHOICES} - (set() if look.may_search else {"search"}) - (set() if pocket >= 0 else {"wait"})
        if choice not in allowed:
            raise self._fault(
                f"{type(self.drivers).__name__} chooses {choice!r}, and can {', '.join(sorted(allowed))}", now_s,
                mend="let choose return one of these",
            )  # fmt: skip
        kernels.answer(side, self.heap, self.logs, CHOICES.index(choice), now_s)
        self._take_logs()

    def _ask_patrol(self) -> None:
        """A patrol looks at the pocket where it stands, and says where it goes next."""
        heap, params = self.heap, self.params.patrols
        now_s, number = float(heap.times[0]), int(heap.payloads[0])
        pop(*heap)
        at = int(self._patrol_at[number])
        told = int(kernels.look_over(self.side, heap, at, now_s))
        pockets = self.layout.pockets
        apart_m = np.hypot(pockets.x_m - pockets.x_m[at], pockets.y_m - pockets.y_m[at])
        going = self.patrols[number].next_pocket(Round(now_s, at, apart_m, self.side.reported.copy(), told))
        if not 0 <= going < len(pockets):
            raise self._fault(
                f"{type(self.patrols[number]).__name__} goes to pocket {going}, and there are {len(pockets)}", now_s,
                mend="let next_pocket return the row of a pocket",
            )  # fmt: skip
        self._patrol_at[number] = going
        there_s = now_s + params.look_s + float(apart_m[going]) / params.walk_speed_mps
        if there_s < self.params.hours[1]:
            kernels.expect(heap, there_s, PATROL, np.uint64(number), number)

    def _fault(self, what: str, at_s: float, mend: str = "") -> EngineError:
        report = "this is a fault of a model; please report it with the scenario"
        return EngineError(what, where=f"kerb, {clock_text(at_s)}", mend=mend or report)
