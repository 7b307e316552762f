"""Plans made anew, step by step, against the same search in plain words over the same draws.

Taking out, putting in, timetables and the best place in one van have their own slow twins; what is judged here is who
is taken out, in which order they come back and to which van, what is kept, and what is put back.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.oracles.test_transit_plan_parts import RULES, WHO, Stage, plan_of
from twin.engine.draws import uniform
from twin.models.transit.dispatch import insertion_kernels as kernels
from twin.models.transit.dispatch import reoptimise_kernels as anew
from twin.models.transit.fleet import rows as state

# Without compilation, numpy warns where the hash of the draws wraps around on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
NOW_S = 1020.0
LATE = range(WHO - 3, WHO)
BY_CHANCE, NEAR, LONGEST, ONE_VAN = range(4)


def set_up(seed, reserve_weight=0.7, scale=1.0):
    rules = RULES._replace(steps=3, stream=np.uint64(77 + seed), reserve_s=25.0, reserve_weight=reserve_weight)
    stage = Stage(seed, vans=4, rules=rules)
    stage.times = state.new_times(stage.times.between_s * scale, stage.times.node, turns=True)
    stage.requests["van"] = -1
    for v, van in enumerate(stage.fleet):
        kernels.move_anchor(van, NOW_S - 80.0, stage.requests, stage.times, rules)
        kernels.schedule_van(van, stage.requests, stage.times, rules)
        for r, kind, _ in plan_of(van):
            if kind != kernels.BREAK:
                stage.requests["van"][r] = v
    for r in LATE:
        stage.ask(r)
    stage.fleet["working"][seed % 4] = seed % 3 > 0
    return stage


def cost_of(van, rules):
    if not van["size"]:
        return van["anchor_s"]
    last = van["size"] - 1
    riders_s = sum(van["task_worth"][k] * van["start_s"][k] for k in range(last + 1))
    eaten_s = rules.reserve_weight * van["eaten_s"]
    return van["latest_s"][last] + van["dwell_s"][last] + rules.rider_time_weight * riders_s + eaten_s


class Search:
    """The search over copies of a stage's plans."""

    def __init__(self, stage):
        self.rules, self.times = stage.rules, stage.times
        self.fleet, self.requests = stage.fleet.copy(), stage.requests.copy()
        self.movable, self.room = [], state.PLAN_TASKS
        for van in self.fleet:
            if van["working"]:
                kernels.move_anchor(van, NOW_S, self.requests, self.times, self.rules)
                tasks = plan_of(van)
                visits = [list(visit) for _, visit in itertools.groupby(tasks, key=lambda task: task[2])]
                kept = len(visits[0]) if van["bound"] else 0
                self.movable += [r for r, kind, _ in tasks[kept:] if kind == kernels.PICK]

    def draw(self):
        self.event += 1
        return uniform(self.rules.stream, self.key, np.uint64(self.event))

    def begin(self, key):
        self.key, self.event = np.uint64(key), 3
        self.before, self.was = self.fleet.copy(), self.requests["van"].copy()

    def choose(self, way, size, first, among):
        """Those to take out: the first, then the least by a value that is blurred; the first one's is drawn in vain."""
        asked, between, blurred = self.requests, self.times.between_s, []
        for place, r in enumerate(among):
            one, other = asked[first], asked[r]
            value = 1.0
            if way == NEAR:
                value = between[one["origin"], other["origin"]] + between[one["destination"], other["destination"]]
                value += abs(one["asked_s"] - other["asked_s"])
            elif way == LONGEST:
                value = other["ready_s"]
            elif way == ONE_VAN and one["van"] == other["van"]:
                value = 0.0
            value *= 0.5 + self.draw()
            blurred.append((-1.0 if r == first else value, place, r))
        return [r for *_, r in sorted(blurred)[:size]]

    def take_out(self, who):
        for r in who:
            kernels.take(self.fleet[self.requests["van"][r]], r)
        for v in {int(self.requests["van"][r]) for r in who}:
            kernels.schedule_van(self.fleet[v], self.requests, self.times, self.rules)

    def bring_back(self, who, blink):
        """Whether everybody has a place again, each in turn the cheapest."""
        for r in who:
            best, chosen, one = np.inf, None, self.requests[r]
            for v, van in enumerate(self.fleet):
                there_s = van["anchor_s"] + self.times.between_s[van["anchor_stop"], one["origin"]]
                able = van["working"] and van["size"] + 2 <= self.room and van["off_s"] >= NOW_S
                able = able and (van["step_free"] or not one["step_free"])
                # Where drives take other times by the hour, nobody is left out by those of now.
                by_s = one["pickup_by_s"] - self.rules.reserve_s + 1e-6 if len(self.times.from_s) == 1 else np.inf
                if not able or there_s > by_s:
                    continue
                if blink and self.draw() < blink:
                    continue
                first = kernels.first_position(van, one["origin"])
                room = np.zeros(state.PLAN_TASKS), self.requests, self.times, self.rules
                best, i, j, _ = kernels.best_in_van(van, r, best, first, van["size"], -1, *room)
                if i >= 0:
                    chosen = v, i, j
            if chosen is None:
                return False
            v, i, j = chosen
            kernels.put(self.fleet[v], r, i, j, self.requests)
            self.requests["van"][r] = v
            kernels.schedule_van(self.fleet[v], self.requests, self.times, self.rules)
        return True

    def undo(self):
        self.fleet[:] = self.before
        self.requests["van"] = self.was


