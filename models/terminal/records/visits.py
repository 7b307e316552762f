"""What the gate writes down: visits that ended, changes of the queue, slots, constants."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.engine.sim_model import State, Tables
from twin.engine.stations.state import StationState
from twin.models.terminal import names
from twin.models.terminal.demand.vessel_work import crane_seconds
from twin.models.terminal.gate.layout import lane_names
from twin.models.terminal.gate.params import MOST_LANES
from twin.models.terminal.gate.road_queue import RoadQueue
from twin.models.terminal.gate.row_kernels import copy_visits
from twin.models.terminal.gate.state import RecordRoom, joined, record_room
from twin.models.terminal.params import QueueOnRoad, TerminalParams

#: Records of the queue that a room takes.
_FIRST_ROOM, _MOST_ROOM = 4096, 65536

_WORDS = {
    "class": names.CLASS,
    "kind": names.KIND,
    "moves_count": names.MOVES,
    "haulier_index": names.HAULIER,
    "yard": names.STOOD,
    "rehandles_count": names.REHANDLES,
}
_CODES = {"served_as": names.SERVED_AS, "reason": names.REASON}
_TIMES = {
    "slot_from_s": names.SLOT_FROM,
    "desired_s": names.DESIRED,
    "planned_s": names.PLAN,
    "enter_s": names.ENTER,
    "join_s": names.JOIN,
    "called_s": names.CALLED,
    "gate_start_s": names.GATE_START,
    "gate_end_s": names.GATE_END,
    "out_s": names.OUT,
    "wait_s": names.WAITED,
    "road_queue_s": names.ROAD_S,
    "yard_wait_s": names.YARD_WAITED,
    "hours_left_s": names.HOURS_LEFT,
    "crane_s": names.CRANE_S,
    "asked_s": names.ASKED,
}
_QUEUE = {
    "trucks_in_line": names.R_LINE,
    "booked_in_line": names.R_BOOKED,
    "trucks_in_yards": names.R_YARDS,
    "trucks_on_road": names.R_ROAD,
    "booked_on_road": names.R_BOOKED_ROAD,
    "metres_on_road_m": -1,
    "lanes_open": names.R_OPEN,
    "lanes_busy": names.R_BUSY,
    "trucks_inside": names.R_INSIDE,
}
_TIME_COLUMNS, _WORD_COLUMNS, _CODE_COLUMNS = (np.array(list(of.values())) for of in (_TIMES, _WORDS, _CODES))


class Records:
    """Rows not yet drained.

    Parameters
    ----------
    on_links
        Given where trucks stand on the links of the road: the road tells only at the end since when each stood
        there, so that records of the queue are kept until :meth:`settle`.

    Attributes
    ----------
    room
        Where the kernel writes, until it asks to have the records taken away.
    """

    def __init__(self, on_links: QueueOnRoad | None = None) -> None:
        self.room = record_room(_FIRST_ROOM)
        self._queue: list[RecordRoom] = []
        self._changes = 0
        self._ended: list[NDArray[np.int64]] = []
        self._road = RoadQueue(on_links) if on_links else None

    def take_away(self, now: StationState) -> None:
        """Move the records out of the kernel's room; a room that proved too small is followed by a larger one."""
        used = int(now.tally[names.REC_COUNT])
        now.tally[names.REC_COUNT] = 0
        room = self.room.numbers.shape[1]
        written = RecordRoom(self.room.counts[:, :used], self.room.numbers[:, :used])
        if used == room:
            self.room = record_room(min(2 * room, _MOST_ROOM))
        else:
            written = RecordRoom(written.counts.copy(), written.numbers.copy())
        if used:
            self._queue.append(written)

    def close(self, now: StationState, at_s: float) -> None:
        """Repeat the last record at the end of the run, so that it counts until then."""
        self.take_away(now)
        counts = now.tally[names.LAST : names.LAST + names.REC_COUNTS, None].astype(np.int32)
        self._queue.append(RecordRoom(counts, np.array([[at_s], [now.num[names.LAST_METRES]]])))

    def stood(self, now: StationState, rows: NDArray[np.int64], came_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Note trucks that have come off the road; gives the metres from the gate at which each began to stand."""
        return np.zeros(len(rows)) if self._road is None else self._road.note(now, rows, came_s)

    def settle(self, now: StationState) -> None:
        """The run is over: the trucks that stood on links of the road go into the records of the queue."""
        if self._road is not None:
            self.take_away(now)
            self._queue = [self._road.merged(joined(self._queue))]
            self._road = None

    def ended(self, rows: NDArray[np.int64]) -> None:
        """Note visits that ended, by row."""
        if len(rows):
            self._ended.append(rows)

    def drain(self, now: StationState) -> Tables:
        """Tables of everything since the last call."""
        self.take_away(now)
        out: Tables = {}
        if self._ended:
            rows = np.concatenate(self._ended)
            self._ended.clear()
            out["terminal_visits"] = _visits(now, rows)
        if self._queue and self._road is None:
            counts, numbers = joined(self._queue)
            self._queue.clear()
            table: dict[str, NDArray[np.generic]] = {"time_s": numbers[names.R_TIME]}
            for name, row in _QUEUE.items():
                table[name] = counts[row] if row >= 0 else numbers[names.R_METRES]
            table["change"] = np.arange(self._changes, self._changes + counts.shape[1])
            self._changes += counts.shape[1]
            out["terminal_queue"] = table
        return out

    def state(self) -> State:
        """Everything not yet drained, after :meth:`take_away`."""
        queue = joined(self._queue)
        return {
            "counts": queue.counts,
            "numbers": queue.numbers,
            "ended": np.concatenate([*self._ended, np.zeros(0, np.int64)]),
            "changes": np.array([self._changes]),
            **(self._road.state() if self._road is not None else {}),
        }

    def restore(self, state: State) -> None:
        """Put back what :meth:`state` gave."""
        kept = RecordRoom(state["counts"].astype(np.int32), state["numbers"].astype(np.float64))
        self._queue = [kept] if kept.counts.shape[1] else []
        self._ended = [state["ended"].copy()] if len(state["ended"]) else []  # type: ignore[list-item]
        self._changes = int(state["changes"][0])
        if self._road is not None:
            self._road.restore(state)


def _visits(now: StationState, rows: NDArray[np.int64]) -> dict[str, NDArray[np.generic]]:
    n = len(rows)
    ids, times, words = np.empty(n, np.uint64), np.empty((len(_TIMES), n)), np.empty((len(_WORDS), n), np.int32)
    codes, lanes, trouble = np.empty((len(_CODES), n), np.int32), np.empty((2, n), np.int32), np.empty(n, np.bool_)
    copy_visits(
        rows, now.ids, now.time_s, now.word, now.code, _TIME_COLUMNS, _WORD_COLUMNS, _CODE_COLUMNS, MOST_LANES,
        ids, times, words, codes, lanes, trouble,
    )  # fmt: skip
    out: dict[str, NDArray[np.generic]] = {"id": ids}
    out.update(zip(_TIMES, times, strict=True))
    out.update(zip(_WORDS, words, strict=True))
    out.update(zip(_CODES, codes, strict=True))
    out.update({"lane_group": lanes[0], "lane": lanes[1], "trouble": trouble})
    return out


def constant_table(params: TerminalParams, learning_residual_s: float) -> Tables:
    """What the KPIs need to know of the parameters, and how far learning has settled."""
    money = params.money
    values: dict[str, float] = {
        "fee_after_s": money.fee_after_s, "fee_yen": money.fee_yen, "fee_late_after_s": money.fee_late_after_s,
        "fee_late_yen": money.fee_late_yen, "idle_fuel_per_s": money.idle_fuel_per_s, "fuel_co2": money.fuel_co2,
        "idle_nox_per_s": money.idle_nox_per_s, "closing_s": params.closing_s, "first_open_s": params.opening[0][0],
        "learning_days": float(params.learning.days), "learning_residual_s": learning_residual_s,
        "crane_open_s": crane_seconds(params), "gate_open_s": sum(end - start for start, end in params.opening),
    }  # fmt: skip
    values.update({f"lane:{i}:{name}": float(params.lanes[name].count) for i, name in enumerate(lane_names(params))})
    values.update({f"hauliers:{i}:{name}": float(t.hauliers) for i, (name, t) in enumerate(params.hauliers.items())})
    return {"terminal_constants": {"name": np.array(list(values)), "value": np.array(list(values.values()))}}
