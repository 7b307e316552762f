"""Parameters of the gravity model of background cars, with their sources."""

from __future__ import annotations

from pydantic import field_validator

from twin.params import Params, quantity
from twin.units import Count, Seconds, Share

#: Rises at seven, stays through the day, peaks at eight and at five, falls at night.
HOURLY_PROFILE = (
    1.4, 1.0, 0.8, 0.8, 1.1, 2.0, 3.7, 5.9, 6.6, 5.9, 5.5, 5.3,
    5.0, 5.2, 5.4, 5.5, 5.8, 6.5, 6.1, 5.1, 4.2, 3.5, 2.8, 2.0,
)  # fmt: skip


class GravityParams(Params):
    """Cars of a day between the zones and entries of the map; no OD table is needed."""

    area: tuple[str, ...] = quantity(
        (),
        source="choice: the whole city",
        grade="D",
        doc="prefixes of the ids of the zones and entries that count; all if empty",
    )
    day_total: Count | None = quantity(
        None,
        "vehicles",
        source="the scenario",
        grade="G",
        gt=0,
        le=1e8,
        doc="cars of a day in all; without it, as residents and entries make them",
    )
    trips_per_resident: float = quantity(
        0.25,
        "/day",
        source="guess: two to three trips a day, a tenth of them at the wheel",
        grade="G",
        ge=0,
        le=10,
        doc="cars that leave a zone per resident and day; as many arrive",
    )
    entry_lane_day: Count = quantity(
        5000.0,
        "vehicles/day",
        source="guess: a main street in a large town",
        grade="G",
        ge=0,
        le=50_000,
        doc="cars that come in by an entry per lane and day, where the map does not give its vehicles_per_day",
    )
    residents_table: str | None = quantity(
        None,
        source="the scenario",
        grade="D",
        doc="table of areas with people (grid squares by mesh: true, or polygons by areas: FIELD) that are the zones, "
        "in place of those of the map",
    )
    residents_column: str = quantity(
        "people", source="the scenario", grade="D", min_length=1, doc="column of that table with people"
    )
    decay_s: Seconds = quantity(
        600.0,
        "s",
        source="guess: trips within a ward are short",
        grade="G",
        gt=0,
        le=86_400,
        doc="free-flow time over which trips between places fall by a factor of e",
    )
    decay_power: float = quantity(
        0.0,
        "",
        source="choice: the exponential form, which has one parameter",
        grade="D",
        ge=-3,
        le=3,
        doc="power of time beside the exponential: (time / decay) ** power * exp(-time / decay)",
    )
    hourly_profile: tuple[float, ...] = quantity(
        HOURLY_PROFILE,
        "",
        source="guess: two peaks, the evening longer",
        grade="G",
        doc="24 relative weights of departure, from hour 0 to hour 23",
    )
    counts_table: str = quantity(
        "",
        source="the scenario",
        grade="D",
        doc="table of counts to which the trips are scaled: lat, lon, count and, if wanted, street, direction (north, "
        "east, south, west; both ways if empty), from_s, to_s (the whole day if missing)",
    )
    count_slack: Share = quantity(
        0.01,
        "%",
        source="choice: counts weigh more than a guessed gravity model",
        grade="D",
        ge=1e-6,
        le=10,
        doc="miss of a count that is as bad as multiplying all its trips by e; smaller follows counts more closely",
    )

    @field_validator("hourly_profile")
    @classmethod
    def _a_day_of_hours(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) != 24:
            raise ValueError(f"hourly_profile has {len(value)} values; give 24, from hour 0 to hour 23")
        if min(value) < 0 or not sum(value) > 0:
            raise ValueError(f"hourly_profile must not be negative and must not be all 0, got {value}")
        return value
