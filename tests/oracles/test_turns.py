"""Routing over banned turns and streets of no through way, against a search over whole ways that shares no code."""

from __future__ import annotations

import heapq

import numpy as np
import pytest

from twin.city.reading.layers import Link, assemble_layer
from twin.city.routing import ways as routing
from twin.city.routing.labels import LabelSearch
from twin.city.routing.turns import turn_graph
from twin.city.rules import DriveRules
from twin.engine.draws import event, uniform

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

ALWAYS = {"days": 127, "from_s": 0.0, "to_s": 86400.0}


def random_layer(generator, nodes=12, streets=22):
    """Streets between random nodes, most of them both ways; costs without ties."""
    x, y = generator.uniform(0, 1000, nodes), generator.uniform(0, 1000, nodes)
    links = []
    for way in range(streets):
        a, b = generator.choice(nodes, 2, replace=False).tolist()
        metres = float(np.hypot(x[a] - x[b], y[a] - y[b]) * generator.uniform(1, 1.5)) + 1.0
        links.append(Link(a, b, 10.0, way_id=way, length_m=metres))
        if generator.random() < 0.7:
            links.append(Link(b, a, 10.0, way_id=way, length_m=metres))
    return assemble_layer(node_id=np.arange(nodes), x_m=x, y_m=y, lon_deg=x, lat_deg=y, links=links)


def make_rules(layer, bans=(), closed=(), local=()):
    """Rules for cars."""
    bits = {name: np.zeros(layer.link_count, np.uint8) for name in ("closed", "local")}
    bits["closed"][list(closed)] = 1
    bits["local"][list(local)] = 1
    count = len(bans)
    return DriveRules(
        **bits,
        ban_ptr=np.concatenate([[0], np.cumsum([len(ban) for ban in bans])]).astype(np.int64),
        ban_link=np.array([link for ban in bans for link in ban], np.int32),
        ban_classes=np.full(count, 1, np.uint8),
        ban_days=np.full(count, 127, np.uint8),
        ban_from_s=np.zeros(count),
        ban_to_s=np.full(count, 86400.0),
    )


def random_rules(generator, layer):
    """Banned turns, banned sequences of three and four links, closed links, and streets of no through way."""
    bans = []
    for _ in range(int(generator.integers(1, 14))):
        ban = [int(generator.integers(layer.link_count))]
        for _ in range(int(generator.choice([1, 1, 2, 3]))):
            node = layer.link_to[ban[-1]]
            onward = np.arange(layer.out_ptr[node], layer.out_ptr[node + 1])
            if not len(onward):
                break
            ban.append(int(generator.choice(onward)))
        if len(ban) > 1:
            bans.append(tuple(ban))
    ways = generator.choice(22, 5, replace=False)
    of_way = [np.flatnonzero(layer.way_id == way).tolist() for way in ways]
    closed = of_way[0] if generator.random() < 0.5 else []
    local = [link for links in of_way[1 : 1 + int(generator.integers(0, 5))] for link in links]
    return bans, closed, local


