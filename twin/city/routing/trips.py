"""One question for everybody: the fastest way between two nodes of the map for a vehicle at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.arrays import Ints
from twin.city.city import City
from twin.city.routing.ways import CAR, describe_node, shortest_path
from twin.columns import VEHICLE_CLASSES
from twin.errors import CityError


@dataclass(frozen=True)
class Trip:
    """A way that was found.

    Attributes
    ----------
    links : (k,) int32
        Rows of the layer, in the order in which they are taken.
    length_m, time_s
        Metres, and seconds at free flow.
    """

    links: Ints
    length_m: float
    time_s: float


def fastest_trip(
    city: City, from_id: int, to_id: int, *, layer: str = "drive", vehicle_class: str = CAR, at_s: float | None = None
) -> Trip:
    """Fastest way between two nodes of the map at free flow, by every rule of the map and of edits that always hold.

    Parameters
    ----------
    city
        Streets.
    from_id, to_id
        Ids of nodes in the map: junctions, ends of streets, places on streets.
    layer
        ``"drive"`` or ``"walk"``.
    vehicle_class
        A word of ``twin.columns.VEHICLE_CLASSES``; not looked at for walking.
    at_s
        Seconds since midnight of day one, a Monday: closures, turns and speeds with hours are those of that moment.
        Without it they are those outside all hours.

    Raises
    ------
    CityError
        If a node or class is unknown, or no way leads from one node to the other; names both.
    """
    if vehicle_class not in VEHICLE_CLASSES:
        raise CityError(f"there is no vehicle class {vehicle_class!r}", mend=f"one of {', '.join(VEHICLE_CLASSES)}")
    streets = city.drive if layer == "drive" else city.walk
    origin, destination = (_row(city, layer, node_id) for node_id in (from_id, to_id))
    time_s = streets.free_time_s
    if layer == "drive":
        if at_s is not None and not streets.rules.is_plain:
            with np.errstate(divide="ignore"):
                time_s = streets.length_m / streets.rules.speeds_at(streets.free_speed_mps, at_s)
        shut = [link for link, classes in city.closed_to.items() if vehicle_class in classes]
        time_s = np.array(time_s)
        time_s[shut] = np.inf
    links = shortest_path(streets, origin, destination, time_s, vehicle_class=vehicle_class, at_s=at_s)
    return Trip(links, float(streets.length_m[links].sum()), float(time_s[links].sum()))


def _row(city: City, layer: str, node_id: int) -> int:
    streets = city.drive if layer == "drive" else city.walk
    found = np.flatnonzero(streets.node_id == node_id)
    if len(found):
        return int(found[0])
    near = describe_node(streets, 0) if streets.node_count else "none: it has no streets"
    raise CityError(
        f"node {node_id} is no junction, end or place of the {layer} streets of {city.name}",
        mend=f"name a node where streets meet, for example {near}",
    )
