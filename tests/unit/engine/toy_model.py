"""A whole model on one page: people arrive by keyed draws, stay a while, leave; some are sent on.

It shows everything the protocol asks for, and serves the engine's tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from mesa import Agent

from twin.engine.channels import RowKind, Rows
from twin.engine.draws import event, exponential, make_stream
from twin.engine.ids import Kind, make_ids
from twin.engine.ledger import Account
from twin.engine.sim_model import Stage, State, Tables


class Attendant(Agent):
    """The one who decides in this toy; the crowd is rows of arrays."""


class ToyModel:
    """Visitors with exact arrival and stay; on leaving they go on to ``target``, or out."""

    def __init__(
        self,
        name: str,
        visitors: int,
        *,
        mean_gap_s: float = 30.0,
        mean_stay_s: float = 120.0,
        target: str = "",
        lead_s: float = 0.0,
    ) -> None:
        self.name = name
        self._visitors, self._gap_s, self._stay_s = visitors, mean_gap_s, mean_stay_s
        self._target, self._lead_s = target, lead_s

    #: Lines for the reader of the results.
    notes: Sequence[str] = ()

    @classmethod
    def build(cls, params, city, tables) -> ToyModel:
        return cls("toy", int(params.visitors))

    @staticmethod
    def heeds(params) -> frozenset[str]:
        return frozenset()

    @property
    def leads_s(self) -> Mapping[str, float]:
        return {self._target: self._lead_s} if self._lead_s else {}

    def begin(self, stage: Stage) -> None:
        self._channels = stage.channels
        self._start_s = stage.start_s
        Attendant(stage.city_model)
        self._stay_stream = make_stream(stage.run_seed, f"{self.name}.stay")
        arrival = make_stream(stage.run_seed, f"{self.name}.arrival")
        self.id = make_ids(Kind.WALKER, sum(self.name.encode()), self._visitors)
        gaps = [exponential(arrival, id_, event(0), self._gap_s) for id_ in self.id]
        self.arrive_s = stage.start_s + np.cumsum(gaps) if self._visitors else np.empty(0)
        self.leave_s = self.arrive_s + np.array([self._stay_of(id_) for id_ in self.id]).reshape(self._visitors)
        self.entered, self.gone, self.received, self.handed_over = 0, 0, 0, 0
        self._now_s = stage.start_s
        self._finished: list[tuple[int, float]] = []

    def _stay_of(self, id_: np.uint64) -> float:
        return float(exponential(self._stay_stream, np.uint64(id_), event(1), self._stay_s))

    def advance(self, until_s: float) -> None:
        self._take_in(self._channels.take(self.name, until_s))
        own = self.arrive_s > self._now_s if self._now_s > self._start_s else self.arrive_s >= self._start_s
        self.entered += int(np.count_nonzero(own & (self.arrive_s <= until_s) & (self.origin == 0)))
        out = np.flatnonzero((self.leave_s > self._now_s) & (self.leave_s <= until_s))
        self._let_out(out[np.lexsort((self.id[out], self.leave_s[out]))])
        self._now_s = until_s

    @property
    def origin(self) -> np.ndarray:
        """0 for own visitors, 1 for those taken over; by their place in the arrays."""
        return (np.arange(len(self.id)) >= self._visitors).astype(int)

    def _take_in(self, rows: Rows) -> None:
        self.received += len(rows)
        self.id = np.concatenate([self.id, rows.data["id"]])
        self.arrive_s = np.concatenate([self.arrive_s, rows.data["time_s"]])
        stays = np.array([self._stay_of(id_) for id_ in rows.data["id"]]).reshape(len(rows))
        self.leave_s = np.concatenate([self.leave_s, rows.data["time_s"] + stays])

    def _let_out(self, out: np.ndarray) -> None:
        self._finished.extend((int(self.id[i]), float(self.leave_s[i])) for i in out)
        if self._target and len(out):
            own = out[out < self._visitors]  # those taken over leave for good, else they would go in circles
            self._channels.send(
                self._target,
                Rows.of(
                    len(own),
                    time_s=self.leave_s[own] + self._lead_s,
                    kind=RowKind.ROAD_LEAVE,
                    id=self.id[own],
                    bodies=1,
                ),
            )
            self.handed_over += len(own)
            self.gone += len(out) - len(own)
        else:
            self.gone += len(out)

    def accounts(self) -> Sequence[Account]:
        inside = int(np.count_nonzero((self.arrive_s <= self._now_s) & (self.leave_s > self._now_s)))
        return [Account("visitors", self.entered, inside, {"exit": self.gone}, self.received, self.handed_over)]

    def is_empty(self) -> bool:
        return bool(np.all(self.leave_s <= self._now_s))

    def finish(self) -> None:
        """Nothing is kept open."""

    def drain_tables(self) -> Tables:
        rows, self._finished = self._finished, []
        n = len(rows)
        return {
            "traces": {
                "body": np.full(n, 4, np.uint8),
                "id": np.array([r[0] for r in rows], np.uint64),
                "trip": np.zeros(n, np.int32),
                "time_s": np.array([r[1] for r in rows], np.float64),
                "x_m": np.zeros(n, np.float32),
                "y_m": np.zeros(n, np.float32),
                "state": np.zeros(n, np.uint8),
            }
        }

    def state(self) -> State:
        counts = np.array([self.entered, self.gone, self.received, self.handed_over])
        return {
            "id": self.id,
            "arrive_s": self.arrive_s,
            "leave_s": self.leave_s,
            "counts": counts,
            "now_s": np.array([self._now_s]),
        }

    def restore(self, state: State, forked_at_s: float | None = None) -> None:
        self.id, self.arrive_s, self.leave_s = (state[k].copy() for k in ("id", "arrive_s", "leave_s"))
        self.entered, self.gone, self.received, self.handed_over = (int(v) for v in state["counts"])
        self._now_s = float(state["now_s"][0])
        self._finished = []
