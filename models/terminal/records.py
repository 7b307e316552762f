"""What the gate writes down: visits that ended, changes of the queue, slots, constants."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.engine.sim_model import State, Tables
from twin.models.terminal import kernels as k
from twin.models.terminal.layout import lane_names
from twin.models.terminal.params import MOST_LANES, TerminalParams
from twin.models.terminal.state import Now
from twin.models.terminal.vessel_work import crane_seconds

_WORDS = {
    "class": k.CLASS, "served_as": k.SERVED_AS, "kind": k.KIND, "moves_count": k.MOVES, "haulier_index": k.HAULIER,
    "reason": k.REASON, "yard": k.STOOD, "rehandles_count": k.REHANDLES,
}  # fmt: skip
_TIMES = {
    "slot_from_s": k.SLOT_FROM, "desired_s": k.DESIRED, "planned_s": k.PLAN, "enter_s": k.ENTER, "join_s": k.JOIN,
    "called_s": k.CALLED, "gate_start_s": k.GATE_START, "gate_end_s": k.GATE_END, "out_s": k.OUT, "wait_s": k.WAITED,
    "road_queue_s": k.ROAD_S, "yard_wait_s": k.YARD_WAITED, "hours_left_s": k.HOURS_LEFT,
    "crane_s": k.CRANE_S, "asked_s": k.ASKED,
}  # fmt: skip
_QUEUE = {
    "time_s": k.R_TIME, "trucks_in_line": k.R_LINE, "booked_in_line": k.R_BOOKED, "trucks_in_yards": k.R_YARDS,
    "trucks_on_road": k.R_ROAD, "metres_on_road_m": k.R_METRES, "lanes_open": k.R_OPEN, "lanes_busy": k.R_BUSY,
    "trucks_inside": k.R_INSIDE,
}  # fmt: skip


class Records:
    """Rows not yet drained.

    Parameters
    ----------
    room
        Records of the queue that the kernel may write before it asks to have them taken away.

    Attributes
    ----------
    room : (room, REC_COLUMNS) float64
        Where the kernel writes.
    """

    def __init__(self, room: int) -> None:
        self.room: NDArray[np.float64] = np.zeros((room, k.REC_COLUMNS))
        self._queue: list[NDArray[np.float64]] = []
        self._changes = 0
        self._ended: list[NDArray[np.int64]] = []

    def take_away(self, now: Now) -> None:
        """Move the records out of the kernel's room."""
        used = int(now.tally[k.REC_COUNT])
        if used:
            self._queue.append(self.room[:used].copy())
            now.tally[k.REC_COUNT] = 0

    def close(self, now: Now, at_s: float) -> None:
        """Repeat the last record at the end of the run, so that it counts until then."""
        self.take_away(now)
        last = now.num[: k.REC_COLUMNS].copy()
        last[k.R_TIME] = at_s
        self._queue.append(last[None, :])

    def ended(self, rows: NDArray[np.int64]) -> None:
        """Note visits that ended, by row."""
        if len(rows):
            self._ended.append(rows)

    def drain(self, now: Now) -> Tables:
        """Tables of everything since the last call."""
        self.take_away(now)
        out: Tables = {}
        if self._ended:
            rows = np.concatenate(self._ended)
            self._ended.clear()
            out["terminal_visits"] = _visits(now, rows)
        if self._queue:
            records = np.concatenate(self._queue)
            self._queue.clear()
            table: dict[str, NDArray[np.generic]] = {}
            for name, column in _QUEUE.items():
                values = records[:, column]
                table[name] = values if name.endswith(("_s", "_m")) else values.astype(np.int32)
            table["change"] = np.arange(self._changes, self._changes + len(records))
            self._changes += len(records)
            out["terminal_queue"] = table
        return out

    def state(self) -> State:
        """Everything not yet drained; the kernel's room is emptied into it."""
        return {
            "queue": np.concatenate([*self._queue, np.zeros((0, k.REC_COLUMNS))]),
            "room": self.room.copy(),
            "ended": np.concatenate([*self._ended, np.zeros(0, np.int64)]),
            "changes": np.array([self._changes]),
        }

    def restore(self, state: State) -> None:
        """Put back what :meth:`state` gave."""
        self._queue = [state["queue"].copy()] if len(state["queue"]) else []  # type: ignore[list-item]
        self.room = state["room"].copy()  # type: ignore[assignment]
        self._ended = [state["ended"].copy()] if len(state["ended"]) else []  # type: ignore[list-item]
        self._changes = int(state["changes"][0])


def _visits(now: Now, rows: NDArray[np.int64]) -> dict[str, NDArray[np.generic]]:
    out: dict[str, NDArray[np.generic]] = {"id": now.ids[rows]}
    for name, column in _TIMES.items():
        out[name] = now.time_s[rows, column]
    for name, column in _WORDS.items():
        out[name] = now.word[rows, column]
    # In-gate groups come first in the layout, each with room for as many lanes.
    lane = now.word[rows, k.LANE]
    out["lane_group"] = np.where(lane >= 0, lane // MOST_LANES, -1)
    out["lane"] = np.where(lane >= 0, lane % MOST_LANES, -1)
    out["trouble"] = (now.word[rows, k.FLAGS] & k.TROUBLED) > 0
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