class Oracle:
    """Every lawful way, extended link by link; a way is remembered by its last links and its part of the trip."""

    def __init__(self, layer, bans, closed, local):
        self.layer, self.bans, self.closed, self.local = layer, bans, set(closed), set(local)
        self.memory = max([len(ban) for ban in bans], default=2) - 1
        ends = [(int(a), int(b)) for a, b in zip(layer.link_from, layer.link_to, strict=True)]
        self.ends = ends
        usable = [k for k in range(layer.link_count) if k not in self.closed]
        self.public = {node for k in usable if k not in self.local for node in ends[k]}
        self.out = {}
        for k in usable:
            self.out.setdefault(ends[k][0], []).append(k)
        self.back = {
            (i, j)
            for i in usable
            for j in range(layer.link_count)
            if layer.way_id[i] == layer.way_id[j] and ends[i] == ends[j][::-1]
        }

    def phases(self, link):
        """Parts of a trip in which a link may be driven: 0 leaving a zone, 1 outside, 2 entering one."""
        if link not in self.local:
            return [1]
        a, b = self.ends[link]
        return [0] * (a not in self.public) + [2] * (b not in self.public)

    def may_turn(self, driven, link):
        last = driven[-1]
        if (last, link) in self.back and len(self.out.get(self.ends[last][1], ())) > 1:
            return False
        whole = (*driven, link)
        return not any(whole[-len(ban) :] == ban for ban in self.bans)

    def times(self, root, cost_s, after=None):
        """Least cost to each node."""
        best, heap, seen = {}, [], set()
        if after is None:
            best[root] = 0.0
            for k in self.out.get(root, ()):
                heap += [(cost_s[k], (k,), phase) for phase in self.phases(k)]
        else:
            heap += [(0.0, (after,), phase) for phase in self.phases(after)]
        heapq.heapify(heap)
        while heap:
            cost, driven, phase = heapq.heappop(heap)
            state = (driven[-self.memory :], phase)
            if state in seen:
                continue
            seen.add(state)
            node = self.ends[driven[-1]][1]
            best.setdefault(node, cost)
            for k in self.out.get(node, ()):
                if self.may_turn(driven[-self.memory :], k):
                    for onward in self.phases(k):
                        if onward >= phase:
                            heapq.heappush(heap, (cost + cost_s[k], (*driven[-self.memory :], k), onward))
        return np.array([best.get(node, np.inf) for node in range(self.layer.node_count)])


def lawful(oracle, path):
    """Whether a way keeps every rule."""
    phase = 0
    for i, link in enumerate(path):
        allowed = [p for p in oracle.phases(link) if p >= phase]
        if not allowed or link in oracle.closed:
            return False
        phase = min(allowed)
        if i and not oracle.may_turn(tuple(path[max(0, i - oracle.memory) : i]), link):
            return False
    return True


@pytest.mark.parametrize("seed", range(40))
def test_times_and_ways_are_those_of_a_search_over_whole_ways(seed):
    generator = np.random.default_rng(seed)
    layer = random_layer(generator)
    bans, closed, local = random_rules(generator, layer)
    rules = make_rules(layer, bans, closed, local)
    object.__setattr__(layer, "rules", rules)
    # Seconds, or hundredths: nothing may depend on how long a second is.
    cost_s = generator.uniform(1, 100, layer.link_count) * (0.01 if seed % 2 else 1.0)
    oracle = Oracle(layer, bans, closed, local)
    n = layer.node_count
    expected = np.array([oracle.times(root, cost_s) for root in range(n)])
    everywhere = np.arange(n)
    np.testing.assert_allclose(routing.travel_times(layer, everywhere, everywhere, cost_s), expected, rtol=1e-12)
    few = [3, 1]
    np.testing.assert_allclose(routing.travel_times(layer, everywhere, few, cost_s), expected[:, few], rtol=1e-12)
    finder = routing.PathFinder(layer, cost_s)
    for goal in range(n):
        tree = routing.Tree(layer, goal, cost_s)
        np.testing.assert_allclose(tree.time_s, expected[:, goal], rtol=1e-12)
        for root in range(n):
            for path in (tree.path(root), finder.find(root, goal)):
                if not np.isfinite(expected[root, goal]):
                    assert path is None
                    continue
                assert cost_s[path].sum() == pytest.approx(expected[root, goal], rel=1e-12)
                assert lawful(oracle, path.tolist())
                assert root == goal or (layer.link_from[path[0]] == root and layer.link_to[path[-1]] == goal)


