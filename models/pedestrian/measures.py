"""What measures along pavements mean to those who walk: each has a channel in the model of choice, and one only.

=============  ==========================================================================================
add_seats      ln(1 + seats) in the value of a stay at the places beside; and locally where ways are chosen
add_places     further places to stay
green          locally where ways are chosen
event          places that attract in its hours; people who come for it
signs          locally where the next place is chosen: they tell, and change no value
arcade         a bonus per metre in the cost of ways
one_way_walk   links against it are closed
close_walk     links are closed; in hours only to those who have another way (``movement/closures.py``)
=============  ==========================================================================================

Local terms move choices and are no part of the value, so that consumer surplus is blind to them (Oyama 2024).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.city.city import City, StreetLayer
from twin.city.street_life import StreetLife
from twin.models.pedestrian.demand.places import StayPlaces
from twin.models.pedestrian.params import ChoiceParams

#: Places within this distance of a link lie beside it: their doors are a few metres off the pavement.
_BESIDE_M = 40.0
_EVENT_PLACE_EVERY_M = 200.0
#: Attraction of a row of seats where there was no place to stay: that of somewhere to sit, no more.
_SEAT_PLACE_ATTRACTION = 1.0
_EAST_NORTH = {"east": (1.0, 0.0), "west": (-1.0, 0.0), "north": (0.0, 1.0), "south": (0.0, -1.0)}


@dataclass(frozen=True)
class LinkLife:
    """What measures do to walk links.

    Attributes
    ----------
    bonus : (m,) float64
        Taken off the cost of the link.
    local : (m,) float64
        Added where ways are chosen, and only there.
    closed : (m,) bool
        Links that nobody may walk.
    """

    bonus: Floats
    local: Floats
    closed: NDArray[np.bool_]


@dataclass(frozen=True)
class EventCrowd:
    """People who come for an event: how many, and when it begins and ends."""

    measure: str
    people: float
    from_s: float
    to_s: float


def link_life(city: City, choice: ChoiceParams) -> LinkLife:
    """What measures do to each link of the walk layer."""
    layer = city.walk
    bonus, local = np.zeros(layer.link_count), np.zeros(layer.link_count)
    closed = np.zeros(layer.link_count, np.bool_)
    for life in city.street_life:
        links = np.asarray(life.links, np.int64)
        if life.change == "arcade":
            bonus[links] += choice.arcade_weight_per_m * layer.length_m[links]
        elif life.change == "green":
            local[links] += choice.green_local_per_m * float(life.values["green"]) * layer.length_m[links]
        elif life.change == "add_seats":
            per_m = float(life.values["seats"]) / max(layer.length_m[links].sum() / 2, 1.0)  # links run both ways
            local[links] += choice.seat_local_per_m * math.log1p(100.0 * per_m) * layer.length_m[links]
        elif life.change == "one_way_walk":
            east, north = _EAST_NORTH[str(life.values["one_way_walk"])]
            start, end = layer.link_from[links], layer.link_to[links]
            along = east * (layer.x_m[end] - layer.x_m[start]) + north * (layer.y_m[end] - layer.y_m[start])
            closed[links[along < 0]] = True
        elif life.change == "close_walk" and not life.span_s:
            closed[links] = True
    return LinkLife(bonus, local, closed)


def with_life(city: City, stays: StayPlaces) -> StayPlaces:
    """Places to stay, with the seats, places and events of measures."""
    for life in city.street_life:
        if life.change == "add_seats":
            stays = _with_seats(city.walk, life, stays)
        elif life.change == "add_places":
            kind = {str(life.values["category"]): float(life.values["attraction"])}
            seats = float(life.values["seats"])
            stays = _with_places(city.walk, life, stays, int(life.values["places"]), kind, seats)
        elif life.change == "event" and life.span_s:
            length_m = city.walk.length_m[np.asarray(life.links)].sum() / 2
            count = max(round(length_m / _EVENT_PLACE_EVERY_M), 1)
            word = f"event:{life.measure}"
            stays = _with_places(city.walk, life, stays, count, {word: float(life.values["event"])}, 0.0)
            stays = replace(stays, hours={**stays.hours, word: _hours_of(life.span_s)})
    return stays


def _hours_of(span_s: tuple[float, float]) -> tuple[float, ...]:
    """Share of each hour of the day in which an event is on."""
    start, end = (t / 3600.0 for t in span_s)
    return tuple(max(min(hour + 1, end) - max(hour, start), 0.0) for hour in range(24))


def _beside(layer: StreetLayer, life: StreetLife, nodes: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which nodes lie beside the links of a measure."""
    links = np.asarray(life.links, np.int64)
    near = np.zeros(len(nodes), np.bool_)
    for ends in (layer.link_from[links], layer.link_to[links]):
        apart = np.hypot(layer.x_m[nodes][:, None] - layer.x_m[ends], layer.y_m[nodes][:, None] - layer.y_m[ends])
        near |= (apart <= _BESIDE_M).any(axis=1)
    return near


def _with_seats(layer: StreetLayer, life: StreetLife, stays: StayPlaces) -> StayPlaces:
    near = _beside(layer, life, stays.node)
    if not near.any():
        return _with_places(layer, life, stays, 1, {"seat": _SEAT_PLACE_ATTRACTION}, float(life.values["seats"]))
    seats = stays.seats + np.where(near, float(life.values["seats"]) / near.sum(), 0.0)
    return replace(stays, seats=seats)


def _with_places(
    layer: StreetLayer, life: StreetLife, stays: StayPlaces, count: int, kind: Mapping[str, float], seats: float
) -> StayPlaces:
    """Further places, evenly along the links from north to south; where there is a place already, it gets the more."""
    nodes = np.unique(layer.link_to[np.asarray(life.links, np.int64)])
    nodes = nodes[np.lexsort((layer.x_m[nodes], -layer.y_m[nodes]))]
    chosen = nodes[((np.arange(count) + 0.5) * len(nodes) / count).astype(np.int64)]
    row_of = {int(node): row for row, node in enumerate(stays.node.tolist())}
    ids, at = list(stays.id), stays.node.tolist()
    attraction, seats_at = [dict(kinds) for kinds in stays.attraction], stays.seats.tolist()
    for i, node in enumerate(chosen.tolist()):
        row = row_of.setdefault(node, len(ids))
        if row == len(ids):
            ids.append(f"measure/{life.measure}/{i + 1}")
            at.append(node)
            attraction.append({})
            seats_at.append(0.0)
        for category, more in kind.items():
            attraction[row][category] = attraction[row].get(category, 0.0) + more
        seats_at[row] += seats
    return replace(
        stays, id=tuple(ids), node=np.array(at, np.int32), attraction=attraction, seats=np.array(seats_at, np.float64)
    )


def told_places(city: City, stays: StayPlaces, choice: ChoiceParams) -> Floats:
    """What signs and the news of events add to each place for those who choose where to go, (s,)."""
    out = np.zeros(len(stays.id))
    for life in city.street_life:
        if life.change == "signs":
            word = str(life.values.get("category", ""))
            fits = np.array([not word or word in kinds for kinds in stays.attraction], np.bool_)
            out[fits & _beside(city.walk, life, stays.node)] += choice.sign_local
    return out


def event_crowds(city: City) -> list[EventCrowd]:
    """Who comes from outside for events."""
    return [
        EventCrowd(life.measure, float(life.values["extra"]), *life.span_s)
        for life in city.street_life
        if life.change == "event" and life.span_s and float(life.values["extra"]) > 0
    ]
