"""Problems of selection with known answers: ``python -m tests.verification.selection_problems 1000``."""

from __future__ import annotations

import sys

import numpy as np

from twin.experiments.searching.methods import policy_of
from twin.results.searched import Axis, Figure, Point, Search
from twin.results.selection import kn_select

COST, SERVICE = Figure(kpi="m.cost", better="lower"), Figure(kpi="m.service", better="lower")


class Played:
    """Figures of a made-up system: a mean per point, luck that all points share in part."""

    def __init__(self, truth, seed, own=1.0, shared=1.0):
        self.truth, self.seed, self.own, self.shared = truth, seed, own, shared
        self.done = {}

    def run(self, batch):
        for point, replication in batch:
            common = np.random.default_rng((self.seed, 1, replication)).normal(0, self.shared)
            mine = np.random.default_rng((self.seed, 2, replication, int(point.name[1:]))).normal(0, self.own)
            self.done.setdefault(point.name, {})[replication] = common + mine

    def of(self, point, figure):
        found = self.done[point.name]
        return np.array([self.truth(point, figure) + found[r] for r in sorted(found)])


def play(search, values):
    """Run a method to its end; returns its outcome and the number of runs."""
    policy, runs = policy_of(search), 0
    batch = next(policy)
    while True:
        runs += len(batch)
        values.run(batch)
        try:
            batch = policy.send(values)
        except StopIteration as end:
            return end.value, runs


def points(count):
    return [Point(name=f"p{n:05d}", changes={"m.key": n}) for n in range(count)]


def kn_is_right(seed):
    """Ten systems, the best by just the indifference zone, correlated luck."""
    rng = np.random.default_rng((seed, 77))
    means = np.full(10, 1.0)
    best = int(rng.integers(10))
    means[best] = 0.0
    values = means[:, None] + rng.normal(0, 2, (10, 3000)) + rng.normal(0, 3, 3000)
    found = kn_select(values, 0.05, 1.0, 10)
    return found.decided and found.chosen == best


def frontier_is_right(seed):
    """Twelve settings; the smallest that keeps the bound is known; most lie within one deviation of it."""
    rng = np.random.default_rng((seed, 78))
    falling = np.sort(rng.uniform(-1.5, 1.5, 12))[::-1]
    falling += np.sign(falling) * 0.25
    smallest = int(np.argmax(falling < 0)) if (falling < 0).any() else None

    def truth(point, figure):
        nth = point.changes["m.key"]
        return float(nth) if figure == COST else float(falling[nth])

    search = Search(
        method="frontier",
        base="b",
        axes=[],
        points=points(12),
        figures=[COST, SERVICE],
        replications=8,
        most_runs=20_000,
        bound=0.0,
    )
    played = Played(truth, seed, own=1.0, shared=0.0)
    # Cost is no matter of luck.
    luck = played.of
    played.of = lambda p, f: np.full(len(played.done[p.name]), truth(p, f)) if f == COST else luck(p, f)
    found, _ = play(search, played)
    wanted = None if smallest is None else f"p{smallest:05d}"
    return found["decided"] and found["smallest"] == wanted


def optimum_is_right(seed):
    """A smooth bowl with one best setting among the finalists, better by the zone than any other that was tried."""

    def truth(point, figure):
        return abs(float(point.changes["m.key"]) - 4.0)

    search = Search(
        method="optimise",
        base="b",
        axes=[Axis(key="m.key", values=list(range(10)))],
        figures=[SERVICE],
        replications=4,
        most_runs=5000,
        delta=1.0,
        trials=24,
        finalists=4,
        seed=seed,
    )
    found, _ = play(search, Played(truth, seed, own=1.0, shared=3.0))
    tried = {row["setting"] for row in found["finalists"]}
    best = min(tried, key=lambda text: abs(float(text.split(" = ")[1]) - 4.0))
    return found["decided"] and found["setting"] == best


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for problem in (kn_is_right, frontier_is_right, optimum_is_right):
        right = sum(problem(seed) for seed in range(count))
        print(f"{problem.__name__}: {right} of {count} right ({100 * right / count:.1f} %)")
