"""What the importer assumes and how much it takes in."""

from __future__ import annotations

from twin.params import Params, quantity
from twin.units import Count, Metres


class CityBuildParams(Params):
    """Settings of the importer; the defaults suit a city district."""

    junction_cluster_m: Metres = quantity(
        5.0,
        "m",
        source="about half the width of a small junction",
        grade="G",
        ge=0,
        le=50,
        doc="Links shorter than this are drawn together into one junction.",
    )
    signal_reach_m: Metres = quantity(
        25.0,
        "m",
        source="stop line and crossing lie within this distance of their junction",
        grade="G",
        ge=0,
        le=100,
        doc="Lights mapped on an approach belong to the junction within this distance.",
    )
    place_limit_m: Metres = quantity(
        500.0,
        "m",
        source="beyond any walk or drive from a street",
        grade="G",
        gt=0,
        doc="A place farther than this from its streets is an error, or is left out if it is one of many.",
    )
    longest_segment_m: Metres = quantity(
        20_000.0,
        "m",
        source="no road is drawn so far without a node; a wrong digit of a degree moves one by 10 km up",
        grade="G",
        gt=0,
        doc="Two nodes of a way in a row lie no farther apart; the way is cut there and it is said.",
    )
    max_map_bytes: Count = quantity(
        4e9,
        "bytes",
        source="about 20 GB of memory",
        grade="G",
        gt=0,
        doc="Largest map taken in, as XML without compression; a PBF counts 20 times its size.",
    )