@pytest.mark.parametrize("seed", range(20))
def test_ways_on_from_a_link_keep_the_rules_of_its_turn(seed):
    generator = np.random.default_rng(100 + seed)
    layer = random_layer(generator)
    bans, closed, _ = random_rules(generator, layer)
    object.__setattr__(layer, "rules", make_rules(layer, bans, closed))
    cost_s = generator.uniform(1, 100, layer.link_count) * (0.01 if seed % 2 else 1.0)
    oracle = Oracle(layer, bans, closed, ())
    finder = routing.PathFinder(layer, cost_s)
    trees = [routing.Tree(layer, goal, cost_s) for goal in range(layer.node_count)]
    for link in range(layer.link_count):
        if link in closed:
            continue
        expected = oracle.times(-1, cost_s, after=link)
        node = int(layer.link_to[link])
        for goal in range(layer.node_count):
            if goal == node:
                continue
            for path in (trees[goal].path(node, link), finder.find(node, goal, after_link=link)):
                if not np.isfinite(expected[goal]):
                    assert path is None
                else:
                    assert cost_s[path].sum() == pytest.approx(expected[goal], rel=1e-12)
                    assert lawful(oracle, [link, *path.tolist()])


@pytest.mark.parametrize("seed", range(10))
def test_every_label_knows_its_way_when_asked_for_all(seed):
    generator = np.random.default_rng(200 + seed)
    layer = random_layer(generator)
    bans, closed, local = random_rules(generator, layer)
    object.__setattr__(layer, "rules", make_rules(layer, bans, closed, local))
    graph = turn_graph(layer, "car")
    if graph is None:
        pytest.skip("no rule was drawn that binds")  # then the search over nodes is used, which has its own test
    cost_s = generator.uniform(1, 100, layer.link_count)
    cost_s[list(closed)] = np.inf
    search = LabelSearch(layer, graph, cost_s)
    for goal in range(layer.node_count):
        pruned = search.backward(goal).copy()
        np.testing.assert_array_equal(search.backward(goal, exact=True), pruned)


@pytest.mark.parametrize("seed", range(20))
def test_a_search_from_a_node_or_towards_one_finds_the_least_costs(seed):
    generator = np.random.default_rng(400 + seed)
    layer = random_layer(generator)
    bans, closed, local = random_rules(generator, layer)
    object.__setattr__(layer, "rules", make_rules(layer, bans, closed, local))
    graph = turn_graph(layer, "car")
    if graph is None:
        pytest.skip("no rule was drawn that binds")  # as above
    cost_s = generator.uniform(0.01, 1, layer.link_count)
    cost_s[list(closed)] = np.inf
    x, y = layer.x_m, layer.y_m
    metres = np.hypot(x[layer.link_from] - x[layer.link_to], y[layer.link_from] - y[layer.link_to])
    search, oracle = LabelSearch(layer, graph, cost_s), Oracle(layer, bans, closed, local)
    nothing = np.zeros(layer.node_count, bool)
    whole = np.array([oracle.times(root, cost_s) for root in range(layer.node_count)])
    for root, expected in enumerate(whole):
        np.testing.assert_allclose(search.forward(root, nothing), expected, rtol=1e-12)
        np.testing.assert_allclose(search.backward(root), whole[:, root], rtol=1e-12)
        for goal in (0, *generator.integers(1, layer.node_count, 3).tolist()):
            wanted = np.arange(layer.node_count) == goal
            rate = float((cost_s / metres).min())
            got = search.forward(root, wanted, goal=goal, rate=rate)[goal]
            assert got == pytest.approx(expected[goal], rel=1e-12)


def street_of_ten(way_id=lambda i: i):
    """Nine one-way links in a row, with a turn banned that nobody wants to make."""
    links = [Link(i, i + 1, 10.0, way_id=way_id(i), length_m=10.0) for i in range(9)] + [Link(0, 9, 1.0, way_id=99)]
    links.append(Link(9, 10, 1.0, way_id=98, length_m=10.0))
    x = np.arange(11.0) * 10.0
    layer = assemble_layer(node_id=np.arange(11), x_m=x, y_m=0 * x, lon_deg=x, lat_deg=x, links=links)
    last, first = int(np.flatnonzero(layer.way_id == 98)[0]), int(np.flatnonzero(layer.way_id == 99)[0])
    object.__setattr__(layer, "rules", make_rules(layer, [(first, last)]))
    return layer, np.where(np.isin(np.arange(layer.link_count), (first, last)), 50.0, 1.0)


