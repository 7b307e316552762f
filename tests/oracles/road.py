"""A slow twin of the queueing kernels that keeps whole histories, and random cases of every rule at once.

The twin knows no steps, rings, wake-ups or remembered times: at every turn it looks at every head, works out from the
lists of all that has happened when it could go, and moves the one that can go first.
"""

from __future__ import annotations

import math

import numpy as np

from twin.models.road_traffic import RoadNetwork

INF, SAME = math.inf, 1e-9
WAVE_MPS, KAPPA = 5.0, 0.2
SIZES, CLASS_MPS = (1.0, 2.0), (25.0, 10.0)
NODES = [(0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2), (3, 0), (1, 4), (4, 1), (0, 3), (1, 2)]
UNDECIDED, DWELLS = "undecided", "dwells"
LANES = ("lane", "turn")


class Case:
    """A small random network, its traffic, and everything that happens to it."""

    def __init__(self, seed, *, finds_way=False, release_s=INF, cars=50):
        luck = np.random.default_rng(seed)
        self.finds_way, self.release_s, self.redraw_s = finds_way, release_s, 12.0
        some = lambda share: luck.random() < share  # noqa: E731
        self.links = [
            {
                "ends": ends,
                "metres": float(luck.choice([30.0, 50.0, 100.0])),
                "mps": 20.0,
                "lanes": int(luck.integers(1, 3)),
                "weight": float(luck.integers(1, 4)),
                "passing": some(0.3),
                "enters": float(luck.choice([0.4, INF], p=[0.2, 0.8])),
                "exits": float(luck.choice([0.4, INF], p=[0.3, 0.7])),
            }
            for ends in NODES
        ]
        turns = [(k, j) for k, (_, b) in enumerate(NODES) for j, (a, _) in enumerate(NODES) if a == b]
        others = {turn for turn in turns if (turn[0], turn[1] + 1) in turns or (turn[0], turn[1] + 2) in turns}
        self.banned = {turn for turn in sorted(others) if finds_way and some(0.2)}
        self.after = {k: [j for i, j in turns if i == k and (i, j) not in self.banned] for k in range(len(NODES))}
        # Turn queues as (link, links led to, capacity, pocket).
        self.turn_queues = []
        for k in self.after:
            rest = luck.permutation(self.after[k]).tolist()
            while len(rest) > 1 and some(0.5):
                share = float(luck.choice([0.2, 0.4])) if some(0.5) else None
                self.turn_queues.append((k, [rest.pop()], share, float(luck.integers(2, 4)) if some(0.6) else None))
        self.bays = {k: some(0.5) for k in range(len(NODES)) if some(0.5)}
        lit = [k for k in range(len(NODES)) if some(0.3)]
        self.lights = [(k, None, 30.0, float(luck.integers(0, 30)), 12.0) for k in lit]
        self.lights += [(k, to[0], 20.0, float(luck.integers(0, 20)), 9.0) for k, to, _, _ in self.turn_queues[:2]]
        self.servers = [
            (k, None, int(luck.integers(1, 4)), 4.5) for k in range(len(NODES)) if k not in lit and some(0.2)
        ]
        self.servers += [(k, to[0], 2, 6.5) for k, to, _, _ in self.turn_queues[2:3]]
        self.gates = [k for k in range(len(NODES)) if some(0.2)]
        moments = np.sort(luck.uniform(20.0, 200.0, 6)).tolist()
        self.grants = [(t, k, int(luck.integers(0, 3))) for t in moments for k in self.gates]
        self.grants += [(250.0, k, 100) for k in self.gates]
        self.edits = self._edits(luck)
        self.vehicles = [self._vehicle(luck) for _ in range(cars)]
        self.keys = luck.permutation(cars).tolist()
        #: Whose vehicles they are, and whose ways end at a gate against places only.
        self.owners, self.gate_owner = (
            luck.integers(0, 3, cars).tolist(),
            {k: int(luck.integers(0, 3)) for k in self.gates},
        )
        #: Orders to take up another path as (moment, vehicle, which link of those that follow, one after another).
        orders = luck.uniform(10.0, 120.0, 20).tolist()
        self.orders = [(t, int(luck.integers(0, cars)), luck.integers(0, 60, 4).tolist()) for t in orders]
        self.pace_s, self.news_s = luck.uniform(0.5, 3.0, len(NODES)), luck.uniform(2.0, 30.0, len(NODES))
        self.turn_s = {turn: float(luck.uniform(0.0, 10.0)) for turn in turns}

    def _edits(self, luck):
        """Changes as (moment, what, link, turn's link, value)."""
        edits = []
        for what in ("exit", "entry", "speed", "lanes", "exit_capacity", "exit of a turn"):
            for _ in range(2):
                k, t = int(luck.integers(0, len(NODES))), float(luck.uniform(5.0, 150.0))
                if what == "exit of a turn":
                    if self.turn_queues:
                        k, to, _, _ = self.turn_queues[int(luck.integers(0, len(self.turn_queues)))]
                        edits += [(t, "exit", k, to[0], 0.0), (t + 20.0, "exit", k, to[0], 1.0)]
                elif what in ("exit", "entry"):
                    edits += [(t, what, k, None, 0.0), (t + float(luck.uniform(5.0, 40.0)), what, k, None, 1.0)]
                else:
                    values = {"speed": (5.0, 15.0), "lanes": (1.0, 3.0), "exit_capacity": (0.2, 1.6)}[what]
                    edits.append((t, what, k, None, float(luck.choice(values))))
        return sorted(edits, key=lambda edit: edit[0])

    def _vehicle(self, luck):
        """(depart, path or (from, to), class, stops)."""
        depart_s = float(luck.integers(0, 60))
        path = [int(luck.integers(0, len(NODES)))]
        for _ in range(int(luck.integers(0, 6))):
            path.append(int(luck.choice(self.after[path[-1]])))
        size = int(luck.integers(0, 2))
        if self.finds_way and luck.random() < 0.7:
            return depart_s, tuple(luck.choice([0, 1, 2, 3, 4], 2, replace=False).tolist()), size, ()
        stops = []
        for hop, link in enumerate(path):
            if luck.random() < 0.25:
                where = "bay" if link in self.bays and luck.random() < 0.6 else "lane"
                stops.append((hop, float(luck.integers(1, 9)), where))
        return depart_s, path, size, tuple(stops)

    def network(self):
        net = RoadNetwork(class_size=SIZES, class_speed_mps=CLASS_MPS, release_after_s=self.release_s)
        for link in self.links:
            net.add_link(
                *link["ends"], link["metres"], speed_mps=link["mps"], lanes=link["lanes"], merge_weight=link["weight"],
                overtaking=link["passing"], entry_capacity_per_s=link["enters"], exit_capacity_per_s=link["exits"],
            )  # fmt: skip
        for k, to_links, per_s, pocket in self.turn_queues:
            net.add_turn_queue(k, to_links, capacity_per_s=per_s, pocket=pocket)
        for k, to in sorted(self.banned):
            net.ban_turn(k, to)
        for k, priority in self.bays.items():
            net.add_bay(k, priority=priority)
        for k, to, cycle_s, offset_s, green_s in self.lights:
            net.add_signal(k, cycle_s=cycle_s, green_s=green_s, offset_s=offset_s, to_link=to)
        for k, to, count, service_s in self.servers:
            net.add_servers(k, count, service_s, to_link=to)
        for k in self.gates:
            net.add_gate(k)
        for t, what, k, to, value in self.edits:
            net._edit(t, what, k, to, value)
        for (depart_s, way, size, stops), key in zip(self.vehicles, self.keys, strict=True):
            if isinstance(way, tuple):
                net.add_trips([depart_s], [way[0]], [way[1]], vehicle_class=size, keys=[key])
            else:
                net.add_vehicles([depart_s], path=way, vehicle_class=size, keys=[key], stops=stops)
        return net

    def seconds_to_go(self):
        """Least seconds from the end of each link to each node, by the news and the waits in turns."""
        out = {}
        for goal in range(5):
            to_go = {k: 0.0 if b == goal else INF for k, (_, b) in enumerate(NODES)}
            for _ in NODES:
                for k, follows in self.after.items():
                    for j in follows:
                        to_go[k] = min(to_go[k], self.turn_s[k, j] + self.news_s[j] + to_go[j])
            out[goal] = to_go
        return out


