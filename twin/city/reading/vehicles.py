"""The vehicles of each class as the map sees them: which access words are theirs, how large and heavy they are.

Sizes decide on limits of height, width, length and weight. They are those of common vehicles, without the share
that drives by special permit.
"""

from __future__ import annotations

from dataclasses import dataclass

from twin.columns import VEHICLE_CLASSES
from twin.params import Grade


@dataclass(frozen=True)
class MapVehicle:
    """One class of vehicle before the signs.

    Attributes
    ----------
    name
        A word of ``VEHICLE_CLASSES``.
    modes
        Keys of access that speak of it, the most specific last.
    length_m, width_m, height_m, weight_t, axle_t
        Compared with ``maxlength``, ``maxwidth``, ``maxheight``, ``maxweight`` and ``maxaxleload``; the weight is that
        allowed with load, that of an axle its heaviest share of it.
    source, grade
        Where the sizes come from.
    """

    name: str
    modes: tuple[str, ...]
    length_m: float
    width_m: float
    height_m: float
    weight_t: float
    axle_t: float
    source: str
    grade: Grade


_ROAD = ("access", "vehicle", "motor_vehicle")

#: In the order of ``VEHICLE_CLASSES``.
MAP_VEHICLES: tuple[MapVehicle, ...] = (
    MapVehicle(
        "car",
        (*_ROAD, "motorcar"),
        4.7,
        1.7,
        1.6,
        2.0,
        1.1,
        "within the limits of a small car (Japan: 4.7 m by 1.7 m by 2.0 m)",
        "D",
    ),
    # On-demand vans carry passengers for hire: signs that except buses and taxis except them.
    MapVehicle(
        "van",
        (*_ROAD, "motorcar", "psv", "taxi"),
        4.7,
        1.7,
        2.0,
        3.0,
        1.7,
        "ten-seat van within the limits of a small car",
        "M",
    ),
    MapVehicle("small_truck", (*_ROAD, "goods", "hgv"), 6.2, 2.0, 2.9, 5.0, 3.5, "two-tonne box truck", "M"),
    MapVehicle(
        "container_truck",
        (*_ROAD, "hgv", "hgv_articulated"),
        16.5,
        2.5,
        4.1,
        36.0,
        10.0,
        "semitrailer with a high container: Road Structure Ordinance (16.5 m, 2.5 m), marked roads 4.1 m, axle 10 t",
        "M",
    ),
    MapVehicle("bus", (*_ROAD, "psv", "bus"), 11.0, 2.5, 3.2, 16.0, 10.0, "full-size city bus", "M"),
)

#: Every class, one bit each in the order of ``VEHICLE_CLASSES``.
ALL = (1 << len(VEHICLE_CLASSES)) - 1


def mask_of(*names: str) -> int:
    """Bits of some classes."""
    return sum(1 << VEHICLE_CLASSES.index(name) for name in names)


def classes_of(mask: int) -> tuple[str, ...]:
    """Classes of some bits."""
    return tuple(name for i, name in enumerate(VEHICLE_CLASSES) if mask >> i & 1)
