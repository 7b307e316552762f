"""The gate, slow and obvious: trucks are objects, lines are lists, the next event is searched."""

from __future__ import annotations

import heapq
import math

import numpy as np
import pytest

from tests.unit.models.terminal.gate import run, start
from twin.engine.draws import erlang, event, exponential, lognormal, lognormal_law, make_run_seed, make_stream, uniform
from twin.models.terminal import names as terms
from twin.models.terminal.params import TerminalParams

# Without compilation, numpy warns where the hash of the draws wraps around on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

LINE_KINDS = {"ordinary": ["ordinary"], "reserved": ["booked"], "booked_first": ["booked", "ordinary"],
              "mixed": ["booked", "ordinary"]}  # fmt: skip


class Truck:
    """A visit as it sets out, read from the row the model made."""

    def __init__(self, now, row):
        word, code, time_s = now.word[row], now.code[row], now.time_s[row]
        self.id = int(now.ids[row])
        self.join = float(time_s[terms.PLAN])
        self.booked = word[terms.CLASS] == terms.BOOKED
        self.window = (float(time_s[terms.SLOT_FROM]), float(time_s[terms.SLOT_TO]))
        self.flags = int(word[terms.FLAGS])
        self.blocks = [int(word[terms.BLOCK_A]), int(word[terms.BLOCK_B])][: int(word[terms.MOVES])]
        self.move = 0
        self.wait = self.yard_wait = self.road = 0.0
        self.called = self.gate_start = self.gate_end = self.out = math.nan
        self.remain = None
        self.space = None
        self.reason = "served"
        self.desired = float(time_s[terms.DESIRED])
        self.unplaced = code[terms.BOOKING] == terms.UNPLACED
        self.away = code[terms.STATE] == terms.WITHDRAWN
        self.asked = False


class Group:
    """Servers of one kind, and the lines they take trucks from."""

    def __init__(self, stage, lines, rule, servers):
        self.stage, self.lines, self.rule, self.servers = stage, lines, rule, servers
        self.inside = []