def by_hand(stage, number, success):
    """Plans, vans whose plans were touched by a step that helped, such steps, and the success of each way."""
    search, helped, changed = Search(stage), 0, set()
    movable, rules = search.movable, stage.rules
    for step in range(rules.steps * len(movable)):
        search.begin(number * 2**20 + step)
        one, two, three = (uniform(rules.stream, search.key, np.uint64(k)) for k in range(3))
        way = int(np.searchsorted(np.cumsum(success), one * success.sum()))
        first = movable[int(two * len(movable))]
        size = 1 + int(three * min(len(movable), 6))
        out = search.choose(way, size, first, movable)
        for n in range(size - 1, 0, -1):
            m = int(search.draw() * (n + 1))
            out[n], out[m] = out[m], out[n]
        touched = {int(search.requests["van"][r]) for r in out}
        search.take_out(out)
        fits = search.bring_back(out, 0.08)
        touched |= {int(search.requests["van"][r]) for r in out}
        old, new = (sum(cost_of(fleet[v], rules) for v in touched) for fleet in (search.before, search.fleet))
        fits = fits and all(kernels.rides_fit(search.fleet[v]) for v in touched)
        better = fits and new < old - 1e-6
        success[way] = max(0.1, 0.98 * success[way] + 0.2 * better)
        if better:
            helped, changed = helped + 1, changed | touched
        else:
            search.undo()
    return search, changed, helped


def assert_same(stage, search):
    assert [plan_of(van) for van in stage.fleet] == [plan_of(van) for van in search.fleet]
    assert stage.requests["van"].tolist() == search.requests["van"].tolist()
    for name in ("anchor_s", "start_s", "latest_s"):
        for got, expected in zip(stage.fleet[name], search.fleet[name], strict=True):
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("reserve_weight", [0.0, 0.7])
@pytest.mark.parametrize("seed", range(8))
def test_a_plan_costs_its_end_its_riders_time_and_what_it_takes_of_reserves(seed, reserve_weight):
    stage = set_up(seed, reserve_weight)
    for van in stage.fleet:
        van["eaten_s"] = 12.5
        assert anew.plan_cost(van, stage.rules) == pytest.approx(cost_of(van, stage.rules), rel=1e-12)
    assert len({int(van["size"]) for van in stage.fleet}) > 1


@pytest.mark.parametrize("out", range(1, 7))
def test_those_who_are_out_stand_in_an_order_drawn_by_chance(out):
    """Fisher and Yates, from the last place down."""
    rules, scratch = RULES._replace(stream=np.uint64(5)), state.new_scratch(2)
    for key in range(40):
        scratch.out[:9] = expected = list(range(9))
        for n in range(out - 1, 0, -1):
            m = int(uniform(rules.stream, np.uint64(key), np.uint64(3 + out - n)) * (n + 1))
            expected[n], expected[m] = expected[m], expected[n]
        assert anew._shuffle(out, np.uint64(key), 3, scratch, rules) == 3 + out - 1
        assert scratch.out[:9].tolist() == expected


