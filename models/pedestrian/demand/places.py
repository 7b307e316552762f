"""Exits where people come and go, and the places where they stay, read from the city."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from twin.arrays import Floats, Ints
from twin.city.city import City, Place
from twin.errors import CityError
from twin.models.pedestrian.params import VisitorClass

log = logging.getLogger(__name__)


_FIRST_CELL_M = 25.0
#: Exits are told apart as destinations by station, or by cells of this size, and no more than so many.
_FIRST_CLUSTER_M, _LAST_CLUSTER_M = 400.0, 1e6
_CLUSTERS_MOST = 12


@dataclass(frozen=True)
class Exits:
    """Station exits on the walk layer, in the order of their ids.

    Attributes
    ----------
    id
        Ids of the places.
    node : (x,) int32
        Walk nodes.
    riders_share : (x,) float64
        Share of each exit in all riders; equal shares where the map names no riders. Sums to 1.
    cluster : (x,) int32
        Station of each exit, as the map says it, else a cell of the ground; numbered from 0.
    """

    id: tuple[str, ...]
    node: Ints
    riders_share: Floats
    cluster: Ints


@dataclass(frozen=True)
class StayPlaces:
    """Places to stay; points of interest near one another are one place.

    Attributes
    ----------
    id
        Id of the most attractive point of each place.
    node : (s,) int32
        Walk nodes, each at most once.
    attraction : sequence of mappings
        Per place: category -> sum of attraction.
    seats : (s,) float64
    hours
        Category -> share of its attraction in each hour of the day, for events.
    """

    id: tuple[str, ...]
    node: Ints
    attraction: Sequence[Mapping[str, float]]
    seats: Floats
    hours: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


def read_exits(city: City, district: str) -> Exits:
    """Exits of the city that lie on the walk layer.

    Raises
    ------
    CityError
        If there are fewer than two, or one has riders that are no number of at least 0.
    """
    mapped = [p for p in city.places_of("exit", district) if p.walk_node >= 0]
    # Exits of a scenario come last, so that the numbers of those of the map, and all luck, stay what they were.
    found = sorted(mapped, key=lambda place: bool(place.attributes.get("added")))
    if len(found) < 2:
        raise CityError(
            f"walking around needs two exits or more on the walk layer, {city.name or 'the city'} has {len(found)}",
            where=f"district {district!r}" if district else "",
            mend="use a map with railway=subway_entrance nodes, or nodes tagged twin:place=exit",
        )
    if len(found) >= 1 << 12:
        raise CityError(
            f"there are {len(found)} exits, at most {(1 << 12) - 1} can be told apart",
            mend="name one district: pedestrian.district",
        )
    riders = np.array([_number(p, "riders", 0.0) for p in found])
    if not riders.sum() > 0:
        log.info("the map names no riders at exits: visitors are split evenly over %d exits", len(found))
        riders = np.ones(len(found))
    nodes = np.array([p.walk_node for p in found], np.int32)
    return Exits(tuple(p.id for p in found), nodes, riders / riders.sum(), _clusters(found))


def _clusters(exits: Sequence[Place]) -> Ints:
    """Exits of one station together; those of none by cells that grow until there are few."""
    cell_m = _FIRST_CLUSTER_M
    while True:
        names = [str(p.attributes.get("station", "")) or str(_cell(p, cell_m)) for p in exits]
        kinds = {name: row for row, name in enumerate(dict.fromkeys(names))}
        if len(kinds) <= _CLUSTERS_MOST or cell_m > _LAST_CLUSTER_M:
            return np.array([min(kinds[name], _CLUSTERS_MOST - 1) for name in names], np.int32)
        cell_m *= 2


def read_stay_places(city: City, district: str, most: int) -> StayPlaces:
    """Points of interest as places to stay, merged until there are no more than ``most``.

    Points at one node are one place. While there are too many, those in one square cell become one, at the
    node of the most attractive of them; the cell starts at 25 m and doubles.

    Raises
    ------
    CityError
        If an attraction or a number of seats is no number of at least 0.
    """
    points = [p for p in city.places_of("poi", district) if p.walk_node >= 0]
    points = [p for p in points if _number(p, "attraction", 1.0) > 0]
    groups = _grouped(points, lambda p: (p.walk_node, 0))
    cell_m = _FIRST_CELL_M
    while len(groups) > most:
        groups = _grouped(points, partial(_cell, cell_m=cell_m))
        log.info("%d points of interest become %d places of %g m", len(points), len(groups), cell_m)
        cell_m *= 2
    best = [max(group, key=lambda p: (_number(p, "attraction", 1.0), p.id)) for group in groups]
    # Two cells may have their best points at one node: the later joins the first.
    at_node: dict[int, list[Place]] = {}
    for head, group in zip(best, groups, strict=True):
        at_node.setdefault(head.walk_node, []).extend(group)
    ids: dict[int, str] = {}
    for head in best:
        ids.setdefault(head.walk_node, head.id)
    return StayPlaces(
        tuple(ids.values()),
        np.array(list(ids), np.int32),
        [_attractions(at_node[node]) for node in ids],
        np.array([sum(_number(p, "seats", 0.0) for p in at_node[node]) for node in ids], np.float64),
    )


def _grouped(points: Sequence[Place], key: Any) -> list[list[Place]]:
    """Points by key, groups in the order of their keys."""
    groups: dict[tuple[int, int], list[Place]] = {}
    for point in points:
        groups.setdefault(key(point), []).append(point)
    return [groups[k] for k in sorted(groups)]


def _cell(place: Place, cell_m: float) -> tuple[int, int]:
    return math.floor(place.x_m / cell_m), math.floor(place.y_m / cell_m)


def _attractions(points: Sequence[Place]) -> dict[str, float]:
    out: dict[str, float] = {}
    for point in points:
        category = str(point.attributes.get("category", "")) or "other"
        out[category] = out.get(category, 0.0) + _number(point, "attraction", 1.0)
    return out


def _number(place: Place, key: str, default: float) -> float:
    """A number of at least 0 among a place's attributes.

    Raises
    ------
    CityError
        Naming the place, the key and the value.
    """
    value = place.attributes.get(key, default)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number < math.inf:
        raise CityError(
            f"{key} of the {place.kind} {place.id} must be a number of at least 0, got {value!r}",
            where=city_point(place),
            mend=f"correct the tag twin:{key} in the map",
        )
    return number


def city_point(place: Place) -> str:
    """Where a place is, for messages."""
    return f"{place.lat_deg:.5f}, {place.lon_deg:.5f}"


def interest(visitor_class: VisitorClass, category: str) -> float:
    """How much of a category's attraction counts for a class; an event by its own name, by ``event``, or as other."""
    interests = visitor_class.interests
    other = interests.get("other", 0.0 if interests else 1.0)
    if category.startswith("event:"):
        return interests.get(category, interests.get("event", other))
    return interests.get(category, other)
