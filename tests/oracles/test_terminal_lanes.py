"""Lanes with lines of their own, jockeying, oversize and trouble lanes against a slow twin."""

import heapq
import math

import numpy as np
import pytest

from tests.unit.models.terminal.gate import BARE, run, start
from twin.engine.draws import event, exponential, lognormal, lognormal_law, make_run_seed, make_stream
from twin.models.terminal import names as terms
from twin.models.terminal.params import TerminalParams

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


class Truck:
    """What the model knows of a truck before anything has happened, and what became of it."""

    def __init__(self, now, row):
        self.id = int(now.ids[row])
        self.joins_s = float(now.time_s[row, terms.PLAN])
        self.booked = now.word[row, terms.CLASS] == terms.BOOKED
        self.oversize = bool(now.word[row, terms.FLAGS] & terms.IS_OVERSIZE)
        self.troubled = bool(now.word[row, terms.FLAGS] & terms.TROUBLED)
        self.wait_s = 0.0
        self.called_s = self.end_s = math.nan
        self.remain_s = None
        self.away = False


class Lane:
    """One lane: what it takes, in which order, and where those trucks stand."""

    def __init__(self, group, number, takes, oldest):
        self.group, self.number, self.takes, self.oldest = group, number, takes, oldest
        self.lines = {}
        self.truck = None
        self.open = False

    def waiting(self):
        return [truck for line in self.lines.values() for truck in line]

    def length(self):
        return len(self.waiting()) + (self.truck is not None)