class Gate:
    """One day, event by event."""

    def __init__(self, params, seed, desk):
        self.p = params
        slots = desk.slots
        #: Start, end, places left, and bookings that were missed or cancelled too late.
        self.slots = [list(row) for row in zip(
            slots.from_s.tolist(), slots.to_s.tolist(), slots.left[0].tolist(),
            (slots.no_show + slots.cancelled_late).tolist(), strict=True)]  # fmt: skip
        self.missed_given = 0
        self.asks = dict(zip(desk._ids.tolist(), desk._asks_s.tolist(), strict=True))
        self.within = make_stream(seed, "terminal.within_slot")
        stages = ("gate", "trouble", "crane", "out", "rehandle")
        self.stream = {name: make_stream(seed, f"terminal.{name}") for name in stages}
        self.lines = {}
        self.events = []
        self.spaces = [y.spaces for y in params.holding_yards.values()]
        self.standing = []
        self.closed = False
        self.now = -math.inf
        kinds = {"reserved": 0, "booked_first": 1, "mixed": 2, "ordinary": 3}
        reserved = params.conpas.reserved_lane
        names = sorted(params.lanes, key=lambda n: (kinds[params.lanes[n].kind] if reserved else 0, n))
        self.lanes = []
        for name in names:
            kind = params.lanes[name].kind if reserved else "mixed"
            lines = LINE_KINDS[kind] if reserved else ["ordinary"]
            self.lanes.append((name, Group("gate", lines, "oldest" if kind == "mixed" else "first", 0)))
        self.groups = [group for _, group in self.lanes]
        if params.trouble and params.trouble.at == "own_lane":
            self.groups.append(Group("trouble", ["trouble"], "first", params.trouble.places))
        if params.out_gate:
            self.groups.append(Group("out", ["out"], "first", params.out_gate.lanes))
        if params.yard:
            self.groups += [Group("crane", [f"block {b}"], "first", params.yard.cranes_per_block)
                            for b in range(params.yard.blocks)]  # fmt: skip

    # Draws ------------------------------------------------------------------------------------------

    def law(self, stage, spec, truck):
        stream, key = self.stream[stage], event(truck.move, {"gate": 0, "trouble": 1, "crane": 2, "out": 3}[stage])
        return self.draw(stream, key, spec, truck)

    @staticmethod
    def draw(stream, key, spec, truck):
        id_ = np.uint64(truck.id)
        if spec.law == "exponential":
            return exponential(stream, id_, key, spec.mean_s)
        if spec.law == "lognormal":
            return lognormal(stream, id_, key, *lognormal_law(spec.mean_s, spec.cv))
        if spec.law == "erlang":
            return erlang(stream, id_, key, spec.phases, spec.mean_s)
        return spec.mean_s

    def service(self, group, truck):
        p = self.p
        if group.stage == "gate":
            length = self.law("gate", p.service, truck)
            if truck.flags & terms.CHECKED:
                length *= p.conpas.checked_documents.service_factor
            if truck.flags & terms.TROUBLED and p.trouble.at == "in_lane":
                length += self.draw(self.stream["trouble"], event(truck.move, 0), p.trouble.lasts, truck)
            return length + p.move_up_s
        if group.stage == "crane":
            length = self.law("crane", p.yard.service, truck)
            if truck.flags & (terms.FETCHES << truck.move):
                mean = p.yard.rehandles_per_pickup
                if truck.flags & terms.SIGNALLED:
                    signal = p.conpas.approach_signal
                    since_signal = self.now - (truck.joined - signal.lead_s)
                    ready = min(1.0, since_signal / signal.marshalling_s)
                    mean *= ready * signal.rehandle_factor + (1 - ready)
                u = uniform(self.stream["rehandle"], np.uint64(truck.id), event(truck.move, 2))
                n, total = 0, math.exp(-mean)
                while u > total:
                    n += 1
                    total += math.exp(-mean) * mean**n / math.factorial(n)
                length += n * p.yard.rehandle_s
            return length
        spec = p.trouble.lasts if group.stage == "trouble" else p.out_gate.service
        return self.law(group.stage, spec, truck)

    # Places -----------------------------------------------------------------------------------------

    def find_space(self, truck):
        for yard, free in enumerate(self.spaces):
            if free and not truck.flags & (terms.REFUSES << yard):
                self.spaces[yard] -= 1
                truck.space = yard
                return
        truck.space = "road"
        truck.road -= self.now
        self.standing.append(truck)

    def leave_space(self, truck):
        space, truck.space = truck.space, None
        if space == "road":
            truck.road += self.now
            self.standing.remove(truck)
        elif space is not None:
            self.spaces[space] += 1
            for other in self.standing:
                if not other.flags & (terms.REFUSES << space):
                    self.spaces[space] -= 1
                    self.standing.remove(other)
                    other.road += self.now
                    other.space = space
                    break

    # Events -----------------------------------------------------------------------------------------

    def at(self, time_s, kind, id_, what):
        heapq.heappush(self.events, (time_s, kind, id_, what))

    def call(self, group):
        while len(group.inside) < group.servers:
            heads = [(line, self.lines[line][0]) for line in group.lines if self.lines.get(line)]
            if not heads:
                return
            line, truck = min(heads, key=lambda h: (h[1].join, h[1].id)) if group.rule == "oldest" else heads[0]
            self.lines[line].pop(0)
            group.inside.append(truck)
            if group.stage == "gate":
                truck.wait += self.now - truck.since
                if math.isnan(truck.called):
                    truck.called, truck.gate_start = self.now, self.now + self.p.move_up_s
                self.leave_space(truck)
            elif group.stage == "crane":
                truck.yard_wait += self.now - truck.since
            length = truck.remain if truck.remain is not None else self.service(group, truck)
            truck.remain = None
            truck.line, truck.end = line, self.now + length
            self.at(truck.end, 1, truck.id, ("end", truck, group, truck.end))

    def queue(self, truck, line):
        truck.since = self.now
        self.lines.setdefault(line, []).append(truck)
        for group in self.groups:
            if line in group.lines and truck in self.lines[line]:
                self.call(group)

    def rebook(self, truck):
        """The next slot with a place, if there is one."""
        truck.asked = True
        for slot in self.slots:
            if slot[1] > self.now and slot[2] > 0:
                slot[2] -= 1
                truck.window = (slot[0], slot[1])
                return

    def offer(self, slot, trucks):
        """Unused places, and those missed before, for trucks that asked in vain and have not set out."""
        quota = self.p.conpas.quota
        if len(self.lines.get("ordinary", [])) + len(self.lines.get("booked", [])) >= quota.release.if_line_below:
            return
        over = sum(s[3] for s in self.slots if s[1] + quota.grace_late_s <= self.now) - self.missed_given
        for truck in sorted(trucks, key=lambda t: (self.asks[t.id], t.id)):
            if not truck.unplaced or (not truck.away and truck.join <= self.now) or slot[2] + over <= 0:
                continue
            start, end = max(slot[0], self.now + quota.release.notice_s), slot[1]
            shift = max(truck.desired - end, slot[0] - truck.desired)
            if start < end and shift <= quota.max_shift_s:
                truck.unplaced = truck.away = False
                truck.booked, truck.window = True, (slot[0], slot[1])
                truck.flags |= terms.CHECKED * bool(self.p.conpas.checked_documents)
                truck.flags |= terms.SIGNALLED * bool(self.p.conpas.approach_signal)
                truck.join = start + (end - start) * uniform(self.within, np.uint64(truck.id), np.uint64(0))
                self.at(truck.join, 9, truck.id, ("join", truck, truck.join))
                if slot[2] > 0:
                    slot[2] -= 1
                else:
                    over -= 1
                    self.missed_given += 1

    def join(self, truck):
        quota = self.p.conpas.quota
        truck.joined = self.now
        if self.closed:
            truck.reason, truck.out = "after_closing", self.now
            return
        booked = truck.booked
        late = booked and quota and self.now > truck.window[1] + quota.grace_late_s
        if late and quota.late_goes_to == "rebook" and not truck.asked:
            self.rebook(truck)
        if booked and quota and self.now > truck.window[1] + quota.grace_late_s:
            if quota.late_goes_to == "turned_away":
                truck.reason, truck.out = "too_late", self.now
                return
            booked = quota.late_goes_to == "admitted"
        elif booked and quota and self.now < truck.window[0] - quota.grace_early_s:
            if quota.early == "waits":
                truck.since = self.now
                self.find_space(truck)
                self.at(truck.window[0] - quota.grace_early_s, 3, truck.id, ("release", truck))
                return
            if quota.early == "turned_away":
                truck.reason, truck.out = "too_early", self.now
                return
            booked = quota.early == "admitted"
        self.enter_line(truck, booked)

    def enter_line(self, truck, booked):
        line = "booked" if booked and self.p.conpas.reserved_lane else "ordinary"
        self.queue(truck, line)
        if truck in self.lines[line] and truck.space is None:
            self.find_space(truck)

    def end(self, truck, group):
        group.inside.remove(truck)
        p = self.p
        if group.stage == "gate":
            truck.gate_end = self.now
        if group.stage == "crane":
            truck.move += 1
        if group.stage == "gate" and truck.flags & terms.TROUBLED and p.trouble.at == "own_lane":
            self.queue(truck, "trouble")
        elif group.stage in ("gate", "trouble") and p.yard:
            self.at(self.now + p.yard.drive_s, 2, truck.id, ("arrive", truck))
        elif group.stage in ("gate", "trouble") and p.out_gate:
            self.queue(truck, "out")
        elif group.stage == "crane" and (truck.move < len(truck.blocks) or p.out_gate):
            self.at(self.now + p.yard.drive_s, 2, truck.id, ("arrive", truck))
        else:
            truck.out = self.now
        self.call(group)

    def open_lanes(self, name, time_s):
        p = self.p
        lane = p.lanes[name]
        spans = lane.opening or p.opening
        is_open = any(a <= time_s < b for a, b in spans)
        if time_s >= p.opening[-1][1] and spans[-1][1] >= p.opening[-1][1]:
            is_open = True
        shut = sum(c.count for c in p.lane_closures.values() if c.lanes == name and c.hours[0] <= time_s < c.hours[1])
        return max(lane.count - shut, 0) if is_open else 0

    def change(self, group, servers):
        group.servers = servers
        if self.p.at_closure == "suspend":
            # Who ends at this very moment counts as gone.
            back = sorted((t for t in group.inside if t.end > self.now), key=lambda t: (t.join, t.id))
            while len(group.inside) > servers and back:
                truck = back.pop()
                group.inside.remove(truck)
                truck.remain, truck.end, truck.since = truck.end - self.now, None, self.now
                self.lines[truck.line].insert(0, truck)
        self.call(group)

    def run(self, trucks):
        p = self.p
        for truck in trucks:
            if not truck.away:
                self.at(truck.join, 9, truck.id, ("join", truck, truck.join))
        if p.conpas.quota and p.conpas.quota.release:
            for nth, slot in enumerate(self.slots):
                self.at(slot[0] - p.conpas.quota.closes_before_s, 0, 20_000 + nth, ("offer", slot))
        edges = {t for lane in p.lanes.values() for span in lane.opening or p.opening for t in span}
        edges |= {t for c in p.lane_closures.values() for t in c.hours}
        for t in edges:
            for index, (name, _) in enumerate(self.lanes):
                self.at(t, 0, index, ("lanes", index, name))
        self.at(p.opening[-1][1], 0, 10_000, ("sign",))
        while self.events:
            self.now, _, _, what = heapq.heappop(self.events)
            if what[0] == "lanes":
                servers = self.open_lanes(what[2], self.now)
                if servers != self.lanes[what[1]][1].servers:
                    self.change(self.lanes[what[1]][1], servers)
            elif what[0] == "sign":
                self.closed = True
                if p.last_truck_rule == "close_at_once":
                    for truck in self.lines.get("ordinary", []) + self.lines.get("booked", []):
                        truck.wait += self.now - truck.since
                        truck.reason, truck.out = "in_line_at_closing", self.now
                        if truck.space == "road":
                            truck.road += self.now
                    self.lines["ordinary"], self.lines["booked"] = [], []
                    self.standing = [t for t in self.standing if t.reason == "served"]
            elif what[0] == "end":
                if what[1].end == what[3] == self.now:
                    what[1].end = None
                    self.end(what[1], what[2])
            elif what[0] == "arrive":
                truck = what[1]
                self.queue(truck, f"block {truck.blocks[truck.move]}" if truck.move < len(truck.blocks) else "out")
            elif what[0] == "release":
                what[1].wait += self.now - what[1].since
                self.enter_line(what[1], True)
            elif what[0] == "offer":
                self.offer(what[1], trucks)
            elif what[1].join == what[2]:
                self.join(what[1])


