"""A road network for queueing, put together link by link: the small constructor for tests and outsiders.

Ten lines pose a case; README.md of the model shows them. Nodes are any hashable names; links, turns and vehicles
are numbered in the order in which they are added. Every call checks what it is given.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.arrays import Floats, Ints, Longs
from twin.errors import CityError, ScenarioError
from twin.models.road_traffic.queueing.given import numbers, whole_numbers

if TYPE_CHECKING:
    from twin.models.road_traffic.queueing.loading import LoadingResult


_LINK_FIELDS = ("length_m", "speed_mps", "lanes", "jam_density_per_m", "wave_speed_mps", "merge_weight")


@dataclass
class _TurnQueue:
    """A queue of its own for some turns of a link."""

    to_links: tuple[int, ...]
    capacity_per_s: float | None
    pocket: float | None


@dataclass
class _Batch:
    """Vehicles added together."""

    depart_s: Floats
    vehicle_class: NDArray[np.uint8]
    key: NDArray[np.uint64]
    destination: Ints
    origin: Ints
    path_ptr: Longs
    path: Ints
    stops: list[tuple[int, int, float, bool]] = field(default_factory=list)


class RoadNetwork:
    """Links, turns, signals, edits and vehicles; :meth:`run` loads them.

    Parameters
    ----------
    class_size
        Car units of each vehicle class; the smallest must be greater than 0.
    class_speed_mps
        Highest speed of each class; infinite where only the street binds.
    release_after_s
        A vehicle blocked by a full link for longer is let in by force, and counted; infinite for never.
    whole_storage
        Round the storage of links up to whole car units. A link whose storage is no whole number of vehicles passes
        less than its capacity: one of 1.9 holds one, and passes half.

    Examples
    --------
    >>> net = RoadNetwork()
    >>> street = net.add_link("a", "b", 1000.0, speed_mps=20.0)
    >>> _ = net.add_vehicles([0.0, 2.0], path=[street])
    >>> net.run(until_s=100.0).travel_time_s.tolist()
    [50.0, 50.0]
    """

    def __init__(
        self,
        *,
        class_size: Sequence[float] = (1.0,),
        class_speed_mps: Sequence[float] | None = None,
        release_after_s: float = np.inf,
        whole_storage: bool = False,
    ) -> None:
        self._sizes = np.array(class_size, np.float64)
        speeds = np.full(len(self._sizes), np.inf) if class_speed_mps is None else np.array(class_speed_mps, float)
        positive = (np.isfinite(self._sizes) & (self._sizes > 0)).all() and (speeds > 0).all()
        if not len(self._sizes) or not positive or len(speeds) != len(self._sizes):
            raise ScenarioError(
                f"classes need sizes and speeds greater than 0, got {self._sizes.tolist()} and {speeds.tolist()}",
                mend="give one size in car units and one speed in m/s per class",
            )
        if not release_after_s > 0:
            raise ScenarioError(f"release_after_s must be greater than 0, got {release_after_s}")
        self._speeds, self._release_after_s = speeds, float(release_after_s)
        self._whole_storage = whole_storage
        self._nodes: dict[Hashable, int] = {}
        self._columns: dict[str, list[Any]] = {
            name: [] for name in ("from_node", "to_node", *_LINK_FIELDS, "entry_per_s", "exit_per_s", "overtaking")
        }
        self.link_count = 0
        self._turn_queues: dict[int, list[_TurnQueue]] = {}
        self._banned: set[tuple[int, int]] = set()
        self._signals: list[tuple[int, int | None, float, float, float]] = []
        self._servers: list[tuple[int, int | None, int, float]] = []
        self._gated: list[tuple[int, int | None]] = []
        self._bays: dict[int, bool] = {}
        self._edits: list[tuple[float, str, int, int | None, float]] = []
        self._batches: list[_Batch] = []
        self._vehicle_count = 0

    # Links and turns ---------------------------------------------------------------------------------

    def add_link(
        self,
        from_node: Hashable,
        to_node: Hashable,
        length_m: float,
        *,
        speed_mps: float = 20.0,
        lanes: float = 1,
        jam_density_per_m: float = 0.2,
        wave_speed_mps: float | None = None,
        entry_capacity_per_s: float = np.inf,
        exit_capacity_per_s: float = np.inf,
        merge_weight: float = 1.0,
        overtaking: bool = False,
    ) -> int:
        """Add one directed link; returns its number.

        Parameters
        ----------
        length_m, speed_mps
            Length and free speed u.
        lanes
            Lanes; density, capacity and storage grow with them.
        jam_density_per_m
            Jam density kappa of one lane, in car units.
        wave_speed_mps
            Speed w of waves in a queue; by default that of a reaction time of 1 s, 1 / kappa.
        entry_capacity_per_s, exit_capacity_per_s
            Car units per second at either end, where less than the link's own capacity lanes · u κ w / (u + w).
        merge_weight
            Share at a merge against the weights of the others.
        overtaking
            Whether faster classes pass slower ones on the link (several lanes); else first in, first out.

        Raises
        ------
        CityError
            If a number is not finite or not greater than 0.
        """
        return int(
            self.add_links(
                [from_node],
                [to_node],
                length_m,
                speed_mps=speed_mps,
                lanes=lanes,
                jam_density_per_m=jam_density_per_m,
                wave_speed_mps=wave_speed_mps,
                entry_capacity_per_s=entry_capacity_per_s,
                exit_capacity_per_s=exit_capacity_per_s,
                merge_weight=merge_weight,
                overtaking=overtaking,
            )[0]
        )

    def add_links(
        self,
        from_nodes: Sequence[Hashable],
        to_nodes: Sequence[Hashable],
        length_m: ArrayLike,
        *,
        speed_mps: ArrayLike = 20.0,
        lanes: ArrayLike = 1.0,
        jam_density_per_m: ArrayLike = 0.2,
        wave_speed_mps: ArrayLike | None = None,
        entry_capacity_per_s: ArrayLike = np.inf,
        exit_capacity_per_s: ArrayLike = np.inf,
        merge_weight: ArrayLike = 1.0,
        overtaking: ArrayLike = False,
    ) -> Longs:
        """Add many links at once; arrays or one value for all, as in :meth:`add_link`."""
        count = len(from_nodes)
        if len(to_nodes) != count:
            raise CityError(f"{count} links begin and {len(to_nodes)} end", mend="give both nodes of every link")
        given = {
            "length_m": length_m,
            "speed_mps": speed_mps,
            "lanes": lanes,
            "jam_density_per_m": jam_density_per_m,
            "merge_weight": merge_weight,
            "entry_per_s": entry_capacity_per_s,
            "exit_per_s": exit_capacity_per_s,
        }
        columns = {name: numbers(values, name, count, CityError) for name, values in given.items()}
        if wave_speed_mps is None:
            with np.errstate(divide="ignore"):
                columns["wave_speed_mps"] = 1.0 / columns["jam_density_per_m"]
        else:
            columns["wave_speed_mps"] = numbers(wave_speed_mps, "wave_speed_mps", count, CityError)
        for name, column in columns.items():
            self._check_link_numbers(name, column)
        # Nothing is added unless everything is sound.
        for name, column in columns.items():
            self._columns[name].append(column)
        self._columns["overtaking"].append(np.broadcast_to(np.asarray(overtaking, bool), count))
        for name, nodes in (("from_node", from_nodes), ("to_node", to_nodes)):
            self._columns[name].append(
                np.array([self._nodes.setdefault(node, len(self._nodes)) for node in nodes], np.int32)
            )
        first = self.link_count
        self.link_count += count
        return np.arange(first, self.link_count)

    def _check_link_numbers(self, name: str, column: Floats) -> None:
        end = name.removesuffix("_per_s") if name in ("entry_per_s", "exit_per_s") else ""
        bad = np.flatnonzero(~(column > 0) if end else ~(np.isfinite(column) & (column > 0)))
        if not len(bad):
            return
        where, value = f"link {self.link_count + int(bad[0])}", column[bad[0]]
        if end:
            raise CityError(
                f"the {end} capacity of a link must be greater than 0, got {value:g}",
                where=where,
                mend="use close_exit or close_entry for a closure",
            )
        raise CityError(
            f"{name} of a link must be a number greater than 0, got {value:g}",
            where=where,
            mend="mend the link before adding it",
        )

    def add_turn_queue(
        self, link: int, to_links: Sequence[int], *, capacity_per_s: float | None = None, pocket: float | None = None
    ) -> None:
        """Give some turns of a link a queue with a head of its own.

        Parameters
        ----------
        capacity_per_s
            Car units per second through this queue; by default those of the link's exit.
        pocket
            None: the queue shares the storage of the link, and blocks nobody else. A number: a pocket beside
            the lane for that many car units; when it is full, the next turner blocks the lane.
        """
        self._check_link(link)
        if capacity_per_s is not None and not capacity_per_s > 0:
            raise CityError(
                f"the capacity of a turn must be greater than 0, got {capacity_per_s}", where=f"link {link}"
            )
        if not len(to_links):
            raise CityError("a turn queue needs links to lead to, got none", where=f"link {link}")
        if pocket is not None and not pocket >= float(self._sizes.max()):
            raise CityError(
                f"a pocket of {pocket} car units holds no vehicle of {self._sizes.max():g}",
                where=f"link {link}",
                mend="make it as long as the largest class",
            )
        queues = self._turn_queues.setdefault(link, [])
        taken = {to for queue in queues for to in queue.to_links}
        for to in to_links:
            self._check_link(to)
            if to in taken:
                raise CityError(f"link {to} already has a turn queue", where=f"link {link}")
        queues.append(_TurnQueue(tuple(to_links), capacity_per_s, pocket))

    def ban_turn(self, link: int, to_link: int) -> None:
        """Forbid a turn; paths over it are errors."""
        self._check_link(link)
        self._check_link(to_link)
        if self.column("to_node")[link] != self.column("from_node")[to_link]:
            raise CityError(f"there is no turn from link {link} to link {to_link}")
        self._banned.add((link, to_link))

    # What stands at the end of a link ----------------------------------------------------------------

    def add_signal(
        self, link: int, *, cycle_s: float, green_s: float, offset_s: float = 0.0, to_link: int | None = None
    ) -> None:
        """Put a fixed-time signal at the end of a link, or of the turn queue that leads to ``to_link``.

        Green holds over [offset, offset + green) in every cycle.
        """
        self._check_link(link)
        if not 0 < cycle_s < np.inf or not 0 < green_s <= cycle_s or not np.isfinite(offset_s):
            raise ScenarioError(
                f"a signal needs 0 < green <= cycle, got green {green_s:g} s in a cycle of {cycle_s:g} s, "
                f"offset {offset_s:g} s",
                where=f"link {link}",
                mend="give every approach some green, or close the link",
            )
        self._signals.append((link, to_link, cycle_s, offset_s, green_s))

    def add_servers(self, link: int, count: int, service_s: float, *, to_link: int | None = None) -> None:
        """Put servers at the end of a link: a vehicle leaves it when its service starts."""
        self._check_link(link)
        if not count >= 1 or count != int(count) or not 0 <= service_s < np.inf:
            raise ScenarioError(f"servers need a count of at least 1 and a time, got {count} and {service_s}")
        self._servers.append((link, to_link, int(count), service_s))

    def add_gate(self, link: int, *, to_link: int | None = None) -> None:
        """Let vehicles leave a link only against credits; see ``Loading.grant``."""
        self._check_link(link)
        self._gated.append((link, to_link))

    def add_bay(self, link: int, *, priority: bool = True) -> None:
        """Put a bay at the end of a link for vehicles that stop there.

        With priority a vehicle that is ready goes before the stream (as buses that signal do in Japan, Road
        Traffic Act art. 31-2); without, it waits for a gap of a headway.
        """
        self._check_link(link)
        self._bays[link] = priority

    # Edits by time -----------------------------------------------------------------------------------

    def close_exit(self, link: int, from_s: float, to_s: float, *, to_link: int | None = None) -> None:
        """Nobody leaves a link (or its turn queue to ``to_link``) over [from, to)."""
        self._close("exit", link, to_link, from_s, to_s)

    def close_entry(self, link: int, from_s: float, to_s: float) -> None:
        """Nobody enters a link over [from, to)."""
        self._close("entry", link, None, from_s, to_s)

    def open_entry(self, link: int, at_s: float) -> None:
        """From a moment on a link may be entered again."""
        self._edit(at_s, "entry", link, None, 1.0)

    def set_exit_capacity(self, link: int, at_s: float, capacity_per_s: float) -> None:
        """Change the exit capacity at a moment, for example by a lane closed at the end of the link."""
        if not capacity_per_s > 0:
            raise ScenarioError(f"capacity must be greater than 0, got {capacity_per_s}", mend="use close_exit")
        self._edit(at_s, "exit_capacity", link, None, capacity_per_s)

    def set_lanes(self, link: int, at_s: float, lanes: float) -> None:
        """Change the lanes of the whole link: storage and capacities together.

        Whoever is on it stays: a queue may be longer than the new storage, but then only shrinks.
        """
        if not 0 < lanes < np.inf:
            raise ScenarioError(
                f"a lane edit must leave a lane, got {lanes:g}", where=f"link {link}", mend="use close_entry"
            )
        self._edit(at_s, "lanes", link, None, lanes)

    def set_speed(self, link: int, at_s: float, speed_mps: float) -> None:
        """Change the free speed of those who enter from a moment on; capacity stays."""
        if not speed_mps > 0 or not np.isfinite(speed_mps):
            raise ScenarioError(f"speed must be greater than 0, got {speed_mps}", where=f"link {link}")
        self._edit(at_s, "speed", link, None, speed_mps)

    # Vehicles ----------------------------------------------------------------------------------------

    def add_vehicles(
        self,
        depart_s: ArrayLike,
        *,
        path: Sequence[int] | None = None,
        paths: Sequence[Sequence[int]] | None = None,
        path_ptr: NDArray[np.integer[Any]] | None = None,
        path_links: NDArray[np.integer[Any]] | None = None,
        vehicle_class: ArrayLike = 0,
        keys: ArrayLike | None = None,
        stops: Sequence[tuple[int, float, str]] = (),
    ) -> Longs:
        """Add vehicles with fixed paths; returns their numbers.

        Parameters
        ----------
        depart_s
            Departure times; vehicles queue upright before their first link.
        path, paths, path_ptr and path_links
            One path for all; one per vehicle; or all in one array, vehicle i at ``path_ptr[i]`` to
            ``path_ptr[i + 1]``.
        vehicle_class
            Index into the classes of the network.
        keys
            Distinct whole numbers that settle ties, by default in the order of adding.
        stops
            (position on the path, dwell in seconds, ``"lane"`` or ``"bay"``): at the end of that link every
            vehicle of this call dwells in the lane, where nobody passes, or in a bay.

        Raises
        ------
        ScenarioError
            If a path breaks, a stop is off the path, or a time or class is wrong.
        """
        depart = numbers(depart_s, "departures")
        count = len(depart)
        forms = (path is not None, paths is not None, path_ptr is not None and path_links is not None)
        if sum(forms) != 1:
            raise ScenarioError(
                f"vehicles need a path, given in one way, got {sum(forms)}",
                mend="give path=, paths=, or path_ptr= and path_links=",
            )
        if path is not None:
            ptr, pool = len(path) * np.arange(count + 1), np.tile(whole_numbers(path, "a path"), count)
        elif paths is not None:
            if len(paths) != count:
                raise ScenarioError(f"{count} vehicles need as many paths, got {len(paths)}")
            ptr = np.concatenate([[0], np.cumsum([len(p) for p in paths])])
            pool = np.concatenate([whole_numbers(p, "a path") for p in paths]) if count else np.empty(0, np.int64)
        else:
            ptr = whole_numbers(np.asarray(path_ptr), "path_ptr")
            pool = whole_numbers(np.asarray(path_links), "path_links")
            if len(ptr) != count + 1 or ptr[0] != 0 or ptr[-1] != len(pool):
                raise ScenarioError(
                    f"path_ptr must go from 0 to the {len(pool)} links of all paths in {count + 1} steps, "
                    f"got {ptr.tolist()!r:.80}"
                )
        self._check_paths(ptr, pool)
        pool = pool.astype(np.int32)
        last_hop, shortest = -1, int(np.diff(ptr).min()) if count else 0
        for hop, dwell_s, where in stops:
            if not last_hop < hop < shortest or not 0 <= dwell_s < np.inf or where not in ("lane", "bay"):
                raise ScenarioError(
                    f"the stop {(hop, dwell_s, where)} is off the path",
                    mend="stops ascend along the path: (position, seconds, 'lane' or 'bay')",
                )
            last_hop = hop
            if where == "bay":
                missing = set(pool[ptr[:-1] + hop].tolist()) - set(self._bays)
                if missing:
                    raise ScenarioError(f"link {min(missing)} has no bay", mend="add_bay first")
        batch = self._batch(depart, vehicle_class, keys, np.full(count, -1, np.int32), np.full(count, -1, np.int32))
        batch.path_ptr, batch.path = ptr.astype(np.int64), pool
        batch.stops = [(v, hop, dwell, where == "bay") for v in range(count) for hop, dwell, where in stops]
        return self._append(batch)

    def add_trips(
        self,
        depart_s: ArrayLike,
        from_nodes: Sequence[Hashable],
        to_nodes: Sequence[Hashable],
        *,
        vehicle_class: ArrayLike = 0,
        keys: ArrayLike | None = None,
    ) -> Longs:
        """Add vehicles that find their own way from node to node; see ``run(replan_every_s=...)``."""
        depart = numbers(depart_s, "departures")
        ends = []
        for nodes in (from_nodes, to_nodes):
            if len(nodes) != len(depart):
                raise ScenarioError(f"{len(depart)} trips need as many nodes at either end, got {len(nodes)}")
            unknown = [node for node in nodes if node not in self._nodes]
            if unknown:
                raise ScenarioError(f"{unknown[0]!r} is no node of the network", mend="trips go from node to node")
            ends.append(np.array([self._nodes[node] for node in nodes], np.int32))
        batch = self._batch(depart, vehicle_class, keys, ends[0], ends[1])
        return self._append(batch)

    def run(self, until_s: float, **options: Any) -> LoadingResult:
        """Load the vehicles up to and including ``until_s``; options as in ``load_network``."""
        from twin.models.road_traffic.queueing.loading import load_network

        return load_network(self, until_s, **options)

    # Inside ------------------------------------------------------------------------------------------

    def column(self, name: str) -> NDArray[Any]:
        """One column of the links."""
        parts = self._columns[name]
        return np.concatenate(parts) if parts else np.empty(0)

    @property
    def node_index(self) -> dict[Hashable, int]:
        """Number of each node."""
        return self._nodes

    def _check_link(self, link: int) -> None:
        if not 0 <= link < self.link_count or link != int(link):
            raise CityError(f"{link} is no link of the network", mend=f"links are numbered 0 to {self.link_count - 1}")

    def _close(self, what: str, link: int, to_link: int | None, from_s: float, to_s: float) -> None:
        if not to_s > from_s:
            raise ScenarioError(f"a closure must end after it begins, got {from_s:g} to {to_s:g}", where=f"link {link}")
        self._edit(from_s, what, link, to_link, 0.0)
        if np.isfinite(to_s):
            self._edit(to_s, what, link, to_link, 1.0)

    def _edit(self, at_s: float, what: str, link: int, to_link: int | None, value: float) -> None:
        self._check_link(link)
        if not np.isfinite(at_s):
            raise ScenarioError(f"the time of an edit must be a number, got {at_s}", where=f"link {link}")
        self._edits.append((float(at_s), what, link, to_link, float(value)))

    def _check_paths(self, ptr: NDArray[Any], pool: NDArray[Any]) -> None:
        if len(pool) and not (pool.min() >= 0 and pool.max() < self.link_count):
            raise ScenarioError(f"a path names link {pool.min()} or {pool.max()}, the network has {self.link_count}")
        empty = np.flatnonzero(np.diff(ptr) <= 0)
        if len(empty):
            raise ScenarioError("a path is empty", where=f"vehicle {self._vehicle_count + int(empty[0])}")
        joins = np.ones(len(pool), bool)
        joins[ptr[:-1]] = False
        second = np.flatnonzero(joins)
        broken = second[self.column("to_node")[pool[second - 1]] != self.column("from_node")[pool[second]]]
        if not len(broken) and self._banned:
            turns = zip(pool[second - 1].tolist(), pool[second].tolist(), strict=True)
            banned = np.array([turn in self._banned for turn in turns], bool)
            broken = second[banned]
        if len(broken):
            at = int(broken[0])
            vehicle = self._vehicle_count + int(np.searchsorted(ptr, at, side="right")) - 1
            raise ScenarioError(
                f"there is no turn from link {pool[at - 1]} to link {pool[at]}",
                where=f"path of vehicle {vehicle}",
                mend="give links in the order in which they are driven",
            )

    def _batch(
        self, depart: Floats, vehicle_class: ArrayLike, keys: ArrayLike | None, origin: Ints, destination: Ints
    ) -> _Batch:
        count = len(depart)
        bad = np.flatnonzero(~np.isfinite(depart))
        if len(bad):
            raise ScenarioError(f"a departure must be a time, got {depart[bad[0]]}", where=f"vehicle {int(bad[0])}")
        classes = np.broadcast_to(np.asarray(vehicle_class), count)
        if classes.dtype.kind not in "iu":
            raise ScenarioError(f"vehicle classes must be whole numbers, got {vehicle_class!r:.80}")
        if count and not (classes.min() >= 0 and classes.max() < len(self._sizes)):
            raise ScenarioError(f"vehicle classes go from 0 to {len(self._sizes) - 1}, got {classes.max()}")
        if keys is None:
            key = np.arange(self._vehicle_count, self._vehicle_count + count, dtype=np.uint64)
        else:
            try:
                key = np.broadcast_to(np.asarray(keys, np.uint64), count)
            except (OverflowError, TypeError, ValueError):
                raise ScenarioError(f"keys must be {count} whole numbers of at least 0, got {keys!r:.80}") from None
        return _Batch(
            depart,
            classes.astype(np.uint8),
            key,
            destination,
            origin,
            np.zeros(count + 1, np.int64),
            np.empty(0, np.int32),
        )

    def _append(self, batch: _Batch) -> Longs:
        self._batches.append(batch)
        first = self._vehicle_count
        self._vehicle_count += len(batch.depart_s)
        return np.arange(first, self._vehicle_count)