class Slow:
    """The twin: every rule written as its definition says."""

    def __init__(self, case, storage_rows, tastes):
        self.case, self.taste = case, tastes
        links = self.links = range(len(NODES))
        self.own = {}  # (link, link led to) -> queue of its own or pocket
        self.pockets, shares = {}, {}
        for i, (k, tos, per_s, pocket) in enumerate(case.turn_queues):
            queue = ("turn" if pocket is None else "pocket", k, i)
            self.own.update({(k, to): queue for to in tos})
            shares[queue] = per_s
            if pocket is not None:
                self.pockets[queue] = pocket
        self.parts_early = {k for k, tos, _, pocket in case.turn_queues if pocket is None}
        lanes = [("lane", k) for k in links] + list(shares)
        self.waiting = {q: [] for q in [*lanes, *[("bay", k) for k in case.bays], *[("origin", k) for k in links]]}
        self.base = {k: self._per_s(k, case.links[k]["lanes"], case.links[k]["exits"]) for k in links}
        self.share = {q: (shares.get(q) or self.base[q[1]]) / self.base[q[1]] for q in lanes}
        self.rates = {q: [(-INF, 1.0 / (self.base[q[1]] * self.share[q]))] for q in lanes}
        self.lanes_now = {k: case.links[k]["lanes"] for k in links}
        self.exits_now = {k: case.links[k]["exits"] for k in links}
        self.entry_rates = {
            k: [(-INF, 1.0 / self._per_s(k, self.lanes_now[k], case.links[k]["enters"]))] for k in links
        }
        self.parting_s = {k: 1.0 / self._per_s(k, self.lanes_now[k], INF) for k in links}
        self.mps = {k: case.links[k]["mps"] for k in links}
        self.storage = {k: round(max(KAPPA * case.links[k]["metres"] * self.lanes_now[k], 2.0), 9) for k in links}
        self.light = {q: light[2:] for light in case.lights for q in self._lines(light[0], light[1])}
        self.service = {self._line(k, to): (count, s) for k, to, count, s in case.servers}
        self.served = {line: [] for line in self.service}
        self.credits = {("lane", k): 0 for k in case.gates}
        self.shut, self.shut_entries = set(), set()
        self.passed = {q: [] for q in lanes}  # through the stop line: (moment, size)
        self.entered, self.left = {k: [] for k in links}, {k: [] for k in links}
        self.left_pocket = {q: [] for q in self.pockets}
        self.left_s = dict.fromkeys(self.waiting, -INF)
        self.parted_s = dict.fromkeys(links, -INF)
        self.tags, self.virtual = {}, dict.fromkeys(links, 0.0)
        self.clear_s = dict.fromkeys(links, 0.0)
        self.to_go = case.seconds_to_go()
        self.vehicles = list(case.vehicles)
        self.obeyed = []
        self.ready = [v[0] for v in case.vehicles]
        self.hop = [-1] * len(case.vehicles)
        self.at = [None] * len(case.vehicles)
        self.onward = [None] * len(case.vehicles)
        self.stops = [list(v[3]) for v in case.vehicles]
        self.head_s, self.log, self.now, self.released = {}, [], -INF, 0
        events = [(edit[0], 0, i, edit) for i, edit in enumerate([*case.edits, *storage_rows])]
        events += [(t, 1, i, (t, "grant", k, None, n)) for i, (t, k, n) in enumerate(case.grants)]
        events += [(t, 2, i, (t, "order", v, None, picks)) for i, (t, v, picks) in enumerate(case.orders)]
        self.events = sorted(events, key=lambda event: event[:3])
        for v in sorted(range(len(self.vehicles)), key=lambda v: (self.ready[v], case.keys[v])):
            way = self.vehicles[v][1]
            first = self._first_link(v, way) if isinstance(way, tuple) else way[0]
            self.onward[v] = first
            self._line_up(("origin", first), v)

    def _per_s(self, k, lanes, most):
        speed = self.case.links[k]["mps"]
        return min(lanes * speed * KAPPA * WAVE_MPS / (speed + WAVE_MPS), most)

    def _line(self, k, to):
        return ("lane", k) if to is None else self.own[k, to]

    def _lines(self, k, to):
        return [self.own[k, to]] if to is not None else [q for q in self.rates if q[1] == k]

    # Choices -------------------------------------------------------------------------------------------

    def _goal(self, v):
        way = self.vehicles[v][1]
        return way[1] if isinstance(way, tuple) else None

    def _nearer(self, v, k):
        """Links that may follow and lead nearer to the destination."""
        to_go = self.to_go[self._goal(v)]
        return [j for j in self.case.after[k] if to_go[j] < to_go[k]]

    def _first_link(self, v, way):
        to_go = self.to_go[way[1]]
        starts = [k for k, (a, _) in enumerate(NODES) if a == way[0]]
        return min(starts, key=lambda k: self.case.news_s[k] * self.taste(v, k) + to_go[k])

    def _choose(self, v, k, t):
        """The turn by which a driver expects to arrive first; by the news alone if ``t`` is None."""
        if NODES[k][1] == self._goal(v):
            return None
        cost = {}
        for j in self._nearer(v, k):
            over_s = self.case.news_s[j]
            if t is not None:
                free_s = self.case.links[j]["metres"] / self.case.links[j]["mps"]
                over_s = max(free_s, self.clear_s[j] + self.case.pace_s[j] - t)
            cost[j] = over_s * self.taste(v, j) + self.case.turn_s[k, j] + self.to_go[self._goal(v)][j]
        open_ = [j for j in cost if j not in self.shut_entries]
        return min(open_ or cost, key=cost.get)

    # When ----------------------------------------------------------------------------------------------

    def _stop(self, v, queue):
        """The stop that a vehicle in a lane makes at the end of the link it is on."""
        here = self.stops[v] and self.stops[v][0][0] == self.hop[v]
        return self.stops[v][0] if here and queue[0] in LANES else None

    @staticmethod
    def _spaced(rates, last):
        """When a stream that passes at rates which change lets the next one go."""
        if not last:
            return -INF
        t, units = last[-1]
        for (_, headway_s), (end_s, _) in zip(rates, [*rates[1:], (INF, 0.0)], strict=True):
            if end_s <= t:
                continue
            if t + units * headway_s <= end_s:
                return t + units * headway_s
            units -= (end_s - t) / headway_s
            t = end_s
        raise AssertionError

    def _room_s(self, k, size):
        """Since when a link has room, a wave lag after the exit that made it."""
        inside = sum(s for _, s in self.entered[k])
        if inside + size <= self.storage[k]:
            return -INF
        needed, gone = inside + size - self.storage[k] - SAME, 0.0
        if needed <= 0:
            return -INF
        for t, s in self.left[k]:
            gone += s
            if gone >= needed:
                return t + self.case.links[k]["metres"] / WAVE_MPS
        return INF

    def _green(self, queue, t):
        if queue not in self.light or t == INF:
            return t
        cycle_s, offset_s, green_s = self.light[queue]
        cycles = math.floor((t - offset_s) / cycle_s)
        if t - offset_s - cycles * cycle_s < green_s - SAME:
            return t
        return max(t, offset_s + (cycles + 1) * cycle_s)

    def _when_onto(self, queue, onward, from_s):
        """When from a moment on the head of a queue can go on to a link (None: its way ends)."""
        v, k = self.waiting[queue][0], queue[1]
        size = SIZES[self.vehicles[v][2]]
        line = ("lane", k) if queue[0] == "bay" else queue if queue[0] != "origin" else None
        t = max(from_s, self.now)
        if line is not None:
            if line in self.shut:
                return INF
            t = max(t, self._spaced(self.rates[line], self.passed[line]))
        stop = self._stop(v, queue)
        if stop and stop[2] == "bay":
            return t
        pocket = self.own.get((k, onward))
        if queue[0] == "lane" and pocket in self.pockets:
            return self._pocket_s(pocket, size, t)
        if onward is not None:
            if onward in self.shut_entries:
                return INF
            t = max(t, self._spaced(self.entry_rates[onward], self.entered[onward]))
            t = max(t, min(self._room_s(onward, size), self.head_s[queue] + self.case.release_s))
        if line in self.service:
            count, service_s = self.service[line]
            if len(self.served[line]) >= count:
                t = max(t, self.served[line][-count] + service_s)
        if onward is None and self._needs_place(v, line) and self.credits[line] <= 0:
            return INF
        return self._green(line, t)

    def _needs_place(self, v, line):
        return line in self.credits and self.case.gate_owner[line[1]] == self.case.owners[v]

    def _pocket_s(self, pocket, size, t):
        inside = sum(SIZES[self.vehicles[w][2]] for w in self.waiting[pocket])
        if inside + size > self.pockets[pocket]:
            return INF
        for left_s, units in reversed(self.left_pocket[pocket]):
            inside += units
            if inside + size > self.pockets[pocket]:
                return max(t, left_s)
        return t

    def _when(self, queue):
        v = self.waiting[queue][0]
        if self.onward[v] == UNDECIDED:
            return self.head_s[queue], UNDECIDED
        stop = self._stop(v, queue)
        if stop and stop[2] == "lane":
            return self.head_s[queue], DWELLS
        t, onward = self._when_onto(queue, self.onward[v], self.head_s[queue]), self.onward[v]
        patient_s = self.head_s[queue] + self.case.redraw_s
        if t > patient_s and self._goal(v) is not None and queue[0] in LANES and onward is not None:
            for j in self._nearer(v, queue[1]):
                if j != onward and self._queue_for(queue[1], j) == queue:
                    other_s = self._when_onto(queue, j, patient_s)
                    if other_s < t:
                        t, onward = other_s, j
        return t, onward

    # What happens --------------------------------------------------------------------------------------

    def _queue_for(self, k, onward):
        queue = self.own.get((k, onward), ("lane", k))
        return ("lane", k) if queue in self.pockets else queue

    def _line_up(self, queue, v, by_time=False):
        line = self.waiting[queue]
        place = len(line)
        while by_time and place > 0 and self.ready[line[place - 1]] > self.ready[v]:
            place -= 1
        line.insert(place, v)
        if place == 0:
            self._new_head(queue, -INF)

    def _new_head(self, queue, left_s):
        if not self.waiting[queue]:
            return
        self.head_s[queue] = max(self.ready[self.waiting[queue][0]], left_s)

    def run(self, until_s):
        while True:
            could = [(*self._when(queue), queue) for queue, line in self.waiting.items() if line]
            best_s = min((one[0] for one in could), default=INF)
            upto_s = self.events[0][0] if self.events else INF
            if min(best_s, upto_s) > until_s:
                return
            if self.events and (upto_s < best_s or (upto_s == best_s and self.events[0][1] == 0)):
                self._heed(self.events.pop(0)[3])
                continue
            self._go(*self._first_of([one for one in could if one[0] == best_s]))

    def _node(self, queue):
        return NODES[queue[1]][queue[0] != "origin"]

    def _first_of(self, ties):
        node = min(self._node(queue) for _, _, queue in ties)
        ties = [one for one in ties if self._node(one[2]) == node]

        def rank(one):
            return {True: -1, False: 1}[self.case.bays[one[2][1]]] if one[2][0] == "bay" else 0

        def key(one):
            return self.case.keys[self.waiting[one[2]][0]]

        first = min(ties, key=lambda one: (rank(one), key(one)))
        if first[1] in (None, UNDECIDED, DWELLS):
            return first
        rivals = [one for one in ties if one[1] == first[1] and rank(one) == rank(first)]
        return min(rivals, key=lambda one: (self._tag(one[2], one[1]), key(one)))

    def _tag(self, queue, onward):
        # A movement is a turn of a link, or the way from an origin.
        return max(self.tags.get((queue[0] == "origin", queue[1], onward), 0.0), self.virtual[onward])

    def _go(self, t, onward, queue):
        v, k = self.waiting[queue][0], queue[1]
        size = SIZES[self.vehicles[v][2]]
        if onward == UNDECIDED:
            self.onward[v] = self._choose(v, k, t)
            return
        if onward == DWELLS:
            self.head_s[queue] = max(t, self._spaced(self.rates[queue], self.passed[queue])) + self.stops[v].pop(0)[1]
            return
        self.onward[v] = onward
        line = ("lane", k) if queue[0] == "bay" else queue if queue[0] != "origin" else None
        stop, pocket = self._stop(v, queue), self.own.get((k, onward))
        pulls_off = stop is not None and stop[2] == "bay"
        turns_off = not pulls_off and queue[0] == "lane" and pocket in self.pockets
        if line is not None and not pulls_off:
            self.passed[line].append((t, size))
        self.waiting[queue].pop(0)
        if queue[0] in LANES:
            self.left[k].append((t, size))
        if queue[0] == "pocket":
            self.left_pocket[queue].append((t, size))
        if pulls_off:
            self.stops[v].pop(0)
            self.ready[v] = t + stop[1]
            self._line_up(("bay", k), v, by_time=True)
        elif turns_off:
            self.ready[v] = t
            self._line_up(pocket, v)
        else:
            if line in self.service:
                self.served[line].append(t)
            if onward is None and self._needs_place(v, line):
                self.credits[line] -= 1
            self.log.append((v, t, -1 if line is None else k, -1 if onward is None else onward))
            if onward is not None:
                start = self._tag(queue, onward)
                self.virtual[onward] = start
                weight = 1.0 if line is None else self.case.links[k]["weight"]
                self.tags[queue[0] == "origin", k, onward] = start + size / weight
                self.released += self._room_s(onward, size) > t
                self._enter(v, onward, t)
        self._new_head(queue, t)

    def _enter(self, v, k, t):
        kind, size = self.vehicles[v][2], SIZES[self.vehicles[v][2]]
        self.entered[k].append((t, size))
        self.hop[v] += 1
        ready_s = t + self.case.links[k]["metres"] / min(self.mps[k], CLASS_MPS[kind])
        self.clear_s[k] = max(self.clear_s[k] + size * self.case.pace_s[k], ready_s)
        path = self.vehicles[v][1]
        if self._goal(v) is None:
            self.onward[v] = path[self.hop[v] + 1] if self.hop[v] + 1 < len(path) else None
        elif k in self.parts_early:
            self.onward[v] = self._choose(v, k, None)
        else:
            self.onward[v] = None if NODES[k][1] == self._goal(v) else UNDECIDED
        if k in self.parts_early:
            ready_s = max(ready_s, self.parted_s[k])
            self.parted_s[k] = ready_s + self.parting_s[k] * size
        self.ready[v] = ready_s
        self._line_up(self._queue_for(k, self.onward[v]), v, by_time=self.case.links[k]["passing"])

    def _reroute(self, v, picks, t):
        """Another path from the link that a vehicle drives on, if it is in its lanes, has a path and no stop ahead."""
        queue = next((q for q, line in self.waiting.items() if v in line), ("", 0))
        ahead = [stop for stop in self.stops[v] if stop[0] > self.hop[v]]
        if self._goal(v) is not None or queue[0] not in LANES or ahead:
            return
        depart_s, path, size, stops = self.vehicles[v]
        path = path[: self.hop[v] + 1]
        for pick in picks:
            path.append(self.case.after[path[-1]][pick % len(self.case.after[path[-1]])])
        self.vehicles[v] = depart_s, path, size, stops
        self.obeyed.append((t, v, path))
        self.onward[v] = path[self.hop[v] + 1]
        to = self._queue_for(queue[1], self.onward[v])
        if to != queue:
            line = self.waiting[queue]
            was_head = line[0] == v
            line.remove(v)
            if was_head:
                self._new_head(queue, t)
            self._line_up(to, v, by_time=True)
        if self.waiting[to][0] == v:
            self.head_s[to] = max(self.head_s[to], t)

    def stuck(self, now_s):
        """The largest set of links whose every head waits for a full link of the set."""

        def waits(queue):
            v = self.waiting[queue][0]
            if self.head_s[queue] > now_s or self._stop(v, queue):
                return False
            pocket = self.own.get((queue[1], self.onward[v]))
            if pocket in self.pockets and self.onward[v] is not None:
                inside = sum(SIZES[self.vehicles[w][2]] for w in self.waiting[pocket])
                if inside + SIZES[self.vehicles[v][2]] <= self.pockets[pocket]:
                    return False
                v = self.waiting[pocket][0]
            to = self.onward[v]
            return to in marked and self._inside(to) + SIZES[self.vehicles[v][2]] > self.storage[to] + SAME

        marked = {k for k in self.links if self._inside(k) > SAME}
        while True:
            free = {q[1] for q, line in self.waiting.items() if q[0] in LANES and line and not waits(q)}
            if not free & marked:
                return sorted(marked)
            marked -= free

    def _inside(self, k):
        return sum(s for _, s in self.entered[k]) - sum(s for _, s in self.left[k])

    def _heed(self, edit):
        t, what, k, to, value = edit
        self.now = max(self.now, t)
        if what == "grant":
            self.credits["lane", k] += value
            for queue in (("lane", k), ("bay", k)):
                if self.waiting.get(queue):
                    self.head_s[queue] = max(self.head_s[queue], t)
        elif what == "order":
            self._reroute(k, value, t)
        elif what == "exit":
            (self.shut.difference_update if value else self.shut.update)(self._lines(k, to))
        elif what == "entry":
            (self.shut_entries.discard if value else self.shut_entries.add)(k)
        elif what == "speed":
            self.mps[k] = value
        elif what == "storage":
            self.storage[k] = value
        else:
            if what == "lanes":
                self.lanes_now[k] = value
                headway_s = 1.0 / self._per_s(k, value, self.case.links[k]["enters"])
                self.entry_rates[k].append((t, headway_s))
                self.parting_s[k] = headway_s
            else:
                self.exits_now[k] = value
            per_s = self._per_s(k, self.lanes_now[k], self.exits_now[k])
            for line in self._lines(k, None):
                self.rates[line].append((t, 1.0 / (per_s * self.share[line])))
