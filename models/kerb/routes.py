"""Ways of vehicles to pockets, on and away, and points along them for pictures."""

from __future__ import annotations

import numpy as np

from twin.arrays import Floats, Ints
from twin.city.city import City
from twin.city.editing.streets import shape_of
from twin.city.routing.ways import PathFinder
from twin.errors import ScenarioError


class Ways:
    """Fastest ways at free flow, worked out once per pair of ends.

    Drivers to shops know the streets and not the traffic of the day; who is on a street that is closed is led around it
    by the road.

    Parameters
    ----------
    city
        Streets, and the places of kind ``entry`` at which vehicles come and go.
    """

    def __init__(self, city: City) -> None:
        self._layer = city.drive
        self._city = city
        self.entries: Ints = np.unique(
            np.array([place.drive_node for place in city.places_of("entry") if place.drive_node >= 0], np.int32)
        )
        if len(self.entries) < 2:
            raise ScenarioError(
                f"the city has {len(self.entries)} places at which traffic enters the map, the kerb needs 2",
                where="kerb",
                mend="use a city with places of kind entry (twin:place=entry)",
            )
        self._finders: dict[str, PathFinder] = {}
        self._known: dict[tuple[str, int, int, int], Ints] = {}

    def _find(self, vehicle_class: str, origin: int, destination: int, after_link: int) -> Ints | None:
        if vehicle_class not in self._finders:
            cost_s = self._city.lawful_times_s(vehicle_class)
            self._finders[vehicle_class] = PathFinder(self._layer, cost_s, vehicle_class=vehicle_class)
        return self._finders[vehicle_class].find(origin, destination, after_link=after_link)

    def to_link(self, vehicle_class: str, origin: int, link: int, after_link: int = -1) -> Ints:
        """Way from a node to the end of a link.

        Raises
        ------
        ScenarioError
            If there is none.
        """
        key = (vehicle_class, origin, link, after_link)
        if key not in self._known:
            way = self._find(vehicle_class, origin, int(self._layer.link_from[link]), after_link)
            if way is None:
                raise _no_way(self._city, vehicle_class, link, "to")
            self._known[key] = np.append(way, link).astype(np.int32)
        return self._known[key]

    def away(self, vehicle_class: str, link: int, entry: int) -> Ints:
        """Way from the end of a link out of the map, by another place if it ends at that one.

        Raises
        ------
        ScenarioError
            If there is none.
        """
        key = (vehicle_class, -1 - entry, link, -1)
        if key not in self._known:
            origin = int(self._layer.link_to[link])
            for step in range(len(self.entries)):
                node = int(self.entries[(entry + step) % len(self.entries)])
                way = self._find(vehicle_class, origin, node, link) if node != origin else None
                if way is not None and len(way):
                    self._known[key] = way.astype(np.int32)
                    break
            else:
                raise _no_way(self._city, vehicle_class, link, "from")
        return self._known[key]

    def points(self, way: Ints, enter_s: float, leave_s: float) -> tuple[Floats, Floats, Floats]:
        """Points along a way: exact times at the ends, in proportion to free flow between; time_s, x_m, y_m."""
        layer = self._layer
        shapes = [shape_of(layer, link) for link in way.tolist()]
        times, at = [], 0.0
        for link, shape in zip(way.tolist(), shapes, strict=True):
            steps_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
            times.append(at + steps_m / max(steps_m[-1], 1e-9) * float(layer.free_time_s[link]))
            at += float(layer.free_time_s[link])
        free_s = np.concatenate(times)
        points = np.concatenate(shapes)
        new = np.concatenate([[True], np.diff(free_s) > 0])
        share = free_s[new] / at
        return enter_s + share * (leave_s - enter_s), points[new, 0], points[new, 1]


def _no_way(city: City, vehicle_class: str, link: int, which: str) -> ScenarioError:
    name = int(city.drive.name_index[link])
    street = city.drive.names[name] if name >= 0 else f"drive link {link}"
    return ScenarioError(
        f"no way leads {which} the kerb of {street} for the class {vehicle_class}",
        where="kerb",
        mend="name a stretch that vehicles can reach and leave, or open a street to that class",
    )
