"""Vehicles on the road now, as arrays: one slot per vehicle, paths in one pool.

A slot keeps its number while the vehicle is on the road and is used again afterwards. No result may depend on
slot numbers; order is by time and id.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.engine.sim_model import State

Slots = NDArray[np.int64]

_COLUMNS: dict[str, type[np.generic]] = {
    "id": np.uint64,
    "vehicle_class": np.uint8,
    "owner": np.uint8,
    "enter_s": np.float64,
    "free_s": np.float64,
    "leave_s": np.float64,
    "told": np.int32,
    "path_start": np.int64,
    "path_len": np.int32,
    "alive": np.bool_,
}


class Fleet:
    """Arrays of the vehicles that are on the road.

    Attributes
    ----------
    id : (n,) uint64
    vehicle_class, owner : (n,) uint8
        Index into ``VEHICLE_CLASSES``; code of the model that gets the vehicle back.
    enter_s, leave_s, free_s : (n,) float64
        When it asked to enter, when it leaves its path as far as known, and its free-flow seconds.
    told : (n,) int32
        Crossings already written to the log, the entry included.
    path_start : (n,) int64
    path_len : (n,) int32
        Its path is ``pool_link[path_start : path_start + path_len]``.
    alive : (n,) bool
        Whether the slot holds a vehicle.
    pool_link : (p,) int32
    pool_leave_s : (p,) float64
        Links of all paths, and when the vehicle leaves each, as far as known.
    """

    id: NDArray[np.uint64]
    vehicle_class: NDArray[np.uint8]
    owner: NDArray[np.uint8]
    enter_s: Floats
    free_s: Floats
    leave_s: Floats
    told: Ints
    path_start: Slots
    path_len: Ints
    alive: NDArray[np.bool_]

    def __init__(self) -> None:
        for name, dtype in _COLUMNS.items():
            setattr(self, name, np.zeros(64, dtype))
        self.leave_s[:] = np.inf
        self.pool_link: Ints = np.zeros(1024, np.int32)
        self.pool_leave_s: Floats = np.zeros(1024)
        self.pool_used = 0
        #: Grows whenever paths move within the pool.
        self.pool_version = 0
        self._free: list[int] = list(range(63, -1, -1))
        self._slot_of: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._slot_of)

    def slot_of(self, id_: int) -> int:
        """Slot of a vehicle, -1 if it is not on the road."""
        return self._slot_of.get(int(id_), -1)

    def inside(self) -> Slots:
        """Slots in use, ascending; counted from the flags."""
        return np.flatnonzero(self.alive)

    def add(self, id_: int, vehicle_class: int, owner: int, enter_s: float, path: Ints) -> int:
        """Take a vehicle in; returns its slot. The caller has checked path and id."""
        if not self._free:
            self._grow()
        slot = self._free.pop()
        self._slot_of[int(id_)] = slot
        self.id[slot] = id_
        self.vehicle_class[slot] = vehicle_class
        self.owner[slot] = owner
        self.enter_s[slot] = enter_s
        self.told[slot] = 0
        self.alive[slot] = True
        self.set_path(slot, path)
        return slot

    def set_path(self, slot: int, path: Ints) -> None:
        """Give a vehicle a path at the end of the pool; leaving times of a path before it are the caller's."""
        if self.pool_used + len(path) > len(self.pool_link):
            self._make_room(len(path))
        start = self.pool_used
        self.pool_link[start : start + len(path)] = path
        self.pool_used = start + len(path)
        self.path_start[slot] = start
        self.path_len[slot] = len(path)

    def path(self, slot: int) -> Ints:
        """Path of a vehicle (a view)."""
        start = int(self.path_start[slot])
        return self.pool_link[start : start + int(self.path_len[slot])]

    def leave_times(self, slot: int) -> Floats:
        """Times of leaving each link of its path (a view)."""
        start = int(self.path_start[slot])
        return self.pool_leave_s[start : start + int(self.path_len[slot])]

    def remove(self, slots: Slots) -> None:
        """Let vehicles go."""
        self.alive[slots] = False
        self.leave_s[slots] = np.inf
        for slot in slots.tolist():
            del self._slot_of[int(self.id[slot])]
            self._free.append(slot)

    def state(self) -> State:
        """Everything, as arrays."""
        out: State = {name: getattr(self, name).copy() for name in _COLUMNS}
        out["pool_link"] = self.pool_link[: self.pool_used].copy()
        out["pool_leave_s"] = self.pool_leave_s[: self.pool_used].copy()
        # When paths are packed depends on the room, so that it is part of the state.
        out["pool_room"] = np.array([len(self.pool_link)], np.int64)
        out["free_slots"] = np.array(self._free, np.int64)
        return out

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Put everything back as :meth:`state` gave it."""
        for name in _COLUMNS:
            setattr(self, name, state[name].copy())
        self.pool_used = len(state["pool_link"])
        room = int(state["pool_room"][0])
        self.pool_link = np.zeros(room, np.int32)
        self.pool_link[: self.pool_used] = state["pool_link"]
        self.pool_leave_s = np.zeros(room)
        self.pool_leave_s[: self.pool_used] = state["pool_leave_s"]
        self.pool_version += 1
        self._free = [int(slot) for slot in state["free_slots"]]
        self._slot_of = {int(self.id[slot]): int(slot) for slot in self.inside()}

    def _grow(self) -> None:
        old = len(self.alive)
        for name in _COLUMNS:
            column = getattr(self, name)
            setattr(self, name, np.concatenate([column, np.zeros(old, column.dtype)]))
        self.leave_s[old:] = np.inf
        self._free.extend(range(2 * old - 1, old - 1, -1))

    def _make_room(self, wanted: int) -> None:
        """Drop the paths of vehicles that have left; grow if that frees less than half."""
        slots = self.inside()
        starts, lengths = self.path_start[slots], self.path_len[slots].astype(np.int64)
        used = int(lengths.sum())
        room = len(self.pool_link)
        while used + wanted > room // 2:
            room *= 2
        new_start = np.cumsum(lengths) - lengths
        where = np.repeat(starts - new_start, lengths) + np.arange(used)
        links, times = np.zeros(room, np.int32), np.zeros(room)
        links[:used], times[:used] = self.pool_link[where], self.pool_leave_s[where]
        self.pool_link, self.pool_leave_s, self.pool_used = links, times, used
        self.path_start[slots] = new_start
        self.pool_version += 1
