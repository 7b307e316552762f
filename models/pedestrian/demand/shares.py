"""How the classes divide over exits, what passers-through are bound for, and where residents are at home.

People come by the station near what they come for: a class is split over exits by riders, raised where what it looks
for is near. So the profile of an exit over the day follows from who uses it: offices in the morning, shops after noon.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.city.city import StreetLayer
from twin.models.pedestrian.demand.places import Exits, StayPlaces, interest
from twin.models.pedestrian.params import PedestrianParams, VisitorClass


@dataclass(frozen=True)
class ExitShares:
    """Shares by class.

    Attributes
    ----------
    come : (c, x) float64
        Share of each exit in the arrivals of a class; rows sum to 1.
    bound : (c, x, g) float64
        Of those who come by an exit, the cumulative share bound for each cluster of exits; ends at 1.
    home : (s,) float64
        Cumulative share of each stay place among homes; empty if no place is one.
    """

    come: Floats
    bound: Floats
    home: Floats


def exit_shares(params: PedestrianParams, exits: Exits, stays: StayPlaces, layer: StreetLayer) -> ExitShares:
    """Work out the shares of every class.

    A class comes by an exit as riders · (1 + Σ attraction for it · exp(-walk / exit_reach_m)) ** exit_pull. Those bound
    for a station take one by its riders and by the walk there, r · (d / D) · exp(1 - d / D): most usual at D. Walks are
    straight lines and places those of the map, so that no measure changes who comes by which exit.
    """
    x = len(exits.id)
    classes = params.classes.in_order()
    clusters = int(exits.cluster.max(initial=0)) + 1
    near = np.exp(-_apart_m(layer, exits.node, stays.node) / params.choice.exit_reach_m)
    come = np.empty((len(classes), x))
    bound = np.ones((len(classes), x, clusters))
    for c, visitor_class in enumerate(classes):
        pull = (1.0 + near @ interest_in(visitor_class, stays)) ** params.choice.exit_pull
        come[c] = exits.riders_share * pull
        come[c] /= come[c].sum()
        if visitor_class.through_m > 0:
            bound[c] = _bound_for(visitor_class.through_m, exits, layer, clusters)
    homes = interest_in(params.classes.resident, stays)
    return ExitShares(come, bound, np.cumsum(homes) / homes.sum() if homes.sum() > 0 else np.zeros(0))


def interest_in(visitor_class: VisitorClass, stays: StayPlaces) -> Floats:
    """Attraction of each place for a class, summed over categories by its interests, (s,)."""
    return np.array(
        [sum(interest(visitor_class, category) * a for category, a in place.items()) for place in stays.attraction]
    )


def _apart_m(layer: StreetLayer, start: NDArray[np.int32], end: NDArray[np.int32]) -> Floats:
    """Straight lines between nodes, (i, j)."""
    apart: Floats = np.hypot(layer.x_m[start][:, None] - layer.x_m[end], layer.y_m[start][:, None] - layer.y_m[end])
    return apart


def _bound_for(through_m: float, exits: Exits, layer: StreetLayer, clusters: int) -> Floats:
    x = len(exits.id)
    walk = _apart_m(layer, exits.node, exits.node) / through_m
    weight = walk * np.exp(1.0 - np.minimum(walk, 500.0)) * exits.riders_share
    by_cluster = np.zeros((x, clusters))
    for y, cluster in enumerate(exits.cluster.tolist()):
        by_cluster[:, cluster] += weight[:, y]
    total = by_cluster.sum(axis=1, keepdims=True)
    # From an exit with no way to any other, people go where the riders are; the program then refuses them.
    riders = np.bincount(exits.cluster, weights=exits.riders_share, minlength=clusters)
    by_cluster = np.where(total > 0, by_cluster, riders)
    below: Floats = np.cumsum(by_cluster, axis=1) / by_cluster.sum(axis=1, keepdims=True)
    return below
