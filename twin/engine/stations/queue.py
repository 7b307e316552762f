"""A queue to stand a model on, or to ask a question of theory: counters, desks, gates, chargers, call centres.

Moments of arrival in, moments of service out::

    counter = Stage("counter", law_numbers("exponential", 420.0), [Servers(((32400.0, 4),))])
    queue = Queue([counter], run_seed, "office")
    queue.expect(ids, arrive_s)
    queue.run_until(np.inf)
    queue.times_s("called") - queue.times_s("join")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.engine.draws import make_stream
from twin.engine.stations import names, plain_kernels
from twin.engine.stations.layout import Group, group_arrays, law_of, line_array, make_schedule
from twin.engine.stations.state import (
    StationState,
    arrays_of,
    empty_calendar,
    follow_schedule,
    in_order,
    new_tally,
    next_event_s,
    take_up,
)
from twin.errors import EngineError

Rows = NDArray[np.int64]
Moment = Literal["join", "called", "out", "waited"]

_MOMENTS = {"join": names.JOIN, "called": plain_kernels.CALLED, "out": names.OUT, "waited": names.WAITED}
#: Room for records of the line, of which none are written.
_NO_RECORDS = (np.zeros((0, 1), np.int32), np.zeros((0, 1)))
#: Reasons in the order of their codes.
REASONS = ("served", "after_closing", "in_line_at_closing", "balked")


class Servers(NamedTuple):
    """Equal servers that share their lines.

    Attributes
    ----------
    steps
        (time, how many from then on) over the run, ascending; nobody before the first.
    takes
        Sorts of customers that they take, preferred ones first; of later stages this is not read.
    oldest_first
        Take who joined first of all sorts, in place of the preferred sort.
    most
        Servers there may ever be, also after a fork.
    """

    steps: tuple[tuple[float, int], ...]
    takes: tuple[int, ...] = (0,)
    oldest_first: bool = False
    most: int = 1000


class Stage(NamedTuple):
    """What is done at one kind of servers.

    Attributes
    ----------
    name
        Names its stream of draws.
    law
        The numbers of :func:`~twin.engine.stations.layout.law_numbers`.
    servers
        One group, or several at the first stage.
    """

    name: str
    law: Sequence[float]
    servers: Sequence[Servers]


class Rules(NamedTuple):
    """How a queue is run.

    Attributes
    ----------
    own_lines
        Every group of the first stage has lines of its own, and people join the shortest; else all share.
    jockey
        With own lines: difference of lengths from which the last one moves to the line beside; 0 for never.
    closing
        What becomes of services that a closing of servers breaks off: they are finished, or suspended.
    close_s
        When nobody else is let in.
    turn_away
        Whether those in line leave at that moment.
    room
        Most people in the lines before the first stage; who finds it full leaves at once.
    way_s
        Time from one stage to the next, s.
    ask_s
        When whoever runs the queue is asked how many servers the first group has: :meth:`Queue.run_until` then stops.
    """

    own_lines: bool = False
    jockey: int = 0
    closing: Literal["finish", "suspend"] = "finish"
    close_s: float = 1e300
    turn_away: bool = False
    room: int = np.iinfo(np.int64).max
    way_s: float = 0.0
    ask_s: tuple[float, ...] = ()


class Queue:
    """Customers, each known before it comes, who wait for servers.

    Parameters
    ----------
    stages
        In the order in which they are visited.
    run_seed
        Seed of the run.
    purpose
        Names the streams of the draws, together with the names of the stages.
    rules
        How it is run.

    Attributes
    ----------
    now
        The arrays; columns are named in ``names`` and ``plain_kernels``.
    """

    def __init__(self, stages: Sequence[Stage], run_seed: np.uint64, purpose: str, rules: Rules | None = None) -> None:
        self._rules = rules = rules or Rules()
        members, lines = _members(stages, rules)
        groups, servers = group_arrays(members)
        schedule = make_schedule(members, rules.close_s, rules.ask_s)
        self._stale = int(schedule.word[:, names.S_COUNT].clip(0).sum())
        num = np.zeros(names.FIRST_LAW + names.LAW_NUMBERS * len(stages))
        num[names.WAY_S] = rules.way_s
        for index, stage in enumerate(stages):
            num[law_of(index)] = stage.law
        watched = [*range(names.SORTS), *range(names.SORTS + len(stages) - 1, lines)]
        self._fixed = (
            line_array(members, lines, watched), groups, servers, _tally(rules, members), num,
            np.array([make_stream(run_seed, f"{purpose}.{stage.name}") for stage in stages]),
            schedule.time_s, schedule.word,
        )  # fmt: skip
        self.expect(np.zeros(0, np.uint64), np.zeros(0))

    def expect(
        self,
        ids: NDArray[np.uint64],
        arrive_s: Floats,
        *,
        sort: Ints | int = 0,
        second: NDArray[np.bool_] | bool = False,
        stages: Ints | int = 0,
        not_before_s: Floats | float = -np.inf,
    ) -> None:
        """Say who comes, in place of everybody said before; nothing has happened then.

        Parameters
        ----------
        ids : (n,) uint64
        arrive_s : (n,) float64
            Finite.
        sort : (n,) int32
            Sort of each, 0 to 3.
        second : (n,) bool
            Who is of the second class, which is counted apart.
        stages : (n,) int32
            Later stages that each visits: bit 0 is the second stage.
        not_before_s : (n,) float64
            Who comes earlier waits out of line until then.
        """
        self.now = _new_state(self._fixed, ids, self._stale)
        word = self.now.word
        word[:, names.SORT], word[:, names.CLASS], word[:, plain_kernels.STAGES] = sort, second, stages
        self.now.time_s[:, plain_kernels.NOT_BEFORE] = not_before_s
        self._put_in_order(arrive_s)

    def _put_in_order(self, arrive_s: Floats) -> None:
        self.arrive_s = arrive_s
        self._order = in_order(arrive_s, self.now.ids, np.arange(len(arrive_s)))
        self._order_s = arrive_s[self._order]
        self._out_rows = np.zeros(len(arrive_s), np.int64)

    def run_until(self, until_s: float) -> tuple[Rows, bool]:
        """Let everything happen up to and including a moment, or until whoever runs it is asked.

        Returns
        -------
        (k,) int64, bool
            Rows of those who have left, in order; and whether it stopped before the moment: :meth:`answer`, then call
            again.

        Raises
        ------
        EngineError
            If the calendar was made too small: a fault of the engine.
        """
        now = self.now
        now.tally[names.OUT_COUNT] = 0
        code = plain_kernels.run_plain(until_s, *now, self._order, self._order_s, self._out_rows, *_NO_RECORDS)
        if code == names.CALENDAR_FULL:
            raise EngineError(
                f"the calendar of a queue is full at {len(now.heap_rows)} entries",
                where="engine.stations",
                mend="please report it with the scenario",
            )
        return self._out_rows[: now.tally[names.OUT_COUNT]].copy(), bool(code == names.ASK)

    def answer(self, servers: int) -> None:
        """Say how many servers the first group has from the moment on at which :meth:`run_until` asked."""
        self.now.sched_word[self.now.tally[names.SCHED_NEXT]] = names.SET_SERVERS, 0, servers, 0

    def next_s(self) -> float:
        """When anything happens next; infinite if never."""
        nth = int(self.now.tally[names.ARRIVAL_NEXT])
        arrives_s = float(self._order_s[nth]) if nth < len(self._order_s) else np.inf
        return min(arrives_s, next_event_s(self.now))

    def come(self) -> Rows:
        """Rows of those who have arrived, in order."""
        return self._order[: self.now.tally[names.ARRIVAL_NEXT]]

    def in_line(self) -> int:
        """People who wait for the first stage."""
        return int(self.now.tally[names.IN_LINE] + self.now.tally[names.HELD_COUNT])

    def account(self) -> tuple[int, int, dict[str, int]]:
        """How many have come, are inside, and have left by reason: what a ledger asks for."""
        state, reason = self.now.code[self.come()].T
        left = np.bincount(reason[state == names.GONE], minlength=len(REASONS))
        inside = np.count_nonzero((state >= names.HELD) & (state <= names.UNDER_WAY))
        return len(state), int(inside), dict(zip(REASONS, left.tolist(), strict=True))

    def served_at(self, rows: Rows) -> Ints:
        """Number of the server of the first stage that called each of some customers last; -1 for none."""
        return self.now.word[rows, plain_kernels.SERVED_AT].copy()

    def sort_of(self, rows: Rows) -> Ints:
        """Sort of some customers."""
        return self.now.word[rows, names.SORT].copy()

    def times_s(self, which: Moment) -> Floats:
        """A moment of every customer, s, nan until known: joined, first called, left; or seconds waited at first."""
        return self.now.time_s[:, _MOMENTS[which]].copy()

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Everything, for a checkpoint."""
        return {**arrays_of(self.now), "arrive_s": self.arrive_s.copy()}

    def restore(self, state: Mapping[str, NDArray[np.generic]], forked_at_s: float | None = None) -> Rows:
        """Put :meth:`state` back; after a fork, whoever comes later and the servers are those said to this queue.

        Returns
        -------
        (n,) int64
            Where each row of the state is now; -1 for those who will not come.
        """
        fresh, new_s = self.now, self.arrive_s
        kept = np.arange(len(state["ids"]))
        if forked_at_s is not None:
            kept = np.flatnonzero(~np.isnan(np.asarray(state["time_s"], np.float64)[:, names.JOIN]))
        # Lines and calendar name rows by number: those kept move together.
        number = np.full(len(state["ids"]) + 1, -1, np.int64)
        number[kept] = np.arange(len(kept))
        later = np.flatnonzero(new_s > forked_at_s) if forked_at_s is not None else kept[:0]
        rows = [
            np.concatenate([np.asarray(state[name])[kept], getattr(fresh, name)[later]])
            for name in ("ids", "time_s", "word", "code")
        ]
        self.now = _new_state(self._fixed, rows[0], self._stale)
        for name, values in zip(("time_s", "word", "code"), rows[1:], strict=True):
            getattr(self.now, name)[:] = values
        take_up(self.now, {**state, "heap_rows": number[state["heap_rows"]]})
        self.now.word[:, names.NEXT] = number[self.now.word[:, names.NEXT]]
        for table, columns in ((self.now.lines, [names.HEAD, names.TAIL]), (self.now.servers, [names.ROW])):
            table[:, columns] = number[table[:, columns]]
        for element in (names.DUE_HEAD, names.WAY_HEAD, names.WAY_TAIL):
            self.now.tally[element] = number[self.now.tally[element]]
        if forked_at_s is None:
            self.now.sched_time[:], self.now.sched_word[:] = state["sched_time"], state["sched_word"]
        else:
            follow_schedule(self.now, forked_at_s)
        self._put_in_order(np.concatenate([np.asarray(state["arrive_s"], np.float64)[kept], new_s[later]]))
        return number[:-1]


