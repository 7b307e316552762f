"""A slow kerb: objects in lists, one sorted list of events, every rule written down plainly."""

from __future__ import annotations

import bisect

import numpy as np

from twin.engine.draws import event, uniforms

LEAVE, PATIENCE, CAMERA, GUARD, PATROL, ARRIVE = range(6)
SAME_S = 1e-9


class Vehicle:
    """A vehicle and everything about it."""

    def __init__(self, case, row):
        self.id, self.row = case.ids[row], row
        self.kind, self.shop = int(case.kind[row]), int(case.shop[row])
        self.dwell_s, self.patience_s = float(case.dwell_s[row]), float(case.patience_s[row])
        self.tried, self.first_s, self.stand = [], None, None
        self.stands, self.leave_event, self.reason = 0, None, None


class Stand:
    """One stand of a vehicle."""

    def __init__(self, mode, pocket, edge, bay, from_s, number):
        self.mode, self.pocket, self.edge, self.bay, self.from_s, self.number = mode, pocket, edge, bay, from_s, number
        self.end_s, self.told, self.asked = np.inf, 0, 0


class SlowKerb:
    """The kerb of a case of ``tests.unit.models.kerb.cases``."""

    def __init__(self, case):
        self.case = case
        self.vehicles = [Vehicle(case, row) for row in range(len(case.arrive_s))]
        self.bays = [[None] * count for count in case.bays]
        self.lines = [[] for _ in case.bays]
        self.first_bay = np.concatenate([[0], np.cumsum(case.bays)])
        self.events = []
        self.stands, self.moves, self.lanes, self.patrols = [], [], [], []
        for vehicle, time_s in zip(self.vehicles, case.arrive_s, strict=True):
            self.later(float(time_s), ARRIVE, vehicle.id, vehicle)
        for number, (time_s, pocket) in enumerate(case.rounds):
            self.later(time_s, PATROL, np.uint64(number), pocket)

    def later(self, time_s, kind, id_, what):
        entry = (time_s, kind, int(id_), len(self.events), what)
        bisect.insort(self.events, entry, key=lambda e: e[:3])
        return entry

    def draw(self, purpose, vehicle, first, second=0):
        return float(uniforms(self.case.stream(purpose), np.array([vehicle.id], np.uint64), event(first, second))[0])

    def watches(self, pocket, watcher):
        return pocket >= 0 and pocket in (self.case.camera, self.case.guard)[watcher]

    def in_hours(self, t):
        return self.case.hours[0] <= t < self.case.hours[1]

    def deterred(self, vehicle, pocket, t):
        u = self.draw("deter", vehicle, 0)
        return self.in_hours(t) and any(
            self.watches(pocket, w) and u < self.case.watchers[w][4] for w in (0, 1)
        )  # fmt: skip

    def in_lane(self, edge):
        return [v for v in self.vehicles if v.stand and v.stand.mode != "bay" and v.stand.edge == edge]

    def run(self):
        while self.events and np.isfinite(self.events[0][0]):
            t, kind, _, _, what = entry = self.events.pop(0)
            if kind == ARRIVE:
                self.arrive(what, t)
            elif kind == LEAVE:
                if what.leave_event is entry:
                    self.depart(what, t)
            elif kind == PATIENCE:
                vehicle, stand = what
                if vehicle.stand is stand:
                    self.depart(vehicle, t)
            elif kind in (CAMERA, GUARD):
                vehicle, stand = what
                if vehicle.stand is stand and self.case.watchers[kind - CAMERA][5]:
                    self.tell(vehicle, kind - CAMERA, kind - CAMERA, t)
            else:
                self.patrol(what, t)
        return self

    def arrive(self, vehicle, t):
        near = self.case.near[vehicle.shop]
        pocket = near[len(vehicle.tried)] if near else -1
        vehicle.first_s = t if vehicle.first_s is None else vehicle.first_s
        vehicle.tried.append(pocket)
        if pocket >= 0 and None in self.bays[pocket]:
            self.park(vehicle, pocket, self.bays[pocket].index(None), t)
            return
        search, wait, double, away, search_s = self.case.kinds[vehicle.kind]
        if len(vehicle.tried) >= len(near) or t - vehicle.first_s > search_s:
            search = 0.0
        if self.deterred(vehicle, pocket, t):
            wait = double = 0.0
        if pocket < 0:
            wait = 0.0
        u = self.draw("choice", vehicle, len(vehicle.tried)) * (search + wait + double + away)
        edge = pocket if pocket >= 0 else len(self.case.bays) + vehicle.shop
        if u < search:
            self.moves.append((t, int(vehicle.id), 0, -1))
            self.later(t + self.case.drive_s, ARRIVE, vehicle.id, vehicle)
        elif u < search + wait:
            self.lines[pocket].append(vehicle)
            self.stand(vehicle, "waiting", pocket, edge, -1, t)
        elif u < search + wait + double:
            self.stand(vehicle, "lane", pocket, edge, -1, t)
        else:
            self.moves.append((t, int(vehicle.id), 1, 2))

    def park(self, vehicle, pocket, place, t):
        self.bays[pocket][place] = vehicle
        self.stand(vehicle, "bay", pocket, pocket, place, t)

    def stand(self, vehicle, mode, pocket, edge, place, t):
        if mode != "bay" and not self.in_lane(edge):
            self.lanes.append((t, edge, 1))
        vehicle.stands += 1
        bay = int(self.first_bay[pocket]) + place if mode == "bay" else -1
        stand = vehicle.stand = Stand(mode, pocket, edge, bay, t, vehicle.stands)
        wrong_s = t
        if mode == "waiting":
            self.later(t + vehicle.patience_s, PATIENCE, vehicle.id, (vehicle, stand))
        else:
            stand.end_s = t + vehicle.dwell_s
            if mode == "bay":
                wrong_s = t + self.case.limit_s
                if wrong_s < stand.end_s and self.deterred(vehicle, pocket, t):
                    stand.end_s = wrong_s
            vehicle.leave_event = self.later(stand.end_s, LEAVE, vehicle.id, vehicle)
        for watcher in (0, 1):
            detects, after_s = self.case.watchers[watcher][:2]
            moment_s = wrong_s + after_s
            noticed = self.watches(pocket, watcher) and self.draw("notice", vehicle, stand.number, watcher) < detects
            if noticed and moment_s < stand.end_s and self.in_hours(moment_s):
                self.later(moment_s, CAMERA + watcher, vehicle.id, (vehicle, stand))

    def tell(self, vehicle, watcher, number, t):
        _, _, complies, respond_s, _, _ = self.case.watchers[watcher]
        stand = vehicle.stand
        if self.draw("comply", vehicle, stand.number, number) < complies and t + respond_s < stand.end_s:
            stand.end_s, stand.told = t + respond_s, 1
            vehicle.leave_event = self.later(stand.end_s, LEAVE, vehicle.id, vehicle)

    def patrol(self, pocket, t):
        found = 0
        for vehicle in self.vehicles:
            stand = vehicle.stand
            if stand and stand.pocket == pocket and (stand.mode != "bay" or t > stand.from_s + self.case.limit_s):
                found += 1
                stand.asked += 1
                self.tell(vehicle, 2, 1 + stand.asked, t)
        self.patrols.append(found)

    def end(self, vehicle, t):
        stand, vehicle.stand, vehicle.leave_event = vehicle.stand, None, None
        mode = ("bay", "lane", "waiting").index(stand.mode)
        self.stands.append(
            (int(vehicle.id), stand.from_s, t, stand.pocket, stand.bay, stand.edge, mode, stand.told, stand.number)
        )
        if stand.mode != "bay" and not self.in_lane(stand.edge):
            self.lanes.append((t, stand.edge, 0))
        return stand

    def depart(self, vehicle, t):
        if vehicle.stand.mode == "waiting":
            self.lines[vehicle.stand.pocket].remove(vehicle)
        stand = self.end(vehicle, t)
        done = t >= stand.from_s + vehicle.dwell_s - SAME_S
        self.moves.append((t, int(vehicle.id), 1, 2 if stand.mode == "waiting" else 0 if done else 1))
        if stand.mode == "bay":
            place = stand.bay - int(self.first_bay[stand.pocket])
            self.bays[stand.pocket][place] = None
            if self.lines[stand.pocket]:
                first = self.lines[stand.pocket].pop(0)
                self.end(first, t)
                self.park(first, stand.pocket, place, t)
