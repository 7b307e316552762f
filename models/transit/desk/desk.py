"""The dispatch desk: vans, requests and the order of events, with or without a road model.

Without a road a drive takes exactly the time between its stops. Tests, benchmarks and quick studies use the
desk alone; the model of the city gives every drive to the road and tells the desk of arrivals.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from twin.engine.event_queue import Heap, new_heap, push
from twin.engine.sim_model import State
from twin.errors import EngineError
from twin.models.transit.dispatch import kernels
from twin.models.transit.dispatch.promise_kernels import find_offer, find_other_stop
from twin.models.transit.fleet.rows import (
    REQUEST,
    VAN,
    Fleet,
    Legs,
    Log,
    Requests,
    Rules,
    Scratch,
    Times,
    new_log,
    new_scratch,
)

#: Legs kept between two readings of the log.
_LEGS = 4096


class Choice(NamedTuple):
    """An answer to a request.

    Pick up before task ``pick_before`` of the van's plan and set down before task ``drop_before``, both in the
    plan as it is; or van -1 and a reason, index into ``REASONS``.
    """

    van: int
    pick_before: int = -1
    drop_before: int = -1
    reason: int = 0


class Strategy(Protocol):
    """Gives requests to vans."""

    def choose(self, desk: Desk, request: int, now_s: float) -> Choice:
        """Answer a request at the moment it is asked.

        Parameters
        ----------
        desk
            Vans, requests and times; to be read, not changed.
        request
            Row of the request; its promise is already filled in.
        now_s
            The moment.
        """
        ...


class Mover(Protocol):
    """Sends idle vans to where requests are expected."""

    def moves(self, desk: Desk, now_s: float) -> list[tuple[int, int]]:
        """Idle vans and the stops to which they are to go."""
        ...


class Desk:
    """Vans and requests under one strategy.

    Parameters
    ----------
    fleet, requests, times, rules
        As made by the functions of ``fleet.py``.
    strategy
        Decides when ``rules.strategy`` is ``kernels.ASK``; the built-in strategies decide inside the kernel.
    """

    def __init__(
        self, fleet: Fleet, requests: Requests, times: Times, rules: Rules, strategy: Strategy | None = None
    ) -> None:
        self.fleet = fleet
        self.requests = requests
        self.times = times
        self.rules = rules
        self.strategy = strategy
        #: Sends idle vans ahead of demand from :meth:`move_idle` on.
        self.rebalancing: Mover | None = None
        self.scratch: Scratch = new_scratch(len(fleet))
        self.log: Log = new_log(len(fleet), len(requests), _LEGS)
        self.heap: Heap = new_heap(8 * len(fleet) + 32)

    @property
    def next_s(self) -> float:
        """Time of the next event or request; infinite if there is none."""
        following = int(self.log.counts[kernels.NEXT])
        asked_s = self.requests["asked_s"][following] if following < len(self.requests) else np.inf
        return float(min(asked_s, self.heap.times[0] if self.heap.size[0] else np.inf))

    def arrive(self, van: int, time_s: float) -> None:
        """Tell the desk when the road gives a van back."""
        self._push(time_s, kernels.ARRIVE, van)

    def close_daily(self, van: int, first_s: float) -> None:
        """Let a van go home at the end of service, from ``first_s`` on every day."""
        self._push(first_s, kernels.CLOSE, van)

    def wake(self, van: int, now_s: float) -> None:
        """Let an idle van with a plan decide when it sets off."""
        kernels.wake(van, now_s, self.fleet, self.rules, self.heap)

    def plan_anew(self, first_s: float) -> None:
        """Let plans be made anew from a moment on, every ``rules.every_s``."""
        self._push(first_s, kernels.REPLAN, -1)

    def move_idle(self, first_s: float) -> None:
        """Let idle vans be sent ahead of demand from a moment on, every ``rules.rebalance_s``."""
        self._push(first_s, kernels.REBALANCE, -1)

    def run_until(self, until_s: float) -> Legs:
        """Let everything happen up to and including ``until_s``.

        Returns
        -------
        (n,) LEG
            Drives that ended.
        """
        parts = [self.log.legs[:0]]
        while True:
            state, request = kernels.run_until(
                until_s, self.scratch, self.fleet, self.requests, self.times, self.rules, self.log, self.heap
            )
            if self.log.counts[kernels.LEGS]:
                parts.append(self._read_legs())
            if state == kernels.DONE:
                break
            if state == kernels.DECIDE:
                self._decide(int(request))
            if state == kernels.PLAN_ANEW:
                self._plan_anew()
            if state == kernels.MOVE_IDLE:
                self._move_idle()
            if state == kernels.HEAP_FULL:
                self._grow_heap()
        return np.concatenate(parts) if len(parts) > 2 else parts[-1]

    def take_departing(self) -> list[tuple[int, int]]:
        """Vans that the road must take over, each with the stop it sets off for; forgets them.

        A van may have been told to turn since: that is told the road apart, see :meth:`take_turning`.
        """
        count = int(self.log.counts[kernels.DEPARTURES])
        self.log.counts[kernels.DEPARTURES] = 0
        return list(zip(self.log.departing[:count].tolist(), self.log.departing_to[:count].tolist(), strict=True))

    def take_turning(self) -> list[tuple[int, int, float]]:
        """Vans that the road must turn: van, stop at which it turns, moment of the decision; forgets them."""
        count = int(self.log.counts[kernels.TURNS])
        self.log.counts[kernels.TURNS] = 0
        columns = self.log.turning[:count], self.log.turn_stop[:count], self.log.turn_s[:count]
        return [(int(van), int(stop), float(at_s)) for van, stop, at_s in zip(*columns, strict=True)]

    def set_times(self, times: Times, now_s: float) -> None:
        """Go on with other times between stops from a moment on; timetables are made anew, promises re-checked."""
        before, self.times = self.times, times
        kernels.reschedule(now_s, self.fleet, self.requests, before, times, self.rules)

    def state(self) -> State:
        """Everything but times, rules and strategy, as arrays."""
        out: State = {"fleet": self.fleet.copy(), "requests": self.requests.copy()}
        out.update({f"heap/{name}": values.copy() for name, values in self.heap._asdict().items()})
        out["finished"] = self.log.finished.copy()
        out["counts"] = self.log.counts.copy()
        out["success"] = self.scratch.success.copy()
        return out

    def restore(self, state: State) -> None:
        """Put back what :meth:`state` gave; sizes may differ from those the desk was made with."""
        # Arrays from a file have lost that their records are aligned, by which the compiler tells types apart.
        self.fleet = state["fleet"].astype(VAN)
        self.requests = state["requests"].astype(REQUEST)
        self.heap = Heap(**{name: state[f"heap/{name}"].copy() for name in Heap._fields})  # type: ignore[arg-type]
        self.log = new_log(len(self.fleet), len(self.requests), _LEGS)
        self.log.finished[:] = state["finished"]
        self.log.counts[:] = state["counts"]
        self.scratch = new_scratch(len(self.fleet))
        self.scratch.success[:] = state["success"]

    def take_over(self, before: Desk) -> None:
        """Go on from another desk with the same past: its events, but for ends of service, and its answers."""
        answered = int(before.log.counts[kernels.FINISHED])
        self.log.finished[:answered] = before.log.finished[:answered]
        self.log.counts[:] = before.log.counts
        heap = before.heap
        for entry in range(int(heap.size[0])):
            if heap.kinds[entry] not in (kernels.CLOSE, kernels.REPLAN, kernels.REBALANCE):
                self._push(heap.times[entry], heap.kinds[entry], int(heap.payloads[entry]))

    def _push(self, time_s: float, kind: int, van: int) -> None:
        if not push(*self.heap, time_s, kind, self.fleet["id"][van] if van >= 0 else np.uint64(0), van):
            raise EngineError(
                f"the event queue of transit is full with {int(self.heap.size[0])} events",
                mend="this is a fault of the model, not of the scenario; please report it with the scenario",
            )

    def _plan_anew(self) -> None:
        """Let the strategy change plans, then the vans do what these ask for."""
        now_s = float(self.log.times[0])
        for van in self.strategy.plan_anew(self, now_s):  # type: ignore[union-attr]
            kernels.follow_plan(self.fleet[van], van, now_s, self.times, self.rules, self.log, self.heap)

    def _move_idle(self) -> None:
        """Send idle vans where the rebalancing wants them."""
        now_s = float(self.log.times[0])
        for van, stop in self.rebalancing.moves(self, now_s) if self.rebalancing else []:
            kernels.send(van, stop, now_s, self.fleet, self.rules, self.heap)

    def _grow_heap(self) -> None:
        """Twice as much room for events."""
        heap = new_heap(2 * len(self.heap.times))
        count = int(self.heap.size[0])
        for name in ("times", "kinds", "ids", "payloads"):
            getattr(heap, name)[:count] = getattr(self.heap, name)[:count]
        heap.size[0] = count
        self.heap = heap

    def _read_legs(self) -> Legs:
        count = int(self.log.counts[kernels.LEGS])
        self.log.counts[kernels.LEGS] = 0
        return self.log.legs[:count].copy()

    def _decide(self, request: int) -> None:
        """Ask the strategy, check its answer, and carry it out."""
        assert self.strategy is not None  # noqa: S101  (rules.strategy is ASK only then)
        now_s = float(self.requests["asked_s"][request])
        choice = self.strategy.choose(self, request, now_s)
        if choice.van < 0:
            if self.rules.offers:
                given = request, now_s, self.scratch, self.fleet, self.requests, self.times, self.rules
                find_offer(*given)
                if self.rules.other_stop_m > 0:
                    find_other_stop(*given)
            kernels.refuse(request, choice.reason, self.requests, self.log)
            return
        cost = kernels.insertion_cost(
            request, choice.van, choice.pick_before, choice.drop_before, now_s,
            self.scratch.moved, self.fleet, self.requests, self.times, self.rules,
        )  # fmt: skip
        if not np.isfinite(cost):
            raise EngineError(
                f"strategy {type(self.strategy).__name__} put request {int(self.requests['id'][request])} into van "
                f"{choice.van} before tasks {choice.pick_before} and {choice.drop_before}, which breaks a promise",
                where=f"transit, {now_s:g} s", mend="offer only insertions with a finite kernels.insertion_cost",
            )  # fmt: skip
        kernels.insert(
            request, choice.van, choice.pick_before, choice.drop_before, now_s,
            self.fleet, self.requests, self.times, self.rules, self.log, self.heap,
        )  # fmt: skip
