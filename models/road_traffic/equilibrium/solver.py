"""Static equilibrium by column generation and gradient projection over paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from twin.arrays import Floats, Ints, Longs
from twin.city.routing.kernels import grow_tree
from twin.errors import ScenarioError
from twin.models.road_traffic.equilibrium import kernels
from twin.models.road_traffic.equilibrium.network import StaticNetwork

#: Between two growths of trees, flow is shifted until the gap among the paths at hand is this share of the whole.
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
        1 - (all trips at least cost) / (all trips as they are), of each iteration; of marginal costs where the
        system optimum was asked for. The last is of the flows given back; those before it were seen on the way,
        each origin at the costs it met.
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
        Growths of trees from all origins after the first, which loads the network.

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
    for iteration in range(max_iterations + 1):
        gap = search.improve()
        if iteration == 0:
            continue  # nothing was on the road to be compared
        gaps.append(gap)
        # The gap seen on the way is of flows that moved under it: the one that counts is of flows that stand.
        if gap <= relative_gap or iteration == max_iterations:
            gaps[-1] = search.gap()
            if gaps[-1] <= relative_gap or iteration == max_iterations:
                break
        search.balance(_INNER_SHARE * gap)
    flow, cost = search.flow, np.empty(network.link_count)
    kernels.link_costs(network.curve, flow, cost)
    return StaticEquilibrium(
        link_flow=flow,
        link_cost=cost,
        relative_gap=np.array(gaps),
        objective=float(kernels.integral(network.curve, flow)),
        total_cost=_total(flow, cost),
        converged=gaps[-1] <= relative_gap,
        origin=pairs.origin,
        destination=pairs.destination,
        demand=pairs.demand,
        least_cost=search.least,
        intrazonal=intrazonal,
        paths=search.paths(),
    )


def _total(flow: Floats, cost: Floats) -> float:
    """Flow times cost; a closed link without flow costs nothing."""
    return float(np.multiply(flow, cost, where=flow > 0, out=np.zeros(len(flow))).sum())


def _joined(pointers: list[Longs]) -> Longs:
    """One array of pointers from several that each begin at 0."""
    lengths = np.concatenate([np.diff(part) for part in pointers])
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


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
                    where=f"pair {off[0]}",
                    mend="count nodes from 0",
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


@dataclass(eq=False)
class _Origin:
    """Pairs that share an origin, and their paths."""

    node: int
    pairs: slice
    ends: Ints
    demand: Floats
    paths: Paths


class _Search:
    """Paths, flows and costs on their way to equilibrium."""

    def __init__(self, network: StaticNetwork, pairs: _Pairs, curve: Floats) -> None:
        self._network, self._pairs, self._curve = network, pairs, curve
        self._ptr, self._links, self._head, arrival = network.split
        self._origins = []
        spans = zip(pairs.origins.tolist(), pairs.origin_ptr[:-1].tolist(), pairs.origin_ptr[1:].tolist(), strict=True)
        for node, first, last in spans:
            mine = slice(first, last)
            zeros = np.zeros(last - first + 1, np.int64)
            none = Paths(zeros, zeros[:1], np.empty(0, np.int32), np.empty(0))
            self._origins.append(_Origin(node, mine, arrival[pairs.destination[mine]], pairs.demand[mine], none))
        self.least = np.full(len(pairs.demand), np.inf)
        self.flow, self._cost = np.zeros(network.link_count), np.empty(network.link_count)
        kernels.link_costs(curve, self.flow, self._cost)
        nodes = len(self._ptr) - 1
        self._tree = (np.empty(nodes), np.empty(nodes, np.int32))
        self._heap = (np.empty(nodes, np.int32), np.empty(nodes, np.int32))
        self._wanted = np.zeros(nodes, np.bool_)
        self._mark, self._stamp = np.zeros(network.link_count, np.int64), 1
        self._new_links = np.empty(1 << 12, np.int32)

    def improve(self) -> float:
        """Give every pair the path it lacks, origin after origin at the costs of the moment; gap seen on the way."""
        least = paid = 0.0
        for origin in self._origins:
            self._grow(origin)
            fresh = not len(origin.paths.flow)
            paid += self._add_columns(origin)
            least += float((origin.demand * self.least[origin.pairs]).sum())
            if fresh:
                kernels.add_paths(origin.paths.path_ptr, origin.paths.links, origin.paths.flow, self.flow)
                kernels.link_costs(self._curve, self.flow, self._cost)
            else:
                self._balance(origin)
        return 1.0 - least / paid if paid > 0 else 0.0

    def balance(self, gap: float) -> None:
        """Shift flow between the paths at hand until they are balanced to a gap; flows are then summed up anew."""
        enough = gap * _total(self.flow, self._cost)
        for _ in range(_MOST_SWEEPS):
            excess = 0.0
            for origin in self._origins:
                excess += self._balance(origin)
            if excess <= enough:
                break
        self._sum_up()

    def gap(self) -> float:
        """Relative gap of the flows as they stand."""
        self._sum_up()
        for origin in self._origins:
            self._grow(origin)
            self.least[origin.pairs] = self._tree[0][origin.ends]
        total = _total(self.flow, self._cost)
        return 1.0 - float((self._pairs.demand * self.least).sum()) / total if total > 0 else 0.0

    def paths(self) -> Paths:
        """Paths of all pairs."""
        parts = [origin.paths for origin in self._origins]
        return Paths(
            _joined([p.pair_ptr for p in parts]),
            _joined([p.path_ptr for p in parts]),
            np.concatenate([p.links for p in parts]),
            np.concatenate([p.flow for p in parts]),
        )

    def _sum_up(self) -> None:
        """Flows of links from those of paths: shifts leave rounding behind."""
        self.flow[:] = 0.0
        for origin in self._origins:
            kernels.add_paths(origin.paths.path_ptr, origin.paths.links, origin.paths.flow, self.flow)
        kernels.link_costs(self._curve, self.flow, self._cost)

    def _balance(self, origin: _Origin) -> float:
        paths = origin.paths
        self._stamp, excess = kernels.balance_pairs(
            paths.pair_ptr,
            paths.path_ptr,
            paths.links,
            paths.flow,
            self._curve,
            self.flow,
            self._cost,
            self._mark,
            self._stamp,
        )
        return float(excess)

    def _grow(self, origin: _Origin) -> None:
        """Tree of an origin at the costs of the moment.

        Raises
        ------
        ScenarioError
            If a destination is not reached.
        """
        self._wanted[origin.ends] = True
        grow_tree(self._ptr, self._links, self._head, self._cost, origin.node, self._wanted, *self._tree, *self._heap)
        self._wanted[origin.ends] = False
        lost = np.flatnonzero(~np.isfinite(self._tree[0][origin.ends]))
        if lost.size:
            pair = origin.pairs.start + int(lost[0])
            raise ScenarioError(
                f"no way leads from node {origin.node} to node {self._pairs.destination[pair]}",
                where=f"{self._pairs.demand[pair]:g} trips",
                mend="join them by links in this direction, or leave the pair out",
            )

    def _add_columns(self, origin: _Origin) -> float:
        """Take cheaper paths out of the tree, drop paths without flow; returns what the flows paid."""
        old, count = origin.paths, len(origin.demand)
        new_pair, new_ptr = np.empty(count, np.int64), np.empty(count + 1, np.int64)
        while True:
            found, paid = kernels.find_columns(
                origin.ends,
                *self._tree,
                self._network.link_from,
                self._cost,
                old.pair_ptr,
                old.path_ptr,
                old.links,
                old.flow,
                self.least[origin.pairs],
                new_pair,
                new_ptr,
                self._new_links,
            )
            if found >= 0:
                break
            self._new_links = np.empty(2 * len(self._new_links), np.int32)
        paths, links = len(old.flow) + found, len(old.links) + int(new_ptr[found])
        merged = Paths(
            np.empty(count + 1, np.int64), np.empty(paths + 1, np.int64), np.empty(links, np.int32), np.empty(paths)
        )
        kept = kernels.merge_columns(
            old.pair_ptr,
            old.path_ptr,
            old.links,
            old.flow,
            new_pair[:found],
            new_ptr[: found + 1],
            self._new_links,
            origin.demand,
            merged.pair_ptr,
            merged.path_ptr,
            merged.links,
            merged.flow,
        )
        ptr = merged.path_ptr[: kept + 1].copy()
        origin.paths = Paths(merged.pair_ptr, ptr, merged.links[: int(ptr[-1])].copy(), merged.flow[:kept].copy())
        return float(paid)
