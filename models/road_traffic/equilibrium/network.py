"""The static network: links with cost curves, and nodes that may not be passed through."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.arrays import Floats, Ints
from twin.city.city import StreetLayer
from twin.errors import CityError
from twin.models.road_traffic.equilibrium.params import StaticLinkParams

_FIELDS = ("free_cost", "capacity", "bpr_share", "bpr_power", "fixed_cost")


@dataclass(frozen=True, eq=False)
class StaticNetwork:
    """Links whose cost grows with their flow: ``free * (1 + share * (flow / capacity) ** power) + fixed``.

    Costs are in any one unit (seconds where made by :func:`street_network`); flow and capacity share one unit too.
    The form of the curve is that of the Bureau of Public Roads (1964), Traffic Assignment Manual.

    Attributes
    ----------
    link_from, link_to : (m,) int32
        Nodes, counted from 0.
    free_cost : (m,) float64
        Cost at no flow, at least 0; inf closes a link.
    capacity : (m,) float64
        Greater than 0.
    bpr_share, bpr_power : (m,) float64
        At least 0; the power is 0 or at least 1.
    fixed_cost : (m,) float64
        What does not depend on flow, for example tolls; at least 0.
    node_count
        Nodes; by default as many as the links name.
    no_through : (n,) bool
        Nodes at which paths may begin and end, but which none may pass; by default none.
    """

    link_from: Ints
    link_to: Ints
    free_cost: Floats
    capacity: Floats
    bpr_share: Floats
    bpr_power: Floats
    fixed_cost: Floats = field(default_factory=lambda: np.zeros(1))
    node_count: int = -1
    no_through: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1, np.bool_))

    def __post_init__(self) -> None:
        ends = [np.ascontiguousarray(getattr(self, name)) for name in ("link_from", "link_to")]
        links = len(ends[0])
        if len(ends[1]) != links or any(end.dtype.kind not in "iu" or end.ndim != 1 for end in ends):
            raise CityError(
                f"link_from has {links} and link_to {len(ends[1])} values",
                mend="give two lists of whole numbers of one length",
            )
        nodes = max((int(end.max()) + 1 for end in ends if links), default=0)
        count = nodes if self.node_count < 0 else int(self.node_count)
        if links and (min(int(end.min()) for end in ends) < 0 or nodes > count):
            raise CityError(
                f"links name nodes from {min(int(end.min()) for end in ends)} to {nodes - 1}, there are {count}",
                mend="count nodes from 0",
            )
        values = {"link_from": ends[0].astype(np.int32), "link_to": ends[1].astype(np.int32), "node_count": count}
        values |= {name: _column(getattr(self, name), links, name) for name in _FIELDS}
        mask = np.asarray(self.no_through, np.bool_)
        if mask.size not in (1, count):
            raise CityError(f"no_through has {mask.size} values for {count} nodes", mend="give one per node")
        values["no_through"] = np.broadcast_to(mask, count).copy()
        for name, value in values.items():
            object.__setattr__(self, name, value)
        self._check_curves()

    @property
    def link_count(self) -> int:
        """Number of links."""
        return len(self.link_from)

    @cached_property
    def curve(self) -> Floats:
        """(m, 3) float64: constant, slope and power of each link's cost."""
        with np.errstate(all="ignore"):
            slope = self.free_cost * self.bpr_share / self.capacity**self.bpr_power
        slope[~np.isfinite(self.free_cost)] = 0.0
        return np.column_stack([self.free_cost + self.fixed_cost, slope, self.bpr_power])

    @cached_property
    def split(self) -> tuple[NDArray[np.int64], Ints, Ints, Ints]:
        """The graph in which trees are grown: ptr and links by node, head of each link, arrival node of each node.

        A node that may not be passed is two there: paths leave the one and arrive at the other.
        """
        arrival = np.arange(self.node_count, dtype=np.int32)
        arrival[self.no_through] = self.node_count + np.arange(int(self.no_through.sum()), dtype=np.int32)
        nodes = self.node_count + int(self.no_through.sum())
        ptr = np.zeros(nodes + 1, np.int64)
        np.cumsum(np.bincount(self.link_from, minlength=nodes), out=ptr[1:])
        links = np.argsort(self.link_from, kind="stable").astype(np.int32)
        return ptr, links, arrival[self.link_to], arrival

    def _check_curves(self) -> None:
        rules = {
            "free_cost": (self.free_cost >= 0, "at least 0"),
            "capacity": ((self.capacity > 0) & np.isfinite(self.capacity), "greater than 0 and finite"),
            "bpr_share": ((self.bpr_share >= 0) & np.isfinite(self.bpr_share), "at least 0 and finite"),
            "bpr_power": (
                (self.bpr_power == 0) | ((self.bpr_power >= 1) & np.isfinite(self.bpr_power)),
                "0, or at least 1 and finite",
            ),
            "fixed_cost": ((self.fixed_cost >= 0) & np.isfinite(self.fixed_cost), "at least 0 and finite"),
        }
        for name, (good, words) in rules.items():
            bad = np.flatnonzero(~good)
            if bad.size:
                raise CityError(
                    f"{name} must be {words}, got {getattr(self, name)[bad[0]]:g}",
                    where=f"link {bad[0]}",
                    mend=f"mend {bad.size} of {self.link_count} links",
                )
        steep = np.flatnonzero(~np.isfinite(self.curve[:, 1]))
        if steep.size:
            raise CityError(
                f"capacity {self.capacity[steep[0]]:g} to the power {self.bpr_power[steep[0]]:g} cannot be computed",
                where=f"link {steep[0]}",
                mend="measure flow in a larger unit, or lower the power",
            )


def _column(values: ArrayLike, links: int, name: str) -> Floats:
    column = np.asarray(values, np.float64)
    if column.ndim > 1 or column.size not in (1, links):
        raise CityError(f"{name} has {column.size} values for {links} links", mend="give one per link, or one for all")
    return np.broadcast_to(column, links).astype(np.float64)


def street_network(layer: StreetLayer, params: StaticLinkParams | None = None) -> StaticNetwork:
    """Static network of a drive layer: seconds and vehicles per hour, one link per link of the layer.

    Parameters
    ----------
    layer
        The drive layer.
    params
        Capacities and the curve.
    """
    params = params or StaticLinkParams()
    per_lane = np.full(layer.link_count, params.lane_capacity_per_s)
    per_lane[layer.signal[layer.link_to]] = params.saturation_per_s * params.green_share
    lanes = np.maximum(layer.lanes, 1)  # a closed link has none, and an infinite time
    return StaticNetwork(
        link_from=layer.link_from,
        link_to=layer.link_to,
        free_cost=layer.free_time_s,
        capacity=lanes * per_lane * 3600.0,
        bpr_share=np.array(params.bpr_share),
        bpr_power=np.array(params.bpr_power),
        node_count=layer.node_count,
    )