class Gate:
    """The in-gate alone, lane by lane."""

    def __init__(self, params, seed):
        self.p = params
        self.seed = seed
        reserved = params.conpas.reserved_lane
        kinds = {"reserved": 0, "booked_first": 1, "mixed": 2, "ordinary": 3}
        order = {name: (kinds.get(lane.kind, 0) if reserved else 0) for name, lane in params.lanes.items()}
        order |= {name: 4 for name, lane in params.lanes.items() if lane.kind == "oversize"}
        order |= {name: 5 for name, lane in params.lanes.items() if lane.kind == "trouble"}
        self.names = sorted(params.lanes, key=lambda name: (order[name], name))
        common = {sort: [] for sort in ("ordinary", "booked", "oversize", "trouble")}
        self.lanes = []
        for name in self.names:
            kind = params.lanes[name].kind
            plain = ["booked", "ordinary"] if reserved else ["ordinary"]
            takes = {
                "trouble": ["trouble"],
                "oversize": ["oversize", *(plain if params.oversize.lanes_take_others else [])],
                "reserved": ["booked"] if reserved else plain, "ordinary": ["ordinary"],
            }.get(kind, plain)  # fmt: skip
            for number in range(params.lanes[name].count):
                lane = Lane(name, number, takes, kind == "mixed" and reserved)
                lane.lines = {sort: common[sort] if params.queues == "common" else [] for sort in takes}
                self.lanes.append(lane)
        self.has_oversize = any(lane.kind == "oversize" for lane in params.lanes.values())
        self.sorts_out = bool(params.trouble) and params.trouble.at == "gate_lane"
        self.events = []
        self.served = []

    def sort(self, truck):
        if self.sorts_out and truck.troubled:
            return "trouble"
        if self.has_oversize and truck.oversize:
            return "oversize"
        return "booked" if truck.booked and self.p.conpas.reserved_lane else "ordinary"

    def service_s(self, truck):
        def draw(purpose, law):
            stream, id_ = make_stream(self.seed, f"terminal.{purpose}"), np.uint64(truck.id)
            if law.law == "exponential":
                return exponential(stream, id_, event(0, 0), law.mean_s)
            if law.law == "lognormal":
                return lognormal(stream, id_, event(0, 0), *lognormal_law(law.mean_s, law.cv))
            return law.mean_s

        length = draw("gate", self.p.service) + self.p.move_up_s
        return length + draw("trouble", self.p.trouble.lasts) if truck.troubled and self.p.trouble else length

    def serve(self, lane):
        heads = [line[0] for line in lane.lines.values() if line]
        if not lane.open or lane.truck or not heads:
            return
        truck = min(heads, key=lambda t: (t.joins_s, t.id)) if lane.oldest else heads[0]
        next(line for line in lane.lines.values() if truck in line).remove(truck)
        lane.truck = truck
        truck.wait_s += self.now - truck.since_s
        if math.isnan(truck.called_s):
            truck.called_s = self.now
        length = self.service_s(truck) if truck.remain_s is None else truck.remain_s
        truck.remain_s, truck.end_s = None, self.now + length
        heapq.heappush(self.events, (truck.end_s, 1, truck.id, ("end", lane, truck, truck.end_s)))

    def enqueue(self, truck):
        sort = self.sort(truck)
        able = [lane for lane in self.lanes if sort in lane.takes]
        if self.p.queues == "common":
            able[0].lines[sort].append(truck)
            for lane in able:
                self.serve(lane)
            return
        lane = min(able, key=lambda a: (not a.open, a.length(), self.lanes.index(a)))
        lane.lines[sort].append(truck)
        self.serve(lane)

    def jockey(self, lane):
        while lane.open:
            at = self.lanes.index(lane)
            beside = [self.lanes[i] for i in (at - 1, at + 1) if 0 <= i < len(self.lanes)]
            best, mover = None, None
            for other in beside:
                tails = [line[-1] for line in other.lines.values() if line]
                last = max(tails, key=lambda t: (t.joins_s, t.id), default=None)
                fits = last and self.sort(last) in lane.takes
                by_enough = other.length() - lane.length() >= self.p.jockey_difference
                if fits and by_enough and (best is None or other.length() > best.length()):
                    best, mover = other, last
            if best is None:
                return
            best.lines[self.sort(mover)].remove(mover)
            lane.lines[self.sort(mover)].append(mover)
            self.serve(lane)
            lane = best

    def leave_shut(self):
        for lane in self.lanes:
            if not lane.open:
                for truck in [t for line in lane.lines.values() for t in line]:
                    able = [a for a in self.lanes if self.sort(truck) in a.takes and a.open]
                    if able:
                        lane.lines[self.sort(truck)].remove(truck)
                        self.enqueue(truck)

    def is_open(self, lane, t):
        p = self.p
        spans = p.lanes[lane.group].opening or p.opening
        works = [c for c in p.lane_closures.values() if c.lanes == lane.group and c.hours[0] <= t < c.hours[1]]
        hours = any(a <= t < b for a, b in spans) or (t >= p.opening[-1][1] and spans[-1][1] >= p.opening[-1][1])
        return hours and lane.number < p.lanes[lane.group].count - sum(c.count for c in works)

    def change(self):
        changed = [lane for lane in self.lanes if self.is_open(lane, self.now) != lane.open]
        # A group of lanes opens as one; with own lines each lane counts for itself.
        for lane in changed:
            lane.open = not lane.open
        for lane in changed:
            if not lane.open and self.p.at_closure == "suspend" and lane.truck and lane.truck.end_s > self.now:
                truck, lane.truck = lane.truck, None
                truck.remain_s, truck.since_s, truck.end_s = truck.end_s - self.now, self.now, math.nan
                lane.lines[self.sort(truck)].insert(0, truck)
            self.serve(lane)
        if self.p.queues == "own":
            self.leave_shut()
            for lane in self.lanes if self.p.jockeying else ():
                self.jockey(lane)

    def run(self, trucks):
        for truck in trucks:
            heapq.heappush(self.events, (truck.joins_s, 9, truck.id, ("join", truck)))
        edges = {t for lane in self.p.lanes.values() for span in lane.opening or self.p.opening for t in span}
        for t in edges | {t for c in self.p.lane_closures.values() for t in c.hours}:
            heapq.heappush(self.events, (t, 0, 0, ("lanes",)))
        closing = self.p.opening[-1][1]
        while self.events:
            self.now, _, _, what = heapq.heappop(self.events)
            if what[0] == "lanes":
                self.change()
            elif what[0] == "end" and what[1].truck is what[2] and what[2].end_s == what[3]:
                what[1].truck = None
                self.serve(what[1])
                if self.p.queues == "own" and self.p.jockeying:
                    self.jockey(what[1])
            elif what[0] == "join":
                what[1].since_s = self.now
                what[1].away = self.now >= closing
                if not what[1].away:
                    self.enqueue(what[1])


SMALL = BARE | {
    "demand": {"hourly": {28800.0: 20.0, 32400.0: 30.0, 36000.0: 34.0, 39600.0: 18.0, 46800.0: 16.0, 57600.0: 30.0}},
    "lanes": {"A": {"count": 2}, "B": {"count": 1}}, "service": {"mean_s": 250.0},
}  # fmt: skip
OWN = {"queues": "own"}
JOCKEY = {"queues": "own", "jockeying": True}
BOOKED = {"lanes": {"A": {"count": 2}, "B": {"count": 2, "kind": "reserved"}}, "conpas": {"reserved_lane": True}}
MIXED = {"lanes": {"A": {"count": 2, "kind": "mixed"}, "B": {"count": 1, "kind": "booked_first"}},
         "conpas": {"reserved_lane": True}}  # fmt: skip
