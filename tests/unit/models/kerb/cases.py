"""Kerbs without a city: pockets, shops and arrivals as plain data, run by the kernels event by event."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from twin.engine.draws import make_run_seed, make_stream
from twin.engine.event_queue import new_heap, pop
from twin.models.kerb import kernels
from twin.models.kerb.names import ARRIVE, ASK_PATROL, DONE, DRIVING, LOG_FULL, PATROL
from twin.models.kerb.rows import KIND, RULES, VISIT, WATCHER, Kerbside, new_logs, records

INF = np.inf


@dataclass
class Case:
    """One kerb and its day.

    ``near[s]`` are the pockets that the driver for shop s tries; ``kinds`` are (search, wait, double, away, search_s);
    ``watchers`` are (detects, after_s, complies, respond_s, deters, speaks) of cameras, guards, patrols; ``rounds`` are
    (time_s, pocket) of patrols.
    """

    bays: list[int]
    near: list[list[int]]
    arrive_s: np.ndarray
    dwell_s: np.ndarray
    shop: np.ndarray
    kind: np.ndarray
    patience_s: np.ndarray
    kinds: list[tuple[float, float, float, float, float]]
    watchers: list[tuple[float, float, float, float, float, float]] = field(
        default_factory=lambda: [(0.0, 0.0, 0.0, 0.0, 0.0, 1.0)] * 3
    )
    camera: list[int] = field(default_factory=list)
    guard: list[int] = field(default_factory=list)
    rounds: list[tuple[float, int]] = field(default_factory=list)
    limit_s: float = 1200.0
    hours: tuple[float, float] = (-INF, INF)
    drive_s: float = 60.0
    seed: int = 1
    log_room: int = 1024

    @property
    def ids(self):
        """Ids of the visits, not in the order of rows."""
        return (np.arange(len(self.arrive_s), dtype=np.uint64) * np.uint64(7919)) % np.uint64(1_000_003) + np.uint64(5)

    def stream(self, purpose):
        """Stream of a purpose."""
        return make_stream(make_run_seed(self.seed, 0), f"kerb.{purpose}")


def plain_case(arrive_s, dwell_s, bays, kind, **more):
    """Everybody to one shop with one pocket in reach."""
    count = len(arrive_s)
    return Case(
        [bays], [[0]], np.asarray(arrive_s, float), np.asarray(dwell_s, float), np.zeros(count, int),
        np.zeros(count, int), more.pop("patience_s", np.full(count, 1e12)), [kind], **more,
    )  # fmt: skip


def kerbside_of(case):
    """Arrays for the kernels; every shop and every pocket has an edge of its own, shops behind pockets."""
    count, pockets, shops = len(case.arrive_s), len(case.bays), len(case.near)
    visits = np.zeros(count, VISIT).view(np.recarray)
    visits["id"], visits["kind"], visits["shop"] = case.ids, case.kind, case.shop
    visits["dwell_s"], visits["patience_s"] = case.dwell_s, case.patience_s
    visits["arrive_s"] = visits["stand_s"] = np.nan
    visits["end_s"] = visits["camera_s"] = visits["guard_s"] = INF
    visits["bay"] = visits["next"] = -1
    visits["state"] = DRIVING
    for row in range(count):
        near = case.near[case.shop[row]]
        visits["pocket"][row] = near[0] if near else -1
        visits["edge"][row] = near[0] if near else pockets + case.shop[row]
    kinds, watchers, rules = records(len(case.kinds), KIND), records(3, WATCHER), records(1, RULES)
    for row, values in enumerate(case.kinds):
        kinds[row] = values
    for row, values in enumerate(case.watchers):
        watchers[row] = values
    streams = [case.stream(purpose) for purpose in ("choice", "notice", "comply", "deter")]
    rules[0] = (case.limit_s, *case.hours, *streams, 0)
    watched = np.zeros((pockets, 2), np.uint8)
    watched[case.camera, 0], watched[case.guard, 1] = 1, 1
    return Kerbside(
        visits, np.concatenate([[0], np.cumsum(case.bays)]).astype(np.int32), np.full(sum(case.bays), -1, np.int32),
        np.full(pockets, -1, np.int32), np.full(pockets, -1, np.int32), np.arange(pockets, dtype=np.int32), watched,
        np.zeros(pockets, np.int64), np.zeros(pockets + shops, np.int32),
        np.concatenate([[0], np.cumsum([len(n) for n in case.near])]).astype(np.int32),
        np.array([p for n in case.near for p in n], np.int32), np.arange(shops, dtype=np.int32) + np.int32(pockets),
        np.zeros(count, np.int32), np.zeros(count, np.int32), np.array([0, -1], np.int64), np.zeros(1), kinds, watchers,
        rules,
    )  # fmt: skip


@dataclass
class Told:
    """What happened: stands, moves, spans of lanes, what patrols told, and the kerb at the end."""

    stands: list
    moves: list
    lanes: list
    patrols: list
    side: object = None


def run_kernels(case, steps_s=(INF,)):
    """The day by the kernels, in steps that end at the moments given."""
    side, heap = kerbside_of(case), new_heap(16 * len(case.arrive_s) + len(case.rounds) + 1)
    logs = new_logs(case.log_room)
    for row, time_s in enumerate(case.arrive_s):
        kernels.expect(heap, time_s, ARRIVE, case.ids[row], row)
    for number, (time_s, _) in enumerate(case.rounds):
        kernels.expect(heap, time_s, PATROL, np.uint64(number), number)
    told = Told([], [], [], [], side)
    searches = max(len(near) for near in case.near) > 1
    for until_s in steps_s:
        code = LOG_FULL
        while code != DONE:
            # Searches come back within a drive: no step beyond the next of them.
            stop_s = min(until_s, heap.times[0] + case.drive_s * 0.999) if heap.size[0] and searches else until_s
            code = kernels.run_until(side, heap, logs, stop_s)
            assert code in (DONE, LOG_FULL, ASK_PATROL)
            _take(case, side, heap, logs, told)
            if code == ASK_PATROL:
                number, now_s = int(heap.payloads[0]), float(heap.times[0])
                pop(*heap)
                told.patrols.append(int(kernels.look_over(side, heap, case.rounds[number][1], now_s)))
                code = LOG_FULL
            elif code == DONE and heap.size[0] and heap.times[0] <= until_s and np.isfinite(heap.times[0]):
                code = LOG_FULL
    return told


def _take(case, side, heap, logs, told):
    ids = side.visits["id"]
    for row in logs.stands[: logs.size[1]].tolist():
        from_s, to_s, visit, pocket, bay, edge, mode, was_told, number = row
        told.stands.append(
            (int(ids[visit]), from_s, to_s, pocket, bay if mode == 0 else -1, edge, mode, was_told, number)
        )
    for row in logs.lanes[: logs.size[2]].tolist():
        told.lanes.append(row)
    for time_s, visit, away in logs.moves[: logs.size[0]].tolist():
        told.moves.append((time_s, int(ids[visit]), away, int(side.visits["reason"][visit]) if away else -1))
        if not away:
            kernels.expect(heap, time_s + case.drive_s, ARRIVE, ids[visit], visit)
    logs.size[:] = 0


def random_case(seed, count=300, everything=True):
    """A busy kerb of four pockets with everything switched on, drawn at random."""
    rng = np.random.default_rng(seed)
    shops = [[0, 1, 2], [1, 0], [2, 3, 1], [3], []]
    share = rng.dirichlet([1.0] * 4, 2)
    return Case(
        rng.integers(1, 4, 4).tolist(), shops, np.sort(rng.uniform(0, 14400, count)), rng.lognormal(6.3, 0.9, count),
        rng.integers(0, len(shops), count), rng.integers(0, 2, count), rng.exponential(240.0, count),
        [(*s, float(rng.uniform(60, 900))) for s in share],
        [(rng.uniform(0.5, 1), rng.uniform(10, 200), rng.uniform(0.2, 1), rng.uniform(5, 90), rng.uniform(0, 0.6), 1.0)
         for _ in range(3)],
        [0, 2] if everything else [], [1, 2] if everything else [],
        sorted((float(t), int(p)) for t, p in zip(rng.uniform(0, 14400, 25), rng.integers(0, 4, 25), strict=True))
        if everything else [],
        hours=(1800.0, 12600.0), seed=seed,
    )  # fmt: skip