@pytest.mark.parametrize("wanted", [[4], [2, 4], [0, 1, 6], [0]])
def test_a_search_ends_with_the_last_node_that_is_wanted(wanted):
    layer, cost_s = street_of_ten()
    search, marks = LabelSearch(layer, turn_graph(layer, "car"), cost_s), np.zeros(11, bool)
    marks[wanted] = True
    reached = search.forward(0, marks)
    assert np.flatnonzero(np.isfinite(reached)).tolist() == list(range(wanted[-1] + 1))
    reached = search.backward(9, np.append(marks[9::-1], False))
    assert np.flatnonzero(np.isfinite(reached)).tolist() == [9 - k for k in range(wanted[-1], -1, -1)]


def test_with_nothing_wanted_a_search_reaches_everything():
    layer, cost_s = street_of_ten()
    search = LabelSearch(layer, turn_graph(layer, "car"), cost_s)
    assert search.forward(0, np.zeros(11, bool)).tolist() == [*map(float, range(10)), 59.0]
    assert search.backward(9).tolist() == [*map(float, range(9, -1, -1)), np.inf]


@pytest.mark.parametrize("seed", range(4))
def test_a_driver_takes_the_best_lawful_way_in_their_own_eyes(seed):
    """Half of the taste is the street's, half the link's; a link of no street has both by itself."""
    generator = np.random.default_rng(300 + seed)
    layer = random_layer(generator)
    bans, closed, local = random_rules(generator, layer)
    object.__setattr__(layer, "rules", make_rules(layer, bans, closed, local))
    street = (np.arange(layer.link_count) % 3 - 1).astype(layer.name_index.dtype)
    object.__setattr__(layer, "name_index", street)
    # Hundredths of a second: nothing may depend on how long a second is.
    cost_s = generator.uniform(0.05, 0.1, layer.link_count)
    cost_s[list(closed)] = np.inf
    stream, key = np.uint64(5), np.uint64(seed)
    own = [
        uniform(stream, key, event(s, 1) if s >= 0 else event(k, 2)) + uniform(stream, key, event(k, 0)) - 1.0
        for k, s in enumerate(street.tolist())
    ]
    own_s = cost_s * (1.0 + 0.4 * np.array(own))
    oracle = Oracle(layer, bans, closed, local)
    search = LabelSearch(layer, turn_graph(layer, "car"), cost_s)
    for root in range(layer.node_count):
        got = search.forward(root, np.zeros(layer.node_count, bool), stream=stream, key=key, spread=0.4)
        np.testing.assert_allclose(got, oracle.times(root, own_s), rtol=1e-12)


def test_other_classes_and_other_hours_have_other_rules():
    links = [
        Link(0, 1, 10.0, way_id=1, length_m=100),
        Link(1, 2, 10.0, way_id=2, length_m=100),
        Link(0, 2, 10.0, way_id=3, length_m=1000),
    ]
    layer = assemble_layer(
        node_id=[0, 1, 2], x_m=[0, 100, 200], y_m=[0, 0, 0], lon_deg=[0] * 3, lat_deg=[0] * 3, links=links
    )
    first, second = (int(np.flatnonzero(layer.way_id == way)[0]) for way in (1, 2))
    rules = DriveRules(
        ban_ptr=np.array([0, 2]),
        ban_link=np.array([first, second], np.int32),
        ban_classes=np.array([1], np.uint8),
        ban_days=np.array([127], np.uint8),
        ban_from_s=np.array([7 * 3600.0]),
        ban_to_s=np.array([9 * 3600.0]),
    )
    object.__setattr__(layer, "rules", rules)

    def seconds(**how):
        return routing.travel_times(layer, [0], [2], **how)[0, 0]

    assert seconds() == 20.0
    assert seconds(at_s=8 * 3600.0) == 100.0
    assert seconds(at_s=8 * 3600.0, vehicle_class="bus") == 20.0
    assert seconds(at_s=9 * 3600.0) == 20.0
    assert seconds(at_s=(24 + 8) * 3600.0) == 100.0


