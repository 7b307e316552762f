"""Static equilibrium by column generation and gradient projection over paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.city.kernels import grow_tree
from twin.errors import ScenarioError
from twin.models.road_traffic.equilibrium import kernels
from twin.models.road_traffic.equilibrium.network import StaticNetwork

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

#: Between two growths of trees, flow is shifted until the paths at hand are this much better balanced.
_INNER_SHARE = 0.03
_MOST_SWEEPS = 50


@dataclass(frozen=True, eq=False)
class Paths:
    """Paths of all pairs with their flows, as arrays.

    Attributes
    ----------
    pair_ptr : (pairs + 1,) int64
        Paths of pair k are ``pair_ptr[k] .. pair_ptr[k + 1] - 1``.
    path_ptr : (paths + 1,) int64
    links : (k,) int32
        Links of path p, from its origin on: ``links[path_ptr[p]:path_ptr[p + 1]]``.
    flow : (paths,) float64
    """

    pair_ptr: Longs
    path_ptr: Longs
    links: Ints
    flow: Floats


@dataclass(frozen=True, eq=False)
class StaticEquilibrium:
    """Flows at which no trip has a cheaper path, as nearly as ``relative_gap`` says.

    Attributes
    ----------
    link_flow, link_cost : (m,) float64
        Flow, and what one vehicle pays on the link.
    relative_gap : (iterations,) float64
        1 - (all trips at least cost) / (all trips as they are), after each iteration; of marginal costs where the
        system optimum was asked for.
    objective
        Beckmann's sum of integrals of link costs, of the costs that vehicles pay.
    total_cost
        Sum of flow times cost.
    converged
        Whether the wanted gap was reached.
    origin, destination : (pairs,) int32
    demand, least_cost : (pairs,) float64
        Trips of each pair, and what the cheapest path costs at these flows (marginal costs in a system optimum).
    intrazonal
        Trips from a node to itself, which drive no link and are left out.
    paths
        Paths in use.
    """

    link_flow: Floats
    link_cost: Floats
    relative_gap: Floats
    objective: float
    total_cost: float
    converged: bool
    origin: Ints
    destination: Ints
    demand: Floats
    least_cost: Floats
    intrazonal: float
    paths: Paths


def solve_equilibrium(
    network: StaticNetwork,
    origin: ArrayLike,
    destination: ArrayLike,
    demand: ArrayLike,
    *,
    principle: Literal["user", "system"] = "user",
    relative_gap: float = 1e-6,
    max_iterations: int = 100,
) -> StaticEquilibrium:
    """User equilibrium (Wardrop's first principle), or system optimum (his second), of fixed demand.

    The answer is a pure function of the arguments: iterations end by gap or number, never by time.

    Parameters
    ----------
    network
        Links and their costs.
    origin, destination : (k,) int
        Nodes; a pair named twice has the sum of its demands.
    demand : (k,) float64
        Trips, in the unit of the capacities; at least 0.
    principle
        ``user``: nobody can be better off alone. ``system``: the sum of costs is least, which is the user
        equilibrium at marginal costs.
    relative_gap
        Wanted 1 - (trips at least cost) / (trips as they are).
    max_iterations
        Growths of trees from all origins after the first.

    Raises
    ------
    ScenarioError
        If demand is wrong, or no way leads from an origin to its destination.

    References
    ----------
    Beckmann, McGuire and Winsten (1956), Studies in the Economics of Transportation. Jayakrishnan, Tsai, Prashker
    and Rajadhyaksha (1994), Transportation Research Record 1443 (gradient projection over paths).
    """
    if not relative_gap >= 0 or max_iterations < 1:
        raise ScenarioError(
            f"relative_gap {relative_gap} must be at least 0 and max_iterations {max_iterations} at least 1"
        )
    pairs, intrazonal = _Pairs.of(network, origin, destination, demand)
    curve = network.curve.copy()
    if principle == "system":
        curve[:, kernels.SLOPE] *= 1.0 + curve[:, kernels.POWER]
    search = _Search(network, pairs, curve)
    gaps: list[float] = []
    while True:
        search.load()
        columns = search.find_columns()
        if search.loaded:
            gaps.append(search.gap())
            if gaps[-1] <= relative_gap or len(gaps) > max_iterations:
                break
        search.take(columns)
        search.balance(gaps[-1] if gaps else 1.0)
    flow, cost = search.flow, np.empty(network.link_count)
    kernels.link_costs(network.curve, flow, cost)
    return StaticEquilibrium(
        link_flow=flow, link_cost=cost, relative_gap=np.array(gaps),
        objective=float(kernels.integral(network.curve, flow)), total_cost=_total(flow, cost),
        converged=gaps[-1] <= relative_gap, origin=pairs.origin, destination=pairs.destination, demand=pairs.demand,
        least_cost=search.least, intrazonal=intrazonal, paths=search.paths,
    )


def _total(flow: Floats, cost: Floats) -> float:
    """Flow times cost; a closed link without flow costs nothing."""
    return float(np.multiply(flow, cost, where=flow > 0, out=np.zeros(len(flow))).sum())


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs with demand, by origin and destination."""

    origin: Ints
    destination: Ints
    demand: Floats
    origins: Ints
    origin_ptr: Longs

    @classmethod
    def of(
        cls, network: StaticNetwork, origin: ArrayLike, destination: ArrayLike, demand: ArrayLike
    ) -> tuple[_Pairs, float]:
        """Sorted pairs, and the trips from a node to itself.

        Raises
        ------
        ScenarioError
            If a node or a demand is wrong.
        """
        ends = [np.atleast_1d(np.asarray(end)) for end in (origin, destination)]
        trips = np.atleast_1d(np.asarray(demand, np.float64))
        if not len(ends[0]) == len(ends[1]) == len(trips):
            raise ScenarioError(
                f"there are {len(ends[0])} origins, {len(ends[1])} destinations and {len(trips)} demands",
                mend="give one of each per pair",
            )
        bad = np.flatnonzero(~((trips >= 0) & np.isfinite(trips)))
        if bad.size:
            raise ScenarioError(f"demand must be a number of at least 0, got {trips[bad[0]]}", where=f"pair {bad[0]}")
        for name, end in zip(("origin", "destination"), ends, strict=True):
            off = np.flatnonzero((end < 0) | (end >= network.node_count)) if len(end) else end
            if len(off):
                raise ScenarioError(
                    f"{name} {end[off[0]]} is no node of a network with {network.node_count} nodes",
                    where=f"pair {off[0]}", mend="count nodes from 0",
                )
        used = (trips > 0) & (ends[0] != ends[1])
        intrazonal = float(trips[ends[0] == ends[1]].sum())
        keys = ends[0][used].astype(np.int64) * network.node_count + ends[1][used]
        unique, row = np.unique(keys, return_inverse=True)
        sums = np.bincount(row, weights=trips[used], minlength=len(unique)).astype(np.float64)
        first, last = (unique // network.node_count).astype(np.int32), (unique % network.node_count).astype(np.int32)
        if not len(unique):
            raise ScenarioError("there is no demand between two different nodes", mend="give pairs with trips")
        origins, start = np.unique(first, return_index=True)
        return cls(first, last, sums, origins, np.append(start, len(first)).astype(np.int64)), intrazonal


@dataclass
class _Columns:
    """New paths, as they are found; arrays grow as needed."""

    pair: Longs
    ptr: Longs
    links: Ints
    paths_used: int = 0

    @property
    def links_used(self) -> int:
        return int(self.ptr[self.paths_used])


class _Search:
    """Paths, flows and costs on their way to equilibrium."""

    def __init__(self, network: StaticNetwork, pairs: _Pairs, curve: Floats) -> None:
        self._network, self._pairs, self._curve = network, pairs, curve
        count = len(pairs.demand)
        self.paths = Paths(np.zeros(count + 1, np.int64), np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0))
        self.flow, self._cost = np.zeros(network.link_count), np.empty(network.link_count)
        self.least = np.full(count, np.inf)
        self._ptr, self._links, self._head, self._arrival = network.split
        nodes = len(self._ptr) - 1
        self._tree = (np.empty(nodes), np.empty(nodes, np.int32))
        self._heap = (np.empty(nodes, np.int32), np.empty(nodes, np.int32))
        self._wanted = np.zeros(nodes, np.bool_)
        self._room = 1 << 14

    @property
    def loaded(self) -> bool:
        """Whether the demand is on paths yet."""
        return len(self.paths.flow) > 0

    def load(self) -> None:
        """Flows and costs of links from those of paths: shifts leave rounding behind."""
        kernels.load_paths(self.paths.path_ptr, self.paths.links, self.paths.flow, self.flow)
        kernels.link_costs(self._curve, self.flow, self._cost)

    def find_columns(self) -> _Columns:
        """Grow the tree of every origin; least costs, and paths cheaper than those at hand."""
        pairs, paths = self._pairs, self.paths
        count = len(pairs.demand)
        new = _Columns(np.empty(count, np.int64), np.zeros(count + 1, np.int64), np.empty(self._room, np.int32))
        ends = self._arrival[pairs.destination]
        for origin, first, last in zip(
            pairs.origins.tolist(), pairs.origin_ptr[:-1].tolist(), pairs.origin_ptr[1:].tolist(), strict=True
        ):
            self._wanted[ends[first:last]] = True
            grow_tree(
                self._ptr, self._links, self._head, self._cost, origin, self._wanted, *self._tree, *self._heap
            )
            self._wanted[ends[first:last]] = False
            while True:
                found = kernels.find_columns(
                    first, last, ends, *self._tree, self._network.link_from, self._cost, paths.pair_ptr,
                    paths.path_ptr, paths.links, new.paths_used, new.links_used, self.least, new.pair, new.ptr,
                    new.links,
                )
                if found >= 0:
                    break
                self._room *= 2
                new.links = np.concatenate([new.links, np.empty(self._room - len(new.links), np.int32)])
            new.paths_used += found
            self._check_reached(first, last)
        return new

    def gap(self) -> float:
        """Relative gap of the flows whose trees have just been grown."""
        total = _total(self.flow, self._cost)
        return 1.0 - float((self._pairs.demand * self.least).sum()) / total if total > 0 else 0.0

    def take(self, new: _Columns) -> None:
        """Add new paths, drop those without flow."""
        old, demand = self.paths, self._pairs.demand
        paths, links = len(old.flow) + new.paths_used, len(old.links) + new.links_used
        merged = Paths(
            np.empty(len(demand) + 1, np.int64), np.empty(paths + 1, np.int64), np.empty(links, np.int32),
            np.empty(paths),
        )
        kept = kernels.merge_columns(
            old.pair_ptr, old.path_ptr, old.links, old.flow, new.pair[: new.paths_used],
            new.ptr[: new.paths_used + 1], new.links, demand, merged.pair_ptr, merged.path_ptr, merged.links,
            merged.flow,
        )
        ptr = merged.path_ptr[: kept + 1].copy()
        self.paths = Paths(merged.pair_ptr, ptr, merged.links[: int(ptr[-1])].copy(), merged.flow[:kept].copy())

    def balance(self, gap: float) -> None:
        """Shift flow between the paths at hand."""
        self.load()
        enough = _INNER_SHARE * gap * _total(self.flow, self._cost)
        kernels.equilibrate(
            self.paths.pair_ptr, self.paths.path_ptr, self.paths.links, self.paths.flow, self._curve, self.flow,
            self._cost, np.zeros(self._network.link_count, np.int64), _MOST_SWEEPS, enough,
        )

    def _check_reached(self, first: int, last: int) -> None:
        lost = np.flatnonzero(~np.isfinite(self.least[first:last]))
        if lost.size:
            pair = first + int(lost[0])
            raise ScenarioError(
                f"no way leads from node {self._pairs.origin[pair]} to node {self._pairs.destination[pair]}",
                where=f"{self._pairs.demand[pair]:g} trips",
                mend="join them by links in this direction, or leave the pair out",
            )
