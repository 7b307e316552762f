"""Road classes and what is assumed of each where the map says nothing: speed, lanes, width for walking.

Free-flow speed is taken as the limit that applies without a sign. In Japan that is 60 km/h, and since
1 September 2026 30 km/h on roads without a centre line, lanes or median (Order for Enforcement of the Road
Traffic Act, as announced by the police of Hyogo and Saga prefectures); which class has a centre line is our
reading. The lesser values are guesses that stand for what can be driven there.
"""

from __future__ import annotations

from dataclasses import dataclass

from twin.params import Grade

_LAW_60 = "Japan: limit without a sign, 60 km/h (Order for Enforcement of the Road Traffic Act)"
_LAW_30 = "Japan: limit without a sign where there is no centre line, 30 km/h from 2026-09-01 (same order)"
_POSTED = "what signs usually allow on such roads in Japanese cities"
_DRIVABLE = "what can be driven on such roads"


@dataclass(frozen=True)
class RoadClass:
    """What is assumed of a road class where tags are silent.

    Attributes
    ----------
    name
        Value of the ``highway`` tag.
    drive, walk
        Whether cars may drive, people may walk there unless tags say otherwise.
    speed_kmh
        Free-flow speed of cars, of buses on their own roads; 0 where nobody may drive.
    speed_source, speed_grade
        Where the speed comes from.
    lanes_one_way, lanes_each_way
        Lanes of a one-way street, and in each direction of a two-way street.
    walk_width_m
        Clear width for walking, on the better side of a road.
    """

    name: str
    drive: bool
    walk: bool
    speed_kmh: float
    speed_source: str
    speed_grade: Grade
    lanes_one_way: int
    lanes_each_way: int
    walk_width_m: float


LANES_SOURCE = "two lanes one way on motorways and trunk roads, else one lane each way: usual reading of OSM"
LANES_GRADE: Grade = "M"
WIDTH_SOURCE = (
    "pavements: Road Structure Ordinance (Japan), article 11-3: at least 3.5 m where many people walk, "
    "else 2 m; paths and shared streets: a guess"
)
WIDTH_GRADE: Grade = "G"
WALK_SPEED_MPS = 1.34
WALK_SPEED_SOURCE = "Weidmann (1993), mean free walking speed"
STAIR_SPEED_MPS = 0.61
STAIR_SPEED_SOURCE = "Weidmann (1993), stairs upwards, horizontal speed (via Burghardt 2014); taken both ways"

_TABLE: tuple[RoadClass, ...] = (
    RoadClass("motorway", True, False, 80.0, _POSTED, "G", 2, 2, 2.0),
    RoadClass("motorway_link", True, False, 40.0, _POSTED, "G", 1, 1, 2.0),
    RoadClass("trunk", True, True, 60.0, _LAW_60, "V", 2, 2, 3.5),
    RoadClass("trunk_link", True, True, 40.0, _DRIVABLE, "G", 1, 1, 2.0),
    RoadClass("primary", True, True, 60.0, _LAW_60, "V", 2, 1, 3.5),
    RoadClass("primary_link", True, True, 40.0, _DRIVABLE, "G", 1, 1, 2.0),
    RoadClass("secondary", True, True, 50.0, _POSTED, "G", 1, 1, 3.5),
    RoadClass("secondary_link", True, True, 30.0, _DRIVABLE, "G", 1, 1, 2.0),
    RoadClass("tertiary", True, True, 40.0, _POSTED, "G", 1, 1, 2.0),
    RoadClass("tertiary_link", True, True, 30.0, _DRIVABLE, "G", 1, 1, 2.0),
    RoadClass("unclassified", True, True, 30.0, _LAW_30, "V", 1, 1, 2.0),
    RoadClass("residential", True, True, 30.0, _LAW_30, "V", 1, 1, 2.0),
    RoadClass("living_street", True, True, 10.0, _DRIVABLE, "G", 1, 1, 4.0),
    RoadClass("service", True, True, 20.0, _DRIVABLE, "G", 1, 1, 2.0),
    RoadClass("road", True, True, 30.0, _LAW_30, "V", 1, 1, 2.0),
    RoadClass("pedestrian", False, True, 0.0, "", "G", 0, 0, 6.0),
    RoadClass("footway", False, True, 0.0, "", "G", 0, 0, 2.0),
    RoadClass("path", False, True, 0.0, "", "G", 0, 0, 1.5),
    RoadClass("steps", False, True, 0.0, "", "G", 0, 0, 2.0),
    RoadClass("corridor", False, True, 0.0, "", "G", 0, 0, 4.0),
    RoadClass("cycleway", False, True, 0.0, "", "G", 0, 0, 2.0),
    RoadClass("track", False, True, 0.0, "", "G", 0, 0, 2.0),
    RoadClass("elevator", False, True, 0.0, "", "G", 0, 0, 1.5),
    RoadClass("platform", False, True, 0.0, "", "G", 0, 0, 3.0),
    RoadClass("ferry", False, True, 0.0, "", "G", 0, 0, 2.0),
    RoadClass("busway", False, False, 40.0, _DRIVABLE, "G", 1, 1, 2.0),
)

#: Names of the classes; ``StreetLayer.road_class`` is an index into this tuple.
ROAD_CLASSES: tuple[str, ...] = tuple(row.name for row in _TABLE)

CLASS_BY_NAME: dict[str, RoadClass] = {row.name: row for row in _TABLE}

CLASS_INDEX: dict[str, int] = {name: index for index, name in enumerate(ROAD_CLASSES)}
