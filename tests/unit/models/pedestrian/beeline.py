"""A second form of walking for tests: straight through open space at one's own speed, no links, lights or crowds.

Slow and small on purpose; it shows what a form owes to the model (``models/pedestrian/forms.py``) and no more.
"""

from __future__ import annotations

import heapq

import numpy as np

from twin.city.lights.plans import WalkLights
from twin.models.pedestrian.choice import kernels
from twin.models.pedestrian.choice.legs import Legs
from twin.models.pedestrian.choice.programs import program_nodes
from twin.models.pedestrian.demand.visitors import after
from twin.models.pedestrian.movement.rows import (
    FREE,
    LINK_END,
    PLACE,
    SPACE,
    STAY_END,
    VISIT,
    WALKER,
    new_rows,
    rows_of,
)
from twin.models.pedestrian.records import Heads

COST_PER_M = 0.22 / (60.0 * 1.34)
_SPACE_PERIOD = ("person_s", "entries", "occupancy_most")


class Beeline:
    """Walkers in open space."""

    notes = ("everybody walks straight",)
    name = "beeline"

    def __init__(self, params, city, exits, stays, lights):
        layer, nodes = city.walk, program_nodes(exits, stays)
        x, y = layer.x_m[nodes], layer.y_m[nodes]
        metres = np.hypot(x[:, None] - x, y[:, None] - y)
        self.legs = Legs(metres, np.zeros_like(metres), metres * COST_PER_M)
        none = np.zeros(layer.link_count)
        self.lights = WalkLights(none, none, none)
        first, links = 2 * len(exits.id), layer.link_count
        self.places = rows_of(PLACE, node=nodes)
        self.places.leaves[len(exits.id) : first] = True
        self.places.space[first:] = links + np.arange(len(nodes) - first)
        self._spaces = new_rows(SPACE, links + len(nodes) - first)

    def begin(self, behaviour, arrivals, records, start_s):
        self.plans, self.laws = behaviour
        self.arrivals, self.records = arrivals, records
        self.came = self.left = self.refused = self.row = 0
        self.inside = new_rows(WALKER, 0)
        self.events = []

    def advance(self, until_s):
        while True:
            due_s = self.events[0][0] if self.events else np.inf
            comes_s = self.arrivals.enter_s[self.row] if self.row < len(self.arrivals) else np.inf
            if min(due_s, comes_s) > until_s:
                return
            if due_s <= comes_s:
                time_s, _, _, who = heapq.heappop(self.events)
                self._happen(who, time_s)
            else:
                self.row += 1
                self._arrive(self.arrivals[self.row - 1], float(comes_s))

    def _arrive(self, comer, time_s):
        who = new_rows(WALKER, 1)
        for name in ("id", "visitor_class", "enter_s", "entry", "members"):
            who[name] = comer[name]
        kernels.draw_person(self.laws, who, 0)
        who.plan = kernels.find_plan(self.plans, who, 0, comer.destination)
        self.came += 1
        left = kernels.steps_left(self.plans, who, 0, time_s)
        if kernels.value_of_going(self.plans, who.plan[0], left, comer.entry) == -np.inf:
            self.refused += 1
            return
        who.worth = kernels.value_of_going(self.plans, who.plan[0], left, comer.entry)
        self._set_out(who, int(comer.entry), time_s)

    def _set_out(self, who, place, time_s):
        kernels.aim(self.places, self.plans, self.laws, who, 0, place, time_s)
        who.link = place  # where this walk began
        length_m = self.legs.metres_m[place, who.target[0]]
        who.walked_m += length_m
        self._schedule(who, LINK_END, time_s + length_m / who.speed_mps[0])

    def _schedule(self, who, kind, time_s):
        who.event, who.next_s = kind, time_s
        heapq.heappush(self.events, (float(time_s), kind, int(who.id[0]), who))

    def _happen(self, who, time_s):
        place = int(who.target[0])
        if who.event[0] == STAY_END:
            self._count(place, -1, time_s)
        elif self.places.leaves[place]:
            self._leave(who, place, time_s)
            return
        else:
            length = kernels.draw_stay(self.plans, self.laws, who, 0, time_s)
            if length >= 0:
                length_s = self.plans.stay_steps[self.plans.class_of[who.plan[0]], length] * self.plans.step_s
                who.stays += 1
                who.stay_s += length_s
                self._count(place, 1, time_s)
                self._schedule(who, STAY_END, time_s + length_s)
                return
        self._set_out(who, place, time_s)

    def _leave(self, who, place, time_s):
        visit = new_rows(VISIT, 1)
        for name in set(VISIT.names) & set(WALKER.names):
            visit[name] = who[name]
        visit.leave, visit.leave_s = place, time_s
        self.left += 1
        self.records.visits(visit)

    def _settle(self, space, time_s):
        self._spaces.person_s[space] += self._spaces.occupancy[space] * (time_s - self._spaces.last_s[space])
        self._spaces.last_s[space] = time_s

    def _count(self, place, by, time_s):
        space = self.places.space[place]
        self._settle(space, time_s)
        self._spaces.occupancy[space] += by
        self._spaces.entries[space] += max(by, 0)
        self._spaces.occupancy_most[space] = max(self._spaces.occupancy_most[space], self._spaces.occupancy[space])

    def relight(self, lights, at_s):
        """There are none."""

    def heads(self):
        return Heads(self.came, len(self.events), self.left, self.refused)

    def is_empty(self):
        return not self.events and self.row >= len(self.arrivals)

    def spaces(self, end_s):
        for space in range(len(self._spaces)):
            self._settle(space, end_s)
        return self._spaces

    def walkers(self):
        inside = [who for *_, who in sorted(self.events, key=lambda e: e[2])]
        return np.concatenate(inside).view(np.recarray) if inside else new_rows(WALKER, 0)

    def hand_over(self):
        """Visits are told as they end."""

    def state(self):
        counts = np.array([self.came, self.left, self.refused])
        return {
            "walkers": self.walkers().view(np.ndarray),
            "spaces": self._spaces.copy().view(np.ndarray),
            "counts": counts,
        }

    def restore(self, state, now_s, forked_at_s):
        self.came, self.left, self.refused = (int(n) for n in state["counts"])
        self._spaces[:] = state["spaces"]
        self.row = after(self.arrivals, now_s)
        self.events = []
        for row in state["walkers"]:
            who = new_rows(WALKER, 1)
            who[0] = row
            assert row["event"] != FREE
            self._schedule(who, int(row["event"]), float(row["next_s"]))