OVERSIZE = {"lanes": {"A": {"count": 2}, "W": {"count": 1, "kind": "oversize"}}, "oversize": {"share": 0.3}}
TROUBLE = {
    "lanes": {"A": {"count": 2}, "T": {"count": 1, "kind": "trouble"}},
    "trouble": {"share": 0.2, "at": "gate_lane", "lasts": {"mean_s": 600.0}},
}  # fmt: skip
OTHERS = {"oversize": {"share": 0.2, "lanes_take_others": True}}
#: Ten trucks at each of fifteen moments, the first when the gate opens: ties everywhere.
BY_TENS = {"demand": {"table": "tens"}}
MOMENTS = 30600.0 + 1800.0 * np.arange(15)
TENS = {"tens": {"hour_start_s": MOMENTS, "hour_end_s": np.nextafter(MOMENTS, np.inf), "trucks": np.full(15, 10.0)}}
CASES = {
    "own lines": OWN,
    "own lines, ties": OWN | {"service": {"law": "deterministic", "mean_s": 240.0}},
    "jockeying": JOCKEY,
    "jockeying, suspended": JOCKEY | {"at_closure": "suspend"},
    "jockeying beyond three": JOCKEY | {"jockey_difference": 3},
    "works shut one lane": JOCKEY | {"lane_closures": {"w": {"lanes": "A", "count": 1, "hours": (33000.0, 36600.0)}}},
    "own lines, staggered": OWN | {
        "lanes": {"A": {"count": 2, "opening": [(30600.0, 43200.0), (48600.0, 59400.0)]}, "B": {"count": 1}}},
    "own lines, reserved": JOCKEY | BOOKED,
    "own lines, mixed": JOCKEY | MIXED,
    "oversize": OVERSIZE,
    "oversize, others when idle": OVERSIZE | OTHERS,
    "oversize, others, reserved": BOOKED | OTHERS | {
        "lanes": BOOKED["lanes"] | {"W": {"count": 1, "kind": "oversize"}}},
    "oversize with own lines": OVERSIZE | JOCKEY | OTHERS,
    "trouble lane": TROUBLE,
    "trouble lane with own lines": TROUBLE | JOCKEY,
    "trouble lane and oversize": TROUBLE | OTHERS | {
        "lanes": TROUBLE["lanes"] | {"W": {"count": 1, "kind": "oversize"}}, "at_closure": "suspend"},
    "all sorts with own lines, works": JOCKEY | OTHERS | {
        "lanes": BOOKED["lanes"] | {"W": {"count": 1, "kind": "oversize"}}, "conpas": {"reserved_lane": True},
        "lane_closures": {
            "w": {"lanes": "W", "count": 1, "hours": (34200.0, 37800.0)},
            "b": {"lanes": "B", "count": 1, "hours": (37800.0, 41400.0)},
            "all": {"lanes": "B", "count": 2, "hours": (50400.0, 52200.0)},
        }},
    "jockeying, by tens": JOCKEY | BY_TENS,
    "oversize with own lines, by tens": OVERSIZE | JOCKEY | OTHERS | BY_TENS,
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("replication", range(3))
def test_lanes_and_their_slow_twin_agree_truck_by_truck(case, replication):
    params = TerminalParams.model_validate(SMALL | CASES[case])
    model, terminal = start(params, replication, tables=TENS)
    trucks = [Truck(terminal._now, row) for row in range(len(terminal._now.ids))]
    model.close()
    Gate(params, make_run_seed(1, replication)).run(trucks)
    visits = run(params, replication, tables=TENS)["terminal_visits"]
    by_id = {truck.id: truck for truck in trucks}
    assert len(visits["id"]) == len(trucks) > 80
    for row, id_ in enumerate(visits["id"].tolist()):
        truck = by_id[id_]
        assert (visits["reason"][row] == terms.AFTER_CLOSING) == truck.away
        expected = (truck.wait_s, truck.called_s, truck.end_s)
        for name, value in zip(("wait_s", "called_s", "gate_end_s"), expected, strict=True):
            np.testing.assert_allclose(visits[name][row], value, rtol=0, atol=1e-6, err_msg=f"{name} of {id_}")
