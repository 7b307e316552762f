"""The container-terminal gate as a model of the city."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.boards import HAS_GATES, LINK_TIME_S, STANDING_AT_GATES
from twin.booking.slots import slots_of
from twin.city.city import City
from twin.engine.clock import clock_text
from twin.engine.ledger import Account
from twin.engine.sim_model import InputTables, Stage, State, Tables
from twin.engine.stations.state import StationState, arrays_of, follow_schedule, in_order, next_event_s
from twin.errors import EngineError, ScenarioError
from twin.models.terminal import names
from twin.models.terminal.agents import hire_staff
from twin.models.terminal.booking.desk import BookingDesk
from twin.models.terminal.booking.engine import book
from twin.models.terminal.booking.learning import learn
from twin.models.terminal.booking.slots import booking_account, slot_table
from twin.models.terminal.demand.trucks import Columns, check_hours, make_trucks, read_counts
from twin.models.terminal.demand.vessel_table import with_calls
from twin.models.terminal.gate import approach
from twin.models.terminal.gate.kernels import run_until, sort_anew
from twin.models.terminal.gate.layout import layout_shape, make_layout
from twin.models.terminal.gate.row_kernels import count_visits
from twin.models.terminal.gate.state import new_state, state_of
from twin.models.terminal.params import TerminalParams
from twin.models.terminal.records import visits as records
from twin.models.terminal.records.traces import Tracer
from twin.models.terminal.tables import TRUCK_REASONS

Rows = NDArray[np.int64]
_NONE: Rows = np.empty(0, np.int64)


class Terminal:
    """The gate of the container terminal, with its line, yards and booking.

    Parameters
    ----------
    params
        See :class:`~twin.models.terminal.params.TerminalParams`.
    city
        Needed where trucks drive: its places ``in-gate``, ``out-gate`` and the entries.
    tables
        Tables of the scenario; ``params.demand.table`` names the one with the counts.

    Raises
    ------
    TableError
        If the table of counts is missing or wrong.
    """

    name = "terminal"
    _stage: Stage
    _now: StationState
    _desk: BookingDesk
    _counted: list[Account]

    def __init__(self, params: TerminalParams, city: City, tables: Mapping[str, Columns]) -> None:
        self._params = params = with_calls(params, tables)
        self._city = city
        self._counts = read_counts(params, tables)
        check_hours(params, self._counts)
        self._approach: approach.Approach | None = None
        self._out_rows = _NONE
        self._came_s = np.zeros(0)
        #: Rows of the trucks that hold a place granted to the road.
        self._placed: Rows = _NONE

    @classmethod
    def build(cls, params: TerminalParams, city: City, tables: InputTables) -> Terminal:
        """Make the model of one run; arguments as of the class."""
        return cls(params, city, tables)

    @staticmethod
    def heeds(params: TerminalParams) -> frozenset[str]:  # noqa: ARG004  (the protocol's)
        """No edits beside the arrays: nobody drives in it."""
        return frozenset()

    @property
    def leads_s(self) -> Mapping[str, float]:
        """Trucks are announced this long before they enter the road, places this long before they can be taken."""
        if self._approach is None:
            return {}
        lead_s = self._params.announce_s
        return {approach.ROAD: min(lead_s, self._params.call_forward_s) if self._grants else lead_s}

    @property
    def notes(self) -> Sequence[str]:
        """Where the map and the parameters say different things of the gate; stands in the manifest."""
        if self._approach is None:
            return []
        lanes = sum(group.count for group in self._params.lanes.values())
        out_gate = self._params.out_gate
        return [
            *approach.other_lanes(self._approach.in_gate, lanes, "lanes"),
            *(approach.other_lanes(self._approach.out_gate, out_gate.lanes, "out_gate.lanes") if out_gate else ()),
        ]

    def begin(self, stage: Stage) -> None:
        """Make the trucks of the day, open the books, hire operator and hauliers, announce the first trucks."""
        self._stage = stage
        self._reached_s = stage.start_s
        self._approach = self._find_approach(stage)
        self._staff = hire_staff(self._params, stage.city_model, stage.cast)
        self._operator, self._hauliers = self._staff
        for in_gate in self._city.places_of("gate"):
            if in_gate.id.endswith("/in-gate"):
                self._operator.stands_at(in_gate)
        self._layout = make_layout(self._params, stage.run_seed, stage.start_s, self._operator.review_every_s)
        self._records = records.Records(self._params.queue_on_road if self._grants else None)
        if self._grants:
            self._open_places(stage.start_s)
        self._make_day(stage)
        self._constants_due = self._slots_due = True
        self._finished = False
        self._tracer = Tracer(self._params, self._city, self._approach, stage)
        self._sort_plans()
        self._announce(stage.start_s)

    def advance(self, until_s: float) -> None:
        """Let trucks set out, join, be served and leave, each at its exact moment."""
        channels = self._stage.channels
        self._reached_s = until_s
        if self._next_s > until_s and channels.next_time_s(self.name) > until_s:
            return
        arrivals = self._receive(until_s) if self._approach else self._order
        self._run(until_s, arrivals)
        self._announce(until_s)

    def accounts(self) -> Sequence[Account]:
        """Trucks, and bookings where there are quotas; counted anew whenever anything has happened."""
        if not self._counted:
            self._counted = self._count()
        return self._counted

    def _count(self) -> list[Account]:
        now = self._now
        by_turn = np.zeros((4, *names.COUNTS), np.int64)
        count_visits(now.code, by_turn.reshape(4, -1))
        counts = by_turn.sum(axis=0)
        left = counts[:, names.LEFT, : len(TRUCK_REASONS)].sum(axis=0)
        trucks = Account(
            "trucks",
            entered=int(now.tally[names.ENTERED]),
            inside=int(counts[:, names.HELD : names.UNDER_WAY + 1].sum()),
            left=dict(zip(TRUCK_REASONS, left.tolist(), strict=True)),
            received=int(now.tally[names.RECEIVED]),
            handed_over=int(now.tally[names.HANDED_OVER]),
        )
        if not self._params.conpas.quota:
            return [trucks]
        entered, inside, ended = booking_account(self._desk.slots, counts)
        bookings = Account("bookings", entered=entered, inside=inside, left=ended)
        return [trucks, bookings]

    def is_empty(self) -> bool:
        """Whether every truck of the day has come and gone."""
        trucks = self.accounts()[0]
        return sum(trucks.left.values()) == self._coming

    def finish(self) -> None:
        """A line that still stands is counted until the end."""
        if not self.is_empty():
            self._records.close(self._now, self._reached_s)
        self._finished = True
        if self._stage.channels.has_board(STANDING_AT_GATES.name):
            self._count_standing()
        self._records.settle(self._now)

    def drain_tables(self) -> Tables:
        """Visits that ended, changes of the queue, traces; slots and constants once."""
        out = self._records.drain(self._now)
        out.update(self._tracer.drain())
        if self._constants_due:
            self._constants_due = False
            out.update(records.constant_table(self._params, self._learned.residual_s))
        if self._slots_due and (self._finished or self.is_empty()):
            self._slots_due = False
            out.update(slot_table(self._desk.slots, self._now))
        return out

    def state(self) -> State:
        """Trucks, lines, servers, events, records and traces not yet drained."""
        self._records.take_away(self._now)
        out: State = {f"now/{name}": values for name, values in arrays_of(self._now).items()}
        out.update({f"records/{name}": values for name, values in self._records.state().items()})
        out.update({f"tracer/{name}": values for name, values in self._tracer.state().items()})
        out["groups"] = np.array(layout_shape(self._params))
        out.update({f"slots/{name}": values for name, values in self._desk.slots.arrays().items()})
        out["once"] = np.array([self._constants_due, self._slots_due])
        out["reached_s"] = np.array([self._reached_s])
        return out

    def restore(self, state: State, forked_at_s: float | None = None) -> None:
        """Put the state back; after a fork, trucks that have not set out are those of the new parameters."""
        fresh = self._now
        if forked_at_s is not None:
            self._check_shape([str(name) for name in state["groups"]])
        parts: dict[str, State] = {"now": {}, "records": {}, "tracer": {}, "slots": {}}
        for key, values in state.items():
            head, _, tail = key.partition("/")
            if head in parts:
                parts[head][tail] = values
        self._records.restore(parts["records"])
        self._tracer.restore(parts["tracer"])
        self._constants_due, self._slots_due = (bool(due) for due in state["once"])
        self._desk.slots = slots_of(parts["slots"])
        self._reached_s = float(state["reached_s"][0])
        self._now = state_of(parts["now"], self._layout)
        # What the operator has decided stands in the schedule.
        if forked_at_s is None:
            self._now.sched_word[:] = parts["now"]["sched_word"]
            self._now.sched_time[:] = parts["now"]["sched_time"]
        if forked_at_s is not None:
            self._fork(fresh, forked_at_s)
        if self._grants:
            self._placed = np.flatnonzero(self._holds_place(np.arange(len(self._now.ids))))
        self._sort_plans()
        self._look_ahead()

    # The day ---------------------------------------------------------------------------------------

    def _find_approach(self, stage: Stage) -> approach.Approach | None:
        has_road = stage.channels.has_board(LINK_TIME_S.name)
        if self._params.approach == "none" or (self._params.approach == "auto" and not has_road):
            return None
        if not has_road:
            raise ScenarioError(
                "terminal.approach is road, but the city has no road traffic",
                where="terminal.approach",
                mend="add road_traffic to the scenario, or set terminal.approach to none",
            )
        return approach.Approach(self._city, self._params)

    def _make_day(self, stage: Stage) -> None:
        entries = len(self._approach.entries) if self._approach else 0
        trucks = make_trucks(self._params, self._counts, stage.run_seed, entries)
        self._learned = learn(self._params, self._counts, stage.run_seed, self._staff)
        bookings = book(
            self._params, self._counts, trucks, stage.run_seed, self._learned.expected_wait_s,
            self._learned.suspended,
        )  # fmt: skip
        planned = trucks.time_s[:, names.PLAN].copy()
        ahead_s = self._approach.free_time_s + self._params.announce_s if self._approach else np.zeros(0)
        self._desk = BookingDesk(self._params, bookings, trucks, stage.run_seed, stage.start_s, ahead_s)
        if self._approach:
            drive_s = self._approach.free_time_s[trucks.word[:, names.ENTRY]]
            # Nobody drives before the clock starts: start it early enough for the first trucks.
            trucks.time_s[:, names.ENTER] = np.maximum(planned - drive_s, stage.start_s)
        early = int((bookings.comes & (planned < stage.start_s)).sum())
        if early:
            raise ScenarioError(
                f"{early} trucks would reach the gate before the clock starts at {clock_text(stage.start_s)}",
                where="clock.from",
                mend=f"start the clock by {clock_text(float(planned.min()) - 1800)}",
            )
        comes = bookings.comes & (planned < stage.end_s)
        trucks.code[:, names.STATE] = np.where(comes, names.PLANNED, names.WITHDRAWN)
        self._now = new_state(self._layout, trucks.ids, trucks.time_s, trucks.word, trucks.code)

    def _act_s(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """When each truck first acts: it is announced to the road, or appears at the line."""
        return time_s[:, names.ENTER] - self._params.announce_s if self._approach else time_s[:, names.PLAN].copy()

    def _sort_plans(self) -> None:
        """Rows in the order in which they act; withdrawn ones never do."""
        now = self._now
        acts = self._act_s(now.time_s)
        rows = np.flatnonzero(now.code[:, names.STATE] != names.WITHDRAWN)
        self._order: Rows = in_order(acts, now.ids, rows)
        self._order_s = acts[self._order]
        if self._approach:
            live = rows[np.argsort(now.ids[rows])]
            self._rows_by_id, self._sorted_ids = live, now.ids[live]
        if len(self._out_rows) < len(now.ids):
            self._out_rows = np.zeros(len(now.ids), np.int64)
        self._coming = len(rows)

    def _look_ahead(self) -> None:
        """Earliest moment at which anything happens here of itself."""
        now = self._now
        self._counted = []
        nth = int(now.tally[names.ANNOUNCED if self._approach else names.ARRIVAL_NEXT])
        next_s = float(self._order_s[nth]) if nth < len(self._order_s) else math.inf
        self._next_s = min(next_s, next_event_s(now))

    # The road --------------------------------------------------------------------------------------

    def _announce(self, until_s: float) -> None:
        """Tell the road of the trucks that set out soon; each takes the route that is best at that moment."""
        if self._approach:
            now = self._now
            nth = int(now.tally[names.ANNOUNCED])
            end = int(np.searchsorted(self._order_s, until_s, side="right"))
            if end > nth:
                rows = self._order[nth:end]
                at_s = np.maximum(self._order_s[nth:end], self._stage.start_s)
                paths = [
                    self._approach.inbound(int(entry), self._board(t))
                    for entry, t in zip(now.word[rows, names.ENTRY], at_s.tolist(), strict=True)
                ]
                approach.send(self._stage.channels, now.ids[rows], now.time_s[rows, names.ENTER], paths)
                self._tracer.sets_out(rows, now, paths)
                now.code[rows, names.STATE] = names.DRIVING_IN
                now.tally[[names.ENTERED, names.HANDED_OVER]] += len(rows)
                now.tally[names.ANNOUNCED] = end
        self._look_ahead()

    @property
    def _grants(self) -> bool:
        """Whether trucks stay on the road until there is a place for them."""
        return self._approach is not None and self._stage.channels.has_board(HAS_GATES.name)

    def _open_places(self, at_s: float) -> None:
        """All spaces of the yards and at the kerb are free when the clock starts."""
        assert self._approach is not None  # noqa: S101  (places are granted to trucks on a road only)
        self._approach.keep_to_one_gate()
        kerb = self._params.queue_on_road.kerb_spaces
        self._layout.tally[names.KERB] = kerb
        spaces = kerb + sum(yard.spaces for yard in self._params.holding_yards.values())
        none = np.zeros(1, np.uint64)
        approach.grant(self._stage.channels, self._approach.gate_link, none, np.array([at_s]), spaces)

    def _holds_place(self, rows: Rows) -> NDArray[np.bool_]:
        """Whether trucks hold a place: they came off the road, and no lane has called them yet."""
        state = self._now.code[rows, names.STATE]
        return ((state == names.HELD) | (state == names.WAITING)) & np.isnan(self._now.time_s[rows, names.CALLED])

    def _free_places(self) -> None:
        """Tell the road of the places that have become free since they were taken."""
        assert self._approach is not None  # noqa: S101  (places are granted to trucks on a road only)
        holds = self._holds_place(self._placed)
        left, self._placed = self._placed[~holds], self._placed[holds]
        if len(left):
            called_s = self._now.time_s[left, names.CALLED]
            free_s = np.where(np.isnan(called_s), self._now.time_s[left, names.OUT], called_s)
            from_s = free_s + self._params.call_forward_s
            approach.grant(self._stage.channels, self._approach.gate_link, self._now.ids[left], from_s)

    def _board(self, at_s: float) -> NDArray[np.float64]:
        return self._stage.channels.board(LINK_TIME_S.name, at_s)  # type: ignore[return-value]

    def _receive(self, until_s: float) -> Rows:
        """Take trucks from the road: those who come join the line, those who go are gone."""
        now = self._now
        rows = self._stage.channels.take(self.name, until_s).data
        if not len(rows):
            return _NONE
        found = self._rows_of(rows["id"])
        now.tally[names.RECEIVED] += len(rows)
        coming = now.code[found, names.STATE] == names.DRIVING_IN
        here = found[coming]
        self._came_s = rows["time_s"][coming]
        now.time_s[here, names.JOIN] = rows["since_s"][coming]
        back_m = self._records.stood(now, here, self._came_s)
        self._tracer.arrives(here, now, self._came_s, back_m)
        gone = found[~coming]
        now.code[gone, names.STATE] = names.LEFT
        self._tracer.goes(gone, now, rows["time_s"][~coming])
        return here

    def _count_standing(self) -> None:
        """Trucks that the road still holds when the run ends are in line since when they stand there."""
        standing: NDArray[np.void] = self._stage.channels.board(STANDING_AT_GATES.name, self._reached_s)  # type: ignore[assignment]
        standing = standing[np.isin(standing["id"], self._sorted_ids)]
        rows = self._rows_of(standing["id"])
        coming = self._now.code[rows, names.STATE] == names.DRIVING_IN
        self._now.time_s[rows[coming], names.JOIN] = standing["since_s"][coming]
        self._records.stood(self._now, rows[coming], np.full(int(coming.sum()), np.inf))

    def _rows_of(self, ids: NDArray[np.uint64]) -> Rows:
        return self._rows_by_id[np.searchsorted(self._sorted_ids, ids)].astype(np.int64)

    # The gate --------------------------------------------------------------------------------------

    def _run(self, until_s: float, arrivals: Rows) -> None:
        now = self._now
        if self._approach:
            now.tally[names.ARRIVAL_NEXT] = 0
            arrival_s = self._came_s[: len(arrivals)]
        else:
            arrival_s = self._order_s
            first = int(now.tally[names.ARRIVAL_NEXT])
        now.tally[names.OUT_COUNT] = 0
        if self._grants and len(arrivals):
            # Sorted, so that a run that has been taken up again goes on in the same order.
            self._placed = np.union1d(self._placed, arrivals)
        while True:
            code = run_until(until_s, *now, arrivals, arrival_s, self._out_rows, *self._records.room)
            if code == names.REACHED:
                break
            if code == names.ASK:
                if self._operator.decide(now, self._desk):
                    self._sort_plans()
                    if not self._approach:
                        arrivals, arrival_s = self._order, self._order_s
            elif code == names.CAME_LATE:
                nth = now.tally[names.ARRIVAL_NEXT]
                self._operator.receive_late(now, self._desk, int(arrivals[nth]), float(arrival_s[nth]))
            elif code == names.FULL:
                self._records.take_away(now)
            else:
                raise EngineError(
                    f"the calendar of the gate is full at {len(now.heap_rows)} entries",
                    where=f"terminal, {clock_text(until_s)}",
                    mend="please report it with the scenario",
                )
        if not self._approach:
            now.tally[names.ENTERED] += now.tally[names.ARRIVAL_NEXT] - first
        if len(self._placed):
            self._free_places()
        self._send_off(self._out_rows[: now.tally[names.OUT_COUNT]].copy())

    def _send_off(self, rows: Rows) -> None:
        """Trucks that are through, or were turned away, drive back the way they came, or are gone."""
        now = self._now
        self._records.ended(rows)
        self._tracer.passes_gate(rows, now)
        if self._approach is None or not len(rows):
            now.code[rows, names.STATE] = names.LEFT
            return
        out_s = now.time_s[rows, names.OUT]
        paths = [
            self._approach.outbound(int(entry), self._board(t))
            for entry, t in zip(now.word[rows, names.ENTRY], out_s.tolist(), strict=True)
        ]
        approach.send(self._stage.channels, now.ids[rows], out_s + self._params.announce_s, paths)
        self._tracer.sets_out(rows, now, paths)
        now.code[rows, names.STATE] = names.DRIVING_OUT
        now.tally[names.HANDED_OVER] += len(rows)

    # A fork ----------------------------------------------------------------------------------------

    def _check_shape(self, groups: list[str]) -> None:
        if groups != layout_shape(self._params):
            raise ScenarioError(
                f"a fork cannot change which lanes there are: {groups} became {layout_shape(self._params)}",
                where="terminal.lanes",
                mend="keep names, kinds and queues (with queues: own also counts); change opening or lane_closures",
            )

    def _fork(self, fresh: StationState, at_s: float) -> None:
        """Keep what is under way; lanes follow the new schedule from now on, trucks yet to act the new demand.

        A truck that has not acted and whose new moment has passed keeps its old one; a truck that only the
        new demand has, and whose moment has passed, does not come.
        """
        old = self._now
        acted = old.code[:, names.STATE] != names.PLANNED
        gone = old.code[:, names.STATE] == names.WITHDRAWN
        new_comes = (fresh.code[:, names.STATE] == names.PLANNED) & (self._act_s(fresh.time_s) > at_s)
        new_comes &= ~np.isin(fresh.ids, old.ids[acted & ~gone])
        keeps = (
            ~acted
            & ~np.isin(old.ids, fresh.ids[new_comes])
            & np.isin(old.ids, fresh.ids[fresh.code[:, names.STATE] == names.PLANNED])
        )
        old.code[~acted & ~keeps, names.STATE] = names.WITHDRAWN
        old.code[~acted & ~keeps, names.BOOKING] = names.NOT_ASKED
        arrays = arrays_of(old)
        for name in ("ids", "time_s", "word", "code"):
            arrays[name] = np.concatenate([arrays[name], getattr(fresh, name)[new_comes]])
        self._now = state_of(arrays, self._layout)
        held = np.flatnonzero(self._now.code[:, names.STATE] == names.HELD)
        sort_anew(held, self._now.word, self._now.code, self._now.tally)
        follow_schedule(self._now, at_s)
        self._sort_plans()
        passed = int(np.searchsorted(self._order_s, at_s, side="right"))
        self._now.tally[names.ANNOUNCED if self._approach else names.ARRIVAL_NEXT] = passed