def _members(stages: Sequence[Stage], rules: Rules) -> tuple[list[Group], int]:
    """Groups, those of the first stage first, and how many lines there are."""
    members: list[Group] = []
    lines = names.SORTS + len(stages) - 1
    first = 0
    for index, stage in enumerate(stages):
        for servers in stage.servers:
            joins = {sort: sort for sort in servers.takes} if index == names.FIRST_STAGE else {}
            if joins and rules.own_lines:
                joins = {sort: lines + nth for nth, sort in enumerate(servers.takes)}
                lines += len(joins)
            rule = names.OLDEST_FIRST if servers.oldest_first else names.FIRST_LINE_FIRST
            steps = tuple((time_s, count, False) for time_s, count in servers.steps)
            takes = tuple(joins.values()) or (names.SORTS + index - 1,)
            members.append(Group(index, takes, rule, joins, first, servers.most, steps))
            first += servers.most
    return members, lines


def _tally(rules: Rules, members: Sequence[Group]) -> NDArray[np.int64]:
    tally = new_tally(plain_kernels.PLAIN_TALLY)
    tally[names.SUSPEND] = rules.closing == "suspend"
    tally[names.FLUSH] = rules.turn_away
    tally[names.OWN_LINES] = rules.own_lines
    tally[names.JOCKEY] = rules.jockey
    tally[names.FIRST_GROUPS] = sum(member.stage == names.FIRST_STAGE for member in members)
    tally[plain_kernels.ROOM] = rules.room
    return tally


def _new_state(fixed: tuple[NDArray[Any], ...], ids: NDArray[np.uint64], stale: int) -> StationState:
    """An idle queue of these customers."""
    n = len(ids)
    time_s = np.full((n, plain_kernels.TIME_COLUMNS), np.nan)
    time_s[:, names.WAITED] = 0.0
    word = np.zeros((n, plain_kernels.WORD_COLUMNS), np.int32)
    word[:, [names.LINE, names.SERVER, names.NEXT, plain_kernels.SERVED_AT]] = -1
    # Room for one event per customer, and for the ends that closings leave behind.
    lines, groups, servers, tally, num, streams, sched_time, sched_word = (array.copy() for array in fixed)
    return StationState(
        ids.copy(),
        time_s,
        word,
        np.zeros((n, names.STATION_CODES), np.int8),
        lines,
        groups,
        servers,
        tally,
        num,
        streams,
        sched_time,
        sched_word,
        *empty_calendar(n + stale + 16),
    )
