"""The queue engine against its slow twin, customer by customer, over queues drawn at random."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracles.stations import Customer, SlowQueue, keyed
from twin.engine.draws import erlang, exponential, lognormal, lognormal_law, make_run_seed
from twin.engine.stations import names, plain_kernels
from twin.engine.stations.layout import law_numbers
from twin.engine.stations.queue import REASONS, Queue, Rules, Servers, Stage

# Without compilation, numpy warns where the hash of the draws wraps around on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

CUSTOMERS = 150
DAY_S = 600.0
LAWS = (("exponential", 1.0, 1), ("lognormal", 0.7, 1), ("erlang", 1.0, 3), ("deterministic", 0.0, 1))


def steps_of(luck, most):
    """Servers that come and go, some of them never there at first."""
    times = np.sort(luck.integers(0, int(DAY_S), luck.integers(1, 6)))
    changes = [(float(t), int(luck.integers(0, most + 1))) for t in np.unique(times)]
    return ((-1.0, int(luck.integers(0, most + 1))), *changes, (DAY_S, most))


def drawn(number):
    """Stages, rules and customers of a queue drawn at random; whole seconds, so that moments coincide."""
    luck = np.random.default_rng(number)
    own = bool(luck.integers(0, 2))
    first = []
    for _ in range(luck.integers(1, 4)):
        takes = tuple(int(x) for x in luck.permutation(4)[: luck.integers(1, 4)])
        most = 1 if own and luck.integers(0, 2) else int(luck.integers(1, 4))
        first.append(Servers(steps_of(luck, most), takes, bool(luck.integers(0, 2)), most))
    groups = [first] + [[Servers(((-1.0, int(luck.integers(1, 3))),), most=3)] for _ in range(luck.integers(0, 3))]
    kinds = [LAWS[luck.integers(0, 4)] for _ in groups]
    stages = [
        Stage(f"stage {i}", law_numbers(law, 8.0, cv, phases), servers)
        for i, ((law, cv, phases), servers) in enumerate(zip(kinds, groups, strict=True))
    ]
    rules = Rules(
        own_lines=own,
        jockey=int(luck.integers(0, 4)) * own and max(2, int(luck.integers(0, 4))),
        closing=("finish", "suspend")[luck.integers(0, 2)],
        close_s=float(luck.integers(300, 700)),
        turn_away=bool(luck.integers(0, 2)),
        room=int(luck.integers(0, 12)) if luck.integers(0, 3) == 0 else 10**6,
        way_s=float(luck.integers(0, 3) * 10),
    )
    served = sorted({sort for servers in first for sort in servers.takes})
    arrive_s = np.sort(luck.integers(0, int(DAY_S), CUSTOMERS)).astype(np.float64)
    luck.shuffle(arrive_s)
    return stages, kinds, rules, {
        "ids": luck.permutation(CUSTOMERS).astype(np.uint64) + np.uint64(1),
        "arrive_s": arrive_s,
        "sort": luck.choice(served, CUSTOMERS).astype(np.int32),
        "stages": luck.integers(0, 2 ** (len(stages) - 1), CUSTOMERS).astype(np.int32),
        "not_before_s": np.where(luck.integers(0, 4, CUSTOMERS) == 0, arrive_s + 20.0, -np.inf),
    }  # fmt: skip


def draw_of(kinds):
    """A service time by the law of a stage."""

    def draw(stage, stream, id_, key):
        law, cv, phases = kinds[stage]
        if law == "exponential":
            return exponential(stream, id_, key, 8.0)
        if law == "lognormal":
            return lognormal(stream, id_, key, *lognormal_law(8.0, cv))
        return erlang(stream, id_, key, phases, 8.0) if law == "erlang" else 8.0

    return draw


def queue_of(stages, rules, who, seed):
    queue = Queue(stages, seed, "test", rules)
    queue.expect(**who)
    return queue


@pytest.mark.parametrize("number", range(60))
def test_the_engine_and_its_slow_twin_agree_customer_by_customer(number):
    stages, kinds, rules, who = drawn(number)
    seed = make_run_seed(3, number)
    queue = queue_of(stages, rules, who, seed)
    left, _ = queue.run_until(1e6)
    slow = SlowQueue(stages, keyed(seed, "test", stages, draw_of(kinds)), rules)
    customers = [Customer(*values) for values in zip(*who.values(), strict=True)]
    gone = slow.run(customers)
    assert [c.id for c in gone] == queue.now.ids[left].tolist()
    assert [c.reason for c in customers] == [
        REASONS[code] if state == names.GONE else None for state, code in queue.now.code.tolist()
    ]
    for name in ("join", "called", "out", "waited"):
        of = np.array([getattr(c, name) for c in customers])
        np.testing.assert_allclose(queue.times_s(name), of, rtol=0, atol=1e-9, err_msg=name)
    assert queue.now.word[:, plain_kernels.SERVED_AT].tolist() == [c.server for c in customers]


@pytest.mark.parametrize("number", range(20))
def test_stops_and_a_checkpoint_change_no_byte(number):
    stages, _, rules, who = drawn(number)
    seed = make_run_seed(3, number)
    whole = queue_of(stages, rules, who, seed)
    whole.run_until(1e6)
    queue = queue_of(stages, rules, who, seed)
    for at_s in np.random.default_rng(number).uniform(0.0, DAY_S, 5).cumsum():
        queue.run_until(at_s)
        again = queue_of(stages, rules, who, seed)
        again.restore(queue.state())
        assert {k: v.tobytes() for k, v in again.state().items()} == {k: v.tobytes() for k, v in queue.state().items()}
        queue = again
    queue.run_until(1e6)
    for name in ("time_s", "word", "code"):
        assert getattr(queue.now, name).tobytes() == getattr(whole.now, name).tobytes()


def test_a_fork_keeps_who_is_there_and_takes_servers_and_others_from_the_new_queue():
    seed = make_run_seed(3, 0)
    arrive_s = np.arange(20.0) * 10.0
    ids = np.arange(20, dtype=np.uint64)

    def queue_with(servers, arrive_s):
        queue = Queue([Stage("desk", law_numbers("deterministic", 25.0), [Servers(((0.0, servers),))])], seed, "test")
        queue.expect(ids[: len(arrive_s)], arrive_s)
        return queue

    one = queue_with(1, arrive_s)
    one.run_until(75.0)
    two = queue_with(2, np.append(arrive_s[:10], 300.0))
    two.restore(one.state(), 75.0)
    two.run_until(1e6)
    # Eight came before the fork; 0, 25 and 50 were called by one server, the fourth at 75 by the first, a fifth by the
    # second; two more came at 80 and 90 and one at 300.
    called = two.times_s("called")
    assert len(called) == 11
    np.testing.assert_allclose(called[:10], [0.0, 25.0, 50.0, 75.0, 75.0, 100.0, 100.0, 125.0, 125.0, 150.0])
    assert called[10] == 300.0


def test_whoever_runs_the_queue_is_asked_how_many_servers_there_are():
    servers = Servers(((0.0, 1),), most=3)
    queue = Queue(
        [Stage("desk", law_numbers("deterministic", 30.0), [servers])], make_run_seed(3, 0), "test",
        Rules(ask_s=(40.0, 70.0)),
    )  # fmt: skip
    queue.expect(np.arange(6, dtype=np.uint64), np.arange(6.0))
    assert queue.run_until(1e6)[1]
    assert queue.in_line() == 4
    queue.answer(3)
    assert queue.run_until(1e6)[1]
    queue.answer(1)
    assert not queue.run_until(1e6)[1]
    np.testing.assert_allclose(queue.times_s("called"), [0.0, 30.0, 40.0, 40.0, 60.0, 70.0 + 20.0])


def test_who_ends_as_servers_close_is_let_go_and_others_are_suspended():
    steps = ((0.0, 2), (8.0, 0), (100.0, 1))
    queue = Queue(
        [Stage("desk", law_numbers("deterministic", 8.0), [Servers(steps)])], make_run_seed(3, 0), "test",
        Rules(closing="suspend"),
    )  # fmt: skip
    queue.expect(np.arange(2, dtype=np.uint64), np.array([0.0, 2.0]))
    queue.run_until(1e6)
    np.testing.assert_allclose(queue.times_s("out"), [8.0, 102.0])
    np.testing.assert_allclose(queue.times_s("waited"), [0.0, 92.0])


def test_the_first_row_holds_its_server_like_any_other():
    """Rows come in another order than they stand: the first one is served beside a server that comes free sooner."""
    queue = Queue(
        [Stage("desk", law_numbers("deterministic", 25.0), [Servers(((0.0, 3),))])], make_run_seed(3, 0), "test"
    )
    queue.expect(np.arange(1, 5, dtype=np.uint64), np.array([1.0, 0.0, 25.2, 25.4]))
    queue.run_until(25.5)
    assert queue.now.word[:, plain_kernels.SERVED_AT].tolist() == [1, 0, 0, 2]


def test_whoever_waits_for_a_window_is_held_until_then():
    queue = Queue(
        [Stage("desk", law_numbers("deterministic", 25.0), [Servers(((0.0, 1),))])], make_run_seed(3, 0), "test"
    )
    queue.expect(np.arange(1, 3, dtype=np.uint64), np.array([0.0, 1.0]), not_before_s=np.array([40.0, -np.inf]))
    states = []
    for at_s in (2.0, 39.9, 40.0):
        queue.run_until(at_s)
        states.append(queue.now.code[:, names.STATE].tolist())
    assert states == [[names.HELD, names.SERVED], [names.HELD, names.GONE], [names.SERVED, names.GONE]]


@pytest.mark.parametrize("number", range(12))
def test_counts_are_what_a_count_by_hand_gives_at_any_moment(number):
    stages, _, rules, who = drawn(number)
    queue = queue_of(stages, rules, who, make_run_seed(3, number))
    for until_s in np.random.default_rng(number).integers(1, 900, 25).cumsum() / 10.0:
        queue.run_until(float(until_s))
        now = queue.now
        state, word, tally = now.code[:, names.STATE], now.word, now.tally
        served = np.flatnonzero(state == names.SERVED)
        # Whom a server has says so too, and nobody else does.
        assert np.sort(now.servers[now.servers[:, names.ROW] >= 0, names.ROW]).tolist() == served.tolist()
        assert (now.servers[word[served, names.SERVER], names.ROW] == served).all()
        assert (word[np.flatnonzero(state != names.SERVED), names.SERVER] == -1).all()
        busy = np.bincount(now.servers[word[served, names.SERVER], names.GROUP], minlength=len(now.groups))
        assert now.groups[:, names.BUSY].tolist() == busy.tolist()
        first = now.groups[:, names.STAGE] == names.FIRST_STAGE
        assert tally[names.SERVERS_BUSY] == busy[first].sum()
        assert tally[names.SERVERS_OPEN] == now.groups[first, names.CAP].sum()
        assert tally[names.HELD_COUNT] == (state == names.HELD).sum()
        waiting = np.flatnonzero(state == names.WAITING)
        before = waiting[now.lines[word[waiting, names.LINE], names.WATCHED] == 1]
        assert tally[names.IN_LINE] == len(before)
        assert tally[names.SECOND_IN_LINE] == (word[before, names.CLASS] == 1).sum()
        # No server before the one from which on an idle one is looked for is idle.
        for row in now.groups:
            of_group = range(row[names.FIRST], row[names.FREE])
            assert (now.servers[list(of_group), names.ROW] >= 0).all()


def test_a_closing_breaks_off_the_service_of_whoever_joined_last_the_first_row_too():
    rules = Rules(closing="suspend", close_s=1e5)
    desk = Servers(((0.0, 2), (25.05, 1), (100.0, 2)))
    queue = Queue([Stage("desk", law_numbers("deterministic", 25.0), [desk])], make_run_seed(3, 0), "test", rules)
    queue.expect(np.arange(1, 4, dtype=np.uint64), np.array([1.0, 0.1, 0.0]))
    queue.run_until(25.06)
    # The third row went at 25 and left its server to the first, which joined last.
    assert queue.now.code[:, names.STATE].tolist() == [names.WAITING, names.SERVED, names.GONE]
    queue.run_until(1e4)
    assert queue.times_s("out").tolist() == pytest.approx([25.1 + 25.0 - 0.05, 25.1, 25.0])


def test_whoever_stands_before_shut_lanes_moves_once_all_that_changes_at_a_moment_has_changed():
    lanes = [
        Servers(((0.0, 1), (10.0, 0)), most=1),
        Servers(((0.0, 1), (10.0, 0)), most=1),
        Servers(((10.0, 1),), most=1),
    ]
    queue = Queue(
        [Stage("desk", law_numbers("deterministic", 25.0), lanes)], make_run_seed(3, 0), "test", Rules(own_lines=True)
    )
    queue.expect(np.arange(1, 5, dtype=np.uint64), np.array([1.0, 2.0, 3.0, 4.0]))
    queue.run_until(1e4)
    # The first lane's goes to the third before the second's: never by way of the second, which shuts too.
    assert queue.times_s("called").tolist() == [1.0, 2.0, 10.0, 35.0]
