"""What a sensor is: its kind, its errors with grade and range, and where it stands."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from twin.params import Params, quantity
from twin.units import Metres, Seconds, Share

_GUESS = "guess: no test report of such sensors was read; ask the operator for one"


class Site(Params):
    """Where a sensor stands: the nearest link is looked at; of a phone's zone, the middle of a circle."""

    lat: float = Field(ge=-90, le=90, description="latitude in degrees")
    lon: float = Field(ge=-180, le=180, description="longitude in degrees")
    heading: Literal["", "north", "east", "south", "west"] = Field(
        "", description="which way those go that are counted; both ways if not given"
    )
    radius_m: Metres = Field(150.0, alias="radius", gt=0, le=5000, description="of a zone of phones")


class _Sensor(Params):
    at: dict[str, Site] = Field(
        default_factory=dict, max_length=2000, description="name in the table -> where that sensor stands"
    )


class _Counter(_Sensor):
    misses: Share = quantity(
        0.05,
        source=_GUESS,
        grade="G",
        ge=0,
        lt=1,
        between=(0.0, 0.15),
        doc="share of those who pass that is not counted",
    )
    doubles: Share = quantity(
        0.01, source=_GUESS, grade="G", ge=0, le=1, between=(0.0, 0.05), doc="share of those counted that counts twice"
    )


class GateCount(_Counter):
    """Counts at a gate or across a line, by hand or by light barrier."""

    kind: Literal["gate_count"]


class Loop(_Counter):
    """Induction loop in the carriageway: vehicles."""

    kind: Literal["loop"]
    misses: Share = quantity(
        0.02, source=_GUESS, grade="G", ge=0, lt=1, between=(0.0, 0.05), doc="share of vehicles that is not counted"
    )


class Ticket(_Counter):
    """Tickets, bookings or gate passes: who has none is missed, who takes two is there twice."""

    kind: Literal["ticket"]
    misses: Share = quantity(
        0.0,
        source="choice: whoever is served has a record",
        grade="D",
        ge=0,
        lt=1,
        doc="share without a ticket or record",
    )
    doubles: Share = quantity(
        0.0, source="choice: one record each", grade="D", ge=0, le=1, doc="share with two of them"
    )


class Camera(_Counter):
    """Camera with software that counts who passes, and which way."""

    kind: Literal["camera"]
    misses: Share = quantity(
        0.08,
        source=_GUESS,
        grade="G",
        ge=0,
        lt=1,
        between=(0.02, 0.2),
        doc="share of those who pass that is not counted",
    )
    doubles: Share = quantity(
        0.02, source=_GUESS, grade="G", ge=0, le=1, between=(0.0, 0.06), doc="share of those counted that counts twice"
    )
    wrong_way: Share = quantity(
        0.01,
        source=_GUESS,
        grade="G",
        ge=0,
        le=0.5,
        between=(0.0, 0.05),
        doc="share of those counted that is put down to the other direction",
    )


class Beacon(_Sensor):
    """Beacons at exits that hear the phones of those who carry an app."""

    kind: Literal["beacon"]
    phones: Share = quantity(
        0.1, source=_GUESS, grade="G", gt=0, le=1, between=(0.02, 0.3), doc="share of people whose phone can be heard"
    )
    detects: Share = quantity(
        0.9, source=_GUESS, grade="G", gt=0, le=1, between=(0.6, 1.0), doc="share of their passages that is heard"
    )


class Gps(_Sensor):
    """Positions that phones send now and then."""

    kind: Literal["gps"]
    phones: Share = quantity(
        0.05, source=_GUESS, grade="G", gt=0, le=1, between=(0.01, 0.2), doc="share of people whose phone sends"
    )
    every_s: Seconds = quantity(
        300.0,
        "s",
        source="facts of the field: pings every 5 to 15 min cut the dwell",
        grade="M",
        gt=0,
        le=7200,
        between=(60.0, 900.0),
        doc="time between two positions",
    )
    lost: Share = quantity(
        0.0, source=_GUESS, grade="G", ge=0, lt=1, between=(0.0, 0.3), doc="share of positions that never arrives"
    )
    noise_m: Metres = quantity(
        20.0,
        "m",
        source="facts of the field: 10 to 50 m",
        grade="M",
        ge=0,
        le=1000,
        between=(10.0, 50.0),
        doc="standard deviation of a position to the east and to the north",
    )
    gap_ends_stay_s: Seconds = quantity(
        1200.0,
        "s",
        source=_GUESS,
        grade="G",
        gt=0,
        le=86400,
        between=(900.0, 3600.0),
        doc="a longer silence ends a stay; the next position begins another",
    )
    least_pings: int = quantity(
        1, source="choice: one position is a stay of length 0", grade="D", ge=1, le=100, doc="stays with fewer go"
    )


KINDS = ("gate_count", "loop", "ticket", "camera", "beacon", "gps")


def _kind(value: Any) -> str | None:
    found = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return found if isinstance(found, str) else None


Sensor = Annotated[
    Annotated[GateCount, Tag("gate_count")]
    | Annotated[Loop, Tag("loop")]
    | Annotated[Ticket, Tag("ticket")]
    | Annotated[Camera, Tag("camera")]
    | Annotated[Beacon, Tag("beacon")]
    | Annotated[Gps, Tag("gps")],
    Discriminator(
        _kind, custom_error_type="sensor_kind", custom_error_message=f"a sensor has a kind: {', '.join(KINDS)}"
    ),
]
#: Sensors that count who passes.
COUNTERS = (GateCount, Loop, Ticket, Camera)