SMALL = {"demand": {"hourly": {28800.0: 9.0, 32400.0: 12.0, 36000.0: 14.0, 39600.0: 8.0, 46800.0: 6.0, 57600.0: 14.0}},
         "approach": "none", "lanes": {"A": {"count": 1}, "B": {"count": 1}},
         "yard": {"blocks": 2, "cranes_per_block": 1},
         "out_gate": {"lanes": 1}, "holding_yards": {"e": {"spaces": 3, "refuse": 0.3}, "w": {"spaces": 2}},
         "trouble": {"share": 0.2, "places": 1}}  # fmt: skip

CASES = {
    "plain": {},
    "suspend": {"at_closure": "suspend"},
    "close at once": {"last_truck_rule": "close_at_once"},
    "trouble in lane": {"trouble": {"share": 0.3, "at": "in_lane"}},
    "no yard": {"yard": False},
    "no out-gate": {"out_gate": False},
    "gate only": {"yard": False, "out_gate": False, "trouble": False},
    "erlang": {"service": {"law": "erlang", "phases": 3}},
    "deterministic": {"service": {"law": "deterministic"}, "move_up_s": 0.0},
    "works": {"lane_closures": {"w": {"lanes": "A", "count": 1, "hours": (32400.0, 36000.0)}},
              "at_closure": "suspend"},
    "staggered": {"lanes": {"A": {"count": 1, "opening": [(30600.0, 43200.0), (46800.0, 59400.0)]}, "B": {"count": 1}}},
    "reserved": {"lanes": {"A": {"count": 1}, "B": {"count": 1, "kind": "reserved"}},
                 "conpas": {"reserved_lane": True}},
    "booked first": {"lanes": {"A": {"count": 2, "kind": "booked_first"}}, "conpas": {"reserved_lane": True}},
    "mixed": {"lanes": {"A": {"count": 1, "kind": "mixed"}, "B": {"count": 1, "kind": "booked_first"}},
              "conpas": {"reserved_lane": True}, "at_closure": "suspend"},
    "all of conpas": {
        "lanes": {"A": {"count": 1}, "B": {"count": 1, "kind": "reserved"}},
        "conpas": {"reserved_lane": True, "checked_documents": True, "approach_signal": True,
                   "quota": {"per_slot": 8.0, "on_time": 0.5, "grace_early_s": 600.0, "grace_late_s": 600.0}},
    },
    "late are turned away": {"conpas": {"quota": {"on_time": 0.2, "late_goes_to": "turned_away", "early": "ordinary",
                                                  "grace_late_s": 300.0, "grace_early_s": 300.0}}},
    "early are turned away": {"conpas": {"quota": {"on_time": 0.2, "early": "turned_away", "grace_early_s": 300.0}}},
    "late are booked anew": {
        "lanes": {"A": {"count": 1}, "B": {"count": 1, "kind": "reserved"}},
        "conpas": {"reserved_lane": True, "booked_share": 0.9, "quota": {
            "per_slot": 12.0, "on_time": 0.1, "late_goes_to": "rebook", "grace_late_s": 60.0, "grace_early_s": 60.0}},
    },
    "the signal comes late": {
        "conpas": {"booked_share": 0.9, "approach_signal": {"lead_s": 60.0, "marshalling_s": 3600.0}},
    },
    "places at short notice": {
        "lanes": {"A": {"count": 1}, "B": {"count": 1, "kind": "reserved"}},
        "conpas": {"reserved_lane": True, "approach_signal": True, "booked_share": 0.9, "quota": {
            "per_slot": 4.0, "no_show": 0.3, "unplaced": "stays_away", "cancel_share": 0.3, "closes_before_s": 1200.0,
            "release": {"if_line_below": 9.0}}},
    },
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("replication", range(2))
def test_the_kernel_and_its_slow_twin_agree_truck_by_truck(case, replication):
    params = TerminalParams.model_validate(SMALL | CASES[case])
    model, terminal = start(params, replication)
    trucks = [Truck(terminal._now, row) for row in range(len(terminal._now.ids))]
    Gate(params, make_run_seed(1, replication), terminal._desk).run(trucks)
    model.close()
    visits = run(params, replication)["terminal_visits"]
    assert len(visits["id"]) == sum(not truck.away for truck in trucks) > 20
    by_id = {truck.id: truck for truck in trucks}
    reasons = ("served", "after_closing", "in_line_at_closing", "too_late", "too_early")
    for row, id_ in enumerate(visits["id"].tolist()):
        truck = by_id[id_]
        assert reasons[visits["reason"][row]] == truck.reason
        expected = (truck.join, truck.called, truck.gate_start, truck.gate_end, truck.out, truck.wait, truck.yard_wait,
                    truck.road if truck.reason != "after_closing" else 0.0)  # fmt: skip
        names = ("join_s", "called_s", "gate_start_s", "gate_end_s", "out_s", "wait_s", "yard_wait_s", "road_queue_s")
        for name, value in zip(names, expected, strict=True):
            np.testing.assert_allclose(visits[name][row], value, rtol=0, atol=1e-6, err_msg=f"{name} of {id_}")