def small_layer(links, bans=(), closed=(), local=()):
    """Streets by their ends and costs; bans, closed links and links of no through way by ends too."""
    nodes = np.arange(1.0 + max(max(ends) for ends in links))
    table = [Link(a, b, 10.0, way_id=min(a, b) * 100 + max(a, b), length_m=10.0) for a, b in links]
    layer = assemble_layer(
        node_id=np.arange(len(nodes)), x_m=nodes * 0.0, y_m=nodes * 0.0, lon_deg=nodes, lat_deg=nodes, links=table
    )
    number = {ends: k for k, ends in enumerate(zip(layer.link_from.tolist(), layer.link_to.tolist(), strict=True))}
    bans = [tuple(number[ends] for ends in ban) for ban in bans]
    shut = [number[ends] for ends in closed]
    inside = [number[ends] for ends in local]
    object.__setattr__(layer, "rules", make_rules(layer, bans, (), inside))
    cost_s = np.array([links[ends] for ends in number])
    cost_s[shut] = np.inf
    search = LabelSearch(layer, turn_graph(layer, "car"), cost_s)
    return number, search, Oracle(layer, bans, shut, inside), cost_s


def test_a_way_round_behind_the_first_link_is_found_towards_a_node():
    """From 4 nobody may turn onto link 0 -> 1: they go to 2, do not turn back there, and come by 3."""
    links = {(0, 1): 1.0, (0, 2): 1.0, (2, 0): 1.0, (2, 3): 5.0, (3, 1): 5.0, (4, 0): 1.0}
    number, search, oracle, cost_s = small_layer(links, bans=[((4, 0), (0, 1))])
    assert number[0, 1] == 0
    assert search.backward(1).tolist() == [1.0, 0.0, 2.0, 5.0, 12.0]
    assert search.backward(1)[4] == oracle.times(4, cost_s)[1]


def test_a_link_without_a_cost_is_counted_once_towards_a_node():
    """From 5 onto 0 -> 1 and 0 -> 2 is banned, onto 0 -> 3 it is not; 4 -> 0 is shut."""
    links = {(0, 1): 1.0, (0, 2): 1.0, (2, 1): 1.0, (0, 3): 2.0, (3, 1): 2.0, (4, 0): 1.0, (5, 0): 1.0}
    bans = [((5, 0), (0, 1)), ((5, 0), (0, 2))]
    _, search, oracle, cost_s = small_layer(links, bans=bans, closed=[(4, 0)])
    assert search.backward(1).tolist() == [1.0, 0.0, 1.0, 2.0, np.inf, 5.0]
    assert search.backward(1)[5] == oracle.times(5, cost_s)[1]


def test_who_may_not_leave_a_zone_again_goes_on_within_it():
    """1 and 2 are inside. From 0 to 2 goes by 1 alone: who has entered does not leave by 3, short as that way is."""
    links = {(0, 1): 1.0, (1, 2): 50.0, (1, 3): 1.0, (3, 2): 1.0, (4, 0): 1.0, (3, 5): 1.0}
    _, search, oracle, cost_s = small_layer(links, local=[(0, 1), (1, 2), (1, 3), (3, 2)])
    assert search.backward(2).tolist() == [51.0, 2.0, 0.0, 1.0, 52.0, np.inf]
    assert search.backward(2)[0] == oracle.times(0, cost_s)[2]


def test_no_label_leads_to_a_node_behind_a_shut_link():
    """From 1 to 2 is shut, and the beginning of a ban."""
    links = {(0, 1): 1.0, (1, 2): 1.0, (2, 3): 1.0, (2, 4): 1.0, (1, 5): 1.0}
    number, search, _, _ = small_layer(links, bans=[((1, 2), (2, 3))], closed=[(1, 2)])
    assert search.forward(0, np.zeros(6, bool)).tolist() == [0.0, 1.0, np.inf, np.inf, np.inf, 2.0]
    first, _ = search.onward()
    assert first.tolist() == [-1, number[0, 1], -1, -1, -1, number[1, 5]]
