"""Two toys that hand travellers to one another: people walk to a stop, vans carry them, people walk on.

They are what walking and transit are to do: see ``twin.engine.travellers``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twin.engine.channels import Rows
from twin.engine.draws import event, exponential, exponentials, make_stream, uniforms
from twin.engine.ids import Kind, make_ids, requests_of
from twin.engine.ledger import Account
from twin.engine.row_kinds import RowKind
from twin.engine.sim_model import Stage, State, Tables
from twin.engine.travellers import hand_back, hand_over

#: Codes of the two models, and the stops they know.
CARRIER, FEET = range(2)
STOPS = 3
LEAD_S = 40.0


class _Toy:
    """What both leave out of the protocol."""

    notes: Sequence[str] = ()

    @classmethod
    def build(cls, params, city, tables):
        raise NotImplementedError("toys are handed to the city as objects; no scenario builds them")

    @staticmethod
    def heeds(params) -> frozenset[str]:
        return frozenset()

    def finish(self) -> None:
        """Nothing is kept open."""

    def drain_tables(self) -> Tables:
        return {}


class Feet(_Toy):
    """Walkers with an exact moment at a stop; whoever comes back walks on for a while and leaves."""

    name = "feet"
    leads_s: Mapping[str, float] = {"carrier": LEAD_S}

    def __init__(self, walkers: int) -> None:
        self._walkers = walkers

    def begin(self, stage: Stage) -> None:
        self._channels = stage.channels
        self._stream = make_stream(stage.run_seed, "feet.walk")
        self.id = make_ids(Kind.WALKER, 3, self._walkers)
        gaps_s = exponentials(make_stream(stage.run_seed, "feet.gap"), self.id, event(0), 12.0)
        self.enter_s = stage.start_s + np.cumsum(gaps_s)
        self.at_stop_s = self.enter_s + LEAD_S + exponentials(self._stream, self.id, event(0), 60.0)
        u = uniforms(make_stream(stage.run_seed, "feet.stops"), self.id, event(0))
        self.origin = (u * STOPS).astype(np.int32)
        self.destination = ((self.origin + 1 + (u * 97 % 1.0 * (STOPS - 1)).astype(np.int32)) % STOPS).astype(np.int32)
        self.entered = self.received = self.handed_over = 0
        self.walks_on = np.zeros(0, [("id", "<u8"), ("until_s", "<f8"), ("carried", "?")])
        self.left = {"carried": 0, "gave_up": 0}
        self.diary: list[tuple[float, int, bool]] = []

    def advance(self, until_s: float) -> None:
        # Whoever enters decides to ride, and is the carrier's from then on.
        last = int(np.searchsorted(self.enter_s, until_s, side="right"))
        new = np.arange(self.entered, last)
        for row in new.tolist():
            ways = [np.array([self.origin[row], self.destination[row]], np.int32)]
            one = slice(row, row + 1)
            hand_over(self._channels, "carrier", self.id[one], self.at_stop_s[one], ways, owner=FEET,
                      now_s=float(self.enter_s[row]))  # fmt: skip
        self.entered = last
        self.handed_over += len(new)
        self._take_back(self._channels.take(self.name, until_s))
        gone = self.walks_on["until_s"] <= until_s
        for walker in np.sort(self.walks_on[gone], order=["until_s", "id"]):
            self.left["carried" if walker["carried"] else "gave_up"] += 1
            self.diary.append((float(walker["until_s"]), int(walker["id"]), bool(walker["carried"])))
        self.walks_on = self.walks_on[~gone]

    def _take_back(self, rows: Rows) -> None:
        assert np.all(rows.data["kind"] == RowKind.RIDE_LEAVE)
        assert np.all(rows.data["b"] == FEET)
        back = np.zeros(len(rows), self.walks_on.dtype)
        back["id"], back["carried"] = rows.data["id"], ~np.isnan(rows.data["since_s"])
        for i, row in enumerate(rows.data):
            at = int(np.searchsorted(self.id, row["id"]))
            stands = self.destination[at] if back["carried"][i] else self.origin[at]
            assert row["a"] == stands
            back["until_s"][i] = row["time_s"] + exponential(self._stream, row["id"], event(1), 50.0)
        self.received += len(rows)
        self.walks_on = np.concatenate([self.walks_on, back])

    def accounts(self) -> Sequence[Account]:
        inside = len(self.walks_on)
        return [Account("walkers", self.entered, inside, self.left, self.received, self.handed_over, body="traveller")]

    def is_empty(self) -> bool:
        return self.entered == len(self.id) and not len(self.walks_on)

    def state(self) -> State:
        return {
            "counts": np.array([self.entered, self.received, self.handed_over, *self.left.values()]),
            "walks_on": self.walks_on.copy(),
            "diary": np.array(self.diary, [("at_s", "<f8"), ("id", "<u8"), ("carried", "?")]),
        }

    def restore(self, state: State, forked_at_s: float | None = None) -> None:
        self.entered, self.received, self.handed_over, *left = (int(x) for x in state["counts"])
        self.left = dict(zip(self.left, left, strict=True))
        self.walks_on = state["walks_on"].copy()
        self.diary = [(float(at_s), int(id_), bool(carried)) for at_s, id_, carried in state["diary"]]


class Carrier(_Toy):
    """A van leaves every stop each ``HEADWAY_S`` with so many seats; who waits too long gives up."""

    name = "carrier"
    leads_s: Mapping[str, float] = {}
    HEADWAY_S, SEATS, PATIENCE_S = 150.0, 4, 200.0

    def begin(self, stage: Stage) -> None:
        self._channels = stage.channels
        self._stream = make_stream(stage.run_seed, "carrier.ride")
        self._start_s = stage.start_s
        self.left = 0
        self.received = self.handed_over = 0
        self.waiting = Rows.empty()
        self.riding = Rows.empty()
        self.off_s, self.on_s = np.zeros(0), np.zeros(0)

    def advance(self, until_s: float) -> None:
        new = self._channels.take(self.name, until_s)
        assert np.all(new.data["kind"] == RowKind.RIDE_ENTER)
        self.received += len(new)
        self.waiting = self.waiting.joined(new)
        while self._start_s + (self.left + 1) * self.HEADWAY_S <= until_s:
            self.left += 1
            self._depart(self._start_s + self.left * self.HEADWAY_S)
        self._give_up(until_s)
        self._let_off(until_s)

    def _depart(self, at_s: float) -> None:
        self._give_up(np.nextafter(at_s, -np.inf))
        data = self.waiting.data
        boards = np.zeros(len(data), np.bool_)
        for stop in range(STOPS):
            here = np.flatnonzero((data["a"] == stop) & (data["time_s"] <= at_s))
            order = np.lexsort((data["id"][here], data["time_s"][here]))
            boards[here[order][: self.SEATS]] = True
        on = self.waiting.take(np.flatnonzero(boards))
        # The ride is drawn for the request, never for the person.
        ride_s = exponentials(self._stream, requests_of(on.data["id"].copy()), event(0), 90.0)
        self.off_s = np.append(self.off_s, at_s + ride_s)
        self.on_s = np.append(self.on_s, np.full(len(on), at_s))
        self.riding = self.riding.joined(on)
        self.waiting = self.waiting.take(np.flatnonzero(~boards))

    def _give_up(self, until_s: float) -> None:
        end_s = self.waiting.data["time_s"] + self.PATIENCE_S
        over = np.flatnonzero(end_s <= until_s)
        rows = self.waiting.take(over)
        self._back(rows, end_s[over], rows.data["a"].copy(), np.full(len(rows), np.nan))
        self.waiting = self.waiting.take(np.flatnonzero(end_s > until_s))

    def _let_off(self, until_s: float) -> None:
        over = np.flatnonzero(self.off_s <= until_s)
        rows, stay = self.riding.take(over), self.off_s > until_s
        last = np.array([rows.path_of(i)[-1] for i in range(len(rows))], np.int32)
        self._back(rows, self.off_s[over], last, self.on_s[over])
        self.riding = self.riding.take(np.flatnonzero(stay))
        self.off_s, self.on_s = self.off_s[stay], self.on_s[stay]

    def _back(self, rows: Rows, at_s: np.ndarray, places: np.ndarray, boarded_s: np.ndarray) -> None:
        if len(rows):
            hand_back(self._channels, "feet", rows, at_s, places, boarded_s)
            self.handed_over += len(rows)

    def accounts(self) -> Sequence[Account]:
        inside = len(self.waiting) + len(self.riding)
        return [Account("riders", 0, inside, {}, self.received, self.handed_over, body="traveller")]

    def is_empty(self) -> bool:
        return not len(self.waiting) and not len(self.riding)

    def state(self) -> State:
        out: State = {"counts": np.array([self.left, self.received, self.handed_over]), "off_s": self.off_s.copy(),
                      "on_s": self.on_s.copy()}  # fmt: skip
        for name, rows in (("waiting", self.waiting), ("riding", self.riding)):
            out |= {
                f"{name}/data": rows.data.copy(),
                f"{name}/ptr": rows.path_ptr.copy(),
                f"{name}/path": rows.path.copy(),
            }
        return out

    def restore(self, state: State, forked_at_s: float | None = None) -> None:
        self.left, self.received, self.handed_over = (int(x) for x in state["counts"])
        self.off_s, self.on_s = state["off_s"].copy(), state["on_s"].copy()
        for name in ("waiting", "riding"):
            setattr(self, name, Rows(*(state[f"{name}/{part}"].copy() for part in ("data", "ptr", "path"))))
