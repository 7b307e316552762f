"""Who may drive where and when: edits with hours, streets closed to classes, and routes that keep to both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Flags, Floats, Ints
from twin.city.city import City, LinkChange, StreetLayer
from twin.city.hours import DAYS
from twin.city.routing.turns import TurnGraph, first_banned_turn, turn_graph
from twin.city.routing.ways import PathFinder
from twin.city.rules import DAY_S, EVERY_DAY
from twin.columns import VEHICLE_CLASSES
from twin.models.road_traffic.routes import RouteTrees


class Access:
    """State of every drive link at a moment that only moves on.

    Parameters
    ----------
    city
        Its drive layer with its rules, ``timed`` and ``closed_to``; hours of signs stand in ``timed`` too.
    start_s
        Changes up to this moment have been made.

    Attributes
    ----------
    speed_mps : (m,) float64
        Free-flow speed now; a closed link keeps its own.
    lanes : (m,) int16
    closed : (m,) bool
        Closed now and open again later: whoever has no other way waits before it.
    opens_s : (m,) float64
        When a closed link opens; -inf while it is open.
    barred : (classes, m) bool
        Closed to the class, or to everybody for good: whoever has no other way has none.
    is_restricted : bool
        Whether any link is or may later be closed, to anybody.
    now_s : float
        The moment that has been reached.
    turns_moved : bool
        Whether other turns are banned since the last move.
    """

    def __init__(self, city: City, start_s: float) -> None:
        drive = city.drive
        self.speed_mps: Floats = drive.free_speed_mps.copy()
        self.lanes = drive.lanes.copy()
        self.closed: Flags = np.zeros(drive.link_count, np.bool_)
        self.opens_s: Floats = np.full(drive.link_count, -np.inf)
        self.barred: Flags = np.zeros((len(VEHICLE_CLASSES), drive.link_count), np.bool_)
        self.barred[:, drive.free_speed_mps <= 0.0] = True
        if len(drive.rules.closed):
            self.barred |= (drive.rules.closed >> np.arange(len(VEHICLE_CLASSES))[:, None] & 1).astype(bool)
        for link, classes in city.closed_to.items():
            self.barred[_codes(classes), link] = True
        self._changes = sorted(city.timed, key=lambda change: (change.time_s, change.link_index))
        self._times_s = np.array([change.time_s for change in self._changes])
        self._reopens_s = _reopening(self._changes)
        self._turn_times_s = np.array(_turn_moments_s(drive))
        self.now_s, self.turns_moved = start_s, False
        self._done = 0
        self.is_restricted = bool(self._changes) or bool(self.barred.any())
        self.move_to(start_s)

    @property
    def changes(self) -> bool:
        """Whether any link changes with the hours."""
        return bool(self._changes)

    def next_change_s(self, after_s: float) -> float:
        """Next moment at which a link changes; infinite if none does any more."""
        i = int(np.searchsorted(self._times_s, after_s, side="right"))
        link_s = float(self._times_s[i]) if i < len(self._times_s) else np.inf
        j = int(np.searchsorted(self._turn_times_s, after_s, side="right"))
        return min(link_s, float(self._turn_times_s[j]) if j < len(self._turn_times_s) else np.inf)

    def move_to(self, at_s: float) -> Ints:
        """Make all changes up to and including a moment; returns the links that changed, ascending."""
        turned = np.searchsorted(self._turn_times_s, [self.now_s, at_s], side="right")
        self.turns_moved, self.now_s = bool(turned[0] != turned[1]), max(self.now_s, at_s)
        first, self._done = self._done, max(self._done, int(np.searchsorted(self._times_s, at_s, side="right")))
        for i in range(first, self._done):
            change, reopens_s = self._changes[i], self._reopens_s[i]
            link = change.link_index
            self.speed_mps[link], self.lanes[link] = change.speed_mps, change.lanes
            self.barred[:, link] = not change.is_open and reopens_s == np.inf
            self.barred[_codes(change.closed_to), link] = True
            self.closed[link] = not change.is_open
            self.opens_s[link] = -np.inf if change.is_open else reopens_s
        return np.unique(np.array([c.link_index for c in self._changes[first : self._done]], np.int32))

    def stops(self, vehicle_class: int, links: Ints) -> Flags:
        """(k,) bool: which of some links a vehicle of a class may not enter now."""
        return np.asarray(self.closed[links] | self.barred[vehicle_class, links])

    def board(self, times_s: Floats) -> Floats:
        """Link times with infinity on links that nobody may enter now."""
        return np.where(self.closed | self.barred.all(axis=0), np.inf, times_s)


class LawfulRoutes:
    """Shortest paths per class of vehicle that keep to what is open to it.

    Where everything open leads nowhere, a path may lead over links that are closed for some hours: the vehicle
    waits before them. It never leads over a link that is barred to the class.

    Parameters
    ----------
    drive
        The drive layer.
    cost_s : (m,) float64
        Cost of each link as if it were open.
    access
        What is open; after it has moved on, :meth:`set_costs` must be called.
    spread, stream
        Tastes of those who ask by :meth:`chosen`; see :class:`twin.city.routing.ways.PathFinder`.
    """

    def __init__(self, drive: StreetLayer, cost_s: Floats, access: Access, spread: float, stream: np.uint64) -> None:
        self._drive, self._access = drive, access
        self._has_turns = bool(len(drive.rules.local) or drive.rules.ban_count)
        self._spread, self._stream = spread, stream
        self.set_costs(cost_s)

    def set_costs(self, cost_s: Floats) -> None:
        """Replace the costs; trees are made anew."""
        self.cost_s = cost_s
        # Classes with the same rights share their trees.
        rights = self._access.barred
        if self._has_turns:
            # … and so do those for whom the same streets are no through way and the same turns are banned.
            rules, classes = self._drive.rules, np.arange(len(VEHICLE_CLASSES))[:, None]
            rights = np.hstack(
                [
                    rights,
                    rules.local >> classes & 1,
                    rules.ban_classes >> classes & 1,
                    _hour_bits(rules.hour_local, classes),
                ]
            )
        _, first, group = np.unique(rights, axis=0, return_index=True, return_inverse=True)
        self._sample, self._group = first, group.reshape(-1)
        self._trees: dict[tuple[int, bool], RouteTrees] = {}
        self._finders: dict[int, PathFinder] = {}

    def chosen(
        self, vehicle_class: int, from_node: int, to_node: int, key: np.uint64, after_link: int = -1
    ) -> Ints | None:
        """Links from one node to another as one driver sees them; None if the class has no way.

        With ``after_link`` they go on from the end of a link just driven.
        """
        if self._spread == 0.0:
            return self.path(vehicle_class, from_node, to_node, after_link)
        group = int(self._group[vehicle_class])
        if group not in self._finders:
            self._finders[group] = PathFinder(
                self._drive,
                self._costs_of(group, waiting=False),
                spread=self._spread,
                stream=self._stream,
                vehicle_class=self._class_of(group),
                at_s=self._access.now_s,
            )
        found = self._finders[group].find(from_node, to_node, key, after_link=after_link)
        return self.path(vehicle_class, from_node, to_node, after_link) if found is None else found

    def path(self, vehicle_class: int, from_node: int, to_node: int, after_link: int = -1) -> Ints | None:
        """Links from one node to another for a class, or on from a link just driven; None if it has no way."""
        group = int(self._group[vehicle_class])
        found = self._of(group, waiting=False).path(from_node, to_node, after_link)
        if found is None and self._access.closed.any():
            found = self._of(group, waiting=True).path(from_node, to_node, after_link)
        return found

    def _class_of(self, group: int) -> str:
        return VEHICLE_CLASSES[int(self._sample[group])]

    def _turns(self, vehicle_class: int) -> TurnGraph | None:
        """Rules of turns for a class now; None where there are none."""
        if not self._has_turns:
            return None
        return turn_graph(self._drive, VEHICLE_CLASSES[vehicle_class], self._access.now_s)

    def around(self, vehicle_class: int, path: Ints, keep: int, keeps_last: bool) -> Ints | None:
        """A path led around links and turns after the first ``keep`` links that are not open; None without a way.

        With ``keeps_last`` it ends on the same link as before: its owner counts on that link, for example on
        the line before a gate.
        """
        graph = self._turns(vehicle_class)
        stopped = self._access.is_restricted and self._access.stops(vehicle_class, path[keep:]).any()
        if not stopped and (graph is None or first_banned_turn(graph, path, keep) < 0):
            return path
        from_node = int(self._drive.link_to[path[keep - 1]] if keep else self._drive.link_from[path[0]])
        after_link = int(path[keep - 1]) if keep else -1
        end = int(self._drive.link_to[path[-1]])
        if not keeps_last:
            onward = self.path(vehicle_class, from_node, end, after_link)
        elif self._access.barred[vehicle_class, path[-1]]:
            return None
        else:
            onward = self.path(vehicle_class, from_node, int(self._drive.link_from[path[-1]]), after_link)
            onward = None if onward is None else np.append(onward, path[-1])
            whole = None if onward is None else np.concatenate([path[:keep], onward])
            if whole is not None and graph is not None and first_banned_turn(graph, whole, keep) >= 0:
                # The shortest way to its beginning may not turn onto the last link; the way to its end may come by it.
                onward = self.path(vehicle_class, from_node, end, after_link)
                if onward is not None and (not len(onward) or onward[-1] != path[-1]):
                    onward = None
        return None if onward is None else np.concatenate([path[:keep], onward]).astype(np.int32)

    def _of(self, group: int, waiting: bool) -> RouteTrees:
        if (group, waiting) not in self._trees:
            self._trees[group, waiting] = RouteTrees(
                self._drive,
                self._costs_of(group, waiting),
                self._class_of(group),
                None if waiting else self._access.now_s,
            )
        return self._trees[group, waiting]

    def _costs_of(self, group: int, waiting: bool) -> Floats:
        shut = self._access.barred[self._sample[group]]
        if not waiting:
            shut = shut | self._access.closed
        return np.where(shut, np.inf, self.cost_s)


def _hour_bits(bits: NDArray[np.uint8], classes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(bits >> classes & 1, np.int64)


def _turn_moments_s(drive: StreetLayer) -> list[float]:
    """Moments at which other turns are banned, ascending."""
    rules = drive.rules
    moments: set[float] = set()
    for day in range(DAYS):
        for i in range(rules.ban_count):
            if rules.ban_days[i] == EVERY_DAY and rules.ban_from_s[i] <= 0 and rules.ban_to_s[i] >= DAY_S:
                continue
            if rules.ban_days[i] >> day % 7 & 1:
                moments |= {day * DAY_S + float(rules.ban_from_s[i]), day * DAY_S + float(rules.ban_to_s[i])}
    return sorted(moments)


def _codes(classes: tuple[str, ...]) -> list[int]:
    return [VEHICLE_CLASSES.index(name) for name in classes]


def _reopening(changes: list[LinkChange]) -> list[float]:
    """When the link of each change is open next, from the change on; infinite for never."""
    next_open_s: dict[int, float] = {}
    out = []
    for change in reversed(changes):
        if change.is_open:
            next_open_s[change.link_index] = change.time_s
        out.append(next_open_s.get(change.link_index, np.inf))
    return out[::-1]
