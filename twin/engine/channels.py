"""The three channels through which models meet: rows, orders and boards.

* **Rows**: travellers and vehicles who change model, with their exact time; their kinds stand in ``row_kinds``. A row
  sent to a model later in the fixed order acts in the same interval; towards an earlier model it carries a future time.
* **Orders**: the same arrays with another meaning: rewrite a path, open a lane, grant a place.
* **Boards**: read-only arrays that one model publishes, each valid from an exact time, so that a reader gets
  the same board for the same moment whatever the step.

Everything under way is part of the checkpoint and of the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Ints
from twin.engine.clock import clock_text
from twin.engine.row_kinds import ROW_DTYPE, TRAVELLER_KINDS, Body
from twin.engine.row_kinds import RowKind as RowKind
from twin.errors import EngineError

RowArray = NDArray[np.void]
_NO_PATH = np.empty(0, np.int32)


@dataclass
class Rows:
    """Crossings with their paths: row i has ``path[path_ptr[i]:path_ptr[i + 1]]``."""

    data: RowArray
    path_ptr: NDArray[np.int64]
    path: Ints

    @classmethod
    def empty(cls) -> Rows:
        """No rows."""
        return cls(np.empty(0, ROW_DTYPE), np.zeros(1, np.int64), _NO_PATH)

    @classmethod
    def of(cls, count: int, *, paths: Sequence[Ints] | None = None, **columns: object) -> Rows:
        """Rows from columns; columns that are left out are 0.

        Parameters
        ----------
        count
            Number of rows.
        paths
            One int32 array per row; none means empty paths.
        **columns
            Fields of :data:`ROW_DTYPE`, scalars or (count,) arrays.
        """
        data = np.zeros(count, ROW_DTYPE)
        for name, values in columns.items():
            data[name] = values
        if paths is None:
            return cls(data, np.zeros(count + 1, np.int64), _NO_PATH)
        ptr = np.zeros(count + 1, np.int64)
        np.cumsum([len(p) for p in paths], out=ptr[1:])
        path = np.concatenate(paths).astype(np.int32) if count else _NO_PATH
        return cls(data, ptr, path)

    def __len__(self) -> int:
        return len(self.data)

    def path_of(self, row: int) -> Ints:
        """Path of one row."""
        return self.path[self.path_ptr[row] : self.path_ptr[row + 1]]

    def take(self, index: NDArray[np.intp]) -> Rows:
        """The rows at ``index``, in that order."""
        lengths = np.diff(self.path_ptr)[index]
        ptr = np.zeros(len(index) + 1, np.int64)
        np.cumsum(lengths, out=ptr[1:])
        if ptr[-1] == 0:
            return Rows(self.data[index], ptr, _NO_PATH)
        # Position of every path element: start of its row plus its rank within the row.
        within = np.arange(ptr[-1]) - np.repeat(ptr[:-1], lengths)
        return Rows(self.data[index], ptr, self.path[np.repeat(self.path_ptr[:-1][index], lengths) + within])

    def joined(self, other: Rows) -> Rows:
        """These rows, then the others."""
        if not len(other):
            return self
        if not len(self):
            return other
        return Rows(
            np.concatenate([self.data, other.data]),
            np.concatenate([self.path_ptr, other.path_ptr[1:] + self.path_ptr[-1]]),
            np.concatenate([self.path, other.path]),
        )


class _Inbox:
    """Rows waiting for one model, unsorted; ``first_s`` is the earliest time among them."""

    def __init__(self) -> None:
        self.hold(Rows.empty())

    def hold(self, rows: Rows) -> None:
        """Have these rows and no others."""
        self.rows = rows
        self.first_s = float(rows.data["time_s"].min()) if len(rows) else np.inf
        self._bodies: dict[Body, int] | None = None if len(rows) else {"traveller": 0, "vehicle": 0}

    @property
    def bodies(self) -> dict[Body, int]:
        """Bodies in the rows; the ledger asks after every step, and most steps move nobody between models."""
        if self._bodies is None:
            each, travels = self.rows.data["bodies"], np.isin(self.rows.data["kind"], TRAVELLER_KINDS)
            self._bodies = {"traveller": int(each[travels].sum()), "vehicle": int(each[~travels].sum())}
        return self._bodies


class Channels:
    """Rows, orders and boards of one run.

    Parameters
    ----------
    order
        Names of the models in their fixed order.
    start_s
        The instant all models have reached.
    """

    def __init__(self, order: Sequence[str], start_s: float) -> None:
        self._order = tuple(order)
        self._reached_s = dict.fromkeys(order, float(start_s))
        self._begun = False
        self._boxes = {(channel, name): _Inbox() for channel in ("rows", "orders") for name in order}
        self._boards: dict[str, list[tuple[float, NDArray[np.generic]]]] = {}

    def send(self, target: str, rows: Rows) -> None:
        """Send rows (travellers, vehicles) to a model.

        Raises
        ------
        EngineError
            If a row is due at a moment the target has already passed: the lead of that loop is too short.
        """
        self._put("rows", target, rows)

    def send_orders(self, target: str, rows: Rows) -> None:
        """Send orders to a model; same rule as :meth:`send`."""
        self._put("orders", target, rows)

    def take(self, target: str, until_s: float) -> Rows:
        """Rows due by ``until_s``, sorted by time, kind, id; they leave the channel."""
        return self._get("rows", target, until_s)

    def take_orders(self, target: str, until_s: float) -> Rows:
        """Orders due by ``until_s``, sorted by time, kind, id."""
        return self._get("orders", target, until_s)

    def next_time_s(self, target: str) -> float:
        """Earliest row or order waiting for a model; infinite if none."""
        return min(self._boxes["rows", target].first_s, self._boxes["orders", target].first_s)

    def publish(self, name: str, values: NDArray[np.generic], valid_from_s: float) -> None:
        """Publish a board: the values are copied and stay as they are.

        Versions must come in the order of their times; the last two are kept, so that a reader inside the
        interval in which a new version begins still finds the one before.
        """
        copy = values.copy()
        copy.flags.writeable = False
        versions = self._boards.setdefault(name, [])
        versions.append((valid_from_s, copy))
        del versions[:-2]

    def board(self, name: str, at_s: float) -> NDArray[np.generic]:
        """Board as it stands at a moment.

        Raises
        ------
        EngineError
            If nobody has published it.
        """
        return self._version(name, at_s)[1]

    def board_since_s(self, name: str, at_s: float) -> float:
        """From when the board that stands at a moment has been valid.

        Raises
        ------
        EngineError
            If nobody has published it.
        """
        return self._version(name, at_s)[0]

    def _version(self, name: str, at_s: float) -> tuple[float, NDArray[np.generic]]:
        versions = self._boards.get(name)
        if not versions:
            raise EngineError(
                f"nobody publishes the board {name!r}",
                where=clock_text(at_s),
                mend="switch on the model that publishes it, or ask has_board first",
            )
        for version in reversed(versions):
            if version[0] <= at_s:
                return version
        return versions[0]

    def has_board(self, name: str) -> bool:
        """Whether a board has been published."""
        return name in self._boards

    def bodies_under_way(self, body: Body | None = None) -> int:
        """Travellers and vehicles in rows that no model has taken yet, or only one of both."""
        total = 0
        for (channel, _), box in self._boxes.items():
            if channel == "rows" and len(box.rows):
                total += sum(box.bodies.values()) if body is None else box.bodies[body]
        return total

    def reached(self, model: str, now_s: float) -> None:
        """Note that a model has advanced to an instant; called by the city's step only."""
        self._reached_s[model] = now_s
        self._begun = True

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Everything under way, as arrays."""
        out: dict[str, NDArray[np.generic]] = {
            "reached_s": np.array([self._reached_s[name] for name in self._order]),
            "begun": np.array([self._begun]),
        }
        for (channel, name), box in self._boxes.items():
            if len(box.rows):
                out[f"{channel}/{name}/data"] = box.rows.data
                out[f"{channel}/{name}/path_ptr"] = box.rows.path_ptr
                out[f"{channel}/{name}/path"] = box.rows.path
        for name, versions in self._boards.items():
            for i, (valid_from_s, values) in enumerate(versions):
                out[f"boards/{name}/{i}"] = values
                out[f"boards/{name}/{i}/valid_from_s"] = np.array([valid_from_s])
        return out

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Put everything back as :meth:`state` gave it."""
        self._reached_s = {name: float(t) for name, t in zip(self._order, state["reached_s"], strict=True)}
        self._begun = bool(state["begun"][0])
        for (channel, name), box in self._boxes.items():
            key = f"{channel}/{name}/data"
            rows = Rows.empty()
            if key in state:
                rows = Rows(
                    state[key].copy(),  # type: ignore[arg-type]
                    state[f"{channel}/{name}/path_ptr"].copy(),  # type: ignore[arg-type]
                    state[f"{channel}/{name}/path"].copy(),  # type: ignore[arg-type]
                )
            box.hold(rows)
        self._boards = {}
        for key in _board_keys(state):
            name = key.removeprefix("boards/").rsplit("/", 1)[0]
            self.publish(name, state[key], float(state[f"{key}/valid_from_s"][0]))

    def _put(self, channel: str, target: str, rows: Rows) -> None:
        if not len(rows):
            return
        first_s = float(rows.data["time_s"].min())
        reached_s = self._reached_s[target]
        # Before the first interval a row may act at the very start.
        late = first_s <= reached_s if self._begun else first_s < reached_s
        if late:
            raise EngineError(
                f"a row for {target} is due at {first_s} s, but {target} has already reached {reached_s} s",
                where=f"{target}, {clock_text(first_s)}",
                mend="make the clock's step shorter than the lead of this loop",
            )
        box = self._boxes[channel, target]
        box.hold(box.rows.joined(rows))

    def _get(self, channel: str, target: str, until_s: float) -> Rows:
        box = self._boxes[channel, target]
        if box.first_s > until_s:
            return Rows.empty()
        data = box.rows.data
        is_due = data["time_s"] <= until_s
        due = np.flatnonzero(is_due)
        if len(due) > 1:
            due = due[np.lexsort((data["id"][due], data["kind"][due], data["time_s"][due]))]
        taken = box.rows.take(due)
        box.hold(Rows.empty() if len(due) == len(data) else box.rows.take(np.flatnonzero(~is_due)))
        return taken


def _board_keys(state: Mapping[str, NDArray[np.generic]]) -> Iterator[str]:
    """Keys of board values, oldest version first per board."""
    return (k for k in sorted(state) if k.startswith("boards/") and not k.endswith("/valid_from_s"))
