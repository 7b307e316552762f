"""The in-gate as a queue: moments of arrival in, waits out, through the kernel that runs the terminal.

For theory, and for whoever wants a fast queue with several servers::

    queue = GateQueue(servers=4, service=ServiceLaw(law="exponential", mean_s=60.0))
    visits = queue.run(np.cumsum(gaps_s))
    visits.wait_s.mean()
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.engine.draws import make_run_seed
from twin.engine.ids import Kind, make_ids
from twin.engine.stations.state import StationState, arrays_of
from twin.models.terminal import names
from twin.models.terminal.gate.kernels import run_until
from twin.models.terminal.gate.layout import Layout, make_layout
from twin.models.terminal.gate.params import GateService, HoldingYard, LaneGroup, ServiceLaw
from twin.models.terminal.gate.row_kernels import copy_served, reset_rows
from twin.models.terminal.gate.state import BLANK, RecordRoom, blank_rows, new_state, record_room, state_of
from twin.models.terminal.params import Conpas, TerminalParams

#: The servers open so long before and close so long after time 0.
_FOREVER_S = 1e17
_ROOM = 4096
_BLOCK = 4096
_MOST_SPACES = 20_000


class Served(NamedTuple):
    """What came of the customers of one run, in the order of arrival.

    Attributes
    ----------
    wait_s, start_s, end_s : (n,) float64
        Wait for a server, and the moments at which service began and ended.
    server : (n,) int32
        Number of the server.
    records : list of RecordRoom
        Every change of the line and of the servers, in order; empty if not asked for.
    """

    wait_s: Floats
    start_s: Floats
    end_s: Floats
    server: NDArray[np.int32]
    records: list[RecordRoom]


class GateQueue:
    """Servers that serve one line in the order of arrival, booked customers first if there are any.

    Parameters
    ----------
    servers
        How many.
    service
        Law of the service; drawn by key for each customer (seed, replication, number of the customer).
    seed
        Base seed.
    lanes
        In place of equal servers: groups of lanes as the terminal has them.
    rules
        Further parameters of the terminal, such as ``queues``.

    Raises
    ------
    ValidationError
        If the terminal cannot be built so.
    """

    def __init__(
        self,
        servers: int,
        service: ServiceLaw,
        *,
        seed: int = 1,
        lanes: dict[str, LaneGroup] | None = None,
        **rules: object,
    ) -> None:
        self._seed = seed
        lanes = lanes or {"A": LaneGroup(count=servers, kind="booked_first")}
        fields: dict[str, object] = {
            "lanes": lanes,
            "opening": ((-_FOREVER_S, _FOREVER_S),),
            "service": GateService(**service.model_dump()),
            "move_up_s": 0.0,
            "conpas": Conpas(reserved_lane=any(lane.kind == "booked_first" for lane in lanes.values())),
            "trouble": False,
            "yard": False,
            "out_gate": False,
            "holding_yards": {"line": HoldingYard(spaces=_MOST_SPACES)},
            "approach": "none",
        }
        self._params = TerminalParams.model_validate(fields | rules)

    def run(
        self, arrivals_s: Floats, *, booked: NDArray[np.bool_] | None = None, replication: int = 0, records: bool = True
    ) -> Served:
        """Serve customers until all are gone.

        Parameters
        ----------
        arrivals_s : (n,) float64
            Moments of arrival, ascending.
        booked : (n,) bool, optional
            Who is served before the others; nobody by default.
        replication
            Number of the replication: another luck.
        records
            Whether to keep every change of the line.

        Raises
        ------
        ValueError
            If the moments do not ascend.
        """
        if (arrivals_s[1:] < arrivals_s[:-1]).any():
            raise ValueError("arrivals_s must ascend: sort the moments of arrival first")
        n = len(arrivals_s)
        ids = make_ids(Kind.TRUCK, 0, n)
        layout = make_layout(self._params, make_run_seed(self._seed, replication), 0.0)
        now = new_state(layout, ids[:0], *blank_rows(0))
        customer = free = np.zeros(0, np.int64)
        times, server = np.empty((3, n)), np.empty(n, np.int32)
        room, kept = record_room(_ROOM), []
        done = 0
        while True:
            if len(free) < _BLOCK // 2:
                now, customer, free = _more_rows(layout, now, customer, free)
            # Rows of customers who have left serve anew, so that all that is in use fits a processor's cache.
            rows = free[: n - done]
            free = free[len(rows) :]
            served = arrivals_s[done : done + len(rows)]
            reset_rows(rows, *BLANK, now.time_s, now.word, now.code)
            customer[rows] = np.arange(done, done + len(rows))
            now.ids[rows] = ids[done : done + len(rows)]
            if booked is not None:
                now.word[rows, names.CLASS] = booked[done : done + len(rows)]
            done += len(rows)
            now.tally[[names.ARRIVAL_NEXT, names.OUT_COUNT]] = 0
            out_rows = np.empty(len(now.ids), np.int64)
            until_s = served[-1] if done < n else 2.0 * _FOREVER_S
            while run_until(until_s, *now, rows, served, out_rows, *room) != names.REACHED:
                if records:
                    kept.append(room)
                    room = record_room(_ROOM)
                now.tally[names.REC_COUNT] = 0
            gone = out_rows[: now.tally[names.OUT_COUNT]]
            copy_served(gone, now.time_s, now.word, customer, times, server)
            free = np.concatenate([free, gone])
            if done == n:
                break
        if records:
            used = int(now.tally[names.REC_COUNT])
            kept.append(RecordRoom(room.counts[:, :used], room.numbers[:, :used]))
        return Served(times[0], times[1], times[2], server, kept)


def _more_rows(
    layout: Layout, now: StationState, customer: NDArray[np.int64], free: NDArray[np.int64]
) -> tuple[StationState, NDArray[np.int64], NDArray[np.int64]]:
    """Twice as many rows, or the first ones: a long line needs them."""
    old = len(now.ids)
    new = max(old, _BLOCK)
    arrays = arrays_of(now)
    more = (np.zeros(new, np.uint64), *blank_rows(new))
    for name, part in zip(("ids", "time_s", "word", "code"), more, strict=True):
        arrays[name] = np.concatenate([arrays[name], part])
    room = np.zeros(new, np.int64)
    grown = state_of(arrays, layout)
    grown.sched_time[:], grown.sched_word[:] = now.sched_time, now.sched_word
    return grown, np.concatenate([customer, room]), np.concatenate([free, np.arange(old, old + new)])
