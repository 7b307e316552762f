"""The books, slow and obvious: a diary of everything that happens, in order, with plain dictionaries."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.booking import names
from twin.engine.draws import event, make_run_seed, make_stream, uniform
from twin.engine.event_queue import new_heap
from twin.models.terminal.booking import kernels

# Without compilation, numpy warns where the hash of the draws wraps around on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

SLOTS = [(30600.0, 34200.0), (34200.0, 37800.0), (36000.0, 39600.0), (46800.0, 50400.0)]


class Truck:
    """One truck and its bookings."""

    def __init__(self, row, u, stream):
        self.row, self.id = row, 10**15 + row
        self.haulier = int(u[1] * 4)
        self.kind = self.haulier % 2
        self.asks_s = -40000.0 + 80000.0 * u[2]
        self.desired = 28800.0 + 22000.0 * u[0]
        self.earliest = 33000.0 if u[3] < 0.1 else -math.inf
        self.latest = 47000.0 if u[3] > 0.9 else math.inf
        self.slack = 3600.0 * u[4] if u[4] < 0.5 else math.inf
        self.hours_left = 6000.0 * u[5]
        self.known = 20000.0 + 40000.0 * u[6] if u[6] < 0.6 else -math.inf
        self.cancel_lead, self.second_lead = 9000.0 * u[7], 9000.0 * u[8]
        self.doubles = u[9] < 0.3
        self.cancels = not self.doubles and u[9] < 0.6
        self.never = u[10] < 0.4
        self.pools = {0, *([1] if u[11] < 0.5 else []), *([2] if 0.3 < u[11] < 0.8 else [])}
        self.stream = stream
        self.bookings = []

    def cost(self, slot, waits, trait, rule):
        start, end = SLOTS[slot]
        earlier, later = max(self.desired - end, 0.0), max(start - self.desired, 0.0)
        wait = waits[self.haulier][slot]
        taste = -math.log(-math.log(uniform(self.stream, np.uint64(self.id), event(int(start)))))
        cost = earlier + rule["later"] * later + trait["wait"] * wait - trait["scale"] * taste
        cost += trait["delivery"] * max(later + wait - self.slack, 0.0)
        cost += trait["hours"] * max(later - earlier + wait + 900.0 - self.hours_left, 0.0)
        return cost + trait["penalty"] * (1 - math.exp(-(earlier + later) / trait["miss"]))


class Books:
    """Places of every pool and slot, and who waits for one."""

    def __init__(self, places, day, waits, traits, rule):
        self.places, self.day, self.waits, self.traits, self.rule = places, day, waits, traits, rule
        self.waiting, self.diary = [], []

    def choices(self, truck, now_s):
        for slot, (start, end) in enumerate(SLOTS):
            near = max(truck.desired - end, start - truck.desired) <= self.rule["max_shift"]
            open_yet = now_s <= start - self.rule["closes"]
            in_time = end > truck.earliest and start < truck.latest
            room = self.day > 0 and all(self.places[pool][slot] > 0 for pool in truck.pools)
            if near and open_yet and in_time and room:
                yield slot

    def take(self, truck, now_s, *, only_one):
        for nth in range(1 if only_one or not truck.doubles else 2):
            taken = [slot for slot, _ in truck.bookings]
            options = [slot for slot in self.choices(truck, now_s) if slot not in taken]
            if not options:
                return bool(nth)
            slot = min(options, key=lambda s: truck.cost(s, self.waits, self.traits[truck.kind], self.rule))
            for pool in truck.pools:
                self.places[pool][slot] -= 1
            self.day -= 1
            truck.bookings.append((slot, self.fate(truck, slot, nth, now_s)))
        return True

    def fate(self, truck, slot, nth, now_s):
        start = SLOTS[slot][0]
        if nth == 1:
            if truck.never:
                return names.FATE_MISSED
            return self.given_back(truck, slot, max(start - truck.second_lead, now_s))
        back_s = max(start - truck.cancel_lead, now_s) if truck.cancels else math.inf
        confirm_s = max(start - self.rule["confirm"], now_s)
        if truck.known > confirm_s and confirm_s <= back_s:
            self.diary.append((confirm_s, 0, truck.id, truck, slot))
            return names.FATE_LAPSED
        return names.FATE_KEPT if back_s == math.inf else self.given_back(truck, slot, back_s)

    def given_back(self, truck, slot, at_s):
        if at_s > SLOTS[slot][0] - self.rule["cancel"]:
            return names.FATE_CANCELLED_LATE
        self.diary.append((at_s, 0, truck.id, truck, slot))
        return names.FATE_CANCELLED

    def run(self, trucks, waiting_list):
        self.diary += [(truck.asks_s, 1, nth, truck, None) for nth, truck in enumerate(trucks)]
        while self.diary:
            self.diary.sort(key=lambda entry: entry[:3])
            now_s, asks, _, truck, slot = self.diary.pop(0)
            if asks:
                if not self.take(truck, now_s, only_one=False) and waiting_list:
                    self.waiting.append(truck)
                continue
            for pool in truck.pools:
                self.places[pool][slot] += 1
            self.day += 1
            taker = next((t for t in self.waiting if any(True for _ in self.choices(t, now_s))), None)
            if taker:
                self.waiting.remove(taker)
                self.take(taker, now_s, only_one=True)


def by_kernel(trucks, places, day, waits, traits, rule, stream, waiting_list):
    count = len(trucks)
    ask = np.array([[t.desired, t.earliest, t.latest, t.known, t.cancel_lead, t.second_lead, t.slack, t.hours_left]
                    for t in trucks])  # fmt: skip
    intent = [t.cancels * names.CANCELS | t.doubles * names.DOUBLES | t.never * names.NEVER_GIVES_BACK for t in trucks]
    pools = [sum(1 << pool for pool in t.pools) for t in trucks]
    ends = np.array([end for _, end in SLOTS])
    first = np.searchsorted(ends, ask[:, names.DESIRED] - rule["max_shift"])
    nearest = np.searchsorted(ends, ask[:, names.DESIRED])
    who = [intent, pools, first, nearest, [t.kind for t in trucks], [t.haulier for t in trucks]]
    asker = np.column_stack(who).astype(np.int32)
    asks_s = np.array([t.asks_s for t in trucks])
    trait = np.array([[t["scale"], t["wait"], t["delivery"], t["hours"], t["penalty"], t["miss"]] for t in traits])
    rules = [rule["later"], rule["max_shift"], rule["closes"], rule["cancel"], rule["confirm"], waiting_list, 900.0]
    slot, fate = np.full((count, 2), -1, np.int32), np.full((count, 2), names.NO_BOOKING, np.int32)
    left = np.array(places, np.int64)
    order = np.argsort(asks_s, kind="stable").astype(np.int64)
    kernels.run_gate_books(
        order, asks_s, np.array([t.id for t in trucks], np.uint64), ask, asker, np.array([s for s, _ in SLOTS]),
        ends, np.array(waits), trait, np.array(rules, np.float64), stream, left, day,
        *new_heap(2 * count + 1), np.empty(count, np.int64), slot, fate,
    )  # fmt: skip
    return slot, fate, left


# Without taste nothing is surely below before a first slot is known: 0 times infinity, which compares as false.
@pytest.mark.filterwarnings("ignore:invalid value encountered in scalar multiply:RuntimeWarning")
@pytest.mark.parametrize("replication", range(4))
@pytest.mark.parametrize(
    ("rule", "places", "day", "waiting_list"),
    [
        ({}, [[12, 8, 0, 20], [99] * 4, [99] * 4], 10**6, True),
        ({"later": 2.5, "max_shift": 3600.0, "closes": 1800.0}, [[9] * 4, [3, 4, 5, 6], [8, 0, 2, 9]], 10**6, True),
        ({"cancel": 600.0, "confirm": 7200.0}, [[9, 9, 9, 9], [3, 4, 5, 6], [8, 3, 2, 9]], 10**6, False),
        ({"cancel": 0.0}, [[99] * 4, [3, 9, 5, 6], [99] * 4], 17, True),
    ],
)
def test_places_go_by_turn_and_least_cost_and_come_back(replication, rule, places, day, waiting_list):
    rule = {"later": 1.0, "max_shift": 7200.0, "closes": 0.0, "cancel": 3600.0, "confirm": 3600.0} | rule
    stream = make_stream(make_run_seed(3, replication), "terminal.taste")
    luck = make_stream(make_run_seed(4, replication), "test")
    trucks = [Truck(i, [uniform(luck, np.uint64(i), np.uint64(j)) for j in range(12)], stream) for i in range(70)]
    waits = [[600.0 * ((h + s) % 3) for s in range(4)] for h in range(4)]
    traits = [
        {
            "scale": 0.0 if replication == 3 else 300.0,
            "wait": 1.0,
            "delivery": 0.5,
            "hours": 0.0,
            "penalty": 0.0,
            "miss": 3600.0,
        },
        {"scale": 1500.0, "wait": 2.0, "delivery": 1.0, "hours": 2.0, "penalty": 900.0, "miss": 7200.0},
    ]

    slot, fate, left = by_kernel(trucks, places, day, waits, traits, rule, stream, waiting_list)
    books = Books([list(row) for row in places], day, waits, traits, rule)
    books.run(sorted(trucks, key=lambda t: t.asks_s), waiting_list)

    for truck in trucks:
        expected = [*truck.bookings, (-1, names.NO_BOOKING), (-1, names.NO_BOOKING)][:2]
        assert list(zip(slot[truck.row].tolist(), fate[truck.row].tolist(), strict=True)) == expected
    assert left.tolist() == books.places
    assert names.NO_BOOKING in fate[:, 0]
    assert {names.FATE_KEPT, names.FATE_CANCELLED, names.FATE_LAPSED} <= set(fate.ravel().tolist())
