"""The loop over events against a slow, obvious twin: a list of walkers, a sorted list of events, plain words."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from tests.unit.models.pedestrian.small_city import city_of, model_of, params_for, place, run_to_end, walk_layer
from twin.city.street_life import StreetLife
from twin.engine.draws import event, make_stream, normal_quantile, uniform
from twin.models.pedestrian.choice.behaviour import normal_share
from twin.models.pedestrian.params import CLASSES

CAPACITY_PER_M2 = max(np.arange(1.7, 1.8, 1e-7), key=lambda d: d * (1 - math.exp(-1.913 * (1 / d - 1 / 5.4))))


def going_value(plans, p, k, place):
    column = plans.go_at[place]
    return plans.go_value[p, k, column] if column >= 0 else plans.come_value[p, k, place]


def crowded_city():
    """A narrow street between two exits with two shops, a crossing with lights and stairs."""
    xy = [(0.0, 0.0), (60.0, 0.0), (75.0, 0.0), (140.0, 0.0), (75.0, 50.0)]
    layer = walk_layer(xy, [(0, 1), (1, 2), (2, 3), (2, 4), (1, 4)], width_m=1.5, lit=[1], steps=[4])
    places = [
        place("exit", "a", 0, layer, riders=2.0),
        place("exit", "b", 3, layer, riders=1.0),
        place("poi", "p", 4, layer, category="shop", attraction=5.0, seats=2.0),
        place("poi", "q", 1, layer, category="shop", attraction=2.0),
    ]
    return city_of(layer, places)


def crowded_params():
    return params_for(
        {"shopper": 60000.0, "passer_through": 60000.0},
        choice={"step_s": 600.0},
        classes={
            "shopper": {"stay_durations_s": (600.0, 1200.0), "stop_cost": 0.0},
            "passer_through": {"stay_durations_s": ()},
        },
    )


@dataclass
class Person:
    id: int
    visitor_class: int
    entry: int
    enter_s: float
    budget_s: float
    speed_mps: float
    node: int
    target: int = -1
    link: int = -1
    decisions: int = 0
    stays: int = 0
    crossings: int = 0
    stay_s: float = 0.0
    wait_s: float = 0.0
    walked_m: float = 0.0
    members: int = 1
    destination: int = 0
    until_s: float = 0.0
    behind: int = -1
    room_s: float = 0.0
    worth: float = math.nan
    since_s: float = 0.0


@dataclass
class SlowTwin:
    """Walks everybody through the same city; only streets and solved plans are taken from the model."""

    model: object
    params: object
    seed: int
    events: list = field(default_factory=list)
    on_link: dict = field(default_factory=dict)
    lines: dict = field(default_factory=dict)
    promised: dict = field(default_factory=dict)
    at_place: dict = field(default_factory=dict)
    turned: int = 0
    stood: int = 0
    visits: list = field(default_factory=list)
    refused: int = 0
    too_late: int = 0

    def truncated(self, purpose, who, low, high, mean, spread, member=0):
        low, high = normal_share((low - mean) / spread), normal_share((high - mean) / spread)
        u = float(uniform(make_stream(self.seed, f"pedestrian.{purpose}"), np.uint64(who), event(member)))
        return mean + spread * float(normal_quantile(low + u * (high - low)))

    def run(self):
        form = self.model.form
        began_s = form._around_s
        for row in self.model.arrivals:
            self.add(float(row.enter_s), 9, int(row.id), ("arrive", row))
        while self.events:
            time_s, _, _, (what, who) = self.events.pop(0)
            getattr(self, what)(who, time_s)
        form._go_around(began_s)  # the model walks after its twin
        return sorted(self.visits)

    def add(self, time_s, order, who, action):
        # The tuple's action must never be compared: (time, order, id) is unique.
        bisect.insort(self.events, (time_s, order, who, action), key=lambda e: e[:3])

    def arrive(self, row, time_s):
        c = self.params.classes.in_order()[row.visitor_class]
        variance = math.log1p(c.budget_cv**2)
        mean, spread = math.log(c.budget_mean_s) - variance / 2, math.sqrt(variance)
        budget_s = math.exp(self.truncated("budget", row.id, math.log(300), math.log(43200), mean, spread))
        speed = min(
            self.truncated("speed", row.id, 0.5, 2.2, c.walk_speed_mps, self.params.walk.speed_sd_mps, member)
            for member in range(row.members)
        )
        person = Person(
            int(row.id),
            int(row.visitor_class),
            int(row.entry),
            time_s,
            budget_s,
            speed,
            int(self.model.form.world.places[row.entry].node),
            members=int(row.members),
            destination=int(row.destination),
            until_s=float(row.until_s),
        )
        if person.until_s > 0:
            person.budget_s += person.until_s - time_s
            person.target = person.entry
            person.stays, person.stay_s = 1, person.until_s - time_s
            self.at_place[person.target] = self.at_place.get(person.target, 0) + person.members
            self.add(person.until_s, 3, person.id, ("stay_ends", person))
            return
        if person.destination:
            drawn_s, step_s = person.budget_s, self.params.choice.step_s
            needs = next(k for k in range(10**4) if self.with_time(person, k * step_s, time_s))
            slower = max(c.walk_speed_mps / person.speed_mps, 1.0)
            person.budget_s = max(drawn_s, needs * step_s * slower)
        if not self.ways(person, person.entry, time_s):
            self.refused += person.members
            return
        value = going_value(self.model.plans, self.plan(person), self.steps_left(person, time_s), person.entry)
        person.worth = float(value) / 0.22
        self.choose(person, person.entry, time_s)
        self.go_on(person, time_s)

    def with_time(self, person, budget_s, time_s):
        """Whether a way fits into so much time; the program is that of the time drawn."""
        self.plan(person)
        drawn_s, person.budget_s = person.budget_s, budget_s
        ways = self.ways(person, person.entry, time_s)
        person.budget_s = drawn_s
        return ways

    def steps_left(self, person, time_s):
        return math.floor((person.budget_s - (time_s - person.enter_s)) / self.params.choice.step_s)

    def pick(self, purpose, stage, person, options):
        """Draw from (value, thing) pairs by their logit probabilities."""
        top = max(value for value, _ in options)
        weights = [math.exp(value - top) for value, _ in options]
        u = float(
            uniform(
                make_stream(self.seed, f"pedestrian.{purpose}"), np.uint64(person.id), event(person.decisions, stage)
            )
        ) * sum(weights)
        for weight, (_, thing) in zip(weights, options, strict=True):
            u -= weight
            if u < 0:
                return thing
        return options[-1][1]

    def ways(self, person, at, time_s):
        """Where one can go in the time left, as (value, place)."""
        plans, c, k = self.model.plans, person.visitor_class, self.steps_left(person, time_s)
        p = self.plan(person)
        options = [
            (
                plans.arc_utility[c, a] + plans.come_value[p, k - plans.arc_steps[c, a], plans.arc_to[a]],
                int(plans.arc_to[a]),
            )
            for a in range(plans.arc_ptr[at], plans.arc_ptr[at + 1])
            if plans.arc_steps[c, a] <= k
        ]
        return [(float(v), to) for v, to in options if v > -math.inf]

    def plan(self, person):
        """Program by class, by destination, by when the time is up: kept from when the person came."""
        if not hasattr(person, "program"):
            table = self.model.plans.program
            stretch = int((person.enter_s + person.budget_s) // 10800.0)
            person.program = int(table[person.visitor_class, person.destination, min(stretch, table.shape[2] - 1)])
        return person.program

    def choose(self, person, at, time_s):
        options = self.ways(person, at, time_s)
        if options:
            person.target = self.pick("place", 0, person, options)
        else:
            plans, c = self.model.plans, person.visitor_class
            arcs = range(plans.arc_ptr[at], plans.arc_ptr[at + 1])
            outs = [(plans.arc_steps[c, a], a) for a in arcs if self.model.form.world.places[plans.arc_to[a]].leaves]
            person.target = int(plans.arc_to[min(outs)[1]])
        person.decisions += 1

    def go_on(self, person, time_s):
        world = self.model.form.world
        while person.node == world.places[person.target].node:
            if world.places[person.target].leaves:
                self.visits.append(
                    (
                        person.id,
                        person.target,
                        person.stays,
                        person.crossings,
                        person.enter_s,
                        time_s,
                        person.budget_s,
                        person.stay_s,
                        person.walked_m,
                        person.wait_s,
                        person.members,
                        person.room_s,
                        person.worth,
                    )
                )
                person.behind = -1
                return
            if self.stay(person, time_s):
                return
            self.choose(person, person.target, time_s)
        link = self.way_on(person, time_s)
        person.link = link
        if world.links[link].green_s > 0:
            person.crossings += 1
            cycle_s = float(world.links[link].cycle_s)
            into_cycle_s = (time_s - world.links[link].offset_s) % cycle_s
            if into_cycle_s >= world.links[link].green_s:
                wait_s = cycle_s - into_cycle_s
                person.wait_s += (time_s + wait_s) - time_s
                person.behind = -1
                self.add(time_s + wait_s, 2, person.id, ("green", person))
                return
        self.step_onto(person, time_s)

    def way_on(self, person, time_s):
        """Link of least cost, or drawn by the shares of the links that lead on, around what is closed just then."""
        self.model.form._go_around(time_s)
        world = self.model.form.world
        route = world.places[person.target].route
        if not len(world.link_share):
            return int(world.next_link[route, person.node])
        stream = make_stream(self.seed, "pedestrian.way")
        u = float(uniform(stream, np.uint64(person.id), event(person.decisions, person.node)))
        leaving = np.flatnonzero(self.model._city.walk.link_from == person.node)
        below = np.cumsum(world.link_share[route, leaving].astype(np.float64))
        return int(leaving[np.flatnonzero(u < below)[0]]) if u < below[-1] else int(leaving[below.argmax()])

    def green(self, person, time_s):
        behind = person.behind
        if behind >= 0:
            self.on_link[behind] -= person.members
            person.behind = behind
        self.step_onto(person, time_s)
        if behind >= 0 and person.behind < 0:
            self.let_in(behind, time_s)

    def room_for(self, link, members):
        there = self.on_link.get(link, 0) + self.promised.get(link, 0)
        world = self.model.form.world
        share = 0.5 if world.links[link].twin >= 0 else 1.0
        room = self.params.walk.storage_per_m2 * 0.7 * world.links[link].length_m * share
        return there == 0 or there + members <= room

    def let_in(self, link, time_s):
        """Everybody in line who fits is told so, and steps on when the events of this instant come to that."""
        line = self.lines.get(link, [])
        while line and self.room_for(link, line[0].members):
            first = line.pop(0)
            self.promised[link] = self.promised.get(link, 0) + first.members
            self.add(time_s, 4, first.id, ("room", first))

    def room(self, person, time_s):
        link = person.link
        self.promised[link] -= person.members
        person.room_s += time_s - person.since_s
        row = self.model.form.world.links[link]
        if row.green_s > 0 and (time_s - row.offset_s) % row.cycle_s >= row.green_s:
            wait_s = row.cycle_s - (time_s - row.offset_s) % row.cycle_s
            person.wait_s += (time_s + wait_s) - time_s
            self.add(time_s + wait_s, 2, person.id, ("green", person))
            self.let_in(link, time_s)
            return
        behind, person.behind = person.behind, -1
        if behind >= 0:
            self.on_link[behind] -= person.members
        self.walk(person, time_s)
        if behind >= 0:
            self.let_in(behind, time_s)

    def stay(self, person, time_s):
        plans, c, k = self.model.plans, person.visitor_class, self.steps_left(person, time_s)
        p, slot = self.plan(person), min(int(time_s // 3600), self.model.plans.stay_utility.shape[1] - 1)
        options = [
            (
                float(plans.stay_utility[c, slot, person.target, d] + going_value(plans, p, k - steps, person.target)),
                steps,
            )
            for d, steps in enumerate(plans.stay_steps[c].tolist())
            if 0 < steps <= k
        ]
        options = [(v, steps) for v, steps in options if v > -math.inf]
        if not options:
            self.too_late += 1
            return False
        length_s = self.pick("stay", 1, person, options) * self.params.choice.step_s
        there, most = self.at_place.get(person.target, 0), self.capacity(person.target)
        if there + person.members > most:
            self.turned += person.members
            return False
        self.at_place[person.target] = there + person.members
        person.behind = -1
        person.stays += 1
        person.stay_s += length_s
        self.add(time_s + length_s, 3, person.id, ("stay_ends", person))
        return True

    def capacity(self, place):
        kinds = self.params.places.kinds if self.params.places.hours else {}
        found = self.model._stays.attraction[place - 2 * len(self.model._exits.id)]
        holds = [kinds[c].holds_per_attraction * a if c in kinds else 0.0 for c, a in found.items()]
        return sum(holds) if all(holds) else math.inf

    def stay_ends(self, person, time_s):
        self.at_place[person.target] -= person.members
        self.choose(person, person.target, time_s)
        self.go_on(person, time_s)

    def step_onto(self, person, time_s):
        if not self.room_for(person.link, person.members):
            if person.behind >= 0:
                self.on_link[person.behind] += person.members
            person.since_s = time_s
            self.stood += 1
            self.lines.setdefault(person.link, []).append(person)
            return
        person.behind = -1
        self.walk(person, time_s)

    def walk(self, person, time_s):
        link = self.model.form.world.links[person.link]
        same, other = self.on_link.get(person.link, 0), self.on_link.get(int(link.twin), 0)
        density = (same + other) / (0.7 * link.length_m)  # 1.5 m less 0.5 m to the kerb and 0.3 m to the wall
        speed = person.speed_mps
        if density > 0:
            walked = min(density, CAPACITY_PER_M2)
            speed *= 1 - math.exp(-1.913 * (1 / walked - 1 / 5.4))
        if density > CAPACITY_PER_M2:  # as many leave as can: density times speed stays
            speed *= CAPACITY_PER_M2 / density
        if density > 1 and min(same, other) > 0.2 * (same + other):
            speed *= 0.85
        if link.speed_share < 1:
            speed *= 0.5
        self.on_link[person.link] = same + person.members
        self.add(time_s + link.length_m / speed, 1, person.id, ("step_off", person))

    def step_off(self, person, time_s):
        left = person.link
        self.on_link[left] -= person.members
        person.behind = left
        person.walked_m += float(self.model.form.world.links[person.link].length_m)
        person.node = int(self.model.form.world.links[person.link].to)
        self.go_on(person, time_s)
        if person.behind < 0 or person.behind != left:
            self.let_in(left, time_s)


def full_params(step_s=60.0, stays_s=(120.0, 240.0, 600.0)):
    """Everything at once: parties, little room on links and at places, places that close, destinations, many ways."""
    return params_for(
        {"shopper": 120000.0, "passer_through": 90000.0, "resident": 2000.0},
        choice={"step_s": step_s, "way_scale": 0.3, "exit_pull": 1.0},
        walk={"storage_per_m2": 1.5},
        places={"hours": True, "kinds": {"shop": {"holds_per_attraction": 6.0, "by_hour": [1.0] * 9 + [0.0] * 15}}},
        inside={"residents": 400.0, "leaving_profile": [0.0] * 8 + [1.0] * 2 + [0.0] * 14},
        classes={
            "shopper": {
                "stay_durations_s": stays_s,
                "stop_cost": -2.0,
                "budget_mean_s": 1200.0,
                "party_shares": (0.4, 0.3, 0.2, 0.1),
                "no_stop_cost": 2.0,
            },
            "passer_through": {"stay_durations_s": (), "through_m": 100.0, "party_shares": (0.8, 0.2)},
            "resident": {"stay_durations_s": (1800.0, 3600.0), "party_shares": (0.5, 0.5)},
        },
    )


def hurried_params():
    """People with minutes to spend in that crowd: some come to a place too late to stay."""
    return params_for(
        {"shopper": 60000.0, "passer_through": 60000.0},
        choice={"step_s": 30.0},
        classes={
            "shopper": {
                "stay_durations_s": (120.0, 180.0),
                "stop_cost": -3.0,
                "budget_mean_s": 360.0,
                "budget_cv": 0.2,
            },
            "passer_through": {"stay_durations_s": ()},
        },
    )


@pytest.mark.parametrize(("params_of", "some_refused", "some_late"), [
    (crowded_params, True, False), (hurried_params, False, True),
])  # fmt: skip
def test_every_visit_is_as_the_slow_twin_walks_it(params_of, some_refused, some_late):
    params, city = params_of(), crowded_city()
    with np.errstate(over="ignore"):  # without the compiler the hash of a key overflows in the open
        city_model, model = model_of(params, city, end_s=200.0, seed=11)
        twin = SlowTwin(model, params, 11)
        slow = twin.run()
        visits = run_to_end(city_model, model)["pedestrian_visits"]
    assert_same_visits(slow, visits)
    assert len(slow) > 60
    assert twin.refused == model.accounts()[0].left["refused: no feasible path"]
    assert (twin.refused > 0, twin.too_late > 0) == (some_refused, some_late)
    assert set(visits["class"].tolist()) == {CLASSES[1], CLASSES[4]}


def assert_same_visits(slow, visits):
    assert [v[0] for v in slow] == visits["id"].tolist()
    exits = [f"test/exit/{name}" for name in "ab"]
    assert [exits[v[1] - 2] for v in slow] == visits["leave_exit"].tolist()
    for position, column in ((2, "stays_count"), (3, "crossings_count")):
        assert [v[position] for v in slow] == visits[column].tolist()
    for position, column in (
        (4, "enter_s"),
        (5, "leave_s"),
        (6, "budget_s"),
        (7, "stay_s"),
        (8, "walked_m"),
        (9, "wait_s"),
        (10, "party_size"),
        (11, "room_wait_s"),
        (12, "worth_min"),
    ):
        np.testing.assert_allclose([v[position] for v in slow], visits[column], rtol=1e-12, atol=1e-4)


def with_closed_hours(city):
    """One pavement shut for two spans of hours, another for a part of the first."""

    def shut(links, start_s, end_s):
        return StreetLife("close_walk", "m", links, {"daily": True}, (31320.0 + start_s, 31320.0 + end_s))

    return replace(city, street_life=(shut((2, 4), 100.0, 300.0), shut((2, 4), 350.0, 420.0), shut((6,), 200.0, 250.0)))


@pytest.mark.parametrize(("params", "for_s", "closes"), [
    (full_params(), 600.0, False), (full_params(), 600.0, True), (full_params(300.0, (300.0, 600.0)), 100.0, False),
], ids=["whole", "closes", "short"])  # fmt: skip
def test_a_day_with_everything_switched_on_is_as_the_slow_twin_walks_it(params, for_s, closes):
    """Room on links with lines that reach back, parties, capacity, closing hours, destinations, people at home."""
    city = with_closed_hours(crowded_city()) if closes else crowded_city()
    with np.errstate(over="ignore"):
        city_model, model = model_of(params, city, start_s=8.7 * 3600, end_s=8.7 * 3600 + for_s, seed=5)
        twin = SlowTwin(model, params, 5)
        slow = twin.run()
        tables = run_to_end(city_model, model)
    visits = tables["pedestrian_visits"]
    assert_same_visits(slow, visits)
    (account,) = model.accounts()
    assert account.entered == model.arrivals.members.sum()
    assert account.left["exit"] == visits["people"].sum()
    assert account.left["refused: no feasible path"] == twin.refused
    assert tables["pedestrian_stays"]["turned_away_count"].sum() == twin.turned > 0
    assert twin.stood > 50
    assert (visits["entry_exit"] == "").sum() > 10
    assert visits["party_size"].max() == 4


def test_the_case_is_dense_enough_that_density_and_lights_matter():
    params, city = crowded_params(), crowded_city()
    with np.errstate(over="ignore"):
        city_model, model = model_of(params, city, end_s=200.0, seed=11)
        tables = run_to_end(city_model, model)
    visits = tables["pedestrian_visits"]
    assert visits["wait_s"].max() > 10
    links = tables["pedestrian_links"]
    assert links["crowded_person_s"].sum() > 0
    density = links["occupancy_max_count"] / (0.7 * city.walk.length_m[links["link_index"]])
    assert density.max() > 2  # beyond capacity
    assert visits["stays_count"].max() >= 1