@pytest.mark.parametrize("blink", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(24))
def test_a_request_comes_back_to_the_best_van_that_is_looked_at(seed, blink):
    """Draws tell who was looked at: nobody whose plan is full, whose shift is over, or who would come too late."""
    stage = set_up(300 + seed)
    stage.fleet["off_s"][seed % 4 :: 2] = NOW_S - seed % 2
    if seed > 15:
        always = np.array([-np.inf, 1e9]), np.zeros(2, int), stage.times.between_s[None]
        stage.times = state.with_slices(stage.times, *always)
    for r in LATE:
        search, scratch = Search(stage), state.new_scratch(len(stage.fleet))
        search.room = [4, 5, 6, state.PLAN_TASKS][seed // 4 % 4]
        scratch = scratch._replace(moved=np.zeros(search.room))
        # Just in time but for the reserve, for one van.
        van, one = search.fleet[seed % 4], search.requests[r]
        there_s = van["anchor_s"] + stage.times.between_s[van["anchor_stop"], one["origin"]]
        one["pickup_by_s"] = there_s + stage.rules.reserve_s + [0.0, -0.5, 600.0][seed % 3]
        search.begin(9)
        fleet, asked = search.before.copy(), search.requests.copy()
        v, *_, event = anew._bring_back(r, NOW_S, blink, search.key, 3, scratch, fleet, asked, stage.times, stage.rules)
        assert search.bring_back([r], blink) == (v >= 0)
        assert (v, event) == (search.requests["van"][r], search.event)


@pytest.mark.parametrize("seed", [*range(16), 33])
def test_plans_made_anew_are_those_of_the_search_in_plain_words(seed):
    # The last one is of a town so small that only parts of seconds can be gained.
    stage = set_up(seed, reserve_weight=0.7 * (seed % 2), scale=0.02 if seed > 15 else 1.0)
    # So that every way to ruin has its turn.
    success = np.array(
        [[1.0, 1, 1, 1], [0.2, 3, 0.2, 0.2], [0.2, 0.2, 3, 0.2], [0.1, 0.1, 0.1, 3]][seed % 4 if seed < 16 else 0]
    )
    scratch = state.new_scratch(len(stage.fleet))
    scratch.changed[:] = 7
    scratch.success[:] = success
    search, changed, helped = by_hand(stage, 3, success)
    assert anew.reoptimise(NOW_S, 3, scratch, stage.fleet, stage.requests, stage.times, stage.rules) == helped
    assert_same(stage, search)
    assert np.flatnonzero(scratch.changed).tolist() == sorted(changed)
    assert scratch.changed.max() <= 1
    assert seed < 16 or helped > 0
    np.testing.assert_allclose(scratch.success, success, rtol=1e-12)


@pytest.mark.parametrize("seed", range(24))
def test_room_is_made_by_moving_others_as_in_plain_words(seed):
    stage = set_up(100 + seed)
    for r in LATE:
        scratch = state.new_scratch(len(stage.fleet))
        scratch.changed[:] = 7
        search, made, touched = Search(stage), False, set()
        for step in range(5 if search.movable else 0):
            search.begin(2**60 + r * 2**20 + step)
            size = 1 + int(uniform(stage.rules.stream, search.key, np.uint64(1)) * min(len(search.movable), 6))
            who = search.choose(NEAR, size + 1, r, [*search.movable, r])
            touched = {int(search.requests["van"][other]) for other in who[1:]}
            search.take_out(who[1:])
            made = search.bring_back(who, 0.0)
            touched |= {int(search.requests["van"][other]) for other in who} - {-1}
            made = made and all(kernels.rides_fit(search.fleet[v]) for v in touched)
            if made:
                break
            search.undo()
        got = anew.make_room(r, NOW_S, 5, scratch, stage.fleet, stage.requests, stage.times, stage.rules)
        assert got == made
        assert_same(stage, search)
        assert np.flatnonzero(scratch.changed).tolist() == (sorted(touched) if made else [])
        assert scratch.changed.max() <= 1
        assert (stage.requests["status"][r] == kernels.ACCEPTED) == made
